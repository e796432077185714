// Several phones of one extension that ring for one call, where there is no room for all of them.
#include "unit/engine/dialect_office.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;

namespace {

std::size_t size_of(const SendNotify& notify)
{
    return header_size(*notify.dialog) + body_of(notify).size();
}

/// A phone of 207 that is called by 211, in `call`.
DialogSnapshot phone(std::uint64_t leg, LegState state, std::uint64_t call = 9)
{
    auto dialog = wordy(leg, 60);
    dialog.call = {call};
    dialog.state = state;
    dialog.direction = Direction::recipient;
    dialog.remote.target = SipUri::parse("sip:211@192.0.2.211:5060;transport=udp").value();
    return dialog;
}

/// "call-1:early": the dialogs of the last of all NOTIFYs that are due, each of which is answered.
class SeveralPhones : public Office {
public:
    using Office::Office;

    std::string told()
    {
        while (!silent()) last = acknowledged();
        const auto read = read_dialog_info(body_of(last));
        REQUIRE(read);
        std::string all;
        for (const auto& one : read->dialogs)
            all += (all.empty() ? "" : " ") + one.call_id + ":" + one.state;
        return all;
    }
    [[nodiscard]] unsigned left_out() const
    {
        return explains("201", "207").phones.at(0).lamp->left_out;
    }

    SendNotify last;
};

}  // namespace

TEST_CASE(
    "of phones that ring for one call one is told with all that is to say, where all do not fit")
{
    SeveralPhones office;
    office.subscribed("201", "207");
    for (std::uint64_t leg = 1; leg <= 3; ++leg) office.fold(phone(leg, trying));
    for (std::uint64_t leg = 1; leg <= 3; ++leg) office.fold(phone(leg, early));
    CHECK(office.told() == "call-1:early");
    CHECK(size_of(office.last) <= 1300);
    const auto shown = document_of(office.last).dialogs.at(0);
    CHECK_FALSE(shown.remote_target.empty());
    CHECK_FALSE(shown.local_target.empty());
    CHECK_FALSE(shown.remote_display.empty());
    CHECK(office.left_out() == 2);
    CHECK(office.explains("201", "207").phones.at(0).lamp->agrees());

    SUBCASE("when that one stops, another is told")
    {
        office.fold(phone(1, terminated));
        CHECK(office.told() == "call-1:terminated call-2:early");
        office.fold(phone(2, terminated));
        CHECK(office.told() == "call-2:terminated call-3:early");
        CHECK(office.left_out() == 0);
        office.fold(phone(3, terminated));
        CHECK(office.told() == "call-3:terminated");
    }
    SUBCASE("one that was left out, and answers, is told")
    {
        office.fold(phone(2, confirmed));
        CHECK(office.told() == "call-1:early call-2:confirmed");
        office.fold(phone(1, terminated));
        office.fold(phone(3, terminated));
        CHECK(office.told().ends_with("call-2:confirmed"));
    }
    SUBCASE("one that was left out, and stops, changes nothing that is seen")
    {
        office.fold(phone(3, terminated));
        CHECK(office.told().ends_with("call-1:early"));
    }
}

TEST_CASE("who rings is told before who is about to")
{
    SeveralPhones office;
    office.subscribed("201", "207");
    for (std::uint64_t leg = 1; leg <= 3; ++leg) office.fold(phone(leg, trying));
    CHECK(office.told() == "call-1:trying");
    office.fold(phone(3, early));
    CHECK(office.told() == "call-3:early");
}

TEST_CASE("who talks, and who rings for another call, is left out for nobody")
{
    SeveralPhones office;
    office.subscribed("201", "207");
    office.fold(phone(1, confirmed, 5));
    office.fold(phone(2, early));
    office.fold(phone(3, early));
    CHECK(office.told() == "call-1:confirmed call-2:early");
    office.fold(phone(1, terminated, 5));
    office.fold(phone(4, early, 6));
    CHECK(office.told().ends_with("call-2:early call-4:early"));
}

TEST_CASE("a partial document leaves out no phone that rings: what is too large is told in full")
{
    BodyProfile changes = acme();
    changes.partial = true;
    SeveralPhones office{office_with({changes}, "acme")};
    office.subscribed("201", "207");
    const auto is_full = [&] { return read_dialog_info(body_of(office.last))->full; };
    for (std::uint64_t leg = 1; leg <= 3; ++leg)
        office.indications.fold({phone(leg, early)}, office.now, office.outbox);
    office.collect();
    CHECK(office.told() == "call-1:early");
    CHECK(is_full());
    office.fold(phone(1, terminated));  // the phone has not heard of the others
    CHECK(office.told() == "call-1:terminated call-2:early");
    CHECK(is_full());
    office.fold(phone(3, terminated));
    office.fold(phone(2, confirmed));
    office.told();
    office.fold(phone(2, terminated));
    CHECK(office.told() == "call-2:terminated");
    CHECK_FALSE(is_full());
}
