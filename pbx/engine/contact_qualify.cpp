#include "engine/contact_qualify.hpp"

#include <algorithm>

namespace lampline {
namespace {

/// The connection may be another one by now.
bool same_address(const Flow& left, const Flow& right) noexcept
{
    return left.transport == right.transport && left.port == right.port && left.host == right.host;
}

}  // namespace

ContactQualify::ContactQualify(QualifySettings settings, TokenSource tokens,
                               LocationTable& locations,
                               IdSource<ClientTransactionId>& transactions, DirectoryRef directory)
    : settings_{std::move(settings)}, tokens_{std::move(tokens)}, locations_{locations},
      transactions_{transactions}, directory_{std::move(directory)}
{
}

std::chrono::milliseconds ContactQualify::part_of(std::chrono::milliseconds span) const
{
    return std::chrono::milliseconds{
        settings_.random(static_cast<std::uint32_t>(span.count()) + 1)};
}

void ContactQualify::bindings_changed(std::string_view aor, Moment now)
{
    if (settings_.interval == 0s) return;
    auto known = by_aor_.extract(std::string{aor});
    std::vector<PhoneId> kept;
    if (known)
        for (const auto id : known.mapped()) {
            const auto& phone = phones_.at(id);
            const auto* binding = locations_.find(aor, phone.contact);
            if (binding && binding->generation == phone.generation)
                kept.push_back(id);
            else
                forget(id);
        }
    for (const auto& binding : locations_.bindings(aor)) {
        const auto is_same = [&](PhoneId id) {
            return phones_.at(id).generation == binding.generation;
        };
        if (std::ranges::any_of(kept, is_same)) continue;
        const auto id = ++last_id_;
        phones_[id] = {.aor = binding.aor,
                       .contact = binding.contact,
                       .generation = binding.generation,
                       .call_id = tokens_()};
        timers_.set(id, now.mono + part_of(settings_.interval));
        kept.push_back(id);
    }
    if (!kept.empty()) by_aor_.emplace(aor, std::move(kept));
}

void ContactQualify::forget(PhoneId id)
{
    const auto& phone = phones_.at(id);
    if (phone.missed > 0) --silent_;
    if (phone.asked) under_way_.erase(phone.asked);
    timers_.cancel(id);
    phones_.erase(id);
}

void ContactQualify::heard(std::string_view aor, const Flow& source, Moment now, Outbox& outbox)
{
    if (silent_ == 0) return;
    const auto found = by_aor_.find(std::string{aor});
    if (found == by_aor_.end()) return;
    for (const auto id : found->second) {
        auto& phone = phones_.at(id);
        const auto* binding = locations_.find(aor, phone.contact);
        if (phone.missed == 0 || !binding || !same_address(binding->flow, source)) continue;
        const auto round_trip = binding->reach.round_trip;
        answered(id, phone, round_trip, now, outbox);
    }
}

void ContactQualify::ask(PhoneId id, Phone& phone, Moment now, Outbox& outbox)
{
    const auto* binding = locations_.find(phone.aor, phone.contact);
    if (!binding) return;  // its BindingChanged is on the way
    SipUri us;
    us.host = directory_->domain();
    phone.asked = transactions_.next();
    phone.asked_at = now.mono;
    under_way_[phone.asked] = id;
    ++counters_.sent;
    outbox.send(SendStandalone{.transaction = phone.asked,
                               .method = Method::options,
                               .target = target_of(*binding),
                               .from = {{}, us},
                               .to = {{}, binding->contact},
                               .local_tag = tokens_(),
                               .call_id = phone.call_id,
                               .cseq = phone.cseq++,
                               .patience = settings_.patience,
                               .contact_user = std::string{}});
}

std::optional<const Binding*> ContactQualify::receive(const StandaloneAnswered& answer, Moment now,
                                                      Outbox& outbox)
{
    const auto asked = under_way_.extract(answer.transaction);
    if (!asked) return std::nullopt;
    const auto id = asked.mapped();
    auto& phone = phones_.at(id);
    phone.asked = {};
    const auto* binding = locations_.find(phone.aor, phone.contact);
    const bool of_proxy = binding && is_word_of_proxy(binding->path, answer.status);
    if (answer.generated || of_proxy) {
        missed(id, phone, now, outbox);
        return nullptr;
    }
    answered(id, phone,
             std::chrono::duration_cast<std::chrono::microseconds>(now.mono - phone.asked_at), now,
             outbox);
    return locations_.find(phone.aor, phone.contact);
}

void ContactQualify::answered(PhoneId id, Phone& phone, std::chrono::microseconds round_trip,
                              Moment now, Outbox& outbox)
{
    if (phone.missed > 0) --silent_;
    phone.missed = 0;
    note(phone, Reach::State::reachable, round_trip, now, outbox);
    if (phone.asked) return;  // its answer sets the time of the next question
    const std::chrono::milliseconds interval = settings_.interval;
    timers_.set(id, now.mono + interval - interval / 10 + part_of(interval / 5));
}

void ContactQualify::missed(PhoneId id, Phone& phone, Moment now, Outbox& outbox)
{
    ++counters_.unanswered;
    if (phone.missed++ == 0) ++silent_;
    const bool given_up = phone.missed >= settings_.misses;
    if (given_up) {
        const auto* binding = locations_.find(phone.aor, phone.contact);
        note(phone, Reach::State::unreachable,
             binding ? binding->reach.round_trip : std::chrono::microseconds{}, now, outbox);
    }
    const std::chrono::milliseconds interval =
        given_up ? settings_.interval : std::min(settings_.retry, settings_.interval);
    timers_.set(id, now.mono + interval - interval / 10 + part_of(interval / 5));
}

void ContactQualify::note(const Phone& phone, Reach::State state,
                          std::chrono::microseconds round_trip, Moment now, Outbox& outbox)
{
    const auto* binding = locations_.find(phone.aor, phone.contact);
    if (!binding) return;
    const auto before = binding->reach;
    const Reach reach{state, round_trip, before.state == state ? before.since : now.wall};
    locations_.note_reach(phone.aor, phone.contact, reach);
    using enum Reach::State;
    if (before.state != state && (before.state == unreachable || state == unreachable))
        outbox.announce(ReachChanged{phone.aor, phone.contact, reach});
}

void ContactQualify::advance(Moment now, Outbox& outbox)
{
    while (const auto id = timers_.take_due(now.mono))
        if (const auto found = phones_.find(*id); found != phones_.end())
            ask(*id, found->second, now, outbox);
}

}  // namespace lampline
