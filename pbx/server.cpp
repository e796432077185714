#include "server.hpp"

#include <cstdio>
#include <system_error>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/exit_code.hpp"
#include "db/folder_lock.hpp"
#include "exchange_thread.hpp"
#include "signal_thread.hpp"
#include "web/server.hpp"

namespace lampline {

int serve(const ServeSettings& settings)
try {
    std::filesystem::create_directories(settings.data_directory);
    const db::FolderLock lock{settings.data_directory};
    auto database = std::make_unique<db::Database>(settings.database_file(), settings.domain);
    const auto domain = database->domain();
    auto found = read_database(*database);
    const auto directory_size = found.directory->extension_count();
    db::DatabaseThread database_thread{std::move(database), {.chore = pruning(settings)}};

    ExchangeThread exchange{settings, domain, std::move(found), database_thread};
    web::Server web_server{
        {.address = settings.http.host, .port = settings.http.port},
        database_thread,
        {.publish =
             [&](DirectoryRef directory, std::function<void()> applied) {
                 exchange.publish(std::move(directory), std::move(applied));
             },
         .view = [&](std::function<void(LiveViewRef)> answer) { exchange.show(std::move(answer)); },
         .lamp =
             [&](LampQuestion question, std::function<void(LampAccountRef)> answer) {
                 exchange.explain(std::move(question), std::move(answer));
             },
         .route =
             [&](RouteTest test, std::function<void(RouteExplanationRef)> answer) {
                 exchange.decide(std::move(test), std::move(answer));
             },
         .order =
             [&](CallOrder order, std::function<void(OrderAnswerRef)> answer) {
                 exchange.carry_out(std::move(order), std::move(answer));
             },
         .messages =
             [&](CallRecordId record, std::function<void(SipTraceRef)> answer) {
                 exchange.show_messages(record, std::move(answer));
             }}};
    exchange.show_changes_to(web_server.events());
    web_server.start();
    const SignalThread signals{[&](int number) { exchange.signal(number); }};

    const auto bracketed = [](const std::string& host) {
        return host.find(':') == std::string::npos ? host : '[' + host + ']';
    };
    for (const auto& address : exchange.listening())
        fmt::print("listening sip {} {}:{}\n", name(address.transport), bracketed(address.host),
                   address.port);
    fmt::print("listening http {}:{}\n", bracketed(settings.http.host), web_server.port());
    std::fflush(stdout);
    spdlog::info("{} is open: {} extensions", domain, directory_size);

    exchange.run();
    spdlog::info("stopped");
    return static_cast<int>(ExitCode::ok);
} catch (const std::filesystem::filesystem_error&) {
    throw;  // a system_error too, but of the data folder
} catch (const sip::CannotBind& error) {
    fmt::print(stderr, "lampline: {}\n", error.what());
    return static_cast<int>(ExitCode::cannot_bind);
} catch (const std::system_error& error) {
    fmt::print(stderr, "lampline: {}\n", error.what());
    return static_cast<int>(ExitCode::cannot_bind);
}

}  // namespace lampline
