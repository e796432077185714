#include "bench/sip_message.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>

namespace bench {
namespace {

std::string_view trimmed(std::string_view text) noexcept
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

bool is(std::string_view name, std::string_view lower_case) noexcept
{
    return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(),
                      [](char a, char b) {
                          return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
                      });
}

void parse_cseq(std::string_view value, SipMessage& message) noexcept
{
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), message.cseq);
    if (error != std::errc{}) return;
    const auto method = trimmed(value.substr(static_cast<std::size_t>(end - value.data())));
    if (message.status != 0) message.method = method;
}

void take_header(std::string_view name, std::string_view value, SipMessage& message) noexcept
{
    switch (name.front() | 0x20) {
    case 'v':
        if (is(name, "via") || is(name, "v")) message.via.add(value);
        break;
    case 'f':
        if (is(name, "from") || is(name, "f")) message.from = value;
        break;
    case 't':
        if (is(name, "to") || is(name, "t")) message.to = value;
        break;
    case 'i':
        if (is(name, "i")) message.call_id = value;
        break;
    case 'm':
        if (is(name, "m")) message.contact = value;
        break;
    case 'r':
        if (is(name, "record-route")) message.record_route.add(value);
        break;
    case 'w':
        if (is(name, "www-authenticate")) message.challenge.add(value);
        break;
    case 'p':
        if (is(name, "proxy-authenticate")) message.challenge.add(value);
        break;
    case 'c':
        if (is(name, "call-id"))
            message.call_id = value;
        else if (is(name, "contact"))
            message.contact = value;
        else if (is(name, "cseq"))
            parse_cseq(value, message);
        break;
    default: break;
    }
}

bool parse_start_line(std::string_view line, SipMessage& message) noexcept
{
    line = trimmed(line);
    if (line.starts_with("SIP/2.0 ")) {
        const auto code = line.substr(8, 3);
        return std::from_chars(code.data(), code.data() + code.size(), message.status).ec ==
               std::errc{};
    }
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || last <= first || line.substr(last + 1) != "SIP/2.0")
        return false;
    message.method = line.substr(0, first);
    message.request_uri = line.substr(first + 1, last - first - 1);
    return true;
}

}  // namespace

Stamp now_stamp() noexcept
{
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

bool parse(std::string_view datagram, SipMessage& message)
{
    bool first = true;
    while (!datagram.empty()) {
        const auto end = datagram.find('\n');
        const auto line = datagram.substr(0, end);
        datagram.remove_prefix(end == std::string_view::npos ? datagram.size() : end + 1);
        if (std::exchange(first, false)) {
            if (!parse_start_line(line, message)) return false;
            continue;
        }
        if (trimmed(line).empty()) {
            message.body = datagram;
            return !message.via.empty() && !message.method.empty();
        }
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0) continue;
        take_header(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)), message);
    }
    return false;
}

std::string_view uri_of(std::string_view name_addr) noexcept
{
    const auto open = name_addr.find('<');
    if (open == std::string_view::npos) return name_addr.substr(0, name_addr.find(';'));
    return name_addr.substr(open + 1, name_addr.find('>', open) - open - 1);
}

std::string echoed_headers(const SipMessage& request, std::string_view to_tag, bool with_routes)
{
    std::string text;
    text.reserve(768);
    for (const auto via : request.via) text.append("Via: ").append(via).append("\r\n");
    if (with_routes)
        for (const auto route : request.record_route)
            text.append("Record-Route: ").append(route).append("\r\n");
    text.append("From: ").append(request.from).append("\r\nTo: ").append(request.to);
    if (request.to.find(";tag=") == std::string_view::npos) text.append(";tag=").append(to_tag);
    text.append("\r\nCall-ID: ").append(request.call_id);
    text.append("\r\nCSeq: ")
        .append(std::to_string(request.cseq))
        .append(" ")
        .append(request.method)
        .append("\r\n");
    return text;
}

}  // namespace bench
