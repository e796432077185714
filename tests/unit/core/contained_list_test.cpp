// Lists that a SUBSCRIBE contains: RFC 5367 §4, RFC 4826 §3.
#include "core/contained_list.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

using Uris = std::vector<std::string>;

std::string document(const std::string& content)
{
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<resource-lists "
           "xmlns=\"urn:ietf:params:xml:ns:resource-lists\" "
           "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">" +
           content + "</resource-lists>";
}

std::string entry(const std::string& uri)
{
    return "<entry uri=\"" + uri + "\"/>";
}

ContainedListFault fault_of(const std::string& text)
{
    const auto read = read_contained_list(text);
    REQUIRE_FALSE(read);
    return read.error();
}

}  // namespace

TEST_CASE("a list is read flat, in its order, each entry once")
{
    CHECK(read_contained_list(document("<list>\n <entry uri=\"sip:202@office.test\"/>\n"
                                       " <entry uri=\"sip:alice@elsewhere.test\"/></list>"))
              .value() == Uris{"sip:202@office.test", "sip:alice@elsewhere.test"});
    CHECK(read_contained_list(
              document("<list name=\"friends\"><display-name>Friends</display-name>"
                       "<entry uri=\"sip:202@office.test\"><display-name>Bob</display-name></entry>"
                       "<list>" +
                       entry("sip:203@office.test") + "<list>" + entry("sip:204@office.test") +
                       "</list>" + entry("sip:202@office.test") + "</list></list><list>" +
                       entry("sip:205@office.test") + "</list>"))
              .value() == Uris{"sip:202@office.test", "sip:203@office.test", "sip:204@office.test",
                               "sip:205@office.test"});
    CHECK(read_contained_list(document("<list>" + entry("sip:a&amp;b@office.test") + "</list>"))
              .value() == Uris{"sip:a&b@office.test"});
}

TEST_CASE("what refers to lists elsewhere, and what is unknown, is passed over")
{
    const auto text =
        document("<list><entry-ref ref=\"resource-lists/users/sip:bill@example.com/index\"/>"
                 "<external anchor=\"http://xcap.example.org/list\"/>"
                 "<more xmlns=\"urn:x\"><entry uri=\"sip:203@office.test\"/>"
                 "<entry xmlns=\"urn:ietf:params:xml:ns:resource-lists\" "
                 "uri=\"sip:204@office.test\"/></more>"
                 "<entry uri=\"sip:202@office.test\"/></list>");
    CHECK(read_contained_list(text).value() == Uris{"sip:202@office.test"});
    CHECK(fault_of(document("<list><entry-ref ref=\"a\"/></list>")) == ContainedListFault::empty);
    CHECK(fault_of(document(entry("sip:202@office.test"))) == ContainedListFault::empty);
}

TEST_CASE("what is no such list is refused")
{
    using enum ContainedListFault;
    CHECK(fault_of("") == malformed);
    CHECK(fault_of("<resource-lists><list/></resource-lists>") == malformed);  // of no namespace
    CHECK(fault_of(document("<list>")) == malformed);
    CHECK(fault_of("<!DOCTYPE a [<!ENTITY b 'c'>]>" + document("<list/>")) == malformed);
    CHECK(fault_of(document("<list><entry/></list>")) == malformed);
    CHECK(fault_of(document("<list>" + entry("") + "</list>")) == malformed);
    CHECK(fault_of(document("<list>" + entry("sip:202@office.test&#10;x") + "</list>")) ==
          malformed);
    CHECK(fault_of(document("<list>" + entry("sip:2 02@office.test") + "</list>")) == malformed);
    CHECK(fault_of(document("<list/>")) == empty);

    const auto long_uri = [](std::size_t length) { return "sip:" + std::string(length - 4, 'a'); };
    CHECK(read_contained_list(document("<list>" + entry(long_uri(max_entry_uri)) + "</list>")));
    CHECK(fault_of(document("<list>" + entry(long_uri(max_entry_uri + 1)) + "</list>")) ==
          too_large);

    std::string nested = entry("sip:202@office.test");
    for (int level = 0; level < 14; ++level) nested = "<list>" + nested + "</list>";
    CHECK(read_contained_list(document(nested)));
    CHECK(fault_of(document("<list>" + nested + "</list>")) == malformed);

    std::string many;
    for (std::size_t at = 0; at < max_contained_entries; ++at) many += entry(std::to_string(at));
    REQUIRE(many.size() < std::size_t{31} * 1024);
    CHECK(read_contained_list(document("<list>" + many + "</list>")).value().size() ==
          max_contained_entries);
    CHECK(fault_of(document("<list>" + many + entry("x") + "</list>")) == too_large);
}

TEST_CASE("a URI is a name here at our domain, at the address that was asked, and as a number")
{
    const auto name = [](const char* text) {
        return name_here(SipUri::parse(text).value(), "office.test", "192.0.2.9");
    };
    CHECK(name("sip:202@office.test") == "202");
    CHECK(name("sip:202@OFFICE.test;transport=tcp") == "202");
    CHECK(name("sips:202@192.0.2.9:5061") == "202");
    CHECK(name("tel:202") == "202");
    CHECK(name("tel:202;phone-context=+43") == "202");
    CHECK(name("tel:202;phone-context=office.test") == "202");
    CHECK(name("tel:202;phone-context=elsewhere.test").empty());
    CHECK(name("sip:202;phone-context=elsewhere.test@office.test").empty());
    CHECK(name("sip:%2A97@office.test") == "*97");
    CHECK(name("sip:dnd+202@office.test") == "dnd+202");
    CHECK(name("sip:202@elsewhere.test").empty());
    CHECK(name("sip:202@192.0.2.8").empty());
    CHECK(name("sip:office.test").empty());
    CHECK(name("sip:2%0d%0a02@office.test").empty());
    CHECK(name("sip:2%2002@office.test").empty());
}
