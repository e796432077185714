// The dialects that are known. A row differs from the standard only where a source says why; what
// each phone does when it reads it was not tried on hardware.
#include <array>

#include "core/body_profile.hpp"

namespace lampline {
namespace {

/// For phones that know `early`, `confirmed` and `terminated` only: a call shows when it rings, and
/// whoever dials is busy.
constexpr BodyProfile::Words busy_when_dialling{"confirmed", "confirmed", "confirmed", "confirmed"};
constexpr BodyProfile::Words from_ringing_on{"", "early", "early", "confirmed"};

}  // namespace

// RFC 4235 §4. An idle extension still has a `dialog` child (OpenSIPS pull request 1193: Yealink
// keeps its lamp on without one; Kamailio, pua_dialoginfo, force_dummy_dialog: Bria wants one), and
// phones that would do without read `terminated` as off.
const BodyProfile standard_profile{.name = "standard"};

// ABP, snom 190/320/360 FAQ, Extension Monitoring (2006). A phone that is being called flashes only
// when it rings, so the moment before is not shown.
const BodyProfile snom_profile{
    .name = "snom",
    .user_agents = {"snom190", "snom320", "snom360"},
    .as_recipient = {"", "proceeding", "early", "confirmed"},
    .shown = ShownDialogs::ringing_first,
    .dialog_id = "dummy",
    .ended = false,
    .idle_dialog_id = {},
};

// innovaphone, How to use partner keys with third-party phones (2008), with its trace. `early` is a
// call that may be picked up, `proceeding` is busy. The lengths in the trace (343 and 349) are
// those of a single line and one CRLF; that it follows the declaration is where the trace shows a
// break anyway.
const BodyProfile innovaphone_profile{
    .name = "innovaphone",
    .user_agents = {"innovaphone", "(innovaphone"},
    .as_initiator = {"proceeding", "proceeding", "proceeding", "proceeding"},
    .as_recipient = {"", "early", "early", "proceeding"},
    .shown = ShownDialogs::ringing_first,
    .dialog_id = "1",
    .clearing = Clearing::always,
    .idle_dialog_id = "1",
    .entity = false,
    .tags = false,
    .end_event = false,
    .display_names = false,
    .local_targets = false,
    .remote_targets = false,
    .rendering = false,
    .direction = Direction::initiator,
    .switched_on = "proceeding",
    .parked = "proceeding",
    .state_first = true,
    .direction_first = true,
    .final_newline = false,
};

namespace {

// snom, Default behaviour of the LED of BLF function keys, and BLF - Busy lamp field: busy is a call
// or do not disturb, where the exchange says so, and both are steady. Key pickup needs `recipient`,
// call-id, local and remote (HowTo Call Pickup).
const BodyProfile snom_desk_profile{
    .name = "snom-desk",
    .user_agents = {"snom"},
    .do_not_disturb = "confirmed",
};

// Yealink, Administrator Guide for T2/T4/T5 phones, BLF: every document has a dialog, an idle one
// the id 0000 and `terminated`. It takes partial documents; it is told full ones, which are right
// even if it should forget.
const BodyProfile yealink_profile{
    .name = "yealink",
    .user_agents = {"Yealink"},
    .idle_dialog_id = "0000",
};

// Polycom, FAQ on BLF, and Engineering Advisory 62475: native pickup takes call-id, tags and remote
// target from the body. Ringing after in-use is ignored unless idle lies between (Asterisk issues
// 2159 and 2160).
const BodyProfile polycom_profile{
    .name = "polycom",
    .user_agents = {"Polycom", "Poly"},
    .clearing = Clearing::before_ringing,
};

// Grandstream, documentation of the event list BLF: lamps for terminated, early and confirmed. The
// idle dialog has its mandatory id (Kamailio pull request 99).
const BodyProfile grandstream_profile{
    .name = "grandstream",
    .user_agents = {"Grandstream"},
    .as_initiator = busy_when_dialling,
    .as_recipient = from_ringing_on,
};

// Kamailio, documentation of pua_dialoginfo and presence_dialoginfo: an SPA962 ends at several
// dialogs (force_single_dialog, with early > confirmed), and flashes for a caller in `early`
// (caller_confirmed). Linksys, SPA9x2 Administration Guide: which header names the other party is
// chosen by Caller ID Header; without that setting, in older software, there is SIP Remote-Party-ID.
const BodyProfile cisco_spa_profile{
    .name = "cisco-spa",
    .user_agents = {"Cisco/SPA", "Linksys/SPA", "Sipura/SPA"},
    .as_initiator = busy_when_dialling,
    .shown = ShownDialogs::ringing_first,
    .identity = IdentityHeader::both,
};

// Cisco, IP Phone 7960/7940 Administrator Guide for SIP (remote_party_id), and Unified
// Communications Manager SIP Line Messaging Guide: displays follow Remote-Party-ID, in answers,
// re-INVITE and UPDATE. Its 3PCC phones (Cisco-CP-8841-3PCC) are of the SPA family and know both.
const BodyProfile cisco_profile{
    .name = "cisco",
    .user_agents = {"Cisco-CP7", "Cisco-CP8", "Cisco-CP9", "CSCO/"},
    .identity = IdentityHeader::remote_party_id,
};

// Fanvil, X7 manual, and the provisioning templates of its phones: of the states only terminated,
// early and confirmed have a lamp.
const BodyProfile fanvil_profile{
    .name = "fanvil",
    .user_agents = {"Fanvil"},
    .as_initiator = busy_when_dialling,
    .as_recipient = from_ringing_on,
};

// Mitel, 6800/6900 Administrator Guide, BLF: for directed pickup the phone first looks for call-id,
// tags and target in the body, so nothing may be left out.
const BodyProfile mitel_profile{.name = "mitel", .user_agents = {"Aastra", "Mitel"}};

// Kamailio, documentation of pua_dialoginfo, force_dummy_dialog: Bria wants at least one dialog in
// every document.
const BodyProfile bria_profile{.name = "bria", .user_agents = {"Bria", "CounterPath", "X-Lite"}};

// tSIP and baresip, source of their dialog-info reader: early, confirmed and terminated are known,
// `proceeding` is unknown; several dialogs are read. Linphone and MicroSIP show presence instead
// and refuse this package, which is remembered; should one learn it, this is the safest dialect.
const BodyProfile softphone_profile{
    .name = "softphone",
    .user_agents = {"baresip", "tSIP", "Linphone", "MicroSIP"},
    .as_initiator = busy_when_dialling,
    .as_recipient = from_ringing_on,
};

// Auerswald, wiki on key types: COMfortel D phones handle ten NOTIFYs a second, keep a hundred, and
// drop the rest.
const BodyProfile auerswald_profile{
    .name = "auerswald",
    .user_agents = {"Auerswald", "COMfortel"},
    .gap = std::chrono::milliseconds{100},
};

}  // namespace

std::span<const BodyProfile* const> built_in_profiles() noexcept
{
    static constexpr std::array<const BodyProfile*, 14> rows{
        &standard_profile, &snom_profile,        &innovaphone_profile, &yealink_profile,
        &polycom_profile,  &grandstream_profile, &cisco_spa_profile,   &fanvil_profile,
        &mitel_profile,    &bria_profile,        &softphone_profile,   &auerswald_profile,
        &cisco_profile,    &snom_desk_profile,
    };
    return rows;
}

}  // namespace lampline
