#include "base/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>

#include "base/setting_table.hpp"

namespace lampline {
namespace {

/// What one source says about one setting, and how a complaint about it begins.
struct Given {
    std::vector<std::string> values;
    std::string origin;  // "--sip", "LAMPLINE_SIP", "file:7"
};
using GivenByName = std::map<std::string_view, Given>;

constexpr std::string_view footer = R"(
Each setting is also read from the environment (--log-level: LAMPLINE_LOG_LEVEL; several --sip: separated by
spaces) and from a TOML file (log-level = "info"; sip = ["...", "..."]). Flags win over the environment, that
over the file, that over the defaults.

Roles of tokens: admin, unless said otherwise; operator: no SIP messages; receptionist: calls and lamps, no
configuration; auditor: reads all, changes nothing.

Exit codes: 0 ok, 1 run-time failure, 2 usage, 3 bad configuration, 4 database, 5 cannot bind)";

tl::unexpected<Refusal> refuse(ExitCode code, std::string text)
{
    return tl::unexpected{Refusal{code, std::move(text)}};
}

std::string environment_name(std::string_view setting)
{
    std::string name = "LAMPLINE_";
    for (const char c : setting)
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

std::vector<std::string> split_at_spaces(const std::string& text)
{
    std::istringstream words{text};
    return {std::istream_iterator<std::string>{words}, {}};
}

void add_environment(GivenByName& given, const Environment& environment)
{
    for (const Setting& setting : setting_table()) {
        const auto name = environment_name(setting.name);
        const auto value = environment(name);
        if (!value || value->empty()) continue;
        given[setting.name] = {setting.repeatable ? split_at_spaces(*value) : std::vector{*value},
                               name};
    }
}

/// A string, or an integer for durations; nullopt: neither.
std::optional<std::string> scalar_text(const toml::node& node)
{
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    return std::nullopt;
}

/// Nullopt: the value has a type that no setting takes.
std::optional<std::vector<std::string>> texts(const Setting& setting, const toml::node& node)
{
    std::vector<std::string> all;
    if (const auto* list = node.as_array(); list && setting.repeatable) {
        for (const auto& element : *list) {
            auto text = scalar_text(element);
            if (!text) return std::nullopt;
            all.push_back(std::move(*text));
        }
    } else if (auto text = scalar_text(node)) {
        all.push_back(std::move(*text));
    }
    if (all.empty()) return std::nullopt;
    return all;
}

std::optional<Refusal> add_file(GivenByName& given, const std::filesystem::path& file)
{
    const auto at = [&](const toml::source_region& where) {
        return file.string() + ":" + std::to_string(where.begin.line);
    };
    std::error_code unreadable;
    if (std::filesystem::is_directory(file, unreadable))  // which reads as an empty file
        return Refusal{ExitCode::bad_config, file.string() + ": is a folder"};
    toml::table table;
    try {
        table = toml::parse_file(file.string());
    } catch (const toml::parse_error& error) {
        const bool unread = error.source().begin.line == 0;
        const std::string place = unread ? file.string() : at(error.source());
        return Refusal{ExitCode::bad_config, place + ": " + std::string{error.description()}};
    }
    for (const auto& [key, node] : table) {
        const auto& settings = setting_table();
        const auto setting = std::ranges::find(settings, key.str(), &Setting::name);
        if (setting == settings.end())
            return Refusal{ExitCode::bad_config,
                           at(key.source()) + ": no such setting: " + std::string{key.str()}};
        auto values = texts(*setting, node);
        if (!values)
            return Refusal{ExitCode::bad_config,
                           at(node.source()) + ": " + std::string{key.str()} +
                               (setting->repeatable ? " must be a list of strings"
                                                    : " must be a string or a number")};
        given[setting->name] = {std::move(*values), at(node.source())};
    }
    return std::nullopt;
}

/// Empty: there is no file to read.
std::filesystem::path config_file(const std::string& flag, const Environment& environment,
                                  const std::filesystem::path& default_file)
{
    if (!flag.empty()) return flag;
    if (const auto named = environment("LAMPLINE_CONFIG"); named && !named->empty()) return *named;
    std::error_code unreadable;
    return std::filesystem::exists(default_file, unreadable) ? default_file
                                                             : std::filesystem::path{};
}

std::string origin_of(const GivenByName& given, std::string_view name)
{
    const auto found = given.find(name);
    return found != given.end() ? found->second.origin : "--" + std::string{name};
}

std::optional<Refusal> apply_given(const GivenByName& given, ServeSettings& settings)
{
    std::string reasons;
    for (const Setting& setting : setting_table()) {
        const auto found = given.find(setting.name);
        if (found == given.end()) continue;
        if (const auto reason = setting.read(settings, found->second.values))
            reasons += (reasons.empty() ? "" : "\n") + found->second.origin + ": " + *reason;
    }
    if (reasons.empty())
        if (const auto wrong = find_contradiction(settings))
            reasons = origin_of(given, wrong->name) + ": " + std::string{wrong->name} + " " +
                      wrong->reason;
    if (reasons.empty()) return std::nullopt;
    return Refusal{ExitCode::bad_config, std::move(reasons)};
}

std::string toml_string(const std::string& text)
{
    std::ostringstream out;
    out << toml::value<std::string>{text};
    return out.str();
}

/// A file that would give the same settings, each line with where its value came from.
std::string write_config(const GivenByName& given, const ServeSettings& settings)
{
    std::string out;
    for (const Setting& setting : setting_table()) {
        std::string values;
        for (const auto& value : setting.show(settings)) {
            if (!values.empty()) values += ", ";
            values += toml_string(value);
        }
        const auto found = given.find(setting.name);
        const std::string origin = found != given.end() ? found->second.origin : "default";
        if (values.empty())
            out += "# " + std::string{setting.name} + " is not set\n";
        else if (setting.repeatable)
            out += std::string{setting.name} + " = [" + values + "]  # " + origin + "\n";
        else
            out += std::string{setting.name} + " = " + values + "  # " + origin + "\n";
    }
    return out;
}

/// The command line as CLI11 reads it, before any value is looked at.
struct CommandLine {
    CLI::App app{"Lampline: a SIP exchange whose busy lamps never lie", "lampline"};
    std::map<std::string_view, std::vector<std::string>> settings;
    std::string config;
    bool check_config = false;
    bool print_config = false;
    bool check_health = false;
    CreateToken token{.name = {}, .role = "admin"};
    RevokeToken gone;
    CLI::App* serve = nullptr;
    CLI::App* create_token = nullptr;
    CLI::App* revoke_token = nullptr;
    CLI::App* list_tokens = nullptr;
    CLI::App* seed_demo = nullptr;

    CommandLine()
    {
        app.set_version_flag("--version", "lampline " LAMPLINE_VERSION);
        app.footer(std::string{footer});
        app.require_subcommand(0, 1);
        add_settings();
        add_subcommands();
    }

    /// The same page wherever `--help` stands.
    [[nodiscard]] std::string whole_help() const
    {
        return app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
    }

private:
    void add_settings()
    {
        app.add_option("--config", config,
                       "TOML file; default: /etc/lampline/lampline.toml if it is there")
            ->type_name("FILE");
        app.add_flag("--check-config", check_config,
                     "look at the settings and the database, bind nothing");
        app.add_flag("--print-config", print_config, "show every setting and where it came from");
        app.add_flag("--health", check_health,
                     "ask the server running at --http whether it is well");
        for (const Setting& setting : setting_table()) {
            auto* option = app.add_option("--" + std::string{setting.name}, settings[setting.name],
                                          std::string{setting.help});
            option->type_name(std::string{setting.value})
                ->group("Settings")
                ->expected(1)
                ->allow_extra_args(false);
            option->default_str(fmt::format("{}", fmt::join(setting.show(ServeSettings{}), " ")));
            option->multi_option_policy(setting.repeatable ? CLI::MultiOptionPolicy::TakeAll
                                                           : CLI::MultiOptionPolicy::TakeLast);
        }
    }

    /// Subcommands know no flags of their own beyond these: the settings are the same for all.
    CLI::App* add_subcommand(CLI::App& parent, const std::string& name, const std::string& help)
    {
        auto* subcommand = parent.add_subcommand(name, help);
        subcommand->fallthrough();
        subcommand->set_help_flag();
        return subcommand;
    }

    void add_subcommands()
    {
        serve = add_subcommand(app, "serve", "run the exchange");
        auto* tokens = add_subcommand(app, "token",
                                      "bearer tokens for REST: token create NAME [--role ROLE], "
                                      "token revoke NAME, token list");
        tokens->require_subcommand(1);
        create_token = add_subcommand(*tokens, "create",
                                      "make a token and print it, also beside a running server");
        create_token->add_option("NAME", token.name, "what the token is for")->required();
        create_token->add_option("--role", token.role, "what it may do")->type_name("ROLE");
        revoke_token = add_subcommand(*tokens, "revoke",
                                      "nobody has the token any more, also beside a running server");
        revoke_token->add_option("NAME", gone.name, "as it was created")->required();
        list_tokens = add_subcommand(*tokens, "list",
                                     "each token's name, role, and when it was made and last used");
        auto* seed = add_subcommand(app, "seed", "fill the data folder: seed demo");
        seed->require_subcommand(1);
        seed_demo =
            add_subcommand(*seed, "demo", "ten extensions 201 to 210, groups sales and support");
    }
};

void add_flags(GivenByName& given, const CommandLine& line)
{
    for (const auto& [name, values] : line.settings)
        if (!values.empty()) given[name] = {values, "--" + std::string{name}};
}

std::optional<Task> task_of(const CommandLine& line)
{
    if (line.check_health) return CheckHealth{};
    if (line.check_config) return CheckConfig{};
    if (line.serve->parsed()) return Serve{};
    if (line.create_token->parsed()) return line.token;
    if (line.revoke_token->parsed()) return line.gone;
    if (line.list_tokens->parsed()) return ListTokens{};
    if (line.seed_demo->parsed()) return SeedDemo{};
    return std::nullopt;
}

}  // namespace

Environment process_environment()
{
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value =
            std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): before other threads
        if (!value) return std::nullopt;
        return value;
    };
}

Result<Invocation, Refusal> read_invocation(std::span<const std::string> arguments,
                                            const Environment& environment,
                                            const std::filesystem::path& default_file)
{
    CommandLine line;
    try {
        // CLI11 takes the arguments from the end of the vector.
        line.app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
    } catch (const CLI::CallForHelp&) {
        return Invocation{PrintText{line.whole_help()}, {}};
    } catch (const CLI::CallForVersion& version) {
        return Invocation{PrintText{std::string{version.what()} + "\n"}, {}};
    } catch (const CLI::ParseError& error) {
        return refuse(ExitCode::usage,
                      std::string{error.what()} + "\nlampline --help tells the rest");
    }

    GivenByName given;
    if (const auto file = config_file(line.config, environment, default_file); !file.empty())
        if (auto refusal = add_file(given, file)) return tl::unexpected{std::move(*refusal)};
    add_environment(given, environment);
    add_flags(given, line);

    ServeSettings settings;
    if (auto refusal = apply_given(given, settings)) return tl::unexpected{std::move(*refusal)};
    if (line.print_config) return Invocation{PrintText{write_config(given, settings)}, settings};
    auto task = task_of(line);
    if (!task)
        return refuse(ExitCode::usage,
                      "what to do? serve, token create, token revoke, token list, seed demo; "
                      "lampline --help");
    return Invocation{std::move(*task), std::move(settings)};
}

}  // namespace lampline
