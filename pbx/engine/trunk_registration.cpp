// We as a user of a carrier: REGISTER (RFC 3261 §10.2), its refusals, and the next server.
#include <algorithm>

#include "base/text.hpp"
#include "engine/trunk_lines.hpp"

namespace lampline {
namespace {

constexpr unsigned most_too_brief = 2;     // 423 in a row, for who never has enough
constexpr unsigned most_redirections = 5;  // in a row
constexpr std::size_t most_shown = 128;    // of what a carrier says, to people

/// The server is at fault, or nobody is there: another one may do better (RFC 3263 §4.3).
bool is_of_the_server(const StandaloneAnswered& answer) noexcept
{
    return answer.generated || answer.status == 408 || answer.status == 430 ||
           answer.status == 480 || answer.status / 100 == 5;
}

/// What went wrong, for whoever has to do something about it.
std::string words(const StandaloneAnswered& answer, const TrunkCredentials* credentials)
{
    if (answer.generated)
        return answer.status == 408 ? "REGISTER: no answer" : "REGISTER: could not be sent";
    const auto said = std::to_string(answer.status) + ' ' + answer.phrase;
    const bool challenged = answer.status == 401 || answer.status == 407;
    if (credentials && challenged && !answer.challenged_by.empty() &&
        answer.challenged_by != credentials->realm)
        return "carrier asks for the realm \"" + answer.challenged_by + "\", the trunk has \"" +
               credentials->realm + "\": " + said;
    if (answer.credentials_sent && (challenged || answer.status == 403))
        return "carrier refused the password: " + said + " (username or secret is wrong)";
    if (answer.status / 100 == 5) return "REGISTER: " + said;
    if (challenged) return "carrier asks for a password in a way that cannot be answered: " + said;
    return "carrier refused the registration: " + said;
}

/// `name` is `domain`, or below it.
bool is_within(std::string_view name, std::string_view domain)
{
    if (is_numeric_address(domain) || name.size() < domain.size()) return false;
    const auto rest = name.size() - domain.size();
    return same_word(name.substr(rest), domain) && (rest == 0 || name[rest - 1] == '.');
}

}  // namespace

void TrunkLines::send_register(LineId id, Line& line, Moment now, Outbox& outbox)
{
    if (line.registering || line.places.empty() || line.stopped) return;
    cancel_timer(id, TimerKind::register_);
    line.next_attempt.reset();
    line.registering = transactions_.next();
    line.registering_at = line.places[best_place(line, now.mono)].address.flow;
    line.sent_at = now.mono;
    under_way_[line.registering] = id;
    outbox.send(SendStandalone{
        .transaction = line.registering,
        .method = Method::register_,
        .target = target_of(line, line.registering_at),
        .from = party_of(line),
        .to = party_of(line),
        .local_tag = line.tag,
        .call_id = line.call_id,
        .cseq = ++line.cseq,
        .patience = settings_.patience,
        .contact_user = trunk_contact_user(line.trunk->name),
        .headers = {{"Expires", std::to_string(line.asked_for.count())}, {"Supported", "path"}},
        .credentials = line.trunk->credentials,
        .outside = true});
}

ClientTransactionId TrunkLines::unregister(Line& line, Outbox& outbox)
{
    line.stopped = true;
    const bool known = line.registered_until || line.registering;
    if (!known || line.trunk->kind != TrunkKind::registering || line.places.empty()) return {};
    const auto transaction = transactions_.next();
    leaving_.insert(transaction);
    line.registered_until.reset();
    // Each challenge of one that is under way makes its CSeq one higher.
    line.cseq += line.registering ? 1 + most_challenges : 1;
    outbox.send(SendStandalone{.transaction = transaction,
                               .method = Method::register_,
                               .target = target_of(line, line.places[line.in_use].address.flow),
                               .from = party_of(line),
                               .to = party_of(line),
                               .local_tag = line.tag,
                               .call_id = line.call_id,
                               .cseq = line.cseq,
                               .patience = settings_.leave_patience,
                               .contact_user = trunk_contact_user(line.trunk->name),
                               .headers = {{"Expires", "0"}},
                               .credentials = line.trunk->credentials,
                               .outside = true});
    return transaction;
}

void TrunkLines::register_answered(LineId id, Line& line, const StandaloneAnswered& answer,
                                   Moment now, Outbox& outbox)
{
    line.registering = {};
    line.cseq = std::max(line.cseq, answer.cseq);
    if (line.stopped) return;
    if (!answer.generated)
        line.status.round_trip =
            std::chrono::duration_cast<std::chrono::microseconds>(now.mono - line.sent_at);
    if (!place_at(line, line.registering_at))
        send_register(id, line, now, outbox);  // the names lead elsewhere by now
    else if (answer.status / 100 == 2)
        registered(id, line, answer, now);
    else if (answer.status == 423 && answer.min_expires && *answer.min_expires > line.asked_for &&
             *answer.min_expires <= Trunk::max_expires && line.too_brief < most_too_brief) {
        ++line.too_brief;
        line.asked_for = *answer.min_expires;
        send_register(id, line, now, outbox);
    } else if (answer.status / 100 == 3)
        redirected(id, line, answer, now, outbox);
    else if (is_of_the_server(answer))
        server_failed(id, line, words(answer, line.trunk->credentials.get()), answer.retry_after,
                      now, outbox);
    else
        refused(id, line, answer, now);
    settle(line, now, outbox);
}

void TrunkLines::registered(LineId id, Line& line, const StandaloneAnswered& answer, Moment now)
{
    // The 200 lists all that the carrier has of us; ours is told by its user part.
    auto granted = answer.expires.value_or(line.asked_for);
    const auto user = trunk_contact_user(line.trunk->name);
    for (const auto& contact : answer.contacts)
        if (contact.uri.user == user && contact.expires) granted = *contact.expires;
    granted = std::clamp(granted, 5s, Trunk::max_expires);
    auto& place = *place_at(line, line.registering_at);
    const auto here = static_cast<std::size_t>(&place - line.places.data());
    if (here != line.in_use) line.question_error.clear();
    line.in_use = here;
    line.missed = 0;
    place.avoided_until = {};
    for (auto& each : line.places) each.tried = false;
    line.registered_at = now.mono;
    line.connection = answer.connection;
    line.registered_until = now.mono + granted;
    line.service_route = answer.service_route;
    line.failures = line.too_brief = line.refusals = line.redirections = 0;
    line.register_error.clear();
    const std::chrono::milliseconds whole = granted;
    line.refresh_at = now.mono + whole * 8 / 10 + part_of(whole / 10);
    set_timer(id, TimerKind::register_, line.refresh_at);
    set_timer(id, TimerKind::lapse, now.mono + granted);
}

void TrunkLines::receive(const ConnectionClosed& closed, Moment now)
{
    for (auto& [id, line] : lines_) {
        if (line.connection != closed.connection || !line.connection) continue;
        line.connection = {};
        if (line.registering || line.stopped) continue;
        // Some carriers close it after each answer, and call us at our contact.
        if (now.mono - line.registered_at >= settings_.connection_lasts) line.cut_off = 0;
        const auto doublings = std::min(line.cut_off++, 16U);
        const std::chrono::seconds wait =
            doublings == 0 ? 1s : settings_.retry_first * (1 << (doublings - 1));
        if (now.mono + wait < line.refresh_at) set_timer(id, TimerKind::register_, now.mono + wait);
    }
}

void TrunkLines::redirected(LineId id, Line& line, const StandaloneAnswered& answer, Moment now,
                            Outbox& outbox)
{
    const auto said = std::to_string(answer.status) + ' ' + answer.phrase;
    if (line.redirections >= most_redirections)
        return server_failed(id, line, "carrier redirects again and again: " + said,
                             answer.retry_after, now, outbox);
    std::string elsewhere;
    auto contacts = answer.contacts;
    std::ranges::stable_sort(contacts, std::greater{}, &RegisterContact::q_thousandths);
    for (const auto& contact : contacts) {
        auto detour = detour_to(line, contact.uri);
        if (!detour) {
            elsewhere += (elsewhere.empty() ? "" : ", ") + contact.uri.host.substr(0, most_shown);
            continue;
        }
        ++line.redirections;
        line.detour = std::move(detour);
        line.detours = true;
        line.register_error.clear();
        for (auto& each : line.places) each.tried = false;
        return resolve(id, line, now, outbox);
    }
    auto error = elsewhere.empty()
                     ? "carrier redirects and does not say where: " + said
                     : "carrier redirects to " + elsewhere.substr(0, most_shown) +
                           ", which is not known to be the trunk's (servers, sources or domain): " +
                           said;
    server_failed(id, line, std::move(error), answer.retry_after, now, outbox);
}

/// Whoever answers in the carrier's place could send us anywhere. So we only go where the trunk is
/// by configuration or by its names, or to a name within its domain.
std::optional<TrunkServer> TrunkLines::detour_to(const Line& line, const SipUri& contact)
{
    if (contact.scheme != UriScheme::sip || contact.host.empty()) return std::nullopt;
    std::string host = contact.host;
    if (host.front() == '[') host = canonical_address(host.substr(1, host.size() - 2));
    const auto& trunk = *line.trunk;
    const bool known =
        std::ranges::any_of(trunk.servers,
                            [&](const TrunkServer& each) { return same_word(each.host, host); }) ||
        std::ranges::find(trunk.sources, host) != trunk.sources.end() ||
        std::ranges::any_of(line.places,
                            [&](const Place& each) { return each.address.flow.host == host; }) ||
        is_within(host, trunk.domain);
    if (!known) return std::nullopt;
    TrunkServer server{std::move(host), contact.port, std::nullopt};
    if (const auto transport = contact.param("transport")) {
        if (same_word(*transport, "tcp"))
            server.transport = Transport::tcp;
        else if (same_word(*transport, "udp"))
            server.transport = Transport::udp;
        else
            return std::nullopt;
    }
    return server;
}

void TrunkLines::server_failed(LineId id, Line& line, std::string error,
                               std::chrono::seconds retry_after, Moment now, Outbox& outbox)
{
    line.register_error = std::move(error);
    auto& failed = *place_at(line, line.registering_at);
    failed.tried = true;
    if (line.detour && failed.address.server == line.detour->host) {
        line.detour.reset();  // back to the trunk's own servers
        set_timer(id, TimerKind::resolve, now.mono);
    }
    avoid(failed, now.mono);
    const auto next = best_place(line, now.mono);
    const bool is_registered = line.registered_until && *line.registered_until > now.mono;
    if (!is_registered) line.in_use = next;
    if (!line.places[next].tried) return send_register(id, line, now, outbox);
    for (auto& each : line.places) each.tried = false;
    const auto doublings = std::min(line.failures++, 16U);
    const std::chrono::milliseconds longest = std::min<std::chrono::seconds>(
        settings_.retry_first * (1 << doublings), settings_.retry_most);
    try_again(
        id, line,
        std::max<std::chrono::milliseconds>(longest / 2 + part_of(longest / 2),
                                            std::min(retry_after, settings_.retry_most)),
        now);
}

void TrunkLines::refused(LineId id, Line& line, const StandaloneAnswered& answer, Moment now)
{
    line.register_error = words(answer, line.trunk->credentials.get());
    line.registered_until.reset();
    line.service_route.clear();
    for (auto& each : line.places) each.tried = false;
    const auto doublings = std::min(line.refusals++, 16U);
    const std::chrono::milliseconds wait =
        std::max(std::min(settings_.refused_retry * (1 << doublings), settings_.refused_most),
                 std::min(answer.retry_after, Trunk::max_expires));
    try_again(id, line, wait + part_of(wait / 10), now);
}

void TrunkLines::try_again(LineId id, Line& line, std::chrono::milliseconds wait, Moment now)
{
    line.next_attempt = now.mono + wait;
    set_timer(id, TimerKind::register_, *line.next_attempt);
}

}  // namespace lampline
