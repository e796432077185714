#include "sip/resolver.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <resolv.h>

#include <spdlog/spdlog.h>

#include "base/text.hpp"

namespace lampline::sip {
namespace {

using TimePoint = std::chrono::steady_clock::time_point;

constexpr int max_records = 64;  // of one answer; nobody has as many servers

/// One name server for all: a process has one of the library.
void start_library()
{
    static const int started = ares_library_init(ARES_LIB_INIT_ALL);
    if (started != ARES_SUCCESS) throw std::runtime_error{"ares_library_init"};
}

int number_of(DnsType type) noexcept
{
    switch (type) {
    case DnsType::a: return ns_t_a;
    case DnsType::aaaa: return ns_t_aaaa;
    case DnsType::srv: return ns_t_srv;
    case DnsType::naptr: return ns_t_naptr;
    }
    return 0;
}

/// A name within the message; nullopt when it leads out of it. `at` moves behind it.
std::optional<std::string> take_name(const ns_msg& message, const unsigned char*& at,
                                     const unsigned char* end)
{
    std::array<char, NS_MAXDNAME> name{};
    const int length = dn_expand(ns_msg_base(message), ns_msg_end(message), at, name.data(),
                                 static_cast<int>(name.size()));
    if (length < 0 || length > end - at) return std::nullopt;
    at += length;
    auto text = lowered(name.data());
    if (text == ".") text.clear();
    return text;
}

std::optional<std::uint16_t> take_number(const unsigned char*& at, const unsigned char* end)
{
    if (end - at < 2) return std::nullopt;
    const auto number = static_cast<std::uint16_t>(at[0] << 8 | at[1]);
    at += 2;
    return number;
}

std::optional<std::string> take_string(const unsigned char*& at, const unsigned char* end)
{
    if (end - at < 1 || end - at - 1 < *at) return std::nullopt;
    std::string text{reinterpret_cast<const char*>(at + 1), *at};
    at += 1 + text.size();
    return text;
}

/// Adds the record; one that is malformed is left out.
void take_record(const ns_msg& message, const ns_rr& record, DnsType type, DnsAnswer& answer)
{
    const auto* at = ns_rr_rdata(record);
    const auto* const end = at + ns_rr_rdlen(record);
    switch (type) {
    case DnsType::a:
    case DnsType::aaaa: {
        const bool six = type == DnsType::aaaa;
        if (end - at != (six ? 16 : 4)) return;
        std::array<char, INET6_ADDRSTRLEN> text{};
        if (inet_ntop(six ? AF_INET6 : AF_INET, at, text.data(), text.size()))
            answer.addresses.emplace_back(text.data());
        return;
    }
    case DnsType::srv: {
        const auto priority = take_number(at, end);
        const auto weight = take_number(at, end);
        const auto port = take_number(at, end);
        if (!priority || !weight || !port) return;
        if (auto target = take_name(message, at, end))
            answer.srv.push_back({*priority, *weight, *port, std::move(*target)});
        return;
    }
    case DnsType::naptr: {
        const auto order = take_number(at, end);
        const auto preference = take_number(at, end);
        if (!order || !preference) return;
        auto flags = take_string(at, end);
        auto service = flags ? take_string(at, end) : std::nullopt;
        const auto expression = service ? take_string(at, end) : std::nullopt;
        if (!expression) return;
        if (auto replacement = take_name(message, at, end))
            answer.naptr.push_back({*order, *preference, std::move(*flags), std::move(*service),
                                    std::move(*replacement)});
        return;
    }
    }
}

}  // namespace

std::optional<DnsAnswer> parse_dns(std::span<const unsigned char> message, DnsType type,
                                   const ResolverSettings& settings, TimePoint now)
{
    ns_msg parsed;
    if (ns_initparse(message.data(), static_cast<int>(message.size()), &parsed) < 0)
        return std::nullopt;
    DnsAnswer answer;
    auto ttl = settings.most_ttl;
    for (int i = 0; i < std::min<int>(ns_msg_count(parsed, ns_s_an), max_records); ++i) {
        ns_rr record;
        if (ns_parserr(&parsed, ns_s_an, i, &record) < 0) return std::nullopt;
        ttl = std::min(ttl, std::chrono::seconds{ns_rr_ttl(record)});
        if (static_cast<int>(ns_rr_type(record)) == number_of(type))
            take_record(parsed, record, type, answer);
    }
    const bool none = answer.addresses.empty() && answer.srv.empty() && answer.naptr.empty();
    answer.valid_until = now + (none ? settings.negative_ttl : std::max(ttl, settings.least_ttl));
    return answer;
}

struct Resolver::Channel {
    ares_channel handle = nullptr;
    ~Channel()
    {
        if (handle) ares_destroy(handle);
    }
};

struct Resolver::Query {
    Resolver* resolver;
    DnsQuestion question;

    static void done(void* self, int status, int, unsigned char* message, int length) noexcept
    try {
        const std::unique_ptr<Query> query{static_cast<Query*>(self)};
        if (status == ARES_EDESTRUCTION) return;
        auto& resolver = *query->resolver;
        const auto now = std::chrono::steady_clock::now();
        std::optional<DnsAnswer> answer;
        if (status == ARES_SUCCESS && message)
            answer = parse_dns({message, static_cast<std::size_t>(length)}, query->question.type,
                               resolver.settings_, now);
        if (!answer) {
            answer.emplace();
            // Who does not know a type of record has none of it.
            answer->failed =
                status != ARES_ENOTFOUND && status != ARES_ENODATA && status != ARES_ENOTIMP;
            answer->valid_until = now + resolver.settings_.negative_ttl;
        }
        // Not from here: the library is in the middle of its work.
        resolver.loop_.defer([&resolver, alive = resolver.alive_, question = query->question,
                              found = std::move(*answer)] {
            if (*alive) resolver.answered(question, found);
        });
    } catch (const std::exception& error) {
        spdlog::error("answer of a name server dropped: {}", error.what());
    }
};

Resolver::Resolver(EventLoop& loop, ResolverSettings settings, LocalMeans means, OnInput on_input)
    : loop_{loop}, settings_{std::move(settings)}, means_{means}, on_input_{std::move(on_input)},
      timer_{loop, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }},
      channel_{std::make_unique<Channel>()}
{
    start_library();
    ares_options options{};
    options.timeout = static_cast<int>(settings_.timeout.count());
    options.tries = settings_.tries;
    options.sock_state_cb_data = this;
    options.sock_state_cb = [](void* self, int descriptor, int reading, int writing) {
        static_cast<Resolver*>(self)->watch(descriptor, reading != 0, writing != 0);
    };
    const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    if (ares_init_options(&channel_->handle, &options, mask) != ARES_SUCCESS)
        throw std::runtime_error{"ares_init_options"};
    if (!settings_.server.empty() &&
        ares_set_servers_ports_csv(channel_->handle, settings_.server.c_str()) != ARES_SUCCESS)
        throw std::runtime_error{"no such name server: " + settings_.server};
}

Resolver::~Resolver()
{
    *alive_ = false;
    channel_.reset();
}

void Resolver::run(const ResolveTrunk& command)
{
    walks_.erase(command.line);
    if (command.servers.empty()) {
        known_.erase(command.line);
        return;
    }
    walks_.emplace(command.line, Walk{command, std::chrono::steady_clock::now()});
    go_on(command.line);
}

void Resolver::go_on(std::uint64_t line)
{
    const auto found = walks_.find(line);
    if (found == walks_.end()) return;
    const auto& walk = found->second;
    auto location =
        locate(walk.command.servers, walk.answers, means_, settings_.random, walk.began);
    const bool endless = walk.answers.size() + location.missing.size() > settings_.most_questions;
    if (endless) location.error = "its names lead to too many others";
    if (!location.missing.empty() && !endless) {
        for (const auto& question : location.missing) {
            auto& waiting = asked_[question];
            const bool first = waiting.empty();
            if (std::ranges::find(waiting, line) == waiting.end()) waiting.push_back(line);
            if (first) ask(question);
        }
        return;
    }
    auto name = walk.command.trunk;
    known_.insert_or_assign(line, std::move(found->second.answers));
    walks_.erase(found);
    TrunkResolved resolved{line, std::move(name), std::move(location.addresses), std::nullopt,
                           std::move(location.error)};
    if (location.valid_until)
        resolved.valid_for = std::chrono::ceil<std::chrono::seconds>(
            *location.valid_until - std::chrono::steady_clock::now());
    on_input_(std::move(resolved));
}

void Resolver::ask(const DnsQuestion& question)
{
    auto* query = new Query{this, question};
    ares_query(channel_->handle, question.name.c_str(), ns_c_in, number_of(question.type),
               &Query::done, query);
    set_timer();
}

void Resolver::answered(const DnsQuestion& question, const DnsAnswer& answer)
{
    const auto waiting = asked_.extract(question);
    if (!waiting) return;
    for (const auto line : waiting.mapped()) {
        const auto found = walks_.find(line);
        if (found == walks_.end()) continue;
        auto& kept = found->second.answers.insert_or_assign(question, answer).first->second;
        if (answer.failed) keep_known(line, question, kept);
        go_on(line);
    }
}

void Resolver::keep_known(std::uint64_t line, const DnsQuestion& question, DnsAnswer& answer) const
{
    const auto walk = known_.find(line);
    if (walk == known_.end()) return;
    const auto before = walk->second.find(question);
    if (before == walk->second.end() || before->second.failed) return;
    spdlog::warn("no name server answers about {}: what was known holds on", question.name);
    const auto until = answer.valid_until;
    answer = before->second;
    answer.valid_until = until;
}

void Resolver::watch(int descriptor, bool reading, bool writing) noexcept
try {
    watches_.erase(descriptor);
    if (!reading && !writing) return;
    const auto what = reading && writing ? LoopWatch::For::both
                      : reading          ? LoopWatch::For::reading
                                         : LoopWatch::For::writing;
    watches_[descriptor] =
        std::make_unique<LoopWatch>(loop_, descriptor, what, [this, descriptor, reading, writing] {
            process(reading ? descriptor : ARES_SOCKET_BAD, writing ? descriptor : ARES_SOCKET_BAD);
        });
} catch (const std::exception& error) {
    // The library is C, and calls this; its question runs into its time limit.
    spdlog::error("a name server cannot be heard: {}", error.what());
}

void Resolver::process(int reading, int writing)
{
    // A watch may end in here, in the middle of its own call.
    loop_.defer([this, alive = alive_, reading, writing] {
        if (!*alive) return;
        ares_process_fd(channel_->handle, reading, writing);
        set_timer();
    });
}

void Resolver::set_timer()
{
    timeval wait{};
    if (!ares_timeout(channel_->handle, nullptr, &wait)) return timer_.cancel();
    timer_.set(std::chrono::steady_clock::now() + std::chrono::seconds{wait.tv_sec} +
               std::chrono::microseconds{wait.tv_usec});
}

}  // namespace lampline::sip
