#pragma once
// A raw HTTP client and a server with a real database, for tests.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>

#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "admin/token_service.hpp"
#include "unit/db/new_office.hpp"
#include "web/http_message.hpp"
#include "web/server.hpp"

namespace lampline::testing {

/// One TCP connection to the server. What does not arrive within 20 s fails the test.
class Connection {
public:
    explicit Connection(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)}
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error{"connect"};
        const timeval patience{20, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    ~Connection() { ::close(socket_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// What the server does not take any more is not sent.
    void send(std::string_view bytes) const
    {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    /// The next message; status 0: the server closed.
    web::HttpResponse receive(bool has_body = true)
    {
        web::HttpResponse response{0, {}, {}};
        std::size_t end = 0;
        while ((end = received_.find("\r\n\r\n")) == std::string::npos)
            if (!read_more()) return response;
        std::string_view head{received_.data(), end};
        response.status = static_cast<unsigned>(std::stoul(std::string{head.substr(9, 3)}));
        std::size_t length = 0;
        for (auto line = head.find("\r\n"); line != head.npos; line = head.find("\r\n", line + 2)) {
            const auto text = head.substr(line + 2, head.find("\r\n", line + 2) - line - 2);
            const auto colon = text.find(": ");
            response.fields.add(std::string{text.substr(0, colon)},
                                std::string{text.substr(colon + 2)});
        }
        if (const auto value = response.fields.find("Content-Length"); value && has_body)
            length = std::stoul(*value);
        received_.erase(0, end + 4);
        while (received_.size() < length)
            if (!read_more()) break;
        response.body = received_.substr(0, length);
        received_.erase(0, response.body.size());
        return response;
    }

    /// Reads on until `text` has come, and takes all up to its end; what came when the server
    /// closes before that.
    std::string receive_until(std::string_view text)
    {
        std::size_t at = 0;
        while ((at = received_.find(text)) == std::string::npos)
            if (!read_more()) return std::exchange(received_, {});
        auto taken = received_.substr(0, at + text.size());
        received_.erase(0, taken.size());
        return taken;
    }

    /// True when the server has closed and nothing is left to read.
    bool is_closed() { return received_.empty() && !read_more(); }

private:
    bool read_more()
    {
        char bytes[16384];
        const auto size = ::recv(socket_, bytes, sizeof bytes, 0);
        if (size < 0) throw std::runtime_error{"nothing arrived"};
        received_.append(bytes, static_cast<std::size_t>(size));
        return size > 0;
    }

    int socket_;
    std::string received_;
};

using Fields = std::map<std::string, std::string>;

/// A server on a free port, with an exchange that does what the test wants.
struct WebOffice {
    TempFolder folder;
    db::DatabaseThread database{std::make_unique<db::Database>(new_office(folder), "office.test")};
    std::mutex mutex;
    LiveViewRef live = std::make_shared<const LiveView>();
    RouteExplanationRef route = std::make_shared<const RouteExplanation>();
    std::string asked_route;
    SipTraceRef trace;    ///< of every call
    bool shows = true;    ///< answers when asked for its view
    bool applies = true;  ///< applies what is published
    std::vector<DirectoryRef> published;
    LampAccount account;                   ///< what is known of every lamp, but its names
    std::vector<LampQuestion> lamp_asked;  ///< in order
    OrderAnswer order_answer{.outcome = OrderOutcome::unknown_call};
    std::vector<CallOrder> ordered;  ///< in order
    std::string token = new_token("tests", admin::Role::admin);
    web::Server server;

    explicit WebOffice(web::ServerSettings settings = {})
        : server{std::move(settings),
                 database,
                 {.publish =
                      [this](DirectoryRef directory, std::function<void()> applied) {
                          const std::lock_guard lock{mutex};
                          published.push_back(std::move(directory));
                          if (applies) applied();
                      },
                  .view =
                      [this](std::function<void(LiveViewRef)> answer) {
                          const std::lock_guard lock{mutex};
                          if (shows) answer(live);
                      },
                  .lamp =
                      [this](LampQuestion question, std::function<void(LampAccountRef)> answer) {
                          const std::lock_guard lock{mutex};
                          if (shows) answer(lamp_of(question));
                      },
                  .route =
                      [this](const RouteTest& test,
                             std::function<void(RouteExplanationRef)> answer) {
                          const std::lock_guard lock{mutex};
                          asked_route =
                              test.caller.value_or(test.from) + test.trunk + " > " + test.dialled;
                          answer(route);
                      },
                  .order =
                      [this](CallOrder order, std::function<void(OrderAnswerRef)> answer) {
                          const std::lock_guard lock{mutex};
                          ordered.push_back(std::move(order));
                          if (shows) answer(std::make_shared<const OrderAnswer>(order_answer));
                      },
                  .messages =
                      [this](CallRecordId, std::function<void(SipTraceRef)> answer) {
                          const std::lock_guard lock{mutex};
                          answer(trace);
                      }}}
    {
        server.start();
    }

    /// The exchange's answer, by the directory that it was given last.
    LampAccountRef lamp_of(const LampQuestion& question)
    {
        lamp_asked.push_back(question);
        auto answer = account;
        answer.watcher = question.watcher;
        answer.member = question.member;
        answer.directory =
            published.empty() ? std::make_shared<const Directory>() : published.back();
        if (!question.resend) answer.resent.clear();
        return std::make_shared<const LampAccount>(std::move(answer));
    }

    /// Runs `work` on the database thread and waits for it.
    template <class Work>
    auto on_database(Work work)
    {
        std::promise<decltype(work(std::declval<db::Database&>()))> done;
        const bool posted =
            database.post([&](db::Database& opened) { done.set_value(work(opened)); });
        if (!posted) throw std::runtime_error{"the database thread takes nothing"};
        return done.get_future().get();
    }

    std::string new_token(const std::string& name, admin::Role role)
    {
        return on_database([&](db::Database& opened) {
            return admin::TokenService{opened}
                .create(name, role, admin::IfTaken::refuse, {"tests", "", ""}, {})
                .value();
        });
    }

    /// One request on a connection of its own, with the admin's token unless `fields` say another
    /// Authorization.
    web::HttpResponse ask(const std::string& method, const std::string& target, Fields fields = {},
                          const std::string& body = {})
    {
        fields.try_emplace("Authorization", "Bearer " + token);
        fields.try_emplace("Host", "office.test");
        if (!body.empty()) fields.try_emplace("Content-Length", std::to_string(body.size()));
        if (!body.empty()) fields.try_emplace("Content-Type", "application/json");
        std::string text = method + ' ' + target + " HTTP/1.1\r\nConnection: close\r\n";
        for (const auto& [name, value] : fields)
            if (!value.empty()) text += name + ": " + value + "\r\n";
        Connection connection{server.port()};
        connection.send(text + "\r\n" + body);
        return connection.receive(method != "HEAD");
    }
    web::HttpResponse get(const std::string& target, Fields fields = {})
    {
        return ask("GET", target, std::move(fields));
    }
    web::HttpResponse put(const std::string& target, const std::string& body, Fields fields = {})
    {
        return ask("PUT", target, std::move(fields), body);
    }
    web::HttpResponse patch(const std::string& target, const std::string& body, Fields fields = {})
    {
        fields.try_emplace("Content-Type", "application/merge-patch+json");
        return ask("PATCH", target, std::move(fields), body);
    }
    web::HttpResponse remove(const std::string& target, Fields fields = {})
    {
        return ask("DELETE", target, std::move(fields));
    }
};

inline boost::json::object json_of(const web::HttpResponse& response)
{
    return boost::json::parse(response.body).as_object();
}

inline std::string field(const web::HttpResponse& response, std::string_view name)
{
    return response.fields.find(name).value_or("");
}

/// Member `name` of the first entry of a problem's `errors`.
inline std::string error_member(const web::HttpResponse& response, std::string_view name)
{
    const auto problem = json_of(response);
    return boost::json::value_to<std::string>(problem.at("errors").at(0).at(name));
}

}  // namespace lampline::testing
