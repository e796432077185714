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

}  // namespace

bool negotiates_more(std::string_view sdp) noexcept
{
    for (const std::string_view attribute :
         {"a=crypto:", "a=fingerprint:", "a=ice-ufrag:", "a=setup:"})
        if (sdp.find(attribute) != std::string_view::npos) return true;
    return false;
}

std::optional<std::string> answer_from(std::string_view offer, std::string_view other)
{
    if (negotiates_more(offer) || negotiates_more(other)) return std::nullopt;
    const auto asked = read(offer);
    auto given = read(other);
    if (!asked || !given) return std::nullopt;

    std::string answer{given->session};
    bool any = false;
    for (const auto& wanted : asked->media) {
        const auto match =
            std::find_if(given->media.begin(), given->media.end(), [&](const Section& section) {
                return section.type == wanted.type && section.protocol == wanted.protocol &&
                       share_format(wanted, section);
            });
        if (match != given->media.end()) {
            any = true;
            answer += match->text;
            if (!answer.ends_with('\n')) answer += "\r\n";
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
