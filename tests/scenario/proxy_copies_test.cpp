// Proxy mode keeps no transaction within a dialog (RFC 3261 §16.11): what phones repeat, or what
// overtakes something, passes as it comes, and of sessions only what is new counts.
#include "proxy_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::proxy;

namespace {

constexpr std::string_view inactive = "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=inactive\r\n";
constexpr std::string_view receiving = "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n";

/// Alice and Bob talk, and what passes has numbers.
struct Copies : Office {
    explicit Copies(std::chrono::seconds session = {})
    {
        if (session > 0s) {
            alice.supported = OptionTag::timer;
            alice.session_timer = {.expires = session};
        }
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        dan.inbox.clear();
    }
    void asks(Phone& phone, Method method, std::uint32_t cseq, std::string_view sdp = {})
    {
        passes(phone.shared(), {.method = method, .cseq = cseq}, sdp);
    }
    /// `phone`'s request is accepted.
    void accepted(Phone& phone, Method method, std::uint32_t cseq, std::string_view sdp = {},
                  std::chrono::seconds session = {})
    {
        passes(phone.shared(),
               {.method = method,
                .status = 200,
                .cseq = cseq,
                .session_timer = {.expires = session}},
               sdp);
    }
    [[nodiscard]] bool is_held(std::size_t leg) const { return pbx.view().calls[0].legs[leg].held; }
    void are_held(bool by_alice, bool by_bob)
    {
        CHECK(is_held(0) == by_alice);
        CHECK(is_held(1) == by_bob);
        dan.inbox.clear();
    }
    void ends()
    {
        dan.inbox.clear();
        alice.passes(BYE);
        all_is_over();
    }

private:
    void passes(const DialogId& dialog, DialogPassed message, std::string_view sdp)
    {
        message.call_id = dialog.call_id;
        message.from_tag = dialog.local_tag;
        message.to_tag = dialog.remote_tag;
        if (!sdp.empty()) message.payload = session_payload(std::string{sdp});
        pbx.receive(message);
    }
};

}  // namespace

TEST_CASE("proxy mode: the answer to an earlier hold, once more, holds nobody")
{
    Copies office;
    office.asks(office.alice, INVITE, 3, inactive);
    office.accepted(office.alice, INVITE, 3, inactive);
    office.are_held(true, true);
    office.asks(office.alice, INVITE, 4, talking_sdp);
    office.accepted(office.alice, INVITE, 4, talking_sdp);
    office.are_held(false, false);
    office.accepted(office.alice, INVITE, 3, inactive);  // its ACK is lost
    office.are_held(false, false);
    office.ends();
}

TEST_CASE("proxy mode: an answer once more, after the other phone has asked for something else")
{
    Copies office;
    office.asks(office.alice, INVITE, 3, hold_sdp);
    office.accepted(office.alice, INVITE, 3, receiving);
    office.are_held(true, false);
    office.asks(office.bob, INVITE, 7, talking_sdp);
    office.accepted(office.bob, INVITE, 7, talking_sdp);
    office.are_held(false, false);
    office.asks(office.alice, INVITE, 3, hold_sdp);
    office.accepted(office.alice, INVITE, 3, receiving);
    office.are_held(false, false);
    office.ends();
}

TEST_CASE("proxy mode: a refresh after the other phone has ended a hold does not bring it back")
{
    Copies office;
    office.asks(office.alice, INVITE, 3, hold_sdp);
    office.accepted(office.alice, INVITE, 3, receiving);
    office.are_held(true, false);
    office.asks(office.bob, INVITE, 7, talking_sdp);
    office.accepted(office.bob, INVITE, 7, talking_sdp);
    office.are_held(false, false);
    office.asks(office.alice, UPDATE, 4);
    office.accepted(office.alice, UPDATE, 4);
    office.are_held(false, false);
    office.ends();
}

TEST_CASE("proxy mode: a hold that waits for its answer is one whatever else passes meanwhile")
{
    Copies office;
    SUBCASE("a copy of what was asked before")
    {
        office.asks(office.alice, INVITE, 3, talking_sdp);
        office.asks(office.alice, INVITE, 4, hold_sdp);  // 3 was refused
        office.asks(office.alice, INVITE, 3, talking_sdp);
        office.accepted(office.alice, INVITE, 4, receiving);
    }
    SUBCASE("a refresh")
    {
        office.asks(office.alice, INVITE, 3, hold_sdp);
        office.asks(office.alice, UPDATE, 4);
        office.accepted(office.alice, UPDATE, 4);
        office.accepted(office.alice, INVITE, 3, receiving);
    }
    office.are_held(true, false);
    office.ends();
}

TEST_CASE("proxy mode: a refresh that is accepted behind a refused hold keeps the session")
{
    Copies office{100s};
    office.pbx.passes(59s);
    office.asks(office.alice, UPDATE, 3);
    office.asks(office.alice, INVITE, 4, hold_sdp);  // refused with 491, of which nothing is seen
    office.accepted(office.alice, UPDATE, 3, {}, 100s);
    office.pbx.passes(59s);
    CHECK_FALSE(office.pbx.has_no_calls());
    office.alice.inbox.clear();
    office.bob.inbox.clear();
    office.dan.inbox.clear();
    office.pbx.passes(42s);
    CHECK(office.pbx.has_no_calls());
    office.alice.inbox.clear();
    office.bob.inbox.clear();
    office.dan.inbox.clear();
}
