#pragma once
// The registrar: REGISTER -> LocationTable -> BindingChanged (RFC 3261 §10.3, RFC 3327).
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/timer_queue.hpp"
#include "core/directory.hpp"
#include "core/sip_input.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// Limits on what a phone may ask for. Requests of an hour and more are never too brief (RFC 3261
/// §10.3).
struct RegistrarSettings {
    std::chrono::seconds min_expires{60};
    std::chrono::seconds default_expires{3600};
    std::chrono::seconds max_expires{7200};
};

/// Owns the location table. Answers every REGISTER with exactly one Reply. SIP thread only.
///
/// A repeated REGISTER (same Call-ID, CSeq and content) is answered again from what is bound, since
/// REGISTER has no server transaction that would absorb it. CSeq order holds for all bindings of
/// one Call-ID together, which is stricter than per binding: a late REGISTER cannot bring back a
/// contact that a later one replaced.
///
/// A phone that comes back under another contact with the same `+sip.instance` takes the place of
/// its old binding, unless the request names both: after a restart or a new address the old contact
/// leads nowhere (RFC 5626 §4.1).
class Registrar {
public:
    explicit Registrar(RegistrarSettings settings);

    /// RFC 3261 §10.3 steps 6 to 8: 200 with all bindings; 400, 423 with Min-Expires, 500 out of
    /// order, 503 when a phone brings more contacts than fit: all or nothing. Where there is no
    /// room, bindings of phones that do not answer go, then those whose connection is gone, of each
    /// the oldest first. Announces BindingChanged when a phone can be reached anew, no longer or in
    /// another way; a mere refresh is only stored. Announces PhoneLeft when one leaves that has no
    /// binding, and PhoneMoved when one that is known registers by another way.
    void receive(const RegisterReceived& request, Moment now, Outbox& outbox);
    /// A connection closed: its bindings stay, reachable by opening a new one.
    void receive(const ConnectionClosed& closed);
    /// Keeps it with the binding.
    void receive(const UnaskedRefused& refused, Outbox& outbox);
    /// Removes what has expired.
    void advance(Moment now, Outbox& outbox);
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_deadline() const;
    /// Takes up stored bindings at start, and announces BindingChanged. Returns those that have
    /// expired, which are removed from storage.
    std::vector<Binding> restore(std::vector<Binding> bindings, Moment now, Outbox& outbox);
    /// Drops the bindings of extensions that are gone, and those made with another password than
    /// the extension has now; its phones are announced to have left.
    void replace_directory(const Directory& before, const Directory& directory, Outbox& outbox);

    /// For who finds out more about the phones.
    [[nodiscard]] LocationTable& locations() noexcept { return locations_; }
    [[nodiscard]] const LocationTable& locations() const noexcept { return locations_; }
    /// REGISTERs since start that added or refreshed a binding.
    [[nodiscard]] std::uint64_t registrations() const noexcept { return registrations_; }

private:
    struct Plan;

    /// What `request` asks for, checked against what is bound; the refusal otherwise.
    [[nodiscard]] Result<Plan, Reply> plan(const RegisterReceived& request, Moment now) const;
    [[nodiscard]] std::vector<PhoneMoved> moves(const Plan& plan,
                                                const RegisterReceived& request) const;
    void carry_out(const Plan& plan, const RegisterReceived& request, Moment now, Outbox& outbox);
    /// True when more than its expiry moved.
    bool bind(const RegisterContact& contact, std::chrono::seconds granted,
              const RegisterReceived& request, Moment now, Outbox& outbox);
    bool unbind(const std::string& aor, const SipUri& contact, Outbox& outbox);
    /// Removes the bindings of `aor` that are over at `now`, and sees to it that the next one is
    /// not missed.
    void expire(const std::string& aor, Moment now, Outbox& outbox);
    void reply_with_bindings(const RegisterReceived& request, Moment now, Outbox& outbox) const;

    RegistrarSettings settings_;
    LocationTable locations_;
    TimerQueue<std::string> expiry_{Keys::lasting};  // by aor: not after its earliest expiry
    std::uint64_t registrations_ = 0;
    std::uint64_t last_generation_ = 0;
};

}  // namespace lampline
