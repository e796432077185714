// Whether a trunk answers: OPTIONS to the server in use (RFC 3261 §11).
#include <algorithm>

#include "engine/trunk_lines.hpp"

namespace lampline {
namespace {

constexpr std::chrono::milliseconds retry{10'000};  // between questions that go unanswered, at most

}  // namespace

void TrunkLines::ask(LineId id, Line& line, Moment now, Outbox& outbox)
{
    if (line.asked || line.addresses.empty()) return;
    line.asked = transactions_.next();
    line.asked_at = now.mono;
    under_way_[line.asked] = id;
    const auto target = target_of(line);
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
    const std::chrono::milliseconds interval = line.trunk->qualify;
    auto wait = interval;
    if (!answer.generated) {
        line.missed = 0;
        line.status.round_trip =
            std::chrono::duration_cast<std::chrono::microseconds>(now.mono - line.asked_at);
    } else {
        ++line.missed;
        if (line.missed < settings_.misses) {
            wait = std::min(interval, retry);
        } else {
            line.status.last_error = "OPTIONS: no answer";
            if (line.addresses.size() > 1 && !line.registering) {
                use_next(line);
                wait = std::min(interval, retry);
                if (line.trunk->kind == TrunkKind::registering)
                    send_register(id, line, now, outbox);
            }
        }
    }
    set_timer(id, TimerKind::qualify, now.mono + wait - wait / 10 + part_of(wait / 5));
    settle(line, now, outbox);
}

}  // namespace lampline
