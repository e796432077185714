// What phones are told by event packages beside `dialog`.
#include "scenario/package_events.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

std::string tag_of(const Arrived& notify)
{
    const auto& from = notify.notify->dialog->from;
    return from.substr(from.find(";tag=") + 5);
}

}  // namespace

TEST_CASE("message-summary: who has subscribed is told of each change (RFC 3842)")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    const auto none = bob.subscribes("message-summary", "102");
    CHECK(none.body().starts_with("Messages-Waiting: no\r\n"));
    CHECK(none.notify->content_type == "application/simple-message-summary");
    CHECK(none.notify->dialog->event == "message-summary");
    CHECK(none.notify->subscription_state == "active;expires=3600");

    counts(pbx, "102", {.fresh = 2, .old = 1});
    CHECK(says(bob.receives(NOTIFY), "Voice-Message: 2/1\r\n"));
    counts(pbx, "102", {.fresh = 2, .old = 1});
    counts(pbx, "103", {.fresh = 9});
    pbx.stays_silent_for(60s);
    counts(pbx, "102", {.fresh = 0, .old = 3});
    CHECK(says(bob.receives(NOTIFY), "Messages-Waiting: no\r\n"));
}

TEST_CASE("message-summary is told unasked to phones that have not subscribed, until they refuse")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    auto& desk = pbx.phone("102");
    desk.subscribes("message-summary", "102");
    counts(pbx, "102", {.fresh = 1});
    desk.receives(NOTIFY);
    const auto told = bob.receives(NOTIFY);
    CHECK(says(told, "Voice-Message: 1/0"));
    CHECK(told.notify->dialog->to == "<sip:102@office.test>");  // no dialog

    auto& late = pbx.phone("102");
    CHECK(says(late.receives(NOTIFY), "Voice-Message: 1/0"));
    bob.answers_notify = 489;
    counts(pbx, "102", {.fresh = 2});
    for (auto* phone : {&bob, &desk, &late}) phone->receives(NOTIFY);
    counts(pbx, "102", {.fresh = 3});
    for (auto* phone : {&desk, &late}) phone->receives(NOTIFY);
    late.unregisters();
    counts(pbx, "102", {.fresh = 4, .unsolicited = false});
    desk.receives(NOTIFY);
    pbx.stays_silent_for(60s);
    CHECK(pbx.view().subscriptions.size() == 1);
}

TEST_CASE("messages that are not told unasked any more leave no phone lit")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    counts(pbx, "102", {.fresh = 3});
    CHECK(says(bob.receives(NOTIFY), "Messages-Waiting: yes"));
    const auto goes_dark = [&] {
        auto last = bob.receives(NOTIFY);
        while (!bob.hears_nothing()) last = bob.receives(NOTIFY);
        CHECK(says(last, "Messages-Waiting: no\r\n"));
        CHECK(last.notify->subscription_state == "terminated;reason=rejected");
        CHECK(pbx.view().subscriptions.empty());
        pbx.stays_silent_for(60s);
    };
    SUBCASE("though there are some")
    {
        counts(pbx, "102", {.fresh = 3, .unsolicited = false});
        goes_dark();
        counts(pbx, "102", {.fresh = 0, .unsolicited = false});
        pbx.stays_silent_for(60s);
    }
    SUBCASE("at the moment when there are none")
    {
        counts(pbx, "102", {.fresh = 0, .unsolicited = false});
        goes_dark();
    }
    SUBCASE("while it does not answer")
    {
        bob.answers_notify.reset();
        counts(pbx, "102", {.fresh = 4});
        bob.receives(NOTIFY);
        counts(pbx, "102", {.fresh = 4, .unsolicited = false});
        goes_dark();
    }
    bob.registers();
    pbx.stays_silent_for(60s);
}

TEST_CASE("a phone that registers after it has subscribed is not told twice")
{
    Scenario pbx;
    counts(pbx, "102", {.fresh = 1});
    auto& bob = pbx.silent_phone("102");
    const auto tag = tag_of(bob.subscribes("message-summary", "102"));
    bob.registers();
    pbx.stays_silent_for(10s);

    // When its subscription ends it is told unasked again.
    bob.asks({.event = "message-summary", .to = "102", .expires = 0s, .to_tag = tag});
    bob.receives(200U);
    CHECK(bob.receives(NOTIFY).notify->subscription_state == "terminated;reason=timeout");
    CHECK(bob.receives(NOTIFY).notify->dialog->to == "<sip:102@office.test>");
}

TEST_CASE("presence follows calls, registration and do not disturb, for who may watch (RFC 3856)")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& alice = pbx.phone("101");
    auto& carol = pbx.phone("103");
    CHECK(says(carol.subscribes("presence", "102"), "<basic>closed</basic>"));
    auto& bob = pbx.phone("102");
    CHECK(says(carol.receives(NOTIFY), "<note>Ready</note>"));

    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    CHECK(says(carol.receives(NOTIFY), "<note>Ringing</note>"));
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(says(carol.receives(NOTIFY), "<rpid:on-the-phone/>"));
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(says(carol.receives(NOTIFY), "<note>Ready</note>"));

    pbx.forwards("102", {.do_not_disturb = true});
    CHECK(says(carol.receives(NOTIFY), "<note>Do not disturb</note>"));

    alice.asks({.event = "presence", .to = "102"});
    alice.receives(403U);
    alice.asks({.event = "presence", .to = "199"});
    alice.receives(403U);
    pbx.replaces_directory({});
    const auto last = carol.receives(NOTIFY);
    CHECK(last.notify->subscription_state == "terminated;reason=rejected");
    CHECK(says(last, "<basic>closed</basic>"));
    CHECK_FALSE(says(last, "Do not disturb"));
}

TEST_CASE("presence of a whole group in one subscription follows its members (RFC 4662)")
{
    const Group sales{
        .name = "sales", .display_name = {}, .members = {"102"}, .watchers = {{"103", false, {}}}};
    Scenario pbx{{sales}};
    auto& alice = pbx.phone("101");
    auto& carol = pbx.phone("103");
    carol.asks({.event = "presence",
                .to = "sales",
                .accept = {"application/pidf+xml", "application/rlmi+xml", "multipart/related"},
                .supported = OptionTag::eventlist});
    carol.receives(200U);
    const auto first = carol.receives(NOTIFY);
    CHECK(first.notify->dialog->require == OptionTag::eventlist);
    CHECK(says(first, "fullState=\"true\""));
    CHECK(says(first, "<note>Not online</note>"));
    auto& bob = pbx.phone("102");
    const auto ready = carol.receives(NOTIFY);
    CHECK(says(ready, "fullState=\"false\""));
    CHECK(says(ready, "<note>Ready</note>"));

    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    CHECK(says(carol.receives(NOTIFY), "<note>Ringing</note>"));
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(says(carol.receives(NOTIFY), "<note>On the phone</note>"));
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(says(carol.receives(NOTIFY), "<note>Ready</note>"));

    pbx.forwards("102", {.do_not_disturb = true});
    CHECK(says(carol.receives(NOTIFY), "<note>Do not disturb</note>"));
    pbx.replaces_directory({});
    const auto last = carol.receives(NOTIFY);
    CHECK(last.notify->subscription_state == "terminated;reason=noresource");
    CHECK(says(last, "<note>Not online</note>"));
}

TEST_CASE("RFC 5367: presence and lamps of the friends that a phone lists in its SUBSCRIBE")
{
    const auto friends = [](const std::vector<std::string>& numbers) {
        std::string text{"<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>"};
        for (const auto& number : numbers)
            text += "<entry uri=\"sip:" + number + "@office.test\"/>";
        return std::make_shared<const Payload>(
            Payload{"application/resource-lists+xml", text + "</list></resource-lists>", {}});
    };
    const Group sales{
        .name = "sales", .display_name = {}, .members = {"102"}, .watchers = {{"103", false, {}}}};
    Scenario pbx{{sales}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    const auto hears = [&] {
        std::string all;
        do {
            const auto notify = carol.receives(NOTIFY);
            CHECK(notify.notify->dialog->require == OptionTag::eventlist);
            all += notify.body();
        } while (!carol.hears_nothing());
        return all;
    };
    const auto has = [](const std::string& text, const std::string& what) {
        return text.find(what) != std::string::npos;
    };
    const auto refuses = [&](const std::string& text, const std::string& number) {
        return has(text, "<resource uri=\"sip:" + number +
                             "@office.test\"><instance id=\"1\" state=\"terminated\" "
                             "reason=\"rejected\"/></resource>");
    };
    Subscribing request{.event = {},
                        .to = "friends",
                        .payload = friends({"102", "101", "199"}),
                        .supported = OptionTag::eventlist,
                        .recipient_list = true};
    std::string ringing, idle;
    SUBCASE("presence")
    {
        request.event = "presence";
        ringing = "<note>Ringing</note>";
        idle = "<note>Ready</note>";
    }
    SUBCASE("lamps")
    {
        request.event = "dialog";
        ringing = "<state>early</state>";
        idle = "entity=\"sip:102@office.test\"";
    }
    carol.asks(request);
    request.to_tag = carol.receives(200U).local_tag;
    const auto first = hears();
    CHECK(has(first, idle));
    CHECK(refuses(first, "101"));
    CHECK(refuses(first, "199"));

    pbx.restarts();
    const auto anew = hears();
    CHECK(has(anew, "fullState=\"true\""));
    CHECK(has(anew, idle));
    CHECK(refuses(anew, "199"));

    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    const auto told = hears();
    CHECK(has(told, ringing));
    CHECK_FALSE(has(told, "sip:199@"));
    bob.replies(486);
    alice.receives(486U);
    CHECK(has(hears(), "sip:102@office.test"));

    request.payload = friends({"101"});
    carol.asks(request);
    carol.receives(200U);
    const auto replaced = hears();
    CHECK_FALSE(has(replaced, "sip:102@"));
    CHECK(refuses(replaced, "101"));
}

TEST_CASE("a list in a SUBSCRIBE to a package that has none is not supported")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    for (const auto* event : {"message-summary", "reg", "call-info", "nonsense"}) {
        bob.asks({.event = event, .to = "102", .recipient_list = true});
        CHECK(bob.receives(420U).value("Unsupported") == "recipient-list-subscribe");
    }
    CHECK(bob.hears_nothing());
}

TEST_CASE("presence: a phone that answers no more is not there, and is again when it answers")
{
    ExchangeSettings settings;
    settings.qualify = {.interval = 60s, .misses = 3};
    Scenario pbx{{group("sales", {"103"}, {"102"})}, settings};
    auto& carol = pbx.phone("103");
    auto& bob = pbx.phone("102");
    carol.answers_options = bob.answers_options = 200;
    CHECK(says(carol.subscribes("presence", "102"), "<note>Ready</note>"));
    bob.answers_options = 408;
    pbx.passes(100s);
    CHECK(says(carol.receives(NOTIFY), "<basic>closed</basic>"));
    bob.answers_options = 200;
    pbx.passes(100s);
    CHECK(says(carol.receives(NOTIFY), "<note>Ready</note>"));
}

TEST_CASE("a feature key is no extension: it has no presence and no appearances")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    pbx.has_ring_groups({{.number = "600", .members = {{"102"}}}});
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    for (auto* phone : {&bob, &carol})
        for (const auto* key : {"dnd+102", "fwd+102", "login+600", "login+600+102"})
            for (const auto* event : {"presence", "call-info", "line-seize"}) {
                CAPTURE(event);
                phone->asks({.event = event,
                             .to = key,
                             .payload = std::make_shared<const Payload>(Payload{
                                 {}, {}, {{"Call-Info", "<sip:102@x>;appearance-index=1"}}})});
                phone->receives(403U);
            }
    CHECK(pbx.view().subscriptions.empty());
}

TEST_CASE("reg shows one's own contacts, and those of all to who is trusted (RFC 3680)")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    auto& program = pbx.phone("109");
    program.asks({.event = "reg", .to = "102"});
    program.receives(403U);
    pbx.configures("109", [](Extension& extension) { extension.trusted = true; });

    const auto first = program.subscribes("reg", "102");
    CHECK(says(first, "version=\"0\" state=\"full\""));
    CHECK(says(first, "<uri>sip:102@192.0.2.02:5060</uri>"));
    bob.subscribes("reg", "102");
    auto& second = pbx.phone("102");
    bob.receives(NOTIFY);
    const auto news = program.receives(NOTIFY);
    CHECK(says(news, "version=\"1\" state=\"partial\""));
    CHECK(says(news, ":5062</uri>"));
    CHECK_FALSE(says(news, ":5060</uri>"));
    second.registers();  // a refresh is no news
    pbx.stays_silent_for(10s);
    second.registers(3600s, 500);  // unless it is to be called after the others from now on
    bob.receives(NOTIFY);
    const auto later = program.receives(NOTIFY);
    CHECK(says(later, "state=\"partial\""));
    CHECK(says(later, "state=\"active\" event=\"refreshed\" q=\"0.5\""));
    CHECK_FALSE(says(later, ":5060</uri>"));
    second.unregisters();
    bob.receives(NOTIFY);
    CHECK(says(program.receives(NOTIFY), "state=\"terminated\" event=\"unregistered\""));
}

TEST_CASE("reg: who may have missed a NOTIFY is told all of it")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    bob.subscribes("reg", "102");
    bob.answers_notify.reset();
    auto& second = pbx.phone("102");
    const auto lost = bob.receives(NOTIFY);
    CHECK(says(lost, "state=\"partial\""));
    second.unregisters();  // coalesced
    CHECK(bob.hears_nothing());
    bob.answers_notify = 200;
    bob.answers(lost, 408, true);
    pbx.passes(2s);
    const auto again = bob.receives(NOTIFY);
    CHECK(says(again, "version=\"2\" state=\"full\""));
    CHECK_FALSE(says(again, ":5061</uri>"));
}

TEST_CASE("what SUBSCRIBE to a package is refused for")
{
    Scenario pbx{{}, {.events = {.max_subscriptions_per_watcher = 2}}};
    auto& bob = pbx.phone("102");
    bob.asks({.event = "conference", .to = "102"});
    bob.receives(489U).header("Allow-Events", allow_events());
    bob.asks({.event = "presence", .to = "102", .accept = {"application/xpidf+xml"}});
    bob.receives(406U).header("Accept", "application/pidf+xml");
    bob.asks({.event = "presence", .to = "102", .expires = 5s});
    bob.receives(423U).header("Min-Expires", "60");
    bob.asks({.event = "presence", .to = "102", .to_tag = "gone"});
    bob.receives(481U);
    bob.asks({.event = "presence", .to = "102", .expires = 0s});  // a fetch
    bob.receives(200U);
    CHECK(says(bob.receives(NOTIFY), "<note>Ready</note>"));
    CHECK(pbx.view().subscriptions.empty());
    bob.subscribes("presence", "102");
    bob.subscribes("reg", "102");
    bob.asks({.event = "message-summary", .to = "102"});
    bob.receives(403U).header("Warning", "399 office.test \"too many subscriptions\"");
}

TEST_CASE("SUBSCRIBE with XML that cannot be read is refused, whatever it asks for")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    const auto of = [](std::string type, std::string body) {
        return std::make_shared<const Payload>(Payload{std::move(type), std::move(body), {}});
    };
    const auto nested = [](std::size_t levels) {
        std::string open;
        std::string close;
        for (std::size_t level = 0; level < levels; ++level) {
            open += "<a>";
            close += "</a>";
        }
        return open + close;
    };
    const std::string filter{
        "<?xml version=\"1.0\"?><filter-set xmlns=\"urn:ietf:params:xml:ns:simple-filter\">"
        "<filter id=\"1\"><what><include type=\"xpath\">/a</include></what></filter>"
        "</filter-set>"};
    constexpr const char* filter_type = "application/simple-filter+xml";
    std::string event;
    SUBCASE("dialog") { event = "dialog"; }
    SUBCASE("presence") { event = "presence"; }
    SUBCASE("message-summary") { event = "message-summary"; }
    SUBCASE("reg") { event = "reg"; }
    SUBCASE("call-info") { event = "call-info"; }
    CAPTURE(event);
    const auto refused = [&](PayloadRef payload, const std::string& to_tag = {}) {
        bob.asks({.event = event, .to = "102", .to_tag = to_tag, .payload = std::move(payload)});
        const auto answer = bob.receives(400U);
        CHECK(answer.value("Warning").find("Content-Type") != std::string::npos);
        CHECK(bob.inbox.empty());
    };
    refused(of(filter_type, "<filter-set>"));
    refused(of("Application/Simple-Filter+XML; charset=utf-8", "<filter-set>"));
    refused(of("application/resource-lists+xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"));
    refused(of("text/xml", nested(17)));
    refused(of("application/xml", "<a>" + std::string(std::size_t{32} * 1024, ' ') + "</a>"));
    CHECK(pbx.view().subscriptions.empty());
    CHECK(pbx.view().lamps.empty());

    bob.asks({.event = event, .to = "102", .payload = of(filter_type, filter)});
    const auto tag = bob.receives(200U).local_tag;
    bob.receives(NOTIFY);
    refused(of(filter_type, filter + "<"), tag);
    for (const auto& ignored :
         {of("text/xml", nested(16)), of("text/plain", "<"), of("xml", "<")}) {
        bob.asks({.event = event, .to = "102", .to_tag = tag, .payload = ignored});
        bob.receives(200U);
        bob.receives(NOTIFY);
    }
}

TEST_CASE("a fetch counts among the subscriptions of its phone for as long as it is not told")
{
    Scenario pbx{{}, {.events = {.max_subscriptions_per_phone = 2}}};
    auto& bob = pbx.phone("102");
    bob.answers_notify = std::nullopt;
    Subscribing fetch{.event = "as-feature-event", .to = "102", .expires = 0s};
    for (const auto* call_id : {"first", "second"}) {
        fetch.call_id = call_id;
        bob.asks(fetch);
        bob.receives(200U);
        bob.receives(NOTIFY);
    }
    fetch.call_id = "third";
    bob.asks(fetch);
    bob.receives(403U).header("Warning", "399 office.test \"too many subscriptions\"");
    pbx.passes(33s);
    bob.inbox.clear();
    bob.asks(fetch);
    bob.receives(200U);
    bob.receives(NOTIFY);
}

TEST_CASE("a subscription expires, and survives a restart with rising numbers")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    const auto first = bob.subscribes("presence;id=7", "102");
    CHECK(first.notify->dialog->event == "presence;id=7");
    pbx.restarts();
    const auto again = bob.receives(NOTIFY);
    CHECK(again.notify->dialog->event == "presence;id=7");
    CHECK(again.notify->cseq > first.notify->cseq);
    CHECK(says(again, "<note>Ready</note>"));
    bob.registers(7200s);
    pbx.passes(3600s);
    CHECK(bob.receives(NOTIFY).notify->subscription_state == "terminated;reason=timeout");
    CHECK(pbx.view().subscriptions.empty());
    CHECK(pbx.kept().subscriptions.empty());
}
