#include "engine/published_dialog.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/extension_uri.hpp"

namespace lampline {
namespace {

DialogParty party_of(const std::string& identity, const std::string& display,
                     const std::string& target)
{
    return {{display, SipUri::parse(identity).value_or(SipUri{})},
            SipUri::parse(target).value_or(SipUri{})};
}

std::string text_of(const SipUri& uri)
{
    return uri.host.empty() ? std::string{} : write(uri);
}

}  // namespace

std::optional<LegState> dialog_state(std::string_view word) noexcept
{
    using enum LegState;
    constexpr std::array words = std::to_array<std::pair<std::string_view, LegState>>({
        {"trying", trying},
        {"proceeding", proceeding},
        {"early", early},
        {"confirmed", confirmed},
        {"terminated", terminated},
    });
    const auto found =
        std::ranges::find(words, word, &std::pair<std::string_view, LegState>::first);
    if (found == words.end()) return std::nullopt;
    return found->second;
}

bool has_overlong_words(const DialogElement& element) noexcept
{
    constexpr std::size_t max_word = 256;
    constexpr std::size_t max_address = 1024;
    const auto words = {&element.id, &element.call_id, &element.local_tag, &element.remote_tag};
    const auto addresses = {&element.local_identity,  &element.local_display,
                            &element.local_target,    &element.remote_identity,
                            &element.remote_display, &element.remote_target};
    const auto over = [](std::size_t most) {
        return [most](const std::string* text) { return text->size() > most; };
    };
    return std::ranges::any_of(words, over(max_word)) ||
           std::ranges::any_of(addresses, over(max_address));
}

DialogSnapshot snapshot_of(const DialogElement& element, const std::string& extension,
                           const Directory& directory)
{
    auto local = party_of(element.local_identity, element.local_display, element.local_target);
    if (local.identity.uri.host.empty())
        local.identity.uri = extension_uri(extension, directory.domain());
    return {
        .leg = {},
        .extension = extension,
        .dialog = {element.call_id, element.local_tag, element.remote_tag},
        .direction = element.direction == "initiator" ? Direction::initiator : Direction::recipient,
        .state = dialog_state(element.state).value_or(LegState::terminated),
        .ended_by = LegInput::remote_bye,
        .held = !element.rendered,
        .local = std::move(local),
        .remote = party_of(element.remote_identity, element.remote_display, element.remote_target)};
}

DialogElement element_of(const DialogSnapshot& dialog, const std::string& id)
{
    return {.id = id,
            .call_id = dialog.dialog.call_id,
            .local_tag = dialog.dialog.local_tag,
            .remote_tag = dialog.dialog.remote_tag,
            .direction = dialog.direction == Direction::initiator ? "initiator" : "recipient",
            .state = std::string{name(dialog.state)},
            .event = {},
            .local_identity = text_of(dialog.local.identity.uri),
            .local_display = dialog.local.identity.display_name,
            .local_target = text_of(dialog.local.target),
            .remote_identity = text_of(dialog.remote.identity.uri),
            .remote_display = dialog.remote.identity.display_name,
            .remote_target = text_of(dialog.remote.target),
            .rendered = !dialog.held};
}

PublishedEvent published_event(const DialogSnapshot& dialog)
{
    return {.extension = dialog.extension,
            .call_id = dialog.dialog.call_id,
            .direction = dialog.direction,
            .state = dialog.state,
            .held = dialog.held,
            .with = dialog.remote.identity.uri.user,
            .with_name = dialog.remote.identity.display_name};
}

DialogSnapshot ended(DialogSnapshot dialog)
{
    dialog.state = LegState::terminated;
    return dialog;
}

}  // namespace lampline
