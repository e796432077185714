#include "core/diversion.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "core/escaped.hpp"
#include "core/extension_uri.hpp"
#include "core/numeric_address.hpp"

namespace lampline {
namespace {

constexpr std::size_t max_diversions = 16;
constexpr std::size_t max_counter = 100;
constexpr std::size_t max_history = 64;
constexpr std::size_t max_index = 2 * max_history;

struct ReasonRow {
    DiversionReason reason;
    std::string_view word;
    unsigned cause;
};

constexpr std::array reasons{
    ReasonRow{DiversionReason::unconditional, "unconditional", 302},
    ReasonRow{DiversionReason::user_busy, "user-busy", 486},
    ReasonRow{DiversionReason::no_answer, "no-answer", 408},
    ReasonRow{DiversionReason::unavailable, "unavailable", 503},
    ReasonRow{DiversionReason::do_not_disturb, "do-not-disturb", 480},
    ReasonRow{DiversionReason::deflection, "deflection", 480},
    ReasonRow{DiversionReason::unknown, "unknown", 404},
};

const ReasonRow& row_of(DiversionReason reason) noexcept
{
    return reasons[static_cast<std::size_t>(reason)];
}

/// Takes one entry of a comma-separated header off `rest`; commas in quotes and brackets do not
/// count.
std::string_view take_entry(std::string_view& rest) noexcept
{
    bool quoted = false;
    bool bracketed = false;
    std::size_t i = 0;
    for (; i < rest.size(); ++i) {
        const char c = rest[i];
        if (quoted && c == '\\')
            ++i;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '<' || c == '>'))
            bracketed = c == '<';
        else if (!quoted && !bracketed && c == ',')
            break;
    }
    const auto end = std::min(i, rest.size());
    const auto entry = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return trimmed(entry);
}

/// The URI of an entry, and the parameters behind it.
std::pair<std::string_view, std::string_view> split(std::string_view entry) noexcept
{
    std::size_t from = 0;
    if (entry.starts_with('"')) {
        for (from = 1; from < entry.size() && entry[from] != '"'; ++from)
            if (entry[from] == '\\') ++from;
        from = std::min(from + 1, entry.size());
    }
    const auto open = entry.find('<', from);
    if (open == std::string_view::npos) {
        const auto end = std::min(entry.find(';'), entry.size());
        return {entry.substr(0, end), entry.substr(end)};
    }
    const auto close = entry.find('>', open);
    if (close == std::string_view::npos) return {};
    return {entry.substr(open + 1, close - open - 1), entry.substr(close + 1)};
}

std::string_view parameter(std::string_view params, std::string_view name) noexcept
{
    while (!params.empty()) {
        const auto end = params.find(';');
        auto each = trimmed(params.substr(0, end));
        params.remove_prefix(end == std::string_view::npos ? params.size() : end + 1);
        const auto equals = each.find('=');
        if (equals == std::string_view::npos || !same_word(trimmed(each.substr(0, equals)), name))
            continue;
        each = trimmed(each.substr(equals + 1));
        if (each.size() >= 2 && each.front() == '"' && each.back() == '"')
            each = each.substr(1, each.size() - 2);
        return each;
    }
    return {};
}

/// Can be repeated in a header of ours without ending it, or a quoted part of it.
bool is_repeatable(std::string_view number) noexcept
{
    return !number.empty() && std::ranges::all_of(number, [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>';
    });
}

std::optional<Diversion> parse_entry(std::string_view entry)
{
    const auto [address, params] = split(entry);
    const auto uri = SipUri::parse(address.substr(0, address.find('?')));
    if (!uri) return std::nullopt;
    auto number = extension_of(*uri);
    if (!is_repeatable(number)) return std::nullopt;
    Diversion diversion{std::move(number), uri->host, DiversionReason::unknown, 1};
    const auto word = parameter(params, "reason");
    for (const auto& row : reasons)
        if (same_word(word, row.word)) diversion.reason = row.reason;
    const auto counter = parameter(params, "counter");
    std::from_chars(counter.data(), counter.data() + counter.size(), diversion.counter);
    diversion.counter = std::clamp<unsigned>(diversion.counter, 1, max_counter);
    return diversion;
}

/// Calls `take` with each entry of the headers of this name, in their order, until it says false.
template <class Take>
void each_entry(std::span<const Header> headers, std::string_view name, Take take)
{
    for (const auto& header : headers) {
        if (!same_word(header.name, name)) continue;
        for (std::string_view rest{header.value}; !rest.empty();)
            if (!take(take_entry(rest))) return;
    }
}

/// The reason that a cause stands for; several share one.
DiversionReason reason_of(std::string_view cause) noexcept
{
    unsigned number = 0;
    std::from_chars(cause.data(), cause.data() + cause.size(), number);
    const auto found = std::ranges::find(reasons, number, &ReasonRow::cause);
    return found == reasons.end() ? DiversionReason::unknown : found->reason;
}

/// RFC 7044 §10: an entry with a cause (RFC 4458) is whom the number that `mp` names, else the one
/// before it, has sent the call to.
std::vector<Diversion> parse_history(std::span<const Header> headers)
{
    struct Entry {
        std::string_view index;
        Diversion number;
    };
    std::vector<Diversion> found;
    std::vector<Entry> entries;
    each_entry(headers, "History-Info", [&](std::string_view text) {
        const auto [address, params] = split(text);
        const auto uri = address.substr(0, address.find('?'));
        const auto cause = parameter(uri.substr(std::min(uri.find(';'), uri.size())), "cause");
        if (!cause.empty() && !entries.empty()) {
            const auto mapped = parameter(params, "mp");
            const auto by =
                mapped.empty() ? entries.end() : std::ranges::find(entries, mapped, &Entry::index);
            auto diversion = (by == entries.end() ? entries.back() : *by).number;
            diversion.reason = reason_of(cause);
            found.push_back(std::move(diversion));
        }
        if (auto number = parse_entry(text))
            entries.push_back({parameter(params, "index"), std::move(*number)});
        return found.size() < max_diversions && entries.size() < max_history;
    });
    return found;
}

std::string address_of(std::string_view number, std::string_view host, std::string_view domain)
{
    return write(extension_uri(number, host.empty() ? domain : host));
}

/// Index of the last entry that came with the INVITE, empty when there was none; nullopt: it is
/// none that could be continued.
std::optional<std::string> last_index(std::span<const Header> passed)
{
    std::string_view index;
    each_entry(passed, "History-Info", [&](std::string_view entry) {
        const auto value = parameter(split(entry).second, "index");
        if (!value.empty()) index = value;
        return true;
    });
    const bool fits = index.size() <= max_index &&
                      std::ranges::all_of(index, [](char c) { return is_digit(c) || c == '.'; });
    return fits ? std::optional{std::string{index}} : std::nullopt;
}

constexpr std::string_view nobody = "<sip:anonymous@anonymous.invalid";  // RFC 7044 §10.1.2

/// The headers of a URI ask that its number is not told (RFC 7044 §10.1.1).
bool is_private_history(std::string_view headers)
{
    while (!headers.empty()) {
        auto value = take_until(headers, '&');
        if (same_word(unescaped(take_until(value, '=')), "privacy") &&
            lowered(unescaped(value)).find("history") != std::string::npos)
            return true;
    }
    return false;
}

std::string told_history(std::string_view entry, bool all_private)
{
    auto [address, params] = split(entry);
    auto uri_params = take_until(address, '?');
    if (!all_private && !is_private_history(address)) return std::string{entry};
    take_until(uri_params, ';');
    auto cause = parameter(uri_params, "cause");
    if (!std::ranges::all_of(cause, is_digit)) cause = {};
    std::string told{nobody};
    if (!cause.empty()) told.append(";cause=").append(cause);
    return told.append(">").append(params);
}

std::string told_diversion(std::string_view entry)
{
    const auto [address, params] = split(entry);
    const auto privacy = parameter(params, "privacy");
    std::string told;
    if (same_word(privacy, "full") || same_word(privacy, "uri"))
        told.append(nobody);
    else if (same_word(privacy, "name"))
        told.append("<").append(address);
    else
        return std::string{entry};
    return told.append(">").append(params);
}

/// Of the whole history (RFC 7044 §10.1.1).
bool wants_history_private(std::span<const Header> headers)
{
    return std::ranges::any_of(headers, [](const Header& header) {
        if (!same_word(header.name, "Privacy")) return false;
        const auto value = lowered(header.value);
        return std::ranges::any_of(
            std::array<std::string_view, 3>{"history", "header", "session"},
            [&](std::string_view word) { return value.find(word) != std::string::npos; });
    });
}

}  // namespace

bool is_ours(const Diversion& diversion, std::string_view domain)
{
    return diversion.host.empty() || same_host(diversion.host, domain);
}

std::string_view name(DiversionReason reason) noexcept
{
    return row_of(reason).word;
}

unsigned cause_of(DiversionReason reason) noexcept
{
    return row_of(reason).cause;
}

std::vector<Diversion> parse_diversions(std::span<const Header> headers)
{
    std::vector<Diversion> found;
    each_entry(headers, "Diversion", [&](std::string_view entry) {
        if (auto diversion = parse_entry(entry)) found.push_back(std::move(*diversion));
        return found.size() < max_diversions;
    });
    if (found.empty()) return parse_history(headers);
    std::ranges::reverse(found);
    return found;
}

std::vector<Header> told_diversions(std::span<const Header> headers)
{
    const bool all_private = wants_history_private(headers);
    std::vector<Header> told;
    for (const auto& header : headers) {
        const bool diversion = same_word(header.name, "Diversion");
        if (!diversion && !same_word(header.name, "History-Info")) continue;
        std::string value;
        for (std::string_view rest{header.value}; !rest.empty();) {
            const auto entry = take_entry(rest);
            if (!value.empty()) value += ", ";
            value += diversion ? told_diversion(entry) : told_history(entry, all_private);
        }
        told.push_back({header.name, std::move(value)});
    }
    return told;
}

std::vector<Header> diverted_headers(std::span<const Header> passed, std::string_view dialled,
                                     std::span<const Diversion> chain, std::size_t known,
                                     std::string_view target, std::string_view domain)
{
    std::vector<Header> headers;
    for (auto i = chain.size(); i > known; --i) {
        const auto& each = chain[i - 1];
        headers.push_back({"Diversion", '<' + address_of(each.number, each.host, domain) +
                                            ">;reason=" + std::string{name(each.reason)} +
                                            ";counter=" + std::to_string(each.counter)});
    }
    for (const auto& header : passed) headers.push_back(header);

    const auto last = last_index(passed);
    if (!last) return headers;  // a second beginning would contradict the first
    std::string index = *last;
    std::string history;
    if (index.empty()) {
        index = "1";
        const bool from_first = dialled.empty() && !chain.empty();
        history = '<' +
                  (from_first ? address_of(chain.front().number, chain.front().host, domain)
                              : address_of(dialled, {}, domain)) +
                  ">;index=1";
    }
    for (auto i = known; i < chain.size(); ++i) {
        const auto* next = i + 1 < chain.size() ? &chain[i + 1] : nullptr;
        if (!history.empty()) history += ", ";
        history +=
            '<' +
            (next ? address_of(next->number, next->host, domain) : address_of(target, {}, domain)) +
            ";cause=" + std::to_string(cause_of(chain[i].reason)) + ">;index=" + index +
            ".1;mp=" + index;
        index += ".1";
    }
    headers.push_back({"History-Info", std::move(history)});
    return headers;
}

}  // namespace lampline
