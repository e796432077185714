#include "core/device_id.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"

namespace lampline {
namespace {

constexpr std::size_t mac_digits = 12;
constexpr std::size_t uuid_digits = 32;
constexpr std::size_t max_ids = 4;
constexpr std::string_view urn{"urn:uuid:"};

bool is_separator(char letter) noexcept
{
    return letter == ':' || letter == '-' || letter == '.';
}

/// The digits of `text`; empty when anything else is in it.
std::string digits_of(std::string_view text)
{
    std::string digits;
    for (const char letter : text) {
        if (is_separator(letter)) continue;
        if (!std::isxdigit(static_cast<unsigned char>(letter))) return {};
        digits += lower(letter);
    }
    return digits;
}

void add(std::vector<std::string>& ids, std::string id)
{
    if (ids.size() < max_ids && std::ranges::find(ids, id) == ids.end())
        ids.push_back(std::move(id));
}

/// The MAC addresses among the words of `text`.
void add_macs(std::vector<std::string>& ids, std::string_view text)
{
    const auto in_word = [](char letter) {
        return std::isalnum(static_cast<unsigned char>(letter)) != 0 || is_separator(letter);
    };
    for (auto at = text.begin(); at != text.end() && ids.size() < max_ids;) {
        const auto begin = std::find_if(at, text.end(), in_word);
        at = std::find_if_not(begin, text.end(), in_word);
        if (auto digits = digits_of({begin, at}); digits.size() == mac_digits)
            add(ids, std::move(digits));
    }
}

}  // namespace

std::optional<std::string> device_id(std::string_view text)
{
    if (starts_with_word(text, urn)) text.remove_prefix(urn.size());
    auto digits = digits_of(text);
    if (digits.size() != mac_digits && digits.size() != uuid_digits) return std::nullopt;
    return digits;
}

std::vector<std::string> device_ids(std::string_view instance, std::string_view user_agent,
                                    const SipUri& contact)
{
    std::vector<std::string> ids;
    if (instance.starts_with('<') && instance.ends_with('>'))
        instance = instance.substr(1, instance.size() - 2);
    if (auto id = device_id(instance)) {
        auto mac = id->size() == uuid_digits ? id->substr(uuid_digits - mac_digits) : std::string{};
        add(ids, std::move(*id));
        if (!mac.empty()) add(ids, std::move(mac));
    }
    add_macs(ids, user_agent);
    add_macs(ids, contact.user);
    add_macs(ids, contact.params);
    return ids;
}

}  // namespace lampline
