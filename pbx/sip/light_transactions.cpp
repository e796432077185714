#include "sip/light_transactions.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/table_room.hpp"
#include "sip/plain_answer.hpp"
#include "sip/stateless_reply.hpp"
#include "sip/tokens.hpp"

namespace lampline::sip {
namespace {

constexpr std::size_t unfragmented = 1300;  // RFC 3261 §18.1.1

/// Our branches: cookie and mark, a letter for the kind, the number in hexadecimal, '.', secret.
constexpr std::string_view light_mark = "z9hG4bKlight";
constexpr std::array<char, LightKey::kinds> kind_letters{'N', 'S'};

std::string peer_key(const Flow& flow)
{
    std::string key{name(flow.transport)};
    return key.append(":").append(flow.host).append(":").append(
        fmt::format_int{flow.port}.c_str());
}

}  // namespace

std::string LightTransactions::branch_of(LightKey key, std::string_view secret)
{
    std::array<char, 16> number{};
    const auto written =
        std::to_chars(number.data(), number.data() + number.size(), key.number, 16);
    const auto digits = static_cast<std::size_t>(written.ptr - number.data());
    std::string branch;
    branch.reserve(light_mark.size() + 2 + number.size() + secret.size());
    branch.append(light_mark).append(1, kind_letters[static_cast<std::size_t>(key.kind)]);
    return branch.append(number.data(), digits).append(".").append(secret);
}

LightTransactions::LightTransactions(EventLoop& loop, nta_agent_t& agent, Transports& transports,
                                     DatagramSender& datagrams, const EndpointSettings& settings,
                                     OnAnswer on_answer)
    : agent_{agent}, transports_{transports}, datagrams_{datagrams}, settings_{settings},
      on_answer_{std::move(on_answer)}, timer_{loop, [this] { expire(); }}
{
}

LightTransactions::Entry* LightTransactions::open(const LightRequest& request)
{
    forget(request.key);
    const auto& flow = *request.flow;
    auto& entry = entries_[request.key];
    entry.cseq = request.cseq;
    entry.flow = flow;
    entry.patience = request.patience;
    entry.listener = transports_.listener_of(flow);
    const auto fail = [&] {
        finish(request.key, 503, nullptr);
        return nullptr;
    };
    if (!entry.listener) return fail();
    entry.secret = random_token();
    if (flow.transport == Transport::udp) {
        entry.to = SocketAddress::of(flow.host, flow.port);
        if (!entry.to.length) return fail();
    } else {
        const auto target = SipUri::parse(request.request_uri);
        entry.hop = Transports::next_hop(flow, target.value_or(SipUri{}));
    }
    return &entry;
}

void LightTransactions::dispatch(LightKey key, Entry& entry)
{
    entry.peer = &*peers_.try_emplace(peer_key(entry.flow)).first;
    auto& peer = entry.peer->second;
    if (peer.under_way >= settings_.limits.notifies_per_peer) {
        entry.place = Place::waiting;
        peer.waiting.push_back(key);
        return;
    }
    ++peer.under_way;
    entry.place = Place::taken;
    start(key, entry);
}

void LightTransactions::start(LightKey key, Entry& entry)
{
    const auto now = std::chrono::steady_clock::now();
    entry.give_up = now + settings_.t1x64;
    if (entry.patience.count() > 0) {
        impatient_.set(key, now + entry.patience);
        arm(now + entry.patience);
    }
    ++count(key).sent;
    if (entry.flow.transport == Transport::udp) {
        if (const auto size = entry.packet->size(); size > unfragmented)
            report_fragments(entry, key, size, now);
        datagrams_.add(entry.packet, entry.to, *entry.listener);
        set_timer(key, entry, 0, now);
        return;
    }
    if (!start_over_connection(key, entry)) return finish(key, 503, nullptr);
    deadlines_.push_back({entry.give_up, key, entry.cseq});
    arm(entry.give_up);
}

/// Whoever sent it had nothing smaller and no connection. Once a second at most: what is too large
/// for one watcher is so for its colleagues.
void LightTransactions::report_fragments(const Entry& entry, LightKey key, std::size_t size,
                                         TimePoint now)
{
    ++count(key).fragmented;
    if (now < next_report_) return;
    next_report_ = now + std::chrono::seconds{1};
    spdlog::warn("a request of {} bytes to {} goes out in fragments ({} so far): its phone has no "
                 "connection, and nothing more can be left out",
                 size, peer_key(entry.flow), count(key).fragmented);
}

bool LightTransactions::start_over_connection(LightKey key, Entry& entry)
{
    if (auto* open = transports_.connection_of(entry.flow)) {
        put_on(entry.flow.connection, key, entry);
        return send_over(*open, entry.packet->whole());
    }
    const auto text = entry.packet->whole();
    auto* message =
        msg_make(sip_default_mclass(), 0, text.data(), static_cast<ssize_t>(text.size()));
    if (!message) return false;
    const auto branch = branch_of(key, entry.secret);
    // The message brings its own Via; the stack opens the connection, or finds one to the same
    // address.
    if (nta_msg_tsend(&agent_, message, url_text(entry.hop.c_str()),
                      NTATAG_TPORT(entry.listener->primary), NTATAG_USER_VIA(1),
                      NTATAG_BRANCH_KEY(branch.c_str()), TAG_END()) < 0)
        return false;
    tp_name_t name[1] = {};
    Home home;
    if (tport_name_by_url(home, name, url_text(entry.hop.c_str())) == 0) {
        name->tpn_ident = entry.listener->ident.c_str();
        if (auto* opened = tport_by_name(nta_agent_tports(&agent_), name);
            opened && tport_is_secondary(opened))
            put_on(transports_.connections().adopt(*opened), key, entry);
    }
    return true;
}

void LightTransactions::set_timer(LightKey key, const Entry& entry, std::size_t repetition,
                                  TimePoint now)
{
    if (repetitions_.size() <= repetition) repetitions_.resize(repetition + 1);
    const auto interval =
        repetition < 16 ? std::min(settings_.t1 * (1 << repetition), settings_.t2) : settings_.t2;
    const auto due = std::min(now + interval, entry.give_up);
    repetitions_[repetition].push_back({due, key, entry.cseq});
    arm(due);
}

void LightTransactions::arm(TimePoint due)
{
    if (armed_ && *armed_ <= due) return;
    armed_ = due;
    timer_.set(due);
}

void LightTransactions::start_ready()
{
    for (const auto key : std::exchange(ready_, {}))
        if (const auto found = entries_.find(key);
            found != entries_.end() && found->second.place == Place::taken)
            start(key, found->second);
}

void LightTransactions::expire()
{
    armed_.reset();
    start_ready();
    const auto now = std::chrono::steady_clock::now();
    while (const auto key = impatient_.take_due(now)) {
        ++count(*key).timed_out;
        finish(*key, 408, nullptr);
    }
    const auto current = [&](const Timer& timer) -> Entry* {
        const auto found = entries_.find(timer.key);
        return found == entries_.end() || found->second.cseq != timer.cseq ? nullptr
                                                                           : &found->second;
    };
    for (std::size_t repetition = 0; repetition < repetitions_.size(); ++repetition)
        while (!repetitions_[repetition].empty()) {
            const auto timer = repetitions_[repetition].front();
            if (timer.due > now && current(timer)) break;
            repetitions_[repetition].pop_front();
            auto* entry = current(timer);
            if (!entry) continue;
            if (now >= entry->give_up) {
                ++count(timer.key).timed_out;
                finish(timer.key, 408, nullptr);
                continue;
            }
            ++count(timer.key).repeated;
            datagrams_.add(entry->packet, entry->to, *entry->listener);
            set_timer(timer.key, *entry, repetition + 1, now);
        }
    while (!deadlines_.empty() && (deadlines_.front().due <= now || !current(deadlines_.front()))) {
        const auto timer = deadlines_.front();
        deadlines_.pop_front();
        if (!current(timer)) continue;
        ++count(timer.key).timed_out;
        finish(timer.key, 408, nullptr);
    }
    datagrams_.flush();
    std::optional<TimePoint> next;
    for (const auto& queue : repetitions_)
        if (!queue.empty() && (!next || queue.front().due < *next)) next = queue.front().due;
    if (!deadlines_.empty() && (!next || deadlines_.front().due < *next))
        next = deadlines_.front().due;
    if (const auto due = impatient_.next_deadline(); due && (!next || *due < *next)) next = due;
    if (next) arm(*next);
}

LightTransactions::Entries::iterator LightTransactions::find(std::string_view branch)
{
    auto rest = branch.substr(light_mark.size());
    const auto* const letter =
        rest.empty() ? kind_letters.end() : std::ranges::find(kind_letters, rest.front());
    if (letter == kind_letters.end()) return entries_.end();
    rest.remove_prefix(1);
    LightKey key{static_cast<LightKey::Kind>(letter - kind_letters.begin()), 0};
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), key.number, 16);
    if (error != std::errc{} || end == rest.data() + rest.size() || *end != '.')
        return entries_.end();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
    const auto found = entries_.find(key);
    return found != entries_.end() && rest == found->second.secret ? found : entries_.end();
}

bool LightTransactions::receive(const sip_t& response, std::string_view source)
{
    const std::string_view branch{response.sip_via->v_branch ? response.sip_via->v_branch : ""};
    if (!branch.starts_with(light_mark)) return false;
    const auto found = find(branch);
    if (found == entries_.end() || response.sip_cseq->cs_seq != found->second.cseq)
        return true;  // a repeated answer, or one to an earlier request
    const auto status = response.sip_status->st_status;
    if (status < 200) return true;
    finish(found->first, static_cast<unsigned>(status), &response, source);
    return true;
}

bool LightTransactions::take(std::string_view datagram)
{
    const auto answer = read_plain_answer(datagram);
    if (!answer) return false;
    const auto branch = answer->branch();
    if (!branch.starts_with(light_mark)) return false;
    const auto found = find(branch);
    if (found == entries_.end()) return false;
    const auto& [key, entry] = *found;
    if (key.kind != LightKey::Kind::notify || !entry.packet || entry.packet->kept_as ||
        entry.flow.transport != Transport::udp || !answer->echoes(entry.packet->text))
        return false;
    const LightAnswer told{.key = key, .cseq = entry.cseq, .status = answer->status, .plain = true};
    forget(told.key);
    on_answer_(told);
    return true;
}

void LightTransactions::finish(LightKey key, unsigned status, const sip_t* response,
                               std::string_view source)
{
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    const auto cseq = found->second.cseq;
    const auto connection = found->second.connection;
    forget(key);
    on_answer_({key, cseq, status, response, source, connection});
}

void LightTransactions::forget(LightKey key)
{
    auto node = entries_.extract(key);
    give_back_room(entries_);
    if (!node) return;
    if (node.mapped().patience.count() > 0) impatient_.cancel(key);
    if (const auto found = by_connection_.find(node.mapped().connection.value);
        found != by_connection_.end()) {
        found->second.erase(key);
        if (found->second.empty()) by_connection_.erase(found);
    }
    leave_peer(node.mapped());
}

void LightTransactions::put_on(ConnectionId connection, LightKey key, Entry& entry)
{
    entry.connection = connection;
    if (connection) by_connection_[connection.value].insert(key);
}

void LightTransactions::leave_peer(const Entry& entry)
{
    if (entry.place != Place::taken)
        return;  // the mention of one that waits is passed over when its turn comes
    auto& [key, peer] = *entry.peer;
    if (peer.under_way > 0) --peer.under_way;
    while (!peer.waiting.empty() && peer.under_way < settings_.limits.notifies_per_peer) {
        const auto next = peer.waiting.front();
        peer.waiting.pop_front();
        const auto waiting = entries_.find(next);
        if (waiting == entries_.end() || waiting->second.place != Place::waiting) continue;
        waiting->second.place = Place::taken;
        ++peer.under_way;
        // Not from here: a connection that cannot be opened would bring us back into this loop.
        ready_.push_back(next);
        arm(std::chrono::steady_clock::now());
    }
    if (peer.under_way == 0 && peer.waiting.empty()) peers_.erase(peers_.find(key));
}

void LightTransactions::fail(ConnectionId connection)
{
    const auto found = by_connection_.find(connection.value);
    if (found == by_connection_.end()) return;
    const std::vector<LightKey> failed{found->second.begin(), found->second.end()};
    for (const auto key : failed) finish(key, 503, nullptr);
}

}  // namespace lampline::sip
