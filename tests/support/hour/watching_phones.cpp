#include "support/hour/watching_phones.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/extension_uri.hpp"
#include "support/hour/true_lamp.hpp"
#include "support/list_notify_reader.hpp"
#include "support/office/notify_content.hpp"

namespace lampline::test {
namespace {

constexpr std::string_view domain = "office.test";

std::string user_of(std::string_view address)
{
    const auto begin = address.find("sip:") + 4;
    return std::string{address.substr(begin, address.find('@') - begin)};
}

auto words_of(const DialogElement& dialog)
{
    return std::tie(dialog.id, dialog.call_id, dialog.local_tag, dialog.remote_tag,
                    dialog.direction, dialog.state, dialog.event, dialog.local_identity,
                    dialog.local_display, dialog.local_target, dialog.remote_identity,
                    dialog.remote_display, dialog.remote_target, dialog.rendered);
}

/// What its phones call themselves.
std::string user_agent(const BodyProfile& row)
{
    return row.user_agents.empty() ? std::string{} : row.user_agents.front() + " 1.0";
}

/// All but the version.
bool says_the_same(const DialogInfo& left, const DialogInfo& right)
{
    return std::ranges::equal(left.dialogs, right.dialogs, [](const auto& a, const auto& b) {
        return words_of(a) == words_of(b);
    });
}

}  // namespace

Flow flow_of(const std::string& number, std::uint16_t port)
{
    const auto host = "192.0.2." + std::to_string(std::stoi(number) % 200 + 1);
    return {Transport::udp, host, port, {}, 0};
}

SipUri contact_of(const std::string& number, const Flow& flow)
{
    SipUri contact = extension_uri(number, flow.host);
    contact.port = flow.port;
    return contact;
}

WatchingPhones::WatchingPhones(ExchangeInTime& exchange, Chance& chance,
                               std::vector<Watching> watching,
                               std::map<std::string, std::vector<std::string>> members)
    : exchange_{exchange}, chance_{chance}, members_{std::move(members)}
{
    for (auto& one : watching) {
        auto watcher = std::make_unique<Watcher>();
        watcher->flow = flow_of(one.number);
        // Every other list goes by a connection, in one NOTIFY; the rest in parts.
        if (one.by_list && watchers_.size() % 2 == 0) watcher->flow.transport = Transport::tcp;
        by_contact_[write(contact_of(one.number, watcher->flow))] = watcher.get();
        watcher->watching = std::move(one);
        watchers_.push_back(std::move(watcher));
    }
}

std::chrono::milliseconds WatchingPhones::some(std::size_t from, std::size_t to)
{
    return std::chrono::milliseconds{from + chance_.below(to - from)};
}

WatchingPhones::Screen* WatchingPhones::screen_of(const Subscribed& subscribed)
{
    const auto found = screens_.find(subscribed.dialog);
    return found == screens_.end() ? nullptr : &found->second;
}

void WatchingPhones::begin()
{
    for (const auto& watcher : watchers_) {
        registers(*watcher, 7200s);
        asks_for_all(*watcher);
    }
}

void WatchingPhones::refresh()
{
    for (const auto& watcher : watchers_) {
        if (!watcher->registered) continue;
        registers(*watcher, 7200s);
        refreshes_all(*watcher);
    }
}

void WatchingPhones::leave()
{
    for (const auto& watcher : watchers_)
        if (watcher->registered) leaves(*watcher);
}

void WatchingPhones::act()
{
    auto& watcher = *chance_.any_of(watchers_);
    if (!watcher.registered) return;
    switch (chance_.below(4)) {
    case 0: {
        ++done["watchers that leave"];
        leaves(watcher);
        exchange_.hands.add(exchange_.now() + some(100, 10000), [this, &watcher] {
            ++watcher.reboots;
            registers(watcher, 7200s);
            asks_for_all(watcher);
        });
        return;
    }
    case 1:
        ++done["watchers that reboot"];
        ++watcher.reboots;
        registers(watcher, 7200s);
        return asks_for_all(watcher);
    default: ++done["watchers that refresh"]; refreshes_all(watcher);
    }
}

void WatchingPhones::registers(Watcher& watcher, std::chrono::seconds expires)
{
    const auto& number = watcher.watching.number;
    watcher.registered = expires > 0s;
    exchange_.receive(
        RegisterReceived{.transaction = exchange_.next_transaction(),
                         .source = watcher.flow,
                         .aor = number,
                         .contacts = {{.uri = contact_of(number, watcher.flow)}},
                         .expires = expires,
                         .call_id = "reg-" + number + "-" + std::to_string(watcher.reboots),
                         .cseq = ++watcher.cseq,
                         .user_agent = user_agent(*watcher.watching.row)});
}

void WatchingPhones::leaves(Watcher& watcher)
{
    registers(watcher, 0s);
    CAPTURE(watcher.watching.number);
    for (const auto& [dialog, screen] : screens_) {
        CAPTURE(screen.resource);
        if (screen.watcher == &watcher) CHECK_MESSAGE(screen.over, "outlives its phone");
    }
    watcher.asked.clear();
}

void WatchingPhones::asks_for_all(Watcher& watcher)
{
    for (const auto& resource : watcher.watching.resources) subscribes(watcher, resource);
}

/// As after a reboot: whatever it had before, it knows no more.
void WatchingPhones::subscribes(Watcher& watcher, const std::string& resource)
{
    auto& subscribed = watcher.asked[resource];
    if (auto* before = screen_of(subscribed)) before->replaced = true;
    subscribed = {.call_id = "sub-" + std::to_string(asked_.size() + 1), .tag = {}, .dialog = {}};
    asked_.insert(subscribed.call_id);
    send(watcher, resource, subscribed);
}

void WatchingPhones::refreshes_all(Watcher& watcher)
{
    const auto asked = watcher.asked;
    for (const auto& [resource, subscribed] : asked) refreshes(watcher, resource);
}

void WatchingPhones::refreshes(Watcher& watcher, const std::string& resource)
{
    const auto& subscribed = watcher.asked.at(resource);
    if (auto* screen = screen_of(subscribed))
        for (auto& [member, told] : screen->told) told = {told.document, 0, false};
    send(watcher, resource, subscribed);
}

void WatchingPhones::send(Watcher& watcher, const std::string& resource,
                          const Subscribed& subscribed)
{
    const auto& number = watcher.watching.number;
    const auto transaction = exchange_.next_transaction();
    subscribing_[transaction] = {&watcher, resource};
    exchange_.receive(SubscribeReceived{.transaction = transaction,
                                        .source = watcher.flow,
                                        .authenticated = number,
                                        .request_uri = extension_uri(resource, domain),
                                        .parties = {{{}, extension_uri(number, domain)},
                                                    "watch",
                                                    {{}, extension_uri(resource, domain)},
                                                    subscribed.tag},
                                        .call_id = subscribed.call_id,
                                        .cseq = ++watcher.cseq,
                                        .contact = contact_of(number, watcher.flow),
                                        .event = "dialog",
                                        .expires = 7200s,
                                        .supported = OptionTag::eventlist,
                                        .user_agent = user_agent(*watcher.watching.row)});
}

void WatchingPhones::take(const Reply& reply)
{
    const auto found = subscribing_.find(reply.transaction);
    if (found == subscribing_.end()) return;
    const auto [watcher, resource] = found->second;
    subscribing_.erase(found);
    CAPTURE(watcher->watching.number);
    CAPTURE(resource);
    CHECK(reply.status == 200);
    watcher->asked.at(resource).tag = reply.local_tag;
}

void WatchingPhones::take(const SendNotify& notify)
{
    ++done["NOTIFY"];
    const auto dialog = dialog_of(notify);
    auto& screen = screens_[dialog];
    if (!screen.watcher) begin(screen, dialog, notify);
    CAPTURE(screen.watcher->watching.number);
    CAPTURE(screen.resource);
    CAPTURE(notify.subscription_state);
    const auto last = is_last(notify);
    CHECK_FALSE(screen.over);
    check_numbers(screen, notify);
    auto under_way = std::make_shared<UnderWay>(
        UnderWay{.screen = &screen, .subscription = notify.subscription, .cseq = notify.cseq});
    read(*under_way, notify);
    check_news(screen, *under_way, last);
    screen.over = last;
    if (screen.last) screen.last->awaited = false;  // this one takes its place
    screen.last = under_way;
    meet_network(under_way);
}

void WatchingPhones::begin(Screen& screen, const std::string& dialog, const SendNotify& notify)
{
    screen.watcher = by_contact_.at(notify.dialog->request_uri);
    screen.resource = user_of(notify.dialog->from);
    CHECK(is_list(notify) == screen.watcher->watching.by_list);
    REQUIRE_MESSAGE(asked_.contains(notify.dialog->call_id), "was not asked for");
    const auto& asked = screen.watcher->asked;
    const auto found = asked.find(screen.resource);
    if (found != asked.end() && found->second.call_id == notify.dialog->call_id) {
        screen.watcher->asked.at(screen.resource).dialog = dialog;
        return;
    }
    // Its turn has come when the phone has asked anew, or has left.
    screen.replaced = true;
    CHECK((screen.watcher->registered || is_last(notify)));
}

void WatchingPhones::read(UnderWay& under_way, const SendNotify& notify)
{
    if (!notify.body_head) return;
    if (!is_list(notify)) {
        auto document = read_dialog_info(body_of(notify));
        REQUIRE(document);
        CHECK(document->full);
        CHECK(document->version == notify.version);
        under_way.parts.push_back({under_way.screen->resource, false,
                                   std::make_shared<const DialogInfo>(*std::move(document))});
        return;
    }
    auto list = read_list(notify.content_type, *notify.body_head);
    CHECK(list.version == notify.version);
    under_way.whole = list.full;
    for (auto& one : list.resources)
        under_way.parts.push_back(
            {user_of(one.uri), one.state == "terminated",
             one.document ? std::make_shared<const DialogInfo>(*std::move(one.document))
                          : nullptr});
}

void WatchingPhones::check_numbers(Screen& screen, const SendNotify& notify)
{
    CHECK(notify.cseq > screen.cseq);
    CHECK(notify.version == (screen.version ? *screen.version + 1 : 0U));
    screen.cseq = notify.cseq;
    screen.version = notify.version;
}

/// Whoever has certainly seen the last state, and has not asked again, is told what is new, and
/// nothing else.
void WatchingPhones::check_news(Screen& screen, const UnderWay& under_way, bool last)
{
    const bool by_list = screen.watcher->watching.by_list;
    const bool whole_list = by_list && under_way.whole;
    bool news = last || under_way.parts.size() != screen.told.size();
    for (const auto& part : under_way.parts) {
        auto& told = screen.told[part.member];
        const bool again = told.certain && told.document && part.document &&
                           says_the_same(*told.document, *part.document);
        news = news || !again;
        if (!whole_list && !last) CHECK_MESSAGE(!again, part.member << " is told twice");
        told = {part.document, under_way.cseq, false};
    }
    CHECK_MESSAGE(news, "the whole list for no reason");
}

std::size_t WatchingPhones::size_of(const Watcher& watcher, const std::string& resource) const
{
    return watcher.watching.by_list ? members_.at(resource).size() : 1;
}

void WatchingPhones::check(const Truth& truth, const LiveView& view)
{
    std::size_t wanted = 0;
    // What a phone knows no more lives until there is something to tell in it, also while the phone
    // has lost what it had asked for since and waits before it asks anew.
    std::set<std::pair<const Watcher*, std::string_view>> forgotten;
    for (const auto& [dialog, screen] : screens_) {
        if (!screen.replaced || screen.over) continue;
        wanted += size_of(*screen.watcher, screen.resource);
        forgotten.emplace(screen.watcher, screen.resource);
    }
    for (const auto& watcher : watchers_)
        for (const auto& [resource, subscribed] : watcher->asked) {
            const auto* screen = screen_of(subscribed);
            CAPTURE(watcher->watching.number);
            CAPTURE(watcher->watching.row->name);
            CAPTURE(resource);
            REQUIRE_MESSAGE(screen, "is told nothing");
            CHECK_MESSAGE(!screen->over, "ended without a word");
            check(*watcher, resource, *screen, truth);
            wanted += size_of(*watcher, resource);
        }
    for (const auto& lamp : view.lamps) {
        CAPTURE(lamp.contact);
        CAPTURE(lamp.member);
        const auto& watcher = *by_contact_.at(lamp.contact);
        CHECK(watcher.registered);
        const auto& resource = lamp.list.empty() ? lamp.member : lamp.list;
        CHECK((watcher.asked.contains(resource) || forgotten.contains({&watcher, resource})));
        CHECK(lamp.profile == watcher.watching.row->name);
    }
    CHECK(view.lamps.size() == wanted);
    done["lamps looked at"] += wanted;
}

void WatchingPhones::check(const Watcher& watcher, const std::string& resource,
                           const Screen& screen, const Truth& truth) const
{
    const std::vector<std::string> alone{resource};
    const auto& members = watcher.watching.by_list ? members_.at(resource) : alone;
    CHECK(screen.shown.size() == members.size());
    for (const auto& member : members) {
        CAPTURE(member);
        const auto document = screen.shown.find(member);
        REQUIRE(document != screen.shown.end());
        const auto state = truth.find(member);
        const auto wrong =
            wrong_in(*document->second, state == truth.end() ? TrueState{} : state->second,
                     *watcher.watching.row);
        CHECK_MESSAGE(wrong.empty(), wrong);
    }
}

}  // namespace lampline::test
