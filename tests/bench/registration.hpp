#pragma once
#include <functional>

#include "bench/line.hpp"
#include "bench/retransmission.hpp"

namespace bench {

/// Called once per operation, with the status that ended it.
using Done = std::function<void(int status)>;
inline constexpr int succeeded = 200;
inline constexpr int gone_wrong = 0;  ///< ended by something else than a response

/// A phone's binding: REGISTER, 401, REGISTER with credentials, 200. Every refresh is challenged
/// anew.
class Registration {
public:
    explicit Registration(Line& line)
        : line_{line}, request_{line}, call_id_{line.next_token()}, from_{line.address_of_record()}
    {
    }

    /// False: the one before is still under way; nothing was sent.
    bool start(Done done);
    void receive(const SipMessage& response);

private:
    void send(std::string_view authorization);

    Line& line_;
    Retransmission request_;
    std::string call_id_, from_;
    std::uint32_t cseq_ = 0;
    bool challenged_ = false;
    Done done_;
};

}  // namespace bench
