#include "support/office/random_publishers.hpp"

#include <algorithm>

#include "support/office/subscriptions.hpp"

namespace lampline::test {
namespace {

constexpr std::array<std::string_view, 3> elements{"1", "2", "3"};
constexpr std::array<std::string_view, 3> states{"early", "confirmed", "confirmed"};

}  // namespace

/// Mostly one that only the phone knows of, or else one of ours.
RandomPublishers::Dialog RandomPublishers::some_dialog(const std::string& about)
{
    auto& chance = office_.chance;
    Dialog dialog{.call_id = "pub-" + std::to_string(++last_),
                  .state = std::string{chance.any_of(states)},
                  .held = chance.one_in(3)};
    for (const auto& call : office_.pbx.view().calls)
        for (const auto& leg : call.legs)
            if (leg.extension == about && leg.state != "terminated" && chance.one_in(4)) {
                dialog.call_id = leg.call_id;
                dialog.ours = true;
                return dialog;
            }
    return dialog;
}

std::string RandomPublishers::text_of(const std::string& about, const std::string& id,
                                      const Dialog& dialog, const std::string& state)
{
    return "<dialog id=\"" + id + "\" call-id=\"" + dialog.call_id +
           "\" local-tag=\"l\" remote-tag=\"r\" direction=\"recipient\"><state>" + state +
           "</state><local><target uri=\"sip:" + about + "@192.0.2.9\">" +
           (dialog.held ? "<param pname=\"+sip.rendering\" pval=\"no\"/>" : "") +
           "</target></local><remote><identity>sip:555@elsewhere.test</identity></remote>"
           "</dialog>";
}

void RandomPublishers::act()
{
    auto& chance = office_.chance;
    if (is_about_to_expire()) return;
    forget_expired();
    if (chance.one_in(6)) return publishes_before_it_calls();
    if (chance.one_in(8)) return forgets();
    if (publications_.size() < 6 && (publications_.empty() || chance.one_in(3))) return begins();
    const auto at = chance.below(publications_.size());
    auto& publication = publications_[at];
    const auto event = publication.words.empty() ? "dialog" : "call-info";
    switch (chance.below(5)) {
    case 0:
    case 1:
    case 2: return changes(publication);
    case 3: sends(publication, {.event = event, .to = publication.about, .expires = 60s}); return;
    default:
        sends(publication, {.event = event, .to = publication.about, .expires = 0s});
        gone_ = std::move(publication);
        publications_.erase(publications_.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

void RandomPublishers::begins()
{
    auto& chance = office_.chance;
    const bool itself = chance.one_in(2);
    auto* phone = itself ? chance.any_of(office_.callers) : office_.program;
    Publication begun{.etag = {},
                      .by = phone,
                      .about = itself ? phone->number : std::string{chance.any_of(desks)},
                      .until = {},
                      .registered = false,
                      .dialogs = {},
                      .words = {}};
    if (!itself && chance.one_in(3)) {
        begun.about = chance.any_of(shared_lines);
        begun.words.try_emplace(0);
    }
    publications_.push_back(std::move(begun));
    changes(publications_.back());
}

/// A full document, or what is another in a partial one; ids of dialogs are used anew.
void RandomPublishers::changes(Publication& publication)
{
    auto& chance = office_.chance;
    const auto expires = std::chrono::seconds{60 + chance.below(300)};
    if (!publication.words.empty()) {
        const auto index = static_cast<unsigned>(4 + chance.below(3));
        for (auto& other : publications_)
            if (other.about == publication.about && other.words.erase(index) > 0)
                other.words.try_emplace(0);  // overruled, and still there
        publication.words = {{index, "word-" + std::to_string(++last_)}};
        sends(publication, {.event = "call-info",
                            .to = publication.about,
                            .expires = expires,
                            .call_info = "<sip:" + publication.about +
                                         "@office.test>;appearance-index=" + std::to_string(index) +
                                         ";appearance-state=" + publication.words.at(index)});
        return;
    }
    const bool full = chance.one_in(2) || publication.dialogs.empty();
    auto& dialogs = publication.dialogs;
    std::string body = "<?xml version=\"1.0\"?><dialog-info "
                       "xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"";
    body += full ? "full" : "partial";
    body += "\" entity=\"sip:" + publication.about + "@office.test\">";
    std::map<std::string, Dialog> after;
    if (!full) after = dialogs;
    for (const auto element : elements) {
        const std::string id{element};
        if (chance.one_in(2)) continue;
        const auto before = dialogs.find(id);
        auto dialog = before != dialogs.end() && chance.one_in(2) ? before->second
                                                                  : some_dialog(publication.about);
        dialog.state = chance.any_of(states);
        const bool ends = chance.one_in(6);
        body += text_of(publication.about, id, dialog, ends ? "terminated" : dialog.state);
        if (ends)
            after.erase(id);
        else
            after[id] = std::move(dialog);
    }
    body += "</dialog-info>";
    dialogs = std::move(after);
    sends(publication, {.event = "dialog",
                        .to = publication.about,
                        .expires = expires,
                        .content_type = "application/dialog-info+xml",
                        .body = body});
    ++office_.done[full ? "publishes all" : "publishes a part"];
}

/// What it is about to do the exchange hears of later.
void RandomPublishers::publishes_before_it_calls()
{
    auto& phone = *office_.chance.any_of(office_.callers);
    if (phone.has_dialog() || phone.rings()) return;
    Publication early{.etag = {},
                      .by = &phone,
                      .about = phone.number,
                      .until = {},
                      .registered = false,
                      .dialogs = {},
                      .words = {}};
    const auto next = office_.pbx.next_transaction().value + 2;
    const auto call_id = "call-" + std::to_string(next);
    sends(early, {.event = "dialog",
                  .to = phone.number,
                  .expires = 60s,
                  .content_type = "application/dialog-info+xml",
                  .body = "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
                          "version=\"0\" state=\"full\" entity=\"sip:" +
                          phone.number + "@office.test\"><dialog id=\"9\" call-id=\"" + call_id +
                          "\" direction=\"initiator\"><state>trying</state></dialog>"
                          "</dialog-info>"});
    phone.sends(INVITE, office_.chance.any_of(desks));
    const auto calls = office_.pbx.view().calls;
    const bool known = std::ranges::any_of(calls, [&](const LiveCall& call) {
        return std::ranges::any_of(call.legs,
                                   [&](const LiveLeg& leg) { return leg.call_id == call_id; });
    });
    ++office_.done["publishes before it calls"];
    if (!known) {  // it was refused, as the phone hears
        sends(early, {.event = "dialog", .to = phone.number, .expires = 0s});
        return;
    }
    early.dialogs["9"] = {.call_id = call_id, .state = "trying", .held = false, .ours = true};
    publications_.push_back(std::move(early));
}

/// Somebody publishes what there is once more, without the entity-tag: it is the same dialogs.
void RandomPublishers::forgets()
{
    const auto some = std::ranges::find_if(publications_, [](const Publication& one) {
        return !one.dialogs.empty() && std::ranges::none_of(one.dialogs, [](const auto& dialog) {
            return dialog.second.ours;
        });
    });
    if (some == publications_.end() || publications_.size() >= 6) return;
    Publication anew{.etag = {},
                     .by = some->by,
                     .about = some->about,
                     .until = {},
                     .registered = false,
                     .dialogs = some->dialogs,
                     .words = {}};
    std::string body = "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
                       "version=\"0\" state=\"full\" entity=\"sip:" +
                       anew.about + "@office.test\">";
    for (const auto& [id, dialog] : anew.dialogs)
        body += text_of(anew.about, id, dialog, dialog.state);
    sends(anew, {.event = "dialog",
                 .to = anew.about,
                 .expires = 120s,
                 .content_type = "application/dialog-info+xml",
                 .body = body + "</dialog-info>"});
    some->dialogs.clear();  // there all the same
    publications_.push_back(std::move(anew));
    ++office_.done["publishes anew"];
}

void RandomPublishers::leaves(const Phone& phone)
{
    std::erase_if(publications_,
                  [&](const Publication& one) { return one.by == &phone && one.registered; });
}

void RandomPublishers::sends(Publication& publication, Publishing publishing)
{
    auto& phone = *publication.by;
    publishing.if_match = publication.etag;
    if (gone_ && office_.chance.one_in(4)) {
        auto old = publishing;
        old.if_match = gone_->etag;
        const auto answer = answer_to(phone, phone.publishes(old));
        REQUIRE(answer);
        CHECK(answer->status == 412);
    }
    const auto answer = answer_to(phone, phone.publishes(publishing));
    REQUIRE(answer);
    CHECK(answer->status == 200);
    publication.etag = answer->value("SIP-ETag");
    publication.until = office_.pbx.now().mono + publishing.expires.value();
    publication.registered = publication.registered ||
                             (phone.number == publication.about && office_.is_registered(phone));
}

void RandomPublishers::forget_expired()
{
    const auto now = office_.pbx.now().mono;
    for (const auto& one : publications_)
        if (one.until <= now) gone_ = one;
    std::erase_if(publications_, [&](const Publication& one) { return one.until <= now; });
}

bool RandomPublishers::is_about_to_expire() const
{
    return std::ranges::any_of(publications_, [&](const Publication& one) {
        const auto left = one.until - office_.pbx.now().mono;
        return left > -2s && left < 2s;
    });
}

std::multiset<std::string> RandomPublishers::dialogs_of(const std::string& number) const
{
    std::multiset<std::string> lines;
    for (const auto& one : publications_) {
        if (one.about != number || one.until <= office_.pbx.now().mono) continue;
        for (const auto& [id, dialog] : one.dialogs)
            if (!dialog.ours)
                lines.insert(dialog.call_id + " " + dialog.state + (dialog.held ? " held" : ""));
    }
    return lines;
}

std::map<unsigned, std::string> RandomPublishers::words_of(const std::string& number) const
{
    std::map<unsigned, std::string> words;
    for (const auto& one : publications_)
        if (one.about == number && one.until > office_.pbx.now().mono)
            words.insert(one.words.begin(), one.words.end());
    words.erase(0);  // is no appearance
    return words;
}

void RandomPublishers::check(const LiveView& view) const
{
    const auto living = std::ranges::count_if(
        publications_, [&](const Publication& one) { return one.until > office_.pbx.now().mono; });
    CHECK(view.publications == static_cast<std::size_t>(living));
    office_.done["published"] += view.publications;
}

}  // namespace lampline::test
