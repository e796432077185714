#include "web/server.hpp"

#include "web/dispatcher.hpp"
#include "web/http_listener.hpp"

namespace lampline::web {

class Server::House {
public:
    House(const ServerSettings& settings, db::DatabaseThread& database, ExchangeDoor exchange)
        : events_{std::make_shared<EventHub>(settings.events)},
          dispatcher_{
              std::make_shared<Dispatcher>(database, std::move(exchange), counts_, events_)},
          listener_{{settings.address, settings.port, settings.max_connections, settings.timeout,
                     settings.answer_timeout},
                    [this](HttpRequest request, HttpAnswer answer) {
                        dispatcher_->handle(std::move(request), std::move(answer));
                    },
                    counts_}
    {
        events_->on_news([this] { listener_.wake(); });
        events_->on_token_check(
            [dispatcher = std::weak_ptr{dispatcher_}](std::vector<admin::Bearer> bearers) {
                if (const auto alive = dispatcher.lock()) alive->check_streams(std::move(bearers));
            });
    }

    [[nodiscard]] HttpListener& listener() noexcept { return listener_; }
    [[nodiscard]] EventHub& events() noexcept { return *events_; }

    void stop()
    {
        dispatcher_->close();
        listener_.stop();
    }

private:
    const std::shared_ptr<StatusCounts> counts_ = std::make_shared<StatusCounts>();
    const std::shared_ptr<EventHub> events_;
    const std::shared_ptr<Dispatcher> dispatcher_;
    HttpListener listener_;
};

Server::Server(ServerSettings settings, db::DatabaseThread& database, ExchangeDoor exchange)
    : house_{std::make_unique<House>(settings, database, std::move(exchange))}
{
}

Server::~Server()
{
    stop();
}

std::uint16_t Server::port() const noexcept
{
    return house_->listener().port();
}

EventHub& Server::events() noexcept
{
    return house_->events();
}

void Server::start()
{
    house_->listener().start();
}

void Server::stop()
{
    house_->stop();
}

}  // namespace lampline::web
