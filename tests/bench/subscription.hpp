#pragma once
#include <array>
#include <cstddef>

#include "bench/lamp.hpp"
#include "bench/line.hpp"
#include "bench/registration.hpp"

namespace bench {

/// A phone's subscription to `Event: dialog` of one extension, and the lamp it drives.
class Subscription {
public:
    Subscription(Line& line, std::string member);

    void start(Done done);
    void receive_response(const SipMessage& response);
    /// True when the NOTIFY is new; a repetition changes nothing.
    bool receive_notify(const SipMessage& notify);

    [[nodiscard]] const std::string& call_id() const noexcept { return call_id_; }
    [[nodiscard]] const std::string& member() const noexcept { return member_; }
    [[nodiscard]] const Lamp& lamp() const noexcept { return lamp_; }
    [[nodiscard]] std::uint64_t notifies() const noexcept { return notifies_; }

private:
    void send(std::string_view authorization);

    Line& line_;
    Retransmission request_;
    std::string member_, uri_, call_id_, from_;
    std::uint32_t cseq_ = 0;
    bool challenged_ = false;
    Done done_;
    Lamp lamp_;
    std::uint64_t notifies_ = 0;
    std::array<std::uint32_t, 16> seen_cseqs_;  // the latest: what arrives again is a repetition
};

}  // namespace bench
