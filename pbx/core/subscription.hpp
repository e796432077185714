#pragma once
// One watcher's phone and one watched extension: a subscription, asked for or implicit (RFC 6665).
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "core/location_table.hpp"
#include "core/resource_list.hpp"
#include "core/sip_command.hpp"
#include "core/stored.hpp"
#include "core/told_lamp.hpp"

namespace lampline {

/// Requested by SUBSCRIBE, or implied by the watcher's registration: NOTIFY without SUBSCRIBE, as
/// some vendors do.
enum class SubscriptionKind : std::uint8_t { requested, implicit };

/// The `reason` of a terminated subscription (RFC 6665 §4.1.3).
enum class SubscriptionEnd : std::uint8_t {
    timeout,
    rejected,
    noresource,
    deactivated,  ///< it is to be begun anew, at once
};
std::string_view name(SubscriptionEnd reason) noexcept;

/// What the final answer to a NOTIFY means for its subscription.
enum class AnswerEffect : std::uint8_t {
    delivered,
    again,  ///< the phone may be back: 408, 5xx except 501 and 505, 491, and whatever names a
            ///< Retry-After
    over,   ///< every other answer (RFC 6665 §4.2.2): the phone does not want it
};
AnswerEffect effect_of(unsigned status, std::chrono::seconds retry_after) noexcept;

/// How long to wait after the `failures`-th refusal in a row: 1 s, doubling to 60 s; a Retry-After
/// counts instead, up to five minutes: it is what the phone expects (RFC 3261 §20.33), and for longer
/// no lamp is to be wrong whose phone may be back.
std::chrono::seconds retry_delay(unsigned failures, std::chrono::seconds retry_after) noexcept;

/// CSeq and body version of the NOTIFYs of one subscription. They are independent, and neither may
/// ever go back, not even over a crash: a block of both is reserved in storage ahead of its use, so
/// that NOTIFYs need no write.
class NotifyCounters {
public:
    static constexpr std::uint32_t block = 64;

    NotifyCounters() = default;
    /// Goes on above what an earlier run has reserved.
    NotifyCounters(std::uint32_t reserved_cseq, std::uint32_t reserved_version) noexcept;

    struct Numbers {
        std::uint32_t cseq;     ///< from 1
        std::uint32_t version;  ///< from 0 (RFC 4235 §4.1)
    };
    Numbers take() noexcept { return {++cseq_, next_version_++}; }
    /// These have been used by somebody else, and what is taken is above. Numbers close to the
    /// highest there may be (RFC 3261 §8.1.1.5) are passed over.
    void note(std::uint32_t cseq, std::optional<std::uint32_t> version) noexcept;

    /// True when the next block has been reserved and must be stored: well before the present one
    /// is used up, since storage is written behind.
    bool reserve() noexcept;
    /// Gives back what is not used: what is stored then is exact.
    void settle() noexcept;

    [[nodiscard]] std::uint32_t cseq() const noexcept
    {
        return cseq_;
    }  ///< the last one; 0: none yet
    [[nodiscard]] std::uint32_t version() const noexcept
    {
        return next_version_ ? next_version_ - 1 : 0;
    }
    [[nodiscard]] std::uint32_t reserved_cseq() const noexcept { return reserved_cseq_; }
    [[nodiscard]] std::uint32_t reserved_version() const noexcept { return reserved_version_; }

private:
    std::uint32_t cseq_ = 0;
    std::uint32_t next_version_ = 0;
    std::uint32_t reserved_cseq_ = 0;
    std::uint32_t reserved_version_ = 0;
};

/// A registered phone of a watcher.
struct WatcherPhone {
    SipUri contact;
    Target target;
    std::uint64_t generation = 0;  ///< of its registration
    std::chrono::sys_seconds expires_at;
    std::string user_agent;
    std::vector<std::string> devices{};  ///< see device_ids()
    unsigned refusal = 0;  ///< status of its answer that it wants no unsolicited NOTIFY, which
                           ///< holds until it registers anew; 0: none
    std::chrono::system_clock::time_point refused_at{};

    [[nodiscard]] bool refuses() const noexcept { return refusal != 0; }
};

/// What one phone kept informed about one extension has, whatever the event package: where its
/// NOTIFYs go, how long, and what has become of the last one (a subscription usage, RFC 5057 §4).
struct SubscriptionUsage {
    SubscriptionId id;
    SubscriptionKind kind = SubscriptionKind::requested;
    std::string watcher;
    std::string member;  ///< the watched extension
    std::shared_ptr<const NotifyDialog> dialog;
    std::string local_tag;
    std::string user_agent;

    // requested
    std::string remote_tag;
    std::uint32_t remote_cseq = 0;
    std::chrono::steady_clock::time_point begun_at;  ///< by the initial SUBSCRIBE, in this run
    std::chrono::seconds granted{};                  ///< by the last SUBSCRIBE
    std::chrono::sys_seconds expires_at;
    std::chrono::steady_clock::time_point expires_mono;

    std::shared_ptr<WatcherPhone> phone;  ///< implicit

    NotifyCounters counters;
    bool owes_present = true;  ///< whatever it was told, it must be told the present state (again)
    bool has_news = false;     ///< see StepNews
    std::uint32_t in_flight = 0;  ///< CSeq of the NOTIFY under way; 0: none
    unsigned failures = 0;        ///< since the last 2xx
    bool silent = false;  ///< nobody answered what failed last; meaningful when there are failures
    bool sought = false;  ///< where else its phone is registered, since the last 2xx
    bool waiting = false;  ///< for the moment to repeat, or for its phone to be heard
    std::optional<std::chrono::system_clock::time_point> retry_at;  ///< while `waiting`, and not `silent`
    bool refuses_connection = false;  ///< what went over a connection it did not subscribe over
    bool connection_fails = false;    ///< nobody answered there, until its extension opens another
    std::size_t phone_key = 0;        ///< requested: names its phone among those of the watcher
    std::size_t registered_as = 0;    ///< requested: names its phone's contact; 0: it never had one
    std::uint64_t registered_call = 0;  ///< requested: names the Call-ID of its phone's REGISTERs,
                                        ///< over restarts too
    bool lapsed = false;  ///< requested: the registration of its phone was not renewed, and the
                          ///< phone has not come back
    std::optional<SubscriptionEnd> ending{};  ///< it is over, and its phone has not answered that
};

/// The Contact of its phone; without host when that is none that we understand.
SipUri contact_of(const SubscriptionUsage& subscription);

/// A phone that notifies in the dialog of a forwarded SUBSCRIBE; several do where it has forked.
struct Notifier {
    std::string tag;
    NotifyCounters counters;  ///< what it has used: the last NOTIFY, which is ours, is above
    std::chrono::steady_clock::time_point expires_mono;
    std::uint64_t generation = 0;  ///< of its phone's registration
    bool shows_call = false;       ///< by its last NOTIFY that says so, in this run
};

/// A phone that has got the SUBSCRIBE which was forwarded, whether it has accepted or not.
struct AskedPhone {
    std::size_t key = 0;           ///< see phone_key()
    std::uint64_t generation = 0;  ///< of its registration: after the next one it knows of nothing

    friend bool operator==(const AskedPhone&, const AskedPhone&) = default;
};

/// One lamp: a phone kept informed about the dialogs of one extension. With a `list`, of all
/// members of the group that `member` then names, and only `last` of the lamp means anything.
struct Subscription : SubscriptionUsage, ToldLamp {
    std::unique_ptr<ResourceList> list;
    std::vector<std::string> devices;  ///< see device_ids()
    ProfileRef profile = built_in(standard_profile);
    WatcherView view{};
    std::size_t room = 0;    ///< bytes a body may have where this goes; see group_indications
    bool forwarded = false;  ///< to the member's phones: not told here before its end, and
                             ///< `local_tag` is the watcher's, which names it beside its Call-ID
    std::vector<Notifier> notifiers{};  ///< those phones, as far as they have answered
    std::vector<AskedPhone> asked{};    ///< forwarded: to whom
    bool lit_is_stored = false;  ///< implicit: that its phone may show it lit, see UnaskedLamp
};

/// It ends as soon as it has told the present state (RFC 6665 §4.4.3).
inline bool is_fetch(const Subscription& subscription) noexcept
{
    return subscription.list && subscription.list->ending == SubscriptionEnd::timeout;
}

/// Whether both are the same host and port, those left out being the default ones.
bool same_address(const SipUri& left, const SipUri& right) noexcept;

/// Names the initial SUBSCRIBE of a requested subscription, so that its repetition is known.
std::string origin_of(const SubscriptionUsage& subscription);

/// How many bytes of a NOTIFY of `dialog` are not its body: at least what the adapter writes, and
/// few more.
std::size_t header_size(const NotifyDialog& dialog) noexcept;

/// The From of NOTIFYs in `subscription` by who has `tag` there.
std::string from_with(const SubscriptionUsage& subscription, std::string_view tag);

/// The Subscription-State of its NOTIFYs: while it lives, and of the last one (RFC 6665 §4.1.3).
std::string active_state(const SubscriptionUsage& subscription, Moment now);
std::string terminated_state(SubscriptionEnd reason);

/// `subscription` as it is kept over a restart.
StoredSubscription to_stored(const SubscriptionUsage& subscription);
StoredSubscription to_stored(const Subscription& subscription);

/// Whether `contact` (or, where it came from, `flow`) belongs to the phone that registered as
/// `phone`.
bool same_phone(const WatcherPhone& phone, const SipUri& contact, const Flow& flow) noexcept;

}  // namespace lampline
