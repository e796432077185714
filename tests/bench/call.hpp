#pragma once
// The two ends of a test call.
#include <functional>
#include <string>

#include "bench/line.hpp"
#include "bench/registration.hpp"
#include "bench/retransmission.hpp"

namespace bench {

/// The caller: INVITE, 407, ACK, INVITE with credentials, 180, 200, ACK, and BYE after `talk`.
class OutgoingCall {
public:
    /// Sends the first INVITE. `done` gets 200 when the BYE is answered so.
    OutgoingCall(Line& line, std::string_view callee, Clock::duration talk, Done done);

    void receive_response(const SipMessage& response);
    /// The callee or the server ended it: a failure here.
    void receive_bye(const SipMessage& request);
    [[nodiscard]] const std::string& call_id() const noexcept { return call_id_; }
    [[nodiscard]] bool finished() const noexcept { return !done_; }
    /// Ends the call now, if it is up and was made without an end of its own.
    void hang_up();

private:
    void invite(std::string_view authorization);
    void acknowledge_failure(const SipMessage& response);
    void acknowledge_success(const SipMessage& response);
    [[nodiscard]] std::string in_dialog(std::string_view method) const;
    void finish(int status);

    Line& line_;
    Clock::duration talk_;
    Done done_;
    Retransmission request_;
    std::string uri_, call_id_, from_;
    std::uint32_t cseq_ = 0;
    bool challenged_ = false, answered_ = false, ending_ = false;
    std::string remote_target_, routes_, to_, ack_;
};

/// The callee: 180 at once, 200 after `ring`, then whatever the caller does.
class IncomingCall {
public:
    using OnReply = std::function<void(int status, Stamp sent)>;

    IncomingCall(Line& line, const SipMessage& invite, const OnReply& on_reply);

    void ring();
    void answer();
    /// INVITE (a repetition), ACK, BYE or CANCEL.
    void receive(const SipMessage& request);
    [[nodiscard]] const std::string& call_id() const noexcept { return call_id_; }
    [[nodiscard]] bool finished() const noexcept { return finished_; }

private:
    void render(int status, std::string_view reason, std::string_view rest);

    Line& line_;
    const OnReply& on_reply_;
    Retransmission answer_;
    std::string call_id_, tag_, head_, last_reply_;
    bool finished_ = false;
};

}  // namespace bench
