#pragma once
// When a list is told, and what of it next (RFC 4662), be it of lamps or of a package.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/directory.hpp"
#include "core/resource_list.hpp"
#include "core/subscription.hpp"
#include "engine/notify_path.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// What the next NOTIFY of a list tells, and by which way.
template <class Page>
struct ComposedList {
    Page page;
    std::shared_ptr<const NotifyDialog> dialog;
};

/// The steps of all lists of one `Notifier`, which is its friend. A subscription is a
/// SubscriptionUsage with a `list`. The notifier is a NotifyDelivery too, and has
///   subscriptions_, location_table(), has_turn(), deliver()
///   write_page(subscription, end, room, version): the next NOTIFY, with `end` the last one
///   room_of(subscription), room_over_connection(subscription): bytes of its body
///   can_name_all(subscription): one NOTIFY can name all members
///   is_last_word(subscription, page): `page` may be the last one of a list that is ending
///   settle_told_already(subscription, page, now): whom the page would tell nothing new is owed
///       nothing; false: nobody is
///   send_list(), leave_list(), forget_list(): sends; a member leaves; all is told to the end, and
///       the last NOTIFY has left
///   unfollow(subscription, member): its facts are followed no more
///   show_left(subscription, now, outbox): forgets who is in `list.left`
///   is_kept(subscription), stored(subscription): over a restart
template <class Notifier>
class ListDelivery {
protected:
    /// The configuration was `before`. A list that names its members, or itself, in another way is
    /// told anew with its names, where there is room for all: only then has it names (RFC 4662
    /// §5.2). O(members).
    template <class Usage>
    static void note_names(Usage& subscription, const Directory& before, const Directory& present)
    {
        auto& list = *subscription.list;
        if (!list.entries.empty()) return;  // the phone has names of its own
        const auto is_renamed = [](const auto* known, const auto* now) {
            return known && now && known->display_name != now->display_name;
        };
        if (is_renamed(before.find_group(subscription.member),
                       present.find_group(subscription.member)) ||
            std::ranges::any_of(list.members, [&](const auto& member) {
                return is_renamed(before.find(member->member), present.find(member->member));
            }))
            list.regrouped = true;
    }

    /// Forgets those whose last NOTIFY has left. False: there are none.
    bool forget_told(Moment now, Outbox& outbox)
    {
        if (told_.empty()) return false;
        auto& living = self().subscriptions_;
        for (const auto id : std::exchange(told_, {})) {
            const auto found = living.find(id);
            if (found == living.end()) continue;
            self().forget_list(*found->second, now, outbox);
        }
        return true;
    }

    /// Its last NOTIFY has left in this step.
    [[nodiscard]] bool is_told_to_the_end(SubscriptionId id) const
    {
        return std::ranges::find(told_, id) != told_.end();
    }

    /// What it owes, when nothing is under way.
    template <class Usage>
    void deliver_list(Usage& subscription, Moment now, Outbox& outbox)
    {
        auto& list = *subscription.list;
        const bool owes_all = std::exchange(subscription.owes_present, false);
        const bool regrouped = std::exchange(list.regrouped, false);
        if (owes_all || (regrouped && self().can_name_all(subscription))) list.begin_anew();
        list.forget_settled();
        if (!list.anew && list.due.empty() && !list.ending && !list.owes_refusal()) return;
        if (!self().has_turn(subscription, now)) return;
        if (list.ending)
            if (auto last = compose(subscription, list.ending);
                self().is_last_word(subscription, last.page)) {
                self().send_list(subscription, std::move(last), list.ending, now, outbox);
                return told_.push_back(subscription.id);
            }
        auto next = compose(subscription, std::nullopt);
        while (self().settle_told_already(subscription, next.page, now)) {
            list.forget_settled();
            if (list.due.empty() && !list.owes_refusal()) return;
            next = compose(subscription, std::nullopt);
        }
        if (subscription.counters.reserve() && self().is_kept(subscription))
            outbox.store(SubscriptionStored{self().stored(subscription)});
        self().send_list(subscription, std::move(next), std::nullopt, now, outbox);
    }

    /// What the next NOTIFY tells, with `end` the last one; it goes another way where only a
    /// connection takes it whole.
    template <class Usage>
    [[nodiscard]] auto compose(const Usage& subscription, std::optional<SubscriptionEnd> end) const
    {
        const auto& counters = subscription.counters;
        const std::uint32_t version = counters.cseq() == 0 ? 0 : counters.version() + 1;
        auto page = self().write_page(subscription, end, self().room_of(subscription), version);
        ComposedList<decltype(page)> composed{std::move(page), subscription.dialog};
        if (composed.page.whole) return composed;
        auto connected = by_connection(subscription, self().location_table());
        if (!connected) return composed;
        composed.page = self().write_page(subscription, end,
                                          self().room_over_connection(subscription), version);
        composed.dialog = std::move(connected);
        return composed;
    }

    /// When the last NOTIFY cannot darken all that may be lit, the members leave one after the
    /// other before it, and after what is under way. False: it can, or the phone does not answer.
    template <class Usage>
    [[nodiscard]] bool darkens_first(Usage& subscription, SubscriptionEnd reason, Moment now,
                                     Outbox& outbox)
    {
        auto& list = *subscription.list;
        const bool withdrawn =
            reason == SubscriptionEnd::rejected || reason == SubscriptionEnd::noresource;
        if (!withdrawn || subscription.waiting) return false;
        if (self().is_last_word(subscription, compose(subscription, reason).page)) return false;
        std::vector<decltype(list.members.front().get())> all;
        for (const auto& member : list.members)
            if (!member->leaving) all.push_back(member.get());
        for (auto* member : all) {
            if (perhaps_lit(*member)) {
                self().leave_list(subscription, *member);
            } else {
                self().unfollow(subscription, member->member);
                list.erase(*member);
            }
        }
        self().show_left(subscription, now, outbox);
        list.ending = reason;
        list.anew = false;
        subscription.owes_present = false;
        self().deliver(subscription, now, outbox);
        return true;
    }

private:
    [[nodiscard]] Notifier& self() noexcept { return static_cast<Notifier&>(*this); }
    [[nodiscard]] const Notifier& self() const noexcept
    {
        return static_cast<const Notifier&>(*this);
    }

    std::vector<SubscriptionId> told_;  // to the end, in this step
};

}  // namespace lampline
