#include "engine/record_outcome.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace lampline {
namespace {

/// Who fetches a call from its slot takes what rings back for it.
bool fetches(const CallRecord& record, const CallPart& part)
{
    return part.kind == PartKind::took_over && part.in_place_of &&
           record.parts[*part.in_place_of].kind == PartKind::parked;
}

/// Rung for a transfer, or took what rang for one.
bool is_of_transfer(const CallRecord& record, const CallPart& part)
{
    return part.kind == PartKind::transferred || fetches(record, part) ||
           (part.kind == PartKind::picked_up && part.moved_by);
}

/// Of the attempt to transfer the call that `part` is of. In one attempt each phone is rung by the time that those
/// before it have stopped, one wave after the other; the next attempt begins when that has failed.
bool transfer_answered(const CallRecord& record, const CallPart& part)
{
    CallPart::TimePoint until{};
    bool answered = false;
    bool found = false;
    for (const auto& each : record.parts) {
        if (!is_of_transfer(record, each)) continue;
        if (each.started_at > until) {
            if (found) break;
            answered = false;
        }
        until = std::max({until, each.started_at, each.answered_at.value_or(each.ended_at)});
        answered = answered || each.answered_at;
        found = found || &each == &part;
    }
    return found && answered;
}

/// Somebody took what rang at `part`: another phone of the attempt, or a picker.
bool attempt_answered(const CallRecord& record, const CallPart& part)
{
    if (part.kind == PartKind::called) return record.answered_at || record.continued_in;
    return transfer_answered(record, part);
}

PartResult result_of_refusal(unsigned status) noexcept
{
    if (status / 100 == 3) return PartResult::deflected;
    switch (status) {
    case 486:
    case 600: return PartResult::busy;
    case 603:
    case 607:
    case 608: return PartResult::declined;
    case 408:
    case 410:
    case 430:
    case 480: return PartResult::unreachable;
    default: return PartResult::failed;
    }
}

/// A phone that was rung has ended it.
bool was_refused_by_phone(const CallRecord& record)
{
    return std::ranges::any_of(record.parts, [&](const CallPart& part) {
        return was_rung(part) && part.status == record.status;
    });
}

/// It was given up by the exchange, and by no phone.
bool rang_until_the_end(const CallRecord& record)
{
    const auto missed = [](const CallPart& part) { return part.result == PartResult::missed; };
    return std::ranges::any_of(record.parts, missed) && !was_refused_by_phone(record);
}

}  // namespace

bool was_rung(const CallPart& part) noexcept
{
    return part.kind == PartKind::called || part.kind == PartKind::transferred;
}

PartResult result_of(const CallRecord& record, const CallPart& part, LegInput ended_by)
{
    if (part.answered_at) return PartResult::answered;
    if (!was_rung(part)) return PartResult::unanswered;
    switch (ended_by) {
    case LegInput::rejected: return result_of_refusal(part.status);
    case LegInput::timeout:
    case LegInput::error: return PartResult::unreachable;
    default:
        return attempt_answered(record, part) ? PartResult::answered_elsewhere : PartResult::missed;
    }
}

CallResult result_of_failure(const CallRecord& record, RefusedBy by)
{
    const bool by_callee = by == RefusedBy::callee || was_refused_by_phone(record);
    const auto failed = rang_until_the_end(record) ? CallResult::missed : CallResult::failed;
    switch (record.status) {
    case 302: return CallResult::redirected;
    case 486:
    case 600: return by_callee ? CallResult::busy : failed;
    case 603:
    case 607:
    case 608: return by_callee ? CallResult::declined : failed;
    case 404:
    case 410:
    case 484:
    case 604: return CallResult::unknown_number;
    case 408:
    case 480:
    case 487: return record.ringing_at ? CallResult::missed : CallResult::unreachable;
    default: return failed;
    }
}

unsigned status_in(std::string_view reason) noexcept
{
    constexpr std::string_view start = "SIP;cause=";
    unsigned status = 0;
    if (reason.starts_with(start))
        std::from_chars(reason.data() + start.size(), reason.data() + reason.size(), status);
    return status >= 200 && status < 700 ? status : 200;
}

void set_ender(CallRecord& record)
{
    const auto name = [&](CallEnder ender, const CallPart& part) {
        record.ended_by = ender;
        record.ended_extension = part.extension;
    };
    if (record.continued_in) {
        record.ended_by = CallEnder::transfer;
        return;
    }
    for (const auto& part : record.parts) {
        if (part.ended_at != record.ended_at) continue;
        const bool caller = part.kind == PartKind::caller;
        if (part.end == end_event(LegInput::local_bye))
            return name(caller ? CallEnder::caller : CallEnder::callee, part);
        if (caller && part.end == end_event(LegInput::cancelled))
            return name(CallEnder::caller, part);
    }
    if (record.answered_at) return;
    for (const auto& part : record.parts) {
        if (part.status != record.status || part.status == 0) continue;
        if (was_rung(part)) return name(CallEnder::callee, part);
        // Who has clicked has a phone that is rung, too.
        if (part.kind == PartKind::caller) return name(CallEnder::caller, part);
    }
}

void set_missed(CallRecord& record)
{
    for (auto& part : record.parts) {
        // It rang here in vain, and then elsewhere.
        if (part.result == PartResult::missed && attempt_answered(record, part))
            part.result = PartResult::answered_elsewhere;
        const bool unanswered = part.result == PartResult::missed ||
                                part.result == PartResult::busy ||
                                part.result == PartResult::unreachable;
        part.missed =
            part.trunk.empty() && was_rung(part) && unanswered && !attempt_answered(record, part);
    }
}

void set_taken(CallRecord& record, const CallRecord& by)
{
    if (record.answered_at) return;
    record.answered_at = record.ended_at;
    record.answered_by = by.caller;
    record.answered_trunk = by.caller_trunk;
    record.result = CallResult::answered;
    record.status = 200;
    record.reason.clear();
    for (auto& part : record.parts) {
        if (part.kind != PartKind::caller) continue;
        part.answered_at = record.answered_at;
        part.result = PartResult::answered;
    }
}

void add_unreached(CallRecord& record)
{
    const bool rang = std::any_of(record.parts.begin(), record.parts.end(), was_rung);
    if (rang || record.callee.empty() || (record.status != 480 && record.status != 486)) return;
    CallPart part;
    part.kind = PartKind::called;
    part.result = record.result == CallResult::busy ? PartResult::busy : PartResult::unreachable;
    part.extension = record.callee;
    part.name = record.callee_name;
    part.started_at = started_at(record.id);
    part.ended_at = record.ended_at;
    record.parts.push_back(std::move(part));
}

}  // namespace lampline
