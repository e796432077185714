#include "engine/publications.hpp"

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "core/appearance.hpp"
#include "core/extension_uri.hpp"
#include "engine/appearances.hpp"
#include "engine/notify_path.hpp"
#include "engine/published_dialog.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;

/// Legs of calls are numbered below.
constexpr std::uint64_t first_leg = std::uint64_t{1} << 62U;
constexpr std::size_t max_said = 1024;  ///< of one appearance, in bytes
constexpr std::string_view publishable = "dialog, call-info, line-seize";

Reply answer(const PublishReceived& request, unsigned status, std::vector<Header> headers = {})
{
    return {.transaction = request.transaction,
            .status = status,
            .phrase = {},
            .headers = std::move(headers)};
}

Reply refusal(const PublishReceived& request, unsigned status, const Directory& directory,
              std::string_view why)
{
    return answer(request, status,
                  {{"Warning", "399 " + directory.domain() + " \"" + std::string{why} + "\""}});
}

/// A word of somebody else's in a quoted string.
std::string printable(std::string_view word)
{
    constexpr std::size_t longest = 32;
    std::string text{"'"};
    for (const char letter : word.substr(0, longest))
        text += letter < 0x20 || letter > 0x7E || letter == '"' || letter == '\\' ? '?' : letter;
    return text += "'";
}

bool is_dialog_info(std::string_view content_type)
{
    return same_word(content_type.substr(0, content_type.find_first_of("; \t")), dialog_info_type);
}

/// `entity`, of a document or of an appearance, is another extension than `published`. What it says
/// of somebody elsewhere, as a phone does that knows itself by another domain, is taken as said of
/// `published`.
bool names_another(const std::string& entity, const SipUri& published, const Directory& directory)
{
    const auto uri = SipUri::parse(entity);
    if (!uri || (!same_word(uri->host, directory.domain()) && !same_word(uri->host, published.host)))
        return false;
    const auto named = extension_of(*uri);
    return named != extension_of(published) && directory.find(named) != nullptr;
}

/// Whether `said` says two things of one appearance.
bool names_one_twice(const std::vector<SaidCallInfo>& said)
{
    for (auto one = said.begin(); one != said.end(); ++one) {
        const auto same = [&](const SaidCallInfo& other) {
            return one->info.rest == other.info.rest && one->info.index == other.info.index;
        };
        if (!one->info.names_none() && std::any_of(std::next(one), said.end(), same)) return true;
    }
    return false;
}

/// The exchange decides who has which appearance of `line`, and its phones alone claim them: a 200
/// would promise what another phone may have.
Reply refused_claim(const PublishReceived& request, const Directory& directory,
                    const Appearances& appearances, const Extension& line,
                    std::string_view call_info)
{
    const auto refused = [&](unsigned status, std::string_view phrase, std::string_view why) {
        auto reply = refusal(request, status, directory, why);
        reply.phrase = phrase;
        return reply;
    };
    const auto claimed = read_call_info(call_info).value_or(std::vector<CallInfo>{});
    if (std::ranges::any_of(claimed,
                            [&](const CallInfo& one) { return one.index > line.appearances; }))
        return refused(404, "No Such Appearance",
                       "the extension has " + std::to_string(line.appearances) + " appearances");
    const auto is_used = [&](const CallInfo& one) {
        return appearances.state(line.number, one.index).value_or(AppearanceState::idle) !=
               AppearanceState::idle;
    };
    if (std::ranges::any_of(claimed, is_used))
        return refused(480, "Appearance Taken", "the appearance is in use");
    return refused(403, {},
                   "the exchange runs this line: its phones claim appearances by SUBSCRIBE");
}

bool has_content(const PublishReceived& request)
{
    if (!request.payload) return false;
    return !request.payload->body.empty() ||
           std::ranges::any_of(request.payload->headers,
                               [](const Header& header) { return header.name == "Call-Info"; });
}

}  // namespace

struct Publications::Content {
    bool there = false;
    DialogInfo document;
    std::string call_info;
};

Publications::Publications(PublicationSettings settings, TokenSource tokens)
    : settings_{settings}, tokens_{std::move(tokens)}
{
    legs_.skip_to({first_leg});
}

std::chrono::seconds Publications::longest(std::optional<EventPackage> package) const noexcept
{
    return package == EventPackage::line_seize ? settings_.seized : settings_.most;
}

/// A phone about its own extension, a trusted one about any.
bool Publications::may_publish(const Directory& directory, std::string_view publisher,
                               std::string_view extension) noexcept
{
    const auto* known = directory.find(publisher);
    return known && directory.find(extension) && (known->trusted || publisher == extension);
}

/// False: it is answered.
bool Publications::read(const PublishReceived& request, std::optional<EventPackage> package,
                        const Directory& directory, Content& content, Outbox& outbox) const
{
    const auto refuse = [&](Reply reply) {
        outbox.send(std::move(reply));
        return false;
    };
    if (!package) {
        if (!has_body(request.payload)) return true;
        if (!is_dialog_info(request.payload->content_type))
            return refuse(answer(request, 415, {{"Accept", std::string{dialog_info_type}}}));
        auto document = read_dialog_info(request.payload->body);
        if (!document || document->dialogs.size() > max_dialogs ||
            std::ranges::any_of(document->dialogs, has_overlong_words))
            return refuse(
                refusal(request, 400, directory,
                        "the body is no dialog-info document of at most 32 KB and 32 dialogs, "
                        "without a DOCTYPE, with Call-IDs and tags of at most 256 bytes and "
                        "addresses and names of at most 1024"));
        for (const auto& dialog : document->dialogs)
            if (!dialog_state(dialog.state))
                return refuse(refusal(request, 400, directory,
                                      printable(dialog.state) +
                                          " is no state of a dialog: trying, proceeding, early, "
                                          "confirmed or terminated"));
        if (names_another(document->entity, request.request_uri, directory))
            return refuse(refusal(request, 400, directory,
                                  "entity of the body is not whom the Request-URI names"));
        content.there = true;
        content.document = *std::move(document);
        return true;
    }
    bool malformed = false;
    if (request.payload)
        for (const auto& header : request.payload->headers) {
            if (header.name != "Call-Info") continue;
            malformed = malformed || header.value.empty();
            content.call_info += (content.call_info.empty() ? "" : ", ") + header.value;
        }
    if (malformed || content.call_info.empty())
        return refuse(refusal(request, 400, directory, "Call-Info is missing or malformed"));
    const auto said = split_call_info(content.call_info);
    if (!said)
        return refuse(
            refusal(request, 400, directory, std::string{"Call-Info "}.append(said.error())));
    if (std::ranges::any_of(*said, [](const auto& one) { return one.text.size() > max_said; }))
        return refuse(refusal(request, 400, directory,
                              "Call-Info says more than 1024 bytes of one appearance"));
    if (std::ranges::any_of(*said, [&](const auto& one) {
            return !one.info.names_none() &&
                   names_another(one.info.uri, request.request_uri, directory);
        }))
        return refuse(refusal(request, 400, directory,
                              "Call-Info says an appearance of somebody else than the Request-URI "
                              "names"));
    if (names_one_twice(*said))
        return refuse(
            refusal(request, 400, directory, "Call-Info names one appearance-index twice"));
    if (package == EventPackage::line_seize &&
        std::ranges::any_of(*said, [](const auto& one) { return one.info.index == 0; }))
        return refuse(refusal(request, 400, directory, "Call-Info has no appearance-index"));
    content.there = true;
    return true;
}

StatePublished Publications::receive(const PublishReceived& request, const Directory& directory,
                                     const Appearances& appearances,
                                     std::span<const Binding> registered, Moment now,
                                     Outbox& outbox)
{
    StatePublished changes;
    const auto package = event_package(request.event);
    const bool seize = package == EventPackage::line_seize;
    if (request.event != "dialog" && package != EventPackage::call_info && !seize) {
        outbox.send(answer(request, 489, {{"Allow-Events", std::string{publishable}}}));
        return changes;
    }
    const auto extension = extension_of(request.request_uri);
    if (!may_publish(directory, request.authenticated, extension)) {
        outbox.send(answer(request, 403));
        return changes;
    }
    const auto known = by_etag_.find(request.if_match);
    const bool begins = request.if_match.empty();
    if (!begins &&
        (known == by_etag_.end() || known->second.extension != extension ||
         known->second.package != package || known->second.publisher != request.authenticated)) {
        outbox.send(answer(request, 412));
        return changes;
    }
    const auto least = package == EventPackage::call_info ? settings_.least : seconds{1};
    auto granted = request.expires.value_or(seize ? settings_.seized : settings_.otherwise);
    granted = std::min(granted, longest(package));
    if (granted.count() > 0 && granted < least) {
        outbox.send(answer(request, 423, {{"Min-Expires", std::to_string(least.count())}}));
        return changes;
    }
    Content content;
    const bool refreshes = !begins && !has_content(request);
    if (!refreshes && granted.count() > 0 && !read(request, package, directory, content, outbox))
        return changes;
    const auto* const line = directory.find(extension);
    if (seize && granted.count() > 0 && line->appearances > 0) {
        outbox.send(refused_claim(request, directory, appearances, *line, content.call_info));
        return changes;
    }
    if (begins && granted.count() > 0) {
        if (!content.there) {
            outbox.send(refusal(request, 400, directory, "there is nothing to publish"));
            return changes;
        }
        const auto subject = subjects_.find(extension);
        if (subject != subjects_.end() && subject->second.etags.size() >= settings_.per_extension &&
            !make_room(subject->second, request.authenticated, changes, outbox)) {
            outbox.send(refusal(request, 403, directory, "too many publications"));
            return changes;
        }
    }
    const auto etag = tokens_();
    outbox.send(
        answer(request, 200, {{"SIP-ETag", etag}, {"Expires", std::to_string(granted.count())}}));
    if (granted.count() == 0) {
        if (!begins) withdraw(request.if_match, changes, outbox);
        return changes;
    }
    auto node = by_etag_.extract(request.if_match);
    Publication publication{.id = {},
                            .extension = extension,
                            .publisher = request.authenticated,
                            .package = package,
                            .phones = {},
                            .dialogs = {},
                            .call_info = {},
                            .expires_at = {}};
    auto& etags = subjects_[extension].etags;
    if (!node) {
        publication.id = tokens_();
    } else {
        publication = std::move(node.mapped());
        expiry_.cancel(request.if_match);
        std::erase(etags, request.if_match);
    }
    etags.push_back(etag);
    auto& kept = by_etag_.try_emplace(etag, std::move(publication)).first->second;
    expiry_.set(etag, now.mono + granted);
    kept.expires_at = std::chrono::ceil<seconds>(now.wall) + granted;
    if (content.there && !package) {
        publish_dialogs(kept, content.document, directory, changes, outbox);
    } else if (content.there) {
        kept.call_info = std::move(content.call_info);
        overrule(etag, kept, outbox);
        changes.packages.emplace_back(*package, extension);
    }
    if (const auto phones = publishers_of(kept, request, registered); !phones.empty()) {
        kept.phones.clear();
        for (const auto* phone : phones) kept.phones.push_back({phone->contact, phone->call_id});
    }
    store(etag, kept, begins, outbox);
    return changes;
}

/// Of whose registrations one is of the phone that has sent `request` about itself.
std::vector<const Binding*> Publications::publishers_of(const Publication& publication,
                                                        const PublishReceived& request,
                                                        std::span<const Binding> registered)
{
    if (publication.publisher != publication.extension) return {};
    std::vector<SipUri> targets;
    for (const auto& dialog : publication.dialogs)
        if (const auto& target = dialog.latest.local.target; !target.host.empty())
            targets.push_back(target);
    return publishers_among(registered, request.contact, targets, request.source,
                            request.user_agent);
}

/// One that says nothing any more is withdrawn, of `publisher` if there is one. Whoever forgets its
/// entity-tags, or has none in mind, shuts out neither itself nor others by what it has said
/// before.
bool Publications::make_room(const Subject& subject, std::string_view publisher,
                             StatePublished& changes, Outbox& outbox)
{
    std::string empty;
    for (const auto& etag : subject.etags) {
        const auto& one = by_etag_.find(etag)->second;
        if (!one.dialogs.empty() || !one.call_info.empty()) continue;
        if (empty.empty() || one.publisher == publisher) empty = etag;
        if (one.publisher == publisher) break;
    }
    if (empty.empty()) return false;
    withdraw(empty, changes, outbox);
    return true;
}

/// Of each appearance counts what was said last, whoever said it: `newest` takes what it names from
/// all others.
void Publications::overrule(const std::string& etag, const Publication& newest, Outbox& outbox)
{
    const auto said = read_call_info(newest.call_info);
    if (!said) return;
    const bool all = std::ranges::any_of(*said, &CallInfo::rest);
    for (const auto& other : subjects_.find(newest.extension)->second.etags) {
        auto& older = by_etag_.find(other)->second;
        if (other == etag || older.package != newest.package) continue;
        auto values = split_call_info(older.call_info);
        if (!values) continue;
        const auto gone = std::erase_if(*values, [&](const SaidCallInfo& value) {
            return (all && !value.info.names_none()) ||
                   std::ranges::any_of(*said, [&](const CallInfo& info) {
                       return info.rest == value.info.rest && info.index == value.info.index;
                   });
        });
        if (gone == 0) continue;
        older.call_info = joined(*values);
        store(other, older, false, outbox);
    }
}

std::vector<Header> Publications::call_info(EventPackage package, std::string_view extension) const
{
    std::vector<Header> headers;
    const auto subject = subjects_.find(extension);
    if (subject == subjects_.end()) return headers;
    for (const auto& etag : subject->second.etags) {
        const auto& publication = by_etag_.find(etag)->second;
        if (publication.package == package && !publication.call_info.empty())
            headers.push_back({"Call-Info", publication.call_info});
    }
    return headers;
}

}  // namespace lampline
