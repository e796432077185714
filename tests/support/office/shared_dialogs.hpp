#pragma once
// Dialogs that two phones share (proxy mode): what they do in them, when they are over, and who
// does not want to hear anything. The exchange only sees it pass.
#include <list>
#include <optional>

#include "support/office/office.hpp"

namespace lampline::test {

class SharedDialogs {
public:
    explicit SharedDialogs(Office& office);

    /// A phone that has such a dialog, or whose INVITE was passed on, does something. False: it has
    /// none, or does nothing.
    bool act(Phone& phone);
    /// True: it is dealt with.
    bool take(Phone& phone, const Arrived& arrived);
    /// One session that is due is refreshed. False: none is.
    bool act();
    /// The exchange has ended all calls, and cannot tell the phones that share a dialog.
    void exchange_stopped() { dialogs_.clear(); }
    void exchange_killed();
    /// What is left of them, as far as the exchange knows from now on.
    void storage_lost(const std::vector<StoredCall>& left);
    /// The calls of phones that share a dialog are these, and they are on hold as they have said.
    void check(const LiveView& view);

private:
    using Time = std::chrono::steady_clock::time_point;
    /// A phone in such a dialog.
    struct Side {
        Phone* phone;
        std::string tag;
        std::string said{};  ///< its session, as the other one has accepted it
        std::optional<Time> until{};  ///< its session timer
        bool is_in = true;            ///< of a network: it has not left
    };
    struct Dialog {
        std::string call_id;
        Side caller;
        Side callee;
        std::optional<Time> refresh_at{};  ///< empty: the caller forgets
        std::chrono::seconds expires{};
        std::optional<Time> expired_at{};  ///< for one side, the first of them

        [[nodiscard]] DialogId seen_by(const Side& side) const;
        [[nodiscard]] Side& side_of(const Phone& phone);
        [[nodiscard]] Side& other_than(const Side& side);
        /// Both are in it.
        [[nodiscard]] bool goes_on() const { return caller.is_in && callee.is_in; }
        /// The first of the two sessions ends.
        [[nodiscard]] std::optional<Time> until() const;
    };
    using Dialogs = std::list<Dialog>;

    void passed_on(Phone& phone, const Arrived& arrived);
    void answered(Phone& phone, const Arrived& arrived);
    void probed(Phone& phone, const Arrived& arrived);
    void says_bye(Dialogs::iterator dialog, Side& side);
    /// Another session, or UPDATE without one.
    void asks(Dialogs::iterator dialog, Side& side, Method method, std::string_view sdp);
    void settled(Dialog& dialog, std::chrono::seconds expires);
    void settled(Side& side, std::chrono::seconds expires);
    void drop_expired();
    [[nodiscard]] bool is_network() const { return office_.pbx.network() != nullptr; }

    // Over a network each side has its own idea of the dialog.
    [[nodiscard]] Dialogs::iterator find(const DialogId& seen);
    [[nodiscard]] Side& side_of(Dialog& dialog, const DialogId& seen);
    void asks_by_network(Dialog& dialog, Side& side, Method method, std::string_view sdp);
    void take_passed(Phone& phone, const Arrived& arrived);
    void accepted_in_vain(Phone& phone, const Arrived& arrived);
    void asked(Dialog& dialog, Side& side, const Arrived& request);
    void told(Dialog& dialog, Side& side, const Arrived& answer);
    void leaves(Dialog& dialog, Side& side);
    void drop_expired_sides();
    /// For one of them, or as far as the exchange can tell.
    [[nodiscard]] bool is_over(const Dialog& dialog) const;
    [[nodiscard]] Dialogs::iterator any_of(const Phone& phone);
    void check(const LiveCall& call, const Dialog& dialog) const;
    void check_several(const LiveCall& call) const;

    Office& office_;
    Dialogs dialogs_;
    std::set<std::string> passed_on_;  // Call-IDs of INVITEs without an answer
    std::set<std::string> cancelled_;  // the same
    std::set<std::string> answered_;   // by the first phone
};

}  // namespace lampline::test
