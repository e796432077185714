// A thousand calls a minute through the whole exchange, NOTIFYs lost and refused among them: once a
// simulated minute everything comes to rest, and each lamp must show what the phones do.
#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <queue>
#include <random>
#include <set>

#include "core/dialog_info.hpp"
#include "core/extension_uri.hpp"
#include "engine/exchange.hpp"
#include "support/list_notify_reader.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace std::chrono_literals;

namespace {

constexpr int first_number = 300;
constexpr int members = 60;
constexpr int watchers = 6;  // the first half by lists
constexpr int calls_a_minute = 1000;
const std::string domain = "office.test";
const std::string sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
                        "m=audio 4000 RTP/AVP 8\r\n";

std::string member_number(int at)
{
    return std::to_string(first_number + at);
}

/// What one lamp has been told, as its phone has taken it over.
struct Lamp {
    std::string watcher, member;
    std::string state = "unknown";
};

class BusyOffice {
public:
    explicit BusyOffice(unsigned seed) : random_{seed}, exchange_{{}, tokens(), directory()}
    {
        for (int at = 0; at < members; ++at) registers(member_number(at));
        for (int at = 0; at < watchers; ++at) {
            const auto number = std::to_string(200 + at);
            registers(number);
            if (at < watchers / 2)
                subscribes(number, "all");
            else
                for (int member = 0; member < members; ++member)
                    subscribes(number, member_number(member));
        }
    }

    void works_a_minute()
    {
        const auto end = now_.mono + 1min;
        const auto between = std::chrono::milliseconds{1min} / calls_a_minute;
        for (int at = 0; at < members; ++at) registers(member_number(at));
        for (int at = 0; at < watchers; ++at) registers(std::to_string(200 + at));
        for (auto at = now_.mono; at < end; at += between)
            plan(calls_to_come_, at, [this] { begins_call(); });
        run_until(end);
    }

    /// Stops all hands, lets every NOTIFY arrive, and counts the lamps that are wrong.
    std::size_t wrong_lamps()
    {
        calm_ = true;
        const auto began = now_.mono;
        const auto owed = [this] {
            const auto lamps = exchange_.view(now_).lamps;
            return std::ranges::any_of(lamps, [](const auto& lamp) {
                return lamp.owed || lamp.under_way || lamp.waiting;
            });
        };
        while (owed()) {
            REQUIRE(now_.mono < began + 10min);
            run_until(now_.mono + 1s);
        }
        calm_ = false;
        // Who was about to do something does it after the pause.
        Deeds later;
        for (; !calls_to_come_.empty(); calls_to_come_.pop()) {
            auto deed = calls_to_come_.top();
            deed.at += now_.mono - began;
            later.push(std::move(deed));
        }
        calls_to_come_ = std::move(later);
        std::size_t wrong = 0;
        for (const auto& [key, lamp] : lamps_)
            if (lamp.state != truth(lamp.member)) ++wrong;
        CHECK(lamps_.size() == watchers * members);
        return wrong;
    }

    [[nodiscard]] std::size_t calls() const { return last_call_; }
    [[nodiscard]] std::size_t notifies() const { return notifies_; }
    [[nodiscard]] std::size_t broken_counters() const { return broken_; }
    [[nodiscard]] std::size_t live() const { return calls_.size(); }

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Deed {
        Time at;
        std::uint64_t order;
        std::function<void()> act;
        bool operator<(const Deed& other) const
        {
            return std::pair{at, order} > std::pair{other.at, other.order};
        }
    };
    using Deeds = std::priority_queue<Deed>;
    struct Call {
        std::string caller, callee;
        TransactionId invite;
        LegId caller_leg, callee_leg;
        ClientTransactionId outgoing;
        bool rings = false, talks = false;
    };

    static TokenSource tokens()
    {
        return [count = 0]() mutable { return "token" + std::to_string(++count); };
    }

    static DirectoryRef directory()
    {
        std::vector<Extension> extensions;
        Group all{"all", "All", {}, {}};
        for (int at = 0; at < members; ++at) {
            extensions.push_back({member_number(at), "Desk", {}, {}});
            all.members.push_back(member_number(at));
        }
        for (int at = 0; at < watchers; ++at) {
            extensions.push_back({std::to_string(200 + at), {}, {}, {}});
            all.watchers.push_back({std::to_string(200 + at), false, "standard"});
        }
        return std::make_shared<const Directory>(domain, std::move(extensions),
                                                 std::vector<Group>{std::move(all)});
    }

    static Flow flow_of(const std::string& number)
    {
        return {Transport::tcp, "192.0.2." + number.substr(1), 5060, {}, 0};
    }
    static SipUri contact_of(const std::string& number)
    {
        SipUri contact = extension_uri(number, flow_of(number).host);
        contact.port = 5060;
        return contact;
    }

    std::size_t pick(std::size_t of)
    {
        return std::uniform_int_distribution<std::size_t>{0, of - 1}(random_);
    }
    std::chrono::milliseconds some(std::size_t from, std::size_t to)
    {
        return std::chrono::milliseconds{from + pick(to - from)};
    }

    void plan(Deeds& deeds, Time at, std::function<void()> act)
    {
        deeds.push({at, ++order_, std::move(act)});
    }

    void do_what_is_due(Deeds& deeds)
    {
        while (!deeds.empty() && deeds.top().at <= now_.mono) {
            const auto act = deeds.top().act;
            deeds.pop();
            act();
        }
    }

    void run_until(Time end)
    {
        for (;;) {
            auto next = end;
            if (!calm_ && !calls_to_come_.empty()) next = std::min(next, calls_to_come_.top().at);
            if (!answers_.empty()) next = std::min(next, answers_.top().at);
            const auto deadline = exchange_.next_deadline();
            if (deadline) next = std::min(next, std::max(*deadline, now_.mono));
            now_.wall +=
                std::chrono::duration_cast<std::chrono::system_clock::duration>(next - now_.mono);
            now_.mono = next;
            if (deadline && *deadline <= next) {
                exchange_.advance(now_, outbox_);
                take_commands();
            }
            do_what_is_due(answers_);
            if (!calm_) do_what_is_due(calls_to_come_);
            if (next == end) return;
        }
    }

    void receive(const SipInput& input)
    {
        exchange_.receive(input, now_, outbox_);
        take_commands();
    }

    void take_commands()
    {
        auto step = std::exchange(outbox_, {});
        for (const auto& command : step.commands)
            std::visit([this](const auto& one) { take(one); }, command);
        for (const auto& input : std::exchange(at_once_, {})) receive(input);
    }

    template <class Ignored>
    void take(const Ignored&)
    {
    }
    void take(const OpenDialog& open)
    {
        for (auto& [id, call] : calls_)
            if (call.invite == open.transaction) call.caller_leg = open.leg;
    }
    void take(const SendInvite& invite)
    {
        REQUIRE(current_);
        current_->callee_leg = invite.leg;
        current_->outgoing = invite.transaction;
    }
    void take(const Reply& reply)
    {
        if (reply.status == 200 && reply.payload && current_ &&
            current_->invite == reply.transaction)
            at_once_.push_back(
                AckReceived{.transaction = reply.transaction, .leg = current_->caller_leg});
    }
    void take(const SendRequest& request)
    {
        at_once_.push_back(ResponseReceived{.leg = request.leg,
                                            .transaction = request.transaction,
                                            .method = request.method,
                                            .status = 200});
    }
    void take(const SendCancel& cancel)
    {
        at_once_.push_back(ResponseReceived{.leg = cancel.leg,
                                            .transaction = cancel.transaction,
                                            .method = Method::invite,
                                            .status = 487,
                                            .to_tag = "phone"});
    }
    void take(const SendNotify& notify)
    {
        ++notifies_;
        auto& last = numbers_[notify.dialog->call_id];
        if (last && (notify.cseq <= last->first || notify.version != last->second + 1)) ++broken_;
        last = std::pair{notify.cseq, notify.version};
        const auto die = calm_ ? 1000 : pick(1000);
        const auto status = die < 5 ? 408U : die < 7 ? 500U : 200U;
        const bool arrives = status == 200 || die < 2;  // or only its answer is lost
        const auto delay = status == 408 ? std::chrono::milliseconds{32s} : some(1, 20);
        const auto at = now_.mono + delay;
        auto answer = [this, notify, status, arrives] {
            if (arrives) see(notify);
            receive(NotifyAnswered{.subscription = notify.subscription,
                                   .cseq = notify.cseq,
                                   .status = status,
                                   .generated = status == 408});
        };
        plan(answers_, at, std::move(answer));
    }

    void see(const SendNotify& notify)
    {
        const std::string watcher = notify.dialog->request_uri.substr(4, 3);
        if (notify.dialog->require == OptionTag::none) {
            const auto text =
                *notify.body_head + std::to_string(notify.version) + *notify.body_tail;
            return show(watcher, *read_dialog_info(text));
        }
        for (const auto& one : read_list(notify.content_type, *notify.body_head).resources)
            if (one.document) show(watcher, *one.document);
    }

    void show(const std::string& watcher, const DialogInfo& document)
    {
        const auto member = document.entity.substr(4, 3);
        std::set<std::string> states;
        for (const auto& dialog : document.dialogs) states.insert(dialog.state);
        auto& lamp = lamps_[watcher + " " + member];
        lamp = {watcher, member, "idle"};
        for (const auto* state : {"trying", "proceeding", "confirmed", "early"})
            if (states.contains(state)) lamp.state = state;
    }

    [[nodiscard]] std::string truth(const std::string& member) const
    {
        std::string state = "idle";
        for (const auto& [id, call] : calls_) {
            if (call.caller != member && call.callee != member) continue;
            if (call.rings) return "early";
            state = call.talks ? "confirmed" : state == "idle" ? "trying" : state;
        }
        return state;
    }

    void registers(const std::string& number)
    {
        receive(RegisterReceived{.transaction = {++last_transaction_},
                                 .source = flow_of(number),
                                 .aor = number,
                                 .contacts = {{.uri = contact_of(number)}},
                                 .expires = 3600s,
                                 .call_id = "reg-" + number,
                                 .cseq = ++cseq_});
    }

    void subscribes(const std::string& watcher, const std::string& watched)
    {
        receive(SubscribeReceived{.transaction = {++last_transaction_},
                                  .source = flow_of(watcher),
                                  .authenticated = watcher,
                                  .request_uri = extension_uri(watched, domain),
                                  .parties = {{{}, extension_uri(watcher, domain)},
                                              "tag",
                                              {{}, extension_uri(watched, domain)},
                                              {}},
                                  .call_id = watcher + "-" + watched,
                                  .cseq = 1,
                                  .contact = contact_of(watcher),
                                  .event = "dialog",
                                  .expires = 7200s,
                                  .supported = OptionTag::eventlist});
    }

    void begins_call()
    {
        const auto caller = pick(members);
        const auto callee = (caller + 1 + pick(members - 1)) % members;
        const auto id = ++last_call_;
        Call& call = calls_[id];
        call.caller = member_number(static_cast<int>(caller));
        call.callee = member_number(static_cast<int>(callee));
        call.invite = {++last_transaction_};
        current_ = &call;
        receive(InviteReceived{
            .transaction = call.invite,
            .source = flow_of(call.caller),
            .authenticated = call.caller,
            .request_uri = extension_uri(call.callee, domain),
            .parties = {{{}, extension_uri(call.caller, domain)},
                        "tag",
                        {{}, extension_uri(call.callee, domain)},
                        {}},
            .call_id = "call-" + std::to_string(id),
            .cseq = 1,
            .contact = contact_of(call.caller),
            .payload = std::make_shared<const Payload>(Payload{"application/sdp", sdp, {}})});
        current_ = nullptr;
        plan(calls_to_come_, now_.mono + some(2, 40), [this, id] { answers(id, 180); });
    }

    void answers(std::size_t id, unsigned status)
    {
        Call& call = calls_.at(id);
        current_ = &call;
        const bool refused = status >= 300;
        receive(ResponseReceived{.leg = call.callee_leg,
                                 .transaction = call.outgoing,
                                 .method = Method::invite,
                                 .status = status,
                                 .to_tag = "phone",
                                 .contact = contact_of(call.callee),
                                 .payload = status == 200 ? std::make_shared<const Payload>(
                                                                Payload{"application/sdp", sdp, {}})
                                                          : nullptr});
        current_ = nullptr;
        call.rings = status == 180;
        call.talks = status == 200;
        if (refused) {
            calls_.erase(id);
        } else if (call.talks) {
            plan(calls_to_come_, now_.mono + some(50, 4000), [this, id] { hangs_up(id); });
        } else {
            const auto what = pick(20);
            const auto then = now_.mono + some(20, 2500);
            if (what < 2)
                plan(calls_to_come_, then, [this, id] { cancels(id); });
            else
                plan(calls_to_come_, then,
                     [this, id, what] { answers(id, what == 2 ? 486 : 200); });
        }
    }

    void cancels(std::size_t id)
    {
        const Call call = calls_.at(id);
        calls_.erase(id);
        receive(CancelReceived{.transaction = call.invite, .leg = call.caller_leg});
    }

    void hangs_up(std::size_t id)
    {
        const Call call = calls_.at(id);
        calls_.erase(id);
        receive(RequestReceived{.transaction = {++last_transaction_},
                                .leg = pick(2) ? call.caller_leg : call.callee_leg,
                                .method = Method::bye,
                                .cseq = 2});
    }

    std::mt19937 random_;
    Exchange exchange_;
    Outbox outbox_;
    Moment now_{Time{1h}, std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
    Deeds calls_to_come_, answers_;
    std::vector<SipInput> at_once_;
    std::map<std::size_t, Call> calls_;
    Call* current_ = nullptr;  // that the present step is about
    std::map<std::string, Lamp> lamps_;
    std::map<std::string, std::optional<std::pair<std::uint32_t, std::uint32_t>>> numbers_;
    bool calm_ = false;  // every NOTIFY is answered
    std::uint32_t cseq_ = 0;
    std::uint64_t order_ = 0, last_transaction_ = 0;
    std::size_t last_call_ = 0, notifies_ = 0, broken_ = 0;
};

}  // namespace

TEST_CASE("a thousand calls a minute: no lamp wrong at any rest, counters without a gap")
{
    const char* wanted = std::getenv("LAMPLINE_BUSY_MINUTES");
    const int minutes = wanted ? std::atoi(wanted) : 1;
    BusyOffice office{4235};
    for (int minute = 0; minute < minutes; ++minute) {
        CAPTURE(minute);
        office.works_a_minute();
        CHECK(office.wrong_lamps() == 0);
    }
    CHECK(office.calls() == static_cast<std::size_t>(minutes) * calls_a_minute);
    CHECK(office.notifies() > office.calls() * 10);
    CHECK(office.broken_counters() == 0);
    MESSAGE("calls " << office.calls() << ", NOTIFYs " << office.notifies() << ", still up "
                     << office.live());
}
