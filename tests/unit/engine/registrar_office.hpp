#pragma once
// A registrar on a clock of its own.
#include <algorithm>

#include <doctest/doctest.h>

#include "engine/registrar.hpp"

namespace lampline::registering {

struct ContactOptions {
    std::optional<std::chrono::seconds> expires{};
    unsigned q = 1000;
    std::string instance{};
};

inline RegisterContact contact(std::string_view uri, ContactOptions options = {})
{
    return {
        SipUri::parse(uri).value(), {}, options.expires, options.q, std::move(options.instance)};
}

/// A registrar on a clock that stands still until it is told, and what its last step put out.
class Office {
public:
    explicit Office(RegistrarSettings settings = {60s, 3600s, 7200s}) : registrar{settings} {}

    /// A REGISTER of 201 from one phone: its own Call-ID, CSeq rising by itself.
    RegisterReceived request(std::vector<RegisterContact> contacts)
    {
        RegisterReceived received;
        received.transaction = TransactionId{++last_transaction_};
        received.source = {Transport::udp, "192.0.2.7", 5060, {}, 0};
        received.aor = "201";
        received.contacts = std::move(contacts);
        received.call_id = "phone-a";
        received.cseq = ++last_cseq_;
        received.user_agent = "phone/1";
        return received;
    }
    Reply send(const RegisterReceived& received)
    {
        out = {};
        registrar.receive(received, now, out);
        REQUIRE(out.commands.size() == 1);
        auto reply = std::get<Reply>(out.commands[0]);
        CHECK(reply.transaction == received.transaction);
        return reply;
    }
    Reply send(std::vector<RegisterContact> contacts) { return send(request(std::move(contacts))); }

    void pass(std::chrono::milliseconds time)
    {
        now.mono += time;
        now.wall += time;
        out = {};
        registrar.advance(now, out);
    }

    [[nodiscard]] std::vector<std::string> contacts(std::string_view aor = "201") const
    {
        std::vector<std::string> uris;
        for (const auto& binding : registrar.locations().bindings(aor))
            uris.push_back(write(binding.contact));
        return uris;
    }
    [[nodiscard]] const Binding& only() const
    {
        REQUIRE(registrar.locations().size() == 1);
        return *registrar.locations().all()[0];
    }
    [[nodiscard]] std::size_t announced(std::string_view aor = "201") const
    {
        return static_cast<std::size_t>(
            std::ranges::count_if(out.events, [&](const CallEvent& event) {
                const auto* const changed = std::get_if<BindingChanged>(&event);
                return changed && changed->aor == aor;
            }));
    }
    template <class Change>
    [[nodiscard]] std::vector<Change> stored() const
    {
        std::vector<Change> changes;
        for (const auto& change : out.storage)
            if (const auto* const one = std::get_if<Change>(&change)) changes.push_back(*one);
        return changes;
    }

    Registrar registrar;
    Moment now{std::chrono::steady_clock::time_point{1000h},
               std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
    Outbox out;

private:
    std::uint64_t last_transaction_ = 0;
    std::uint32_t last_cseq_ = 0;
};

inline std::vector<std::string> values(const Reply& reply, std::string_view name)
{
    std::vector<std::string> found;
    for (const auto& header : reply.headers)
        if (header.name == name) found.push_back(header.value);
    return found;
}

using Texts = std::vector<std::string>;

constexpr auto desk = "sip:201@192.0.2.7:5060";
constexpr auto home = "sip:201@198.51.100.9:5060";

}  // namespace lampline::registering
