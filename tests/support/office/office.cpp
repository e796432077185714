#include "support/office/office.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace lampline::test {
namespace {

Group watched_by(std::string name, std::string watcher, bool unsolicited)
{
    Group group{.name = std::move(name), .display_name = "Told", .members = {}, .watchers = {}};
    for (const auto number : desks) group.members.emplace_back(number);
    const auto row = row_for(watcher);
    group.watchers.push_back({std::move(watcher), unsolicited, std::string{row}});
    return group;
}

/// All watch all, and may join and pick up.
std::vector<Group> first_groups()
{
    auto all = group("all", {"109", "101", "103"}, {"102", "104", "105"});
    all.rights.join = true;
    for (auto& watcher : all.watchers) watcher.profile = row_for(watcher.number);
    return {std::move(all), watched_by("sales", "108", true), watched_by("desk", "106", false)};
}

bool watches(const Group& group, std::string_view watcher)
{
    return std::ranges::find(group.watchers, watcher, &GroupWatcher::number) !=
           group.watchers.end();
}

bool grants(const Group& group, std::string_view watcher, std::string_view member)
{
    return watches(group, watcher) && std::ranges::count(group.members, member) > 0;
}

Trunk trunk(std::string name, std::string host)
{
    Trunk trunk;
    trunk.name = std::move(name);
    trunk.servers = {{std::move(host), 5060, Transport::udp}};
    trunk.domain = trunk.name + ".test";
    trunk.caller_id.main_number = "+4310";
    trunk.inbound = {{"\\+431(10[1-9])", "\\1", false}, {"\\+431600", "600", true}};
    return trunk;
}

/// Some may forward to outside, and nobody may talk there with many at once, or for long.
DigitRules digit_rules()
{
    DigitRule national;
    national.name = "national";
    national.pattern = "0([1-9].*)";
    national.replacement = "+43\\1";
    national.call_class = CallClass::national;
    national.trunks = {"one", "two"};
    DigitRules rules;
    rules.rules = {std::move(national)};
    rules.default_right = CallClass::national;
    for (const auto number : desks)
        rules.outside[std::string{number}] = {
            .forward = number < "104",
            .limits = {.calls = 2, .minutes = std::chrono::minutes{3}, .calls_per_day = 0}};
    return rules;
}

/// Whose key it is: `dnd+102`.
std::string_view owner_of(std::string_view member)
{
    return member.substr(member.find('+') + 1);
}

/// How else phones may want to be told.
std::vector<BodyProfile> rows()
{
    return {{.name = "partly", .partial = true}};
}

}  // namespace

std::string_view row_for(std::string_view watcher) noexcept
{
    return watcher == "106" ? "partly" : "standard";
}

std::string answer_to(std::string_view offer)
{
    const auto directed = [](std::string_view direction) {
        return "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=" + std::string{direction} + "\r\n";
    };
    const auto says = [&](std::string_view word) { return offer.find(word) != offer.npos; };
    if (says("a=inactive")) return directed("inactive");
    if (says("a=sendonly")) return directed("recvonly");
    return std::string{says("a=recvonly") ? hold_sdp : talking_sdp};
}

std::string contact_of(const Phone& phone)
{
    return "sip:" + phone.number + "@" + phone.flow.host + ":" + std::to_string(phone.flow.port);
}

std::string user_in(std::string_view address)
{
    const auto begin = address.find("sip:") + 4;
    return std::string{address.substr(begin, address.find('@') - begin)};
}

Office::Office(unsigned seed)
    : chance{seed}, groups{first_groups()},
      appearances{{"102", seed % 2 ? 3U : 16U}, {"103", 16U}}, pbx{groups}
{
    pbx.rows = rows();
    for (int n = 101; n <= 109; ++n) {
        const auto number = std::to_string(n);
        pbx.configures(number, [this, number](Extension& extension) {
            const auto value_of = [&](const auto& values, auto& field) {
                if (const auto found = values.find(number); found != values.end())
                    field = found->second;
            };
            value_of(messages, extension.messages);
            value_of(appearances, extension.appearances);
            value_of(visibilities, extension.visibility);
            extension.phone_notifies = number == notifier && notifier_notifies;
            extension.trusted = number == "107";
        });
    }
    pbx.has_park_lot({.number = "700",
                      .first_slot = "701",
                      .slots = slots.size(),
                      .timeout = 20s,
                      .fallback = "103"});
    pbx.has_calling_card({.number = "800", .display_name = "Card", .rules = {.back = "*0"}});
    const auto add = [this](std::string_view number, std::chrono::seconds expires, unsigned q) {
        auto& phone = pbx.silent_phone(std::string{number});
        phone.answers_notify.reset();
        phones.push_back(&phone);
        by_contact_[contact_of(phone)] = &phone;
        registers(phone, expires, q);
        return &phone;
    };
    for (const auto number : desks) callers.push_back(add(number, 3600s, 1000));
    for (const auto number : desks) callers.push_back(add(number, 36000s, 500));
    watchers = callers;
    for (const auto* number : {"106", "108", "108", "109"})
        watchers.push_back(add(number, 36000s, 1000));
    program = add("107", 36000s, 1000);
    for (const auto number : desks) pbx.joins(std::string{number}, any_mode());
    const std::array trunks{trunk("one", "198.51.100.1"), trunk("two", "198.51.100.2")};
    pbx.has_trunks({trunks[0], trunks[1]}, digit_rules());
    carriers = {&pbx.carrier(trunks[0], "+43664999"), &pbx.carrier(trunks[1], "+43664888")};
    for (auto* carrier : carriers) phones.push_back(carrier);
}

CallMode Office::any_mode()
{
    constexpr std::array modes{CallMode::bridge, CallMode::bridge, CallMode::bridge,
                               CallMode::proxy,  CallMode::proxy,  CallMode::redirect};
    return chance.any_of(modes);
}

void Office::configure()
{
    pbx.replaces_directory(groups);
}

bool Office::may_call_outside()
{
    return std::ranges::all_of(desks, [&](std::string_view desk) {
        return pbx.decides(std::string{desk}, std::string{outside}).status == 0;
    });
}

const Group& Office::group_named(std::string_view name) const
{
    return *std::ranges::find(groups, name, &Group::name);
}

bool Office::may_watch(std::string_view watcher, std::string_view member) const
{
    return watcher == member || is_shown(watcher, member);
}

bool Office::is_shown(std::string_view watcher, std::string_view member) const
{
    if (is_park_name(member)) return true;
    const auto owner = owner_of(member);
    if (owner != member && owner == watcher) return true;
    const auto visibility = visibilities.find(owner);
    if (visibility != visibilities.end() && visibility->second == Visibility::hidden) return false;
    return std::ranges::any_of(groups,
                               [&](const Group& group) { return grants(group, watcher, owner); });
}

bool Office::is_open(std::string_view number) const
{
    const auto visibility = visibilities.find(number);
    return visibility == visibilities.end() || visibility->second == Visibility::open;
}

bool Office::is_shown_rightly(std::string_view text, std::string_view watcher,
                              std::string_view member) const
{
    const bool anonymous = text.find("anonymous") != text.npos;
    if (!may_see_parties(watcher, member)) return anonymous;
    if (anonymous && somebody_shows_no_number) return true;
    if (watcher == member) return !anonymous;
    const auto is_named = [&](const auto& one) {
        return one.second != Visibility::open &&
               text.find("sip:" + one.first + "@office.test") != text.npos;
    };
    // Whose name is kept back is not to be seen, but somebody must want it so.
    if (anonymous)
        return std::ranges::any_of(
            visibilities, [](const auto& one) { return one.second != Visibility::open; });
    return std::ranges::none_of(visibilities, is_named);
}

bool Office::may_see_parties(std::string_view watcher, std::string_view member) const
{
    if (watcher == member) return true;
    if (!is_open(member)) return false;
    return std::ranges::any_of(groups, [&](const Group& group) {
        return group.rights.parties && grants(group, watcher, member);
    });
}

bool Office::may_list(std::string_view watcher, std::string_view group) const
{
    return watches(group_named(group), watcher);
}

std::set<std::string> Office::listed(std::string_view watcher, std::string_view group) const
{
    std::set<std::string> members;
    for (const auto& member : group_named(group).members)
        if (is_shown(watcher, member)) members.insert(member);
    return members;
}

bool Office::is_told_unasked(std::string_view watcher, std::string_view member) const
{
    return is_shown(watcher, member) && std::ranges::any_of(groups, [&](const Group& group) {
               return grants(group, watcher, member) &&
                      std::ranges::any_of(group.watchers, [&](const GroupWatcher& one) {
                          return one.number == watcher && one.unsolicited;
                      });
           });
}

Phone* Office::phone_at(std::string_view contact) const
{
    const auto found = by_contact_.find(contact);
    return found == by_contact_.end() ? nullptr : found->second;
}

bool Office::is_registered(const Phone& phone) const
{
    return !registration_of(phone).empty();
}

std::string Office::registration_of(const Phone& phone) const
{
    const auto contact = contact_of(phone);
    const auto& view = pbx.present();
    for (const auto& binding : view.registrations)
        if (write(binding.contact) == contact) return binding.call_id;
    return {};
}

void Office::registers(Phone& phone, std::chrono::seconds expires, unsigned q_thousandths)
{
    auto waiting = std::exchange(phone.inbox, {});  // NOTIFYs of what was done before
    phone.registers(expires, q_thousandths);
    std::ranges::move(phone.inbox, std::back_inserter(waiting));
    phone.inbox = std::move(waiting);
    until_[&phone] = pbx.now().mono + std::min<std::chrono::seconds>(expires, 7200s);
    if (registered) registered(phone);
}

void Office::unregisters(Phone& phone)
{
    if (leaves) leaves(phone);
    phone.unregisters();
    until_.erase(&phone);
    const auto& view = pbx.present();
    const auto is_told = [&](const auto& one) { return one.contact == contact_of(phone); };
    for (const auto& one : view.lamps)
        CHECK_MESSAGE(!is_told(one), one.contact << " " << one.member << " " << one.kind);
    for (const auto& one : view.subscriptions)
        CHECK_MESSAGE(!is_told(one), one.contact << " " << one.package << " " << one.kind);
}

void Office::check_registrations(const LiveView& view) const
{
    for (const auto* phone : phones) {
        if (!phone->trunk.empty()) continue;
        const auto contact = contact_of(*phone);
        const auto until = until_.find(phone);
        const bool there = std::ranges::any_of(view.registrations, [&](const Binding& binding) {
            return write(binding.contact) == contact;
        });
        const auto left = until == until_.end() ? -2s : until->second - pbx.now().mono;
        CAPTURE(contact);
        if (left > 1s) CHECK(there);
        if (left < -1s) CHECK_FALSE(there);
    }
}

void Office::storage_lost(const std::vector<Binding>& left)
{
    until_.clear();
    for (const auto& binding : left)
        if (const auto* phone = phone_at(write(binding.contact)))
            until_[phone] = pbx.now().mono + (binding.expires_at - pbx.now().wall);
}

}  // namespace lampline::test
