#include "support/scenario.hpp"

#include <doctest/doctest.h>

#include "support/scenario/values.hpp"

namespace lampline::test {

Phone::Phone(Scenario& scenario, std::string own_number, std::uint16_t port)
    : number{std::move(own_number)}, scenario_{scenario}, first_port_{port}
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
    asks_to_register({std::move(registered)}, expires);
}

void Phone::registers_instead_of(const SipUri& before)
{
    RegisterContact mine;
    mine.uri = own_contact();
    RegisterContact gone;
    gone.uri = before;
    gone.expires = 0s;
    asks_to_register({std::move(mine), std::move(gone)}, 3600s);
    receives(200U);
}

std::string Phone::call_id_of_registers() const
{
    if (!register_call_id.empty()) return register_call_id;
    return "reg-" + number + "-" + std::to_string(first_port_) +
           std::string(static_cast<std::size_t>(reboots), '+');
}

void Phone::asks_to_register(std::vector<RegisterContact> contacts, std::chrono::seconds expires)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, Method::register_, {}};
    scenario_.receive(
        RegisterReceived{.transaction = transaction,
                         .source = flow,
                         .aor = number,
                         .contacts = std::move(contacts),
                         .expires = expires,
                         .call_id = call_id_of_registers(),
                         .cseq = ++cseq_,
                         .path = path,
                         .user_agent = user_agent});
}

bool Phone::calls() const
{
    return scenario_.awaits_answer(own_invite_);
}

bool Phone::has_dialog() const
{
    return scenario_.is_known(leg_);
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

}  // namespace lampline::test
