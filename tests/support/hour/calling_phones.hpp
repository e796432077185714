#pragma once
// Phones that do what is done in an office: call, forward, transfer, pick up, park and hang up.
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/hour/watching_phones.hpp"

namespace lampline::test {

/// Where calls are parked, and how many may be.
inline constexpr std::string_view park_number = "700";
inline constexpr unsigned first_slot = 701, slot_count = 6;

class CallingPhones {
public:
    /// `numbers`: extensions, those of a team one after the other; every third has two phones.
    CallingPhones(ExchangeInTime& exchange, Chance& chance, std::vector<std::string> numbers,
                  std::size_t team);

    void begin();  ///< all register
    /// So that none expires.
    void register_again();
    /// Somebody calls somebody.
    void calls();
    /// A phone unregisters, or somebody wants peace; for some seconds.
    void leaves();
    void wants_peace();
    /// Whatever there is ends; what comes after it is refused.
    void everybody_hangs_up();

    /// What the exchange wants of them.
    void take(const SipCommand& command);

    /// What lamps are to show of them.
    [[nodiscard]] Truth truth() const;
    [[nodiscard]] bool are_idle() const { return dialogs_.empty(); }
    /// The exchange has a dialog open, or has not answered.
    [[nodiscard]] bool is_something_left() const
    {
        return !open_.empty() || !by_invite_.empty() || !requests_.empty();
    }

    std::map<std::string, std::size_t> done;  ///< how often what was done

private:
    struct Device {
        std::string number;
        std::size_t team;
        Flow flow;
        bool registered = false;
        std::uint32_t cseq = 0;
    };
    using DialogKey = std::uint64_t;
    struct Dialog {
        Device* device = nullptr;
        std::string call_id;
        std::string dialled;  // its own INVITE
        LegId leg;
        bool called = false;
        LegState state = LegState::trying;
        TransactionId invite;        // its own, not answered yet; 0: none
        ClientTransactionId asked;   // of the exchange, not answered yet; 0: none
        DialogKey consults_for = 0;  // its phone is to hand over this one; 0: none
        std::uint32_t cseq = 1;
        Time waits_until{};  // parked
    };
    struct Request {
        Method method;
        LegId leg;
    };

    void registers(Device& device, std::chrono::seconds expires);
    [[nodiscard]] Device& any_device();
    [[nodiscard]] std::string any_number();
    DialogKey invites(Device& device, const std::string& dialled,
                      std::optional<Replaces> replaces = std::nullopt);
    void gives_up(DialogKey key);
    void take_reply(DialogKey key, const Reply& reply);

    // called
    void rings(DialogKey key);
    void responds(DialogKey key, unsigned status, bool generated = false);
    void picks_up(DialogKey key);

    // talking
    void talks(DialogKey key);
    void acts_in_talk(DialogKey key);
    void hangs_up(DialogKey key);
    void refers(DialogKey key, const std::string& target);
    void consults(DialogKey key);
    void hands_over(DialogKey key);
    void parks(DialogKey key);
    void retrieves(unsigned slot);
    void holds(DialogKey key, bool on);
    void requests(Dialog& dialog, Method method, PayloadRef payload);

    void take_one(const OpenDialog& open);
    void take_one(const Reply& reply);
    void take_one(const SendInvite& invite);
    void take_one(const SendRequest& request);
    void take_one(const SendCancel& cancel);
    void take_one(const CloseDialog& close);
    void take_one(const SendStandalone& request);
    template <class Other>
    void take_one(const Other&)
    {
    }

    [[nodiscard]] Dialog* find(DialogKey key);
    [[nodiscard]] Dialog* talking(DialogKey key);
    void over(DialogKey key);
    void later(std::size_t from, std::size_t to, std::function<void()> act);

    ExchangeInTime& exchange_;
    Chance& chance_;
    std::vector<std::unique_ptr<Device>> devices_;
    std::map<std::string, Device*> by_address_;
    std::map<DialogKey, Dialog> dialogs_;
    std::map<LegId, DialogKey> by_leg_;
    std::map<TransactionId, DialogKey> by_invite_;
    std::map<TransactionId, Request> requests_;  // within dialogs
    std::set<LegId> open_;                       // by what the exchange has said
    DialogKey last_dialog_ = 0;
};

}  // namespace lampline::test
