#pragma once
// How names are looked up.
#include <chrono>
#include <cstddef>
#include <string>

#include "core/token_source.hpp"

namespace lampline::sip {

struct ResolverSettings {
    std::string server;  ///< `192.0.2.1:53`, IPv6 in brackets; empty: those of the system
    std::chrono::milliseconds timeout{1500};  ///< of the first try; each further one waits longer
    int tries = 3;
    std::chrono::seconds least_ttl{5}, most_ttl{86400};
    std::chrono::seconds negative_ttl{30};  ///< of "there is none" and of silence
    std::size_t most_questions = 128;       ///< about the servers of one trunk
    RandomSource random = [](std::uint32_t) { return 0U; };  ///< of SRV weights
};

}  // namespace lampline::sip
