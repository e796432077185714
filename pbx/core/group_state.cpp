#include "core/group_state.hpp"

#include <algorithm>
#include <array>

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

bool same_dialogs(const std::vector<ShownDialog>& left,
                  const std::vector<ShownDialog>& right) noexcept
{
    return std::ranges::equal(left, right, [](const ShownDialog& a, const ShownDialog& b) {
        return a.dialog == b.dialog && a.state == b.state && a.element == b.element;
    });
}

}  // namespace

std::optional<LegState> lamp_state(const PictureRef& picture) noexcept
{
    if (!picture || picture->dialogs.empty()) return std::nullopt;
    const auto rank = [](const ShownDialog& shown) { return precedence(shown.state); };
    return std::ranges::max_element(picture->dialogs, {}, rank)->state;
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

Projection::Projection(const BodyProfile& profile, std::string entity) noexcept
    : profile_{&profile}, entity_{std::move(entity)}, current_{std::make_shared<const Picture>()},
      cleared_{current_}
{
}

std::vector<ShownDialog>
Projection::show(const std::vector<std::shared_ptr<TrackedDialog>>& live) const
{
    std::vector<ShownDialog> shown;
    for (const auto& dialog : live) {
        const auto word = profile_->word(dialog->latest);
        if (word.empty()) continue;
        const auto state = dialog->latest.state;
        if (profile_->single && !shown.empty()) {
            if (precedence(state) <= precedence(shown.front().state)) continue;
            shown.clear();
        }
        shown.push_back({dialog, state, word, {}});
    }
    for (auto& one : shown)
        one.element = write_dialog(one.dialog->latest, one.word, one.dialog->id, *profile_);
    return shown;
}

bool Projection::update(const std::vector<std::shared_ptr<TrackedDialog>>& live)
{
    auto shown = show(live);
    if (same_dialogs(shown, current_->dialogs)) return false;
    const auto revision = current_->revision + 1;
    rendered_.clear();
    current_ = std::make_shared<const Picture>(Picture{revision, std::move(shown)});
    cleared_ = current_->dialogs.empty() ? current_
                                         : std::make_shared<const Picture>(Picture{revision, {}});
    if (current_->dialogs.empty()) last_idle_ = revision;
    return true;
}

/// Whether a watcher that may be showing `told` has to see it ended before it sees the present
/// picture.
bool Projection::must_clear(const PictureRef& told) const noexcept
{
    if (!told || told->dialogs.empty() || current_->dialogs.empty()) return false;
    if (last_idle_ > told->revision) return true;
    if (!profile_->clears_between) return false;
    return !std::ranges::equal(told->dialogs, current_->dialogs, [](const auto& a, const auto& b) {
        return a.dialog == b.dialog && a.word == b.word;
    });
}

Step Projection::next_step(const Told& told) const noexcept
{
    if (told.acknowledged == current_ && told.sent == current_) return Step::none;
    if (told.unknown && !current_->dialogs.empty()) return Step::clear;
    if (must_clear(told.acknowledged) || must_clear(told.sent) || must_clear(told.doubtful))
        return Step::clear;
    return Step::present;
}

const DialogInfoText& Projection::document(const Told& told, Step step)
{
    const PictureRef& to = target(step);
    for (const auto& made : rendered_)
        if (made.target == to && made.told == told) return made.text;
    if (rendered_.size() == max_rendered) rendered_.pop_front();
    return rendered_.emplace_back(Rendered{told, to, render(told, to)}).text;
}

DialogInfoText Projection::render(const Told& told, const PictureRef& target) const
{
    std::vector<std::string> ended;
    std::vector<LegId> ended_legs;
    // A profile with one dialog has no room for an ended one beside a live one.
    const bool room = profile_->ended && !(profile_->single && !target->dialogs.empty());
    for (const auto* picture : {told.sent.get(), told.doubtful.get(), told.acknowledged.get()}) {
        if (!picture || !room) continue;
        for (const auto& shown : picture->dialogs) {
            const auto& latest = shown.dialog->latest;
            if (find(*target, latest.leg) || std::ranges::count(ended_legs, latest.leg) > 0)
                continue;
            if (profile_->single && !ended.empty()) continue;
            ended_legs.push_back(latest.leg);
            ended.push_back(
                write_dialog(latest, name(LegState::terminated), shown.dialog->id, *profile_));
        }
    }
    if (target->dialogs.empty() && ended.empty())
        if (auto idle = write_idle_dialog(entity_, *profile_); !idle.empty())
            ended.push_back(std::move(idle));

    std::vector<std::string_view> elements{ended.begin(), ended.end()};
    for (const auto& shown : target->dialogs) elements.emplace_back(shown.element);
    return write_dialog_info(entity_, elements, *profile_);
}

MemberState::MemberState(std::string entity, std::string_view id_prefix)
    : entity_{std::move(entity)}, id_prefix_{id_prefix}
{
}

bool MemberState::fold(const DialogSnapshot& dialog)
{
    const auto same = [&](const auto& tracked) { return tracked->latest.leg == dialog.leg; };
    const auto found = std::ranges::find_if(live_, same);
    if (found != live_.end()) {
        (*found)->latest = dialog;
        if (dialog.state == LegState::terminated) live_.erase(found);
    } else if (dialog.state != LegState::terminated) {
        auto id = id_prefix_ + std::to_string(dialog.leg.value);
        live_.push_back(std::make_shared<TrackedDialog>(TrackedDialog{dialog, std::move(id)}));
    } else {
        return false;
    }
    bool changed = false;
    for (const auto& projection : projections_) changed |= projection->update(live_);
    return changed;
}

const Projection* MemberState::find(const BodyProfile& profile) const noexcept
{
    for (const auto& projection : projections_)
        if (&projection->profile() == &profile) return projection.get();
    return nullptr;
}

Projection& MemberState::projection(const BodyProfile& profile)
{
    for (const auto& projection : projections_)
        if (&projection->profile() == &profile) return *projection;
    auto& made = *projections_.emplace_back(std::make_unique<Projection>(profile, entity_));
    made.update(live_);
    return made;
}

}  // namespace lampline
