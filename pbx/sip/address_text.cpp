#include "sip/address_text.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <dlfcn.h>

namespace lampline::sip {

void write_addresses_quickly() noexcept {}

}  // namespace lampline::sip

/// As in inet_ntop(3), and the C library's own for all but IPv4.
extern "C" __attribute__((visibility("default"))) const char*
inet_ntop(int family, const void* address, char* text, socklen_t size) noexcept
{
    if (family != AF_INET) {
        using Own = const char*(int, const void*, char*, socklen_t);
        static Own* const own = reinterpret_cast<Own*>(dlsym(RTLD_NEXT, "inet_ntop"));
        if (own) return own(family, address, text, size);
        errno = EAFNOSUPPORT;
        return nullptr;
    }
    std::array<unsigned char, 4> bytes{};
    std::memcpy(bytes.data(), address, bytes.size());
    std::array<char, INET_ADDRSTRLEN> dotted{};
    char* end = dotted.data();
    for (const unsigned byte : bytes) {
        if (end != dotted.data()) *end++ = '.';
        end = std::to_chars(end, dotted.data() + dotted.size(), byte).ptr;
    }
    const auto length = static_cast<socklen_t>(end - dotted.data());
    if (length >= size) {
        errno = ENOSPC;
        return nullptr;
    }
    std::memcpy(text, dotted.data(), length);
    text[length] = '\0';
    return text;
}
