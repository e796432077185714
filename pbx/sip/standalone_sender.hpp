#pragma once
// Requests of ours that belong to no dialog: OPTIONS, MESSAGE, REGISTER.
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/sip_command.hpp"
#include "core/sip_input.hpp"
#include "sip/digest_client.hpp"
#include "sip/light_transactions.hpp"

namespace lampline::sip {

/// Writes them, answers challenges where there are credentials, and reports StandaloneAnswered.
/// Loop thread only.
class StandaloneSender {
public:
    using OnInput = std::function<void(SipInput&&)>;

    StandaloneSender(LightTransactions& transactions, DigestClient& digest,
                     const EndpointSettings& settings, OnInput on_input)
        : transactions_{transactions}, digest_{digest}, settings_{settings}, on_input_{std::move(
                                                                                 on_input)}
    {
    }

    void send(SendStandalone&& command);
    void answered(const LightAnswer& answer);

private:
    /// A request that may be challenged.
    struct Guarded {
        SendStandalone command;
        DigestClient::Attempts attempts;
        bool introduced = false;  // it had credentials before anybody asked
    };

    void dispatch(const SendStandalone& command, std::string_view authorization);
    [[nodiscard]] PacketRef compose(const SendStandalone& command, std::string_view request_uri,
                                    std::string_view authorization, const Listener& listener,
                                    std::string_view branch) const;
    /// True: the request is under way again.
    bool answers_challenge(const LightAnswer& answer, ClientTransactionId transaction);

    LightTransactions& transactions_;
    DigestClient& digest_;
    const EndpointSettings& settings_;
    OnInput on_input_;
    std::unordered_map<ClientTransactionId, Guarded> guarded_;
};

}  // namespace lampline::sip
