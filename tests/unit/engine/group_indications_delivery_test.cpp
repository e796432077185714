// From a change to the NOTIFY that a phone acknowledges.
#include "unit/engine/indication_office.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;

TEST_CASE("RFC 4235 §3.7: every state of a call is told, one NOTIFY at a time")
{
    Office office;
    office.subscribed("201", "207");
    for (const auto state : {trying, proceeding, early, confirmed, terminated}) {
        office.call(1, state);
        CHECK(states_of(office.acknowledged()) == name(state));
        CHECK(office.silent());
    }
}

TEST_CASE("version and CSeq rise by one each, independently")
{
    Office office;
    office.subscribed("201", "207");
    for (std::uint32_t at = 1; at < 10; ++at) {
        office.call(1, at % 2 ? early : confirmed);
        const auto notify = office.acknowledged();
        CHECK(notify.version == at);
        CHECK(notify.cseq == at + 1);
    }
}

TEST_CASE("while a NOTIFY is under way changes are coalesced, and the last state is told")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, trying);
    const auto under_way = office.notified();
    office.call(1, proceeding);
    office.call(1, early);
    office.call(1, confirmed);
    CHECK(office.silent());
    office.answers(under_way, 200);
    const auto next = office.acknowledged();
    CHECK(states_of(next) == "confirmed");
    CHECK(next.version == under_way.version + 1);
    CHECK(office.silent());
}

TEST_CASE("the idle edge between two calls survives coalescing")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, confirmed);
    const auto under_way = office.notified();
    office.call(1, terminated);
    office.call(2, early);
    office.answers(under_way, 200);
    CHECK(states_of(office.acknowledged()) == "terminated");
    CHECK(states_of(office.acknowledged()) == "early");
    CHECK(office.silent());
}

TEST_CASE("all dialogs of the extension are in every body")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, confirmed);
    office.acknowledged();
    office.call(2, early);
    CHECK(states_of(office.acknowledged()) == "confirmed early");
    office.call(1, terminated);
    CHECK(states_of(office.acknowledged()) == "terminated early");
}

TEST_CASE("hold is seen at the local target")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, confirmed);
    office.acknowledged();
    DialogSnapshot held{.leg = {1},
                        .extension = "207",
                        .dialog = {"call-1", "phone", "ours"},
                        .direction = Direction::recipient,
                        .state = confirmed,
                        .held = true,
                        .local = {{"", extension_uri("207", "office.test")}, {}},
                        .remote = {{"", extension_uri("211", "office.test")}, {}}};
    office.fold(held);
    CHECK_FALSE(document_of(office.acknowledged()).dialogs.at(0).rendered);
    held.held = false;
    office.fold(held);
    CHECK(document_of(office.acknowledged()).dialogs.at(0).rendered);
}

TEST_CASE("innovaphone how-to: early, terminated, proceeding, terminated; version and CSeq rise")
{
    Office office{office_directory({"201", "207"}, {"207"}, {{"201", false, "innovaphone"}})};
    office.subscribed("201", "207");
    office.call(1, trying);
    CHECK(office.silent());
    office.call(1, early);
    CHECK(states_of(office.acknowledged()) == "early");
    office.call(1, confirmed);
    const auto cleared = office.acknowledged();
    CHECK(states_of(cleared) == "terminated");
    const auto talking = office.acknowledged();
    CHECK(states_of(talking) == "proceeding");
    CHECK(talking.version == cleared.version + 1);
    office.call(1, terminated);
    const auto ended = office.acknowledged();
    CHECK(states_of(ended) == "terminated");
    CHECK(document_of(ended).dialogs.at(0).id == "1");
    CHECK(document_of(ended).dialogs.at(0).direction == "initiator");
    CHECK(document_of(ended).entity.empty());
    CHECK(office.silent());
}

TEST_CASE("a watcher sees only the extension it asked for")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early, "208");
    office.call(2, early, "299");
    CHECK(office.silent());
}

TEST_CASE("one rendering is shared by all watchers of an extension")
{
    Office office;
    office.subscribed("201", "207");
    office.subscribed("202", "207");
    office.call(1, early);
    const auto one = office.notified();
    const auto other = office.notified();
    CHECK(one.subscription != other.subscription);
    CHECK(one.body_head == other.body_head);
    CHECK(one.body_tail == other.body_tail);
}

TEST_CASE("a failure: the newest state is repeated after 1 s, 2 s, 4 s, up to a minute apart")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early);
    office.answers(office.notified(), 408);
    office.call(1, confirmed);
    CHECK(office.silent());  // waits
    for (const int wait : {1, 2, 4, 8, 16, 32, 60, 60}) {
        office.passes(seconds{wait - 1});
        CHECK(office.silent());
        office.passes(seconds{1});
        const auto again = office.notified();
        CHECK(states_of(again) == "confirmed");
        office.answers(again, 408);
    }
    office.passes(seconds{60});
    office.acknowledged();
    CHECK(office.silent());
    office.call(1, terminated);
    office.answers(office.notified(), 503);
    office.passes(seconds{1});  // patience starts over
    CHECK(states_of(office.acknowledged()) == "terminated");
}

TEST_CASE("a sign of life of a phone sends all that waits for it, and nothing to others")
{
    Office office;
    auto refresh = office.subscribe("201", "207");
    refresh.parties.to_tag = office.receives(refresh).local_tag;
    office.acknowledged();
    office.subscribed("201", "208");
    office.subscribed("202", "208");
    office.call(1, early, "208");
    for (int at = 0; at < 2; ++at) {
        const auto lost = office.notified();
        office.answers(lost, 503, seconds{300});
    }
    CHECK(office.silent());
    refresh.cseq = 2;
    office.receives(refresh);
    CHECK(states_of(office.acknowledged()) == "early");       // of 208
    CHECK(states_of(office.acknowledged()) == "terminated");  // of 207, idle
    CHECK(office.silent());
    office.passes(seconds{300});
    office.acknowledged();  // 202
    CHECK(office.silent());
}

TEST_CASE("a registration that is refreshed sends what waits for its phone")
{
    Office office{standard_office(true)};
    office.registers("201");
    office.acknowledged();
    office.acknowledged();
    office.call(1, early);
    office.answers(office.notified(), 503, seconds{300});
    CHECK(office.silent());
    office.registers("201");
    CHECK(states_of(office.acknowledged()) == "early");
    CHECK(office.silent());
}

TEST_CASE("408 once is not gone: the subscription lives, and nothing is repeated without need")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early);
    office.answers(office.notified(), 408);
    office.call(1, terminated);
    office.passes(seconds{1});
    CHECK(states_of(office.acknowledged()) == "terminated");
    office.passes(seconds{120});
    CHECK(office.silent());
}

TEST_CASE("a refresh ends the waiting: the phone is back")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.parties.to_tag = office.receives(request).local_tag;
    office.acknowledged();
    office.call(1, early);
    for (int at = 0; at < 6; ++at) {
        office.answers(office.notified(), 408);
        office.passes(seconds{60});
    }
    office.answers(office.notified(), 408);
    request.cseq = 2;
    office.receives(request);
    CHECK(states_of(office.acknowledged()) == "early");
    office.passes(seconds{120});
    CHECK(office.silent());
}

TEST_CASE("RFC 6665 §4.2.2: 481 and every other refusal end a subscription")
{
    for (const unsigned status : {481U, 404U, 405U, 410U, 489U, 401U, 407U, 403U, 415U, 603U}) {
        Office office;
        office.subscribed("201", "207");
        office.call(1, early);
        office.answers(office.notified(), status);
        CHECK(office.view().lamps.empty());
        CHECK(office.storage.empty());
        office.call(1, confirmed);
        office.passes(seconds{7200});
        CHECK(office.silent());
    }
}

TEST_CASE("an answer to a NOTIFY of long ago, or of nobody, changes nothing")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early);
    auto notify = office.notified();
    notify.cseq -= 1;
    office.answers(notify, 481);
    notify.subscription = {4711};
    office.answers(notify, 481);
    CHECK(office.view().lamps.size() == 1);
}

TEST_CASE("RFC 5923: when the phone's connection closes, the next NOTIFY opens another")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.source = {Transport::tcp, "192.0.2.201", 5060, {77}, 0};
    office.receives(request);
    CHECK(office.acknowledged().dialog->flow.connection == ConnectionId{77});
    office.closes({78});
    office.closes({77});
    office.call(1, early);
    const auto notify = office.notified();
    CHECK_FALSE(notify.dialog->flow.connection);
    CHECK(notify.dialog->flow.transport == Transport::tcp);
}

TEST_CASE("counters are reserved in blocks: a NOTIFY needs no write")
{
    Office office;
    office.subscribed("201", "207");
    const unsigned before = office.writes;
    for (int at = 0; at < 320; ++at) {
        office.call(1, at % 2 ? early : confirmed);
        const auto notify = office.acknowledged();
        const auto& stored = office.storage.begin()->second;
        CHECK(notify.cseq <= stored.reserved_cseq);
        CHECK(notify.version <= stored.reserved_version);
    }
    CHECK(office.writes - before <= 10);
}

TEST_CASE(
    "kill -9 in mid-call: the restored subscription goes on above its counters and tells the truth")
{
    Office before;
    const auto tag = before.receives(before.subscribe("201", "207")).local_tag;
    before.acknowledged();
    before.call(1, confirmed);
    const auto last = before.acknowledged();

    Office after;
    after.now = before.now;
    after.passes(seconds{30});
    after.indications.restore(before.kept(), after.locations, after.now, after.outbox);
    after.collect();
    const auto notify = after.acknowledged();
    CHECK(notify.cseq > last.cseq);
    CHECK(notify.version > last.version);
    CHECK(states_of(notify) == "terminated");
    CHECK(notify.subscription_state == "active;expires=3570");
    CHECK(notify.dialog->call_id == last.dialog->call_id);
    CHECK(notify.dialog->from == last.dialog->from);
    CHECK(notify.dialog->to == last.dialog->to);
    CHECK(notify.dialog->request_uri == last.dialog->request_uri);
    CHECK(notify.dialog->event == last.dialog->event);
    CHECK(notify.dialog->flow == last.dialog->flow);

    auto request = after.subscribe("201", "207", 2);  // the phone knows nothing of it
    request.parties.to_tag = tag;
    CHECK(after.receives(request).status == 200);
    CHECK(after.acknowledged().version == notify.version + 1);
    after.passes(seconds{3600});
    CHECK(after.notified().subscription_state == "terminated;reason=timeout");
}

TEST_CASE("a call that begins before a restored lamp is known to be off comes after the idle edge")
{
    Office before;
    before.subscribed("201", "207");
    before.call(1, confirmed);
    before.acknowledged();

    Office after;
    after.now = before.now;
    after.indications.restore(before.kept(), after.locations, after.now, after.outbox);
    after.collect();
    after.answers(after.notified(), 408);
    after.call(2, early);
    after.passes(seconds{1});
    CHECK(states_of(after.acknowledged()) == "terminated");
    CHECK(states_of(after.acknowledged()) == "early");
}

TEST_CASE("an orderly stop keeps the exact counters: no gap over the restart")
{
    Office before;
    before.subscribed("201", "207");
    before.call(1, early);
    const auto last = before.acknowledged();
    before.indications.save(before.outbox);
    before.collect();

    Office after;
    after.now = before.now;
    after.indications.restore(before.kept(), after.locations, after.now, after.outbox);
    after.collect();
    const auto notify = after.notified();
    CHECK(notify.cseq == last.cseq + 1);
    CHECK(notify.version == last.version + 1);
}

TEST_CASE("at start, what has expired leaves the storage, what is no longer allowed is ended")
{
    Office before;
    before.subscribed("201", "207");
    before.subscribed("202", "207");
    auto kept = before.kept();
    REQUIRE(kept.size() == 2);
    kept[0].expires_at = before.now.seconds();

    Office after{office_directory({"201", "207"}, {"207"}, {{"201"}})};
    after.now = before.now;
    after.storage = before.storage;
    after.indications.restore(kept, after.locations, after.now, after.outbox);
    after.collect();
    CHECK(after.storage.empty());
    CHECK(after.notified().subscription_state == "terminated;reason=rejected");
    CHECK(after.silent());
}

TEST_CASE("connections of an earlier run are not used again")
{
    Office before;
    auto request = before.subscribe("201", "207");
    request.source = {Transport::tcp, "192.0.2.201", 5060, {77}, 0};
    before.receives(request);
    Office after;
    after.now = before.now;
    after.indications.restore(before.kept(), after.locations, after.now, after.outbox);
    after.collect();
    CHECK_FALSE(after.notified().dialog->flow.connection);
}

TEST_CASE("a phone that names the port it connects from is told over its next connection")
{
    const auto at = [](std::uint16_t port, std::uint64_t connection) {
        Binding binding;
        binding.aor = "201";
        binding.contact =
            SipUri::parse("sip:201@192.0.2.201:" + std::to_string(port) + ";transport=tcp").value();
        binding.flow = {Transport::tcp, "192.0.2.201", port, {connection}, 0};
        binding.call_id = "boot-1";
        binding.expires_at = std::chrono::sys_days{std::chrono::year{2024} / 5 / 7};
        return binding;
    };
    enum class KnownBy : std::uint8_t { call_id, mac_address, nothing };
    for (const auto by : {KnownBy::call_id, KnownBy::mac_address, KnownBy::nothing})
        for (const bool tried_in_vain : {false, true}) {
            CAPTURE(static_cast<int>(by));
            CAPTURE(tried_in_vain);
            Office office;
            office.registers(at(40001, 77));
            auto anew = at(40002, 78);
            auto request = office.subscribe("201", "207");
            request.source = at(40001, 77).flow;
            request.contact = at(40001, 77).contact;
            if (by == KnownBy::mac_address)
                request.user_agent = anew.user_agent = "Acme 00:04:13:aa:bb:cc";
            if (by != KnownBy::call_id) anew.call_id = "boot-2";
            CHECK(office.receives(request).status == 200);
            office.acknowledged();
            office.closes({77});
            if (tried_in_vain) {
                office.call(1, early);
                office.hears_nothing(office.notified());
            }
            office.registers(anew);
            if (tried_in_vain)
                office.passes(seconds{4});
            else
                CHECK(office.silent());  // it has seen all there is
            office.call(1, confirmed);
            const auto notify = office.notified();
            const bool known = by != KnownBy::nothing;
            CHECK((notify.dialog->flow.connection == ConnectionId{78}) == known);
            CHECK(notify.dialog->request_uri == write(request.contact));
        }
}

TEST_CASE("the view shows what each phone was told last, and what it answered")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early);
    auto lamp = office.view().lamps.at(0);
    CHECK(lamp.watcher == "201");
    CHECK(lamp.member == "207");
    CHECK(lamp.kind == "subscribed");
    CHECK(lamp.contact == "sip:201@192.0.2.201:5060;line=x");
    CHECK(lamp.profile == "standard");
    CHECK(lamp.state == "early");
    CHECK(lamp.version == 1);
    CHECK(lamp.cseq == 2);
    CHECK(lamp.sent_at == office.now.wall);
    CHECK_FALSE(lamp.answer);
    CHECK_FALSE(lamp.owed);
    CHECK(lamp.expires_at == office.now.seconds() + seconds{3600});

    office.call(1, confirmed);
    CHECK(office.view().lamps.at(0).owed);
    CHECK(office.view().lamps.at(0).state == "early");
    office.answers(office.notified(), 200);
    office.acknowledged();
    lamp = office.view().lamps.at(0);
    CHECK(lamp.state == "confirmed");
    CHECK(lamp.answer == 200U);
    CHECK(lamp.answered_at == office.now.wall);
    CHECK_FALSE(lamp.owed);

    office.call(1, terminated);
    office.answers(office.notified(), 503);
    const auto view = office.view();
    CHECK(view.lamps.at(0).owed);
    CHECK(view.lamps.at(0).answer == 503U);
    CHECK(view.counters.subscriptions_started == 1);
    CHECK(view.counters.notifies_sent == 4);
    CHECK(view.counters.notifies_answered == 3);
    CHECK(view.counters.notifies_failed == 1);
}
