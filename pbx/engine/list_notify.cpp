#include "engine/list_notify.hpp"

#include <array>
#include <iterator>
#include <span>
#include <utility>

#include "engine/list_page.hpp"

namespace lampline {
namespace {

// The last is of no use in a merged document: nothing else would say who it is that talks.
constexpr std::array details{
    Detail::full,          Detail::ended_briefly, Detail::one_ringing,      Detail::no_local_names,
    Detail::ringing_names, Detail::no_names,      Detail::no_local_targets, Detail::no_targets,
    Detail::no_local_party};
constexpr std::span merged_details{details.begin(), details.size() - 1};

/// Writes the members of one list.
class Composer final : public ListPageWriter<ListedMember> {
public:
    Composer(const Subscription& subscription, const Directory& directory,
             std::optional<SubscriptionEnd> end, std::size_t room)
        : ListPageWriter{*subscription.list, subscription, directory, end, room, dialog_info_type},
          list_{*subscription.list}, subscription_{subscription}, end_{end}, room_{room}
    {
    }

    [[nodiscard]] ListNotify rlmi(std::uint32_t version);
    [[nodiscard]] ListNotify merged();

private:
    [[nodiscard]] std::size_t forms() const noexcept override { return details.size(); }
    [[nodiscard]] DialogInfoText text_of(ListedMember& member, std::size_t form) const override;
    [[nodiscard]] Step step_of(const ListedMember& member) const;

    const ResourceList& list_;
    const Subscription& subscription_;
    std::optional<SubscriptionEnd> end_;
    std::size_t room_;
    ListNotify notify_;
};

Step Composer::step_of(const ListedMember& member) const
{
    if (is_hidden(member)) return Step::clear;
    return end_ ? Step::present : member.next_step();
}

DialogInfoText Composer::text_of(ListedMember& member, std::size_t form) const
{
    return member.projection->document(is_hidden(member) ? Told{} : member.told, step_of(member),
                                       {DocumentKind::full, details[form]});
}

ListNotify Composer::rlmi(std::uint32_t version)
{
    auto page = write(version);
    for (auto& [member, text, form] : page.bodies)
        notify_.told.push_back({member, step_of(*member), std::move(text), details[form]});
    notify_.whole = page.whole;
    notify_.oversized = page.oversized;
    notify_.named = page.named;
    notify_.content_type = std::move(page.content_type);
    notify_.head = std::move(page.body);
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
