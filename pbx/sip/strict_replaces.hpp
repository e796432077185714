#pragma once
// Replaces as RFC 3891 §6.1 writes it. Sofia's parser reads a list as one value, takes the last of
// two tags and leaves what follows a blank alone (RFC 3261 §25.1 allows blanks around ; and =), and
// does not keep the text. strict_replaces.cpp takes its place, sip_replaces_d(), as lenient_tag.cpp
// does with two others, and hands it what parse_replaces() can read, without those blanks; what
// that cannot read is faulty (see is_faulty()).

namespace lampline::sip {

/// Does nothing; whoever calls it has the parser linked.
void refuse_malformed_replaces() noexcept;

}  // namespace lampline::sip
