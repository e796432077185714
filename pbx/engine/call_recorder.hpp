#pragma once
// From what the call engine announces to the record of each call.
#include <map>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "core/call_record.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// Folds the events of each call into a CallRecord, and stores it once the last leg of the call is
/// terminated; what is known of it so far whenever the call itself is stored. Decides nothing and
/// knows no call: what it says is what was announced. SIP thread only.
class CallRecorder {
public:
    void fold(const CallStarted& started, Moment now, Outbox& outbox);
    void fold(const DialogChanged& changed, Moment now, Outbox& outbox);
    void fold(const CallEnded& ended, Moment now, Outbox& outbox);
    void fold(const CallAnswered& answered, Moment now, Outbox& outbox);
    void fold(const CallMoved& moved, Moment now, Outbox& outbox);
    void fold(const MoveFailed& failed, Moment now, Outbox& outbox);
    void fold(const CallReplacing& replacing, Moment now, Outbox& outbox);
    void fold(const CallRefused& refused, Moment now, Outbox& outbox);
    void fold(const CallKept& kept, Moment now, Outbox& outbox);

    /// What the run before knew of calls that were not over: once, before the calls that are taken
    /// up are announced.
    void recall(std::vector<OpenRecord> open);
    /// Once they are: since when the dialog, which was taken up, has been confirmed. nullopt: that is
    /// not known, or its extension has talked by another one before, whose place this one has.
    [[nodiscard]] std::optional<CallPart::TimePoint> talks_since(const DialogSnapshot& dialog) const;
    /// The same: whatever was not taken up, a call or a phone of one, has ended with that run.
    void end_forgotten(Moment now, Outbox& outbox);

    /// Calls that are not over.
    [[nodiscard]] std::size_t open_count() const noexcept { return open_.size(); }

private:
    struct PartLeg {
        LegId id;  ///< 0: of the run before, and not taken up
        bool living = true;
        std::string phone_tag{};
        bool forgotten = false;  ///< it was living when that run ended
        bool asked = false;      ///< picked_up: the exchange rings its phone, which may not answer
    };
    struct Open {
        CallRecord record;
        std::vector<PartLeg> legs;  ///< of the parts at the same positions
        std::size_t living = 0;
        bool resumed = false;  ///< was talking before a restart
        bool clicked = false;  ///< a third party placed it
        bool over = false;     ///< the engine has said so
        bool by_exchange = false;  ///< the exchange itself answered it
        RefusedBy refused_by = RefusedBy::callee;
        bool unsaved = true;       ///< since it was stored last
        bool stored = false;
        std::optional<CallReplacing> replacing{};  ///< another call is to take its place
        /// One that its phone has ended, and that this one replaces when that phone answers now.
        std::shared_ptr<const CallRecord> to_replace{};

        [[nodiscard]] std::optional<std::size_t> position_of(LegId leg) const;
        /// Nobody is in it, and nobody will be: a clicked call has no caller's leg that would last from one
        /// of its first phones to the next.
        [[nodiscard]] bool is_over() const;
        void end(std::size_t position);
        void forget_vain_parts();
    };
    using OpenCalls = std::unordered_map<CallRef, Open>;

    static Open opened(OpenRecord recalled);
    /// False: there was nothing to end.
    static bool end_forgotten_parts(Open& open, Moment now);
    static std::size_t add_part(Open& open, const DialogSnapshot& dialog, Moment now,
                                Outbox& outbox);
    static void answered(Open& open, CallPart& part, Moment now);
    /// The phone that is at `part` has answered in the place of the call that it ended before.
    static void link_late(Open& open, CallPart& part, Moment now, Outbox& outbox);
    static void end_part(Open& open, std::size_t position, const DialogSnapshot& dialog,
                         Moment now);
    static void end_part(Open& open, std::size_t position, LegInput by, Moment now);
    /// Its position, when it is a dialog of the run before that goes on as `dialog.leg`.
    static std::optional<std::size_t> take_up(Open& open, const DialogSnapshot& dialog,
                                              Outbox& outbox);
    static void store(Open& open, Outbox& outbox);
    /// Links a call that ends with the one that has taken its place. The call that may still do so;
    /// nullptr: there is none.
    Open* link(Open& open);
    void finish(OpenCalls::iterator call, Moment now, Outbox& outbox);
    void finish(Open& open, Moment now, Outbox& outbox);

    OpenCalls open_;
    std::map<CallRecordId, OpenRecord> recalled_;  // empty but at a start
};

}  // namespace lampline
