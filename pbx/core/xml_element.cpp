#include "core/xml_element.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "core/xml_parser.hpp"

namespace lampline {
namespace {

constexpr std::size_t max_elements = 512;

std::string local_name(std::string_view qualified)
{
    const auto bar = qualified.rfind('|');
    return std::string{bar == std::string_view::npos ? qualified : qualified.substr(bar + 1)};
}

class TreeReader final : public XmlHandler {
public:
    bool start(std::string_view qualified, const char** attributes) override
    {
        if (++elements_ > max_elements) return false;
        XmlElement element{.name = local_name(qualified)};
        for (; *attributes; attributes += 2)
            element.attributes.emplace_back(local_name(attributes[0]), attributes[1]);
        open_.push_back(std::move(element));
        return true;
    }
    void end() override
    {
        auto closed = std::move(open_.back());
        open_.pop_back();
        closed.text = std::string{trimmed(closed.text)};
        (open_.empty() ? roots_ : open_.back().children).push_back(std::move(closed));
    }
    void characters(std::string_view text) override
    {
        if (!open_.empty()) open_.back().text += text;
    }
    std::optional<XmlElement> result() &&
    {
        if (roots_.empty()) return std::nullopt;
        return std::move(roots_.front());
    }

private:
    std::vector<XmlElement> open_;
    std::vector<XmlElement> roots_;
    std::size_t elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const noexcept
{
    const auto found = std::ranges::find(children, wanted, &XmlElement::name);
    return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::text_of(std::string_view wanted) const noexcept
{
    const auto* found = child(wanted);
    return found ? std::string_view{found->text} : std::string_view{};
}

std::optional<XmlElement> read_xml(std::string_view text)
{
    TreeReader reader;
    if (!parse_xml(text, reader)) return std::nullopt;
    return std::move(reader).result();
}

}  // namespace lampline
