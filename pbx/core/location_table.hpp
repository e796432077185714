#pragma once
// The location service: where the phones of an address-of-record are reached (RFC 3261 §10).
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/string_table.hpp"
#include "core/sip_types.hpp"

namespace lampline {

/// Whether a phone answers when it is asked (OPTIONS), as far as that is known.
struct Reach {
    enum class State : std::uint8_t { unknown, reachable, unreachable };

    State state = State::unknown;
    std::chrono::microseconds round_trip{};        ///< of the last answer; 0: none yet
    std::chrono::system_clock::time_point since{};  ///< of the last change of `state`, unless unknown
};

/// What a phone has answered to NOTIFYs that it had not subscribed to: it wants none until it
/// registers anew.
struct UnaskedRefusal {
    unsigned lamps = 0;     ///< status of the answer; 0: it has not refused
    unsigned packages = 0;  ///< the same, of the other packages
    std::chrono::sys_seconds at{};

    friend bool operator==(const UnaskedRefusal&, const UnaskedRefusal&) = default;
};

/// One registered contact.
struct Binding {
    std::string aor;      ///< the extension
    SipUri contact;       ///< as registered
    Flow flow;            ///< where the REGISTER came from: the phone behind its NAT, or its connection
    std::vector<std::string> path;
    std::string call_id;  ///< of the REGISTER
    std::uint32_t cseq = 0;
    unsigned q_thousandths = 1000;
    std::string user_agent;
    std::string instance;
    std::chrono::sys_seconds expires_at;
    std::chrono::sys_seconds registered_at;  ///< first seen; a refresh keeps it, a registration anew moves it
    std::uint64_t generation = 0;            ///< rises with every registration anew; the same over refreshes
    UnaskedRefusal refusal{};
    Reach reach;                             ///< not stored: after a restart the phone is asked anew
};

/// A phone as its requests show it.
struct PhoneAddress {
    Flow flow;
    SipUri contact{};   ///< empty: it has named none
    std::string aor{};  ///< its extension
};

/// How to reach the phone of `binding`: its contact as Request-URI, its Path as Route, and as next hop its flow, or
/// the topmost Path entry when that names a numeric address (RFC 3327 §5). Where a TCP connection must be opened, it
/// goes to the port of the contact: the port a phone connects from does not listen.
Target target_of(const Binding& binding);

/// Whether a proxy on the `route` to a phone answers so where it has no way to it: the phone has
/// said nothing. 480 it may say too, but that is what phones say that want no calls; 501 those that
/// do not know the method. 430 is of RFC 5626 §5.3, 477 and 478 are Kamailio's.
bool is_word_of_proxy(std::span<const std::string> route, unsigned status) noexcept;

/// All bindings, by address-of-record. At most `max_contacts` an Aor. SIP thread only.
class LocationTable {
public:
    static constexpr std::size_t max_contacts = 16;

    /// Bindings of `aor`, highest q first, then the latest; expired ones are the registrar's to remove.
    [[nodiscard]] std::span<const Binding> bindings(std::string_view aor) const noexcept;
    /// Adds, or replaces the one with an equivalent contact. False, and nothing changed, when the Aor is full.
    bool put(Binding binding);
    /// Removes the binding with an equivalent contact; nullopt when there is none.
    std::optional<Binding> remove(std::string_view aor, const SipUri& contact);
    /// Moves on what a mere refresh moves, of the binding with an equivalent contact. False when there is none.
    bool refresh(std::string_view aor, const SipUri& contact, std::uint32_t cseq, std::chrono::sys_seconds expires_at);
    /// What is known of the phone with an equivalent contact. False when there is none.
    bool note_reach(std::string_view aor, const SipUri& contact, const Reach& reach);
    /// What the phone with an equivalent contact refuses. False when there is none.
    bool note_refusal(std::string_view aor, const SipUri& contact, const UnaskedRefusal& refusal);
    /// Some phone of `aor` is there, and not known to be unreachable.
    [[nodiscard]] bool is_reachable(std::string_view aor) const noexcept;
    /// The bindings that a request is sent to, in their order: those of reachable phones, or all of them when none is.
    /// The phone at `except` is none of them; null: none is left out.
    [[nodiscard]] std::vector<const Binding*> targets(std::string_view aor,
                                                      const PhoneAddress* except = nullptr) const;
    /// Whether `binding` is of the phone at `phone`. The address that requests come from says so
    /// where it is the phone's own. Behind a proxy it is that of many, so there the contact does:
    /// as registered, and where it is not, nothing but the extension.
    [[nodiscard]] bool is_at(const Binding& binding, const PhoneAddress& phone) const;
    /// The same of two phones, neither of which needs to be registered.
    [[nodiscard]] bool are_same(const PhoneAddress& left, const PhoneAddress& right) const;
    [[nodiscard]] const Binding* find(std::string_view aor, const SipUri& contact) const noexcept;
    /// The binding whose contact has the user, host and port of `uri`, whosever it is; nullptr:
    /// none.
    [[nodiscard]] const Binding* find(const SipUri& uri) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Every binding, in no order.
    [[nodiscard]] std::vector<const Binding*> all() const;
    /// Every binding over `connection`, changed in place to have none (a new one must be opened).
    void forget_connection(ConnectionId connection);

private:
    /// The binding at the flow and contact of `phone`; nullptr: none.
    [[nodiscard]] const Binding* binding_of(const PhoneAddress& phone) const;
    std::vector<Binding>* bindings_of(std::string_view aor) noexcept;
    void index(const Binding& binding);
    void unindex_contact(const Binding& binding);
    /// Takes `connection` off the index of `aor` unless one of its bindings still uses it.
    void unindex(ConnectionId connection, std::string_view aor);

    StringTable<std::vector<Binding>> by_aor_;
    std::unordered_multimap<ConnectionId, std::string> by_connection_;  // the Aors, each once per connection
    std::unordered_multimap<std::size_t, std::string>
        by_contact_;  // by hash of user, host, port: the Aors
    std::size_t size_ = 0;
};

}  // namespace lampline
