#include "sip/stateless_reply.hpp"

#include <climits>
#include <initializer_list>

#include <fmt/format.h>

#include "base/table_room.hpp"
#include "sip/tokens.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {
namespace {

/// Each challenge and each 200 is written here: it shows where a format is read anew.
void append_parts(std::string& text, std::initializer_list<std::string_view> parts)
{
    for (const auto part : parts) text += part;
}

template <class SofiaHeader>
void append(std::string& text, const SofiaHeader* header)
{
    if (header) append_headers(text, reinterpret_cast<const msg_header_t*>(header));
}

}  // namespace

std::string write_reply(const sip_t& request, const StatelessReply& reply, std::string_view product)
{
    const char* standard = sip_status_phrase(static_cast<int>(reply.status));
    const std::string_view phrase = !reply.phrase.empty() ? reply.phrase
                                    : standard            ? standard
                                                          : "Unknown";
    std::string text;
    text.reserve(600);  // of most; many are remembered
    append_parts(text, {"SIP/2.0 ", fmt::format_int{reply.status}.c_str(), " ", phrase, "\r\n"});
    append(text, request.sip_via);
    append(text, request.sip_from);
    append(text, request.sip_to);
    if (!request.sip_to->a_tag) {
        text.resize(text.size() - 2);  // the line end
        text += ";tag=";
        text += reply.to_tag.empty() ? random_token() : std::string{reply.to_tag};
        text += "\r\n";
    }
    append(text, request.sip_call_id);
    append(text, request.sip_cseq);
    if (reply.status < 300 && request.sip_request->rq_method == sip_method_subscribe)
        append(text, request.sip_record_route);
    text += reply.headers;
    append_parts(text, {"Server: ", product, "\r\n"});
    if (!reply.body.empty()) append_parts(text, {"Content-Type: ", reply.content_type, "\r\n"});
    append_parts(text, {"Content-Length: ", fmt::format_int{reply.body.size()}.c_str(),
                        "\r\n\r\n", reply.body});
    return text;
}

RequestKey RepeatedRequests::key_of(const sip_t& request)
{
    const auto* via = request.sip_via;
    std::string key;
    key.reserve(160);
    for (const char* part : {via->v_branch, via->v_host, via->v_port, request.sip_call_id->i_id,
                             request.sip_cseq->cs_method_name}) {
        if (part) key += part;
        key += '\n';
    }
    key += std::to_string(request.sip_cseq->cs_seq);
    const auto hash = std::hash<std::string_view>{}(key);
    return {std::move(key), hash};
}

RepeatedRequests::Found RepeatedRequests::find(const RequestKey& key, TimePoint now) const
{
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.until < now) return {};
    return {found->second.answer ? Seen::answered : Seen::waiting, found->second.answer};
}

void RepeatedRequests::add(const RequestKey& key, TimePoint now)
{
    forget_old(now);
    if (by_age_.size() >= at_most) forget_oldest();
    const auto [entry, is_new] = entries_.try_emplace(key, Entry{now + kept_for_, nullptr});
    if (is_new) by_age_.push_back(&*entry);
}

void RepeatedRequests::forget_old(TimePoint now)
{
    while (!by_age_.empty() && by_age_.front()->second.until < now) forget_oldest();
}

void RepeatedRequests::forget_oldest()
{
    entries_.erase(entries_.find(by_age_.front()->first));
    by_age_.pop_front();
    give_back_room(entries_);
}

void RepeatedRequests::answer(const RequestKey& key, PacketRef packet)
{
    if (const auto found = entries_.find(key); found != entries_.end())
        found->second.answer = std::move(packet);
}

bool send_over(tport_t& connection, const std::string& message)
{
    if (!tport_is_clear_to_send(&connection)) return false;
    const MessageRef copy{
        msg_make(sip_default_mclass(), 0, message.data(), static_cast<ssize_t>(message.size()))};
    auto* sip = sip_object(copy.get());
    if (!sip || msg_serialize(copy.get(), reinterpret_cast<msg_pub_t*>(sip)) < 0) return false;
    return tport_tsend(&connection, copy.get(), tport_name(&connection), TPTAG_MTU(INT_MAX),
                       TAG_END()) != nullptr;
}

}  // namespace lampline::sip
