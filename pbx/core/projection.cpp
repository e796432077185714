#include "core/projection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/stable_hash.hpp"
#include "base/text.hpp"
#include "core/extension_uri.hpp"

namespace lampline {
namespace {

const ShownDialog* find(const Picture& picture, LegId leg) noexcept
{
    const auto same = [leg](const ShownDialog& shown) { return shown.dialog->latest.leg == leg; };
    const auto found = std::ranges::find_if(picture.dialogs, same);
    return found == picture.dialogs.end() ? nullptr : &*found;
}

/// What a dialog counts where `shown` leaves room for one. Somebody who dials is not ringing, and a
/// phone that is told so in another word must not take that for a call to pick up. Of two calls one
/// is on hold: the other is talked in.
int importance(const DialogSnapshot& dialog, std::string_view word, ShownDialogs shown) noexcept
{
    if (shown == ShownDialogs::newest_first) return 0;
    if (dialog.state == LegState::confirmed) {
        const bool talks_first = shown == ShownDialogs::talking_first;
        const int rank = talks_first ? precedence(LegState::early) + 1 : precedence(dialog.state);
        return 2 * rank + (dialog.held ? 0 : 1);
    }
    const bool rings = dialog.state != LegState::early || word == name(LegState::early);
    return 2 * precedence(rings ? dialog.state : LegState::proceeding);
}

/// It shows a call that may be picked up: somebody who dials is not ringing, where `profile` tells
/// one from the other.
bool rings(const Picture& picture, const BodyProfile& profile) noexcept
{
    return std::ranges::any_of(picture.dialogs, [&](const ShownDialog& shown) {
        const bool dials =
            !profile.direction && shown.dialog->latest.direction == Direction::initiator;
        return shown.word == name(LegState::early) && !dials;
    });
}

bool has_call(const Picture& picture) noexcept
{
    return std::ranges::any_of(picture.dialogs,
                               [](const ShownDialog& shown) { return !shown.dialog->stands_in; });
}

/// The state that `word` says, whatever the dialog is in.
LegState said_by(std::string_view word) noexcept
{
    using enum LegState;
    for (const auto state : {proceeding, early, confirmed})
        if (word == name(state)) return state;
    return trying;
}

/// Who may not be seen (RFC 3323 §4.1.1.3).
DialogParty nobody()
{
    DialogParty party;
    party.identity.display_name = "Anonymous";
    party.identity.uri.user = "anonymous";
    party.identity.uri.host = "anonymous.invalid";
    return party;
}

/// Takes the place of Call-ID and tags: the same for the life of the dialog `id`, over restarts too.
/// An id may be one of these tags, of 64 bits: 32 of the hash leave it open which.
std::string opaque_name(std::string_view id)
{
    const auto hash = stable_hash(id);
    constexpr std::string_view digits{"0123456789abcdef"};
    auto left = static_cast<std::uint32_t>(hash ^ hash >> 32U);
    std::string name;
    for (int i = 0; i < 8; ++i, left >>= 4U) name += digits[left & 0xFU];
    return name;
}

/// A phone that rings, or is about to.
bool is_called(const ShownDialog& shown) noexcept
{
    const auto& latest = shown.dialog->latest;
    return latest.call && latest.direction == Direction::recipient &&
           latest.state < LegState::confirmed;
}

/// Another phone rings for the same call and stands for both: the key flashes as it would, and who
/// takes the call there takes it.
bool is_one_more(const ShownDialog& shown, const Picture& picture) noexcept
{
    if (!is_called(shown)) return false;
    const auto& latest = shown.dialog->latest;
    bool before = true;
    return std::ranges::any_of(picture.dialogs, [&](const ShownDialog& other) {
        if (&other == &shown) {
            before = false;
            return false;
        }
        const auto& its = other.dialog->latest;
        const bool same_call = is_called(other) && its.call == latest.call &&
                               its.remote.identity.uri == latest.remote.identity.uri;
        const int more = precedence(other.state) - precedence(shown.state);
        return same_call && (before ? more >= 0 : more > 0);
    });
}

/// With what the rendering of a dialog begins: its name.
std::string_view name_in(std::string_view element) noexcept
{
    return element.substr(0, element.find('"', element.find('"') + 1) + 1);
}

bool same_dialogs(const std::vector<ShownDialog>& left,
                  const std::vector<ShownDialog>& right) noexcept
{
    return std::ranges::equal(left, right, [](const ShownDialog& a, const ShownDialog& b) {
        return a.dialog == b.dialog && a.word == b.word && a.element == b.element;
    });
}

}  // namespace

Projection::Projection(ProfileRef profile, DialogFilter filter, WatcherView view,
                       std::string entity, std::string domain)
    : profile_{std::move(profile)}, filter_{std::move(filter)}, view_{view},
      entity_{std::move(entity)}, domain_{std::move(domain)}, current_{std::make_shared<const Picture>()}, cleared_{current_}
{
}

/// In the order of the stand-ins.
std::string_view Projection::standing_word(std::size_t which) const noexcept
{
    const std::array words{profile_->unregistered, profile_->do_not_disturb, profile_->forwarded,
                           profile_->switched_on};
    return words[which];
}

/// A filter is held against what its watcher is told, so that it confirms no guess.
bool Projection::admits(const TrackedDialog& dialog) const
{
    if (filter_.empty() || view_.names == DialogNames::told)
        return filter_.admits(dialog.latest.dialog);
    return filter_.admits({opaque_name(dialog.latest.id), {}, {}});
}

std::vector<ShownDialog> Projection::show(const Dialogs& live, const Dialogs& standing) const
{
    std::vector<ShownDialog> shown;
    int best = 0;
    for (const auto& dialog : live) {
        const auto word = profile_->word(dialog->latest);
        if (word.empty() || !admits(*dialog)) continue;
        if (profile_->single()) {
            const int its_rank = importance(dialog->latest, word, profile_->shown);
            const bool newest = profile_->shown == ShownDialogs::newest_first;
            if (!shown.empty() && !newest && its_rank <= best) continue;
            best = its_rank;
            shown.clear();
        }
        shown.push_back({dialog, said_by(word), word, {}});
    }
    for (std::size_t which = 0; shown.empty() && which < standing.size(); ++which)
        if (const auto word = standing_word(which); standing[which] && !word.empty())
            shown.push_back({standing[which], said_by(word), word, {}});
    for (auto& one : shown) {
        const bool called = one.dialog->latest.direction == Direction::recipient;
        one.flashes = one.word == name(LegState::early) && (profile_->direction || called);
        one.element = element_of(*one.dialog, one.word);
    }
    return shown;
}

bool Projection::update(const Dialogs& live, const Dialogs& standing)
{
    auto shown = show(live, standing);
    if (same_dialogs(shown, current_->dialogs)) return false;
    const auto revision = current_->revision + 1;
    rendered_.clear();
    current_ = std::make_shared<const Picture>(Picture{revision, std::move(shown)});
    cleared_ = current_->dialogs.empty() ? current_
                                         : std::make_shared<const Picture>(Picture{revision, {}});
    const bool in_call = has_call(*current_);
    if (!in_call) last_idle_ = revision;
    return true;
}

/// Whether a watcher that may be showing `told` has to see it ended before it sees the present
/// picture.
bool Projection::must_clear(const PictureRef& told) const noexcept
{
    if (!told || told->dialogs.empty() || current_->dialogs.empty()) return false;
    if (last_idle_ > told->revision && has_call(*told)) return true;
    switch (profile_->clearing) {
    case Clearing::between_calls: return false;
    case Clearing::before_ringing:
        return rings(*current_, *profile_) && !rings(*told, *profile_) &&
               std::ranges::any_of(told->dialogs, [this](const ShownDialog& shown) {
                   const auto* now = find(*current_, shown.dialog->latest.leg);
                   return !now || now->word != name(LegState::early);
               });
    case Clearing::always: break;
    }
    return !std::ranges::equal(told->dialogs, current_->dialogs, [](const auto& a, const auto& b) {
        return a.dialog == b.dialog && a.word == b.word;
    });
}

bool Projection::catch_up(Told& told) const noexcept
{
    const bool certain = told.sent && told.sent == told.acknowledged && !told.unknown;
    if (!certain || told.sent == current_ || must_clear(told.sent) || !shows(told.sent))
        return false;
    told.sent = told.acknowledged = current_;
    return true;
}

bool Projection::shows(const PictureRef& picture) const noexcept
{
    return picture && same_dialogs(picture->dialogs, current_->dialogs);
}

Step Projection::next_step(const Told& told) const noexcept
{
    if (told.acknowledged == current_ && told.sent == current_) return Step::none;
    // A run before this one may have shown anything; calls it has shown and that go on stay steady.
    const auto resumed = [](const ShownDialog& shown) { return shown.dialog->latest.resumed; };
    if (told.unknown && !std::ranges::all_of(current_->dialogs, resumed)) return Step::clear;
    if (must_clear(told.acknowledged) || must_clear(told.sent) || must_clear(told.doubtful))
        return Step::clear;
    return Step::present;
}

DocumentKind Projection::kind_after(const Told& told) const noexcept
{
    // What is shown no more can only be left out of a partial document when it was told as ended.
    const bool takes_it = profile_->partial && profile_->ended && !profile_->single();
    const bool certain =
        told.sent && told.sent == told.acknowledged && !told.unknown && told.left_out == 0;
    return takes_it && certain ? DocumentKind::partial : DocumentKind::full;
}

const DialogInfoText& Projection::document(const Told& told, Step step, DocumentForm form)
{
    const PictureRef& to = target(step);
    for (const auto& made : rendered_)
        if (made.target == to && made.form == form && made.told == told) return made.text;
    if (rendered_.size() == max_rendered) rendered_.pop_front();
    return rendered_.emplace_back(Rendered{told, to, form, render(told, to, form)}).text;
}

std::string Projection::element_of(const TrackedDialog& dialog, std::string_view word,
                                   Detail detail) const
{
    const auto pickup = pickup_of(dialog.latest, word);
    const bool nameless = view_.parties == PartyView::anonymous ||
                          (view_.parties == PartyView::named && dialog.latest.discreet);
    if (!nameless && view_.names == DialogNames::told && domain_.empty())
        return write_dialog(dialog.latest, word, dialog.latest.id, *profile_, detail, pickup);
    auto seen = dialog.latest;
    if (nameless) seen.remote = nobody();
    if (view_.names == DialogNames::withheld && !dialog.stands_in) {
        seen.id = opaque_name(seen.id);
        seen.dialog = {seen.id, {}, {}};
    }
    write_as_asked(seen.local);
    write_as_asked(seen.remote);
    return write_dialog(seen, word, seen.id, *profile_, detail, pickup);
}

/// The URI that takes `dialog` by the code for pickup, as its watcher would dial it; empty: it is
/// not told one.
std::string Projection::pickup_of(const DialogSnapshot& dialog, std::string_view word) const
{
    const bool waits = dialog.direction == Direction::recipient &&
                       dialog.state < LegState::confirmed && word != name(LegState::terminated);
    if (!waits || !view_.picks_up || profile_->pickup_target == PickupTarget::none ||
        profile_->pickup_code.empty())
        return {};
    const auto entity = SipUri::parse(entity_);
    if (!entity) return {};
    auto uri = extension_uri(profile_->pickup_code + extension_of(*entity), entity->host);
    uri.port = entity->port;
    return write(uri);
}

/// Who knows the office by an address may be unable to find its domain.
void Projection::write_as_asked(DialogParty& party) const
{
    const auto home = domain_.empty() ? std::nullopt : SipUri::parse(entity_);
    if (!home) return;
    for (SipUri* uri : {&party.identity.uri, &party.target}) {
        if (!same_word(uri->host, domain_)) continue;
        uri->host = home->host;
        uri->port = home->port;
    }
}

void Projection::append_ended(std::vector<std::string>& elements, const Told& told,
                              const Picture& target, Detail detail) const
{
    // A profile with one dialog has no room for an ended one beside a live one.
    if (!profile_->ended || (profile_->single() && !target.dialogs.empty())) return;
    std::vector<LegId> ended_legs;
    for (const auto* picture : {told.sent.get(), told.doubtful.get(), told.acknowledged.get()}) {
        if (!picture) continue;
        for (const auto& shown : picture->dialogs) {
            const auto& latest = shown.dialog->latest;
            if (find(target, latest.leg) || std::ranges::count(ended_legs, latest.leg) > 0)
                continue;
            if (profile_->single() && !elements.empty()) continue;
            ended_legs.push_back(latest.leg);
            elements.push_back(element_of(*shown.dialog, name(LegState::terminated), detail));
        }
    }
}

/// A partial document does not repeat what has not changed.
bool Projection::leaves_out(const ShownDialog& shown, const Told& told, DocumentKind kind) noexcept
{
    if (kind == DocumentKind::full) return false;
    const auto* before = find(*told.sent, shown.dialog->latest.leg);
    return before && before->element == shown.element;
}

/// Who is left out of a partial document is as it was, which may not be so.
bool Projection::has_no_room(const ShownDialog& shown, const Picture& picture,
                             DocumentForm form) noexcept
{
    return form.kind == DocumentKind::full && form.detail >= Detail::one_ringing &&
           is_one_more(shown, picture);
}

std::string Projection::element_of(const ShownDialog& shown, Detail detail) const
{
    return detail == Detail::full ? shown.element : element_of(*shown.dialog, shown.word, detail);
}

std::vector<LegId> Projection::legs_in(const Told& told, Step step, DocumentForm form) const
{
    std::vector<LegId> legs;
    const Picture& picture = *target(step);
    for (const auto& shown : picture.dialogs)
        if (!leaves_out(shown, told, form.kind) && !has_no_room(shown, picture, form))
            legs.push_back(shown.dialog->latest.leg);
    return legs;
}

unsigned Projection::left_out(Step step, DocumentForm form) const
{
    const Picture& picture = *target(step);
    const auto is_left_out = [&](const ShownDialog& shown) {
        return has_no_room(shown, picture, form);
    };
    return static_cast<unsigned>(std::ranges::count_if(picture.dialogs, is_left_out));
}

bool Projection::adds_nothing(const Told& told, std::string_view body,
                              std::span<const ToldIn> elsewhere, DocumentForm form) const
{
    if (!told.sent || told.sent != told.acknowledged || told.unknown) return false;
    const auto is_over = [this](const ShownDialog& shown) {
        return !find(*current_, shown.dialog->latest.leg);
    };
    if (std::ranges::any_of(told.sent->dialogs, is_over)) return false;
    return std::ranges::all_of(current_->dialogs, [&](const ShownDialog& shown) {
        if (leaves_out(shown, told, form.kind)) return true;
        const auto in = std::ranges::find(elsewhere, shown.dialog->latest.leg, &ToldIn::leg);
        const std::string_view last = in == elsewhere.end() ? body : std::string_view{*in->tail};
        if (has_no_room(shown, *current_, form) && last.find(name_in(shown.element)) == last.npos)
            return true;
        return last.find(element_of(shown, form.detail)) != last.npos;
    });
}

std::vector<std::string> Projection::elements(const Told& told, const PictureRef& target,
                                              DocumentForm form) const
{
    std::vector<std::string> elements;
    append_ended(elements, told, *target, form.detail);
    for (const auto& shown : target->dialogs)
        if (!leaves_out(shown, told, form.kind) && !has_no_room(shown, *target, form))
            elements.push_back(element_of(shown, form.detail));
    return elements;
}

DialogInfoText Projection::render(const Told& told, const PictureRef& target,
                                  DocumentForm form) const
{
    auto elements = this->elements(told, target, form);
    if (target->dialogs.empty() && elements.empty())
        if (auto idle = write_idle_dialog(entity_, *profile_); !idle.empty())
            elements.push_back(std::move(idle));
    const std::vector<std::string_view> views{elements.begin(), elements.end()};
    return write_dialog_info(entity_, views, *profile_, form.kind);
}

}  // namespace lampline
