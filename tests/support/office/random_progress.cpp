#include "support/office/random_progress.hpp"

#include <algorithm>

namespace lampline::test {

RandomProgress::RandomProgress(Office& office) : office_{office}
{
    for (const auto& phones : {office_.callers, office_.carriers})
        for (auto* phone : phones)
            if (office_.chance.one_in(2))
                phone->supported =
                    phone->supported | OptionTag::reliable | OptionTag::early_end;
}

bool RandomProgress::rings(Phone& phone, unsigned status)
{
    auto& chance = office_.chance;
    const auto& asked = phone.asked();
    const bool begins = !asked.from_address.uri.host.empty();
    const bool waits = std::ranges::count(waiting_, asked.leg, &Response::dialog) > 0;
    if (!begins || waits || !has(asked.supported, OptionTag::reliable) ||
        !has(phone.supported, OptionTag::reliable) || chance.one_in(3))
        return false;
    const auto tag = "tag-" + phone.number + "-" + std::to_string(phone.flow.port);
    waiting_.push_back({&phone, asked.leg, ++last_, tag});
    ++office_.done["rings reliably"];
    phone.replies_reliably(status, last_, chance.one_in(2) ? talking_sdp : "", tag);
    return true;
}

bool RandomProgress::take(Phone& phone, const Arrived& arrived)
{
    auto& chance = office_.chance;
    if (arrived.is_reliable && arrived.status < 200) {
        owed_.push_back({&phone, arrived.leg, arrived.transaction});
        return true;
    }
    if (arrived.method != PRACK || !arrived.answers_to) return false;
    const auto response = std::ranges::find_if(waiting_, [&](const Response& one) {
        return one.dialog == arrived.leg && one.rseq == arrived.rack_rseq;
    });
    CAPTURE(phone.number);
    if (response == waiting_.end() && office_.pbx.network()) {  // it was on its way too long
        const auto rang = phone.rings() ? std::optional{phone.asked()} : std::nullopt;
        phone.replies_to(arrived, 481);
        if (rang) phone.must_answer(*rang);
        return true;
    }
    REQUIRE_MESSAGE(response != waiting_.end(), "acknowledges nothing, or the same again");
    CHECK(arrived.early_tag == response->tag);
    waiting_.erase(response);
    ++office_.done["PRACK"];
    constexpr std::array<unsigned, 8> statuses{200, 200, 200, 200, 200, 200, 481, 500};
    const auto rang = phone.rings() ? std::optional{phone.asked()} : std::nullopt;
    phone.replies_to(arrived, chance.any_of(statuses));
    if (rang) phone.must_answer(*rang);
    return true;
}

void RandomProgress::acknowledge(bool all)
{
    auto owed = std::exchange(owed_, {});
    for (const auto& one : owed) {
        if (!office_.pbx.is_known(one.dialog) || !office_.pbx.awaits_answer(one.invite)) continue;
        const bool earlier = std::ranges::count(owed_, one.dialog, &Owed::dialog) > 0;
        if (earlier || (!all && office_.chance.one_in(2))) {
            owed_.push_back(one);  // in order
            continue;
        }
        const auto before = one.phone->dialog();
        one.phone->uses(one.dialog);
        one.phone->sends(PRACK);
        one.phone->uses(before);
    }
}

bool RandomProgress::is_told_reliably(const LiveCall& call) const
{
    const auto& caller = call.legs.front();
    return std::ranges::any_of(office_.phones, [&](const Phone* phone) {
        return caller.address == "udp:" + phone->flow.host + ":" + std::to_string(phone->flow.port) &&
               has(phone->supported, OptionTag::reliable);
    });
}

void RandomProgress::look()
{
    std::vector<Response> waiting;
    for (const auto& call : office_.pbx.present().calls)
        for (const auto& leg : call.legs) {
            if (is_park_name(leg.extension) || leg.state != "early") continue;
            const auto dialog = office_.pbx.dialog_of(leg.call_id);
            for (const auto& one : waiting_) {
                if (one.dialog != dialog) continue;
                CAPTURE(leg.extension);
                if (!office_.pbx.network())
                    CHECK_MESSAGE(is_told_reliably(call), "nobody acknowledges what it said");
                waiting.push_back(one);
            }
        }
    waiting_ = std::move(waiting);
}

void RandomProgress::exchange_killed()
{
    waiting_.clear();
    owed_.clear();
}

}  // namespace lampline::test
