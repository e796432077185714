// One offer made into the answer to another.
#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "core/sdp.hpp"

namespace lampline {
namespace {

/// `m=audio 4000 RTP/AVP 0 8` and the lines below it.
struct Section {
    std::string_view text;
    std::string_view type;
    std::string_view protocol;
    std::vector<std::string_view> formats;
};

struct Description {
    std::string_view session;
    std::vector<Section> media;
};

Section read_section(std::string_view text)
{
    Section section{.text = text, .type = {}, .protocol = {}, .formats = {}};
    auto line = text.substr(2, text.find_first_of("\r\n") - 2);
    section.type = take_until(line, ' ');
    take_until(line, ' ');
    section.protocol = take_until(line, ' ');
    while (!line.empty()) section.formats.push_back(take_until(line, ' '));
    return section;
}

std::optional<Description> read(std::string_view sdp)
{
    Description description;
    auto begin = sdp.starts_with("m=") ? 0 : sdp.find("\nm=");
    if (begin == std::string_view::npos) return std::nullopt;
    begin += sdp[begin] == '\n' ? 1 : 0;
    description.session = sdp.substr(0, begin);
    while (begin < sdp.size()) {
        if (description.media.size() == max_sections) return std::nullopt;
        const auto next = sdp.find("\nm=", begin);
        const auto end = next == std::string_view::npos ? sdp.size() : next + 1;
        description.media.push_back(read_section(sdp.substr(begin, end - begin)));
        begin = end;
    }
    return description;
}

/// The encoding name and clock rate of `format`, or the number itself when it is a static one.
std::string encoding(const Section& section, std::string_view format)
{
    const std::string prefix = "a=rtpmap:" + std::string{format} + ' ';
    const auto at = section.text.find(prefix);
    if (at == std::string_view::npos) return std::string{format};
    auto rest = section.text.substr(at + prefix.size());
    return lowered(take_line(rest));
}

/// Numbers below 96 mean the same in every description (RFC 3551 §6).
bool is_static(std::string_view format) noexcept
{
    return format.size() == 1 || (format.size() == 2 && format < "96");
}

bool share_format(const Section& left, const Section& right)
{
    constexpr std::string_view not_speech = "telephone-event";
    return std::any_of(left.formats.begin(), left.formats.end(), [&](std::string_view format) {
        const auto wanted = encoding(left, format);
        if (wanted.starts_with(not_speech)) return false;
        return std::any_of(right.formats.begin(), right.formats.end(), [&](std::string_view other) {
            return (other == format && is_static(format)) || encoding(right, other) == wanted;
        });
    });
}

/// The lines of `text`, each with its end, that do not begin with any of `attributes`.
std::string without(std::string_view text, std::initializer_list<std::string_view> attributes)
{
    std::string kept;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size() - 1);
        const auto line = text.substr(0, end + 1);
        text.remove_prefix(end + 1);
        if (std::ranges::none_of(attributes, [&](auto each) { return line.starts_with(each); }))
            kept += line;
    }
    return kept;
}

/// The value of `attribute` in a stream, else above all streams; empty: it is in neither.
std::string_view value_of(std::string_view attribute, const Section& section,
                          std::string_view session) noexcept
{
    for (const auto text : {section.text, session}) {
        auto at = text.starts_with(attribute) ? 0 : text.find("\n" + std::string{attribute});
        if (at == std::string_view::npos) continue;
        at += text[at] == '\n' ? 1 : 0;
        const auto value = text.substr(at + attribute.size());
        return value.substr(0, value.find_first_of("\r\n"));
    }
    return {};
}

/// `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY` (RFC 4568 §4), without session parameters.
struct Crypto {
    std::string_view tag;
    std::string_view suite;
    std::string_view key;
};

std::vector<Crypto> cryptos_of(const Section& section)
{
    constexpr std::string_view attribute = "a=crypto:";
    std::vector<Crypto> cryptos;
    for (auto rest = section.text; !rest.empty() && cryptos.size() < max_sections;) {
        auto line = take_line(rest);
        if (!line.starts_with(attribute)) continue;
        line.remove_prefix(attribute.size());
        const Crypto crypto{take_until(line, ' '), take_until(line, ' '), take_until(line, ' ')};
        if (line.empty() && !crypto.key.empty()) cryptos.push_back(crypto);
    }
    return cryptos;
}

/// The line that accepts a suite of `wanted` with the key that `given` has for the same. Both ways
/// round it is the same suite. Empty: none is common.
std::string crossed_keys(const Section& wanted, const Section& given)
{
    const auto theirs = cryptos_of(wanted);
    const auto ours = cryptos_of(given);
    const Crypto *accepted = nullptr, *sent = nullptr;
    std::size_t best = 0;
    for (std::size_t i = 0; i < theirs.size(); ++i)
        for (std::size_t j = 0; j < ours.size(); ++j) {
            if (theirs[i].suite != ours[j].suite) continue;
            const bool better =
                !accepted || i + j < best || (i + j == best && theirs[i].suite < accepted->suite);
            if (!better) continue;
            accepted = &theirs[i];
            sent = &ours[j];
            best = i + j;
        }
    if (!accepted) return {};
    return "a=crypto:" + std::string{accepted->tag} + ' ' + std::string{accepted->suite} + ' ' +
           std::string{sent->key} + "\r\n";
}

/// The part that `given` takes in the handshake with `wanted` (RFC 5763 §5), the other way round
/// the opposite. Empty: both want the same.
std::string crossed_setup(const Section& wanted, std::string_view wanted_session,
                          const Section& given, std::string_view given_session)
{
    const auto fingerprint = [](const Section& section, std::string_view session) {
        return value_of("a=fingerprint:", section, session);
    };
    const auto role = [](const Section& section, std::string_view session) {
        const auto said = value_of("a=setup:", section, session);
        return said.empty() ? std::string_view{"active"} : said;  // RFC 4145 §4
    };
    const auto theirs = role(wanted, wanted_session);
    const auto ours = role(given, given_session);
    const bool either = theirs == "actpass" && ours == "actpass";
    const auto first = fingerprint(given, given_session) < fingerprint(wanted, wanted_session);
    if (fingerprint(wanted, wanted_session).empty() || fingerprint(given, given_session).empty() ||
        (theirs == ours && !either))
        return {};
    const bool active = either ? first : ours == "active" || theirs == "passive";
    return active ? "a=setup:active\r\n" : "a=setup:passive\r\n";
}

bool is_encrypted(const Section& section) noexcept
{
    return section.protocol.find("SAVP") != std::string_view::npos;
}

/// What `given` must say of its keys to be an answer to `wanted`; nullopt: they do not fit.
std::optional<std::string> keys_between(const Section& wanted, std::string_view wanted_session,
                                        const Section& given, std::string_view given_session)
{
    auto keys = wanted.protocol.starts_with("UDP/TLS/")
                    ? crossed_setup(wanted, wanted_session, given, given_session)
                    : crossed_keys(wanted, given);
    if (keys.empty() && is_encrypted(wanted)) return std::nullopt;
    return keys;
}

/// ICE needs candidates that were gathered for each other, and streams that share a port know who
/// they share it with.
bool is_bound_to_its_offer(std::string_view sdp) noexcept
{
    return sdp.find("a=ice-ufrag:") != std::string_view::npos ||
           sdp.find("a=group:BUNDLE") != std::string_view::npos;
}

}  // namespace

bool negotiates_more(std::string_view sdp) noexcept
{
    for (const std::string_view attribute : {"a=crypto:", "a=fingerprint:", "a=ice-ufrag:"})
        if (sdp.find(attribute) != std::string_view::npos) return true;
    return false;
}

std::optional<std::string> answer_from(std::string_view offer, std::string_view other)
{
    if (is_bound_to_its_offer(offer) || is_bound_to_its_offer(other)) return std::nullopt;
    const auto asked = read(offer);
    auto given = read(other);
    if (!asked || !given) return std::nullopt;

    std::string answer = without(given->session, {"a=setup:"});
    bool any = false;
    for (const auto& wanted : asked->media) {
        const auto match =
            std::find_if(given->media.begin(), given->media.end(), [&](const Section& section) {
                return section.type == wanted.type && section.protocol == wanted.protocol &&
                       share_format(wanted, section) &&
                       keys_between(wanted, asked->session, section, given->session);
            });
        if (match != given->media.end()) {
            any = true;
            answer += without(match->text, {"a=crypto:", "a=setup:"});
            if (!answer.ends_with('\n')) answer += "\r\n";
            answer += *keys_between(wanted, asked->session, *match, given->session);
            given->media.erase(match);
        } else {
            answer += "m=" + std::string{wanted.type} + " 0 " + std::string{wanted.protocol} + ' ' +
                      std::string{wanted.formats.empty() ? "0" : wanted.formats.front()} + "\r\n";
        }
    }
    if (!any) return std::nullopt;
    return answer;
}

}  // namespace lampline
