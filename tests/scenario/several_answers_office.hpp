#pragma once
// A caller in proxy mode that two phones have answered: it has a dialog with each of them.
#include "proxy_office.hpp"

namespace lampline::test::proxy {

/// Session-Expires of the INVITE and of the two 2xx; 0: none.
struct Asked {
    std::chrono::seconds alice{};
    std::chrono::seconds carol{};
    std::chrono::seconds bob{};
};

/// Alice calls a group of Bob and Carol, who are both lifted: Carol was first.
struct Answered : Office {
    explicit Answered(const Asked& session = {}, ExchangeSettings settings = {})
        : Office{std::move(settings)}
    {
        RingGroup group;
        group.number = "600";
        group.members = {{"102"}, {"103"}};
        pbx.has_ring_groups({group});
        DigitRules rules;
        rules.rules = {{.pattern = "600", .mode = CallMode::proxy}};
        pbx.has_trunks({}, rules);
        dan.watches("103");
        alice.supported = bob.supported = carol.supported = OptionTag::timer;
        alice.session_timer.expires = session.alice;
        carol.session_timer.expires = session.carol;
        bob.session_timer.expires = session.bob;
        alice.sends(INVITE, "600");
        bob.receives(INVITE);
        carol.receives(INVITE);
        bob.answers_cancel = false;
        carol.replies(200, talking_sdp);
        alice.receives(200U);
        with_carol = alice.shared();
        bob.receives(CANCEL);
        CHECK(told() == Lamps{{"101", "confirmed"}, {"102", "idle"}, {"103", "confirmed"}});
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        with_bob = alice.shared();
        CHECK(told() == Lamps{{"102", "confirmed"}});
    }
    void alice_hangs_up(const DialogId& dialog)
    {
        alice.uses_shared(dialog);
        alice.passes(BYE);
    }
    /// How many legs of the only call talk.
    [[nodiscard]] std::vector<std::string> who_talks() const
    {
        std::vector<std::string> numbers;
        const auto view = pbx.view();
        REQUIRE(view.calls.size() == 1);
        for (const auto& leg : view.calls[0].legs)
            if (leg.state == "confirmed") numbers.push_back(leg.extension);
        return numbers;
    }
    /// The part of the record with this number that was answered.
    static CallPart part_of(const CallRecord& record, std::string_view number)
    {
        for (const auto& part : record.parts)
            if (part.extension == number && part.answered_at) return part;
        FAIL("nobody answered at " << number);
        return {};
    }
    void is_over()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(150s);
    }

    Phone& carol = pbx.phone("103");
    DialogId with_carol;
    DialogId with_bob;
};

using Numbers = std::vector<std::string>;

}  // namespace lampline::test::proxy
