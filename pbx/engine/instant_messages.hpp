#pragma once
// MESSAGE outside a dialog, from phone to phone (RFC 3428).
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "core/call.hpp"
#include "core/directory.hpp"
#include "core/location_table.hpp"
#include "core/sip_input.hpp"
#include "core/token_source.hpp"
#include "engine/outbox.hpp"

namespace lampline {

struct MessageSettings {
    std::size_t max_bytes = 8192;      ///< of a body; above: 413
    std::size_t max_under_way = 1000;  ///< beyond: 503
    /// With a phone. The sender gives up after 32 s, and must hear from us before (RFC 4320 §4.1).
    std::chrono::milliseconds patience{20'000};
};

/// Hands each MESSAGE to all phones of the extension it is for, body and type untouched. The first
/// 2xx is the answer; else the best refusal, once all have answered (RFC 3261 §16.7). Nothing is
/// kept for later: who has no phone is 480. SIP thread only.
class InstantMessages {
public:
    /// `locations` and `transactions` outlive this.
    InstantMessages(MessageSettings settings, TokenSource tokens, const LocationTable& locations,
                    IdSource<ClientTransactionId>& transactions, DirectoryRef directory);

    /// Answers with 404, 413, 480, 503 at once, or sends it on.
    void receive(const MessageReceived& message, Outbox& outbox);
    /// False: it is no answer to a MESSAGE of ours.
    bool receive(const StandaloneAnswered& answer, Outbox& outbox);
    void replace_directory(DirectoryRef directory) { directory_ = std::move(directory); }

    struct Counters {
        std::uint64_t accepted = 0, refused = 0;
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    [[nodiscard]] std::size_t under_way() const noexcept { return branches_.size(); }

private:
    /// One MESSAGE on its way to the phones of an extension.
    struct Fork {
        TransactionId request;
        std::size_t branches = 0;  ///< unanswered
        bool answered = false;
        BestResponse best;
    };

    void refuse(const MessageReceived& message, unsigned status, std::string phrase,
                std::string_view warning, Outbox& outbox);

    MessageSettings settings_;
    TokenSource tokens_;
    const LocationTable& locations_;
    IdSource<ClientTransactionId>& transactions_;
    DirectoryRef directory_;
    std::unordered_map<ClientTransactionId, std::shared_ptr<Fork>> branches_;
    Counters counters_;
};

}  // namespace lampline
