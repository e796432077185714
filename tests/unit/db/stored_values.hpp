#pragma once
// An office on disk and values with every member filled, for storage tests.
#include <chrono>
#include <initializer_list>

#include "core/stored.hpp"
#include "db/extension_store.hpp"
#include "unit/db/temp_folder.hpp"

namespace lampline::testing {

inline std::chrono::sys_seconds at(long seconds)
{
    return std::chrono::sys_seconds{std::chrono::seconds{seconds}};
}

struct Office {
    TempFolder folder;
    db::Database database{folder.database(), "office.test"};

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
    row.remote_cseq = 4'000'000'000;
    row.reserved_cseq = 120;
    row.reserved_version = 64;
    row.expires_at = at(7000);
    return row;
}

}  // namespace lampline::testing
