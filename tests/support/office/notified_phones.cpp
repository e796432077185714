#include "support/office/notified_phones.hpp"

#include <algorithm>

#include "support/list_notify_reader.hpp"
#include "support/office/notify_content.hpp"

namespace lampline::test {
namespace {

constexpr std::string_view notifier_mark = ";tag=notifier-";  // Phone::notifier_tag

}  // namespace

void NotifiedPhones::take(Phone& phone, const Arrived& arrived)
{
    const auto& notify = *arrived.notify;
    REQUIRE(notify.dialog);
    if (is_of_notifier(notify)) return take_of_notifier(phone, notify);
    const auto dialog = dialog_of(notify);
    auto& screen = screens_[dialog];
    if (!screen.phone) {
        screen.phone = &phone;
        screen.package = package_of(notify);
        screen.resource = user_in(notify.dialog->from);
        screen.list = is_list(notify);
        screen.unsolicited = notify.dialog->to.find(";tag=") == std::string::npos;
        screen.begun_at = office_.pbx.now().mono;
        if (screen.unsolicited)
            CHECK_MESSAGE(!refuses(phone, screen.package),
                          phone.number << " refuses " << screen.package << " unasked");
        if (!is_last(notify) && notify.subscription_state != "active;expires=0")  // no fetch
            latest_[{&phone, screen.package, screen.resource, screen.unsolicited}] = dialog;
    }
    CAPTURE(phone.number);
    CAPTURE(screen.package);
    CAPTURE(screen.resource);
    CAPTURE(notify.subscription_state);
    if (screen.forgotten) {
        under_way_.push_back({.dialog = dialog,
                              .notify = notify,
                              .arrives_at = {},
                              .answered_at = office_.pbx.now().mono + 100ms,
                              .status = 481,
                              .arrives = false});
        return;
    }
    // Whoever has ended it by itself is told once.
    const bool told_again = screen.over && is_last(notify) &&
                            notify.subscription_state != "terminated;reason=timeout";
    if (told_again) {
        CHECK_FALSE(screen.ended);
        ++office_.done[screen.unsolicited ? "ends of what nobody asked for told again"
                                          : "ends told again"];
    } else {
        CHECK_FALSE(screen.over);
    }
    if (screen.package == "dialog" && !screen.unsolicited)
        unasked_.forget(phone, screen.list ? std::string{} : screen.resource);
    check_numbers(screen, notify);
    check_news(screen, notify);
    if (must_be_silent) CHECK_FALSE(must_be_silent(phone, screen));
    screen.over = is_last(notify);
    ++office_.done["NOTIFY " + screen.package + (screen.list ? " list" : "")];
    for (auto& other : under_way_)
        if (other.dialog == dialog) other.awaited = false;  // this one takes its place
    UnderWay under_way{.dialog = dialog, .notify = notify, .arrives_at = {}, .answered_at = {}};
    under_way.place = unasked_.next_place();
    meets_weather(under_way);
    under_way_.push_back(std::move(under_way));
}

bool NotifiedPhones::is_of_notifier(const SendNotify& notify)
{
    return notify.dialog->from.find(notifier_mark) != std::string::npos;
}

void NotifiedPhones::check_numbers(Screen& screen, const SendNotify& notify) const
{
    CHECK(notify.cseq > screen.cseq);
    if (screen.package == "refer")
        CHECK(notify.version == 0);  // its body has none
    else if (!screen.version)
        CHECK(notify.version == 0);
    else if (screen.may_jump)
        CHECK(notify.version > *screen.version);
    else
        CHECK(notify.version == *screen.version + 1);
    screen.cseq = notify.cseq;
    screen.version = notify.version;
    screen.may_jump = false;
}

/// Whoever has certainly seen the last state, and has not asked again, is told what is new, and
/// nothing else.
void NotifiedPhones::check_news(Screen& screen, const SendNotify& notify) const
{
    if (screen.package == "refer") return;
    const auto said = said_in(notify);
    const bool whole_list = screen.list && read_list(notify.content_type, *notify.body_head).full;
    bool news =
        is_last(notify) || said.size() != screen.told.size() || (said.empty() && screen.doubted) ||
        (whole_list && said.size() != office_.listed(screen.phone->number, screen.resource).size());
    for (const auto& [part, text] : said) {
        const auto before = screen.told.find(part);
        const bool another = before == screen.told.end() || !before->second.certain ||
                             text != before->second.text;
        news = news || another;
        if (!whole_list && !is_last(notify)) CHECK_MESSAGE(another, "told twice: " << text);
    }
    CHECK_MESSAGE(news, "the whole list for no reason");
    screen.doubted = false;
    if (whole_list) screen.told.clear();
    for (const auto& [part, text] : said) screen.told[part] = {text, notify.cseq, false};
}

void NotifiedPhones::doubt(Screen& screen)
{
    screen.doubted = true;
    for (auto& [part, told] : screen.told) {
        told.in = 0;  // an answer that is still to come settles nothing
        told.certain = false;
    }
}

void NotifiedPhones::meets_weather(UnderWay& under_way)
{
    auto& chance = office_.chance;
    const auto some = [&](std::size_t most) {
        return std::chrono::milliseconds{chance.below(most)};
    };
    const auto now = office_.pbx.now().mono;
    under_way.arrives_at = now + some(weather == Weather::fair ? 100 : 2000);
    under_way.answered_at = under_way.arrives_at + some(weather == Weather::fair ? 100 : 1000);
    const auto loses = [&](bool request) {
        under_way.arrives = !request;
        under_way.status = 408;
        under_way.generated = true;
        under_way.answered_at = now + 32s;
    };
    const auto die = chance.below(100);
    if (weather == Weather::silent && die < 55) return loses(die < 40);
    if (weather != Weather::stormy) return;
    if (die < 20) return loses(die < 12);
    if (die < 30) {
        constexpr std::array<unsigned, 5> busy{500, 503, 491, 480, 408};
        under_way.status = chance.any_of(busy);
        if (under_way.status == 480 || chance.one_in(2))
            under_way.retry_after = std::chrono::seconds{1 + chance.below(20)};
        under_way.arrives = false;  // it is not what the phone makes of it
    } else if (die < 33) {
        constexpr std::array<unsigned, 4> gone{481, 481, 489, 403};
        under_way.status = chance.any_of(gone);
        under_way.gone = true;
        under_way.arrives = false;
    }
}

std::optional<std::chrono::steady_clock::time_point> NotifiedPhones::next() const
{
    std::optional<Time> earliest;
    for (const auto& one : under_way_) {
        const auto at = one.arrives ? std::min(one.arrives_at, one.answered_at) : one.answered_at;
        if (!earliest || at < *earliest) earliest = at;
    }
    for (const auto& one : of_notifiers_)
        if (!earliest || one.answered_at < *earliest) earliest = one.answered_at;
    return earliest;
}

bool NotifiedPhones::act()
{
    const auto now = office_.pbx.now().mono;
    for (auto& one : under_way_) {
        if (!one.arrives || one.arrives_at > now) continue;
        one.arrives = false;
        arrive(one);
        return true;
    }
    const auto due = std::ranges::find_if(
        under_way_, [&](const UnderWay& one) { return !one.arrives && one.answered_at <= now; });
    if (due == under_way_.end()) return answer_of_notifier();
    const auto answered = std::move(*due);
    under_way_.erase(due);
    if (answered.awaited) answer(answered);
    return true;
}

void NotifiedPhones::clears_up()
{
    weather = Weather::fair;
    for (auto& one : of_notifiers_) {
        one.answered_at = office_.pbx.now().mono;
        one.status = 200;
        one.generated = false;
    }
    for (auto& one : under_way_) {
        if (screens_.at(one.dialog).forgotten) continue;
        one.arrives_at = one.answered_at = office_.pbx.now().mono;
        one.arrives = one.awaited || one.arrives;
        one.status = 200;
        one.generated = one.gone = false;
        one.retry_after = {};
    }
}

void NotifiedPhones::exchange_killed()
{
    for (auto& one : under_way_) one.awaited = false;
    of_notifiers_.clear();
    std::set<std::string> kept;
    for (const auto& row : office_.pbx.kept().subscriptions)
        kept.insert(row.call_id + ";tag=" + row.local_tag);
    for (auto& [dialog, screen] : screens_) {
        screen.may_jump = screen.resumed = true;
        doubt(screen);
        if (screen.unsolicited || screen.package == "refer")
            screen.over = screen.ended = true;
        else if (screen.over && kept.contains(dialog))
            screen.forgotten = true;  // its end may have been heard, and its right be back
    }
}

void NotifiedPhones::storage_lost(const Kept& left)
{
    const auto now = office_.pbx.now();
    refused_.clear();
    for (const auto& binding : left.bindings) {
        const auto* phone = office_.phone_at(write(binding.contact));
        if (binding.refusal.lamps != 0) refused_.emplace(phone, "dialog");
        if (binding.refusal.packages != 0) refused_.emplace(phone, "message-summary");
    }
    unasked_lost(left.unasked_lamps);
    std::map<std::string, const StoredSubscription*> known;
    for (const auto& row : left.subscriptions) known[row.call_id + ";tag=" + row.local_tag] = &row;
    for (auto& [dialog, screen] : screens_) {
        if (screen.unsolicited || screen.package == "refer") continue;
        const auto row = known.find(dialog);
        if (row == known.end()) {
            if (!std::exchange(screen.over, true)) ++office_.done["subscriptions lost"];
            continue;
        }
        // Whoever asks anew has no use for what it had before.
        const auto latest = latest_.find({screen.phone, screen.package, screen.resource, false});
        screen.over = screen.over || latest == latest_.end() || latest->second != dialog;
        screen.forgotten = screen.over;
        if (screen.forgotten) ++office_.done["subscriptions forgotten"];
        if (!screen.over)
            until_[{screen.phone, screen.package, screen.resource}] =
                now.mono + (row->second->expires_at - now.wall);
    }
}

/// What was lit too late to be stored is not known to have been.
void NotifiedPhones::unasked_lost(const std::vector<UnaskedLamp>& left)
{
    const auto is_stored = [&](const Phone& phone, const std::string& member) {
        const auto name = phone.flow.host + ":" + std::to_string(phone.flow.port);
        return std::ranges::any_of(left, [&](const UnaskedLamp& lamp) {
            return lamp.watcher == phone.number && lamp.phone == name && lamp.member == member;
        });
    };
    unasked_.keep(is_stored);
    for (const auto& one : under_way_) {
        const auto& screen = screens_.at(one.dialog);
        if (screen.unsolicited && !is_stored(*screen.phone, screen.resource))
            unasked_.forget(*screen.phone, screen.resource);
    }
}

void NotifiedPhones::asked(Phone& phone, std::string_view package, std::string_view resource)
{
    const auto found = latest_.find({&phone, std::string{package}, std::string{resource}, false});
    if (found != latest_.end()) doubt(screens_.at(found->second));
}

void NotifiedPhones::granted(const Phone& phone, std::string_view package,
                             std::string_view resource, std::chrono::seconds expires)
{
    until_[{&phone, std::string{package}, std::string{resource}}] =
        office_.pbx.now().mono + expires;
}

bool NotifiedPhones::has_expired(const Screen& screen) const
{
    const auto until = until_.find({screen.phone, screen.package, screen.resource});
    return until != until_.end() && until->second - 1s <= office_.pbx.now().mono;
}

bool NotifiedPhones::is_expiring(const Screen& screen) const
{
    const auto until = until_.find({screen.phone, screen.package, screen.resource});
    return has_expired(screen) && until->second + 1s >= office_.pbx.now().mono;
}

void NotifiedPhones::forgets(const Phone& phone, std::string_view package,
                             std::string_view resource)
{
    const auto found = latest_.find({&phone, std::string{package}, std::string{resource}, false});
    if (found != latest_.end()) screens_.at(found->second).over = true;
}

void NotifiedPhones::registered_anew(const Phone& phone, std::string_view package)
{
    std::erase_if(refused_, [&](const auto& one) {
        return one.first == &phone && (package.empty() || one.second == package);
    });
}

void NotifiedPhones::arrive(const UnderWay& under_way)
{
    auto& screen = screens_.at(under_way.dialog);
    if (under_way.notify.cseq <= screen.seen) return;  // overtaken: out of order for the phone
    screen.seen = under_way.notify.cseq;
    if (screen.package == "refer") return;
    CAPTURE(screen.phone->number);
    CAPTURE(screen.resource);
    if (screen.list)
        show_list(screen, under_way.notify);
    else if (screen.package == "dialog")
        show(screen, under_way.notify);
    else
        show_package(screen, under_way.notify);
    screen.seen_version = under_way.notify.version;
    if (!screen.unsolicited || screen.package != "dialog") return;
    if (refuses(*screen.phone, screen.package)) return;  // what was on its way, too
    const auto& dialogs = screen.documents.at(screen.resource).dialogs;
    const bool lit = std::ranges::any_of(
        dialogs, [](const DialogElement& dialog) { return dialog.state != "terminated"; });
    unasked_.show(*screen.phone, screen.resource, under_way.place, lit);
}

/// The exchange still tells it unasked; where the phone has subscribed meanwhile, or is no watcher
/// any more, nobody waits for what it says to the last NOTIFY.
bool NotifiedPhones::is_awaited(const Screen& unsolicited) const
{
    const auto contact = contact_of(*unsolicited.phone);
    const auto is_it = [&](const auto& told) {
        return told.kind == "unsolicited" && told.contact == contact;
    };
    const auto& view = office_.pbx.present();
    if (unsolicited.package == "dialog")
        return std::ranges::any_of(view.lamps, [&](const LiveLamp& lamp) {
            return is_it(lamp) && lamp.member == unsolicited.resource;
        });
    return std::ranges::any_of(view.subscriptions, [&](const LiveSubscription& one) {
        return is_it(one) && one.package == unsolicited.package;
    });
}

void NotifiedPhones::answer(const UnderWay& under_way)
{
    auto& screen = screens_.at(under_way.dialog);
    if (under_way.status != 200) doubt(screen);
    for (auto& [part, told] : screen.told)
        if (told.in == under_way.notify.cseq) told.certain = under_way.status == 200;
    const bool settled = under_way.gone || under_way.status == 200;
    screen.ended = screen.ended || (settled && is_last(under_way.notify));
    if (under_way.gone && screen.unsolicited && screen.package == "dialog")
        unasked_.forget(*screen.phone, screen.resource);
    if (under_way.gone && !screen.over) {
        screen.over = true;
        if (screen.unsolicited && is_awaited(screen)) {
            refused_.emplace(screen.phone, screen.package);
            if (screen.package == "dialog") unasked_.forget(*screen.phone, "");
            ++office_.done["refuses what it has not asked for"];
        }
    }
    const NotifyAnswered answer{.subscription = under_way.notify.subscription,
                                .cseq = under_way.notify.cseq,
                                .status = under_way.status,
                                .retry_after = under_way.retry_after,
                                .generated = under_way.generated};
    office_.pbx.receive(answer);
    if (office_.chance.one_in(20)) office_.pbx.receive(answer);  // twice: it must not matter
}

const Screen* NotifiedPhones::find(const Phone& phone, std::string_view package,
                                   std::string_view resource, bool unsolicited) const
{
    const auto found =
        latest_.find({&phone, std::string{package}, std::string{resource}, unsolicited});
    return found == latest_.end() ? nullptr : &screens_.at(found->second);
}

std::vector<const Screen*> NotifiedPhones::living() const
{
    std::vector<const Screen*> living;
    for (const auto& [key, dialog] : latest_)
        if (const auto& screen = screens_.at(dialog); !screen.over) living.push_back(&screen);
    return living;
}

bool NotifiedPhones::refuses(const Phone& phone, std::string_view package) const
{
    return refused_.contains({&phone, std::string{package}});
}

}  // namespace lampline::test
