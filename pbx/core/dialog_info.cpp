#include "core/dialog_info.hpp"

#include <algorithm>
#include <array>

namespace lampline {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// The UTF-8 sequence that `text` begins with (RFC 3629: no overlong forms, no surrogates, at most
/// U+10FFFF).
struct Utf8 {
    std::size_t length;  // bytes it takes; when not valid: bytes to skip
    char32_t code;
    bool valid;
};
Utf8 first_character(std::string_view text) noexcept
{
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {1, lead, true};
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4) return {1, 0, false};
    char32_t code = lead & (0x7FU >> length);
    for (std::size_t at = 1; at < length; ++at) {
        if (at >= text.size() || (byte(at) & 0xC0U) != 0x80U) return {at, 0, false};
        code = code << 6 | (byte(at) & 0x3FU);
    }
    constexpr char32_t least[]{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return {length, code, code >= least[length] && code <= 0x10FFFF && !surrogate};
}

/// XML 1.0 §2.2 Char.
bool allowed_in_xml(char32_t code) noexcept
{
    return code == '\t' || code == '\n' || code == '\r' ||
           (code >= 0x20 && code != 0xFFFE && code != 0xFFFF);
}

/// Stands for itself in text and attributes.
constexpr std::array plain_letters = [] {
    std::array<bool, 256> plain{};
    for (std::size_t letter = 0x20; letter < 0x7F; ++letter) plain[letter] = true;
    for (const unsigned char letter : {'&', '<', '>', '"', '\''}) plain[letter] = false;
    return plain;
}();

bool is_plain(char letter) noexcept
{
    return plain_letters[static_cast<unsigned char>(letter)];
}

void append_escaped(std::string& out, std::string_view text)
{
    while (!text.empty()) {
        const auto special = std::ranges::find_if_not(text, is_plain);
        const auto plain = static_cast<std::size_t>(special - text.begin());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) return;
        const Utf8 character = first_character(text);
        if (!character.valid) {
            out += replacement;
        } else if (allowed_in_xml(character.code)) {
            switch (character.code) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&apos;"; break;
            default: out += text.substr(0, character.length);
            }
        }
        text.remove_prefix(character.length);
    }
}

void append_attribute(std::string& out, std::string_view name, std::string_view value)
{
    out += ' ';
    out += name;
    out += "=\"";
    append_escaped(out, value);
    out += '"';
}

std::string_view name(Direction direction) noexcept
{
    return direction == Direction::initiator ? "initiator" : "recipient";
}

/// What of a party is written besides its identity.
struct PartyForm {
    bool name;
    bool target;
    bool not_rendered;  // said at the target
    std::string_view pickup;  // in place of the target; empty: none
};

/// `pickup` where the profile has it in the target of this side.
std::string_view pickup_at(PickupTarget side, const BodyProfile& profile,
                           std::string_view pickup) noexcept
{
    const bool there =
        profile.pickup_target == side || profile.pickup_target == PickupTarget::both;
    return there ? pickup : std::string_view{};
}

PartyForm local_form(const DialogSnapshot& dialog, const BodyProfile& profile, Detail detail,
                     std::string_view pickup)
{
    const bool holds = dialog.held && profile.rendering;
    const auto dialled = pickup_at(PickupTarget::local, profile, pickup);
    return {profile.display_names && detail < Detail::no_local_names,
            holds || !dialled.empty() ||
                (profile.local_targets && detail < Detail::no_local_targets),
            holds, dialled};
}

PartyForm remote_form(const DialogSnapshot& dialog, const BodyProfile& profile, Detail detail,
                      std::string_view pickup)
{
    const bool rings = dialog.state == LegState::early;
    const auto dialled = pickup_at(PickupTarget::remote, profile, pickup);
    return {profile.display_names && detail < (rings ? Detail::no_names : Detail::ringing_names),
            !dialled.empty() || (profile.remote_targets && detail < Detail::no_targets), false,
            dialled};
}

/// A `local` or `remote` element. Phones that pick up dial the target, so there is one even where
/// only the identity is known.
void append_party(std::string& out, std::string_view element, const DialogParty& party,
                  PartyForm form)
{
    const auto& identity = party.identity;
    if (identity.uri.user.empty() && identity.uri.host.empty()) return;
    const std::string identity_uri = write(identity.uri);

    out += '<';
    out += element;
    out += "><identity";
    if (form.name && !identity.display_name.empty())
        append_attribute(out, "display", identity.display_name);
    out += '>';
    append_escaped(out, identity_uri);
    out += "</identity>";
    if (form.target) {
        out += "<target";
        append_attribute(out, "uri",
                         !form.pickup.empty()         ? std::string{form.pickup}
                         : party.target.host.empty() ? identity_uri
                                                     : write(party.target));
        out += form.not_rendered ? "><param pname=\"+sip.rendering\" pval=\"no\"/></target>" : "/>";
    }
    out += "</";
    out += element;
    out += '>';
}

void append_state(std::string& out, const DialogSnapshot& dialog, std::string_view word,
                  const BodyProfile& profile)
{
    out += "<state";
    if (profile.end_event && dialog.state == LegState::terminated)
        if (const auto event = end_event(dialog.ended_by); !event.empty())
            append_attribute(out, "event", event);
    out += '>';
    out += word;
    out += "</state>";
}

}  // namespace

std::string escape_xml(std::string_view text)
{
    std::string escaped;
    escaped.reserve(text.size());
    append_escaped(escaped, text);
    return escaped;
}

std::string write_dialog(const DialogSnapshot& dialog, std::string_view word, std::string_view id,
                         const BodyProfile& profile, Detail detail, std::string_view pickup)
{
    const auto direction = name(profile.direction.value_or(dialog.direction));
    std::string out;
    out.reserve(640);
    out += "<dialog";
    append_attribute(out, "id", profile.dialog_id.empty() ? id : profile.dialog_id);
    if (profile.direction_first) append_attribute(out, "direction", direction);
    append_attribute(out, "call-id", dialog.dialog.call_id);
    if (profile.tags) {
        if (!dialog.dialog.local_tag.empty())
            append_attribute(out, "local-tag", dialog.dialog.local_tag);
        if (!dialog.dialog.remote_tag.empty())
            append_attribute(out, "remote-tag", dialog.dialog.remote_tag);
    }
    if (!profile.direction_first) append_attribute(out, "direction", direction);
    out += '>';
    append_state(out, dialog, word, profile);
    if (detail == Detail::full || word != name(LegState::terminated)) {
        const PartyForm local = local_form(dialog, profile, detail, pickup);
        if (detail < Detail::no_local_party || !profile.entity || local.target)
            append_party(out, "local", dialog.local, local);
        append_party(out, "remote", dialog.remote, remote_form(dialog, profile, detail, pickup));
    } else if (!profile.entity) {  // nothing else would name the extension
        append_party(out, "local", dialog.local, {});
    }
    out += "</dialog>";
    return out;
}

std::string write_idle_dialog(std::string_view entity, const BodyProfile& profile)
{
    std::string out;
    if (profile.idle_dialog_id.empty()) return out;
    out += "<dialog";
    append_attribute(out, "id", profile.idle_dialog_id);
    if (profile.direction) append_attribute(out, "direction", name(*profile.direction));
    out += "><state>terminated</state>";
    if (!profile.entity) {  // nothing else would name the extension
        out += "<local><identity>";
        append_escaped(out, entity);
        out += "</identity></local>";
    }
    out += "</dialog>";
    return out;
}

DialogInfoText write_dialog_info(std::string_view entity, std::span<const std::string_view> dialogs,
                                 const BodyProfile& profile, DocumentKind kind)
{
    const std::string_view state =
        kind == DocumentKind::full ? " state=\"full\"" : " state=\"partial\"";
    std::string head = "<?xml version=\"1.0\"?>\r\n"
                       "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\"";
    if (profile.state_first) head += state;
    head += " version=\"";

    std::string tail = "\"";
    if (!profile.state_first) tail += state;
    if (profile.entity) append_attribute(tail, "entity", entity);
    tail += '>';
    for (const auto dialog : dialogs) tail += dialog;
    tail += "</dialog-info>";
    if (profile.final_newline) tail += "\r\n";
    return {std::make_shared<const std::string>(std::move(head)),
            std::make_shared<const std::string>(std::move(tail))};
}

}  // namespace lampline
