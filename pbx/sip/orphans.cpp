#include "sip/orphans.hpp"

#include <fmt/format.h>

#include "core/tagged_address.hpp"
#include "sip/dialog_usage.hpp"
#include "sip/header_text.hpp"
#include "sip/stateless_reply.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {
namespace {

using namespace std::chrono_literals;

/// Answers of unknown calls that are hung up each second: more are no phones left behind, but
/// somebody who wants us to send.
constexpr unsigned max_ended = 50;

/// Of a Via of ours.
std::string branch_in(std::string_view via)
{
    constexpr std::string_view name{";branch="};
    const auto at = via.find(name);
    if (at == std::string_view::npos) return {};
    via.remove_prefix(at + name.size());
    return std::string{via.substr(0, via.find(';'))};
}

}  // namespace

bool Orphans::take(const sip_t& sip, const Flow& source, tport_t* connection)
{
    if (!sip.sip_status || !sip.sip_cseq || sip.sip_cseq->cs_method != sip_method_invite ||
        sip.sip_status->st_status < 200 || !sip.sip_from->a_tag || !sip.sip_via ||
        !sip.sip_via->v_branch)
        return false;
    const auto* leg = sip.sip_status->st_status >= 300
                          ? nullptr
                          : nta_leg_by_dialog(&agent_, nullptr, sip.sip_call_id, sip.sip_to->a_tag,
                                              nullptr, sip.sip_from->a_tag, nullptr);
    if (auto* dialog = DialogUsage::of(leg)) {
        std::string lines;
        append_header(lines, "User-Agent", settings_.product);
        dialog->acknowledge(sip, lines);
        on_input_(AnsweredBefore{dialog->id(), sip.sip_cseq->cs_seq});
    } else {
        end(sip, source, connection);
    }
    return true;
}

void Orphans::end(const sip_t& sip, const Flow& source, tport_t* connection)
{
    const auto now = std::chrono::steady_clock::now();
    if (now - since_ >= 1s) {
        since_ = now;
        ended_ = 0;
    }
    const auto* listener = transports_.listener_of(source);
    if (!listener || ++ended_ > max_ended) return;
    const auto cseq = fmt::format("{} INVITE", sip.sip_cseq->cs_seq);
    const LegHandle leg{nta_leg_tcreate(&agent_, nullptr, nullptr, SIPTAG_CALL_ID(sip.sip_call_id),
                                        SIPTAG_FROM(sip.sip_from), SIPTAG_TO(sip.sip_to),
                                        SIPTAG_CSEQ_STR(cseq.c_str()), TAG_END())};
    if (!leg) return;
    const bool success = sip.sip_status->st_status < 300;
    if (success && sip.sip_contact && sip.sip_contact->m_url->url_host) {
        const auto target = write(as_request_uri(to_uri(*sip.sip_contact->m_url)));
        Home home;
        if (auto* contact = sip_contact_make(home, fmt::format("<{}>", target).c_str()))
            nta_leg_client_reroute(leg.get(), sip.sip_record_route, contact, 1);
    }
    std::string lines;
    append_header(lines, "User-Agent", settings_.product);
    // To where it came from: what it says of its own address may be anybody's.
    const auto hop = Transports::next_hop(source, {});
    const auto* url = connection ? nullptr : url_text(hop.c_str());
    auto* transport = connection ? connection : listener->primary;
    const char* branch = sip.sip_via->v_branch;
    const auto ack_cseq = fmt::format("{} ACK", sip.sip_cseq->cs_seq);
    // The ACK of a refusal has the branch of its INVITE (RFC 3261 §17.1.1.3), that of a 2xx its
    // own.
    const OutgoingHandle ack{nta_outgoing_tcreate(
        leg.get(), nullptr, nullptr, url, SIP_METHOD_ACK, nullptr, NTATAG_TPORT(transport),
        NTATAG_ACK_BRANCH(branch), TAG_IF(!success, NTATAG_BRANCH_KEY(branch)),
        SIPTAG_CSEQ_STR(ack_cseq.c_str()), SIPTAG_HEADER_STR(lines.c_str()), TAG_END())};
    if (!success) return;
    const OutgoingHandle bye{nta_outgoing_tcreate(leg.get(), nullptr, nullptr, url, SIP_METHOD_BYE,
                                                  nullptr, NTATAG_TPORT(transport),
                                                  SIPTAG_HEADER_STR(lines.c_str()), TAG_END())};
}

void Orphans::cancel(const StoredInvite& invite)
{
    const auto* listener = transports_.listener_of(invite.flow);
    if (!listener) return;
    const auto uri = as_request_uri(invite.state.target);
    const auto request_uri = write(uri);
    constexpr auto first_cseq = initial_cseq + 1;
    const auto challenges = invite.cseq > first_cseq ? invite.cseq - first_cseq : 0;
    const auto branch = invite.via.empty()
                            ? invite_branch(invite.dialog.local_tag, uri, challenges)
                            : branch_in(invite.via.front());
    const auto hop = Transports::next_hop(invite.flow, uri);
    const auto cseq = fmt::format("{} CANCEL", invite.cseq);
    const auto local =
        fmt::format("{};tag={}", write(invite.state.local_party), invite.dialog.local_tag);
    const LegHandle leg{nta_leg_tcreate(
        &agent_, nullptr, nullptr, SIPTAG_CALL_ID_STR(invite.dialog.call_id.c_str()),
        SIPTAG_FROM_STR(local.c_str()), SIPTAG_TO_STR(write(invite.state.remote_party).c_str()),
        SIPTAG_CSEQ_STR(cseq.c_str()), TAG_END())};
    if (!leg) return;
    std::string lines;
    for (const auto& route : invite.state.route) append_header(lines, "Route", route);
    append_header(lines, "Reason", "SIP;cause=500;text=\"Exchange restarted\"");
    const OutgoingHandle cancel{
        nta_outgoing_tcreate(leg.get(), nullptr, nullptr, url_text(hop.c_str()), SIP_METHOD_CANCEL,
                             url_text(request_uri.c_str()), NTATAG_TPORT(listener->primary),
                             NTATAG_BRANCH_KEY(branch.c_str()), SIPTAG_CSEQ_STR(cseq.c_str()),
                             SIPTAG_HEADER_STR(lines.c_str()), TAG_END())};
}

std::string Orphans::refuse(const StoredInvite& invite)
{
    std::string text = "SIP/2.0 500 Exchange Restarted\r\n";
    for (const auto& via : invite.via) append_header(text, "Via", via);
    append_header(text, "From",
                  with_tag(write(invite.state.remote_party), invite.dialog.remote_tag));
    append_header(text, "To", with_tag(write(invite.state.local_party), invite.dialog.local_tag));
    append_header(text, "Call-ID", invite.dialog.call_id);
    append_header(text, "CSeq", fmt::format("{} INVITE", invite.cseq));
    append_header(text, "Server", settings_.product);
    text += "Content-Length: 0\r\n\r\n";
    const MessageRef refusal{
        msg_make(sip_default_mclass(), 0, text.data(), static_cast<ssize_t>(text.size()))};
    const auto* sip = sip_object(refusal.get());
    if (sip && sip->sip_via && sip->sip_call_id && sip->sip_cseq) {
        refused_.insert_or_assign(RepeatedRequests::key_of(*sip).text, text);
        refused_until_ = std::chrono::steady_clock::now() + settings_.t1x64;
    }
    return text;
}

const std::string* Orphans::refusal_of(const sip_t& invite)
{
    if (refused_.empty()) return nullptr;
    if (std::chrono::steady_clock::now() >= refused_until_) refused_.clear();
    const auto found = refused_.find(RepeatedRequests::key_of(invite).text);
    return found == refused_.end() ? nullptr : &found->second;
}

}  // namespace lampline::sip
