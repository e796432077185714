#pragma once
// What became of a call that is over, and of its parts, in the words of its record. Pure rules.
#include <string_view>

#include "core/call_record.hpp"

namespace lampline {

[[nodiscard]] bool was_rung(const CallPart& part) noexcept;
/// Of a part whose dialog was ended by `ended_by`.
[[nodiscard]] PartResult result_of(const CallRecord& record, const CallPart& part,
                                   LegInput ended_by);
/// What the caller of a call that nobody answered was told by `by`, in a word.
[[nodiscard]] CallResult result_of_failure(const CallRecord& record, RefusedBy by);
/// The SIP status that a Reason header tells (RFC 3326); 200 when it tells none.
[[nodiscard]] unsigned status_in(std::string_view reason) noexcept;
void set_ender(CallRecord& record);
/// Once all parts are over: which of them are missed calls of their extensions.
void set_missed(CallRecord& record);
/// The caller's phone has put the call `by` in the place of this one, which nobody had answered:
/// they talk in that. Without effect on a call that was answered.
void set_taken(CallRecord& record, const CallRecord& by);
/// An extension whose phones were not rung, since there are none, or it is busy, or not to be
/// disturbed, has missed the call all the same.
void add_unreached(CallRecord& record);

}  // namespace lampline
