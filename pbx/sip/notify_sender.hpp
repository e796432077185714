#pragma once
// NOTIFYs, one at a time for each subscription (RFC 6665 §4.2.2).
#include <functional>
#include <string_view>

#include "core/sip_command.hpp"
#include "core/sip_input.hpp"
#include "sip/light_transactions.hpp"

namespace lampline::sip {

/// Writes NOTIFYs, and reports how they ended. Loop thread only.
class NotifySender {
public:
    using OnInput = std::function<void(SipInput&&)>;

    NotifySender(LightTransactions& transactions, const EndpointSettings& settings,
                 OnInput on_input)
        : transactions_{transactions}, settings_{settings}, on_input_{std::move(on_input)}
    {
    }

    void send(SendNotify&& command);
    void forget(SubscriptionId subscription);
    void answered(const LightAnswer& answer);

private:
    [[nodiscard]] PacketRef compose(const SendNotify& command, const Listener& listener,
                                    std::string_view branch) const;

    LightTransactions& transactions_;
    const EndpointSettings& settings_;
    OnInput on_input_;
};

}  // namespace lampline::sip
