// What each phone is told while a colleague is called, talks, holds, is called again, loses that
// call to a picker, transfers the first one, dials, asks a third, hangs up, wants no calls,
// forwards them, and has no phone: one file per body profile in dialects/.
// LAMPLINE_WRITE_DIALECTS=1 writes them anew, to be read before they are kept.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>

#include "core/subscription.hpp"
#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr Method REFER = Method::refer;

/// The NOTIFYs of one step, in order.
struct Told {
    std::string step;
    std::vector<SendNotify> notifies;
};

std::string body_of(const SendNotify& notify)
{
    return *notify.body_head + std::to_string(notify.version) + *notify.body_tail;
}

DialogInfo document_of(const SendNotify& notify)
{
    const auto read = read_dialog_info(body_of(notify));
    REQUIRE(read);
    return *read;
}

/// An office in which 103 and 105 watch 102, and 103 has the phone `user_agent`.
class Day {
public:
    /// `name`: of all who call and are called; empty: short ones.
    explicit Day(const std::string& user_agent, const std::string& name = {})
    {
        watcher_.user_agent = user_agent;
        if (!name.empty())
            for (auto* phone : {&alice_, &bob_, &dave_, &erin_, &frank_, &gina_})
                pbx_.configures(phone->number,
                                [&](Extension& extension) { extension.display_name = name; });
        run("idle", [this] {
            const auto first = watcher_.watches("102");
            told_.back().notifies.push_back(*first.notify);
        });
        run("ringing", [this] {
            alice_.sends(INVITE, "102");
            bob_.receives(INVITE);
            bob_.replies(180);
            alice_.receives(180U);
        });
        run("talking", [this] {
            bob_.replies(200, talking_sdp);
            alice_.receives(200U);
            bob_.receives(ACK);
        });
        const auto first_call = bob_.dialog();
        run("held", [this] {
            bob_.sends_invite(hold_sdp);
            alice_.receives(INVITE);
            alice_.replies(200, talking_sdp);
            bob_.receives(200U);
            alice_.receives(ACK);
        });
        run("second call", [this] {
            dave_.sends(INVITE, "102");
            bob_.receives(INVITE);
            bob_.replies(180);
            dave_.receives(180U);
        });
        run("pickup", [this] {
            erin_.sends(INVITE, "**102");
            erin_.receives(200U);
            dave_.receives(200U);
            bob_.receives(CANCEL);
        });
        bob_.uses(first_call);
        run("transfer", [this] { bob_transfers(); });
        run("dialling", [this] {
            bob_.sends(INVITE, "107");
            gina_.receives(INVITE);
            gina_.replies(180);
            bob_.receives(180U);
        });
        run("talking again", [this] {
            gina_.replies(200, talking_sdp);
            bob_.receives(200U);
            gina_.receives(ACK);
        });
        const auto asker = bob_.dialog();
        run("asking a third", [this] {
            bob_.sends_invite(hold_sdp);
            gina_.receives(INVITE);
            gina_.replies(200, talking_sdp);
            bob_.receives(200U);
            gina_.receives(ACK);
            bob_.sends(INVITE, "108");
            hans_.receives(INVITE);
            hans_.replies(180);
            bob_.receives(180U);
            hans_.replies(200, talking_sdp);
            bob_.receives(200U);
            hans_.receives(ACK);
        });
        run("end", [this, &asker] {
            bob_.sends(BYE);
            bob_.receives(200U);
            hans_.receives(BYE);
            bob_.uses(asker);
            bob_.sends(BYE);
            bob_.receives(200U);
            gina_.receives(BYE);
        });
        run("do not disturb",
            [this] { bob_wants([](Forwarding& f) { f.do_not_disturb = true; }); });
        run("disturb", [this] { bob_wants([](Forwarding& f) { f.do_not_disturb = false; }); });
        run("forwarded", [this] { bob_wants([](Forwarding& f) { f.always = "107"; }); });
        run("not forwarded", [this] { bob_wants([](Forwarding& f) { f.always = {}; }); });
        run("phone gone", [this] { bob_.unregisters(); });
        run("phone back", [this] { bob_.registers(); });
        pbx_.ends_all_calls();
        for (auto* phone : {&alice_, &dave_, &erin_, &frank_}) phone->inbox.clear();
    }

    [[nodiscard]] const std::vector<Told>& told() const { return told_; }
    [[nodiscard]] std::vector<SendNotify> all() const
    {
        std::vector<SendNotify> notifies;
        for (const auto& step : told_)
            notifies.insert(notifies.end(), step.notifies.begin(), step.notifies.end());
        return notifies;
    }
    [[nodiscard]] std::vector<DialogInfo> during(std::string_view step) const
    {
        std::vector<DialogInfo> documents;
        for (const auto& one : told_)
            if (one.step == step)
                for (const auto& notify : one.notifies) documents.push_back(document_of(notify));
        return documents;
    }

private:
    void bob_wants(std::function<void(Forwarding&)> what)
    {
        pbx_.configures(
            "102", [what = std::move(what)](Extension& extension) { what(extension.forwarding); });
    }

    void bob_transfers()
    {
        const auto next = [this] {
            const auto notify = bob_.receives(NOTIFY);
            bob_.replies_to(notify, 200);
        };
        bob_.sends(REFER, std::make_shared<const Payload>(
                              Payload{{}, {}, {{"Refer-To", "<sip:106@office.test>"}}}));
        bob_.receives(202U);
        next();
        frank_.receives(INVITE);
        frank_.replies(200, talking_sdp);
        alice_.receives(INVITE);
        alice_.replies(200, talking_sdp);
        frank_.receives(ACK);
        alice_.receives(ACK);
        next();
        bob_.receives(BYE);
    }

    /// A step, and the second after it.
    void run(std::string step, const std::function<void()>& happens)
    {
        told_.push_back({std::move(step), {}});
        happens();
        pbx_.passes(1s);
        while (!watcher_.hears_nothing())
            told_.back().notifies.push_back(*watcher_.receives(NOTIFY).notify);
    }

    Scenario pbx_{{Group{"sales", "", {"102"}, {{"103", false}, {"105", false}}}}};
    Phone& alice_ = pbx_.phone("101");
    Phone& bob_ = pbx_.phone("102");
    Phone& watcher_ = pbx_.phone("103");
    Phone& dave_ = pbx_.phone("104");
    Phone& erin_ = pbx_.phone("105");
    Phone& frank_ = pbx_.phone("106");
    Phone& gina_ = pbx_.phone("107");
    Phone& hans_ = pbx_.phone("108");
    std::vector<Told> told_;
};

/// One line per element, so that a change shows as a change of lines.
std::string readable(const std::string& body)
{
    std::string text;
    for (std::size_t at = 0; at < body.size(); ++at) {
        if (body[at] == '\r') continue;
        text += body[at];
        if (body[at] == '>' && at + 1 < body.size() && body[at + 1] == '<') text += '\n';
    }
    while (text.ends_with('\n')) text.pop_back();
    return text + '\n';
}

std::string readable(const std::vector<Told>& day)
{
    std::string text;
    for (const auto& step : day) {
        text += "== " + step.step + "\n";
        for (const auto& notify : step.notifies)
            text += "\n-- NOTIFY, CSeq " + std::to_string(notify.cseq) + ", " +
                    std::to_string(body_of(notify).size()) + " bytes\n" + readable(body_of(notify));
        text += "\n";
    }
    return text;
}

std::string kept(const std::string& file)
{
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

struct ModelRow {
    const char* profile;
    const char* user_agent;
    const char* talking = "confirmed";  ///< its word for who talks
};
constexpr ModelRow models[]{
    {"standard", "Acme 1.0"},
    {"snom-desk", "snomD785/10.1.175.16"},
    {"snom", "snom360/5.5"},
    {"innovaphone", "innovaphone IP222/13r3", "proceeding"},
    {"yealink", "Yealink SIP-T46U 108.86.0.20"},
    {"polycom", "PolycomVVX-VVX_500-UA/5.9.5.0614"},
    {"grandstream", "Grandstream GXP2170 1.0.11.48"},
    {"cisco-spa", "Linksys/SPA962-6.1.5(a)"},
    {"fanvil", "Fanvil X4U 2.12.1"},
    {"mitel", "Mitel 6867i/5.1.0.1024"},
    {"bria", "Bria 5 release 5.8.3 stamp 99999"},
    {"softphone", "tSIP 0.1.70"},
    {"auerswald", "COMfortel D-600"},
    {"cisco", "Cisco-CP7965G/9.4.2"},
};

}  // namespace

TEST_CASE("each phone is told the day of a colleague in its own dialect")
{
    CHECK(std::size(models) == built_in_profiles().size());
    for (const auto& model : models) {
        CAPTURE(model.profile);
        const Day day{model.user_agent};
        const auto text = readable(day.told());
        const auto file = std::string{LAMPLINE_DIALECTS} + "/" + model.profile + ".txt";
        if (std::getenv("LAMPLINE_WRITE_DIALECTS")) std::ofstream{file} << text;
        CHECK(text == kept(file));
    }
}

TEST_CASE(
    "whatever the dialect: version and CSeq rise by one, the last word is idle, and no NOTIFY "
    "is cut into fragments")
{
    for (const auto& model : models) {
        CAPTURE(model.profile);
        const Day day{model.user_agent};
        std::uint32_t cseq = 0;
        std::uint32_t version = 0;
        for (const auto& notify : day.all()) {
            CHECK(notify.cseq == ++cseq);
            CHECK(notify.version == version++);
            CHECK(document_of(notify).version == notify.version);
            CHECK(header_size(*notify.dialog) + body_of(notify).size() <= 1300);
        }
        for (const auto* step : {"idle", "transfer", "end"}) {
            CAPTURE(step);
            const auto documents = day.during(step);
            REQUIRE_FALSE(documents.empty());
            for (const auto& dialog : documents.back().dialogs) CHECK(dialog.state == "terminated");
        }
        for (const auto* step : {"ringing", "second call"}) {
            CAPTURE(step);
            const auto states = day.during(step).back().dialogs;
            CHECK(std::ranges::count(states, "early", &DialogElement::state) == 1);
        }
    }
}

TEST_CASE(
    "whatever the dialect: who talks is busy, and what a colleague has picked up rings no more")
{
    const auto alive = [](const DialogInfo& document) {
        auto dialogs = document.dialogs;
        std::erase_if(dialogs, [](const auto& dialog) { return dialog.state == "terminated"; });
        return dialogs;
    };
    for (const auto& model : models) {
        CAPTURE(model.profile);
        const Day day{model.user_agent};
        const auto talking = alive(day.during("talking").back());
        REQUIRE(talking.size() == 1);
        CHECK(talking.front().state == model.talking);

        const auto ringing = alive(day.during("second call").back());
        const auto rings = std::ranges::find(ringing, "early", &DialogElement::state);
        REQUIRE(rings != ringing.end());
        const auto picked_up = day.during("pickup");
        REQUIRE_FALSE(picked_up.empty());
        const auto left = alive(picked_up.back());  // the call on hold
        REQUIRE(left.size() == 1);
        CHECK(left.front().state == model.talking);
        CHECK(left.front().call_id == talking.front().call_id);
        CHECK(left.front().call_id != rings->call_id);
        const bool ended = std::ranges::any_of(picked_up, [&](const DialogInfo& document) {
            return std::ranges::any_of(document.dialogs, [&](const DialogElement& dialog) {
                return dialog.call_id == rings->call_id && dialog.state == "terminated";
            });
        });
        const auto row = built_in_profile(model.profile);
        if (!row->single()) CHECK(ended == row->ended);
    }
}

TEST_CASE("whatever the dialect: long names cut no NOTIFY into fragments, and change no lamp")
{
    const auto words = [](const Day& day) {
        std::vector<std::string> said;
        for (const auto& step : day.told())
            for (const auto& notify : step.notifies) {
                said.push_back(step.step);
                for (const auto& dialog : document_of(notify).dialogs) {
                    const bool ended = dialog.state == "terminated";  // may be told briefly
                    said.push_back(dialog.id + " " + dialog.state + " " +
                                   (ended ? "" : dialog.remote_identity));
                }
            }
        return said;
    };
    for (const auto& model : models) {
        CAPTURE(model.profile);
        const Day wordy{model.user_agent, std::string(240, 'W')};
        for (const auto& notify : wordy.all())
            CHECK(header_size(*notify.dialog) + body_of(notify).size() <= 1300);
        CHECK(words(wordy) == words(Day{model.user_agent}));
    }
}

TEST_CASE("snom reads a document without a child as off; every other phone gets a terminated child")
{
    for (const auto& model : models) {
        CAPTURE(model.profile);
        const Day day{model.user_agent};
        const auto idle = day.during("idle").back().dialogs;
        if (std::string_view{model.profile} == "snom") {
            CHECK(idle.empty());
            continue;
        }
        REQUIRE(idle.size() == 1);
        CHECK(idle.front().state == "terminated");
        CHECK(idle.front().id == built_in_profile(model.profile)->idle_dialog_id);
    }
}

TEST_CASE("Polycom sees idle before it sees ringing at somebody who talks; others do not")
{
    const auto edge = [](const char* user_agent) {
        const Day day{user_agent};
        const auto documents = day.during("second call");
        return std::ranges::any_of(documents, [](const DialogInfo& document) {
            return std::ranges::all_of(document.dialogs, [](const DialogElement& dialog) {
                return dialog.state == "terminated";
            });
        });
    };
    CHECK(edge("PolycomVVX-VVX_500-UA/5.9.5.0614"));
    CHECK(edge("innovaphone IP222/13r3"));
    CHECK_FALSE(edge("Yealink SIP-T46U 108.86.0.20"));
}

TEST_CASE("SPA, snom and innovaphone are never shown two dialogs, and the one that rings wins")
{
    for (const auto* user_agent :
         {"Linksys/SPA962-6.1.5(a)", "snom360/5.5", "innovaphone IP222/13r3"}) {
        CAPTURE(user_agent);
        const Day day{user_agent};
        for (const auto& notify : day.all()) CHECK(document_of(notify).dialogs.size() <= 1);
        CHECK(day.during("second call").back().dialogs.at(0).state == "early");
    }
}

TEST_CASE("phones that pick up by what the body says get call-id, tags and remote target")
{
    for (const auto* user_agent : {"PolycomVVX-VVX_500-UA/5.9.5.0614", "Mitel 6867i/5.1.0.1024",
                                   "snomD785/10.1.175.16", "snom360/5.5"}) {
        CAPTURE(user_agent);
        const auto rings = Day{user_agent}.during("ringing").back().dialogs.at(0);
        CHECK(rings.direction == "recipient");
        CHECK_FALSE(rings.call_id.empty());
        CHECK_FALSE(rings.local_tag.empty());
        CHECK_FALSE(rings.remote_tag.empty());
        CHECK(rings.remote_target == "sip:101@office.test");
    }
}

TEST_CASE("a phone with three lamps is never told another word, and shows whoever dials as busy")
{
    for (const auto* user_agent :
         {"Grandstream GXP2170 1.0.11.48", "Fanvil X4U 2.12.1", "tSIP 0.1.70"}) {
        CAPTURE(user_agent);
        const Day day{user_agent};
        for (const auto& notify : day.all())
            for (const auto& dialog : document_of(notify).dialogs) {
                const auto& word = dialog.state;
                CHECK((word == "early" || word == "confirmed" || word == "terminated"));
            }
        CHECK(day.during("dialling").back().dialogs.at(0).state == "confirmed");
    }
}

TEST_CASE("hold is +sip.rendering=no, in every dialect that has a target")
{
    for (const auto& model : models) {
        CAPTURE(model.profile);
        const Day day{model.user_agent};
        const auto held = day.during("held");
        if (!built_in_profile(model.profile)->rendering) {
            CHECK(held.empty());
            continue;
        }
        CHECK_FALSE(held.back().dialogs.at(0).rendered);
    }
}

TEST_CASE("Auerswald gets ten NOTIFYs a second at most, and the last state always")
{
    Scenario pbx{{Group{"sales", "", {"101", "102"}, {{"103", false}}}}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.user_agent = "COMfortel D-600";
    carol.watches("101");
    pbx.passes(1s);
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    CHECK(carol.receives(NOTIFY).dialog().state == "trying");
    bob.replies(180);
    alice.receives(180U);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(carol.hears_nothing());
    pbx.passes(99ms);
    CHECK(carol.hears_nothing());
    pbx.passes(1ms);
    CHECK(carol.receives(NOTIFY).dialog().state == "confirmed");
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    pbx.passes(100ms);
    CHECK(carol.receives(NOTIFY).dialog().state == "terminated");
}
