#include "web/schema_check.hpp"

#include <boost/json.hpp>

#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <array>
#include <string>
#include <string_view>

#include "web/body_excess.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;
using admin::FieldFault;

constexpr std::size_t max_faults = 50;

/// `schema` with what it refers to in the place of each reference.
json::value spelled_out(const json::value& schema, const json::object& document)
{
    if (const auto* list = schema.if_array()) {
        json::array all;
        for (const auto& each : *list) all.push_back(spelled_out(each, document));
        return all;
    }
    const auto* object = schema.if_object();
    if (object == nullptr) return schema;
    if (const auto* reference = object->if_contains("$ref")) {
        constexpr std::string_view components = "#/components";
        const std::string_view place = reference->as_string();
        return spelled_out(document.at("components").at_pointer(place.substr(components.size())),
                        document);
    }
    json::object all;
    for (const auto& [name, each] : *object) all.emplace(name, spelled_out(each, document));
    return all;
}

/// valijson names the way as <root>, [member], [0].
std::vector<std::string_view> way_of(const std::vector<std::string>& context)
{
    std::vector<std::string_view> way;
    for (std::size_t i = 1; i < context.size(); ++i) {
        std::string_view token = context[i];
        if (token.starts_with('[') && token.ends_with(']'))
            token = token.substr(1, token.size() - 2);
        way.push_back(token);
    }
    return way;
}

std::string pointer_to(const std::vector<std::string_view>& way)
{
    std::string pointer;
    for (const auto token : way) append_to_pointer(pointer, token);
    return pointer;
}

/// What `schema` says of the value there; null: nothing that this finds.
const json::object* described_at(const json::value& schema,
                                 const std::vector<std::string_view>& way)
{
    const auto* here = schema.if_object();
    for (const auto token : way) {
        if (here == nullptr) return nullptr;
        const auto* members = here->if_contains("properties");
        const auto* next = members ? members->as_object().if_contains(token) : nullptr;
        for (const auto* others : {"items", "additionalProperties"})
            if (next == nullptr) next = here->if_contains(others);
        here = next ? next->if_object() : nullptr;
    }
    return here;
}

void add_type(std::string_view type, std::vector<std::string>& words)
{
    const bool vowel = type == "integer" || type == "array" || type == "object";
    if (type == "boolean")
        words.insert(words.end(), {"true", "false"});
    else if (type == "null")
        words.emplace_back("null");
    else
        words.push_back(std::string{vowel ? "an " : "a "}.append(type));
}

/// `type` of a schema as what a value must be: `true, false or null`; empty: neither a word nor a
/// list of them.
std::string types_demanded(const json::value& type)
{
    std::vector<std::string> words;
    if (type.is_string()) add_type(type.as_string(), words);
    if (const auto* types = type.if_array())
        for (const auto& each : *types) add_type(each.as_string(), words);
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i)
        text.append(i == 0 ? "must be " : i + 1 < words.size() ? ", " : " or ").append(words[i]);
    return text;
}

/// How a value should be that has a fault of this `code`; empty: the description does not say.
std::string demand_of(std::string_view code, const json::object& described)
{
    std::string text;
    if (const auto* type = code == "type" ? described.if_contains("type") : nullptr)
        text = types_demanded(*type);
    if (const auto* words = code == "not_allowed" ? described.if_contains("enum") : nullptr)
        for (const auto& word : words->as_array())
            text.append(text.empty() ? "must be one of " : ", ")
                .append(word.is_string() ? std::string_view{word.as_string()} : "null");
    if (const auto* pattern = code == "pattern" ? described.if_contains("pattern") : nullptr)
        text.append("must match ").append(pattern->as_string());
    return text;
}

std::string_view quoted_in(std::string_view text)
{
    const auto first = text.find(": '");
    const auto from = first != text.npos ? first + 3 : text.find('\'') + 1;
    const auto to = text.rfind('\'');
    return to > from ? text.substr(from, to - from) : std::string_view{};
}

std::string number_in(std::string_view text)
{
    const auto from = text.find_first_of("-0123456789");
    if (from == text.npos) return {};
    const auto to = text.find_first_not_of("-0123456789", from);
    return std::string{text.substr(from, to - from)};
}

/// How valijson's sentence begins, and what we say instead; {} stands for the number in it.
struct Wording {
    std::string_view sentence;
    std::string_view code;
    std::string_view before_number;
    std::string_view after_number;
};
constexpr std::array wordings{
    Wording{"Value type not permitted", "type", "is of the wrong type", ""},
    Wording{"Missing required property", "required", "is missing", ""},
    Wording{"Object contains a property that could not", "unknown_member", "is not known here", ""},
    Wording{"String should be no more than", "too_long", "must have at most ", " characters"},
    Wording{"String should be no fewer than", "too_short", "must have at least ", " characters"},
    Wording{"Array should contain no more than", "too_many", "must have at most ", " items"},
    Wording{"Array should contain no fewer than", "too_few", "must have at least ", " items"},
    Wording{"Expected number less than or equal to", "too_big", "must be at most ", ""},
    Wording{"Expected number greater than or equal to", "too_small", "must be at least ", ""},
    Wording{"Failed to match regex", "pattern", "has characters that are not allowed", ""},
    Wording{"Failed to match against any enum", "not_allowed", "is not one of the allowed values",
            ""},
};

/// Sentences that only say that something below failed, which has its own.
bool is_summary(std::string_view sentence)
{
    return sentence.starts_with("Failed to validate");
}

FieldFault fault_of(const valijson::ValidationResults::Error& error, const json::value& schema)
{
    const auto way = way_of(error.context);
    FieldFault fault{pointer_to(way), "invalid", error.description};
    for (const auto& wording : wordings) {
        if (!error.description.starts_with(wording.sentence)) continue;
        fault.code = wording.code;
        fault.message = wording.before_number;
        if (!wording.after_number.empty() || wording.before_number.ends_with(' '))
            fault.message += number_in(error.description);
        fault.message += wording.after_number;
        if (wording.code == "required" || wording.code == "unknown_member")
            append_to_pointer(fault.pointer, quoted_in(error.description));
        break;
    }
    if (const auto* described = described_at(schema, way))
        if (auto words = demand_of(fault.code, *described); !words.empty())
            fault.message = std::move(words);
    return fault;
}

}  // namespace

SchemaCheck::SchemaCheck(const json::value& schema, const json::object& document)
{
    words_ = std::make_shared<const json::value>(spelled_out(schema, document));
    auto compiled = std::make_shared<valijson::Schema>();
    valijson::SchemaParser parser{valijson::SchemaParser::kDraft7};
    parser.populateSchema(valijson::adapters::BoostJsonAdapter{*words_}, *compiled);
    schema_ = std::move(compiled);
}

std::vector<FieldFault> SchemaCheck::operator()(const json::value& value) const
{
    valijson::Validator validator{valijson::Validator::kStrongTypes};
    valijson::ValidationResults results;
    const valijson::adapters::BoostJsonAdapter target{value};
    if (validator.validate(*schema_, target, &results)) return {};

    std::vector<FieldFault> faults;
    for (const auto& error : results)
        if (!is_summary(error.description) && faults.size() < max_faults)
            faults.push_back(fault_of(error, *words_));
    if (faults.empty()) faults.push_back({"", "invalid", "does not match the description"});
    return faults;
}

}  // namespace lampline::web
