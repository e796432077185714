#pragma once
// What a handler gets and gives.
#include <boost/json/value.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/change.hpp"
#include "admin/token_service.hpp"
#include "core/call_order.hpp"
#include "core/lamp_account.hpp"
#include "core/live_view.hpp"
#include "core/route_explanation.hpp"
#include "core/sip_trace.hpp"
#include "db/database.hpp"
#include "web/event_hub.hpp"
#include "web/http_message.hpp"
#include "web/router.hpp"
#include "web/status_counts.hpp"
#include "web/ticket_box.hpp"

namespace lampline::web {

/// Query parameters that the description knows, checked against it.
using Query = std::vector<std::pair<std::string, std::string>>;

/// The value of `name`; nullopt when it is not there.
std::optional<std::string_view> find(const Query& query, std::string_view name) noexcept;

/// One request, authenticated and checked against the description.
struct ApiRequest {
    const HttpFields& fields;
    const PathParams& path;
    const Query& query;
    const std::optional<boost::json::value>& body;  ///< there when the description has one
    const admin::Actor& actor;
    const std::optional<admin::Bearer>& bearer;  ///< there when the operation needs a right
    db::Database& database;
    const LiveViewRef& live;           ///< null: not needed, or the exchange is not ready
    const LampAccountRef& lamp;        ///< there when it is needed
    const RouteExplanationRef& route;  ///< there when it is needed
    const OrderAnswerRef& order;       ///< there when it is needed
    const SipTraceRef& trace;          ///< null: not needed, or no messages are kept
    const StatusCounts& counts;
    EventHub& events;
    TicketBox& tickets;
    std::chrono::sys_seconds now;
    std::chrono::steady_clock::time_point mono;  ///< the same instant

    [[nodiscard]] const std::string& param(std::string_view name) const;
};

/// The answer, to be sent once the exchange acts on `change`.
struct ApiAnswer {
    HttpResponse response;
    admin::ConfigChange change{};
};

/// Runs on the database thread. May throw: then the answer is 500.
using ApiHandler = ApiAnswer (*)(const ApiRequest&);

/// What the exchange is asked for first: a lamp is that of the path's `watcher` and `member`, a
/// route that of the body's `from` and `dialled`, messages are those of the path's `id`. order: it
/// is asked to do what the request says.
enum class Needs : std::uint8_t { nothing, live_view, lamp, lamp_resent, route, order, messages };

struct HandlerRow {
    std::string_view operation;  ///< operationId
    ApiHandler handler;
    Needs needs = Needs::nothing;
    CallAction action{};  ///< where an order is needed
};

/// Every handler of this program.
std::span<const HandlerRow> handlers() noexcept;

ApiAnswer list_extensions(const ApiRequest&);
ApiAnswer get_extension(const ApiRequest&);
ApiAnswer put_extension(const ApiRequest&);
ApiAnswer patch_extension(const ApiRequest&);
ApiAnswer delete_extension(const ApiRequest&);
ApiAnswer get_forwarding(const ApiRequest&);
ApiAnswer put_forwarding(const ApiRequest&);
ApiAnswer patch_forwarding(const ApiRequest&);
ApiAnswer get_messages(const ApiRequest&);
ApiAnswer put_messages(const ApiRequest&);
ApiAnswer list_feature_codes(const ApiRequest&);
ApiAnswer get_feature_code(const ApiRequest&);
ApiAnswer put_feature_code(const ApiRequest&);
ApiAnswer get_digit_plan(const ApiRequest&);
ApiAnswer put_digit_plan(const ApiRequest&);
ApiAnswer get_calling_card(const ApiRequest&);
ApiAnswer put_calling_card(const ApiRequest&);
ApiAnswer test_digit_plan(const ApiRequest&);
ApiAnswer get_park_lot(const ApiRequest&);
ApiAnswer put_park_lot(const ApiRequest&);
ApiAnswer list_watches(const ApiRequest&);
ApiAnswer list_groups(const ApiRequest&);
ApiAnswer get_group(const ApiRequest&);
ApiAnswer put_group(const ApiRequest&);
ApiAnswer patch_group(const ApiRequest&);
ApiAnswer delete_group(const ApiRequest&);
ApiAnswer list_body_profiles(const ApiRequest&);
ApiAnswer get_body_profile(const ApiRequest&);
ApiAnswer put_body_profile(const ApiRequest&);
ApiAnswer delete_body_profile(const ApiRequest&);
ApiAnswer list_trunks(const ApiRequest&);
ApiAnswer get_trunk(const ApiRequest&);
ApiAnswer put_trunk(const ApiRequest&);
ApiAnswer patch_trunk(const ApiRequest&);
ApiAnswer delete_trunk(const ApiRequest&);
ApiAnswer list_device_profiles(const ApiRequest&);
ApiAnswer get_device_profile(const ApiRequest&);
ApiAnswer put_device_profile(const ApiRequest&);
ApiAnswer delete_device_profile(const ApiRequest&);
ApiAnswer list_ring_groups(const ApiRequest&);
ApiAnswer get_ring_group(const ApiRequest&);
ApiAnswer put_ring_group(const ApiRequest&);
ApiAnswer patch_ring_group(const ApiRequest&);
ApiAnswer delete_ring_group(const ApiRequest&);
ApiAnswer list_registrations(const ApiRequest&);
ApiAnswer list_calls(const ApiRequest&);
ApiAnswer get_call(const ApiRequest&);
ApiAnswer place_call(const ApiRequest&);
/// The answers of hang up, hold, resume, transfer and pick up.
template <CallAction action>
ApiAnswer change_call(const ApiRequest&);
ApiAnswer list_call_log(const ApiRequest&);
ApiAnswer get_call_log_entry(const ApiRequest&);
ApiAnswer get_ladder(const ApiRequest&);
ApiAnswer get_pcap(const ApiRequest&);
ApiAnswer list_subscriptions(const ApiRequest&);
ApiAnswer list_presence(const ApiRequest&);
ApiAnswer list_appearances(const ApiRequest&);
ApiAnswer list_published_dialogs(const ApiRequest&);
ApiAnswer list_lamps(const ApiRequest&);
ApiAnswer get_lamp(const ApiRequest&);
ApiAnswer resend_lamp(const ApiRequest&);
ApiAnswer stream_events(const ApiRequest&);
ApiAnswer create_event_ticket(const ApiRequest&);
ApiAnswer get_description(const ApiRequest&);
ApiAnswer get_health(const ApiRequest&);
ApiAnswer get_readiness(const ApiRequest&);
ApiAnswer get_metrics(const ApiRequest&);

}  // namespace lampline::web
