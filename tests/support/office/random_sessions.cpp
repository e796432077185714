#include "support/office/random_sessions.hpp"

#include <algorithm>

namespace lampline::test {
namespace {

constexpr auto shortest = 90s;       // that the exchange takes
constexpr auto refused_for = 3s;     // then the phone asks again
constexpr auto restart_grace = 32s;  // for who refreshes while the exchange is down
constexpr auto a_second = 1s;
constexpr std::chrono::seconds longest_notice{32};  // before a session ends (RFC 4028 §10)
constexpr auto timer_h = 32s;  // 64*T1, in which a 2xx is to be acknowledged

}  // namespace

RandomSessions::RandomSessions(Office& office) : office_{office}
{
    for (const auto& phones : {office_.callers, office_.carriers})
        for (auto* phone : phones) {
            if (!office_.chance.one_in(2)) continue;
            phone->supported = phone->supported | OptionTag::timer;
            phone->allows_update = true;
            phone->session_timer.expires =
                shortest + std::chrono::seconds{60 * office_.chance.below(4)};
            wishes_[phone] = phone->session_timer;
        }
}

SessionTimer RandomSessions::said_to(const Phone& phone, const Arrived& asked)
{
    const auto& wanted = asked.session_timer;
    const bool shared = !asked.shared.call_id.empty();  // SharedDialogs keeps its session
    if (!knows(phone) || wanted.expires == 0s || shared) return {};
    SessionTimer said{.expires = std::max({std::min(wanted.expires, wishes_.at(&phone).expires),
                                           wanted.min_se, std::chrono::seconds{shortest}}),
                      .refresher = wanted.refresher};
    if (said.refresher == Refresher::unspecified)
        said.refresher = has(asked.supported, OptionTag::timer) && office_.chance.one_in(2)
                             ? Refresher::uac
                             : Refresher::uas;
    return said;
}

void RandomSessions::answer(Phone& phone, unsigned status, std::string_view sdp)
{
    const auto asked = phone.asked();
    const auto said = status / 100 == 2 ? said_to(phone, asked) : SessionTimer{};
    const auto wish = std::exchange(phone.session_timer, said);
    if (status / 100 == 2 && !asked.call_id.empty()) {
        office_.answered.insert(asked.call_id);
        office_.answered.insert(asked.call_id + " " + phone.number);
    }
    if (status / 100 == 2)
        settled(phone, asked.leg, said, said.refresher == Refresher::uas);
    if (status / 100 == 2 && asked.method == INVITE && asked.leg)
        unacknowledged_[asked.leg] = {&phone, office_.pbx.now().mono + timer_h};
    phone.replies(status, sdp == talking_sdp ? answer_to(asked.body()) : std::string{sdp});
    phone.session_timer = wish;
}

bool RandomSessions::take(Phone& phone, const Arrived& arrived)
{
    if (arrived.method == ACK || arrived.method == BYE) unacknowledged_.erase(arrived.leg);
    if (arrived.method == BYE && arrived.value("Reason").find("Session expired") != std::string::npos)
        ended_for_session(arrived.leg);
    if (arrived.status / 100 == 2 && arrived.transaction && arrived.leg) {
        const auto& timer = arrived.session_timer;
        const bool to_invite = arrived.transaction == phone.invite() || !arrived.body().empty();
        if (timer.expires > 0s || to_invite)
            settled(phone, arrived.leg, timer, timer.refresher != Refresher::uas, arrived.said_at);
        return false;
    }
    const bool refreshes =
        arrived.method == INVITE && arrived.session_timer.refresher == Refresher::uac;
    if (!arrived.answers_to || (arrived.method != UPDATE && !refreshes)) return false;
    constexpr std::array<unsigned, 8> statuses{200, 200, 200, 200, 200, 200, 491, 500};
    const auto status = office_.chance.any_of(statuses);
    const bool offers = arrived.method == INVITE || !arrived.body().empty();
    phone.must_answer(arrived);
    answer(phone, status, offers && status == 200 ? talking_sdp : "");
    ++office_.done["refreshes heard"];
    return true;
}

void RandomSessions::settled(Phone& phone, LegId dialog, const SessionTimer& timer,
                             bool kept_by_phone, std::optional<Time> said_at)
{
    const auto call_id = call_id_of(dialog);
    if (call_id.empty()) return;
    if (timer.expires == 0s) {
        sessions_.erase(call_id);
        return;
    }
    const auto now = office_.pbx.now().mono;
    Session begun{.phone = &phone, .timer = timer, .until = {}, .longest = {}};
    begun.accepted_at = said_at.value_or(now);
    begun.until = begun.accepted_at + timer.expires;
    begun.longest = said_at ? begun.until : begun.until + longest_way();
    if (const auto found = sessions_.find(call_id); found != sessions_.end()) {
        const auto& known = found->second;
        if (begun.accepted_at < known.accepted_at) return;  // it was overtaken
        const bool unheard = may_be_unheard(known, longest_way());
        if (unheard && said_at) {  // and may be heard behind this one
            begun.until = std::min(begun.until, known.until);
            begun.longest = std::max(begun.longest, known.longest);
        }
        if (!said_at) begun.before = unheard ? known.before : known.until;
    }
    if (kept_by_phone && !office_.chance.one_in(6)) begun.refresh_at = now + timer.expires / 2;
    if (!kept_by_phone && office_.chance.one_in(2))
        begun.bye_at =
            now + timer.expires - std::min<std::chrono::seconds>(longest_notice, timer.expires / 3);
    sessions_.insert_or_assign(call_id, begun);
    ++office_.done[kept_by_phone ? "keeps a session" : "has a session kept"];
}

/// RFC 3261 §13.3.1.4.
bool RandomSessions::gives_up_one()
{
    const auto now = office_.pbx.now().mono;
    const auto due = std::ranges::find_if(
        unacknowledged_, [&](const auto& one) { return one.second.until <= now; });
    if (due == unacknowledged_.end()) return false;
    const auto [dialog, waiting] = *due;
    unacknowledged_.erase(due);
    if (!office_.pbx.is_known(dialog)) return true;
    ++office_.done["2xx that nobody acknowledged"];
    gives_up(*waiting.phone, dialog);
    return true;
}

/// RFC 4028 §10: who is not to refresh hangs up a little earlier.
bool RandomSessions::gives_up_unrefreshed()
{
    const auto now = office_.pbx.now().mono;
    const auto due = std::ranges::find_if(sessions_, [&](const auto& one) {
        return one.second.bye_at && *one.second.bye_at <= now;
    });
    if (due == sessions_.end()) return false;
    due->second.bye_at.reset();
    const auto dialog = office_.pbx.dialog_of(due->first);
    if (!calls_.contains(due->first) || !office_.pbx.is_known(dialog)) return true;
    ++office_.done["hangs up what nobody refreshes"];
    gives_up(*due->second.phone, dialog);
    return true;
}

bool RandomSessions::act()
{
    if (gives_up_one() || gives_up_unrefreshed()) return true;
    auto& pbx = office_.pbx;
    const auto now = pbx.now().mono;
    const auto due = std::ranges::find_if(sessions_, [&](const auto& one) {
        return one.second.refresh_at && *one.second.refresh_at <= now;
    });
    if (due == sessions_.end()) return false;
    auto& [call_id, session] = *due;
    session.refresh_at = now + refused_for;
    auto& phone = *session.phone;
    const auto dialog = pbx.dialog_of(call_id);
    if (!calls_.contains(call_id) || !pbx.is_known(dialog) || phone.calls()) return true;
    const auto before = phone.dialog();
    const auto wish = std::exchange(
        phone.session_timer,
        SessionTimer{.expires = session.timer.expires, .refresher = Refresher::uac});
    phone.uses(dialog);
    ++office_.done["refreshes"];
    if (office_.chance.one_in(4))
        phone.sends_invite(phone.said(dialog) == hold_sdp ? hold_sdp : talking_sdp);
    else
        phone.sends(UPDATE);
    phone.session_timer = wish;
    phone.uses(before);
    return true;
}

std::string RandomSessions::call_id_of(LegId dialog) const
{
    for (const auto& call : office_.pbx.present().calls)
        for (const auto& leg : call.legs)
            if (!is_park_name(leg.extension) && office_.pbx.dialog_of(leg.call_id) == dialog)
                return leg.call_id;
    return {};
}

void RandomSessions::look()
{
    calls_.clear();
    for (const auto& call : office_.pbx.present().calls)
        for (const auto& leg : call.legs) {
            if (is_park_name(leg.extension) || leg.state == "terminated") continue;
            auto& all = calls_[leg.call_id];
            for (const auto& other : call.legs)
                if (other.state != "terminated") all.insert(other.call_id);
        }
    std::erase_if(sessions_, [&](const auto& one) { return !calls_.contains(one.first); });
}

/// Of some dialog of that call the session has expired.
void RandomSessions::ended_for_session(LegId dialog) const
{
    const auto& pbx = office_.pbx;
    ++office_.done["ended for its session"];
    bool expired = false;
    std::string sessions;
    for (const auto& [call_id, all] : calls_) {
        if (pbx.dialog_of(call_id) != dialog) continue;
        for (const auto& one : all) {
            const auto session = sessions_.find(one);
            if (session == sessions_.end()) continue;
            const auto left = session->second.until - pbx.now().mono;
            const bool missed = may_be_unheard(session->second, 2 * longest_way()) &&
                                session->second.before <= pbx.now().mono;
            expired = expired || left <= a_second || missed;
            sessions += one + " for " +
                        std::to_string(std::chrono::ceil<std::chrono::seconds>(left).count()) +
                        " s; ";
        }
    }
    CHECK_MESSAGE(expired, "cut off, though its session is kept alive: " << sessions);
}

void RandomSessions::check(const LiveView& view) const
{
    const auto now = office_.pbx.now().mono;
    for (const auto& call : view.calls)
        for (const auto& leg : call.legs) {
            const auto session = leg.connected ? sessions_.find(leg.call_id) : sessions_.end();
            if (session == sessions_.end()) continue;
            CAPTURE(leg.call_id);
            CAPTURE(leg.extension);
            CHECK_MESSAGE(session->second.longest + 2 * a_second > now, "has outlived its session");
        }
}

std::chrono::milliseconds RandomSessions::longest_way() const
{
    return office_.pbx.network() ? longest_passage : 0ms;
}

bool RandomSessions::may_be_unheard(const Session& session, std::chrono::milliseconds since) const
{
    return session.before && office_.pbx.network() &&
           office_.pbx.now().mono - session.accepted_at <= since;
}

void RandomSessions::exchange_killed()
{
    unacknowledged_.clear();
    const auto grace = office_.pbx.now().mono + restart_grace;
    for (auto& [call_id, session] : sessions_) {
        if (may_be_unheard(session, longest_way())) session.until = *session.before;
        session.until = std::max(session.until, grace);
        session.longest = std::max(session.longest, grace);
    }
}

void RandomSessions::died(const std::set<std::string>& dialogs)
{
    for (auto& [call_id, session] : sessions_)
        if (dialogs.contains(call_id)) session.refresh_at = session.bye_at = std::nullopt;
}

void RandomSessions::storage_lost(const std::vector<StoredCall>& left)
{
    const auto now = office_.pbx.now();
    std::map<std::string, Session> known;
    for (const auto& call : left)
        for (const auto& leg : call.legs) {
            const auto session = sessions_.find(leg.dialog.call_id);
            if (session == sessions_.end() || !leg.session_ends_at) continue;
            session->second.until = session->second.longest =
                now.mono + (*leg.session_ends_at - now.wall);
            known.insert(*session);
        }
    sessions_ = std::move(known);
}

}  // namespace lampline::test
