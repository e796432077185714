// Publications: a published dialog beside what was said of it before, and beside our own.
#include <algorithm>

#include "engine/publications.hpp"
#include "engine/published_dialog.hpp"

namespace lampline {
namespace {

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

}  // namespace

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
        if (const auto found = dialogs.find(own.dialog.call_id); found != dialogs.end()) {
            std::erase(found->second, own.leg);
            if (found->second.empty()) dialogs.erase(found);
        }
        drop_unused_subject(own.extension);
        return changes;
    }
    auto& legs = dialogs[own.dialog.call_id];
    const bool hidden = !legs.empty();
    if (std::ranges::count(legs, own.leg) == 0) legs.push_back(own.leg);
    if (hidden) return changes;
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

void Publications::describe(LiveView& view) const
{
    view.publications = by_etag_.size();
    for (const auto& [etag, publication] : by_etag_)
        for (const auto& dialog : publication.dialogs)
            if (!dialog.ours)
                view.published.push_back({published_event(dialog.latest), publication.publisher,
                                          publication.expires_at});
}

}  // namespace lampline
