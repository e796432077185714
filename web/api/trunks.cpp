#include <boost/json.hpp>

#include <algorithm>

#include "admin/trunk_service.hpp"
#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/api/text.hpp"
#include "web/api/time_text.hpp"
#include "web/api/warnings.hpp"
#include "web/etag.hpp"
#include "web/problem.hpp"
#include "web/url.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::object shown(const TrunkServer& server)
{
    json::object body{{"host", server.host}, {"port", nullptr}, {"transport", nullptr}};
    if (server.port != 0) body["port"] = server.port;
    if (server.transport) body["transport"] = name(*server.transport);
    return body;
}

json::object shown(const TrunkCallerId& caller_id)
{
    json::array numbers;
    for (const auto& rule : caller_id.numbers)
        numbers.push_back(json::object{{"pattern", rule.pattern}, {"number", rule.number}});
    return {{"main_number", text_or_null(caller_id.main_number)},
            {"numbers", std::move(numbers)},
            {"show_outside_callers", caller_id.show_outside_callers},
            {"anonymous", caller_id.anonymous}};
}

json::value milliseconds_or_null(std::chrono::microseconds time)
{
    if (time.count() == 0) return nullptr;
    return static_cast<double>(time.count()) / 1000;
}

/// null: the exchange was not asked, or does not know the trunk yet.
json::value status_of(std::string_view trunk, const LiveViewRef& live)
{
    if (!live) return nullptr;
    const auto found = std::ranges::find(live->trunks, trunk, &TrunkStatus::trunk);
    if (found == live->trunks.end()) return nullptr;
    return json::object{{"state", name(found->state)},
                        {"since", time_text(found->since)},
                        {"server", text_or_null(found->server)},
                        {"round_trip_ms", milliseconds_or_null(found->round_trip)},
                        {"registered_until", time_or_null(found->registered_until)},
                        {"next_attempt", time_or_null(found->next_attempt)},
                        {"last_error", text_or_null(found->last_error)}};
}

/// Without the secret, which never leaves.
json::object shown(const db::StoredTrunk& row, json::array warnings,
                   const LiveViewRef& live = nullptr)
{
    const auto& trunk = row.trunk;
    json::array servers;
    for (const auto& server : trunk.servers) servers.push_back(shown(server));
    json::array inbound;
    for (const auto& number : trunk.inbound)
        inbound.push_back(json::object{{"pattern", number.pattern},
                                       {"destination", number.destination},
                                       {"outside", number.outside},
                                       {"on_behalf_of", text_or_null(number.on_behalf_of)}});
    const TrunkCredentials none;
    const auto& credentials = trunk.credentials ? *trunk.credentials : none;
    return {{"name", trunk.name},
            {"display_name", trunk.display_name},
            {"kind", name(trunk.kind)},
            {"enabled", trunk.enabled},
            {"servers", std::move(servers)},
            {"sources", json::array(trunk.sources.begin(), trunk.sources.end())},
            {"domain", trunk.domain},
            {"username", text_or_null(credentials.username)},
            {"realm", text_or_null(credentials.realm)},
            {"expires", trunk.expires.count()},
            {"qualify", trunk.qualify.count()},
            {"trusted", trunk.trusted},
            {"mode", name(trunk.mode)},
            {"caller_id", shown(trunk.caller_id)},
            {"inbound", std::move(inbound)},
            {"limits",
             {{"calls", trunk.limits.calls},
              {"minutes", trunk.limits.minutes.count()},
              {"calls_per_day", trunk.limits.calls_per_day}}},
            {"status", status_of(trunk.name, live)},
            {"warnings", std::move(warnings)},
            {"created_at", time_text(row.stamp.created_at)},
            {"updated_at", time_text(row.stamp.updated_at)}};
}

json::array warnings_of(std::string_view trunk, const ApiRequest& request)
{
    return shown_warnings(admin::leads_to_nobody(request.database), "trunk", trunk);
}

std::string named(const std::string& name)
{
    return "trunk " + name;
}

/// Puts single members of one object where they belong; null brings the default back (RFC 7396).
class Merge {
public:
    explicit Merge(const json::object& body) : body_{body} {}

    void text(std::string_view name, std::string& to) const
    {
        if (const auto* member = body_.if_contains(name))
            to = member->is_null() ? "" : json::value_to<std::string>(*member);
    }
    void flag(std::string_view name, bool& to, bool standard) const
    {
        if (const auto* member = body_.if_contains(name))
            to = member->is_null() ? standard : member->as_bool();
    }
    template <class Number>
    void number(std::string_view name, Number& to, Number standard) const
    {
        if (const auto* member = body_.if_contains(name))
            to = member->is_null() ? standard : static_cast<Number>(member->to_number<unsigned>());
    }
    /// The elements of a list replace what `to` has.
    template <class Element, class Read>
    void list(std::string_view name, std::vector<Element>& to, Read read) const
    {
        const auto* member = body_.if_contains(name);
        if (member == nullptr) return;
        to.clear();
        if (const auto* elements = member->if_array())
            for (const auto& element : *elements) to.push_back(read(element));
    }
    /// The members of an object; null: all of them are null.
    template <class Read>
    void object(std::string_view name, std::initializer_list<std::string_view> members,
                Read read) const
    {
        const auto* member = body_.if_contains(name);
        if (member == nullptr) return;
        if (const auto* object = member->if_object()) return read(Merge{*object});
        json::object nothing;
        for (const auto each : members) nothing[each] = nullptr;
        read(Merge{nothing});
    }

private:
    const json::object& body_;
};

TrunkServer server_in(const json::value& value)
{
    const Merge body{value.as_object()};
    TrunkServer server;
    body.text("host", server.host);
    body.number("port", server.port, std::uint16_t{0});
    std::string word;
    body.text("transport", word);
    for (const auto transport : {Transport::udp, Transport::tcp})
        if (word == name(transport)) server.transport = transport;
    return server;
}

void merge_credentials(const Merge& body, Trunk& trunk)
{
    auto credentials = trunk.credentials ? *trunk.credentials : TrunkCredentials{};
    credentials.secret.clear();  // the present one is kept unless another one is given
    body.text("username", credentials.username);
    body.text("secret", credentials.secret);
    body.text("realm", credentials.realm);
    trunk.credentials = credentials.username.empty()
                            ? nullptr
                            : std::make_shared<const TrunkCredentials>(std::move(credentials));
}

void merge(const json::object& members, Trunk& trunk)
{
    const Trunk defaults;
    const Merge body{members};
    body.text("display_name", trunk.display_name);
    std::string kind{name(trunk.kind)};
    body.text("kind", kind);
    trunk.kind = trunk_kind(kind).value_or(defaults.kind);
    body.flag("enabled", trunk.enabled, defaults.enabled);
    body.list("servers", trunk.servers, server_in);
    body.list("sources", trunk.sources,
              [](const json::value& value) { return json::value_to<std::string>(value); });
    body.text("domain", trunk.domain);
    merge_credentials(body, trunk);
    body.number("expires", trunk.expires, defaults.expires);
    body.number("qualify", trunk.qualify, defaults.qualify);
    body.flag("trusted", trunk.trusted, defaults.trusted);
    std::string mode{name(trunk.mode)};
    body.text("mode", mode);
    trunk.mode = call_mode(mode).value_or(defaults.mode);
    body.object("caller_id", {"main_number", "numbers", "show_outside_callers", "anonymous"},
                [&](const Merge& caller_id) {
                    auto& to = trunk.caller_id;
                    caller_id.text("main_number", to.main_number);
                    caller_id.list("numbers", to.numbers, [](const json::value& value) {
                        NumberRule rule;
                        const Merge row{value.as_object()};
                        row.text("pattern", rule.pattern);
                        row.text("number", rule.number);
                        return rule;
                    });
                    caller_id.flag("show_outside_callers", to.show_outside_callers, false);
                    caller_id.flag("anonymous", to.anonymous, false);
                });
    body.list("inbound", trunk.inbound, [](const json::value& value) {
        InboundNumber number;
        const Merge row{value.as_object()};
        row.text("pattern", number.pattern);
        row.text("destination", number.destination);
        row.flag("outside", number.outside, false);
        row.text("on_behalf_of", number.on_behalf_of);
        return number;
    });
    body.object("limits", {"calls", "minutes", "calls_per_day"}, [&](const Merge& limits) {
        limits.number("calls", trunk.limits.calls, 0U);
        limits.number("minutes", trunk.limits.minutes, std::chrono::minutes{0});
        limits.number("calls_per_day", trunk.limits.calls_per_day, 0U);
    });
}

/// The key is the path's; the body may repeat it.
std::optional<HttpResponse> other_key(const ApiRequest& request, const json::object& body)
{
    const auto* name = body.if_contains("name");
    if (name == nullptr || name->as_string() == request.param("trunk")) return std::nullopt;
    const admin::FieldFault fault{"/name", "mismatch", "is not the name of the path"};
    return invalid({&fault, 1});
}

ApiAnswer save(const ApiRequest& request, const Trunk& trunk, const admin::Precondition& condition)
{
    auto saved =
        admin::TrunkService{request.database}.put(trunk, condition, request.actor, request.now);
    if (!saved) return {refused(saved.error(), named(trunk.name))};
    const auto warnings = warnings_of(trunk.name, request);
    auto response = json_answer(saved->created ? 201 : 200, shown(saved->row, warnings));
    response.fields.add("ETag", etag(saved->row.stamp.version, mark_of(warnings)));
    if (saved->created)
        response.fields.add("Location", "/api/v1/trunks/" + escaped_segment(trunk.name));
    return {std::move(response), std::move(saved->change)};
}

}  // namespace

ApiAnswer list_trunks(const ApiRequest& request)
{
    std::vector<json::object> items;
    const auto to_nobody = admin::leads_to_nobody(request.database);
    for (const auto& row : admin::TrunkService{request.database}.all())
        items.push_back(shown(row, shown_warnings(to_nobody, "trunk", row.trunk.name), request.live));
    static const ListRules rules{{"name"},
                                 {"name", "display_name", "kind", "created_at", "updated_at"},
                                 {"name", "display_name", "domain"},
                                 {}};
    return {list_page(std::move(items), rules, request.query)};
}

ApiAnswer get_trunk(const ApiRequest& request)
{
    const auto& name = request.param("trunk");
    const auto row = admin::TrunkService{request.database}.find(name);
    if (!row) return {problem(404, "unknown", named(name) + " does not exist")};
    const auto warnings = warnings_of(name, request);
    const auto live = json::serialize(status_of(name, request.live)) + mark_of(warnings);
    auto response = is_known(request.fields, row->stamp.version, live)
                        ? HttpResponse{304, {}, {}}
                        : json_answer(200, shown(*row, warnings, request.live));
    response.fields.add("ETag", etag(row->stamp.version, live));
    return {std::move(response)};
}

ApiAnswer put_trunk(const ApiRequest& request)
{
    const auto& body = request.body->as_object();
    if (auto response = other_key(request, body)) return {std::move(*response)};
    Trunk trunk;
    trunk.name = request.param("trunk");
    merge(body, trunk);
    return save(request, trunk, precondition_of(request.fields));
}

ApiAnswer patch_trunk(const ApiRequest& request)
{
    const auto& body = request.body->as_object();
    if (auto response = other_key(request, body)) return {std::move(*response)};
    const auto& name = request.param("trunk");
    auto present = admin::TrunkService{request.database}.find(name);
    auto condition = precondition_of(request.fields);
    if (const auto refusal = admin::check(condition, present ? present->stamp.version : 0))
        return {refused(*refusal, named(name))};
    if (!present) return {problem(404, "unknown", named(name) + " does not exist")};
    merge(body, present->trunk);
    condition.only_versions = {{present->stamp.version}};  // what was merged into
    return save(request, present->trunk, condition);
}

ApiAnswer delete_trunk(const ApiRequest& request)
{
    const auto& name = request.param("trunk");
    auto change = admin::TrunkService{request.database}.remove(
        name, precondition_of(request.fields), request.actor, request.now);
    if (!change)
        return {refused(change.error(), named(name), "; take it out of the digit plan first")};
    return {HttpResponse{204, {}, {}}, std::move(*change)};
}

}  // namespace lampline::web
