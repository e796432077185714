#include "sip/translate.hpp"

#include <algorithm>
#include <vector>

#include "core/refer.hpp"

namespace lampline::sip {
namespace {

constexpr std::size_t max_redirects = 16;

}  // namespace

ResponseReceived to_response(const sip_t& sip, LegId leg, ClientTransactionId transaction,
                             Method method)
{
    ResponseReceived response;
    response.leg = leg;
    response.transaction = transaction;
    response.method = method;
    response.status = static_cast<unsigned>(sip.sip_status->st_status);
    response.phrase = text_of(sip.sip_status->st_phrase);
    response.to_tag = text_of(sip.sip_to->a_tag);
    response.generated = nta_sip_is_internal(&sip) != 0;
    if (response.generated) return response;
    response.cseq = sip.sip_cseq->cs_seq;
    if (sip.sip_contact && sip.sip_contact->m_url->url_host)
        response.contact = to_uri(*sip.sip_contact->m_url);
    if (response.status / 100 == 2 && method == Method::invite)
        response.record_route = field_texts(sip.sip_record_route);
    if (response.status / 100 == 3) {
        std::vector<const sip_contact_t*> contacts;
        for (const auto* contact = sip.sip_contact; contact; contact = contact->m_next)
            contacts.push_back(contact);
        std::ranges::stable_sort(
            contacts, std::ranges::greater{},
            [](const sip_contact_t* contact) { return thousandths(contact->m_q); });
        for (const auto* contact : contacts) {
            if (response.redirects.size() == max_redirects) break;
            // An INVITE to one that names a dialog would be an ordinary call.
            const bool dialog = name_dialog(text_of(contact->m_url->url_headers));
            response.redirects.push_back(dialog ? SipUri{} : to_uri(*contact->m_url));
        }
    }
    response.required = to_option_tags(sip.sip_require);
    if (sip.sip_rseq && has(response.required, OptionTag::reliable))
        response.reliable.rseq = static_cast<std::uint32_t>(sip.sip_rseq->rs_response);
    response.supported = to_option_tags(sip.sip_supported);
    response.session_timer = to_session_timer(sip);
    response.user_agent = user_agent_of(sip);
    response.focus = is_focus(sip);
    response.allows_update = allows_update(sip);
    response.denies_update = sip.sip_allow && !response.allows_update;
    response.payload = to_payload(sip);
    return response;
}

StandaloneAnswered to_standalone_answer(const sip_t& sip, ClientTransactionId transaction)
{
    StandaloneAnswered answer;
    answer.transaction = transaction;
    answer.status = static_cast<unsigned>(sip.sip_status->st_status);
    answer.phrase = text_of(sip.sip_status->st_phrase);
    answer.cseq = sip.sip_cseq->cs_seq;
    if (sip.sip_retry_after)
        answer.retry_after = seconds_of(static_cast<unsigned long>(sip.sip_retry_after->af_delta));
    if (sip.sip_min_expires) answer.min_expires = seconds_of(sip.sip_min_expires->me_delta);
    const bool tells_contacts = answer.status / 100 == 2 || answer.status / 100 == 3;
    if (sip.sip_cseq->cs_method == sip_method_register && tells_contacts) {
        for (const auto* contact = sip.sip_contact; contact; contact = contact->m_next)
            if (answer.contacts.size() < max_register_contacts)
                answer.contacts.push_back(to_register_contact(*contact));
        answer.expires = expires_of(sip);
        answer.service_route = field_texts(sip.sip_service_route);
    }
    answer.payload = to_payload(sip);
    return answer;
}

}  // namespace lampline::sip
