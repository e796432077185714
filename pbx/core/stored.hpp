#pragma once
// What must survive a restart, as values that leave the engine and come back at start.
#include <chrono>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/call_record.hpp"
#include "core/contained_list.hpp"
#include "core/dialog_info.hpp"
#include "core/location_table.hpp"
#include "core/stored_call.hpp"

namespace lampline {

/// A phone that notifies in the dialog of a forwarded SUBSCRIBE.
struct StoredNotifier {
    std::string tag;
    std::uint32_t reserved_cseq = 0;     ///< it had used no higher CSeq when this was stored
    std::uint32_t reserved_version = 0;  ///< nor a higher version
    std::uint64_t generation = 0;        ///< of its phone's registration; 0: not known

    friend bool operator==(const StoredNotifier&, const StoredNotifier&) = default;
};

/// A subscription as it is kept: enough to go on notifying after a restart (RFC 6665 §4.4).
struct StoredSubscription {
    std::string watcher;       ///< extension
    std::string member;        ///< watched extension; group, with `list`
    std::string list{};        ///< the form in which a list is told; empty: it is none
    std::vector<ContainedEntry>
        entries{};  ///< the list that its SUBSCRIBE contained; empty: `member` is a group
    bool forwarded = false;    ///< the watched phone notifies by itself; `local_tag` is then the watcher's too
    std::vector<StoredNotifier> notifiers{};  ///< `forwarded`: the phones that do so in its dialog
    std::string call_id;       ///< key, together with local_tag
    std::string local_tag;     ///< ours
    std::string remote_tag;    ///< the watcher's
    std::string local_uri;     ///< From of our NOTIFYs, without tag: the To of the SUBSCRIBE
    std::string remote_uri;    ///< To of our NOTIFYs, without tag
    std::string contact;       ///< the watcher's remote target
    std::vector<std::string> route;
    Flow flow;
    std::string event;         ///< with the parameters to echo
    std::string user_agent;
    std::uint64_t registered_call = 0;  ///< names the Call-ID of its phone's REGISTERs, see notify_path; 0: unknown
    std::uint32_t remote_cseq = 0;      ///< last SUBSCRIBE seen
    std::uint32_t reserved_cseq = 0;    ///< no NOTIFY with a higher CSeq was sent before this was stored
    std::uint32_t reserved_version = 0; ///< no body with a higher version was sent before this was stored
    std::chrono::sys_seconds expires_at;
};

/// A dialog of a publication as it is kept.
struct StoredPublishedDialog {
    DialogElement said;     ///< as the publisher described it last
    std::string shown_id;   ///< by which watchers know it
    bool hidden = false;    ///< the exchange knew of it itself, and told its end
};

/// A phone that may be who has published something of its own extension.
struct StoredPublisher {
    std::string contact;
    std::string registration;  ///< Call-ID of its REGISTER
};

/// What somebody publishes of an extension (RFC 3903), as it is kept.
struct StoredPublication {
    std::string id;         ///< key, for life; the entity-tag is another after each PUBLISH
    std::string etag;
    std::string extension;  ///< about whom
    std::string publisher;  ///< extension
    std::string event;
    std::vector<StoredPublishedDialog> dialogs;  ///< of `dialog`
    std::string call_info;                       ///< of the other packages
    std::vector<StoredPublisher> phones;         ///< one of which speaks of its own extension
    std::chrono::sys_seconds expires_at;
};

struct BindingStored {
    Binding binding;
    bool refresh = false;  ///< only expires_at and cseq moved: may be written a little later, the newest counts
};
struct BindingRemoved {
    std::string aor;
    SipUri contact;
};
struct SubscriptionStored {
    StoredSubscription subscription;
};
struct SubscriptionRemoved {
    std::string call_id;
    std::string local_tag;
};

struct PublicationStored {
    StoredPublication publication;
    bool first = false;  ///< nothing of it has been stored before
};
struct PublicationRemoved {
    std::string id;
};

struct CallStored {
    std::shared_ptr<const StoredCall> call;
    bool first = false;  ///< nothing of this call has been stored before
};
struct CallRemoved {
    CallRef call;
};
struct RingingStored {
    std::shared_ptr<const StoredRinging> call;
    bool first = false;  ///< nothing of it is stored, or all that was has been removed
};
struct RingingRemoved {
    CallRef call;
};

/// A call to a ring group that takes turns began with `first`; the newest of a group counts.
struct TurnTaken {
    std::string group;
    std::string first;
};

/// A phone that notified a watcher by itself must not go on: the watcher has been told the end. Kept until `until`.
struct NotifierEnded {
    std::string dialog;           ///< key: its Call-ID and the phone's tag
    std::uint32_t last_cseq = 0;  ///< of the phone's NOTIFY that was passed on as the last; 0: the last one was ours
    std::chrono::sys_seconds at;
    std::chrono::sys_seconds until;
};

/// A lamp that a phone was told unasked as lit: it may show it until it has answered the end. So is that
/// of its messages, once the end is owed.
struct UnaskedLamp {
    std::string watcher;  ///< extension
    std::string phone;    ///< names it among those of `watcher`, see notify_path
    std::string member;   ///< watched extension; `event:` and the package, where that is not `dialog`
    std::chrono::sys_seconds since{};  ///< its phone was told of it no more; 0: it is told

    friend bool operator==(const UnaskedLamp&, const UnaskedLamp&) = default;
};
struct UnaskedLampStored {
    UnaskedLamp lamp;
};
struct UnaskedLampRemoved {
    UnaskedLamp lamp;  ///< whatever its `since`
};

/// The record of a call that is not over: a restart goes on with it, or tells in it how the call ended.
struct OpenRecord {
    /// Of the part at the same position.
    struct Dialog {
        std::string phone_tag;  ///< and the Call-ID of its part
        bool living = true;
    };

    CallRecord record;
    std::vector<Dialog> dialogs;
    bool clicked = false;      ///< a third party placed it
    bool by_exchange = false;  ///< the exchange itself answered it
};
/// The newest of a call counts, until the call is recorded.
struct RecordOpened {
    std::shared_ptr<const OpenRecord> open;
};

/// A call is over: the log gets it.
struct CallRecorded {
    std::shared_ptr<const CallRecord> record;
    bool was_open = false;  ///< it was stored before as one that is not over
};

/// How often outside was called within a day: by a number of the office, or by way of a trunk.
struct OutsideDay {
    std::chrono::sys_days day;
    std::string payer;  ///< empty: counted for `trunk`
    std::string trunk;
    unsigned calls = 0;

    friend bool operator==(const OutsideDay&, const OutsideDay&) = default;
};

using StorageChange =
    std::variant<BindingStored, BindingRemoved, SubscriptionStored, SubscriptionRemoved, PublicationStored,
                 PublicationRemoved, CallStored, CallRemoved, RingingStored, RingingRemoved, TurnTaken, NotifierEnded,
                 RecordOpened, CallRecorded, OutsideDay, UnaskedLampStored, UnaskedLampRemoved>;

}  // namespace lampline
