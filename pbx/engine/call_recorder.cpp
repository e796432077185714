#include "engine/call_recorder.hpp"

#include <algorithm>
#include <utility>

#include "base/table_room.hpp"
#include "core/extension_uri.hpp"
#include "core/park_lot.hpp"
#include "engine/record_outcome.hpp"

namespace lampline {
namespace {

/// Who ends a call to replace it does both at once.
constexpr std::chrono::seconds replaced_within{4};

}  // namespace

std::optional<std::size_t> CallRecorder::Open::position_of(LegId leg) const
{
    const auto found =
        std::find_if(legs.begin(), legs.end(), [&](const PartLeg& each) { return each.id == leg; });
    if (!leg || found == legs.end()) return std::nullopt;
    return static_cast<std::size_t>(found - legs.begin());
}

bool CallRecorder::Open::is_over() const
{
    if (living > 0) return false;
    return over || !clicked || std::ranges::any_of(record.parts, [](const CallPart& part) {
               return part.answered_at.has_value();
           });
}

void CallRecorder::Open::end(std::size_t position)
{
    unsaved = true;
    if (std::exchange(legs[position].living, false)) --living;
}

/// Of a call that is moved again and again: nobody has answered these, and no part names a later one.
void CallRecorder::Open::forget_vain_parts()
{
    constexpr std::size_t many = 100;
    while (legs.size() > many && !legs.back().living && !legs.back().forgotten &&
           !record.parts.back().answered_at) {
        legs.pop_back();
        record.parts.pop_back();
    }
}

void CallRecorder::fold(const CallStarted& started, Moment /*now*/, Outbox& outbox)
{
    auto& open = open_[started.call];
    const auto id = record_id(started.started_at, started.call);
    if (auto recalled = recalled_.extract(id)) {
        open = opened(std::move(recalled.mapped()));
        open.record.call = started.call;
        return;
    }
    open.resumed = started.answered_at.has_value();
    open.clicked = started.clicked;
    auto& record = open.record;
    record.caller = started.caller;
    record.caller_trunk = started.trunk;
    record.call = started.call;
    record.id = id;
    record.dialled = started.dialled;
    record.answered_at = started.answered_at;
    if (!started.asked_in.empty())
        outbox.announce(PartRecorded{id, started.asked_in, started.caller, PartKind::caller});
}

void CallRecorder::fold(const DialogChanged& changed, Moment now, Outbox& outbox)
{
    const auto& dialog = changed.dialog;
    const auto found = open_.find(dialog.call);
    if (found == open_.end()) return;
    auto& open = found->second;
    auto position = open.position_of(dialog.leg);
    if (!position) {
        if (dialog.state == LegState::terminated) return;
        position = take_up(open, dialog, outbox);
        if (!position) position = add_part(open, dialog, now, outbox);
    }
    auto& part = open.record.parts[*position];
    auto& leg = open.legs[*position];
    if (leg.living && leg.phone_tag != dialog.dialog.local_tag) {
        leg.phone_tag = dialog.dialog.local_tag;
        open.unsaved = true;
    }
    switch (dialog.state) {
    case LegState::trying:
    case LegState::proceeding: return;
    case LegState::early:
        if ((!was_rung(part) && !leg.asked) || part.ringing_at) return;
        part.ringing_at = now.wall;
        open.unsaved = true;
        if (part.kind == PartKind::called && !open.record.ringing_at)
            open.record.ringing_at = now.wall;
        return;
    case LegState::confirmed:
        answered(open, part, now);
        if (open.to_replace && was_rung(part)) link_late(open, part, now, outbox);
        return;
    case LegState::terminated:
        end_part(open, *position, dialog, now);
        if (open.is_over()) finish(found, now, outbox);
    }
}

std::size_t CallRecorder::add_part(Open& open, const DialogSnapshot& dialog, Moment now,
                                   Outbox& outbox)
{
    auto& record = open.record;
    const bool initiator = dialog.direction == Direction::initiator;
    auto& part = record.parts.emplace_back();
    // Of a call that was talking before, the first two are those that talked.
    const bool from_before = open.resumed && record.parts.size() <= 2;
    // A phone that shares the dialog of the caller was rung by it, however late it has answered.
    const bool shares =
        record.parts.size() > 1 && record.parts.front().sip_call_id == dialog.dialog.call_id;
    const bool late = record.answered_at && !from_before;
    const bool own = dialog.extension == record.caller && !record.answered_at;
    if (is_park_name(dialog.extension))
        part.kind = PartKind::parked;
    else if ((record.parts.size() == 1 && initiator) || (open.clicked && own))
        part.kind = PartKind::caller;
    else if (dialog.picks_up)
        part.kind = PartKind::picked_up;
    else if (initiator)
        part.kind = late ? PartKind::took_over : PartKind::picked_up;
    else
        part.kind = late && !shares ? PartKind::transferred : PartKind::called;
    part.extension =
        dialog.trunk.empty() ? dialog.extension : extension_of(dialog.local.identity.uri);
    part.trunk = dialog.trunk;
    part.on_behalf_of = dialog.on_behalf_of;
    part.name = dialog.local.identity.display_name;
    part.sip_call_id = dialog.dialog.call_id;
    part.started_at = from_before ? started_at(record.id) : now.wall;
    if (from_before) part.answered_at = record.answered_at;
    const bool talks = part.kind != PartKind::caller && part.kind != PartKind::parked;
    if (from_before && talks) {
        record.answered_by = part.extension;
        record.answered_trunk = part.trunk;
    }
    if (part.kind == PartKind::caller) {
        record.caller_name = part.name;
        record.callee = dialog.remote.identity.uri.user;
        record.callee_name = dialog.remote.identity.display_name;
    }
    open.unsaved = true;
    open.legs.push_back({.id = dialog.leg, .asked = dialog.picks_up});
    ++open.living;
    outbox.announce(PartRecorded{record.id, part.sip_call_id, part.extension, part.kind});
    return record.parts.size() - 1;
}

void CallRecorder::answered(Open& open, CallPart& part, Moment now)
{
    if (part.answered_at) return;  // held, or moved
    open.unsaved = true;
    part.answered_at = now.wall;
    auto& record = open.record;
    if (part.kind == PartKind::caller || part.kind == PartKind::parked ||
        !record.answered_by.empty())
        return;
    if (open.clicked && !record.answered_at) return;  // once both have each other's media
    record.answered_by = part.extension;
    record.answered_trunk = part.trunk;
    if (!record.answered_at) record.answered_at = now.wall;
}

void CallRecorder::end_part(Open& open, std::size_t position, const DialogSnapshot& dialog,
                            Moment now)
{
    auto& record = open.record;
    record.parts[position].status = dialog.status;
    end_part(open, position, dialog.ended_by, now);
    if (dialog.ended_by != LegInput::replaced) return open.forget_vain_parts();
    // Whoever came last, and has a place of nobody yet, has this one.
    for (auto taker = record.parts.size(); taker-- > 0;) {
        auto& each = record.parts[taker];
        const bool takes = each.kind == PartKind::picked_up || each.kind == PartKind::took_over;
        const bool waits = open.legs[taker].asked && !each.answered_at;
        if (!takes || waits || each.in_place_of || !open.legs[taker].living || taker == position) continue;
        each.in_place_of = position;
        return;
    }
}

void CallRecorder::end_part(Open& open, std::size_t position, LegInput by, Moment now)
{
    auto& part = open.record.parts[position];
    part.ended_at = now.wall;
    part.end = end_event(by);
    part.result = result_of(open.record, part, by);
    open.end(position);
}

void CallRecorder::fold(const CallEnded& ended, Moment now, Outbox& outbox)
{
    const auto found = open_.find(ended.call);
    if (found == open_.end()) return;
    auto& open = found->second;
    open.refused_by = ended.by;
    open.over = true;
    auto& record = open.record;
    record.status = ended.status != 0 ? ended.status : status_in(ended.reason);
    record.reason = ended.reason;
    if (!open.clicked || !open.is_over()) return;
    if (record.parts.empty())  // nobody was rung
        open_.erase(found);
    else
        finish(found, now, outbox);
}

void CallRecorder::fold(const CallAnswered& answered, Moment now, Outbox& /*outbox*/)
{
    const auto found = open_.find(answered.call);
    if (found == open_.end()) return;
    found->second.by_exchange = true;
    found->second.unsaved = true;
    auto& record = found->second.record;
    record.answered_at = now.wall;
    record.answered_by = record.dialled;
}

void CallRecorder::fold(const CallMoved& moved, Moment now, Outbox& outbox)
{
    const auto found = open_.find(moved.call);
    if (found == open_.end()) return;
    auto& open = found->second;
    open.unsaved = true;
    const auto target = open.position_of(moved.target);
    if (target) {
        auto& part = open.record.parts[*target];
        if (!part.answered_at) part.answered_at = now.wall;
        if (open.clicked && !open.record.answered_at) {
            open.record.answered_at = now.wall;
            open.record.answered_by = part.extension;
            open.record.answered_trunk = part.trunk;
        } else {
            // Whoever placed the INVITE, or had it placed, took what rang for the transfer. Who was asked before it did not,
            // whichever of the two called the other.
            const bool picks_up = !moved.asked && (part.kind == PartKind::picked_up ||
                                                   part.kind == PartKind::took_over);
            if (picks_up)
                part.kind = PartKind::picked_up;
            else if (part.kind != PartKind::parked)
                part.kind = PartKind::transferred;
            part.moved_by = open.position_of(moved.transferor);
            if (open.by_exchange && !moved.transferor) part.moved_by = 0;  // its caller dialled it
        }
    }
    const auto asked = open_.find(moved.asked);
    if (asked == open_.end() || asked == found) return;
    auto& left = asked->second;
    left.record.continued_in = open.record.id;
    if (left.record.status == 0 && moved.target) left.record.status = 200;
    if (target) open.record.parts[*target].came_from = left.record.id;
    if (const auto gone = left.position_of(moved.target)) {
        auto& part = left.record.parts[*gone];
        part.ended_at = now.wall;
        part.result = result_of(left.record, part, LegInput::replaced);
        left.end(*gone);
    }
    if (left.living == 0) finish(asked, now, outbox);
}

void CallRecorder::fold(const MoveFailed& failed, Moment now, Outbox& /*outbox*/)
{
    const auto found = open_.find(failed.call);
    if (found == open_.end()) return;
    auto& open = found->second;
    auto& record = open.record;
    auto move = failed.move;
    move.at = now.wall;
    move.part = open.position_of(failed.by);
    const bool itself = open.by_exchange && !failed.by && move.kind == MoveKind::transfer;
    if (itself && !record.parts.empty()) move.part = 0;  // its caller dialled it
    if (move.part) move.by = record.parts[*move.part].extension;
    auto& moves = record.failed_moves;
    // A phone sends by itself again what got 491 (RFC 3261 §14.1): one move, tried once more.
    if (move.status == 491)
        std::erase_if(moves, [&](FailedMove earlier) {
            earlier.at = move.at;
            return earlier == move;
        });
    if (moves.size() >= CallRecord::most_failed_moves) moves.erase(moves.begin());
    moves.push_back(std::move(move));
    open.unsaved = true;
}

void CallRecorder::fold(const CallReplacing& replacing, Moment /*now*/, Outbox& /*outbox*/)
{
    const auto found = open_.find(replacing.replaced);
    if (found == open_.end()) return;
    found->second.replacing = replacing;
}

CallRecorder::Open* CallRecorder::link(Open& open)
{
    const auto found = open.replacing ? open_.find(open.replacing->call) : open_.end();
    if (found == open_.end()) return nullptr;
    auto& next = found->second;
    const auto position = next.position_of(open.replacing->leg);
    if (!position || !next.legs[*position].living) return nullptr;
    auto& part = next.record.parts[*position];
    if (part.answered_at) {
        open.record.continued_in = next.record.id;
        part.came_from = open.record.id;
        set_taken(open.record, next.record);
        return nullptr;
    }
    // Some phones end the old dialog before they answer for the new one.
    const auto own = open.position_of(open.replacing->own);
    if (!own) return nullptr;
    const auto& ended = open.record.parts[*own];
    const bool by_it = ended.end == end_event(LegInput::local_bye) ||
                       (ended.kind == PartKind::caller &&
                        ended.end == end_event(LegInput::cancelled));
    return by_it ? &next : nullptr;
}

void CallRecorder::link_late(Open& open, CallPart& part, Moment now, Outbox& outbox)
{
    const auto ended = std::exchange(open.to_replace, nullptr);
    if (!ended || now.wall - ended->ended_at > replaced_within) return;
    part.came_from = ended->id;
    auto record = std::make_shared<CallRecord>(*ended);
    record->continued_in = open.record.id;
    record->ended_extension.clear();
    set_taken(*record, open.record);
    set_ender(*record);
    set_missed(*record);
    outbox.store(CallRecorded{std::move(record)});  // in its own place
}

void CallRecorder::fold(const CallRefused& refused, Moment now, Outbox& outbox)
{
    // The phone comes again with what it was told.
    if (refused.status == 422 || refused.status == 491) return;
    auto record = std::make_shared<CallRecord>();
    record->id = record_id(now.wall, refused.call);
    record->call = refused.call;
    record->caller = refused.caller;
    record->caller_trunk = refused.trunk;
    record->caller_name = refused.caller_name;
    record->dialled = refused.dialled;
    record->callee = refused.callee;
    record->callee_name = refused.callee_name;
    record->ended_at = now.wall;
    record->status = refused.status;
    record->reason = refused.phrase;
    record->result = result_of_failure(*record, refused.by);
    CallPart caller;
    caller.kind = PartKind::caller;
    caller.result = PartResult::unanswered;
    caller.extension = refused.caller;
    caller.trunk = refused.trunk;
    caller.on_behalf_of = refused.on_behalf_of;
    caller.name = refused.caller_name;
    caller.sip_call_id = refused.sip_call_id;
    caller.started_at = caller.ended_at = now.wall;
    record->parts.push_back(std::move(caller));
    add_unreached(*record);
    set_missed(*record);
    outbox.announce(
        PartRecorded{record->id, refused.sip_call_id, refused.caller, PartKind::caller});
    outbox.store(CallRecorded{std::move(record)});
}

void CallRecorder::finish(OpenCalls::iterator call, Moment now, Outbox& outbox)
{
    auto node = open_.extract(call);
    give_back_room(open_);
    finish(node.mapped(), now, outbox);
}

void CallRecorder::finish(Open& open, Moment now, Outbox& outbox)
{
    auto& record = open.record;
    record.ended_at = now.wall;
    auto* next = link(open);
    if (record.status == 0) record.status = record.answered_at ? 200 : 487;
    // Who placed a call by click and did not lift the phone has called nobody.
    const bool called =
        !open.clicked || std::ranges::any_of(record.parts, [](const CallPart& part) {
            return part.kind == PartKind::caller && part.answered_at;
        });
    record.result =
        record.answered_at
            ? CallResult::answered
            : result_of_failure(record, called ? open.refused_by : RefusedBy::exchange);
    set_ender(record);
    if (called) add_unreached(record);
    set_missed(record);
    // Who clicked and hangs up before anybody has answered ends its own dialog well, but not the call.
    if (!record.answered_at && !record.continued_in && record.status / 100 == 2) record.status = 487;
    auto recorded = std::make_shared<const CallRecord>(std::move(record));
    if (next) next->to_replace = recorded;
    outbox.store(CallRecorded{std::move(recorded), open.stored});
}

}  // namespace lampline
