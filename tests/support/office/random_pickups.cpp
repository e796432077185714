// Calls of an office are taken: by whom they are for, by others, and out of a slot.
#include <algorithm>

#include "support/office/random_calls.hpp"

namespace lampline::test {

/// By number, by the dialog that the lamp shows, or by asking for a slot that may be free.
void RandomCalls::retrieves(Phone& phone)
{
    auto& chance = office_.chance;
    const std::string slot{chance.any_of(slots)};
    const auto calls = office_.pbx.present().calls;
    for (const auto& call : calls)
        for (const auto& leg : call.legs)
            if (is_park_name(leg.extension) && chance.one_in(2)) {
                ++office_.done["replaces"];
                return phone.sends_replacing(naming(leg), leg.extension);
            }
    if (phone.has_dialog() && chance.one_in(2)) return;
    phone.sends(INVITE, chance.one_in(3) ? "700" : slot);
}

/// A call of its own extension, at another phone or gone already.
void RandomCalls::takes_over(Phone& phone)
{
    const auto calls = office_.pbx.present().calls;
    const auto kept = office_.pbx.kept();
    for (const auto& call : calls)
        for (const auto& leg : call.legs)
            if (leg.extension == phone.number && office_.chance.one_in(2)) {
                Replaces named{.call_id = leg.call_id};
                for (const auto& stored : kept.calls)
                    for (const auto& each : stored.legs)
                        if (each.extension == leg.extension &&
                            each.dialog.call_id == leg.call_id) {
                            named.to_tag = each.dialog.local_tag;
                            named.from_tag = each.dialog.remote_tag;
                        }
                ++office_.done["takes over"];
                return phone.sends_replacing(named, phone.number,
                                             office_.chance.one_in(4) ? std::string_view{}
                                                                      : talking_sdp);
            }
}

/// By a code, with a number or alone, or by what a lamp shows.
void RandomCalls::picks_up(Phone& phone)
{
    auto& chance = office_.chance;
    constexpr std::array<std::string_view, 3> codes{"*8", "**", "blfpickup-"};
    if (chance.one_in(2)) return picks_up_dialog(phone);
    std::string dialled{chance.any_of(codes)};
    const bool alone = dialled != codes.back() && chance.one_in(3);
    if (!alone) dialled += chance.one_in(6) ? "600" : chance.any_of(desks);
    phone.sends(INVITE, dialled);
    ++office_.done["picks up by a code"];
    check_calls_nobody(phone);
}

Replaces RandomCalls::naming(const LiveLeg& leg) const
{
    constexpr std::string_view of_phones = "call-";
    auto named = office_.pbx.naming(leg.call_id);
    if (leg.call_id.starts_with(of_phones))
        named.from_tag = "from-" + leg.call_id.substr(of_phones.size());
    for (const auto* phone : office_.phones)
        if (named.from_tag.empty() &&
            leg.address == "udp:" + phone->flow.host + ":" + std::to_string(phone->flow.port))
            named.from_tag = phone->callee_tag();
    return named;
}

/// Mostly one that rings; its tags as they are, exchanged, or not all of them.
void RandomCalls::picks_up_dialog(Phone& phone)
{
    auto& chance = office_.chance;
    std::vector<LiveLeg> shown;
    for (const auto& call : office_.pbx.present().calls)
        for (const auto& leg : call.legs) {
            const bool ours = !is_park_name(leg.extension) && office_.pbx.dialog_of(leg.call_id);
            const bool rings = leg.role != "caller" && leg.state != "confirmed";
            if (ours && leg.state != "terminated") shown.insert(shown.end(), rings ? 4 : 1, leg);
        }
    if (shown.empty()) return;
    const auto leg = chance.any_of(shown);
    auto named = naming(leg);
    switch (chance.below(5)) {
    case 0: break;
    case 1: std::swap(named.to_tag, named.from_tag); break;
    case 2: named.from_tag.clear(); break;
    case 3: named.to_tag.clear(); break;
    default:
        named.to_tag.clear();
        named.from_tag.clear();
    }
    named.early_only = chance.one_in(4);
    phone.sends_replacing(named, chance.any_of(desks));
    ++office_.done["picks up by a dialog"];
    check_calls_nobody(phone);
    if (leg.connected && (leg.extension != phone.number || named.early_only)) check_refused(phone);
}

void RandomCalls::check_calls_nobody(const Phone& phone) const
{
    if (office_.pbx.network()) return;
    for (const auto* other : office_.phones) {
        CAPTURE(other->number);
        CHECK_MESSAGE(std::ranges::none_of(other->inbox,
                                           [&](const Arrived& arrived) {
                                               return arrived.method == INVITE &&
                                                      arrived.status == 0 &&
                                                      arrived.from_address.uri.user == phone.number;
                                           }),
                      "a pickup went on as an ordinary call");
    }
}

void RandomCalls::check_refused(const Phone& phone) const
{
    if (office_.pbx.network()) return;
    CHECK_MESSAGE(std::ranges::any_of(phone.inbox,
                                      [&](const Arrived& arrived) {
                                          return arrived.transaction == phone.invite() &&
                                                 arrived.status >= 400;
                                      }),
                  "takes who talks to somebody");
    ++office_.done["refused to take who talks"];
}

/// Any dialog of any call, with its own tags, or tags that are nobody's.
void RandomCalls::joins(Phone& phone)
{
    auto& chance = office_.chance;
    const auto kept = office_.pbx.kept();
    if (kept.calls.empty()) return;
    const auto& leg = chance.any_of(kept.calls).legs[chance.below(2)];
    Replaces join{.call_id = leg.dialog.call_id,
                  .to_tag = leg.dialog.remote_tag,
                  .from_tag = leg.dialog.local_tag};
    if (chance.one_in(4)) std::swap(join.to_tag, join.from_tag);
    if (chance.one_in(8)) join.to_tag = "nobody";
    phone.sends_joining(join, leg.extension);
    ++office_.done["joins"];
}

}  // namespace lampline::test
