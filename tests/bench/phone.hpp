#pragma once
#include <memory>
#include <string>
#include <unordered_map>

#include "bench/call.hpp"
#include "bench/subscription.hpp"

namespace bench {

/// A phone under test load: registers, calls, answers, watches. Pinned, and outlives the loop's
/// last run.
class Phone {
public:
    Phone(Loop& loop, const Server& server, const std::string& number);

    /// False: the one before is still under way.
    bool register_contact(Done done) { return registration_.start(std::move(done)); }
    Subscription& subscribe(const std::string& member, Done done);
    /// `talk` zero: BYE right after the ACK; Clock::duration::max(): until hang_up_all().
    void call(std::string_view callee, Clock::duration talk, Done done);
    void hang_up_all();

    /// How long an incoming call rings before the 200; zero: at once.
    void answer_after(Clock::duration ring) noexcept { ring_ = ring; }
    /// Told of every 180 and 200 to an INVITE, and of the 200 to a BYE as status 0.
    void on_reply(IncomingCall::OnReply on_reply) { on_reply_ = std::move(on_reply); }
    using OnNotify = std::function<void(Subscription&, const SipMessage&)>;
    /// Told of every new NOTIFY, after it was answered.
    void on_notify(OnNotify on_notify) { on_notify_ = std::move(on_notify); }

    [[nodiscard]] const std::string& number() const noexcept { return line_.number(); }
    [[nodiscard]] std::uint64_t repetitions() const noexcept { return line_.repetitions(); }

private:
    void receive(const SipMessage& message);
    void receive_response(const SipMessage& response);
    void receive_notify(const SipMessage& notify);
    void receive_call_request(const SipMessage& request);
    void start_incoming(const SipMessage& invite);
    void reply_ok(const SipMessage& request);

    template <class T>
    using ByCallId = std::unordered_map<std::string, std::unique_ptr<T>>;

    Loop& loop_;
    Line line_;
    Registration registration_;
    Clock::duration ring_{};
    IncomingCall::OnReply on_reply_;
    OnNotify on_notify_;
    ByCallId<Subscription> subscriptions_;
    ByCallId<OutgoingCall> outgoing_;
    ByCallId<IncomingCall> incoming_;
};

}  // namespace bench
