#pragma once
// How a call came to be where it is: Diversion (RFC 5806) and History-Info (RFC 7044).
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/forwarding.hpp"
#include "core/sip_types.hpp"

namespace lampline {

/// One number that sent the call on.
struct Diversion {
    std::string number;
    std::string host;  ///< whose number it is; empty: ours
    DiversionReason reason = DiversionReason::unknown;
    unsigned counter = 1;  ///< diversions that this entry stands for (RFC 5806 §4.3)

    friend bool operator==(const Diversion&, const Diversion&) = default;
};

/// It was a number of the office whose domain this is.
bool is_ours(const Diversion& diversion, std::string_view domain);

/// Word of the Diversion header: `unconditional`, `user-busy`, ...
std::string_view name(DiversionReason reason) noexcept;

/// The cause that a History-Info gives for it (RFC 4458 §2): 302, 486, 408, 503, 480.
unsigned cause_of(DiversionReason reason) noexcept;

/// Reads the Diversion headers among `headers`, each maybe a list, the first diversion first (the
/// header has the last one on top); where there are none, those that History-Info tells by a cause.
/// At most 16; what is malformed is left out.
std::vector<Diversion> parse_diversions(std::span<const Header> headers);

/// Diversion and History-Info among `headers` of a call from outside, as they may be told on: a number that is to stay
/// private (`privacy=full`, `?Privacy=history`) is anonymous.
std::vector<Header> told_diversions(std::span<const Header> headers);

/// The headers of an INVITE that was diverted: `passed`, where Diversion is preceded by ours and History-Info continued.
/// `dialled` is what was dialled here, `chain` all diversions known, the first `known` of which came with the INVITE,
/// and `target` is where it goes now. Numbers without host get `domain`. An empty `dialled`: the history begins with
/// who diverted the call first.
std::vector<Header> diverted_headers(std::span<const Header> passed, std::string_view dialled,
                                     std::span<const Diversion> chain, std::size_t known,
                                     std::string_view target, std::string_view domain);

}  // namespace lampline
