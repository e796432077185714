#include "support/office/recorded_calls.hpp"

#include "support/scenario/network.hpp"

#include <algorithm>

namespace lampline::test {
namespace {

bool has_part(const CallRecord& record, const std::string& call_id)
{
    return std::ranges::count(record.parts, call_id, &CallPart::sip_call_id) > 0;
}

}  // namespace

void RecordedCalls::take(const Arrived& arrived)
{
    if (arrived.status < 200 || arrived.call_id.empty() || arrived.generated) return;
    const auto* network = office_.pbx.network();
    // A 2xx may have waited for a PRACK, and never left.
    const bool in_vain = network && (arrived.status / 100 == 2
                                         ? network->is_cancelled(arrived.transaction)
                                         : network->is_accepted(arrived.call_id));
    if (in_vain) office_.answered_in_vain.insert(arrived.call_id);
    heard_[arrived.call_id] = arrived.status;
    // A key of a shared line that is pressed in vain has called nobody.
    if (arrived.what == "403 Not On Public Hold" || arrived.what == "480 Appearance Taken") return;
    to_be_recorded_.insert(arrived.call_id);
}

void RecordedCalls::look()
{
    for (const auto& call : office_.pbx.present().calls) calls_[call.id] = call.log_id;
}

/// A record is stored once; twice where another call takes its place after it has ended.
void RecordedCalls::read()
{
    const auto& stored = office_.pbx.stored;
    for (; read_ < stored.size(); ++read_) {
        const auto* recorded = std::get_if<CallRecorded>(&stored[read_]);
        if (!recorded) continue;
        const auto& record = *recorded->record;
        const auto before = finished_.find(record.id);
        CAPTURE(write(record.id));
        if (before != finished_.end())
            CHECK_MESSAGE((record.continued_in && !before->second.continued_in), "recorded twice");
        finished_[record.id] = record;
        unchecked_.insert(record.id);
    }
}

void RecordedCalls::check(const LiveView& view)
{
    look();
    read();
    std::set<std::string> present;
    for (const auto& call : view.calls) present.insert(call.log_id);
    for (const auto& [id, log_id] : calls_) {
        if (present.contains(log_id)) continue;
        CAPTURE(log_id);
        CHECK_MESSAGE(finished_.contains(parse_record_id(log_id).value()), "over, and not recorded");
    }
    std::erase_if(calls_, [&](const auto& call) { return !present.contains(call.second); });
    for (const auto& open : office_.pbx.kept().records) {
        const auto log_id = write(open.record.id);
        CAPTURE(log_id);
        CHECK_MESSAGE(present.contains(log_id), "over, and its record is open");
    }
    for (const auto id : std::exchange(unchecked_, {})) {
        CHECK_FALSE(present.contains(write(id)));
        const auto& record = finished_.at(id);
        if (record.continued_in && !finished_.contains(record.continued_in))
            unchecked_.insert(id);  // who has it is known when that call is over
        else
            check(record);
    }
}

/// By what its caller has heard; nobody knows that of a call that a third party has placed.
void RecordedCalls::check(const CallRecord& record) const
{
    const auto log_id = write(record.id);
    CAPTURE(log_id);
    CAPTURE(record.caller);
    CAPTURE(record.dialled);
    CAPTURE(record.answered_by);
    CAPTURE(record.status);
    const bool answered = record.result == CallResult::answered;
    CHECK(answered == record.answered_at.has_value());
    CHECK(answered == !record.answered_by.empty());
    // Its phone was asked, and has answered, in the dialog of who took the call.
    const bool taken =
        record.continued_in && finished_.at(record.continued_in).caller == record.answered_by;
    for (const auto& part : record.parts) {
        if (!taken || part.kind != PartKind::caller) check(part);
        if (answered && part.kind == PartKind::called) CHECK_FALSE(part.missed);
    }
    if (record.parts.empty() || record.parts.front().kind != PartKind::caller) return;
    const auto heard = heard_.find(record.parts.front().sip_call_id);
    if (heard == heard_.end() || office_.answered_in_vain.contains(heard->first) ||
        lost_.contains(heard->first))
        return;
    CAPTURE(heard->first);
    CAPTURE(heard->second);
    // Nobody is in a slot: who has parked by dialling waits for somebody who answers, or comes.
    const bool waits = record.dialled.starts_with("70") || is_park_name(record.dialled);
    const auto is_other = [&](const CallPart& part) {
        return part.kind != PartKind::parked && part.sip_call_id != heard->first &&
               has_answered(part);
    };
    const bool by_phone = !waits || std::ranges::any_of(record.parts, is_other);
    if (!taken) CHECK(answered == (heard->second / 100 == 2 && by_phone));
    ++office_.done[answered ? "recorded as answered" : "recorded as unanswered"];
}

/// Its phone has answered, or has been answered.
bool RecordedCalls::has_answered(const CallPart& part) const
{
    const auto heard = heard_.find(part.sip_call_id);
    const auto* network = office_.pbx.network();
    const bool placed = (heard != heard_.end() && heard->second / 100 == 2) ||
                        (network && network->is_accepted(part.sip_call_id));
    const auto by = part.trunk.empty() ? " " + part.extension : std::string{};
    return placed || office_.answered.contains(part.sip_call_id + by);
}

void RecordedCalls::check(const CallPart& part) const
{
    if (!part.answered_at || part.kind == PartKind::parked) return;
    CAPTURE(part.sip_call_id);
    CAPTURE(part.extension);
    CHECK(has_answered(part));
}

void RecordedCalls::check_all(const LiveView& view)
{
    check(view);
    for (const auto& call_id : to_be_recorded_) {
        const auto status = heard_.at(call_id);
        if (status == 422 || status == 491) continue;  // the phone calls again at once
        CAPTURE(call_id);
        CAPTURE(status);
        std::size_t as_caller = 0;
        bool anywhere = false;
        for (const auto& [id, record] : finished_) {
            if (!has_part(record, call_id)) continue;
            anywhere = true;
            const auto& first = record.parts.front();
            as_caller += first.kind == PartKind::caller && first.sip_call_id == call_id;
        }
        CHECK_MESSAGE(anywhere, "unrecorded");
        CHECK(as_caller <= 1);
    }
}

void RecordedCalls::exchange_killed(const std::set<std::string>& talked)
{
    read();
    std::erase_if(calls_, [&](const auto& call) { return !talked.contains(call.first); });
    std::erase_if(to_be_recorded_, [&](const std::string& call_id) {
        return std::ranges::none_of(
            finished_, [&](const auto& record) { return has_part(record.second, call_id); });
    });
}

void RecordedCalls::storage_lost()
{
    read_ = 0;
    finished_.clear();
    calls_.clear();
    to_be_recorded_.clear();
    for (const auto& [call_id, status] : heard_) lost_.insert(call_id);
    read();
    unchecked_.clear();
}

}  // namespace lampline::test
