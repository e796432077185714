// A call to a feature code: the phone asks for a change of its settings and hears when it is in
// force.
#include "core/sdp.hpp"
#include "engine/call_engine.hpp"

namespace lampline {
namespace {

/// How long the storage may take. REST waits as long.
constexpr auto patience = 5s;
/// How long the phone shows the call, so that somebody sees that it went well.
constexpr auto time_to_be_seen = 2s;

}  // namespace

void CallEngine::start_feature_call(const InviteReceived& input, const DialledFeature& dialled,
                                    Moment now, Outbox& outbox)
{
    Call& call = open_call(input, CallMode::bridge, now, outbox);
    Leg& caller = call.caller();
    caller.other.uri.user = input.request_uri.user;
    caller.other.uri.host = directory_->domain();
    announce(caller, outbox);
    outbox.ask({caller.id, caller.actor(), caller.flow.host, dialled});
    set_timer(call, CallTimer::ring, now.mono + patience);
}

void CallEngine::receive(const FeatureSettled& settled, Moment now, Outbox& outbox)
{
    const auto [call, leg] = find(settled.leg);
    if (!call || !leg->invite_in) return;  // it has given up waiting; the change stands
    if (settled.status >= 300) {
        give_up_ringing(*call, settled.status, settled.phrase, now, outbox);
        return sweep(*call, now, outbox);
    }
    leg->other.display_name = settled.phrase;
    outbox.announce(CallAnswered{call->id});
    answer_in_words(*call, *leg, time_to_be_seen, now, outbox);
}

void CallEngine::answer_in_words(Call& call, Leg& leg, std::chrono::seconds shown_for, Moment now,
                                 Outbox& outbox)
{
    const auto offer = body_of(call.offer);
    leg.ack_due = std::exchange(leg.invite_in, {});
    outbox.send(Reply{.transaction = leg.ack_due,
                      .status = 200,
                      .headers = leg.trunk.empty() ? leg.identifies(leg.other)
                                                   : std::vector<Header>{},
                      .payload = silence(offer)});
    call.phase = CallPhase::talking;
    call.answered_at = now.wall;
    ++counters_.calls_answered;
    timers_.cancel(call.id, CallTimer::ring);
    set_timer(call, CallTimer::seen, now.mono + shown_for);
    move(leg, LegInput::success, outbox);
}

}  // namespace lampline
