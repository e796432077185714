#pragma once
// An office with one group, for tests of group indications: phones are played by the test.
#include <algorithm>
#include <string>
#include <vector>

#include "core/dialog_info.hpp"
#include "core/extension_uri.hpp"
#include "engine/group_indications.hpp"
#include "unit/engine/collected.hpp"

namespace lampline::test {

using std::chrono::seconds;

inline std::string body_of(const SendNotify& notify)
{
    if (!notify.body_head) return {};
    if (!notify.body_tail) return *notify.body_head;
    return *notify.body_head + std::to_string(notify.version) + *notify.body_tail;
}

inline DialogInfo document_of(const SendNotify& notify)
{
    const auto read = read_dialog_info(body_of(notify));
    REQUIRE(read);
    CHECK(read->full);
    CHECK(read->version == notify.version);
    return *read;
}

/// "early confirmed": the states of the dialogs in the body.
inline std::string states_of(const SendNotify& notify)
{
    std::string states;
    for (const auto& dialog : document_of(notify).dialogs)
        states += (states.empty() ? "" : " ") + dialog.state;
    return states;
}

inline std::string header(const Reply& reply, std::string_view name)
{
    for (const auto& [key, value] : reply.headers)
        if (key == name) return value;
    return {};
}

struct OfficeWatcher {
    std::string number;
    bool unsolicited = false;
    std::string profile = "standard";
};

inline DirectoryRef office_directory(const std::vector<std::string>& numbers,
                                     const std::vector<std::string>& members,
                                     const std::vector<OfficeWatcher>& watchers,
                                     std::vector<BodyProfile> profiles = {})
{
    std::vector<Extension> extensions;
    for (const auto& number : numbers) extensions.push_back({number, {}, {}, {}});
    Group group{"sales", "Sales", members, {}};
    for (const auto& [number, unsolicited, profile] : watchers)
        group.watchers.push_back({number, unsolicited, profile});
    return std::make_shared<const Directory>("office.test", std::move(extensions),
                                             std::vector<Group>{std::move(group)}, Numbering{},
                                             std::move(profiles));
}

inline DirectoryRef standard_office(bool unsolicited = false)
{
    return office_directory({"201", "202", "203", "207", "208"}, {"207", "208"},
                            {{"201", unsolicited}, {"202", unsolicited}});
}

/// 201 and 202 watch 207 and 208; 203 watches nobody.
class Office : public Collected {
public:
    explicit Office(DirectoryRef directory = standard_office(), IndicationSettings settings = {})
        : indications{settings, [this] { return "t" + std::to_string(++tokens); },
                      std::move(directory), locations, pacing}
    {
    }

    /// The phone of `watcher` asks for `member`: initial, unless `to_tag` is set.
    [[nodiscard]] SubscribeReceived subscribe(const std::string& watcher, const std::string& member,
                                              std::uint32_t cseq = 1) const
    {
        return {.transaction = {cseq},
                .source = flow_of(watcher),
                .authenticated = watcher,
                .request_uri = extension_uri(member, "office.test"),
                .parties = {.from = {{}, extension_uri(watcher, "office.test")},
                            .from_tag = "from-" + watcher,
                            .to = {{}, extension_uri(member, "office.test")},
                            .to_tag = {}},
                .call_id = watcher + "-" + member,
                .cseq = cseq,
                .contact = contact_of(watcher),
                .record_route = {},
                .event = "dialog",
                .event_params = {},
                .accept = {"application/dialog-info+xml"},
                .expires = seconds{3600},
                .user_agent = {}};
    }

    static Flow flow_of(const std::string& number)
    {
        return {Transport::udp, "192.0.2." + number, 5060, {}, 0};
    }
    static SipUri contact_of(const std::string& number)
    {
        return SipUri::parse("sip:" + number + "@192.0.2." + number + ":5060;line=x").value();
    }

    /// Exactly one Reply came out, as it must.
    Reply receives(const SubscribeReceived& request)
    {
        indications.receive(request, now, outbox);
        collect();
        return only_reply();
    }

    /// Subscribes, and acknowledges the first NOTIFY; returns it.
    SendNotify subscribed(const std::string& watcher, const std::string& member)
    {
        CHECK(receives(subscribe(watcher, member)).status == 200);
        return acknowledged();
    }

    void call(std::uint64_t leg, LegState state, const std::string& extension = "207",
              Direction direction = Direction::recipient)
    {
        fold({.leg = {leg},
              .extension = extension,
              .dialog = {"call-" + std::to_string(leg), "phone", "ours"},
              .direction = direction,
              .state = state,
              .ended_by = LegInput::remote_bye,
              .local = {{"Anna Lee", extension_uri(extension, "office.test")}, {}},
              .remote = {{"Ben", extension_uri("211", "office.test")}, {}}});
    }
    void fold(const DialogSnapshot& dialog)
    {
        indications.fold({dialog}, now, outbox);
        collect();
    }

    /// The repetitions of `notify` have ended without an answer.
    void hears_nothing(const SendNotify& notify)
    {
        passes(seconds{32});
        indications.receive(NotifyAnswered{notify.subscription, notify.cseq, 408, {}, true}, now,
                            outbox);
        collect();
    }
    void answers(const SendNotify& notify, unsigned status, seconds retry_after = {})
    {
        indications.receive(NotifyAnswered{notify.subscription, notify.cseq, status, retry_after},
                            now, outbox);
        collect();
    }

    /// The next NOTIFY, which is answered.
    SendNotify acknowledged()
    {
        SendNotify notify = notified();
        answers(notify, 200);
        return notify;
    }
    [[nodiscard]] bool silent() const { return notifies.empty(); }

    void passes(seconds time)
    {
        now.mono += time;
        now.wall += time;
        indications.advance(now, outbox);
        while (const auto due = pacing.take_due(now.mono))
            indications.turn_came(*due, now, outbox);
        collect();
    }

    void registers(const std::string& number, std::uint64_t generation = 1,
                   seconds expires = seconds{600}, const std::string& user_agent = {})
    {
        Binding binding;
        binding.aor = number;
        binding.contact = contact_of(number);
        binding.flow = flow_of(number);
        binding.generation = generation;
        binding.user_agent = user_agent;
        binding.expires_at = now.seconds() + expires;
        registers(std::move(binding));
    }
    void registers(Binding binding)
    {
        const Binding registered = binding;
        REQUIRE(locations.put(std::move(binding)));
        indications.bindings_changed(registered.aor, locations, now, outbox);
        indications.heard(registered, now, outbox);
        collect();
    }
    void closes(ConnectionId connection)
    {
        locations.forget_connection(connection);
        indications.receive(ConnectionClosed{connection}, now, outbox);
        collect();
    }
    void unregisters(const std::string& number)
    {
        locations.remove(number, contact_of(number));
        indications.bindings_changed(number, locations, now, outbox);
        collect();
    }
    void configures(DirectoryRef directory)
    {
        indications.replace_directory(std::move(directory), locations, now, outbox);
        collect();
    }

    [[nodiscard]] LiveView view() const
    {
        LiveView live;
        indications.describe(live);
        return live;
    }
    [[nodiscard]] LampAccount explains(const std::string& watcher, const std::string& member) const
    {
        return indications.explain(watcher, member, locations, now);
    }
    std::vector<ResentNotify> resends(const std::string& watcher, const std::string& member)
    {
        auto resent = indications.resend(watcher, member, now, outbox);
        collect();
        return resent;
    }
    /// Ends a step.
    void collect()
    {
        indications.finish_step(now, outbox);
        take(outbox);
        for (auto& event : outbox.shown) shown.push_back(std::move(event));
        outbox = {};
        outbox.listened = listened;
    }

    std::uint64_t tokens = 0;
    Moment now{std::chrono::steady_clock::time_point{} + std::chrono::hours{1},
               std::chrono::sys_days{std::chrono::year{2024} / 5 / 6}};
    Outbox outbox;
    LocationTable locations;
    NotifyPacing pacing;
    GroupIndications indications;
    bool listened = false;  ///< from the step after the next on
    std::vector<LiveEvent> shown;
};

}  // namespace lampline::test
