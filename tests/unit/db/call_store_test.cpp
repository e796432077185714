#include "db/call_store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::db;
using namespace lampline::testing;

namespace {

void check_same(const StoredLeg& read, const StoredLeg& written)
{
    CHECK(read.role == written.role);
    CHECK(read.extension == written.extension);
    CHECK(read.dialog == written.dialog);
    CHECK(read.state == written.state);
    auto flow = written.flow;
    flow.connection = {};
    CHECK(read.flow == flow);
    CHECK(read.phone == written.phone);
    CHECK(read.other == written.other);
    CHECK(read.supported == written.supported);
    CHECK(read.held == written.held);
    CHECK(read.holds == written.holds);
    CHECK(read.trunk == written.trunk);
    CHECK(read.payer == written.payer);
    CHECK(read.on_behalf_of == written.on_behalf_of);
    CHECK(read.counted == written.counted);
    CHECK(read.must_end_at == written.must_end_at);
    CHECK(read.session_ends_at == written.session_ends_at);
    CHECK(read.anonymous == written.anonymous);
    CHECK(read.takes_update == written.takes_update);
    CHECK(read.identity == written.identity);
    CHECK(read.place == written.place);
    CHECK(read.name == written.name);
    REQUIRE(static_cast<bool>(read.sdp) == static_cast<bool>(written.sdp));
    if (!read.sdp) return;
    CHECK(read.sdp->content_type == written.sdp->content_type);
    CHECK(read.sdp->body == written.sdp->body);
    CHECK(read.sdp->headers.empty());
}

void check_same(const StoredCall& read, const StoredCall& written)
{
    CHECK(read.id == written.id);
    CHECK(read.from == written.from);
    CHECK(read.from_trunk == written.from_trunk);
    CHECK(read.dialled == written.dialled);
    CHECK(read.started_at == written.started_at);
    CHECK(read.answered_at == written.answered_at);
    CHECK(read.session_expires == written.session_expires);
    CHECK(read.parked_by == written.parked_by);
    CHECK(read.rings_back_at == written.rings_back_at);
    for (std::size_t i = 0; i < 2; ++i) check_same(read.legs.at(i), written.legs.at(i));
}

struct Stored {
    Office office;
    CallStore store{office.database};

    void put(const StoredCall& call)
    {
        office.write([&](Database&) { store.put(call); });
    }
    void edit(const std::string& assignment)
    {
        office.database.handle().exec("UPDATE talking_call SET " + assignment + " WHERE id = 2");
    }
};

}  // namespace

TEST_CASE("every member of a stored call comes back as it was, but for the connection")
{
    Stored stored;
    auto call = full_call(9);
    SUBCASE("all of them filled") {}
    SUBCASE("nobody knows where a phone is that another proxy has rung")
    {
        call.legs[1].state.target = {};
    }
    SUBCASE("two phones that give no tag share a dialog")
    {
        for (auto& leg : call.legs) leg.dialog.local_tag = leg.dialog.remote_tag = "";
    }
    SUBCASE("what may be empty is")
    {
        call.session_expires = {};
        call.parked_by.clear();
        call.rings_back_at = {};
        for (auto& leg : call.legs) {
            leg.sdp = nullptr;
            leg.session_ends_at.reset();
            leg.state.route.clear();
            leg.state.contact_user.clear();
            leg.phone.display_name.clear();
        }
    }
    stored.put(call);
    const auto rows = stored.store.all();
    CHECK(rows.damaged.empty());
    REQUIRE(rows.calls.size() == 1);
    check_same(rows.calls.front(), call);
}

TEST_CASE("the newest row of a call replaces the former, and a removed one is gone")
{
    Stored stored;
    stored.put(full_call(1));
    stored.put(full_call(2));
    auto moved = full_call(1);
    moved.legs[1].flow.host = "192.0.2.99";
    stored.put(moved);
    stored.office.write([&](Database&) { stored.store.remove(CallRef{2}); });
    const auto rows = stored.store.all();
    REQUIRE(rows.calls.size() == 1);
    check_same(rows.calls.front(), moved);
}

TEST_CASE("a damaged row is named and passed over, the others are read")
{
    for (const std::string assignment : {"a_role = 'neither'",
                                         "a_call_id = ''",
                                         "a_call_id = 'x' || char(13, 10) || 'Via: y'",
                                         "a_local_tag = 'a b'",
                                         "b_remote_tag = 'x;tag=y'",
                                         "b_remote_tag = '<'",
                                         "a_local_party = 'sip:201@office.test'",
                                         "a_local_party = '\"open'",
                                         "b_remote_party = ''",
                                         "a_target = 'http://x'",
                                         "b_target = 'sip:'",
                                         "b_target = '', b_name = ''",
                                         "a_route = 'x' || char(9)",
                                         "a_reserved_cseq = 0",
                                         "a_reserved_cseq = 2147483647",
                                         "b_remote_cseq = -1",
                                         "a_transport = 'sctp'",
                                         "a_host = ''",
                                         "a_host = 'phone.test'",
                                         "b_port = 65536",
                                         "b_listener = 256",
                                         "b_phone = '<>'",
                                         "b_other = 'x'",
                                         "a_supported = 128",
                                         "b_held = 2",
                                         "a_holds = 2",
                                         "started_at = -1",
                                         "answered_at = 9223372036854775807",
                                         "session_expires = -5",
                                         "rings_back_at = -1",
                                         "a_session_ends_at = -9223372036854775808",
                                         "b_session_ends_at = -1"}) {
        CAPTURE(assignment);
        Stored stored;
        for (std::uint64_t id = 1; id <= 3; ++id) stored.put(full_call(id));
        stored.edit(assignment);
        const auto rows = stored.store.all();
        CHECK(rows.calls.size() == 2);
        REQUIRE(rows.damaged.size() == 1);
        CHECK(rows.damaged.front() == CallRef{2});
    }
}

TEST_CASE("a row with an impossible id is passed over")
{
    Stored stored;
    stored.put(full_call(2));
    stored.edit("id = -4");
    CHECK(stored.store.all().calls.empty());
    REQUIRE(stored.store.all().damaged.size() == 1);
    const auto damaged = stored.store.all().damaged.front();
    stored.office.write([&](Database&) { stored.store.remove(damaged); });
    CHECK(stored.store.all().damaged.empty());
}

TEST_CASE("the INVITEs of a ringing call come back, without those that are damaged")
{
    Stored stored;
    auto call = full_ringing(5);
    call.invites[0].answered = true;
    stored.office.write([&](Database&) {
        stored.store.put(call);
        stored.store.put(call);
        stored.store.put(full_ringing(6));
        stored.store.remove_ringing(CallRef{6});
    });
    auto rows = stored.store.all().ringing;
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].id == CallRef{5});
    REQUIRE(rows[0].invites.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& read = rows[0].invites[i];
        const auto& written = call.invites[i];
        CHECK(read.role == written.role);
        CHECK(read.answered == written.answered);
        CHECK(read.dialog == written.dialog);
        CHECK(read.state.local_party == written.state.local_party);
        CHECK(read.state.remote_party == written.state.remote_party);
        CHECK(read.state.target == written.state.target);
        CHECK(read.state.route == written.state.route);
        CHECK(read.cseq == written.cseq);
        CHECK(read.via == written.via);
        CHECK(read.flow.host == written.flow.host);
    }
    stored.office.database.handle().exec(
        "UPDATE ringing_invite SET target = 'x' WHERE position = 1");
    rows = stored.store.all().ringing;
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].invites.size() == 1);
    stored.office.database.handle().exec("UPDATE ringing_invite SET cseq = -1");
    rows = stored.store.all().ringing;
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].invites.empty());
}
