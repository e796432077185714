// The signed parameter of our Record-Route.
#include <doctest/doctest.h>

#include "sip/route_token.hpp"

using namespace lampline;
using namespace lampline::sip;

namespace {

const RouteKey key{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
const DialogSides sides{{Transport::udp, "192.0.2.7", 5060, {}, 0},
                        {Transport::tcp, "2001:db8::7", 49152, ConnectionId{0x1234567}, 3}};

}  // namespace

TEST_CASE("a token of a dialog is read by whoever has the key, also after a restart")
{
    const RouteTokens tokens{key};
    const auto token = tokens.write(sides, "call", "tag");
    REQUIRE(token);
    CHECK(token->find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_") == std::string::npos);
    CHECK(token->size() < 80);
    CHECK(RouteTokens{key}.read(*token, "call", "tag") == sides);
}

TEST_CASE("a token of a subscription says whose it is, to whom, and cannot say anything else")
{
    const RouteTokens tokens{key};
    auto named = sides;
    named.watcher = std::string(32, 'w');
    named.member = std::string(32, 'm');
    const auto token = tokens.write(named, "call", "tag");
    REQUIRE(token);
    CHECK(token->size() < 200);
    CHECK(tokens.read(*token, "call", "tag") == named);
    named.member = "";
    CHECK(tokens.write(named, "call", "tag") != token);
    for (std::size_t i = 0; i < token->size(); ++i)
        CHECK_FALSE(tokens.read(token->substr(0, i), "call", "tag"));
}

TEST_CASE("a token is good for its dialog, and for no other; nor can it be changed")
{
    const RouteTokens tokens{key};
    const auto token = tokens.write(sides, "call", "tag").value();
    CHECK_FALSE(tokens.read(token, "call", "other"));
    CHECK_FALSE(tokens.read(token, "other", "tag"));
    CHECK_FALSE(tokens.read(token, "call\ntag", ""));
    CHECK_FALSE(RouteTokens{RouteKey{}}.read(token, "call", "tag"));
    CHECK_FALSE(tokens.read("", "call", "tag"));
    CHECK_FALSE(tokens.read(std::string(4096, 'A'), "call", "tag"));
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        // The last character has bits that mean nothing.
        if (i + 1 < token.size()) CHECK_FALSE(tokens.read(changed, "call", "tag"));
        CHECK_FALSE(tokens.read(token.substr(0, i), "call", "tag"));
    }
}

TEST_CASE("who is reached by a name has no token")
{
    CHECK_FALSE(RouteTokens{key}.write(
        {{Transport::udp, "phone.example", 5060, {}, 0}, sides.callee}, "call", "tag"));
}
