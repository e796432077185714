// What is done in a call: it is held, moved, parked, or hung up.
#include <doctest/doctest.h>

#include "support/hour/calling_phones.hpp"

namespace lampline::test {
namespace {

/// After that somebody wonders that nothing has become of it, and hangs up.
constexpr std::size_t patience = 6000;  // ms

PayloadRef offer(std::string_view direction)
{
    return session_payload("v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n"
                           "t=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=" +
                           std::string{direction} + "\r\n");
}

std::string address(const std::string& number)
{
    return "sip:" + number + "@office.test";
}

}  // namespace

void CallingPhones::talks(DialogKey key)
{
    later(50, 5000, [this, key] { acts_in_talk(key); });
}

void CallingPhones::acts_in_talk(DialogKey key)
{
    const auto* dialog = talking(key);
    if (!dialog) return;
    if (dialog->waits_until > exchange_.now())
        return later(1000, 20000, [this, key] { acts_in_talk(key); });
    const auto die = chance_.below(100);
    if (die >= 25) return hangs_up(key);
    if (die >= 20) return holds(key, true);
    later(patience, patience + 2000, [this, key] { hangs_up(key); });
    if (die < 7) {
        ++done["blind transfers"];
        refers(key, address(any_number()));
    } else if (die < 15) {
        consults(key);
    } else {
        parks(key);
    }
}

void CallingPhones::requests(Dialog& dialog, Method method, PayloadRef payload)
{
    const auto transaction = exchange_.next_transaction();
    requests_[transaction] = {method, dialog.leg};
    exchange_.receive(RequestReceived{.transaction = transaction,
                                      .leg = dialog.leg,
                                      .method = method,
                                      .cseq = ++dialog.cseq,
                                      .payload = std::move(payload)});
}

void CallingPhones::hangs_up(DialogKey key)
{
    if (!talking(key)) return;
    auto dialog = dialogs_.at(key);
    over(key);
    requests(dialog, Method::bye, nullptr);
}

void CallingPhones::holds(DialogKey key, bool on)
{
    auto* dialog = talking(key);
    if (!dialog) return;
    ++done[on ? "holds" : "talks on"];
    if (on)
        later(100, 1500, [this, key] { holds(key, false); });
    else
        talks(key);
    requests(*dialog, Method::invite, offer(on ? "sendonly" : "sendrecv"));
}

void CallingPhones::refers(DialogKey key, const std::string& target)
{
    auto* dialog = talking(key);
    if (!dialog) return;
    requests(*dialog, Method::refer,
             std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", "<" + target + ">"}}}));
}

/// Calls whom the other one is to talk to, and hands over once they talk, or ring.
void CallingPhones::consults(DialogKey key)
{
    ++done["consultations"];
    auto& device = *talking(key)->device;
    const auto second = invites(device, any_number());
    if (auto* dialog = find(second)) dialog->consults_for = key;
    if (chance_.one_in(4))
        later(300, 800, [this, second] {
            const auto* dialog = find(second);
            if (dialog && dialog->invite && dialog->state == LegState::early) hands_over(second);
        });
}

void CallingPhones::hands_over(DialogKey key)
{
    const auto* second = find(key);
    if (!second) return;
    if (second->state == LegState::confirmed)
        later(patience, patience + 2000, [this, key] { hangs_up(key); });
    if (!talking(second->consults_for)) return;
    ++done[second->invite ? "attended transfers to who rings" : "attended transfers"];
    refers(second->consults_for, address(second->dialled) + "?Replaces=" + second->call_id +
                                     "%3Bto-tag%3D0%3Bfrom-tag%3D0");
}

/// In a slot of its choice, or the first free one; sooner or later somebody asks for it.
void CallingPhones::parks(DialogKey key)
{
    ++done["parks"];
    const auto slot = first_slot + static_cast<unsigned>(chance_.below(slot_count));
    later(500, 8000, [this, slot] { retrieves(slot); });
    refers(key, address(chance_.one_in(4) ? std::string{park_number} : std::to_string(slot)));
}

void CallingPhones::retrieves(unsigned slot)
{
    ++done["retrievals"];
    const auto number = std::to_string(slot);
    auto& device = any_device();
    invites(device, chance_.one_in(3) ? "**park+" + number : number);
}

}  // namespace lampline::test
