#pragma once
// application/rlmi+xml and the multipart around it (RFC 4662 §5): what is told of a list in one
// NOTIFY.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/dialog_info.hpp"

namespace lampline {

inline constexpr std::string_view rlmi_type = "application/rlmi+xml";
inline constexpr std::string_view multipart_related_type = "multipart/related";

/// How the Content-ID of a part is written.
enum class ContentIds : std::uint8_t {
    bracketed,  ///< RFC 2045 §7
    bare,       ///< `Content-Id: ` and the `cid` that points to it, for who compares to the letter
};

/// One resource in a NOTIFY.
struct RlmiResource {
    std::string uri;
    std::string_view name;             ///< shown to people; empty: none
    std::string_view instance{};       ///< `active`, `terminated`; empty: its state comes later
    std::string_view reason{};         ///< why it is terminated; empty: not said
    const DialogInfoText* document{};  ///< null: no body
};

/// Collects one NOTIFY. Bodies that have a version have that of the list. Every byte counts over
/// UDP: the root is the first part, so that it needs no `start` (RFC 2387 §3.2), and has no XML
/// declaration.
class RlmiWriter {
public:
    /// `uri` and `name` are the list's, `mark` 1 to 70 letters and digits that name boundary and
    /// parts; it must not stand at the beginning of a line of a document. `type` is the documents'.
    RlmiWriter(std::string_view uri, std::string_view name, DocumentKind kind,
               std::uint32_t version, std::string_view mark,
               std::string_view type = dialog_info_type, ContentIds ids = ContentIds::bracketed);

    void add(const RlmiResource& resource);
    /// Bytes that add() would add.
    [[nodiscard]] std::size_t cost(const RlmiResource& resource) const;
    /// Bytes of the body as it is.
    [[nodiscard]] std::size_t size() const noexcept;

    [[nodiscard]] std::string content_type() const;
    [[nodiscard]] std::string body() const;

private:
    [[nodiscard]] std::string entry(const RlmiResource& resource) const;
    [[nodiscard]] std::string part_id(std::size_t part) const;
    [[nodiscard]] std::string part_head(std::string_view type, std::size_t part) const;

    std::string version_;
    std::string mark_;
    std::string type_;
    ContentIds ids_;
    std::string root_;     // the rlmi part up to its resources
    std::string entries_;  // `resource` elements
    std::string parts_;    // the other parts
    std::size_t count_ = 0;
};

}  // namespace lampline
