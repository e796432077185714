#include "engine/event_notifier.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/device_id.hpp"
#include "engine/consent.hpp"

namespace lampline {
namespace {

constexpr std::array all_packages = [] {
    std::array<EventPackage, event_package_count> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<EventPackage>(i);
    return all;
}();

/// No package shows anything else of an extension.
bool shows_the_same(const Extension& left, const Extension& right)
{
    return left.forwarding == right.forwarding && left.messages == right.messages &&
           left.appearances == right.appearances;
}

}  // namespace

EventNotifier::EventNotifier(EventSettings settings, TokenSource tokens, DirectoryRef directory,
                             const LocationTable& locations, const Publications& publications,
                             NotifyPacing& pacing)
    : settings_{settings}, tokens_{std::move(tokens)},
      facts_{std::move(directory), locations, publications}, pacing_{&pacing}
{
    ids_.skip_to({first_id});
}

void EventNotifier::fold(const DialogChanged& changed_dialog, Moment now, Outbox& outbox)
{
    const auto& dialog = changed_dialog.dialog;
    if (!dialog.untold && facts_.fold(dialog))
        changed(EventPackage::presence, dialog.extension, now, outbox);
    if (!dialog.call) return;  // published: no call of a shared line of ours
    const auto change =
        facts_.appearances().fold(dialog, facts_.appearance_count(dialog.extension));
    if (change.shown) changed(EventPackage::call_info, dialog.extension, now, outbox);
    if (const auto used = subscriptions_.find(change.used_up); used != subscriptions_.end())
        end(*used->second, SubscriptionEnd::noresource, now, outbox);
}

void EventNotifier::bindings_changed(const std::string& aor, Moment now, Outbox& outbox)
{
    end_of_left(aor, now, outbox);
    replace_phones(aor, follows_phones(aor), now, outbox);
    changed(EventPackage::presence, aor, now, outbox);
    changed(EventPackage::reg, aor, now, outbox);
}

void EventNotifier::replace_directory(DirectoryRef directory,
                                      const std::vector<DialogSnapshot>& unplaced, Moment now,
                                      Outbox& outbox)
{
    const DirectoryRef old = facts_.directory_ref();
    facts_.replace_directory(std::move(directory));
    for (const auto& dialog : unplaced)
        facts_.appearances().fold(dialog, facts_.appearance_count(dialog.extension));
    std::vector<EventSubscription*> lost;
    for (const auto& [id, one] : subscriptions_) {
        if (one->kind != SubscriptionKind::requested || is_withdrawn(*one)) continue;
        if (one->ending ? !facts_.directory().find(one->watcher) : !may_watch(*one))
            lost.push_back(one.get());
    }
    for (auto* one : lost) end(*one, why_not(*one), now, outbox);
    // As with lamps: before rights, so that who has a new one is not told names of before; and told
    // after them, so that who has lost one learns no name.
    const auto with_others = same_consent(*old, facts_.directory()) ? std::vector<std::string>{}
                                                                    : follow_consent(now);
    for (const auto& [id, one] : subscriptions_) {
        if (one->list) note_names(*one, *old, facts_.directory());
        apply_rights(*one, now);
    }
    auto& named = resources(EventPackage::call_info, PartyView::named);
    for (const auto& number : with_others)
        if (const auto found = named.find(number); found != named.end())
            tell(found->second, number);
    forget_owed_to_nobody(outbox);
    std::vector<std::string> concerned;
    for (const auto* extension : facts_.directory().extensions()) {
        const auto* before = old->find(extension->number);
        if (before && shows_the_same(*before, *extension)) continue;
        concerned.push_back(extension->number);
        if (outbox.listened) ShownChanges::configured(before, *extension, now, outbox);
    }
    if (outbox.listened) shown_.replace_directory(*old, facts_.directory(), now, outbox);
    for (const auto& [number, watcher] : watchers_)
        if (!facts_.directory().find(number)) concerned.push_back(number);
    for (const auto& number : concerned) {
        for (const auto package : all_packages) changed(package, number, now, outbox);
        bindings_changed(number, now, outbox);
    }
}

void EventNotifier::restore(std::vector<StoredSubscription> stored, Moment now, Outbox& outbox,
                            const std::vector<Binding>& expired)
{
    for (auto& kept : stored) {
        const auto package = event_package(kept.event);
        SubscriptionRemoved removed{kept.call_id, kept.local_tag};
        auto subscription = std::make_unique<EventSubscription>();
        const bool listed = !kept.list.empty();
        auto entries = std::move(kept.entries);
        if (!package || (listed && !row_of(*package).has_lists) ||
            !resume(*subscription, std::move(kept), settings_.expires.most, now)) {
            outbox.store(std::move(removed));
            continue;
        }
        if (requested_.names(*subscription)) continue;
        subscription->package = *package;
        subscription->phone_key = phone_key(*subscription, facts_.locations());
        if (listed) {
            subscription->list = std::make_unique<EventList>();
            subscription->list->resumed = true;
            subscription->list->entries = std::move(entries);
            require_lists(*subscription);
        }
        auto& added = add(std::move(subscription), now);
        follow_registration(added, facts_.locations());
        recall_expired(added, expired);
        expiry_.set(added.id, added.expires_mono);
        if (*package == EventPackage::line_seize)  // nobody has the line any more
            end(added, SubscriptionEnd::deactivated, now, outbox);
        else if (may_watch(added))
            deliver(added, now, outbox);
        else
            end(added, why_not(added), now, outbox);
    }
    std::vector<std::string> registered;
    for (const Binding* binding : facts_.locations().all()) registered.push_back(binding->aor);
    for (const auto& aor : registered) bindings_changed(aor, now, outbox);
    for (auto& owed : owed_ends_.date(now.seconds()))
        outbox.store(UnaskedLampStored{std::move(owed)});
}

void EventNotifier::advance(Moment now, Outbox& outbox)
{
    while (const auto due = expiry_.take_due(now.mono)) {
        const auto found = subscriptions_.find(*due);
        if (found == subscriptions_.end()) continue;
        const std::string watcher = found->second->watcher;
        end(*found->second, SubscriptionEnd::timeout, now, outbox);
        reconcile(watcher, now, outbox);
    }
    repeat_due(now, outbox);
}

std::optional<std::chrono::steady_clock::time_point> EventNotifier::next_deadline() const
{
    const auto expiry = expiry_.next_deadline();
    const auto repetition = next_repetition();
    return expiry && repetition ? std::min(expiry, repetition) : expiry ? expiry : repetition;
}

void EventNotifier::save(Outbox& outbox)
{
    for (const auto& [id, one] : subscriptions_) {
        if (one->kind != SubscriptionKind::requested || one->fetch || is_withdrawn(*one)) continue;
        one->counters.settle();
        outbox.store(SubscriptionStored{stored(*one)});
    }
}

void EventNotifier::describe(LiveView& view) const
{
    view.subscriptions.reserve(view.subscriptions.size() + subscriptions_.size());
    for (const auto& [id, one] : subscriptions_) {
        if (one->ending) {
            ++view.lamp_ends;
            continue;
        }
        const bool implicit = one->kind == SubscriptionKind::implicit;
        view.subscriptions.push_back(
            {.watcher = one->watcher,
             .package = std::string{name(one->package)},
             .resource = one->member,
             .kind = implicit ? "unsolicited" : "subscribed",
             .contact = one->dialog->request_uri,
             .cseq = one->counters.cseq(),
             .sent_at = one->sent_at,
             .answer = one->answer,
             .answered_at = one->answered_at,
             .owed = one->owes_present || one->waiting || owes_news(*one),
             .under_way = one->in_flight != 0,
             .waiting = one->waiting,
             .expires_at = implicit ? one->phone->expires_at : one->expires_at});
    }
    for (const auto package : all_packages)
        view.events.emplace_back(std::string{name(package)},
                                 counters_[static_cast<std::size_t>(package)]);
    for (const auto* extension : directory().extensions()) {
        const auto& number = extension->number;
        view.presence.push_back({number, presence_state(facts_, number)});
        const bool has_line =
            extension->appearances > 0 ||
            !facts_.publications().call_info(EventPackage::call_info, number).empty();
        if (has_line)
            std::ranges::move(appearances_of(facts_, number), std::back_inserter(view.appearances));
    }
}

/// Something is to be told when the phone has answered.
bool EventNotifier::owes_news(const EventSubscription& subscription) const
{
    if (subscription.list)
        return std::ranges::any_of(subscription.list->due,
                                   [](const EventMember* member) { return member->is_owed(); });
    if (!subscription.following.empty()) return true;
    const auto& seen = resources_[static_cast<std::size_t>(subscription.package)]
                                 [static_cast<std::size_t>(subscription.parties)];
    const auto found = seen.find(subscription.member);
    return found != seen.end() && (subscription.told.size() != found->second.parts.size() ||
                                   !owed_parts(subscription, found->second.parts).empty());
}

/// Who is at the other end of a line may let itself be seen now, or no longer. The lines that are
/// told with other names by that, yet to be told.
std::vector<std::string> EventNotifier::follow_consent(Moment now)
{
    std::vector<std::string> lines;
    for (auto& [number, seen] : resources(EventPackage::call_info, PartyView::named))
        if (rewrite(EventPackage::call_info, number, PartyView::named, seen, now))
            lines.push_back(number);
    return lines;
}

/// Tells `package` of `extension` to all that are not told what is true now.
void EventNotifier::changed(EventPackage package, std::string_view extension, Moment now,
                            Outbox& outbox)
{
    if (outbox.listened)
        shown_.changed(package, facts_, extension, now, outbox);
    else
        shown_.forget();
    for (const auto parties : {PartyView::named, PartyView::anonymous, PartyView::own}) {
        auto& seen = resources(package, parties);
        const auto found = seen.find(extension);
        if (found == seen.end() || !rewrite(package, extension, parties, found->second, now))
            continue;
        tell(found->second, extension);
    }
}

void EventNotifier::tell(Resource& resource, std::string_view extension)
{
    for (auto* subscription : resource.subscriptions)
        if (subscription->list)
            note_change(*subscription, extension, resource.parts.front());
        else
            note_news(*subscription);
}

bool EventNotifier::rewrite(EventPackage package, std::string_view extension, PartyView parties,
                            Resource& resource, Moment now)
{
    auto written =
        row_of(package).write({facts_, extension, resource.parts, now.seconds(), parties});
    bool news = written.size() != resource.parts.size();
    std::vector<EventPartRef> parts;
    parts.reserve(written.size());
    for (std::size_t i = 0; i < written.size(); ++i) {
        const auto* before = i < resource.parts.size() ? resource.parts[i].get() : nullptr;
        const bool same_again = before && says_the_same(*before, written[i]);
        if (same_again) {
            written[i].number = before->number;
            written[i].follows = before->follows;
            written[i].partial_head = before->partial_head;
            written[i].partial_tail = before->partial_tail;
        } else {
            written[i].number = ++resource.last_number;
        }
        news = news || !same_again;
        parts.push_back(std::make_shared<const EventPart>(std::move(written[i])));
    }
    resource.parts = std::move(parts);
    return news;
}

EventNotifier::Resource& EventNotifier::resource(const EventSubscription& of,
                                                 const std::string& extension, Moment now)
{
    auto& seen = resources(of.package, of.parties);
    if (const auto found = seen.find(extension); found != seen.end()) return found->second;
    auto& made = seen.try_emplace(extension).first->second;
    rewrite(of.package, extension, of.parties, made, now);
    const auto& row = row_of(of.package);
    if (row.has_lists)
        made.dark = std::make_shared<const EventPart>(
            row.write_dark({facts_, extension, {}, now.seconds(), of.parties}));
    return made;
}

/// As for a lamp: who has the right sees with whom an extension talks, and so do its own phones.
PartyView EventNotifier::parties_for(const EventSubscription& subscription) const
{
    if (!row_of(subscription.package).names_parties) return PartyView::named;
    if (subscription.watcher == subscription.member) return PartyView::own;
    const auto* right = facts_.directory().right(subscription.watcher, subscription.member);
    return right ? parties_of(*right) : PartyView::anonymous;
}

/// As for a lamp: by the profile of its phone.
std::chrono::milliseconds EventNotifier::gap_for(const EventSubscription& subscription) const
{
    const auto contact = contact_of(subscription);
    const auto* binding = binding_of(facts_.locations().bindings(subscription.watcher), contact,
                                     subscription.dialog->flow);
    const std::string_view instance = binding ? std::string_view{binding->instance} : "";
    const bool named = !subscription.user_agent.empty() || !binding;
    const auto& user_agent = named ? subscription.user_agent : binding->user_agent;
    const WatchRight by_phone;
    const auto* right = facts_.directory().right(subscription.watcher, subscription.member);
    return facts_.directory()
        .profile_for(right ? *right : by_phone, user_agent,
                     device_ids(instance, user_agent, contact))
        ->gap;
}

void EventNotifier::leave_resource(EventSubscription& subscription)
{
    if (!subscription.list) return leave_resource(subscription, subscription.member);
    for (const auto& member : subscription.list->members)
        if (!member->leaving) leave_resource(subscription, member->member);
}

void EventNotifier::leave_resource(EventSubscription& subscription, std::string_view extension)
{
    auto& seen = resources(subscription.package, subscription.parties);
    const auto told = seen.find(extension);
    if (told == seen.end()) return;
    std::erase(told->second.subscriptions, &subscription);
    if (told->second.subscriptions.empty()) seen.erase(told);
}

/// Who may see more, or less, than before is told what that changes.
void EventNotifier::apply_rights(EventSubscription& subscription, Moment now)
{
    if (subscription.ending) return;
    subscription.gap = gap_for(subscription);
    if (subscription.list) {
        if (is_withdrawn(subscription)) return;
        update_list(subscription, now);
        return note_news(subscription);
    }
    const auto parties = parties_for(subscription);
    if (parties == subscription.parties) return;
    leave_resource(subscription);
    subscription.parties = parties;
    resource(subscription, now).subscriptions.push_back(&subscription);
    note_news(subscription);
}

EventNotifier::EventSubscription&
EventNotifier::add(std::unique_ptr<EventSubscription> subscription, Moment now)
{
    subscription->id = ids_.next();
    auto& added =
        *subscriptions_.try_emplace(subscription->id, std::move(subscription)).first->second;
    added.parties = parties_for(added);
    added.gap = gap_for(added);
    if (added.list)
        update_list(added, now);
    else
        resource(added, now).subscriptions.push_back(&added);
    auto& watcher = watchers_[added.watcher];
    watcher.subscriptions.push_back(&added);
    note_connection(added.watcher, added.dialog->flow);
    ++counters_of(added).begun;
    if (added.kind != SubscriptionKind::requested) return added;
    watcher.requested.add(added.phone_key);
    requested_.add(added);
    return added;
}

/// Forgets `subscription` without a word to the phone.
void EventNotifier::drop(EventSubscription& subscription, Moment now, Outbox& outbox)
{
    const auto owned = subscriptions_.extract(subscription.id);
    if (subscription.in_flight != 0) outbox.send(ForgetNotify{subscription.id});
    expiry_.cancel(subscription.id);
    stop_waiting(subscription, now);

    leave_resource(subscription);
    const bool requested = subscription.kind == SubscriptionKind::requested;
    if (const auto watcher = watchers_.find(subscription.watcher); watcher != watchers_.end()) {
        std::erase(watcher->second.subscriptions, &subscription);
        if (subscription.ending)
            --watcher->second.ending;
        else if (requested)
            watcher->second.requested.remove(subscription.phone_key);
        if (watcher->second.subscriptions.empty() && watcher->second.phones.empty())
            watchers_.erase(watcher);
    }
    if (subscription.appearance > 0 &&
        facts_.appearances().release(subscription.member, subscription.id))
        claims_changed(subscription.member, now, outbox);
    if (subscription.end_is_stored) outbox.store(UnaskedLampRemoved{owed_of(subscription, {})});
    if (!requested) return;
    requested_.remove(subscription);
    outbox.store(SubscriptionRemoved{subscription.dialog->call_id, subscription.local_tag});
}

}  // namespace lampline
