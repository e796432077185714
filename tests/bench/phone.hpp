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
    OutgoingCall& call(std::string_view callee, Course course, Done done);
    void hang_up_all();
    /// Puts all that talk on hold. `held` is called for each of them.
    void hold_all(const Done& held);
    /// From now on nothing is received or answered.
    void fall_silent() noexcept { silent_ = true; }

    /// How long an incoming call rings before the 200; zero: at once.
    void answer_after(Clock::duration ring) noexcept { ring_ = ring; }
    /// Sends the caller of each answered call on to `number`, `talk` after the answer.
    void refer_callers_to(std::string number, Clock::duration talk)
    {
        refer_to_ = std::move(number);
        talk_before_refer_ = talk;
    }
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
    void answer(IncomingCall& call);
    void reply_ok(const SipMessage& request);

    template <class T>
    using ByCallId = std::unordered_map<std::string, std::unique_ptr<T>>;

    Loop& loop_;
    Line line_;
    Registration registration_;
    Clock::duration ring_{}, talk_before_refer_{};
    std::string refer_to_;
    bool silent_ = false;
    IncomingCall::OnReply on_reply_;
    OnNotify on_notify_;
    ByCallId<Subscription> subscriptions_;
    ByCallId<OutgoingCall> outgoing_;
    ByCallId<IncomingCall> incoming_;
};

}  // namespace bench
