#include "core/subscription.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace lampline {
namespace {

std::uint16_t port_of(const SipUri& uri) noexcept
{
    if (uri.port != 0) return uri.port;
    return uri.scheme == UriScheme::sips ? 5061 : 5060;
}

constexpr std::string_view tag_parameter{";tag="};

std::string without_tag(std::string_view address, std::string_view tag)
{
    if (tag.empty()) return std::string{address};
    return std::string{address.substr(0, address.size() - tag_parameter.size() - tag.size())};
}

}  // namespace

std::string_view name(SubscriptionEnd reason) noexcept
{
    switch (reason) {
    case SubscriptionEnd::timeout: return "timeout";
    case SubscriptionEnd::rejected: return "rejected";
    case SubscriptionEnd::noresource: return "noresource";
    case SubscriptionEnd::deactivated: return "deactivated";
    }
    return {};
}

AnswerEffect effect_of(unsigned status, std::chrono::seconds retry_after) noexcept
{
    if (status >= 200 && status < 300) return AnswerEffect::delivered;
    // The phone knows no such method, subscription or package, now or later.
    if (status == 405 || status == 481 || status == 489) return AnswerEffect::over;
    const bool server_trouble = status >= 500 && status < 600 && status != 501 && status != 505;
    if (retry_after.count() > 0 || server_trouble || status == 408 || status == 491)
        return AnswerEffect::again;
    return AnswerEffect::over;
}

std::chrono::seconds retry_delay(unsigned failures, std::chrono::seconds retry_after) noexcept
{
    using std::chrono::seconds;
    constexpr seconds longest{300};
    if (retry_after.count() > 0) return std::min(retry_after, longest);
    const unsigned doublings = std::min(failures > 0 ? failures - 1 : 0U, 6U);
    return std::min(seconds{1U << doublings}, seconds{60});
}

NotifyCounters::NotifyCounters(std::uint32_t reserved_cseq, std::uint32_t reserved_version) noexcept
    : cseq_{reserved_cseq}, next_version_{reserved_version + 1}, reserved_cseq_{reserved_cseq},
      reserved_version_{reserved_version}
{
}

void NotifyCounters::note(std::uint32_t cseq, std::optional<std::uint32_t> version) noexcept
{
    constexpr std::uint32_t highest = 0x7fff'ffff - 2 * block;
    if (cseq <= highest) cseq_ = std::max(cseq_, cseq);
    if (version && *version <= highest) next_version_ = std::max(next_version_, *version + 1);
}

bool NotifyCounters::reserve() noexcept
{
    const std::uint32_t next_cseq = cseq_ + 1;
    if (next_cseq + block / 2 <= reserved_cseq_ && next_version_ + block / 2 <= reserved_version_)
        return false;
    reserved_cseq_ = cseq_ + block;
    reserved_version_ = next_version_ + block - 1;
    return true;
}

void NotifyCounters::settle() noexcept
{
    reserved_cseq_ = cseq_;
    reserved_version_ = version();
}

SipUri contact_of(const SubscriptionUsage& subscription)
{
    return SipUri::parse(subscription.dialog->request_uri).value_or(SipUri{});
}

bool same_address(const SipUri& left, const SipUri& right) noexcept
{
    return same_word(left.host, right.host) && port_of(left) == port_of(right);
}

std::string origin_of(const SubscriptionUsage& subscription)
{
    std::string origin{subscription.watcher};
    for (const auto* part : {&subscription.member, &subscription.dialog->call_id,
                             &subscription.remote_tag, &subscription.dialog->event})
        origin.append("\n").append(*part);
    return origin;
}

std::size_t header_size(const NotifyDialog& dialog) noexcept
{
    // Via, CSeq, Contact, Subscription-State, User-Agent, content headers, and the names of the
    // others; our address is in there twice.
    constexpr std::size_t fixed = 390;
    constexpr std::size_t longer_in_ipv6 = 2 * 26;
    const bool six = dialog.flow.host.find(':') != std::string::npos;
    std::size_t size = fixed + (six ? longer_in_ipv6 : 0) + dialog.request_uri.size() +
                       dialog.from.size() + dialog.to.size() + dialog.call_id.size() +
                       dialog.contact.size() + dialog.event.size();
    if (dialog.require != OptionTag::none)
        size += 60;  // Require, and what a multipart says of itself
    for (const auto& route : dialog.route)
        size += std::string_view{"Route: \r\n"}.size() + route.size();
    return size;
}

std::string active_state(const SubscriptionUsage& subscription, Moment now)
{
    using std::chrono::seconds;
    // A registration may last up to a second longer than was granted, which nobody is told.
    const auto left = subscription.kind == SubscriptionKind::implicit
                          ? std::chrono::floor<seconds>(subscription.phone->expires_at - now.wall)
                          : std::chrono::ceil<seconds>(subscription.expires_mono - now.mono);
    return "active;expires=" + std::to_string(std::max(left, seconds{0}).count());
}

std::string terminated_state(SubscriptionEnd reason)
{
    return std::string{"terminated;reason="}.append(name(reason));
}

std::string from_with(const SubscriptionUsage& subscription, std::string_view tag)
{
    return without_tag(subscription.dialog->from, subscription.local_tag)
        .append(tag_parameter)
        .append(tag);
}

StoredSubscription to_stored(const SubscriptionUsage& subscription)
{
    const NotifyDialog& dialog = *subscription.dialog;
    return {
        .watcher = subscription.watcher,
        .member = subscription.member,
        .call_id = dialog.call_id,
        .local_tag = subscription.local_tag,
        .remote_tag = subscription.remote_tag,
        .local_uri = without_tag(dialog.from, subscription.local_tag),
        .remote_uri = without_tag(dialog.to, subscription.remote_tag),
        .contact = dialog.request_uri,
        .route = dialog.route,
        .flow = dialog.flow,
        .event = dialog.event,
        .user_agent = subscription.user_agent,
        .registered_call = subscription.registered_call,
        .remote_cseq = subscription.remote_cseq,
        .reserved_cseq = subscription.counters.reserved_cseq(),
        .reserved_version = subscription.counters.reserved_version(),
        .expires_at = subscription.expires_at,
    };
}

StoredSubscription to_stored(const Subscription& subscription)
{
    auto stored = to_stored(static_cast<const SubscriptionUsage&>(subscription));
    if (subscription.list) {
        stored.list = name(subscription.list->form);
        stored.entries = subscription.list->entries;
    }
    stored.forwarded = subscription.forwarded;
    for (const auto& notifier : subscription.notifiers)
        stored.notifiers.push_back({notifier.tag, notifier.counters.reserved_cseq(),
                                    notifier.counters.reserved_version(), notifier.generation});
    return stored;
}

bool same_phone(const WatcherPhone& phone, const SipUri& contact, const Flow& flow) noexcept
{
    if (same_address(phone.contact, contact)) return true;
    if (!phone.target.route.empty()) return false;  // the flow of a proxy is that of many phones
    const Flow& registered = phone.target.flow;
    return registered.transport == flow.transport && registered.host == flow.host &&
           registered.port == flow.port;
}

}  // namespace lampline
