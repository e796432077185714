#include "core/location_table.hpp"

#include <algorithm>
#include <array>
#include <ranges>

#include "base/text.hpp"

namespace lampline {
namespace {

constexpr std::uint16_t default_sip_port = 5060;

std::uint16_t port_of(const SipUri& uri) noexcept
{
    return uri.port != 0 ? uri.port : default_sip_port;
}

std::size_t place_of(const SipUri& contact) noexcept
{
    std::size_t place = std::hash<std::string_view>{}(contact.user);
    for (const char c : contact.host)  // without case
        place = place * 31 + static_cast<unsigned char>(lower(c));
    return place * 31 + port_of(contact);
}

bool same_place(const SipUri& left, const SipUri& right) noexcept
{
    return left.user == right.user && place_of(left) == place_of(right) &&
           left.host.size() == right.host.size();
}

/// The URI within a Path value, angle brackets or not.
std::optional<SipUri> uri_of(std::string_view value)
{
    if (const auto open = value.find('<'); open != std::string_view::npos) {
        const auto close = value.find('>', open);
        if (close == std::string_view::npos) return std::nullopt;
        return SipUri::parse(value.substr(open + 1, close - open - 1));
    }
    return SipUri::parse(value.substr(0, value.find(';')));
}

/// `host` without brackets when it is a numeric address; empty when it is a name.
std::string_view numeric(std::string_view host) noexcept
{
    if (host.starts_with('[')) return host.substr(1, host.size() - 2);
    const bool is_v4 =
        std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    return is_v4 ? host : std::string_view{};
}

/// The next hop that the topmost Path entry names, where the REGISTER has come from that host: who
/// registers sends nobody's calls elsewhere. Otherwise `arrival`.
Flow next_hop(std::string_view path, const Flow& arrival)
{
    const auto uri = uri_of(path);
    if (!uri || uri->scheme == UriScheme::tel) return arrival;
    const auto host = numeric(uri->host);
    if (host != arrival.host) return arrival;

    const auto transport = uri->param("transport");
    const bool over_tcp = transport && (*transport == "tcp" || *transport == "TCP");
    const auto wanted = over_tcp ? Transport::tcp : Transport::udp;
    if (wanted == arrival.transport && host == arrival.host && arrival.connection) return arrival;
    return {wanted, std::string{host}, port_of(*uri), {}, arrival.listener};
}

bool same_host_and_port(const SipUri& left, const SipUri& right) noexcept
{
    return port_of(left) == port_of(right) && same_word(left.host, right.host);
}

/// Requests for `binding` go to where those of `flow` come from.
bool is_on(const Binding& binding, const Flow& flow)
{
    return binding.flow == flow ||
           (!binding.path.empty() && next_hop(binding.path.front(), binding.flow) == flow);
}

/// `phone` has registered itself as `binding`. Behind a proxy its requests may come over another
/// connection of the proxy.
bool is_registered_as(const Binding& binding, const PhoneAddress& phone)
{
    const bool behind_proxy = !binding.path.empty();
    const bool on = is_on(binding, phone.flow) ||
                    (behind_proxy && binding.flow.host == phone.flow.host);
    return on && same_place(binding.contact, phone.contact);
}

/// Highest q first, then the latest.
bool precedes(const Binding& left, const Binding& right) noexcept
{
    if (left.q_thousandths != right.q_thousandths) return left.q_thousandths > right.q_thousandths;
    return left.generation > right.generation;
}

bool answers(const Binding& binding) noexcept
{
    return binding.reach.state != Reach::State::unreachable;
}

auto find_in(std::vector<Binding>& bindings, const SipUri& contact)
{
    return std::ranges::find_if(bindings,
                                [&](const Binding& b) { return equivalent(b.contact, contact); });
}

}  // namespace

Target target_of(const Binding& binding)
{
    Target target{binding.contact, binding.path, binding.flow};
    if (!binding.path.empty())
        target.flow = next_hop(binding.path.front(), binding.flow);
    else if (binding.flow.transport == Transport::tcp && !binding.flow.connection)
        target.flow.port = port_of(binding.contact);
    return target;
}

bool is_word_of_proxy(std::span<const std::string> route, unsigned status) noexcept
{
    constexpr std::array<unsigned, 10> gone{404, 408, 410, 430, 477, 478, 500, 502, 503, 504};
    return !route.empty() && std::ranges::find(gone, status) != gone.end();
}

std::span<const Binding> LocationTable::bindings(std::string_view aor) const noexcept
{
    const auto found = by_aor_.find(aor);
    if (found == by_aor_.end()) return {};
    return found->second;
}

std::vector<Binding>* LocationTable::bindings_of(std::string_view aor) noexcept
{
    const auto found = by_aor_.find(aor);
    return found == by_aor_.end() ? nullptr : &found->second;
}

bool LocationTable::put(Binding binding)
{
    auto& bindings = by_aor_[binding.aor];
    const auto old = find_in(bindings, binding.contact);
    if (old == bindings.end()) {
        if (bindings.size() >= max_contacts) return false;
        ++size_;
    } else {
        const auto connection = old->flow.connection;
        unindex_contact(*old);
        bindings.erase(old);
        if (connection != binding.flow.connection) unindex(connection, binding.aor);
    }
    index(binding);
    const auto place = std::ranges::upper_bound(bindings, binding, precedes);
    bindings.insert(place, std::move(binding));
    return true;
}

std::optional<Binding> LocationTable::remove(std::string_view aor, const SipUri& contact)
{
    auto* const bindings = bindings_of(aor);
    if (!bindings) return std::nullopt;
    const auto found = find_in(*bindings, contact);
    if (found == bindings->end()) return std::nullopt;

    std::optional<Binding> removed{std::move(*found)};
    bindings->erase(found);
    --size_;
    unindex_contact(*removed);
    unindex(removed->flow.connection, removed->aor);
    if (bindings->empty()) by_aor_.erase(removed->aor);
    return removed;
}

bool LocationTable::refresh(std::string_view aor, const SipUri& contact, std::uint32_t cseq,
                            std::chrono::sys_seconds expires_at)
{
    auto* const bindings = bindings_of(aor);
    if (!bindings) return false;
    const auto found = find_in(*bindings, contact);
    if (found == bindings->end()) return false;
    found->cseq = cseq;
    found->expires_at = expires_at;
    return true;
}

bool LocationTable::note_reach(std::string_view aor, const SipUri& contact, const Reach& reach)
{
    auto* const bindings = bindings_of(aor);
    if (!bindings) return false;
    const auto found = find_in(*bindings, contact);
    if (found == bindings->end()) return false;
    found->reach = reach;
    return true;
}

bool LocationTable::note_refusal(std::string_view aor, const SipUri& contact,
                                 const UnaskedRefusal& refusal)
{
    auto* const bindings = bindings_of(aor);
    if (!bindings) return false;
    const auto found = find_in(*bindings, contact);
    if (found == bindings->end()) return false;
    found->refusal = refusal;
    return true;
}

bool LocationTable::is_reachable(std::string_view aor) const noexcept
{
    return std::ranges::any_of(bindings(aor), answers);
}

const Binding* LocationTable::binding_of(const PhoneAddress& phone) const
{
    const auto [first, last] = by_contact_.equal_range(place_of(phone.contact));
    const Binding* of_another = nullptr;  // one phone may have several numbers
    for (const auto& aor : std::ranges::subrange{first, last} | std::views::values)
        for (const auto& binding : bindings(aor)) {
            if (!is_registered_as(binding, phone)) continue;
            if (binding.aor == phone.aor) return &binding;
            of_another = &binding;
        }
    return of_another;
}

bool LocationTable::is_at(const Binding& binding, const PhoneAddress& phone) const
{
    if (is_registered_as(binding, phone)) return true;
    if (!is_on(binding, phone.flow)) return false;
    const bool behind_proxy = !binding.path.empty();
    if (!binding_of(phone)) return !behind_proxy || binding.aor == phone.aor;
    // Of one phone with several numbers the contacts have one address.
    return !behind_proxy && same_host_and_port(binding.contact, phone.contact);
}

bool LocationTable::are_same(const PhoneAddress& left, const PhoneAddress& right) const
{
    if (const auto* binding = binding_of(left)) return is_at(*binding, right);
    if (const auto* binding = binding_of(right)) return is_at(*binding, left);
    return left.flow == right.flow;
}

std::vector<const Binding*> LocationTable::targets(std::string_view aor,
                                                   const PhoneAddress* except) const
{
    std::vector<const Binding*> result;
    for (const auto& binding : bindings(aor))
        if (!except || !is_at(binding, *except)) result.push_back(&binding);
    const auto silent = [](const Binding* binding) { return !answers(*binding); };
    if (!std::ranges::all_of(result, silent)) std::erase_if(result, silent);
    return result;
}

const Binding* LocationTable::find(std::string_view aor, const SipUri& contact) const noexcept
{
    const auto all_of_aor = bindings(aor);
    const auto found = std::ranges::find_if(
        all_of_aor, [&](const Binding& b) { return equivalent(b.contact, contact); });
    return found == all_of_aor.end() ? nullptr : &*found;
}

const Binding* LocationTable::find(const SipUri& uri) const noexcept
{
    const auto [first, last] = by_contact_.equal_range(place_of(uri));
    for (const auto& aor : std::ranges::subrange{first, last} | std::views::values)
        for (const auto& binding : bindings(aor))
            if (same_place(binding.contact, uri)) return &binding;
    return nullptr;
}

std::vector<const Binding*> LocationTable::all() const
{
    std::vector<const Binding*> result;
    result.reserve(size_);
    for (const auto& [aor, bindings] : by_aor_)
        for (const auto& binding : bindings) result.push_back(&binding);
    return result;
}

void LocationTable::forget_connection(ConnectionId connection)
{
    const auto [first, last] = by_connection_.equal_range(connection);
    for (const auto& aor : std::ranges::subrange{first, last} | std::views::values) {
        auto* const bindings = bindings_of(aor);
        if (!bindings) continue;
        for (auto& binding : *bindings)
            if (binding.flow.connection == connection) binding.flow.connection = {};
    }
    by_connection_.erase(first, last);
}

void LocationTable::unindex_contact(const Binding& binding)
{
    const auto [first, last] = by_contact_.equal_range(place_of(binding.contact));
    const auto found =
        std::find_if(first, last, [&](const auto& entry) { return entry.second == binding.aor; });
    if (found != last) by_contact_.erase(found);
}

void LocationTable::index(const Binding& binding)
{
    by_contact_.emplace(place_of(binding.contact), binding.aor);
    if (!binding.flow.connection) return;
    const auto [first, last] = by_connection_.equal_range(binding.flow.connection);
    const auto aors = std::ranges::subrange{first, last} | std::views::values;
    if (std::ranges::find(aors, binding.aor) == aors.end())
        by_connection_.emplace(binding.flow.connection, binding.aor);
}

void LocationTable::unindex(ConnectionId connection, std::string_view aor)
{
    if (!connection) return;
    const bool in_use = std::ranges::any_of(bindings(aor), [&](const Binding& binding) {
        return binding.flow.connection == connection;
    });
    if (in_use) return;
    const auto [first, last] = by_connection_.equal_range(connection);
    const auto found =
        std::find_if(first, last, [&](const auto& entry) { return entry.second == aor; });
    if (found != last) by_connection_.erase(found);
}

}  // namespace lampline
