#include "engine/notify_path.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/stable_hash.hpp"
#include "base/text.hpp"
#include "core/device_id.hpp"

namespace lampline {
namespace {

/// The phone has told us that it takes connections.
bool asks_for_tcp(const SipUri& contact)
{
    constexpr std::string_view wanted{";transport=tcp"};
    const auto same = [](unsigned char a, unsigned char b) {
        return (a | 0x20U) == (b | 0x20U);  // all of `wanted` but ';' and '=' are letters
    };
    return !std::ranges::search(contact.params, wanted, same).empty();
}

std::vector<std::string> ids_of(const Binding& binding)
{
    return device_ids(binding.instance, binding.user_agent, binding.contact);
}

SipUri contact_at(const SubscriptionUsage& usage)
{
    return usage.phone ? usage.phone->contact : contact_of(usage);
}

std::size_t never_zero(std::size_t hash) noexcept
{
    return hash == 0 ? 1 : hash;
}

std::size_t name_of(const SipUri& contact)
{
    return never_zero(std::hash<std::string>{}(write(contact)));
}

/// Names the Call-ID that the phone of `binding` registers with, in storage too; 0: it has none.
std::uint64_t call_of(const Binding& binding)
{
    if (binding.call_id.empty()) return 0;
    const auto hash = stable_hash(binding.call_id);
    return hash == 0 ? 1 : hash;
}

/// The phone of `usage` has registered as `binding`, by the Call-ID of its REGISTERs.
bool is_of_client(const Binding& binding, const SubscriptionUsage& usage)
{
    return usage.registered_call != 0 && call_of(binding) == usage.registered_call;
}

/// `binding`, which may have the same private contact, is that of another phone than `usage`:
/// behind another NAT, and it registers by itself.
bool is_of_another(const Binding& binding, const SubscriptionUsage& usage)
{
    if (usage.registered_call == 0 || is_of_client(binding, usage)) return false;
    if (target_of(binding).flow.host == usage.dialog->flow.host) return false;
    const auto ids = ids_of(binding);
    return ids.empty() || phone_key(ids, binding.contact) != usage.phone_key;
}

/// Whether the phone at `contact`, with the ids `own`, has registered as `binding`.
bool is_phone_of(const Binding& binding, const SipUri& contact, const std::vector<std::string>& own)
{
    if (same_address(binding.contact, contact)) return true;
    const auto ids = ids_of(binding);
    return std::ranges::find_first_of(own, ids) != own.end();
}

}  // namespace

const Binding* binding_of(std::span<const Binding> bindings, const SipUri& contact,
                          const Flow& flow)
{
    const auto is_here = [&](const Binding& binding) {
        if (same_address(binding.contact, contact)) return true;
        // As same_phone(), without a copy of each binding for each SUBSCRIBE.
        return binding.path.empty() && binding.flow.transport == flow.transport &&
               binding.flow.host == flow.host && target_of(binding).flow.port == flow.port;
    };
    const auto found = std::ranges::find_if(bindings, is_here);
    return found == bindings.end() ? nullptr : &*found;
}

std::vector<const Binding*> publishers_among(std::span<const Binding> registered,
                                             const SipUri& contact, std::span<const SipUri> targets,
                                             const Flow& source, std::string_view user_agent)
{
    if (const auto* direct = binding_of(registered, {}, source)) return {direct};
    std::vector<const Binding*> behind;  // the same proxy
    for (const Binding& binding : registered) {
        const Flow proxy = target_of(binding).flow;
        if (!binding.path.empty() && proxy.host == source.host &&
            proxy.transport == source.transport)
            behind.push_back(&binding);
    }
    const auto those = [&](auto&& fit) {
        std::vector<const Binding*> found;
        std::ranges::copy_if(behind, std::back_inserter(found), fit);
        return found;
    };
    if (auto there =
            those([&](const Binding* each) { return same_address(each->contact, contact); });
        !there.empty())
        return there;
    if (auto there = those([&](const Binding* each) {
            return std::ranges::any_of(
                targets, [&](const SipUri& target) { return same_address(each->contact, target); });
        });
        !there.empty())
        return there;
    const auto own = device_ids({}, user_agent, contact);
    if (own.empty()) {
        auto alike = those([&](const Binding* each) {
            return !user_agent.empty() && each->user_agent == user_agent;
        });
        return alike.empty() ? behind : alike;
    }
    auto named = those([&](const Binding* each) {
        const auto ids = ids_of(*each);
        return std::ranges::find_first_of(own, ids) != own.end();
    });
    if (!named.empty()) return named;
    return those([](const Binding* each) { return ids_of(*each).empty(); });
}

std::string phone_name(const std::vector<std::string>& devices, const SipUri& contact)
{
    return devices.empty() ? contact.host + ":" + std::to_string(contact.port) : devices.front();
}

std::size_t phone_key(const std::vector<std::string>& devices, const SipUri& contact)
{
    return never_zero(std::hash<std::string>{}(phone_name(devices, contact)));
}

std::size_t phone_key(const SubscriptionUsage& usage, const LocationTable& locations)
{
    const SipUri contact = contact_at(usage);
    const auto* binding =
        binding_of(locations.bindings(usage.watcher), contact, usage.dialog->flow);
    const std::string_view instance = binding ? std::string_view{binding->instance} : "";
    return phone_key(device_ids(instance, usage.user_agent, contact), contact);
}

bool is_of(const WatcherPhone& phone, const SubscriptionUsage& usage)
{
    if (same_phone(phone, contact_of(usage), usage.dialog->flow)) return true;
    return !phone.devices.empty() && phone_key(phone.devices, phone.contact) == usage.phone_key;
}

std::vector<AskedPhone> asked_of(std::span<const Binding> phones)
{
    std::vector<AskedPhone> asked;
    for (const Binding& phone : phones)
        asked.push_back({phone_key(ids_of(phone), phone.contact), phone.generation});
    return asked;
}

const Binding* registration_of(const SubscriptionUsage& usage, std::span<const Binding> bindings)
{
    const auto* here = binding_of(bindings, contact_of(usage), usage.dialog->flow);
    if (here && !is_of_another(*here, usage)) return here;
    for (const Binding& binding : bindings)
        if (phone_key(ids_of(binding), binding.contact) == usage.phone_key &&
            !is_of_another(binding, usage))
            return &binding;
    for (const Binding& binding : bindings)
        if (is_of_client(binding, usage)) return &binding;
    return nullptr;
}

bool follow_registration(SubscriptionUsage& usage, const LocationTable& locations)
{
    const auto bindings = locations.bindings(usage.watcher);
    if (const auto* here = registration_of(usage, bindings)) {
        usage.registered_as = name_of(here->contact);
        usage.registered_call = call_of(*here);
        usage.lapsed = false;
        return true;
    }
    if (usage.registered_as == 0 || usage.lapsed) return true;
    // Its way may be another by now, while its contact is there.
    return std::ranges::any_of(bindings, [&](const Binding& binding) {
        return name_of(binding.contact) == usage.registered_as;
    });
}

void note_expired(SubscriptionUsage& usage, const LocationTable& locations)
{
    if (!follow_registration(usage, locations)) usage.lapsed = true;
}

void recall_expired(SubscriptionUsage& usage, const std::vector<Binding>& expired)
{
    if (usage.registered_as != 0) return;
    for (const Binding& binding : expired) {
        if (binding.aor != usage.watcher || !registration_of(usage, {&binding, 1})) continue;
        usage.registered_as = name_of(binding.contact);
        usage.registered_call = call_of(binding);
        usage.lapsed = true;
    }
}

void follow_refresh(std::span<const std::shared_ptr<WatcherPhone>> phones, const Binding& binding)
{
    for (const auto& phone : phones)
        if (phone->generation == binding.generation) phone->expires_at = binding.expires_at;
}

bool has_left(const SubscriptionUsage& usage, const PhoneLeft& left)
{
    if (usage.kind != SubscriptionKind::requested) return false;
    if (left.expelled) return true;
    if (usage.registered_as != 0 && !usage.lapsed) return false;
    if (!left.contact) return usage.lapsed;
    return same_address(contact_of(usage), *left.contact) ||
           name_of(*left.contact) == usage.registered_as ||
           phone_key(left.devices, *left.contact) == usage.phone_key;
}

bool goes_along(const SubscriptionUsage& usage, const PhoneMoved& moved)
{
    const NotifyDialog& dialog = *usage.dialog;
    if (usage.kind != SubscriptionKind::requested || !dialog.route.empty()) return false;
    if (dialog.flow == moved.old_flow) return true;
    // Its NAT may have given it another port between the two. Connections are its own to choose,
    // and behind another NAT the same private contact is another phone's.
    if (dialog.flow.host != moved.old_flow.host && dialog.flow.host != moved.flow.host)
        return false;
    if (dialog.flow.transport != Transport::udp || moved.old_flow.transport != Transport::udp)
        return false;
    const auto remote_target = SipUri::parse(dialog.request_uri);
    return remote_target && equivalent(*remote_target, moved.old_contact);
}

bool is_found_at(const SubscriptionUsage& usage, const Binding& binding)
{
    const NotifyDialog& dialog = *usage.dialog;
    const bool unconnected = dialog.flow.transport == Transport::tcp && !dialog.flow.connection;
    const bool silent = usage.failures > 0 && usage.silent;  // what is under way may be in vain too
    if (!unconnected && !usage.waiting && !silent) return false;
    const Target target = target_of(binding);
    if (dialog.flow == target.flow || !dialog.route.empty() || !target.route.empty()) return false;
    const auto remote_target = SipUri::parse(dialog.request_uri);
    if (!remote_target || is_of_another(binding, usage)) return false;
    if (equivalent(*remote_target, binding.contact)) return true;
    // Where a connection had to be opened it may lead to another phone; and what is told unasked
    // belongs to one registration.
    if (target.flow.transport == Transport::tcp && !target.flow.connection) return false;
    if (usage.kind != SubscriptionKind::requested || (!unconnected && !silent)) return false;
    return is_of_client(binding, usage) ||
           phone_key(ids_of(binding), binding.contact) == usage.phone_key;
}

const Binding* found_among(std::span<const Binding> bindings, const SubscriptionUsage& usage)
{
    if (usage.kind != SubscriptionKind::requested) return nullptr;
    const auto found = std::ranges::find_if(
        bindings, [&](const Binding& binding) { return is_found_at(usage, binding); });
    return found == bindings.end() ? nullptr : &*found;
}

std::size_t room_on_path(const NotifyDialog& dialog, std::size_t safe_size) noexcept
{
    if (dialog.flow.transport != Transport::udp) return std::numeric_limits<std::size_t>::max();
    const std::size_t taken = header_size(dialog);
    return safe_size > taken ? safe_size - taken : 0;
}

std::shared_ptr<const NotifyDialog> by_connection(const SubscriptionUsage& usage,
                                                  const LocationTable& locations)
{
    const NotifyDialog& dialog = *usage.dialog;
    if (dialog.flow.transport != Transport::udp || usage.failures > 0 || usage.refuses_connection ||
        usage.connection_fails)
        return {};
    const auto over = [&](const Flow& flow) {
        auto connected = std::make_shared<NotifyDialog>(dialog);
        connected->flow = flow;
        return connected;
    };
    const SipUri contact = contact_at(usage);
    const auto bindings = locations.bindings(usage.watcher);
    auto own = device_ids({}, usage.user_agent, contact);
    bool registered = false;  // by the contact that it has subscribed with
    for (const Binding& binding : bindings) {
        if (!same_address(binding.contact, contact)) continue;
        registered = true;
        const auto ids = ids_of(binding);
        own.insert(own.end(), ids.begin(), ids.end());
    }
    for (const Binding& binding : bindings) {
        const Flow& flow = binding.flow;
        if (flow.transport != Transport::tcp || flow.host != dialog.flow.host) continue;
        // A phone may register over TCP alone, from another port.
        const bool alike = !registered && same_word(binding.contact.host, contact.host) &&
                           binding.user_agent == usage.user_agent;
        if (binding.path.empty() && (alike || is_phone_of(binding, contact, own)))
            return over(flow);
    }
    if (!asks_for_tcp(contact)) return {};
    Flow flow = dialog.flow;
    flow.transport = Transport::tcp;
    return over(flow);
}

std::shared_ptr<const NotifyDialog> moved_to(const NotifyDialog& dialog, std::string request_uri,
                                             const std::vector<std::string>& route,
                                             const Flow& flow)
{
    if (dialog.request_uri == request_uri && dialog.route == route && dialog.flow == flow)
        return {};
    auto there = std::make_shared<NotifyDialog>(dialog);
    there->request_uri = std::move(request_uri);
    there->route = route;
    there->flow = flow;
    return there;
}

std::shared_ptr<const NotifyDialog> unasked_dialog(const WatcherPhone& phone, const SipUri& watcher,
                                                   const SipUri& member, std::string_view event,
                                                   std::string_view local_tag, std::string call_id)
{
    auto dialog = std::make_shared<NotifyDialog>();
    dialog->call_id = std::move(call_id);
    dialog->from = write(NameAddr{{}, member}).append(";tag=").append(local_tag);
    dialog->to = write(NameAddr{{}, watcher});
    dialog->contact = member.user;
    dialog->event = event;
    dialog->request_uri = write(phone.target.request_uri);
    dialog->route = phone.target.route;
    dialog->flow = phone.target.flow;
    return dialog;
}

}  // namespace lampline
