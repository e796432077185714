#include "web/dispatcher.hpp"

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>

#include "base/clock.hpp"
#include "base/text.hpp"
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

/// To OPTIONS (RFC 9110 §9.3.7).
HttpResponse able_to(const std::vector<std::string>& methods)
{
    HttpResponse response{204, {}, {}};
    response.fields.add("Allow", joined(methods));
    return response;
}

/// A request about a call, checked against its schema.
CallOrder order_of(CallAction action, const PathParams& path,
                   const std::optional<json::value>& body)
{
    CallOrder order{.action = action};
    for (const auto& [name, value] : path)
        if (name == "id") order.call = value;
    if (!body) return order;
    const auto& members = body->as_object();
    const auto take = [&](std::string_view name, std::string& into) {
        if (const auto* value = members.if_contains(name))
            into = json::value_to<std::string>(*value);
    };
    take("from", order.from);
    take("to", order.to);
    take("slot", order.to);
    take("by", order.by);
    if (const auto* answer = members.if_contains("auto_answer"))
        order.auto_answer = answer->as_bool();
    return order;
}

RouteTest route_test_in(const json::object& body)
{
    RouteTest test{.dialled = json::value_to<std::string>(body.at("dialled"))};
    if (const auto* from = body.if_contains("from")) test.from = json::value_to<std::string>(*from);
    if (const auto* trunk = body.if_contains("trunk"))
        test.trunk = json::value_to<std::string>(*trunk);
    if (const auto* caller = body.if_contains("caller"); caller && !caller->is_null())
        test.caller = json::value_to<std::string>(*caller);
    return test;
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
    std::optional<admin::Bearer> bearer;
    LiveViewRef live;
    LampAccountRef lamp;
    RouteExplanationRef route;
    OrderAnswerRef order;
    SipTraceRef trace;

    [[nodiscard]] bool has_what_it_needs() const
    {
        switch (row->needs) {
        case Needs::nothing:
        case Needs::messages: return true;  // there may be none
        case Needs::live_view: return live != nullptr;
        case Needs::lamp:
        case Needs::lamp_resent: return lamp != nullptr;
        case Needs::route: return route != nullptr;
        case Needs::order: return order != nullptr;
        }
        return false;
    }

    void finish(HttpResponse response)
    {
        const bool change = request.method != "GET" && request.method != "HEAD" &&
                            request.method != "OPTIONS";
        spdlog::log(change ? spdlog::level::info : spdlog::level::debug,
                    "http: {} {} {} by {} from {} [{}]", response.status, request.method,
                    printable(request.target.substr(0, request.target.find('?'))),
                    actor.name.empty() ? "nobody" : actor.name, request.peer, request.id);
        answer(std::move(response));
    }
};

Dispatcher::Dispatcher(db::DatabaseThread& database, ExchangeDoor exchange,
                       std::shared_ptr<const StatusCounts> counts, std::shared_ptr<EventHub> events)
    : database_{&database}, exchange_{std::move(exchange)}, counts_{std::move(counts)},
      events_{std::move(events)}, operations_{described_operations()}
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

void Dispatcher::check_streams(std::vector<admin::Bearer> bearers)
{
    auto work = [events = events_, bearers = std::move(bearers)](db::Database& database) mutable {
        const admin::TokenService tokens{database};
        std::erase_if(bearers, [&](const auto& bearer) { return tokens.holds(bearer); });
        if (!bearers.empty()) events->end(bearers);
    };
    const std::lock_guard lock{mutex_};
    // When too much is waiting, the next check finds them.
    if (database_ != nullptr) static_cast<void>(database_->post(std::move(work)));
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
    if (pending->row->needs == Needs::nothing) return run(pending, database);
    ask(pending);
}

void Dispatcher::ask(const PendingRef& pending)
{
    const auto go_on = [self = shared_from_this(), pending] {
        self->post(pending,
                   [self, pending](db::Database& database) { self->run(pending, database); });
    };
    if (pending->row->needs == Needs::live_view)
        return exchange_.view([pending, go_on](LiveViewRef live) {
            pending->live = std::move(live);
            go_on();
        });
    if (pending->row->needs == Needs::route) {
        return exchange_.route(route_test_in(pending->body->as_object()),
                               [pending, go_on](RouteExplanationRef route) {
                                   pending->route = std::move(route);
                                   go_on();
                               });
    }
    if (pending->row->needs == Needs::order)
        return exchange_.order(order_of(pending->row->action, pending->path, pending->body),
                               [pending, go_on](OrderAnswerRef order) {
                                   pending->order = std::move(order);
                                   go_on();
                               });
    const auto named = [&](std::string_view name) {
        for (const auto& [each, value] : pending->path)
            if (each == name) return value;
        throw std::logic_error{"the path does not name what is asked for"};
    };
    if (pending->row->needs == Needs::messages)
        return exchange_.messages(parse_record_id(named("id")).value_or(CallRecordId{}),
                                  [pending, go_on](SipTraceRef trace) {
                                      pending->trace = std::move(trace);
                                      go_on();
                                  });
    exchange_.lamp({.watcher = named("watcher"),
                    .member = named("member"),
                    .resend = pending->row->needs == Needs::lamp_resent},
                   [pending, go_on](LampAccountRef lamp) {
                       pending->lamp = std::move(lamp);
                       go_on();
                   });
}

std::optional<HttpResponse> Dispatcher::prepare(Pending& pending, db::Database& database)
{
    const auto& request = pending.request;
    pending.actor = {"", request.peer, request.id};
    const bool asks_options = request.method == "OPTIONS";
    if (asks_options && request.target == "*") return able_to(methods_of(operations_));
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
        if (auto response = authenticate(pending, url->query, database)) return response;
    if (route.allowed.empty()) return problem(404, "unknown", "there is no such path");
    if (asks_options) return able_to(route.allowed);
    if (route.operation == nullptr) {
        auto response =
            problem(405, "method-not-allowed", "this path can " + joined(route.allowed));
        response.fields.add("Allow", joined(route.allowed));
        return response;
    }
    pending.row = rows_[static_cast<std::size_t>(route.operation - operations_.data())];
    if (pending.bearer && route.operation->right &&
        !admin::may(pending.bearer->role, *route.operation->right))
        return problem(403, "forbidden",
                       std::string{"the role "}.append(word(pending.bearer->role)) +
                           " may not do this");

    auto query = check_query(*route.operation, std::move(url->query));
    if (!query) return std::move(query.error());
    pending.query = std::move(*query);
    auto body = check_body(*route.operation, request);
    if (!body) return std::move(body.error());
    pending.body = std::move(*body);
    return std::nullopt;
}

std::optional<HttpResponse> Dispatcher::authenticate(Pending& pending, const Query& query,
                                                     db::Database& database)
{
    const auto now = present();
    const auto token = bearer_token(pending.request.fields);
    const auto ticket = pending.operation != nullptr && pending.operation->takes_ticket && !token
                            ? find(query, "ticket")
                            : std::nullopt;
    if (!token && !ticket) return unauthorized(false);
    admin::TokenService tokens{database};
    if (token) {
        pending.bearer = tokens.authenticate(*token, now.seconds());
    } else {
        pending.bearer = tickets_.redeem(*ticket, now.mono);
        if (pending.bearer && !tokens.holds(*pending.bearer)) pending.bearer.reset();
    }
    if (pending.bearer) {
        pending.actor.name = pending.bearer->name;
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

void Dispatcher::run(const PendingRef& pending, db::Database& database)
{
    const bool tells_readiness = pending->operation->id == "getReadiness";
    if (!pending->has_what_it_needs() && !tells_readiness)
        return pending->finish(problem(503, "not-ready", "the exchange is not ready"));
    const auto now = present();
    auto answer = pending->row->handler({.fields = pending->request.fields,
                                         .path = pending->path,
                                         .query = pending->query,
                                         .body = pending->body,
                                         .actor = pending->actor,
                                         .bearer = pending->bearer,
                                         .database = database,
                                         .live = pending->live,
                                         .lamp = pending->lamp,
                                         .route = pending->route,
                                         .order = pending->order,
                                         .trace = pending->trace,
                                         .counts = *counts_,
                                         .events = *events_,
                                         .tickets = tickets_,
                                         .now = now.seconds(),
                                         .mono = now.mono});
    if (!answer.change.directory) return pending->finish(std::move(answer.response));
    exchange_.publish(std::move(answer.change.directory),
                      [pending, response = std::move(answer.response)]() mutable {
                          pending->finish(std::move(response));
                      });
}

}  // namespace lampline::web
