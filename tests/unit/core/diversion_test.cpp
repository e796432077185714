#include "core/diversion.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

std::string value_of(const std::vector<Header>& headers, std::string_view name)
{
    std::string text;
    for (const auto& header : headers)
        if (header.name == name) text += (text.empty() ? "" : " | ") + header.value;
    return text;
}

}  // namespace

TEST_CASE("Diversion headers are read, the first diversion first (RFC 5806 §4.3)")
{
    const std::vector<Header> headers{
        {"Diversion", "\"Smith, \\\"Bob\" <sip:102@gw.test>;reason=no-answer;counter=2, "
                      "<sip:101@gw.test>;reason=USER-BUSY"},
        {"diversion", "sip:100@gw.test;reason=\"unconditional\""},
        {"Subject", "<sip:9@gw.test>"}};
    const auto found = parse_diversions(headers);
    REQUIRE(found.size() == 3);
    CHECK(found[0] == Diversion{"100", "gw.test", DiversionReason::unconditional, 1});
    CHECK(found[1] == Diversion{"101", "gw.test", DiversionReason::user_busy, 1});
    CHECK(found[2] == Diversion{"102", "gw.test", DiversionReason::no_answer, 2});
}

TEST_CASE("without Diversion the history is read: a cause tells that the number before sent it on")
{
    const std::vector<Header> history{
        {"history-info",
         "<sip:101@gw.test>;index=1, \"Bob\" <sip:102@gw.test;cause=486>;index=1.1;mp=1"},
        {"History-Info", "<sip:phone@192.0.2.7>;index=1.1.1;rc=1.1"},
        {"History-Info", "<sip:103@gw.test;Cause=408?Reason=x>;index=1.2;mp=1.1, nonsense, "
                         "<sip:9@gw.test;cause=999>;index=1.3;mp=1.2"}};
    const auto found = parse_diversions(history);
    REQUIRE(found.size() == 3);
    CHECK(found[0] == Diversion{"101", "gw.test", DiversionReason::user_busy, 1});
    CHECK(found[1] == Diversion{"102", "gw.test", DiversionReason::no_answer, 1});
    CHECK(found[2] == Diversion{"103", "gw.test", DiversionReason::unknown, 1});

    auto both = history;
    both.push_back({"Diversion", "<sip:7@gw.test>;reason=user-busy"});
    CHECK(parse_diversions(both).size() == 1);

    std::string many = "<sip:1@gw.test>;index=1";
    for (int i = 0; i < 40; ++i) many += ", <sip:1@gw.test;cause=302>;index=1.1";
    const Header header{"History-Info", many};
    CHECK(parse_diversions({&header, 1}).size() == 16);
}

TEST_CASE("what is malformed, or would end a header of ours, is left out")
{
    const std::vector<Header> headers{
        {"Diversion",
         "<sip:1%0d%0aX:@gw.test>, <sip:2%22@gw.test>, <sip:@gw.test>, nonsense, <sip:3"},
        {"Diversion", ",,;=,<>;counter=,<sip:4@gw.test>;counter=-1;reason"}};
    const auto found = parse_diversions(headers);
    REQUIRE(found.size() == 1);
    CHECK(found[0] == Diversion{"4", "gw.test", DiversionReason::unknown, 1});
}

TEST_CASE("no more than 16 diversions are read")
{
    std::string value = "<sip:1@gw.test>";
    for (int i = 0; i < 40; ++i) value += ", <sip:1@gw.test>";
    const Header header{"Diversion", value};
    CHECK(parse_diversions({&header, 1}).size() == 16);
}

TEST_CASE("ours is written on top of those that came, and the history goes on (RFC 7044 §10)")
{
    const std::vector<Header> passed{
        {"Diversion", "<sip:101@gw.test>;reason=user-busy"},
        {"History-Info", "<sip:101@gw.test>;index=1, <sip:102@gw.test;cause=486>;index=1.1;mp=1"},
        {"Subject", "hello"}};
    const std::vector<Diversion> chain{{"101", "gw.test", DiversionReason::user_busy, 1},
                                       {"102", {}, DiversionReason::no_answer, 1}};
    const auto headers = diverted_headers(passed, "102", chain, 1, "103", "office.test");
    CHECK(headers.front().value == "<sip:102@office.test>;reason=no-answer;counter=1");
    CHECK(value_of(headers, "Diversion") ==
          "<sip:102@office.test>;reason=no-answer;counter=1 | <sip:101@gw.test>;reason=user-busy");
    CHECK(value_of(headers, "History-Info") ==
          "<sip:101@gw.test>;index=1, <sip:102@gw.test;cause=486>;index=1.1;mp=1 | "
          "<sip:103@office.test;cause=408>;index=1.1.1;mp=1.1");
    CHECK(value_of(headers, "Subject") == "hello");
}

TEST_CASE("numbers are escaped where a user part needs it")
{
    const std::vector<Diversion> chain{{"#2", {}, DiversionReason::unconditional, 1}};
    const auto headers = diverted_headers({}, "#2", chain, 0, "#3", "office.test");
    CHECK(value_of(headers, "Diversion") ==
          "<sip:%232@office.test>;reason=unconditional;counter=1");
    CHECK(value_of(headers, "History-Info") ==
          "<sip:%232@office.test>;index=1, <sip:%233@office.test;cause=302>;index=1.1;mp=1");
}

TEST_CASE("who diverted and wants to stay private is not told on (RFC 5806, RFC 7044 §10.1)")
{
    const std::vector<Header> came{
        {"Diversion", "\"Eve\" <sip:+4930@gw.test>;reason=no-answer;privacy=full, "
                      "sip:+4931@gw.test;privacy=\"URI\";reason=user-busy"},
        {"diversion", "\"Anna\" <sip:+4932@gw.test>;privacy=name, "
                      "\"Bob\" <sip:+4933@gw.test>;privacy=off"},
        {"History-Info", "\"Eve\" <sip:+4930@gw.test?Reason=x&privacy=id%3Bhistory>;index=1, "
                         "<sip:+4931@gw.test;cause=486?Privacy=history>;index=1.1;mp=1, "
                         "<sip:+4932@gw.test?Privacy=none>;index=1.2, "
                         "<sip:+4933@gw.test?%50rivac%79=%68istory>;index=1.3"},
        {"Subject", "<sip:9@gw.test>;privacy=full"}};
    auto told = told_diversions(came);
    REQUIRE(told.size() == 3);
    CHECK(told[0].value == "<sip:anonymous@anonymous.invalid>;reason=no-answer;privacy=full, "
                           "<sip:anonymous@anonymous.invalid>;privacy=\"URI\";reason=user-busy");
    CHECK(told[1].value ==
          "<sip:+4932@gw.test>;privacy=name, \"Bob\" <sip:+4933@gw.test>;privacy=off");
    CHECK(told[2].value == "<sip:anonymous@anonymous.invalid>;index=1, "
                           "<sip:anonymous@anonymous.invalid;cause=486>;index=1.1;mp=1, "
                           "<sip:+4932@gw.test?Privacy=none>;index=1.2, "
                           "<sip:anonymous@anonymous.invalid>;index=1.3");
    CHECK(parse_diversions(told).size() == 4);

    const std::vector<Header> whole{{"History-Info", "<sip:+4930@gw.test>;index=1, "
                                                     "<sip:+4931@gw.test;cause=302>;index=1.1"},
                                    {"Privacy", "id;history"}};
    told = told_diversions(whole);
    REQUIRE(told.size() == 1);
    CHECK(told[0].value == "<sip:anonymous@anonymous.invalid>;index=1, "
                           "<sip:anonymous@anonymous.invalid;cause=302>;index=1.1");
    CHECK(parse_diversions(told).size() == 1);
}

TEST_CASE("a history begins once, however long or odd the index that came")
{
    const std::vector<Diversion> chain{{"102", {}, DiversionReason::no_answer, 1}};
    const auto history_after = [&](const std::string& index) {
        const std::vector<Header> passed{
            {"History-Info", "<sip:101@gw.test>;index=1, <sip:102@gw.test>;index=" + index}};
        const auto headers = diverted_headers(passed, "102", chain, 0, "103", "office.test");
        return value_of({headers.begin() + 2, headers.end()}, "History-Info");
    };
    std::string deep = "1";
    for (int i = 0; i < 30; ++i) deep += ".1";
    CHECK(history_after(deep) == "<sip:103@office.test;cause=408>;index=" + deep + ".1;mp=" + deep);
    for (int i = 0; i < 100; ++i) deep += ".1";
    CHECK(history_after(deep).empty());
    CHECK(history_after("\"1 x\"").empty());
}
