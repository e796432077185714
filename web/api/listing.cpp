#include "web/api/listing.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "base/case_fold.hpp"
#include "web/api/text.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

constexpr std::size_t default_limit = 50;

struct SortKey {
    std::string_view member;
    bool descending = false;
};

int sign(auto left, auto right)
{
    return left < right ? -1 : right < left ? 1 : 0;
}

/// null, false, true, numbers, texts.
int compare(const json::value& left, const json::value& right)
{
    const auto rank = [](const json::value& value) {
        return value.is_null() ? 0 : value.is_bool() ? 1 : value.is_number() ? 2 : 3;
    };
    if (rank(left) != rank(right)) return sign(rank(left), rank(right));
    if (left.is_bool()) return sign(left.get_bool(), right.get_bool());
    if (left.is_number()) return sign(left.to_number<double>(), right.to_number<double>());
    if (left.is_string() && right.is_string()) return left.get_string().compare(right.get_string());
    return 0;
}

bool contains(const std::vector<std::string_view>& names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// The order that `sort` wants, made total by the key; nullopt when it names what cannot be sorted
/// by.
std::optional<std::vector<SortKey>> order_of(std::string_view sort, const ListRules& rules)
{
    std::vector<SortKey> order;
    while (!sort.empty()) {
        const auto comma = sort.find(',');
        SortKey key{sort.substr(0, comma)};
        sort.remove_prefix(comma == sort.npos ? sort.size() : comma + 1);
        key.descending = key.member.starts_with('-');
        if (key.descending) key.member.remove_prefix(1);
        if (!contains(rules.sortable, key.member)) return std::nullopt;
        order.push_back(key);
    }
    for (const auto member : rules.key) order.push_back({member});
    return order;
}

/// An item's place in the order.
json::array place_of(const json::object& item, const std::vector<SortKey>& order)
{
    json::array place;
    for (const auto& key : order) place.push_back(item.at(key.member));
    return place;
}

bool before(const json::array& left, const json::array& right, const std::vector<SortKey>& order)
{
    for (std::size_t i = 0; i < order.size(); ++i)
        if (const int c = compare(left[i], right[i]); c != 0)
            return order[i].descending ? c > 0 : c < 0;
    return false;
}

std::string hex(std::string_view text)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string written;
    for (const char c : text) {
        written += digits[static_cast<unsigned char>(c) >> 4U];
        written += digits[static_cast<unsigned char>(c) & 15U];
    }
    return written;
}

std::optional<std::string> unhex(std::string_view text)
{
    if (text.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        unsigned byte = 0;
        const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
        if (error != std::errc{} || end != text.data() + i + 2) return std::nullopt;
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

/// A cursor is the sort and the place of the last item that was shown.
std::string cursor_of(std::string_view sort, const json::array& place)
{
    return hex(json::serialize(json::array{sort, place}));
}

std::optional<json::array> place_in(std::string_view cursor, std::string_view sort,
                                    std::size_t keys)
{
    const auto text = unhex(cursor);
    if (!text) return std::nullopt;
    json::error_code error;
    auto value = json::parse(*text, error);
    if (error || !value.is_array() || value.get_array().size() != 2) return std::nullopt;
    auto& parts = value.get_array();
    if (parts[0] != json::value(sort) || !parts[1].is_array()) return std::nullopt;
    if (parts[1].get_array().size() != keys) return std::nullopt;
    return std::move(parts[1].get_array());
}

bool is_wanted(const json::object& item, const ListRules& rules, const Query& query)
{
    for (const auto member : rules.filtered)
        if (const auto value = find(query, member); value && item.at(member).as_string() != *value)
            return false;
    const auto q = find(query, "q");
    if (!q) return true;
    return std::any_of(rules.searched.begin(), rules.searched.end(), [&](std::string_view member) {
        return holds_text(item.at(member).as_string(), *q);
    });
}

/// Clients go on from what they were shown.
void show_as_utf8(json::object& item)
{
    for (auto& member : item)
        if (auto* text = member.value().if_string(); text && !is_utf8(*text))
            *text = utf8_text(*text);
}

std::string joined(const std::vector<std::string_view>& names)
{
    std::string text;
    for (const auto name : names) text.append(text.empty() ? "" : ", ").append(name);
    return text;
}

std::size_t limit_of(const Query& query)
{
    std::size_t limit = default_limit;
    if (const auto text = find(query, "limit"))
        std::from_chars(text->data(), text->data() + text->size(), limit);
    return limit;
}

}  // namespace

HttpResponse list_page(std::vector<json::object> items, const ListRules& rules, const Query& query)
{
    const auto sort = find(query, "sort").value_or("");
    const auto order = order_of(sort, rules);
    if (!order) return bad_parameter({"sort", "not_allowed", "can be " + joined(rules.sortable)});
    std::optional<json::array> after;
    if (const auto cursor = find(query, "cursor")) {
        after = place_in(*cursor, sort, order->size());
        if (!after) return bad_parameter({"cursor", "malformed", "is not of this list and sort"});
    }

    for (auto& item : items) show_as_utf8(item);
    std::erase_if(items, [&](const auto& item) { return !is_wanted(item, rules, query); });
    std::vector<std::pair<json::array, const json::object*>> places;
    for (const auto& item : items) places.emplace_back(place_of(item, *order), &item);
    std::stable_sort(places.begin(), places.end(), [&](const auto& left, const auto& right) {
        return before(left.first, right.first, *order);
    });
    const auto first =
        !after ? places.begin() : std::find_if(places.begin(), places.end(), [&](const auto& each) {
            return before(*after, each.first, *order);
        });
    const auto left = static_cast<std::size_t>(places.end() - first);
    const auto shown = std::min(limit_of(query), left);
    const auto last = first + static_cast<std::ptrdiff_t>(shown);

    json::array page;
    for (auto each = first; each != last; ++each) page.push_back(*each->second);
    json::value next;
    if (last != places.end() && shown > 0)
        next = json::string{cursor_of(sort, std::prev(last)->first)};
    return json_answer(
        200,
        {{"items", std::move(page)}, {"next_cursor", std::move(next)}, {"total", items.size()}});
}

}  // namespace lampline::web
