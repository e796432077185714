#pragma once
// Requested subscriptions, found by what a SUBSCRIBE names.
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <unordered_set>

#include "core/subscription.hpp"

namespace lampline {

/// Finds subscriptions by their dialog, and by the SUBSCRIBE that began them. Keeps no text of its
/// own, so what names a subscription must not change while it is in here. All is O(1). SIP thread
/// only.
template <class Subscription>
class SubscriptionIndex {
public:
    /// Of two with the same name, the first is found.
    void add(Subscription& subscription)
    {
        by_dialog_.insert(&subscription);
        by_origin_.insert(&subscription);
    }
    void remove(Subscription& subscription)
    {
        remove_from(by_dialog_, subscription);
        remove_from(by_origin_, subscription);
    }

    /// nullptr: none.
    [[nodiscard]] Subscription* in_dialog(std::string_view call_id,
                                          std::string_view local_tag) const
    {
        const auto found = by_dialog_.find(DialogName{call_id, local_tag});
        return found == by_dialog_.end() ? nullptr : *found;
    }
    /// Whose initial SUBSCRIBE said the same as that of `other`; nullptr: none.
    [[nodiscard]] Subscription* of_origin(const SubscriptionUsage& other) const
    {
        const auto found = by_origin_.find(OriginName::of(other));
        return found == by_origin_.end() ? nullptr : *found;
    }
    [[nodiscard]] bool names(const SubscriptionUsage& other) const
    {
        return in_dialog(other.dialog->call_id, other.local_tag) || of_origin(other);
    }

private:
    static std::size_t hash_of(std::initializer_list<std::string_view> words)
    {
        std::size_t hash = 0;
        for (const auto word : words) hash = hash * 31 + std::hash<std::string_view>{}(word);
        return hash;
    }
    struct DialogName {
        std::string_view call_id, local_tag;

        static DialogName of(const SubscriptionUsage& usage)
        {
            return {usage.dialog->call_id, usage.local_tag};
        }
        [[nodiscard]] std::size_t hash() const { return hash_of({call_id, local_tag}); }
        bool operator==(const DialogName&) const = default;
    };
    struct OriginName {
        std::string_view watcher, member, call_id, remote_tag, event;

        static OriginName of(const SubscriptionUsage& usage)
        {
            const auto& dialog = *usage.dialog;
            return {usage.watcher, usage.member, dialog.call_id, usage.remote_tag, dialog.event};
        }
        [[nodiscard]] std::size_t hash() const
        {
            return hash_of({watcher, member, call_id, remote_tag, event});
        }
        bool operator==(const OriginName&) const = default;
    };
    template <class Name>
    struct Named {
        using is_transparent = void;
        static Name name(const Subscription* subscription) { return Name::of(*subscription); }
        static const Name& name(const Name& name) { return name; }
        // Not noexcept: libstdc++ keeps the hash then, and does not hash neighbours in each search.
        std::size_t operator()(const auto& one) const { return name(one).hash(); }
        bool operator()(const auto& one, const auto& other) const
        {
            return name(one) == name(other);
        }
    };
    template <class Name>
    using Set = std::unordered_set<Subscription*, Named<Name>, Named<Name>>;

    template <class Name>
    static void remove_from(Set<Name>& set, Subscription& subscription)
    {
        const auto found = set.find(&subscription);
        if (found != set.end() && *found == &subscription) set.erase(found);
    }

    Set<DialogName> by_dialog_;
    Set<OriginName> by_origin_;
};

}  // namespace lampline
