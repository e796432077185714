#pragma once
// HTTP requests and responses as plain values.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lampline::web {

class EndlessBody;

/// Fields in order; names are compared without case.
class HttpFields {
public:
    void add(std::string name, std::string value)
    {
        fields_.emplace_back(std::move(name), std::move(value));
    }
    /// The value of field `name`; several lines are one list (RFC 9110 §5.3); nullopt when there is
    /// none.
    [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
    [[nodiscard]] auto begin() const noexcept { return fields_.begin(); }
    [[nodiscard]] auto end() const noexcept { return fields_.end(); }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

struct HttpRequest {
    std::string method;  ///< as on the wire
    std::string target;  ///< path and query, as on the wire
    HttpFields fields;
    std::string body;
    std::string peer;       ///< numeric address
    bool loopback = false;  ///< the peer is this machine
    std::string id;         ///< X-Request-Id: the client's, or a new one
};

struct HttpResponse {
    unsigned status = 200;
    HttpFields fields;  ///< without Content-Length
    std::string body;
    bool omit_body = false;                 ///< the answer to HEAD: told its length only
    std::shared_ptr<EndlessBody> stream{};  ///< in place of `body`; the connection ends with it
};

/// Called once, on any thread.
using HttpAnswer = std::function<void(HttpResponse)>;
/// Must not block.
using HttpHandler = std::function<void(HttpRequest, HttpAnswer)>;

}  // namespace lampline::web
