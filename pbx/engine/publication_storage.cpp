// Publications: what of them is kept over a restart, and taking it up again.
#include <algorithm>

#include "core/appearance.hpp"
#include "engine/publications.hpp"
#include "engine/published_dialog.hpp"

namespace lampline {

void Publications::store(const std::string& etag, const Publication& publication, bool first,
                         Outbox& outbox)
{
    PublicationStored stored{
        .publication = {.id = publication.id,
                        .etag = etag,
                        .extension = publication.extension,
                        .publisher = publication.publisher,
                        .event = std::string{publication.package ? name(*publication.package)
                                                                 : "dialog"},
                        .dialogs = {},
                        .call_info = publication.call_info,
                        .phones = {},
                        .expires_at = publication.expires_at},
        .first = first};
    for (const auto& phone : publication.phones)
        stored.publication.phones.push_back({write(phone.contact), phone.call_id});
    for (const auto& dialog : publication.dialogs)
        stored.publication.dialogs.push_back(
            {element_of(dialog.latest, dialog.element), dialog.latest.id, dialog.ours});
    outbox.store(std::move(stored));
}

/// Whether it is to be taken up: what storage holds is read like a PUBLISH.
bool Publications::is_acceptable(const StoredPublication& stored, const Directory& directory,
                                 Moment now) const
{
    const auto package = event_package(stored.event);
    if (stored.event != "dialog" && package != EventPackage::call_info &&
        package != EventPackage::line_seize)
        return false;
    if (stored.expires_at <= now.wall || by_etag_.contains(stored.etag)) return false;
    if (package && !stored.call_info.empty() && !read_call_info(stored.call_info)) return false;
    const auto subject = subjects_.find(stored.extension);
    if (subject != subjects_.end() && subject->second.etags.size() >= settings_.per_extension)
        return false;
    return may_publish(directory, stored.publisher, stored.extension);
}

StatePublished Publications::restore(std::vector<StoredPublication> stored,
                                     const Directory& directory, Moment now, Outbox& outbox)
{
    StatePublished changes;
    for (auto& kept : stored) {
        if (!is_acceptable(kept, directory, now)) {
            outbox.store(PublicationRemoved{std::move(kept.id)});
            continue;
        }
        const auto package = event_package(kept.event);
        auto& subject = subjects_[kept.extension];
        subject.etags.push_back(kept.etag);
        auto& publication = by_etag_[kept.etag];
        publication = {.id = std::move(kept.id),
                       .extension = kept.extension,
                       .publisher = std::move(kept.publisher),
                       .package = package,
                       .phones = {},
                       .dialogs = {},
                       .call_info = std::move(kept.call_info),
                       .expires_at = kept.expires_at};
        // It may not be registered any more by now, which it has not said.
        for (auto& phone : kept.phones)
            if (auto contact = SipUri::parse(phone.contact))
                publication.phones.push_back(
                    {*std::move(contact), std::move(phone.registration), true});
        // A clock that was set back must not make it last.
        expiry_.set(kept.etag, now.mono + std::min<std::chrono::nanoseconds>(
                                              kept.expires_at - now.wall, longest(package)));
        for (const auto& one : kept.dialogs) {
            auto snapshot = snapshot_of(one.said, kept.extension, directory);
            if (snapshot.state == LegState::terminated) continue;
            snapshot.leg = legs_.next();
            snapshot.id = one.shown_id;
            snapshot.resumed = true;
            const bool ours = one.hidden || subject.own_dialogs.contains(snapshot.dialog.call_id);
            publication.dialogs.push_back({one.said.id, snapshot, ours});
            if (!ours) changes.dialogs.push_back(std::move(snapshot));
        }
        if (package) changes.packages.emplace_back(*package, std::move(kept.extension));
    }
    return changes;
}

}  // namespace lampline
