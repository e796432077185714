// Challenges, what opens them, and how headers are read.
#include "sip/digest_hash.hpp"
#include "unit/sip/digest_gate.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::gate;

TEST_CASE("the examples of RFC 7616 §3.9.1 come out of the test's own arithmetic")
{
    Phone phone{.username = "Mufasa",
                .secret = "Circle of Life",
                .realm = "http-auth@example.org",
                .nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                .uri = "/dir/index.html",
                .method = "GET",
                .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"};
    CHECK(phone.answer().response == "8ca523f5e9506fed4657c9700eebdbec");
    phone.algorithm = "SHA-256";
    CHECK(phone.answer().response ==
          "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

TEST_CASE("a hash of parts is that of the text that they make, however long they are")
{
    std::string all;
    for (int i = 0; i < 9000; ++i) all += static_cast<char>('a' + i % 23);
    const auto some = [&](std::size_t size) { return std::string_view{all}.substr(0, size); };
    for (const auto algorithm : {DigestAlgorithm::md5, DigestAlgorithm::sha256}) {
        Hasher hash{algorithm};
        for (const std::size_t first : {0, 1, 55, 64, 510, 511, 512, 513, 1024, 4000})
            for (const std::size_t second : {0, 1, 55, 56, 510, 511, 512, 513, 2000}) {
                const auto text = std::string{some(first)}.append(":").append(some(second));
                CHECK(hash({some(first), some(second)}).text() == hex_hash(algorithm, text));
                const auto more = text + "::" + std::string{some(second)} + ":x";
                CHECK(hash({some(first), some(second), "", some(second), "x"}).text() ==
                      hex_hash(algorithm, more));
            }
        CHECK(hash({}).text() == hex_hash(algorithm, ""));
    }
}

TEST_CASE("a challenge names realm, nonce, algorithm and qop (RFC 3261 §22.4)")
{
    Gate gate;
    const auto challenges = gate.authenticator.challenge(false, gate.now);
    REQUIRE(challenges.size() == 2);
    CHECK(param(challenges[0], "realm") == "office.test");
    CHECK(param(challenges[0], "qop") == "auth");
    CHECK(param(challenges[0], "algorithm") == "MD5");
    CHECK(param(challenges[0], "nonce").size() == 32);
    CHECK(challenges[0].find("stale") == std::string::npos);
    CHECK(gate.authenticator.challenge(true, gate.now)[0].ends_with(", stale=true"));
    CHECK(gate.nonce() != gate.nonce());
}

TEST_CASE("several algorithms are offered in the order wanted, under one nonce (RFC 8760 §2.4)")
{
    Gate gate{offering({DigestAlgorithm::sha256, DigestAlgorithm::md5})};
    const auto challenges = gate.authenticator.challenge(false, gate.now);
    REQUIRE(challenges.size() == 2);
    CHECK(param(challenges[0], "algorithm") == "SHA-256");
    CHECK(param(challenges[1], "algorithm") == "MD5");
    CHECK(param(challenges[0], "nonce") == param(challenges[1], "nonce"));
}

TEST_CASE("by default MD5 and SHA-256 are offered; MD5 alone to who gives up on the other")
{
    Gate gate;
    auto& authenticator = gate.authenticator;
    const auto now = gate.now;
    CHECK(authenticator.challenge(false, now, "Yealink SIP-T46U").size() == 2);
    CHECK(authenticator.challenge(false, now).size() == 2);
    for (const auto* phone : {"baresip v1.0.0 (x86_64/Linux)", "Twinkle/1.10.2"}) {
        CAPTURE(phone);
        const auto limited = authenticator.challenge(false, now, phone);
        REQUIRE(limited.size() == 1);
        CHECK(param(limited[0], "algorithm") == "MD5");
    }
}

TEST_CASE("the right secret opens, the wrong one does not")
{
    Gate gate;
    auto phone = gate.phone();
    const auto credentials = phone.answer();
    const auto verdict = gate.check(credentials);
    CHECK(verdict.outcome == DigestOutcome::accepted);
    CHECK(verdict.refusal == Refusal::none);
    CHECK(verdict.username == "201");

    phone = gate.phone();
    phone.secret = "secret of 202";
    CHECK(gate.check(phone).outcome == DigestOutcome::challenge);
    CHECK(gate.check(phone).refusal == Refusal::wrong_secret);
    CHECK(gate.check(phone).username.empty());
}

TEST_CASE("SHA-256 opens where it is offered, and only there (RFC 8760)")
{
    Gate gate{offering({DigestAlgorithm::sha256, DigestAlgorithm::md5})};
    auto phone = gate.phone();
    phone.algorithm = "SHA-256";
    CHECK(gate.check(phone).outcome == DigestOutcome::accepted);
    phone = gate.phone();
    phone.algorithm = "SHA-256";
    phone.secret = "wrong";
    CHECK(gate.check(phone).refusal == Refusal::wrong_secret);

    Gate only_md5{offering({DigestAlgorithm::md5})};
    phone = only_md5.phone();
    phone.algorithm = "SHA-256";
    CHECK(only_md5.check(phone).refusal == Refusal::unsupported);
    Gate only_sha256{offering({DigestAlgorithm::sha256})};
    CHECK(only_sha256.check(only_sha256.phone()).refusal == Refusal::unsupported);
}

TEST_CASE("no algorithm means MD5, and upper-case digits do not matter")
{
    Gate gate;
    auto phone = gate.phone();
    phone.algorithm.clear();
    auto credentials = phone.answer();
    std::ranges::transform(phone.response, phone.response.begin(),
                           [](char c) { return c >= 'a' ? char(c - 32) : c; });
    credentials.response = phone.response;
    CHECK(gate.check(credentials).outcome == DigestOutcome::accepted);
}

TEST_CASE("of several credentials one that passes is enough")
{
    Gate gate{offering({DigestAlgorithm::sha256, DigestAlgorithm::md5})};
    auto foreign = gate.phone();
    foreign.realm = "elsewhere.test";
    auto wrong = gate.phone();
    wrong.algorithm = "SHA-256";
    wrong.secret = "wrong";
    auto right = gate.phone();
    std::vector all{foreign.answer(), wrong.answer(), right.answer()};
    const DigestRequest request{"REGISTER", {}, "office.test", "192.0.2.7"};
    CHECK(gate.authenticator.verify(all, request, gate.now).outcome == DigestOutcome::accepted);
    all.pop_back();
    CHECK(gate.authenticator.verify(all, request, gate.now).refusal == Refusal::wrong_secret);
}

TEST_CASE("no credentials, and none for our realm, are challenged (RFC 3261 §22.2)")
{
    Gate gate;
    CHECK(gate.authenticator.verify({}, {"REGISTER", {}, "office.test", "192.0.2.7"}, gate.now)
              .refusal == Refusal::no_credentials);
    auto phone = gate.phone();
    phone.realm = "elsewhere.test";
    const auto verdict = gate.check(phone);
    CHECK(verdict.outcome == DigestOutcome::challenge);
    CHECK(verdict.refusal == Refusal::no_credentials);
}

TEST_CASE("unknown users get what a wrong secret gets, delays included")
{
    Gate known;
    Gate unknown;
    for (int i = 0; i < 6; ++i) {
        const auto one = known.guess("201");
        const auto other = unknown.guess("999");
        CHECK(one.outcome == other.outcome);
        CHECK(one.refusal == other.refusal);
        CHECK(one.delay == other.delay);
    }
}

TEST_CASE("an extension without a digest for the algorithm cannot be entered")
{
    Gate gate;
    gate.authenticator.set_directory(std::make_shared<const Directory>(
        "office.test", std::vector<Extension>{{"201", {}, {}, {}}}, std::vector<Group>{}));
    auto phone = gate.phone();
    auto credentials = phone.answer();
    phone.response = hex_hash(DigestAlgorithm::md5,
                              ":" + phone.nonce + ":" + phone.nc + ":" + phone.cnonce + ":auth:" +
                                  hex_hash(DigestAlgorithm::md5, "REGISTER:sip:office.test"));
    credentials.response = phone.response;
    CHECK(gate.check(credentials).refusal == Refusal::wrong_secret);
}

TEST_CASE("without qop, the form of RFC 2069, a nonce opens once")
{
    Gate gate;
    auto phone = gate.phone();
    phone.qop.clear();
    phone.nc.clear();
    phone.cnonce.clear();
    SUBCASE("MD5 is named") {}
    SUBCASE("no algorithm is named")
    {
        phone.algorithm.clear();
    }
    CHECK(gate.check(phone).outcome == DigestOutcome::accepted);
    CHECK(gate.check(phone).refusal == Refusal::repeated_nonce);
    CHECK(gate.check(phone).outcome == DigestOutcome::stale);
    phone.qop = "auth";
    phone.nc = "00000001";
    phone.cnonce = "0a4f113b";
    CHECK(gate.check(phone).refusal == Refusal::repeated_nonce);
    phone.nonce = gate.nonce();
    CHECK(gate.check(phone).outcome == DigestOutcome::accepted);
    phone.qop.clear();
    CHECK(gate.check(phone).refusal == Refusal::repeated_nonce);
    phone.nonce = gate.nonce();
    phone.secret = "wrong";
    CHECK(gate.check(phone).refusal == Refusal::wrong_secret);
}

TEST_CASE("another qop than auth, or none with SHA-256, is not supported")
{
    Gate gate;
    auto phone = gate.phone();
    phone.qop = "auth-int";
    CHECK(gate.check(phone).refusal == Refusal::unsupported);
    phone = gate.phone();
    phone.algorithm = "SHA-256";
    phone.qop.clear();
    CHECK(gate.check(phone).refusal == Refusal::unsupported);
}

TEST_CASE("malformed parameters are refused, and are not counted as failures")
{
    Gate gate;
    const auto refused = [&](auto bend) {
        auto phone = gate.phone();
        bend(phone);
        return gate.check(phone).refusal;
    };
    for (const auto* nc : {"", "1", "0000000g", "000000001", "-0000001", "0x000001"})
        CHECK(refused([&](Phone& phone) { phone.nc = nc; }) == Refusal::unsupported);
    CHECK(refused([](Phone& phone) { phone.cnonce.clear(); }) == Refusal::unsupported);
    CHECK(refused([](Phone& phone) { phone.cnonce.assign(2000, 'x'); }) == Refusal::unsupported);
    CHECK(refused([](Phone& phone) { phone.algorithm = "MD5-sess"; }) == Refusal::unsupported);
    auto phone = gate.phone();
    auto credentials = phone.answer();
    for (const auto* response :
         {"", "abc", "8ca523f5e9506fed4657c9700eebdbec8ca523f5e9506fed4657c9700eebdbec"}) {
        credentials.response = response;
        CHECK(gate.check(credentials).refusal == Refusal::unsupported);
    }
    CHECK(gate.check(gate.phone()).outcome == DigestOutcome::accepted);
}

TEST_CASE("credentials belong to their method")
{
    Gate gate;
    auto phone = gate.phone();
    CHECK(gate.check(phone.answer(), "INVITE").refusal == Refusal::wrong_secret);
}

TEST_CASE("the digest uri names what the request asks for; ports, parameters and case may differ "
          "(RFC 3261 §22.4)")
{
    Gate gate;
    const auto refusal = [&](std::string uri, std::string_view user, std::string_view host,
                             std::string method = "INVITE") {
        auto phone = gate.phone();
        phone.method = method;
        phone.uri = std::move(uri);
        return gate.check(phone.answer(), method, user, host).refusal;
    };
    CHECK(refusal("sip:207@office.test", "207", "office.test") == Refusal::none);
    CHECK(refusal("sip:207@OFFICE.test:5060;transport=udp", "207", "office.test") == Refusal::none);
    CHECK(refusal("sip:207@[2001:db8::1]:5060", "207", "[2001:db8::1]") == Refusal::none);
    CHECK(refusal("sip:%2a8@office.test", "*8", "office.test") == Refusal::none);
    CHECK(refusal("sip:office.test", "207", "office.test") == Refusal::none);
    CHECK(refusal("tel:+4930", "+4930", "") == Refusal::none);
    CHECK(refusal("sip:201@office.test", "", "office.test", "REGISTER") == Refusal::none);

    CHECK(refusal("sip:208@office.test", "207", "office.test") == Refusal::another_uri);
    CHECK(refusal("sip:207@elsewhere.test", "207", "office.test") == Refusal::another_uri);
    CHECK(refusal("", "207", "office.test") == Refusal::another_uri);
    CHECK(refusal("sip:[", "207", "office.test") == Refusal::another_uri);
}

TEST_CASE(
    "all names of the exchange are one resource, whichever the credentials and the Request-URI "
    "use (RFC 7616 §3.4.6)")
{
    Gate gate;
    gate.is_ours = [](std::string_view host) {
        return host == "office.test" || host == "192.0.2.5";
    };
    const auto refusal = [&](std::string uri, std::string_view host,
                             std::string method = "INVITE") {
        auto phone = gate.phone();
        phone.method = method;
        phone.uri = std::move(uri);
        return gate.check(phone.answer(), method, "207", host).refusal;
    };
    CHECK(refusal("sip:207@192.0.2.5:5060", "office.test") == Refusal::none);
    CHECK(refusal("sip:207@office.test", "192.0.2.5") == Refusal::none);
    CHECK(refusal("sip:192.0.2.5", "office.test", "REGISTER") == Refusal::none);
    CHECK(refusal("sip:208@192.0.2.5", "office.test") == Refusal::another_uri);
    CHECK(refusal("sip:207@192.0.2.6", "office.test") == Refusal::another_uri);
    CHECK(refusal("sip:207@192.0.2.5", "192.0.2.6") == Refusal::another_uri);
    CHECK(refusal("sip:207@", "office.test") == Refusal::another_uri);
}

TEST_CASE("a new directory counts at once, and its domain is the realm")
{
    Gate gate;
    gate.authenticator.set_directory(office("branch.test"));
    CHECK(param(gate.authenticator.challenge(false, gate.now)[0], "realm") == "branch.test");
    auto phone = gate.phone();
    CHECK(gate.check(phone).refusal == Refusal::no_credentials);
    phone.realm = "branch.test";
    CHECK(gate.check(phone).outcome == DigestOutcome::accepted);
}

TEST_CASE("a header value is read, quoted or not, in any order and case (RFC 3261 §20.7)")
{
    const auto credentials = parse_credentials(
        "dIgEsT  Username=\"2\\\"01\" , REALM = \"a, b\",nonce=\"n=,\",uri=\"sip:h\","
        "response=\"r\",algorithm=MD5,cnonce=c, qop=auth ,nc=00000001,opaque=\"\",ext=\"x\",");
    REQUIRE(credentials);
    CHECK(credentials->username == "2\\\"01");
    CHECK(credentials->realm == "a, b");
    CHECK(credentials->nonce == "n=,");
    CHECK(credentials->uri == "sip:h");
    CHECK(credentials->response == "r");
    CHECK(credentials->algorithm == "MD5");
    CHECK(credentials->cnonce == "c");
    CHECK(credentials->qop == "auth");
    CHECK(credentials->nc == "00000001");
    CHECK(credentials->opaque.empty());

    for (const auto* text : {"", "Basic abc", "Digest username", "Digest username=\"201",
                             "Digest =x", "Digest a=\"b\"c=d", "Digest \"a\"=b", "Digest a=\"\\"})
        CHECK_MESSAGE(!parse_credentials(text), text);
}

TEST_CASE("whatever bytes arrive, they are judged and nothing else happens")
{
    constexpr std::array<std::string_view, 18> pieces{
        "Digest ",
        "username",
        "=",
        "\"",
        ",",
        "\\",
        "realm=\"office.test\"",
        "nonce",
        "nc=00000001",
        "qop=auth",
        " ",
        "uri=\"sip:office.test\"",
        "cnonce=x",
        "201",
        "response=\"8ca523f5e9506fed4657c9700eebdbec\"",
        "algorithm=",
        "MD5",
        "["};
    Gate gate;
    std::mt19937 random{7616};
    for (int round = 0; round < 100'000; ++round) {
        std::string text = "Digest ";
        for (auto count = random() % 20; count > 0; --count) {
            if (random() % 10 == 0)
                text += static_cast<char>(random() % 256);
            else
                text += pieces[random() % pieces.size()];
        }
        if (const auto credentials = parse_credentials(text))
            REQUIRE(gate.check(*credentials).outcome != DigestOutcome::accepted);
    }
}
