#include "web/etag.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>
#include <vector>

#include "base/text.hpp"

namespace lampline::web {
namespace {

struct Tags {
    bool any = false;  // *
    std::vector<std::uint64_t> strong;
    std::vector<std::uint64_t> weak;
    std::vector<std::string_view> texts;  // what stands between the quotes of either
};

Tags tags_in(std::string_view list)
{
    Tags tags;
    while (!list.empty()) {
        const auto comma = list.find(',');
        auto item = trimmed(list.substr(0, comma));
        list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
        if (item == "*") tags.any = true;
        const bool weak = item.starts_with("W/");
        if (weak) item.remove_prefix(2);
        if (item.size() < 3 || item.front() != '"' || item.back() != '"') continue;
        item = item.substr(1, item.size() - 2);
        std::uint64_t version = 0;
        const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), version);
        const bool whole = end == item.data() + item.size() || *end == '.';
        if (error != std::errc{} || !whole || version == 0) continue;
        tags.texts.push_back(item);
        (weak ? tags.weak : tags.strong).push_back(version);
    }
    return tags;
}

bool contains_word(std::string_view list, std::string_view word)
{
    while (!list.empty()) {
        const auto end = list.find_first_of(",;");
        if (same_word(trimmed(list.substr(0, end)), word)) return true;
        list.remove_prefix(end == list.npos ? list.size() : end + 1);
    }
    return false;
}

/// `12`, or `12.` and a mark of `live`.
std::string tag_text(std::uint64_t version, std::string_view live)
{
    auto text = std::to_string(version);
    if (!live.empty()) text += '.' + std::to_string(std::hash<std::string_view>{}(live));
    return text;
}

}  // namespace

std::string etag(std::uint64_t version, std::string_view live)
{
    return '"' + tag_text(version, live) + '"';
}

admin::Precondition precondition_of(const HttpFields& fields)
{
    admin::Precondition condition;
    if (const auto match = fields.find("If-Match")) {
        auto tags = tags_in(*match);
        condition.must_exist = tags.any;
        if (!tags.any) condition.only_versions = std::move(tags.strong);
    }
    if (const auto none_match = fields.find("If-None-Match")) {
        auto tags = tags_in(*none_match);
        condition.must_not_exist = tags.any;
        condition.not_versions = std::move(tags.strong);
        condition.not_versions.insert(condition.not_versions.end(), tags.weak.begin(),
                                      tags.weak.end());
    }
    if (const auto prefer = fields.find("Prefer"))
        condition.demanded = contains_word(*prefer, "strict");
    return condition;
}

bool is_known(const HttpFields& fields, std::uint64_t version, std::string_view live)
{
    const auto none_match = fields.find("If-None-Match");
    if (!none_match) return false;
    const auto tags = tags_in(*none_match);
    return tags.any || std::ranges::find(tags.texts, tag_text(version, live)) != tags.texts.end();
}

}  // namespace lampline::web
