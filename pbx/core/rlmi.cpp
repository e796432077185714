#include "core/rlmi.hpp"

namespace lampline {
namespace {

constexpr std::string_view end_of_root = "</list>\r\n";

void append_name(std::string& out, std::string_view name)
{
    if (name.empty()) return;
    out.append("<name>").append(escape_xml(name)).append("</name>");
}

void append_attribute(std::string& out, std::string_view name, std::string_view value)
{
    out.append(" ").append(name).append("=\"").append(escape_xml(value)).append("\"");
}

}  // namespace

RlmiWriter::RlmiWriter(std::string_view uri, std::string_view name, DocumentKind kind,
                       std::uint32_t version, std::string_view mark, std::string_view type,
                       ContentIds ids)
    : version_{std::to_string(version)}, mark_{mark}, type_{type}, ids_{ids}, root_{part_head(
                                                                                  rlmi_type, 0)}
{
    root_ += "<list xmlns=\"urn:ietf:params:xml:ns:rlmi\"";
    append_attribute(root_, "uri", uri);
    append_attribute(root_, "version", version_);
    append_attribute(root_, "fullState", kind == DocumentKind::full ? "true" : "false");
    root_ += '>';
    append_name(root_, name);
}

std::string RlmiWriter::part_id(std::size_t part) const
{
    return std::to_string(part).append(".").append(version_).append("@").append(mark_);
}

std::string RlmiWriter::part_head(std::string_view type, std::size_t part) const
{
    std::string head{"--"};
    head.append(mark_).append("\r\nContent-Type: ").append(type);
    const bool bare = ids_ == ContentIds::bare;
    head.append(bare ? "\r\nContent-Id: " : "\r\nContent-ID: <").append(part_id(part));
    head.append(bare ? "\r\n\r\n" : ">\r\n\r\n");
    return head;
}

/// A resource has one instance here, for an extension has one notifier.
std::string RlmiWriter::entry(const RlmiResource& resource) const
{
    std::string out{"<resource"};
    append_attribute(out, "uri", resource.uri);
    out += '>';
    append_name(out, resource.name);
    if (!resource.instance.empty()) {
        out += "<instance id=\"1\"";
        append_attribute(out, "state", resource.instance);
        if (!resource.reason.empty()) append_attribute(out, "reason", resource.reason);
        if (resource.document) append_attribute(out, "cid", part_id(count_ + 1));
        out += "/>";
    }
    out += "</resource>";
    return out;
}

void RlmiWriter::add(const RlmiResource& resource)
{
    entries_ += entry(resource);
    if (!resource.document) return;
    parts_ += part_head(type_, ++count_);
    parts_.append(*resource.document->head);
    if (resource.document->tail) parts_.append(version_).append(*resource.document->tail);
    parts_ += "\r\n";
}

std::size_t RlmiWriter::cost(const RlmiResource& resource) const
{
    std::size_t bytes = entry(resource).size();
    if (resource.document)
        bytes += part_head(type_, count_ + 1).size() + resource.document->size() + 2;
    return bytes;
}

std::size_t RlmiWriter::size() const noexcept
{
    const std::size_t end = mark_.size() + 6;  // the last boundary and its line
    return root_.size() + entries_.size() + end_of_root.size() + parts_.size() + end;
}

std::string RlmiWriter::content_type() const
{
    std::string type{multipart_related_type};
    type.append(";type=\"").append(rlmi_type);
    // Unquoted: Linphone takes quotes for a part of it, finds no part of the body, and crashes.
    type.append("\";boundary=").append(mark_);
    return type;
}

std::string RlmiWriter::body() const
{
    std::string all;
    all.reserve(size());
    all.append(root_).append(entries_).append(end_of_root).append(parts_);
    all.append("--").append(mark_).append("--\r\n");
    return all;
}

}  // namespace lampline
