#pragma once
// What is kept of a call once it is over: who, whom, who took it, how it ended.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "core/leg_state.hpp"

namespace lampline {

/// Names a call for ever, in order of time: milliseconds since 1970 of its start, and the low 12 bits of its CallRef.
/// A call that goes on after a restart keeps its own, since it keeps both.
using CallRecordId = Id<struct CallRecordTag>;

CallRecordId record_id(std::chrono::system_clock::time_point started_at, CallRef call) noexcept;
/// The lowest id of a call that started at `time` or later.
CallRecordId first_record_id(std::chrono::system_clock::time_point time) noexcept;
std::chrono::system_clock::time_point started_at(CallRecordId id) noexcept;
/// As REST writes it: decimal digits. nullopt: it is none.
std::string write(CallRecordId id);
std::optional<CallRecordId> parse_record_id(std::string_view text) noexcept;

/// Why a phone has a part in a call.
enum class PartKind : std::uint8_t { caller, called, picked_up, took_over, parked, transferred };
/// What became of it. `missed`: rang, or should have rung, until the caller or the exchange gave up.
enum class PartResult : std::uint8_t {
    answered,
    answered_elsewhere,
    missed,
    busy,
    declined,
    unreachable,
    deflected,  ///< its phone sent the call elsewhere
    failed,
    unanswered,
};
/// What became of the whole call.
enum class CallResult : std::uint8_t {
    answered,
    missed,
    busy,
    declined,
    unreachable,
    unknown_number,
    redirected,  ///< the caller was told where else to call
    failed,
};
/// Who ended it. `transfer`: it goes on in the call named by `continued_in`.
enum class CallEnder : std::uint8_t { caller, callee, exchange, transfer };
/// What was to become of a call. ring_back: of a parked one, whose time was over.
enum class MoveKind : std::uint8_t { park, pickup, ring_back, transfer };
/// Of whom a status speaks that says busy or declined: of who is called, by its phone or its settings, or of the exchange,
/// which has a limit or a rule, or nothing there to take.
enum class RefusedBy : std::uint8_t { callee, exchange };

/// The words of REST and of the database. A word that is not known reads as the last of its kind.
std::string_view word(PartKind kind) noexcept;
std::string_view word(PartResult result) noexcept;
std::string_view word(CallResult result) noexcept;
std::string_view word(CallEnder ender) noexcept;
std::string_view word(MoveKind kind) noexcept;
PartKind part_kind(std::string_view word) noexcept;
PartResult part_result(std::string_view word) noexcept;
CallResult call_result(std::string_view word) noexcept;
CallEnder call_ender(std::string_view word) noexcept;
MoveKind move_kind(std::string_view word) noexcept;

/// One phone's dialog with the exchange.
struct CallPart {
    using TimePoint = std::chrono::system_clock::time_point;

    PartKind kind = PartKind::called;
    PartResult result = PartResult::failed;
    /// To be shown as a missed call of the extension: nobody answered in this attempt, and it was not declined.
    bool missed = false;
    unsigned status = 0;        ///< final SIP status that the phone sent; 0: none
    std::string extension;      ///< number outside where `trunk` says so
    std::string trunk{};        ///< by which it was reached; empty: a phone of the office
    std::string on_behalf_of{};  ///< outside: by the rights of this extension; empty: nobody's
    std::string name;           ///< display name
    std::string sip_call_id;
    std::string end;            ///< word of RFC 4235 (`local-bye`, `replaced`, ...)
    TimePoint started_at;
    std::optional<TimePoint> ringing_at;
    std::optional<TimePoint> answered_at;
    TimePoint ended_at;
    std::optional<std::size_t> in_place_of;  ///< picked_up, took_over: position of the part it took the call from
    std::optional<std::size_t>
        moved_by;  ///< transferred, parked, picked_up of a transfer: position of the transferor's part
    CallRecordId came_from;                  ///< transferred after asking: the call in which it was asked; proxied: replaced
};

/// Somebody of the call was to talk to somebody else, or to wait in a slot, and did not come to it.
struct FailedMove {
    using TimePoint = std::chrono::system_clock::time_point;

    MoveKind kind = MoveKind::transfer;
    std::string by{};     ///< extension, slot, or number outside, from which it was to be moved; pickup: whose phones were to take it
    std::optional<std::size_t> part{};  ///< position of that one's part; empty: it has none
    std::string target{};  ///< number or address as it was asked for, at most 128 bytes; park, empty: any slot
    unsigned status = 0;   ///< SIP status that tells why
    std::string reason{};  ///< its phrase, and what Warning or Reason said with it, at most 256 bytes
    TimePoint at{};

    friend bool operator==(const FailedMove&, const FailedMove&) = default;
};

struct CallRecord {
    using TimePoint = std::chrono::system_clock::time_point;

    /// Of a phone that asks again and again the newest are kept.
    static constexpr std::size_t most_failed_moves = 20;

    CallRecordId id;
    CallRef call;  ///< of this run of the program
    std::string caller;
    std::string caller_trunk{};  ///< by which the caller came; empty: a phone of the office
    std::string caller_name;
    std::string dialled;
    std::string callee;  ///< the extension that was dialled
    std::string callee_name;
    std::string answered_by;  ///< extension, or number outside, that answered first; empty: nobody
    std::string answered_trunk{};  ///< by which it was reached; empty: a phone of the office
    std::optional<TimePoint> ringing_at;
    std::optional<TimePoint> answered_at;
    TimePoint ended_at;
    CallResult result = CallResult::failed;
    CallEnder ended_by = CallEnder::exchange;
    std::string ended_extension;  ///< whose phone ended it; empty: nobody's
    unsigned status = 0;          ///< SIP status that tells why; 200: hung up, 487: given up by the caller
    std::string reason;           ///< phrase, or Reason header (RFC 3326)
    CallRecordId continued_in;    ///< transferred away: the other call
    std::vector<CallPart> parts;
    std::vector<FailedMove> failed_moves{};  ///< in order of time, at most most_failed_moves

    /// Talking time; 0: not answered.
    [[nodiscard]] std::chrono::milliseconds duration() const noexcept
    {
        if (!answered_at || ended_at < *answered_at) return {};
        return std::chrono::floor<std::chrono::milliseconds>(ended_at - *answered_at);
    }
};

}  // namespace lampline
