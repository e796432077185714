// Numbers of a trunk that act on behalf of an extension: what only phones may dial, by its rights
// and at its cost.
#include "trunk_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::trunks;

namespace {

/// 102 may forward to outside; +43180 is a calling card for it, +43190 one for 101.
struct Lent : Office {
    Lent()
    {
        one.inbound.insert(one.inbound.begin(), {{"\\+43178", "*78", false, "102"},
                                                 {"\\+43121(.*)", "*21*\\1", false, "101"},
                                                 {"\\+43122(.*)", "*21*\\1", false, "102"},
                                                 {"\\+43171", "701", false, "103"},
                                                 {"\\+43170", "700", false, "103"},
                                                 {"\\+43112", "**102", false, "104"},
                                                 {"\\+43113", "**102", false, "103"},
                                                 {"\\+43180", "800", false, "102"},
                                                 {"\\+43190", "800", false, "101"},
                                                 {"\\+43140", "0664888", false, "102"},
                                                 {"\\+43141", "0664888", false, "101"},
                                                 {"\\+43155", "800", false, "199"},
                                                 {"\\+43181(.*)", "\\1", false, "101"},
                                                 {"\\+43182(.*)", "\\1", false, "102"}});
        for (auto& rule : rules.rules) rule.trunks = {"two"};
        rules.rules.push_back({.pattern = "112", .emergency = true, .trunks = {"two"}});
        apply();
        pbx.has_calling_card({.number = "800", .display_name = "Card"});
        pbx.has_park_lot({.number = "700", .first_slot = "701", .slots = 2});
    }

    void presses(std::string_view keys, int milliseconds = 160)
    {
        for (const char key : keys) {
            far.sends(INFO, std::make_shared<const Payload>(Payload{
                                "application/dtmf-relay",
                                std::string{"Signal="} + key + "\r\nDuration=" +
                                    std::to_string(milliseconds) + "\r\n",
                                {}}));
            far.receives(200U);
        }
    }

    void enters_the_application(std::string_view number)
    {
        far.sends(INVITE, number);
        far.receives(200U).without_header("P-Asserted-Identity");
        const auto subscribe = far.receives(SUBSCRIBE).header("Event", "kpml");
        far.replies_to(subscribe, 489);
    }

    void far_hangs_up()
    {
        far.sends(BYE);
        far.receives(200U);
    }
};

}  // namespace

TEST_CASE("a code dialled from outside changes the settings of the extension, and names nobody")
{
    Lent office;
    office.far.sends(INVITE, "+43178");
    office.far.receives(200U).without_header("P-Asserted-Identity").without_header(
        "Remote-Party-ID");
    CHECK(office.pbx.forwarding_of("102").do_not_disturb);
    CHECK_FALSE(office.pbx.forwarding_of("101").do_not_disturb);
    office.pbx.passes(2s);
    office.far.receives(BYE);
    const auto record = office.pbx.records().at(0);
    CHECK(record.caller_trunk == "one");
    CHECK(record.parts.at(0).on_behalf_of == "102");

    office.far.sends(INVITE, "+431210664888");  // 101 may not forward there
    office.far.receives(403U).without_header("Warning");
    CHECK(office.pbx.records().at(1).parts.at(0).on_behalf_of == "101");
    office.far.sends(INVITE, "+431220664888");
    office.far.receives(200U);
    CHECK(office.pbx.forwarding_of("102").always == "0664888");
    office.pbx.passes(2s);
    office.far.receives(BYE);
    office.all_is_over();
}

TEST_CASE("a parked call is taken from outside, by the rights of the extension")
{
    Lent office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] =
        static_cast<Office&>(office);
    far.sends(INVITE, "+43171");
    far.receives(404U);
    far.sends(INVITE, "+43170");  // nobody outside has a call to park
    far.receives(404U);
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(pbx.orders({.action = CallAction::park, .call = pbx.view().calls.at(0).id, .to = "701"})
              .outcome == OrderOutcome::begun);
    alice.receives(INVITE);
    alice.replies(200, hold_sdp);
    alice.receives(ACK);
    bob.receives(BYE);

    far.sends(INVITE, "+43171");
    alice.receives(INVITE).with(talking_sdp);
    alice.replies(200, talking_sdp);
    far.receives(200U).with(talking_sdp);
    alice.receives(ACK);
    office.forgets_lamps();
    office.far_hangs_up();
    alice.receives(BYE);
    const auto record = pbx.records().back();
    CHECK(record.parts.back().kind == PartKind::took_over);
    CHECK(record.parts.back().trunk == "one");
    CHECK(record.parts.back().on_behalf_of == "103");
    office.all_is_over();
}

TEST_CASE("a ringing call is picked up from outside by who may, and by nobody else")
{
    Lent office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] =
        static_cast<Office&>(office);
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    far.sends(INVITE, "+43113");
    far.receives(403U).phrase("Not Yours To Take");
    far.sends(INVITE, "+43112");
    far.receives(200U).with(talking_sdp);
    alice.receives(200U).with(talking_sdp);
    bob.receives(CANCEL);
    CHECK(office.lamp("101") == "confirmed");
    office.far_hangs_up();
    alice.receives(BYE);
    CHECK(pbx.records().at(1).parts.back().on_behalf_of == "104");
    office.all_is_over();
}

TEST_CASE("the calling card from outside dials at the cost of the extension, as far as it may")
{
    Lent office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] =
        static_cast<Office&>(office);
    rules.outside["102"] = {.forward = true, .limits = {.calls = 1}};
    office.apply();
    SUBCASE("outside, within the limits, which count for its own calls too")
    {
        office.enters_the_application("+43180");
        office.presses("0664888#");
        other.receives(INVITE).to("sip:+43664888@carrier.test").from("+431102");
        bob.sends(INVITE, "0664777");
        bob.receives(486U).phrase("Too Many Calls To Outside");
        other.replies(200, talking_sdp);
        far.receives(INVITE).with(talking_sdp);
        far.replies(200, talking_sdp);
        far.receives(ACK);
        other.receives(ACK);
        office.far_hangs_up();
        other.receives(BYE);
    }
    SUBCASE("not what it may not dial")
    {
        office.enters_the_application("+43180");
        office.presses("0043664#");  // international
        CHECK(other.hears_nothing());
        office.far_hangs_up();
    }
    SUBCASE("not outside again, where it may not forward there")
    {
        office.enters_the_application("+43190");
        office.presses("0664888#");
        CHECK(other.hears_nothing());
        office.presses("103#");
        carol.receives(INVITE);
        office.far_hangs_up();
        carol.receives(CANCEL);
    }
    SUBCASE("one number after the other, and is named nothing of the office in between")
    {
        office.enters_the_application("+43180");
        office.presses("103#");
        carol.receives(INVITE);
        carol.replies(200, talking_sdp);
        far.receives(INVITE).with(talking_sdp);
        far.replies(200, talking_sdp);
        far.receives(ACK);
        carol.receives(ACK);
        office.presses("#", 2600);
        carol.receives(BYE);
        far.receives(INVITE).without_header("P-Asserted-Identity").without_header("Remote-Party-ID");
        far.replies(200, talking_sdp);
        far.receives(ACK);
        office.far_hangs_up();
    }
    SUBCASE("and no code")
    {
        office.enters_the_application("+43180");
        office.presses("*78#");
        CHECK_FALSE(pbx.forwarding_of("102").do_not_disturb);
        office.far_hangs_up();
    }
    far.inbox.clear();
    office.all_is_over();
}

TEST_CASE("a number that leads outside again is a forward of the extension")
{
    Lent office;
    office.far.sends(INVITE, "+43141");
    office.far.receives(403U).without_header("Warning");
    office.far.sends(INVITE, "+43140");
    office.other.receives(INVITE).to("sip:+43664888@carrier.test").from("+431102");
    office.other.replies(486);
    office.far.receives(486U);
    office.far.sends(INVITE, "+43155");  // of nobody who is there
    office.far.receives(403U).phrase("Not From Outside");
    const auto why = office.pbx.decides("", "+43140", "one").steps;
    CHECK(std::ranges::count(why, "It is dialled on behalf of 102, whose rights and limits count") ==
          1);
    office.all_is_over();
}

TEST_CASE("who acts on behalf of somebody sends no call on and takes no dialog by name")
{
    Lent office;
    office.enters_the_application("+43180");
    office.far.sends(Method::refer,
                     std::make_shared<const Payload>(
                         Payload{{}, {}, {{"Refer-To", "<sip:0664888@office.test>"}}}));
    office.far.receives(403U);
    office.far_hangs_up();
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.bob.replies(180);
    office.alice.receives(180U);
    office.far.sends_replacing(
        {.call_id = office.pbx.view().calls.at(0).legs.at(1).call_id, .to_tag = {}, .from_tag = {}},
        "+43112");
    office.far.receives(403U);
    office.alice.cancels();
    office.bob.receives(CANCEL);
    office.alice.inbox.clear();
    office.all_is_over();
}

TEST_CASE("an emergency number is reached from outside on behalf of who may forward there only")
{
    Lent office;
    SUBCASE("by a number that leads anywhere")
    {
        office.far.sends(INVITE, "+43181112");
        office.far.receives(403U);
        office.far.sends(INVITE, "+43182112");
        office.other.receives(INVITE);
        office.other.replies(486);
        office.far.receives(486U);
    }
    SUBCASE("by the calling card")
    {
        office.enters_the_application("+43190");
        office.presses("112#");
        CHECK(office.other.hears_nothing());
        office.far_hangs_up();
    }
    office.all_is_over();
}
