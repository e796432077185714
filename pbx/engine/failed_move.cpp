#include "engine/failed_move.hpp"

#include <string>
#include <utility>

#include "base/text.hpp"
#include "engine/call_engine.hpp"

namespace lampline {
namespace {

constexpr std::size_t longest_target = 128;
constexpr std::size_t longest_reason = 256;

std::string as_recorded(std::string_view text, std::size_t longest)
{
    std::string cleaned{cut(text, longest)};
    for (char& c : cleaned) {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x20 || code == 0x7f) c = ' ';
    }
    return cleaned;
}

/// The first quoted string of a header: the text of a Warning, or of a Reason (RFC 3261 §20.43, RFC 3326 §2).
std::string quoted_in(std::string_view value)
{
    std::string text;
    const auto start = value.find('"');
    if (start == std::string_view::npos) return text;
    for (auto i = start + 1; i < value.size() && value[i] != '"'; ++i) {
        if (value[i] == '\\' && i + 1 < value.size()) ++i;
        text += value[i];
    }
    return text;
}

}  // namespace

FailedMove failed_move(MoveKind kind, std::string_view target, unsigned status,
                       std::string_view phrase, std::span<const Header> told)
{
    std::string reason{phrase};
    for (const std::string_view name : {"Warning", "Reason"})
        for (const auto& header : told) {
            if (!same_word(header.name, name)) continue;
            const auto text = quoted_in(header.value);
            if (text.empty() || reason.find(text) != std::string::npos) continue;
            if (!reason.empty()) reason += ": ";
            reason += text;
        }
    return {.kind = kind,
            .target = as_recorded(trimmed(target), longest_target),
            .status = status,
            .reason = as_recorded(reason, longest_reason)};
}

void CallEngine::move_failed(const Call& call, LegId by, FailedMove failed, Outbox& outbox)
{
    outbox.announce(MoveFailed{call.id, by, std::move(failed)});
    // Nothing that a restart needs may have changed by it, but its record has.
    if (call.kept || call.ringing_kept) outbox.announce(CallKept{call.id});
}

std::string CallEngine::asked_for(const SipUri& uri) const
{
    const auto called = addresses_.called_by(uri);
    return called && called->domain.empty() ? called->number : write(uri);
}

}  // namespace lampline
