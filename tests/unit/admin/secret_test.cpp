#include "admin/secret.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace lampline::admin;

TEST_CASE("digests of the credentials are those of RFC 7616 3.9.1 and RFC 1321")
{
    CHECK(ha1_md5("Mufasa", "testrealm@host.com", "Circle Of Life") ==
          "939e7578ed9e3c518a452acee763bce9");
    CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(ha1_sha256("u", "r", "p") == sha256("u:r:p"));
}

TEST_CASE("secrets differ and use only their alphabet")
{
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const auto password = make_sip_password();
        CHECK(password.find_first_not_of("23456789abcdefghijkmnpqrstuvwxyz") == std::string::npos);
        seen.insert(password);
        const auto token = make_token();
        CHECK(token.substr(3).find_first_not_of("abcdefghijklmnopqrstuvwxyz234567") ==
              std::string::npos);
        seen.insert(token);
    }
    CHECK(seen.size() == 400);
}
