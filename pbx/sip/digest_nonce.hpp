#pragma once
// Nonces of digest authentication (RFC 7616 §3.3, §5.4).
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lampline::sip {

/// @throws std::runtime_error when there are none.
void fill_with_random_bytes(std::span<unsigned char> bytes);

/// What a nonce of ours says: when it was made, and its number.
struct Nonce {
    std::uint32_t issued = 0;  ///< seconds of the steady clock
    std::uint64_t serial = 0;
};

/// Writes nonces that nobody else can, and reads them: 4 bytes of time, 8 of serial, 12 of
/// SipHash-2-4 (128 bits, cut) under a key of its own, in base64. So handing one out needs no
/// memory.
class NonceMint {
public:
    static constexpr std::size_t length = 32;

    /// @throws std::runtime_error when there are no random bytes for a key.
    NonceMint();

    [[nodiscard]] std::string write(Nonce nonce) const;
    /// nullopt when `text` is not one of ours.
    [[nodiscard]] std::optional<Nonce> read(std::string_view text) const noexcept;

private:
    static constexpr std::size_t plain_size = 12;
    using Raw = std::array<unsigned char, length * 3 / 4>;
    using Tag = std::array<unsigned char, 16>;

    [[nodiscard]] Tag sign(const Raw& raw) const noexcept;

    std::array<unsigned char, 16> key_{};
};

}  // namespace lampline::sip
