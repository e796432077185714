// SUBSCRIBE: RFC 6665 §4.2.1 and who may see whom.
#include "core/event_package.hpp"
#include "unit/engine/indication_office.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("RFC 6665 §4.2.1: SUBSCRIBE is accepted, and the full present state follows at once")
{
    Office office;
    office.call(1, LegState::confirmed);
    office.indications.receive(office.subscribe("201", "207"), office.now, office.outbox);
    office.indications.finish_step(office.now, office.outbox);
    REQUIRE(office.outbox.commands.size() == 2);
    const auto& reply = std::get<Reply>(office.outbox.commands[0]);
    const auto& notify = std::get<SendNotify>(office.outbox.commands[1]);
    CHECK(reply.status == 200);
    CHECK_FALSE(reply.local_tag.empty());
    CHECK(header(reply, "Expires") == "3600");

    CHECK(notify.cseq == 1);
    CHECK(notify.version == 0);
    CHECK(notify.subscription_state == "active;expires=3600");
    CHECK(notify.content_type == "application/dialog-info+xml");
    CHECK(notify.dialog->call_id == "201-207");
    CHECK(notify.dialog->from == "<sip:207@office.test>;tag=" + reply.local_tag);
    CHECK(notify.dialog->to == "<sip:201@office.test>;tag=from-201");
    CHECK(notify.dialog->contact == "207");
    CHECK(notify.dialog->event == "dialog");
    CHECK(notify.dialog->request_uri == "sip:201@192.0.2.201:5060;line=x");
    CHECK(notify.dialog->flow == Office::flow_of("201"));
    CHECK(document_of(notify).entity == "sip:207@office.test");
    CHECK(states_of(notify) == "confirmed");
}

TEST_CASE("RFC 4235 §4.1.3: the dialog is named from the side of the watched phone")
{
    Office office;
    office.subscribed("201", "207");
    office.call(5, LegState::early);
    const auto dialog = document_of(office.notified()).dialogs.at(0);
    CHECK(dialog.call_id == "call-5");
    CHECK(dialog.local_tag == "phone");
    CHECK(dialog.remote_tag == "ours");
    CHECK(dialog.direction == "recipient");
    CHECK(dialog.local_identity == "sip:207@office.test");
    CHECK(dialog.local_display == "Anna Lee");
    CHECK(dialog.remote_identity == "sip:211@office.test");
    CHECK(dialog.remote_display == "Ben");
}

TEST_CASE("RFC 3261 §12: the route set of NOTIFY is the Record-Route of SUBSCRIBE")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.record_route = {"<sip:a.test;lr>", "<sip:b.test;lr>"};
    CHECK(office.receives(request).status == 200);
    CHECK(office.notified().dialog->route == request.record_route);
}

TEST_CASE("RFC 6665 §8.2.1: the id of Event is echoed, other parameters are not")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.event_params = ";sla;id=42";
    const auto reply = office.receives(request);
    CHECK(office.acknowledged().dialog->event == "dialog;id=42");

    request.parties.to_tag = reply.local_tag;
    request.cseq = 2;
    CHECK(office.receives(request).status == 200);
    request.event_params = ";id=43";
    request.cseq = 3;
    CHECK(office.receives(request).status == 481);
}

TEST_CASE("RFC 6665 §7.2: another event package gets 489 with Allow-Events")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.event = "conference";
    const auto reply = office.receives(request);
    CHECK(reply.status == 489);
    CHECK(header(reply, "Allow-Events") == allow_events());
    CHECK(office.silent());
}

TEST_CASE(
    "RFC 4235 §3.5: a phone that does not accept dialog-info gets 406; no Accept means it does")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.accept = {"application/pidf+xml"};
    CHECK(office.receives(request).status == 406);
    for (const auto& accept : std::vector<std::vector<std::string>>{
             {}, {"*/*"}, {"application/*"}, {"application/sdp", "application/dialog-info+xml"}}) {
        request.accept = accept;
        request.call_id += "x";
        CHECK(office.receives(request).status == 200);
    }
}

TEST_CASE("Accept with q=0 takes nothing, and the narrowest range counts (RFC 3261 §20.1, RFC 2616 §14.1)")
{
    using Types = std::vector<std::string>;
    Office office;
    auto request = office.subscribe("201", "207");
    const auto is_answered = [&](Types accept, Types accept_not) {
        request.accept = std::move(accept);
        request.accept_not = std::move(accept_not);
        request.call_id += "x";
        return office.receives(request).status;
    };
    CHECK(is_answered({}, {"application/dialog-info+xml"}) == 406);
    CHECK(is_answered({"*/*"}, {"application/dialog-info+xml"}) == 406);
    CHECK(is_answered({"application/*"}, {"application/dialog-info+xml"}) == 406);
    CHECK(is_answered({"*/*"}, {"application/*"}) == 406);
    CHECK(is_answered({}, {"application/sdp"}) == 406);  // nor is anything else wanted
    CHECK(is_answered({"application/dialog-info+xml"}, {"*/*"}) == 200);
    CHECK(is_answered({"application/*"}, {"*/*"}) == 200);
    CHECK(is_answered({"*/*"}, {"application/sdp", "text/*"}) == 200);
}

TEST_CASE("an extension that does not exist and one that may not be seen get the same 403")
{
    Office office;
    for (const auto& [watcher, member] : std::vector<std::pair<std::string, std::string>>{
             {"201", "999"}, {"203", "207"}, {"207", "201"}}) {
        const auto reply = office.receives(office.subscribe(watcher, member));
        CHECK(reply.status == 403);
        CHECK(reply.headers.empty());
        CHECK(reply.phrase.empty());
    }
    CHECK(office.silent());
    CHECK(office.storage.empty());
    CHECK(office.view().lamps.empty());
}

TEST_CASE("a SUBSCRIBE without Contact gets 400, one with too much to remember 513")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.contact = {};
    CHECK(office.receives(request).status == 400);
    request = office.subscribe("201", "207");
    request.call_id = std::string(5000, 'x');
    CHECK(office.receives(request).status == 513);
    request = office.subscribe("201", "207");
    request.record_route.assign(17, "<sip:a;lr>");
    CHECK(office.receives(request).status == 513);
}

TEST_CASE(
    "RFC 6665 §4.2.1.1: too brief gets 423 with Min-Expires, too long is cut, none is an hour")
{
    Office office;
    auto request = office.subscribe("201", "207");
    for (const int brief : {59, 1, -1}) {
        request.expires = seconds{brief};
        const auto reply = office.receives(request);
        CHECK(reply.status == 423);
        CHECK(header(reply, "Min-Expires") == "60");
    }
    request.expires = seconds{60};
    CHECK(header(office.receives(request), "Expires") == "60");
    request = office.subscribe("201", "208");
    request.expires = seconds{100'000};
    CHECK(header(office.receives(request), "Expires") == "7200");
    request = office.subscribe("202", "208");
    request.expires.reset();
    CHECK(header(office.receives(request), "Expires") == "3600");
}

TEST_CASE("RFC 6665 §4.4.3: an initial Expires 0 fetches the state and leaves nothing behind")
{
    Office office;
    office.call(1, LegState::early);
    auto request = office.subscribe("201", "207");
    request.expires = seconds{0};
    const auto reply = office.receives(request);
    CHECK(reply.status == 200);
    CHECK(header(reply, "Expires") == "0");
    const auto notify = office.notified();
    CHECK(notify.subscription_state == "terminated;reason=timeout");
    CHECK(states_of(notify) == "early");
    CHECK(office.view().lamps.empty());
    CHECK(office.storage.empty());
    office.answers(notify, 200);
    office.call(1, LegState::confirmed);
    CHECK(office.silent());

    CHECK(office.receives(request).local_tag == reply.local_tag);  // repeated: its answer was lost
    CHECK(office.silent());
}

TEST_CASE("RFC 6665 §4.1.2.2: a refresh prolongs, and gets the full state again")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.parties.to_tag = office.receives(request).local_tag;
    office.acknowledged();
    office.passes(seconds{3000});
    request.cseq = 2;
    const auto reply = office.receives(request);
    CHECK(reply.status == 200);
    CHECK(header(reply, "Expires") == "3600");
    const auto notify = office.acknowledged();
    CHECK(notify.cseq == 2);
    CHECK(notify.version == 1);
    CHECK(notify.subscription_state == "active;expires=3600");
    office.passes(seconds{3000});  // past the first expiry
    CHECK(office.silent());
    office.call(1, LegState::early);
    CHECK(office.notified().subscription_state == "active;expires=600");
}

TEST_CASE("a refresh moves the phone: Contact and flow, and the dialog value changes only then")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.parties.to_tag = office.receives(request).local_tag;
    const auto first = office.acknowledged();
    request.cseq = 2;
    office.receives(request);
    const auto second = office.acknowledged();
    CHECK(second.dialog == first.dialog);

    request.cseq = 3;
    request.contact = SipUri::parse("sip:201@198.51.100.1:5062").value();
    request.source = {Transport::tcp, "198.51.100.1", 40000, {9}, 0};
    office.receives(request);
    const auto third = office.acknowledged();
    CHECK(third.dialog->request_uri == "sip:201@198.51.100.1:5062");
    CHECK(third.dialog->flow == request.source);
    CHECK(third.dialog->from == first.dialog->from);
}

TEST_CASE("a phone that moves while a NOTIFY is under way to its old place gets one at the new")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.parties.to_tag = office.receives(request).local_tag;
    const auto lost = office.notified();
    request.cseq = 2;
    request.source.port = 7777;
    office.receives(request);
    const auto found = office.notified();
    CHECK(found.dialog->flow.port == 7777);
    CHECK(found.cseq == lost.cseq + 1);
    office.answers(lost, 481);  // means nothing any more
    office.answers(found, 200);
    office.call(1, LegState::early);
    CHECK(states_of(office.notified()) == "early");
}

TEST_CASE("RFC 6665 §4.4.1: Expires 0 in the dialog ends it with a last full state")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.parties.to_tag = office.receives(request).local_tag;
    office.acknowledged();
    office.call(1, LegState::early);
    office.acknowledged();
    request.cseq = 2;
    request.expires = seconds{0};
    const auto reply = office.receives(request);
    CHECK(reply.status == 200);
    CHECK(header(reply, "Expires") == "0");
    const auto last = office.notified();
    CHECK(last.subscription_state == "terminated;reason=timeout");
    CHECK(last.version == 2);
    CHECK(states_of(last) == "early");
    CHECK(office.storage.empty());
    office.call(1, LegState::confirmed);
    CHECK(office.silent());

    CHECK(office.receives(request).status == 200);  // repeated
    CHECK(office.silent());
    request.cseq = 3;
    CHECK(office.receives(request).status == 481);
}

TEST_CASE(
    "RFC 3261 §12.2.2: an older CSeq in the dialog gets 500, the same one the same answer again")
{
    Office office;
    auto request = office.subscribe("201", "207", 10);
    const auto first = office.receives(request);
    office.acknowledged();
    CHECK(office.receives(request).local_tag == first.local_tag);  // the initial one, repeated
    CHECK(office.silent());
    CHECK(office.view().lamps.size() == 1);

    request.parties.to_tag = first.local_tag;
    request.cseq = 11;
    CHECK(office.receives(request).status == 200);
    office.acknowledged();
    CHECK(office.receives(request).status == 200);
    CHECK(office.silent());
    request.cseq = 9;
    CHECK(office.receives(request).status == 500);
}

TEST_CASE("a phone that lost its dialog and begins anew with the same Call-ID and tag replaces it")
{
    Office office;
    const auto first = office.receives(office.subscribe("201", "207", 1));
    office.acknowledged();
    const auto second = office.receives(office.subscribe("201", "207", 2));
    CHECK(second.status == 200);
    CHECK(second.local_tag != first.local_tag);
    CHECK(office.acknowledged().version == 0);
    CHECK(office.view().lamps.size() == 1);
    CHECK(office.storage.size() == 1);
}

TEST_CASE("RFC 6665 §4.1.2.1: a SUBSCRIBE in a dialog that is not there gets 481")
{
    Office office;
    auto request = office.subscribe("201", "207");
    const auto tag = office.receives(request).local_tag;
    request.cseq = 2;
    request.parties.to_tag = "wrong";
    CHECK(office.receives(request).status == 481);
    request.parties.to_tag = tag;
    request.parties.from_tag = "wrong";
    CHECK(office.receives(request).status == 481);
}

TEST_CASE("nobody refreshes or ends the subscription of another")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.parties.to_tag = office.receives(request).local_tag;
    office.acknowledged();
    request.cseq = 2;
    request.authenticated = "202";
    request.expires = seconds{0};
    CHECK(office.receives(request).status == 403);
    CHECK(office.view().lamps.size() == 1);
}

TEST_CASE("a watcher has so many subscriptions and no more: 403 with Warning")
{
    Office office{standard_office(), {.max_subscriptions_per_watcher = 3}};
    auto request = office.subscribe("201", "207");
    for (int at = 0; at < 3; ++at) {
        request.call_id += "x";
        CHECK(office.receives(request).status == 200);
    }
    request.call_id += "x";
    const auto reply = office.receives(request);
    CHECK(reply.status == 403);
    CHECK(header(reply, "Warning") == "399 office.test \"too many subscriptions\"");
    CHECK(office.receives(office.subscribe("202", "207")).status ==
          200);  // others are not affected
}

TEST_CASE("RFC 6665 §4.4.1: a subscription that is not refreshed ends with reason timeout")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, LegState::confirmed);
    office.acknowledged();
    office.passes(seconds{3599});
    CHECK(office.silent());
    REQUIRE(office.indications.next_deadline());
    CHECK(*office.indications.next_deadline() == office.now.mono + seconds{1});
    office.passes(seconds{1});
    const auto last = office.notified();
    CHECK(last.subscription_state == "terminated;reason=timeout");
    CHECK(states_of(last) == "confirmed");
    CHECK(office.storage.empty());
    CHECK(office.view().lamps.empty());
    CHECK_FALSE(office.indications.next_deadline());
}

TEST_CASE("RFC 6665 §4.1.3: a withdrawn right ends the subscription at once, and darkens the lamp")
{
    Office office;
    office.subscribed("201", "207");
    office.subscribed("202", "207");
    office.call(1, LegState::confirmed);
    office.acknowledged();
    office.acknowledged();
    office.configures(office_directory({"201", "202", "207", "208"}, {"207", "208"}, {{"202"}}));
    const auto last = office.acknowledged();
    CHECK(last.dialog->call_id == "201-207");
    CHECK(last.subscription_state == "terminated;reason=rejected");
    CHECK(states_of(last) == "terminated");
    CHECK(body_of(last).find("211") == std::string::npos);  // nothing of the call
    CHECK(office.silent());
    CHECK(office.view().lamps.size() == 1);
    CHECK(office.storage.size() == 1);
}

TEST_CASE("ends that are owed are none of what a phone may ask for, and no more of them than that")
{
    Office office{standard_office(),
                  {.max_subscriptions_per_phone = 1, .max_subscriptions_per_watcher = 1}};
    office.subscribed("201", "207");
    const std::vector<std::string> numbers{"201", "202", "207", "208"};
    office.configures(office_directory(numbers, {"208"}, {{"201"}}));
    const auto first = office.notified();
    CHECK(office.view().lamp_ends == 1);
    office.subscribed("201", "208");
    office.configures(office_directory(numbers, {}, {{"201"}}));
    CHECK(office.notified().subscription_state == "terminated;reason=rejected");  // and no more
    CHECK(office.view().lamp_ends == 1);
    CHECK(office.storage.size() == 1);
    office.answers(first, 200);
    CHECK(office.view().lamp_ends == 0);
    CHECK(office.storage.empty());
}

TEST_CASE("RFC 6665 §4.1.3: a deleted member ends the subscription with reason noresource")
{
    Office office;
    office.subscribed("201", "207");
    office.subscribed("201", "208");
    office.configures(office_directory({"201", "202", "208"}, {"208"}, {{"201"}, {"202"}}));
    CHECK(office.notified().subscription_state == "terminated;reason=noresource");
    CHECK(office.silent());
    CHECK(office.view().lamps.size() == 1);
}

TEST_CASE("another choice of profile acts at once")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, LegState::confirmed);
    office.acknowledged();
    office.configures(office_directory({"201", "202", "207", "208"}, {"207", "208"},
                                       {{"201", false, "innovaphone"}, {"202"}}));
    CHECK(states_of(office.acknowledged()) == "terminated");  // what was shown in the other dialect
    const auto notify = office.notified();
    CHECK(states_of(notify) == "proceeding");
    CHECK(notify.version == 3);
    CHECK(office.view().lamps.at(0).profile == "innovaphone");
}

TEST_CASE("an automatic profile follows the User-Agent of the phone")
{
    Office office{office_directory({"201", "207"}, {"207"}, {{"201", false, ""}})};
    auto request = office.subscribe("201", "207");
    request.user_agent = "innovaphone IP222/13r3";
    CHECK(office.receives(request).status == 200);
    CHECK(document_of(office.notified()).entity.empty());
    CHECK(office.view().lamps.at(0).profile == "innovaphone");
}
