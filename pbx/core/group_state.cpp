#include "core/group_state.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/text.hpp"

namespace lampline {
namespace {

/// Which dialog counts most where only one can be shown: a ringing one may be picked up.
int precedence(LegState state) noexcept
{
    switch (state) {
    case LegState::early: return 4;
    case LegState::confirmed: return 3;
    case LegState::proceeding: return 2;
    case LegState::trying: return 1;
    case LegState::terminated: return 0;
    }
    return 0;
}

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
/// An id may be one of these tags, of 64 bits: 32 of FNV-1a leave it open which.
std::string opaque_name(std::string_view id)
{
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const char letter : id) {
        hash ^= static_cast<unsigned char>(letter);
        hash *= 0x100000001B3U;
    }
    constexpr std::string_view digits{"0123456789abcdef"};
    auto left = static_cast<std::uint32_t>(hash ^ hash >> 32U);
    std::string name;
    for (int i = 0; i < 8; ++i, left >>= 4U) name += digits[left & 0xFU];
    return name;
}

bool same_dialogs(const std::vector<ShownDialog>& left,
                  const std::vector<ShownDialog>& right) noexcept
{
    return std::ranges::equal(left, right, [](const ShownDialog& a, const ShownDialog& b) {
        return a.dialog == b.dialog && a.word == b.word && a.element == b.element;
    });
}

}  // namespace

std::optional<LegState> lamp_state(const PictureRef& picture) noexcept
{
    if (!picture || picture->dialogs.empty()) return std::nullopt;
    const auto rank = [](const ShownDialog& shown) { return precedence(shown.state); };
    return std::ranges::max_element(picture->dialogs, {}, rank)->state;
}

LampColour colour_of(const PictureRef& picture) noexcept
{
    if (!picture) return LampColour::unknown;
    if (picture->dialogs.empty()) return LampColour::dark;
    return std::ranges::any_of(picture->dialogs, &ShownDialog::flashes) ? LampColour::flashing
                                                                        : LampColour::steady;
}

LampColour shown_colour(const Told& told) noexcept
{
    return told.unknown ? LampColour::unknown : colour_of(told.acknowledged);
}

void Told::note_sent(PictureRef picture) noexcept
{
    if (sent && sent != acknowledged && !sent->dialogs.empty()) doubtful = std::move(sent);
    sent = std::move(picture);
}

void Told::note_acknowledged() noexcept
{
    if (!sent) return;
    acknowledged = sent;
    doubtful.reset();
    unknown = false;
}

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
    const bool certain = told.sent && told.sent == told.acknowledged && !told.unknown;
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
    if (view_ == WatcherView{} && domain_.empty())
        return write_dialog(dialog.latest, word, dialog.latest.id, *profile_, detail);
    auto seen = dialog.latest;
    if (view_.parties == PartyView::anonymous) seen.remote = nobody();
    if (view_.names == DialogNames::withheld && !dialog.stands_in) {
        seen.id = opaque_name(seen.id);
        seen.dialog = {seen.id, {}, {}};
    }
    write_as_asked(seen.local);
    write_as_asked(seen.remote);
    return write_dialog(seen, word, seen.id, *profile_, detail);
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

std::string Projection::element_of(const ShownDialog& shown, Detail detail) const
{
    return detail == Detail::full ? shown.element : element_of(*shown.dialog, shown.word, detail);
}

std::vector<LegId> Projection::legs_in(const Told& told, Step step, DocumentKind kind) const
{
    std::vector<LegId> legs;
    for (const auto& shown : target(step)->dialogs)
        if (!leaves_out(shown, told, kind)) legs.push_back(shown.dialog->latest.leg);
    return legs;
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
        return last.find(element_of(shown, form.detail)) != last.npos;
    });
}

std::vector<std::string> Projection::elements(const Told& told, const PictureRef& target,
                                              DocumentForm form) const
{
    std::vector<std::string> elements;
    append_ended(elements, told, *target, form.detail);
    for (const auto& shown : target->dialogs)
        if (!leaves_out(shown, told, form.kind)) elements.push_back(element_of(shown, form.detail));
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

MemberState::MemberState(std::string entity, std::string_view id_prefix)
    : entity_{std::move(entity)}, id_prefix_{id_prefix}
{
}

std::string MemberState::id_of(const DialogSnapshot& dialog) const
{
    return dialog.id.empty() ? id_prefix_ + std::to_string(dialog.leg.value) : dialog.id;
}

/// Forgets projections that nobody keeps, and packs the dialogs when there are no others.
void MemberState::forget_unused()
{
    std::erase_if(projections_, [](const auto& kept) { return kept.expired(); });
    if (!projections_.empty()) return;
    for (const auto& tracked : live_) unwatched_.emplace_back(tracked->latest, tracked->latest.id);
    live_ = {};
}

bool MemberState::fold_unwatched(const DialogSnapshot& dialog)
{
    const auto found = std::ranges::find(unwatched_, dialog.leg, &PackedDialog::leg);
    if (dialog.state == LegState::terminated) {
        if (found != unwatched_.end()) unwatched_.erase(found);
    } else if (found != unwatched_.end()) {
        *found = PackedDialog{dialog, found->id()};
    } else {
        unwatched_.emplace_back(dialog, id_of(dialog));
    }
    return false;
}

bool MemberState::fold(const DialogSnapshot& dialog)
{
    forget_unused();
    if (projections_.empty()) return fold_unwatched(dialog);
    const auto same = [&](const auto& tracked) { return tracked->latest.leg == dialog.leg; };
    const auto found = std::ranges::find_if(live_, same);
    if (found != live_.end()) {
        auto id = std::move((*found)->latest.id);  // the same for life
        (*found)->latest = dialog;
        (*found)->latest.id = std::move(id);
        if (dialog.state == LegState::terminated) live_.erase(found);
    } else if (dialog.state != LegState::terminated) {
        auto tracked = std::make_shared<TrackedDialog>(TrackedDialog{dialog});
        tracked->latest.id = id_of(dialog);
        live_.push_back(std::move(tracked));
    } else {
        return false;
    }
    return update_projections();
}

bool MemberState::update_projections()
{
    bool changed = false;
    std::erase_if(projections_, [&](const auto& kept) {
        const auto projection = kept.lock();
        if (projection && projection->update(live_, stand_ins_)) changed = true;
        return !projection;
    });
    return changed;
}

/// A stand-in is a dialog with nobody, so that it is shown, told and ended as any other. Its leg is
/// none that a call could have.
bool MemberState::stand(const Standing& standing)
{
    if (standing == standing_) return false;
    standing_ = standing;
    const std::array<std::pair<bool, std::string_view>, 4> all{
        {{standing.unregistered, "unregistered"},
         {standing.do_not_disturb, "dnd"},
         {standing.forwarded, "forwarded"},
         {standing.on, "on"}}};
    stand_ins_.resize(all.size());
    for (std::size_t which = 0; which < all.size(); ++which) {
        auto& dialog = stand_ins_[which];
        if (!all[which].first) {
            dialog.reset();
            continue;
        }
        if (dialog) continue;
        dialog = std::make_shared<TrackedDialog>();
        dialog->latest.id = all[which].second;
        dialog->stands_in = true;
        dialog->latest.resumed = true;  // by its name every run knows it, so it stays lit over one
        dialog->latest.leg.value = std::numeric_limits<std::uint64_t>::max() - which;
        dialog->latest.state = LegState::confirmed;
        dialog->latest.direction = Direction::initiator;
        dialog->latest.dialog.call_id = dialog->latest.id;
    }
    return update_projections();
}

std::optional<LegState> MemberState::leading() const noexcept
{
    std::optional<LegState> leading;
    const auto count = [&](LegState state) {
        if (!leading || precedence(state) > precedence(*leading)) leading = state;
    };
    for (const auto& dialog : unwatched_) count(dialog.state());
    for (const auto& dialog : live_) count(dialog->latest.state);
    return leading;
}

bool MemberState::rings() const
{
    return std::ranges::any_of(live(), [](const DialogSnapshot& dialog) {
        return dialog.state == LegState::early && dialog.direction == Direction::recipient;
    });
}

std::vector<DialogSnapshot> MemberState::live() const
{
    std::vector<DialogSnapshot> all;
    for (const auto& dialog : unwatched_) all.push_back(dialog.unpack());
    for (const auto& dialog : live_) all.push_back(dialog->latest);
    return all;
}

ProjectionRef MemberState::projection(const ProfileRef& profile, const DialogFilter& filter,
                                      WatcherView view, std::string_view entity)
{
    if (entity.empty()) entity = entity_;
    for (const auto& kept : projections_) {
        auto projection = kept.lock();
        if (!projection || projection->filter() != filter || projection->view() != view ||
            projection->entity() != entity)
            continue;
        if (projection->profile() == profile || *projection->profile() == *profile)
            return projection;
    }
    forget_unused();
    for (const auto& dialog : unwatched_)
        live_.push_back(std::make_shared<TrackedDialog>(TrackedDialog{dialog.unpack()}));
    unwatched_ = {};
    const auto own = SipUri::parse(entity_);
    const auto asked = SipUri::parse(entity);
    const bool elsewhere = own && asked && !same_word(own->host, asked->host);
    auto made = std::make_shared<Projection>(profile, filter, view, std::string{entity},
                                             elsewhere ? own->host : std::string{});
    made->update(live_, stand_ins_);
    projections_.push_back(made);
    return made;
}

}  // namespace lampline
