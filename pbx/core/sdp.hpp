#pragma once
// What the exchange reads in SDP bodies, which otherwise pass through untouched.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lampline {

/// Media sections of a description that is worked on; one with more is left alone.
inline constexpr std::size_t max_sections = 16;

/// What a description is in its exchange (RFC 3264).
enum class SdpRole : std::uint8_t { offer, answer };

/// Whether who sent `sdp` wants to receive media: false for sendonly, inactive, or the old hold with
/// connection address 0.0.0.0 or `::` (RFC 3264 §8.4, RFC 4566 §6). Where there is audio, it alone
/// tells; else video and the like; else whatever there is. A body without media lines receives.
bool receives_media(std::string_view sdp) noexcept;

/// Whether `left` and `right` ask for the same media: all lines but the origin are the same.
bool same_media(std::string_view left, std::string_view right) noexcept;

/// Whether `answer`, to an `offer` that its phone knows already, changes nothing for who goes by
/// `before`, the last description of that phone: each stream of `offer` that is not refused has the
/// same port, protocol, address and direction as in `before`, and no format that both `offer` and
/// `before` have is gone. Nor is there a key that `before` does not have (RFC 4568, RFC 8122, RFC
/// 8839). An answer may leave out formats, so it need not be `before` itself (RFC 3264 §6.1).
bool answers_as_before(std::string_view before, std::string_view offer, std::string_view answer);

/// Two phones have each sent an offer, and are to talk to each other: the answer to `offer` that is
/// made of `other`'s offer. Streams stand in the order of `offer`; one that `other` lacks is
/// refused with port 0 (RFC 3264 §6; formats beyond the offered ones are allowed there). Keys are
/// crossed: each phone has said what it sends with, and is told what it receives (RFC 4568, RFC
/// 5763). nullopt when no stream has format and keys in common, or with ICE (RFC 8839).
std::optional<std::string> answer_from(std::string_view offer, std::string_view other);

/// Whether a stream of `sdp` is negotiated by more than formats: keys or ICE. Where answer_from()
/// fails, another offer may bring the two together.
bool negotiates_more(std::string_view sdp) noexcept;

/// An answer to `offer` with nothing to hear: its first plain audio stream inactive, all others
/// refused. Where no audio is plain, the first whose keys can be answered by `key`, 30 random bytes
/// as base64, is inactive; an empty one answers none. An empty `offer` gets an offer of the same
/// kind.
std::string inactive_answer(std::string_view offer, std::string_view key);

/// The session that `sdp` describes, as an offer with nothing to hear: every stream inactive, the
/// version of its origin one higher (RFC 3264 §8). Without streams: inactive_answer({}, {}).
std::string made_inactive(std::string_view sdp);

}  // namespace lampline
