#pragma once
// Event state compositor (RFC 3903): what phones and programs publish about extensions.
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/string_table.hpp"
#include "base/timer_queue.hpp"
#include "core/call_event.hpp"
#include "core/dialog_info.hpp"
#include "core/directory.hpp"
#include "core/event_package.hpp"
#include "core/lamp_account.hpp"
#include "core/live_view.hpp"
#include "core/location_table.hpp"
#include "core/sip_input.hpp"
#include "core/token_source.hpp"
#include "engine/outbox.hpp"

namespace lampline {

class Appearances;

struct PublicationSettings {
    std::chrono::seconds least{60};  ///< of call-info; dialogs may be of a second, as calls are
    std::chrono::seconds otherwise{3600};
    std::chrono::seconds most{7200};
    std::chrono::seconds seized{15};  ///< at most, and unless said otherwise, of line-seize
    std::size_t per_extension = 16;
};

/// What a step has changed of the published state.
struct StatePublished {
    std::vector<DialogSnapshot> dialogs;  ///< as if they were our own, with legs that are no call's
    std::vector<std::pair<EventPackage, std::string>> packages;  ///< and the extension
};

/// Publications of `dialog`, `call-info` and `line-seize`, by entity-tag. Of each appearance counts
/// what was published last; what says nothing any more makes room for what its publisher begins.
/// What the exchange knows of a call itself is not told twice: a published dialog whose Call-ID is
/// that of a dialog of ours with the same extension counts for nothing, and one that its publisher
/// has published before in another publication moves from there. What a phone says of its own
/// extension ends when it leaves, or has begun anew. They survive a restart, with their
/// entity-tags, until they expire. SIP thread only.
class Publications {
public:
    Publications(PublicationSettings settings, TokenSource tokens);

    /// Answers with exactly one Reply: 200; 400, 403, 404, 412, 415, 423, 480, 489. `appearances`:
    /// those of the exchange's own lines, which nobody claims by PUBLISH; `registered`: the phones
    /// of who publishes.
    StatePublished receive(const PublishReceived& request, const Directory& directory,
                           const Appearances& appearances, std::span<const Binding> registered,
                           Moment now, Outbox& outbox);
    /// The phones of `aor` are `registered` now. `expired`: whoever left has not said so, and what
    /// it has published lasts until it is back.
    StatePublished bindings_changed(std::string_view aor, std::span<const Binding> registered,
                                    bool expired, Outbox& outbox);
    /// What it has published goes on. Before bindings_changed().
    void phone_moved(const PhoneMoved& moved, Outbox& outbox);
    /// A phone whose registration was not renewed says after all that it leaves.
    StatePublished phone_left(const PhoneLeft& left, Outbox& outbox);
    /// Only of our own dialogs.
    StatePublished fold(const DialogSnapshot& own, Outbox& outbox);
    StatePublished advance(Moment now, Outbox& outbox);
    /// Extensions that are gone take with them what was published.
    StatePublished replace_directory(const Directory& directory, Outbox& outbox);
    /// Takes up what an earlier run has left, after our own dialogs. What has expired, or may not
    /// be published any more, leaves the storage.
    StatePublished restore(std::vector<StoredPublication> stored, const Directory& directory,
                           Moment now, Outbox& outbox);
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_deadline() const
    {
        return expiry_.next_deadline();
    }
    /// By whom the dialog `leg` of `extension` is published, and until when; nullopt: it is not.
    [[nodiscard]] std::optional<PublishedBy> publisher_of(std::string_view extension,
                                                          LegId leg) const;
    /// The Call-Info headers published about `extension`: no appearance is in two of them.
    [[nodiscard]] std::vector<Header> call_info(EventPackage package,
                                                std::string_view extension) const;
    [[nodiscard]] std::size_t size() const noexcept { return by_etag_.size(); }
    void describe(LiveView& view) const;

private:
    struct PublishedDialog {
        std::string element;  ///< its id within the document
        DialogSnapshot latest;
        bool ours = false;  ///< the exchange knows of this dialog itself
    };
    /// The registration of a phone when it published.
    struct Registration {
        SipUri contact;
        std::string call_id;
        bool is_over = false;  ///< it was not renewed
    };
    struct Publication {
        std::string id;  ///< for life
        std::string extension;
        std::string publisher;
        std::optional<EventPackage> package;  ///< empty: dialog
        std::vector<Registration> phones;     ///< one of which speaks of its own extension
        std::vector<PublishedDialog> dialogs;
        std::string call_info;  ///< without what others have said of the same since
        std::chrono::sys_seconds expires_at;
    };
    /// One extension that something is known of.
    struct Subject {
        std::vector<std::string> etags;
        /// Legs of our own live ones, by Call-ID: phones that share a dialog (proxy mode) have one.
        StringTable<std::vector<LegId>> own_dialogs;
    };

    struct Content;
    [[nodiscard]] bool read(const PublishReceived& request, std::optional<EventPackage> package,
                            const Directory& directory, Content& content, Outbox& outbox) const;
    [[nodiscard]] bool make_room(const Subject& subject, std::string_view publisher,
                                 StatePublished& changes, Outbox& outbox);
    void overrule(const std::string& etag, const Publication& newest, Outbox& outbox);
    void publish_dialogs(Publication& publication, const DialogInfo& document,
                         const Directory& directory, StatePublished& changes, Outbox& outbox);
    [[nodiscard]] std::optional<PublishedDialog>
    take_from_older(const Publication& newer, const DialogId& dialog, Outbox& outbox);
    [[nodiscard]] std::chrono::seconds longest(std::optional<EventPackage> package) const noexcept;
    [[nodiscard]] bool is_acceptable(const StoredPublication& stored, const Directory& directory,
                                     Moment now) const;
    [[nodiscard]] static bool may_publish(const Directory& directory, std::string_view publisher,
                                          std::string_view extension) noexcept;
    static void store(const std::string& etag, const Publication& publication, bool first,
                      Outbox& outbox);
    [[nodiscard]] static std::vector<const Binding*>
    publishers_of(const Publication& publication, const PublishReceived& request,
                  std::span<const Binding> registered);
    /// Without those of its phones that are `gone`. True: none is left of some.
    template <class Gone>
    bool forget_phones(const std::string& etag, Gone gone, Outbox& outbox);
    void withdraw(const std::string& etag, StatePublished& changes, Outbox& outbox);
    void drop_unused_subject(std::string_view extension);

    static constexpr std::size_t max_dialogs = 32;  // of one publication

    PublicationSettings settings_;
    TokenSource tokens_;
    IdSource<LegId> legs_;
    StringTable<Publication> by_etag_;
    StringTable<Subject> subjects_;
    TimerQueue<std::string> expiry_;
};

}  // namespace lampline
