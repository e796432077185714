// What becomes of a subscription to an event package by what its phone answers, and by what becomes
// of the way there.
#include "unit/engine/event_office.hpp"

using namespace lampline;
using namespace lampline::test;
using std::chrono::seconds;

namespace {

/// Of 201 and 202, who have `fresh` messages each.
DirectoryRef messages(unsigned fresh)
{
    std::vector<Extension> extensions;
    for (const char* number : {"201", "202"}) {
        extensions.push_back({number, {}, {}, {}});
        extensions.back().messages = MessageCounts{.fresh = fresh};
    }
    return std::make_shared<const Directory>("office.test", std::move(extensions),
                                             std::vector<Group>{}, Numbering{},
                                             std::vector<BodyProfile>{});
}

class MessageOffice : public EventOffice {
public:
    MessageOffice() : EventOffice{messages(1)} {}

    /// Its own messages. The first NOTIFY is answered.
    SubscribeReceived subscribed(const EventPhone& phone, std::vector<std::string> route = {})
    {
        auto request = subscribe(phone, EventPackage::message_summary, phone.number, ++cseq_);
        request.record_route = std::move(route);
        request.parties.to_tag = receives(request).local_tag;
        answers(notified(), 200);
        return request;
    }
    SendNotify notified()
    {
        REQUIRE_FALSE(notifies.empty());
        auto notify = notifies.front();
        notifies.pop_front();
        return notify;
    }

private:
    std::uint32_t cseq_ = 0;
};

bool counts(const SendNotify& notify, const std::string& fresh)
{
    return notify.body_head->find("Voice-Message: " + fresh + "/0") != std::string::npos;
}

const EventPhone desk{"201"}, other{"202"};

}  // namespace

TEST_CASE("RFC 6665 §4.2.2: which answers end a subscription to a package")
{
    struct Row {
        unsigned status;
        seconds retry_after;
        bool ends;
    };
    for (const Row& row :
         {Row{200, {}, false}, Row{408, {}, false}, Row{491, {}, false}, Row{500, {}, false},
          Row{500, seconds{20}, false}, Row{480, seconds{20}, false}, Row{405, {}, true},
          Row{481, {}, true}, Row{481, seconds{20}, true}, Row{489, {}, true}, Row{501, {}, true},
          Row{603, {}, true}}) {
        CAPTURE(row.status);
        MessageOffice office;
        office.subscribed(desk);
        office.configures(messages(2));
        office.answers(office.notified(), row.status, row.retry_after);
        CHECK(office.subscriptions().empty() == row.ends);
        CHECK(office.storage.empty() == row.ends);
        office.configures(messages(3));
        office.passes(seconds{60});
        CHECK(office.notifies.empty() == row.ends);
    }
}

TEST_CASE("a proxy that has no way to the phone ends no subscription to a package")
{
    for (const unsigned status : {404U, 410U, 430U, 477U, 478U, 503U}) {
        CAPTURE(status);
        MessageOffice office;
        office.subscribed(desk, {"<sip:198.51.100.1;lr>"});
        office.configures(messages(2));
        for (const int pause : {1, 2, 4, 4}) {
            office.answers(office.notified(), status);
            office.passes(seconds{pause} - std::chrono::milliseconds{1});
            CHECK(office.notifies.empty());
            office.passes(std::chrono::milliseconds{1});
        }
        CHECK(counts(office.notified(), "2"));
        CHECK(office.subscriptions().size() == 1);
    }
    MessageOffice office;  // the phone itself, which the proxy lets through
    office.subscribed(desk, {"<sip:198.51.100.1;lr>"});
    office.configures(messages(2));
    office.answers(office.notified(), 481);
    CHECK(office.subscriptions().empty());
}

TEST_CASE("what a phone refuses for now it is told when it has waited, or has registered")
{
    MessageOffice office;
    for (const auto& phone : {desk, other}) office.subscribed(phone);
    office.configures(messages(2));
    for (int at = 0; at < 2; ++at) {
        const auto refused = office.notified();
        CHECK(counts(refused, "2"));
        office.answers(refused, 500, seconds{20});
    }
    office.configures(messages(3));
    office.passes(seconds{19});
    CHECK(office.notifies.empty());
    office.registers(desk, 1);
    const auto back = office.notified();
    CHECK(back.dialog->to.find("201") != std::string::npos);
    CHECK(counts(back, "3"));
    office.answers(back, 200);
    CHECK(office.notifies.empty());
    office.passes(seconds{1});
    const auto waited = office.notified();
    CHECK(waited.dialog->to.find("202") != std::string::npos);
    CHECK(counts(waited, "3"));
    office.answers(waited, 200);
    office.passes(seconds{60});
    CHECK(office.notifies.empty());
    for (const auto& one : office.subscriptions()) CHECK_FALSE(one.waiting);
}

TEST_CASE("a phone that nobody hears is asked after 1 s, 2 s and then every 4 s")
{
    MessageOffice office;
    office.subscribed(desk);
    office.configures(messages(2));
    for (const int pause : {1, 2, 4, 4}) {
        office.answers(office.notified(), 408);
        office.passes(seconds{pause} - std::chrono::milliseconds{1});
        CHECK(office.notifies.empty());
        office.passes(std::chrono::milliseconds{1});
    }
    office.answers(office.notified(), 200);
    office.passes(seconds{60});
    CHECK(office.notifies.empty());
}

TEST_CASE("what is told unasked again goes over no connection that has closed")
{
    MessageOffice office;
    const EventPhone phone{"201", 5060, ConnectionId{77}};
    office.registers(phone, 1);
    const auto unasked = office.notified();
    CHECK(unasked.dialog->flow.connection == ConnectionId{77});
    office.answers(unasked, 200);
    auto request = office.subscribed(phone);
    office.closes(ConnectionId{77});
    request.cseq += 1;
    request.expires = seconds{0};
    CHECK(office.receives(request).status == 200);
    CHECK(office.notified().subscription_state == "terminated;reason=timeout");
    const auto again = office.notified();
    CHECK(again.dialog->flow.transport == Transport::tcp);
    CHECK_FALSE(again.dialog->flow.connection);
}
