#include "sip/field_encoders.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "sip/sofia.hpp"

namespace lampline::sip {

void write_fields_quickly() noexcept {}

namespace {

/// Text into a buffer as snprintf does it: what does not fit is left out but counted, and there is
/// a NUL at the end.
class BoundedText {
public:
    BoundedText(char* buffer, isize_t size) noexcept
        : buffer_{buffer}, room_{size > 0 ? static_cast<std::size_t>(size) : 0}
    {
    }

    BoundedText& operator<<(std::string_view part) noexcept
    {
        if (length_ < room_)
            std::memcpy(buffer_ + length_, part.data(), std::min(part.size(), room_ - length_));
        length_ += part.size();
        return *this;
    }
    BoundedText& operator<<(const char* part) noexcept
    {
        return part ? *this << std::string_view{part} : *this;
    }
    BoundedText& operator<<(unsigned long number) noexcept
    {
        std::array<char, 24> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        return *this << std::string_view{digits.data(),
                                         static_cast<std::size_t>(end - digits.data())};
    }
    /// `mark` and `part`, if there is a part.
    BoundedText& optional(std::string_view mark, const char* part) noexcept
    {
        return part ? *this << mark << part : *this;
    }

    /// The length of all of it.
    issize_t finish() noexcept
    {
        if (room_ > 0) buffer_[std::min(length_, room_ - 1)] = '\0';
        return static_cast<issize_t>(length_);
    }

private:
    char* buffer_;
    std::size_t room_;
    std::size_t length_ = 0;
};

BoundedText& operator<<(BoundedText& text, const url_t& url) noexcept
{
    text << url.url_scheme;
    if (url.url_type != url_any && url.url_scheme && *url.url_scheme) text << ":";
    if (url.url_root && (url.url_host || url.url_user)) text << "//";
    if (url.url_user) {
        text << url.url_user;
        text.optional(":", url.url_password);
    }
    if (url.url_host) {
        text.optional(url.url_user ? "@" : "", url.url_host);
        text.optional(":", url.url_port);
    }
    if (url.url_root && url.url_path) text << "/";
    text << url.url_path;
    return text.optional(";", url.url_params)
        .optional("?", url.url_headers)
        .optional("#", url.url_fragment);
}

}  // namespace
}  // namespace lampline::sip

using lampline::sip::BoundedText;

extern "C" __attribute__((visibility("default"))) issize_t
sip_request_e(char buffer[], isize_t size, const msg_header_t* header, int)
{
    const auto& request = *reinterpret_cast<const sip_request_t*>(header);
    BoundedText text{buffer, size};
    text << request.rq_method_name << " " << *request.rq_url << " " << request.rq_version << "\r\n";
    return text.finish();
}

extern "C" __attribute__((visibility("default"))) issize_t
sip_status_e(char buffer[], isize_t size, const msg_header_t* header, int)
{
    const auto& line = *reinterpret_cast<const sip_status_t*>(header);
    const auto status = line.st_status >= 100 && line.st_status <= 999
                            ? static_cast<unsigned long>(line.st_status)
                            : 0UL;
    BoundedText text{buffer, size};
    text << line.st_version << (status ? " " : " 00") << status << " " << line.st_phrase << "\r\n";
    return text.finish();
}

extern "C" __attribute__((visibility("default"))) issize_t
sip_cseq_e(char buffer[], isize_t size, const msg_header_t* header, int)
{
    const auto& cseq = *reinterpret_cast<const sip_cseq_t*>(header);
    BoundedText text{buffer, size};
    text << static_cast<unsigned long>(cseq.cs_seq) << " " << cseq.cs_method_name;
    return text.finish();
}

extern "C" __attribute__((visibility("default"))) issize_t
sip_content_length_e(char buffer[], isize_t size, const msg_header_t* header, int)
{
    const auto& length = *reinterpret_cast<const sip_content_length_t*>(header);
    BoundedText text{buffer, size};
    text << static_cast<unsigned long>(length.l_length);
    return text.finish();
}
