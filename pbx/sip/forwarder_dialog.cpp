// What passes within a dialog of two phones: without a transaction where both ends repeat by
// themselves (RFC 3261 §16.11), and repeated by us where a connection ends here.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/table_room.hpp"
#include "base/text.hpp"
#include "core/dialog_end.hpp"
#include "core/dialog_info.hpp"
#include "core/tagged_address.hpp"
#include "sip/forwarder_parts.hpp"
#include "sip/inspection.hpp"
#include "sip/passed_text.hpp"
#include "sip/tokens.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {
namespace {

NotifyReceived describe(const sip_t& notify, DialogSides sides, const Flow& source)
{
    const auto* state = notify.sip_subscription_state;
    std::string_view body;
    if (notify.sip_payload) body = {notify.sip_payload->pl_data, notify.sip_payload->pl_len};
    return {.transaction = {},
            .watcher = std::move(sides.watcher),
            .member = std::move(sides.member),
            .call_id = std::string{text_of(notify.sip_call_id->i_id)},
            .watcher_tag = std::string{text_of(notify.sip_to->a_tag)},
            .notifier_tag = std::string{text_of(notify.sip_from->a_tag)},
            .cseq = notify.sip_cseq->cs_seq,
            .version = body.empty() ? std::nullopt : read_version(body),
            .shows_call = body.empty() ? std::nullopt : shows_call(body),
            .over = state && same_word(text_of(state->ss_substate), "terminated"),
            .contact = contact_of(notify),
            .source = source};
}

std::string key_of_phone(std::string_view call_id, std::string_view tag)
{
    return std::string{call_id}.append(1, '\n').append(tag);
}

/// How a request within a dialog is addressed.
struct Way {
    std::string request_uri;
    std::vector<std::string> routes;
    SipUri first_hop;
};

/// RFC 3261 §12.2.1.1. A strict router on top is the Request-URI, and the target comes last.
Way way_of(const DialogState& dialog)
{
    const auto target = as_request_uri(dialog.target);
    Way way{write(target), dialog.route, target};
    if (way.routes.empty()) return way;
    Home home;
    const auto* first = sip_route_make(home, way.routes.front().c_str());
    if (!first) return way;
    way.first_hop = to_uri(*first->r_url);
    if (is_loose(*first->r_url)) return way;
    way.routes.erase(way.routes.begin());
    way.routes.push_back('<' + std::exchange(way.request_uri, write(way.first_hop)) + '>');
    return way;
}

/// What the engine wants to hear of.
bool changes_dialog(Method method) noexcept
{
    return method == Method::bye || method == Method::invite || method == Method::update ||
           method == Method::refer;
}

}  // namespace

std::optional<Forwarder::Passage> Forwarder::passage_of(const HeldRequest& request) const
{
    const auto& sip = *request.sip;
    const auto from_tag = text_of(sip.sip_from->a_tag);
    const auto to_tag = text_of(sip.sip_to->a_tag);
    const url_t* ours = route_of_ours(sip);
    if (!ours) return std::nullopt;
    const auto token = token_in(*ours);
    const auto call_id = text_of(sip.sip_call_id->i_id);
    Passage passage;
    // Where neither side has a tag, who sends it is told by where it comes from.
    const auto from_callee = [&](const DialogSides& sides) {
        const auto& source = request.source;
        return from_tag.empty() && to_tag.empty() && source.host == sides.callee.host &&
               source.port == sides.callee.port;
    };
    if (auto sides = tokens_.read(token, call_id, from_tag); sides && !from_callee(*sides)) {
        passage.sides = std::move(*sides);
        passage.to_callee = true;
    } else if (auto back = tokens_.read(token, call_id, to_tag)) {
        passage.sides = std::move(*back);
    } else {
        return std::nullopt;
    }

    auto& change = passage.change;
    change.realm = parts_.settings.domain;
    std::vector<const sip_route_t*> routes;
    for (const auto* route = sip.sip_route; route; route = route->r_next) routes.push_back(route);
    const auto as_text = [](const url_t& url) { return write(to_uri(url)); };
    SipUri target = to_uri(*sip.sip_request->rq_url);
    const bool strict = ours == sip.sip_request->rq_url;
    if (strict) {  // the target is behind all others
        if (routes.empty()) return passage;
        target = to_uri(*routes.back()->r_url);
        routes.pop_back();
    }
    // Ours is there twice where the two sides know us by different addresses (RFC 5658).
    while (change.routes_gone < routes.size() &&
           token_in(*routes[change.routes_gone]->r_url) == token)
        ++change.routes_gone;
    change.routes_kept = routes.size() - change.routes_gone;
    const Flow* flow = passage.to_callee ? &passage.sides.callee : &passage.sides.caller;
    if (passage.sides.watcher.empty() && change.routes_kept == 0)
        if (const auto* moved = moved_to(call_id, to_tag)) flow = moved;
    if (strict) passage.request_uri = write(target);
    if (change.routes_kept > 0) {
        const auto& first = *routes[change.routes_gone]->r_url;
        if (!is_loose(first)) {  // §16.6 step 6
            change.routes_after.push_back('<' + write(target) + '>');
            passage.request_uri = as_text(first);
            ++change.routes_gone;
            --change.routes_kept;
        }
        target = to_uri(first);
    }
    passage.hop = hop_to(*flow, std::move(target));
    return passage;
}

const Flow* Forwarder::moved_to(std::string_view call_id, std::string_view tag) const
{
    if (moved_.empty()) return nullptr;
    const auto found = moved_.find(key_of_phone(call_id, tag));
    return found == moved_.end() ? nullptr : &found->second.flow;
}

void Forwarder::run(const MovePassed& command)
{
    auto key = key_of_phone(command.call_id, command.tag);
    if (command.flow) {
        moved_.insert_or_assign(std::move(key), Moved{*command.flow});
        return;
    }
    const auto found = moved_.find(key);
    if (found == moved_.end()) return;
    const auto timer = found->second.forgets = ++last_repetition_;
    moved_ends_.emplace(timer, std::move(key));
    set_timer({timer, TimerKind::moved_forgotten},
              std::chrono::steady_clock::now() + parts_.settings.t1x64);
}

void Forwarder::forget_moved(std::uint64_t timer)
{
    const auto ended = moved_ends_.extract(timer);
    const auto found = ended ? moved_.find(ended.mapped()) : moved_.end();
    if (found != moved_.end() && found->second.forgets == timer) moved_.erase(found);
    give_back_room(moved_);
    give_back_room(moved_ends_);
}

Forwarder::Outcome Forwarder::pass(HeldRequest& request)
{
    const auto& sip = *request.sip;
    const auto method = to_method(sip);
    auto passage = passage_of(request);
    if (!passage) return {};
    const auto& sides = passage->sides;
    auto& change = passage->change;
    change.request_uri = passage->request_uri;
    if (!sides.watcher.empty()) {
        if (method == Method::subscribe && passage->to_callee) return {};
        if (method == Method::ack) return {.passed = true};
        if (method != Method::notify || passage->to_callee) return {.status = 481};
    }

    if (method != Method::ack) {
        if (sip.sip_max_forwards && sip.sip_max_forwards->mf_count == 0) return {.status = 483};
        if (auto rejection = inspect_body(sip, parts_.settings.limits.body_bytes))
            return {.status = rejection->status, .headers = std::move(rejection->headers)};
    }
    if (method != Method::ack && method != Method::cancel)
        if (auto rejection = inspect_proxy_require(sip))
            return {.status = rejection->status, .headers = std::move(rejection->headers)};
    const bool strict = route_of_ours(sip) == sip.sip_request->rq_url;
    if (strict && passage->request_uri.empty()) return {.status = 400};
    if (request.connection)
        request.source.connection = parts_.transports.connections().adopt(*request.connection);
    if (!sides.watcher.empty())
        return {.notify = describe(sip, std::move(passage->sides), request.source)};
    return send_on(request, *passage);
}

/// It may go on.
Forwarder::Outcome Forwarder::send_on(HeldRequest& request, Passage& passage)
{
    const auto& sip = *request.sip;
    const auto method = to_method(sip);
    auto& hop = passage.hop;
    auto& change = passage.change;
    if (!hop.listener) return {.status = 503};
    const auto branch = branch_of(sip, {}, request, {});
    const auto via = via_line(hop, branch);
    change.via = via;
    const auto packet = packet_of(pass_request(sip, change, parts_.kept_messages != nullptr));
    if (!send(hop, packet, sip))
        return method == Method::ack ? Outcome{.passed = true} : Outcome{.status = 503};
    const bool by_sender = !request.connection || hop.flow.transport != Transport::udp;
    Repetition repetition{
        .branch = branch, .hop = hop, .packet = packet, .invite = method == Method::invite};
    repetition.repeated_by_sender = by_sender;
    if (!passage.sides.watcher.empty()) {
        repetition.notify = std::move(request);
        repeat(std::move(repetition));
    } else if (!by_sender && method != Method::ack) {
        repeat(std::move(repetition));
    }
    if (changes_dialog(method))
        parts_.on_input(DialogPassed{.call_id = std::string{text_of(sip.sip_call_id->i_id)},
                                     .from_tag = std::string{text_of(sip.sip_from->a_tag)},
                                     .to_tag = std::string{text_of(sip.sip_to->a_tag)},
                                     .method = method,
                                     .cseq = sip.sip_cseq->cs_seq,
                                     .session_timer = to_session_timer(sip),
                                     .payload = to_payload(sip)});
    return {.passed = true};
}

/// A response to what pass() has sent; `session` as it goes on.
void Forwarder::report(const sip_t& response, Method method, const SessionTimer& session)
{
    const auto status = static_cast<unsigned>(response.sip_status->st_status);
    // Who has forgotten the subscription ends it (RFC 6665 §4.2.2).
    if (method == Method::notify && (status == 405 || status == 481 || status == 489))
        parts_.on_input(ForwardedEnded{std::string{text_of(response.sip_call_id->i_id)},
                                       std::string{text_of(response.sip_to->a_tag)},
                                       std::string{text_of(response.sip_from->a_tag)}});
    const bool accepts =
        status / 100 == 2 && (method == Method::invite || method == Method::update);
    const bool ends = (status == 481 || status == 408) && speaks_of_call(method);
    if (!accepts && !ends) return;
    DialogPassed passed{.call_id = std::string{text_of(response.sip_call_id->i_id)},
                        .from_tag = std::string{text_of(response.sip_from->a_tag)},
                        .to_tag = std::string{text_of(response.sip_to->a_tag)},
                        .method = method,
                        .status = status,
                        .cseq = response.sip_cseq->cs_seq,
                        .session_timer = session,
                        .payload = accepts ? to_payload(response) : nullptr,
                        .target = {},
                        .route = {},
                        .callee = {}};
    if (accepts && method == Method::invite) add_way(passed, response);
    parts_.on_input(std::move(passed));
}

/// What is above our Record-Route leads to who has accepted; below it is the way of the caller.
void Forwarder::add_way(DialogPassed& passed, const sip_t& success) const
{
    std::vector<std::string> farther = field_texts(success.sip_record_route);
    std::optional<std::size_t> ours;
    std::string_view token;
    std::size_t at = 0;
    for (const auto* route = success.sip_record_route; route; route = route->r_next, ++at) {
        const auto each = token_in(*route->r_url);
        auto sides = tokens_.read(each, passed.call_id, passed.from_tag);
        if (!sides) continue;
        if (ours && each != token) return;  // it has come by twice, and either may be meant
        if (ours) continue;
        ours = at;
        token = each;
        passed.callee = std::move(sides->callee);
    }
    if (!ours) return;
    farther.resize(*ours);
    passed.route.assign(farther.rbegin(), farther.rend());
    passed.target = contact_of(success);
}

void Forwarder::repeat(Repetition repetition)
{
    if (repetitions_.size() >= max_repetitions || repeated_.contains(repetition.branch)) return;
    const auto id = ++last_repetition_;
    const auto now = std::chrono::steady_clock::now();
    repetition.interval = parts_.settings.t1;
    repetition.give_up = now + patience_of(repetition);
    repeated_.emplace(repetition.branch, id);
    const bool repeats =
        repetition.hop.flow.transport == Transport::udp && !repetition.repeated_by_sender;
    set_timer({id, TimerKind::repeat_request},
              repeats ? now + repetition.interval : repetition.give_up);
    repetitions_.emplace(id, std::move(repetition));
}

void Forwarder::repeat_again(TimerKey key, TimePoint now)
{
    const auto found = repetitions_.find(key.id);
    if (found == repetitions_.end()) return;
    auto& repetition = found->second;
    if (now >= repetition.give_up) return give_up(key.id);
    parts_.datagrams.add(repetition.packet, repetition.hop.address, *repetition.hop.listener);
    parts_.flush_soon();
    repetition.interval *= 2;
    if (!repetition.invite) repetition.interval = std::min(repetition.interval, parts_.settings.t2);
    set_timer(key, std::min(now + repetition.interval, repetition.give_up));
}

void Forwarder::give_up(std::uint64_t id)
{
    const auto node = repetitions_.extract(id);
    if (!node) return;
    const auto& over = node.mapped();
    repeated_.erase(over.branch);
    if (over.probe) probe_answered(over, 408, true);
    if (over.subscribing != 0) settle_subscribe(over.subscribing, 480, nullptr);
    if (over.notify) lose_notify(*over.notify);
}

/// What the response answers is not repeated any more.
void Forwarder::settle(const std::string& branch, const sip_t& response)
{
    const auto known = repeated_.find(branch);
    if (known == repeated_.end()) return;
    const auto found = repetitions_.find(known->second);
    const auto status = static_cast<unsigned>(response.sip_status->st_status);
    if (status < 200 && !found->second.invite) {
        found->second.interval = parts_.settings.t2;  // RFC 3261 §17.1.2.2
        return;
    }
    const auto over = std::move(found->second);
    timers_.cancel({known->second, TimerKind::repeat_request});
    repetitions_.erase(found);
    repeated_.erase(known);
    if (over.probe) probe_answered(over, status, false);
    if (over.subscribing != 0) settle_subscribe(over.subscribing, status, &response, over.hop.flow);
}

void Forwarder::probe_answered(const Repetition& probe, unsigned status, bool generated)
{
    ResponseReceived response;
    response.leg = probe.leg;
    response.transaction = probe.probe;
    response.method = Method::options;
    response.status = status;
    response.generated = generated;
    parts_.on_input(std::move(response));
}

void Forwarder::run(const ProbeDialog& command)
{
    auto way = way_of(command.state);
    Repetition probe{.branch = std::string{probe_mark} + random_token(),
                     .hop = hop_to(command.flow, std::move(way.first_hop)),
                     .packet = {},
                     .leg = command.leg,
                     .probe = command.transaction};
    if (!probe.hop.listener) return probe_answered(probe, 503, true);
    std::string text;
    fmt::format_to(std::back_inserter(text),
                   "OPTIONS {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\n", way.request_uri,
                   via_line(probe.hop, probe.branch));
    for (const auto& route : way.routes) append_header(text, "Route", route);
    append_header(text, "From",
                  with_tag(write(command.state.local_party), command.dialog.local_tag));
    append_header(text, "To",
                  with_tag(write(command.state.remote_party), command.dialog.remote_tag));
    append_header(text, "Call-ID", command.dialog.call_id);
    append_header(text, "CSeq", "0 OPTIONS");
    append_header(text, "User-Agent", parts_.settings.product);
    text += "Content-Length: 0\r\n\r\n";
    probe.packet = packet_of(std::move(text));
    const MessageRef message{msg_make(sip_default_mclass(), 0, probe.packet->text.data(),
                                      static_cast<ssize_t>(probe.packet->text.size()))};
    auto* sip = sip_object(message.get());
    if (!sip || !sip->sip_call_id || !sip->sip_cseq || !send(probe.hop, probe.packet, *sip))
        return probe_answered(probe, 503, true);
    repeat(std::move(probe));
}

}  // namespace lampline::sip
