#pragma once
// Which registered phones answer: each is asked by OPTIONS now and then (RFC 3261 §11).
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/timer_queue.hpp"
#include "core/directory.hpp"
#include "core/sip_input.hpp"
#include "core/token_source.hpp"
#include "engine/outbox.hpp"

namespace lampline {

struct QualifySettings {
    std::chrono::seconds interval{};  ///< between two questions; 0: nobody is asked
    unsigned misses = 3;  ///< unanswered questions in a row that make a phone unreachable
    std::chrono::milliseconds patience{4000};  ///< with one question
    std::chrono::seconds retry{10};  ///< between questions while they go unanswered, at most
    RandomSource random = [](std::uint32_t) { return 0U; };  ///< spreads the questions
};

/// Keeps Binding::reach. Any final answer counts, also a refusal: it shows that somebody is there.
/// Phones are asked at times of their own, spread over the interval, so that a registrar that has
/// just started does not ask them all at once. Announces ReachChanged. SIP thread only.
class ContactQualify {
public:
    /// `locations` and `transactions` outlive this.
    ContactQualify(QualifySettings settings, TokenSource tokens, LocationTable& locations,
                   IdSource<ClientTransactionId>& transactions, DirectoryRef directory);

    /// The phones of `aor` came, left or moved. O(its contacts).
    void bindings_changed(std::string_view aor, Moment now);
    /// A request or an answer came from the phone of `aor` at `source`. O(its contacts), and O(1)
    /// while all phones answer.
    void heard(std::string_view aor, const Flow& source, Moment now, Outbox& outbox);
    /// Some phone owes an answer.
    [[nodiscard]] bool any_silent() const noexcept { return silent_ > 0; }
    /// nullopt: it is no answer to a question of ours. Null: nobody answered. Otherwise who did;
    /// good until the bindings change.
    std::optional<const Binding*> receive(const StandaloneAnswered& answer, Moment now,
                                          Outbox& outbox);
    void advance(Moment now, Outbox& outbox);
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_deadline() const
    {
        return timers_.next_deadline();
    }
    void replace_directory(DirectoryRef directory) { directory_ = std::move(directory); }

    struct Counters {
        std::uint64_t sent = 0, unanswered = 0;
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

private:
    struct Phone {
        std::string aor;
        SipUri contact;
        std::uint64_t generation = 0;
        unsigned missed = 0;
        std::string call_id;
        std::uint32_t cseq = initial_cseq;
        ClientTransactionId asked{};  // 0: no question is under way
        std::chrono::steady_clock::time_point asked_at;
    };
    using PhoneId = std::uint64_t;

    void ask(PhoneId id, Phone& phone, Moment now, Outbox& outbox);
    void answered(PhoneId id, Phone& phone, std::chrono::microseconds round_trip, Moment now,
                  Outbox& outbox);
    void missed(PhoneId id, Phone& phone, Moment now, Outbox& outbox);
    void note(const Phone& phone, Reach::State state, std::chrono::microseconds round_trip,
              Moment now, Outbox& outbox);
    void forget(PhoneId id);
    /// A random part of `span`.
    [[nodiscard]] std::chrono::milliseconds part_of(std::chrono::milliseconds span) const;

    QualifySettings settings_;
    TokenSource tokens_;
    LocationTable& locations_;
    IdSource<ClientTransactionId>& transactions_;
    DirectoryRef directory_;
    std::unordered_map<PhoneId, Phone> phones_;
    std::unordered_map<std::string, std::vector<PhoneId>> by_aor_;
    std::unordered_map<ClientTransactionId, PhoneId> under_way_;
    TimerQueue<PhoneId> timers_{Keys::lasting};  // the next question
    PhoneId last_id_ = 0;
    std::size_t silent_ = 0;  // phones that have missed a question
    Counters counters_;
};

}  // namespace lampline
