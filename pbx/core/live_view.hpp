#pragma once
// What the exchange shows of itself: one value, taken at one instant, for REST and the browser.
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/call_event.hpp"
#include "core/delay_histogram.hpp"
#include "core/lamp_colour.hpp"
#include "core/live_event.hpp"
#include "core/location_table.hpp"

namespace lampline {

struct LiveLeg {
    std::string role;       ///< "caller" or "callee"
    std::string extension;  ///< empty: outside
    std::string number;     ///< outside: as the office dials it
    std::string trunk;      ///< outside: by which it is reached
    std::string state;      ///< RFC 4235 word
    std::string call_id;
    std::string address;    ///< transport:host:port of the phone
    bool held = false;
    bool holds = false;     ///< by its own wish
    bool connected = false;  ///< it talks to another leg of the call, and is not about to
    bool untold = false;     ///< of who would take the call that still rings: no lamp shows it
};
struct LiveCall {
    std::string id;
    std::string log_id;  ///< of its record, once it is over
    std::string from;
    std::string from_trunk;  ///< by which the caller came; empty: a phone
    std::string dialled;
    std::chrono::system_clock::time_point started_at;
    std::optional<std::chrono::system_clock::time_point> answered_at;
    std::string parked_in{};  ///< the park slot it waits in, or is on its way to; empty: none
    std::vector<LiveLeg> legs;
};
/// What one watcher's phone was last told about one member.
struct LiveLamp {
    std::string watcher;
    std::string member;
    std::string kind;     ///< "subscribed", "unsolicited", or "forwarded": told by the member's phone
    std::string list{};   ///< the group in whose subscription it is; empty: it has its own
    std::string contact;  ///< the watcher's phone
    std::string profile;  ///< body profile in use
    std::string state;    ///< what the lamp shows by the last NOTIFY: idle, trying, proceeding, early, confirmed; unknown
    std::uint32_t version = 0;
    std::uint32_t cseq = 0;
    std::optional<std::chrono::system_clock::time_point> sent_at;  ///< of the last NOTIFY
    std::optional<unsigned> answer;                                ///< its final status; empty: under way
    std::optional<std::chrono::system_clock::time_point> answered_at;
    bool owed = false;    ///< a newer state waits to be sent
    bool under_way = false;  ///< the phone has not answered the last NOTIFY yet
    bool waiting = false;    ///< for the moment to send again what was not answered
    LampColour colour = LampColour::unknown;  ///< what the key shows by the last body it acknowledged
    std::optional<std::chrono::system_clock::time_point> since;  ///< of `colour`; empty: unknown
    std::optional<bool> agrees{};  ///< with what is so; empty: the member's phone tells it
    Transport transport = Transport::udp;  ///< of the last NOTIFY
    std::size_t bytes = 0;                 ///< of its body
    std::chrono::sys_seconds expires_at;
};
/// One subscription to an event package other than `dialog`.
struct LiveSubscription {
    std::string watcher;
    std::string package;
    std::string resource;  ///< the watched extension
    std::string kind;      ///< "subscribed" or "unsolicited"
    std::string contact;   ///< the watcher's phone
    std::uint32_t cseq = 0;
    std::optional<std::chrono::system_clock::time_point> sent_at;  ///< of the last NOTIFY
    std::optional<unsigned> answer;                                ///< its final status; empty: under way
    std::optional<std::chrono::system_clock::time_point> answered_at;
    bool owed = false;       ///< a newer state waits to be sent
    bool under_way = false;  ///< the phone has not answered the last NOTIFY yet
    bool waiting = false;    ///< for the moment to send again what was not answered
    std::chrono::sys_seconds expires_at;
};
/// A dialog that somebody publishes (RFC 3903).
struct LivePublication {
    PublishedEvent dialog;
    std::string publisher;  ///< extension
    std::chrono::sys_seconds expires_at;
};
/// Counters of one such package since start, for /metrics.
struct EventCounters {
    std::uint64_t begun = 0;  ///< subscriptions, fetches included
    std::uint64_t sent = 0, answered = 0, failed = 0;  ///< NOTIFYs
    std::uint64_t retried = 0;  ///< sent again later, after a failure
    std::uint64_t refused = 0;  ///< answered so that the subscription ended
    std::uint64_t by_connection = 0, reduced = 0, oversized = 0;  ///< too large for UDP
};
/// Counters of indications since start, for /metrics.
struct IndicationCounters {
    std::uint64_t subscriptions_started = 0;
    std::uint64_t notifies_sent = 0, notifies_answered = 0, notifies_failed = 0;
    std::uint64_t notifies_by_connection = 0, notifies_reduced = 0, notifies_oversized = 0;  ///< too large for UDP
    std::uint64_t notifies_retried = 0;        ///< sent again later, after a failure
    std::uint64_t notifies_refused = 0;        ///< answered so that the lamp ended
    std::array<std::uint64_t, 7> notify_answers{};  ///< by class of the status; [0]: none came
    DelayHistogram event_to_answer;  ///< from a call's event to the 2xx that acknowledges it
};
/// Counters since start, for /metrics.
struct LiveCounters : IndicationCounters {
    std::uint64_t calls_started = 0, calls_answered = 0, calls_ended = 0;
    /// By SIP status, 300 to 699: INVITEs that were refused, or redirected, before they became calls.
    std::map<unsigned, std::uint64_t> calls_refused;
    std::uint64_t registrations = 0;
    std::uint64_t qualifies_sent = 0, qualifies_unanswered = 0;
    std::uint64_t messages_accepted = 0, messages_refused = 0;  ///< MESSAGE outside a dialog
    std::uint64_t notifies_retransmitted = 0;  ///< by their transactions
    std::uint64_t notifies_fragmented = 0;     ///< of all packages: too large for one datagram
    DelayHistogram event_to_send;  ///< from a call's event to the first NOTIFY that tells it
};
struct LiveView {
    std::chrono::system_clock::time_point taken_at;
    std::vector<Binding> registrations;
    std::vector<LiveCall> calls;
    std::vector<LiveLamp> lamps;
    std::vector<TrunkStatus> trunks;  ///< by name
    std::vector<LiveSubscription> subscriptions;
    std::vector<std::pair<std::string, EventCounters>> events;  ///< by package
    std::vector<PresenceEvent> presence;  ///< of every extension
    std::vector<AppearanceEvent> appearances;  ///< of the shared lines, idle ones together
    std::vector<LivePublication> published;    ///< what the exchange has no part in
    std::size_t publications = 0;
    std::size_t lamp_ends = 0;  ///< that their phones have not answered, which may be there; of packages too
    LiveCounters counters;
};
using LiveViewRef = std::shared_ptr<const LiveView>;

}  // namespace lampline
