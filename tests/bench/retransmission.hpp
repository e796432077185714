#pragma once
#include <algorithm>
#include <memory>
#include <string>

#include "bench/line.hpp"

namespace bench {

/// Sends a message again until it is answered, as a phone does over UDP: after 500 ms, then at
/// doubled intervals up to 4 s (RFC 3261 §17.1.1.2). Needed when a server's or the kernel's buffer
/// overflows.
class Retransmission {
public:
    explicit Retransmission(Line& line) : line_{line} {}

    void start(std::string message)
    {
        message_ = std::make_shared<const std::string>(std::move(message));
        line_.send(*message_);
        arm(line_, message_, std::chrono::milliseconds{500});
    }
    void stop() noexcept { message_.reset(); }

private:
    static void arm(Line& line, std::weak_ptr<const std::string> pending,
                    std::chrono::milliseconds delay)
    {
        line.loop().after(delay, [&line, pending = std::move(pending), delay] {
            const auto message = pending.lock();
            if (!message) return;
            line.send(*message);
            line.note_repetition();
            arm(line, message, std::min(2 * delay, std::chrono::milliseconds{4000}));
        });
    }

    Line& line_;
    std::shared_ptr<const std::string> message_;
};

}  // namespace bench
