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
            if (leg.extension == slot && chance.one_in(2)) {
                ++office_.done["replaces"];
                return phone.sends_replacing({.call_id = leg.call_id, .to_tag = {}, .from_tag = {}},
                                             slot);
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
