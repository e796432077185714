// Do not disturb and forwards as phones ask for them and are told of them.
#include <doctest/doctest.h>

#include "core/feature_event.hpp"
#include "core/xml_element.hpp"

using namespace lampline;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

constexpr std::string_view set_dnd =
    "<?xml version=\"1.0\"?><SetDoNotDisturb "
    "xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"><device/>"
    "<doNotDisturbOn>true</doNotDisturbOn></SetDoNotDisturb>";

std::string set_forwarding(std::string_view type, std::string_view on, std::string_view to,
                           std::string_view rings = "")
{
    std::string text{"<SetForwarding><device>207</device><forwardingType>"};
    text.append(type).append("</forwardingType><activateForward>").append(on);
    text.append("</activateForward><forwardDN>").append(to).append("</forwardDN>");
    if (!rings.empty()) text.append("<ringCount>").append(rings).append("</ringCount>");
    return text.append("</SetForwarding>");
}

}  // namespace

TEST_CASE("a phone's request is what it would have dialled")
{
    CHECK(read_feature_request(set_dnd) == std::vector{DialledFeature{Feature::do_not_disturb}});
    CHECK(read_feature_request("<SetDoNotDisturb><doNotDisturbOn> false "
                               "</doNotDisturbOn></SetDoNotDisturb>") ==
          std::vector{DialledFeature{Feature::disturb}});
    CHECK(read_feature_request(set_forwarding("forwardImmediate", "true", "205")) ==
          std::vector{DialledFeature{Feature::forward_always, "205"}});
    CHECK(read_feature_request(set_forwarding("forwardBusy", "true", "sip:205@office.test")) ==
          std::vector{DialledFeature{Feature::forward_busy, "205"}});
    CHECK(read_feature_request(set_forwarding("forwardNoAns", "true", "205", "3")) ==
          std::vector{DialledFeature{Feature::forward_no_answer, "205", 18}});
    CHECK(read_feature_request(set_forwarding("forwardBusy", "TRUE", "205")) ==
          std::vector{DialledFeature{Feature::forward_busy, "205"}});
    CHECK(read_feature_request(set_forwarding("forwardBusy", "0", "")) ==
          std::vector{DialledFeature{Feature::forward_busy}});
    CHECK(read_feature_request(set_forwarding("forwardNoAns", "false", "205")) ==
          std::vector{DialledFeature{Feature::forward_no_answer}});
}

TEST_CASE("a request that cannot be carried out changes nothing")
{
    CHECK(read_feature_request("<Unknown/>")->empty());
    CHECK(read_feature_request(set_forwarding("forwardDND", "true", "205"))->empty());
    CHECK_FALSE(read_feature_request(set_forwarding("forwardBusy", "true", "")));
    CHECK_FALSE(read_feature_request(set_forwarding("forwardBusy", "true", std::string(200, '1'))));
    CHECK_FALSE(read_feature_request("<SetDoNotDisturb>"));
    // Neither on nor off: nothing is switched.
    CHECK_FALSE(read_feature_request("<SetDoNotDisturb></SetDoNotDisturb>"));
    CHECK_FALSE(read_feature_request(
        "<SetDoNotDisturb><doNotDisturbOn>on</doNotDisturbOn></SetDoNotDisturb>"));
    CHECK_FALSE(read_feature_request(set_forwarding("forwardBusy", "", "205")));
    CHECK_FALSE(read_feature_request(set_forwarding("forwardBusy", "yes", "205")));
    CHECK_FALSE(read_feature_request(""));
    CHECK_FALSE(read_feature_request("no xml"));
}

TEST_CASE("XML from phones is read within limits, and without entities")
{
    std::string deep;
    for (int i = 0; i < 17; ++i) deep += "<a>";
    for (int i = 0; i < 17; ++i) deep += "</a>";
    CHECK_FALSE(read_xml(deep));
    CHECK(read_xml(deep.substr(3, deep.size() - 7)));
    CHECK_FALSE(read_xml("<a>" + std::string(70'000, 'x') + "</a>"));
    std::string wide{"<a>"};
    for (int i = 0; i < 600; ++i) wide += "<b/>";
    CHECK_FALSE(read_xml(wide + "</a>"));
    CHECK_FALSE(read_xml("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"));
    CHECK_FALSE(read_xml("<!DOCTYPE a SYSTEM \"http://192.0.2.1/a\"><a/>"));
    const auto read = read_xml("<n:a xmlns:n=\"urn:x\" k=\"v\"> <b> text </b><b>2</b></n:a>");
    REQUIRE(read);
    CHECK(read->name == "a");
    CHECK(read->text_of("b") == "text");
    CHECK(read->text_of("c").empty());
    CHECK(read->attributes.front().second == "v");
}

TEST_CASE("phones are told each feature in a document, or all in one body")
{
    Forwarding forwarding;
    forwarding.do_not_disturb = true;
    forwarding.no_answer = "205";
    const auto documents = write_feature_events(forwarding, "207");
    CHECK(contains(documents[0], "<DoNotDisturbEvent xmlns="));
    CHECK(contains(documents[0], "<doNotDisturbOn>true</doNotDisturbOn>"));
    CHECK(contains(documents[1], "<forwardingType>forwardImmediate</forwardingType>"));
    CHECK(contains(documents[1], "<forwardStatus>false</forwardStatus>"));
    CHECK(contains(documents[3], "<forwardTo>205</forwardTo>"));
    CHECK(contains(documents[3], "<ringCount>3</ringCount>"));
    for (const auto& document : documents) CHECK(read_xml(document)->text_of("device") == "207");

    const auto together = write_feature_events_together({documents[0], documents[1]});
    CHECK(contains(together, "--lampline-features\r\nContent-Type: "
                             "application/x-as-feature-event+xml\r\n"));
    CHECK(together.ends_with("\r\n--lampline-features--\r\n"));
    CHECK(contains(feature_events_together_type, "boundary=lampline-features"));
}
