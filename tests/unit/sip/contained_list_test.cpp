// A SUBSCRIBE that contains a list, plain or deflated.
#include "unit/sip/sip_office.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

TEST_CASE("SUBSCRIBE with a list is reported with it, inflated where it comes so (RFC 5367 §3)")
{
    Office office;
    Phone phone{office, "201"};
    const auto sends = [&](std::string_view more, std::string_view body) {
        phone.send_authorised("SUBSCRIBE", uri_of("friends"), address_of("friends"),
                              fmt::format("Event: presence\r\n{}", more), body);
        return office.next<SubscribeReceived>();
    };
    // `<a/>`, by zlib.
    const std::string deflated{"\x78\x9c\xb3\x49\xd4\xb7\x03\x00\x02\xb3\x01\x0b", 12};
    auto request =
        sends("Require: recipient-list-subscribe\r\nContent-Encoding: deflate\r\n", deflated);
    CHECK(request.recipient_list);
    CHECK(body_of(request.payload) == "<a/>");
    CHECK_FALSE(has(request.supported, OptionTag::eventlist));
    request = sends("Content-Disposition: recipient-list;handling=required\r\n", "<a/>");
    CHECK(request.recipient_list);
    CHECK(body_of(request.payload) == "<a/>");
    request = sends("Supported: recipient-list-subscribe\r\n", "<a/>");
    CHECK_FALSE(request.recipient_list);

    const auto damaged = deflated.substr(0, 11);  // is left for who reads it
    CHECK(body_of(sends("Content-Encoding: deflate\r\n", damaged).payload) == damaged);
    for (const auto* encoding : {"gzip", "deflate, gzip"}) {
        phone.send(phone.request(
            "SUBSCRIBE", uri_of("friends"), address_of("friends"), ++phone.cseq,
            fmt::format("Event: presence\r\nContent-Encoding: {}\r\n", encoding), "x"));
        const auto answer = phone.receive();
        CHECK(answer.status() == 415);
        CHECK(answer["Accept-Encoding"] == "deflate, identity");
    }
}
