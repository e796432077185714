#include "web/dispatcher.hpp"

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>

#include "base/clock.hpp"
#include "web/problem.hpp"
#include "web/request_check.hpp"
#include "web/url.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

std::vector<Operation> described_operations()
{
    return operations_of(json::parse(description_json()).as_object());
}

/// The token of `Authorization: Bearer <token>` (RFC 6750 §2.1); nullopt: none is presented.
std::optional<std::string> bearer_token(const HttpFields& fields)
{
    constexpr std::string_view scheme = "Bearer ";
    const auto value = fields.find("Authorization");
    if (!value || value->size() <= scheme.size()) return std::nullopt;
    if (!same_word(std::string_view{*value}.substr(0, scheme.size()), scheme)) return std::nullopt;
    const auto from = value->find_first_not_of(' ', scheme.size());
    if (from == std::string::npos) return std::nullopt;
    return value->substr(from);
}

HttpResponse unauthorized(bool presented)
{
    auto response = problem(401, "unauthorized",
                            presented ? "nobody has this token" : "a bearer token is needed");
    response.fields.add("WWW-Authenticate",
                        presented ? R"(Bearer realm="lampline", error="invalid_token")"
                                  : R"(Bearer realm="lampline")");
    return response;
}

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const auto& word : words) text.append(text.empty() ? "" : ", ").append(word);
    return text;
}

/// For the log: paths are the network's text.
std::string printable(std::string_view text)
{
    std::string shown{text.substr(0, 200)};
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return c < 0x20 || c > 0x7E; }, '?');
    return shown;
}

}  // namespace

struct Dispatcher::Pending {
    HttpRequest request;
    HttpAnswer answer;
    const Operation* operation = nullptr;
    const HandlerRow* row = nullptr;
    PathParams path;
    Query query;
    std::optional<json::value> body;
    admin::Actor actor;
    std::optional<admin::Role> role;
    RouteExplanationRef route;

    void finish(HttpResponse response)
    {
        const bool change = request.method != "GET" && request.method != "HEAD";
        spdlog::log(change ? spdlog::level::info : spdlog::level::debug,
                    "http: {} {} {} by {} from {} [{}]", response.status, request.method,
                    printable(request.target.substr(0, request.target.find('?'))),
                    actor.name.empty() ? "nobody" : actor.name, request.peer, request.id);
        answer(std::move(response));
    }
};

Dispatcher::Dispatcher(db::DatabaseThread& database, admin::Publisher publisher,
                       LiveViewSource live_view, RouteSource route,
                       std::shared_ptr<const StatusCounts> counts)
    : database_{&database}, publisher_{std::move(publisher)}, live_view_{std::move(live_view)},
      route_{std::move(route)}, counts_{std::move(counts)}, operations_{described_operations()}
{
    const auto all = handlers();
    for (const auto& operation : operations_) {
        const auto row = std::find_if(all.begin(), all.end(), [&](const HandlerRow& each) {
            return each.operation == operation.id;
        });
        if (row == all.end()) throw std::logic_error{"no handler for " + operation.id};
        rows_.push_back(&*row);
    }
    if (rows_.size() != all.size()) throw std::logic_error{"a handler is not described"};
}

void Dispatcher::handle(HttpRequest request, HttpAnswer answer)
{
    auto pending = std::make_shared<Pending>();
    pending->request = std::move(request);
    pending->answer = std::move(answer);
    post(pending, [self = shared_from_this(), pending](db::Database& database) {
        self->receive(pending, database);
    });
}

void Dispatcher::close()
{
    const std::lock_guard lock{mutex_};
    database_ = nullptr;
}

void Dispatcher::post(const PendingRef& pending, std::function<void(db::Database&)> work)
{
    auto guarded = [pending, work = std::move(work)](db::Database& database) {
        try {
            work(database);
        } catch (const std::exception& failure) {
            spdlog::error("http: {} failed [{}]: {}",
                          pending->operation ? pending->operation->id : "request",
                          pending->request.id, failure.what());
            pending->finish(problem(500, "failed", "the server's log says why"));
        }
    };
    const std::lock_guard lock{mutex_};
    if (database_ != nullptr && database_->post(std::move(guarded))) return;
    auto response = problem(503, "overloaded", "too many requests are waiting");
    response.fields.add("Retry-After", "1");
    pending->answer(std::move(response));
}

void Dispatcher::receive(const PendingRef& pending, db::Database& database)
{
    if (auto response = prepare(*pending, database)) return pending->finish(std::move(*response));
    if (pending->row->needs == Needs::nothing) return run(pending, nullptr, database);
    if (pending->row->needs == Needs::route) return ask_route(pending);
    live_view_([self = shared_from_this(), pending](LiveViewRef live) {
        self->post(pending,
                   [self, pending, live](db::Database& again) { self->run(pending, live, again); });
    });
}

void Dispatcher::ask_route(const PendingRef& pending)
{
    const auto& body = pending->body->as_object();
    route_(json::value_to<std::string>(body.at("from")),
           json::value_to<std::string>(body.at("dialled")),
           [self = shared_from_this(), pending](RouteExplanationRef route) {
               pending->route = std::move(route);
               self->post(pending, [self, pending](db::Database& again) {
                   self->run(pending, nullptr, again);
               });
           });
}

std::optional<HttpResponse> Dispatcher::prepare(Pending& pending, db::Database& database)
{
    const auto& request = pending.request;
    pending.actor = {"", request.peer, request.id};
    auto url = Url::parse(request.target);
    if (!url) return problem(400, "malformed", "the target is not a path");

    auto route = find_route(operations_, request.method, url->segments);
    pending.operation = route.operation;
    pending.path = std::move(route.params);
    const bool locked =
        url->segments.front() == "api" ||
        (route.operation && !(route.operation->open_to_loopback && request.loopback));
    const bool open = route.operation && !route.operation->right;
    if (locked && !open)
        if (auto response = authenticate(pending, database)) return response;
    if (route.allowed.empty()) return problem(404, "unknown", "there is no such path");
    if (route.operation == nullptr) {
        auto response =
            problem(405, "method-not-allowed", "this path can " + joined(route.allowed));
        response.fields.add("Allow", joined(route.allowed));
        return response;
    }
    pending.row = rows_[static_cast<std::size_t>(route.operation - operations_.data())];
    if (pending.role && route.operation->right &&
        !admin::may(*pending.role, *route.operation->right))
        return problem(403, "forbidden",
                       std::string{"the role "}.append(word(*pending.role)) + " may not do this");

    auto query = check_query(*route.operation, std::move(url->query));
    if (!query) return std::move(query.error());
    pending.query = std::move(*query);
    auto body = check_body(*route.operation, request);
    if (!body) return std::move(body.error());
    pending.body = std::move(*body);
    return std::nullopt;
}

std::optional<HttpResponse> Dispatcher::authenticate(Pending& pending, db::Database& database)
{
    const auto now = present();
    const auto token = bearer_token(pending.request.fields);
    if (!token) return unauthorized(false);
    if (auto bearer = admin::TokenService{database}.authenticate(*token, now.seconds())) {
        pending.actor.name = std::move(bearer->name);
        pending.role = bearer->role;
        return std::nullopt;
    }
    spdlog::warn("http: a token that nobody has, from {} [{}]", pending.request.peer,
                 pending.request.id);
    const auto wait = attempts_.fail(pending.request.peer, now.mono);
    if (!wait) return unauthorized(true);
    auto response = problem(429, "too-many-attempts", "too many tokens that nobody has");
    response.fields.add("Retry-After", std::to_string(wait->count()));
    return response;
}

void Dispatcher::run(const PendingRef& pending, const LiveViewRef& live, db::Database& database)
{
    const bool tells_readiness = pending->operation->id == "getReadiness";
    if (pending->row->needs == Needs::live_view && !live && !tells_readiness)
        return pending->finish(problem(503, "not-ready", "the exchange is not ready"));
    auto answer = pending->row->handler({pending->request.fields, pending->path, pending->query,
                                         pending->body, pending->actor, database, live, *counts_,
                                         present().seconds(), pending->route});
    if (!answer.change.directory) return pending->finish(std::move(answer.response));
    publisher_(std::move(answer.change.directory),
               [pending, response = std::move(answer.response)]() mutable {
                   pending->finish(std::move(response));
               });
}

}  // namespace lampline::web
