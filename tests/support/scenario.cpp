#include "support/scenario.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace lampline::test {
namespace {

constexpr std::string_view domain = "office.test";

PayloadRef sdp_payload(std::string_view sdp)
{
    if (sdp.empty()) return nullptr;
    return std::make_shared<const Payload>(Payload{"application/sdp", std::string{sdp}, {}});
}

SipUri address_of(std::string_view number)
{
    SipUri uri;
    uri.user = number;
    uri.host = domain;
    return uri;
}

TokenSource counting_tokens()
{
    return [count = std::make_shared<int>(0)] { return "t" + std::to_string(++*count); };
}

std::string_view word(Method method)
{
    switch (method) {
    case Method::invite: return "INVITE";
    case Method::ack: return "ACK";
    case Method::bye: return "BYE";
    case Method::cancel: return "CANCEL";
    case Method::options: return "OPTIONS";
    case Method::info: return "INFO";
    case Method::update: return "UPDATE";
    case Method::prack: return "PRACK";
    case Method::notify: return "NOTIFY";
    case Method::subscribe: return "SUBSCRIBE";
    case Method::message: return "MESSAGE";
    case Method::refer: return "REFER";
    default: return "other";
    }
}

/// A response of a phone to an INVITE that was passed on.
struct PassedMessage : WireMessage {
    unsigned status = 0;
    std::string tag;
    PayloadRef payload;
};

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace

Group group(std::string name, std::vector<std::string> members,
            std::vector<std::string> watched_only)
{
    Group result{.name = std::move(name), .display_name = {}, .members = members, .watchers = {}};
    for (auto& member : members) result.watchers.push_back({std::move(member), false, "standard"});
    for (auto& member : watched_only) result.members.push_back(std::move(member));
    return result;
}

Replaces replacing(const DialogElement& dialog)
{
    return {.call_id = dialog.call_id, .to_tag = dialog.remote_tag, .from_tag = dialog.local_tag};
}

Arrived& Arrived::from(std::string_view number)
{
    CHECK(from_address.uri.user == number);
    return *this;
}

Arrived& Arrived::with(std::string_view text)
{
    CHECK(body() == text);
    return *this;
}

Arrived& Arrived::without_body()
{
    CHECK(body().empty());
    return *this;
}

Arrived& Arrived::header(std::string_view name, std::string_view value)
{
    for (const auto& header : headers)
        if (header.name == name) {
            CHECK(header.value == value);
            return *this;
        }
    FAIL_CHECK(what << " has no header " << name);
    return *this;
}

Arrived& Arrived::without_header(std::string_view name)
{
    for (const auto& header : headers)
        if (header.name == name)
            FAIL_CHECK(what << " has a header " << name << ": " << header.value);
    return *this;
}

Arrived& Arrived::to(std::string_view uri)
{
    CHECK(write(request_uri) == uri);
    return *this;
}

std::string Arrived::value(std::string_view name) const
{
    std::string all;
    for (const auto& header : headers)
        if (header.name == name) all += (all.empty() ? "" : ", ") + header.value;
    return all;
}

Arrived& Arrived::reliable()
{
    CHECK(is_reliable);
    return *this;
}

Arrived& Arrived::session(std::chrono::seconds expires, Refresher refresher)
{
    CHECK(session_timer.expires == expires);
    CHECK(session_timer.refresher == refresher);
    return *this;
}

Arrived& Arrived::phrase(std::string_view text)
{
    CHECK(what.substr(4) == text);
    return *this;
}

std::string Arrived::body() const
{
    if (notify) {
        if (!notify->body_head) return {};
        return *notify->body_head +
               (notify->body_tail ? std::to_string(notify->version) + *notify->body_tail : "");
    }
    return payload ? payload->body : std::string{};
}

DialogInfo Arrived::document() const
{
    auto document = read_dialog_info(body());
    REQUIRE_MESSAGE(document, "not a dialog-info document: " << body());
    return *std::move(document);
}

bool Arrived::idle() const
{
    for (const auto& dialog : document().dialogs)
        if (dialog.state != "terminated") return false;
    return true;
}

DialogElement Arrived::dialog() const
{
    auto all = document();
    REQUIRE_MESSAGE(all.dialogs.size() == 1, body());
    return all.dialogs.front();
}

Phone::Phone(Scenario& scenario, std::string own_number, std::uint16_t port)
    : number{std::move(own_number)}, scenario_{scenario}
{
    flow = {Transport::udp, "192.0.2." + number.substr(1), port, {}, 0};
}

SipUri Phone::own_contact() const
{
    if (named_contact) return *named_contact;
    auto uri = address_of(number);
    uri.host = flow.host;
    uri.port = flow.port;
    return uri;
}

void Phone::registers(std::chrono::seconds expires, unsigned q_thousandths)
{
    asks_to_register(expires, q_thousandths);
    receives(200U);
}

void Phone::asks_to_register(std::chrono::seconds expires, unsigned q_thousandths)
{
    RegisterContact registered;
    registered.q_thousandths = q_thousandths;
    registered.uri = own_contact();
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, Method::register_, {}};
    scenario_.receive(RegisterReceived{.transaction = transaction,
                                       .source = flow,
                                       .aor = number,
                                       .contacts = {registered},
                                       .expires = expires,
                                       .call_id = "reg-" + number + "-" + std::to_string(flow.port),
                                       .cseq = ++cseq_,
                                       .path = path,
                                       .user_agent = user_agent});
}

Arrived Phone::watches(std::string_view member)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, Method::subscribe, {}};
    SipUri contact = address_of(number);
    contact.host = flow.host;
    contact.port = flow.port;
    scenario_.receive(SubscribeReceived{
        .transaction = transaction,
        .source = flow,
        .authenticated = number,
        .request_uri = address_of(member),
        .parties = {{{}, address_of(number)}, "watch", {{}, address_of(member)}, {}},
        .call_id = "sub-" + number + "-" + std::string{member},
        .cseq = ++cseq_,
        .contact = contact,
        .event = "dialog",
        .accept = {"application/dialog-info+xml"},
        .expires = 3600s,
        .user_agent = user_agent});
    receives(200U);
    return receives(NOTIFY);
}

TransactionId Phone::asks(const Subscribing& subscribing)
{
    SipUri contact = address_of(number);
    contact.host = flow.host;
    contact.port = flow.port;
    const auto params = subscribing.event.find(';');
    const auto package = subscribing.event.substr(0, params);
    const auto call_id = "sub-" + package + "-" + subscribing.to + "-" + std::to_string(flow.port);
    asked_ = SubscribeReceived{
        .transaction = {},
        .source = flow,
        .authenticated = number,
        .request_uri = address_of(subscribing.to),
        .parties = {{{}, address_of(number)},
                    "watch",
                    {{}, address_of(subscribing.to)},
                    subscribing.to_tag},
        .call_id = call_id,
        .cseq = ++cseq_,
        .contact = contact,
        .event = package,
        .event_params = params == std::string::npos ? "" : subscribing.event.substr(params),
        .accept = subscribing.accept,
        .expires = subscribing.expires,
        .supported = subscribing.supported,
        .user_agent = user_agent,
        .payload = subscribing.payload,
        .notifier = subscribing.notifier};
    return asks_again();
}

TransactionId Phone::asks_again()
{
    REQUIRE(asked_);
    asked_->transaction = scenario_.next_transaction();
    scenario_.requests_[asked_->transaction] = {
        this, Method::subscribe, {}, asked_->call_id, asked_->parties.to_tag};
    scenario_.watching_[asked_->call_id] = this;
    scenario_.receive(*asked_);
    return asked_->transaction;
}

void Phone::answers_subscribe(const Arrived& request, unsigned status,
                              std::chrono::seconds expires)
{
    const auto asked = scenario_.requests_.extract(request.transaction);
    if (!asked) return;  // another phone was first
    Arrived answer;
    answer.what = std::to_string(status);
    answer.status = status;
    scenario_.arrive(*asked.mapped().phone, std::move(answer));
    SubscribeForwarded forwarded{.subscription = request.subscription,
                                 .status = status,
                                 .expires = {},
                                 .notifier_tag = request.shared.local_tag};
    if (status < 300) forwarded.expires = expires;
    scenario_.receive(forwarded);
}

void Phone::notifies(const Arrived& subscribe, Notifying notifying)
{
    const auto transaction = scenario_.next_transaction();
    const auto& dialog = subscribe.shared;
    auto* watcher = scenario_.watching_.at(dialog.call_id);
    scenario_.requests_[transaction] = {this, NOTIFY, {}, dialog.call_id, {}, notifying};
    scenario_.receive(NotifyReceived{.transaction = transaction,
                                     .watcher = watcher->number,
                                     .member = number,
                                     .call_id = dialog.call_id,
                                     .watcher_tag = dialog.remote_tag,
                                     .notifier_tag = dialog.local_tag,
                                     .cseq = notifying.cseq,
                                     .version = notifying.version,
                                     .over = notifying.over});
}

TransactionId Phone::publishes(const Publishing& publishing)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, Method::publish, {}};
    Payload payload{publishing.content_type, publishing.body, {{"Event", publishing.event}}};
    if (!publishing.call_info.empty())
        payload.headers.push_back({"Call-Info", publishing.call_info});
    scenario_.receive(
        PublishReceived{.transaction = transaction,
                        .source = flow,
                        .authenticated = number,
                        .request_uri = address_of(publishing.to),
                        .event = publishing.event,
                        .if_match = publishing.if_match,
                        .expires = publishing.expires,
                        .payload = std::make_shared<const Payload>(std::move(payload))});
    return transaction;
}

Arrived Phone::subscribes(std::string event, std::string to)
{
    asks({.event = std::move(event), .to = std::move(to)});
    receives(200U);
    return receives(NOTIFY);
}

void Phone::writes(std::string_view to, std::string_view text, std::string_view content_type)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, MESSAGE, {}, {}};
    scenario_.receive(
        MessageReceived{.transaction = transaction,
                        .source = flow,
                        .authenticated = number,
                        .request_uri = address_of(to),
                        .parties = {{{}, address_of(number)}, "write", {{}, address_of(to)}, {}},
                        .payload = std::make_shared<const Payload>(
                            Payload{std::string{content_type}, std::string{text}, {}})});
}

void Phone::answers_standalone(const Arrived& request, unsigned status, bool generated)
{
    scenario_.receive(StandaloneAnswered{
        .transaction = request.answers_to, .status = status, .generated = generated});
}

void Phone::sends(Method method, std::string_view dialled, std::string_view sdp)
{
    REQUIRE(method == INVITE);
    invites(dialled, sdp, std::nullopt);
}

void Phone::sends_to(const SipUri& contact, std::string_view sdp)
{
    request_uri_ = contact;
    invites(contact.user, sdp, std::nullopt);
    request_uri_.reset();
}

void Phone::sends_replacing(const Replaces& replaces, std::string_view dialled,
                            std::string_view sdp)
{
    invites(dialled, sdp, replaces);
}

void Phone::sends_joining(const Replaces& join, std::string_view dialled, std::string_view sdp)
{
    invites(dialled, sdp, std::nullopt, join);
}

void Phone::refers(std::string_view referred, PayloadRef payload, OptionTag required)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, Method::refer, {}};
    auto contact = address_of(number);
    contact.host = flow.host;
    contact.port = flow.port;
    scenario_.receive(ReferReceived{.transaction = transaction,
                                    .source = flow,
                                    .authenticated = number,
                                    .request_uri = address_of(referred),
                                    .parties = {{{}, address_of(number)},
                                                "refer-" + std::to_string(++refer_),
                                                {{}, address_of(referred)},
                                                {}},
                                    .call_id = "refer-" + number,
                                    .cseq = ++cseq_,
                                    .contact = contact,
                                    .required = required,
                                    .payload = std::move(payload)});
}

void Phone::subscribes_to_refer(const Arrived& accepted, std::chrono::seconds expires)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, Method::subscribe, {}};
    scenario_.receive(SubscribeReceived{.transaction = transaction,
                                        .source = flow,
                                        .authenticated = number,
                                        .request_uri = address_of(number),
                                        .parties = {{{}, address_of(number)},
                                                    "refer-" + std::to_string(refer_),
                                                    {{}, address_of(number)},
                                                    accepted.local_tag},
                                        .call_id = "refer-" + number,
                                        .cseq = ++cseq_,
                                        .event = "refer",
                                        .expires = expires});
}

void Phone::invites(std::string_view dialled, std::string_view sdp,
                    std::optional<Replaces> replaces, std::optional<Replaces> join)
{
    own_invite_ = scenario_.next_transaction();
    leg_ = {};
    const auto call_id = "call-" + std::to_string(own_invite_.value);
    scenario_.requests_[own_invite_] = {this, INVITE, {}, call_id};
    auto payload = sdp_payload(sdp);
    if (!invite_headers.empty()) {
        auto with_headers = std::make_shared<Payload>(payload ? *payload : Payload{});
        with_headers->headers = invite_headers;
        payload = std::move(with_headers);
    }
    scenario_.receive(InviteReceived{.transaction = own_invite_,
                                     .source = flow,
                                     .authenticated = trunk.empty() ? number : std::string{},
                                     .request_uri = request_uri_.value_or(address_of(dialled)),
                                     .to_us = !request_uri_,
                                     .parties = {{{}, address_of(number)},
                                                 "from-" + std::to_string(own_invite_.value),
                                                 {{}, address_of(dialled)},
                                                 {}},
                                     .call_id = call_id,
                                     .contact = own_contact(),
                                     .supported = supported,
                                     .session_timer = session_timer,
                                     .replaces = std::move(replaces),
                                     .join = std::move(join),
                                     .focus = focus,
                                     .allows_update = allows_update,
                                     .user_agent = user_agent,
                                     .payload = std::move(payload),
                                     .trunk = trunk,
                                     .asserted = asserted});
}

void Phone::sends(Method method, PayloadRef payload)
{
    REQUIRE_MESSAGE(leg_, number << " has no dialog");
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, method, leg_};
    if (method == INVITE) own_invite_ = transaction;
    scenario_.receive(RequestReceived{.transaction = transaction,
                                      .leg = leg_,
                                      .method = method,
                                      .cseq = ++cseq_,
                                      .source = source,
                                      .supported = supported,
                                      .session_timer = session_timer,
                                      .focus = focus,
                                      .payload = std::move(payload)});
}

void Phone::subscribes_to_transfer(std::string event, std::chrono::seconds expires)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, SUBSCRIBE, leg_};
    scenario_.receive(RequestReceived{
        .transaction = transaction,
        .leg = leg_,
        .method = SUBSCRIBE,
        .cseq = ++cseq_,
        .expires = expires,
        .payload = std::make_shared<const Payload>(Payload{{}, {}, {{"Event", std::move(event)}}})});
}

void Phone::sends_on(std::string also, std::optional<SipUri> contact)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, BYE, leg_};
    scenario_.receive(RequestReceived{.transaction = transaction,
                                      .leg = leg_,
                                      .method = BYE,
                                      .also = std::move(also),
                                      .left_contact = std::move(contact)});
}

void Phone::sends_invite(std::string_view sdp)
{
    sends(INVITE, sdp_payload(sdp));
}

void Phone::cancels()
{
    const auto request = scenario_.requests_.find(own_invite_);
    REQUIRE_MESSAGE(request != scenario_.requests_.end(), number << " has nothing to cancel");
    const auto leg = request->second.leg;
    // Of an INVITE that was passed on, the final response is to come.
    if (scenario_.is_open(leg) || !leg) scenario_.requests_.erase(request);
    scenario_.receive(CancelReceived{.transaction = own_invite_, .leg = leg});
}

std::string Phone::media() const
{
    const auto found = media_.find(leg_);
    return found == media_.end() ? std::string{} : found->second;
}

void Phone::replies(unsigned status, std::string_view sdp)
{
    REQUIRE_MESSAGE(to_answer_, number << " has nothing to answer");
    const auto request = *to_answer_;
    if (status / 100 == 2 && changes_session(request.method) && has_body(request.payload))
        media_[request.leg] = request.body();
    if (status >= 200) {
        to_answer_.reset();
        scenario_.invites_.erase(request.answers_to);
    }
    scenario_.receive(ResponseReceived{
        .leg = request.leg,
        .transaction = request.answers_to,
        .method = request.method,
        .status = status,
        .to_tag = status == 100 ? "" : "tag-" + number + "-" + std::to_string(flow.port),
        .supported = supported,
        .session_timer = session_timer,
        .user_agent = user_agent,
        .focus = focus,
        .allows_update = allows_update,
        .payload = sdp_payload(sdp),
        .message = scenario_.passed_message(status, request.leg, sdp)});
}

void Phone::pass(Method method, unsigned status, PayloadRef payload, std::chrono::seconds session)
{
    const bool own = status == 0;
    scenario_.receive(DialogPassed{.call_id = shared_.call_id,
                                   .from_tag = own ? shared_.local_tag : shared_.remote_tag,
                                   .to_tag = own ? shared_.remote_tag : shared_.local_tag,
                                   .method = method,
                                   .status = status,
                                   .cseq = 2,
                                   .session_timer = {.expires = session},
                                   .payload = std::move(payload)});
}

void Phone::passes(Method method, std::string_view sdp)
{
    pass(method, 0, sdp_payload(sdp), 0s);
}

void Phone::passes_refer(std::string_view refer_to)
{
    pass(Method::refer, 0,
         std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", std::string{refer_to}}}}), 0s);
}

void Phone::accepts(Method method, std::string_view sdp, std::chrono::seconds session)
{
    pass(method, 200, sdp_payload(sdp), session);
}

void Phone::no_longer_knows(Method method)
{
    pass(method, 481, nullptr, 0s);
}

void Phone::replies_to(const Arrived& request, unsigned status, std::string_view sdp)
{
    to_answer_ = request;
    replies(status, sdp);
}

void Phone::replies_reliably(unsigned status, std::uint32_t rseq, std::string_view sdp)
{
    REQUIRE(to_answer_);
    scenario_.receive(ResponseReceived{.leg = to_answer_->leg,
                                       .transaction = to_answer_->answers_to,
                                       .method = INVITE,
                                       .status = status,
                                       .to_tag = "tag-" + number,
                                       .reliable = {rseq},
                                       .payload = sdp_payload(sdp)});
}

void Phone::redirects(std::vector<SipUri> to)
{
    REQUIRE_MESSAGE(to_answer_, number << " has nothing to answer");
    const auto request = *std::exchange(to_answer_, std::nullopt);
    scenario_.invites_.erase(request.answers_to);
    scenario_.receive(ResponseReceived{.leg = request.leg,
                                       .transaction = request.answers_to,
                                       .method = INVITE,
                                       .status = 302,
                                       .to_tag = "tag-" + number,
                                       .redirects = std::move(to)});
}

void Phone::fails_with(unsigned status)
{
    REQUIRE(to_answer_);
    const auto request = *std::exchange(to_answer_, std::nullopt);
    scenario_.invites_.erase(request.answers_to);
    scenario_.receive(ResponseReceived{.leg = request.leg,
                                       .transaction = request.answers_to,
                                       .method = request.method,
                                       .status = status,
                                       .generated = true});
}

void Phone::acknowledge(const Arrived& success, std::string_view sdp)
{
    scenario_.receive(AckReceived{
        .transaction = success.transaction, .leg = success.leg, .payload = sdp_payload(sdp)});
}

void Phone::never_acknowledges(const Arrived& success)
{
    scenario_.receive(AckMissing{.transaction = success.transaction, .leg = success.leg});
}

bool Phone::calls() const
{
    return scenario_.awaits_answer(own_invite_);
}

bool Phone::has_dialog() const
{
    return scenario_.is_open(leg_);
}

Arrived Phone::receives(Method method)
{
    REQUIRE_MESSAGE(!inbox.empty(), number << " waits for " << word(method));
    REQUIRE_MESSAGE(inbox.front().what == word(method), number << " waits for " << word(method));
    auto arrived = std::move(inbox.front());
    inbox.pop_front();
    return arrived;
}

Arrived Phone::receives(unsigned status)
{
    REQUIRE_MESSAGE(!inbox.empty(), number << " waits for " << status);
    REQUIRE_MESSAGE(inbox.front().status == status,
                    number << " waits for " << status << ", got " << inbox.front().what);
    auto arrived = std::move(inbox.front());
    inbox.pop_front();
    return arrived;
}

void Phone::answers(const Arrived& notify, unsigned status, bool generated)
{
    REQUIRE(notify.notify);
    scenario_.receive(NotifyAnswered{.subscription = notify.notify->subscription,
                                     .cseq = notify.notify->cseq,
                                     .status = status,
                                     .generated = generated});
}

Scenario::Scenario(std::vector<Group> groups, ExchangeSettings settings)
    : now_{std::chrono::steady_clock::time_point{1h},
           std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}},
      groups_{std::move(groups)}, settings_{std::move(settings)}, tokens_{counting_tokens()}
{
    exchange_.emplace(settings_, tokens_, directory());
}

DirectoryRef Scenario::directory() const
{
    std::vector<Extension> extensions;
    for (int n = 101; n <= 109; ++n) {
        Extension extension{std::to_string(n), "Name " + std::to_string(n), {}, {}};
        if (const auto found = forwarding_.find(extension.number); found != forwarding_.end())
            extension.forwarding = found->second;
        if (const auto found = modes_.find(extension.number); found != modes_.end())
            extension.mode = found->second;
        for (const auto& [number, edit] : edits_)
            if (number == extension.number) edit(extension);
        extensions.push_back(std::move(extension));
    }
    return std::make_shared<const Directory>(std::string{domain}, std::move(extensions), groups_,
                                             Numbering{.feature_codes = {},
                                                       .ring_groups = ring_groups_,
                                                       .digit_plan = DigitPlan{rules_},
                                                       .trunks = trunks_,
                                                       .calling_card = calling_card_,
                                                       .park_lot = park_lot_});
}

Scenario::~Scenario()
{
    for (const auto& phone : phones_)
        for (const auto& arrived : phone->inbox)
            if (!std::uncaught_exceptions())
                FAIL_CHECK(phone->number << " received unasked: " << arrived.what);
}

Phone& Scenario::phone(std::string number)
{
    auto& phone = silent_phone(std::move(number));
    phone.registers();
    return phone;
}

Phone& Scenario::silent_phone(std::string number)
{
    return *phones_.emplace_back(std::make_unique<Phone>(*this, std::move(number), next_port_++));
}

void Scenario::passes(std::chrono::milliseconds span)
{
    const auto end = now_.mono + span;
    while (now_.mono < end) {
        const auto deadline = exchange_->next_deadline();
        const auto until = deadline && *deadline < end ? std::max(*deadline, now_.mono) : end;
        now_.wall +=
            std::chrono::duration_cast<std::chrono::system_clock::duration>(until - now_.mono);
        now_.mono = until;
        exchange_->advance(now_, outbox_);
        deliver();
        if (deadline && *deadline <= now_.mono && exchange_->next_deadline() == deadline)
            now_.mono += 1ms;
    }
}

void Scenario::stays_silent_for(std::chrono::seconds span)
{
    passes(span);
    for (const auto& phone : phones_)
        for (const auto& arrived : phone->inbox)
            FAIL_CHECK(phone->number << " received " << arrived.what);
}

void Scenario::replaces_directory(std::vector<Group> groups)
{
    groups_ = std::move(groups);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::forwards(const std::string& number, Forwarding forwarding)
{
    forwarding_[number] = std::move(forwarding);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::joins(const std::string& number, CallMode mode)
{
    modes_[number] = mode;
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::has_calling_card(CallingCard card)
{
    calling_card_ = std::move(card);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::configures(const std::string& number, std::function<void(Extension&)> edit)
{
    edits_.emplace_back(number, std::move(edit));
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::has_ring_groups(std::vector<RingGroup> groups)
{
    ring_groups_ = std::move(groups);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::has_park_lot(ParkLot lot)
{
    park_lot_ = std::move(lot);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::has_trunks(std::vector<Trunk> trunks, DigitRules rules)
{
    trunks_ = std::move(trunks);
    rules_ = std::move(rules);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

Phone& Scenario::carrier(const Trunk& trunk, std::string number)
{
    auto& phone = silent_phone(std::move(number));
    const auto& server = trunk.servers.front();
    phone.trunk = trunk.name;
    phone.flow = {server.transport.value_or(Transport::udp), server.host, server.port, {}, 0};
    return phone;
}

std::vector<CallRecord> Scenario::records() const
{
    std::vector<CallRecord> records;
    for (const auto& change : stored)
        if (const auto* recorded = std::get_if<CallRecorded>(&change))
            records.push_back(*recorded->record);
    return records;
}

const Forwarding& Scenario::forwarding_of(const std::string& number)
{
    return forwarding_[number];
}

void Scenario::settles_one(unsigned status)
{
    REQUIRE_FALSE(asked.empty());
    const auto feature = asked.front();
    asked.erase(asked.begin());
    settle(feature, status);
}

void Scenario::settle(const FeatureAsked& feature, unsigned status)
{
    if (status < 300) {
        const auto& [what, number, seconds] = feature.dialled;
        apply(feature.dialled, forwarding_[feature.extension]);
        if (is_about_ring_groups(what))
            for (auto& group : ring_groups_)
                for (auto& member : group.members)
                    if ((!number || group.number == *number) && member.number == feature.extension)
                        member.logged_in = what == Feature::log_in;
        exchange_->replace_directory(directory(), now_, outbox_);
    }
    exchange_->receive(FeatureSettled{feature.leg, status, confirmation(feature.dialled),
                                      feature.subscription},
                       now_, outbox_);
    deliver();
}

OrderAnswer Scenario::orders(CallOrder order)
{
    if (order.call.empty() && order.action != CallAction::place)
        if (const auto calls = view().calls; calls.size() == 1) order.call = calls[0].id;
    auto answer = exchange_->carry_out(order, now_, outbox_);
    deliver();
    return answer;
}

void Scenario::ends_all_calls(CallsToEnd which)
{
    exchange_->end_calls(which, now_, outbox_);
    deliver();
}

Kept Scenario::kept() const
{
    std::map<std::string, Binding> bindings;
    std::map<std::string, StoredSubscription> subscriptions;
    std::map<std::string, StoredPublication> publications;
    std::map<CallRef, StoredCall> calls;
    std::map<CallRef, StoredRinging> ringing;
    std::map<std::string, TurnTaken> turns;
    std::vector<std::string> talked;
    std::map<std::string, OutsideDay> outside;
    for (const auto& change : stored)
        std::visit(
            Overloaded{
                [&](const BindingStored& one) {
                    bindings[one.binding.aor + write(one.binding.contact)] = one.binding;
                },
                [&](const BindingRemoved& one) { bindings.erase(one.aor + write(one.contact)); },
                [&](const SubscriptionStored& one) {
                    const auto& row = one.subscription;
                    subscriptions[row.call_id + '\n' + row.local_tag] = row;
                },
                [&](const SubscriptionRemoved& one) {
                    subscriptions.erase(one.call_id + '\n' + one.local_tag);
                },
                [&](const PublicationStored& one) {
                    CHECK(one.first == !publications.contains(one.publication.id));
                    publications[one.publication.id] = one.publication;
                },
                [&](const PublicationRemoved& one) { CHECK(publications.erase(one.id) == 1); },
                [&](const CallStored& one) {
                    CHECK(one.first == !calls.contains(one.call->id));
                    calls[one.call->id] = *one.call;
                },
                [&](const CallRemoved& one) { CHECK(calls.erase(one.call) == 1); },
                [&](const RingingStored& one) { ringing[one.call->id] = *one.call; },
                [&](const RingingRemoved& one) { CHECK(ringing.erase(one.call) == 1); },
                [&](const TurnTaken& one) { turns[one.group] = one; },
                [&](const CallRecorded& one) {
                    for (const auto& part : one.record->parts) {
                        if (!part.answered_at) continue;
                        std::erase(talked, part.extension);
                        talked.push_back(part.extension);
                    }
                },
                [&](const OutsideDay& one) { outside[one.payer + '\n' + one.trunk] = one; },
            },
            change);
    Kept kept;
    for (auto& [key, binding] : bindings) kept.bindings.push_back(binding);
    for (auto& [key, subscription] : subscriptions) kept.subscriptions.push_back(subscription);
    for (auto& [id, call] : calls) kept.calls.push_back(call);
    for (auto& [id, call] : ringing) kept.ringing.push_back(call);
    for (auto& [group, turn] : turns) kept.turns.push_back(turn);
    kept.talked = std::move(talked);
    for (auto& [key, day] : outside) kept.outside.push_back(day);
    for (auto& [id, publication] : publications) kept.publications.push_back(publication);
    return kept;
}

void Scenario::restarts()
{
    restarts([](Kept&) {});
}

void Scenario::restarts(const std::function<void(Kept&)>& edit)
{
    auto left = kept();
    edit(left);
    waiting_.clear();
    requests_.clear();
    invites_.clear();
    legs_.clear();
    for (const auto& phone : phones_) {
        phone->to_answer_.reset();
        phone->leg_ = {};
    }
    exchange_.emplace(settings_, tokens_, directory());
    exchange_->restore(std::move(left), now_, outbox_);
    deliver();
}

void Scenario::receive(const SipInput& input)
{
    waiting_.push_back(input);
    if (std::exchange(stepping_, true)) return;
    while (!waiting_.empty()) {
        const auto next = std::move(waiting_.front());
        waiting_.pop_front();
        exchange_->receive(next, now_, outbox_);
        deliver();
    }
    stepping_ = false;
    while (settles && !asked.empty()) settles_one();
}

void Scenario::deliver()
{
    const bool outermost = !std::exchange(stepping_, true);
    auto commands = std::exchange(outbox_.commands, {});
    for (auto& change : outbox_.storage) stored.push_back(std::move(change));
    outbox_.storage.clear();
    outbox_.events.clear();
    for (auto& event : std::exchange(outbox_.shown, {})) shown.push_back(std::move(event));
    for (auto& command : commands) deliver(command);
    for (auto& feature : std::exchange(outbox_.asked, {})) asked.push_back(std::move(feature));
    if (!outermost) return;
    stepping_ = false;
    if (waiting_.empty()) return;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    receive(next);
}

void Scenario::deliver(SipCommand& command)
{
    std::visit(Overloaded{
                   [&](OpenDialog& open) {
                       auto& request = requests_.at(open.transaction);
                       request.leg = open.leg;
                       request.phone->leg_ = open.leg;
                       legs_[open.leg] = request.phone;
                       dialogs_[{request.call_id, open.local_tag}] = request.phone;
                       open_[request.call_id] = open.leg;
                   },
                   [&](ResumeDialog& resume) {
                       auto* phone = dialogs_.at({resume.dialog.call_id, resume.dialog.local_tag});
                       legs_[resume.leg] = phone;
                       open_[resume.dialog.call_id] = resume.leg;
                       phone->leg_ = resume.leg;
                       phone->resumed_cseq = resume.state.cseq;
                   },
                   [&](EndInvite& end) {
                       const auto& dialog = end.invite.dialog;
                       auto* phone = dialogs_.at({dialog.call_id, dialog.local_tag});
                       Arrived arrived;
                       const bool calls = end.invite.role == LegRole::caller;
                       arrived.what = calls ? "500" : "CANCEL";
                       arrived.status = calls ? 500 : 0;
                       arrived.method = CANCEL;
                       arrive(*phone, std::move(arrived));
                   },
                   [&](MoveDialog& move) {
                       auto* phone = phone_of(move.leg);
                       REQUIRE(phone);
                       phone->moved_to = move.flow;
                   },
                   [&](Reply& reply) {
                       const auto found = requests_.find(reply.transaction);
                       REQUIRE_MESSAGE(found != requests_.end(),
                                       "answered twice, or never asked: " << reply.status);
                       const auto request = found->second;
                       if (reply.status >= 200) requests_.erase(found);
                       Arrived arrived;
                       arrived.what = std::to_string(reply.status) + " " + reply.phrase;
                       arrived.status = reply.status;
                       arrived.leg = request.leg;
                       arrived.transaction = reply.transaction;
                       arrived.headers = reply.headers;
                       arrived.local_tag = reply.local_tag;
                       arrived.session_timer = reply.session_timer;
                       arrived.is_reliable = reply.reliable;
                       arrived.focus = reply.focus;
                       arrived.payload = reply.payload;
                       if (reply.status / 100 == 2 && changes_session(request.method) &&
                           has_body(reply.payload))
                           request.phone->media_[request.leg] = reply.payload->body;
                       if (request.method == INVITE && reply.status / 100 == 2 &&
                           request.phone->acknowledges)
                           waiting_.push_back(
                               AckReceived{.transaction = reply.transaction, .leg = request.leg});
                       arrive(*request.phone, std::move(arrived));
                   },
                   [&](SendInvite& invite) {
                       auto* phone = phone_at(invite.target.flow);
                       REQUIRE(phone);
                       legs_[invite.leg] = phone;
                       dialogs_[{invite.call_id, invite.local_tag}] = phone;
                       open_[invite.call_id] = invite.leg;
                       phone->leg_ = invite.leg;
                       invites_[invite.transaction] = {phone, INVITE, invite.leg};
                       Arrived arrived;
                       arrived.what = "INVITE";
                       arrived.method = INVITE;
                       arrived.leg = invite.leg;
                       arrived.answers_to = invite.transaction;
                       arrived.from_address = invite.from;
                       arrived.focus = invite.focus;
                       arrived.request_uri = invite.target.request_uri;
                       arrived.headers = invite.headers;
                       if (invite.payload)
                           for (const auto& header : invite.payload->headers)
                               arrived.headers.push_back(header);
                       arrived.session_timer = invite.session_timer;
                       arrived.payload = invite.payload;
                       phone->to_answer_ = arrived;
                       arrive(*phone, std::move(arrived));
                   },
                   [&](SendRequest& request) {
                       auto* phone = phone_of(request.leg);
                       REQUIRE_MESSAGE(phone,
                                       "a " << word(request.method) << " on a closed dialog");
                       if (request.method == OPTIONS && phone->answers_probes) {
                           waiting_.push_back(ResponseReceived{.leg = request.leg,
                                                               .transaction = request.transaction,
                                                               .method = OPTIONS,
                                                               .status = 200});
                           return;
                       }
                       Arrived arrived;
                       arrived.what = word(request.method);
                       arrived.method = request.method;
                       arrived.leg = request.leg;
                       arrived.answers_to = request.transaction;
                       arrived.headers = request.headers;
                       arrived.session_timer = request.session_timer;
                       arrived.rack_rseq = request.rack_rseq;
                       arrived.focus = request.focus;
                       arrived.payload = request.payload;
                       if (request.method == BYE && phone->answers_bye)
                           waiting_.push_back(ResponseReceived{.leg = request.leg,
                                                               .transaction = request.transaction,
                                                               .method = BYE,
                                                               .status = 200});
                       else
                           phone->to_answer_ = arrived;
                       if (request.method == INVITE)
                           invites_[request.transaction] = {phone, INVITE, request.leg};
                       arrive(*phone, std::move(arrived));
                   },
                   [&](SendAck& ack) {
                       auto* phone = phone_of(ack.leg);
                       REQUIRE_MESSAGE(phone, "an ACK on a closed dialog");
                       if (has_body(ack.payload)) phone->media_[ack.leg] = ack.payload->body;
                       Arrived arrived;
                       arrived.what = "ACK";
                       arrived.method = ACK;
                       arrived.leg = ack.leg;
                       arrived.payload = ack.payload;
                       arrive(*phone, std::move(arrived));
                   },
                   [&](SendCancel& cancel) {
                       const auto branch = branches_.find(cancel.leg);
                       auto* phone =
                           branch == branches_.end() ? phone_of(cancel.leg) : branch->second;
                       REQUIRE_MESSAGE(phone, "a CANCEL on a closed dialog");
                       if (phone->answers_cancel && invites_.erase(cancel.transaction) != 0)
                           waiting_.push_back(
                               ResponseReceived{.leg = cancel.leg,
                                                .transaction = cancel.transaction,
                                                .method = INVITE,
                                                .status = 487,
                                                .to_tag = "tag-" + phone->number,
                                                .message = passed_message(487, cancel.leg)});
                       Arrived arrived;
                       arrived.what = "CANCEL";
                       arrived.method = CANCEL;
                       arrived.headers = cancel.headers;
                       if (phone->answers_cancel) phone->to_answer_.reset();
                       arrive(*phone, std::move(arrived));
                   },
                   [&](ForwardSubscribe& forward) {
                       Arrived arrived;
                       arrived.what = "SUBSCRIBE";
                       arrived.method = SUBSCRIBE;
                       arrived.transaction = forward.request;
                       arrived.subscription = forward.subscription;
                       arrived.from_address.uri = address_of(forward.watcher);
                       const auto& subscribe = requests_.at(forward.request);
                       arrived.shared = {subscribe.call_id, subscribe.to_tag, "watch"};
                       for (const auto& target : forward.targets) {
                           auto* phone = phone_at(target.flow);
                           REQUIRE(phone);
                           arrived.request_uri = target.request_uri;
                           arrived.shared.local_tag = phone->notifier_tag();
                           arrive(*phone, arrived);
                       }
                       if (!forward.targets.empty()) return;
                       const auto notifier = std::ranges::find_if(phones_, [&](const auto& phone) {
                           return phone->number == forward.member &&
                                  phone->notifier_tag() == subscribe.to_tag;
                       });
                       REQUIRE(notifier != phones_.end());
                       arrive(**notifier, std::move(arrived));
                   },
                   [&](PassNotify& pass) {
                       const auto request = requests_.extract(pass.request).mapped();
                       auto* phone = watching_.at(request.call_id);
                       if (pass.flow) CHECK(*pass.flow == phone->flow);
                       Arrived arrived;
                       arrived.what = "NOTIFY";
                       arrived.method = NOTIFY;
                       arrived.notify = SendNotify{.subscription = {},
                                                   .dialog = {},
                                                   .cseq = request.notifying.cseq,
                                                   .subscription_state = pass.last_state};
                       arrive(*phone, std::move(arrived));
                   },
                   [&](CloseDialog& close) { CHECK(legs_.erase(close.leg) == 1); },
                   [&](SendStandalone& request) {
                       auto* phone = phone_at(request.target.flow);
                       auto answers = phone ? phone->answers_options : 200U;
                       if (phone && !phone->trunk.empty() && !answers) answers = 200U;
                       if (request.method == OPTIONS && answers)
                           return waiting_.push_back(
                               StandaloneAnswered{.transaction = request.transaction,
                                                  .status = *answers,
                                                  .generated = *answers == 408});
                       REQUIRE(phone);
                       Arrived arrived;
                       arrived.what = word(request.method);
                       arrived.method = request.method;
                       arrived.answers_to = request.transaction;
                       arrived.from_address = request.from;
                       arrived.headers = request.headers;
                       arrived.payload = request.payload;
                       arrive(*phone, std::move(arrived));
                   },
                   [](ResolveTrunk&) {},
                   [&](SendNotify& notify) {
                       auto* phone = phone_at(notify.dialog->flow);
                       REQUIRE(phone);
                       if (phone->answers_notify)
                           waiting_.push_back(NotifyAnswered{.subscription = notify.subscription,
                                                             .cseq = notify.cseq,
                                                             .status = *phone->answers_notify});
                       Arrived arrived;
                       arrived.what = "NOTIFY";
                       arrived.method = NOTIFY;
                       arrived.headers = notify.headers;
                       arrived.notify = std::move(notify);
                       arrive(*phone, std::move(arrived));
                   },
                   [](ForgetNotify&) {},
                   [&](ForwardInvite& forward) {
                       auto* phone = phone_at(forward.target.flow);
                       REQUIRE(phone);
                       auto& request = requests_.at(forward.request);
                       request.leg = forward.caller;
                       branches_[forward.leg] = phone;
                       invites_[forward.transaction] = {phone, INVITE, forward.leg};
                       phone->shared_ = {request.call_id,
                                         "tag-" + phone->number + "-" +
                                             std::to_string(phone->flow.port),
                                         "from-" + std::to_string(forward.request.value)};
                       Arrived arrived;
                       arrived.what = "INVITE";
                       arrived.method = INVITE;
                       arrived.leg = forward.leg;
                       arrived.answers_to = forward.transaction;
                       arrived.headers = forward.headers;
                       arrived.session_timer = forward.session_timer;
                       phone->to_answer_ = arrived;
                       arrive(*phone, std::move(arrived));
                   },
                   [&](ForwardResponse& forward) {
                       const auto& message = dynamic_cast<const PassedMessage&>(*forward.message);
                       auto* phone = passed_[forward.request];
                       if (!phone)
                           phone = passed_[forward.request] = requests_.at(forward.request).phone;
                       if (message.status >= 200) requests_.erase(forward.request);
                       phone->shared_ = {"call-" + std::to_string(forward.request.value),
                                         "from-" + std::to_string(forward.request.value),
                                         message.tag};
                       Arrived arrived;
                       arrived.what = std::to_string(message.status);
                       arrived.status = message.status;
                       arrived.headers = forward.headers;
                       for (const auto& challenge : forward.challenges)
                           arrived.headers.push_back(
                               {"Challenge", dynamic_cast<const PassedMessage&>(*challenge).tag});
                       arrived.session_timer = forward.session_timer;
                       arrived.payload = message.payload;
                       arrive(*phone, std::move(arrived));
                   },
                   [&](ProbeDialog& probe) {
                       auto* phone = phone_at(probe.flow);
                       REQUIRE(phone);
                       CHECK(probe.dialog.call_id == phone->shared_.call_id);
                       CHECK(probe.dialog.local_tag == phone->shared_.remote_tag);
                       CHECK(probe.dialog.remote_tag == phone->shared_.local_tag);
                       Arrived arrived;
                       arrived.what = "OPTIONS";
                       arrived.method = OPTIONS;
                       arrived.leg = probe.leg;
                       arrived.answers_to = probe.transaction;
                       phone->to_answer_ = arrived;
                       arrive(*phone, std::move(arrived));
                   },
               },
               command);
}

WireMessageRef Scenario::passed_message(unsigned status, LegId branch, std::string_view sdp) const
{
    const auto found = branches_.find(branch);
    if (found == branches_.end()) return nullptr;
    auto message = std::make_shared<PassedMessage>();
    message->status = status;
    message->tag = found->second->shared_.local_tag;
    message->payload = sdp_payload(sdp);
    return message;
}

void Scenario::arrive(Phone& phone, Arrived arrived)
{
    phone.inbox.push_back(std::move(arrived));
}

Phone* Scenario::phone_of(LegId leg)
{
    const auto found = legs_.find(leg);
    return found == legs_.end() ? nullptr : found->second;
}

Phone* Scenario::phone_at(const Flow& flow)
{
    for (const auto& phone : phones_)
        if (phone->flow == flow) return phone.get();
    return nullptr;
}

}  // namespace lampline::test
