#include "core/contained_list.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/text.hpp"
#include "core/extension_uri.hpp"
#include "core/numeric_address.hpp"
#include "core/xml_parser.hpp"

namespace lampline {
namespace {

constexpr std::string_view root_name = "urn:ietf:params:xml:ns:resource-lists|resource-lists";
constexpr std::string_view list_name = "urn:ietf:params:xml:ns:resource-lists|list";
constexpr std::string_view entry_name = "urn:ietf:params:xml:ns:resource-lists|entry";
constexpr std::size_t longest_name = 64;

/// It is written into headers, documents and lines of storage.
bool is_clean(std::string_view uri)
{
    return !uri.empty() && std::ranges::all_of(uri, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte > ' ' && byte < 0x7F && c != '<' && c != '>' && c != '"';
    });
}

class Reader final : public XmlHandler {
public:
    bool start(std::string_view name, const char** attributes) override
    {
        const Place within = open_.empty() ? Place::document : open_.back();
        Place place = Place::elsewhere;
        if (within == Place::document && name == root_name) place = Place::root;
        if ((within == Place::root || within == Place::list) && name == list_name)
            place = Place::list;
        if (within == Place::document && place != Place::root) return false;
        open_.push_back(place);
        return within != Place::list || name != entry_name || take(attributes);
    }
    void end() override { open_.pop_back(); }
    void characters(std::string_view) override {}

    std::vector<std::string> uris;
    ContainedListFault fault = ContainedListFault::malformed;  // of what was refused

private:
    enum class Place : std::uint8_t { document, root, list, elsewhere };

    bool take(const char** attributes)
    {
        std::string_view uri;
        for (; *attributes; attributes += 2)
            if (std::string_view{*attributes} == "uri") uri = trimmed(attributes[1]);
        if (!is_clean(uri)) return false;
        if (!seen_.emplace(uri).second) return true;
        if (uri.size() > max_entry_uri || uris.size() == max_contained_entries) {
            fault = ContainedListFault::too_large;
            return false;
        }
        uris.emplace_back(uri);
        return true;
    }

    std::vector<Place> open_;
    std::unordered_set<std::string> seen_;
};

}  // namespace

Result<std::vector<std::string>, ContainedListFault> read_contained_list(std::string_view text)
{
    Reader reader;
    if (!parse_xml(text, reader)) return unexpected{reader.fault};
    if (reader.uris.empty()) return unexpected{ContainedListFault::empty};
    return std::move(reader.uris);
}

std::string name_here(const SipUri& uri, std::string_view domain, std::string_view host)
{
    const bool here =
        uri.scheme == UriScheme::tel || same_host(uri.host, domain) || same_host(uri.host, host);
    const auto context = phone_context(uri);
    if (!here || (context && !context->starts_with('+') && !same_host(*context, domain) &&
                  !same_host(*context, host)))
        return {};
    auto name = extension_of(uri);
    const auto may_be_in_a_name = [](char c) {
        return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
               std::string_view{"._+*#-"}.find(c) != std::string_view::npos;
    };
    if (name.size() > longest_name || !std::ranges::all_of(name, may_be_in_a_name)) return {};
    return name;
}

}  // namespace lampline
