#include "db/directory_loader.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <unordered_map>

#include "db/body_profile_store.hpp"
#include "db/calling_card_store.hpp"
#include "db/device_profile_store.hpp"
#include "db/digit_plan_store.hpp"
#include "db/extension_store.hpp"
#include "db/feature_code_store.hpp"
#include "db/forwarding_store.hpp"
#include "db/group_store.hpp"
#include "db/mailbox_store.hpp"
#include "db/park_lot_store.hpp"
#include "db/ring_group_store.hpp"
#include "db/trunk_store.hpp"

namespace lampline::db {

DirectoryRef load_directory(Database& database)
{
    SQLite::Transaction snapshot{database.handle()};
    std::unordered_map<std::string, Forwarding> forwarding;
    for (auto& row : ForwardingStore{database}.all())
        forwarding.emplace(std::move(row.number), std::move(row.forwarding));
    std::unordered_map<std::string, MessageCounts> messages;
    for (auto& row : MailboxStore{database}.all())
        messages.emplace(std::move(row.number), row.messages);
    std::vector<Extension> extensions;
    for (auto& row : ExtensionStore{database}.all()) {
        if (const auto found = forwarding.find(row.extension.number); found != forwarding.end())
            row.extension.forwarding = std::move(found->second);
        if (const auto found = messages.find(row.extension.number); found != messages.end())
            row.extension.messages = found->second;
        extensions.push_back(std::move(row.extension));
    }
    std::vector<Group> groups;
    for (auto& row : GroupStore{database}.all()) groups.push_back(std::move(row.group));
    Numbering numbering;
    for (auto& row : FeatureCodeStore{database}.all())
        numbering.feature_codes.set(row.feature, std::move(row.code));
    std::vector<BodyProfile> profiles;
    for (auto& row : BodyProfileStore{database}.all()) profiles.push_back(std::move(row.profile));
    std::vector<DeviceProfile> devices;
    for (auto& row : DeviceProfileStore{database}.all()) devices.push_back(std::move(row.choice));
    for (auto& row : RingGroupStore{database}.all())
        numbering.ring_groups.push_back(std::move(row.group));
    if (auto plan = DigitPlanStore{database}.find())
        numbering.digit_plan = DigitPlan{std::move(plan->content)};
    if (auto row = CallingCardStore{database}.find())
        numbering.calling_card = std::move(row->content);
    for (auto& row : TrunkStore{database}.all()) numbering.trunks.push_back(std::move(row.trunk));
    if (auto row = ParkLotStore{database}.find()) numbering.park_lot = std::move(row->content);
    snapshot.commit();
    return std::make_shared<const Directory>(database.domain(), std::move(extensions),
                                             std::move(groups), std::move(numbering),
                                             std::move(profiles), std::move(devices));
}

}  // namespace lampline::db
