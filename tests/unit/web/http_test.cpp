#include <doctest/doctest.h>

#include "unit/web/http_client.hpp"
#include "web/http_listener.hpp"

using namespace lampline;
using namespace lampline::testing;

TEST_CASE("every answer names the request; a problem says the same in `instance`")
{
    WebOffice office;
    const auto own = office.get("/nowhere", {{"X-Request-Id", "abc-1"}});
    CHECK(own.status == 404);
    CHECK(field(own, "X-Request-Id") == "abc-1");
    CHECK(json_of(own).at("instance") == "abc-1");
    CHECK(json_of(own).at("status") == 404);
    CHECK(json_of(own).at("type") == "/problems/unknown");
    const auto made = office.get("/nowhere", {{"X-Request-Id", "not an id\""}});
    CHECK(field(made, "X-Request-Id").size() == 16);
    CHECK(boost::json::value_to<std::string>(json_of(made).at("instance")) ==
          field(made, "X-Request-Id"));
}

TEST_CASE("405 says what the path can do")
{
    WebOffice office;
    const auto refused = office.ask("POST", "/api/v1/extensions/207");
    CHECK(refused.status == 405);
    CHECK(field(refused, "Allow") == "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
    CHECK(office.ask("DELETE", "/api/v1/calls").status == 405);
    CHECK(office.ask("BREW", "/healthz").status == 405);
    CHECK(office.get("/api/v1/extensions/").status == 404);
    CHECK(office.get("/api/v1/extensions/207/x").status == 404);
}

TEST_CASE("the root, which browsers ask for first, is a path like any other")
{
    WebOffice office;
    for (const auto* target : {"/", "/?a=b", "//", "/.", "/.."}) {
        CAPTURE(target);
        CHECK(office.get(target, {{"Authorization", ""}}).status == 404);
    }
    CHECK(office.ask("POST", "/").status == 404);
    CHECK(office.get("/healthz").status == 200);
}

TEST_CASE("a target may name the server, as clients write it for proxies (RFC 9112 §3.2.2)")
{
    WebOffice office;
    CHECK(office.get("http://office.test/healthz").status == 200);
    CHECK(office.get("HTTPS://[2001:db8::1]:8443/healthz", {{"Host", "x"}}).status == 200);
    CHECK(office.put("http://office.test/api/v1/extensions/207", "{}").status == 201);
    const auto page = office.get("http://office.test/api/v1/extensions?limit=1");
    CHECK(json_of(page).at("total") == 1);
    CHECK(office.get("http://office.test/api/v1/extensions", {{"Authorization", ""}}).status == 401);
    for (const auto* root : {"http://office.test", "http://office.test/", "http://office.test?a=b"})
        CHECK(office.get(root).status == 404);
    for (const auto* target : {"ftp://office.test/healthz", "http:///healthz", "http:/healthz",
                               "http://me@office.test/healthz", "healthz", "*", "office.test:80",
                               "http://office.test/healthz#a"}) {
        CAPTURE(target);
        CHECK(office.get(target).status == 400);
    }
}

TEST_CASE("OPTIONS says what a path can do, and of `*` what the server can (RFC 9110 §9.3.7)")
{
    WebOffice office;
    const auto nobody = Fields{{"Authorization", ""}};
    const auto server = office.ask("OPTIONS", "*", nobody);
    CHECK(server.status == 204);
    CHECK(field(server, "Allow") == "GET, HEAD, OPTIONS, PUT, PATCH, DELETE, POST");
    CHECK(field(server, "Content-Length").empty());
    const auto path = office.ask("OPTIONS", "/healthz", nobody);
    CHECK(path.status == 204);
    CHECK(field(path, "Allow") == "GET, HEAD, OPTIONS");
    CHECK(field(office.ask("OPTIONS", "/api/v1/calls/17:hold"), "Allow") == "POST, OPTIONS");
    CHECK(office.ask("OPTIONS", "/api/v1/extensions", nobody).status == 401);
    CHECK(office.ask("OPTIONS", "/nowhere", nobody).status == 404);
}

TEST_CASE("a query may be empty, and so may a part of it")
{
    WebOffice office;
    CHECK(office.get("/healthz?").status == 200);
    CHECK(office.get("/api/v1/extensions?&&limit=1&").status == 200);
    CHECK(office.get("/healthz?=").status == 400);
    CHECK(office.get("/healthz?&x").status == 400);
}

TEST_CASE("HEAD is GET without the body")
{
    WebOffice office;
    const auto head = office.ask("HEAD", "/api/v1/extensions");
    CHECK(head.status == 200);
    CHECK(field(head, "Content-Length") ==
          std::to_string(office.get("/api/v1/extensions").body.size()));
    CHECK(head.body.empty());
}

TEST_CASE("415 for a body of another kind, 400 for one that is not JSON")
{
    WebOffice office;
    const auto path = "/api/v1/extensions/207";
    const auto form =
        office.put(path, "number=207", {{"Content-Type", "application/x-www-form-urlencoded"}});
    CHECK(form.status == 415);
    CHECK(field(form, "Accept") == "application/json");
    CHECK(office.put(path, "").status == 415);
    CHECK(office.put(path, "{}", {{"Content-Encoding", "gzip"}}).status == 415);
    const auto patched = office.patch(path, "{}", {{"Content-Type", "application/json"}});
    CHECK(patched.status == 415);
    CHECK(field(patched, "Accept-Patch") == "application/merge-patch+json");
    CHECK(office.put(path, "{}", {{"Content-Type", "Application/JSON; charset=utf-8"}}).status ==
          201);
    CHECK(office.put(path, "{").status == 400);
    CHECK(office.put(path, "{} {}").status == 400);
    CHECK(office.put(path, "\"\xFF\"").status == 400);
    CHECK(office.put(path, std::string(100'000, '[')).status == 400);
}

TEST_CASE("413 for a body over 1 MB, whether announced or only sent")
{
    WebOffice office;
    const std::string big(web::HttpListener::max_body + 1, ' ');
    const auto announced = office.put("/api/v1/extensions/207", big);
    CHECK(announced.status == 413);
    CHECK(json_of(announced).at("type") == "/problems/body-too-large");
    Connection connection{office.server.port()};
    connection.send("PUT /api/v1/extensions/207 HTTP/1.1\r\nHost: x\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n200000\r\n" +
                    std::string(0x200000, ' '));
    CHECK(connection.receive().status == 413);
    CHECK(office.put("/api/v1/extensions/207", big.substr(3) + "{}").status == 201);
}

TEST_CASE("431 for a header over 16 KB, 400 for what is not HTTP; both close")
{
    WebOffice office;
    CHECK(office.get("/healthz", {{"X-Long", std::string(17'000, 'x')}}).status == 431);
    CHECK(office.get("/" + std::string(17'000, 'x')).status == 431);
    for (const auto* text :
         {"hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
          "GET / HTTP/1.1\r\nno colon\r\n\r\n", "PUT / HTTP/1.1\r\nContent-Length: x\r\n\r\n"}) {
        CAPTURE(text);
        Connection connection{office.server.port()};
        connection.send(text);
        CHECK(connection.receive().status == 400);
        CHECK(connection.is_closed());
    }
    CHECK(office.get("/%zz").status == 400);
}

TEST_CASE("400, and the connection ends, where a proxy may have read another request")
{
    WebOffice office;
    const std::string line = "GET /healthz HTTP/1.1\r\n";
    for (const auto* fields :
         {"", "Host: a\r\nHost: b\r\n", "Host: a\r\nTransfer-Encoding: gzip\r\n",
          "Host: a\r\nTransfer-Encoding: chunked, identity\r\n"}) {
        CAPTURE(fields);
        Connection connection{office.server.port()};
        connection.send(line + fields + "\r\n");
        CHECK(connection.receive().status == 400);
        CHECK(connection.is_closed());
    }
    Connection older{office.server.port()};
    older.send("GET /healthz HTTP/1.0\r\n\r\n");
    CHECK(older.receive().status == 200);
    Connection chunked{office.server.port()};
    chunked.send(line + "Host: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n");
    CHECK(chunked.receive().status == 200);
}

TEST_CASE("a connection is kept, and requests sent at once are answered in order")
{
    WebOffice office;
    Connection connection{office.server.port()};
    connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: one\r\n\r\n"
                    "GET /nowhere HTTP/1.1\r\nHost: x\r\nX-Request-Id: two\r\n\r\n");
    CHECK(field(connection.receive(), "X-Request-Id") == "one");
    CHECK(field(connection.receive(), "X-Request-Id") == "two");
    connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(connection.receive().status == 200);
    CHECK(connection.is_closed());
}

TEST_CASE("a client that waits for 100 gets it before it sends its body")
{
    WebOffice office;
    Connection connection{office.server.port()};
    connection.send("PUT /api/v1/extensions/207 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                    "Content-Type: application/json\r\nContent-Length: 2\r\n"
                    "Authorization: Bearer " +
                    office.token + "\r\n\r\n");
    CHECK(connection.receive().status == 100);
    connection.send("{}");
    CHECK(connection.receive().status == 201);
}

TEST_CASE("a connection beyond the limit takes the place of the one that has been idle for longest")
{
    WebOffice office{{.max_connections = 2}};
    const std::string question = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    Connection first{office.server.port()};
    Connection second{office.server.port()};
    for (auto* connection : {&second, &first}) {
        connection->send(question);
        CHECK(connection->receive().status == 200);
    }
    Connection slow{office.server.port()};
    CHECK(second.is_closed());
    slow.send("GET /healthz HTTP/1.1\r\nHost:");
    first.send(question);
    CHECK(first.receive().status == 200);
    Connection third{office.server.port()};
    CHECK(slow.is_closed());
    for (auto* connection : {&third, &first}) {
        connection->send(question);
        CHECK(connection->receive().status == 200);
    }
}

TEST_CASE("a connection beyond the limit is closed where all others have asked for something")
{
    WebOffice office{{.max_connections = 1}};
    Connection first{office.server.port()};
    first.send("PUT /api/v1/extensions/207 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
               "Content-Type: application/json\r\nContent-Length: 2\r\n"
               "Authorization: Bearer " +
               office.token + "\r\n\r\n");
    CHECK(first.receive().status == 100);
    Connection second{office.server.port()};
    CHECK(second.is_closed());
    first.send("{}");
    CHECK(first.receive().status == 201);
}

TEST_CASE("a request that does not arrive in time ends its connection")
{
    WebOffice office{{.timeout = std::chrono::seconds{1}}};
    Connection connection{office.server.port()};
    connection.send("GET /healthz HTTP/1.1\r\nHost:");
    CHECK(connection.is_closed());
}

TEST_CASE("an address that is taken, or not ours, cannot be bound")
{
    WebOffice office;
    const auto bind = [&](const std::string& address, std::uint16_t port) {
        web::Server server{{.address = address, .port = port}, office.database, {}};
    };
    CHECK_THROWS_AS(bind("127.0.0.1", office.server.port()), std::system_error);
    CHECK_THROWS_AS(bind("192.0.2.77", 0), std::system_error);
    CHECK_THROWS_AS(bind("nowhere", 0), std::system_error);
}

TEST_CASE("stop ends everything under way, and answers that come later are ignored")
{
    std::function<void(LiveViewRef)> late;
    std::promise<void> asked;
    TempFolder folder;
    db::DatabaseThread database{std::make_unique<db::Database>(folder.database(), "office.test")};
    {
        web::Server server{{},
                           database,
                           {.publish = {},
                            .view =
                                [&](std::function<void(LiveViewRef)> answer) {
                                    late = std::move(answer);
                                    asked.set_value();
                                },
                            .lamp = {},
                            .route = {}}};
        server.start();
        Connection idle{server.port()};
        Connection waiting{server.port()};
        waiting.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
        asked.get_future().wait();
        server.stop();
        server.stop();
        CHECK(idle.is_closed());
        CHECK(waiting.is_closed());
    }
    database.stop();
    late(nullptr);
}
