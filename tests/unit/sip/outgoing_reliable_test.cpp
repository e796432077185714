// Reliable provisional responses to an INVITE of ours (RFC 3262).
#include "call_legs.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

TEST_CASE("a reliable 183 is acknowledged by PRACK with its RSeq (RFC 3262 §4)")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    callee.reply(invite, 183, "Session Progress", "Require: 100rel\r\nRSeq: 7001\r\n",
                 "v=0 early\r\n");
    const auto early = office.next<ResponseReceived>();
    CHECK(early.reliable.rseq == 7001);
    office.run(SendRequest{.leg = callee_leg,
                           .transaction = ClientTransactionId{102},
                           .method = Method::prack,
                           .acknowledges = first_request,
                           .rack_rseq = 7001});
    const auto prack = callee.receive();
    CHECK(prack.method() == "PRACK");
    CHECK(prack["RAck"] == fmt::format("7001 {}", invite["CSeq"]));
    CHECK(prack.parameter("To", "tag") == "callee");
    callee.reply(prack, 200, "OK");
    CHECK(office.next<ResponseReceived>().method == Method::prack);
    callee.reply(invite, 183, "Session Progress", "Require: 100rel\r\nRSeq: 7001\r\n",
                 "v=0 early\r\n");
    office.stays_silent(30ms);  // repeated: known already
}

namespace {

SendRequest prack_of(ClientTransactionId id, std::uint32_t rseq, std::string early_tag)
{
    return {.leg = callee_leg,
            .transaction = id,
            .method = Method::prack,
            .acknowledges = first_request,
            .rack_rseq = rseq,
            .early_tag = std::move(early_tag)};
}

void reply_reliably(Phone& callee, const Message& invite, unsigned rseq, std::string_view tag)
{
    callee.reply(invite, 183, "Session Progress",
                 fmt::format("Require: 100rel\r\nRSeq: {}\r\n", rseq), "v=0 early\r\n", tag);
}

}  // namespace

TEST_CASE("a reliable 183 that is repeated before its PRACK is told once (RFC 3262 §4)")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    for (int i = 0; i < 3; ++i) reply_reliably(callee, invite, 7001, "one");
    reply_reliably(callee, invite, 7003, "one");  // 7002 is missing
    CHECK(office.next<ResponseReceived>().reliable.rseq == 7001);
    office.stays_silent(30ms);
    reply_reliably(callee, invite, 7002, "one");
    CHECK(office.next<ResponseReceived>().reliable.rseq == 7002);
    reply_reliably(callee, invite, 7001, "one");
    office.stays_silent(30ms);
}

TEST_CASE("behind a proxy that forks each early dialog has its own RSeq, PRACK and target")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    const auto hears = [&](unsigned rseq, const std::string& tag) {
        const auto response = office.next<ResponseReceived>();
        CHECK(response.to_tag == tag);
        CHECK(response.reliable.rseq == rseq);
    };
    unsigned transaction = 102;
    const auto acknowledges = [&](unsigned rseq, const std::string& tag) {
        office.run(prack_of(ClientTransactionId{transaction++}, rseq, tag));
        const auto prack = callee.receive();
        CHECK(prack.method() == "PRACK");
        CHECK(prack.parameter("To", "tag") == tag);
        CHECK(prack["RAck"] == fmt::format("{} {}", rseq, invite["CSeq"]));
        CHECK(prack.first_line.starts_with(fmt::format("PRACK {} ", callee.contact())));
        callee.reply(prack, 200, "OK", "", "", tag);
        CHECK(office.next<ResponseReceived>().method == Method::prack);
    };
    reply_reliably(callee, invite, 5000, "one");
    hears(5000, "one");
    SUBCASE("the second comes before the PRACK of the first")
    {
        reply_reliably(callee, invite, 9100, "two");
        hears(9100, "two");
        acknowledges(5000, "one");
    }
    SUBCASE("and after it")
    {
        acknowledges(5000, "one");
        reply_reliably(callee, invite, 9100, "two");
        hears(9100, "two");
    }
    acknowledges(9100, "two");
    reply_reliably(callee, invite, 5000, "one");
    reply_reliably(callee, invite, 9100, "two");
    office.stays_silent(30ms);
    reply_reliably(callee, invite, 5001, "one");
    hears(5001, "one");
    acknowledges(5001, "one");
    office.run(SendRequest{
        .leg = callee_leg, .transaction = ClientTransactionId{150}, .method = Method::info});
    CHECK(callee.receive().parameter("To", "tag") == "one");  // who spoke last
    callee.reply(invite, 200, "OK", "", "v=0 answer\r\n", "two");
    CHECK(office.next<ResponseReceived>().to_tag == "two");
    office.run(prack_of(ClientTransactionId{151}, 5001, "one"));
    CHECK(office.next<ResponseReceived>().status == 503);  // that dialog is over
    office.run(SendAck{callee_leg, first_request, nullptr});
    CHECK(callee.receive().parameter("To", "tag") == "two");
}
