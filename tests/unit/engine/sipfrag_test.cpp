#include "engine/sipfrag.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace lampline;

TEST_CASE("a sipfrag is a status line, then Reason and Warning, each with its CRLF (RFC 3420)")
{
    CHECK(sipfrag(100, "Trying") == "SIP/2.0 100 Trying\r\n");
    CHECK(sipfrag(486, "") == "SIP/2.0 486 \r\n");
    const std::vector<Header> told{{"warning", "399 a \"b\""},
                                   {"Organization", "Somebody"},
                                   {"Reason", "Q.850;cause=17"},
                                   {"REASON", "SIP;cause=486"},
                                   {"Warning", ""}};
    CHECK(sipfrag(486, "Busy Here", told) == "SIP/2.0 486 Busy Here\r\n"
                                             "Reason: Q.850;cause=17\r\n"
                                             "Reason: SIP;cause=486\r\n"
                                             "Warning: 399 a \"b\"\r\n");
}

TEST_CASE("progress that is told once more has the words of its own status")
{
    CHECK(words_of_progress(100) == "Trying");
    CHECK(words_of_progress(180) == "Ringing");
    CHECK(words_of_progress(183) == "Session Progress");
    CHECK(words_of_progress(199).empty());
}

TEST_CASE("no phrase and no value of a phone's makes a line of its own in a sipfrag")
{
    const std::vector<Header> told{{"Reason", " SIP;cause=486;\r\n text=\"a\"\r\nVia: evil\r\n"},
                                   {"Warning", "399 a \"\x01\x7f\tb\""}};
    CHECK(sipfrag(486, "Busy\r\nVia: evil", told) ==
          "SIP/2.0 486 Busy  Via: evil\r\n"
          "Reason: SIP;cause=486;   text=\"a\"  Via: evil\r\n"
          "Warning: 399 a \"   b\"\r\n");
}

TEST_CASE("a sipfrag fits into a datagram: long headers are left out, and long phrases are cut")
{
    const std::string long_value(503, 'x');  // with its name and line end one byte more than fits
    std::vector<Header> told{{"Reason", long_value}, {"Warning", "399 a \"b\""}};
    CHECK(sipfrag(486, "", told) == "SIP/2.0 486 \r\nWarning: 399 a \"b\"\r\n");
    told[0].value.resize(502);
    CHECK(sipfrag(486, "", told) == "SIP/2.0 486 \r\nReason: " + told[0].value + "\r\n");
    told.assign(1000, {"Warning", "399 a \"b\""});
    CHECK(sipfrag(486, "", told).size() <= 14 + 512);

    const std::string phrase(127, 'p');
    CHECK(sipfrag(486, phrase + "\xc3\xa4") == "SIP/2.0 486 " + phrase + "\r\n");
    CHECK(sipfrag(486, phrase + "qr") == "SIP/2.0 486 " + phrase + "q\r\n");
}
