#include "engine/list_notify.hpp"

#include <algorithm>
#include <array>

#include "core/extension_uri.hpp"
#include "core/rlmi.hpp"

namespace lampline {
namespace {

constexpr std::array details{Detail::full, Detail::no_names, Detail::no_local_targets,
                             Detail::no_targets};

bool hides(std::optional<SubscriptionEnd> end) noexcept
{
    return end && *end != SubscriptionEnd::timeout;
}

/// The phone may show something of it.
bool perhaps_lit(const Told& told) noexcept
{
    const auto lit = [](const PictureRef& picture) { return picture && !picture->dialogs.empty(); };
    return told.unknown || lit(told.acknowledged) || lit(told.sent) || lit(told.doubtful);
}

/// Writes the members of one list.
class Composer {
public:
    Composer(const Subscription& subscription, const Directory& directory,
             std::optional<SubscriptionEnd> end, std::size_t room)
        : list_{*subscription.list}, subscription_{subscription},
          directory_{directory}, end_{end}, room_{room}
    {
    }

    [[nodiscard]] ListNotify rlmi(std::uint32_t version);
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
    void choose(const RlmiWriter& writer);

    const ResourceList& list_;
    const Subscription& subscription_;
    const Directory& directory_;
    std::optional<SubscriptionEnd> end_;
    std::size_t room_;
    bool all_ = false;    // every member is at least named
    bool named_ = false;  // with its display name
    ListNotify notify_;
};

/// Whose bodies are wanted, most urgent first.
std::vector<ListedMember*> Composer::candidates() const
{
    if (!end_) return {list_.due.begin(), list_.due.end()};
    std::vector<ListedMember*> all;
    for (const auto& member : list_.members)
        if (!hides(end_) || perhaps_lit(member->told)) all.push_back(member.get());
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

/// Which members the NOTIFY has bodies of, and how much of them.
void Composer::choose(const RlmiWriter& writer)
{
    constexpr std::size_t numbers = 16;  // what the numbers of later parts may take more
    const auto wanted = candidates();
    std::size_t used = writer.size() + numbers;
    const auto cost = [&](const ListedMember& member, const DialogInfoText& text) {
        const std::size_t named = all_ ? writer.cost(resource(member, nullptr)) : 0;
        return writer.cost(resource(member, &text)) - named;
    };
    if (list_.anew || end_) {
        for (const bool with_names : {true, false}) {
            named_ = with_names;
            all_ = true;
            const std::size_t names = names_of_all(writer);
            const std::size_t first =
                wanted.empty()
                    ? 0
                    : cost(*wanted.front(), text_of(*wanted.front(), Detail::no_targets));
            if (used + names + first <= room_) {
                used += names;
                break;
            }
            all_ = false;
        }
    }
    for (auto* member : wanted) {
        auto text = text_of(*member, Detail::full);
        std::size_t bytes = cost(*member, text);
        if (used + bytes > room_) {
            notify_.whole = false;
            if (!notify_.told.empty()) return;
            for (const auto detail : details) {
                text = text_of(*member, detail);
                bytes = cost(*member, text);
                if (used + bytes <= room_) break;
            }
            notify_.oversized = used + bytes > room_;
        }
        used += bytes;
        notify_.told.push_back({member, step_of(*member), std::move(text)});
    }
}

ListNotify Composer::rlmi(std::uint32_t version)
{
    const auto* group = directory_.find_group(subscription_.member);
    const auto kind = list_.anew || end_ ? DocumentKind::full : DocumentKind::partial;
    const auto writer_for = [&](bool named) {
        return RlmiWriter{uri_of(subscription_.member),
                          group && named ? std::string_view{group->display_name} : "", kind,
                          version, subscription_.local_tag};
    };
    choose(writer_for(kind == DocumentKind::full));
    auto writer = writer_for(named_);
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
    return std::move(notify_);
}

/// All members every time: a document without one of them would say that its dialogs are no more.
ListNotify Composer::merged()
{
    const std::string uri = uri_of(subscription_.member);
    const BodyProfile& profile = *subscription_.profile;
    for (const auto& member : list_.members) {
        const Step step = step_of(*member);
        notify_.told.push_back({member.get(), step == Step::none ? Step::present : step, {}});
    }
    DialogInfoText text;
    for (const auto detail : details) {
        std::vector<std::string> elements;
        for (const auto& [member, step, unused] : notify_.told) {
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

}  // namespace lampline
