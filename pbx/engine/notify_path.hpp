#pragma once
// The phone that a subscription came from: which of the registered ones it is, and the way there.
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/call_event.hpp"
#include "core/location_table.hpp"
#include "core/sip_command.hpp"
#include "core/sip_types.hpp"
#include "core/subscription.hpp"

namespace lampline {

/// The registration of the phone at `contact`, or at `flow`; nullptr: none is known to be.
const Binding* binding_of(std::span<const Binding> bindings, const SipUri& contact,
                          const Flow& flow);

/// Registrations of which one is of the phone that has sent a PUBLISH from `source`; empty: none is
/// known to be. Behind a proxy all have its address: there they are those with the `contact` of the
/// PUBLISH, if it names one, else with one of the local `targets` in its dialogs, else those that
/// are the device which it says it is (device_ids()), else those that say no other; where it does
/// not say which it is, those with its User-Agent, else all. They point into `registered`.
std::vector<const Binding*> publishers_among(std::span<const Binding> registered,
                                             const SipUri& contact, std::span<const SipUri> targets,
                                             const Flow& source, std::string_view user_agent);

/// Names a phone among those of its watcher, over restarts too: by what it says of itself (see
/// device_ids()), else by host and port of its contact.
std::string phone_name(const std::vector<std::string>& devices, const SipUri& contact);
/// The same as a number. Never 0.
std::size_t phone_key(const std::vector<std::string>& devices, const SipUri& contact);
/// That of `usage`.
std::size_t phone_key(const SubscriptionUsage& usage, const LocationTable& locations);

/// Each of `phones`, by what names it whichever way it registers.
std::vector<AskedPhone> asked_of(std::span<const Binding> phones);

/// Whether the requested `usage` is of `phone`: by its contact, or where it came from, or as the
/// device that it is known to be, whichever way that is registered by.
[[nodiscard]] bool is_of(const WatcherPhone& phone, const SubscriptionUsage& usage);

/// The registration of the phone of the requested `usage`; null: it has none.
const Binding* registration_of(const SubscriptionUsage& usage, std::span<const Binding> bindings);

/// Remembers as what the phone of the requested `usage` is registered. False: it was, and is not
/// any more, by its own word; who never was has not left.
bool follow_registration(SubscriptionUsage& usage, const LocationTable& locations);

/// The registration of its phone, if that is over, was not renewed: nobody has said that it left.
void note_expired(SubscriptionUsage& usage, const LocationTable& locations);
/// The same where that happened while the exchange was not running: `expired` were its bindings.
void recall_expired(SubscriptionUsage& usage, const std::vector<Binding>& expired);

/// A refresh moves the expiry of a registration without a word: so it does of what the phone among
/// `phones` that has `binding` is told unasked.
void follow_refresh(std::span<const std::shared_ptr<WatcherPhone>> phones, const Binding& binding);

/// Whether the phone of `usage` says by `left` that it leaves, while it is not registered.
[[nodiscard]] bool has_left(const SubscriptionUsage& usage, const PhoneLeft& left);

/// Whether the way to the phone of the requested `usage` is the one that `moved` says it has left.
/// Phones behind two NATs may have the same private contact: those are told apart by the host. A
/// dialog with a route set keeps it.
[[nodiscard]] bool goes_along(const SubscriptionUsage& usage, const PhoneMoved& moved);

/// Whether the way to the phone of `usage` is lost (its connection is gone, or it does not answer)
/// and it has registered by a new one, as `binding`: by the contact that it is told at, or by
/// another one where that it is the same phone is known by the Call-ID of its REGISTERs (RFC 3261
/// §10.2), or by what it says of itself. A dialog with a route set keeps it.
[[nodiscard]] bool is_found_at(const SubscriptionUsage& usage, const Binding& binding);

/// The registration among `bindings` that the phone of the requested `usage` is found at; nullptr:
/// none.
[[nodiscard]] const Binding* found_among(std::span<const Binding> bindings,
                                         const SubscriptionUsage& usage);

/// How many subscriptions the phones of one extension have asked for. All is O(1).
class RequestedCounts {
public:
    void add(std::size_t phone)
    {
        ++all_;
        ++by_phone_[phone];
    }
    void remove(std::size_t phone)
    {
        --all_;
        if (const auto found = by_phone_.find(phone); --found->second == 0) by_phone_.erase(found);
    }
    [[nodiscard]] std::size_t all() const noexcept { return all_; }
    [[nodiscard]] std::size_t of(std::size_t phone) const
    {
        const auto found = by_phone_.find(phone);
        return found == by_phone_.end() ? 0 : found->second;
    }

private:
    std::size_t all_ = 0;
    std::unordered_map<std::size_t, std::size_t> by_phone_;  // by phone_key(); none is 0
};

/// Bytes of a message that go over UDP in one piece (RFC 3261 §18.1.1).
inline constexpr std::size_t safe_message_size = 1300;

/// How many bytes a NOTIFY of `dialog` may have beside the headers that each has, if it is not to
/// be larger than `safe_size`; unlimited where it does not go over UDP.
std::size_t room_on_path(const NotifyDialog& dialog, std::size_t safe_size) noexcept;

/// The dialog of `usage` with a way over TCP to the same phone, for what is too large for UDP: over
/// a connection by which the phone has registered (known by its contact, or by what it says of
/// itself), or a new one where its contact asks for TCP. Null: none is known, the last NOTIFY
/// failed, or what went that way was refused.
std::shared_ptr<const NotifyDialog> by_connection(const SubscriptionUsage& usage,
                                                  const LocationTable& locations);

/// `dialog` to a phone that is reached elsewhere from now on; null: that is where it leads.
std::shared_ptr<const NotifyDialog> moved_to(const NotifyDialog& dialog, std::string request_uri,
                                             const std::vector<std::string>& route,
                                             const Flow& flow);

/// Of NOTIFYs that nobody has asked for, to a phone of `watcher` about `member`.
std::shared_ptr<const NotifyDialog> unasked_dialog(const WatcherPhone& phone, const SipUri& watcher,
                                                   const SipUri& member, std::string_view event,
                                                   std::string_view local_tag, std::string call_id);

}  // namespace lampline
