#pragma once
// The event packages as rows: who may watch, and what there is to tell.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event_package.hpp"
#include "core/feature_code.hpp"
#include "core/group_state.hpp"
#include "core/presence.hpp"
#include "core/reginfo.hpp"
#include "engine/event_facts.hpp"

namespace lampline {

/// What one NOTIFY tells. A document has one part, unless its package tells things apart that a
/// phone may want one by one.
struct EventPart {
    std::uint64_t number = 0;  ///< names what it says, within one package and resource
    std::shared_ptr<const std::string> head;  ///< the body, or what of it is before the version
    std::shared_ptr<const std::string> tail;  ///< null: there is no version
    std::vector<Header> headers;

    std::uint64_t follows = 0;  ///< who was told this number may be told only what has changed:
    std::shared_ptr<const std::string> partial_head, partial_tail;

    /// The same as the body of a member in a list, where there are lists: the whole of it, then
    /// with less and less.
    std::vector<std::shared_ptr<const std::string>> listed;

    std::vector<RegisteredContact> contacts;  ///< reg: what it was made of
};
using EventPartRef = std::shared_ptr<const EventPart>;
/// Whether a phone that was told one has no need to be told the other.
bool says_the_same(const EventPart& left, const EventPart& right);

/// What a document is written of. Numbers are left to the notifier.
struct EventSubject {
    const EventFacts& facts;
    std::string_view extension;
    const std::vector<EventPartRef>& before;  ///< the last document; empty: none
    std::chrono::sys_seconds now;
    PartyView parties;  ///< whether those who are told may see with whom it talks
};

/// One part in several NOTIFYs, each of which adds to those before.
using EventPieces = std::vector<EventPart>;

/// What is left out of a NOTIFY that is too large, the least first.
enum class Reduction : std::uint8_t { no_names, no_parties };

struct EventPackageRow {
    std::string_view content_type;  ///< empty: there is no body, but headers
    /// `watcher` is an extension, `extension` may be none.
    bool (*may_watch)(const EventFacts& facts, std::string_view watcher,
                      std::string_view extension){};
    std::vector<EventPart> (*write)(const EventSubject& subject){};
    /// What the body of a SUBSCRIBE asks to be changed; nullopt: malformed, 400. Null: bodies are
    /// passed over.
    std::optional<std::vector<DialledFeature>> (*read_request)(std::string_view body){};
    /// Parts in one body, for phones that take its type; null: there is only one part.
    std::string (*write_together)(const std::vector<std::string_view>& parts){};
    std::string_view type_together{};
    /// The headers with less of who is at the other end, for what is too large; null: nothing can
    /// be left out.
    std::vector<Header> (*reduce)(const std::vector<Header>& headers, Reduction reduction){};
    /// What is too large still, or has no `reduce`, in pieces of at most `room` bytes of headers
    /// and body; null: it cannot be told so.
    EventPieces (*split)(const EventSubject& subject, const EventPart& part, std::size_t room){};
    /// Shown by the last NOTIFY to who is told no more, whatever is true; null: it says nothing.
    EventPart (*write_dark)(const EventSubject& subject){};
    /// Told to registered phones of the extension that have not subscribed.
    bool (*is_unsolicited)(const Extension& extension){};
    /// It says with whom the extension talks, so there are two documents.
    bool names_parties = false;
    /// A group is told as a list of its members (RFC 4662) to who may watch them. Documents have one
    /// part then, the same for all watchers, and `write_dark` is there.
    bool has_lists = false;
    /// What a SUBSCRIBE is answered with waits for nobody's turn.
    bool answers_at_once = false;
};

const EventPackageRow& row_of(EventPackage package) noexcept;

/// What presence tells of `extension`.
PresenceState presence_state(const EventFacts& facts, std::string_view extension);
/// What call-info tells: appearances by index, then what holds for all others, then what is about
/// none.
std::vector<SaidCallInfo> said_appearances(const EventSubject& subject);

}  // namespace lampline
