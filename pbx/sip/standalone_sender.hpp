#pragma once
// Requests of ours that belong to no dialog: OPTIONS, MESSAGE, REGISTER.
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/sip_command.hpp"
#include "core/sip_input.hpp"
#include "sip/light_transactions.hpp"

namespace lampline::sip {

/// Writes them, and reports StandaloneAnswered. Loop thread only.
class StandaloneSender {
public:
    using OnInput = std::function<void(SipInput&&)>;

    StandaloneSender(LightTransactions& transactions, const EndpointSettings& settings,
                     OnInput on_input)
        : transactions_{transactions}, settings_{settings}, on_input_{std::move(on_input)}
    {
    }

    void send(SendStandalone&& command);
    void answered(const LightAnswer& answer);

private:
    void dispatch(const SendStandalone& command, std::string_view request_uri);
    [[nodiscard]] PacketRef compose(const SendStandalone& command, std::string_view request_uri,
                                    const Listener& listener, std::string_view branch) const;

    LightTransactions& transactions_;
    const EndpointSettings& settings_;
    OnInput on_input_;
};

}  // namespace lampline::sip
