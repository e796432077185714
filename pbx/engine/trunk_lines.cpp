#include "engine/trunk_lines.hpp"

#include <algorithm>
#include <tuple>

#include "core/server_location.hpp"

namespace lampline {
namespace {

constexpr std::uint64_t timer_kinds = 4;

/// Nothing that matters to the line is different.
bool same_line(const Trunk& left, const Trunk& right)
{
    const auto credentials = [](const Trunk& trunk) {
        return trunk.credentials ? *trunk.credentials : TrunkCredentials{};
    };
    return left.kind == right.kind && left.enabled == right.enabled &&
           left.servers == right.servers && left.domain == right.domain &&
           left.expires == right.expires && left.qualify == right.qualify &&
           left.sources == right.sources && credentials(left) == credentials(right);
}

std::string shown(const ServerAddress& address)
{
    const bool six = address.flow.host.find(':') != std::string::npos;
    const auto at = std::string{name(address.flow.transport)} + ':' + (six ? "[" : "") +
                    address.flow.host + (six ? "]:" : ":") + std::to_string(address.flow.port);
    return address.server == address.flow.host ? at : address.server + " (" + at + ')';
}

}  // namespace

TrunkLines::TrunkLines(TrunkLineSettings settings, TokenSource tokens,
                       IdSource<ClientTransactionId>& transactions)
    : settings_{std::move(settings)}, tokens_{std::move(tokens)}, transactions_{transactions}
{
}

std::chrono::milliseconds TrunkLines::part_of(std::chrono::milliseconds span) const
{
    return std::chrono::milliseconds{
        settings_.random(static_cast<std::uint32_t>(span.count()) + 1)};
}

void TrunkLines::set_timer(LineId id, TimerKind kind, TimePoint at)
{
    timers_.set(id * timer_kinds + static_cast<std::uint64_t>(kind), at);
}

void TrunkLines::cancel_timer(LineId id, TimerKind kind)
{
    timers_.cancel(id * timer_kinds + static_cast<std::uint64_t>(kind));
}

void TrunkLines::replace(std::span<const TrunkRef> trunks, Moment now, Outbox& outbox)
{
    sources_.configure({trunks.begin(), trunks.end()});
    std::vector<LineId> gone;
    for (const auto& [name, id] : by_name_) {
        auto& line = lines_.at(id);
        const auto found =
            std::ranges::find(trunks, name, [](const TrunkRef& trunk) { return trunk->name; });
        if (found != trunks.end() && same_line(**found, *line.trunk))
            line.trunk = *found;
        else
            gone.push_back(id);
    }
    std::map<std::string, ClientTransactionId> predecessors;
    for (const auto id : gone) {
        auto name = lines_.at(id).trunk->name;
        predecessors[std::move(name)] = close(id, outbox);
    }
    for (const auto& trunk : trunks)
        if (!by_name_.contains(trunk->name)) open(trunk, predecessors[trunk->name], now, outbox);
}

void TrunkLines::open(TrunkRef trunk, ClientTransactionId predecessor, Moment now, Outbox& outbox)
{
    const auto id = ++last_id_;
    auto& line = lines_[id];
    by_name_[trunk->name] = id;
    line.trunk = std::move(trunk);
    line.tag = tokens_();
    line.call_id = tokens_();
    line.question_call_id = tokens_();
    line.asked_for = line.trunk->expires;
    line.status.trunk = line.trunk->name;
    line.status.since = now.wall;
    line.status.state = line.trunk->enabled ? TrunkState::starting : TrunkState::disabled;
    outbox.announce(TrunkChanged{line.status});
    if (!line.trunk->enabled) return;
    // Both have the same contact: what comes second counts (RFC 3261 §10.3).
    if (predecessor)
        line.predecessor = predecessor;
    else
        resolve(id, line, now, outbox);
}

ClientTransactionId TrunkLines::close(LineId id, Outbox& outbox)
{
    auto& line = lines_.at(id);
    const auto last = unregister(line, outbox);
    outbox.send(ResolveTrunk{id, line.trunk->name, {}});
    for (const auto transaction : {line.registering, line.asked}) under_way_.erase(transaction);
    for (const auto kind :
         {TimerKind::resolve, TimerKind::register_, TimerKind::lapse, TimerKind::qualify})
        cancel_timer(id, kind);
    by_name_.erase(line.trunk->name);
    lines_.erase(id);
    return last;
}

void TrunkLines::resolve(LineId id, Line& line, Moment now, Outbox& outbox)
{
    const auto servers = servers_of(line);
    const auto is_name = [](const TrunkServer& server) { return !is_numeric_address(server.host); };
    // What a detour leads to becomes known as the trunk's to whoever sees its requests.
    if (line.detour || std::ranges::any_of(servers, is_name))
        return outbox.send(ResolveTrunk{id, line.trunk->name, servers});
    constexpr std::uint16_t sip_port = 5060;
    std::vector<ServerAddress> addresses;
    for (const auto& server : servers)
        addresses.push_back({server.host,
                             {server.transport.value_or(Transport::udp), server.host,
                              server.port ? server.port : sip_port, ConnectionId{},
                              listener_by_way},
                             static_cast<std::uint32_t>(addresses.size())});
    if (!addresses.empty()) use(id, line, std::move(addresses), now, outbox);
}

void TrunkLines::receive(const TrunkResolved& resolved, Moment now, Outbox& outbox)
{
    const auto found = lines_.find(resolved.line);
    if (found == lines_.end()) return;
    auto& [id, line] = *found;
    if (resolved.addresses.empty()) {
        // What was found before is better than nothing.
        line.resolve_error = resolved.error;
        line.detours = false;
        set_timer(id, TimerKind::resolve, now.mono + settings_.resolve_again);
        return settle(line, now, outbox);
    }
    line.resolve_error.clear();
    sources_.resolved(line.trunk->name, resolved_addresses(resolved.addresses));
    auto addresses = resolved.addresses;
    if (addresses.size() > settings_.most_addresses) addresses.resize(settings_.most_addresses);
    if (resolved.valid_for)
        set_timer(id, TimerKind::resolve,
                  now.mono + std::max<std::chrono::seconds>(*resolved.valid_for, 1s));
    use(id, line, std::move(addresses), now, outbox);
}

void TrunkLines::use(LineId id, Line& line, std::vector<ServerAddress> addresses, Moment now,
                     Outbox& outbox)
{
    const bool first = line.places.empty();
    const auto before = first ? Flow{} : line.places[line.in_use].address.flow;
    std::vector<Place> places;
    for (auto& address : addresses) {
        const bool twice = std::ranges::any_of(
            places, [&](const Place& each) { return each.address.flow == address.flow; });
        if (twice) continue;
        const auto* known = place_at(line, address.flow);
        auto& place = places.emplace_back(known ? *known : Place{});
        place.address = std::move(address);
    }
    line.places = std::move(places);
    const auto* kept = first ? nullptr : place_at(line, before);
    if (std::exchange(line.detours, false)) kept = nullptr;
    line.in_use =
        kept ? static_cast<std::size_t>(kept - line.places.data()) : best_place(line, now.mono);
    if (!kept) {
        line.missed = 0;
        if (line.trunk->kind == TrunkKind::registering && !line.registering)
            send_register(id, line, now, outbox);
        const std::chrono::milliseconds interval = line.trunk->qualify;
        if (first && interval > 0s)
            set_timer(id, TimerKind::qualify, now.mono + part_of(interval / 4));
    }
    settle(line, now, outbox);
}

std::size_t TrunkLines::best_place(const Line& line, TimePoint now)
{
    const auto order = [&](std::size_t i) {
        const auto& place = line.places[i];
        return std::tuple{place.tried, place.avoided_until > now, place.address.rank,
                          i != line.in_use, i};
    };
    std::size_t best = 0;
    for (std::size_t i = 1; i < line.places.size(); ++i)
        if (order(i) < order(best)) best = i;
    return best;
}

TrunkLines::Place* TrunkLines::place_at(Line& line, const Flow& flow)
{
    const auto found = std::ranges::find_if(
        line.places, [&](const Place& place) { return place.address.flow == flow; });
    return found == line.places.end() ? nullptr : &*found;
}

void TrunkLines::avoid(Place& place, TimePoint now) const
{
    place.avoided_until = now + settings_.return_after;
}

/// Sets what follows from the rest of the line, and tells when it is news.
void TrunkLines::settle(Line& line, Moment now, Outbox& outbox)
{
    auto& status = line.status;
    const auto before = status.state;
    const bool registers = line.trunk->kind == TrunkKind::registering;
    const bool is_registered = line.registered_until && *line.registered_until > now.mono;
    if (!line.trunk->enabled)
        status.state = TrunkState::disabled;
    else if (line.places.empty())
        status.state = line.resolve_error.empty() ? TrunkState::starting : TrunkState::unreachable;
    else if (line.missed >= settings_.misses)
        status.state = TrunkState::unreachable;
    else if (!registers)
        status.state = TrunkState::available;
    else if (is_registered)
        status.state = TrunkState::registered;
    else if (line.refusals > 0)
        status.state = TrunkState::failed;
    else
        status.state = line.failures > 0 ? TrunkState::unreachable : TrunkState::starting;

    status.server = line.places.empty() ? std::string{} : shown(line.places[line.in_use].address);
    const auto on_the_wall = [&](const std::optional<TimePoint>& time) {
        using Wall = std::chrono::system_clock;
        return time ? std::optional{now.wall +
                                    std::chrono::duration_cast<Wall::duration>(*time - now.mono)}
                    : std::nullopt;
    };
    status.registered_until = is_registered ? on_the_wall(line.registered_until) : std::nullopt;
    status.next_attempt = on_the_wall(line.next_attempt);
    status.last_error.clear();
    for (const auto* error : {&line.register_error, &line.question_error, &line.resolve_error})
        if (status.last_error.empty()) status.last_error = *error;
    if (before == status.state) return;
    status.since = now.wall;
    outbox.announce(TrunkChanged{status});
}

void TrunkLines::advance(Moment now, Outbox& outbox)
{
    while (const auto key = timers_.take_due(now.mono)) {
        const auto found = lines_.find(*key / timer_kinds);
        if (found == lines_.end()) continue;
        auto& [id, line] = *found;
        switch (static_cast<TimerKind>(*key % timer_kinds)) {
        case TimerKind::resolve: resolve(id, line, now, outbox); break;
        case TimerKind::register_: send_register(id, line, now, outbox); break;
        case TimerKind::lapse: settle(line, now, outbox); break;
        case TimerKind::qualify: ask(id, line, now, outbox); break;
        }
    }
}

bool TrunkLines::receive(const StandaloneAnswered& answer, Moment now, Outbox& outbox)
{
    if (leaving_.erase(answer.transaction) != 0) {
        for (auto& [id, line] : lines_) {
            if (line.predecessor != answer.transaction || line.stopped) continue;
            line.predecessor = {};
            resolve(id, line, now, outbox);
        }
        return true;
    }
    const auto node = under_way_.extract(answer.transaction);
    if (!node) return false;
    const auto id = node.mapped();
    auto& line = lines_.at(id);
    if (answer.transaction == line.registering)
        register_answered(id, line, answer, now, outbox);
    else
        question_answered(id, line, answer, now, outbox);
    return true;
}

void TrunkLines::stop(Outbox& outbox)
{
    for (auto& [id, line] : lines_) {
        unregister(line, outbox);
        for (const auto kind : {TimerKind::resolve, TimerKind::register_, TimerKind::qualify})
            cancel_timer(id, kind);
    }
}

std::vector<TrunkServer> TrunkLines::servers_of(const Line& line)
{
    auto servers = line.trunk->servers;
    if (line.detour) servers.insert(servers.begin(), *line.detour);
    return servers;
}

/// A request that is redirected is for whom the 3xx names (RFC 3261 §8.1.3.4).
Target TrunkLines::target_of(const Line& line, const Flow& flow)
{
    SipUri registrar;
    registrar.host = line.trunk->domain;
    const auto there = [&](const Place& place) {
        return place.address.flow == flow && place.address.server == line.detour->host;
    };
    if (line.detour && std::ranges::any_of(line.places, there)) {
        const bool six = line.detour->host.find(':') != std::string::npos;
        registrar.host = six ? '[' + line.detour->host + ']' : line.detour->host;
        registrar.port = line.detour->port;
    }
    return {registrar, {}, flow};
}

NameAddr TrunkLines::party_of(const Line& line)
{
    SipUri uri;
    if (line.trunk->credentials) uri.user = line.trunk->credentials->username;
    uri.host = line.trunk->domain;
    return {{}, uri};
}

const TrunkLines::Line* TrunkLines::line_of(std::string_view trunk) const noexcept
{
    const auto found = by_name_.find(trunk);
    return found == by_name_.end() ? nullptr : &lines_.at(found->second);
}

const TrunkStatus* TrunkLines::find(std::string_view trunk) const noexcept
{
    const auto* line = line_of(trunk);
    return line ? &line->status : nullptr;
}

std::vector<TrunkStatus> TrunkLines::all() const
{
    std::vector<TrunkStatus> result;
    for (const auto& [name, id] : by_name_) result.push_back(lines_.at(id).status);
    return result;
}

std::vector<TrunkPath> TrunkLines::paths(const Trunk& trunk) const
{
    const auto* line = line_of(trunk.name);
    return line && is_usable(line->status.state) ? all_paths(trunk) : std::vector<TrunkPath>{};
}

std::vector<TrunkPath> TrunkLines::all_paths(const Trunk& trunk) const
{
    const auto* line = line_of(trunk.name);
    if (!line || line->places.empty()) return {};
    std::vector<TrunkPath> result{{line->places[line->in_use].address.flow, line->service_route}};
    for (std::size_t i = 0; i < line->places.size(); ++i)
        if (i != line->in_use)
            result.push_back({line->places[i].address.flow, line->service_route});
    return result;
}

void TrunkLines::heard(std::string_view trunk, Moment now, Outbox& outbox)
{
    auto* line = line_of(trunk);
    if (!line || line->missed == 0) return;
    line->missed = 0;
    line->question_error.clear();
    settle(*line, now, outbox);
}

}  // namespace lampline
