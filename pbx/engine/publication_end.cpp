// Publications: what ends them, and which follow the phone that has said them.
#include <algorithm>

#include "engine/publications.hpp"
#include "engine/published_dialog.hpp"

namespace lampline {

/// Which of them has spoken may not be known, but who has left or begun anew says nothing more.
template <class Gone>
bool Publications::forget_phones(const std::string& etag, Gone gone, Outbox& outbox)
{
    auto& publication = by_etag_.find(etag)->second;
    if (std::erase_if(publication.phones, gone) == 0) return false;
    if (publication.phones.empty()) return true;
    store(etag, publication, false, outbox);
    return false;
}

StatePublished Publications::bindings_changed(std::string_view aor,
                                              std::span<const Binding> registered, bool expired,
                                              Outbox& outbox)
{
    StatePublished changes;
    const auto subject = subjects_.find(aor);
    if (subject == subjects_.end()) return changes;
    std::vector<std::string> left;
    const auto registered_as = [&](const Registration& phone) -> const Binding* {
        const auto here = std::ranges::find_if(registered, [&](const Binding& binding) {
            return equivalent(binding.contact, phone.contact);
        });
        return here == registered.end() ? nullptr : &*here;
    };
    const auto has_left = [&](const Registration& phone) {
        const auto* here = registered_as(phone);
        return here ? here->call_id != phone.call_id : !phone.is_over;
    };
    for (const auto& etag : subject->second.etags) {
        for (auto& phone : by_etag_.find(etag)->second.phones)
            phone.is_over = !registered_as(phone) && (phone.is_over || expired);
        if (forget_phones(etag, has_left, outbox)) left.push_back(etag);
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
        const auto phone = std::ranges::find_if(publication.phones, [&](const auto& each) {
            return equivalent(each.contact, moved.old_contact);
        });
        if (phone == publication.phones.end()) continue;
        phone->contact = moved.contact;
        store(etag, publication, false, outbox);
    }
}

StatePublished Publications::phone_left(const PhoneLeft& left, Outbox& outbox)
{
    StatePublished changes;
    std::vector<std::string> over;
    const auto has_left = [&](const Registration& phone) {
        return phone.is_over && (!left.contact || equivalent(*left.contact, phone.contact));
    };
    if (left.expelled) {
        for (const auto& [etag, publication] : by_etag_)
            if (publication.publisher == left.aor) over.push_back(etag);
        for (const auto& etag : over) withdraw(etag, changes, outbox);
        return changes;
    }
    const auto subject = subjects_.find(left.aor);
    if (subject == subjects_.end()) return changes;
    for (const auto& etag : subject->second.etags)
        if (forget_phones(etag, has_left, outbox)) over.push_back(etag);
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
