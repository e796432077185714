#pragma once
// An office on disk and values with every member filled, for storage tests.
#include <chrono>
#include <initializer_list>

#include "core/stored.hpp"
#include "db/extension_store.hpp"
#include "unit/db/new_office.hpp"

namespace lampline::testing {

inline std::chrono::sys_seconds at(long seconds)
{
    return std::chrono::sys_seconds{std::chrono::seconds{seconds}};
}

struct Office {
    TempFolder folder;
    db::Database database{new_office(folder), "office.test"};

    template <class Write>
    void write(Write&& work)
    {
        db::Transaction transaction{database, db::Durability::normal};
        work(database);
        transaction.commit();
    }
    void add_extensions(std::initializer_list<const char*> numbers)
    {
        write([&](db::Database&) {
            for (const auto* number : numbers)
                db::ExtensionStore{database}.put({{number, "", "m", "s"}, {}});
        });
    }
};

inline Binding full_binding(const std::string& aor)
{
    Binding binding;
    binding.aor = aor;
    binding.contact = *SipUri::parse("sip:" + aor + "@phone.test:5062;transport=tcp;line=x7");
    binding.flow = {Transport::tcp, "2001:db8::7", 5062, ConnectionId{77}, 3};
    binding.path = {"<sip:edge.test;lr>", "<sip:core.test;lr>"};
    binding.call_id = "reg-1@phone";
    binding.cseq = 4'000'000'001;
    binding.q_thousandths = 700;
    binding.user_agent = "snom\"370";
    binding.instance = "<urn:uuid:1>";
    binding.expires_at = at(5000);
    binding.registered_at = at(1000);
    binding.generation = 42;
    binding.refusal = {.lamps = 489, .packages = 481, .at = at(1100)};
    return binding;
}

inline StoredSubscription full_subscription(const std::string& watcher, const std::string& member)
{
    StoredSubscription row;
    row.watcher = watcher;
    row.member = member;
    row.call_id = "sub-" + watcher + member;
    row.local_tag = "ours";
    row.remote_tag = "theirs";
    row.local_uri = "<sip:" + member + "@office.test>";
    row.remote_uri = "<sip:" + watcher + "@office.test>";
    row.contact = "sip:" + watcher + "@192.0.2.1";
    row.route = {"<sip:edge.test;lr>"};
    row.flow = {Transport::udp, "192.0.2.1", 5060, ConnectionId{5}, 1};
    row.event = "dialog;id=3";
    row.user_agent = "snom";
    row.registered_call = 0xFEDC'BA98'7654'3210;
    row.remote_cseq = 4'000'000'000;
    row.reserved_cseq = 120;
    row.reserved_version = 64;
    row.expires_at = at(7000);
    return row;
}

inline StoredPublication full_publication()
{
    StoredPublication row;
    row.id = "first-tag";
    row.etag = "newest-tag";
    row.extension = "207";
    row.publisher = "201";
    row.event = "dialog";
    row.call_info = "<sip:207@office.test>;appearance-index=1";
    row.phones = {{"sip:207@192.0.2.7:5070", "register@phone"}, {"sip:207@10.0.0.7", "7@lab"}};
    row.expires_at = at(7000);
    row.dialogs = {{.said = {.id = "their\nid",
                             .call_id = "call@phone",
                             .local_tag = "l",
                             .remote_tag = "r",
                             .direction = "initiator",
                             .state = "early",
                             .event = {},
                             .local_identity = "sip:207@office.test",
                             .local_display = "Zoë",
                             .local_target = "sip:207@192.0.2.7",
                             .remote_identity = "sip:555@elsewhere.test",
                             .remote_display = "\"Q\"",
                             .remote_target = "sip:555@192.0.2.9",
                             .rendered = false},
                    .shown_id = "ours-1",
                    .hidden = true},
                   {.said = {}, .shown_id = "ours-2"}};
    return row;
}

inline StoredLeg full_leg(const std::string& number, const std::string& other)
{
    const auto address = [](const std::string& name, const std::string& user) {
        return NameAddr{name, *SipUri::parse("sip:" + user + "@office.test;x=1")};
    };
    StoredLeg leg;
    leg.role = LegRole::callee;
    leg.extension = number;
    leg.dialog = {"call-" + number + "@192.0.2.9", "ours" + number, "theirs" + number};
    leg.state = {.local_party = address("Anna \"Ann\" \\ Lee", other),
                 .remote_party = address("Björn", number),
                 .contact_user = other,
                 .target = *SipUri::parse("sip:" + number + "@[2001:db8::7]:5062;line=x7"),
                 .route = {"<sip:edge.test;lr>", "\"core\" <sip:core.test;lr>"},
                 .cseq = 1'000'000,
                 .remote_cseq = 4'000'000'000};
    leg.flow = {Transport::tcp, "2001:db8::7", 5062, ConnectionId{77}, 3};
    leg.phone = address("", number);
    leg.other = address("Other", other);
    leg.supported = OptionTag::timer | OptionTag::replaces;
    leg.sdp = std::make_shared<const Payload>(
        Payload{"application/sdp", std::string{"v=0\r\ns=\0\xff\r\n", 12}, {{"X", "y"}}});
    leg.held = leg.holds = true;
    leg.trunk = "line";
    leg.payer = other;
    leg.on_behalf_of = other;
    leg.counted = true;
    leg.anonymous = leg.takes_update = true;
    leg.identity = IdentityHeader::remote_party_id;
    leg.place = LinePlace{3, true};
    leg.name = "shared-" + number;
    leg.must_end_at =
        std::chrono::system_clock::time_point{std::chrono::milliseconds{1'700'000'000'123}};
    return leg;
}

inline StoredCall full_call(std::uint64_t id)
{
    using std::chrono::milliseconds;
    using std::chrono::system_clock;
    StoredCall call;
    call.id = CallRef{id};
    call.from = "201";
    call.dialled = "**207";
    call.started_at = system_clock::time_point{milliseconds{1'700'000'000'123}};
    call.answered_at = system_clock::time_point{milliseconds{1'700'000'001'456}};
    call.session_expires = std::chrono::seconds{1800};
    call.legs = {full_leg("201", "207"), full_leg("207", "201")};
    call.legs[0].role = LegRole::caller;
    call.legs[0].session_ends_at = system_clock::time_point{milliseconds{1'700'001'801'456}};
    call.legs[1].session_ends_at = system_clock::time_point{milliseconds{1'700'002'401'789}};
    call.parked_by = "207";
    call.rings_back_at = system_clock::time_point{milliseconds{1'700'000'121'789}};
    return call;
}

inline StoredRinging full_ringing(std::uint64_t id)
{
    const auto leg = full_leg("207", "201");
    StoredInvite received{.role = LegRole::caller,
                          .dialog = leg.dialog,
                          .state = leg.state,
                          .cseq = 4'000'000'000,
                          .via = {"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport=5060",
                                  "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2"},
                          .flow = leg.flow};
    StoredInvite sent{.role = LegRole::callee,
                      .dialog = {"out@x", "ours2", ""},
                      .state = leg.state,
                      .cseq = 2,
                      .via = {},
                      .flow = leg.flow};
    return {CallRef{id}, {received, sent}};
}

inline std::shared_ptr<const StoredCall> shared(StoredCall call)
{
    return std::make_shared<const StoredCall>(std::move(call));
}

}  // namespace lampline::testing
