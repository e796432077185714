#include "web/event_words.hpp"

#include <boost/json.hpp>

#include <utility>

#include "web/api/live_json.hpp"
#include "web/api/text.hpp"
#include "web/api/time_text.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

EventWords words(const LegEvent& leg, json::object said)
{
    said["call"] = std::to_string(leg.call.value);
    said["leg"] = std::to_string(leg.leg.value);
    said["extension"] = leg.extension;
    said["number"] = leg.trunk.empty() ? json::value{} : json::value(leg.number);
    said["trunk"] = leg.trunk.empty() ? json::value{} : json::value(leg.trunk);
    said["direction"] = leg.direction == Direction::initiator ? "initiator" : "recipient";
    said["state"] = name(leg.state);
    if (leg.state == LegState::terminated)
        said["ended_by"] = end_event(leg.ended_by);
    else
        said["ended_by"] = nullptr;
    said["held"] = leg.held;
    said["with"] = leg.with;
    said["with_name"] = leg.with_name;
    return {EventType::call, {leg.extension, leg.with}, json_text(said)};
}

EventWords words(const LampEvent& lamp, json::object said)
{
    said["step"] = name(lamp.step);
    said["watcher"] = lamp.watcher;
    said["member"] = lamp.member;
    said["contact"] = lamp.contact;
    said["shown"] = name(lamp.shown);
    said["present"] = name(lamp.present);
    said["agrees"] = lamp.shown == lamp.present;
    said["cseq"] = lamp.cseq;
    if (lamp.answer)
        said["answer"] = *lamp.answer;
    else
        said["answer"] = nullptr;
    return {EventType::lamp, {lamp.watcher, lamp.member}, json_text(said)};
}

EventWords words(const RegistrationEvent& registration, json::object said)
{
    said["extension"] = registration.extension;
    said["contacts"] = json::array(registration.contacts.begin(), registration.contacts.end());
    return {EventType::registration, {registration.extension}, json_text(said)};
}

EventWords words(const ReachEvent& reach, json::object said)
{
    said["extension"] = reach.extension;
    said["contact"] = reach.contact;
    said["reachable"] = reach.reachable;
    if (reach.round_trip.count() > 0)
        said["round_trip_ms"] = static_cast<double>(reach.round_trip.count()) / 1000;
    else
        said["round_trip_ms"] = nullptr;
    return {EventType::reachability, {reach.extension}, json_text(said)};
}

EventWords words(const TrunkStatus& trunk, json::object said)
{
    said["trunk"] = trunk.trunk;
    said["state"] = name(trunk.state);
    said["server"] = text_or_null(trunk.server);
    said["last_error"] = text_or_null(trunk.last_error);
    return {EventType::trunk, {}, json_text(said)};
}

/// What a resource of the API lists the same way.
template <class Event>
EventWords words_as_listed(EventType type, const Event& event, json::object said)
{
    for (const auto& member : shown(event)) said[member.key()] = member.value();
    return {type, {event.extension}, json_text(said)};
}

EventWords words(const PresenceEvent& presence, json::object said)
{
    return words_as_listed(EventType::presence, presence, std::move(said));
}

EventWords words(const AppearanceEvent& appearance, json::object said)
{
    auto words = words_as_listed(EventType::appearance, appearance, std::move(said));
    words.extensions.push_back(appearance.with);
    return words;
}

EventWords words(const PublishedEvent& published, json::object said)
{
    auto words = words_as_listed(EventType::published, published, std::move(said));
    words.extensions.push_back(published.with);
    return words;
}

EventWords words(const MessagesEvent& messages, json::object said)
{
    said["extension"] = messages.extension;
    said["new"] = messages.counts.fresh;
    said["old"] = messages.counts.old;
    said["urgent_new"] = messages.counts.urgent_fresh;
    said["urgent_old"] = messages.counts.urgent_old;
    return {EventType::messages, {messages.extension}, json_text(said)};
}

EventWords words(const FeaturesEvent& features, json::object said)
{
    const auto& forwarding = features.forwarding;
    said["extension"] = features.extension;
    said["do_not_disturb"] = forwarding.do_not_disturb;
    said["always"] = text_or_null(forwarding.always);
    said["busy"] = text_or_null(forwarding.busy);
    said["no_answer"] = text_or_null(forwarding.no_answer);
    said["no_answer_after"] = forwarding.no_answer_after.count();
    said["unregistered"] = text_or_null(forwarding.unregistered);
    said["call_waiting"] = forwarding.call_waiting;
    return {EventType::features, {features.extension}, json_text(said)};
}

EventWords words(const LoginEvent& login, json::object said)
{
    said["group"] = login.group;
    said["extension"] = login.extension;
    said["logged_in"] = login.logged_in;
    return {EventType::login, {login.extension, login.group}, json_text(said)};
}

}  // namespace

EventWords words_of(const LiveEvent& event)
{
    return std::visit(
        [&](const auto& what) {
            return words(what, json::object{{"at", time_text(event.at)}});
        },
        event.what);
}

}  // namespace lampline::web
