#include "core/appearance_payload.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace lampline {

std::optional<CallInfo> appearance_in(const PayloadRef& payload)
{
    if (!payload) return std::nullopt;
    for (const auto& header : payload->headers) {
        if (header.name != "Call-Info") continue;
        const auto infos = read_call_info(header.value);
        if (!infos) continue;
        for (const auto& info : *infos)
            if (info.index > 0) return info;
    }
    return std::nullopt;
}

PayloadRef without_appearance(const PayloadRef& payload)
{
    auto rest = std::make_shared<Payload>(*payload);
    std::erase_if(rest->headers, [](const Header& header) {
        return header.name == "Call-Info" &&
               header.value.find("appearance-index") != std::string_view::npos;
    });
    return rest;
}

}  // namespace lampline
