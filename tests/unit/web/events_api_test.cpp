#include <doctest/doctest.h>

#include <thread>

#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;
using namespace std::chrono_literals;

namespace {

LiveEvent lamp_event(std::uint32_t cseq, std::string watcher = "201")
{
    return {std::chrono::system_clock::time_point{1'700'000'000s},
            LampEvent{LampStep::answered, std::move(watcher), "207", "sip:x", LampColour::steady,
                      LampColour::steady, cseq, 200U}};
}

LiveEvent call_event(std::uint64_t leg)
{
    return {std::chrono::system_clock::time_point{1'700'000'000s},
            LegEvent{.call = {1},
                     .leg = {leg},
                     .extension = "207",
                     .direction = Direction::recipient,
                     .state = LegState::terminated,
                     .ended_by = LegInput::remote_bye,
                     .held = false,
                     .with = "205",
                     .with_name = "Eve"}};
}

/// A stream that has been answered; `first` is what came at once.
struct Listener {
    Connection connection;
    std::string head, first;

    Listener(WebOffice& office, const std::string& query = {}, const std::string& fields = {})
        : connection{office.server.port()}
    {
        const auto token = query.find("ticket=") == std::string::npos
                               ? "Authorization: Bearer " + office.token + "\r\n"
                               : "";
        connection.send("GET /api/v1/events" + query + " HTTP/1.1\r\nHost: x\r\n" + token + fields +
                        "\r\n");
        head = connection.receive_until("\r\n\r\n");
        first = connection.receive_until("\n\n");
    }
    std::string next() { return connection.receive_until("\n\n"); }
};

std::string id_in(const std::string& text)
{
    const auto at = text.find("id: ") + 4;
    return text.substr(at, text.find('\n', at) - at);
}

web::ServerSettings with_events(web::EventHubSettings events)
{
    web::ServerSettings settings;
    settings.events = events;
    return settings;
}

}  // namespace

TEST_CASE("a stream of events: how it is framed, and what an event says")
{
    WebOffice office;
    CHECK_FALSE(office.server.events().listened());
    Listener stream{office};
    CHECK(stream.head.starts_with("HTTP/1.1 200"));
    CHECK(stream.head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(stream.head.find("Content-Length") == std::string::npos);
    CHECK(stream.head.find("X-Request-Id") != std::string::npos);
    CHECK(stream.first.starts_with("retry: 2000\nid: "));
    CHECK(office.server.events().listened());
    office.server.events().publish({call_event(4), lamp_event(9)});
    const auto call = stream.next();
    CHECK(call.find("\nevent: call\ndata: ") != std::string::npos);
    CHECK(boost::json::parse(call.substr(call.find('{'))) == boost::json::parse(R"({
        "at":"2023-11-14T22:13:20.000Z","call":"1","leg":"4","extension":"207","number":null,"trunk":null,
        "direction":"recipient","state":"terminated","ended_by":"remote-bye","held":false,
        "with":"205","with_name":"Eve"})"));
    const auto lamp = stream.next();
    CHECK(lamp.find("\nevent: lamp\ndata: ") != std::string::npos);
    CHECK(boost::json::parse(lamp.substr(lamp.find('{'))) == boost::json::parse(R"({
        "at":"2023-11-14T22:13:20.000Z","step":"answered","watcher":"201","member":"207",
        "contact":"sip:x","shown":"steady","present":"steady","agrees":true,"cseq":9,
        "answer":200})"));
    CHECK(id_in(call) != id_in(lamp));
    office.server.events().publish(
        {{std::chrono::system_clock::time_point{}, RegistrationEvent{"201", {"sip:a", "sip:b"}}}});
    const auto phones = stream.next();
    CHECK(phones.find("\nevent: registration\n") != std::string::npos);
    CHECK(phones.find(R"("contacts":["sip:a","sip:b"])") != std::string::npos);
}

TEST_CASE("what events say of presence, shared lines, publications and settings")
{
    WebOffice office;
    Listener stream{office};
    Listener settings{office, "?types=messages,features,login&extension=202"};
    const auto at = std::chrono::system_clock::time_point{1'700'000'000s};
    Forwarding forwarding;
    forwarding.always = "104";
    office.server.events().publish(
        {{at, PresenceEvent{"202", {.reachable = true, .talking = true}}},
         {at, AppearanceEvent{"202", 2, "held", "205", "Eve"}},
         {at, AppearanceEvent{.extension = "202", .index = 0, .state = {}}},
         {at,
          PublishedEvent{"202", "x@y", Direction::recipient, LegState::early, true, "5", "Zoe"}},
         {at, MessagesEvent{"202", {.fresh = 3, .old = 2, .urgent_fresh = 1}}},
         {at, FeaturesEvent{"202", forwarding}},
         {at, LoginEvent{"600", "202", false}}});
    const auto says = [&](Listener& to, std::string_view type, std::string_view members) {
        const auto event = to.next();
        CAPTURE(event);
        CHECK(event.find("\nevent: " + std::string{type} + "\ndata: ") != std::string::npos);
        CHECK(boost::json::parse(event.substr(event.find('{'))) ==
              boost::json::parse(R"({"at":"2023-11-14T22:13:20.000Z","extension":"202",)" +
                                 std::string{members} + '}'));
    };
    says(stream, "presence",
         R"("reachable":true,"talking":true,"ringing":false,"do_not_disturb":false)");
    says(stream, "appearance", R"("appearance":2,"state":"held","with":"205","with_name":"Eve")");
    says(stream, "appearance", R"("appearance":null,"state":null,"with":"","with_name":"")");
    says(
        stream, "published",
        R"("call_id":"x@y","direction":"recipient","state":"early","held":true,"with":"5","with_name":"Zoe")");
    for (auto* one : {&stream, &settings}) {
        says(*one, "messages", R"("new":3,"old":2,"urgent_new":1,"urgent_old":0)");
        says(
            *one, "features",
            R"("do_not_disturb":false,"always":"104","busy":null,"no_answer":null,"no_answer_after":20,"unregistered":null,"call_waiting":true)");
        says(*one, "login", R"("group":"600","logged_in":false)");
    }
}

TEST_CASE("all streams get every event; filters take types and an extension")
{
    WebOffice office;
    Listener all{office};
    Listener calls{office, "?types=call,registration"};
    Listener other{office, "?types=lamp&extension=202"};
    office.server.events().publish({lamp_event(1), call_event(2), lamp_event(3, "202")});
    CHECK(all.next().find("\"cseq\":1,") != std::string::npos);
    CHECK(all.next().find("event: call") != std::string::npos);
    CHECK(all.next().find("\"cseq\":3,") != std::string::npos);
    CHECK(calls.next().find("event: call") != std::string::npos);
    CHECK(other.next().find("\"cseq\":3,") != std::string::npos);
    for (const auto* query :
         {"types=", "types=calls", "types=call,", "types=call&types=lamp", "what=ever"})
        CHECK(office.get(std::string{"/api/v1/events?"} + query).status == 400);
}

TEST_CASE("Last-Event-ID goes on behind that event, in the header or the query")
{
    WebOffice office;
    std::string id;
    {
        Listener first{office};
        office.server.events().publish({lamp_event(1), lamp_event(2)});
        id = id_in(first.next());
    }
    office.server.events().publish({lamp_event(3)});  // between the two
    SUBCASE("header")
    {
        Listener again{office, "", "Last-Event-ID: " + id + "\r\n"};
        CHECK(again.next().find("\"cseq\":2,") != std::string::npos);
        CHECK(again.next().find("\"cseq\":3,") != std::string::npos);
    }
    SUBCASE("query")
    {
        Listener again{office, "?last_event_id=" + id};
        CHECK(again.next().find("\"cseq\":2,") != std::string::npos);
    }
    SUBCASE("of another run")
    {
        Listener again{office, "", "Last-Event-ID: elsewhere-1\r\n"};
        CHECK(again.first.find("event: reset\ndata: {\"reason\":\"too_old\"}") !=
              std::string::npos);
        office.server.events().publish({lamp_event(4)});
        CHECK(again.next().find("\"cseq\":4,") != std::string::npos);
    }
}

TEST_CASE("nothing is collected any more when nobody has come back for a while")
{
    WebOffice office{with_events({.memory = 0ms})};
    std::string id;
    {
        Listener first{office};
        office.server.events().publish({lamp_event(1)});
        id = id_in(first.next());
    }
    while (office.server.events().counters().streams > 0) std::this_thread::yield();
    CHECK(office.server.events().listened());
    office.server.events().publish({lamp_event(2)});
    CHECK_FALSE(office.server.events().listened());
    Listener again{office, "?last_event_id=" + id};
    CHECK(again.first.find("event: reset") != std::string::npos);
    CHECK(office.server.events().listened());
}

TEST_CASE("a slow reader costs the others nothing, and is told that it has missed something")
{
    WebOffice office{with_events({.ring = {.max_events = 64}})};
    Listener slow{office};
    Listener quick{office};
    std::string last;
    // More than the sockets between us take: the ring overtakes who does not read.
    for (std::uint32_t round = 0; round < 400; ++round) {
        std::vector<LiveEvent> events;
        for (std::uint32_t i = 0; i < 32; ++i) {
            events.push_back(lamp_event(round * 32 + i));
            std::get<LampEvent>(events.back().what).contact = std::string(1000, 'x');
        }
        office.server.events().publish(std::move(events));
        for (int i = 0; i < 32; ++i) last = quick.next();
    }
    CHECK(last.find("\"cseq\":12799,") != std::string::npos);
    constexpr std::string_view reset = "event: reset\ndata: {\"reason\":\"too_slow\"}";
    std::string heard;
    do heard = slow.next();
    while (heard.find("event: lamp") != std::string::npos);
    CHECK(heard.find(reset) != std::string::npos);
    // It may have been overtaken in every round, and each reset stands for the event.
    bool told = false;
    for (int attempt = 0; attempt < 400 && !told; ++attempt) {
        office.server.events().publish({lamp_event(77'777)});
        do {
            heard = slow.next();
            told = heard.find("\"cseq\":77777,") != std::string::npos;
        } while (!told && heard.find("event: lamp") != std::string::npos);
    }
    CHECK(told);
    CHECK(office.server.events().counters().resets >= 1);
}

TEST_CASE("what the web thread cannot take over in time is forgotten, and said so")
{
    WebOffice office{with_events({.max_incoming = 10})};
    Listener stream{office};
    std::vector<LiveEvent> many;
    for (std::uint32_t i = 0; i < 11; ++i) many.push_back(lamp_event(i));
    office.server.events().publish(std::move(many));
    CHECK(stream.next().find("event: reset") != std::string::npos);
    office.server.events().publish({lamp_event(99)});
    CHECK(stream.next().find("\"cseq\":99,") != std::string::npos);
}

TEST_CASE("a quiet stream shows signs of life, which carry the last id on")
{
    WebOffice office{with_events({.heartbeat = 20ms})};
    Listener stream{office, "?extension=202"};
    const auto begun = id_in(stream.first);
    office.server.events().publish({lamp_event(1)});  // is not for this stream
    std::string beat;
    do beat = stream.next();
    while (id_in(beat) == begun);
    CHECK(beat.starts_with(":\nid: "));
}

TEST_CASE("a revoked token, and one in another role, end their streams; others go on")
{
    WebOffice office{with_events({.token_check = 10ms})};
    const auto guest = office.new_token("guest", admin::Role::receptionist);
    Connection connection{office.server.port()};
    connection.send("GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + guest +
                    "\r\n\r\n");
    CHECK(connection.receive_until("\n\n").starts_with("HTTP/1.1 200"));
    Listener own{office};
    office.on_database([](db::Database& database) {
        return admin::TokenService{database}.revoke("guest", {}, {});
    });
    CHECK(connection.receive_until("revoked\"}\n\n").find("event: end\n") != std::string::npos);
    CHECK(connection.is_closed());
    office.server.events().publish({lamp_event(1)});
    CHECK(own.next().find("\"cseq\":1,") != std::string::npos);
}

TEST_CASE("a ticket opens one stream, once, and nothing else; it dies with its token")
{
    WebOffice office{with_events({.token_check = 10ms})};
    const auto issued = office.ask("POST", "/api/v1/events/tickets");
    CHECK(issued.status == 201);
    CHECK(json_of(issued).at("expires_in") == 30);
    const auto ticket = boost::json::value_to<std::string>(json_of(issued).at("ticket"));
    const Fields nobody{{"Authorization", ""}};
    CHECK(office.get("/api/v1/calls?ticket=" + ticket, nobody).status == 401);
    Listener stream{office, "?ticket=" + ticket};
    CHECK(stream.head.starts_with("HTTP/1.1 200"));
    CHECK(office.get("/api/v1/events?ticket=" + ticket, nobody).status == 401);
    CHECK(office.get("/api/v1/events?ticket=" + office.token, nobody).status == 401);

    const auto guest = office.new_token("guest", admin::Role::receptionist);
    const auto second =
        office.ask("POST", "/api/v1/events/tickets", {{"Authorization", "Bearer " + guest}});
    office.on_database([](db::Database& database) {
        return admin::TokenService{database}.revoke("guest", {}, {});
    });
    const auto orphan = boost::json::value_to<std::string>(json_of(second).at("ticket"));
    CHECK(office.get("/api/v1/events?ticket=" + orphan, nobody).status == 401);
}

TEST_CASE("streams beyond the limit get 503, and make room when they end")
{
    WebOffice office{with_events({.max_streams = 1})};
    {
        Listener first{office};
        const auto refused = office.get("/api/v1/events");
        CHECK(refused.status == 503);
        CHECK(field(refused, "Retry-After") == "10");
    }
    while (office.server.events().counters().streams > 0) std::this_thread::yield();
    CHECK(Listener{office}.head.starts_with("HTTP/1.1 200"));
}

TEST_CASE("the end of the server is the last event")
{
    WebOffice office;
    Listener stream{office};
    office.server.stop();
    CHECK(stream.connection.receive_until("stopping\"}\n\n").find("event: end\n") !=
          std::string::npos);
    CHECK(stream.connection.is_closed());
}

TEST_CASE("HEAD of the stream is its header, and opens none")
{
    WebOffice office;
    const auto head = office.ask("HEAD", "/api/v1/events");
    CHECK(head.status == 200);
    CHECK(field(head, "Content-Type") == "text/event-stream");
    while (office.server.events().counters().streams > 0) std::this_thread::yield();
}
