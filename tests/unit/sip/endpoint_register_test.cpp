// REGISTER: credentials, and what of it is reported.
#include "sip_office.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

TEST_CASE("REGISTER is challenged, and reported once the credentials are right (RFC 3261 §22)")
{
    for (const auto transport : {Transport::udp, Transport::tcp}) {
        Office office;
        Phone phone{office, "201", transport};
        phone.send_authorised("REGISTER", uri_of(""), address_of("201"),
                              "Expires: 600\r\nUser-Agent: Desk/1\r\nPath: <sip:edge.test;lr>\r\n");
        const auto request = office.next<RegisterReceived>();
        CHECK(request.aor == "201");
        REQUIRE(request.contacts.size() == 1);
        CHECK(write(request.contacts[0].uri) == phone.contact());
        CHECK(request.expires == 600s);
        CHECK(request.cseq == 2);
        CHECK(request.user_agent == "Desk/1");
        CHECK(request.path == std::vector<std::string>{"<sip:edge.test;lr>"});
        CHECK(request.source.transport == transport);
        CHECK(request.source.host == "127.0.0.1");
        CHECK(request.source.port == phone.port());
        CHECK(bool{request.source.connection} == (transport == Transport::tcp));
        office.run(
            Reply{.transaction = request.transaction,
                  .status = 200,
                  .headers = {{"Contact", fmt::format("<{}>;expires=600", phone.contact())}}});
        const auto answer = phone.receive();
        CHECK(answer.status() == 200);
        CHECK(answer["Contact"] == fmt::format("<{}>;expires=600", phone.contact()));
        CHECK(!answer.parameter("To", "tag").empty());
    }
}

TEST_CASE("the parameters of a registered contact are read (RFC 3261 §10.2.1)")
{
    Office office;
    Phone phone{office, "201"};
    phone.send_authorised(
        "REGISTER", uri_of(""), address_of("201"),
        "Contact: \"Anna\" "
        "<sip:201@192.0.2.1:5070;line=x>;q=0.25;expires=300;+sip.instance=\"<urn:uuid:1>\"\r\n");
    const auto request = office.next<RegisterReceived>();
    REQUIRE(request.contacts.size() == 2);
    const auto& contact = request.contacts[1];
    CHECK(contact.display_name == "Anna");
    CHECK(contact.uri.params == ";line=x");
    CHECK(contact.q_thousandths == 250);
    CHECK(contact.expires == 300s);
    CHECK(contact.instance == "<urn:uuid:1>");
}

TEST_CASE("nobody registers an address of ours, which would be dialled like a number")
{
    Office office;
    Phone phone{office, "201"};
    const auto refuses = [&](const std::string& contact) {
        CAPTURE(contact);
        phone.send(phone.request("REGISTER", uri_of(""), address_of("201"), 1,
                                 fmt::format("Contact: <{}>\r\n", contact)));
        const auto status = phone.receive().status();
        CHECK((status == 401 || status == 403));
        return status == 403;
    };
    CHECK(refuses(uri_of("112")));
    CHECK(refuses(fmt::format("sip:112@127.0.0.1:{}", office.port(Transport::udp))));
    CHECK(refuses(fmt::format("sip:112@127.0.0.1:{}", office.port(Transport::tcp))));
    CHECK_FALSE(refuses(phone.contact()));
    CHECK_FALSE(refuses("sip:112@192.0.2.1:5060"));
}

TEST_CASE("Contact: * and a fetch are told apart (RFC 3261 §10.2.2)")
{
    Office office;
    Phone phone{office, "201"};
    const auto strip = [&](std::string text, std::string_view by) {
        const auto line = fmt::format("Contact: <{}>\r\n", phone.contact());
        text.replace(text.find(line), line.size(), by);
        return text;
    };
    phone.send(phone.request("REGISTER", uri_of(""), address_of("201"), 1));
    const auto refusal = phone.receive();
    auto more = phone.answer_to(refusal, "REGISTER", uri_of("")) + "Expires: 0\r\n";
    phone.send(
        strip(phone.request("REGISTER", uri_of(""), address_of("201"), 2, more), "Contact: *\r\n"));
    CHECK(office.next<RegisterReceived>().wildcard);
}

TEST_CASE("a repeated REGISTER gets the answer of the first, and is not reported again (RFC 3261 "
          "§17.2.2)")
{
    Office office;
    Phone phone{office, "201"};
    const auto text = phone.send_authorised("REGISTER", uri_of(""), address_of("201"));
    const auto request = office.next<RegisterReceived>();
    phone.send(text);
    CHECK(phone.receives_nothing_for(50ms));
    office.run(Reply{.transaction = request.transaction, .status = 200});
    const auto first = phone.receive();
    phone.send(text);
    const auto second = phone.receive();
    CHECK(second.status() == 200);
    CHECK(second["To"] == first["To"]);
    CHECK(office.inputs.empty());
}

TEST_CASE("the end of a connection that a phone registered over is reported")
{
    Office office;
    Phone phone{office, "201", Transport::tcp};
    phone.send_authorised("REGISTER", uri_of(""), address_of("201"));
    const auto request = office.next<RegisterReceived>();
    REQUIRE(request.source.connection);
    office.run(Reply{.transaction = request.transaction, .status = 200});
    CHECK(phone.receive().status() == 200);
    phone.hang_up();
    CHECK(office.next<ConnectionClosed>().connection == request.source.connection);
}
