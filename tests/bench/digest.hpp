#pragma once
// The client's side of digest authentication (RFC 3261 §22), MD5 with qop=auth.
#include <optional>
#include <string>
#include <string_view>

#include "bench/sip_message.hpp"

namespace bench {

class DigestClient {
public:
    DigestClient(std::string user, std::string secret)
        : user_{std::move(user)}, secret_{std::move(secret)}
    {
    }

    /// The header line ("Authorization: ..." for 401, "Proxy-Authorization: ..." for 407) that
    /// answers the MD5 challenge of `response`; nullopt when there is none.
    [[nodiscard]] std::optional<std::string> answer(const SipMessage& response,
                                                    std::string_view method, std::string_view uri);

private:
    std::string user_, secret_;
    std::string realm_, ha1_;  // of the last challenge: phones meet the same realm again and again
};

}  // namespace bench
