#pragma once
// What openapi.yaml says, for those who act on it.
#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/token_service.hpp"
#include "web/schema_check.hpp"

namespace lampline::web {

/// The document as written, and as JSON; built in.
std::string_view description_yaml() noexcept;
std::string_view description_json() noexcept;

struct QueryParameter {
    enum class Type : std::uint8_t { string, integer, boolean };
    std::string name;
    Type type = Type::string;
    SchemaCheck check;
};

struct RequestBody {
    std::string media_type;
    SchemaCheck check;
    bool required = false;
};

struct Operation {
    std::string id;
    std::string method;                 ///< upper case
    std::vector<std::string> path;      ///< segments; `{name}` stands for any one
    std::optional<admin::Right> right;  ///< empty: everybody
    bool open_to_loopback = false;      ///< this machine needs no token
    bool takes_ticket = false;          ///< `?ticket=` in place of a token
    std::vector<QueryParameter> query;
    std::optional<RequestBody> body;
};

/// Every operation of the document. @throws std::logic_error when it says something this program
/// does not understand.
std::vector<Operation> operations_of(const boost::json::object& document);

}  // namespace lampline::web
