#include "sip/notify_sender.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "sip/header_text.hpp"
#include "sip/stateless_reply.hpp"
#include "sip/tokens.hpp"

namespace lampline::sip {
namespace {

constexpr std::size_t unfragmented = 1300;  // RFC 3261 §18.1.1

/// Our branches: cookie, mark, subscription in hexadecimal, '.', secret.
constexpr std::string_view branch_mark = "z9hG4bKnotify";

std::string branch_of(SubscriptionId id, std::string_view secret)
{
    return fmt::format("{}{:x}.{}", branch_mark, id.value, secret);
}

void append(std::string& text, std::initializer_list<std::string_view> parts)
{
    for (const auto part : parts) text += part;
}

}  // namespace

NotifySender::NotifySender(EventLoop& loop, nta_agent_t& agent, Transports& transports,
                           DatagramSender& datagrams, const EndpointSettings& settings,
                           OnInput on_input)
    : agent_{agent}, transports_{transports}, datagrams_{datagrams}, settings_{settings},
      on_input_{std::move(on_input)}, timer_{loop, [this] { expire(); }}
{
}

std::string NotifySender::peer_key(const Flow& flow)
{
    return fmt::format("{}:{}:{}", name(flow.transport), flow.host, flow.port);
}

PacketRef NotifySender::compose(const SendNotify& command, const Listener& listener,
                                const std::string& branch) const
{
    const auto& dialog = *command.dialog;
    auto packet = std::make_shared<Packet>();
    packet->body_head = command.body_head;
    packet->body_tail = command.body_tail;
    if (command.body_head && command.body_tail) {
        const auto written =
            std::to_chars(packet->version.data(), packet->version.data() + packet->version.size(),
                          command.version);
        packet->version_length = static_cast<std::uint8_t>(written.ptr - packet->version.data());
    }
    const auto body_size = packet->size();
    auto& text = packet->text;
    text.reserve(1024);
    const bool tcp = listener.address.transport == Transport::tcp;
    append(text, {"NOTIFY ", dialog.request_uri, " SIP/2.0\r\nVia: SIP/2.0/", tcp ? "TCP " : "UDP ",
                  listener.sent_by, ";branch=", branch, ";rport\r\n"});
    for (const auto& route : dialog.route) append_header(text, "Route", route);
    text += "Max-Forwards: 70\r\n";
    append_header(text, "From", dialog.from);
    append_header(text, "To", dialog.to);
    append_header(text, "Call-ID", dialog.call_id);
    append(text, {"CSeq: ", fmt::format_int{command.cseq}.c_str(),
                  " NOTIFY\r\nContact: <sip:", dialog.contact,
                  std::string_view{listener.contact_tail}.substr(dialog.contact.empty() ? 1 : 0),
                  ">\r\n"});
    append_header(text, "Event", dialog.event);
    append_header(text, "Subscription-State", command.subscription_state);
    append_headers(text, command.headers);
    append_header(text, "User-Agent", settings_.product);
    if (!command.content_type.empty() && body_size > 0)
        append_header(text, "Content-Type", command.content_type);
    append(text, {"Content-Length: ", fmt::format_int{body_size}.c_str(), "\r\n\r\n"});
    return packet;
}

void NotifySender::send(SendNotify&& command)
{
    if (!command.dialog) return;
    forget(command.subscription);  // a later one replaces an earlier one silently
    const auto& flow = command.dialog->flow;
    auto& entry = entries_[command.subscription.value];
    entry.cseq = command.cseq;
    entry.dialog = command.dialog;
    entry.listener = transports_.listener_of(flow);
    if (!entry.listener) return finish(command.subscription, 503, {}, true);
    entry.secret = random_token();
    entry.packet = compose(command, *entry.listener, branch_of(command.subscription, entry.secret));
    if (flow.transport == Transport::udp) {
        entry.to = SocketAddress::of(flow.host, flow.port);
        if (!entry.to.length) return finish(command.subscription, 503, {}, true);
    }
    entry.peer = &*peers_.try_emplace(peer_key(flow)).first;
    auto& peer = entry.peer->second;
    if (peer.under_way >= settings_.limits.notifies_per_peer) {
        entry.place = Place::waiting;
        peer.waiting.push_back(command.subscription);
        return;
    }
    ++peer.under_way;
    entry.place = Place::taken;
    start(command.subscription, entry);
}

void NotifySender::start(SubscriptionId id, Entry& entry)
{
    const auto now = std::chrono::steady_clock::now();
    entry.give_up = now + settings_.t1x64;
    ++counters_.sent;
    if (entry.dialog->flow.transport == Transport::udp) {
        if (const auto size = entry.packet->size(); size > unfragmented)
            report_fragments(entry, size, now);
        datagrams_.add(entry.packet, entry.to, *entry.listener);
        set_timer(id, entry, 0, now);
        return;
    }
    if (!start_over_connection(id, entry)) return finish(id, 503, {}, true);
    deadlines_.push_back({entry.give_up, id, entry.cseq});
    arm(entry.give_up);
}

/// Whoever sent it had nothing smaller and no connection. Once a second at most: what is too large
/// for one watcher is so for its colleagues.
void NotifySender::report_fragments(const Entry& entry, std::size_t size, TimePoint now)
{
    ++counters_.fragmented;
    if (now < next_report_) return;
    next_report_ = now + std::chrono::seconds{1};
    spdlog::warn("a NOTIFY of {} bytes to {} goes out in fragments ({} so far): its watcher has no "
                 "connection, and nothing more can be left out",
                 size, entry.dialog->request_uri, counters_.fragmented);
}

bool NotifySender::start_over_connection(SubscriptionId id, Entry& entry)
{
    const auto& flow = entry.dialog->flow;
    if (auto* open = transports_.connection_of(flow)) {
        entry.connection = flow.connection;
        return send_over(*open, entry.packet->whole());
    }
    const auto text = entry.packet->whole();
    const auto target = SipUri::parse(entry.dialog->request_uri);
    const auto hop = Transports::next_hop(flow, target.value_or(SipUri{}));
    auto* message =
        msg_make(sip_default_mclass(), 0, text.data(), static_cast<ssize_t>(text.size()));
    if (!message) return false;
    const auto branch = branch_of(id, entry.secret);
    // The message brings its own Via; the stack opens the connection, or finds one to the same
    // address.
    if (nta_msg_tsend(&agent_, message, url_text(hop.c_str()),
                      NTATAG_TPORT(entry.listener->primary), NTATAG_USER_VIA(1),
                      NTATAG_BRANCH_KEY(branch.c_str()), TAG_END()) < 0)
        return false;
    tp_name_t name[1] = {};
    Home home;
    if (tport_name_by_url(home, name, url_text(hop.c_str())) == 0) {
        name->tpn_ident = entry.listener->ident.c_str();
        if (auto* opened = tport_by_name(nta_agent_tports(&agent_), name);
            opened && tport_is_secondary(opened))
            entry.connection = transports_.connections().adopt(*opened);
    }
    return true;
}

void NotifySender::set_timer(SubscriptionId id, const Entry& entry, std::size_t repetition,
                             TimePoint now)
{
    if (repetitions_.size() <= repetition) repetitions_.resize(repetition + 1);
    const auto interval =
        repetition < 16 ? std::min(settings_.t1 * (1 << repetition), settings_.t2) : settings_.t2;
    const auto due = std::min(now + interval, entry.give_up);
    repetitions_[repetition].push_back({due, id, entry.cseq});
    arm(due);
}

void NotifySender::arm(TimePoint due)
{
    if (armed_ && *armed_ <= due) return;
    armed_ = due;
    timer_.set(due);
}

void NotifySender::start_ready()
{
    for (const auto id : std::exchange(ready_, {}))
        if (const auto found = entries_.find(id.value);
            found != entries_.end() && found->second.place == Place::taken)
            start(id, found->second);
}

void NotifySender::expire()
{
    armed_.reset();
    start_ready();
    const auto now = std::chrono::steady_clock::now();
    const auto current = [&](const Timer& timer) -> Entry* {
        const auto found = entries_.find(timer.subscription.value);
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
                ++counters_.timed_out;
                finish(timer.subscription, 408, {}, true);
                continue;
            }
            ++counters_.repeated;
            datagrams_.add(entry->packet, entry->to, *entry->listener);
            set_timer(timer.subscription, *entry, repetition + 1, now);
        }
    while (!deadlines_.empty() && (deadlines_.front().due <= now || !current(deadlines_.front()))) {
        const auto timer = deadlines_.front();
        deadlines_.pop_front();
        if (!current(timer)) continue;
        ++counters_.timed_out;
        finish(timer.subscription, 408, {}, true);
    }
    datagrams_.flush();
    std::optional<TimePoint> next;
    for (const auto& queue : repetitions_)
        if (!queue.empty() && (!next || queue.front().due < *next)) next = queue.front().due;
    if (!deadlines_.empty() && (!next || deadlines_.front().due < *next))
        next = deadlines_.front().due;
    if (next) arm(*next);
}

bool NotifySender::receive(const sip_t& response)
{
    const std::string_view branch{response.sip_via->v_branch ? response.sip_via->v_branch : ""};
    if (!branch.starts_with(branch_mark)) return false;
    const auto rest = branch.substr(branch_mark.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number, 16);
    const auto found = error == std::errc{} ? entries_.find(number) : entries_.end();
    if (found == entries_.end() ||
        rest.substr(static_cast<std::size_t>(end - rest.data())) != "." + found->second.secret ||
        response.sip_cseq->cs_seq != found->second.cseq)
        return true;  // a repeated answer, or one to an earlier NOTIFY
    const auto status = response.sip_status->st_status;
    if (status < 200) return true;
    const auto retry_after = response.sip_retry_after ? response.sip_retry_after->af_delta : 0;
    finish(SubscriptionId{number}, static_cast<unsigned>(status),
           std::chrono::seconds{static_cast<std::int64_t>(retry_after)}, false);
    return true;
}

void NotifySender::finish(SubscriptionId id, unsigned status, std::chrono::seconds retry_after,
                          bool generated)
{
    const auto found = entries_.find(id.value);
    if (found == entries_.end()) return;
    const auto cseq = found->second.cseq;
    forget(id);
    on_input_(NotifyAnswered{id, cseq, status, retry_after, generated});
}

void NotifySender::forget(SubscriptionId subscription)
{
    auto node = entries_.extract(subscription.value);
    if (node) leave_peer(node.mapped());
}

void NotifySender::leave_peer(const Entry& entry)
{
    if (entry.place != Place::taken)
        return;  // the mention of one that waits is passed over when its turn comes
    auto& [key, peer] = *entry.peer;
    if (peer.under_way > 0) --peer.under_way;
    while (!peer.waiting.empty() && peer.under_way < settings_.limits.notifies_per_peer) {
        const auto next = peer.waiting.front();
        peer.waiting.pop_front();
        const auto waiting = entries_.find(next.value);
        if (waiting == entries_.end() || waiting->second.place != Place::waiting) continue;
        waiting->second.place = Place::taken;
        ++peer.under_way;
        // Not from here: a connection that cannot be opened would bring us back into this loop.
        ready_.push_back(next);
        arm(std::chrono::steady_clock::now());
    }
    if (peer.under_way == 0 && peer.waiting.empty()) peers_.erase(peers_.find(key));
}

void NotifySender::fail(ConnectionId connection)
{
    std::vector<SubscriptionId> failed;
    for (const auto& [id, entry] : entries_)
        if (entry.connection == connection) failed.push_back(SubscriptionId{id});
    for (const auto id : failed) finish(id, 503, {}, true);
}

}  // namespace lampline::sip
