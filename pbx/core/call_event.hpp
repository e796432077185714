#pragma once
// Every fact the call engine and the registrar announce.
#include <variant>

#include "core/leg_state.hpp"
#include "core/sip_types.hpp"

namespace lampline {

/// Which side of the dialog the watched extension is (RFC 4235 §4.1.2).
enum class Direction : std::uint8_t { initiator, recipient };

/// One side of a dialog as dialog-info shows it.
struct DialogParty {
    NameAddr identity;
    SipUri target;  ///< host empty: no target known
};

/// One dialog between the exchange and a phone of `extension`, seen from that phone, so that a pickup can name it.
struct DialogSnapshot {
    LegId leg;
    std::string id;       ///< names it to watchers for life, over restarts too; empty: it is named after the leg
    CallRef call{};
    std::string extension;
    DialogId dialog;      ///< local_tag is the phone's, remote_tag ours (RFC 4235 §4.1.3, RFC 3891 §3)
    Direction direction = Direction::initiator;
    LegState state = LegState::trying;
    LegInput ended_by = LegInput::error;  ///< meaningful when terminated
    bool resumed = false; ///< from before a restart: watchers may have been told of it by the run before
    bool held = false;    ///< the phone does not receive media: `+sip.rendering=no`
    DialogParty local;    ///< the watched phone
    DialogParty remote;   ///< whom it talks to
};

/// A dialog of `dialog.extension` began, moved or ended. A terminated one is announced exactly once, as the last.
struct DialogChanged {
    DialogSnapshot dialog;
};

/// The bindings of `aor` changed: a phone came, left, moved or expired.
struct BindingChanged {
    std::string aor;
};

using CallEvent = std::variant<DialogChanged, BindingChanged>;

}  // namespace lampline
