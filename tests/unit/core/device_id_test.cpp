// By what a device is known.
#include "core/device_id.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

SipUri contact(std::string_view text)
{
    return SipUri::parse(text).value();
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("a MAC address or a UUID names a device, however it is written")
{
    for (const auto* mac :
         {"001565AABBCC", "00:15:65:aa:bb:cc", "00-15-65-AA-BB-CC", "0015.65aa.bbcc"})
        CHECK(device_id(mac) == "001565aabbcc");
    for (const auto* uuid :
         {"00000000-0000-1000-8000-001565AABBCC", "urn:uuid:00000000-0000-1000-8000-001565aabbcc",
          "URN:UUID:0000000000001000800000156 5aabbcc"})
        CHECK(device_id(uuid).has_value() ==
              (std::string_view{uuid}.find(' ') == std::string_view::npos));
    for (const auto* neither :
         {"", "001565AABBC", "001565AABBCCD", "001565AABBCX", "urn:uuid:", "00/15/65/aa/bb/cc"})
        CHECK_FALSE(device_id(neither));
}

TEST_CASE("a phone is known by its instance, the MAC address in it, its User-Agent and its contact")
{
    CHECK(device_ids("<urn:uuid:00000000-0000-1000-8000-001565AABBCC>", "Acme",
                     contact("sip:a@h")) == Ids{"000000000000100080000015"
                                                "65aabbcc",
                                                "001565aabbcc"});
    CHECK(device_ids("", "Yealink SIP-T46U 108.86.0.20 00:15:65:aa:bb:cc", contact("sip:a@h")) ==
          Ids{"001565aabbcc"});
    CHECK(device_ids("", "Fanvil X4 2.12.1 0c383e112233", contact("sip:a@h")) ==
          Ids{"0c383e112233"});
    CHECK(device_ids("", "Acme", contact("sip:001565aabbcc@192.0.2.1")) == Ids{"001565aabbcc"});
    CHECK(device_ids("", "Acme", contact("sip:a@192.0.2.1;mac=0c383e112233")) ==
          Ids{"0c383e112233"});
    CHECK(device_ids("", "Acme 1.2.3", contact("sip:201@192.0.2.1:5060")).empty());
    CHECK(device_ids("", std::string(100'000, 'a'), contact("sip:a@h")).empty());
    std::string many;
    for (int at = 0; at < 9; ++at) many += "00156500000" + std::to_string(at) + " ";
    CHECK(device_ids("", many, contact("sip:a@h")).size() == 4);
}
