// Whose requests are refused, and how late: wrong credentials, and those of somebody else.
#include "sip_office.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

TEST_CASE("wrong and unknown credentials look the same")
{
    Office office;
    for (const auto* number : {"201", "999"}) {
        Phone phone{office, number};
        phone.send(phone.request("REGISTER", uri_of(""), address_of(number), 1));
        const auto refusal = phone.receive();
        phone.send(phone.request("REGISTER", uri_of(""), address_of(number), 2,
                                 phone.answer_to(refusal, "REGISTER", uri_of(""), "wrong")));
        CHECK(phone.receive().status() == 401);
    }
    CHECK(office.inputs.empty());
}

TEST_CASE("repeated guesses are answered later and later")
{
    Office office;
    Phone phone{office, "201"};
    phone.send(phone.request("REGISTER", uri_of(""), address_of("201"), 1));
    auto refusal = phone.receive();
    const auto guess = [&](unsigned cseq) {
        phone.send(phone.request("REGISTER", uri_of(""), address_of("201"), cseq,
                                 phone.answer_to(refusal, "REGISTER", uri_of(""), "wrong")));
    };
    for (unsigned cseq = 2; cseq < 5; ++cseq) {
        guess(cseq);
        refusal = phone.receive();
    }
    const auto before = std::chrono::steady_clock::now();
    guess(5);
    CHECK(phone.receive().status() == 401);
    CHECK(std::chrono::steady_clock::now() - before >= 900ms);
}

TEST_CASE("REGISTER for somebody else is refused with 403")
{
    Office office;
    Phone phone{office, "201"};
    phone.send_authorised("REGISTER", uri_of(""), address_of("202"));
    const auto answer = phone.receive();
    CHECK(answer.status() == 403);
    CHECK(!answer["Warning"].empty());
    CHECK(office.inputs.empty());
}

TEST_CASE("an INVITE that is from somebody else is refused with 403")
{
    Office office;
    Phone phone{office, "201"};
    const auto forged = [&](std::string text) {
        const std::string own = fmt::format("From: <sip:201@{}>", domain);
        text.replace(text.find(own), own.size(), fmt::format("From: <sip:203@{}>", domain));
        return text;
    };
    phone.send(forged(phone.request("INVITE", uri_of("202"), address_of("202"), 1)));
    const auto refusal = phone.receive();
    CHECK(refusal.status() == 407);
    phone.acknowledge_refusal(refusal, uri_of("202"));
    phone.send(forged(phone.request("INVITE", uri_of("202"), address_of("202"), 2,
                                    phone.answer_to(refusal, "INVITE", uri_of("202")))));
    CHECK(phone.receive().status() == 403);
    CHECK(office.inputs.empty());
}

TEST_CASE("PUBLISH without credentials, or from somebody else, reaches nobody")
{
    for (const auto transport : {Transport::udp, Transport::tcp}) {
        Office office;
        Phone phone{office, "201", transport};
        const auto publish = [&](std::string_view more) {
            return phone.request("PUBLISH", uri_of("201"), address_of("201"), ++phone.cseq,
                                 fmt::format("Event: dialog\r\n{}", more));
        };
        phone.send(publish(""));
        const auto refusal = phone.receive();
        CHECK(refusal.status() == 401);
        CHECK_FALSE(refusal["WWW-Authenticate"].empty());
        phone.send(publish(phone.answer_to(refusal, "PUBLISH", uri_of("201"), "wrong")));
        const auto again = phone.receive();
        CHECK(again.status() == 401);
        auto forged = publish(phone.answer_to(again, "PUBLISH", uri_of("201")));
        const std::string own = fmt::format("From: <sip:201@{}>", domain);
        forged.replace(forged.find(own), own.size(), fmt::format("From: <sip:203@{}>", domain));
        phone.send(forged);
        CHECK(phone.receive().status() == 403);
        CHECK(office.inputs.empty());
    }
}
