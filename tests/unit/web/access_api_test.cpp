#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "unit/web/http_client.hpp"
#include "web/attempt_limit.hpp"
#include "web/dispatcher.hpp"

using namespace lampline;
using namespace lampline::testing;

TEST_CASE("401 without a token, with another scheme, and with nobody's (RFC 6750 3)")
{
    WebOffice office;
    for (const auto* authorization : {"", "Basic YTpi", "Bearer", "Bearer "}) {
        CAPTURE(authorization);
        const auto refused = office.get("/api/v1/extensions", {{"Authorization", authorization}});
        CHECK(refused.status == 401);
        CHECK(field(refused, "WWW-Authenticate") == R"(Bearer realm="lampline")");
    }
    const auto nobody = office.get("/api/v1/extensions", {{"Authorization", "Bearer ll_nobody"}});
    CHECK(nobody.status == 401);
    CHECK(field(nobody, "WWW-Authenticate").find("invalid_token") != std::string::npos);
    CHECK(office.get("/api/v1/extensions", {{"Authorization", "bearer " + office.token}}).status ==
          200);
    CHECK(office.get("/api/v1/nowhere", {{"Authorization", ""}}).status == 401);
    CHECK(office.get("/nowhere", {{"Authorization", ""}}).status == 404);
}

TEST_CASE("a token made or revoked beside the running server counts at once")
{
    WebOffice office;
    db::Database beside{office.folder.database()};
    const auto token = admin::TokenService{beside}
                           .create("beside", admin::Role::admin, admin::IfTaken::refuse, {}, {})
                           .value();
    const Fields fields{{"Authorization", "Bearer " + token}};
    CHECK(office.get("/api/v1/extensions", fields).status == 200);
    admin::TokenService{beside}.revoke("beside", {}, {});
    CHECK(office.get("/api/v1/extensions", fields).status == 401);
}

TEST_CASE("429 after too many tokens that nobody has, and never for one that somebody has")
{
    WebOffice office;
    const Fields wrong{{"Authorization", "Bearer ll_wrong"}};
    for (unsigned i = 0; i < web::AttemptLimit::max_failures; ++i)
        CHECK(office.get("/api/v1/extensions", wrong).status == 401);
    const auto refused = office.get("/api/v1/extensions", wrong);
    CHECK(refused.status == 429);
    const auto wait = std::stoi(field(refused, "Retry-After"));
    CHECK(wait > 0);
    CHECK(wait <= 60);
    CHECK(office.get("/api/v1/extensions").status == 200);
}

TEST_CASE("403 when the token's role may not do this")
{
    WebOffice office;
    const auto as = [&](admin::Role role) {
        return Fields{
            {"Authorization", "Bearer " + office.new_token(std::string{admin::word(role)}, role)}};
    };
    const auto auditor = as(admin::Role::auditor);
    CHECK(office.get("/api/v1/extensions", auditor).status == 200);
    CHECK(office.put("/api/v1/extensions/207", "{}", auditor).status == 403);
    CHECK(office.remove("/api/v1/groups/sales", auditor).status == 403);
    const auto receptionist = as(admin::Role::receptionist);
    CHECK(office.get("/api/v1/calls", receptionist).status == 200);
    CHECK(office.get("/api/v1/extensions", receptionist).status == 403);
    CHECK(office.put("/api/v1/extensions/207", "{}", as(admin::Role::operator_)).status == 201);
}

TEST_CASE("metrics need a token when they are asked for from elsewhere")
{
    WebOffice office;
    const auto dispatcher = std::make_shared<web::Dispatcher>(
        office.database,
        web::ExchangeDoor{.publish = {},
                          .view =
                              [](std::function<void(LiveViewRef)> answer) {
                                  answer(std::make_shared<LiveView>());
                              },
                          .lamp = {},
                          .route = {}},
        std::make_shared<web::StatusCounts>(), std::make_shared<web::EventHub>());
    const auto status = [&](bool loopback, const std::string& authorization) {
        web::HttpRequest request{"GET", "/metrics", {}, {}, "192.0.2.1", loopback, "id"};
        if (!authorization.empty()) request.fields.add("Authorization", authorization);
        std::promise<unsigned> answered;
        dispatcher->handle(std::move(request), [&](const web::HttpResponse& response) {
            answered.set_value(response.status);
        });
        return answered.get_future().get();
    };
    CHECK(status(true, "") == 200);
    CHECK(status(false, "") == 401);
    CHECK(status(false, "Bearer ll_nobody") == 401);
    CHECK(status(false, "Bearer " + office.token) == 200);
}

TEST_CASE("no token and no password in the log")
{
    std::ostringstream lines;
    const auto before = spdlog::default_logger();
    auto logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines));
    logger->set_level(spdlog::level::trace);
    spdlog::set_default_logger(logger);
    std::string token;
    {
        WebOffice office;
        token = office.token;
        office.put("/api/v1/extensions/207", R"({"sip_password":"correct horse"})",
                   {{"X-Request-Id", "request-7"}});
        office.get("/api/v1/extensions?q=needle", {{"Authorization", "Bearer ll_wrongtoken"}});
        office.put("/api/v1/extensions/207", R"({"sip_password":"correct horse)");
    }
    spdlog::set_default_logger(before);
    const auto text = lines.str();
    CHECK(text.find("request-7") != std::string::npos);
    CHECK(text.find("by tests from 127.0.0.1") != std::string::npos);
    CHECK(text.find("correct") == std::string::npos);
    CHECK(text.find("wrongtoken") == std::string::npos);
    CHECK(text.find("needle") == std::string::npos);
    CHECK(text.find(token) == std::string::npos);
}

TEST_CASE("attempts are counted by address, for a minute, in bounded memory")
{
    web::AttemptLimit limit;
    const web::AttemptLimit::TimePoint start{};
    for (unsigned i = 0; i < web::AttemptLimit::max_failures; ++i)
        CHECK_FALSE(limit.fail("192.0.2.1", start));
    CHECK(limit.fail("192.0.2.1", start + std::chrono::seconds{20}) == std::chrono::seconds{40});
    CHECK_FALSE(limit.fail("192.0.2.2", start));
    CHECK_FALSE(limit.fail("192.0.2.1", start + std::chrono::seconds{60}));
    for (std::size_t i = 0; i < 3 * web::AttemptLimit::max_addresses; ++i)
        limit.fail(std::to_string(i), start);
    CHECK_FALSE(limit.fail("another", start));
}
