#include "support/scenario.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/scenario/network.hpp"
#include "support/scenario/values.hpp"

namespace lampline::test {

void Phone::share(const DialogId& dialog)
{
    shared_ = dialog;
    all_shared_.push_back(dialog);
}

void Phone::pass(Method method, unsigned status, PayloadRef payload, std::chrono::seconds session)
{
    const bool own = status == 0;
    const DialogId asks{shared_.call_id, shared_.remote_tag, shared_.local_tag};
    const Phone* asker = this;
    for (const auto& phone : scenario_.phones_)
        if (!own && std::ranges::count(phone->all_shared_, asks) > 0) asker = phone.get();
    if (own) ++cseq_;
    scenario_.receive(DialogPassed{.call_id = shared_.call_id,
                                   .from_tag = own ? shared_.local_tag : shared_.remote_tag,
                                   .to_tag = own ? shared_.remote_tag : shared_.local_tag,
                                   .method = method,
                                   .status = status,
                                   .cseq = asker->cseq_,
                                   .session_timer = {.expires = session},
                                   .payload = std::move(payload)});
}

void Phone::passes(Method method, std::string_view sdp)
{
    auto payload = sdp_payload(sdp);
    if (payload && !invite_headers.empty()) {
        auto with_headers = std::make_shared<Payload>(*payload);
        with_headers->headers = invite_headers;
        payload = std::move(with_headers);
    }
    pass(method, 0, std::move(payload), 0s);
}

void Phone::passes_refer(std::string_view refer_to)
{
    pass(Method::refer, 0,
         std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", std::string{refer_to}}}}), 0s);
}

void Phone::accepts(Method method, std::string_view sdp, std::chrono::seconds session)
{
    pass(method, 200, sdp_payload(sdp), session);
}

void Phone::answers_passed(const Arrived& request, unsigned status, std::string_view sdp,
                           std::chrono::seconds session)
{
    scenario_.network_->passing().answer(request, status, sdp_payload(sdp), session);
}

void Phone::forgets(const DialogId& dialog)
{
    scenario_.network_->passing().leaves(dialog);
}

void Phone::no_longer_knows(Method method)
{
    pass(method, 481, nullptr, 0s);
}

}  // namespace lampline::test
