#include "engine/list_notify.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "core/extension_uri.hpp"
#include "core/rlmi.hpp"

namespace lampline {
namespace {

constexpr std::size_t numbers = 16;  // bytes that the numbers of later parts may take more

constexpr std::size_t mark_length = 6;  // nobody who writes into a document knows it beforehand

// The last is of no use in a merged document: nothing else would say who it is that talks.
constexpr std::array details{Detail::full,          Detail::ended_briefly, Detail::no_local_names,
                             Detail::ringing_names, Detail::no_names,      Detail::no_local_targets,
                             Detail::no_targets,    Detail::no_local_party};
constexpr std::span merged_details{details.begin(), details.size() - 1};
constexpr Detail least = details.back();

bool hides(std::optional<SubscriptionEnd> end) noexcept
{
    return end && *end != SubscriptionEnd::timeout;
}

/// Writes the members of one list.
class Composer {
public:
    Composer(const Subscription& subscription, const Directory& directory,
             std::optional<SubscriptionEnd> end, std::size_t room)
        : list_{*subscription.list}, subscription_{subscription},
          directory_{directory}, end_{end}, last_{end && !list_.ending}, room_{room}
    {
    }

    [[nodiscard]] ListNotify rlmi(std::uint32_t version);
    [[nodiscard]] bool can_name_all();
    [[nodiscard]] ListNotify merged();

private:
    [[nodiscard]] std::string uri_of(std::string_view name) const
    {
        return write(extension_uri(name, directory_.domain()));
    }
    [[nodiscard]] std::vector<ListedMember*> candidates() const;
    [[nodiscard]] Step step_of(const ListedMember& member) const;
    [[nodiscard]] DialogInfoText text_of(ListedMember& member, Detail detail) const;
    [[nodiscard]] RlmiResource resource(const ListedMember& member,
                                        const DialogInfoText* text) const;
    [[nodiscard]] std::size_t names_of_all(const RlmiWriter& writer) const;
    [[nodiscard]] RlmiWriter begin(bool named, DocumentKind kind, std::uint32_t version) const;
    [[nodiscard]] std::size_t cost_beside_name(const RlmiWriter& writer, ListedMember& member,
                                               const DialogInfoText& text) const;
    void choose(const RlmiWriter& writer, std::uint32_t version);

    const ResourceList& list_;
    const Subscription& subscription_;
    const Directory& directory_;
    std::optional<SubscriptionEnd> end_;
    bool last_;  // whatever is due
    std::size_t room_;
    bool all_ = false;    // every member is at least named
    bool named_ = false;  // with its display name
    ListNotify notify_;
};

/// Whose bodies are wanted, most urgent first.
std::vector<ListedMember*> Composer::candidates() const
{
    if (!last_) return {list_.due.begin(), list_.due.end()};
    std::vector<ListedMember*> all;
    for (const auto& member : list_.members)
        if (!hides(end_) || perhaps_lit(*member)) all.push_back(member.get());
    std::ranges::stable_partition(all, [](const auto* one) { return perhaps_lit(*one); });
    return all;
}

Step Composer::step_of(const ListedMember& member) const
{
    if (hides(end_) || member.leaving) return Step::clear;
    return end_ ? Step::present : member.next_step();
}

DialogInfoText Composer::text_of(ListedMember& member, Detail detail) const
{
    const bool hidden = hides(end_) || member.leaving;
    return member.projection->document(hidden ? Told{} : member.told, step_of(member),
                                       {DocumentKind::full, detail});
}

RlmiResource Composer::resource(const ListedMember& member, const DialogInfoText* text) const
{
    RlmiResource resource{.uri = uri_of(member.member), .name = {}, .document = text};
    if (named_)
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

std::size_t Composer::names_of_all(const RlmiWriter& writer) const
{
    std::size_t bytes = 0;
    for (const auto& member : list_.members) bytes += writer.cost(resource(*member, nullptr));
    return bytes;
}

RlmiWriter Composer::begin(bool named, DocumentKind kind, std::uint32_t version) const
{
    const auto* group = directory_.find_group(subscription_.member);
    return {uri_of(subscription_.member),
            group && named ? std::string_view{group->display_name} : "", kind, version,
            std::string_view{subscription_.local_tag}.substr(0, mark_length)};
}

/// What `text` takes where all members are named in any case, or else with its member.
std::size_t Composer::cost_beside_name(const RlmiWriter& writer, ListedMember& member,
                                       const DialogInfoText& text) const
{
    const std::size_t named = all_ ? writer.cost(resource(member, nullptr)) : 0;
    return writer.cost(resource(member, &text)) - named;
}

/// By what is left when there are no display names.
bool Composer::can_name_all()
{
    const auto bare =
        begin(false, DocumentKind::partial, std::numeric_limits<std::uint32_t>::max());
    all_ = true;
    std::size_t most = 0;
    for (const auto& member : list_.members)
        most = std::max(most, cost_beside_name(bare, *member, text_of(*member, least)));
    return bare.size() + numbers + names_of_all(bare) + most <= room_;
}

/// Which members the NOTIFY has bodies of, and how much of them.
void Composer::choose(const RlmiWriter& writer, std::uint32_t version)
{
    const auto wanted = candidates();
    std::size_t used = writer.size() + numbers;
    const auto cost = [&](ListedMember& member, const DialogInfoText& text) {
        return cost_beside_name(writer, member, text);
    };
    if (list_.anew || last_) {
        for (const bool with_names : {true, false}) {
            named_ = with_names;
            all_ = true;
            const std::size_t names = names_of_all(writer);
            const std::size_t first =
                wanted.empty() || last_ ? 0
                                        : cost(*wanted.front(), text_of(*wanted.front(), least));
            const std::size_t root =
                with_names ? used : begin(false, DocumentKind::partial, version).size() + numbers;
            if (root + names + first <= room_) {
                used = root + names;
                break;
            }
            all_ = false;
        }
    }
    for (auto* member : wanted) {
        auto written = Detail::full;
        auto text = text_of(*member, written);
        std::size_t bytes = cost(*member, text);
        if (used + bytes > room_) {
            notify_.whole = false;
            if (!notify_.told.empty()) return;
            for (const auto detail : details) {
                written = detail;
                text = text_of(*member, detail);
                bytes = cost(*member, text);
                if (used + bytes <= room_) break;
            }
            if (last_ && used + bytes > room_) return;  // who gets no NOTIFY after it needs none
        }
        used += bytes;
        notify_.told.push_back({member, step_of(*member), std::move(text), written});
    }
}

ListNotify Composer::rlmi(std::uint32_t version)
{
    const bool whole = list_.anew || last_;
    choose(begin(whole, DocumentKind::partial, version), version);
    const bool full = all_ || last_ || (list_.anew && !list_.begun);
    auto writer = begin(named_, full ? DocumentKind::full : DocumentKind::partial, version);
    if (all_)
        for (const auto& member : list_.members) {
            const auto told = std::ranges::find(notify_.told, member.get(), &ListedStep::member);
            const auto* text = told == notify_.told.end() ? nullptr : &told->text;
            writer.add(resource(*member, text));
        }
    else
        for (const auto& one : notify_.told) writer.add(resource(*one.member, &one.text));
    notify_.content_type = writer.content_type();
    notify_.head = std::make_shared<const std::string>(writer.body());
    notify_.oversized = notify_.head->size() > room_;
    return std::move(notify_);
}

/// All members every time: a document without one of them would say that its dialogs are no more.
ListNotify Composer::merged()
{
    const std::string uri = uri_of(subscription_.member);
    const BodyProfile& profile = *subscription_.profile;
    for (const auto& member : list_.members) {
        const Step step = step_of(*member);
        notify_.told.push_back(
            {member.get(), step == Step::none ? Step::present : step, {}, Detail::full});
    }
    DialogInfoText text;
    for (const auto detail : merged_details) {
        std::vector<std::string> elements;
        for (auto& [member, step, unused, written] : notify_.told) {
            written = detail;
            if (hides(end_) || member->leaving) continue;
            const auto& projection = *member->projection;
            auto its = projection.elements(member->told, projection.target(step),
                                           {DocumentKind::full, detail});
            std::ranges::move(its, std::back_inserter(elements));
        }
        if (elements.empty())
            if (auto idle = write_idle_dialog(uri, profile); !idle.empty())
                elements.push_back(std::move(idle));
        const std::vector<std::string_view> views{elements.begin(), elements.end()};
        text = write_dialog_info(uri, views, profile);
        if (text.size() <= room_) break;
        notify_.whole = false;
    }
    notify_.oversized = text.size() > room_;
    notify_.content_type = dialog_info_type;
    notify_.head = text.head;
    notify_.tail = text.tail;
    return std::move(notify_);
}

}  // namespace

ListNotify compose_list_notify(const Subscription& subscription, const Directory& directory,
                               std::optional<SubscriptionEnd> end, std::size_t room,
                               std::uint32_t version)
{
    Composer composer{subscription, directory, end, room};
    return subscription.list->form == ListForm::rlmi ? composer.rlmi(version) : composer.merged();
}

bool perhaps_lit(const ListedMember& member) noexcept
{
    return member.told.perhaps_lit() || (member.last.cseq != 0 && !member.told.sent);
}

bool can_be_told_in_full(const Subscription& subscription, const Directory& directory)
{
    if (subscription.list->form == ListForm::merged) return true;
    return Composer{subscription, directory, std::nullopt, subscription.room}.can_name_all();
}

}  // namespace lampline
