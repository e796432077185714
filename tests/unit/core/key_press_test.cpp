#include "core/key_press.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace lampline;

namespace {

std::string response(std::string_view attributes)
{
    return "<?xml version=\"1.0\"?><kpml-response xmlns=\"urn:ietf:params:xml:ns:kpml-response\" "
           "version=\"1.0\" " +
           std::string{attributes} + "/>";
}

}  // namespace

TEST_CASE("keys in INFO, as phones write them")
{
    const auto relay = parse_info_key("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n");
    REQUIRE(relay);
    CHECK(relay->key == '5');
    CHECK(relay->held == std::chrono::milliseconds{160});
    CHECK(
        parse_info_key("application/dtmf-relay; charset=utf-8", "Signal= #\nDuration= 3000")->key ==
        '#');
    CHECK(parse_info_key("Application/DTMF", "*\r\n")->key == '*');
    CHECK(parse_info_key("application/dtmf", "11")->key == '#');
    CHECK(parse_info_key("application/dtmf", "a")->key == 'A');
    for (const auto* body : {"", "5 5", "x", "Signal=", "Signal=55", "Duration=160"})
        CHECK_FALSE(parse_info_key("application/dtmf-relay", body));
    CHECK_FALSE(parse_info_key("text/plain", "5"));
    CHECK(is_info_key("application/dtmf;q=1"));
    CHECK_FALSE(is_info_key("application/dtmf-relay+xml"));
}

TEST_CASE("what is watched is written as RFC 4730 §5.1 has it")
{
    const std::array patterns{KeyWatch::Pattern{"L#", "back"}};
    const auto text = write(KeyWatch{
        .once = true, .long_press = std::chrono::milliseconds{1500}, .patterns = patterns});
    CHECK(text.find("<kpml-request xmlns=\"urn:ietf:params:xml:ns:kpml-request\" version=\"1.0\">"
                    "<pattern persist=\"one-shot\" long=\"1500\"><regex tag=\"back\">L#</regex>"
                    "</pattern></kpml-request>") != std::string::npos);
}

TEST_CASE("a report of keys is read, with its namespace or without")
{
    const auto report =
        parse_key_report(response(R"(code="200" text="OK" digits="20*" tag="key")"));
    REQUIRE(report);
    CHECK(report->code == 200);
    CHECK(report->digits == "20*");
    CHECK(report->tag == "key");
    CHECK(parse_key_report("<kpml-response version=\"1.0\" code=\"423\" digits=\"7\"/>")->code ==
          423);
    CHECK(parse_key_report(response(R"(code="487")"))->digits.empty());
}

TEST_CASE("a report that cannot be trusted is none")
{
    CHECK_FALSE(parse_key_report(""));
    CHECK_FALSE(parse_key_report("5"));
    CHECK_FALSE(parse_key_report("<kpml-response code=\"200\">"));
    CHECK_FALSE(parse_key_report("<kpml-request code=\"200\"/>"));
    CHECK_FALSE(parse_key_report(response(R"(digits="5")")));
    CHECK_FALSE(parse_key_report(response(R"(code="many")")));
    CHECK_FALSE(parse_key_report(response(R"(code="200" digits="5;drop")")));
    CHECK_FALSE(parse_key_report(response("code=\"200\" digits=\"" + std::string(65, '5') + '"')));
    CHECK_FALSE(parse_key_report("<!DOCTYPE a [<!ENTITY e \"5\">]>" +
                                 response(R"(code="200" digits="5")")));
    CHECK_FALSE(parse_key_report(response("code=\"200\" text=\"" + std::string(5000, 'x') + '"')));
}
