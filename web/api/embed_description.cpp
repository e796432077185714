// Build tool: writes openapi.yaml as a C++ source, as it is and as JSON.
#include <yaml-cpp/yaml.h>

#include <boost/json.hpp>

#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

namespace json = boost::json;

json::value scalar(const YAML::Node& node)
{
    const auto& text = node.Scalar();
    if (node.Tag() == "!") return json::string{text};  // quoted
    if (text == "null" || text == "~") return nullptr;
    if (text == "true" || text == "false") return text == "true";
    const bool number = !text.empty() && text.find_first_not_of("0123456789.-") == text.npos;
    json::error_code error;
    auto value = number ? json::parse(text, error) : json::value{};
    if (number && !error) return value;
    return json::string{text};
}

json::value convert(const YAML::Node& node)
{
    if (node.IsMap()) {
        json::object object;
        for (const auto& member : node)
            if (!object.emplace(member.first.as<std::string>(), convert(member.second)).second)
                throw std::runtime_error{"a member is there twice: " +
                                         member.first.as<std::string>()};
        return object;
    }
    if (node.IsSequence()) {
        json::array array;
        for (const auto& item : node) array.push_back(convert(item));
        return array;
    }
    if (node.IsScalar()) return scalar(node);
    return nullptr;
}

/// Adjacent literals, since one alone may be too long for a compiler.
std::string literal(std::string_view text)
{
    constexpr std::size_t piece = 8000;
    std::string source;
    for (std::size_t i = 0; i < text.size(); i += piece)
        source.append("R\"~~(").append(text.substr(i, piece)).append(")~~\"\n");
    return source;
}

}  // namespace

int main(int argc, char** argv)
try {
    if (argc != 3) throw std::runtime_error{"usage: embed_description openapi.yaml output.cpp"};
    std::ifstream input{argv[1]};
    const std::string yaml{std::istreambuf_iterator<char>{input}, {}};
    std::ofstream output{argv[2]};
    output << "#include \"web/api_description.hpp\"\n\nnamespace lampline::web {\n\n"
           << "std::string_view description_yaml() noexcept\n{\n    return\n"
           << literal(yaml) << ";\n}\n\n"
           << "std::string_view description_json() noexcept\n{\n    return\n"
           << literal(json::serialize(convert(YAML::Load(yaml))))
           << ";\n}\n\n}  // namespace lampline::web\n";
    return output.flush() ? 0 : 1;
} catch (const std::exception& failure) {
    std::cerr << argv[1] << ": " << failure.what() << '\n';
    return 1;
}
