#include "support/hour/calling_phones.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/extension_uri.hpp"

namespace lampline::test {
namespace {

constexpr std::string_view domain = "office.test";

std::string session(std::string_view direction)
{
    return "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
           "m=audio 4000 RTP/AVP 8\r\na=" +
           std::string{direction} + "\r\n";
}

/// What a phone says to who sends nothing, hears nothing, or neither.
PayloadRef answer_to(const PayloadRef& offer)
{
    const auto says = [&](std::string_view word) {
        return body_of(offer).find(word) != std::string_view::npos;
    };
    if (says("a=inactive")) return session_payload(session("inactive"));
    if (says("a=sendonly")) return session_payload(session("recvonly"));
    return session_payload(session(says("a=recvonly") ? "sendonly" : "sendrecv"));
}

std::string address_of(const Flow& flow)
{
    return flow.host + ":" + std::to_string(flow.port);
}

}  // namespace

CallingPhones::CallingPhones(ExchangeInTime& exchange, Chance& chance,
                             std::vector<std::string> numbers, std::size_t team)
    : exchange_{exchange}, chance_{chance}
{
    for (std::size_t at = 0; at < numbers.size(); ++at)
        for (std::uint16_t port = 5060; port < (at % 3 == 0 ? 5062 : 5061); ++port) {
            auto& device = *devices_.emplace_back(std::make_unique<Device>());
            device.number = numbers[at];
            device.team = at / team;
            device.flow = flow_of(numbers[at], port);
            by_address_[address_of(device.flow)] = &device;
        }
}

void CallingPhones::begin()
{
    for (const auto& device : devices_) registers(*device, 7200s);
}

void CallingPhones::register_again()
{
    for (const auto& device : devices_)
        if (device->registered) registers(*device, 7200s);
}

void CallingPhones::registers(Device& device, std::chrono::seconds expires)
{
    device.registered = expires > 0s;
    exchange_.receive(
        RegisterReceived{.transaction = exchange_.next_transaction(),
                         .source = device.flow,
                         .aor = device.number,
                         .contacts = {{.uri = contact_of(device.number, device.flow)}},
                         .expires = expires,
                         .call_id = "reg-" + address_of(device.flow),
                         .cseq = ++device.cseq});
}

CallingPhones::Device& CallingPhones::any_device()
{
    for (;;)
        if (auto& device = *chance_.any_of(devices_); device.registered) return device;
}

std::string CallingPhones::any_number()
{
    return chance_.any_of(devices_)->number;
}

void CallingPhones::later(std::size_t from, std::size_t to, std::function<void()> act)
{
    const auto after = std::chrono::milliseconds{from + chance_.below(to - from)};
    exchange_.hands.add(exchange_.now() + after, std::move(act));
}

CallingPhones::Dialog* CallingPhones::find(DialogKey key)
{
    const auto found = dialogs_.find(key);
    return found == dialogs_.end() ? nullptr : &found->second;
}

CallingPhones::Dialog* CallingPhones::talking(DialogKey key)
{
    auto* dialog = find(key);
    return dialog && dialog->state == LegState::confirmed ? dialog : nullptr;
}

void CallingPhones::over(DialogKey key)
{
    const auto found = dialogs_.find(key);
    by_leg_.erase(found->second.leg);
    dialogs_.erase(found);
}

void CallingPhones::calls()
{
    ++done["calls"];
    const auto number =
        chance_.one_in(20) ? std::string{chance_.one_in(2) ? "600" : "601"} : any_number();
    invites(any_device(), number);
}

void CallingPhones::leaves()
{
    ++done["phones that leave"];
    auto& device = any_device();
    registers(device, 0s);
    later(100, 20000, [this, &device] { registers(device, 7200s); });
}

void CallingPhones::wants_peace()
{
    ++done["want peace"];
    auto& device = any_device();
    invites(device, "*78");
    later(5000, 20000, [this, &device] { invites(device, "*79"); });
}

CallingPhones::DialogKey CallingPhones::invites(Device& device, const std::string& dialled,
                                                std::optional<Replaces> replaces)
{
    const auto key = ++last_dialog_;
    auto& dialog = dialogs_[key];
    dialog.device = &device;
    dialog.call_id = "call-" + std::to_string(key);
    dialog.dialled = dialled;
    dialog.invite = exchange_.next_transaction();
    by_invite_[dialog.invite] = key;
    later(3000, 6000, [this, key] { gives_up(key); });
    exchange_.receive(InviteReceived{.transaction = dialog.invite,
                                     .source = device.flow,
                                     .authenticated = device.number,
                                     .request_uri = extension_uri(dialled, domain),
                                     .parties = {{{}, extension_uri(device.number, domain)},
                                                 "caller",
                                                 {{}, extension_uri(dialled, domain)},
                                                 {}},
                                     .call_id = dialog.call_id,
                                     .cseq = 1,
                                     .contact = contact_of(device.number, device.flow),
                                     .replaces = std::move(replaces),
                                     .payload = session_payload(session("sendrecv"))});
    return key;
}

/// Nobody has answered. The stack says 487 by itself.
void CallingPhones::gives_up(DialogKey key)
{
    auto* dialog = find(key);
    if (!dialog || !dialog->invite) return;
    ++done["give up"];
    const CancelReceived cancel{.transaction = dialog->invite, .leg = dialog->leg};
    by_invite_.erase(dialog->invite);
    over(key);
    exchange_.receive(cancel);
}

void CallingPhones::take_reply(DialogKey key, const Reply& reply)
{
    auto& dialog = dialogs_.at(key);
    if (reply.status <= 100) return;
    if (reply.status < 200) {
        dialog.state = LegState::early;
        return;
    }
    by_invite_.erase(reply.transaction);
    dialog.invite = {};
    if (reply.status >= 300) {
        ++done["refused " + std::to_string(reply.status)];
        return over(key);
    }
    dialog.state = LegState::confirmed;
    exchange_.receive(AckReceived{.transaction = reply.transaction, .leg = dialog.leg});
    if (dialog.consults_for != 0)
        later(50, 1500, [this, key] { hands_over(key); });
    else
        talks(key);
}

void CallingPhones::rings(DialogKey key)
{
    auto* dialog = find(key);
    if (!dialog || !dialog->asked) return;
    const auto die = chance_.below(200);
    if (die < 4) return responds(key, 486);
    if (die < 5) return responds(key, 480);
    if (die < 6) return responds(key, 408, true);
    responds(key, die < 20 ? 183 : 180);
    if (chance_.one_in(12)) later(20, 1500, [this, key] { picks_up(key); });
    const auto what = chance_.below(40);
    if (what < 5) return;  // nobody is there
    later(20, 2500, [this, key, what] {
        const auto* ringing = find(key);
        if (ringing && ringing->asked) responds(key, what == 5 ? 486 : what == 6 ? 603 : 200);
    });
}

void CallingPhones::responds(DialogKey key, unsigned status, bool generated)
{
    auto& dialog = dialogs_.at(key);
    ResponseReceived response{.leg = dialog.leg,
                              .transaction = dialog.asked,
                              .method = Method::invite,
                              .status = status,
                              .to_tag = generated ? "" : "called",
                              .contact = contact_of(dialog.device->number, dialog.device->flow),
                              .generated = generated};
    if (status == 200 || status == 183) response.payload = session_payload(session("sendrecv"));
    if (status < 200) {
        dialog.state = LegState::early;
    } else {
        ++done["answer " + std::to_string(status)];
        dialog.asked = {};
        if (status == 200) {
            dialog.state = LegState::confirmed;
            talks(key);
        } else {
            over(key);
        }
    }
    exchange_.receive(response);
}

/// A colleague takes what rings there: by the key, or by a code.
void CallingPhones::picks_up(DialogKey key)
{
    const auto* dialog = find(key);
    if (!dialog || !dialog->asked || dialog->state != LegState::early) return;
    const auto& number = dialog->device->number;
    const auto team = dialog->device->team;
    const auto how = chance_.below(3);
    auto* chosen = &any_device();
    for (int tries = 0; how == 2 && chosen->team != team && tries < 20; ++tries)
        chosen = &any_device();  // *8 is for those of a team
    auto& picker = *chosen;
    if (picker.number == number || (how == 2 && picker.team != team)) return;
    ++done[how == 0 ? "pick up by the key" : how == 1 ? "pick up by **" : "pick up by *8"];
    if (how == 0)
        invites(picker, number, Replaces{.call_id = dialog->call_id, .to_tag = {}, .from_tag = {}});
    else
        invites(picker, how == 1 ? "**" + number : "*8");
}

void CallingPhones::take(const SipCommand& command)
{
    std::visit([this](const auto& one) { take_one(one); }, command);
}

void CallingPhones::take_one(const OpenDialog& open)
{
    const auto key = by_invite_.at(open.transaction);
    dialogs_.at(key).leg = open.leg;
    by_leg_[open.leg] = key;
    open_.insert(open.leg);
}

void CallingPhones::take_one(const Reply& reply)
{
    if (const auto invite = by_invite_.find(reply.transaction); invite != by_invite_.end())
        return take_reply(invite->second, reply);
    const auto found = requests_.find(reply.transaction);
    if (found == requests_.end() || reply.status < 200) return;
    const auto request = found->second;
    requests_.erase(found);
    if (request.method == Method::invite && reply.status < 300)
        exchange_.receive(AckReceived{.transaction = reply.transaction, .leg = request.leg});
    if (request.method == Method::refer)
        ++done[reply.status < 300 ? "REFER accepted" : "REFER refused"];
}

void CallingPhones::take_one(const SendInvite& invite)
{
    const auto key = ++last_dialog_;
    auto& dialog = dialogs_[key];
    dialog.device = by_address_.at(address_of(invite.target.flow));
    dialog.call_id = invite.call_id;
    dialog.leg = invite.leg;
    dialog.called = true;
    dialog.asked = invite.transaction;
    by_leg_[invite.leg] = key;
    open_.insert(invite.leg);
    later(2, 40, [this, key] { rings(key); });
}

void CallingPhones::take_one(const SendRequest& request)
{
    const auto found = by_leg_.find(request.leg);
    const bool known = found != by_leg_.end();
    ResponseReceived response{.leg = request.leg,
                              .transaction = request.transaction,
                              .method = request.method,
                              .status = known ? 200U : 481U};
    if (known && request.method == Method::invite) {
        response.payload = answer_to(request.payload);
        const bool is_parked =
            body_of(request.payload).find("a=inactive") != std::string_view::npos;
        dialogs_.at(found->second).waits_until = is_parked ? exchange_.now() + 20s : Time{};
    }
    if (known && request.method == Method::update && has_body(request.payload))
        response.payload = answer_to(request.payload);
    if (known && request.method == Method::notify) {
        const auto body = body_of(request.payload);
        if (body.starts_with("SIP/2.0 ") && body[8] > '1')
            ++done["transfer " + std::string{body.substr(8, 3)}];
    }
    if (known && request.method == Method::bye) over(found->second);
    exchange_.receive(response);
}

void CallingPhones::take_one(const SendCancel& cancel)
{
    const auto found = by_leg_.find(cancel.leg);
    if (found == by_leg_.end() || dialogs_.at(found->second).asked != cancel.transaction) return;
    over(found->second);
    exchange_.receive(ResponseReceived{.leg = cancel.leg,
                                       .transaction = cancel.transaction,
                                       .method = Method::invite,
                                       .status = 487,
                                       .to_tag = "called"});
}

void CallingPhones::take_one(const CloseDialog& close)
{
    CHECK(open_.erase(close.leg) == 1);
    CHECK_MESSAGE(!by_leg_.contains(close.leg), "is forgotten, and its phone does not know");
}

void CallingPhones::take_one(const SendStandalone& request)
{
    exchange_.receive(StandaloneAnswered{.transaction = request.transaction, .status = 200});
}

void CallingPhones::everybody_hangs_up()
{
    std::vector<DialogKey> keys;
    for (const auto& [key, dialog] : dialogs_) keys.push_back(key);
    for (const auto key : keys) {
        const auto* dialog = find(key);
        if (!dialog) continue;
        if (dialog->asked)
            responds(key, 486);
        else if (dialog->invite)
            gives_up(key);
        else
            hangs_up(key);
    }
}

Truth CallingPhones::truth() const
{
    Truth truth;
    for (const auto& device : devices_) truth[device->number].unregistered = true;
    for (const auto& device : devices_)
        if (device->registered) truth[device->number].unregistered = false;
    for (const auto& [key, dialog] : dialogs_)
        truth[dialog.device->number].dialogs.push_back(
            {dialog.call_id, dialog.state, dialog.called});
    return truth;
}

}  // namespace lampline::test
