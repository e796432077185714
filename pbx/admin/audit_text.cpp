#include "admin/audit_text.hpp"

#include <boost/json.hpp>

#include "admin/body_profile_json.hpp"
#include "db/forwarding_store.hpp"
#include "db/group_store.hpp"
#include "db/ring_group_store.hpp"

namespace lampline::admin {

namespace json = boost::json;

namespace {

json::object object_of(const OutsideRights& may)
{
    return {{"forward", may.forward},
            {"calls", may.limits.calls},
            {"minutes", may.limits.minutes.count()},
            {"calls_per_day", may.limits.calls_per_day}};
}

}  // namespace

std::string audit_text(const Extension& extension)
{
    return json::serialize(json::object{{"number", extension.number},
                                        {"display_name", extension.display_name},
                                        {"visibility", name(extension.visibility)},
                                        {"mode", name(extension.mode)},
                                        {"trusted", extension.trusted},
                                        {"appearances", extension.appearances},
                                        {"phone_notifies", extension.phone_notifies}});
}

std::string audit_text(const Group& group)
{
    json::array watchers;
    for (const auto& watcher : group.watchers)
        watchers.push_back(json::object{{"number", watcher.number},
                                        {"unsolicited", watcher.unsolicited},
                                        {"profile", db::profile_word(watcher.profile)}});
    json::array watching_groups;
    for (const auto& watching : group.watching_groups)
        watching_groups.push_back(json::object{{"name", watching.name},
                                               {"unsolicited", watching.unsolicited},
                                               {"profile", db::profile_word(watching.profile)}});
    return json::serialize(
        json::object{{"name", group.name},
                     {"display_name", group.display_name},
                     {"members", json::array(group.members.begin(), group.members.end())},
                     {"watchers", std::move(watchers)},
                     {"watching_groups", std::move(watching_groups)},
                     {"rights",
                      {{"parties", group.rights.parties},
                       {"pickup", group.rights.pickup},
                       {"join", group.rights.join}}},
                     {"members_pick_up", group.members_pick_up}});
}

std::string audit_text(const Forwarding& forwarding)
{
    json::array exceptions;
    for (const auto& exception : forwarding.exceptions)
        exceptions.push_back(json::object{{"match", db::word(exception.match)},
                                          {"caller", exception.caller},
                                          {"treatment", db::word(exception.treatment)},
                                          {"to", exception.to}});
    json::object text{{"always", forwarding.always},
                      {"busy", forwarding.busy},
                      {"no_answer", forwarding.no_answer},
                      {"unregistered", forwarding.unregistered},
                      {"no_answer_after", forwarding.no_answer_after.count()},
                      {"do_not_disturb", forwarding.do_not_disturb},
                      {"call_waiting", forwarding.call_waiting},
                      {"call_limit", nullptr},
                      {"forking", db::forking_word(forwarding.forking)},
                      {"exceptions", std::move(exceptions)}};
    if (forwarding.call_limit) text["call_limit"] = *forwarding.call_limit;
    return json::serialize(text);
}

std::string audit_text(const MessageCounts& messages)
{
    return json::serialize(json::object{{"new", messages.fresh},
                                        {"old", messages.old},
                                        {"urgent_new", messages.urgent_fresh},
                                        {"urgent_old", messages.urgent_old},
                                        {"unsolicited", messages.unsolicited}});
}

std::string audit_text(const RingGroup& group)
{
    json::array members;
    for (const auto& member : group.members)
        members.push_back(json::object{{"number", member.number},
                                       {"delay", member.delay.count()},
                                       {"logged_in", member.logged_in}});
    return json::serialize(json::object{{"number", group.number},
                                        {"display_name", group.display_name},
                                        {"strategy", db::strategy_word(group.strategy)},
                                        {"members", std::move(members)},
                                        {"ring_time", group.ring_time.count()},
                                        {"overflow", group.overflow},
                                        {"skip_busy", group.skip_busy}});
}

std::string audit_text(const ParkLot& lot)
{
    return json::serialize(
        json::object{{"number", lot.number},
                     {"first_slot", lot.first_slot},
                     {"slots", lot.slots},
                     {"timeout", lot.timeout.count()},
                     {"fallback", lot.fallback},
                     {"groups", json::array(lot.groups.begin(), lot.groups.end())}});
}

std::string audit_text(const DigitRules& rules)
{
    json::array written;
    for (const auto& rule : rules.rules)
        written.push_back(
            json::object{{"name", rule.name},
                         {"pattern", rule.pattern},
                         {"priority", rule.priority},
                         {"replacement", rule.replacement},
                         {"call_class", name(rule.call_class)},
                         {"emergency", rule.emergency},
                         {"status", rule.status},
                         {"phrase", rule.phrase},
                         {"trunks", json::array(rule.trunks.begin(), rule.trunks.end())},
                         {"mode", rule.mode ? name(*rule.mode) : ""}});
    json::object rights;
    for (const auto& [number, right] : rules.rights) rights.emplace(number, name(right));
    json::object outside;
    for (const auto& [number, may] : rules.outside) outside.emplace(number, object_of(may));
    return json::serialize(json::object{{"rules", std::move(written)},
                                        {"default_right", name(rules.default_right)},
                                        {"rights", std::move(rights)},
                                        {"default_outside", object_of(rules.default_outside)},
                                        {"outside", std::move(outside)}});
}

std::string audit_text(const Trunk& trunk)
{
    json::array servers;
    for (const auto& server : trunk.servers)
        servers.push_back(json::object{
            {"host", server.host},
            {"port", server.port},
            {"transport", server.transport ? name(*server.transport) : std::string_view{}}});
    json::array numbers;
    for (const auto& rule : trunk.caller_id.numbers)
        numbers.push_back(json::object{{"pattern", rule.pattern}, {"number", rule.number}});
    json::array inbound;
    for (const auto& each : trunk.inbound)
        inbound.push_back(json::object{{"pattern", each.pattern},
                                       {"destination", each.destination},
                                       {"outside", each.outside},
                                       {"on_behalf_of", each.on_behalf_of}});
    const TrunkCredentials none;
    const auto& credentials = trunk.credentials ? *trunk.credentials : none;
    return json::serialize(
        json::object{{"name", trunk.name},
                     {"display_name", trunk.display_name},
                     {"kind", name(trunk.kind)},
                     {"enabled", trunk.enabled},
                     {"servers", std::move(servers)},
                     {"sources", json::array(trunk.sources.begin(), trunk.sources.end())},
                     {"domain", trunk.domain},
                     {"username", credentials.username},
                     {"realm", credentials.realm},
                     {"expires", trunk.expires.count()},
                     {"qualify", trunk.qualify.count()},
                     {"trusted", trunk.trusted},
                     {"mode", name(trunk.mode)},
                     {"caller_id",
                      {{"main_number", trunk.caller_id.main_number},
                       {"numbers", std::move(numbers)},
                       {"show_outside_callers", trunk.caller_id.show_outside_callers},
                       {"anonymous", trunk.caller_id.anonymous}}},
                     {"inbound", std::move(inbound)},
                     {"limits", object_of(OutsideRights{false, trunk.limits})}});
}

std::string audit_text(const CallingCard& card)
{
    return json::serialize(
        json::object{{"number", card.number},
                     {"display_name", card.display_name},
                     {"everybody", card.everybody},
                     {"users", json::array(card.users.begin(), card.users.end())},
                     {"first_digit", card.rules.first_digit.count()},
                     {"inter_digit", card.rules.inter_digit.count()},
                     {"long_pound", card.rules.long_pound.count()},
                     {"back", card.rules.back},
                     {"longest", card.rules.longest.count()}});
}

std::string feature_code_audit_text(const std::string& code)
{
    return json::serialize(json::object{{"code", code}});
}

std::string audit_text(const BodyProfile& profile)
{
    return json::serialize(object_of(profile));
}

std::string audit_text(const DeviceProfile& choice)
{
    return json::serialize(json::object{{"profile", choice.profile}});
}

}  // namespace lampline::admin
