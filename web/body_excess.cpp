#include "web/body_excess.hpp"

#include <boost/json.hpp>

namespace lampline::web {
namespace {

namespace json = boost::json;
using admin::FieldFault;

constexpr std::size_t max_text = 1024;
constexpr std::size_t max_values = 5000;

class ExcessSearch {
public:
    /// The first fault under `value`, which is at `pointer`.
    std::optional<FieldFault> operator()(const json::value& value, const std::string& pointer)
    {
        if (++values_ > max_values)
            return FieldFault{pointer, "too_many", "is one value too many in this body"};
        if (const auto* text = value.if_string()) {
            if (text->size() <= max_text) return std::nullopt;
            return FieldFault{pointer, "too_long",
                              "must have at most " + std::to_string(max_text) + " bytes"};
        }
        if (const auto* array = value.if_array()) {
            for (std::size_t i = 0; i < array->size(); ++i)
                if (auto fault = (*this)((*array)[i], pointer + '/' + std::to_string(i)))
                    return fault;
        } else if (const auto* object = value.if_object()) {
            for (const auto& [name, member] : *object) {
                auto place = pointer;
                append_to_pointer(place, std::string_view{name}.substr(0, max_text));
                if (name.size() > max_text)
                    return FieldFault{place, "unknown_member", "is not known here"};
                if (auto fault = (*this)(member, place)) return fault;
            }
        }
        return std::nullopt;
    }

private:
    std::size_t values_ = 0;
};

}  // namespace

std::optional<FieldFault> excess_of(const json::value& body)
{
    return ExcessSearch{}(body, "");
}

void append_to_pointer(std::string& pointer, std::string_view token)
{
    pointer += '/';
    for (const char c : token) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
}

}  // namespace lampline::web
