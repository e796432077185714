#include "support/office/random_publishers.hpp"

#include <algorithm>

#include "core/appearance.hpp"
#include "support/office/subscriptions.hpp"

namespace lampline::test {
namespace {

constexpr std::array<std::string_view, 3> elements{"1", "2", "3"};
constexpr std::array<std::string_view, 3> states{"early", "confirmed", "confirmed"};
constexpr std::string_view somebody{"\"Somebody\" <sip:555@elsewhere.test>"};

}  // namespace

/// Mostly one that only the phone knows of, or else one of ours.
RandomPublishers::Dialog RandomPublishers::some_dialog(const std::string& about)
{
    auto& chance = office_.chance;
    Dialog dialog{.call_id = "pub-" + std::to_string(++last_),
                  .state = std::string{chance.any_of(states)},
                  .held = chance.one_in(3)};
    for (const auto& call : office_.pbx.present().calls)
        for (const auto& leg : call.legs)
            if (leg.extension == about && leg.state != "terminated" && !leg.untold &&
                chance.one_in(4)) {
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
    const auto& event = publication.event;
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
                      .registration = {},
                      .dialogs = {},
                      .words = {}};
    if (!itself && chance.one_in(2)) {
        const bool seizes = chance.one_in(2);  // nobody claims by PUBLISH what a shared line has
        begun.about = seizes ? desks.front() : chance.any_of(shared_lines);
        begun.event = seizes ? "line-seize" : "call-info";
    }
    publications_.push_back(std::move(begun));
    changes(publications_.back());
}

/// Of all publications of a package the last says what becomes of an appearance.
void RandomPublishers::changes_appearance(Publication& publication)
{
    auto& chance = office_.chance;
    const bool seizes = publication.event == "line-seize";
    const auto index = static_cast<unsigned>((seizes ? 1 : 4) + chance.below(3));
    for (auto& other : publications_)
        if (other.about == publication.about && other.event == publication.event)
            other.words.erase(index);
    CallInfo info{.uri = "sip:" + publication.about + "@office.test",
                  .index = index,
                  .rest = false,
                  .state = {},
                  .appearance_uri = {}};
    if (!seizes) {
        info.other_state = "word-" + std::to_string(++last_);
        info.appearance_uri = somebody;
    }
    publication.words = {{index, info.other_state}};
    sends(publication, {.event = publication.event,
                        .to = publication.about,
                        .expires = std::chrono::seconds{60 + chance.below(300)},
                        .call_info = write(info)});
    ++office_.done["publishes " + publication.event];
}

/// A full document, or what is another in a partial one; ids of dialogs are used anew.
void RandomPublishers::changes(Publication& publication)
{
    auto& chance = office_.chance;
    const auto expires = std::chrono::seconds{60 + chance.below(300)};
    if (publication.event != "dialog") return changes_appearance(publication);
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
                      .registration = {},
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
    const auto calls = office_.pbx.present().calls;
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
                     .registration = {},
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
    std::erase_if(publications_, [&](const Publication& one) {
        return one.by == &phone && !one.registration.empty();
    });
}

void RandomPublishers::registers(const Phone& phone)
{
    const auto now = office_.registration_of(phone);
    std::erase_if(publications_, [&](const Publication& one) {
        return one.by == &phone && !one.registration.empty() && one.registration != now;
    });
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
    auto expected = publishing.expires.value();
    if (publication.event == "line-seize") expected = std::min<std::chrono::seconds>(expected, 15s);
    CHECK(answer->value("Expires") == std::to_string(expected.count()));
    publication.until = office_.pbx.now().mono + expected;
    const auto registration = office_.registration_of(phone);
    if (phone.number == publication.about && !registration.empty())
        publication.registration = registration;
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
        if (one.about == number && one.event == "call-info" && one.until > office_.pbx.now().mono)
            words.insert(one.words.begin(), one.words.end());
    return words;
}

std::set<unsigned> RandomPublishers::seizures_of(const std::string& number) const
{
    std::set<unsigned> indexes;
    for (const auto& one : publications_)
        if (one.about == number && one.event == "line-seize" && one.until > office_.pbx.now().mono)
            for (const auto& [index, word] : one.words) indexes.insert(index);
    return indexes;
}

void RandomPublishers::storage_lost(const Kept& left)
{
    const auto now = office_.pbx.now();
    const auto is_left = [&](const Publication& one) {
        return std::ranges::count(left.publications, one.etag, &StoredPublication::etag) > 0;
    };
    /// Its phone has begun anew since, which ends it.
    const auto is_outlived = [&](const StoredPublication& row) {
        return std::ranges::any_of(left.bindings, [&](const Binding& binding) {
            return !row.phones.empty() && binding.aor == row.extension &&
                   write(binding.contact) == row.phones.front().contact &&
                   binding.call_id != row.phones.front().registration &&
                   binding.expires_at > now.wall;
        });
    };
    if (gone_ && is_left(*gone_)) gone_.reset();
    for (const auto& one : publications_) {
        if (is_left(one)) continue;
        gone_ = one;
        ++office_.done["publications lost"];
    }
    std::set<std::pair<std::string, std::string>> own;
    for (const auto& call : left.calls)
        for (const auto& leg : call.legs) own.emplace(leg.extension, leg.dialog.call_id);
    publications_.clear();
    for (const auto& row : left.publications) {
        REQUIRE(row.phones.size() <= 1);  // each has named its contact
        if (is_outlived(row)) continue;
        Publication kept{.etag = row.etag,
                         .by = office_.program,
                         .about = row.extension,
                         .event = row.event,
                         .until = now.mono + (row.expires_at - now.wall),
                         .registration = {},
                         .dialogs = {},
                         .words = {}};
        for (auto* phone : office_.callers)
            if (phone->number == row.publisher) kept.by = phone;
        for (const auto& phone : row.phones) {
            kept.by = office_.phone_at(phone.contact);
            kept.registration = phone.registration;
        }
        REQUIRE(kept.by);
        if (const auto said = read_call_info(row.call_info))
            for (const auto& info : *said) kept.words[info.index] = info.other_state;
        for (const auto& [said, id, hidden] : row.dialogs)
            kept.dialogs[said.id] = {.call_id = said.call_id,
                                     .state = said.state,
                                     .held = !said.rendered,
                                     .ours = hidden || own.contains({row.extension, said.call_id})};
        publications_.push_back(std::move(kept));
    }
}

void RandomPublishers::check(const LiveView& view) const
{
    const auto living = std::ranges::count_if(
        publications_, [&](const Publication& one) { return one.until > office_.pbx.now().mono; });
    CHECK(view.publications == static_cast<std::size_t>(living));
    office_.done["published"] += view.publications;
}

}  // namespace lampline::test
