#include "core/identity_header.hpp"

#include "base/text.hpp"

namespace lampline {

std::vector<Header> identity_headers(IdentityHeader header, const NameAddr& party, bool called)
{
    std::vector<Header> headers;
    if (header != IdentityHeader::remote_party_id)
        headers.push_back({"P-Asserted-Identity", write(party)});
    if (header == IdentityHeader::asserted) return headers;
    const bool hidden = same_word(party.uri.host, "anonymous.invalid");
    headers.push_back(
        {"Remote-Party-ID", write(party) + (called ? ";party=called" : ";party=calling") +
                                (hidden ? ";privacy=full" : ";privacy=off") + ";screen=yes"});
    return headers;
}

}  // namespace lampline
