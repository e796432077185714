#pragma once
// What one NOTIFY tells of a list (RFC 4662 §5), whatever the event package: as many of the members
// that are owed something as there is room for.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "core/directory.hpp"
#include "core/extension_uri.hpp"
#include "core/rlmi.hpp"
#include "core/subscription.hpp"

namespace lampline {

/// Bytes of the body of a list over a connection: what does not fit follows.
inline constexpr std::size_t largest_list_body = std::size_t{32} * 1024;

/// Linphone (5.1) finds a part by `Content-Id` and its `cid` to the letter, without brackets, and
/// knows the event of a list as `Presence` alone: as its makers' server writes both.
inline bool reads_as_linphone(const SubscriptionUsage& subscription) noexcept
{
    return starts_with_word(subscription.user_agent, "linphone");
}

/// Why `member` is on a list no more. The watcher may still see the group; who may not see a member
/// is told that it is dark.
inline SubscriptionEnd why_left_list(const Directory& directory, std::string_view member)
{
    return directory.find(member) ? SubscriptionEnd::rejected : SubscriptionEnd::noresource;
}

/// Whether who is told that a list ends so is shown that there is nothing, whatever is true.
inline bool hides(std::optional<SubscriptionEnd> end) noexcept
{
    return end && *end != SubscriptionEnd::timeout;
}

/// A member of which the NOTIFY has a body, written in the `form` of ListPageWriter.
template <class Member>
struct ListedBody {
    Member* member;
    DialogInfoText text;
    std::size_t form;
};

template <class Member>
struct ListPage {
    std::vector<ListedBody<Member>> bodies;
    bool whole = true;       ///< all that is owed is in it, and nothing was left out of it
    bool oversized = false;  ///< even the least of it is too large
    std::size_t named = 0;   ///< MemberList::named, when it is sent
    std::string content_type;
    std::shared_ptr<const std::string> body;
};

/// Writes the next NOTIFY of a list with a body of at most `room` bytes, if that can be. With `end`
/// it is the last one, and tells of everybody who fits: as dark, unless the subscription merely
/// ends. Of a list that is `ending` it tells only what is due.
///
/// RFC 4662 §5.2 wants all resources named in the full state. They are, without an instance
/// (the state is not there yet) where their bodies do not fit, and these follow as changes. Where
/// not even the names fit, the resources follow as changes too, and it is not called full: the
/// phone would drop those left out. Only when the phone may know others than these, or has missed
/// something, it is.
///
/// There is a `perhaps_lit(const Member&)`: whether the phone may show anything but that it is
/// dark.
template <class Member>
class ListPageWriter {
public:
    /// `list` is that of `subscription`, `type` the Content-Type of the bodies. All must outlive
    /// this.
    ListPageWriter(const MemberList<Member>& list, const SubscriptionUsage& subscription,
                   const Directory& directory, std::optional<SubscriptionEnd> end, std::size_t room,
                   std::string_view type)
        : list_{list}, subscription_{subscription},
          directory_{directory}, end_{end}, last_{end && !list.ending}, room_{room}, type_{type}
    {
    }
    virtual ~ListPageWriter() = default;
    ListPageWriter(const ListPageWriter&) = delete;
    ListPageWriter& operator=(const ListPageWriter&) = delete;

    /// `version` is the list's.
    [[nodiscard]] ListPage<Member> write(std::uint32_t version)
    {
        const bool whole = list_.anew || last_;
        const auto first = begin(whole, DocumentKind::partial, version);
        choose_refused(first, choose(first, version));
        const bool full = all_ || last_ || (list_.anew && !list_.begun);
        auto writer = begin(named_, full ? DocumentKind::full : DocumentKind::partial, version);
        if (all_)
            for (const auto& member : list_.members) {
                const auto told =
                    std::ranges::find(page_.bodies, member.get(), &ListedBody<Member>::member);
                const auto* text = told == page_.bodies.end() ? nullptr : &told->text;
                writer.add(resource(*member, text));
            }
        else
            for (const auto& one : page_.bodies) writer.add(resource(*one.member, &one.text));
        for (const auto* entry : refused_) writer.add(refusal(*entry));
        page_.content_type = writer.content_type();
        page_.body = std::make_shared<const std::string>(writer.body());
        page_.oversized = page_.body->size() > room_;
        return std::move(page_);
    }
    /// Whether one NOTIFY can name all members, whichever of them it tells the state of: by what is
    /// left when there are no display names.
    [[nodiscard]] bool can_name_all()
    {
        const auto bare =
            begin(false, DocumentKind::partial, std::numeric_limits<std::uint32_t>::max());
        all_ = true;
        std::size_t most = 0;
        for (const auto& member : list_.members)
            most = std::max(most, cost_beside_name(bare, *member, text_of(*member, forms() - 1)));
        return bare.size() + numbers + names_of_all(bare) + most <= room_;
    }

protected:
    /// How many ways there are to write a body, each with less in it than the one before.
    [[nodiscard]] virtual std::size_t forms() const noexcept = 0;
    /// The body about `member`, dark if that `is_hidden`; the whole of it is form 0.
    [[nodiscard]] virtual DialogInfoText text_of(Member& member, std::size_t form) const = 0;

    /// Whatever is true of `member`, the phone is told that it is dark.
    [[nodiscard]] bool is_hidden(const Member& member) const noexcept
    {
        return hides(end_) || member.leaving;
    }
    [[nodiscard]] std::string uri_of(std::string_view name) const
    {
        return lampline::write(extension_uri(name, directory_.domain()));
    }

private:
    static constexpr std::size_t numbers = 16;     // bytes that those of later parts may take more
    static constexpr std::size_t mark_length = 6;  // nobody who writes into a document knows it

    /// Whose bodies are wanted, most urgent first.
    [[nodiscard]] std::vector<Member*> candidates() const
    {
        if (!last_) return {list_.due.begin(), list_.due.end()};
        std::vector<Member*> all;
        for (const auto& member : list_.members)
            if (!hides(end_) || perhaps_lit(*member)) all.push_back(member.get());
        std::ranges::stable_partition(all, [](const auto* one) { return perhaps_lit(*one); });
        return all;
    }
    [[nodiscard]] RlmiResource resource(const Member& member, const DialogInfoText* text) const
    {
        RlmiResource resource{.uri = member.uri.empty() ? uri_of(member.member) : member.uri,
                              .name = {},
                              .document = text};
        if (named_ && list_.entries.empty())  // who lists them itself has names for them
            if (const auto* extension = directory_.find(member.member))
                resource.name = extension->display_name;
        if (const auto over = end_ ? end_ : member.leaving) {
            resource.instance = "terminated";
            resource.reason = name(*over);
        } else if (text) {
            resource.instance = "active";
        }
        return resource;
    }
    /// Who is not there and who may not be seen look the same.
    [[nodiscard]] static RlmiResource refusal(const ContainedEntry& entry)
    {
        return {.uri = entry.uri,
                .name = {},
                .instance = "terminated",
                .reason = name(SubscriptionEnd::rejected)};
    }
    [[nodiscard]] std::size_t names_of_all(const RlmiWriter& writer) const
    {
        std::size_t bytes = 0;
        for (const auto& member : list_.members) bytes += writer.cost(resource(*member, nullptr));
        for (const auto& entry : list_.entries)
            if (!list_.find(entry.member)) bytes += writer.cost(refusal(entry));
        return bytes;
    }
    [[nodiscard]] RlmiWriter begin(bool named, DocumentKind kind, std::uint32_t version) const
    {
        const auto* group =
            list_.entries.empty() ? directory_.find_group(subscription_.member) : nullptr;
        return {uri_of(subscription_.member),
                group && named ? std::string_view{group->display_name} : "",
                kind,
                version,
                std::string_view{subscription_.local_tag}.substr(0, mark_length),
                type_,
                reads_as_linphone(subscription_) ? ContentIds::bare : ContentIds::bracketed};
    }
    /// What `text` takes where all members are named in any case, or else with its member.
    [[nodiscard]] std::size_t cost_beside_name(const RlmiWriter& writer, const Member& member,
                                               const DialogInfoText& text) const
    {
        const std::size_t named = all_ ? writer.cost(resource(member, nullptr)) : 0;
        return writer.cost(resource(member, &text)) - named;
    }
    /// Which members the NOTIFY has bodies of, and how much of them. How many bytes it has then.
    std::size_t choose(const RlmiWriter& writer, std::uint32_t version)
    {
        const auto wanted = candidates();
        std::size_t used = writer.size() + numbers;
        if (list_.anew || last_) {
            for (const bool with_names : {true, false}) {
                named_ = with_names;
                all_ = true;
                const std::size_t names = names_of_all(writer);
                const std::size_t first =
                    wanted.empty() || last_
                        ? 0
                        : cost_beside_name(writer, *wanted.front(),
                                           text_of(*wanted.front(), forms() - 1));
                const std::size_t root =
                    with_names ? used
                               : begin(false, DocumentKind::partial, version).size() + numbers;
                if (root + names + first <= room_) {
                    used = root + names;
                    break;
                }
                all_ = false;
            }
        }
        for (auto* member : wanted) {
            std::size_t form = 0;
            auto text = text_of(*member, form);
            std::size_t bytes = cost_beside_name(writer, *member, text);
            if (used + bytes > room_) {
                page_.whole = false;
                if (!page_.bodies.empty()) return used;
                while (used + bytes > room_ && form + 1 < forms()) {
                    text = text_of(*member, ++form);
                    bytes = cost_beside_name(writer, *member, text);
                }
                if (last_ && used + bytes > room_)
                    return used;  // who gets no NOTIFY after it needs none
            }
            used += bytes;
            page_.bodies.push_back({member, std::move(text), form});
        }
        return used;
    }
    /// Of which entries that are no members it says so: of all where it names all, else of as many
    /// as fit once the members are told.
    void choose_refused(const RlmiWriter& writer, std::size_t used)
    {
        page_.named = all_ ? 0 : list_.named;
        if (!all_ && (last_ || !page_.whole)) return;
        for (; page_.named < list_.entries.size(); ++page_.named) {
            const auto& entry = list_.entries[page_.named];
            if (list_.find(entry.member)) continue;
            if (!all_) used += writer.cost(refusal(entry));
            const bool first = page_.bodies.empty() && refused_.empty();
            if (used > room_ && !all_ && !first) {
                page_.whole = false;
                return;
            }
            refused_.push_back(&entry);
        }
    }

    const MemberList<Member>& list_;
    const SubscriptionUsage& subscription_;
    const Directory& directory_;
    std::optional<SubscriptionEnd> end_;
    bool last_;  // whatever is due
    std::size_t room_;
    std::string_view type_;
    bool all_ = false;    // every member is at least named
    bool named_ = false;  // with its display name
    std::vector<const ContainedEntry*> refused_;  // named as such
    ListPage<Member> page_;
};

}  // namespace lampline
