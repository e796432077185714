// A password is changed: what was granted to who knew the old one is over.
#include "scenario/publishing.hpp"
#include "scenario/shared_line.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

struct Office {
    void changes_password()
    {
        pbx.configures("103", [](Extension& extension) {
            extension.ha1_md5 = "of another one";
            extension.ha1_sha256 = "of another one";
        });
    }
    static void is_left(Phone& phone)
    {
        CHECK(got(phone, NOTIFY).notify->subscription_state == "terminated;reason=deactivated");
    }
    [[nodiscard]] std::size_t told() const
    {
        const auto view = pbx.view();
        return view.lamps.size() + view.subscriptions.size();
    }
    Scenario pbx{{group("sales", {"103"}, {"101", "102"})}};
    Phone& alice = pbx.phone("101");
    Phone& carol = pbx.phone("103");
};

}  // namespace

TEST_CASE("phones that were registered with the old password have nothing any more")
{
    Office office;
    auto& program = office.pbx.silent_phone("103");  // subscribes without a registration
    office.carol.subscribes("dialog", "102");
    office.carol.subscribes("message-summary", "103");
    program.subscribes("dialog", "101");
    CHECK(office.told() == 3);
    office.changes_password();
    Office::is_left(office.carol);
    Office::is_left(office.carol);
    Office::is_left(program);
    CHECK(office.told() == 0);
    CHECK(office.pbx.kept().subscriptions.empty());
    CHECK(office.pbx.kept().bindings.size() == 1);
    office.alice.sends(INVITE, "103");
    office.alice.receives(480U);

    office.carol.registers();  // it was given the new one
    office.carol.subscribes("dialog", "102");
    office.alice.sends(INVITE, "103");
    office.carol.receives(INVITE);
    office.alice.cancels();
    office.carol.receives(CANCEL);
}

TEST_CASE("what a program has published with the old password is over")
{
    Office office;
    auto& program = office.pbx.silent_phone("103");
    published(program, {.event = "dialog",
                        .to = "103",
                        .content_type = "application/dialog-info+xml",
                        .body = document(dialog("1", "outside", "confirmed"))});
    CHECK(office.pbx.view().publications == 1);
    office.changes_password();
    CHECK(office.pbx.view().publications == 0);
}

TEST_CASE("who talks while the password changes talks on")
{
    Office office;
    office.alice.sends(INVITE, "103");
    office.carol.receives(INVITE);
    office.carol.replies(200, talking_sdp);
    office.carol.receives(ACK);
    office.alice.receives(200U);
    office.changes_password();
    office.carol.sends(INFO);
    office.alice.receives(INFO);
    office.alice.replies(200);
    office.carol.receives(200U);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.carol.receives(BYE);
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("an extension that keeps its password keeps its phones, whatever else changes")
{
    Office office;
    office.carol.subscribes("dialog", "102");
    office.pbx.configures("101", [](Extension& extension) { extension.ha1_md5 = "another"; });
    office.pbx.configures("103", [](Extension& extension) { extension.display_name = "Carol"; });
    CHECK(office.told() == 1);
    CHECK(office.pbx.kept().bindings.size() == 1);
}
