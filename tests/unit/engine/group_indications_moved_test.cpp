// Two phones of one number with the same private contact, behind two NATs: which of them a
// subscription is of, when one moves or does not answer.
#include "unit/engine/indication_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// A phone of 201 behind a NAT of its own. The location service has one binding for both: that of
/// who registered last.
struct NattedPhone {
    std::string host;
    std::uint16_t port = 5060;
    std::string user_agent{};

    [[nodiscard]] Flow flow() const { return {Transport::udp, host, port, {}, 0}; }
    static SipUri contact() { return SipUri::parse("sip:201@192.168.1.5").value(); }
    [[nodiscard]] Binding binding() const
    {
        Binding binding;
        binding.aor = "201";
        binding.contact = contact();
        binding.flow = flow();
        binding.call_id = "reg-" + host;
        binding.generation = 1;
        binding.user_agent = user_agent;
        binding.expires_at = std::chrono::sys_days{std::chrono::year{2030} / 1 / 1};
        return binding;
    }
};

class TwoNats : public Office {
public:
    void begins(const NattedPhone& phone)
    {
        registers(phone.binding());
        auto request = subscribe("201", "207");
        request.call_id = "sub-" + phone.host;
        request.source = phone.flow();
        request.contact = NattedPhone::contact();
        request.user_agent = phone.user_agent;
        CHECK(receives(request).status == 200);
        CHECK(acknowledged().dialog->flow == phone.flow());
    }
    /// To `port`, as the registrar tells of it.
    void moves(NattedPhone& phone, std::uint16_t port)
    {
        const auto before = phone.flow();
        phone.port = port;
        const PhoneMoved moved{"201", NattedPhone::contact(), before, NattedPhone::contact(),
                               phone.flow()};
        indications.phone_moved(moved, now, outbox);
        registers(phone.binding());
        CHECK(silent());
    }
    void tells(const NattedPhone& first, const NattedPhone& second)
    {
        call(1, LegState::confirmed);
        CHECK(acknowledged().dialog->flow == first.flow());
        CHECK(acknowledged().dialog->flow == second.flow());
        CHECK(silent());
    }
};

}  // namespace

TEST_CASE("two phones with one private contact: where one moves, the other does not follow")
{
    TwoNats office;
    NattedPhone desk{"198.51.100.1"}, lab{"198.51.100.2"};
    office.begins(desk);
    office.begins(lab);
    SUBCASE("the one that registered last") { office.moves(lab, 40'000); }
    SUBCASE("each in its turn")
    {
        for (std::uint16_t port = 40'000; port < 40'003; ++port)
            for (auto* phone : {&desk, &lab}) {
                office.registers(phone->binding());
                office.moves(*phone, port);
            }
    }
    office.tells(desk, lab);
}

TEST_CASE("two phones with one private contact: what one does not answer does not go to the other")
{
    TwoNats office;
    NattedPhone desk{"198.51.100.1"}, lab{"198.51.100.2"};
    office.begins(desk);
    office.begins(lab);
    office.call(1, LegState::early);
    const auto lost = office.notified();
    CHECK(lost.dialog->flow == desk.flow());
    CHECK(office.acknowledged().dialog->flow == lab.flow());
    office.hears_nothing(lost);
    SUBCASE("while it is looked for") {}
    SUBCASE("when that one registers") { office.registers(lab.binding()); }
    SUBCASE("when it registers itself, from another port")
    {
        desk.port = 40'000;
        office.registers(desk.binding());
    }
    for (int s = 0; s < 5 && office.silent(); ++s) office.passes(seconds{1});
    CHECK(office.acknowledged().dialog->flow == desk.flow());
    CHECK(office.silent());
}

TEST_CASE("a phone that says which one it is goes along to another host, with another Call-ID too")
{
    TwoNats office;
    NattedPhone desk{"198.51.100.1", 5060, "Acme 00:04:13:aa:bb:cc"};
    office.begins(desk);
    office.call(1, LegState::early);
    office.hears_nothing(office.notified());
    desk.host = "203.0.113.9";
    office.registers(desk.binding());
    CHECK(office.acknowledged().dialog->flow == desk.flow());
    CHECK(office.silent());
}

TEST_CASE("two phones with one private contact: after a restart each is the one that it was")
{
    TwoNats before;
    const NattedPhone desk{"198.51.100.1"}, lab{"198.51.100.2"};
    before.begins(desk);
    before.begins(lab);
    TwoNats office;
    REQUIRE(office.locations.put(lab.binding()));
    office.indications.restore(before.kept(), office.locations, office.now, office.outbox);
    office.collect();
    CHECK(office.acknowledged().dialog->flow == desk.flow());
    CHECK(office.acknowledged().dialog->flow == lab.flow());
    office.call(1, LegState::early);
    const auto lost = office.notified();
    CHECK(lost.dialog->flow == desk.flow());
    CHECK(office.acknowledged().dialog->flow == lab.flow());
    office.hears_nothing(lost);
    for (int s = 0; s < 5 && office.silent(); ++s) office.passes(seconds{1});
    CHECK(office.acknowledged().dialog->flow == desk.flow());
    CHECK(office.silent());
}

TEST_CASE("a proxy that has no way to the phone ends no lamp of it")
{
    for (const unsigned status : {404U, 410U, 430U, 477U, 478U, 503U}) {
        CAPTURE(status);
        Office office;
        auto request = office.subscribe("201", "207");
        request.record_route = {"<sip:198.51.100.1;lr>"};
        CHECK(office.receives(request).status == 200);
        office.acknowledged();
        office.call(1, LegState::early);
        for (const int pause : {1, 2, 4}) {
            office.answers(office.notified(), status);
            CHECK(office.silent());
            office.passes(seconds{pause});
        }
        CHECK(states_of(office.acknowledged()) == "early");
        office.call(1, LegState::confirmed);
        CHECK(states_of(office.acknowledged()) == "confirmed");
    }
}
