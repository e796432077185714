// We as a user of a carrier: REGISTER (RFC 3261 §10.2), its refusals, and the next server.
#include <algorithm>

#include "engine/trunk_lines.hpp"

namespace lampline {
namespace {

constexpr unsigned most_too_brief = 2;  // 423 in a row, for who never has enough

/// The server is at fault, or nobody is there: another one may do better (RFC 3263 §4.3).
bool is_of_the_server(const StandaloneAnswered& answer) noexcept
{
    return answer.generated || answer.status == 408 || answer.status == 430 ||
           answer.status == 480 || answer.status / 100 == 5;
}

std::string words(const StandaloneAnswered& answer)
{
    if (answer.generated)
        return answer.status == 408 ? "REGISTER: no answer" : "REGISTER: could not be sent";
    auto text = "REGISTER: " + std::to_string(answer.status) + ' ' + answer.phrase;
    if (answer.status == 401 || answer.status == 407) text += " (wrong username, secret or realm)";
    return text;
}

}  // namespace

void TrunkLines::send_register(LineId id, Line& line, Moment now, Outbox& outbox)
{
    if (line.registering || line.addresses.empty() || line.stopped) return;
    cancel_timer(id, TimerKind::register_);
    line.registering = transactions_.next();
    line.sent_at = now.mono;
    under_way_[line.registering] = id;
    outbox.send(SendStandalone{
        .transaction = line.registering,
        .method = Method::register_,
        .target = target_of(line),
        .from = party_of(line),
        .to = party_of(line),
        .local_tag = line.tag,
        .call_id = line.call_id,
        .cseq = ++line.cseq,
        .patience = settings_.patience,
        .contact_user = trunk_contact_user(line.trunk->name),
        .headers = {{"Expires", std::to_string(line.asked_for.count())}, {"Supported", "path"}},
        .credentials = line.trunk->credentials,
        .outside = true});
}

void TrunkLines::unregister(Line& line, Outbox& outbox)
{
    line.stopped = true;
    const bool known = line.registered_until || line.registering;
    if (!known || line.trunk->kind != TrunkKind::registering || line.addresses.empty()) return;
    const auto transaction = transactions_.next();
    leaving_.insert(transaction);
    line.registered_until.reset();
    // A REGISTER that is under way may get another CSeq from a challenge.
    line.cseq += line.registering ? 3 : 1;
    outbox.send(SendStandalone{.transaction = transaction,
                               .method = Method::register_,
                               .target = target_of(line),
                               .from = party_of(line),
                               .to = party_of(line),
                               .local_tag = line.tag,
                               .call_id = line.call_id,
                               .cseq = line.cseq,
                               .patience = settings_.leave_patience,
                               .contact_user = trunk_contact_user(line.trunk->name),
                               .headers = {{"Expires", "0"}},
                               .credentials = line.trunk->credentials,
                               .outside = true});
}

void TrunkLines::register_answered(LineId id, Line& line, const StandaloneAnswered& answer,
                                   Moment now, Outbox& outbox)
{
    line.registering = {};
    line.cseq = std::max(line.cseq, answer.cseq);
    if (line.stopped) return;
    if (!answer.generated) {
        line.missed = 0;
        line.status.round_trip =
            std::chrono::duration_cast<std::chrono::microseconds>(now.mono - line.sent_at);
    }
    if (answer.status / 100 == 2) {
        registered(id, line, answer, now);
    } else if (answer.status == 423 && answer.min_expires && *answer.min_expires > line.asked_for &&
               *answer.min_expires <= Trunk::max_expires && line.too_brief < most_too_brief) {
        ++line.too_brief;
        line.asked_for = *answer.min_expires;
        return send_register(id, line, now, outbox);
    } else if (is_of_the_server(answer)) {
        server_failed(id, line, answer, now, outbox);
    } else {
        line.status.last_error = words(answer);
        line.refused = true;
        line.registered_until.reset();
        line.service_route.clear();
        line.tried = 0;
        const std::chrono::milliseconds wait =
            std::max(settings_.refused_retry, std::min(answer.retry_after, Trunk::max_expires));
        set_timer(id, TimerKind::register_, now.mono + wait + part_of(wait / 10));
    }
    settle(line, now, outbox);
}

void TrunkLines::registered(LineId id, Line& line, const StandaloneAnswered& answer, Moment now)
{
    // The 200 lists all that the carrier has of us; ours is told by its user part.
    auto granted = answer.expires.value_or(line.asked_for);
    const auto user = trunk_contact_user(line.trunk->name);
    for (const auto& contact : answer.contacts)
        if (contact.uri.user == user && contact.expires) granted = *contact.expires;
    granted = std::clamp(granted, 5s, Trunk::max_expires);
    line.registered_until = now.mono + granted;
    line.service_route = answer.service_route;
    line.tried = line.failures = line.too_brief = 0;
    line.refused = false;
    line.status.last_error.clear();
    const std::chrono::milliseconds whole = granted;
    set_timer(id, TimerKind::register_, now.mono + whole * 8 / 10 + part_of(whole / 10));
    set_timer(id, TimerKind::lapse, now.mono + granted);
}

void TrunkLines::server_failed(LineId id, Line& line, const StandaloneAnswered& answer, Moment now,
                               Outbox& outbox)
{
    line.status.last_error = words(answer);
    use_next(line);
    if (++line.tried < line.addresses.size()) return send_register(id, line, now, outbox);
    line.tried = 0;
    const auto doublings = std::min(line.failures++, 16U);
    const std::chrono::milliseconds longest = std::min<std::chrono::seconds>(
        settings_.retry_first * (1 << doublings), settings_.retry_most);
    const std::chrono::milliseconds wait = std::max<std::chrono::milliseconds>(
        longest / 2 + part_of(longest / 2), std::min(answer.retry_after, settings_.retry_most));
    set_timer(id, TimerKind::register_, now.mono + wait);
}

}  // namespace lampline
