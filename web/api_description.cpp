#include "web/api_description.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace lampline::web {
namespace {

namespace json = boost::json;

[[noreturn]] void misunderstood(const std::string& what)
{
    throw std::logic_error{"openapi.yaml: " + what};
}

/// The thing itself, or what its `$ref` names.
const json::object& resolved(const json::value& value, const json::object& document)
{
    const auto& object = value.as_object();
    const auto* reference = object.if_contains("$ref");
    if (reference == nullptr) return object;
    std::string_view path = reference->as_string();
    if (!path.starts_with("#/")) misunderstood("a reference out of the document");
    path.remove_prefix(2);
    const json::object* place = &document;
    for (;;) {
        const auto slash = path.find('/');
        place = &place->at(path.substr(0, slash)).as_object();
        if (slash == path.npos) return *place;
        path.remove_prefix(slash + 1);
    }
}

std::string text(const json::object& object, std::string_view name)
{
    return json::value_to<std::string>(object.at(name));
}

std::vector<std::string> segments_of(std::string_view path)
{
    std::vector<std::string> segments;
    path.remove_prefix(1);
    for (;;) {
        const auto slash = path.find('/');
        segments.emplace_back(path.substr(0, slash));
        if (slash == path.npos) return segments;
        path.remove_prefix(slash + 1);
    }
}

QueryParameter::Type type_of(const json::object& schema)
{
    const auto type = text(schema, "type");
    if (type == "string") return QueryParameter::Type::string;
    if (type == "integer") return QueryParameter::Type::integer;
    if (type == "boolean") return QueryParameter::Type::boolean;
    misunderstood("a query parameter of type " + type);
}

void read_query(const json::object& described, const json::object& document, Operation& operation)
{
    const auto* parameters = described.if_contains("parameters");
    if (parameters == nullptr) return;
    for (const auto& each : parameters->as_array()) {
        const auto& parameter = resolved(each, document);
        if (text(parameter, "in") != "query") continue;
        const auto& schema = parameter.at("schema");
        operation.query.push_back(
            {text(parameter, "name"), type_of(schema.as_object()), SchemaCheck{schema, document}});
    }
}

void read_security(const json::object& described, Operation& operation)
{
    const auto* security = described.if_contains("security");
    const bool open = security != nullptr && security->as_array().empty();
    if (open) return;
    const auto right = admin::right_named(text(described, "x-requires"));
    if (!right) misunderstood("x-requires of " + operation.id);
    operation.right = right;
    operation.open_to_loopback = described.contains("x-open-to");
    if (security != nullptr)
        for (const auto& way : security->as_array())
            operation.takes_ticket |= way.as_object().contains("ticket");
}

Operation operation_of(const std::string& path, std::string_view method,
                       const json::object& described, const json::object& document)
{
    Operation operation;
    operation.id = text(described, "operationId");
    operation.path = segments_of(path);
    for (const char c : method)
        operation.method += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    read_security(described, operation);
    read_query(described, document, operation);
    if (const auto* body = described.if_contains("requestBody")) {
        const auto& content = body->as_object().at("content").as_object();
        if (content.size() != 1) misunderstood("more than one media type at " + operation.id);
        const auto& media = *content.begin();
        const auto* required = body->as_object().if_contains("required");
        operation.body.emplace(
            RequestBody{std::string{media.key()},
                        SchemaCheck{media.value().as_object().at("schema"), document},
                        required != nullptr && required->as_bool()});
    }
    return operation;
}

}  // namespace

std::vector<Operation> operations_of(const json::object& document)
{
    std::vector<Operation> operations;
    for (const auto& [path, item] : document.at("paths").as_object())
        for (const auto& [method, described] : item.as_object())
            if (method != "parameters")
                operations.push_back(
                    operation_of(std::string{path}, method, described.as_object(), document));
    return operations;
}

}  // namespace lampline::web
