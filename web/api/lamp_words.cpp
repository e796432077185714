#include "web/api/lamp_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "core/feature_key.hpp"
#include "core/park_lot.hpp"
#include "web/api/time_text.hpp"

namespace lampline::web {
namespace {

std::string moment(WallTime time)
{
    return time_text(std::chrono::floor<std::chrono::seconds>(time));
}

std::string who(const AccountedCall& call)
{
    if (call.with.empty()) return "somebody";
    return call.with_name.empty() ? call.with : fmt::format("{} ({})", call.with, call.with_name);
}

std::string doing(const AccountedCall& call, bool parked)
{
    const bool calls = call.direction == Direction::initiator;
    if (call.state == LegState::confirmed) {
        auto text = parked ? fmt::format("has {} waiting", who(call))
                           : fmt::format("talks to {}{}", who(call), call.held ? ", on hold" : "");
        if (!call.parked_by.empty()) text += fmt::format(", parked by {}", call.parked_by);
        if (call.answered_at)
            text += fmt::format(", in a call answered at {}", moment(*call.answered_at));
        return text;
    }
    if (calls) return fmt::format("calls {}", who(call));
    if (call.state == LegState::early) return fmt::format("rings: {} calls", who(call));
    return fmt::format("is being called by {}", who(call));
}

/// Of a dialog that the exchange has no part in.
std::string by_whose_word(const AccountedCall& call)
{
    if (!call.published) return {};
    return fmt::format(" (published by {}, until {})", call.published->publisher,
                       moment(call.published->expires_at));
}

/// Why a feature key shows what it shows, as far as that is not its own name.
std::string key_words(const LampAccount& account)
{
    if (account.standing.on) return " is on";
    const auto& directory = *account.directory;
    const auto key = directory.key(account.watcher, account.member);
    if (!key || key->feature != KeyFeature::logged_in) return " is off";
    const auto* group = directory.find_ring_group(key->group);
    return fmt::format(" is off: {} {} of the ring group {}", key->owner,
                       group->member(key->owner) ? "is logged out" : "is no member", key->group);
}

/// What else is to be known of a member without a call. It may be so for longer than it is idle.
std::string standing_words(const LampAccount& account)
{
    const auto& standing = account.standing;
    const auto* member = account.directory->find(account.member);
    std::vector<std::string> words;
    if (standing.unregistered) words.emplace_back("has no phone registered");
    if (standing.do_not_disturb) words.emplace_back("does not want to be disturbed");
    if (standing.forwarded)
        words.push_back(member && !member->forwarding.always.empty()
                            ? "forwards all its calls to " + member->forwarding.always
                            : "forwards all its calls");
    return words.empty() ? "" : fmt::format("; it {}", fmt::join(words, ", and "));
}

bool is_same(const AccountedCall& call, const AccountedCall& other)
{
    return !call.published && !other.published && call.call == other.call;
}

std::string calls_sentence(const LampAccount& account)
{
    const bool parked = is_park_name(account.member);
    std::string text;
    std::size_t phones = 0;
    for (std::size_t i = 0; i < account.calls.size(); i += phones) {
        const auto words = doing(account.calls[i], parked);
        phones = 1;
        while (i + phones < account.calls.size() &&
               is_same(account.calls[i], account.calls[i + phones]) &&
               doing(account.calls[i + phones], parked) == words)
            ++phones;
        text.append(i == 0 ? " " : ", and ").append(words).append(by_whose_word(account.calls[i]));
        if (phones > 1) text += fmt::format(", at {} phones", phones);
    }
    return text;
}

std::string member_sentence(const LampAccount& account)
{
    const bool key = feature_key(account.member).has_value();
    std::string text = account.member;
    if (!account.calls.empty())
        text += calls_sentence(account);
    else
        text += key ? key_words(account) : " is idle";
    // The look changes by a second call too, with which the talk has not begun.
    const bool told = std::ranges::any_of(account.calls, [](const auto& call) {
        return call.state == LegState::confirmed && call.answered_at;
    });
    if (!told && account.member_look.since)
        text += fmt::format(", since {}", moment(*account.member_look.since));
    if (account.calls.empty() && !key) text += standing_words(account);
    return text + '.';
}

std::string ended(const EndedLamp& end, const std::string& member)
{
    const auto at = moment(end.at);
    switch (end.how) {
    case LampEnd::unsubscribed:
        return fmt::format(" It ended its subscription to {} at {}.", member, at);
    case LampEnd::expired:
        return fmt::format(" Its subscription to {} expired at {}: it was not renewed.", member,
                           at);
    case LampEnd::refused:
        return fmt::format(" Its subscription to {} ended at {}: it answered a NOTIFY with {}.",
                           member, at, end.status);
    case LampEnd::withdrawn:
        return fmt::format(" Its subscription to {} was ended at {}: the right to see it went.",
                           member, at);
    case LampEnd::handed_over:
        return fmt::format(
            " Its subscription to {} was ended at {}, for it to subscribe anew at the phone of {}.",
            member, at, member);
    case LampEnd::left:
        return fmt::format(" Its subscription to {} was ended at {}: it was no longer registered.",
                           member, at);
    }
    return {};
}

std::string without_lamp(const AccountedPhone& phone, const LampAccount& account)
{
    const auto& [watcher, member] = std::tie(account.watcher, account.member);
    std::string text;
    switch (phone.why_none) {
    case NoLamp::not_allowed:
        text = fmt::format("This phone is told nothing of {}: {} may not see it.", member, watcher);
        break;
    case NoLamp::refuses:
        text = fmt::format(
            "This phone refused unsolicited NOTIFYs with {} at {}, and is left alone until it "
            "registers anew. Let it accept NOTIFYs without a subscription, or give it a busy-lamp "
            "key for {}, so that it subscribes.",
            phone.refusal ? phone.refusal->first : 0,
            phone.refusal ? moment(phone.refusal->second) : "an unknown time", member);
        break;
    case NoLamp::not_subscribed:
        if (is_park_name(member) || feature_key(member)) {
            text = fmt::format(
                "This phone has not subscribed to {}, of which nobody is told unasked. Give it a "
                "busy-lamp key for {}.",
                member, member);
            break;
        }
        if (phone.ended && phone.ended->how != LampEnd::unsubscribed)
            text = fmt::format(
                "This phone is not subscribed to {} any more, and unsolicited NOTIFYs are off for "
                "{}: its lamp is back when it subscribes anew, as it does when it starts.",
                member, watcher);
        else
            text = fmt::format(
                "This phone has not subscribed to {}, and unsolicited NOTIFYs are off for {}. Give "
                "it a busy-lamp key for {}, or set `unsolicited` for this watcher in a group that "
                "has {}.",
                member, watcher, member, member);
        if (told_by_phone(account.directory->right(watcher, member), member))
            text += fmt::format(
                " The phone of {} notifies its watchers itself (`phone_notifies`): a SUBSCRIBE is "
                "passed on to it, and it must accept it.",
                member);
        break;
    case NoLamp::not_registered: text = "This phone is not registered any more."; break;
    case NoLamp::told_by_phone:
        text = fmt::format(
            "This phone has subscribed at the phone of {}, which notifies its watchers itself: the "
            "exchange passes its NOTIFYs on, sends none, and does not know what the lamp shows. "
            "Switch `phone_notifies` of {} off to let the exchange tell it.",
            member, member);
        break;
    }
    if (phone.ended) text += ended(*phone.ended, member);
    return text;
}

std::string colours(const AccountedLamp& lamp)
{
    if (lamp.shown.colour == LampColour::unknown)
        return fmt::format("What the lamp shows is not known, for the phone has acknowledged "
                           "nothing yet; it should be {}",
                           name(lamp.present.colour));
    return lamp.agrees() ? fmt::format("The lamp is {}, as it should be", name(lamp.shown.colour))
                         : fmt::format("The lamp is {} and should be {}", name(lamp.shown.colour),
                                       name(lamp.present.colour));
}

/// By what else than answers the phone is kept waiting, if its profile has it so.
std::string pace(const AccountedLamp& lamp, const Directory& directory)
{
    auto profile = built_in_profile(lamp.profile);
    for (const auto& own : directory.profiles())
        if (own->name == lamp.profile) profile = own;
    if (!profile || profile->gap.count() == 0) return {};
    return fmt::format(": its body profile, {}, leaves {} ms between two NOTIFYs", lamp.profile,
                       profile->gap.count());
}

/// Who is at the other end, and does not let itself be seen there.
std::string unnamed(const LampAccount& account)
{
    const auto call = std::ranges::find_if(account.calls, &AccountedCall::unnamed);
    if (call == account.calls.end()) return {};
    const auto* party = account.directory->find(call->with);
    if (!party || party->visibility == Visibility::open)
        return " It is not told with whom: that one, or who has parked the call, does not let "
               "itself be seen (`visibility`).";
    return fmt::format(" It is not told with whom: the visibility of {} is `{}`.", call->with,
                       name(party->visibility));
}

/// What the phone is not told, or shows in its own way, though the lamp is as it should be.
std::string reserve(const AccountedLamp& lamp, const LampAccount& account)
{
    const auto& [watcher, member] = std::tie(account.watcher, account.member);
    const auto* right = account.directory->right(watcher, member);
    if (!account.calls.empty()) {
        if (right && right->watcher != right->member && right->rights.parties)
            return unnamed(account);
        if (!right || right->rights.parties) return {};
        const auto* seen = account.directory->find(member);
        if (seen && seen->visibility == Visibility::anonymous)
            return fmt::format(" It is not told with whom: the visibility of {} is `anonymous`.",
                               member);
        return fmt::format(" It is not told with whom: no group that shows {} to {} has the right "
                           "`parties`.",
                           member, watcher);
    }
    const auto& standing = account.standing;
    if (!standing.unregistered && !standing.do_not_disturb && !standing.forwarded) return {};
    if (lamp.present.colour != LampColour::dark)
        return fmt::format(" Its body profile, {}, lights it for that.", lamp.profile);
    auto text = fmt::format(" Its body profile, {}, shows {} as any idle extension", lamp.profile,
                            member);
    if (standing.do_not_disturb || standing.forwarded)
        text += fmt::format("; a key for {}+{} shows it",
                            standing.do_not_disturb ? "dnd" : "fwd", member);
    return text + '.';
}

std::string delivery(const AccountedLamp& lamp, const Directory& directory)
{
    if (!lamp.notify) return fmt::format("; nothing has been sent yet{}.", pace(lamp, directory));
    const auto& notify = *lamp.notify;
    const auto cseq = notify.cseq;
    if (lamp.under_way)
        return fmt::format("; the phone has not answered the NOTIFY with CSeq {} yet, sent at {}.",
                           cseq, moment(notify.sent_at));
    std::string again;
    if (lamp.retry_at)
        again = fmt::format(" It is sent again at {}.", moment(*lamp.retry_at));
    else if (lamp.waiting)
        again = " It is sent again when the phone answers another NOTIFY, which is under way.";
    if (notify.silent)
        return fmt::format("; the phone did not answer the NOTIFY with CSeq {} ({} in a row "
                           "failed). Is it switched on, and reachable at {}?{}",
                           cseq, lamp.failures, notify.flow.host, again);
    if (!notify.answer) return fmt::format("; CSeq {} was given up for a newer one.", cseq);
    if (*notify.answer >= 300)
        return fmt::format("; the phone answered the NOTIFY with CSeq {} with {} ({} in a row "
                           "failed).{}",
                           cseq, *notify.answer, lamp.failures, again);
    if (!lamp.agrees())
        return fmt::format("; the phone acknowledged CSeq {} with {}, and what is newer waits for "
                           "its turn{}.",
                           cseq, *notify.answer, pace(lamp, directory));
    return fmt::format(": the phone acknowledged CSeq {} with {}.", cseq, *notify.answer);
}

/// What does not fit is sent as small as it can be written; the phone may have cut it off, and answered
/// 200 all the same.
std::string excess(const AccountedLamp& lamp)
{
    if (!lamp.notify || lamp.max_body == 0) return {};
    const auto bytes = lamp.notify->size(!lamp.list.empty());
    if (bytes.value_or(0) <= lamp.max_body) return {};
    return fmt::format(" The body of that NOTIFY, {} bytes, is larger than its profile allows "
                       "(`max_body` {}), and cannot be written shorter.",
                       *bytes, lamp.max_body);
}

std::string abridgement(const AccountedLamp& lamp, const std::string& member)
{
    if (!lamp.notify || lamp.left_out == 0) return {};
    return fmt::format(
        " Of the phones of {} that ring for one call the NOTIFY names one; it has no "
        "room for {} more.",
        member, lamp.left_out);
}

/// What would let the watcher see the member.
std::string why_not_allowed(const LampAccount& account)
{
    const auto& [watcher, member] = std::tie(account.watcher, account.member);
    if (is_park_name(member))
        return fmt::format("{} may not see {}: it is in none of the groups that may use the park "
                           "lot ({}). Make it a member of one of them.",
                           watcher, member, fmt::join(account.directory->park_lot().groups, ", "));
    const auto key = account.directory->key(watcher, member);
    const auto owner = key ? std::string{key->owner} : member;
    const auto* seen = account.directory->find(owner);
    if (seen && seen->visibility == Visibility::hidden)
        return fmt::format("Nobody may see {}: {}visibility is `hidden`.", member,
                           key ? "it is a key of " + owner + ", whose " : "its ");
    return fmt::format("{} may not see {}: no group has {}{} among its members and {} among its "
                       "watchers. Put both into one group.",
                       watcher, member, owner, key ? ", whose key it is," : "", watcher);
}

}  // namespace

std::string summary(const LampAccount& account)
{
    const auto& [watcher, member] = std::tie(account.watcher, account.member);
    const auto* right = account.directory->right(watcher, member);
    if (!right) return why_not_allowed(account);
    const bool registered =
        std::ranges::any_of(account.phones, [](const auto& phone) { return phone.registered; });
    const bool lit = std::ranges::any_of(account.phones,
                                         [](const auto& phone) { return phone.lamp.has_value(); });
    auto text = member_sentence(account);
    if (!registered && !lit)
        text += fmt::format(" No phone of {} is registered, so there is no lamp to light: "
                            "register one{}.",
                            watcher, right->unsolicited ? "" : ", and let it subscribe");
    else if (!lit)
        text += fmt::format(" No phone of {} has a lamp for it; see why at each phone.", watcher);
    return text;
}

std::string explanation(const AccountedPhone& phone, const LampAccount& account)
{
    if (!phone.lamp) return without_lamp(phone, account);
    auto text = colours(*phone.lamp) + delivery(*phone.lamp, *account.directory) +
                excess(*phone.lamp) + abridgement(*phone.lamp, account.member) +
                reserve(*phone.lamp, account);
    if (const auto& list = phone.lamp->list; !list.empty())
        text += fmt::format(" It is told with the others of group {}, in one subscription.", list);
    return text;
}

}  // namespace lampline::web
