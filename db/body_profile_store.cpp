#include "db/body_profile_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {
namespace {

constexpr const char* columns =
    "SELECT name, initiator_words, recipient_words, dialogs, dialog_id, ended, clearing, "
    "idle_dialog_id, entity, tags, end_event, display_names, local_targets, remote_targets, "
    "rendering, direction, partial, gap_ms, max_body, state_first, direction_first, final_newline, "
    "version, created_at, updated_at, unregistered, do_not_disturb, forwarded, "
    "merged_lists, identity, switched_on, pickup_target, parked FROM body_profile ";
constexpr std::string_view hidden = "hidden";
constexpr std::string_view actual = "actual";

std::string text_of(const BodyProfile::Words& words)
{
    std::string text;
    for (const auto word : words) {
        if (!text.empty()) text += ' ';
        text += word.empty() ? hidden : word;
    }
    return text;
}

/// What is no word counts as hidden.
BodyProfile::Words words_in(const std::string& text)
{
    BodyProfile::Words words{};
    std::string_view rest{text};
    for (auto& word : words) {
        const auto end = rest.find(' ');
        word = dialog_word(rest.substr(0, end)).value_or("");
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return words;
}

std::optional<Direction> direction_in(const std::string& text)
{
    if (text == actual) return std::nullopt;
    return text == "initiator" ? Direction::initiator : Direction::recipient;
}

std::string text_of(std::optional<Direction> direction)
{
    if (!direction) return std::string{actual};
    return direction == Direction::initiator ? "initiator" : "recipient";
}

/// Reads a row column after column.
StoredBodyProfile row_in(SQLite::Statement& row)
{
    int at = 0;
    const auto text = [&] { return row.getColumn(at++).getString(); };
    const auto flag = [&] { return row.getColumn(at++).getInt() != 0; };
    StoredBodyProfile stored;
    auto& profile = stored.profile;
    profile.name = text();
    profile.as_initiator = words_in(text());
    profile.as_recipient = words_in(text());
    profile.shown = shown_dialogs(text()).value_or(ShownDialogs::all);
    profile.dialog_id = text();
    profile.ended = flag();
    profile.clearing = clearing(text()).value_or(Clearing::between_calls);
    profile.idle_dialog_id = text();
    profile.entity = flag();
    profile.tags = flag();
    profile.end_event = flag();
    profile.display_names = flag();
    profile.local_targets = flag();
    profile.remote_targets = flag();
    profile.rendering = flag();
    profile.direction = direction_in(text());
    profile.partial = flag();
    profile.gap = std::chrono::milliseconds{row.getColumn(at++).getInt()};
    profile.max_body = static_cast<std::size_t>(row.getColumn(at++).getInt64());
    profile.state_first = flag();
    profile.direction_first = flag();
    profile.final_newline = flag();
    stored.stamp.version = static_cast<std::uint64_t>(row.getColumn(at++).getInt64());
    stored.stamp.created_at = time_in(row.getColumn(at++));
    stored.stamp.updated_at = time_in(row.getColumn(at++));
    for (auto* word : {&profile.unregistered, &profile.do_not_disturb, &profile.forwarded})
        *word = dialog_word(text()).value_or("");
    profile.merged_lists = flag();
    profile.identity = identity_header(text()).value_or(IdentityHeader::asserted);
    profile.switched_on = dialog_word(text()).value_or("");
    profile.pickup_target = pickup_target(text()).value_or(PickupTarget::none);
    profile.parked = dialog_word(text()).value_or("");
    return stored;
}

void read_phones(Database& database, BodyProfile& profile)
{
    SQLite::Statement phones{
        database.handle(),
        "SELECT beginning FROM body_profile_phone WHERE profile = ? ORDER BY position"};
    phones.bind(1, profile.name);
    while (phones.executeStep()) profile.user_agents.push_back(phones.getColumn(0).getString());
}

void bind_row(SQLite::Statement& statement, const StoredBodyProfile& row)
{
    const auto& profile = row.profile;
    int at = 0;
    const auto text = [&](std::string value) { statement.bind(++at, value); };
    const auto number = [&](std::int64_t value) { statement.bind(++at, value); };
    text(profile.name);
    text(text_of(profile.as_initiator));
    text(text_of(profile.as_recipient));
    text(std::string{name(profile.shown)});
    text(profile.dialog_id);
    number(profile.ended);
    text(std::string{name(profile.clearing)});
    text(profile.idle_dialog_id);
    number(profile.entity);
    number(profile.tags);
    number(profile.end_event);
    number(profile.display_names);
    number(profile.local_targets);
    number(profile.remote_targets);
    number(profile.rendering);
    text(text_of(profile.direction));
    number(profile.partial);
    number(profile.gap.count());
    number(static_cast<std::int64_t>(profile.max_body));
    number(profile.state_first);
    number(profile.direction_first);
    number(profile.final_newline);
    number(static_cast<std::int64_t>(row.stamp.version));
    number(column(row.stamp.created_at));
    number(column(row.stamp.updated_at));
    for (const auto word : {profile.unregistered, profile.do_not_disturb, profile.forwarded})
        text(std::string{word.empty() ? hidden : word});
    number(profile.merged_lists);
    text(std::string{name(profile.identity)});
    text(std::string{profile.switched_on.empty() ? hidden : profile.switched_on});
    text(std::string{name(profile.pickup_target)});
    text(std::string{profile.parked.empty() ? hidden : profile.parked});
}

}  // namespace

std::optional<StoredBodyProfile> BodyProfileStore::find(std::string_view name) const
{
    SQLite::Statement select{database_.handle(), std::string{columns} + "WHERE name = ?"};
    select.bind(1, std::string{name});
    if (!select.executeStep()) return std::nullopt;
    auto row = row_in(select);
    read_phones(database_, row.profile);
    return row;
}

std::vector<StoredBodyProfile> BodyProfileStore::all() const
{
    std::vector<StoredBodyProfile> rows;
    SQLite::Statement select{database_.handle(), std::string{columns} + "ORDER BY name"};
    while (select.executeStep()) rows.push_back(row_in(select));
    for (auto& row : rows) read_phones(database_, row.profile);
    return rows;
}

void BodyProfileStore::put(const StoredBodyProfile& row)
{
    auto stored = row;
    if (const auto before = find(row.profile.name))
        stored.stamp.created_at = before->stamp.created_at;
    remove(row.profile.name);  // and with it its phones
    SQLite::Statement insert{database_.handle(),
                             "INSERT INTO body_profile VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
                             "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                             "?, ?, ?)"};
    bind_row(insert, stored);
    insert.exec();
    SQLite::Statement phone{database_.handle(), "INSERT INTO body_profile_phone VALUES (?, ?, ?)"};
    for (std::size_t i = 0; i < row.profile.user_agents.size(); ++i) {
        phone.bind(1, row.profile.name);
        phone.bind(2, static_cast<std::int64_t>(i));
        phone.bind(3, row.profile.user_agents[i]);
        run_once(phone);
    }
}

bool BodyProfileStore::remove(std::string_view name)
{
    SQLite::Statement erase{database_.handle(), "DELETE FROM body_profile WHERE name = ?"};
    erase.bind(1, std::string{name});
    return erase.exec() > 0;
}

std::optional<std::string> BodyProfileStore::owner_of(std::string_view beginning) const
{
    SQLite::Statement select{database_.handle(),
                             "SELECT profile FROM body_profile_phone WHERE beginning = ?"};
    select.bind(1, std::string{beginning});
    if (!select.executeStep()) return std::nullopt;
    return select.getColumn(0).getString();
}

}  // namespace lampline::db
