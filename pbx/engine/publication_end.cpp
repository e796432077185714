// Publications: what ends them, and which follow the phone that has said them.
#include <algorithm>

#include "engine/publications.hpp"
#include "engine/published_dialog.hpp"

namespace lampline {

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
