#pragma once
// The registrar: REGISTER -> LocationTable -> BindingChanged (RFC 3261 §10.3, RFC 3327).
#include "base/clock.hpp"
#include "base/timer_queue.hpp"
#include "core/directory.hpp"
#include "core/sip_input.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// Limits on what a phone may ask for.
struct RegistrarSettings {
    std::chrono::seconds min_expires{60};
    std::chrono::seconds default_expires{3600};
    std::chrono::seconds max_expires{7200};
};

/// Owns the location table. Answers every REGISTER with exactly one Reply. SIP thread only.
class Registrar {
public:
    explicit Registrar(RegistrarSettings settings);

    /// RFC 3261 §10.3 steps 6 to 8: 200 with all bindings; 400, 423 with Min-Expires, 500 out of order,
    /// 503 when a phone brings more contacts than fit: all or nothing.
    void receive(const RegisterReceived& request, Moment now, Outbox& outbox);
    /// A connection closed: its bindings stay, reachable by opening a new one.
    void receive(const ConnectionClosed& closed);
    /// Removes what has expired.
    void advance(Moment now, Outbox& outbox);
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_deadline() const;
    /// Takes up stored bindings at start; expired ones are removed from storage. Announces BindingChanged.
    void restore(std::vector<Binding> bindings, Moment now, Outbox& outbox);
    /// Drops the bindings of extensions that are gone.
    void replace_directory(const Directory& directory, Outbox& outbox);

    [[nodiscard]] const LocationTable& locations() const noexcept { return locations_; }

private:
    RegistrarSettings settings_;
    LocationTable locations_;
    TimerQueue<std::string> expiry_;  // by aor: its earliest expiry
    std::uint64_t last_generation_ = 0;
};

}  // namespace lampline
