#pragma once
// SUBSCRIBE, as the notifiers of all event packages understand it (RFC 6665 §4.2.1).
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/string_table.hpp"
#include "core/contained_list.hpp"
#include "core/directory.hpp"
#include "core/sip_input.hpp"
#include "core/subscription.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// How long a subscription lasts.
struct ExpiryLimits {
    std::chrono::seconds least;      ///< less is answered 423
    std::chrono::seconds otherwise;  ///< when the phone does not say
    std::chrono::seconds most;       ///< more is granted this
};

/// How many subscriptions a phone may have to lamps, and how many to all other packages together:
/// of a console, one for each colleague.
inline constexpr std::size_t most_of_phone = 2000;
/// The same of all phones of an extension.
inline constexpr std::size_t most_of_watcher = 8000;

/// Bytes of a User-Agent that are kept.
inline constexpr std::size_t max_user_agent = 200;

/// The answer to `request`, in its dialog if it has one.
Reply answer(const SubscribeReceived& request, unsigned status, std::vector<Header> headers = {});
/// The same, with a Warning that says to a person `why`.
Reply refusal(const SubscribeReceived& request, unsigned status, std::string_view domain,
              std::string_view why, std::string phrase = {});
/// 400 for a body that is XML by its Content-Type and cannot be read as parse_xml() does; 420 for a
/// list in it (RFC 5367) where the event package knows of none. nullopt: neither. Proportional to
/// the body.
std::optional<Reply> refusal_of_body(const SubscribeReceived& request, std::string_view domain);
/// Whether there is a list in the body of `request` (RFC 5367).
[[nodiscard]] inline bool contains_list(const SubscribeReceived& request) noexcept
{
    return request.recipient_list && has_body(request.payload);
}
/// That list, each member once, whoever may see it. `type` is that of the bodies about members.
/// nullopt: it is answered, with 400, 406, 415 or 421.
std::optional<std::vector<ContainedEntry>> contained_list(const SubscribeReceived& request,
                                                          const Directory& directory,
                                                          std::string_view type, Outbox& outbox);
/// What such a list is called: by whom it is asked of, which need be nobody; else by who asks.
std::string name_of_list(const SubscribeReceived& request);
/// 200 with what is granted.
Reply accept(const SubscribeReceived& request, std::string local_tag, std::chrono::seconds granted);
/// The same for `usage`: who is told of a list must know how to read it (RFC 4662 §4.1).
Reply accept(const SubscribeReceived& request, std::string local_tag, const SubscriptionUsage& usage,
             std::chrono::seconds granted);

/// Whether `request`, within the dialog of `usage`, is of its phone, which takes what is over for
/// alive, and hears by the answer that it is not.
[[nodiscard]] bool hears_end(const SubscriptionUsage& usage,
                             const SubscribeReceived& request) noexcept;

/// What `request` gets of what it asks for; 0: a fetch, or the end. nullopt: answered 423.
std::optional<std::chrono::seconds> grant(const SubscribeReceived& request,
                                          const ExpiryLimits& limits, Outbox& outbox);

/// Whether the Accept of `request` takes bodies of `type`, `x/y` in lower case; empty: there are none. Of the ranges that it
/// is in, the narrowest counts, and one with `q=0` takes nothing (RFC 3261 §20.1, RFC 2616 §14.1). Without an Accept: true.
[[nodiscard]] bool accepts_type(const SubscribeReceived& request, std::string_view type);

/// Whether it takes lists (RFC 4662), whatever their bodies are.
[[nodiscard]] bool accepts_lists(const SubscribeReceived& request);
/// The Accept of a list with bodies of `type`.
std::string types_of_list(std::string_view type);
/// The NOTIFYs of `usage` say that they are to be read as a list.
void require_lists(SubscriptionUsage& usage);

/// Fills in what the initial SUBSCRIBE `request` of `watcher` for `member` says. `event` is the
/// Event of our NOTIFYs. Id, User-Agent and expiry are left to the caller.
void begin(SubscriptionUsage& usage, const SubscribeReceived& request, std::string watcher,
           std::string member, std::string event, std::string local_tag);
/// What the phone wants kept is beyond all reason: 513.
bool is_too_long(const SubscriptionUsage& usage) noexcept;

/// The initial SUBSCRIBE of `known` has come again, since its answer was lost. Later than a
/// transaction lasts it is another one: of a phone that has rebooted and begins as it did before.
[[nodiscard]] bool is_repeated(const SubscriptionUsage& known, const SubscribeReceived& request,
                               Moment now) noexcept;

/// A SUBSCRIBE that was granted `granted` prolongs `usage`.
void prolong(SubscriptionUsage& usage, const SubscribeReceived& request,
             std::chrono::seconds granted, Moment now);

/// Fills in what an earlier run has left; its counters go on above what was reserved. It lasts no
/// longer than `most`, whatever the clock said then. False: it has expired, or names no phone.
[[nodiscard]] bool resume(SubscriptionUsage& usage, StoredSubscription kept,
                          std::chrono::seconds most, Moment now);

/// Whether it is told to the phone that has `contact`, or that is at `flow`.
[[nodiscard]] bool is_of_phone(const SubscriptionUsage& usage, const SipUri& contact,
                               const Flow& flow);

/// Names a dialog among SettledRequests.
std::string dialog_key(std::string_view call_id, std::string_view local_tag);

/// SUBSCRIBEs that left nothing behind (a fetch, an end), for as long as they may be repeated:
/// 32 s, and at most 4096 of them. All is O(1).
class SettledRequests {
public:
    void add(std::string key, std::uint32_t cseq, std::string local_tag, Moment now);
    /// The tag it was answered with; nullptr: it is not known.
    [[nodiscard]] const std::string* find(std::string_view key, std::uint32_t cseq) const noexcept;

private:
    struct Settled {
        std::uint32_t cseq;
        std::string local_tag;
        std::chrono::steady_clock::time_point until;
    };
    struct Due {
        std::string key;
        std::chrono::steady_clock::time_point until;
    };
    void forget_oldest();

    StringTable<Settled> settled_;
    std::deque<Due> due_;  // oldest first; a later SUBSCRIBE may have taken the place of one
};

}  // namespace lampline
