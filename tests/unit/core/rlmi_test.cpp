// The writer of list notifications: RFC 4662 §5.
#include "core/rlmi.hpp"

#include "support/list_notify_reader.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

DialogInfoText document(std::string tail)
{
    return {std::make_shared<const std::string>(
                "<?xml version=\"1.0\"?>\r\n<dialog-info "
                "xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\""),
            std::make_shared<const std::string>("\" state=\"full\" entity=\"" + std::move(tail) +
                                                "\"></dialog-info>\r\n")};
}

}  // namespace

TEST_CASE("RFC 4662 §5: the list, its resources, and a body for each instance that has one")
{
    const auto anna = document("sip:207@office.test");
    RlmiWriter writer{"sip:sales@office.test", "Sales & <more>", DocumentKind::full, 17, "mark9"};
    writer.add(
        {.uri = "sip:207@office.test", .name = "Anna", .instance = "active", .document = &anna});
    writer.add({.uri = "sip:208@office.test", .name = {}});
    writer.add({.uri = "sip:209@office.test",
                .name = {},
                .instance = "terminated",
                .reason = "noresource",
                .document = &anna});
    CHECK(writer.content_type() ==
          "multipart/related;type=\"application/rlmi+xml\";boundary=mark9");
    const auto list = read_list(writer.content_type(), writer.body());
    CHECK(list.uri == "sip:sales@office.test");
    CHECK(list.name == "Sales &amp; &lt;more&gt;");
    CHECK(list.full);
    CHECK(list.version == 17);
    REQUIRE(list.resources.size() == 3);
    CHECK(list.resources[0].name == "Anna");
    CHECK(list.resources[0].state == "active");
    CHECK(list.resources[0].document->entity == "sip:207@office.test");
    CHECK(list.resources[1].state.empty());
    CHECK_FALSE(list.resources[1].document);
    CHECK(list.resources[2].state == "terminated");
    CHECK(list.resources[2].reason == "noresource");
}

TEST_CASE("bodies of another event package have its type, and a version only if it has one")
{
    const DialogInfoText body{std::make_shared<const std::string>("<presence>18</presence>"), {}};
    RlmiWriter writer{"sip:sales@office.test", "", DocumentKind::full, 17, "mark9",
                      "application/pidf+xml"};
    const RlmiResource resource{
        .uri = "sip:207@office.test", .name = {}, .instance = "active", .document = &body};
    const auto before = writer.size();
    const auto cost = writer.cost(resource);
    writer.add(resource);
    CHECK(writer.size() == before + cost);
    CHECK(writer.body().size() == writer.size());
    CHECK(writer.body().find("dialog-info") == std::string::npos);
    const auto list = read_list(writer.content_type(), writer.body());
    REQUIRE(list.resources.size() == 1);
    CHECK(list.resources[0].body == "<presence>18</presence>");
}

TEST_CASE("what a resource will cost is what it costs")
{
    const auto text = document("sip:207@office.test");
    RlmiWriter writer{"sip:sales@office.test", "", DocumentKind::partial, 4294967295, "mark9"};
    for (int at = 0; at < 12; ++at) {
        const RlmiResource resource{.uri = "sip:" + std::to_string(at) + "@office.test",
                                    .name = "N",
                                    .instance = "active",
                                    .document = at % 3 == 0 ? nullptr : &text};
        const auto before = writer.size();
        const auto cost = writer.cost(resource);
        writer.add(resource);
        CHECK(writer.size() == before + cost);
        CHECK(writer.body().size() == writer.size());
    }
    CHECK_FALSE(read_list(writer.content_type(), writer.body()).full);
}
