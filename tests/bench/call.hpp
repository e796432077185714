#pragma once
// The two ends of a test call.
#include <functional>
#include <string>

#include "bench/line.hpp"
#include "bench/registration.hpp"
#include "bench/retransmission.hpp"

namespace bench {

/// What becomes of an outgoing call once it is answered.
struct Course {
    Clock::duration talk{};  ///< until the BYE; zero: right after the ACK; max(): until hang_up()
    bool moves = false;      ///< it is transferred, and `talk` begins anew then
};

/// The caller: INVITE, 407, ACK, INVITE with credentials, 180, 200, ACK, and BYE after `talk`.
class OutgoingCall {
public:
    /// Sends the first INVITE. `done` gets 200 when the BYE is answered so.
    OutgoingCall(Line& line, std::string_view callee, Course course, Done done);

    void receive_response(const SipMessage& response);
    /// A re-INVITE is answered; a BYE of the callee or the server is a failure here.
    void receive(const SipMessage& request);
    [[nodiscard]] const std::string& call_id() const noexcept { return call_id_; }
    [[nodiscard]] bool finished() const noexcept { return !done_; }
    /// Ends the call now, if it is up and was made without an end of its own.
    void hang_up();
    /// Puts the call on hold, if it is up. `held` gets 200 when that is accepted.
    void hold(Done held);
    /// Told when the 180 comes, and never again.
    void on_ringing(Done ringing) { ringing_ = std::move(ringing); }

private:
    void invite(std::string_view authorization);
    void acknowledge_failure(const SipMessage& response);
    void acknowledge_success(const SipMessage& response);
    [[nodiscard]] std::string in_dialog(std::string_view method) const;
    void talk();
    void finish(int status);

    Line& line_;
    Course course_;
    Done done_, held_, ringing_;
    Retransmission request_;
    std::string uri_, call_id_, from_;
    std::uint32_t cseq_ = 0;
    bool challenged_ = false, answered_ = false, ending_ = false;
    std::string remote_target_, routes_, to_, ack_, answer_;
};

/// The callee: 180 at once, 200 after `ring`, then whatever the caller does; it may send the caller
/// on to somebody else.
class IncomingCall {
public:
    using OnReply = std::function<void(int status, Stamp sent)>;

    IncomingCall(Line& line, const SipMessage& invite, const OnReply& on_reply);

    void ring();
    void answer();
    /// REFER to `number` (RFC 3515); what the server then tells of it is answered elsewhere.
    void refer(std::string_view number);
    void receive_response(const SipMessage& response);
    /// INVITE (a repetition, or a new offer, which is accepted), ACK, BYE or CANCEL.
    void receive(const SipMessage& request);
    [[nodiscard]] const std::string& call_id() const noexcept { return call_id_; }
    [[nodiscard]] bool finished() const noexcept { return finished_; }

private:
    void render(int status, std::string_view reason, std::string_view rest);

    Line& line_;
    const OnReply& on_reply_;
    Retransmission answer_, request_;
    std::string call_id_, tag_, head_, last_reply_, remote_target_, remote_;
    std::uint32_t invite_cseq_;
    bool finished_ = false;
};

}  // namespace bench
