#pragma once
// The HTTP server: REST, health and metrics.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "admin/change.hpp"
#include "core/call_order.hpp"
#include "core/lamp_account.hpp"
#include "core/live_view.hpp"
#include "core/route_explanation.hpp"
#include "core/sip_trace.hpp"
#include "db/database_thread.hpp"
#include "web/event_hub.hpp"

namespace lampline::web {

struct ServerSettings {
    std::string address = "127.0.0.1";  ///< numeric, IPv4 or IPv6
    std::uint16_t port = 0;             ///< 0: a free one
    /// One more ends the connection that has waited longest for a request; where none waits, it is
    /// closed itself.
    std::size_t max_connections = 256;
    std::chrono::seconds timeout{
        30};  ///< for a request to arrive, an answer to leave, an idle connection to stay
    std::chrono::seconds answer_timeout{
        5};  ///< for the exchange and the storage to answer; then 503
    EventHubSettings events{};
};

/// Asks the exchange for its LiveView; `answer` is called once, on any thread; null: it is not
/// ready.
using LiveViewSource = std::function<void(std::function<void(LiveViewRef)> answer)>;

/// Asks the exchange about one lamp, in the same manner.
using LampSource =
    std::function<void(LampQuestion question, std::function<void(LampAccountRef)> answer)>;

/// Asks the exchange what would become of a call, in the same manner.
using RouteSource =
    std::function<void(RouteTest test, std::function<void(RouteExplanationRef)> answer)>;

/// Has the exchange do something with a call, in the same manner.
using OrderTaker = std::function<void(CallOrder order, std::function<void(OrderAnswerRef)> answer)>;
/// Asks the exchange for the SIP messages of a call, in the same manner; null: none are kept.
using MessagesSource =
    std::function<void(CallRecordId record, std::function<void(SipTraceRef)> answer)>;

/// All that the web wants of the exchange.
struct ExchangeDoor {
    admin::Publisher publish;
    LiveViewSource view;
    LampSource lamp;
    RouteSource route;
    OrderTaker order;
    MessagesSource messages;
};

/// Runs its own thread, which only moves bytes: requests are handled on the database thread. A
/// change is answered when it is committed and the exchange acts on it.
class Server {
public:
    /// Binds the address; nothing is accepted yet. `database` must outlive this.
    /// @throws std::system_error when it cannot be bound
    Server(ServerSettings settings, db::DatabaseThread& database, ExchangeDoor exchange);
    /// stop()
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// The bound port.
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// Where the exchange says what changes.
    [[nodiscard]] EventHub& events() noexcept;
    void start();
    /// Closes every connection and ends the thread. Answers that are still under way are lost.
    /// Idempotent.
    void stop();

private:
    class House;
    std::unique_ptr<House> house_;
};

}  // namespace lampline::web
