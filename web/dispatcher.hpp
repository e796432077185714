#pragma once
// From a request to its answer: route, authenticate, check, handle, wait for the exchange.
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/token_service.hpp"
#include "db/database_thread.hpp"
#include "web/api/request.hpp"
#include "web/attempt_limit.hpp"
#include "web/server.hpp"

namespace lampline::web {

/// Everything but handle() and close() runs on the database thread.
class Dispatcher : public std::enable_shared_from_this<Dispatcher> {
public:
    /// @throws std::logic_error when the description and the handlers do not agree
    Dispatcher(db::DatabaseThread& database, admin::Publisher publisher, LiveViewSource live_view,
               RouteSource route, std::shared_ptr<const StatusCounts> counts);

    /// Any thread; `answer` is called on the database thread or the one that applies the change.
    void handle(HttpRequest request, HttpAnswer answer);
    /// From now on nothing is posted to the database thread. Any thread.
    void close();

private:
    struct Pending;
    using PendingRef = std::shared_ptr<Pending>;

    void receive(const PendingRef& pending, db::Database& database);
    /// What stands between the request and its handler; nullopt: nothing.
    std::optional<HttpResponse> prepare(Pending& pending, db::Database& database);
    std::optional<HttpResponse> authenticate(Pending& pending, db::Database& database);
    void run(const PendingRef& pending, const LiveViewRef& live, db::Database& database);
    void ask_route(const PendingRef& pending);
    /// Posts `work`; answers 503 when it cannot.
    void post(const PendingRef& pending, std::function<void(db::Database&)> work);

    std::mutex mutex_;
    db::DatabaseThread* database_;  // null: closed
    const admin::Publisher publisher_;
    const LiveViewSource live_view_;
    const RouteSource route_;
    const std::shared_ptr<const StatusCounts> counts_;
    const std::vector<Operation> operations_;
    std::vector<const HandlerRow*> rows_;  // of the operation with the same index
    AttemptLimit attempts_;
};

}  // namespace lampline::web
