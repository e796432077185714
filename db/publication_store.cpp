#include "db/publication_store.hpp"

#include <array>
#include <unordered_map>

#include "db/rows.hpp"

namespace lampline::db {
namespace {

/// The texts of a dialog, in the order of their columns.
template <class Dialog>
auto texts_of(Dialog& dialog)
{
    auto& said = dialog.said;
    return std::array{&said.id,           &dialog.shown_id,      &said.call_id,
                      &said.local_tag,    &said.remote_tag,      &said.direction,
                      &said.state,        &said.local_identity,  &said.local_display,
                      &said.local_target, &said.remote_identity, &said.remote_display,
                      &said.remote_target};
}
constexpr const char* dialog_columns =
    "publication, place, hidden, rendered, element, shown_id, call_id, local_tag, remote_tag, "
    "direction, state, local_identity, local_display, local_target, remote_identity, "
    "remote_display, remote_target";
constexpr int first_text = 4;

/// A line each. Of a row that is damaged none counts: what it says lasts until it expires.
std::vector<StoredPublisher> phones_in(const SQLite::Column& contacts,
                                       const SQLite::Column& registrations)
{
    const auto at = lines_in(contacts), by = lines_in(registrations);
    std::vector<StoredPublisher> phones;
    for (std::size_t i = 0; at.size() == by.size() && i < at.size(); ++i)
        phones.push_back({at[i], by[i]});
    return phones;
}

}  // namespace

std::vector<StoredPublication> PublicationStore::all() const
{
    std::vector<StoredPublication> publications;
    std::unordered_map<std::string, std::size_t> places;
    SQLite::Statement select{database_.handle(),
                             "SELECT id, etag, extension, publisher, event, call_info, contact, "
                             "registration, expires_at FROM publication"};
    while (select.executeStep()) {
        places.emplace(select.getColumn(0).getString(), publications.size());
        publications.push_back({.id = select.getColumn(0).getString(),
                                .etag = select.getColumn(1).getString(),
                                .extension = select.getColumn(2).getString(),
                                .publisher = select.getColumn(3).getString(),
                                .event = select.getColumn(4).getString(),
                                .dialogs = {},
                                .call_info = select.getColumn(5).getString(),
                                .phones = phones_in(select.getColumn(6), select.getColumn(7)),
                                .expires_at = time_in(select.getColumn(8))});
    }
    SQLite::Statement dialogs{database_.handle(), std::string{"SELECT "} + dialog_columns +
                                                      " FROM published_dialog "
                                                      "ORDER BY publication, place"};
    while (dialogs.executeStep()) {
        const auto place = places.find(dialogs.getColumn(0).getString());
        if (place == places.end()) continue;
        StoredPublishedDialog dialog;
        dialog.hidden = dialogs.getColumn(2).getInt() != 0;
        dialog.said.rendered = dialogs.getColumn(3).getInt() != 0;
        int at = first_text;
        for (auto* text : texts_of(dialog)) *text = dialogs.getColumn(at++).getString();
        publications[place->second].dialogs.push_back(std::move(dialog));
    }
    return publications;
}

void PublicationStore::put(const StoredPublication& publication)
{
    remove(publication.id);
    std::vector<std::string> contacts, registrations;
    for (const auto& phone : publication.phones) {
        contacts.push_back(phone.contact);
        registrations.push_back(phone.registration);
    }
    SQLite::Statement insert{database_.handle(),
                             "INSERT INTO publication (id, etag, extension, publisher, event, "
                             "call_info, contact, registration, expires_at) "
                             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    insert.bind(1, publication.id);
    insert.bind(2, publication.etag);
    insert.bind(3, publication.extension);
    insert.bind(4, publication.publisher);
    insert.bind(5, publication.event);
    insert.bind(6, publication.call_info);
    insert.bind(7, column(contacts));
    insert.bind(8, column(registrations));
    insert.bind(9, column(publication.expires_at));
    insert.exec();
    if (publication.dialogs.empty()) return;
    SQLite::Statement dialog{database_.handle(),
                             std::string{"INSERT INTO published_dialog ("} + dialog_columns +
                                 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    std::int64_t place = 0;
    for (const auto& one : publication.dialogs) {
        dialog.bind(1, publication.id);
        dialog.bind(2, place++);
        dialog.bind(3, one.hidden ? 1 : 0);
        dialog.bind(4, one.said.rendered ? 1 : 0);
        int at = first_text + 1;
        for (const auto* text : texts_of(one)) dialog.bind(at++, *text);
        run_once(dialog);
    }
}

void PublicationStore::remove(const std::string& id)
{
    SQLite::Statement erase{database_.handle(), "DELETE FROM publication WHERE id = ?"};
    erase.bind(1, id);
    erase.exec();
}

}  // namespace lampline::db
