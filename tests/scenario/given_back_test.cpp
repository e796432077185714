// What many calls at once have taken is given back when they are over: each round leaves the memory
// of the exchange as the one before has.
#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "core/extension_uri.hpp"
#include "engine/exchange.hpp"
#include "support/live_memory.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t calls_at_once = 1000;
constexpr std::size_t pairs = 100;
const std::string watcher = "300";
const std::string domain = "office.test";

std::string caller_number(std::size_t pair)
{
    return std::to_string(100 + pair);
}
std::string callee_number(std::size_t pair)
{
    return std::to_string(200 + pair);
}

PayloadRef session(std::string_view direction)
{
    Payload payload{"application/sdp", "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=", {}};
    payload.body.append(direction).append("\r\n");
    return std::make_shared<const Payload>(std::move(payload));
}

SipUri contact_of(const std::string& number)
{
    auto contact = extension_uri(number, "192.0.2.1");
    contact.port = 5060;
    return contact;
}

Flow flow_of(const std::string& number)
{
    return {
        Transport::udp, "192.0.2.1", static_cast<std::uint16_t>(5000 + std::stoi(number)), {}, 0};
}

/// Phones that accept what they are asked for at once, and the exchange that they call each other
/// by.
class Office {
public:
    explicit Office(std::vector<Group> groups)
        : exchange_{{}, tokens(), directory(std::move(groups))}
    {
        calls_.reserve(calls_at_once);
        for (std::size_t pair = 0; pair < pairs; ++pair) {
            registers(caller_number(pair));
            registers(callee_number(pair));
        }
        registers(watcher);
    }

    void subscribes(const std::string& watched)
    {
        receive(SubscribeReceived{.transaction = transactions_.next(),
                                  .source = flow_of(watcher),
                                  .authenticated = watcher,
                                  .request_uri = extension_uri(watched, domain),
                                  .parties = {{{}, extension_uri(watcher, domain)},
                                              "tag",
                                              {{}, extension_uri(watched, domain)},
                                              {}},
                                  .call_id = watcher + "-" + watched,
                                  .cseq = 1,
                                  .contact = contact_of(watcher),
                                  .event = "dialog",
                                  .expires = 24h});
    }

    /// One calls another, is answered, and puts the call on hold.
    void call()
    {
        const auto from = caller_number(calls_.size() % pairs);
        const auto to = callee_number(calls_.size() % pairs);
        const auto invite = transactions_.next();
        receive(InviteReceived{.transaction = invite,
                               .source = flow_of(from),
                               .authenticated = from,
                               .request_uri = extension_uri(to, domain),
                               .parties = {{{}, extension_uri(from, domain)},
                                           "caller",
                                           {{}, extension_uri(to, domain)},
                                           {}},
                               .call_id = "call-" + std::to_string(invite.value),
                               .cseq = 1,
                               .contact = contact_of(from),
                               .payload = session("sendrecv")});
        calls_.push_back(caller_);
        receive(RequestReceived{.transaction = transactions_.next(),
                                .leg = caller_,
                                .method = Method::invite,
                                .cseq = 2,
                                .payload = session("sendonly")});
    }

    void hang_up_all()
    {
        CHECK(exchange_.call_count() == calls_.size());
        for (const auto call : calls_)
            receive(RequestReceived{.transaction = transactions_.next(),
                                    .leg = call,
                                    .method = Method::bye,
                                    .cseq = 3});
        calls_.clear();
        passes(1min);
        CHECK(exchange_.call_count() == 0);
        CHECK(open_dialogs_ == 0);
    }

    /// So many calls at once, and none any more.
    void works(std::size_t calls)
    {
        for (std::size_t i = 0; i < calls; ++i) call();
        hang_up_all();
    }

private:
    static TokenSource tokens()
    {
        return [count = 0]() mutable { return "token" + std::to_string(++count); };
    }

    static DirectoryRef directory(std::vector<Group> groups)
    {
        std::vector<Extension> extensions{{watcher, "Desk", {}, {}}};
        for (std::size_t pair = 0; pair < pairs; ++pair) {
            extensions.push_back({caller_number(pair), "Desk", {}, {}});
            extensions.push_back({callee_number(pair), "Desk", {}, {}});
        }
        return std::make_shared<const Directory>(domain, std::move(extensions), std::move(groups));
    }

    void registers(const std::string& number)
    {
        receive(RegisterReceived{.transaction = transactions_.next(),
                                 .source = flow_of(number),
                                 .aor = number,
                                 .contacts = {{.uri = contact_of(number)}},
                                 .expires = 24h,
                                 .call_id = "reg-" + number,
                                 .cseq = 1});
    }

    void passes(std::chrono::seconds time)
    {
        for (const auto end = now_.mono + time; now_.mono < end;) {
            now_.mono += 1s;
            now_.wall += 1s;
            exchange_.advance(now_, outbox_);
            take_commands();
        }
    }

    void receive(const SipInput& input)
    {
        exchange_.receive(input, now_, outbox_);
        take_commands();
    }

    void take_commands()
    {
        auto step = std::exchange(outbox_, {});
        std::vector<SipInput> answers;
        for (const auto& command : step.commands)
            std::visit([&](const auto& one) { take(one, answers); }, command);
        for (const auto& answer : answers) receive(answer);
    }

    template <class Ignored>
    void take(const Ignored& /*command*/, std::vector<SipInput>& /*answers*/)
    {
    }
    void take(const OpenDialog& open, std::vector<SipInput>& /*answers*/)
    {
        caller_ = open.leg;
        ++open_dialogs_;
    }
    void take(const CloseDialog& /*close*/, std::vector<SipInput>& /*answers*/) { --open_dialogs_; }
    void take(const SendInvite& invite, std::vector<SipInput>& answers)
    {
        ++open_dialogs_;
        for (const unsigned status : {180U, 200U})
            answers.emplace_back(
                ResponseReceived{.leg = invite.leg,
                                 .transaction = invite.transaction,
                                 .method = Method::invite,
                                 .status = status,
                                 .cseq = 1,
                                 .to_tag = "callee",
                                 .contact = contact_of("200"),
                                 .payload = status == 200 ? session("sendrecv") : nullptr});
    }
    void take(const Reply& reply, std::vector<SipInput>& answers)
    {
        if (reply.status == 200 && reply.payload)
            answers.emplace_back(AckReceived{.transaction = reply.transaction, .leg = caller_});
    }
    void take(const SendRequest& request, std::vector<SipInput>& answers)
    {
        answers.emplace_back(ResponseReceived{
            .leg = request.leg,
            .transaction = request.transaction,
            .method = request.method,
            .status = 200,
            .cseq = 2,
            .contact = contact_of("200"),
            .payload = request.method == Method::invite ? session("recvonly") : nullptr});
    }
    void take(const SendNotify& notify, std::vector<SipInput>& answers)
    {
        answers.emplace_back(NotifyAnswered{
            .subscription = notify.subscription, .cseq = notify.cseq, .status = 200});
    }

    Moment now_{std::chrono::steady_clock::time_point{1h},
                std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
    IdSource<TransactionId> transactions_;
    Exchange exchange_;
    Outbox outbox_;
    std::vector<LegId> calls_;
    LegId caller_{};  // of the call that was made last
    std::ptrdiff_t open_dialogs_ = 0;
};

void leave_nothing(Office& office)
{
    office.works(pairs);
    const auto before = live_bytes();
    for (int round = 1; round <= 5; ++round) {
        CAPTURE(round);
        office.works(calls_at_once);
        // Tables keep some hundred buckets, up and down from round to round. Whatever a call left
        // would be more than that after a few.
        CHECK(live_bytes() < before + calls_at_once * 24);
    }
}

}  // namespace

TEST_CASE("a thousand held calls leave no memory behind, time and again")
{
    Office office{{}};
    leave_nothing(office);
}

TEST_CASE("so do they where somebody watches")
{
    Office office{{{"some", "Some", {"200", "201", "202"}, {{watcher, false, "standard"}}}}};
    for (const std::string watched : {"200", "201", "202"}) office.subscribes(watched);
    leave_nothing(office);
}
