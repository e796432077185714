// Records of calls that are not over, as they go on after a restart.
#include <algorithm>
#include <utility>

#include "engine/call_recorder.hpp"

namespace lampline {

void CallRecorder::fold(const CallKept& kept, Moment /*now*/, Outbox& outbox)
{
    const auto found = open_.find(kept.call);
    if (found != open_.end() && found->second.unsaved) store(found->second, outbox);
}

void CallRecorder::store(Open& open, Outbox& outbox)
{
    open.unsaved = false;
    open.stored = true;
    auto stored = std::make_shared<OpenRecord>();
    stored->record = open.record;
    for (const auto& leg : open.legs) stored->dialogs.push_back({leg.phone_tag, leg.living});
    stored->clicked = open.clicked;
    stored->by_exchange = open.by_exchange;
    outbox.store(RecordOpened{std::move(stored)});
}

void CallRecorder::recall(std::vector<OpenRecord> open)
{
    for (auto& each : open) {
        const auto id = each.record.id;
        if (each.dialogs.size() == each.record.parts.size())
            recalled_.insert_or_assign(id, std::move(each));
    }
}

CallRecorder::Open CallRecorder::opened(OpenRecord recalled)
{
    Open open;
    open.record = std::move(recalled.record);
    for (auto& dialog : recalled.dialogs)
        open.legs.push_back({.id = {},
                             .living = false,
                             .phone_tag = std::move(dialog.phone_tag),
                             .forgotten = dialog.living});
    open.clicked = recalled.clicked;
    open.by_exchange = recalled.by_exchange;
    open.stored = true;
    return open;
}

std::optional<std::size_t> CallRecorder::take_up(Open& open, const DialogSnapshot& dialog,
                                                 Outbox& outbox)
{
    for (std::size_t position = 0; position < open.legs.size(); ++position) {
        auto& leg = open.legs[position];
        const auto& part = open.record.parts[position];
        if (!leg.forgotten || part.sip_call_id != dialog.dialog.call_id ||
            leg.phone_tag != dialog.dialog.local_tag)
            continue;
        leg.id = dialog.leg;
        leg.living = true;
        leg.forgotten = false;
        ++open.living;
        outbox.announce(
            PartRecorded{open.record.id, part.sip_call_id, part.extension, part.kind});
        return position;
    }
    return std::nullopt;
}

std::optional<CallPart::TimePoint> CallRecorder::talks_since(const DialogSnapshot& dialog) const
{
    const auto found = open_.find(dialog.call);
    const auto position =
        found == open_.end() ? std::nullopt : found->second.position_of(dialog.leg);
    if (!position) return std::nullopt;
    const auto& parts = found->second.record.parts;
    const auto& part = parts[*position];
    if (part.came_from) return std::nullopt;  // it was answered in another call
    if (!part.in_place_of || *part.in_place_of >= parts.size()) return part.answered_at;
    const auto& other = parts[*part.in_place_of];
    const bool talked = other.extension == part.extension && other.answered_at;
    return talked ? std::nullopt : part.answered_at;
}

bool CallRecorder::end_forgotten_parts(Open& open, Moment now)
{
    bool any = false;
    for (std::size_t position = 0; position < open.legs.size(); ++position) {
        if (!std::exchange(open.legs[position].forgotten, false)) continue;
        const auto& part = open.record.parts[position];
        const auto unanswered =
            part.kind == PartKind::caller ? LegInput::rejected : LegInput::cancelled;
        end_part(open, position, part.answered_at ? LegInput::remote_bye : unanswered, now);
        any = true;
    }
    return any;
}

void CallRecorder::end_forgotten(Moment now, Outbox& outbox)
{
    for (auto& [call, open] : open_)
        if (end_forgotten_parts(open, now)) store(open, outbox);
    for (auto& [id, recalled] : std::exchange(recalled_, {})) {
        auto open = opened(std::move(recalled));
        end_forgotten_parts(open, now);
        auto& record = open.record;
        if (record.status == 0 && !record.continued_in) {
            record.status = 500;
            record.reason = "Exchange Restarted";  // as its caller was told
        }
        finish(open, now, outbox);
    }
}

}  // namespace lampline
