#include "bench/lamp.hpp"

#include <algorithm>
#include <charconv>

namespace bench {
namespace {

/// The value of attribute `name` in the start tag `tag`.
std::string_view attribute(std::string_view tag, std::string_view name) noexcept
{
    for (auto at = tag.find(name); at != std::string_view::npos; at = tag.find(name, at + 1)) {
        const auto after = at + name.size();
        if (after + 1 >= tag.size() || tag[after] != '=' || at == 0) continue;
        if (std::string_view{" \t\r\n"}.find(tag[at - 1]) == std::string_view::npos) continue;
        const auto value = tag.substr(after + 2);
        return value.substr(0, value.find(tag[after + 1]));
    }
    return {};
}

/// The text of the first element `state` in `dialog`.
std::string_view state_of(std::string_view dialog) noexcept
{
    const auto tag = dialog.find("<state");
    if (tag == std::string_view::npos) return {};
    const auto open = dialog.find('>', tag);
    if (open == std::string_view::npos) return {};
    return dialog.substr(open + 1, dialog.find('<', open) - open - 1);
}

}  // namespace

Lamp::Verdict Lamp::apply(std::string_view body)
{
    const auto root = body.find("<dialog-info");
    if (root == std::string_view::npos) return Verdict::unreadable;
    const auto root_end = body.find('>', root);
    if (root_end == std::string_view::npos) return Verdict::unreadable;
    const auto root_tag = body.substr(root, root_end - root);
    const auto text = attribute(root_tag, "version");
    std::uint64_t version = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), version).ec != std::errc{})
        return Verdict::unreadable;
    if (seen_one_ && version <= version_) {
        ++out_of_order_;
        return Verdict::out_of_order;
    }
    if (seen_one_) skipped_ += version - version_ - 1;
    seen_one_ = true;
    version_ = version;
    if (attribute(root_tag, "state") != "partial") dialogs_.clear();
    apply_partial(body.substr(root_end + 1));
    return Verdict::shown;
}

void Lamp::apply_partial(std::string_view body)
{
    for (auto at = body.find("<dialog "); at != std::string_view::npos;
         at = body.find("<dialog ", at + 1)) {
        const auto dialog = body.substr(at, body.find("</dialog>", at) - at);
        const auto id = attribute(dialog.substr(0, dialog.find('>')), "id");
        const auto known = std::find_if(dialogs_.begin(), dialogs_.end(),
                                        [&](const Dialog& d) { return d.id == id; });
        if (known != dialogs_.end())
            known->state = state_of(dialog);
        else
            dialogs_.push_back({std::string{id}, std::string{state_of(dialog)}});
    }
    last_ = {};
    for (const auto& dialog : dialogs_) {
        last_.early |= dialog.state == "early";
        last_.confirmed |= dialog.state == "confirmed";
        last_.live |= !dialog.state.empty() && dialog.state != "terminated";
    }
    was_lit_ |= last_.live;
}

}  // namespace bench
