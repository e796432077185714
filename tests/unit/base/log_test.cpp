#include "base/log.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace {

using namespace lampline;

/// The log into a file of its own, for one case.
class FileLog {
public:
    explicit FileLog(LogFormat format = LogFormat::text, LogLevel level = LogLevel::info)
    {
        std::string pattern = std::filesystem::temp_directory_path() / "lampline-log-XXXXXX";
        folder_ = mkdtemp(pattern.data());
        start_log({.level = level, .format = format, .file = file()});
    }
    FileLog(const FileLog&) = delete;
    FileLog& operator=(const FileLog&) = delete;
    ~FileLog()
    {
        stop_log();
        std::filesystem::remove_all(folder_);
    }

    [[nodiscard]] std::filesystem::path file() const { return folder_ / "lampline.log"; }

    static std::string text_of(const std::filesystem::path& file)
    {
        std::ostringstream text;
        text << std::ifstream{file}.rdbuf();
        return text.str();
    }

private:
    std::filesystem::path folder_;
};

std::size_t lines(const std::string& text)
{
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("lines of the level and above are written with an RFC 3339 time")
{
    const FileLog log{LogFormat::text, LogLevel::warning};
    spdlog::info("not this");
    spdlog::warn("phone {} is gone", 207);
    stop_log();
    const auto text = FileLog::text_of(log.file());
    CHECK(lines(text) == 1);
    CHECK(text.find("Z warning phone 207 is gone\n") ==
          std::string{"2026-11-20T15:00:00.000"}.size());
}

TEST_CASE("a JSON line stays one line whatever the text holds")
{
    const FileLog log{LogFormat::json};
    spdlog::info("a \"quoted\" back\\slash\nand\ttab");
    stop_log();
    const auto text = FileLog::text_of(log.file());
    CHECK(lines(text) == 1);
    CHECK(text.find(R"("level":"info")") != text.npos);
    CHECK(text.find(R"("text":"a \"quoted\" back\\slash\u000aand\u0009tab"})") != text.npos);
}

TEST_CASE("after a rotation the next line goes to a new file of the old name")
{
    const FileLog log;
    const auto rotated = log.file().string() + ".1";
    std::filesystem::rename(log.file(), rotated);
    reopen_log();
    spdlog::info("after");
    stop_log();
    CHECK(FileLog::text_of(log.file()).find("after") != std::string::npos);
    CHECK(FileLog::text_of(rotated).empty());
}

TEST_CASE("a log file that cannot be opened is reported at once")
{
    CHECK_THROWS_AS(start_log({.file = "/dev/null/lampline.log"}), spdlog::spdlog_ex);
    stop_log();
}
