// Challenges of trunks, answered by us and judged by our own authenticator.
#include <doctest/doctest.h>

#include <string>

#include "sip/digest.hpp"
#include "sip/digest_client.hpp"

using namespace lampline;
using namespace lampline::sip;

namespace {

/// A 401 or 407 with these header lines.
struct Response {
    explicit Response(unsigned status, const std::string& lines)
    {
        const auto text = "SIP/2.0 " + std::to_string(status) +
                          " Challenge\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"
                          "From: <sip:a@b.test>;tag=1\r\nTo: <sip:a@b.test>;tag=2\r\n"
                          "Call-ID: x\r\nCSeq: 1 REGISTER\r\n" +
                          lines + "Content-Length: 0\r\n\r\n";
        message.reset(
            msg_make(sip_default_mclass(), 0, text.data(), static_cast<ssize_t>(text.size())));
        REQUIRE(message);
        sip = sip_object(message.get());
        REQUIRE(sip);
    }
    MessageRef message;
    sip_t* sip = nullptr;
};

Response www(const std::string& value, unsigned status = 401)
{
    return Response{status, "WWW-Authenticate: " + value + "\r\n"};
}

const TrunkCredentials user{"4310", "pstn", "carrier.test", "line"};
const std::string home = "192.0.2.1";

bool is_its_address(std::string_view trunk, std::string_view host)
{
    return trunk == "line" && host == "192.0.2.2";
}

std::string field(const std::string& line, const std::string& name)
{
    const auto credentials = parse_credentials(std::string_view{line}.substr(line.find(':') + 1));
    REQUIRE(credentials);
    if (name == "nc") return std::string{credentials->nc};
    if (name == "algorithm") return std::string{credentials->algorithm};
    if (name == "nonce") return std::string{credentials->nonce};
    if (name == "qop") return std::string{credentials->qop};
    if (name == "opaque") return std::string{credentials->opaque};
    return {};
}

std::string digest(std::string_view nonce, std::string_view more = ", qop=\"auth\"")
{
    return "Digest realm=\"carrier.test\", nonce=\"" + std::string{nonce} + '"' + std::string{more};
}

}  // namespace

TEST_CASE("what the client answers, the authenticator accepts")
{
    Extension extension;
    extension.number = "4310";
    DigestClient client{is_its_address};
    for (const auto algorithm : {DigestAlgorithm::md5, DigestAlgorithm::sha256}) {
        Hasher hash{algorithm};
        const std::string ha1{hash({"4310", "carrier.test", "pstn"}).text()};
        (algorithm == DigestAlgorithm::md5 ? extension.ha1_md5 : extension.ha1_sha256) = ha1;
        Authenticator server{{.algorithms = {algorithm}},
                             std::make_shared<const Directory>(
                                 "carrier.test", std::vector{extension}, std::vector<Group>{})};
        const auto challenge = www(server.challenge(false, present())[0]);
        DigestClient::Attempts attempts;
        auto line = client.answer(*challenge.sip, user, "REGISTER", "sip:carrier.test", home, home,
                                  attempts);
        for (int request = 0; request < 3; ++request) {
            REQUIRE(line.starts_with("Authorization: Digest "));
            line.resize(line.size() - 2);
            const auto credentials = parse_credentials(std::string_view{line}.substr(15));
            REQUIRE(credentials);
            const auto verdict = server.verify(
                {&*credentials, 1}, {"REGISTER", "", "carrier.test", "192.0.2.1"}, present());
            CHECK(verdict.outcome == DigestOutcome::accepted);
            line = client.introduce(user, "REGISTER", "sip:carrier.test", home, home);
        }
    }
}

TEST_CASE("the strongest challenge that can be answered is")
{
    const Response several{
        401,
        "WWW-Authenticate: " + digest("1", ", algorithm=SHA-512-256, qop=\"auth\"") +
            "\r\nWWW-Authenticate: " + digest("2", ", algorithm=MD5, qop=\"auth\"") +
            "\r\nWWW-Authenticate: " + digest("3", ", algorithm=SHA-256, qop=\"auth-int\"") +
            "\r\nWWW-Authenticate: " + digest("4", ", algorithm=sha-256, qop=\"auth-int, auth\"") +
            "\r\nWWW-Authenticate: Basic realm=\"carrier.test\"\r\n"};
    const auto best = strongest_challenge(*several.sip, "carrier.test");
    REQUIRE(best);
    CHECK(best->nonce == "4");
    CHECK(best->algorithm == DigestAlgorithm::sha256);
    CHECK_FALSE(strongest_challenge(*several.sip, "other.test"));
}

TEST_CASE("what is not answered")
{
    DigestClient client{is_its_address};
    DigestClient::Attempts attempts;
    const auto answer = [&](const Response& response) {
        return client.answer(*response.sip, user, "REGISTER", "sip:carrier.test", home, home,
                             attempts);
    };
    CHECK(answer(www("Digest realm=\"elsewhere.test\", nonce=\"1\"")).empty());
    CHECK(answer(www("Digest realm=\"carrier.test\"")).empty());
    CHECK(answer(www(digest("1", ", algorithm=MD5-sess, qop=\"auth\""))).empty());
    CHECK(answer(www(digest("1", ", qop=\"auth-int\""))).empty());
    CHECK(answer(www("Basic realm=\"carrier.test\"")).empty());
    // The other kind of header has nothing to do with this status.
    CHECK(answer(www(digest("1"), 407)).empty());
    CHECK(attempts.answered == 0);
}

TEST_CASE("a request is challenged once, and once more when only the nonce was old")
{
    DigestClient client{is_its_address};
    DigestClient::Attempts attempts;
    const auto answer = [&](const std::string& challenge) {
        const auto response = www(challenge);
        return client.answer(*response.sip, user, "REGISTER", "sip:carrier.test", home, home,
                             attempts);
    };
    CHECK(field(answer(digest("1")), "nonce") == "1");
    SUBCASE("again, with another nonce: it is the secret")
    {
        CHECK(answer(digest("2")).empty());
    }
    SUBCASE("stale, then again")
    {
        CHECK(field(answer(digest("2", ", qop=\"auth\", stale=TRUE")), "nonce") == "2");
        CHECK(answer(digest("3", ", qop=\"auth\", stale=true")).empty());
    }
}

TEST_CASE("credentials that came unasked do not use up the answer")
{
    DigestClient client{is_its_address};
    DigestClient::Attempts first;
    const auto challenge = www(digest("1"));
    CHECK_FALSE(
        client.answer(*challenge.sip, user, "REGISTER", "sip:carrier.test", home, home, first)
            .empty());
    DigestClient::Attempts second;
    const auto line = client.introduce(user, "INVITE", "sip:1@carrier.test", home, home);
    CHECK(field(line, "nonce") == "1");
    CHECK(field(line, "nc") == "00000002");
    const auto anew = www(digest("2"));
    const auto other =
        client.answer(*anew.sip, user, "INVITE", "sip:1@carrier.test", home, home, second);
    CHECK(field(other, "nonce") == "2");
    CHECK(field(other, "nc") == "00000001");
    SUBCASE("a nonce that comes again counts on")
    {
        DigestClient::Attempts third;
        client.introduce(user, "INVITE", "sip:1@carrier.test", home, home);
        const auto same = www(digest("2"));
        CHECK(
            field(client.answer(*same.sip, user, "INVITE", "sip:1@carrier.test", home, home, third),
                  "nc") == "00000003");
        CHECK(client.answer(*same.sip, user, "INVITE", "sip:1@carrier.test", home, home, third)
                  .empty());
    }
}

TEST_CASE("a proxy is answered as one, and what it wrote comes back as it was")
{
    DigestClient client{is_its_address};
    DigestClient::Attempts attempts;
    const Response challenge{
        407,
        "Proxy-Authenticate: " + digest("a\\\"b", ", opaque=\"x=y, z\", qop=\"auth\"") + "\r\n"};
    const auto line =
        client.answer(*challenge.sip, user, "INVITE", "sip:1@carrier.test", home, home, attempts);
    CHECK(line.starts_with("Proxy-Authorization: Digest "));
    CHECK(field(line, "nonce") == "a\\\"b");
    CHECK(field(line, "opaque") == "x=y, z");
}

TEST_CASE("nobody but the trunk is given credentials, wherever its dialogs lead")
{
    DigestClient client{is_its_address};
    const auto challenge = www(digest("1"));
    const auto answered = [&](std::string_view source, std::string_view began) {
        DigestClient::Attempts attempts;
        return !client.answer(*challenge.sip, user, "BYE", "sip:1@x.test", source, began, attempts)
                    .empty();
    };
    const auto introduced = [&](std::string_view destination, std::string_view began) {
        return !client.introduce(user, "BYE", "sip:1@x.test", destination, began).empty();
    };
    CHECK_FALSE(answered("192.0.2.66", home));
    CHECK_FALSE(answered("192.0.2.66", ""));
    CHECK_FALSE(answered("", ""));
    CHECK(answered("192.0.2.1", home));
    CHECK(answered("192.0.2.2", home));  // another server of the trunk
    CHECK(answered("192.0.2.2", ""));    // in a dialog of an earlier run
    CHECK_FALSE(introduced("192.0.2.66", home));
    CHECK_FALSE(introduced("", home));  // a name
    CHECK(introduced("192.0.2.2", home));

    // The nonce of one trunk is no other's, should they have the same user and realm.
    auto other = user;
    other.trunk = "other";
    CHECK(client.introduce(other, "BYE", "sip:1@x.test", home, home).empty());
}

TEST_CASE("requests come with the kind of header that theirs were challenged for")
{
    DigestClient client{is_its_address};
    DigestClient::Attempts first, second;
    const auto registrar = www(digest("1"));
    client.answer(*registrar.sip, user, "REGISTER", "sip:carrier.test", home, home, first);
    const auto unasked = [&](std::string_view method) {
        return client.introduce(user, method, "sip:carrier.test", home, home);
    };
    CHECK(unasked("INVITE").starts_with("Authorization:"));
    const Response proxy{407, "Proxy-Authenticate: " + digest("1") + "\r\n"};
    const auto line =
        client.answer(*proxy.sip, user, "INVITE", "sip:1@carrier.test", home, home, second);
    CHECK(field(line, "nc") == "00000003");  // the same nonce, for whatever header
    CHECK(unasked("INVITE").starts_with("Proxy-Authorization:"));
    CHECK(unasked("REGISTER").starts_with("Authorization:"));
}

TEST_CASE("the realm of a challenge that is not answered is told")
{
    CHECK(challenged_by(*www("Digest realm=\"else where\", nonce=\"1\"").sip) == "else where");
    CHECK(challenged_by(*www("Digest nonce=\"1\"").sip).empty());
    CHECK(challenged_by(*Response{403, ""}.sip).empty());
    const auto very_long = www("Digest realm=\"" + std::string(1000, 'x') + "\", nonce=\"1\"");
    CHECK(challenged_by(*very_long.sip).size() == 128);
}

TEST_CASE("without qop the form of RFC 2069 is used")
{
    DigestClient client{is_its_address};
    DigestClient::Attempts attempts;
    const auto challenge = www(digest("1", ""));
    const auto line =
        client.answer(*challenge.sip, user, "REGISTER", "sip:carrier.test", home, home, attempts);
    CHECK(field(line, "qop").empty());
    CHECK(field(line, "nc").empty());
}
