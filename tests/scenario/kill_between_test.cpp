// kill -9 after every step of everything that moves a call: whoever talks afterwards talks to
// somebody, and whoever was in a dialog that does not go on has heard so.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr Method REFER = Method::refer;
constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=bob\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";
constexpr std::string_view alice_srtp = "v=0\r\no=alice\r\nm=audio 4000 RTP/SAVP 0\r\n"
                                        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:aliceskey\r\n";
constexpr std::string_view carol_srtp =
    "v=0\r\no=carol\r\nm=audio 6000 RTP/SAVP 0 8\r\n"
    "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:carolslongkey\r\n"
    "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:carolskey\r\n";
constexpr std::string_view carol_answer =
    "v=0\r\no=carol 1\r\nm=audio 6000 RTP/SAVP 0\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:carolsnewkey\r\n";

PayloadRef headed(std::string name, std::string value)
{
    return std::make_shared<const Payload>(Payload{{}, {}, {{std::move(name), std::move(value)}}});
}

/// A key of the calling-card application, by INFO.
PayloadRef key(char digit, int milliseconds = 160)
{
    return std::make_shared<const Payload>(Payload{
        "application/dtmf-relay",
        "Signal=" + std::string{digit} + "\r\nDuration=" + std::to_string(milliseconds) + "\r\n",
        {}});
}

struct Office {
    Office() : pbx{{group("all", {"101", "102", "103", "104"})}}
    {
        pbx.has_park_lot({.number = "700", .first_slot = "701", .slots = 2});
        pbx.has_calling_card({.number = "800", .display_name = "Card", .rules = {}});
        for (auto* phone : phones) phone->answers_probes = true;
    }

    /// Answers what `phone` was asked last of this kind.
    static void answers(Phone& phone, Method method, unsigned status, std::string_view sdp = {})
    {
        const auto asked = std::ranges::find_if(
            phone.inbox.rbegin(), phone.inbox.rend(),
            [&](const Arrived& arrived) { return arrived.method == method && !arrived.status; });
        REQUIRE_MESSAGE(asked != phone.inbox.rend(), phone.number << " was not asked");
        const auto request = *asked;
        phone.replies_to(request, status, sdp);
    }
    void talk()
    {
        alice.sends(INVITE, "102", alice_sdp);
        bob.replies(200, bob_sdp);
    }
    void consults()
    {
        talk();
        first = bob.dialog();
        bob.sends(INVITE, "103", bob_sdp);
        carol.replies(200, carol_sdp);
        second = bob.dialog();
    }
    void refers(std::string to)
    {
        bob.sends(REFER, headed("Refer-To", "<sip:" + to + "@office.test>"));
    }
    /// Bob joins those of his two calls.
    void refers_to_second()
    {
        const auto& legs = pbx.view().calls;
        std::string call_id;
        for (const auto& call : legs)
            if (call.dialled == "103") call_id = call.legs.front().call_id;
        bob.uses(first);
        bob.sends(REFER, headed("Refer-To", "<sip:103@office.test?Replaces=" + call_id + ">"));
    }
    /// The dialog that a phone of `number` has in the only call, as somebody is shown it.
    [[nodiscard]] Replaces dialog_of(const std::string& number) const
    {
        const auto calls = pbx.kept().calls;
        REQUIRE(calls.size() == 1);
        for (const auto& leg : calls[0].legs)
            if (leg.extension == number)
                return {.call_id = leg.dialog.call_id,
                        .to_tag = leg.dialog.local_tag,
                        .from_tag = leg.dialog.remote_tag};
        FAIL("no such dialog");
        return {};
    }
    static Arrived last_success(const Phone& phone)
    {
        const auto found =
            std::ranges::find_if(phone.inbox.rbegin(), phone.inbox.rend(),
                                 [](const Arrived& one) { return one.status / 100 == 2; });
        REQUIRE(found != phone.inbox.rend());
        return *found;
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dave = pbx.phone("104");
    Phone& mobile = pbx.phone("102");
    std::vector<Phone*> phones{&alice, &bob, &carol, &dave, &mobile};
    LegId first{};
    LegId second{};
    /// The number of a phone that takes itself to be in a call which the exchange still rings for.
    std::set<std::string> lifted;
};

struct Step {
    std::string name;
    std::function<void(Office&)> takes;
};

struct Story {
    std::string name;
    std::vector<Step> steps;
};

const Step they_talk{"Alice and Bob talk", [](Office& o) { o.talk(); }};
const Step bob_consults{"Bob talks to both", [](Office& o) { o.consults(); }};
const Step carol_rings{"Carol rings", [](Office& o) { o.carol.replies(180); }};
const Step carol_lifts{"Carol lifts", [](Office& o) { o.carol.replies(200, carol_sdp); }};
const Step alice_accepts{"Alice's phone accepts",
                         [](Office& o) { o.answers(o.alice, INVITE, 200, alice_sdp); }};
const Step bob_accepts{"Bob's phone accepts",
                       [](Office& o) { o.answers(o.bob, INVITE, 200, bob_sdp); }};
const Step carol_accepts{"Carol's phone accepts",
                         [](Office& o) { o.answers(o.carol, INVITE, 200, carol_sdp); }};
const Step bob_has_read{"Bob's phone has read how it ended",
                        [](Office& o) { o.answers(o.bob, NOTIFY, 200); }};
const Step bob_refers{"Bob refers", [](Office& o) {
                          o.bob.answers_bye = false;
                          o.refers("103");
                      }};
const Step bob_leaves{"Bob hangs up", [](Office& o) { o.bob.sends(BYE); }};
const Step bob_joins_them{"Bob joins the two", [](Office& o) {
                              o.bob.answers_bye = false;
                              o.refers_to_second();
                          }};
const Step bob_parks{"Bob parks", [](Office& o) {
                         o.bob.answers_bye = false;
                         o.refers("701");
                     }};
const Step bob_leaves_second{"Bob hangs up the second", [](Office& o) {
                                 o.bob.uses(o.second);
                                 o.bob.sends(BYE);
                             }};
const Step card_is_called{"Alice is in the application", [](Office& o) {
                              o.alice.sends(INVITE, "800", alice_sdp);
                              o.answers(o.alice, Method::subscribe, 489);
                          }};
const Step card_dials{"Alice dials Bob", [](Office& o) {
                          for (const char digit : std::string_view{"102#"})
                              o.alice.sends(INFO, key(digit));
                      }};

std::vector<Story> stories()
{
    return {
        {"blind", {they_talk, bob_refers, carol_rings, carol_lifts, alice_accepts, bob_has_read}},
        {"blind, and the transferor leaves at once",
         {they_talk, bob_refers, bob_leaves, carol_rings, carol_lifts, alice_accepts}},
        {"blind, and the transferor leaves late",
         {they_talk, bob_refers, carol_rings, carol_lifts, bob_leaves, alice_accepts}},
        {"blind, refused",
         {they_talk,
          bob_refers,
          bob_leaves,
          {"Carol is busy", [](Office& o) { o.carol.replies(486); }}}},
        {"blind, without media",
         {they_talk,
          bob_refers,
          {"Carol lifts, without an offer",
           [](Office& o) {
               o.carol.answers_bye = false;
               o.carol.replies(200);
           }}}},
        {"BYE with Also",
         {they_talk,
          {"Bob sends Alice on", [](Office& o) { o.bob.sends_on("<sip:103@office.test>"); }},
          carol_rings,
          carol_lifts,
          alice_accepts}},
        {"attended",
         {bob_consults,
          bob_joins_them,
          alice_accepts,
          carol_accepts,
          {"Bob's phone has read how it ended", [](Office& o) { o.answers(o.bob, NOTIFY, 200); }}}},
        {"attended, and the transferor leaves the first",
         {bob_consults, bob_joins_them, bob_leaves, alice_accepts, carol_accepts}},
        {"attended, and the transferor leaves the second",
         {bob_consults, bob_joins_them, bob_leaves_second, alice_accepts, carol_accepts}},
        {"attended, and the transferor leaves both",
         {bob_consults, bob_joins_them, alice_accepts, bob_leaves, bob_leaves_second,
          carol_accepts}},
        {"attended, refused after the transferor left the second",
         {bob_consults,
          bob_joins_them,
          alice_accepts,
          bob_leaves_second,
          {"Carol's phone refuses",
           [](Office& o) {
               o.carol.answers_bye = false;
               o.answers(o.carol, INVITE, 488);
           }}}},
        {"a third party transfers",
         {they_talk,
          {"Bob is to leave Alice to Carol",
           [](Office& o) {
               o.bob.answers_bye = false;
               o.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"});
           }},
          carol_rings,
          carol_lifts,
          alice_accepts}},
        {"a third party places a call",
         {{"Alice's phone rings",
           [](Office& o) {
               o.pbx.orders({.action = CallAction::place, .from = "101", .to = "103"});
           }},
          {"Alice lifts", [](Office& o) { o.alice.replies(200, alice_sdp); }},
          carol_rings,
          carol_lifts,
          alice_accepts}},
        {"a third party holds a call",
         {they_talk,
          {"hold", [](Office& o) { o.pbx.orders({.action = CallAction::hold}); }},
          alice_accepts,
          bob_accepts,
          {"resume", [](Office& o) { o.pbx.orders({.action = CallAction::resume}); }},
          alice_accepts,
          bob_accepts}},
        {"calling card",
         {card_is_called,
          card_dials,
          {"Bob lifts", [](Office& o) { o.bob.replies(200, bob_sdp); }},
          alice_accepts,
          {"Alice takes herself back",
           [](Office& o) {
               o.bob.answers_bye = false;
               o.alice.sends(INFO, key('#', 3000));
           }},
          alice_accepts,
          {"Alice dials Carol",
           [](Office& o) {
               for (const char digit : std::string_view{"103#"}) o.alice.sends(INFO, key(digit));
           }},
          carol_lifts,
          alice_accepts,
          {"Carol hangs up", [](Office& o) { o.carol.sends(BYE); }},
          alice_accepts}},
        {"park and retrieve",
         {they_talk,
          bob_parks,
          alice_accepts,
          bob_has_read,
          {"Carol takes her", [](Office& o) { o.carol.sends(INVITE, "701", carol_sdp); }},
          alice_accepts}},
        {"park, and leave at once", {they_talk, bob_parks, bob_leaves, alice_accepts}},
        {"park and ring back",
         {they_talk,
          bob_parks,
          alice_accepts,
          bob_has_read,
          {"Bob's phones ring", [](Office& o) { o.pbx.passes(120s); }},
          {"Bob lifts", [](Office& o) { o.bob.replies(200, bob_sdp); }},
          {"Alice's phone accepts",
           [](Office& o) { o.answers(o.alice, INVITE, 200, alice_sdp); }}}},
        {"pickup where media are negotiated anew",
         {{"Bob's phones ring", [](Office& o) { o.alice.sends(INVITE, "102", alice_srtp); }},
          {"Carol takes it",
           [](Office& o) {
               o.carol.sends(INVITE, "**102", carol_srtp);
               o.lifted.insert("103");
           }},
          {"Carol's phone has an answer",
           [](Office& o) {
               o.answers(o.carol, INVITE, 200, carol_answer);
               o.lifted.clear();
           }}}},
        {"pickup of a call that is transferred",
         {they_talk,
          bob_refers,
          carol_rings,
          bob_leaves,
          {"Dave takes it", [](Office& o) { o.dave.sends(INVITE, "**103", carol_sdp); }},
          alice_accepts}},
        {"pickup, without an offer, of a call that is transferred",
         {they_talk,
          bob_refers,
          carol_rings,
          bob_leaves,
          {"Dave takes it",
           [](Office& o) {
               o.dave.acknowledges = false;
               o.dave.sends(INVITE, "**103", "");
           }},
          {"Alice's phone accepts, and Dave's is answered",
           [](Office& o) {
               o.answers(o.alice, INVITE, 200, alice_sdp);
               o.lifted.insert("104");
           }},
          {"Dave's phone answers",
           [](Office& o) {
               o.dave.acknowledge(o.last_success(o.dave), carol_sdp);
               o.lifted.clear();
           }}}},
        {"another phone takes the place of one that talks",
         {they_talk,
          {"Bob's mobile takes the call",
           [](Office& o) {
               o.bob.answers_bye = false;
               o.mobile.sends_replacing(o.dialog_of("102"), "101", carol_sdp);
           }},
          alice_accepts}},
        {"another phone takes the place of one that leaves",
         {they_talk,
          {"Bob's mobile takes the call",
           [](Office& o) { o.mobile.sends_replacing(o.dialog_of("102"), "101", carol_sdp); }},
          bob_leaves,
          alice_accepts}},
        {"joined by a third",
         {they_talk,
          {"Bob's mobile joins",
           [](Office& o) { o.mobile.sends_joining(o.dialog_of("101"), "101", carol_sdp); }},
          {"Bob's phone takes it in", [](Office& o) { o.bob.replies(200, bob_sdp); }}}},
        {"a feature code",
         {{"Alice is shown what she has set",
           [](Office& o) { o.alice.sends(INVITE, "*21*103", alice_sdp); }}}},
    };
}

/// What a phone of an office takes itself to be in.
struct InDialog {
    std::string number;
    std::string address;
    std::string call_id;
    std::string role;
    bool talks;
};

std::vector<InDialog> dialogs(const Office& office)
{
    std::vector<InDialog> all;
    for (const auto& call : office.pbx.view().calls)
        for (const auto& leg : call.legs) {
            if (leg.extension.starts_with("park+") || leg.state == "terminated") continue;
            const bool talks = leg.state == "confirmed" || office.lifted.contains(leg.extension);
            all.push_back({leg.extension, leg.address, leg.call_id, leg.role, talks});
        }
    return all;
}

/// Those that talk with each other, or wait in a slot.
std::set<std::string> alive(const Office& office)
{
    std::set<std::string> all;
    for (const auto& call : office.pbx.view().calls) {
        REQUIRE(call.legs.size() == 2);
        for (const auto& leg : call.legs) {
            CHECK(leg.state == "confirmed");
            all.insert(leg.call_id);
        }
    }
    return all;
}

void is_killed_and_checked(Office& office)
{
    std::vector<Phone*> unanswered;  // BYEs
    for (auto* phone : office.phones) {
        const bool told = std::ranges::any_of(
            phone->inbox, [](const Arrived& one) { return one.method == BYE && !one.status; });
        if (told && !phone->answers_bye) unanswered.push_back(phone);
        phone->answers_bye = phone->answers_cancel = true;
        phone->inbox.clear();
    }
    const auto before = dialogs(office);
    office.pbx.restarts();
    const auto living = alive(office);
    const auto heard = [](const Phone& phone, std::string_view what) {
        return std::ranges::any_of(phone.inbox,
                                   [&](const Arrived& one) { return one.what == what; });
    };
    for (auto* phone : unanswered) {
        CAPTURE(phone->number);
        CHECK_MESSAGE(heard(*phone, "BYE"), "a BYE that was lost is not said again");
    }
    for (const auto& dialog : before) {
        CAPTURE(dialog.number);
        const auto found = std::ranges::find_if(office.phones, [&](const Phone* phone) {
            return phone->number == dialog.number &&
                   dialog.address.ends_with(':' + std::to_string(phone->flow.port));
        });
        REQUIRE(found != office.phones.end());
        const Phone& phone = **found;
        if (dialog.talks) {
            const bool hung_up = std::ranges::any_of(phone.inbox, [&](const Arrived& one) {
                return one.method == BYE && one.leg == office.pbx.dialog_of(dialog.call_id);
            });
            CHECK_MESSAGE(living.contains(dialog.call_id) != hung_up,
                          "in a dialog with nobody, or hung up though it talks");
        } else {
            CHECK_MESSAGE(heard(phone, dialog.role == "caller" ? "500" : "CANCEL"),
                          "rings on, or waits for it");
        }
    }
    office.pbx.passes(2s);
    CHECK(alive(office) == living);
    office.pbx.ends_all_calls();
    office.pbx.passes(41s);
    CHECK(office.pbx.has_no_calls());
    CHECK(office.pbx.has_no_dialogs());
    CHECK(office.pbx.kept().calls.empty());
    CHECK(office.pbx.kept().ringing.empty());
    for (auto* phone : office.phones) phone->inbox.clear();
}

}  // namespace

TEST_CASE("kill -9 between any two steps of a move leaves nobody talking to nobody")
{
    // What lasts for less than 80 ms is not worth a write.
    std::chrono::milliseconds kept_after{};
    SUBCASE("that follow on each other at once")
    {
        kept_after = 90ms;
    }
    SUBCASE("by people who take their time")
    {
        kept_after = 1100ms;
    }
    CAPTURE(kept_after.count());
    for (const auto& story : stories()) {
        CAPTURE(story.name);
        for (std::size_t taken = 1; taken <= story.steps.size(); ++taken) {
            Office office;
            for (std::size_t i = 0; i < taken; ++i) {
                story.steps[i].takes(office);
                office.pbx.passes(kept_after);
            }
            CAPTURE(story.steps[taken - 1].name);
            is_killed_and_checked(office);
        }
    }
}

TEST_CASE("kill -9 as soon as a target answers somebody who waits alone: both are hung up")
{
    Office office;
    SUBCASE("a caller of the calling-card application")
    {
        card_is_called.takes(office);
        card_dials.takes(office);
        office.pbx.passes(1100ms);
        office.bob.replies(200, bob_sdp);
    }
    SUBCASE("a transferee whose transferor has left")
    {
        office.talk();
        office.refers("103");
        office.bob.sends(BYE);
        office.pbx.passes(1100ms);
        office.carol.replies(200, carol_sdp);
    }
    SUBCASE("who was to be called by a click")
    {
        office.pbx.orders({.action = CallAction::place, .from = "101", .to = "103"});
        office.alice.replies(200, alice_sdp);
        office.pbx.passes(1100ms);
        office.carol.replies(200, carol_sdp);
    }
    is_killed_and_checked(office);
}
