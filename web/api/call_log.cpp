#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/text.hpp"
#include "db/call_log_store.hpp"
#include "web/api/request.hpp"
#include "web/api/text.hpp"
#include "web/api/time_text.hpp"
#include "web/csv.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::value id_or_null(CallRecordId id)
{
    if (!id) return nullptr;
    return json::string{write(id)};
}

json::value position_or_null(const std::optional<std::size_t>& position)
{
    if (!position) return nullptr;
    return json::value(static_cast<std::int64_t>(*position));
}

std::string seconds_text(std::chrono::milliseconds duration)
{
    return fmt::format("{}.{:03}", duration.count() / 1000, duration.count() % 1000);
}

json::object shown(const FailedMove& move)
{
    return {{"kind", word(move.kind)},
            {"by", text_or_null(move.by)},
            {"part", position_or_null(move.part)},
            {"target", text_or_null(move.target)},
            {"status", move.status},
            {"reason", move.reason},
            {"at", time_text(move.at)}};
}

json::array shown(const std::vector<FailedMove>& moves)
{
    json::array items;
    for (const auto& move : moves) items.push_back(shown(move));
    return items;
}

/// All of them in one field: `TIME KIND by WHOM to TARGET: STATUS REASON`, with ` | ` between two.
std::string line_of(const std::vector<FailedMove>& moves)
{
    std::string line;
    for (const auto& move : moves) {
        if (!line.empty()) line += " | ";
        line.append(time_text(move.at)).append(" ").append(word(move.kind));
        if (!move.by.empty()) line.append(" by ").append(move.by);
        if (!move.target.empty()) line.append(" to ").append(move.target);
        line.append(": ").append(std::to_string(move.status)).append(" ").append(move.reason);
    }
    return line;
}

json::object shown(const CallRecord& record)
{
    return {{"id", write(record.id)},
            {"from", record.caller},
            {"from_name", record.caller_name},
            {"from_trunk", text_or_null(record.caller_trunk)},
            {"dialled", record.dialled},
            {"to", record.callee},
            {"to_name", record.callee_name},
            {"answered_by", text_or_null(record.answered_by)},
            {"answered_trunk", text_or_null(record.answered_trunk)},
            {"result", word(record.result)},
            {"started_at", time_text(started_at(record.id))},
            {"ringing_at", time_or_null(record.ringing_at)},
            {"answered_at", time_or_null(record.answered_at)},
            {"ended_at", time_text(record.ended_at)},
            {"duration", static_cast<double>(record.duration().count()) / 1000.0},
            {"ended_by", word(record.ended_by)},
            {"ended_extension", text_or_null(record.ended_extension)},
            {"status", record.status},
            {"reason", record.reason},
            {"continued_in", id_or_null(record.continued_in)},
            {"failed_moves", shown(record.failed_moves)}};
}

json::object shown(const CallPart& part)
{
    return {{"kind", word(part.kind)},
            {"extension", part.extension},
            {"trunk", text_or_null(part.trunk)},
            {"on_behalf_of", text_or_null(part.on_behalf_of)},
            {"name", part.name},
            {"result", word(part.result)},
            {"missed", part.missed},
            {"call_id", part.sip_call_id},
            {"end", text_or_null(part.end)},
            {"status", part.status == 0 ? json::value{} : json::value(part.status)},
            {"started_at", time_text(part.started_at)},
            {"ringing_at", time_or_null(part.ringing_at)},
            {"answered_at", time_or_null(part.answered_at)},
            {"ended_at", time_text(part.ended_at)},
            {"in_place_of", position_or_null(part.in_place_of)},
            {"moved_by", position_or_null(part.moved_by)},
            {"came_from", id_or_null(part.came_from)}};
}

void append_row(std::string& text, const CallRecord& record)
{
    const auto time = [](const std::optional<CallRecord::TimePoint>& at) {
        return at ? time_text(*at) : std::string{};
    };
    append_csv(text, {write(record.id),
                      record.caller,
                      record.caller_name,
                      record.dialled,
                      record.callee,
                      record.callee_name,
                      record.answered_by,
                      word(record.result),
                      time_text(started_at(record.id)),
                      time(record.ringing_at),
                      time(record.answered_at),
                      time_text(record.ended_at),
                      seconds_text(record.duration()),
                      word(record.ended_by),
                      record.ended_extension,
                      std::to_string(record.status),
                      record.reason,
                      record.continued_in ? write(record.continued_in) : std::string{},
                      record.caller_trunk,
                      record.answered_trunk,
                      line_of(record.failed_moves)});
}

/// The weight that an Accept header gives `type` (RFC 9110 §12.5.1), in thousandths; exact types
/// only.
unsigned weight_of(std::string_view accept, std::string_view type)
{
    while (!accept.empty()) {
        const auto comma = accept.find(',');
        auto range = accept.substr(0, comma);
        accept.remove_prefix(comma == accept.npos ? accept.size() : comma + 1);
        const auto semicolon = range.find(';');
        auto name = range.substr(0, semicolon);
        while (name.starts_with(' ')) name.remove_prefix(1);
        while (name.ends_with(' ')) name.remove_suffix(1);
        if (!same_word(name, type)) continue;
        const auto q = range.find("q=");
        if (semicolon == range.npos || q == range.npos || q < semicolon) return 1000;
        double weight = 0;
        std::from_chars(range.data() + q + 2, range.data() + range.size(), weight);
        return static_cast<unsigned>(std::clamp(weight, 0.0, 1.0) * 1000);
    }
    return 0;
}

bool wants_csv(const HttpFields& fields)
{
    const auto accept = fields.find("Accept");
    return accept && weight_of(*accept, "text/csv") > weight_of(*accept, "application/json");
}

Result<db::CallLogQuery, HttpResponse> query_of(const Query& asked)
{
    db::CallLogQuery query;
    query.extension = find(asked, "extension").value_or("");
    query.text = find(asked, "q").value_or("");
    if (const auto side = find(asked, "direction")) {
        if (query.extension.empty())
            return unexpected{bad_parameter(
                {"direction", "needs_extension", "is of an extension, which must be named"})};
        query.side = *side == "incoming" ? db::CallSide::incoming : db::CallSide::outgoing;
    }
    if (const auto outcome = find(asked, "outcome"))
        query.outcome =
            *outcome == "answered" ? db::CallOutcome::answered : db::CallOutcome::missed;
    for (auto [name, time] : {std::pair{"from", &query.from}, std::pair{"to", &query.to}}) {
        const auto text = find(asked, name);
        if (!text) continue;
        *time = parse_time(*text);
        if (!*time)
            return unexpected{bad_parameter(
                {name, "malformed", "is not a time such as 2026-11-20T08:00:00Z (RFC 3339)"})};
    }
    if (query.from && query.to && *query.to < *query.from)
        return unexpected{bad_parameter({"to", "not_allowed", "is before `from`"})};
    if (const auto cursor = find(asked, "cursor")) {
        const auto before = parse_record_id(*cursor);
        if (!before)
            return unexpected{bad_parameter({"cursor", "malformed", "is not of this list"})};
        query.before = *before;
    }
    if (const auto limit = find(asked, "limit"))
        std::from_chars(limit->data(), limit->data() + limit->size(), query.limit);
    return query;
}

HttpResponse csv_answer(const std::vector<CallRecord>& records, CallRecordId next)
{
    HttpResponse response{200, {}, {}};
    append_csv(response.body,
               {"id",          "from",        "from_name",    "dialled",    "to",
                "to_name",     "answered_by", "result",       "started_at", "ringing_at",
                "answered_at", "ended_at",    "duration",     "ended_by",   "ended_extension",
                "status",      "reason",      "continued_in", "from_trunk", "answered_trunk",
                "failed_moves"});
    for (const auto& record : records) append_row(response.body, record);
    response.fields.add("Content-Type", "text/csv; charset=utf-8; header=present");
    response.fields.add("Content-Disposition", "attachment; filename=\"call-log.csv\"");
    response.fields.add("Vary", "Accept");
    if (next) response.fields.add("X-Next-Cursor", write(next));
    return response;
}

}  // namespace

ApiAnswer list_call_log(const ApiRequest& request)
{
    auto query = query_of(request.query);
    if (!query) return {std::move(query.error())};
    const auto wanted = query->limit++;  // one more tells whether there is a next page
    auto records = db::CallLogStore{request.database}.page(*query);
    const bool more = records.size() > wanted;
    if (more) records.resize(wanted);
    const auto next = more ? records.back().id : CallRecordId{};
    if (wants_csv(request.fields)) return {csv_answer(records, next)};
    json::array items;
    for (const auto& record : records) items.push_back(shown(record));
    auto response =
        json_answer(200, {{"items", std::move(items)}, {"next_cursor", id_or_null(next)}});
    response.fields.add("Vary", "Accept");
    return {std::move(response)};
}

ApiAnswer get_call_log_entry(const ApiRequest& request)
{
    const auto id = parse_record_id(request.param("id"));
    const auto record = id ? db::CallLogStore{request.database}.find(*id) : std::nullopt;
    if (!record) return {problem(404, "unknown", "no call of the log has this id")};
    auto answer = shown(*record);
    json::array parts;
    for (const auto& part : record->parts) parts.push_back(shown(part));
    answer["parts"] = std::move(parts);
    return {json_answer(200, answer)};
}

}  // namespace lampline::web
