#include <algorithm>
#include <array>
#include <stdexcept>

#include "web/api/request.hpp"

namespace lampline::web {

std::optional<std::string_view> find(const Query& query, std::string_view name) noexcept
{
    for (const auto& [each, value] : query)
        if (each == name) return value;
    return std::nullopt;
}

const std::string& ApiRequest::param(std::string_view name) const
{
    const auto found = std::find_if(path.begin(), path.end(),
                                    [&](const auto& each) { return each.first == name; });
    if (found == path.end()) throw std::logic_error{"the path has no such parameter"};
    return found->second;
}

std::span<const HandlerRow> handlers() noexcept
{
    static constexpr std::array rows{
        HandlerRow{"listExtensions", list_extensions},
        HandlerRow{"getExtension", get_extension},
        HandlerRow{"putExtension", put_extension},
        HandlerRow{"patchExtension", patch_extension},
        HandlerRow{"deleteExtension", delete_extension},
        HandlerRow{"getForwarding", get_forwarding},
        HandlerRow{"putForwarding", put_forwarding},
        HandlerRow{"patchForwarding", patch_forwarding},
        HandlerRow{"getMessages", get_messages},
        HandlerRow{"putMessages", put_messages},
        HandlerRow{"listFeatureCodes", list_feature_codes},
        HandlerRow{"getFeatureCode", get_feature_code},
        HandlerRow{"putFeatureCode", put_feature_code},
        HandlerRow{"getDigitPlan", get_digit_plan},
        HandlerRow{"putDigitPlan", put_digit_plan},
        HandlerRow{"getCallingCard", get_calling_card},
        HandlerRow{"putCallingCard", put_calling_card},
        HandlerRow{"testDigitPlan", test_digit_plan, Needs::route},
        HandlerRow{"getParkLot", get_park_lot},
        HandlerRow{"putParkLot", put_park_lot},
        HandlerRow{"listWatches", list_watches},
        HandlerRow{"listGroups", list_groups},
        HandlerRow{"getGroup", get_group},
        HandlerRow{"putGroup", put_group},
        HandlerRow{"patchGroup", patch_group},
        HandlerRow{"deleteGroup", delete_group},
        HandlerRow{"listBodyProfiles", list_body_profiles},
        HandlerRow{"getBodyProfile", get_body_profile},
        HandlerRow{"putBodyProfile", put_body_profile},
        HandlerRow{"deleteBodyProfile", delete_body_profile},
        HandlerRow{"listDeviceProfiles", list_device_profiles},
        HandlerRow{"getDeviceProfile", get_device_profile},
        HandlerRow{"putDeviceProfile", put_device_profile},
        HandlerRow{"deleteDeviceProfile", delete_device_profile},
        HandlerRow{"listRingGroups", list_ring_groups},
        HandlerRow{"getRingGroup", get_ring_group},
        HandlerRow{"putRingGroup", put_ring_group},
        HandlerRow{"patchRingGroup", patch_ring_group},
        HandlerRow{"deleteRingGroup", delete_ring_group},
        HandlerRow{"listTrunks", list_trunks, Needs::live_view},
        HandlerRow{"getTrunk", get_trunk, Needs::live_view},
        HandlerRow{"putTrunk", put_trunk},
        HandlerRow{"patchTrunk", patch_trunk},
        HandlerRow{"deleteTrunk", delete_trunk},
        HandlerRow{"listRegistrations", list_registrations, Needs::live_view},
        HandlerRow{"listCalls", list_calls, Needs::live_view},
        HandlerRow{"placeCall", place_call, Needs::order, CallAction::place},
        HandlerRow{"getCall", get_call, Needs::live_view},
        HandlerRow{"hangUpCall", change_call<CallAction::hang_up>, Needs::order,
                   CallAction::hang_up},
        HandlerRow{"holdCall", change_call<CallAction::hold>, Needs::order, CallAction::hold},
        HandlerRow{"resumeCall", change_call<CallAction::resume>, Needs::order, CallAction::resume},
        HandlerRow{"transferCall", change_call<CallAction::transfer>, Needs::order,
                   CallAction::transfer},
        HandlerRow{"pickUpCall", change_call<CallAction::pick_up>, Needs::order,
                   CallAction::pick_up},
        HandlerRow{"parkCall", change_call<CallAction::park>, Needs::order, CallAction::park},
        HandlerRow{"listCallLog", list_call_log},
        HandlerRow{"getCallLogEntry", get_call_log_entry},
        HandlerRow{"getLadder", get_ladder, Needs::messages},
        HandlerRow{"getPcap", get_pcap, Needs::messages},
        HandlerRow{"listSubscriptions", list_subscriptions, Needs::live_view},
        HandlerRow{"listPresence", list_presence, Needs::live_view},
        HandlerRow{"listAppearances", list_appearances, Needs::live_view},
        HandlerRow{"listPublishedDialogs", list_published_dialogs, Needs::live_view},
        HandlerRow{"listLamps", list_lamps, Needs::live_view},
        HandlerRow{"getLamp", get_lamp, Needs::lamp},
        HandlerRow{"resendLamp", resend_lamp, Needs::lamp_resent},
        HandlerRow{"streamEvents", stream_events},
        HandlerRow{"createEventTicket", create_event_ticket},
        HandlerRow{"getDescription", get_description},
        HandlerRow{"getHealth", get_health},
        HandlerRow{"getReadiness", get_readiness, Needs::live_view},
        HandlerRow{"getMetrics", get_metrics, Needs::live_view},
    };
    return rows;
}

}  // namespace lampline::web
