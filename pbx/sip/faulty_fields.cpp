#include "sip/faulty_fields.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "sip/field_values.hpp"

namespace lampline::sip {
namespace {

constexpr std::string_view wanted_address = "expected one address, in angle brackets if it has parameters of its own";
constexpr std::string_view wanted_hops = "expected addresses in angle brackets";
constexpr std::string_view wanted_seconds = "expected a number of seconds";
constexpr std::string_view wanted_tags = "expected names of extensions";

constexpr std::array known_fields = std::to_array<FaultyField>({
    {"CSeq", "expected a number below 2147483648 and the method of the request"},
    {"Call-ID", "expected one word"},
    {"Contact", "expected SIP URIs, in angle brackets if they have parameters"},
    {"Content-Disposition", "expected one word, with parameters if any"},
    {"Content-Encoding", "expected names of encodings"},
    {"Content-Length", "expected the number of bytes of the body"},
    {"Content-Type", "expected type/subtype, with parameters if any"},
    {"Event", "expected the name of one event package, with parameters if any"},
    {"Expires", wanted_seconds},
    {"From", wanted_address},
    {"Max-Forwards", "expected a number from 0 to 255"},
    {"Min-SE", wanted_seconds},
    {"Path", wanted_hops},
    {"Proxy-Require", wanted_tags},
    {"RAck", "expected RSeq, CSeq and method of the response"},
    {"RSeq", "expected a number"},
    {"Record-Route", wanted_hops},
    {"Require", wanted_tags},
    {"Route", wanted_hops},
    {"SIP-ETag", "expected one token"},
    {"SIP-If-Match", "expected one token"},
    {"Session-Expires", wanted_seconds},
    {"Subscription-State", "expected active, pending or terminated, with parameters if any"},
    {"To", wanted_address},
    {"Via", "expected SIP/2.0, a transport and an address that can be answered"},
});

const FaultyField* find_known_field(std::string_view name) noexcept
{
    const auto found = std::ranges::find_if(
        known_fields, [&](const FaultyField& field) { return same_word(field.name, name); });
    return found == known_fields.end() ? nullptr : &*found;
}

/// They name the target of a dialog (RFC 3261 §8.1.1.8, RFC 3311 §5.1, RFC 6665 §4.1.3, RFC 3515 §2.2).
bool has_one_contact(sip_method_t method) noexcept
{
    return method == sip_method_invite || method == sip_method_update ||
           method == sip_method_subscribe || method == sip_method_notify ||
           method == sip_method_refer;
}

/// What is said of the message that the stack looks at; `wanted` is empty where nothing is.
FaultyField screened;

}  // namespace

std::optional<FaultyField> faulty_field(const sip_t& request) noexcept
{
    for (const auto* error = request.sip_error; error; error = error->er_next) {
        const auto* kind = error->er_common->h_class;
        const bool malformed = kind == sip_error_class;
        const auto* field = find_known_field(text_of(malformed ? error->er_name : kind->hc_name));
        // What is one too many the stack puts there as it is.
        if (field) return malformed ? *field : FaultyField{field->name, "expected once"};
    }
    if (request.sip_contact && request.sip_contact->m_next &&
        has_one_contact(request.sip_request->rq_method))
        return FaultyField{"Contact", wanted_address};
    return std::nullopt;
}

std::string warning_of(std::string_view name, std::string_view wanted)
{
    return fmt::format("399 lampline \"{}: {}\"", name, wanted);
}

Delivery::Delivery(msg_t* message) noexcept
{
    const auto* sip = message ? sip_object(message) : nullptr;
    if (sip && (sip->sip_flags & MSG_FLG_ERROR))
        screened = {"Content-Length", "expected a message as in RFC 3261, section 7"};
}

Delivery::~Delivery()
{
    screened = {};
}

void note_screened(std::string_view name, std::string_view wanted) noexcept
{
    screened = {name, wanted};
}

void explain_refusal(msg_t& answer) noexcept
try {
    if (screened.wanted.empty()) return;
    auto* sip = sip_object(&answer);
    if (!sip || !sip->sip_status || sip->sip_status->st_status != 400 || sip->sip_warning ||
        msg_is_prepared(&answer))
        return;
    auto what = std::exchange(screened, FaultyField{});
    // The stack names the header in its phrase: `Bad From Header`.
    auto phrase = text_of(sip->sip_status->st_phrase);
    constexpr std::string_view before = "Bad ";
    constexpr std::string_view behind = " Header";
    if (phrase.starts_with(before) && phrase.ends_with(behind) &&
        phrase.size() > before.size() + behind.size()) {
        phrase.remove_prefix(before.size());
        phrase.remove_suffix(behind.size());
        if (const auto* field = find_known_field(phrase)) what = *field;
    }
    sip_add_make(&answer, sip, sip_warning_class, warning_of(what.name, what.wanted).c_str());
} catch (...) {  // no memory: it goes without
}

}  // namespace lampline::sip
