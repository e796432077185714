#pragma once
// Keeps trunks in order: finds their servers, registers (RFC 3261 §10.2), asks whether they answer.
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/timer_queue.hpp"
#include "core/sip_input.hpp"
#include "core/token_source.hpp"
#include "core/trunk.hpp"
#include "core/trunk_line.hpp"
#include "core/trunk_sources.hpp"
#include "engine/outbox.hpp"
#include "engine/trunk_states.hpp"

namespace lampline {

struct TrunkLineSettings {
    std::chrono::seconds retry_first{30};   ///< after all servers failed once; then twice as long
    std::chrono::seconds retry_most{1800};  ///< RFC 5626 §4.5
    std::chrono::seconds refused_retry{
        600};  ///< after a refusal that a person has to look at; then
    std::chrono::seconds refused_most{3600};  ///< twice as long, up to this
    std::chrono::seconds return_after{
        300};  ///< a server that has failed is not preferred for so long
    std::chrono::seconds connection_lasts{600};  ///< what lasts shorter is not replaced at once
    std::chrono::milliseconds patience{8000};    ///< with one server, for one REGISTER
    std::chrono::milliseconds question_patience{4000};  ///< with one OPTIONS
    unsigned misses = 3;  ///< unanswered OPTIONS in a row that make a trunk unreachable
    std::chrono::milliseconds leave_patience{1000};  ///< with the REGISTER that takes us off
    std::chrono::seconds resolve_again{30};          ///< after a name was not found
    std::size_t most_addresses = 16;
    RandomSource random = [](std::uint32_t) { return 0U; };
};

/// One line for each trunk of the configuration. What they are at any time is told by find(), and
/// every change announced as TrunkChanged. SIP thread only.
///
/// trunk_lines.cpp follows the configuration and the resolver, trunk_registration.cpp registers,
/// trunk_qualify.cpp asks.
class TrunkLines final : public TrunkStates {
public:
    /// `transactions` outlives this.
    TrunkLines(TrunkLineSettings settings, TokenSource tokens,
               IdSource<ClientTransactionId>& transactions);

    /// The configuration from now on. A line that stays as it was is not disturbed; one that goes
    /// is unregistered.
    void replace(std::span<const TrunkRef> trunks, Moment now, Outbox& outbox);
    void receive(const TrunkResolved& resolved, Moment now, Outbox& outbox);
    /// False: it is no answer to a request of ours.
    bool receive(const StandaloneAnswered& answer, Moment now, Outbox& outbox);
    /// A carrier may have told us by the connection that we registered over: it gets a new one.
    void receive(const ConnectionClosed& closed, Moment now);
    void advance(Moment now, Outbox& outbox);
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_deadline() const
    {
        return timers_.next_deadline();
    }
    /// Orderly end: takes all registrations off.
    void stop(Outbox& outbox);
    /// A REGISTER that takes one off is not answered yet.
    [[nodiscard]] bool is_leaving() const noexcept { return !leaving_.empty(); }

    /// nullptr: no such trunk.
    [[nodiscard]] const TrunkStatus* find(std::string_view trunk) const noexcept;
    /// Every trunk, by name.
    [[nodiscard]] std::vector<TrunkStatus> all() const;
    /// The server in use first, then the others by preference; with the Service-Route of the
    /// registration (RFC 3608 §6.1).
    [[nodiscard]] std::vector<TrunkPath> paths(const Trunk& trunk) const override;
    [[nodiscard]] std::vector<TrunkPath> all_paths(const Trunk& trunk) const override;
    [[nodiscard]] bool is_source(const Flow& source) const override
    {
        return source.transport == Transport::udp && !sources_.find(source, {}).empty();
    }
    /// An INVITE came from it.
    void heard(std::string_view trunk, Moment now, Outbox& outbox);

private:
    enum class TimerKind : std::uint8_t { resolve, register_, lapse, qualify };
    using TimePoint = std::chrono::steady_clock::time_point;
    /// One address of a trunk, and how we fared with it.
    struct Place {
        ServerAddress address;
        TimePoint avoided_until{};  // it has failed
        bool tried = false;         // since the last success or pause
        bool answers_options = false;
    };
    struct Line {
        TrunkRef trunk;
        std::vector<Place> places;  // the preferred first
        std::size_t in_use = 0;
        std::string tag, call_id;  // of REGISTER; both for the life of the line (RFC 3261 §10.2.4)
        std::uint32_t cseq = 0;
        TrunkStatus status;
        std::string resolve_error, register_error, question_error;
        ClientTransactionId predecessor{};  // takes off what the line was before, and comes first
        // registration
        std::chrono::seconds asked_for{};  // raised by 423
        ClientTransactionId registering{};
        Flow registering_at;
        TimePoint sent_at;
        std::optional<TimePoint> registered_until;
        TimePoint registered_at, refresh_at;
        ConnectionId connection{};  // TCP: over which it registered
        unsigned cut_off = 0;       // such connections that did not last, in a row
        std::optional<TimePoint> next_attempt;
        std::vector<std::string> service_route;
        std::optional<TrunkServer> detour;  // to where its registrar has sent us
        bool detours = false;               // and we are on the way there
        unsigned redirections = 0;          // in a row
        unsigned too_brief = 0;             // 423 in a row
        unsigned failures = 0;   // rounds of servers without success
        unsigned refusals = 0;   // in a row
        // qualify
        ClientTransactionId asked{};
        Flow asked_about;
        TimePoint asked_at;
        std::string question_call_id;
        std::uint32_t question_cseq = 0;
        unsigned missed = 0;
        bool stopped = false;
    };
    using LineId = std::uint64_t;

    // trunk_lines.cpp
    /// `predecessor`: the request that takes off what it was before; null: there is none.
    void open(TrunkRef trunk, ClientTransactionId predecessor, Moment now, Outbox& outbox);
    /// Where it is reached: its detour first.
    [[nodiscard]] static std::vector<TrunkServer> servers_of(const Line& line);
    /// The request that takes it off; null: there is none.
    ClientTransactionId close(LineId id, Outbox& outbox);
    void resolve(LineId id, Line& line, Moment now, Outbox& outbox);
    void use(LineId id, Line& line, std::vector<ServerAddress> addresses, Moment now,
             Outbox& outbox);
    /// Where to go next: to what was not tried yet, does not have to be avoided, is preferred, and
    /// is in use, in this order.
    [[nodiscard]] static std::size_t best_place(const Line& line, TimePoint now);
    /// nullptr: it is no address of the trunk any more.
    [[nodiscard]] static Place* place_at(Line& line, const Flow& flow);
    void avoid(Place& place, TimePoint now) const;
    void settle(Line& line, Moment now, Outbox& outbox);
    void set_timer(LineId id, TimerKind kind, TimePoint at);
    void cancel_timer(LineId id, TimerKind kind);
    [[nodiscard]] std::chrono::milliseconds part_of(std::chrono::milliseconds span) const;
    [[nodiscard]] static Target target_of(const Line& line, const Flow& flow);
    [[nodiscard]] static NameAddr party_of(const Line& line);
    [[nodiscard]] const Line* line_of(std::string_view trunk) const noexcept;
    [[nodiscard]] Line* line_of(std::string_view trunk) noexcept
    {
        return const_cast<Line*>(std::as_const(*this).line_of(trunk));
    }

    // trunk_registration.cpp
    void send_register(LineId id, Line& line, Moment now, Outbox& outbox);
    ClientTransactionId unregister(Line& line, Outbox& outbox);
    void register_answered(LineId id, Line& line, const StandaloneAnswered& answer, Moment now,
                           Outbox& outbox);
    void registered(LineId id, Line& line, const StandaloneAnswered& answer, Moment now);
    /// Goes where a 3xx points to, if the trunk may be there; else tries the next server.
    void redirected(LineId id, Line& line, const StandaloneAnswered& answer, Moment now,
                    Outbox& outbox);
    /// The server that `contact` names; nullopt: we do not go there.
    [[nodiscard]] static std::optional<TrunkServer> detour_to(const Line& line,
                                                              const SipUri& contact);
    /// `error` says why, for a person.
    void server_failed(LineId id, Line& line, std::string error, std::chrono::seconds retry_after,
                       Moment now, Outbox& outbox);
    void refused(LineId id, Line& line, const StandaloneAnswered& answer, Moment now);
    void try_again(LineId id, Line& line, std::chrono::milliseconds wait, Moment now);

    // trunk_qualify.cpp
    void ask(LineId id, Line& line, Moment now, Outbox& outbox);
    void question_answered(LineId id, Line& line, const StandaloneAnswered& answer, Moment now,
                           Outbox& outbox);

    TrunkLineSettings settings_;
    TokenSource tokens_;
    TrunkSources sources_;
    IdSource<ClientTransactionId>& transactions_;
    std::unordered_map<LineId, Line> lines_;
    std::map<std::string, LineId, std::less<>> by_name_;
    std::unordered_map<ClientTransactionId, LineId> under_way_;
    std::unordered_set<ClientTransactionId> leaving_;
    TimerQueue<std::uint64_t> timers_;  // LineId times 4 plus TimerKind
    LineId last_id_ = 0;
};

}  // namespace lampline
