#pragma once
// An office for random tests: who is there, what is configured, and who may see whom by it.
#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/office/chance.hpp"
#include "support/scenario.hpp"

#include <doctest/doctest.h>

namespace lampline::test {

inline constexpr std::array<std::string_view, 5> desks{"101", "102", "103", "104", "105"};
inline constexpr std::array<std::string_view, 2> slots{"park+701", "park+702"};
inline constexpr std::array<std::string_view, 3> lot{"700", "701", "702"};  ///< 700: any slot
/// Those that several phones share; the calls of all desks fit in neither.
inline constexpr std::array<std::string_view, 2> shared_lines{"102", "103"};
inline constexpr std::string_view notifier = "104";     ///< its phones may notify by themselves
inline constexpr std::string_view outside = "0664999";  ///< over two trunks, one after the other

/// When copies of a message arrive, after as many were lost (T1 and on, RFC 3261 §17.1.1.2); the
/// first one alone may merely be late.
inline constexpr std::array<std::chrono::milliseconds, 6> copies{
    std::chrono::milliseconds{20},   std::chrono::milliseconds{500},
    std::chrono::milliseconds{1500}, std::chrono::milliseconds{3500},
    std::chrono::milliseconds{7500}, std::chrono::milliseconds{15500}};
/// Of a message that arrives at all.
inline constexpr auto longest_passage = copies.back();

/// Extensions 101 to 105 with two phones each, which call; 106, 108 and 109, which only look on,
/// 108 with two phones that are told unasked; 107 is a program that may publish for others. Two
/// carriers, which fail at times, call all desks and are called.
class Office {
public:
    explicit Office(unsigned seed);

    /// What is written into the configuration below is in force from now on.
    void configure();
    /// All that is limited about calls to outside has been given back.
    [[nodiscard]] bool may_call_outside();
    [[nodiscard]] const Group& group_named(std::string_view name) const;

    // By the configuration, as an administrator reads it.
    [[nodiscard]] bool may_watch(std::string_view watcher, std::string_view member) const;
    /// The same without what an extension may see of itself.
    [[nodiscard]] bool is_shown(std::string_view watcher, std::string_view member) const;
    [[nodiscard]] bool may_see_parties(std::string_view watcher, std::string_view member) const;
    /// Others may see whom it talks to, and its own name on the lamps of those.
    [[nodiscard]] bool is_open(std::string_view number) const;
    /// `text`, the address of who is at the other end of a dialog of `member`, is as `watcher` may
    /// be told it.
    [[nodiscard]] bool is_shown_rightly(std::string_view text, std::string_view watcher,
                                        std::string_view member) const;
    [[nodiscard]] bool may_list(std::string_view watcher, std::string_view group) const;
    [[nodiscard]] std::set<std::string> listed(std::string_view watcher,
                                               std::string_view group) const;
    [[nodiscard]] bool is_told_unasked(std::string_view watcher, std::string_view member) const;

    /// The next one is anew after each reboot.
    void registers(Phone& phone, std::chrono::seconds expires, unsigned q_thousandths = 1000);
    std::function<void(const Phone& phone)> registered;
    /// Whatever has become of its registration, nothing is told it any more.
    void unregisters(Phone& phone);
    std::function<void(const Phone& phone)> leaves;  ///< before it unregisters
    /// It has said so itself, and has not come back.
    [[nodiscard]] bool has_left(const Phone& phone) const { return !until_.contains(&phone); }
    /// Every registration lasts as long as was granted.
    void check_registrations(const LiveView& view) const;
    void storage_lost(const std::vector<Binding>& left);

    /// By a Contact, as our own URIs are written; nullptr: nobody's.
    [[nodiscard]] Phone* phone_at(std::string_view contact) const;
    [[nodiscard]] bool is_registered(const Phone& phone) const;
    /// The Call-ID of its REGISTER; empty: it is not registered.
    [[nodiscard]] std::string registration_of(const Phone& phone) const;

    /// How callers are joined to a desk.
    [[nodiscard]] CallMode any_mode();

    Chance chance;

    // configuration
    std::vector<Group> groups;  ///< "all", "sales", "desk"
    std::map<std::string, MessageCounts, std::less<>> messages;
    std::map<std::string, unsigned, std::less<>> appearances;
    std::map<std::string, Visibility, std::less<>> visibilities;
    bool notifier_notifies = false;

    Scenario pbx;
    std::vector<Phone*> callers;   ///< phones of the desks
    std::vector<Phone*> carriers;  ///< behind the trunks
    std::vector<Phone*> watchers;  ///< phones that subscribe to something
    Phone* program = nullptr;
    std::vector<Phone*> phones;  ///< all

    std::set<std::string> answered;  ///< Call-IDs of INVITEs, each alone and with ` NUMBER`
    std::set<std::string> answered_in_vain;  ///< passed on, and their callers had given up

    /// In one of the calls, maybe: who asks for privacy (RFC 3323) is named to nobody.
    bool somebody_shows_no_number = false;
    bool overtaken = false;  ///< what is sent, by what follows, where links are lossy

    std::map<std::string, std::size_t> done;  ///< how often what was done

private:
    std::map<std::string, Phone*, std::less<>> by_contact_;
    std::map<const Phone*, std::chrono::steady_clock::time_point> until_;  // registered
};

/// Name of the body profile that the phones of `watcher` are told in.
std::string_view row_for(std::string_view watcher) noexcept;
/// As a Contact.
std::string contact_of(const Phone& phone);
/// What a phone answers to who sends nothing, hears nothing, or neither.
std::string answer_to(std::string_view offer);
/// "102" of `"Name" <sip:102@office.test>;tag=1`.
std::string user_in(std::string_view address);

}  // namespace lampline::test
