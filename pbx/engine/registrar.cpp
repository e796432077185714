#include "engine/registrar.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/device_id.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

/// A UDP phone repeats a request for so long (RFC 3261 §17.1.2.2, timer F), with a little room.
constexpr seconds repetition_window{40};

Reply refusal(const RegisterReceived& request, unsigned status, std::string phrase,
              std::vector<Header> headers = {})
{
    Reply reply;
    reply.transaction = request.transaction;
    reply.status = status;
    reply.phrase = std::move(phrase);
    reply.headers = std::move(headers);
    return reply;
}

Reply no_room(const RegisterReceived& request)
{
    return refusal(
        request, 503, "Too Many Contacts",
        {{"Retry-After", "60"}, {"Warning", "399 lampline \"No room for more contacts\""}});
}

void append(std::string& text, long long number)
{
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    text.append(digits.data(), end);
}

/// Contact of a 200: `<sip:201@192.0.2.7:5060>;expires=3600;q=0.5`.
std::string contact_value(const Binding& binding, Moment now)
{
    const auto left = std::chrono::floor<seconds>(binding.expires_at - now.wall).count();
    std::string text;
    text.reserve(binding.contact.user.size() + binding.contact.host.size() +
                 binding.contact.params.size() + 48);
    text += '<';
    lampline::append(text, binding.contact);
    text += ">;expires=";
    append(text, std::max(left, decltype(left){0}));
    if (binding.q_thousandths < 1000) {
        constexpr unsigned digits = 1000;
        text += ";q=0.";
        std::string fraction = std::to_string(digits + binding.q_thousandths).substr(1);
        fraction.erase(std::max(fraction.find_last_not_of('0') + 1, std::size_t{1}));
        text += fraction;
    }
    return text;
}

/// Whole seconds that are not shorter than what was granted.
sys_seconds expiry_after(Moment now, seconds granted)
{
    return std::chrono::ceil<seconds>(now.wall) + granted;
}

bool is_over(const Binding& binding, Moment now)
{
    return binding.expires_at <= now.wall;
}

/// Does `binding` hold just what `contact` of `request` asks for, so that only its expiry can
/// differ?
bool holds(const Binding& binding, const RegisterContact& contact, const RegisterReceived& request)
{
    return binding.call_id == request.call_id && binding.flow == request.source &&
           binding.contact == contact.uri && binding.q_thousandths == contact.q_thousandths &&
           binding.instance == contact.instance && binding.path == request.path &&
           binding.user_agent == request.user_agent;
}

bool names_one_of(const Binding& binding, const std::vector<std::string>& devices)
{
    const auto own = device_ids(binding.instance, binding.user_agent, binding.contact);
    return std::ranges::find_first_of(own, devices) != own.end();
}

}  // namespace

/// What one REGISTER changes. Its contacts are distinct, and they and the removed ones lie in the
/// request and the location table.
struct Registrar::Plan {
    /// More contacts than can be bound and unbound at once are refused unread.
    static constexpr std::size_t max_changes = 2 * LocationTable::max_contacts;
    struct Change {
        const RegisterContact* contact = nullptr;
        seconds granted{};  ///< 0: unbind
        const Binding* existing = nullptr;
    };

    std::array<Change, max_changes> places{};
    std::size_t count = 0;
    std::array<const Binding*, LocationTable::max_contacts> removed{};
    std::size_t removed_count = 0;
    bool is_repetition = false;

    void add(Change change) { places[count++] = change; }
    void remove(const Binding& binding) { removed[removed_count++] = &binding; }
    [[nodiscard]] std::span<const Change> changes() const { return {places.data(), count}; }
    [[nodiscard]] std::span<const Binding* const> removals() const
    {
        return {removed.data(), removed_count};
    }

    [[nodiscard]] bool removes(const Binding& binding) const
    {
        return std::ranges::find(removals(), &binding) != removals().end();
    }
    [[nodiscard]] bool names(const Binding& binding) const
    {
        return std::ranges::find(changes(), &binding, &Change::existing) != changes().end();
    }
    /// Does a phone that registers here take the place of `binding`?
    [[nodiscard]] bool replaces(const Binding& binding) const
    {
        return !binding.instance.empty() && !names(binding) &&
               std::ranges::any_of(changes(), [&](const Change& change) {
                   return change.granted > seconds{0} &&
                          change.contact->instance == binding.instance;
               });
    }
    /// Takes away `excess` of the bindings that lead to nobody, as far as there are so many.
    void make_room(std::span<const Binding> bindings, std::size_t excess)
    {
        const auto rank = [](const Binding& binding) {
            using enum Reach::State;
            const bool closed = binding.flow.transport == Transport::tcp &&
                                !binding.flow.connection && binding.reach.state != reachable;
            return binding.reach.state == unreachable ? 0 : closed ? 1 : 2;
        };
        for (; excess > 0; --excess) {
            const Binding* next = nullptr;
            for (const auto& binding : bindings) {
                if (rank(binding) == 2 || names(binding)) continue;
                if (std::ranges::find(removals(), &binding) != removals().end()) continue;
                const auto key = [&](const Binding& each) {
                    return std::pair{rank(each), each.generation};
                };
                if (!next || key(binding) < key(*next)) next = &binding;
            }
            if (!next) return;
            remove(*next);
        }
    }
    /// Is all that the request asks for there already?
    [[nodiscard]] bool is_done(const RegisterReceived& request, Moment now) const
    {
        return !request.wildcard && removed_count == 0 &&
               std::ranges::all_of(changes(), [&](const Change& change) {
                   if (change.granted == seconds{0}) return change.existing == nullptr;
                   if (!change.existing || change.existing->cseq != request.cseq) return false;
                   const auto latest = expiry_after(now, change.granted);
                   return holds(*change.existing, *change.contact, request) &&
                          change.existing->expires_at <= latest &&
                          change.existing->expires_at >= latest - repetition_window;
               });
    }
};

Registrar::Registrar(RegistrarSettings settings) : settings_{settings} {}

void Registrar::receive(const RegisterReceived& request, Moment now, Outbox& outbox)
{
    const auto over = [&](const Binding& binding) { return is_over(binding, now); };
    if (std::ranges::any_of(locations_.bindings(request.aor), over))
        expire(request.aor, now, outbox);

    auto planned = plan(request, now);
    if (!planned) {
        outbox.send(std::move(planned.error()));
        return;
    }
    if (!planned->is_repetition) carry_out(*planned, request, now, outbox);
    reply_with_bindings(request, now, outbox);
}

Result<Registrar::Plan, Reply> Registrar::plan(const RegisterReceived& request, Moment now) const
{
    const auto bindings = locations_.bindings(request.aor);
    Plan plan;
    if (request.wildcard) {
        if (!request.contacts.empty() || request.expires != seconds{0})
            return unexpected{refusal(request, 400, "Contact * Stands Alone And Needs Expires 0")};
        for (const auto& binding : bindings) plan.remove(binding);
    }
    if (request.contacts.size() > Plan::max_changes) return unexpected{no_room(request)};

    std::size_t bound = bindings.size();
    for (auto contact = request.contacts.begin(); contact != request.contacts.end(); ++contact) {
        if (contact->uri.scheme == UriScheme::tel)
            return unexpected{refusal(request, 400, "Contact Is Not A SIP URI")};
        const auto asked = contact->expires  ? *contact->expires
                           : request.expires ? *request.expires
                                             : settings_.default_expires;
        if (asked > seconds{0} && asked < std::min<seconds>(settings_.min_expires, 1h))
            return unexpected{
                refusal(request, 423, {},
                        {{"Min-Expires", std::to_string(settings_.min_expires.count())}})};
        const auto same_uri = [&](const RegisterContact& other) {
            return equivalent(other.uri, contact->uri);
        };
        if (std::any_of(contact + 1, request.contacts.end(), same_uri))
            continue;  // the last one counts

        const auto granted = std::clamp(asked, seconds{0}, settings_.max_expires);
        const auto* const existing = locations_.find(request.aor, contact->uri);
        plan.add({&*contact, granted, existing});
        if (existing && granted == seconds{0}) --bound;
        if (!existing && granted > seconds{0}) ++bound;
    }
    for (const auto& binding : bindings) {
        if (!plan.replaces(binding)) continue;
        plan.remove(binding);
        --bound;
    }

    if (!request.contacts.empty() || request.wildcard) {
        for (const auto& binding : bindings) {
            if (binding.call_id != request.call_id || binding.cseq < request.cseq) continue;
            if (binding.cseq > request.cseq || !plan.is_done(request, now))
                return unexpected{refusal(request, 500, "Out Of Order")};
            plan.is_repetition = true;
        }
    }
    if (bound > LocationTable::max_contacts) {
        const auto before = plan.removed_count;
        plan.make_room(bindings, bound - LocationTable::max_contacts);
        bound -= plan.removed_count - before;
    }
    if (bound > LocationTable::max_contacts) return unexpected{no_room(request)};
    return plan;
}

void Registrar::carry_out(const Plan& plan, const RegisterReceived& request, Moment now,
                          Outbox& outbox)
{
    // Room first; and the table moves its bindings, so what is to be removed is named by value.
    std::vector<SipUri> gone;
    std::vector<PhoneLeft> left;
    if (request.wildcard) left.push_back({.aor = request.aor});
    for (const auto* binding : plan.removals()) gone.push_back(binding->contact);
    for (const auto& [contact, granted, existing] : plan.changes()) {
        if (granted > seconds{0}) continue;
        if (existing)
            gone.push_back(contact->uri);
        else
            left.push_back({request.aor, contact->uri,
                            device_ids(contact->instance, request.user_agent, contact->uri)});
    }

    auto moved = moves(plan, request);
    bool changed = false;
    for (const auto& contact : gone) changed |= unbind(request.aor, contact, outbox);
    bool registered = false;
    for (const auto& change : plan.changes()) {
        if (change.granted == seconds{0}) continue;
        changed |= bind(*change.contact, change.granted, request, now, outbox);
        registered = true;
    }
    if (registered) ++registrations_;
    for (auto& phone : moved) outbox.announce(std::move(phone));
    if (changed) outbox.announce(BindingChanged{request.aor});
    for (auto& phone : left) outbox.announce(std::move(phone));
}

/// What was registered before of the phone that `request` is from, where that leads elsewhere from
/// now on. A contact that it does not take away, though it names another one, is taken for what it
/// has left only over TCP, where the port that a phone connects from is another each time. Behind a
/// proxy all this is the proxy's.
std::vector<PhoneMoved> Registrar::moves(const Plan& plan, const RegisterReceived& request) const
{
    std::vector<PhoneMoved> moved;
    if (!request.path.empty()) return moved;
    const auto comes = [&](const Plan::Change& change) {
        return change.granted > seconds{0} &&
               (!change.existing || change.existing->flow != request.source);
    };
    const auto changes = plan.changes();
    const auto first = std::ranges::find_if(changes, comes);
    if (first == changes.end()) return moved;
    const auto ids = device_ids(first->contact->instance, request.user_agent, first->contact->uri);
    for (const Binding& before : locations_.bindings(request.aor)) {
        if (!before.path.empty() ||
            !(before.call_id == request.call_id || names_one_of(before, ids)))
            continue;
        const auto named = std::ranges::find(changes, &before, &Plan::Change::existing);
        const bool stays = named != changes.end() && named->granted > seconds{0};
        const bool reconnected = before.flow.transport == Transport::tcp &&
                                 request.source.transport == Transport::tcp &&
                                 before.flow != request.source;
        const bool leaves = named != changes.end() || plan.removes(before);
        if (stays ? before.flow == request.source : !leaves && !reconnected) continue;
        moved.push_back({request.aor, before.contact, before.flow,
                         stays ? named->contact->uri : first->contact->uri, request.source});
    }
    return moved;
}

bool Registrar::bind(const RegisterContact& contact, seconds granted,
                     const RegisterReceived& request, Moment now, Outbox& outbox)
{
    const auto bindings = locations_.bindings(request.aor);
    const auto expires_at = expiry_after(now, granted);
    // The timer may fire early, never late: a refresh usually leaves it alone.
    if (std::ranges::none_of(bindings,
                             [&](const Binding& b) { return b.expires_at <= expires_at; }))
        expiry_.set(request.aor, now.mono + (expires_at - now.wall));

    const auto* const existing = locations_.find(request.aor, contact.uri);
    if (existing && holds(*existing, contact, request)) {
        locations_.refresh(request.aor, contact.uri, request.cseq, expires_at);
        outbox.store(BindingStored{*locations_.find(request.aor, contact.uri), true});
        return false;
    }
    const bool anew = !existing || existing->call_id != request.call_id;
    Binding binding;
    binding.aor = request.aor;
    binding.contact = contact.uri;
    binding.flow = request.source;
    binding.path = request.path;
    binding.call_id = request.call_id;
    binding.cseq = request.cseq;
    binding.q_thousandths = contact.q_thousandths;
    binding.user_agent = request.user_agent;
    binding.instance = contact.instance;
    binding.expires_at = expires_at;
    binding.registered_at = anew ? now.seconds() : existing->registered_at;
    binding.generation = anew ? ++last_generation_ : existing->generation;
    if (!anew) {
        binding.reach = existing->reach;
        binding.refusal = existing->refusal;
    }
    // Storage knows a binding by the text of its contact.
    if (existing && existing->contact != contact.uri)
        outbox.store(BindingRemoved{request.aor, existing->contact});
    outbox.store(BindingStored{binding, false});
    locations_.put(std::move(binding));
    return true;
}

bool Registrar::unbind(const std::string& aor, const SipUri& contact, Outbox& outbox)
{
    auto removed = locations_.remove(aor, contact);
    if (!removed) return false;
    if (locations_.bindings(aor).empty()) expiry_.cancel(aor);
    outbox.store(BindingRemoved{std::move(removed->aor), std::move(removed->contact)});
    return true;
}

void Registrar::expire(const std::string& aor, Moment now, Outbox& outbox)
{
    std::vector<SipUri> gone;
    for (const auto& binding : locations_.bindings(aor))
        if (is_over(binding, now)) gone.push_back(binding.contact);
    for (const auto& contact : gone) unbind(aor, contact, outbox);
    if (!gone.empty()) outbox.announce(BindingChanged{aor, true});

    const auto left = locations_.bindings(aor);
    if (left.empty()) return;
    const auto earliest = std::ranges::min(left, {}, &Binding::expires_at).expires_at;
    expiry_.set(aor, now.mono + (earliest - now.wall));
}

void Registrar::reply_with_bindings(const RegisterReceived& request, Moment now,
                                    Outbox& outbox) const
{
    const auto bindings = locations_.bindings(request.aor);
    Reply reply;
    reply.transaction = request.transaction;
    reply.status = 200;
    reply.headers.reserve(bindings.size() + request.path.size());
    for (const auto& binding : bindings)
        reply.headers.push_back({"Contact", contact_value(binding, now)});
    for (const auto& path : request.path) reply.headers.push_back({"Path", path});
    outbox.send(std::move(reply));
}

void Registrar::receive(const ConnectionClosed& closed)
{
    locations_.forget_connection(closed.connection);
}

void Registrar::receive(const UnaskedRefused& refused, Outbox& outbox)
{
    const auto* const binding = locations_.find(refused.aor, refused.contact);
    if (!binding) return;
    auto refusal = refused.refusal;
    if (refusal.lamps == 0) refusal.lamps = binding->refusal.lamps;
    if (refusal.packages == 0) refusal.packages = binding->refusal.packages;
    locations_.note_refusal(refused.aor, refused.contact, refusal);
    outbox.store(BindingStored{*binding, false});
}

void Registrar::advance(Moment now, Outbox& outbox)
{
    while (const auto aor = expiry_.take_due(now.mono)) expire(*aor, now, outbox);
}

std::optional<std::chrono::steady_clock::time_point> Registrar::next_deadline() const
{
    return expiry_.next_deadline();
}

std::vector<Binding> Registrar::restore(std::vector<Binding> bindings, Moment now, Outbox& outbox)
{
    std::vector<std::string> aors;
    std::vector<Binding> expired;
    for (auto& binding : bindings) {
        last_generation_ = std::max(last_generation_, binding.generation);
        binding.flow.connection = {};  // of the last run
        // A clock that was set back makes nothing last.
        binding.expires_at = std::min(binding.expires_at, expiry_after(now, settings_.max_expires));
        std::string aor = binding.aor;
        SipUri contact = binding.contact;
        if (is_over(binding, now)) {
            expired.push_back(std::move(binding));
            outbox.store(BindingRemoved{std::move(aor), std::move(contact)});
        } else if (!locations_.put(std::move(binding))) {
            outbox.store(BindingRemoved{std::move(aor), std::move(contact)});
        } else {
            aors.push_back(std::move(aor));
        }
    }
    std::ranges::sort(aors);
    aors.erase(std::unique(aors.begin(), aors.end()), aors.end());
    for (const auto& aor : aors) {
        expire(aor, now, outbox);  // nothing is over: sets the timer
        outbox.announce(BindingChanged{aor});
    }
    return expired;
}

void Registrar::replace_directory(const Directory& before, const Directory& directory,
                                  Outbox& outbox)
{
    const auto is_expelled = [&](const Extension& extension) {
        const auto* known = before.find(extension.number);
        return known && (known->ha1_md5 != extension.ha1_md5 ||
                         known->ha1_sha256 != extension.ha1_sha256);
    };
    std::vector<BindingRemoved> gone;
    for (const auto* binding : locations_.all())
        if (const auto* extension = directory.find(binding->aor);
            !extension || is_expelled(*extension))
            gone.push_back({binding->aor, binding->contact});
    for (const auto& [aor, contact] : gone) {
        unbind(aor, contact, outbox);
        if (locations_.bindings(aor).empty()) outbox.announce(BindingChanged{aor});
    }
    for (const auto* extension : directory.extensions())
        if (is_expelled(*extension))
            outbox.announce(PhoneLeft{.aor = extension->number, .expelled = true});
}

}  // namespace lampline
