#include "core/server_location.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace lampline {
namespace {

constexpr std::uint16_t sip_port = 5060;
constexpr std::size_t most_targets = 16;  // of one server; more would only delay the next

bool is_six(std::string_view host) noexcept
{
    return host.find(':') != std::string_view::npos;
}

/// RFC 2782: by priority; within one, each next is drawn by its share of the weight that is left.
std::vector<SrvRecord> in_order(std::vector<SrvRecord> records, const RandomSource& random)
{
    std::ranges::stable_sort(records, [](const SrvRecord& left, const SrvRecord& right) {
        return std::pair{left.priority, left.weight} < std::pair{right.priority, right.weight};
    });
    for (auto next = records.begin(); next != records.end(); ++next) {
        const auto end = std::find_if(next, records.end(), [&](const SrvRecord& record) {
            return record.priority != next->priority;
        });
        std::uint32_t sum = 0;
        for (auto each = next; each != end; ++each) sum += each->weight;
        auto drawn = random(sum + 1);
        auto chosen = next;
        while (chosen + 1 != end && drawn > chosen->weight) {
            drawn -= chosen->weight;
            ++chosen;
        }
        std::rotate(next, chosen, chosen + 1);
    }
    return records;
}

/// One walk from names to addresses, as far as the answers go.
class Search {
public:
    Search(const DnsAnswers& answers, const LocalMeans& means, const RandomSource& random,
           std::chrono::steady_clock::time_point now)
        : answers_{answers}, means_{means}, random_{random}, now_{now}
    {
    }

    void find(const TrunkServer& server)
    {
        server_ = &server;
        ++rank_;
        const auto before = location_.addresses.size();
        const auto asked = location_.missing.size();
        error_.clear();
        if (is_numeric_address(server.host))
            add(server.host, server.transport.value_or(Transport::udp), server.port);
        else if (server.port != 0)
            find_hosts(lowered(server.host), server.transport.value_or(Transport::udp), server.port);
        else
            find_services(lowered(server.host));
        if (location_.addresses.size() > before || location_.missing.size() > asked) return;
        if (!location_.error.empty()) location_.error += "; ";
        location_.error += error_.empty() ? server.host + " has no address" : error_;
    }

    Location take() { return std::move(location_); }

private:
    [[nodiscard]] bool has(Transport transport) const noexcept
    {
        return transport == Transport::udp ? means_.udp : means_.tcp;
    }

    const DnsAnswer* ask(DnsType type, const std::string& name)
    {
        const DnsQuestion question{type, name};
        const auto found = answers_.find(question);
        if (found == answers_.end() || found->second.valid_until <= now_) {
            if (std::ranges::find(location_.missing, question) == location_.missing.end())
                location_.missing.push_back(question);
            return nullptr;
        }
        if (found->second.failed) error_ = "no name server answers about " + name;
        if (!location_.valid_until || found->second.valid_until < *location_.valid_until)
            location_.valid_until = found->second.valid_until;
        return &found->second;
    }

    void add(const std::string& host, Transport transport, std::uint16_t port)
    {
        const bool six = is_six(host);
        if (!has(transport) || (six ? !means_.ipv6 : !means_.ipv4)) {
            error_ = server_->host + " is only reached over " +
                     (six ? "IPv6" : std::string{name(transport)}) + ", which has no --sip address";
            return;
        }
        ServerAddress address{server_->host,
                              {transport, canonical_address(host), port ? port : sip_port, {},
                               listener_by_way},
                              rank_};
        const auto same = [&](const ServerAddress& other) { return other.flow == address.flow; };
        if (std::ranges::none_of(location_.addresses, same))
            location_.addresses.push_back(std::move(address));
    }

    void find_hosts(const std::string& host, Transport transport, std::uint16_t port)
    {
        if (is_numeric_address(host)) return add(host, transport, port);
        for (const auto type : {DnsType::aaaa, DnsType::a}) {
            if (type == DnsType::aaaa ? !means_.ipv6 : !means_.ipv4) continue;
            if (const auto* answer = ask(type, host))
                for (const auto& address : answer->addresses) add(address, transport, port);
        }
    }

    /// False: there are no such records. That nobody said so is no reason to try another way (RFC
    /// 3263 §4.2): the address of the domain may be that of its web server.
    bool find_srv(const std::string& service, Transport transport)
    {
        const auto* answer = ask(DnsType::srv, service);
        if (!answer || answer->failed) return true;
        if (answer->srv.empty()) return false;
        auto records = in_order(answer->srv, random_);
        if (records.size() > most_targets) records.resize(most_targets);
        for (const auto& record : records) {
            if (&record != &records.front() && record.priority != (&record - 1)->priority) ++rank_;
            if (!record.target.empty()) find_hosts(record.target, transport, record.port);
        }
        return true;
    }

    bool find_srv_of(const std::string& host, Transport transport)
    {
        return has(transport) &&
               find_srv((transport == Transport::udp ? "_sip._udp." : "_sip._tcp.") + host,
                        transport);
    }

    void find_services(const std::string& host)
    {
        if (server_->transport) {
            if (!find_srv_of(host, *server_->transport)) find_hosts(host, *server_->transport, 0);
            return;
        }
        const auto* answer = ask(DnsType::naptr, host);
        if (!answer) return;
        auto records = answer->naptr;
        std::ranges::stable_sort(records, [](const NaptrRecord& left, const NaptrRecord& right) {
            return std::pair{left.order, left.preference} <
                   std::pair{right.order, right.preference};
        });
        if (records.size() > most_targets) records.resize(most_targets);
        bool told = false;
        for (const auto& record : records) {
            const auto service = lowered(record.service);
            if (!same_word(record.flags, "s") || record.replacement.empty()) continue;
            ++rank_;
            if (service == "sip+d2u" && means_.udp)
                told = find_srv(record.replacement, Transport::udp) || told;
            if (service == "sip+d2t" && means_.tcp)
                told = find_srv(record.replacement, Transport::tcp) || told;
        }
        if (told) return;
        const bool over_udp = find_srv_of(host, Transport::udp);
        ++rank_;
        const bool over_tcp = find_srv_of(host, Transport::tcp);
        if (!over_udp && !over_tcp)
            find_hosts(host, means_.udp ? Transport::udp : Transport::tcp, 0);
    }

    const DnsAnswers& answers_;
    const LocalMeans& means_;
    const RandomSource& random_;
    std::chrono::steady_clock::time_point now_;
    const TrunkServer* server_ = nullptr;
    std::uint32_t rank_ = 0;  // of what is found now
    std::string error_;
    Location location_;
};

}  // namespace

Location locate(std::span<const TrunkServer> servers, const DnsAnswers& answers,
                const LocalMeans& means, const RandomSource& random,
                std::chrono::steady_clock::time_point now)
{
    Search search{answers, means, random, now};
    for (const auto& server : servers) search.find(server);
    return search.take();
}

}  // namespace lampline
