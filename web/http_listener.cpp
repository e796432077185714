#include "web/http_listener.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <ctime>
#include <list>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_set>

#include "web/beast.hpp"
#include "web/endless_body.hpp"
#include "web/problem.hpp"
#include "web/request_id.hpp"

namespace lampline::web {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using net::ip::tcp;

constexpr auto resume = net::as_tuple(net::use_awaitable);
using Parser = http::request_parser<http::string_body>;

/// An answer that may come late, from another thread.
struct Waiting {
    explicit Waiting(net::io_context& io) : timer{io} {}

    net::steady_timer timer;
    std::optional<HttpResponse> response;
    bool gone = false;  ///< of a stream: the client has closed, or speaks out of turn
};

struct Session {
    explicit Session(tcp::socket socket) : stream{std::move(socket)} {}

    void close()
    {
        if (endless && !writing) say_farewell();
        stream.close();
        if (waiting) waiting->timer.cancel();
    }

    /// As far as it goes without waiting.
    void say_farewell()
    {
        error_code ignored;
        stream.socket().non_blocking(true, ignored);
        stream.socket().write_some(net::buffer(endless->farewell()), ignored);
        endless.reset();
    }

    beast::tcp_stream stream;
    beast::flat_buffer buffer{HttpListener::max_header + HttpListener::max_body};
    std::shared_ptr<Waiting> waiting;
    std::shared_ptr<EndlessBody> endless;
    bool writing = false;  ///< a piece of `endless` is on its way
    bool idle = false;     ///< has asked for nothing yet, or nothing more
};

HttpRequest request_of(const Parser::value_type& message, const tcp::endpoint& peer)
{
    HttpRequest request;
    request.method = std::string{message.method_string()};
    request.target = std::string{message.target()};
    for (const auto& field : message)
        request.fields.add(std::string{field.name_string()}, std::string{field.value()});
    request.peer = peer.address().to_string();
    request.loopback = peer.address().is_loopback();
    request.id = request_id_of(request.fields);
    return request;
}

/// What a request that cannot be read deserves; nullopt: nobody is there to be told.
std::optional<HttpResponse> answer_to(error_code error)
{
    if (error == http::error::body_limit)
        return problem(413, "body-too-large", "a body may have up to 1 MB");
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return problem(431, "header-too-large", "the header may have up to 16 KB");
    if (error == http::error::end_of_stream || error == http::error::partial_message ||
        error == beast::error::timeout ||
        error.category() != make_error_code(http::error::bad_method).category())
        return std::nullopt;
    return problem(400, "malformed", "this is not HTTP: " + error.message());
}

/// What is answered to a request that was read, but need not be the one that a proxy in between has
/// seen: which host it is for (RFC 9112 §3.2) and where its body ends (§6.1) must be beyond doubt.
std::optional<HttpResponse> doubt_about(const Parser::value_type& message)
{
    constexpr unsigned http_1_1 = 11;
    const auto hosts = message.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && message.version() >= http_1_1))
        return problem(400, "malformed", "a request has one Host");
    const auto codings = message.equal_range(http::field::transfer_encoding);
    for (auto field = codings.first; field != codings.second; ++field)
        if (!beast::iequals(field->value(), "chunked"))
            return problem(400, "malformed", "a body is sent as it is, or only chunked");
    return std::nullopt;
}

/// IMF-fixdate (RFC 9110 §5.6.7).
std::string date()
{
    const auto now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[utc.tm_wday], utc.tm_mday,
                       months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

http::response<http::string_body> message_of(HttpResponse response, unsigned version,
                                             bool keep_alive)
{
    http::response<http::string_body> message{static_cast<http::status>(response.status), version};
    for (const auto& [name, value] : response.fields) message.insert(name, value);
    message.set(http::field::date, date());
    message.set("X-Content-Type-Options", "nosniff");
    message.keep_alive(keep_alive);
    if (response.stream) return message;
    const bool bodiless = response.status == 204 || response.status == 304;
    if (!bodiless) message.content_length(response.body.size());
    if (!bodiless && !response.omit_body) message.body() = std::move(response.body);
    return message;
}

tcp::acceptor bound(net::io_context& io, const ListenerSettings& settings)
{
    try {
        return {io, {net::ip::make_address(settings.address), settings.port}};
    } catch (const boost::system::system_error& error) {
        throw std::system_error{error.code(), fmt::format("cannot listen on http {}:{}",
                                                          settings.address, settings.port)};
    }
}

}  // namespace

/// All of it runs on the web thread, except what says otherwise.
class HttpListener::Loop : public std::enable_shared_from_this<Loop> {
public:
    Loop(const ListenerSettings& settings, HttpHandler handler,
         std::shared_ptr<StatusCounts> counts)
        : settings_{settings}, handler_{std::move(handler)}, counts_{std::move(counts)},
          acceptor_{bound(io_, settings)}, port_{acceptor_.local_endpoint().port()}
    {
    }

    /// Any thread.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// The owner's thread.
    void start()
    {
        net::co_spawn(io_, accept_all(), ended);
        thread_ = std::thread{[this] { io_.run(); }};
    }

    /// Any thread.
    void wake()
    {
        net::post(io_, [this] {
            for (auto* session : sessions_)
                if (session->endless && session->waiting) session->waiting->timer.cancel();
        });
    }

    /// The owner's thread.
    void stop()
    {
        if (!thread_.joinable()) return;
        net::post(io_, [this] {
            stopping_ = true;
            error_code ignored;
            acceptor_.close(ignored);
            // A turn later: a stream whose piece is out by now says good-bye itself.
            net::post(io_, [this] {
                for (auto* session : sessions_) session->close();
            });
        });
        thread_.join();
    }

private:
    /// What a coroutine could not catch itself costs its connection, nothing else.
    static void ended(const std::exception_ptr& failure) noexcept
    try {
        if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        spdlog::error("http: {}", error.what());
    } catch (...) {
        spdlog::error("http: a connection failed");
    }

    net::awaitable<void> accept_all()
    {
        while (!stopping_) {
            auto [error, socket] = co_await acceptor_.async_accept(resume);
            if (stopping_) co_return;
            if (error) {
                // Out of descriptors, as a rule: those that are open must end first.
                spdlog::warn("http: cannot accept: {}", error.message());
                net::steady_timer pause{io_, std::chrono::milliseconds{100}};
                co_await pause.async_wait(resume);
            } else if (sessions_.size() < settings_.max_connections || close_idlest()) {
                net::co_spawn(io_, serve(std::move(socket)), ended);
            }
        }
    }

    /// Ends the connection that has been without a request for the longest. False: all have one.
    bool close_idlest()
    {
        if (idle_.empty()) return false;
        auto* session = idle_.front();
        idle_.pop_front();
        session->idle = false;
        session->close();
        return true;
    }

    /// While a connection waits for a request, and for the whole of its header.
    class Idle {
    public:
        Idle(std::list<Session*>& idle, Session& session)
            : idle_{idle}, session_{session}, place_{idle.insert(idle.end(), &session)}
        {
            session.idle = true;
        }
        ~Idle()
        {
            if (session_.idle) idle_.erase(place_);
            session_.idle = false;
        }
        Idle(const Idle&) = delete;
        Idle& operator=(const Idle&) = delete;

    private:
        std::list<Session*>& idle_;
        Session& session_;
        const std::list<Session*>::iterator place_;
    };

    net::awaitable<void> serve(tcp::socket socket)
    {
        error_code error;
        const auto peer = socket.remote_endpoint(error);
        if (error) co_return;
        socket.set_option(tcp::no_delay{true}, error);
        Session session{std::move(socket)};
        sessions_.insert(&session);
        struct Leave {
            std::unordered_set<Session*>& sessions;
            Session* session;
            ~Leave() { sessions.erase(session); }
        } const leave{sessions_, &session};
        while (!stopping_ && co_await exchange(session, peer)) {
        }
        co_await close_gently(session);
    }

    /// One request and its answer. False: the connection ends.
    net::awaitable<bool> exchange(Session& session, const tcp::endpoint& peer)
    {
        Parser parser;
        parser.header_limit(max_header);
        parser.body_limit(max_body);
        const auto error = co_await receive(session, parser);
        if (error) {
            auto response = answer_to(error);
            if (response) {
                stamp(*response, request_id_of({}));
                co_await send(session, std::move(*response), 11, false);
            }
            co_return false;
        }
        if (auto response = doubt_about(parser.get())) {
            stamp(*response, request_id_of({}));
            co_await send(session, std::move(*response), parser.get().version(), false);
            co_return false;
        }
        const bool keep_alive = parser.keep_alive();
        auto message = parser.release();
        auto request = request_of(message, peer);
        request.body = std::move(message.body());
        const bool head = request.method == "HEAD";
        const auto id = request.id;
        auto response = co_await answer(session, std::move(request));
        stamp(response, id);
        if (response.stream && !head) {
            co_await stream(session, std::move(response), message.version());
            co_return false;
        }
        response.stream.reset();
        response.omit_body = head;
        co_return co_await send(session, std::move(response), message.version(), keep_alive);
    }

    net::awaitable<error_code> receive_header(Session& session, Parser& parser)
    {
        const Idle idle{idle_, session};
        session.stream.expires_after(settings_.timeout);
        auto [error, size] =
            co_await http::async_read_header(session.stream, session.buffer, parser, resume);
        co_return error;
    }

    net::awaitable<error_code> receive(Session& session, Parser& parser)
    {
        if (const auto error = co_await receive_header(session, parser)) co_return error;
        if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
            const http::response<http::empty_body> go_on{http::status::continue_,
                                                         parser.get().version()};
            auto [error, size] = co_await http::async_write(session.stream, go_on, resume);
            if (error) co_return error;
        }
        session.stream.expires_after(settings_.timeout);
        auto [error, size] =
            co_await http::async_read(session.stream, session.buffer, parser, resume);
        co_return error;
    }

    /// Hands the request to the handler and waits for what it answers.
    net::awaitable<HttpResponse> answer(Session& session, HttpRequest request)
    {
        auto waiting = session.waiting = std::make_shared<Waiting>(io_);
        waiting->timer.expires_after(settings_.answer_timeout);
        handler_(std::move(request), Late{shared_from_this(), waiting});
        co_await waiting->timer.async_wait(resume);
        session.waiting.reset();
        if (waiting->response) co_return std::move(*waiting->response);
        co_return problem(503, "not-ready", "no answer in time; a change may still take effect");
    }

    /// Brings an answer from any thread; keeps the loop, which may have stopped.
    struct Late {
        std::shared_ptr<Loop> loop;
        std::shared_ptr<Waiting> waiting;

        void operator()(HttpResponse response) const
        {
            net::post(loop->io_, [to = waiting, response = std::move(response)]() mutable {
                to->response = std::move(response);
                to->timer.cancel();
            });
        }
    };

    /// False: the connection ends.
    net::awaitable<bool> send(Session& session, HttpResponse response, unsigned version,
                              bool keep_alive)
    {
        counts_->count(response.status);
        const bool head = response.omit_body;
        const auto message = message_of(std::move(response), version, keep_alive);
        session.stream.expires_after(settings_.timeout);
        http::response_serializer<http::string_body> serializer{message};
        serializer.split(head);
        auto [error, size] =
            head ? co_await http::async_write_header(session.stream, serializer, resume)
                 : co_await http::async_write(session.stream, serializer, resume);
        co_return !error && keep_alive;
    }

    /// The header, and then one piece of the body after the other until one side has had enough.
    net::awaitable<void> stream(Session& session, HttpResponse response, unsigned version)
    {
        counts_->count(response.status);
        auto endless = response.stream;
        struct Leave {
            Session& session;
            ~Leave()
            {
                session.endless.reset();
                session.waiting.reset();
            }
        } const leave{session};
        const auto waiting = session.waiting = std::make_shared<Waiting>(io_);
        const auto message = message_of(std::move(response), version, false);
        session.stream.expires_after(settings_.timeout);
        http::response_serializer<http::string_body> serializer{message};
        auto [error, size] = co_await http::async_write_header(session.stream, serializer, resume);
        if (error) co_return;
        session.endless = std::move(endless);
        session.stream.expires_never();
        // A client has nothing more to say: what can be read is its end.
        session.stream.socket().async_wait(tcp::socket::wait_read, [waiting](error_code) {
            waiting->gone = true;
            waiting->timer.cancel();
        });
        while (!stopping_ && !waiting->gone) {
            const auto piece = session.endless->next(std::chrono::steady_clock::now());
            if (!piece.empty()) {
                session.stream.expires_after(settings_.timeout);
                session.writing = true;
                auto [failed, sent] =
                    co_await net::async_write(session.stream, net::buffer(piece), resume);
                session.writing = false;
                if (failed) break;
                session.stream.expires_never();
            } else if (session.endless->over()) {
                break;
            } else {
                waiting->timer.expires_at(session.endless->due());
                co_await waiting->timer.async_wait(resume);
            }
            if (!session.endless) co_return;  // closed meanwhile
        }
        if (stopping_) session.say_farewell();
    }

    /// What the peer still sends is read for a while, so that it can read our last answer before a
    /// reset.
    net::awaitable<void> close_gently(Session& session)
    {
        error_code ignored;
        session.stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
        session.stream.expires_after(linger);
        std::size_t left = 2 * max_body;
        while (!ignored && !stopping_ && left > 0) {
            session.buffer.clear();
            auto [error, size] = co_await session.stream.async_read_some(
                session.buffer.prepare(std::min<std::size_t>(left, 16 * 1024)), resume);
            if (error) break;
            left -= size;
        }
        session.stream.close();
    }

    static constexpr std::chrono::seconds linger{2};

    const ListenerSettings settings_;
    const HttpHandler handler_;
    const std::shared_ptr<StatusCounts> counts_;
    net::io_context io_{1};
    tcp::acceptor acceptor_;
    const std::uint16_t port_;
    std::unordered_set<Session*> sessions_;
    std::list<Session*> idle_;  ///< the longest first
    bool stopping_ = false;
    std::thread thread_;
};

HttpListener::HttpListener(const ListenerSettings& settings, HttpHandler handler,
                           std::shared_ptr<StatusCounts> counts)
    : loop_{std::make_shared<Loop>(settings, std::move(handler), std::move(counts))}
{
}

HttpListener::~HttpListener()
{
    stop();
}

std::uint16_t HttpListener::port() const noexcept
{
    return loop_->port();
}

void HttpListener::start()
{
    loop_->start();
}

void HttpListener::wake()
{
    loop_->wake();
}

void HttpListener::stop()
{
    loop_->stop();
}

}  // namespace lampline::web
