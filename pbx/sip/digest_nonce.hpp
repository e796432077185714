#pragma once
// Nonces of digest authentication (RFC 7616 §3.3, §5.4).
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct evp_mac_ctx_st;

namespace lampline::sip {

/// @throws std::runtime_error when there are none.
void fill_with_random_bytes(std::span<unsigned char> bytes);

/// What a nonce of ours says: when it was made, and its number.
struct Nonce {
    std::uint32_t issued = 0;  ///< seconds of the steady clock
    std::uint64_t serial = 0;
};

/// Writes nonces that nobody else can, and reads them: 4 bytes of time, 8 of serial, 12 of
/// HMAC-SHA256 under a key of its own, in base64. So handing one out needs no memory.
class NonceMint {
public:
    static constexpr std::size_t length = 32;

    /// @throws std::runtime_error when the cryptographic library gives no HMAC or no key.
    NonceMint();

    std::string write(Nonce nonce);
    /// nullopt when `text` is not one of ours.
    std::optional<Nonce> read(std::string_view text) noexcept;

private:
    static constexpr std::size_t plain_size = 12;
    using Raw = std::array<unsigned char, length * 3 / 4>;
    using Tag = std::array<unsigned char, 32>;

    Tag sign(const Raw& raw) noexcept;

    struct Free {
        void operator()(evp_mac_ctx_st* context) const noexcept;
    };
    std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

}  // namespace lampline::sip
