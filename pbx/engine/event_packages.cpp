#include "engine/event_packages.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "core/extension_uri.hpp"
#include "core/feature_event.hpp"
#include "core/message_summary.hpp"
#include "core/presence.hpp"
#include "core/trunk_identity.hpp"
#include "engine/consent.hpp"

namespace lampline {
namespace {

bool is_own(const EventFacts& facts, std::string_view watcher, std::string_view extension)
{
    return watcher == extension && facts.directory().find(extension) != nullptr;
}

bool is_own_or_watched(const EventFacts& facts, std::string_view watcher,
                       std::string_view extension)
{
    // Feature keys and park slots have lamps by the same rights, but nothing else to tell.
    return facts.directory().find(extension) &&
           (watcher == extension || facts.directory().right(watcher, extension));
}

bool is_own_or_trusted(const EventFacts& facts, std::string_view watcher,
                       std::string_view extension)
{
    if (is_own(facts, watcher, extension)) return true;
    const auto* asking = facts.directory().find(watcher);
    return asking && asking->trusted && facts.directory().find(extension);
}

std::shared_ptr<const std::string> shared(std::string text)
{
    return std::make_shared<const std::string>(std::move(text));
}

std::string address_of(const EventSubject& subject)
{
    return write(extension_uri(subject.extension, subject.facts.directory().domain()));
}

std::vector<EventPart> one(EventPart part)
{
    std::vector<EventPart> parts;
    parts.push_back(std::move(part));
    return parts;
}

std::vector<EventPart> message_summary_of(const EventSubject& subject)
{
    const auto* extension = subject.facts.directory().find(subject.extension);
    const auto counts = extension && extension->messages ? *extension->messages : MessageCounts{};
    return one({.head = shared(write_message_summary(counts, address_of(subject)))});
}

EventPart no_messages(const EventSubject& subject)
{
    return {.head = shared(write_message_summary({}, address_of(subject)))};
}

EventPart presence_part(const EventSubject& subject, const PresenceState& state)
{
    const auto address = address_of(subject);
    EventPart part;
    part.head = shared(write_presence(state, address));
    for (const auto form : {ListedPresence::with_activity, ListedPresence::note_alone})
        part.listed.push_back(shared(write_presence(state, address, form)));
    return part;
}

std::vector<EventPart> presence_of(const EventSubject& subject)
{
    return one(presence_part(subject, presence_state(subject.facts, subject.extension)));
}

EventPart nobody_there(const EventSubject& subject)
{
    return presence_part(subject, {});
}

std::vector<EventPart> registration_of(const EventSubject& subject)
{
    const auto aor = address_of(subject);
    EventPart part;
    part.contacts = registered_contacts(subject.facts.locations().bindings(subject.extension));
    auto text = write_reginfo(aor, subject.extension, part.contacts);
    part.head = shared(std::move(text.head));
    part.tail = shared(std::move(text.tail));
    if (!subject.before.empty()) {
        const auto& before = *subject.before.front();
        auto partial = write_partial_reginfo(aor, subject.extension, before.contacts, part.contacts,
                                             subject.now);
        part.follows = before.number;
        part.partial_head = shared(std::move(partial.head));
        part.partial_tail = shared(std::move(partial.tail));
    }
    return one(std::move(part));
}

EventPieces registration_in_pieces(const EventSubject& subject, const EventPart& part,
                                   std::size_t room)
{
    EventPieces pieces;
    for (auto& text :
         write_reginfo_in_parts(address_of(subject), subject.extension, part.contacts, room)) {
        auto& piece = pieces.emplace_back();
        piece.head = shared(std::move(text.head));
        piece.tail = shared(std::move(text.tail));
    }
    return pieces;
}

std::vector<EventPart> features_of(const EventSubject& subject)
{
    const auto* extension = subject.facts.directory().find(subject.extension);
    std::vector<EventPart> parts;
    for (auto& document :
         write_feature_events(extension ? extension->forwarding : Forwarding{}, subject.extension))
        parts.push_back({.head = shared(std::move(document))});
    return parts;
}

/// Who sees with whom a line talks, and not only that it does.
bool is_own_or_shown(const EventFacts& facts, std::string_view watcher, std::string_view extension)
{
    if (is_own(facts, watcher, extension)) return true;
    const auto* right = facts.directory().right(watcher, extension);
    return right && right->rights.parties && facts.directory().find(extension);
}

/// Only what is about appearances is made shorter.
std::vector<Header> shorter_appearances(const std::vector<Header>& headers, Reduction reduction)
{
    auto shorter = headers;
    for (auto& header : shorter) {
        auto values = split_call_info(header.value);
        if (!values) continue;
        for (auto& [info, text] : *values) {
            if (info.names_none()) continue;
            const auto party = NameAddr::parse(info.appearance_uri);
            if (reduction == Reduction::no_parties)
                info.appearance_uri.clear();
            else if (party)
                info.appearance_uri = write(NameAddr{{}, party->uri});
            text = write(info);
        }
        header.value = joined(*values);
    }
    return shorter;
}

/// What is published of appearances, and what the exchange does not know better.
std::vector<SaidCallInfo> published_appearances(const EventSubject& subject,
                                                const std::vector<SaidCallInfo>& own)
{
    std::vector<SaidCallInfo> published;
    const auto headers =
        subject.facts.publications().call_info(EventPackage::call_info, subject.extension);
    for (const auto& header : headers) {
        auto values = split_call_info(header.value);
        if (!values) continue;
        for (auto& value : *values) {
            auto& info = value.info;
            const auto same = [&](const SaidCallInfo& one) {
                return one.info.rest == info.rest && one.info.index == info.index;
            };
            const bool known = !info.names_none() && (std::ranges::any_of(own, same) ||
                                                      std::ranges::any_of(published, same));
            const bool anonymous = subject.parties == PartyView::anonymous;
            if (known || (anonymous && info.names_none())) continue;
            const auto party = NameAddr::parse(info.appearance_uri);
            const bool withheld = subject.parties == PartyView::named && party &&
                                  is_withheld(party->uri, subject.facts.directory());
            if (anonymous || withheld) {
                if (!info.appearance_uri.empty()) info.appearance_uri = write(anonymous_party());
                value.text = write(info);
            }
            published.push_back(std::move(value));
        }
    }
    return published;
}

/// One header of all that there is. A phone keeps what it was told of an index until it is told
/// something else, so what is not named is always said to be idle.
std::vector<EventPart> appearances_of(const EventSubject& subject)
{
    EventPart part;
    part.headers.push_back({"Call-Info", joined(said_appearances(subject))});
    return one(std::move(part));
}

EventPart no_appearances(const EventSubject& subject)
{
    EventPart part;
    part.headers.push_back(
        {"Call-Info", write(idle_rest(subject.extension, subject.facts.directory().domain()))});
    return part;
}

/// Each appearance by its index: in several NOTIFYs `*` would darken what another one has told.
std::vector<std::string> appearance_values(const Header& header, unsigned count)
{
    auto said = split_call_info(header.value);
    if (!said) return {header.value};
    std::vector<std::string> values;
    std::vector<bool> named(count + 1);
    for (auto& [info, text] : *said) {
        if (info.rest) continue;
        if (info.index <= count) named[info.index] = true;
        values.push_back(std::move(text));
    }
    for (auto& [info, text] : *said) {
        if (!info.rest) continue;
        info.rest = false;
        for (info.index = 1; info.index <= count; ++info.index)
            if (!named[info.index]) values.push_back(write(info));
    }
    return values;
}

EventPieces appearances_in_pieces(const EventSubject& subject, const EventPart& part,
                                  std::size_t room)
{
    constexpr std::string_view between{", "}, around{": \r\n"};
    // A line of somebody else's has as many appearances as may be shown.
    const auto own = subject.facts.appearance_count(subject.extension);
    const unsigned count = own > 0 ? own : max_appearances;
    EventPieces pieces(1);
    std::size_t size = 0;
    for (const auto& header : part.headers) {
        bool begun = false;  // in this piece
        for (auto& value : appearance_values(header, count)) {
            const auto more = begun ? between.size() + value.size()
                                    : header.name.size() + around.size() + value.size();
            if (size > 0 && size + more > room) {
                pieces.emplace_back();
                size = 0;
                begun = false;
            }
            auto& headers = pieces.back().headers;
            if (begun) {
                headers.back().value.append(between).append(value);
                size += between.size() + value.size();
            } else {
                size += header.name.size() + around.size() + value.size();
                headers.push_back({header.name, std::move(value)});
            }
            begun = true;
        }
    }
    return pieces;
}

/// Which appearance a phone has claimed is told to that phone alone, by the notifier.
std::vector<EventPart> seizures_of(const EventSubject& subject)
{
    EventPart part;
    part.headers =
        subject.facts.publications().call_info(EventPackage::line_seize, subject.extension);
    return one(std::move(part));
}

bool wants_messages_unasked(const Extension& extension)
{
    return extension.messages && extension.messages->unsolicited;
}

const std::array<EventPackageRow, event_package_count>& rows()
{
    static const std::array<EventPackageRow, event_package_count> all{{
        {.content_type = message_summary_type,
         .may_watch = is_own,
         .write = message_summary_of,
         .write_dark = no_messages,
         .is_unsolicited = wants_messages_unasked},
        {.content_type = presence_type,
         .may_watch = is_own_or_watched,
         .write = presence_of,
         .write_dark = nobody_there,
         .has_lists = true},
        {.content_type = reginfo_type,
         .may_watch = is_own_or_trusted,
         .write = registration_of,
         .split = registration_in_pieces},
        {.content_type = feature_event_type,
         .may_watch = is_own,
         .write = features_of,
         .read_request = read_feature_request,
         .write_together = write_feature_events_together,
         .type_together = feature_events_together_type},
        {.content_type = {},
         .may_watch = is_own_or_watched,
         .write = appearances_of,
         .reduce = shorter_appearances,
         .split = appearances_in_pieces,
         .write_dark = no_appearances,
         .names_parties = true,
         .answers_at_once = true},
        {.content_type = {},
         .may_watch = is_own_or_shown,
         .write = seizures_of,
         .answers_at_once = true},
    }};
    return all;
}

bool is_same(const std::shared_ptr<const std::string>& left,
             const std::shared_ptr<const std::string>& right)
{
    return left && right ? *left == *right : left == right;
}

}  // namespace

bool says_the_same(const EventPart& left, const EventPart& right)
{
    return is_same(left.head, right.head) && is_same(left.tail, right.tail) &&
           left.headers == right.headers;
}

const EventPackageRow& row_of(EventPackage package) noexcept
{
    return rows()[static_cast<std::size_t>(package)];
}

PresenceState presence_state(const EventFacts& facts, std::string_view extension)
{
    PresenceState state;
    const auto* known = facts.directory().find(extension);
    state.reachable = facts.locations().is_reachable(extension);
    state.do_not_disturb = known && known->forwarding.do_not_disturb;
    for (const auto& dialog : facts.dialogs(extension)) {
        const bool called = dialog.direction == Direction::recipient;
        if (dialog.state == LegState::confirmed || !called)
            state.talking = true;
        else if (dialog.state == LegState::early)
            state.ringing = true;
    }
    return state;
}

std::vector<SaidCallInfo> said_appearances(const EventSubject& subject)
{
    const auto& domain = subject.facts.directory().domain();
    const auto count = subject.facts.appearance_count(subject.extension);
    std::vector<SaidCallInfo> values;
    for (auto& info :
         subject.facts.appearances().shown(subject.extension, subject.facts.directory(), count,
                                           subject.parties)) {
        auto text = write(info);
        values.push_back({std::move(info), std::move(text)});
    }
    auto published = published_appearances(subject, values);
    std::ranges::move(published, std::back_inserter(values));
    if (std::ranges::none_of(values, [](const SaidCallInfo& one) { return one.info.rest; })) {
        CallInfo rest = idle_rest(subject.extension, domain);
        auto text = write(rest);
        values.push_back({std::move(rest), std::move(text)});
    }
    std::ranges::stable_sort(values, {}, [](const SaidCallInfo& one) {
        return std::pair{one.info.names_none() ? 2 : one.info.rest ? 1 : 0, one.info.index};
    });
    return values;
}

}  // namespace lampline
