#pragma once
// What a phone of a ladder has received.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialog_info.hpp"
#include "core/sip_command.hpp"

namespace lampline::test {

/// A request or response that arrived at a phone. Chained checks fail the test by themselves.
class Arrived {
public:
    Arrived& from(std::string_view number);
    Arrived& with(std::string_view body);
    Arrived& without_body();
    Arrived& header(std::string_view name, std::string_view value);
    Arrived& without_header(std::string_view name);
    /// INVITE: what it dials.
    Arrived& to(std::string_view uri);
    /// The values of a header, comma-separated; empty: it is not there.
    [[nodiscard]] std::string value(std::string_view name) const;
    Arrived& reliable();
    Arrived& session(std::chrono::seconds expires, Refresher refresher);
    Arrived& phrase(std::string_view text);
    /// NOTIFY: the only dialog of the document.
    [[nodiscard]] DialogElement dialog() const;
    /// NOTIFY: no dialog of the document is alive.
    [[nodiscard]] bool idle() const;
    /// NOTIFY: the whole document.
    [[nodiscard]] DialogInfo document() const;
    [[nodiscard]] std::string body() const;

    // What arrived, as values.
    std::string what;  // "INVITE", "180", ...
    Method method = Method::other;
    unsigned status = 0;
    LegId leg{};
    std::string call_id{};  // of an INVITE outside a dialog, or of the one that this answers
    TransactionId transaction{};       // a request of the exchange, to be answered
    ClientTransactionId answers_to{};  // the exchange's own id of that request
    NameAddr from_address;
    SipUri request_uri;
    std::vector<std::string> route{};  // INVITE and probes: where it was sent along, in order
    std::vector<Header> headers;
    std::string local_tag;  // of the exchange, where it says so
    SessionTimer session_timer;
    std::chrono::steady_clock::time_point said_at{};  // of a response: when the exchange gave it
    bool generated = false;  // by its own stack: nothing came within 64*T1
    bool is_reliable = false;
    bool allows_update = true;               // UPDATE in its Allow
    OptionTag required = OptionTag::none;    // of an INVITE or a response
    bool focus = false;
    std::uint32_t rack_rseq = 0;
    std::string early_tag;                  // PRACK
    OptionTag supported = OptionTag::none;  // of a request
    PayloadRef payload;
    std::optional<SendNotify> notify;
    SubscriptionId subscription{};  // SUBSCRIBE that was forwarded
    DialogId shared{};  // and its dialog, or that which phones share, from the phone's side
};

}  // namespace lampline::test
