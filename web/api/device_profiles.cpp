// Which body profile one device is told in.
#include <boost/json.hpp>

#include "admin/device_profile_service.hpp"
#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/api/time_text.hpp"
#include "web/etag.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::object shown(const db::StoredDeviceProfile& row)
{
    return {{"device", row.choice.device},
            {"profile", row.choice.profile},
            {"created_at", time_text(row.stamp.created_at)},
            {"updated_at", time_text(row.stamp.updated_at)}};
}

std::string named(const std::string& device)
{
    return "a choice for device " + device;
}

}  // namespace

ApiAnswer list_device_profiles(const ApiRequest& request)
{
    std::vector<json::object> items;
    for (const auto& row : admin::DeviceProfileService{request.database}.all())
        items.push_back(shown(row));
    static const ListRules rules{
        {"device", "profile"}, {"device", "profile", "created_at", "updated_at"}, {"device"}, {}};
    return {list_page(std::move(items), rules, request.query)};
}

ApiAnswer get_device_profile(const ApiRequest& request)
{
    const auto& device = request.param("device");
    const auto row = admin::DeviceProfileService{request.database}.find(device);
    if (!row) return {problem(404, "unknown", named(device) + " does not exist")};
    auto response = is_known(request.fields, row->stamp.version) ? HttpResponse{304, {}, {}}
                                                                 : json_answer(200, shown(*row));
    response.fields.add("ETag", etag(row->stamp.version));
    return {std::move(response)};
}

ApiAnswer put_device_profile(const ApiRequest& request)
{
    const DeviceProfile choice{
        request.param("device"),
        json::value_to<std::string>(request.body->as_object().at("profile"))};
    auto saved = admin::DeviceProfileService{request.database}.put(
        choice, precondition_of(request.fields), request.actor, request.now);
    if (!saved) return {refused(saved.error(), named(choice.device))};
    auto response = json_answer(saved->created ? 201 : 200, shown(saved->row));
    response.fields.add("ETag", etag(saved->row.stamp.version));
    if (saved->created)
        response.fields.add("Location", "/api/v1/device-profiles/" + saved->row.choice.device);
    return {std::move(response), std::move(saved->change)};
}

ApiAnswer delete_device_profile(const ApiRequest& request)
{
    const auto& device = request.param("device");
    auto change = admin::DeviceProfileService{request.database}.remove(
        device, precondition_of(request.fields), request.actor, request.now);
    if (!change) return {refused(change.error(), named(device))};
    return {HttpResponse{204, {}, {}}, std::move(*change)};
}

}  // namespace lampline::web
