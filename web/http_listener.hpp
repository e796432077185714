#pragma once
// Accepts connections and moves HTTP messages (over Beast, in http_listener.cpp only).
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "web/http_message.hpp"
#include "web/status_counts.hpp"

namespace lampline::web {

struct ListenerSettings {
    std::string address;
    std::uint16_t port = 0;
    std::size_t max_connections = 256;
    std::chrono::seconds timeout{30};
    std::chrono::seconds answer_timeout{5};
};

/// Owns the web thread. Header up to 16 KB (431), body up to 1 MB (413), one request at a time per
/// connection. The handler is called on the web thread; when it does not answer in time, the client
/// gets 503.
class HttpListener {
public:
    static constexpr std::size_t max_header = 16 * 1024;
    static constexpr std::size_t max_body = 1024 * 1024;

    /// Binds. @throws std::system_error
    HttpListener(const ListenerSettings& settings, HttpHandler handler,
                 std::shared_ptr<StatusCounts> counts);
    ~HttpListener();
    HttpListener(const HttpListener&) = delete;
    HttpListener& operator=(const HttpListener&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept;
    void start();
    /// Asks every endless body for what it has. Any thread.
    void wake();
    /// Idempotent. Answers that come later are ignored.
    void stop();

private:
    class Loop;
    std::shared_ptr<Loop> loop_;
};

}  // namespace lampline::web
