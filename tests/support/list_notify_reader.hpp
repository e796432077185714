#pragma once
// NOTIFYs about a list as a phone reads them (RFC 4662 §5). What breaks the format fails the test.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialog_info.hpp"

#include <doctest/doctest.h>

namespace lampline::test {

struct ReadResource {
    std::string uri, name, state, reason;
    std::string body;                    ///< empty: none
    std::optional<DialogInfo> document;  ///< the body, if it is one of `dialog`
};

struct ReadList {
    std::string uri, name;
    std::uint32_t version = 0;
    bool full = false;
    std::vector<ReadResource> resources;

    [[nodiscard]] const ReadResource* find(const std::string& uri_wanted) const
    {
        for (const auto& one : resources)
            if (one.uri == uri_wanted) return &one;
        return nullptr;
    }
};

inline std::string uri(std::string_view number)
{
    return "sip:" + std::string{number} + "@office.test";
}

/// What the document of presence notes; empty: nothing.
inline std::string note(const ReadResource* resource)
{
    REQUIRE(resource);
    const auto begin = resource->body.find("<note>");
    if (begin == std::string::npos) return {};
    return resource->body.substr(begin + 6, resource->body.find("</note>") - begin - 6);
}

/// The value of `name` in the tag that `text` begins with; empty: it has none.
inline std::string attribute(const std::string& text, const std::string& name)
{
    const auto tag = text.substr(0, text.find('>'));
    const auto at = tag.find(" " + name + "=\"");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 3;
    return tag.substr(begin, tag.find('"', begin) - begin);
}

inline std::string name_in(const std::string& element)
{
    const auto begin = element.find("<name>");
    if (begin == std::string::npos) return {};
    return element.substr(begin + 6, element.find("</name>") - begin - 6);
}

/// Parts by their Content-ID, without angle brackets.
inline std::map<std::string, std::string> parts_of(const std::string& content_type,
                                                   const std::string& body)
{
    const auto at = content_type.find("boundary=");
    REQUIRE(at != std::string::npos);
    const auto line = "--" + content_type.substr(at + 9);
    REQUIRE(body.ends_with("\r\n" + line + "--\r\n"));
    std::map<std::string, std::string> parts;
    for (auto begin = body.find(line); begin != std::string::npos;) {
        const auto next = body.find("\r\n" + line, begin + 1);
        if (next == std::string::npos) break;
        const auto part = body.substr(begin, next - begin);
        const auto id = part.find("Content-ID: <");
        const auto empty_line = part.find("\r\n\r\n");
        REQUIRE(id != std::string::npos);
        REQUIRE(empty_line != std::string::npos);
        const auto inserted = parts.emplace(part.substr(id + 13, part.find('>', id) - id - 13),
                                            part.substr(empty_line + 4));
        REQUIRE(inserted.second);
        begin = next + 2;
    }
    return parts;
}

inline ReadList read_list(const std::string& content_type, const std::string& body)
{
    REQUIRE(content_type.starts_with("multipart/related;type=\"application/rlmi+xml\";boundary="));
    auto parts = parts_of(content_type, body);
    const bool of_dialogs = body.find("Content-Type: application/pidf+xml\r\n") == body.npos;
    const auto first = body.find("Content-ID: <") + 13;  // the root (RFC 2387 §3.2)
    const auto root = parts.extract(body.substr(first, body.find('>', first) - first));
    REQUIRE_FALSE(root.empty());
    const std::string& text = root.mapped();
    const auto list_at = text.find("<list ");
    REQUIRE(list_at != std::string::npos);
    const auto list_tag = text.substr(list_at);
    ReadList list{.uri = attribute(list_tag, "uri"),
                  .name = name_in(text.substr(0, text.find("<resource"))),
                  .version = static_cast<std::uint32_t>(std::stoul(attribute(list_tag, "version"))),
                  .full = attribute(list_tag, "fullState") == "true"};
    for (auto at = text.find("<resource"); at != std::string::npos;) {
        const auto end = text.find("</resource>", at);
        const auto element = text.substr(at, end - at);
        ReadResource resource{.uri = attribute(element, "uri"), .name = name_in(element)};
        if (const auto instance = element.find("<instance"); instance != std::string::npos) {
            const auto tag = element.substr(instance);
            CHECK_FALSE(attribute(tag, "id").empty());
            resource.state = attribute(tag, "state");
            resource.reason = attribute(tag, "reason");
            if (const auto cid = attribute(tag, "cid"); !cid.empty()) {
                const auto part = parts.extract(cid);
                REQUIRE_FALSE(part.empty());
                resource.body = part.mapped();
                if (of_dialogs) {
                    resource.document = read_dialog_info(resource.body);
                    REQUIRE(resource.document);
                    CHECK(resource.document->full);
                    CHECK(resource.document->version == list.version);
                }
            }
        }
        CHECK_FALSE(list.find(resource.uri));
        list.resources.push_back(std::move(resource));
        at = text.find("<resource", end);
    }
    CHECK(parts.empty());  // no part without an instance
    return list;
}

}  // namespace lampline::test
