#include "engine/publications.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "core/appearance.hpp"
#include "core/extension_uri.hpp"
#include "engine/notify_path.hpp"
#include "engine/published_dialog.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;

/// Legs of calls are numbered below.
constexpr std::uint64_t first_leg = std::uint64_t{1} << 62U;
constexpr std::size_t max_dialogs = 32;
constexpr std::size_t max_said = 1024;  ///< of one appearance, in bytes
constexpr std::string_view publishable = "dialog, call-info, line-seize";

Reply answer(const PublishReceived& request, unsigned status, std::vector<Header> headers = {})
{
    return {.transaction = request.transaction,
            .status = status,
            .phrase = {},
            .headers = std::move(headers)};
}

Reply refusal(const PublishReceived& request, unsigned status, const Directory& directory,
              std::string_view why)
{
    return answer(request, status,
                  {{"Warning", "399 " + directory.domain() + " \"" + std::string{why} + "\""}});
}

/// A word of somebody else's in a quoted string.
std::string printable(std::string_view word)
{
    constexpr std::size_t longest = 32;
    std::string text{"'"};
    for (const char letter : word.substr(0, longest))
        text += letter < 0x20 || letter > 0x7E || letter == '"' || letter == '\\' ? '?' : letter;
    return text += "'";
}

bool is_dialog_info(std::string_view content_type)
{
    return same_word(content_type.substr(0, content_type.find_first_of("; \t")), dialog_info_type);
}

bool has_content(const PublishReceived& request)
{
    if (!request.payload) return false;
    return !request.payload->body.empty() ||
           std::ranges::any_of(request.payload->headers,
                               [](const Header& header) { return header.name == "Call-Info"; });
}

/// A dialog that had no Call-ID yet may have got one.
bool is_another(const DialogSnapshot& before, const DialogSnapshot& now)
{
    return !before.dialog.call_id.empty() && !now.dialog.call_id.empty() &&
           before.dialog.call_id != now.dialog.call_id;
}

/// A tag may not be known yet.
bool is_same_dialog(const DialogId& left, const DialogId& right)
{
    const auto same_tag = [](const std::string& one, const std::string& other) {
        return one.empty() || other.empty() || one == other;
    };
    return !left.call_id.empty() && left.call_id == right.call_id &&
           same_tag(left.local_tag, right.local_tag) && same_tag(left.remote_tag, right.remote_tag);
}

/// The registration of the phone that has sent `request`; nullptr: none is known to be. Behind a
/// proxy all have its address: there it is the one whose contact is named, or the only one.
const Binding* phone_of(const PublishReceived& request, std::span<const Binding> registered)
{
    if (const auto* direct = binding_of(registered, {}, request.source)) return direct;
    const Binding* behind = nullptr;
    for (const Binding& binding : registered) {
        const Flow proxy = target_of(binding).flow;
        if (binding.path.empty() || proxy.host != request.source.host ||
            proxy.transport != request.source.transport)
            continue;
        if (same_address(binding.contact, request.contact)) return &binding;
        if (behind) return nullptr;
        behind = &binding;
    }
    return behind;
}

DialogSnapshot ended(DialogSnapshot dialog)
{
    dialog.state = LegState::terminated;
    return dialog;
}

}  // namespace

struct Publications::Content {
    bool there = false;
    DialogInfo document;
    std::string call_info;
};

Publications::Publications(PublicationSettings settings, TokenSource tokens)
    : settings_{settings}, tokens_{std::move(tokens)}
{
    legs_.skip_to({first_leg});
}

std::chrono::seconds Publications::longest(std::optional<EventPackage> package) const noexcept
{
    return package == EventPackage::line_seize ? settings_.seized : settings_.most;
}

/// A phone about its own extension, a trusted one about any.
bool Publications::may_publish(const Directory& directory, std::string_view publisher,
                               std::string_view extension) noexcept
{
    const auto* known = directory.find(publisher);
    return known && directory.find(extension) && (known->trusted || publisher == extension);
}

/// False: it is answered.
bool Publications::read(const PublishReceived& request, std::optional<EventPackage> package,
                        const Directory& directory, Content& content, Outbox& outbox) const
{
    const auto refuse = [&](Reply reply) {
        outbox.send(std::move(reply));
        return false;
    };
    if (!package) {
        if (!has_body(request.payload)) return true;
        if (!is_dialog_info(request.payload->content_type))
            return refuse(answer(request, 415, {{"Accept", std::string{dialog_info_type}}}));
        auto document = read_dialog_info(request.payload->body);
        if (!document || document->dialogs.size() > max_dialogs ||
            std::ranges::any_of(document->dialogs, has_overlong_words))
            return refuse(
                refusal(request, 400, directory,
                        "the body is no dialog-info document of at most 32 KB and 32 dialogs, "
                        "without a DOCTYPE, with Call-IDs and tags of at most 256 bytes and "
                        "addresses and names of at most 1024"));
        for (const auto& dialog : document->dialogs)
            if (!dialog_state(dialog.state))
                return refuse(refusal(request, 400, directory,
                                      printable(dialog.state) +
                                          " is no state of a dialog: trying, proceeding, early, "
                                          "confirmed or terminated"));
        content.there = true;
        content.document = *std::move(document);
        return true;
    }
    if (request.payload)
        for (const auto& header : request.payload->headers)
            if (header.name == "Call-Info")
                content.call_info += (content.call_info.empty() ? "" : ", ") + header.value;
    const auto said = split_call_info(content.call_info);
    if (!said)
        return refuse(
            refusal(request, 400, directory,
                    content.call_info.empty() ? "Call-Info is missing" : "Call-Info is malformed"));
    if (std::ranges::any_of(*said, [](const auto& one) { return one.text.size() > max_said; }))
        return refuse(refusal(request, 400, directory,
                              "Call-Info says more than 1024 bytes of one appearance"));
    if (package == EventPackage::line_seize &&
        std::ranges::any_of(*said, [](const auto& one) { return one.info.index == 0; }))
        return refuse(refusal(request, 400, directory, "Call-Info has no appearance-index"));
    content.there = true;
    return true;
}

StatePublished Publications::receive(const PublishReceived& request, const Directory& directory,
                                     std::span<const Binding> registered, Moment now,
                                     Outbox& outbox)
{
    StatePublished changes;
    const auto package = event_package(request.event);
    const bool seize = package == EventPackage::line_seize;
    if (request.event != "dialog" && package != EventPackage::call_info && !seize) {
        outbox.send(answer(request, 489, {{"Allow-Events", std::string{publishable}}}));
        return changes;
    }
    const auto extension = extension_of(request.request_uri);
    if (!may_publish(directory, request.authenticated, extension)) {
        outbox.send(answer(request, 403));
        return changes;
    }
    const auto known = by_etag_.find(request.if_match);
    const bool begins = request.if_match.empty();
    if (!begins &&
        (known == by_etag_.end() || known->second.extension != extension ||
         known->second.package != package || known->second.publisher != request.authenticated)) {
        outbox.send(answer(request, 412));
        return changes;
    }
    const auto least = seize ? seconds{1} : settings_.least;
    auto granted = request.expires.value_or(seize ? settings_.seized : settings_.otherwise);
    granted = std::min(granted, longest(package));
    if (granted.count() > 0 && granted < least) {
        outbox.send(answer(request, 423, {{"Min-Expires", std::to_string(least.count())}}));
        return changes;
    }
    Content content;
    const bool refreshes = !begins && !has_content(request);
    if (!refreshes && granted.count() > 0 && !read(request, package, directory, content, outbox))
        return changes;
    if (begins && granted.count() > 0) {
        if (!content.there) {
            outbox.send(refusal(request, 400, directory, "there is nothing to publish"));
            return changes;
        }
        const auto subject = subjects_.find(extension);
        if (subject != subjects_.end() && subject->second.etags.size() >= settings_.per_extension &&
            !make_room(subject->second, request.authenticated, changes, outbox)) {
            outbox.send(refusal(request, 403, directory, "too many publications"));
            return changes;
        }
    }
    const auto etag = tokens_();
    outbox.send(
        answer(request, 200, {{"SIP-ETag", etag}, {"Expires", std::to_string(granted.count())}}));
    if (granted.count() == 0) {
        if (!begins) withdraw(request.if_match, changes, outbox);
        return changes;
    }
    auto node = by_etag_.extract(request.if_match);
    Publication publication{.id = {},
                            .extension = extension,
                            .publisher = request.authenticated,
                            .package = package,
                            .phone = {},
                            .dialogs = {},
                            .call_info = {},
                            .expires_at = {}};
    auto& etags = subjects_[extension].etags;
    if (!node) {
        publication.id = tokens_();
    } else {
        publication = std::move(node.mapped());
        expiry_.cancel(request.if_match);
        std::erase(etags, request.if_match);
    }
    etags.push_back(etag);
    auto& kept = by_etag_.try_emplace(etag, std::move(publication)).first->second;
    expiry_.set(etag, now.mono + granted);
    kept.expires_at = std::chrono::ceil<seconds>(now.wall) + granted;
    const auto* phone =
        request.authenticated == extension ? phone_of(request, registered) : nullptr;
    if (phone) kept.phone = Registration{phone->contact, phone->call_id};
    if (content.there && !package) {
        publish_dialogs(kept, content.document, directory, changes, outbox);
    } else if (content.there) {
        kept.call_info = std::move(content.call_info);
        overrule(etag, kept, outbox);
        changes.packages.emplace_back(*package, extension);
    }
    store(etag, kept, begins, outbox);
    return changes;
}

/// One that says nothing any more is withdrawn, of `publisher` if there is one. Whoever forgets its
/// entity-tags, or has none in mind, shuts out neither itself nor others by what it has said
/// before.
bool Publications::make_room(const Subject& subject, std::string_view publisher,
                             StatePublished& changes, Outbox& outbox)
{
    std::string empty;
    for (const auto& etag : subject.etags) {
        const auto& one = by_etag_.find(etag)->second;
        if (!one.dialogs.empty() || !one.call_info.empty()) continue;
        if (empty.empty() || one.publisher == publisher) empty = etag;
        if (one.publisher == publisher) break;
    }
    if (empty.empty()) return false;
    withdraw(empty, changes, outbox);
    return true;
}

/// Of each appearance counts what was said last, whoever said it: `newest` takes what it names from
/// all others.
void Publications::overrule(const std::string& etag, const Publication& newest, Outbox& outbox)
{
    const auto said = read_call_info(newest.call_info);
    if (!said) return;
    const bool all = std::ranges::any_of(*said, &CallInfo::rest);
    for (const auto& other : subjects_.find(newest.extension)->second.etags) {
        auto& older = by_etag_.find(other)->second;
        if (other == etag || older.package != newest.package) continue;
        auto values = split_call_info(older.call_info);
        if (!values) continue;
        const auto gone = std::erase_if(*values, [&](const SaidCallInfo& value) {
            return (all && !value.info.names_none()) ||
                   std::ranges::any_of(*said, [&](const CallInfo& info) {
                       return info.rest == value.info.rest && info.index == value.info.index;
                   });
        });
        if (gone == 0) continue;
        older.call_info = joined(*values);
        store(other, older, false, outbox);
    }
}

/// What the publisher of `newer` has said of `dialog` in another publication, whose entity-tag it
/// may have forgotten. It leaves that one, unless it is hidden there.
std::optional<Publications::PublishedDialog>
Publications::take_from_older(const Publication& newer, const DialogId& dialog, Outbox& outbox)
{
    const auto& etags = subjects_.find(newer.extension)->second.etags;
    for (const auto& etag : etags) {
        auto& older = by_etag_.find(etag)->second;
        if (&older == &newer || older.publisher != newer.publisher) continue;
        const auto found = std::ranges::find_if(older.dialogs, [&](const PublishedDialog& one) {
            return is_same_dialog(one.latest.dialog, dialog);
        });
        if (found == older.dialogs.end()) continue;
        auto taken = *found;
        if (taken.ours) return taken;
        older.dialogs.erase(found);
        store(etag, older, false, outbox);
        return taken;
    }
    return std::nullopt;
}

void Publications::publish_dialogs(Publication& publication, const DialogInfo& document,
                                   const Directory& directory, StatePublished& changes,
                                   Outbox& outbox)
{
    const auto& own = subjects_[publication.extension].own_dialogs;
    auto& dialogs = publication.dialogs;
    for (const auto& element : document.dialogs) {
        auto snapshot = snapshot_of(element, publication.extension, directory);
        auto found = std::ranges::find(dialogs, element.id, &PublishedDialog::element);
        const bool ends = snapshot.state == LegState::terminated;
        // Some phones number their dialogs, and use a number again.
        if (found != dialogs.end() && (ends || is_another(found->latest, snapshot))) {
            if (!found->ours) changes.dialogs.push_back(ended(found->latest));
            dialogs.erase(found);
            found = dialogs.end();
        }
        const auto older = take_from_older(publication, snapshot.dialog, outbox);
        if (older && !older->ours && (ends || found != dialogs.end()))
            changes.dialogs.push_back(ended(older->latest));
        if (ends) continue;
        const bool ours = own.contains(element.call_id) || (older && older->ours);
        if (found != dialogs.end()) {
            snapshot.leg = found->latest.leg;
            snapshot.id = found->latest.id;
            snapshot.resumed = found->latest.resumed;
            found->latest = snapshot;
            found->ours = found->ours || ours;
            if (!found->ours) changes.dialogs.push_back(std::move(snapshot));
        } else if (dialogs.size() < max_dialogs) {
            snapshot.leg = older && !older->ours ? older->latest.leg : legs_.next();
            snapshot.id = older && !older->ours ? older->latest.id : tokens_();
            snapshot.resumed = older && older->latest.resumed;
            dialogs.push_back({element.id, snapshot, ours});
            if (!ours) changes.dialogs.push_back(std::move(snapshot));
        } else if (older && !older->ours) {
            changes.dialogs.push_back(ended(older->latest));
        }
    }
    if (!document.full) return;
    std::erase_if(dialogs, [&](const PublishedDialog& dialog) {
        const bool gone = std::ranges::find(document.dialogs, dialog.element, &DialogElement::id) ==
                          document.dialogs.end();
        if (gone && !dialog.ours) changes.dialogs.push_back(ended(dialog.latest));
        return gone;
    });
}

/// A dialog of our own hides what is published of it, for as long as that is published: its end is
/// ours to tell, and the phone's word of it may come late.
StatePublished Publications::fold(const DialogSnapshot& own, Outbox& outbox)
{
    StatePublished changes;
    const bool over = own.state == LegState::terminated;
    auto subject = subjects_.find(own.extension);
    if (subject == subjects_.end()) {
        if (over) return changes;
        subject = subjects_.try_emplace(own.extension).first;
    }
    auto& dialogs = subject->second.own_dialogs;
    if (over) {
        if (const auto found = dialogs.find(own.dialog.call_id);
            found != dialogs.end() && found->second == own.leg.value)
            dialogs.erase(found);
        drop_unused_subject(own.extension);
        return changes;
    }
    if (!dialogs.insert_or_assign(own.dialog.call_id, own.leg.value).second) return changes;
    for (const auto& etag : subject->second.etags) {
        auto& publication = by_etag_.find(etag)->second;
        const auto before = changes.dialogs.size();
        for (auto& dialog : publication.dialogs) {
            if (dialog.ours || dialog.latest.dialog.call_id != own.dialog.call_id) continue;
            dialog.ours = true;
            changes.dialogs.push_back(ended(dialog.latest));
        }
        if (changes.dialogs.size() > before) store(etag, publication, false, outbox);
    }
    return changes;
}

StatePublished Publications::bindings_changed(std::string_view aor,
                                              std::span<const Binding> registered, bool expired,
                                              Outbox& outbox)
{
    StatePublished changes;
    const auto subject = subjects_.find(aor);
    if (subject == subjects_.end()) return changes;
    std::vector<std::string> left;
    for (const auto& etag : subject->second.etags) {
        auto& phone = by_etag_.find(etag)->second.phone;
        if (!phone) continue;
        const auto here = std::ranges::find_if(registered, [&](const Binding& binding) {
            return equivalent(binding.contact, phone->contact);
        });
        const bool is_here = here != registered.end();
        phone->is_over = !is_here && (phone->is_over || expired);
        if (is_here ? here->call_id != phone->call_id : !phone->is_over) left.push_back(etag);
    }
    for (const auto& etag : left) withdraw(etag, changes, outbox);
    return changes;
}

void Publications::phone_moved(const PhoneMoved& moved, Outbox& outbox)
{
    const auto subject = subjects_.find(moved.aor);
    if (subject == subjects_.end() || equivalent(moved.old_contact, moved.contact)) return;
    for (const auto& etag : subject->second.etags) {
        auto& publication = by_etag_.find(etag)->second;
        auto& phone = publication.phone;
        if (!phone || !equivalent(phone->contact, moved.old_contact)) continue;
        phone->contact = moved.contact;
        store(etag, publication, false, outbox);
    }
}

StatePublished Publications::phone_left(const PhoneLeft& left, Outbox& outbox)
{
    StatePublished changes;
    std::vector<std::string> over;
    if (left.expelled) {
        for (const auto& [etag, publication] : by_etag_)
            if (publication.publisher == left.aor) over.push_back(etag);
        for (const auto& etag : over) withdraw(etag, changes, outbox);
        return changes;
    }
    const auto subject = subjects_.find(left.aor);
    if (subject == subjects_.end()) return changes;
    for (const auto& etag : subject->second.etags) {
        const auto& phone = by_etag_.find(etag)->second.phone;
        if (phone && phone->is_over &&
            (!left.contact || equivalent(*left.contact, phone->contact)))
            over.push_back(etag);
    }
    for (const auto& etag : over) withdraw(etag, changes, outbox);
    return changes;
}

StatePublished Publications::advance(Moment now, Outbox& outbox)
{
    StatePublished changes;
    while (const auto due = expiry_.take_due(now.mono)) withdraw(*due, changes, outbox);
    return changes;
}

StatePublished Publications::replace_directory(const Directory& directory, Outbox& outbox)
{
    StatePublished changes;
    std::vector<std::string> gone;
    for (const auto& [etag, publication] : by_etag_)
        if (!may_publish(directory, publication.publisher, publication.extension))
            gone.push_back(etag);
    for (const auto& etag : gone) withdraw(etag, changes, outbox);
    return changes;
}

std::optional<PublishedBy> Publications::publisher_of(std::string_view extension, LegId leg) const
{
    const auto subject = subjects_.find(extension);
    if (subject == subjects_.end()) return std::nullopt;
    for (const auto& etag : subject->second.etags) {
        const auto& publication = by_etag_.find(etag)->second;
        for (const auto& dialog : publication.dialogs)
            if (dialog.latest.leg == leg)
                return PublishedBy{publication.publisher, publication.expires_at};
    }
    return std::nullopt;
}

std::vector<Header> Publications::call_info(EventPackage package, std::string_view extension) const
{
    std::vector<Header> headers;
    const auto subject = subjects_.find(extension);
    if (subject == subjects_.end()) return headers;
    for (const auto& etag : subject->second.etags) {
        const auto& publication = by_etag_.find(etag)->second;
        if (publication.package == package && !publication.call_info.empty())
            headers.push_back({"Call-Info", publication.call_info});
    }
    return headers;
}

void Publications::withdraw(const std::string& etag, StatePublished& changes, Outbox& outbox)
{
    const auto node = by_etag_.extract(etag);
    if (!node) return;
    expiry_.cancel(etag);
    const auto& publication = node.mapped();
    for (const auto& dialog : publication.dialogs)
        if (!dialog.ours) changes.dialogs.push_back(ended(dialog.latest));
    if (publication.package)
        changes.packages.emplace_back(*publication.package, publication.extension);
    outbox.store(PublicationRemoved{publication.id});
    if (const auto subject = subjects_.find(publication.extension); subject != subjects_.end())
        std::erase(subject->second.etags, etag);
    drop_unused_subject(publication.extension);
}

void Publications::drop_unused_subject(std::string_view extension)
{
    const auto subject = subjects_.find(extension);
    if (subject != subjects_.end() && subject->second.etags.empty() &&
        subject->second.own_dialogs.empty())
        subjects_.erase(subject);
}

}  // namespace lampline
