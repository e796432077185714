#include "sip_office.hpp"

#include "stack_clock.hpp"
#include "support/live_memory.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;
using lampline::test::live_bytes;

namespace {

constexpr std::size_t calls_at_once = 200;

PayloadRef session()
{
    auto payload = std::make_shared<Payload>();
    payload->content_type = "application/sdp";
    payload->body = "v=0\r\n";
    return payload;
}

/// Two phones with many calls at once, and the decisions of an exchange that joins them.
class Callers {
public:
    explicit Callers(Office& office)
        : office_{office}, caller_{office, "201"}, callee_{office, "202"}
    {
    }

    void call()
    {
        const auto caller_leg = LegId{++last_};
        const auto callee_leg = LegId{++last_};
        const auto request = ClientTransactionId{++last_};
        caller_.call_id = fmt::format("in-{}", last_);
        caller_.send_authorised("INVITE", uri_of("202"), address_of("202"), "", "v=0\r\n");
        const auto invite = office_.next<InviteReceived>();
        office_.run(OpenDialog{invite.transaction, caller_leg, fmt::format("in{}", last_)});

        SendInvite outgoing;
        outgoing.leg = callee_leg;
        outgoing.transaction = request;
        outgoing.target = {*SipUri::parse(callee_.contact()), {}, callee_.flow({})};
        outgoing.from = {"Anna Lee", *SipUri::parse(uri_of("201"))};
        outgoing.to = {"", *SipUri::parse(uri_of("202"))};
        outgoing.local_tag = fmt::format("out{}", last_);
        outgoing.call_id = fmt::format("out-{}", last_);
        outgoing.payload = session();
        office_.run(std::move(outgoing));
        callee_.reply(callee_.receive(), 200, "OK", "", "v=0\r\n");
        REQUIRE(office_.next<ResponseReceived>().status == 200);
        office_.run(SendAck{callee_leg, request, nullptr});
        REQUIRE(callee_.receive().method() == "ACK");

        office_.run(Reply{.transaction = invite.transaction, .status = 200, .payload = session()});
        const auto success = caller_.receive_beyond_100();
        REQUIRE(success.status() == 200);
        caller_.acknowledge_success(success);
        office_.next<AckReceived>();
        calls_.push_back({caller_.call_id, success["To"], caller_leg, callee_leg});
    }

    void hang_up_all()
    {
        for (const auto& call : calls_) {
            caller_.call_id = call.call_id;
            caller_.send(caller_.request("BYE", uri_of("202"), call.to, 1'000'000));
            const auto bye = office_.next<RequestReceived>();
            REQUIRE(bye.leg == call.caller);
            office_.run(Reply{.transaction = bye.transaction, .status = 200});
            REQUIRE(caller_.receive().status() == 200);
            office_.run(SendRequest{.leg = call.callee,
                                    .transaction = ClientTransactionId{++last_},
                                    .method = Method::bye});
            callee_.reply(callee_.receive(), 200, "OK");
            REQUIRE(office_.next<ResponseReceived>().status == 200);
            office_.run(CloseDialog{call.caller});
            office_.run(CloseDialog{call.callee});
        }
        calls_ = {};
    }

private:
    struct Call {
        std::string call_id, to;
        LegId caller, callee;
    };

    Office& office_;
    Phone caller_, callee_;
    std::vector<Call> calls_;
    std::uint64_t last_ = 1000;
};

/// Nothing is repeated because the machine is slow. What is kept of the last calls is little, so
/// that it is full after a few.
EndpointSettings settings()
{
    auto settings = Office::quick();
    settings.t1 = 5s;
    settings.t1x64 = 32s;
    settings.trace.calls = 2;
    return settings;
}

}  // namespace

TEST_CASE("two hundred calls leave no memory behind when their transactions are over, each time")
{
    Office office{settings()};
    StackClock clock;
    Callers callers{office};
    const auto works = [&] {
        for (std::size_t i = 0; i < calls_at_once; ++i) callers.call();
        callers.hang_up_all();
        clock.pass(40s);  // no transaction lives longer
        for (int turn = 0; turn < 10; ++turn) office.loop.step(2ms);
    };
    works();  // tables of the stack grow, and do not shrink
    const auto before = live_bytes();
    for (int round = 1; round <= 5; ++round) {
        CAPTURE(round);
        works();
        CHECK(live_bytes() < before + calls_at_once * 16);
    }
}
