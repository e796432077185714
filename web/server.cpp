#include "web/server.hpp"

#include "web/dispatcher.hpp"
#include "web/http_listener.hpp"

namespace lampline::web {

class Server::House {
public:
    House(const ServerSettings& settings, db::DatabaseThread& database, admin::Publisher publisher,
          LiveViewSource live_view, RouteSource route)
        : dispatcher_{std::make_shared<Dispatcher>(
              database, std::move(publisher), std::move(live_view), std::move(route), counts_)},
          listener_{{settings.address, settings.port, settings.max_connections, settings.timeout,
                     settings.answer_timeout},
                    [this](HttpRequest request, HttpAnswer answer) {
                        dispatcher_->handle(std::move(request), std::move(answer));
                    },
                    counts_}
    {
    }

    [[nodiscard]] HttpListener& listener() noexcept { return listener_; }

    void stop()
    {
        dispatcher_->close();
        listener_.stop();
    }

private:
    const std::shared_ptr<StatusCounts> counts_ = std::make_shared<StatusCounts>();
    const std::shared_ptr<Dispatcher> dispatcher_;
    HttpListener listener_;
};

Server::Server(ServerSettings settings, db::DatabaseThread& database, admin::Publisher publisher,
               LiveViewSource live_view, RouteSource route)
    : house_{std::make_unique<House>(settings, database, std::move(publisher),
                                     std::move(live_view), std::move(route))}
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

void Server::start()
{
    house_->listener().start();
}

void Server::stop()
{
    house_->stop();
}

}  // namespace lampline::web
