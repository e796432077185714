// Whether a trunk answers: OPTIONS to the server in use (RFC 3261 §11).
#include <algorithm>

#include "engine/trunk_lines.hpp"

namespace lampline {
namespace {

constexpr std::chrono::milliseconds retry{10'000};  // between questions that go unanswered, at most

}  // namespace

void TrunkLines::ask(LineId id, Line& line, Moment now, Outbox& outbox)
{
    if (line.asked || line.places.empty() || line.stopped) return;
    const auto& in_use = line.places[line.in_use].address;
    const auto& best = line.places[best_place(line, now.mono)].address;
    // A registered trunk is where it is registered; a peer is asked whether its first is back.
    const bool may_return = line.trunk->kind == TrunkKind::peer && best.rank < in_use.rank;
    line.asked = transactions_.next();
    line.asked_about = may_return ? best.flow : in_use.flow;
    line.asked_at = now.mono;
    under_way_[line.asked] = id;
    const auto target = target_of(line, line.asked_about);
    outbox.send(SendStandalone{.transaction = line.asked,
                               .method = Method::options,
                               .target = target,
                               .from = party_of(line),
                               .to = {{}, target.request_uri},
                               .local_tag = tokens_(),
                               .call_id = line.question_call_id,
                               .cseq = ++line.question_cseq,
                               .patience = settings_.question_patience,
                               .contact_user = trunk_contact_user(line.trunk->name),
                               .outside = true});
}

void TrunkLines::question_answered(LineId id, Line& line, const StandaloneAnswered& answer,
                                   Moment now, Outbox& outbox)
{
    line.asked = {};
    const bool registers = line.trunk->kind == TrunkKind::registering;
    const std::chrono::milliseconds interval = line.trunk->qualify;
    const auto soon = std::min(interval, retry);
    auto wait = interval;
    auto* place = place_at(line, line.asked_about);
    const auto here =
        place ? static_cast<std::size_t>(place - line.places.data()) : line.places.size();
    if (!place) {
        wait = soon;  // the names lead elsewhere by now
    } else if (!answer.generated) {
        place->avoided_until = {};
        place->answers_options = true;
        line.in_use = here;
        line.missed = 0;
        line.question_error.clear();
        line.status.round_trip =
            std::chrono::duration_cast<std::chrono::microseconds>(now.mono - line.asked_at);
    } else if (here != line.in_use) {
        avoid(*place, now.mono);
        wait = soon;
    } else if (registers && !place->answers_options) {
        // Not every carrier does. REGISTER tells.
    } else if (++line.missed < settings_.misses) {
        wait = soon;
    } else {
        line.question_error = "OPTIONS: no answer";
        avoid(*place, now.mono);
        if (line.places.size() > 1 && !line.registering) {
            wait = soon;
            if (registers)
                send_register(id, line, now, outbox);
            else
                line.in_use = best_place(line, now.mono);
        }
    }
    set_timer(id, TimerKind::qualify, now.mono + wait - wait / 10 + part_of(wait / 5));
    settle(line, now, outbox);
}

}  // namespace lampline
