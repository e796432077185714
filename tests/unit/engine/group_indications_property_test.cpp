// Whatever happens in whatever order: lamps at rest are true.
#include <map>
#include <memory>
#include <random>
#include <set>

#include "support/list_notify_reader.hpp"
#include "unit/engine/seen_lamp.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

const std::vector<std::string> members{"207", "208", "209"};
const std::vector<std::string> watchers{"201", "202", "203", "204", "205"};
constexpr const char* profiles[]{"standard", "innovaphone",    "",          "polycom",
                                 "yealink",  "fanvil",         "softphone", "partly",
                                 "telling",  "partly-cleared", "cisco-spa", "paced"};

/// The office under a random load. The truth is kept apart from what is tested.
class Storm {
public:
    explicit Storm(std::uint32_t seed) : random_{seed}, office_{directory(true, {})} {}

    /// Returns how often the lamps were at rest and compared.
    int run(int steps)
    {
        for (int at = 0; at < steps; ++at) {
            step();
            receive_all();
            if (at % 97 == 96) {
                come_to_rest();
                check_truth();
            }
        }
        return rests_;
    }

private:
    DirectoryRef directory(bool unsolicited, const std::string& without)
    {
        std::vector<std::string> present;
        for (const auto& member : members)
            if (member != without) present.push_back(member);
        auto numbers = watchers;
        numbers.insert(numbers.end(), present.begin(), present.end());
        std::vector<Extension> extensions;
        for (const auto& number : numbers) {
            Extension extension{number, {}, {}, {}};
            if (const auto wishes = wishes_.find(number); wishes != wishes_.end())
                extension.forwarding = wishes->second;
            extensions.push_back(std::move(extension));
        }
        Group group{"sales", "Sales", present, {}};
        for (std::size_t at = 0; at < watchers.size(); ++at)
            group.watchers.push_back({watchers[at], unsolicited || at % 2 == 0, choice_of(at)});
        return std::make_shared<const Directory>("office.test", std::move(extensions),
                                                 std::vector<Group>{std::move(group)}, Numbering{},
                                                 dialect_rows);
    }

    std::size_t below(std::size_t bound) { return random_() % bound; }
    template <class T>
    const T& any_of(const std::vector<T>& all)
    {
        return all[below(all.size())];
    }

    void step()
    {
        switch (below(27)) {
        case 0:
        case 1:
        case 2:
        case 3: return begin_call(any_of(members));
        case 4:
        case 5:
        case 6:
        case 7:
        case 8: return move_call();
        case 9:
        case 10:
        case 11: return end_call();
        case 12:
        case 13: return subscribe();
        case 14: return refresh();
        case 15: return office_.registers(any_of(watchers), 1 + below(2), seconds{86'400}, agent());
        case 16:
            if (below(4) == 0) unregister(any_of(watchers));
            return;
        case 17:
            if (below(4) == 0) reconfigure();
            return;
        case 18:
            if (below(20) == 0) crash();
            return;
        case 19: return office_.registers(any_of(members), 1, seconds{86'400});
        case 20: return office_.unregisters(any_of(members));
        case 21: return wish(any_of(members));
        case 22:  // an answer that comes twice, or late: must not matter
            return office_.answers(answered_, below(2) ? 200 : 481);
        default:
            answer_one(status());
            if (below(3) == 0) office_.passes(seconds{below(3)});
        }
    }

    void wish(const std::string& member)
    {
        auto& wishes = wishes_[member];
        wishes.do_not_disturb = below(2) == 0;
        wishes.always = below(2) == 0 ? "201" : "";
        office_.configures(directory(unsolicited_, without_));
    }

    /// No subscription outlives its phone.
    void unregister(const std::string& watcher)
    {
        const bool was = !office_.locations.bindings(watcher).empty();
        office_.unregisters(watcher);
        if (!was) return;
        for (const auto& lamp : office_.view().lamps)
            CHECK(lamp.contact != write(Office::contact_of(watcher)));
    }

    std::string agent() { return below(2) ? "snom360/5.5" : "other"; }

    unsigned status()
    {
        constexpr unsigned likely[]{200, 200, 200, 200, 200, 200, 200, 200, 200,
                                    200, 408, 408, 408, 500, 503, 491, 481, 489};
        return likely[below(std::size(likely))];
    }

    void begin_call(const std::string& member, LegState state = LegState::trying)
    {
        const auto same = [&](const auto& dialog) { return dialog.extension == member; };
        const auto other = std::ranges::find_if(truth_, same);
        DialogSnapshot dialog{.leg = {++last_leg_},
                              .extension = member,
                              .dialog = {"call-" + std::to_string(last_leg_), {}, "ours"},
                              .direction = state == LegState::early || below(2)
                                               ? Direction::recipient
                                               : Direction::initiator,
                              .state = state,
                              .local = {{}, {}},
                              .remote = {{"X", extension_uri("211", "office.test")}, {}}};
        dialog.local.identity.uri = extension_uri(dialog.extension, "office.test");
        busy_period_[dialog.dialog.call_id] =
            other == truth_.end() ? ++last_period_ : busy_period_.at(other->dialog.call_id);
        truth_.push_back(dialog);
        office_.fold(dialog);
    }

    void move_call()
    {
        if (truth_.empty()) return;
        auto& dialog = truth_[below(truth_.size())];
        using enum LegState;
        constexpr LegState onward[]{proceeding, early, confirmed, confirmed};
        dialog.state = std::max(dialog.state, onward[below(std::size(onward))]);
        dialog.dialog.local_tag = "phone";
        if (dialog.state == confirmed && below(3) == 0) dialog.held = !dialog.held;
        office_.fold(dialog);
    }

    void end_call()
    {
        if (truth_.empty()) return;
        const auto at = truth_.begin() + static_cast<std::ptrdiff_t>(below(truth_.size()));
        DialogSnapshot dialog = *at;
        truth_.erase(at);
        dialog.state = LegState::terminated;
        dialog.ended_by = LegInput::local_bye;
        office_.fold(dialog);
        office_.fold(dialog);  // repeated: must not matter
    }

    void subscribe()
    {
        const bool list = below(3) == 0;
        const auto watcher = any_of(watchers);
        auto request = office_.subscribe(watcher, list ? "sales" : any_of(members), ++last_cseq_);
        if (list && (watcher != "205" || below(2))) {
            request.supported = OptionTag::eventlist;
            request.accept = {};
            if (below(2)) request.source.transport = Transport::tcp;
        }
        request.user_agent = agent();
        request.call_id += below(2) ? "" : "-" + std::to_string(last_cseq_);
        if (below(8) == 0) request.expires = seconds{0};
        if (below(5) == 0) request.contact.port = 6000;
        const auto reply = office_.receives(request);
        if (reply.status != 200 || request.expires->count() == 0) return;
        request.parties.to_tag = reply.local_tag;
        dialogs_.push_back(request);
    }

    void refresh()
    {
        if (dialogs_.empty()) return;
        const auto at = below(dialogs_.size());
        auto& request = dialogs_[at];
        request.cseq = ++last_cseq_;
        request.user_agent = agent();
        if (below(4) == 0) request.source.port = static_cast<std::uint16_t>(5000 + below(3));
        request.expires = seconds{below(4) ? 7200 : 0};
        const auto reply = office_.receives(request);
        CHECK((reply.status == 200 || reply.status == 481));
        if (reply.status != 200 || request.expires->count() == 0)
            dialogs_.erase(dialogs_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    void reconfigure()
    {
        without_ = below(2) ? std::string{} : any_of(members);
        unsolicited_ = below(2);
        dialects_ = below(std::size(profiles));
        office_.configures(directory(unsolicited_, without_));
    }

    /// kill -9: calls are gone, and all phones still believe what they were told.
    void crash()
    {
        receive_all();
        const auto kept = office_.kept();
        std::destroy_at(&office_.indications);
        std::construct_at(
            &office_.indications, IndicationSettings{},
            [this] { return "t" + std::to_string(++office_.tokens); },
            directory(unsolicited_, without_), office_.locations, office_.pacing);
        truth_.clear();
        under_way_.clear();
        answered_ = {};
        restarts_.clear();
        for (const auto& one : kept) {
            restarts_.insert(one.call_id + one.local_tag);
            // An end that was not answered: the right may be there again.
            if (const auto seen = seen_.find(one.call_id + one.local_tag); seen != seen_.end())
                seen->second.ended = false;
        }
        office_.indications.restore(kept, office_.locations, office_.now, office_.outbox);
        office_.collect();
    }

    static std::string key_of(const SendNotify& notify)
    {
        const auto& from = notify.dialog->from;
        return notify.dialog->call_id + from.substr(from.find(";tag=") + 5);
    }

    /// Takes what was sent: versions strictly +1, CSeq strictly rising, never two under way.
    void receive_all()
    {
        while (!office_.silent()) {
            const auto notify = office_.notified();
            const auto key = key_of(notify);
            SeenLamp& seen = seen_[key];
            const bool last = notify.subscription_state.starts_with("terminated");
            const bool known = notify.subscription_state == "terminated;reason=timeout";
            CHECK((!seen.ended || (last && !known)));  // such an end is told until it is answered
            const bool restarted = restarts_.erase(key) > 0;
            if (!seen.any)
                CHECK((restarted || notify.version == 0));  // its turn had not come before
            else if (!restarted)
                CHECK(notify.version == seen.version + 1);
            else
                CHECK(notify.version > seen.version);
            CHECK(notify.cseq > seen.cseq);
            const auto old = under_way_.find(key);
            if (old != under_way_.end())  // only given up for the last one, or for another place
                CHECK((last || !(old->second.notify.dialog->flow == notify.dialog->flow) ||
                       old->second.notify.dialog->request_uri != notify.dialog->request_uri));
            seen.any = true;
            seen.version = notify.version;
            seen.cseq = notify.cseq;
            seen.ended = last;
            const auto user = [](const std::string& address) {
                const auto begin = address.find("sip:") + 4;
                return address.substr(begin, address.find('@') - begin);
            };
            auto parts = parts_of(notify);
            for (const auto& part : parts) {
                if (!part.listed) continue;
                notified_.insert(part.key);
                SeenLamp& lamp = seen_[part.key];
                lamp.watcher = user(notify.dialog->to);
                lamp.member = part.member;
                lamp.profile = profile_of(lamp.watcher, part.document);
            }
            if (known)
                under_way_.erase(key);
            else
                under_way_.insert_or_assign(key, UnderWay{notify, std::move(parts)});
        }
        for (const auto id : office_.forgotten)
            std::erase_if(under_way_,
                          [id](const auto& one) { return one.second.notify.subscription == id; });
        office_.forgotten.clear();
    }

    /// What a NOTIFY says of one member.
    struct Part {
        std::string key;  // of the lamp
        std::string member;
        DialogInfo document;
        bool listed = true;
    };
    struct UnderWay {
        SendNotify notify;
        std::vector<Part> parts;
    };
    [[nodiscard]] std::vector<Part> parts_of(const SendNotify& notify) const
    {
        const auto key = key_of(notify);
        const auto number_of = [](const std::string& uri) {
            return uri.substr(4, uri.find('@') - 4);
        };
        if (notify.dialog->require == OptionTag::none) {
            const auto& from = notify.dialog->from;
            const auto watched = number_of(from.substr(from.find("sip:")));
            const auto document = read_dialog_info(body_of(notify));
            REQUIRE(document);
            CHECK(document->version == notify.version);
            if (watched != "sales") return {{key, watched, *document}};
            std::vector<Part> parts;
            for (const auto& member : members) {
                const auto uri = write(extension_uri(member, "office.test"));
                auto its = *document;
                std::erase_if(its.dialogs,
                              [&](const auto& dialog) { return dialog.local_identity != uri; });
                parts.push_back({key + "/" + uri, member, std::move(its), member != without_});
            }
            return parts;
        }
        std::vector<Part> parts;
        for (auto& resource : read_list(notify.content_type, body_of(notify)).resources)
            if (resource.document)
                parts.push_back({key + "/" + resource.uri, number_of(resource.uri),
                                 std::move(*resource.document)});
        return parts;
    }

    void answer_one(unsigned status)
    {
        if (under_way_.empty()) return;
        auto at = under_way_.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(below(under_way_.size())));
        const UnderWay under_way = std::move(at->second);
        const SendNotify& notify = under_way.notify;
        under_way_.erase(at);
        const bool only_the_answer_was_lost = status == 408 && below(2) == 0;
        if (status == 200 || only_the_answer_was_lost)
            for (const auto& part : under_way.parts) {
                auto& seen = seen_[part.key];
                const auto before = seen.take(part.document);
                check_end(before, seen.alive);
            }
        answered_ = notify;
        office_.answers(notify, status, seconds{status >= 500 && below(2) ? below(20) : 0});
    }

    /// One call is never followed by another one without an end between them, unless they
    /// overlapped.
    void check_end(const std::set<std::string>& before, const std::set<std::string>& now) const
    {
        if (before.empty() || now.empty()) return;
        bool overlap = false;
        for (const auto& one : before)
            for (const auto& other : now) overlap = overlap || overlapped(one, other);
        CHECK(overlap);
    }

    /// Whether the extension was busy all the time from one call to the other.
    [[nodiscard]] bool overlapped(const std::string& one, const std::string& other) const
    {
        return busy_period_.at(one) == busy_period_.at(other);
    }

    void come_to_rest()
    {
        for (int at = 0; at < 2000; ++at) {
            receive_all();
            if (under_way_.empty()) {
                const auto comes = [&](const auto& deadline) {
                    return deadline && *deadline <= office_.now.mono + seconds{301};
                };
                if (!comes(office_.indications.next_deadline()) &&
                    !comes(office_.pacing.next_deadline()))
                    return;
                office_.passes(seconds{1});
            } else {
                answer_one(200);
            }
        }
        FAIL("never at rest");
    }

    /// Every subscription that still lives must show the truth. Which ones live is asked by a call
    /// to everybody.
    void check_truth()
    {
        for (const auto& lamp : office_.view().lamps) CHECK_FALSE(lamp.owed);
        const auto seen = seen_;
        const auto truth = truth_;
        while (!truth_.empty()) end_call();
        come_to_rest();
        notified_.clear();
        for (const auto& member : members) begin_call(member, LegState::early);
        come_to_rest();  // lists have several NOTIFYs to send
        for (const auto& key : notified_)
            CHECK(seen.at(key).lines() == expected(seen.at(key), truth));
        CHECK(notified_.size() == office_.view().lamps.size());
        ++rests_;
        while (!truth_.empty()) end_call();
        come_to_rest();
    }

    [[nodiscard]] std::multiset<std::string>
    expected(const SeenLamp& seen, const std::vector<DialogSnapshot>& truth) const
    {
        auto lines = seen.true_lines(truth);
        if (!lines.empty() || seen.profile->name != telling.name) return lines;
        const auto wishes = wishes_.find(seen.member);
        if (office_.locations.bindings(seen.member).empty()) return {"unregistered trying"};
        if (wishes == wishes_.end()) return {};
        if (wishes->second.do_not_disturb) return {"dnd confirmed"};
        if (!wishes->second.always.empty()) return {"forwarded early"};
        return lines;
    }

    [[nodiscard]] const char* choice_of(std::size_t watcher) const
    {
        if (watchers[watcher] == "205") return "merging";
        return profiles[(watcher + dialects_) % std::size(profiles)];
    }

    /// As chosen; else told apart by what only one of them writes.
    [[nodiscard]] const BodyProfile* profile_of(const std::string& watcher,
                                                const DialogInfo& document) const
    {
        const auto at = std::ranges::find(watchers, watcher) - watchers.begin();
        const auto own = std::ranges::find(dialect_rows, choice_of(static_cast<std::size_t>(at)),
                                           &BodyProfile::name);
        if (own != dialect_rows.end()) return &*own;
        if (const auto chosen = built_in_profile(choice_of(static_cast<std::size_t>(at))))
            return chosen.get();
        if (document.entity.empty()) return &innovaphone_profile;
        if (document.dialogs.empty() || document.dialogs.front().id == "dummy")
            return &snom_profile;
        return &standard_profile;
    }

    std::mt19937 random_;
    std::size_t dialects_ = 0;                  // shifts the profiles among the watchers
    std::map<std::string, Forwarding> wishes_;  // by member
    SendNotify answered_;                       // the last one
    Office office_;
    std::vector<DialogSnapshot> truth_;
    std::vector<SubscribeReceived> dialogs_;
    std::map<std::string, SeenLamp> seen_;
    std::map<std::string, UnderWay> under_way_;
    std::set<std::string> restarts_;
    std::map<std::string, int> busy_period_;  // by Call-ID
    std::set<std::string> notified_;          // since last cleared
    std::string without_;
    bool unsolicited_ = true;
    std::uint64_t last_leg_ = 0;
    std::uint32_t last_cseq_ = 0;
    int last_period_ = 0;
    int rests_ = 0;
};

}  // namespace

TEST_CASE(
    "lamps at rest are true, after any storm of calls, answers, subscriptions and registrations")
{
    for (const std::uint32_t seed : {1U, 2U, 3U, 4235U, 6665U, 3261U, 3891U, 42U}) {
        CAPTURE(seed);
        Storm storm{seed};
        CHECK(storm.run(5000) == 51);
    }
}
