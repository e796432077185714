// Whatever happens in whatever order: what phones are told by the event packages is true at rest.
#include <random>
#include <set>
#include <tuple>

#include "unit/engine/event_office.hpp"
#include "unit/engine/event_reader.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

using std::chrono::seconds;

const std::vector<std::string> numbers{"201", "202", "203"};

std::string tag_of(const std::string& address)
{
    const auto at = address.find(";tag=");
    return at == std::string::npos ? "" : address.substr(at + 5);
}

std::string key_of(const SendNotify& notify)
{
    return notify.dialog->call_id + " " + tag_of(notify.dialog->from);
}

std::string user_of(const std::string& address)
{
    const auto begin = address.find("sip:") + 4;
    return address.substr(begin, address.find('@') - begin);
}

/// What a phone has seen of one subscription.
struct Seen {
    std::uint32_t cseq = 0, version = 0;
    bool any = false;
    bool ended = false;
    Said shown;                    ///< as last acknowledged
    Said repeated;                 ///< of it, what must not be said again
    std::uint32_t owed_after = 0;  ///< what was said until this CSeq may be said again

    void may_repeat()
    {
        repeated.clear();
        owed_after = cseq;
    }
    std::string of;  ///< watcher, package, resource
    SendNotify last;
};

class EventStorm {
public:
    explicit EventStorm(std::uint32_t seed) : random_{seed}, office_{directory()} {}

    /// How often all was at rest and compared.
    int run(int steps)
    {
        for (int at = 0; at < steps; ++at) {
            step();
            receive_all();
            if (at % 101 == 100) {
                come_to_rest();
                check_truth();
            }
        }
        return rests_;
    }

private:
    DirectoryRef directory()
    {
        std::vector<Extension> extensions;
        Group group{"sales", "Sales", {}, {}};
        for (const auto& number : numbers) {
            auto extension = settings_[number];
            extension.number = number;
            extension.trusted = number == "201";
            extensions.push_back(std::move(extension));
            if (watched_) group.members.push_back(number);
            group.watchers.push_back({number, false, ""});
        }
        group.rights.parties = parties_;
        return std::make_shared<const Directory>("office.test", std::move(extensions),
                                                 std::vector<Group>{std::move(group)}, Numbering{},
                                                 std::vector<BodyProfile>{});
    }

    std::size_t below(std::size_t bound) { return random_() % bound; }
    template <class T>
    const T& any_of(const std::vector<T>& all)
    {
        return all[below(all.size())];
    }
    EventPhone any_phone()
    {
        return {any_of(numbers), static_cast<std::uint16_t>(5060 + below(2))};
    }

    void step()
    {
        switch (below(18)) {
        case 0:
        case 1: return subscribe();
        case 2: return refresh();
        case 3: return begin_call();
        case 4:
        case 5: return move_call();
        case 6: return end_call();
        case 7: return registers(any_phone());
        case 8: return unregisters(any_phone());
        case 9: return configure();
        case 10: return ask_for_a_feature();
        case 11: return settle();
        case 12:
            if (below(12) == 0) crash();
            return;
        case 13: return office_.answers(answered_, below(2) ? 200 : 481);  // late, or twice
        default:
            answer_one(status());
            if (below(3) == 0) office_.passes(seconds{below(3)});
        }
    }

    unsigned status()
    {
        constexpr unsigned likely[]{200, 200, 200, 200, 200, 200, 200, 200,
                                    408, 408, 500, 503, 491, 481, 489};
        return likely[below(std::size(likely))];
    }

    void subscribe()
    {
        const auto phone = any_phone();
        const auto package = static_cast<EventPackage>(below(event_package_count));
        const auto member = below(3) ? phone.number : any_of(numbers);
        auto request = office_.subscribe(phone, package, member, ++cseq_);
        if (below(2)) request.accept = {std::string{"*/*"}, "multipart/mixed"};
        if (below(3) == 0) request.source.transport = Transport::tcp;
        if (package == EventPackage::line_seize) {
            request.expires = seconds{15};
            request.payload = std::make_shared<const Payload>(
                Payload{{},
                        {},
                        {{"Call-Info", "<sip:x@office.test>;appearance-index=" +
                                           std::to_string(1 + below(2))}}});
        }
        const auto reply = office_.receives(request);
        if (reply.status != 200) return;
        request.parties.to_tag = reply.local_tag;
        request.payload = nullptr;
        dialogs_.push_back(request);
    }

    void refresh()
    {
        if (dialogs_.empty()) return;
        const auto at = below(dialogs_.size());
        auto& request = dialogs_[at];
        request.cseq = ++cseq_;
        if (below(4) == 0) request.source.port = static_cast<std::uint16_t>(5000 + below(3));
        request.expires = seconds{below(4) ? 3600 : 0};
        const auto reply = office_.receives(request);
        CHECK((reply.status == 200 || reply.status == 481));
        note_asked(request);
        if (reply.status != 200 || request.expires->count() == 0)
            dialogs_.erase(dialogs_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    /// Who asks is told whatever it was told before.
    void note_asked(const SubscribeReceived& request)
    {
        for (auto& [key, seen] : seen_)
            if (key == request.call_id + " " + request.parties.to_tag) seen.may_repeat();
    }

    void ask_for_a_feature()
    {
        for (auto& request : dialogs_) {
            if (request.event != "as-feature-event" || below(2)) continue;
            request.cseq = ++cseq_;
            request.expires = seconds{3600};
            auto body = std::make_shared<Payload>();
            body->content_type = feature_event_type;
            body->body = std::string{"<SetDoNotDisturb><doNotDisturbOn>"} +
                         (below(2) ? "true" : "false") + "</doNotDisturbOn></SetDoNotDisturb>";
            request.payload = body;
            note_asked(request);
            office_.receives(request);
            request.payload = nullptr;
            return;
        }
    }

    void settle()
    {
        if (office_.asked.empty()) return;
        const auto asked = office_.asked.front();
        office_.asked.pop_front();
        settings_[asked.extension].forwarding.do_not_disturb =
            asked.dialled.feature == Feature::do_not_disturb;
        office_.configures(directory());
        office_.notifier->receive(FeatureSettled{{}, 200, {}, asked.subscription}, office_.now,
                                  office_.outbox);
        office_.collect();
    }

    void begin_call()
    {
        DialogSnapshot dialog{.leg = {++last_leg_},
                              .call = {1 + below(4)},
                              .extension = any_of(numbers),
                              .dialog = {"d-" + std::to_string(last_leg_), "phone", "ours"},
                              .direction = below(2) ? Direction::recipient : Direction::initiator,
                              .state = LegState::trying};
        dialog.remote.identity = {"Ben", extension_uri("211", "office.test")};
        truth_.push_back(dialog);
        office_.fold(dialog);
    }
    void move_call()
    {
        if (truth_.empty()) return;
        auto& dialog = truth_[below(truth_.size())];
        constexpr LegState onward[]{LegState::early, LegState::confirmed};
        dialog.state = std::max(dialog.state, onward[below(2)]);
        dialog.held = dialog.holds = dialog.state == LegState::confirmed && below(2);
        dialog.place = LinePlace{1, below(2) == 0};
        office_.fold(dialog);
    }
    void end_call()
    {
        if (truth_.empty()) return;
        const auto at = truth_.begin() + static_cast<std::ptrdiff_t>(below(truth_.size()));
        auto dialog = *at;
        truth_.erase(at);
        dialog.state = LegState::terminated;
        office_.fold(dialog);
        office_.fold(dialog);
    }

    void registers(const EventPhone& phone)
    {
        office_.registers(phone, 1 + below(2));
        // A phone that has come by another way is told what it may have missed.
        for (auto& [key, seen] : seen_)
            if (seen.of.starts_with(phone.number)) seen.may_repeat();
    }
    void unregisters(const EventPhone& phone)
    {
        if (!office_.unregisters(phone)) return;
        for (const auto& one : office_.subscriptions())
            CHECK(one.contact != write(phone.contact()));
    }

    void configure()
    {
        auto& settings = settings_[any_of(numbers)];
        settings.forwarding.do_not_disturb = below(2) == 0;
        settings.forwarding.always = below(2) ? "" : "202";
        settings.messages.reset();
        if (below(3)) {
            settings.messages = MessageCounts{.fresh = static_cast<unsigned>(below(3))};
            settings.messages->unsolicited = below(2) == 0;
        }
        settings.appearances = static_cast<unsigned>(below(3));
        watched_ = below(4) != 0;
        parties_ = below(3) != 0;
        office_.configures(directory());
        for (auto& [key, seen] : seen_) seen.may_repeat();  // rights may be others
    }

    void crash()
    {
        receive_all();
        office_.crashes(directory());
        truth_.clear();
        under_way_.clear();
        office_.asked.clear();
        answered_ = {};
        restarted_.clear();
        for (const auto& one : office_.kept())  // an end that was not answered: see the rights
            if (const auto seen = seen_.find(one.call_id + " " + one.local_tag);
                seen != seen_.end())
                seen->second.ended = false;
        for (auto& [key, seen] : seen_) {
            seen.may_repeat();
            restarted_.insert(key);
        }
    }

    /// CSeq and version only rise, one NOTIFY at a time, nothing after the last but that again,
    /// nothing twice.
    void receive_all()
    {
        while (!office_.notifies.empty()) {
            const auto notify = office_.notifies.front();
            office_.notifies.pop_front();
            const auto key = key_of(notify);
            CAPTURE(key);
            CAPTURE(notify.dialog->event);
            auto& seen = seen_[key];
            const bool last = notify.subscription_state.starts_with("terminated");
            const bool known = notify.subscription_state == "terminated;reason=timeout";
            CHECK((!seen.ended || (last && !known)));  // such an end is told until it is answered
            CHECK(notify.cseq > seen.cseq);
            if (!seen.any)
                CHECK(notify.version == 0);
            else if (restarted_.erase(key))
                CHECK(notify.version > seen.version);
            else
                CHECK(notify.version == seen.version + 1);
            const auto old = under_way_.find(key);
            if (old != under_way_.end())
                CHECK((last || !(old->second.dialog->flow == notify.dialog->flow) ||
                       old->second.dialog->request_uri != notify.dialog->request_uri));
            for (const auto& [what, text] : as_written(notify))
                if (const auto before = seen.repeated.find(what);
                    !last && before != seen.repeated.end())
                    CHECK(before->second != text);
            seen.any = true;
            seen.cseq = notify.cseq;
            seen.version = notify.version;
            seen.ended = last;
            seen.of = user_of(notify.dialog->to) + " " + notify.dialog->event + " " +
                      user_of(notify.dialog->from);
            seen.last = notify;
            if (known)
                under_way_.erase(key);
            else
                under_way_.insert_or_assign(key, notify);
        }
        for (const auto id : office_.forgotten)
            std::erase_if(under_way_,
                          [id](const auto& one) { return one.second.subscription == id; });
        office_.forgotten.clear();
    }

    void answer_one(unsigned status)
    {
        if (under_way_.empty()) return;
        auto at = under_way_.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(below(under_way_.size())));
        const auto notify = at->second;
        auto& seen = seen_[at->first];
        under_way_.erase(at);
        const bool only_the_answer_was_lost = status == 408 && below(2);
        if (!seen.ended && (status == 200 || only_the_answer_was_lost)) {
            for (const auto& [what, text] : read(notify, seen.shown)) seen.shown[what] = text;
            if (notify.cseq > seen.owed_after)
                for (const auto& [what, text] : as_written(notify)) seen.repeated[what] = text;
        }
        if (status != 200) seen.may_repeat();
        if (seen.ended && status == 200)  // where it has begun anew it hears the truth again
            for (auto& [key, other] : seen_)
                if (other.of == seen.of) other.may_repeat();
        answered_ = notify;
        office_.answers(notify, status, seconds{status >= 500 && below(2) ? below(20) : 0});
    }

    void come_to_rest()
    {
        while (!office_.asked.empty()) settle();
        for (int at = 0; at < 3000; ++at) {
            receive_all();
            if (!under_way_.empty()) {
                answer_one(200);
                continue;
            }
            const auto deadline = office_.notifier->next_deadline();
            if (!deadline || *deadline > office_.now.mono + seconds{301}) return;
            office_.passes(seconds{1});
        }
        FAIL("never at rest");
    }

    /// What who asks now is told; it is not kept.
    Said fetched(const std::string& of)
    {
        const auto at = of.find(' ');
        const auto end = of.rfind(' ');
        auto request = office_.subscribe({of.substr(0, at), 5099},
                                         event_package(of.substr(at + 1, end - at - 1)).value(),
                                         of.substr(end + 1), ++cseq_);
        request.source.transport = Transport::tcp;
        request.expires = seconds{0};
        request.accept = {"*/*", "multipart/mixed"};
        CHECK(office_.receives(request).status == 200);
        REQUIRE(office_.notifies.size() == 1);
        auto said = read(office_.notifies.front(), {});
        office_.notifies.clear();
        return said;
    }

    void check_truth()
    {
        using Name = std::tuple<std::string, std::string, std::uint32_t>;
        std::multiset<Name> living;
        std::size_t kept = 0;
        for (const auto& one : office_.subscriptions()) {
            CHECK_FALSE(one.owed);
            if (one.kind == "subscribed" && one.package != "line-seize") ++kept;
            living.emplace(one.watcher + " " + one.package + " " + one.resource, one.contact,
                           one.cseq);
        }
        CHECK(office_.storage.size() == kept);
        std::map<std::string, Said> truth;
        std::map<Name, std::size_t> agree;
        for (const auto& [key, seen] : seen_) {
            const Name name{seen.of, seen.last.dialog->request_uri, seen.cseq};
            if (seen.ended || !living.contains(name)) continue;
            const bool claims = seen.last.dialog->event == "line-seize";
            if (!claims && !truth.contains(seen.of)) truth[seen.of] = fetched(seen.of);
            if (claims || seen.shown == truth[seen.of]) ++agree[name];
        }
        for (const auto& name : living) {
            CAPTURE(std::get<0>(name));
            CHECK(agree[name] >= living.count(name));
        }
        ++rests_;
    }

    std::mt19937 random_;
    std::map<std::string, Extension> settings_;
    bool watched_ = true;
    bool parties_ = true;
    EventOffice office_;
    std::vector<DialogSnapshot> truth_;
    std::vector<SubscribeReceived> dialogs_;
    std::map<std::string, Seen> seen_;
    std::map<std::string, SendNotify> under_way_;
    std::set<std::string> restarted_;
    SendNotify answered_;
    std::uint64_t last_leg_ = 0;
    std::uint32_t cseq_ = 0;
    int rests_ = 0;
};

}  // namespace

TEST_CASE(
    "what the packages tell is true at rest, after any storm of calls, answers, registrations "
    "and restarts")
{
    for (const std::uint32_t seed : {1U, 2U, 3842U, 3856U, 3680U, 6665U}) {
        CAPTURE(seed);
        EventStorm storm{seed};
        CHECK(storm.run(4000) == 39);
    }
}
