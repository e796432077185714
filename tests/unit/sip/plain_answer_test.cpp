// Answers to NOTIFYs that are taken before the stack parses them: what is told of them is what is
// told of those that it parses.
#include "sip/plain_answer.hpp"

#include "sip/stack_sockets.hpp"
#include "sip_office.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

namespace {

constexpr std::string_view notify_head{
    "NOTIFY sip:201@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
    "192.0.2.9:5060;branch=z9hG4bKlightN1.s;rport\r\nMax-Forwards: 70\r\n"
    "From: <sip:207@office.test>;tag=ours\r\nTo: <sip:201@office.test>;tag=theirs\r\n"
    "Call-ID: one\r\nCSeq: 7 NOTIFY\r\nContact: <sip:207@192.0.2.9>\r\n\r\n"};

/// A 200 to that, with these header lines in place of those that begin alike, or beside them.
std::string answer(std::vector<std::string> lines = {}, std::string_view start = "SIP/2.0 200 OK")
{
    std::string text{start};
    text += "\r\n";
    for (const std::string line :
         {"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKlightN1.s;rport=5060",
          "From: <sip:207@office.test>;tag=ours", "To: <sip:201@office.test>;tag=theirs",
          "Call-ID: one", "CSeq: 7 NOTIFY", "User-Agent: a phone; of 2020, say",
          "Contact: <sip:201@192.0.2.1>", "Content-Length: 0"}) {
        const auto name = line.substr(0, line.find(':'));
        const auto other = std::ranges::find_if(
            lines, [&](const std::string& each) { return each.starts_with(name); });
        if (other == lines.end()) {
            text += line + "\r\n";
            continue;
        }
        text += *other + "\r\n";
        lines.erase(other);
    }
    for (const auto& line : lines) text += line + "\r\n";
    return text + "\r\n";
}

bool is_plain(std::string_view text)
{
    const auto read = read_plain_answer(text);
    return read && read->branch() == "z9hG4bKlightN1.s" && read->echoes(notify_head);
}

}  // namespace

TEST_CASE("a 2xx that echoes its NOTIFY and says no more is plain")
{
    CHECK(is_plain(answer()));
    CHECK(read_plain_answer(answer())->status == 200);
    CHECK(read_plain_answer(answer({}, "SIP/2.0 202 Accepted"))->status == 202);
    CHECK(is_plain(answer({}, "SIP/2.0 200 ")));
    CHECK(is_plain(answer({"Via: SIP/2.0/UDP 192.0.2.9:5060;rport=5060;received=192.0.2.9"
                           ";branch=z9hG4bKlightN1.s"})));
    CHECK(is_plain(answer({"Allow: INVITE, ACK", "Supported: timer,replaces", "Server: x"})));
    CHECK(is_plain(answer({"Call-ID:one"})));
}

TEST_CASE("what says more than that a NOTIFY has arrived, or says it in another way, is not plain")
{
    for (const auto& line : std::vector<std::string>{
             "To: <sip:201@office.test>;tag=another", "From: <sip:207@office.test>",
             "From: \"A\" <sip:207@office.test>;tag=ours", "Call-ID: two", "CSeq: 8 NOTIFY",
             "CSeq: 7 INVITE", "Retry-After: 5", "Content-Length: 4", "Content-Type: text/plain",
             "Require: x", "Record-Route: <sip:192.0.2.4;lr>", "Via: SIP/2.0/UDP 192.0.2.9:5060",
             "Via: SIP/2.0/TCP 192.0.2.9:5060;branch=z9hG4bKlightN1.s",
             "Via: SIP/2.0/UDP 192.0.2.8:5060;branch=z9hG4bKlightN1.s",
             "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKlightN1.sx",
             "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKlightN1.s, SIP/2.0/UDP 192.0.2.1",
             "Server: a\r\n folded", "Server: a\nb", "no header", ""}) {
        CAPTURE(line);
        CHECK_FALSE(is_plain(answer({line})));
    }
    CHECK_FALSE(is_plain(answer({"From: <sip:207@office.test>;tag=ours",
                                 "From: <sip:207@office.test>;tag=ours"})));
    for (const auto* start : {"SIP/2.0 180 Ringing", "SIP/2.0 481 Gone", "SIP/2.0 2", "SIP/2.0 2000 X",
                              "SIP/2.0 20 X", "SIP/3.0 200 OK", "NOTIFY sip:a SIP/2.0"})
        CHECK_FALSE(is_plain(answer({}, start)));
    const auto whole = answer();
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_FALSE(is_plain(std::string_view{whole}.substr(0, size)));
    CHECK_FALSE(is_plain(whole + "x"));
    CHECK_FALSE(read_plain_answer(answer())->echoes(""));
}

namespace {

struct Told {
    bool answered = false;
    unsigned status = 0;
    std::chrono::seconds retry_after{};
    bool generated = false;

    friend bool operator==(const Told&, const Told&) = default;
};

/// What is told of a NOTIFY that a phone answers so.
template <class Answer>
Told told(const Answer& answer, bool parses)
{
    Office office;
    Phone watcher{office, "201"};
    auto dialog = std::make_shared<NotifyDialog>();
    dialog->call_id = watcher.call_id;
    dialog->from = "<sip:207@office.test>;tag=ours";
    dialog->to = "<sip:201@office.test>;tag=theirs";
    dialog->contact = "207";
    dialog->event = "dialog";
    dialog->request_uri = watcher.contact();
    dialog->flow = watcher.flow();
    SendNotify notify;
    notify.subscription = SubscriptionId{9};
    notify.dialog = std::move(dialog);
    notify.cseq = 5;
    notify.subscription_state = "active;expires=3599";
    if (parses) offer_datagrams_to(nullptr);
    office.run(std::move(notify));
    const auto request = watcher.receive();
    const auto before = office.endpoint.counters().responses_received;
    answer(watcher, request);
    Told told;
    if (!office.until([&] { return !office.inputs.empty(); }, 150ms)) return told;
    const auto input = office.next<NotifyAnswered>();
    CHECK(input.cseq == 5);
    CHECK(office.endpoint.counters().responses_received == before + 1);
    CHECK(office.inputs.empty());
    told = {true, input.status, input.retry_after, input.generated};
    return told;
}

}  // namespace

TEST_CASE("what is told of an answer is the same whether the stack parses it or not")
{
    const auto same = [](const auto& answer) {
        const auto parsed = told(answer, true);
        CHECK(told(answer, false) == parsed);
        return parsed;
    };
    CHECK(same([](Phone& phone, const Message& notify) { phone.reply(notify, 200, "OK"); }).status == 200);
    CHECK(same([](Phone& phone, const Message& notify) { phone.reply(notify, 202, "Yes"); }).status == 202);
    CHECK(same([](Phone& phone, const Message& notify) {
              phone.reply(notify, 200, "OK", "Retry-After: 7\r\n");
          }).retry_after == 7s);
    CHECK(same([](Phone& phone, const Message& notify) { phone.reply(notify, 481, "No"); }).status == 481);
    CHECK(same([](Phone& phone, const Message& notify) {
              phone.reply(notify, 200, "OK", "", "a body\r\n");
          }).status == 200);
    const auto in_place = [&](std::string_view name, std::string_view value) {
        return same([&](Phone& phone, Message notify) {
            for (auto& header : notify.headers)
                if (header.first == name) header.second = value;
            phone.reply(notify, 200, "OK");
        });
    };
    CHECK(in_place("To", "<sip:201@office.test>;tag=another").answered);
    CHECK(in_place("From", "sip:207@office.test;tag=ours").answered);
    CHECK_FALSE(in_place("CSeq", "4 NOTIFY").answered);
    CHECK_FALSE(in_place("Via", "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKlightN9.0;rport").answered);
}
