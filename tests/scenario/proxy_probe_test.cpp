// Proxy mode: whether the phones of a call still know it, where other proxies are before them.
#include <algorithm>

#include "proxy_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::proxy;

namespace {

using Route = std::vector<std::string>;

/// Alice and Bob are each behind other proxies, which stay in the dialog; neither knows session
/// timers.
struct BehindProxies : Office {
    BehindProxies()
    {
        alice.record_route = {"<sip:198.51.100.1;lr>"};
        bob.record_route = {"<sip:198.51.100.3;lr>",
                            "<sip:198.51.100.2;lr>"};  // the last is next to us
        they_talk();
    }
    /// The probes of both, whose answers are due.
    void are_asked()
    {
        const auto by_alice = alice.receives(OPTIONS);
        const auto by_bob = bob.receives(OPTIONS);
        CHECK(by_alice.route == Route{"<sip:198.51.100.1;lr>"});
        CHECK(by_bob.route == Route{"<sip:198.51.100.2;lr>", "<sip:198.51.100.3;lr>"});
    }
    [[nodiscard]] bool goes_on() { return pbx.view().calls.size() == 1 && dan.hears_nothing(); }
};

}  // namespace

TEST_CASE("proxy mode: phones behind other proxies are asked along their routes")
{
    BehindProxies office;
    office.pbx.passes(60s);
    office.are_asked();
    office.alice.replies(500);  // its CSeq is an old one, so it knows the dialog
    SUBCASE("who does not know the dialog any more ends the call")
    {
        office.bob.replies(481);
    }
    SUBCASE("so does silence, as no proxy says 408 for a phone (RFC 4320)")
    {
        office.bob.fails_with(408);
    }
    office.all_is_over();
    CHECK(office.record().status == 408);
}

TEST_CASE("proxy mode: what a proxy says for a phone that it has no way to ends no call")
{
    BehindProxies office;
    for (const unsigned status : {404U, 408U, 430U, 480U, 500U, 503U, 503U}) {
        office.pbx.passes(60s);
        office.are_asked();
        office.alice.replies(200);
        office.bob.replies(status);
        CHECK(office.goes_on());
    }
    office.pbx.passes(60s);
    office.are_asked();
    office.alice.replies(200);
    office.bob.replies(481);
    office.all_is_over();
}

TEST_CASE("proxy mode: after kill -9 phones behind other proxies are asked too")
{
    BehindProxies office;
    office.pbx.restarts();
    CHECK(office.told() == Lamps{{"101", "confirmed"}, {"102", "confirmed"}});
    office.pbx.passes(1s);
    office.are_asked();
    SUBCASE("both have forgotten it meanwhile")
    {
        office.bob.replies(481);
        office.alice.replies(481);
    }
    SUBCASE("they talk on, and hang up unseen")
    {
        office.alice.replies(500);
        office.bob.replies(500);
        CHECK(office.goes_on());
        office.pbx.passes(120s);
        office.are_asked();
        office.alice.replies(481);
    }
    office.all_is_over();
    CHECK(office.pbx.kept().calls.empty());
}
