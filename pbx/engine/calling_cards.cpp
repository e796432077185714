// One call after the other for a caller that stays where it is (RFC 3725, RFC 4730).
//
//     caller             application              target
//       |------INVITE-------->|                      |
//       |<--200 inactive------|                      |
//       |<--SUBSCRIBE kpml----|                      |
//       |--NOTIFY digits----->|-----INVITE---------->|
//       |<--re-INVITE---------|<----200 offer--------|
//       |---200 answer------->|-----ACK answer------>|
//       |--NOTIFY long #----->|-----BYE------------->|
//       |<--re-INVITE inactive|                      |
#include "engine/calling_cards.hpp"

#include <utility>
#include <vector>

#include "core/sdp.hpp"

namespace lampline {
namespace {

/// A subscription that ends again and again is not worth asking for.
constexpr unsigned max_renewals = 5;

constexpr std::string_view key_lifetime = "7200";  // seconds, as RFC 4730 §4.3 suggests

std::string_view header(const PayloadRef& payload, std::string_view name) noexcept
{
    if (payload)
        for (const auto& each : payload->headers)
            if (each.name == name) return each.value;
    return {};
}

/// The word before any parameters.
bool says(std::string_view value, std::string_view word) noexcept
{
    return value.substr(0, value.find_first_of("; ")) == word;
}

void reply(const RequestReceived& request, unsigned status, Outbox& outbox,
           std::vector<Header> headers = {})
{
    outbox.send(
        Reply{.transaction = request.transaction, .status = status, .headers = std::move(headers)});
}

std::vector<KeyWatch::Pattern> back_patterns(const CardRules& rules)
{
    std::vector<KeyWatch::Pattern> patterns;
    if (rules.long_pound.count() > 0)
        patterns.push_back({"L#", std::string{CardSession::back_tag}});
    if (!rules.back.empty()) patterns.push_back({rules.back, std::string{CardSession::back_tag}});
    return patterns;
}

}  // namespace

void CallingCards::begin(const Call& call, const Leg& caller, CardRules rules, Moment now)
{
    const auto added =
        cards_.emplace(call.id, Card{.caller = caller.id,
                                     .application = caller.other,
                                     .session = CardSession{std::move(rules), now.mono}});
    wake(call, added.first->second);
}

std::pair<CallingCards::Card*, Leg*> CallingCards::find(Call& call)
{
    const auto found = cards_.empty() ? cards_.end() : cards_.find(call.id);
    if (found == cards_.end()) return {nullptr, nullptr};
    Leg* caller = call.find(found->second.caller);
    if (!caller || !caller->talking()) return {nullptr, nullptr};
    return {&found->second, caller};
}

void CallingCards::acknowledged(Call& call, Leg& leg, Moment /*now*/, Outbox& outbox)
{
    const auto [card, caller] = find(call);
    if (card && caller == &leg) watch_keys(leg, *card, outbox);
}

bool CallingCards::take(Call& call, Leg& leg, const RequestReceived& request, Moment now,
                        Outbox& outbox)
{
    const auto [card, caller] = find(call);
    const bool reports_keys =
        request.method == Method::notify && says(header(request.payload, "Event"), "kpml");
    const bool serves = card && caller == &leg;
    // Nobody else can have subscribed to keys within a call, so nobody else is asked.
    if (reports_keys && !serves) {
        reply(request, 481, outbox);
        return true;
    }
    if (!serves) return false;
    switch (request.method) {
    case Method::notify:
        if (!reports_keys) return false;
        take_notify(call, leg, *card, request, now, outbox);
        return true;
    case Method::info: return take_info(call, leg, *card, request, now, outbox);
    case Method::invite:
    case Method::update:
        if (leg.peer) return false;
        answer_session(call, leg, request, outbox);
        return true;
    case Method::options:
        if (leg.peer) return false;
        reply(request, 200, outbox);
        return true;
    default: return false;
    }
}

void CallingCards::take_notify(Call& call, Leg& caller, Card& card, const RequestReceived& request,
                               Moment now, Outbox& outbox)
{
    if (!card.subscribing && card.watch == Watch::nothing) return reply(request, 481, outbox);
    const auto document = body_of(request.payload);
    const auto report = parse_key_report(document);
    if (!document.empty() && !report)
        return reply(request, 400, outbox,
                     {{"Warning", "399 lampline \"Body: expected one kpml-response\""}});
    reply(request, 200, outbox);

    const auto state = header(request.payload, "Subscription-State");
    if (says(state, "terminated")) {
        card.watch = Watch::nothing;
        card.refused = state.find("reason=rejected") != std::string_view::npos ||
                       ++card.renewals > max_renewals;
    }
    const bool matched_once = report && report->code == 200 && report->tag == CardSession::back_tag;
    if (matched_once) card.watch = Watch::nothing;
    CardMove move;
    if (report && !report->digits.empty() && card.source != KeySource::info) {
        card.source = KeySource::subscription;
        card.renewals = 0;
        move = card.session.reported(*report, now.mono);
    }
    follow(call, caller, card, move, now, outbox);
}

bool CallingCards::take_info(Call& call, Leg& caller, Card& card, const RequestReceived& request,
                             Moment now, Outbox& outbox)
{
    const bool talks = static_cast<bool>(caller.peer);
    const auto type =
        request.payload ? std::string_view{request.payload->content_type} : std::string_view{};
    const auto press = parse_info_key(type, body_of(request.payload));
    if (!press) {
        if (talks) return false;
        if (is_info_key(type))
            reply(request, 400, outbox, {{"Warning", "399 lampline \"Body: expected a key\""}});
        else
            reply(request, 415, outbox, {{"Accept", "application/dtmf-relay, application/dtmf"}});
        return true;
    }
    CardMove move;
    if (card.source != KeySource::subscription) {
        card.source = KeySource::info;
        move = card.session.pressed(*press, now.mono);
    }
    if (talks && move.kind == CardMove::Kind::nothing) return false;  // the other's to hear
    reply(request, 200, outbox);
    follow(call, caller, card, move, now, outbox);
    return true;
}

/// A change of the session while nobody is there: still nothing to hear.
void CallingCards::answer_session(Call& call, Leg& caller, const RequestReceived& request,
                                  Outbox& outbox)
{
    if (call.session_pending(caller)) return reply(request, 491, outbox);
    const auto offer = body_of(request.payload);
    const bool invite = request.method == Method::invite;
    if (!offer.empty()) caller.sdp = request.payload;
    if (invite) caller.ack_due = request.transaction;
    outbox.send(Reply{.transaction = request.transaction,
                      .status = 200,
                      .payload = invite || !offer.empty()
                                     ? desk_.silence(offer.empty() ? body_of(caller.sdp) : offer)
                                     : nullptr});
}

bool CallingCards::hear(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                        Outbox& outbox)
{
    const auto [card, caller] = find(call);
    if (!card || caller != &leg) return false;
    if (card->silencing && response.transaction == card->silencing) {
        if (response.status >= 200) silenced(call, leg, *card, response, now, outbox);
        return true;
    }
    if (!card->subscribing || response.transaction != card->subscribing) return false;
    if (response.status < 200) return true;
    card->subscribing = {};
    if (response.status == 491)  // an INFO of its own, say
        if (const auto again = card->keys_glare.met(leg.role, random_, now.mono)) {
            card->retry_at = again;
            wake(call, *card);
            return true;
        }
    card->keys_glare.over();
    if (response.status < 300)
        card->watch = card->refused ? Watch::nothing : card->asked;
    else
        card->refused = true;  // its keys may still come by INFO
    watch_keys(leg, *card, outbox);
    return true;
}

void CallingCards::connected(Call& call, Moment /*now*/, Outbox& outbox)
{
    const auto [card, caller] = find(call);
    if (!card || !caller->peer) return;
    card->session.connected();
    card->silence_owed = false;
    card->retry_at.reset();
    watch_keys(*caller, *card, outbox);
    wake(call, *card);
}

bool CallingCards::alone(Call& call, bool media_moved, Moment now, Outbox& outbox)
{
    const auto [card, caller] = find(call);
    if (!card || caller->peer) return false;
    card->session.alone(now.mono);
    caller->other = card->application;
    caller->awaits.reset();
    desk_.show(*caller, outbox);
    if (media_moved) {
        card->silence_owed = true;
        card->glare.over();
    }
    if (card->silence_owed && !card->silencing) silence(call, *caller, *card, now, outbox);
    watch_keys(*caller, *card, outbox);
    wake(call, *card);
    return true;
}

bool CallingCards::left(Call& call, Leg& leg, Moment now, Outbox& outbox)
{
    const auto [card, caller] = find(call);
    if (!card || caller->peer != leg.id || leg.peer != caller->id) return false;
    card->heard = leg.sdp;
    desk_.part(call, *caller, leg, true, outbox);
    return alone(call, true, now, outbox);
}

void CallingCards::due(Call& call, Moment now, Outbox& outbox)
{
    const auto [card, caller] = find(call);
    if (!card) return forget(call.id);
    if (card->retry_at && *card->retry_at <= now.mono) {
        card->retry_at.reset();
        if (card->silence_owed) silence(call, *caller, *card, now, outbox);
    }
    follow(call, *caller, *card, card->session.advanced(now.mono), now, outbox);
}

void CallingCards::follow(Call& call, Leg& caller, Card& card, const CardMove& move, Moment now,
                          Outbox& outbox)
{
    switch (move.kind) {
    case CardMove::Kind::nothing: break;
    case CardMove::Kind::call: desk_.dial(call, caller, move.number, now, outbox); break;
    case CardMove::Kind::take_back: take_back(call, caller, card, now, outbox); break;
    case CardMove::Kind::end:
        return desk_.end(call,
                         card.session.stage() == CardStage::dialling
                             ? "SIP;cause=408;text=\"No number dialled\""
                             : "SIP;cause=408;text=\"Time is up\"",
                         now, outbox);
    }
    watch_keys(caller, card, outbox);
    wake(call, card);
}

void CallingCards::take_back(Call& call, Leg& caller, Card& card, Moment now, Outbox& outbox)
{
    if (!caller.peer) return desk_.give_up_dialling(call, now, outbox);
    Leg* other = call.find(caller.peer);
    if (!other || call.transfer) return;  // somebody else moves the call
    card.heard = other->sdp;
    desk_.part(call, caller, *other, false, outbox);
    alone(call, true, now, outbox);
}

/// Asks the phone for what is to be known of its keys now, if that is something else than before.
void CallingCards::watch_keys(Leg& caller, Card& card, Outbox& outbox)
{
    if (card.refused || card.subscribing || caller.ack_due) return;
    const auto patterns =
        card.session.stage() == CardStage::dialling
            ? std::vector<KeyWatch::Pattern>{{"[x*#ABCD]", std::string{CardSession::key_tag}}}
            : back_patterns(card.session.rules());
    const auto wanted = patterns.empty()                              ? Watch::nothing
                        : card.session.stage() == CardStage::dialling ? Watch::keys
                                                                      : Watch::back;
    if (wanted == card.watch) return;
    card.asked = wanted;
    SendRequest subscribe{
        .method = Method::subscribe,
        .headers = {{"Event", "kpml"}, {"Accept", std::string{key_response_type}}}};
    subscribe.headers.push_back(
        {"Expires", wanted == Watch::nothing ? "0" : std::string{key_lifetime}});
    if (wanted != Watch::nothing) {
        KeyWatch watch{.once = wanted == Watch::back, .patterns = patterns};
        if (const auto held = card.session.rules().long_pound; held.count() > 0)
            watch.long_press = held;
        subscribe.payload = std::make_shared<const Payload>(
            Payload{std::string{key_request_type}, write(watch), {}});
    }
    card.subscribing = desk_.send(caller, std::move(subscribe), outbox);
}

void CallingCards::silence(Call& call, Leg& caller, Card& card, Moment now, Outbox& outbox)
{
    card.retry_at.reset();
    if (call.session_pending(caller)) {
        card.retry_at = card.glare.held_up(now.mono);
        return wake(call, card);
    }
    const auto heard = body_of(card.heard);
    card.silencing =
        desk_.invite(caller,
                     {.supported = caller.supported & OptionTag::timer,
                      .headers = caller.trunk.empty() ? caller.identifies(card.application)
                                                      : std::vector<Header>{},
                      .payload = heard.empty() ? desk_.silence(body_of(caller.sdp))
                                               : session_payload(made_inactive(heard))},
                     now, outbox);
}

void CallingCards::silenced(Call& call, Leg& caller, Card& card, const ResponseReceived& response,
                            Moment now, Outbox& outbox)
{
    caller.invite_out = card.silencing = {};
    if (response.status == 491)
        if (const auto again = card.glare.met(caller.role, random_, now.mono)) {
            card.retry_at = again;
            return wake(call, card);
        }
    card.silence_owed = false;
    if (response.status < 300) return desk_.acknowledge(call, caller, response, outbox);
    if (response.status == 481 || (response.status == 408 && response.generated))
        desk_.end(call, "SIP;cause=481;text=\"Caller is gone\"", now, outbox);
}

void CallingCards::wake(const Call& call, const Card& card)
{
    auto time = card.session.deadline();
    if (card.retry_at && *card.retry_at < time) time = *card.retry_at;
    desk_.wake_at(call, time);
}

}  // namespace lampline
