#include <netinet/tcp.h>
#include <set>

#include "core/subscription.hpp"
#include "sip/tcp_repetition.hpp"
#include "sip_office.hpp"
#include "stack_clock.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

namespace {

SendNotify notify_to(const Phone& watcher, std::uint64_t subscription, std::uint32_t cseq,
                     ConnectionId connection = {})
{
    auto dialog = std::make_shared<NotifyDialog>();
    dialog->call_id = watcher.call_id;
    dialog->from = "<sip:207@office.test>;tag=ours";
    dialog->to = "<sip:201@office.test>;tag=theirs";
    dialog->contact = "207";
    dialog->event = "dialog;id=7";
    dialog->request_uri = watcher.contact() + ";line=3";
    dialog->flow = watcher.flow(connection);
    SendNotify command;
    command.subscription = SubscriptionId{subscription};
    command.dialog = std::move(dialog);
    command.cseq = cseq;
    command.subscription_state = "active;expires=3599";
    command.content_type = "application/dialog-info+xml";
    command.body_head = std::make_shared<const std::string>("<dialog-info version=\"");
    command.version = 41;
    command.body_tail = std::make_shared<const std::string>("\"/>");
    return command;
}

/// A phone on TCP that watches; its connection.
ConnectionId watch(Office& office, Phone& watcher)
{
    watcher.send_authorised("SUBSCRIBE", uri_of("202"), address_of("202"), "Event: dialog\r\n");
    const auto subscribed = office.next<SubscribeReceived>();
    office.run(Reply{.transaction = subscribed.transaction, .status = 200, .local_tag = "ours"});
    CHECK(watcher.receive().status() == 200);
    return subscribed.source.connection;
}

/// How many connections of this process have times of ours for their repetitions.
int hastened()
{
    int count = 0;
    for (int fd = 0; fd < 1024; ++fd) {
        int timeout = 0;
        socklen_t length = sizeof timeout;
        if (getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, &length) == 0 && timeout > 0)
            ++count;
    }
    return count;
}

/// The socket in this process of a connection to that port.
int descriptor_towards(std::uint16_t port)
{
    for (int fd = 3; fd < 1024; ++fd) {
        sockaddr_in peer{};
        socklen_t length = sizeof peer;
        if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0 &&
            peer.sin_family == AF_INET && ntohs(peer.sin_port) == port)
            return fd;
    }
    return -1;
}

}  // namespace

TEST_CASE("a NOTIFY says what the command says (RFC 6665 §4.2.2)")
{
    Office office;
    Phone watcher{office, "201"};
    auto command = notify_to(watcher, 1, 18);
    office.run(std::move(command));
    const auto notify = watcher.receive();
    CHECK(notify.first_line == fmt::format("NOTIFY {};line=3 SIP/2.0", watcher.contact()));
    CHECK(notify["Via"].starts_with(
        fmt::format("SIP/2.0/UDP 127.0.0.1:{};branch=z9hG4bK", office.port(Transport::udp))));
    CHECK(notify["Max-Forwards"] == "70");
    CHECK(notify["From"] == "<sip:207@office.test>;tag=ours");
    CHECK(notify["To"] == "<sip:201@office.test>;tag=theirs");
    CHECK(notify["Call-ID"] == watcher.call_id);
    CHECK(notify["CSeq"] == "18 NOTIFY");
    CHECK(notify["Contact"] == fmt::format("<sip:207@127.0.0.1:{}>", office.port(Transport::udp)));
    CHECK(notify["Event"] == "dialog;id=7");
    CHECK(notify["Subscription-State"] == "active;expires=3599");
    CHECK(notify["Content-Type"] == "application/dialog-info+xml");
    CHECK(notify.body == "<dialog-info version=\"41\"/>");
    CHECK(notify["Content-Length"] == std::to_string(notify.body.size()));
    watcher.reply(notify, 200, "OK");
    const auto answered = office.next<NotifyAnswered>();
    CHECK(answered.subscription == SubscriptionId{1});
    CHECK(answered.cseq == 18);
    CHECK(answered.status == 200);
    CHECK(!answered.generated);
}

TEST_CASE("a NOTIFY without body has none, and no type")
{
    Office office;
    Phone watcher{office, "201"};
    auto command = notify_to(watcher, 1, 1);
    command.content_type.clear();
    command.body_head = nullptr;
    command.body_tail = nullptr;
    office.run(std::move(command));
    const auto notify = watcher.receive();
    CHECK(notify["Content-Type"].empty());
    CHECK(notify["Content-Length"] == "0");
}

TEST_CASE("an unanswered NOTIFY is repeated with doubling intervals, then given up as 408 (RFC "
          "3261 §17.1.2.2)")
{
    Office office;  // T1 30 ms, T2 120 ms, 64*T1 600 ms: sent at 0, 30, 90, 210, 330, 450, 570
    Phone watcher{office, "201"};
    const auto started = std::chrono::steady_clock::now();
    office.run(notify_to(watcher, 1, 5));
    std::set<std::string> branches;
    int sent = 0;
    while (office.inputs.empty()) {
        if (watcher.receives_nothing_for(20ms)) continue;
        branches.insert(watcher.receive()["Via"]);
        ++sent;
    }
    const auto elapsed = std::chrono::steady_clock::now() - started;
    const auto gone = office.next<NotifyAnswered>();
    CHECK(gone.status == 408);
    CHECK(gone.generated);
    CHECK(branches.size() == 1);
    CHECK(sent >= 3);  // who is held up merges some
    CHECK(sent <= 7);
    CHECK(elapsed >= 600ms);
    CHECK(office.endpoint.counters().notifies_timed_out == 1);
    office.stays_silent(200ms);
}

TEST_CASE("an answer ends the repetitions, and only the right answer does")
{
    Office office;
    Phone watcher{office, "201"};
    office.run(notify_to(watcher, 1, 5));
    const auto notify = watcher.receive();
    auto forged = notify;
    for (auto& [key, value] : forged.headers)
        if (key == "Via") value.replace(value.find(";rport") - 4, 4, "ffff");
    watcher.reply(forged, 481, "Subscription Does Not Exist");
    office.stays_silent(10ms);
    watcher.reply(notify, 100, "Trying");
    office.stays_silent(10ms);
    watcher.reply(notify, 503, "Service Unavailable", "Retry-After: 12\r\n");
    const auto answered = office.next<NotifyAnswered>();
    CHECK(answered.status == 503);
    CHECK(answered.retry_after == 12s);
    watcher.reply(notify, 200, "OK");  // a repeated answer
    office.stays_silent(150ms);
    while (!watcher.receives_nothing_for(150ms)) CHECK(watcher.receive()["CSeq"] == "5 NOTIFY");
}

TEST_CASE(
    "a later NOTIFY of a subscription replaces the one under way, and a forgotten one is silent")
{
    Office office;
    Phone watcher{office, "201"};
    office.run(notify_to(watcher, 1, 5));
    const auto first = watcher.receive();
    office.run(notify_to(watcher, 1, 6));
    auto second = watcher.receive();
    while (second["CSeq"] != "6 NOTIFY") second = watcher.receive();
    watcher.reply(first, 200, "OK");
    office.stays_silent(10ms);
    office.run(ForgetNotify{SubscriptionId{1}});
    office.stays_silent(700ms);
}

TEST_CASE("a NOTIFY goes over the connection of its watcher, and fails when that breaks")
{
    Office office;
    Phone watcher{office, "201", Transport::tcp};
    const auto connection = watch(office, watcher);
    REQUIRE(connection);
    office.run(notify_to(watcher, 1, 1, connection));
    const auto notify = watcher.receive();
    CHECK(notify.body == "<dialog-info version=\"41\"/>");
    CHECK(notify["Via"].starts_with(
        fmt::format("SIP/2.0/TCP 127.0.0.1:{};", office.port(Transport::tcp))));
    CHECK(notify.all("Via").size() == 1);
    watcher.reply(notify, 200, "OK");
    CHECK(office.next<NotifyAnswered>().status == 200);
    office.run(notify_to(watcher, 1, 2, connection));
    CHECK(watcher.receive()["CSeq"] == "2 NOTIFY");
    watcher.hang_up();
    const auto failed = office.next<NotifyAnswered>();
    CHECK(failed.status == 503);
    CHECK(failed.generated);
    CHECK(office.next<ConnectionClosed>().connection == connection);
}

TEST_CASE("without a connection one is opened to the watcher's contact, with one Via")
{
    Office office;
    Socket listener{socket(AF_INET, SOCK_STREAM, 0)};
    const auto port = bind_loopback(listener.fd());
    listen(listener.fd(), 1);
    Phone address_only{office, "201", Socket{::dup(listener.fd())}, port};
    auto command = notify_to(address_only, 1, 1);
    office.run(std::move(command));
    int accepted = -1;
    REQUIRE(
        office.until([&] { return (accepted = accept(listener.fd(), nullptr, nullptr)) >= 0; }));
    Phone watcher{office, "201", Socket{accepted}, port};
    const auto notify = watcher.receive();
    CHECK(notify.all("Via").size() == 1);
    CHECK(notify["Via"].starts_with("SIP/2.0/TCP"));
    watcher.reply(notify, 200, "OK");
    CHECK(office.next<NotifyAnswered>().status == 200);
}

TEST_CASE("who acknowledges nothing is repeated to in time, and keeps its connection")
{
    Office office;
    Phone watcher{office, "201", Transport::tcp};
    const auto connection = watch(office, watcher);
    lose_all(watcher.fd(), true);
    office.run(notify_to(watcher, 1, 1, connection));
    CHECK(office.until([] { return hastened() == 1; }));
    CHECK(office.next<NotifyAnswered>().status == 408);
    lose_all(watcher.fd(), false);
    CHECK(watcher.receive()["CSeq"] == "1 NOTIFY");
    CHECK(office.until([] { return hastened() == 0; }));
    CHECK(office.inputs.empty());
}

TEST_CASE("a connection is looked at after each thing that the stack writes to it, and only then")
{
    Office office;
    StackClock clock;
    Phone watcher{office, "201", Transport::tcp};
    const auto connection = watch(office, watcher);
    const auto looks = [&] {
        office.until([] { return false; }, 2 * TcpRepetition::interval + 200ms);
    };
    looks();
    lose_all(watcher.fd(), true);
    SUBCASE("a NOTIFY")
    {
        office.run(notify_to(watcher, 1, 1, connection));
        CHECK(office.until([] { return hastened() == 1; }));
    }
    SUBCASE("the answer to what it keeps the connection alive with")
    {
        watcher.send("\r\n\r\n");
        CHECK(office.until([] { return hastened() == 1; }));
    }
    SUBCASE("what we keep it alive with")
    {
        clock.pass(121s);
        CHECK(office.until([] { return hastened() == 1; }));
    }
    SUBCASE("nothing; this here is written past the stack")
    {
        REQUIRE(::send(descriptor_towards(watcher.port()), "\r\n", 2, MSG_NOSIGNAL) == 2);
        looks();
        CHECK(hastened() == 0);
    }
}

TEST_CASE("a connection to who is out of reach is tried again in time")
{
    Office office;
    Socket listener{socket(AF_INET, SOCK_STREAM, 0)};
    const auto port = bind_loopback(listener.fd());
    listen(listener.fd(), 1);
    lose_all(listener.fd(), true);
    const Phone address_only{office, "201", Socket{::dup(listener.fd())}, port};
    office.run(notify_to(address_only, 1, 1));
    CHECK(office.until([] { return hastened() == 1; }));
    lose_all(listener.fd(), false);
    int accepted = -1;
    REQUIRE(office.until([&] { return (accepted = accept(listener.fd(), nullptr, nullptr)) >= 0; },
                         10s));
    const Socket connection{accepted};
    CHECK(office.until([] { return hastened() == 0; }));
}

TEST_CASE("a watcher on TCP that is not there fails at once or after timer F, but it fails")
{
    Office office;
    Phone nobody{office, "201"};
    auto command = notify_to(nobody, 1, 1);
    auto dialog = *command.dialog;
    dialog.flow = {Transport::tcp, "127.0.0.1", 1, {}, 1};
    dialog.request_uri = "sip:201@127.0.0.1:1;transport=tcp";
    command.dialog = std::make_shared<const NotifyDialog>(dialog);
    office.run(std::move(command));
    CHECK(office.next<NotifyAnswered>().generated);
}

TEST_CASE(
    "a thousand watchers at once: each gets its own, each answer is its own, losses are made good")
{
    auto settings = Office::quick();
    settings.t1 = 100ms;
    settings.t2 = 400ms;
    settings.t1x64 = 6400ms;
    Office office{settings};
    Phone watcher{office, "201"};  // its receive buffer holds some hundred
    for (std::uint64_t id = 1; id <= 1000; ++id) office.endpoint.run(notify_to(watcher, id, 9));
    office.endpoint.flush();
    std::set<std::uint64_t> answered;
    const auto all_answered = [&] {
        for (; !office.inputs.empty(); office.inputs.pop_front()) {
            const auto& input = std::get<NotifyAnswered>(office.inputs.front());
            CHECK(input.status == 200);
            CHECK(answered.insert(input.subscription.value).second);
        }
        if (!watcher.receives_nothing_for(0ms)) watcher.reply(watcher.receive(), 200, "OK");
        return answered.size() == 1000;
    };
    CHECK(office.until(all_answered, 10s));
}

TEST_CASE("no more NOTIFYs than allowed are under way to one peer; the others follow the answers")
{
    auto settings = Office::quick();
    settings.limits.notifies_per_peer = 3;
    settings.t1 = 500ms;
    settings.t2 = 500ms;
    settings.t1x64 = 5s;
    Office office{settings};
    Phone watcher{office, "201"};
    for (std::uint64_t id = 1; id <= 7; ++id) office.run(notify_to(watcher, id, 1));
    std::deque<Message> waiting;
    for (int i = 0; i < 3; ++i) waiting.push_back(watcher.receive());
    CHECK(watcher.receives_nothing_for(50ms));
    for (int answered = 0; answered < 7; ++answered) {
        watcher.reply(waiting.front(), 200, "OK");
        waiting.pop_front();
        office.next<NotifyAnswered>();
        if (answered < 4) waiting.push_back(watcher.receive());
    }
    CHECK(waiting.empty());
}

TEST_CASE("a header is no larger than the domain reckons with, and not much smaller")
{
    Office office;
    Phone watcher{office, "201"};
    auto command = notify_to(watcher, 1, 4'294'967'295);
    command.subscription_state = "terminated;reason=noresource";
    const auto reckoned = header_size(*command.dialog);
    office.run(std::move(command));
    const auto notify = watcher.receive();
    std::size_t written = notify.first_line.size() + 4;  // with the empty line
    for (const auto& [name, value] : notify.headers) written += name.size() + value.size() + 4;
    CHECK(written <= reckoned);
    CHECK(reckoned <= written + 70);
}

TEST_CASE("a NOTIFY that does not fit into a datagram is sent all the same, and counted")
{
    Office office;
    Phone watcher{office, "201"};
    auto command = notify_to(watcher, 1, 1);
    command.body_tail = std::make_shared<const std::string>(std::string(1500, ' '));
    office.run(std::move(command));
    const auto notify = watcher.receive();
    CHECK(notify.body.size() > 1500);
    CHECK(office.endpoint.counters().notifies_fragmented == 1);
    watcher.reply(notify, 200, "OK");
    CHECK(office.next<NotifyAnswered>().status == 200);
}
