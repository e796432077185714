#pragma once
// What the exchange reads in SDP bodies, which otherwise pass through untouched.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lampline {

/// Media sections of a description that is worked on; one with more is left alone.
inline constexpr std::size_t max_sections = 16;

/// Whether who sent `sdp` wants to receive media on any stream: false for sendonly, inactive, or
/// the old hold with connection address 0.0.0.0 (RFC 3264 §8.4, RFC 4566 §6). A body without media
/// lines receives.
bool receives_media(std::string_view sdp) noexcept;

/// Two phones have each sent an offer, and are to talk to each other: the answer to `offer` that is
/// made of `other`'s offer. Streams stand in the order of `offer`; one that `other` lacks is
/// refused with port 0 (RFC 3264 §6; formats beyond the offered ones are allowed there). nullopt
/// when no stream has a format in common, or when a stream is negotiated by more than formats
/// (keys, ICE), so that one offer cannot answer another.
std::optional<std::string> answer_from(std::string_view offer, std::string_view other);

/// Whether a stream of `sdp` is negotiated by more than formats: keys (RFC 4568, RFC 5763) or ICE.
/// Then an answer is good for the offer that it was made for, and for no other.
bool negotiates_more(std::string_view sdp) noexcept;

/// An answer to `offer` with nothing to hear: its first plain audio stream inactive, all others
/// refused. Where no audio is plain, the first whose keys can be answered by `key`, 30 random bytes
/// as base64, is inactive; an empty one answers none. An empty `offer` gets an offer of the same
/// kind.
std::string inactive_answer(std::string_view offer, std::string_view key = {});

/// The session that `sdp` describes, as an offer with nothing to hear: every stream inactive, the
/// version of its origin one higher (RFC 3264 §8). Without streams: inactive_answer({}).
std::string made_inactive(std::string_view sdp);

}  // namespace lampline
