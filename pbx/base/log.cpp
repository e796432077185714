#include "base/log.hpp"

#include <spdlog/async.h>
#include <spdlog/details/file_helper.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <mutex>

namespace lampline {
namespace {

constexpr std::size_t queued_lines = 8192;
constexpr auto flush_interval = std::chrono::seconds{1};

/// Appends to one file, and on request opens it anew: in the writing thread, so that nobody else
/// waits for a disk.
class FileSink : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit FileSink(const std::filesystem::path& file) { file_.open(file.string()); }

    void reopen() noexcept { reopen_wanted_ = true; }

private:
    void sink_it_(const spdlog::details::log_msg& message) override
    {
        if (reopen_wanted_.exchange(false)) file_.reopen(false);
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        file_.write(line);
    }
    void flush_() override { file_.flush(); }

    spdlog::details::file_helper file_;
    std::atomic<bool> reopen_wanted_ = false;
};

std::shared_ptr<FileSink>& open_file()
{
    static std::shared_ptr<FileSink> sink;
    return sink;
}

spdlog::level::level_enum level_of(LogLevel level)
{
    switch (level) {
    case LogLevel::trace: return spdlog::level::trace;
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    }
    return spdlog::level::info;
}

/// A JSON string needs its quotes, backslashes and control characters escaped; spdlog's pattern
/// does not do that.
class JsonText : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&,
                spdlog::memory_buf_t& out) override
    {
        for (const char c : message.payload) {
            if (c == '"' || c == '\\') {
                out.push_back('\\');
                out.push_back(c);
            } else if (static_cast<unsigned char>(c) < 0x20) {
                fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
            } else {
                out.push_back(c);
            }
        }
    }
    std::unique_ptr<custom_flag_formatter> clone() const override
    {
        return std::make_unique<JsonText>();
    }
};

std::unique_ptr<spdlog::formatter> formatter_of(LogFormat format)
{
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    if (format == LogFormat::json) {
        formatter->add_flag<JsonText>('*');
        formatter->set_pattern(
            R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","thread":%t,"text":"%*"})");
    } else {
        formatter->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v");
    }
    return formatter;
}

}  // namespace

void start_log(const LogSettings& settings)
{
    spdlog::init_thread_pool(queued_lines, 1);
    spdlog::sink_ptr sink;
    if (settings.file.empty()) {
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
        open_file() = std::make_shared<FileSink>(settings.file);
        sink = open_file();
    }
    auto logger = std::make_shared<spdlog::async_logger>(
        "", std::move(sink), spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest);
    logger->set_formatter(formatter_of(settings.format));
    logger->set_level(level_of(settings.level));
    logger->flush_on(spdlog::level::warn);
    spdlog::set_default_logger(std::move(logger));
    spdlog::flush_every(flush_interval);
}

void reopen_log() noexcept
{
    if (open_file()) open_file()->reopen();
}

void stop_log()
{
    spdlog::shutdown();
    open_file().reset();
}

}  // namespace lampline
