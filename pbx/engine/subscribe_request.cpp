#include "engine/subscribe_request.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/text.hpp"
#include "core/extension_uri.hpp"
#include "core/rlmi.hpp"
#include "core/tagged_address.hpp"
#include "core/xml_parser.hpp"
#include "engine/event_packages.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;

constexpr seconds repeated_for{32};  // 64*T1, RFC 3261 §17.1.2.2
constexpr std::size_t max_settled = 4096;
constexpr std::size_t max_kept_text = 4096;  // bytes of one subscription that come from the phone
constexpr std::size_t max_route = 16;

bool knows_lists(std::string_view event)
{
    const auto package = event_package(event);
    return package ? row_of(*package).has_lists : event == "dialog";
}

std::string_view what_is_wrong(ContainedListFault fault)
{
    switch (fault) {
    case ContainedListFault::malformed:
        return "the list is no resource-lists document of at most 32 KB and 16 levels, or an entry "
               "has no URI";
    case ContainedListFault::empty: return "the list has no entries";
    case ContainedListFault::too_large:
        return "the list has more than 1000 entries, or a URI of more than 256 bytes";
    }
    return "the list cannot be read";
}

class Unread final : public XmlHandler {
public:
    bool start(std::string_view, const char**) override { return true; }
    void end() override {}
    void characters(std::string_view) override {}
};

}  // namespace

Reply answer(const SubscribeReceived& request, unsigned status, std::vector<Header> headers)
{
    return {.transaction = request.transaction,
            .status = status,
            .phrase = {},
            .local_tag = request.parties.to_tag,
            .headers = std::move(headers),
            .session_timer = {},
            .payload = {}};
}

Reply refusal(const SubscribeReceived& request, unsigned status, std::string_view domain,
              std::string_view why, std::string phrase)
{
    std::string warning{"399 "};
    warning.append(domain).append(" \"").append(why).append("\"");
    auto reply = answer(request, status, {{"Warning", std::move(warning)}});
    reply.phrase = std::move(phrase);
    return reply;
}

std::optional<Reply> refusal_of_body(const SubscribeReceived& request, std::string_view domain)
{
    if (request.recipient_list && !knows_lists(request.event))
        return answer(request, 420, {{"Unsupported", "recipient-list-subscribe"}});
    if (!has_body(request.payload) || !is_xml(request.payload->content_type)) return std::nullopt;
    Unread unread;
    if (parse_xml(request.payload->body, unread)) return std::nullopt;
    return refusal(request, 400, domain,
                   "the body is not what Content-Type says: well-formed XML of at most 32 KB and "
                   "16 levels without a DOCTYPE",
                   "Malformed Body");
}

std::optional<std::vector<ContainedEntry>> contained_list(const SubscribeReceived& request,
                                                          const Directory& directory,
                                                          std::string_view type, Outbox& outbox)
{
    const auto malformed = [&](std::string_view why) {
        outbox.send(refusal(request, 400, directory.domain(), why, "Malformed Body"));
        return std::nullopt;
    };
    if (!has_body(request.payload))
        return malformed("Require names a list (recipient-list-subscribe), and there is no body");
    const std::string_view content_type = request.payload->content_type;
    if (!same_word(trimmed(content_type.substr(0, content_type.find(';'))), resource_lists_type)) {
        outbox.send(answer(request, 415, {{"Accept", std::string{resource_lists_type}}}));
        return std::nullopt;
    }
    if (request.parties.to_tag.empty() && !has(request.supported, OptionTag::eventlist)) {
        auto reply = refusal(request, 421, directory.domain(),
                             "a list is told as one (RFC 4662): Supported must name eventlist");
        reply.headers.push_back({"Require", "eventlist"});
        outbox.send(std::move(reply));
        return std::nullopt;
    }
    if (request.parties.to_tag.empty() && !accepts_lists(request)) {
        outbox.send(answer(request, 406, {{"Accept", types_of_list(type)}}));
        return std::nullopt;
    }
    auto uris = read_contained_list(request.payload->body);
    if (!uris) return malformed(what_is_wrong(uris.error()));
    std::vector<ContainedEntry> entries;
    std::unordered_set<std::string> known;
    for (auto& uri : *uris) {
        std::string member;
        if (const auto parsed = SipUri::parse(uri))
            member = name_here(*parsed, directory.domain(), request.request_uri.host);
        member = member.empty() ? uri : directory.watched(std::move(member));
        if (known.insert(member).second) entries.push_back({std::move(member), std::move(uri)});
    }
    return entries;
}

std::string name_of_list(const SubscribeReceived& request)
{
    auto name = name_here(request.request_uri, {}, request.request_uri.host);
    return name.empty() || name.size() > 32 ? request.authenticated : name;
}

Reply accept(const SubscribeReceived& request, std::string local_tag, seconds granted)
{
    Reply reply = answer(request, 200, {{"Expires", std::to_string(granted.count())}});
    reply.local_tag = std::move(local_tag);
    return reply;
}

Reply accept(const SubscribeReceived& request, std::string local_tag, const SubscriptionUsage& usage,
             seconds granted)
{
    auto reply = accept(request, std::move(local_tag), granted);
    reply.required = usage.dialog->require;
    return reply;
}

bool hears_end(const SubscriptionUsage& usage, const SubscribeReceived& request) noexcept
{
    return usage.ending && usage.remote_tag == request.parties.from_tag &&
           usage.watcher == request.authenticated && request.cseq > usage.remote_cseq;
}

std::optional<seconds> grant(const SubscribeReceived& request, const ExpiryLimits& limits,
                             Outbox& outbox)
{
    const seconds asked = request.expires.value_or(limits.otherwise);
    if (asked.count() == 0) return asked;
    if (asked >= limits.least) return std::min(asked, limits.most);
    outbox.send(answer(request, 423, {{"Min-Expires", std::to_string(limits.least.count())}}));
    return std::nullopt;
}

bool accepts_type(const SubscribeReceived& request, std::string_view type)
{
    if (type.empty() || (request.accept.empty() && request.accept_not.empty())) return true;
    const auto of_its_kind = std::string{type.substr(0, type.find('/'))} + "/*";
    const std::array<std::string_view, 3> narrowest_first{type, of_its_kind, "*/*"};
    for (const auto range : narrowest_first) {
        if (std::ranges::find(request.accept, range) != request.accept.end()) return true;
        if (std::ranges::find(request.accept_not, range) != request.accept_not.end()) return false;
    }
    return false;
}

bool accepts_lists(const SubscribeReceived& request)
{
    return accepts_type(request, multipart_related_type) && accepts_type(request, rlmi_type);
}

std::string types_of_list(std::string_view type)
{
    return std::string{type}
        .append(", ")
        .append(rlmi_type)
        .append(", ")
        .append(multipart_related_type);
}

void require_lists(SubscriptionUsage& usage)
{
    auto dialog = std::make_shared<NotifyDialog>(*usage.dialog);
    dialog->require = OptionTag::eventlist;
    usage.dialog = std::move(dialog);
}

void begin(SubscriptionUsage& usage, const SubscribeReceived& request, std::string watcher,
           std::string member, std::string event, std::string local_tag)
{
    usage.kind = SubscriptionKind::requested;
    usage.watcher = std::move(watcher);
    usage.member = std::move(member);
    usage.local_tag = std::move(local_tag);
    usage.remote_tag = request.parties.from_tag;
    usage.remote_cseq = request.cseq;

    auto dialog = std::make_shared<NotifyDialog>();
    dialog->call_id = request.call_id;
    dialog->from = with_tag(write(request.parties.to), usage.local_tag);
    dialog->to = with_tag(write(request.parties.from), usage.remote_tag);
    dialog->contact = extension_uri(usage.member, {}).user;
    dialog->event = std::move(event);
    dialog->request_uri = write(request.contact);
    dialog->route = request.record_route;
    dialog->flow = request.source;
    usage.dialog = std::move(dialog);
}

bool is_too_long(const SubscriptionUsage& usage) noexcept
{
    const NotifyDialog& dialog = *usage.dialog;
    std::size_t size = dialog.call_id.size() + dialog.from.size() + dialog.to.size() +
                       dialog.event.size() + dialog.request_uri.size();
    for (const auto& route : dialog.route) size += route.size();
    return size > max_kept_text || dialog.route.size() > max_route;
}

bool is_repeated(const SubscriptionUsage& known, const SubscribeReceived& request,
                 Moment now) noexcept
{
    return request.cseq <= known.remote_cseq && now.mono - known.begun_at <= repeated_for;
}

void prolong(SubscriptionUsage& usage, const SubscribeReceived& request, seconds granted,
             Moment now)
{
    usage.remote_cseq = request.cseq;
    usage.granted = granted;
    usage.expires_at = now.seconds() + granted;
    usage.expires_mono = now.mono + granted;
    if (!request.user_agent.empty())
        usage.user_agent = request.user_agent.substr(0, max_user_agent);
}

bool resume(SubscriptionUsage& usage, StoredSubscription kept, std::chrono::seconds most,
            Moment now)
{
    if (kept.expires_at <= now.seconds() || !SipUri::parse(kept.contact)) return false;
    usage.watcher = std::move(kept.watcher);
    usage.member = std::move(kept.member);
    usage.local_tag = std::move(kept.local_tag);
    usage.remote_tag = std::move(kept.remote_tag);
    usage.user_agent = std::move(kept.user_agent);
    usage.registered_call = kept.registered_call;
    usage.remote_cseq = kept.remote_cseq;
    usage.granted = std::min(kept.expires_at - now.seconds(), most);
    usage.expires_at = now.seconds() + usage.granted;
    usage.expires_mono = now.mono + usage.granted;
    usage.counters = NotifyCounters{kept.reserved_cseq, kept.reserved_version};

    auto dialog = std::make_shared<NotifyDialog>();
    dialog->call_id = std::move(kept.call_id);
    dialog->from = with_tag(std::move(kept.local_uri), usage.local_tag);
    dialog->to = with_tag(std::move(kept.remote_uri), usage.remote_tag);
    dialog->contact = extension_uri(usage.member, {}).user;
    dialog->event = std::move(kept.event);
    dialog->request_uri = std::move(kept.contact);
    dialog->route = std::move(kept.route);
    dialog->flow = std::move(kept.flow);
    dialog->flow.connection = {};  // the connections of an earlier run are gone
    usage.dialog = std::move(dialog);
    return true;
}

bool is_of_phone(const SubscriptionUsage& usage, const SipUri& contact, const Flow& flow)
{
    if (usage.dialog->flow == flow) return true;
    const auto target = SipUri::parse(usage.dialog->request_uri);
    return target && equivalent(*target, contact);
}

std::string dialog_key(std::string_view call_id, std::string_view local_tag)
{
    return std::string{call_id}.append("\n").append(local_tag);
}

void SettledRequests::add(std::string key, std::uint32_t cseq, std::string local_tag, Moment now)
{
    while (!due_.empty() && (due_.front().until <= now.mono || due_.size() >= max_settled))
        forget_oldest();
    const auto until = now.mono + repeated_for;
    settled_.insert_or_assign(key, Settled{cseq, std::move(local_tag), until});
    due_.push_back({std::move(key), until});
}

void SettledRequests::forget_oldest()
{
    const auto found = settled_.find(due_.front().key);
    if (found != settled_.end() && found->second.until == due_.front().until) settled_.erase(found);
    due_.pop_front();
}

const std::string* SettledRequests::find(std::string_view key, std::uint32_t cseq) const noexcept
{
    const auto found = settled_.find(key);
    return found == settled_.end() || found->second.cseq != cseq ? nullptr
                                                                 : &found->second.local_tag;
}

}  // namespace lampline
