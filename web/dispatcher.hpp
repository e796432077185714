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
#include "web/ticket_box.hpp"

namespace lampline::web {

/// Everything but handle(), check_streams() and close() runs on the database thread.
class Dispatcher : public std::enable_shared_from_this<Dispatcher> {
public:
    /// @throws std::logic_error when the description and the handlers do not agree
    Dispatcher(db::DatabaseThread& database, ExchangeDoor exchange,
               std::shared_ptr<const StatusCounts> counts, std::shared_ptr<EventHub> events);

    /// Any thread; `answer` is called on the database thread or the one that applies the change.
    void handle(HttpRequest request, HttpAnswer answer);
    /// Ends the streams of those whose token counts no more. Any thread.
    void check_streams(std::vector<admin::Bearer> bearers);
    /// From now on nothing is posted to the database thread. Any thread.
    void close();

private:
    struct Pending;
    using PendingRef = std::shared_ptr<Pending>;

    void receive(const PendingRef& pending, db::Database& database);
    /// What stands between the request and its handler; nullopt: nothing.
    std::optional<HttpResponse> prepare(Pending& pending, db::Database& database);
    std::optional<HttpResponse> authenticate(Pending& pending, const Query& query,
                                             db::Database& database);
    /// Asks the exchange for what the handler needs, and runs it then.
    void ask(const PendingRef& pending);
    void run(const PendingRef& pending, db::Database& database);
    /// Posts `work`; answers 503 when it cannot.
    void post(const PendingRef& pending, std::function<void(db::Database&)> work);

    std::mutex mutex_;
    db::DatabaseThread* database_;  // null: closed
    const ExchangeDoor exchange_;
    const std::shared_ptr<const StatusCounts> counts_;
    const std::shared_ptr<EventHub> events_;
    const std::vector<Operation> operations_;
    std::vector<const HandlerRow*> rows_;  // of the operation with the same index
    AttemptLimit attempts_;
    TicketBox tickets_;
};

}  // namespace lampline::web
