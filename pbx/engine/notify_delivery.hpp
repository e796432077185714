#pragma once
// What the answer to a NOTIFY means for its subscription (RFC 6665 §4.2.2), and where and when its
// phone is told again, be it of lamps or of a package.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/timer_queue.hpp"
#include "core/location_table.hpp"
#include "core/sip_input.hpp"
#include "core/subscription.hpp"
#include "engine/notify_path.hpp"
#include "engine/outbox.hpp"
#include "engine/silent_phones.hpp"
#include "engine/step_news.hpp"
#include "engine/subscribe_request.hpp"

namespace lampline {

/// Whether the last NOTIFY is repeated until its phone has answered.
enum class LastWord : std::uint8_t { owed, once };

/// The steps of all subscriptions of one `Notifier`, which is its friend: gathers what one step of
/// the exchange changes, so that each is told once; repeats what was refused
/// for now, asks phones that are silent, and follows those that are reached elsewhere. A
/// subscription is a SubscriptionUsage with a `list`, which may be null. SIP thread only. The
/// notifier has
///   subscriptions_, location_table(), deliver()
///   tell_news(subscription, now, outbox): delivers what this step has changed
///   watchers_: by extension, each with its `phones`, and `waiting`: how many subscriptions do
///   all_of(watcher): its subscriptions, each once
///   is_borrowed(subscription): the last NOTIFY went over a connection that is not its own
///   note_answer(subscription, answer, effect, now): counts it, and remembers it
///   acknowledged(subscription, now, outbox): what was sent last has certainly been seen
///   show_unanswered(subscription, now, outbox): to who looks on
///   is_told_once(subscription): there is nobody to repeat it to
///   give_up(subscription, status, now, outbox): ends without a word
///   end_unheard(subscription, now, outbox): so does a list that is ending, with one
///   count_retry(subscription)
///   way_changed(subscription): its dialog is another
///   is_kept(subscription), stored(subscription): over a restart
template <class Notifier>
class NotifyDelivery {
public:
    /// Some phone did not answer, or refused for now.
    [[nodiscard]] bool any_waiting() const noexcept
    {
        return repetition_.size() > 0 || !silent_.empty();
    }

    /// The turn of `id` has come, as NotifyPacing says.
    void turn_came(SubscriptionId id, Moment now, Outbox& outbox)
    {
        auto& living = self().subscriptions_;
        if (const auto found = living.find(id); found != living.end())
            self().deliver(*found->second, now, outbox);
    }

    /// What the phone has subscribed to is told by the new way. Before bindings_changed().
    /// O(subscriptions of its extension).
    void phone_moved(const PhoneMoved& moved, Moment now, Outbox& outbox)
    {
        const auto watcher = self().watchers_.find(moved.aor);
        if (watcher == self().watchers_.end()) return;
        for (auto* one : self().all_of(watcher->second))
            if (goes_along(*one, moved)) find_again(*one, moved.flow, now, outbox);
    }

    /// The phone of `binding` has just registered, or refreshed its registration: what waits to be
    /// repeated to it is sent now, and where the connection of a subscription is gone, this one is
    /// taken. After bindings_changed(). O(subscriptions of its extension), and O(1) while nothing
    /// of them waits, its phones answer, and it has no connection.
    void heard(const Binding& binding, Moment now, Outbox& outbox)
    {
        const auto watcher = self().watchers_.find(binding.aor);
        if (watcher == self().watchers_.end()) return;
        follow_refresh(watcher->second.phones, binding);
        const bool waits = watcher->second.waiting > 0 || silent_.any_of(binding.aor);
        if (!waits && !binding.flow.connection) return;
        const Target target = target_of(binding);
        for (auto* one : self().all_of(watcher->second)) {
            if (binding.flow.connection) one->connection_fails = false;
            if (is_found_at(*one, binding)) find_again(*one, target.flow, now, outbox);
        }
        phone_heard(binding.aor, binding.contact, target.flow, now);
    }

    /// The phone of `number` that has `contact`, or is at `flow`, shows that it is there: what
    /// waits because nobody had answered is sent now. What the phone refused for now keeps its
    /// time. O(1) while nothing of `number` waits.
    void phone_is_there(const std::string& number, const SipUri& contact, const Flow& flow,
                        Moment now)
    {
        const auto watcher = self().watchers_.find(number);
        if (watcher == self().watchers_.end() || watcher->second.waiting == 0) return;
        for (auto* one : self().all_of(watcher->second))
            if (one->waiting && one->silent && is_of_phone(*one, contact, flow))
                send_again(*one, now);
    }

protected:
    /// There may be something to tell, once all facts of the step are there. O(1).
    void note_news(SubscriptionUsage& subscription) { news_.add(subscription); }
    /// They are. False: there is nothing.
    bool tell_all_news(Moment now, Outbox& outbox)
    {
        if (news_.empty()) return false;
        auto& living = self().subscriptions_;
        const auto all = news_.take();
        auto& commands = outbox.commands;
        const std::size_t expected = commands.size() + all.size();
        if (expected > commands.capacity())
            commands.reserve(std::max(expected, 2 * commands.capacity()));
        for (const auto id : all) {
            const auto found = living.find(id);
            if (found == living.end()) continue;
            found->second->has_news = false;
            self().tell_news(*found->second, now, outbox);
        }
        return true;
    }

    /// The final answer to the NOTIFY under way, or to one of long ago, which changes nothing.
    void answered(const NotifyAnswered& answer, Moment now, Outbox& outbox)
    {
        if (answer.status < 200) return;
        auto& living = self().subscriptions_;
        const auto found = living.find(answer.subscription);
        if (found == living.end() || found->second->in_flight != answer.cseq) return;
        const bool of_phone = answer.retry_after.count() > 0;  // a proxy does not know when
        const bool unheard =
            answer.generated ||
            (!of_phone && is_word_of_proxy(found->second->dialog->route, answer.status));
        const auto heard = unheard ? std::vector<SubscriptionId>{}
                                   : silent_.take_all_of(answer.subscription);
        settle(*found->second, answer, unheard, now, outbox);
        for (const auto id : heard)
            if (const auto waits = living.find(id); waits != living.end())
                send_again(*waits->second, now);
    }

    /// Looks for other registrations of the phones at its other end.
    void connection_closed(ConnectionId connection, Moment now, Outbox& outbox)
    {
        const auto over = watchers_over_.extract(connection);
        if (over.empty()) return;
        for (const auto& number : over.mapped()) {
            const auto watcher = self().watchers_.find(number);
            if (watcher == self().watchers_.end()) continue;
            for (const auto& phone : watcher->second.phones)
                if (phone->target.flow.connection == connection) phone->target.flow.connection = {};
            for (auto* one : self().all_of(watcher->second)) {
                if (one->dialog->flow.connection != connection) continue;
                auto reopened = std::make_shared<NotifyDialog>(*one->dialog);
                reopened->flow.connection = {};
                one->dialog = std::move(reopened);
                const auto bindings = self().location_table().bindings(number);
                if (const Binding* other = found_among(bindings, *one))
                    find_again(*one, target_of(*other).flow, now, outbox);
            }
        }
    }

    /// What is told to `watcher`, or may be, goes over the connection of `flow`, if it has one.
    void note_connection(const std::string& watcher, const Flow& flow)
    {
        if (flow.connection) watchers_over_[flow.connection].insert(watcher);
    }

    /// The phone is reached elsewhere from now on. What is under way to the old place is given up,
    /// for the next NOTIFY.
    template <class Usage>
    void move(Usage& subscription, std::string request_uri, const std::vector<std::string>& route,
              const Flow& flow, Moment now)
    {
        auto there = moved_to(*subscription.dialog, std::move(request_uri), route, flow);
        if (!there) return;
        subscription.dialog = std::move(there);
        self().way_changed(subscription);
        if (subscription.list && subscription.in_flight != 0) subscription.list->begun = false;
        subscription.in_flight = 0;
        subscription.owes_present = true;
        subscription.failures = 0;
        stop_waiting(subscription, now);
        note_connection(subscription.watcher, flow);
    }

    /// A sign of life of the phone at `contact`, or at `flow`: whatever waits to be repeated to it
    /// is sent now.
    void phone_heard(const std::string& number, const SipUri& contact, const Flow& flow, Moment now)
    {
        const auto watcher = self().watchers_.find(number);
        if (watcher == self().watchers_.end() || watcher->second.waiting == 0) return;
        for (auto* one : self().all_of(watcher->second)) {
            if (!one->waiting || !is_of_phone(*one, contact, flow)) continue;
            stop_waiting(*one, now);
            one->failures = 0;
            note_news(*one);
        }
    }

    /// It does not ask for its phone any more either. Its watcher must be there.
    void stop_waiting(SubscriptionUsage& subscription, Moment now)
    {
        silent_.remove(subscription.id, now.mono);
        if (!std::exchange(subscription.waiting, false)) return;
        --self().watchers_.at(subscription.watcher).waiting;
        subscription.retry_at.reset();
        repetition_.cancel(subscription.id);
    }

    /// Tries again what is due.
    void repeat_due(Moment now, Outbox& outbox)
    {
        auto& living = self().subscriptions_;
        while (const auto due = repetition_.take_due(now.mono))
            if (const auto found = living.find(*due); found != living.end())
                send_again(*found->second, now);
        while (const auto due = silent_.take_due(now.mono)) ask_silent_phone(*due, now, outbox);
    }
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_repetition() const
    {
        const auto refused = repetition_.next_deadline();
        const auto silent = silent_.next_deadline();
        return refused && silent ? std::min(refused, silent) : refused ? refused : silent;
    }

    /// When it is sent again; nullopt: its phone is being asked by another one.
    [[nodiscard]] std::optional<std::chrono::system_clock::time_point>
    retry_at(const SubscriptionUsage& subscription, Moment now) const
    {
        if (!subscription.waiting || !subscription.silent) return subscription.retry_at;
        const auto turn = silent_.next_turn(phone_of(subscription, self().location_table()));
        if (!turn) return std::nullopt;
        return now.wall +
               std::chrono::duration_cast<std::chrono::system_clock::duration>(*turn - now.mono);
    }

private:
    /// `subscription` may end, unless its phone is `unheard`.
    template <class Usage>
    void settle(Usage& subscription, const NotifyAnswered& answer, bool unheard, Moment now,
                Outbox& outbox)
    {
        auto effect = effect_of(answer.status, answer.retry_after);
        const bool borrowed = self().is_borrowed(subscription);
        if (effect == AnswerEffect::over && borrowed) {  // it may have been another phone
            subscription.refuses_connection = true;
            effect = AnswerEffect::again;
        }
        if (effect == AnswerEffect::over && unheard) effect = AnswerEffect::again;
        if (borrowed && answer.generated) subscription.connection_fails = true;
        subscription.in_flight = 0;
        self().note_answer(subscription, answer, effect, now);
        switch (effect) {
        case AnswerEffect::delivered:
            subscription.failures = 0;
            subscription.sought = false;
            self().acknowledged(subscription, now, outbox);
            return self().deliver(subscription, now, outbox);
        case AnswerEffect::again:
            if (subscription.list && subscription.list->ending && !borrowed)
                return self().end_unheard(subscription, now, outbox);
            if (self().is_told_once(subscription)) break;
            return try_again(subscription, answer, unheard, borrowed, now, outbox);
        case AnswerEffect::over: break;
        }
        self().give_up(subscription, answer.status, now, outbox);
    }

    template <class Usage>
    void try_again(Usage& subscription, const NotifyAnswered& answer, bool unheard, bool borrowed,
                   Moment now, Outbox& outbox)
    {
        if (subscription.list) subscription.list->begun = false;
        subscription.owes_present = true;
        ++subscription.failures;
        subscription.silent = unheard;
        self().show_unanswered(subscription, now, outbox);
        if (unheard && !borrowed && !subscription.sought) {
            const auto bindings = self().location_table().bindings(subscription.watcher);
            if (const Binding* other = found_among(bindings, subscription))
                return seek_at(*other, now, outbox);
        }
        wait(subscription, answer.retry_after, now);
    }

    void wait(SubscriptionUsage& subscription, std::chrono::seconds retry_after, Moment now)
    {
        subscription.waiting = true;
        ++self().watchers_.at(subscription.watcher).waiting;
        if (subscription.silent)
            return silent_.add(phone_of(subscription, self().location_table()), subscription.id,
                               now.mono);
        const auto delay = retry_delay(subscription.failures, retry_after);
        subscription.retry_at = now.wall + delay;
        repetition_.set(subscription.id, now.mono + delay);
    }

    template <class Usage>
    void send_again(Usage& subscription, Moment now)
    {
        stop_waiting(subscription, now);
        self().count_retry(subscription);
        note_news(subscription);
    }

    /// For all that its phone has not answered.
    void ask_silent_phone(SubscriptionId id, Moment now, Outbox& outbox)
    {
        auto& living = self().subscriptions_;
        const auto found = living.find(id);
        if (found == living.end()) return silent_.remove(id, now.mono);
        auto& subscription = *found->second;
        subscription.waiting = false;
        --self().watchers_.at(subscription.watcher).waiting;
        self().count_retry(subscription);
        self().deliver(subscription, now, outbox);
        if (subscription.in_flight == 0) silent_.remove(id, now.mono);  // it is not its turn
    }

    /// The phone is at `flow` from now on, and knows of its subscription. What it has certainly
    /// seen is not sent again.
    template <class Usage>
    void find_again(Usage& subscription, const Flow& flow, Moment now, Outbox& outbox)
    {
        const bool uncertain =
            subscription.in_flight != 0 || subscription.waiting || subscription.owes_present;
        move(subscription, subscription.dialog->request_uri, subscription.dialog->route, flow, now);
        subscription.owes_present = uncertain;
        const bool ending = subscription.list && subscription.list->ending;
        if (subscription.kind == SubscriptionKind::requested && self().is_kept(subscription) &&
            !ending)
            outbox.store(SubscriptionStored{self().stored(subscription)});
        self().deliver(subscription, now, outbox);
    }

    /// A phone that does not answer is registered as `other` too: all goes there that was not
    /// sought before, so that nothing wanders between ways of which none leads to it.
    void seek_at(const Binding& other, Moment now, Outbox& outbox)
    {
        const Flow flow = target_of(other).flow;
        for (auto* one : self().all_of(self().watchers_.at(other.aor))) {
            if (one->sought || !is_found_at(*one, other)) continue;
            one->sought = true;
            find_again(*one, flow, now, outbox);
        }
    }

    [[nodiscard]] Notifier& self() noexcept { return static_cast<Notifier&>(*this); }
    [[nodiscard]] const Notifier& self() const noexcept
    {
        return static_cast<const Notifier&>(*this);
    }

    StepNews news_;
    TimerQueue<SubscriptionId> repetition_;  // of what phones have refused for now
    SilentPhones silent_;
    std::unordered_map<ConnectionId, std::unordered_set<std::string>> watchers_over_;
};

}  // namespace lampline
