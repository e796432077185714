// Group indications: in which dialect a phone is told, what fits on the way to it, and how often.
#include <algorithm>
#include <limits>

#include "core/dialog_filter.hpp"
#include "core/extension_uri.hpp"
#include "core/numeric_address.hpp"
#include "engine/group_indications.hpp"
#include "engine/list_page.hpp"
#include "engine/notify_path.hpp"

namespace lampline {
namespace {

/// null: it does not.
bool shows_call(const PictureRef& picture)
{
    return picture && std::ranges::any_of(picture->dialogs, [](const ShownDialog& shown) {
        return !shown.dialog->stands_in;
    });
}

}  // namespace

/// Lets `subscription` see its member, or its members, in its profile.
void GroupIndications::open_view(Subscription& subscription)
{
    if (subscription.list) return update_list(subscription);
    const auto filter = dialog_filter(subscription.dialog->event);
    subscription.projection =
        member(subscription.watcher, subscription.member)
            .state.projection(subscription.profile, filter, subscription.view,
                              entity_asked_for(subscription));
    subscription.profile = subscription.projection->profile();
    measure(subscription);
}

/// What the watcher calls its member: in its SUBSCRIBE's To that may be at an address of the
/// exchange, and a slot by its number alone. Empty: as we do.
std::string GroupIndications::entity_asked_for(const Subscription& subscription) const
{
    const std::string_view from = subscription.dialog->from;
    SipUri entity = extension_uri(subscription.member, directory_->domain());
    if (from.find('<' + write(entity) + '>') != from.npos) return {};
    const auto asked = NameAddr::parse(from.substr(0, from.rfind(";tag=")));
    if (!asked) return {};
    const auto user = extension_of(asked->uri);
    if (user != subscription.member && directory_->watched(user) == subscription.member)
        entity.user = asked->uri.user;
    if (is_numeric_address(without_brackets(asked->uri.host))) {
        entity.host = asked->uri.host;
        entity.port = asked->uri.port;
    }
    return write(entity);
}

/// Follows another choice of profile, another User-Agent, or other rights to see what it
/// is told. True when what is told is another, and may be owed.
bool GroupIndications::change_dialect(Subscription& subscription, const WatchRight& right)
{
    auto profile = directory_->profile_for(right, subscription.user_agent, subscription.devices);
    const auto view = view_of(right);
    if (view == subscription.view &&
        (profile == subscription.profile || *profile == *subscription.profile))
        return false;
    const auto before = subscription.projection;
    subscription.profile = std::move(profile);
    subscription.view = view;
    open_view(subscription);
    const bool shown = subscription.show_anew(*before, subscription.in_flight == 0);
    subscription.owes_present = subscription.owes_present || !shown;
    return true;
}

/// How large a body may be: by what the phone takes, and over UDP by what is not fragmented.
void GroupIndications::measure(Subscription& subscription) const
{
    constexpr auto unlimited = std::numeric_limits<std::size_t>::max();
    const std::size_t own = subscription.profile->max_body;
    subscription.room = own != 0 ? own : subscription.list ? largest_list_body : unlimited;
    subscription.room =
        std::min(subscription.room, room_on_path(*subscription.dialog, settings_.safe_size));
}

/// For a document that is too large: over a connection of the same phone, and `dialog` says so;
/// else the document with only as much detail as fits, as `form` says then. When nothing helps, the
/// smallest is sent anyway: late or never is worse than in fragments.
const DialogInfoText& GroupIndications::fit(const Subscription& subscription, Step step,
                                            DocumentForm& form,
                                            std::shared_ptr<const NotifyDialog>& dialog)
{
    Projection& projection = *subscription.projection;
    const std::size_t own = subscription.profile->max_body;
    const auto& whole = projection.document(subscription.told, step, form);
    if (own == 0 || whole.size() <= own)
        if (auto connected = by_connection(subscription, *locations_)) {
            dialog = std::move(connected);
            ++counters_.notifies_by_connection;
            return whole;
        }
    form.detail = fitting(subscription, step, form.kind);
    const auto& text = projection.document(subscription.told, step, form);
    ++(text.size() <= subscription.room ? counters_.notifies_reduced
                                        : counters_.notifies_oversized);
    return text;
}

/// As much less than all as fits, or the least.
Detail GroupIndications::fitting(const Subscription& subscription, Step step, DocumentKind kind)
{
    Projection& projection = *subscription.projection;
    for (const auto detail : {Detail::ended_briefly, Detail::one_ringing, Detail::no_local_names,
                              Detail::ringing_names, Detail::no_names, Detail::no_local_targets})
        if (projection.document(subscription.told, step, {kind, detail}).size() <=
            subscription.room)
            return detail;
    return Detail::no_targets;
}

/// Partial where that may be. Only a full document can do without further phones that ring for one
/// call, so what is too large with all of them is told in full.
DocumentKind GroupIndications::kind_of_next(const Subscription& subscription, Step step) const
{
    Projection& projection = *subscription.projection;
    if (subscription.owes_present) return DocumentKind::full;
    const auto kind = projection.kind_after(subscription.told);
    if (kind == DocumentKind::full ||
        projection.left_out(step, {DocumentKind::full, Detail::no_targets}) == 0)
        return kind;
    const auto& whole = projection.document(subscription.told, step, {kind, Detail::full});
    const bool fits = whole.size() <= subscription.room || by_connection(subscription, *locations_);
    return fits ? kind : DocumentKind::full;
}

/// What fits of the present state is what the phone has confirmed last.
bool GroupIndications::is_told_already(const Subscription& subscription, DocumentKind kind) const
{
    const auto& whole =
        subscription.projection->document(subscription.told, Step::present, {kind, Detail::full});
    if (whole.size() <= subscription.room || by_connection(subscription, *locations_)) return false;
    const DocumentForm form{kind, fitting(subscription, Step::present, kind)};
    const auto& text = subscription.projection->document(subscription.told, Step::present, form);
    return subscription.says_nothing_new(text, form, subscription.last);
}

/// Whether its NOTIFY may go out now. If not, it is delivered, with what is true then, when its turn
/// comes.
bool GroupIndications::has_turn(const Subscription& subscription, Moment now)
{
    const auto gap = subscription.profile->gap;
    if (gap.count() == 0) return true;
    return pacing_->take_turn(subscription.watcher, subscription.id, gap, now.mono,
                              is_urgent(subscription));
}

/// Whether somebody talks or rings there, or its phone may show that somebody does: idle keys can
/// wait. Of those that the phone may show anyhow, as after a restart, only who was in a call then is
/// urgent: a new call is not to wait behind all of them.
bool GroupIndications::is_urgent(const Subscription& subscription) const
{
    if (subscription.list) {
        constexpr int idle = 2;  // see ListedMember::urgency()
        const auto& due = subscription.list->due;
        return !due.empty() && (due.front()->news || due.front()->urgency() < idle);
    }
    if (told_first_ && told_first_->contains(subscription.member)) return true;
    const Told& told = subscription.told;
    if (subscription.lit_is_stored && !told.acknowledged) return true;  // told by an earlier one
    return shows_call(subscription.projection->current()) || shows_call(told.acknowledged) ||
           shows_call(told.sent) || shows_call(told.doubtful);
}

}  // namespace lampline
