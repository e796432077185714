#pragma once
// Phones of an office that call, move calls and lose them, at any time and in any order.
#include "support/office/random_progress.hpp"
#include "support/office/random_sessions.hpp"
#include "support/office/shared_dialogs.hpp"

namespace lampline::test {

class RandomCalls {
public:
    RandomCalls(Office& office, RandomSessions& sessions, RandomProgress& progress,
                SharedDialogs& shared)
        : office_{office}, sessions_{sessions}, progress_{progress}, shared_{shared}
    {
    }

    /// Somebody does something.
    void act();
    /// Something but a NOTIFY of a subscription, or a SUBSCRIBE, has arrived.
    void take(Phone& phone, const Arrived& arrived);
    /// After each step: who talks.
    void look();
    /// Says BYE in a dialog that need not be the one it acts in.
    void ends(Phone& phone, LegId dialog);
    void exchange_killed();
    /// Whoever talks no more has said or heard BYE, and whose dialog is open is in a call.
    void check_dialogs(const LiveView& view);
    /// What phones have asked for by codes is done, or refused.
    void settle(bool all);

    /// Who simply talks, before the exchange is killed, and who talks after it.
    [[nodiscard]] std::set<std::string> talking() const;
    void check_survivors(const std::set<std::string>& talked);
    /// Who talks in what is left of those who `talked`. The phones of dialogs that are only left in
    /// storage know no more of them.
    [[nodiscard]] std::set<std::string> storage_lost(const std::set<std::string>& talked,
                                                     const std::vector<StoredCall>& before,
                                                     const std::vector<StoredCall>& left);
    /// No call is left of which a phone has said that it does not know it.
    void check_forgotten(const LiveView& view) const;

    /// In these dialogs their phones say nothing any more.
    void died(const std::set<std::string>& dialogs);
    /// Its phone will say so when it is asked.
    [[nodiscard]] bool is_forgotten(const std::string& call_id) const
    {
        return forgotten_.contains(call_id);
    }

    /// Nobody is taken up after a kill who has left before.
    void check_stored() const;

    /// Who is on hold is who has said that it hears nothing.
    void check_holds(const LiveView& view) const;

    /// Each dialog is in one call.
    void check_one_truth(const LiveView& view) const;
    /// With a network that has been quiet for long: who has left a dialog is in no call by it.
    void check_known(const LiveView& view) const;

    /// The slots hold one call each, and the call says so.
    void check_slots(const LiveView& view);

private:
    [[nodiscard]] Phone& somebody();
    [[nodiscard]] std::string any_number();
    void says_bye(Phone& phone);
    void answers(Phone& phone);
    void refuses_early(Phone& phone);
    /// Another one that rings for the same INVITE, passed on to both.
    [[nodiscard]] Phone* rings_along(const Phone& phone) const;
    /// At times as the other one answers.
    void cancels(Phone& phone);
    void says(Phone& phone, unsigned status);
    void acts_outside(Phone& carrier);
    void answers_outside(Phone& carrier);
    void forwards(Phone& phone);
    [[nodiscard]] std::vector<CallerException> exceptions(const std::vector<std::string>& goals);
    void calls(Phone& phone, const std::string& desk);
    /// By the exceptions of `desk`, as who has written them reads them; `shown` by `caller`: its
    /// number, or none.
    [[nodiscard]] bool is_refused(const std::string& desk, std::string_view caller,
                                  std::string_view shown) const;
    /// Nobody rings any more for who wants no answer since long.
    void check_expired(const LiveCall& call) const;
    /// Who was told where the phones are calls one of them, or nobody.
    void follows(Phone& phone, const Arrived& redirected);
    void have_ring_group(std::string overflow);
    void orders(const Phone& phone);
    void parks(Phone& phone);
    void retrieves(Phone& phone);
    void uses_card(Phone& phone);
    void takes_over(Phone& phone);
    void picks_up(Phone& phone);
    void picks_up_dialog(Phone& phone);
    /// Who asks for somebody's call gets that or nothing.
    void check_calls_nobody(const Phone& phone) const;
    /// The same for one that talks and is not the phone's own, or when it is to ring still.
    void check_refused(const Phone& phone) const;
    /// The dialog of the exchange with the phone of `leg`, by all that there is to say.
    [[nodiscard]] Replaces naming(const LiveLeg& leg) const;
    void joins(Phone& phone);
    void refers(Phone& phone);
    /// Another session, by UPDATE.
    void updates(Phone& phone);
    /// Its INVITE within a dialog waits for an answer.
    [[nodiscard]] bool changes_session(const Phone& phone) const;
    /// With UPDATE or REFER, meanwhile.
    void overtakes_itself(Phone& phone);
    /// With BYE and Also.
    void leaves(Phone& phone);
    /// It has somebody called, in no dialog.
    void clicks(Phone& phone);
    /// By what its phone has said last in this dialog; nullopt: it has said nothing.
    [[nodiscard]] std::optional<bool> hears_nothing(const std::string& call_id) const;

    Office& office_;
    RandomSessions& sessions_;
    RandomProgress& progress_;
    SharedDialogs& shared_;
    using Time = std::chrono::steady_clock::time_point;
    std::map<std::string, Time> wanted_until_;  // by Call-ID: the answer to an INVITE
    std::set<std::string> forgotten_;           // Call-IDs
    std::map<std::string, std::set<std::string>> dialogs_before_;  // the kill: Call-IDs by call
    std::set<std::string> unsure_;     // what they have said last is not stored
    std::set<LegId> talk_;             // they have, and their dialogs may be over by now
    std::set<LegId> over_;             // by a BYE, or since the phone does not know them
};

}  // namespace lampline::test
