#include "base/config.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <map>

namespace {

using namespace lampline;

/// A folder for the files of one case.
class Folder {
public:
    Folder()
    {
        std::string pattern = std::filesystem::temp_directory_path() / "lampline-config-XXXXXX";
        path_ = mkdtemp(pattern.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string file(const std::string& text) const
    {
        const auto path = path_ / "office.toml";
        std::ofstream{path} << text;
        return path.string();
    }

private:
    std::filesystem::path path_;
};

using Variables = std::map<std::string, std::string>;

Result<Invocation, Refusal>
read(std::vector<std::string> arguments, const Variables& variables = {},
     const std::filesystem::path& default_file = "/nonexistent/lampline.toml")
{
    const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    };
    return read_invocation(arguments, environment, default_file);
}

ServeSettings settings_of(const Result<Invocation, Refusal>& invocation)
{
    REQUIRE_MESSAGE(invocation.has_value(), invocation.error().text);
    return invocation->settings;
}

std::string text_of(const Result<Invocation, Refusal>& invocation)
{
    REQUIRE(invocation.has_value());
    REQUIRE(std::holds_alternative<PrintText>(invocation->task));
    return std::get<PrintText>(invocation->task).text;
}

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("every --sip is listened on, in the order given")
{
    const auto settings =
        settings_of(read({"serve", "--sip", "udp:127.0.0.1:5060", "--sip", "tcp:[::1]:0"}));
    REQUIRE(settings.sip.size() == 2);
    CHECK(settings.sip[0] == SipListener{ListenProtocol::udp, {"127.0.0.1", 5060}});
    CHECK(settings.sip[1] == SipListener{ListenProtocol::tcp, {"::1", 0}});
}

TEST_CASE("a setting stands before the subcommand as well as after it")
{
    CHECK(settings_of(read({"--domain", "office.test", "serve"})).domain == "office.test");
    CHECK(settings_of(read({"serve", "--domain", "office.test"})).domain == "office.test");
    CHECK(settings_of(read({"token", "create", "ops", "--data", "/srv/office"})).data_directory ==
          "/srv/office");
}

TEST_CASE("flags win over the environment, that over the file, that over the defaults")
{
    const Folder folder;
    const auto file = folder.file("ring-timeout = 30\nmin-se = \"2m\"\nsession-expires = 900\n");
    const Variables variables{{"LAMPLINE_RING_TIMEOUT", "40s"}, {"LAMPLINE_MIN_SE", "180"}};

    const auto settings =
        settings_of(read({"serve", "--config", file, "--ring-timeout", "50"}, variables));
    CHECK(settings.ring_timeout == std::chrono::seconds{50});
    CHECK(settings.min_se == std::chrono::minutes{3});
    CHECK(settings.session_expires == std::chrono::minutes{15});
    CHECK(settings.probe_interval == std::chrono::seconds{60});
}

TEST_CASE("a list from a higher source replaces the lower one whole")
{
    const Folder folder;
    const auto file = folder.file("sip = [\"udp:127.0.0.1:1\", \"tcp:127.0.0.1:1\"]\n");
    CHECK(settings_of(read({"serve", "--config", file})).sip.size() == 2);
    const Variables variables{{"LAMPLINE_SIP", "udp:127.0.0.1:2 udp:127.0.0.1:3 tcp:127.0.0.1:4"}};
    CHECK(settings_of(read({"serve", "--config", file}, variables)).sip.size() == 3);
    CHECK(settings_of(read({"serve", "--config", file, "--sip", "udp:127.0.0.1:5"}, variables))
              .sip.size() == 1);
}

TEST_CASE("the last of a repeated single flag counts")
{
    CHECK(
        settings_of(read({"serve", "--http", "127.0.0.1:1", "--http", "127.0.0.1:2"})).http.port ==
        2);
}

TEST_CASE("the file is --config, else LAMPLINE_CONFIG, else the default one if it is there")
{
    const Folder folder, other;
    const auto file = folder.file("domain = \"file.test\"\n");
    const auto other_file = other.file("domain = \"other.test\"\n");
    CHECK(settings_of(read({"serve"}, {}, file)).domain == "file.test");
    CHECK(settings_of(read({"serve"}, {{"LAMPLINE_CONFIG", other_file}}, file)).domain ==
          "other.test");
    CHECK(
        settings_of(read({"serve", "--config", file}, {{"LAMPLINE_CONFIG", other_file}})).domain ==
        "file.test");
    CHECK(settings_of(read({"serve"})).domain.empty());

    const auto missing = read({"serve", "--config", "/nonexistent/office.toml"});
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().code == ExitCode::bad_config);
    CHECK(contains(missing.error().text, "/nonexistent/office.toml: "));

    const auto folder_of_it = std::filesystem::path{file}.parent_path().string();
    const auto unread = read({"serve", "--config", folder_of_it});
    REQUIRE_FALSE(unread.has_value());
    CHECK(unread.error().code == ExitCode::bad_config);
    CHECK(unread.error().text == folder_of_it + ": is a folder");
}

TEST_CASE("a bad value is refused with its place and the reason")
{
    const auto refusal = [](const Result<Invocation, Refusal>& invocation) {
        REQUIRE_FALSE(invocation.has_value());
        CHECK(invocation.error().code == ExitCode::bad_config);
        return invocation.error().text;
    };
    CHECK(refusal(read({"serve", "--ring-timeout", "soon"})) ==
          "--ring-timeout: 'soon': expected a duration such as 90s, 30m or 2h");
    CHECK(refusal(read({"serve"}, {{"LAMPLINE_LOG_LEVEL", "loud"}})) ==
          "LAMPLINE_LOG_LEVEL: 'loud': expected one of trace, debug, info, warning, error");
    CHECK(refusal(read({"serve", "--trace-calls", "-1"})) ==
          "--trace-calls: '-1': expected a number from 0 to 10000");
    CHECK(settings_of(read({"serve", "--call-log-rows", "0"})).call_log_rows == 0);

    const Folder folder;
    auto file = folder.file("# office\n\nhttp = \"localhost:80\"\n");
    CHECK(refusal(read({"serve", "--config", file})) ==
          file + ":3: 'localhost:80': the address must be numeric");
    file = folder.file("\nlamp = 1\n");
    CHECK(refusal(read({"serve", "--config", file})) == file + ":2: no such setting: lamp");
    file = folder.file("\n\ndomain = [1]\n");
    CHECK(refusal(read({"serve", "--config", file})) ==
          file + ":3: domain must be a string or a number");
    file = folder.file("\ndomain = \n");
    CHECK(contains(refusal(read({"serve", "--config", file})), file + ":2: "));
}

TEST_CASE("every bad value is named, not only the first")
{
    const auto refused = read({"serve", "--http", "nowhere", "--domain", "a..b"});
    REQUIRE_FALSE(refused.has_value());
    CHECK(contains(refused.error().text, "--http: "));
    CHECK(contains(refused.error().text, "--domain: "));
}

TEST_CASE("values outside their limits are refused")
{
    const auto refused = [](std::initializer_list<std::string> flags) {
        std::vector<std::string> arguments{"serve"};
        arguments.insert(arguments.end(), flags);
        const auto invocation = read(arguments);
        return !invocation && invocation.error().code == ExitCode::bad_config;
    };
    CHECK(refused({"--sip", "udp:0.0.0.0:5060"}));
    CHECK(refused({"--sip", "udp:[::]:5060"}));
    CHECK(refused({"--sip", "tls:127.0.0.1:5061"}));
    CHECK(refused({"--sip", "udp:127.0.0.1:65536"}));
    CHECK(refused({"--sip", "udp:127.0.0.1:"}));
    CHECK(refused({"--sip", "udp:127.0.0.1"}));
    CHECK(refused({"--sip", "udp:::1:5060"}));
    CHECK(refused({"--sip", "udp:[127.0.0.1]:5060"}));
    CHECK(refused({"--sip", "udp:127.0.0.1:5060", "--sip", "udp:127.0.0.1:5060"}));
    CHECK(refused({"--domain", ""}));
    CHECK(refused({"--domain", "office test"}));
    CHECK(refused({"--domain", std::string(254, 'a')}));
    CHECK(refused({"--data", ""}));
    CHECK(refused({"--session-expires", "89"}));  // RFC 4028 §4: no less than 90
    CHECK(refused({"--ring-timeout", "99999999999"}));
    CHECK(refused({"--ring-timeout", "-1"}));
    CHECK(refused({"--drain-timeout", "5d"}));
    CHECK(refused({"--min-se", "1900"}));
    CHECK(refused({"--min-expires", "3601"}));
    CHECK(refused({"--max-expires", "3599"}));
    CHECK_FALSE(refused({"--http", "0.0.0.0:80"}));
    CHECK_FALSE(refused({"--sip", "udp:127.0.0.1:0", "--sip", "udp:127.0.0.1:0"}));
    CHECK_FALSE(refused({"--drain-timeout", "0"}));
}

TEST_CASE("a domain is compared in lower case (RFC 3261 §19.1.4)")
{
    CHECK(settings_of(read({"serve", "--domain", "Office.TEST"})).domain == "office.test");
}

TEST_CASE("--print-config shows every setting with its origin, and is a file that gives the same "
          "settings")
{
    const Folder folder, printed;
    const auto file =
        folder.file("log-level = \"debug\"\nsip = [\"udp:127.0.0.1:7\", \"tcp:[::1]:7\"]\n");
    const std::vector<std::string> flags{"--domain", "office.test", "--data",
                                         R"(/srv/"quoted"\path)"};
    std::vector<std::string> arguments{"serve", "--print-config", "--config", file};
    arguments.insert(arguments.end(), flags.begin(), flags.end());

    const auto text = text_of(read(arguments, {{"LAMPLINE_HTTP", "127.0.0.1:9"}}));
    CHECK(contains(text, "# " + file + ":1\n"));
    CHECK(contains(text, "# --domain\n"));
    CHECK(contains(text, "# LAMPLINE_HTTP\n"));
    CHECK(contains(text, "# default\n"));

    const auto again = settings_of(read({"serve", "--config", printed.file(text)}));
    CHECK(again.log.level == LogLevel::debug);
    CHECK(again.sip.size() == 2);
    CHECK(again.domain == "office.test");
    CHECK(again.data_directory == R"(/srv/"quoted"\path)");
    CHECK(again.http == ListenAddress{"127.0.0.1", 9});
}

TEST_CASE("the subcommands carry their own words")
{
    const auto token = read({"token", "create", "switchboard", "--role", "admin"});
    REQUIRE(token.has_value());
    REQUIRE(std::holds_alternative<CreateToken>(token->task));
    CHECK(std::get<CreateToken>(token->task).name == "switchboard");
    CHECK(std::get<CreateToken>(token->task).role == "admin");
    const auto revoked = read({"token", "revoke", "switchboard"});
    REQUIRE(revoked.has_value());
    REQUIRE(std::holds_alternative<RevokeToken>(revoked->task));
    CHECK(std::get<RevokeToken>(revoked->task).name == "switchboard");
    const auto list = read({"token", "list"});
    REQUIRE(list.has_value());
    CHECK(std::holds_alternative<ListTokens>(list->task));
    CHECK(std::holds_alternative<SeedDemo>(read({"seed", "demo"})->task));
    CHECK(std::holds_alternative<Serve>(read({"serve"})->task));
    CHECK(std::holds_alternative<CheckConfig>(read({"serve", "--check-config"})->task));
    CHECK(std::holds_alternative<CheckConfig>(read({"--check-config"})->task));
    CHECK(std::holds_alternative<CheckHealth>(read({"--health", "--http", "127.0.0.1:1"})->task));
}

TEST_CASE("a command line that cannot be read is a usage error")
{
    const auto usage = [](std::vector<std::string> arguments) {
        const auto invocation = read(std::move(arguments));
        return !invocation && invocation.error().code == ExitCode::usage &&
               !invocation.error().text.empty();
    };
    CHECK(usage({}));
    CHECK(usage({"dance"}));
    CHECK(usage({"serve", "--dance"}));
    CHECK(usage({"serve", "--http"}));
    CHECK(usage({"serve", "extra"}));
    CHECK(usage({"token"}));
    CHECK(usage({"token", "create"}));
    CHECK(usage({"token", "revoke"}));
    CHECK(usage({"token", "list", "me"}));
    CHECK(usage({"seed"}));
    CHECK(usage({"serve", "seed", "demo"}));
}

TEST_CASE("--help names every setting and every exit code, wherever it stands")
{
    const auto help = text_of(read({"--help"}));
    for (const auto* word :
         {"--sip", "--data", "--domain", "--http", "--drain-timeout", "--print-config",
          "--check-config", "--health", "serve", "token create", "receptionist",
          "token revoke", "token list", "seed demo", "0 ok",
          "1 run-time failure", "2 usage", "3 bad configuration", "4 database", "5 cannot bind"})
        CHECK_MESSAGE(contains(help, word), word);
    CHECK(text_of(read({"serve", "--help"})) == help);
}

TEST_CASE("--version prints name and number")
{
    CHECK(text_of(read({"--version"})).starts_with("lampline "));
}
