// One lamp: why it shows what it shows, and sending it anew.
#include <boost/json.hpp>

#include "db/group_store.hpp"
#include "web/api/lamp_words.hpp"
#include "web/api/request.hpp"
#include "web/api/text.hpp"
#include "web/api/time_text.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::object shown(const LampLook& look)
{
    const std::string_view idle = look.colour == LampColour::unknown ? "unknown" : "idle";
    return {{"colour", name(look.colour)},
            {"state", look.state ? name(*look.state) : idle},
            {"since", time_or_null(look.since)}};
}

json::value shown(const std::optional<PublishedBy>& published)
{
    if (!published) return nullptr;
    return json::object{{"by", published->publisher},
                        {"expires_at", time_text(published->expires_at)}};
}

json::object shown(const AccountedCall& call)
{
    const auto number_or_null = [&](auto id) {
        return call.call ? json::value(std::to_string(id.value)) : json::value{};
    };
    return {{"id", number_or_null(call.call)},
            {"leg", number_or_null(call.leg)},
            {"direction", call.direction == Direction::initiator ? "initiator" : "recipient"},
            {"state", name(call.state)},
            {"held", call.held},
            {"with", call.with},
            {"with_name", call.with_name},
            {"call_id", call.call_id},
            {"started_at", time_or_null(call.started_at)},
            {"answered_at", time_or_null(call.answered_at)},
            {"published", shown(call.published)},
            {"parked_by", text_or_null(call.parked_by)}};
}

std::string address_of(const Flow& flow)
{
    const bool v6 = flow.host.find(':') != std::string::npos;
    return (v6 ? '[' + flow.host + ']' : flow.host) + ':' + std::to_string(flow.port);
}

json::object shown(const AccountedNotify& notify)
{
    return {{"cseq", notify.cseq},
            {"version", notify.version},
            {"sent_at", time_text(notify.sent_at)},
            {"transport", name(notify.flow.transport)},
            {"address", address_of(notify.flow)},
            {"bytes", notify.body.size()},
            {"list_bytes", notify.list_bytes ? json::value(*notify.list_bytes) : nullptr},
            {"body", notify.body},
            {"answer", notify.answer && !notify.silent ? json::value(*notify.answer) : nullptr},
            {"silent", notify.silent},
            {"answered_at", time_or_null(notify.answered_at)}};
}

json::object shown(const AccountedLamp& lamp)
{
    return {{"kind", lamp.unsolicited ? "unsolicited" : "subscribed"},
            {"list", lamp.list.empty() ? json::value{} : json::value(lamp.list)},
            {"profile", lamp.profile},
            {"profile_from", name(lamp.profile_origin)},
            {"shown", shown(lamp.shown)},
            {"present", shown(lamp.present)},
            {"agrees", lamp.agrees()},
            {"notify", lamp.notify ? json::value(shown(*lamp.notify)) : nullptr},
            {"under_way", lamp.under_way},
            {"failures", lamp.failures},
            {"retry_at", time_or_null(lamp.retry_at)},
            {"expires_at", time_text(lamp.expires_at)}};
}

std::string_view reason_of(const AccountedPhone& phone)
{
    if (phone.lamp) {
        if (phone.lamp->under_way) return "under_way";
        if (phone.lamp->waiting) return "waits_to_retry";
        return phone.lamp->agrees() ? "told" : "not_told_yet";
    }
    switch (phone.why_none) {
    case NoLamp::not_allowed: return "not_allowed";
    case NoLamp::refuses: return "refuses_unsolicited";
    case NoLamp::not_subscribed: return "not_subscribed";
    case NoLamp::not_registered: return "not_registered";
    case NoLamp::told_by_phone: return "told_by_phone";
    }
    return "not_registered";
}

json::object shown(const AccountedPhone& phone, const LampAccount& account)
{
    return {{"contact", phone.contact},
            {"user_agent", phone.user_agent},
            {"registered", phone.registered},
            {"reason", reason_of(phone)},
            {"explanation", explanation(phone, account)},
            {"lamp", phone.lamp ? json::value(shown(*phone.lamp)) : nullptr}};
}

json::object rule_of(const LampAccount& account)
{
    const auto* right = account.directory->right(account.watcher, account.member);
    const auto key = account.directory->key(account.watcher, account.member);
    const std::string_view owner = key ? key->owner : std::string_view{account.member};
    json::array groups;
    for (const auto& grant : account.directory->grants(account.watcher, owner))
        groups.push_back(json::object{{"name", grant.group},
                                      {"unsolicited", grant.unsolicited},
                                      {"profile", db::profile_word(grant.profile)}});
    return {{"allowed", right != nullptr},
            {"unsolicited", right != nullptr && right->unsolicited},
            {"parties", right != nullptr && right->rights.parties},
            {"pickup", account.directory->may_pick_up(account.watcher, account.member)},
            {"profile", right && right->profile ? right->profile->name : "auto"},
            {"groups", std::move(groups)}};
}

std::string_view reason_of(const LampAccount& account)
{
    if (!account.directory->right(account.watcher, account.member)) return "not_allowed";
    bool lit = false;
    bool agrees = true;
    bool registered = false;
    bool by_phone = false;
    for (const auto& phone : account.phones) {
        by_phone = by_phone || (!phone.lamp && phone.why_none == NoLamp::told_by_phone);
        registered = registered || phone.registered;
        lit = lit || phone.lamp;
        agrees = agrees && (!phone.lamp || phone.lamp->agrees());
    }
    if (lit) return agrees ? "agrees" : "differs";
    if (by_phone) return "told_by_phone";
    return registered ? "no_lamp" : "not_registered";
}

std::string not_there(const Directory& directory, const std::string& name)
{
    if (directory.find_group(name))
        return name + " is a group: ask for the lamp of one of its members";
    if (directory.find_ring_group(name))
        return name + " is a ring group, which has no lamp: ask for that of a member, or of the key "
                      "login+" + name;
    return "there is no extension " + name;
}

/// 404 naming the extensions of the path that do not exist.
std::optional<HttpResponse> unknown_extensions(const LampAccount& account)
{
    json::array errors;
    const auto& directory = *account.directory;
    for (const auto& [name, number] :
         {std::pair{"/watcher", &account.watcher}, {"/member", &account.member}})
        if (!directory.is_watchable(*number) &&
            !(number == &account.member && directory.key(account.watcher, *number)))
            errors.push_back(json::object{{"pointer", name},
                                          {"code", "unknown_extension"},
                                          {"message", not_there(directory, *number)}});
    if (errors.empty()) return std::nullopt;
    const auto detail = json::value_to<std::string>(errors[0].at("message"));
    return problem(404, "unknown", detail, {{"errors", std::move(errors)}});
}

json::object key_of(const LampAccount& account)
{
    return {{"watcher", account.watcher}, {"member", account.member}};
}

}  // namespace

ApiAnswer get_lamp(const ApiRequest& request)
{
    const auto& account = *request.lamp;
    if (auto response = unknown_extensions(account)) return {std::move(*response)};
    json::array calls;
    for (const auto& call : account.calls) calls.push_back(shown(call));
    json::array phones;
    for (const auto& phone : account.phones) phones.push_back(shown(phone, account));
    auto body = key_of(account);
    body["taken_at"] = time_text(account.taken_at);
    body["reason"] = reason_of(account);
    body["summary"] = summary(account);
    body["member_state"] = shown(account.member_look);
    body["calls"] = std::move(calls);
    body["rule"] = rule_of(account);
    body["phones"] = std::move(phones);
    return {json_answer(200, body)};
}

ApiAnswer resend_lamp(const ApiRequest& request)
{
    const auto& account = *request.lamp;
    if (auto response = unknown_extensions(account)) return {std::move(*response)};
    if (account.resent.empty())
        return {
            problem(409, "no-lamp", "nothing was sent, for there is no lamp: " + summary(account))};
    admin::record_action(request.database, request.actor, "lamp.resend",
                         account.watcher + '/' + account.member, request.now);
    json::array phones;
    for (const auto& one : account.resent)
        phones.push_back(
            json::object{{"contact", one.contact}, {"queued", one.waits}, {"cseq", one.cseq}});
    auto body = key_of(account);
    body["phones"] = std::move(phones);
    return {json_answer(202, body)};
}

}  // namespace lampline::web
