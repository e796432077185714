#include "core/others_refusal.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace lampline {
namespace {

bool has_header(const PayloadRef& payload, std::string_view name)
{
    return payload && std::ranges::any_of(payload->headers, [&](const Header& header) {
               return same_word(header.name, name);
           });
}

}  // namespace

BestResponse told_as_ours(BestResponse refusal, std::string_view phrase)
{
    const bool theirs = refusal.status == 503;
    if (theirs) {
        refusal.status = 500;
        refusal.phrase = phrase;
        refusal.message = {};
    }
    const bool about_callee =
        refusal.status == 480 || refusal.status == 486 || refusal.status == 600;
    const bool too_much = !about_callee && has_header(refusal.payload, "Retry-After");
    const bool unsaid = theirs && !has_header(refusal.payload, "Reason");
    if (!too_much && !unsaid) return refusal;
    auto told =
        refusal.payload ? std::make_shared<Payload>(*refusal.payload) : std::make_shared<Payload>();
    if (too_much)
        std::erase_if(told->headers,
                      [](const Header& header) { return same_word(header.name, "Retry-After"); });
    if (unsaid) told->headers.push_back({"Reason", "SIP;cause=503;text=\"Service Unavailable\""});
    refusal.payload = std::move(told);
    return refusal;
}

std::vector<Header> told_with(const BestResponse& best, unsigned status, std::vector<Header> why)
{
    if (best.status == status && best.payload)
        why.insert(why.end(), best.payload->headers.begin(), best.payload->headers.end());
    return why;
}

}  // namespace lampline
