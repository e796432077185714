#include "db/call_store.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>

#include "db/rows.hpp"

namespace lampline::db {
namespace {

constexpr int call_columns = 6;
constexpr int leg_columns = 22;

using Clock = std::chrono::system_clock;

std::int64_t column(Clock::time_point time)
{
    return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

/// A row that makes no call; what() names the column.
class Damaged : public std::runtime_error {
public:
    explicit Damaged(const char* column) : std::runtime_error{column} {}
};

/// The columns of one row in order, each checked.
class Reader {
public:
    explicit Reader(SQLite::Statement& row) : row_{row} {}

    std::string text() { return at().getString(); }
    /// Goes into a header as it is: no control characters, no blanks, nothing that ends a value.
    std::string word() { return word_or_none(1); }
    std::string word_or_none(std::size_t shortest = 0)
    {
        auto text = at().getString();
        const auto harmless = [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte > ' ' && byte != 0x7f && c != ';' && c != ',' && c != '<' && c != '>' &&
                   c != '"';
        };
        if (text.size() < shortest || !std::ranges::all_of(text, harmless)) fail();
        return text;
    }
    SipUri uri()
    {
        auto uri = SipUri::parse(at().getString());
        if (!uri) fail();
        return std::move(*uri);
    }
    SipUri uri_or_none()
    {
        if (!row_.getColumn(next_).getString().empty()) return uri();
        last_ = next_++;
        return {};
    }
    NameAddr address()
    {
        auto address = NameAddr::parse(at().getString());
        if (!address) fail();
        return std::move(*address);
    }
    std::vector<std::string> lines()
    {
        auto lines = lines_in(at());
        const auto control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
        for (const auto& line : lines)
            if (line.empty() || std::ranges::any_of(line, control)) fail();
        return lines;
    }
    std::int64_t number(std::int64_t low, std::int64_t high)
    {
        const auto value = at().getInt64();
        if (value < low || value > high) fail();
        return value;
    }
    std::optional<std::int64_t> number_or_null(std::int64_t low, std::int64_t high)
    {
        if (!row_.getColumn(next_).isNull()) return number(low, high);
        last_ = next_++;
        return std::nullopt;
    }
    Clock::time_point time()
    {
        constexpr std::int64_t year_3000 = 32'503'680'000'000;
        return Clock::time_point{std::chrono::milliseconds{number(0, year_3000)}};
    }
    /// Which of two words.
    bool either(std::string_view yes, std::string_view no)
    {
        const auto text = at().getString();
        if (text != yes && text != no) fail();
        return text == yes;
    }
    [[noreturn]] void fail() { throw Damaged{row_.getColumnName(last_)}; }

private:
    SQLite::Column at()
    {
        last_ = next_++;
        return row_.getColumn(last_);
    }

    SQLite::Statement& row_;
    int next_ = 0;
    int last_ = 0;
};

bool is_numeric_host(std::string_view host)
{
    return !host.empty() && host.size() < 64 && std::ranges::all_of(host, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
               c == '.' || c == ':';
    });
}

Flow read_flow(Reader& row)
{
    Flow flow;
    flow.transport = row.either("tcp", "udp") ? Transport::tcp : Transport::udp;
    flow.host = row.text();
    if (!is_numeric_host(flow.host)) row.fail();
    flow.port = static_cast<std::uint16_t>(row.number(0, 65535));
    flow.listener = static_cast<std::uint8_t>(row.number(0, 255));
    return flow;
}

StoredLeg read_leg(Reader& row)
{
    constexpr std::int64_t max_cseq = std::numeric_limits<std::int32_t>::max() / 2;
    StoredLeg leg;
    leg.role = row.either("caller", "callee") ? LegRole::caller : LegRole::callee;
    leg.extension = row.text();
    leg.dialog.call_id = row.word();
    // Of a phone that gives no tag it is empty; in proxy mode so is the local one of its peer.
    leg.dialog.local_tag = row.word_or_none();
    leg.dialog.remote_tag = row.word_or_none();
    leg.state.local_party = row.address();
    leg.state.remote_party = row.address();
    leg.state.contact_user = row.text();
    leg.state.target = row.uri_or_none();
    leg.state.route = row.lines();
    leg.state.cseq = static_cast<std::uint32_t>(row.number(1, max_cseq));
    leg.state.remote_cseq =
        static_cast<std::uint32_t>(row.number(0, std::numeric_limits<std::uint32_t>::max()));
    leg.flow = read_flow(row);
    leg.phone = row.address();
    leg.other = row.address();
    leg.supported = static_cast<OptionTag>(row.number(0, 127));
    leg.held = row.number(0, 1) == 1;
    auto type = row.text();
    auto body = row.text();
    if (!body.empty())
        leg.sdp = std::make_shared<const Payload>(Payload{std::move(type), std::move(body), {}});
    return leg;
}

/// By which trunk a leg goes, and what it may cost.
void read_trunk(Reader& row, StoredLeg& leg)
{
    leg.trunk = row.text();
    leg.payer = row.text();
    leg.counted = row.number(0, 1) == 1;
    const auto must_end_at = row.time();
    if (must_end_at.time_since_epoch().count() != 0) leg.must_end_at = must_end_at;
}

/// What the display of a phone follows by.
void read_display(Reader& row, StoredLeg& leg)
{
    leg.anonymous = row.number(0, 1) == 1;
    leg.takes_update = row.number(0, 1) == 1;
    leg.identity = identity_header(row.text()).value_or(IdentityHeader::asserted);
}

/// Where it is on a shared line.
void read_place(Reader& row, StoredLeg& leg)
{
    const auto index = row.number_or_null(0, max_appearances);
    const bool is_private = row.number(0, 1) == 1;
    if (index) leg.place = LinePlace{static_cast<unsigned>(*index), is_private};
}

StoredCall read_call(Reader& row)
{
    StoredCall call;
    call.id.value =
        static_cast<std::uint64_t>(row.number(1, std::numeric_limits<std::int64_t>::max()));
    call.from = row.text();
    call.dialled = row.text();
    call.started_at = row.time();
    call.answered_at = row.time();
    call.session_expires = std::chrono::seconds{row.number(0, 1'000'000'000)};
    for (auto& leg : call.legs) leg = read_leg(row);
    call.from_trunk = row.text();
    for (auto& leg : call.legs) read_trunk(row, leg);
    call.parked_by = row.text();
    call.rings_back_at = row.time();
    for (auto& leg : call.legs) read_display(row, leg);
    for (auto& leg : call.legs) read_place(row, leg);
    for (auto& leg : call.legs) {
        leg.name = row.word_or_none();
        // Where a phone is that another proxy has rung besides is not always known.
        if (leg.name.empty() && leg.state.target.host.empty()) row.fail();
    }
    for (auto& leg : call.legs) leg.holds = row.number(0, 1) == 1;
    for (auto& leg : call.legs) leg.on_behalf_of = row.text();
    for (auto& leg : call.legs) {
        const auto ends_at = row.time();
        if (ends_at.time_since_epoch().count() != 0) leg.session_ends_at = ends_at;
    }
    return call;
}

StoredInvite read_invite(Reader& row)
{
    StoredInvite invite;
    invite.role = row.either("caller", "callee") ? LegRole::caller : LegRole::callee;
    invite.answered = row.either("answered", "pending");
    invite.dialog.call_id = row.word();
    invite.dialog.local_tag = row.word_or_none();
    invite.dialog.remote_tag = row.word_or_none();
    invite.state.local_party = row.address();
    invite.state.remote_party = row.address();
    invite.state.target = row.uri();
    invite.state.route = row.lines();
    invite.cseq =
        static_cast<std::uint32_t>(row.number(0, std::numeric_limits<std::uint32_t>::max()));
    invite.via = row.lines();
    invite.flow = read_flow(row);
    return invite;
}

void bind_leg(SQLite::Statement& put, int first, const StoredLeg& leg)
{
    using lampline::write;
    put.bind(first, leg.role == LegRole::caller ? "caller" : "callee");
    put.bind(first + 1, leg.extension);
    put.bind(first + 2, leg.dialog.call_id);
    put.bind(first + 3, leg.dialog.local_tag);
    put.bind(first + 4, leg.dialog.remote_tag);
    put.bind(first + 5, write(leg.state.local_party));
    put.bind(first + 6, write(leg.state.remote_party));
    put.bind(first + 7, leg.state.contact_user);
    put.bind(first + 8, leg.state.target.host.empty() ? std::string{} : write(leg.state.target));
    put.bind(first + 9, db::column(leg.state.route));
    put.bind(first + 10, static_cast<std::int64_t>(leg.state.cseq));
    put.bind(first + 11, static_cast<std::int64_t>(leg.state.remote_cseq));
    bind_flow(put, first + 12, leg.flow);
    put.bind(first + 16, write(leg.phone));
    put.bind(first + 17, write(leg.other));
    put.bind(first + 18, static_cast<int>(leg.supported));
    put.bind(first + 19, leg.held ? 1 : 0);
    put.bind(first + 20, leg.sdp ? leg.sdp->content_type : std::string{});
    put.bind(first + 21, leg.sdp ? leg.sdp->body : std::string{});
}

}  // namespace

struct CallStore::Statements {
    explicit Statements(SQLite::Database& handle)
        : put{handle, "INSERT OR REPLACE INTO talking_call VALUES (?, ?, ?, ?, ?, ?, ?, "
                      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                      "?, ?, ?)"},
          erase{handle, "DELETE FROM talking_call WHERE id = ?"},
          put_invite{handle, "INSERT OR REPLACE INTO ringing_invite "
                             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
          erase_invites{handle, "DELETE FROM ringing_invite WHERE call = ?"}
    {
    }

    SQLite::Statement put;
    SQLite::Statement erase;
    SQLite::Statement put_invite;
    SQLite::Statement erase_invites;
};

CallStore::CallStore(Database& database)
    : database_{database}, statements_{std::make_unique<Statements>(database.handle())}
{
}

CallStore::~CallStore() = default;

CallStore::Rows CallStore::all()
{
    Rows rows;
    SQLite::Statement select{database_.handle(), "SELECT * FROM talking_call ORDER BY id"};
    while (select.executeStep()) {
        Reader row{select};
        try {
            rows.calls.push_back(read_call(row));
        } catch (const Damaged& column) {
            const CallRef id{static_cast<std::uint64_t>(select.getColumn(0).getInt64())};
            spdlog::error("database: call {} is not taken up: {} is damaged", id.value,
                          column.what());
            rows.damaged.push_back(id);
        }
    }
    rows.ringing = ringing();
    return rows;
}

std::vector<StoredRinging> CallStore::ringing()
{
    std::vector<StoredRinging> calls;
    SQLite::Statement select{database_.handle(),
                             "SELECT role, stage, call_id, local_tag, remote_tag, local_party, "
                             "remote_party, target, route, "
                             "cseq, via, transport, host, port, listener, call FROM ringing_invite "
                             "ORDER BY call, position"};
    constexpr int call_column = 15;
    while (select.executeStep()) {
        const CallRef id{static_cast<std::uint64_t>(select.getColumn(call_column).getInt64())};
        if (calls.empty() || calls.back().id != id) calls.push_back({id, {}});
        Reader row{select};
        try {
            calls.back().invites.push_back(read_invite(row));
        } catch (const Damaged& column) {
            spdlog::error("database: a phone of call {} is not told that it ended: {} is damaged",
                          id.value, column.what());
        }
    }
    return calls;
}

void CallStore::put(const StoredRinging& call)
{
    remove_ringing(call.id);
    auto& put = statements_->put_invite;
    int position = 0;
    for (const auto& invite : call.invites) {
        put.bind(1, static_cast<std::int64_t>(call.id.value));
        put.bind(2, position++);
        put.bind(3, invite.role == LegRole::caller ? "caller" : "callee");
        put.bind(4, invite.dialog.call_id);
        put.bind(5, invite.dialog.local_tag);
        put.bind(6, invite.dialog.remote_tag);
        put.bind(7, lampline::write(invite.state.local_party));
        put.bind(8, lampline::write(invite.state.remote_party));
        put.bind(9, lampline::write(invite.state.target));
        put.bind(10, db::column(invite.state.route));
        put.bind(11, static_cast<std::int64_t>(invite.cseq));
        put.bind(12, db::column(invite.via));
        bind_flow(put, 13, invite.flow);
        put.bind(17, invite.answered ? "answered" : "pending");
        run_once(put);
    }
}

void CallStore::remove_ringing(CallRef call)
{
    statements_->erase_invites.bind(1, static_cast<std::int64_t>(call.value));
    run_once(statements_->erase_invites);
}

void CallStore::put(const StoredCall& call)
{
    auto& put = statements_->put;
    put.bind(1, static_cast<std::int64_t>(call.id.value));
    put.bind(2, call.from);
    put.bind(3, call.dialled);
    put.bind(4, column(call.started_at));
    put.bind(5, column(call.answered_at));
    put.bind(6, static_cast<std::int64_t>(call.session_expires.count()));
    int first = call_columns + 1;
    for (const auto& leg : call.legs) {
        bind_leg(put, first, leg);
        first += leg_columns;
    }
    put.bind(first++, call.from_trunk);
    for (const auto& leg : call.legs) {
        put.bind(first++, leg.trunk);
        put.bind(first++, leg.payer);
        put.bind(first++, leg.counted ? 1 : 0);
        put.bind(first++, leg.must_end_at ? column(*leg.must_end_at) : std::int64_t{0});
    }
    put.bind(first++, call.parked_by);
    put.bind(first++, column(call.rings_back_at));
    for (const auto& leg : call.legs) {
        put.bind(first++, leg.anonymous ? 1 : 0);
        put.bind(first++, leg.takes_update ? 1 : 0);
        put.bind(first++, std::string{name(leg.identity)});
    }
    for (const auto& leg : call.legs) {
        if (leg.place)
            put.bind(first++, static_cast<int>(leg.place->index));
        else
            put.bind(first++);
        put.bind(first++, leg.place && leg.place->is_private ? 1 : 0);
    }
    for (const auto& leg : call.legs) put.bind(first++, leg.name);
    for (const auto& leg : call.legs) put.bind(first++, leg.holds ? 1 : 0);
    for (const auto& leg : call.legs) put.bind(first++, leg.on_behalf_of);
    for (const auto& leg : call.legs)
        put.bind(first++, leg.session_ends_at ? column(*leg.session_ends_at) : std::int64_t{0});
    run_once(put);
}

void CallStore::remove(CallRef call)
{
    statements_->erase.bind(1, static_cast<std::int64_t>(call.value));
    run_once(statements_->erase);
}

}  // namespace lampline::db
