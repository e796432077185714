#pragma once
// Who exists, and who may see whom: the configuration as one immutable value.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/string_table.hpp"
#include "core/body_profile.hpp"
#include "core/call_mode.hpp"
#include "core/feature_key.hpp"
#include "core/forwarding.hpp"
#include "core/message_summary.hpp"
#include "core/numbering.hpp"
#include "core/trunk_rules.hpp"

namespace lampline {

/// What of an extension its watchers may see, whatever their group allows.
enum class Visibility : std::uint8_t {
    open,
    anonymous,  ///< that it rings or talks, but not with whom
    hidden,     ///< nothing
};
/// The word for it in storage and in REST; nullopt: not one of them.
std::string_view name(Visibility visibility) noexcept;
std::optional<Visibility> visibility(std::string_view word) noexcept;

/// A user of the exchange. The secret itself is not here, only its digests (RFC 3261 §22, RFC
/// 8760).
struct Extension {
    std::string number;        ///< 1 to 32 of [A-Za-z0-9._+*#-]
    std::string display_name;  ///< may be empty
    std::string ha1_md5;       ///< H(number:realm:secret), lower-case hex
    std::string ha1_sha256;
    Forwarding forwarding{};
    Visibility visibility = Visibility::open;
    CallMode mode = CallMode::bridge;
    bool trusted = false;  ///< may see all registrations, publish for others, let their phones call
    unsigned appearances = 0;  ///< of its line, when several phones share it; 0: it is not shared
    std::optional<MessageCounts> messages{};  ///< empty: nobody has counted any
    bool phone_notifies = false;  ///< its phones are the notifiers of its lamp (RFC 6665)
};

/// A member of a group's audience.
struct GroupWatcher {
    std::string number;
    bool unsolicited = true;  ///< NOTIFY its phones even when they have not subscribed
    std::string profile{};    ///< name of what its phones want in the body; empty: by User-Agent

    friend bool operator==(const GroupWatcher&, const GroupWatcher&) = default;
};

/// The members of another group as watchers.
struct WatchingGroup {
    std::string name;
    bool unsolicited = true;
    std::string profile{};  ///< as of a GroupWatcher

    friend bool operator==(const WatchingGroup&, const WatchingGroup&) = default;
};

/// What watchers may do besides seeing that a member rings or talks.
struct GroupRights {
    bool parties = true;  ///< see with whom
    bool pickup = true;   ///< take a call that rings there
    bool join = false;    ///< become a third party of its calls (RFC 3911)

    friend bool operator==(const GroupRights&, const GroupRights&) = default;
};

/// Members are seen; watchers see them.
struct Group {
    std::string name;  ///< 1 to 32 of [a-z0-9_-]
    std::string display_name;
    std::vector<std::string> members;
    std::vector<GroupWatcher> watchers;
    std::vector<WatchingGroup>
        watching_groups{};  ///< nobody watches himself by these; `watchers` come first
    GroupRights rights{};
    bool members_pick_up = false;  ///< take what rings at each other, whoever watches them
};

/// That `watcher` may see `member`, merged over all groups that grant it: unsolicited, and each
/// right, if any says so, the first explicit profile in order of group name.
struct WatchRight {
    std::string watcher;
    std::string member;
    bool unsolicited = false;
    ProfileRef profile{};  ///< null: by User-Agent
    /// Without what the member itself does not show; with what members of a pickup group may take.
    GroupRights rights{};
    bool phone_notifies = false;  ///< as of the member; see told_by_phone()

    /// The watcher has a use for Call-ID and tags: they name a call to whoever takes or joins it.
    [[nodiscard]] bool names_dialogs() const noexcept { return rights.pickup || rights.join; }
};
/// A subscription to `member` by this right is forwarded to the member's phone, which notifies by
/// itself. Never to its feature keys, nor where the watcher may not see with whom it talks, or
/// which dialog that is, for a phone tells all its watchers the same. False for nullptr.
bool told_by_phone(const WatchRight* right, std::string_view member) noexcept;

/// What one device wants in the body, whoever is registered there.
struct DeviceProfile {
    std::string device;   ///< see device_id()
    std::string profile;  ///< by name
};

/// That one group lets a watcher see a member, and how.
struct GroupGrant {
    std::string group;
    bool unsolicited = false;
    std::string profile;  ///< by name; empty: by User-Agent
};

/// Immutable; shared between threads as `shared_ptr<const Directory>` and replaced whole after each
/// commit.
class Directory {
public:
    Directory() = default;
    /// Members and watchers that name no extension, and watching groups that are none, are left
    /// out; so are the rights to see a hidden extension. When two extensions or groups share a key
    /// the first one counts. O(total memberships x watchers). `profiles` are rows of the office's
    /// own, and get its `pickup_code` here; a watcher or device whose profile is neither there nor
    /// built in has none chosen.
    Directory(std::string domain, std::vector<Extension> extensions, std::vector<Group> groups,
              Numbering numbering = {}, std::vector<BodyProfile> profiles = {},
              std::vector<DeviceProfile> devices = {});

    [[nodiscard]] const std::string& domain() const noexcept { return domain_; }
    [[nodiscard]] const Extension* find(std::string_view number) const noexcept;
    [[nodiscard]] const Group* find_group(std::string_view name) const noexcept;
    [[nodiscard]] std::span<const WatchRight> watchers_of(std::string_view member) const noexcept;
    [[nodiscard]] std::span<const WatchRight> watched_by(std::string_view watcher) const noexcept;
    /// The feature key that `name` is to `watcher`. `login+600` is the watcher's own, `login+600+202`
    /// is 202's. nullopt: none, or there is no such owner or ring group.
    [[nodiscard]] std::optional<FeatureKey> key(std::string_view watcher,
                                                std::string_view name) const noexcept;
    /// What `key` stands for holds. Nobody is logged in to a ring group without being a member.
    [[nodiscard]] bool is_on(const FeatureKey& key) const noexcept;
    /// nullptr: not allowed. `member` may be a feature key (see key()): its owner may watch
    /// it, and who may watch the owner; or a park slot; or the watcher itself, for its other phones.
    /// The right to these three may be the same value for all, which names no watcher. O(log) in the number of watchers of `member`.
    [[nodiscard]] const WatchRight* right(std::string_view watcher,
                                          std::string_view member) const noexcept;
    /// Whatever right() grants `watcher` beside itself: extensions, then their keys and its own (`login+` where
    /// somebody is a member), then park slots. O(all of it, and all ring groups): for questions of
    /// people, not for the SIP thread.
    [[nodiscard]] std::vector<WatchRight> watchable(std::string_view watcher) const;
    /// The members of `group` that `watcher` may see, in the order of the group; nullopt: there is
    /// no such group, or the watcher is none of its watchers. O(members).
    [[nodiscard]] std::optional<std::vector<const WatchRight*>>
    listed(std::string_view watcher, std::string_view group) const;
    [[nodiscard]] const FeatureCodes& feature_codes() const noexcept
    {
        return numbering_.feature_codes;
    }
    [[nodiscard]] const DigitPlan& digit_plan() const noexcept { return numbering_.digit_plan; }
    [[nodiscard]] const CallingCard& calling_card() const noexcept
    {
        return numbering_.calling_card;
    }
    [[nodiscard]] const RingGroup* find_ring_group(std::string_view number) const noexcept;
    /// Every ring group, by number.
    [[nodiscard]] const StringTable<RingGroup>& ring_groups() const noexcept { return ring_groups_; }
    [[nodiscard]] const ParkLot& park_lot() const noexcept { return numbering_.park_lot; }
    /// What `name` means to who subscribes to it: a slot may be asked for by its number alone, as it
    /// is dialled, where nothing else has that name.
    [[nodiscard]] std::string watched(std::string name) const;

    /// Groups whose members pick up for each other, and `member` among them: names, sorted. None for
    /// who is hidden.
    [[nodiscard]] std::span<const std::string> pickup_groups(std::string_view member) const noexcept;
    /// `picker` may take what rings at `extension`: by its right to watch that, or as a member of one
    /// of its pickup groups. O(log) in its watchers, O(n) in the pickup groups of the two.
    [[nodiscard]] bool may_pick_up(std::string_view picker, std::string_view extension) const noexcept;

    /// `extension` may park calls, take parked ones, and watch the slots.
    [[nodiscard]] bool may_park(std::string_view extension) const noexcept;
    /// The same slots, for the same people.
    [[nodiscard]] bool parks_like(const Directory& other) const
    {
        return park_lot() == other.park_lot() && parkers_ == other.parkers_;
    }
    /// The same ring groups, by number, whoever they are.
    [[nodiscard]] bool same_ring_groups(const Directory& other) const;
    /// `name` is an extension, or a park slot: something a lamp can stand for.
    [[nodiscard]] bool is_watchable(std::string_view name) const noexcept
    {
        return find(name) || slot_rights_.contains(name);
    }
    /// Somebody has thought of calls to `number`: an extension, a ring group, or a rule of the digit
    /// plan.
    [[nodiscard]] bool is_destination(std::string_view number) const
    {
        return find(number) || find_ring_group(number) || digit_plan().find(number);
    }
    [[nodiscard]] const TrunkRules* find_trunk(std::string_view name) const noexcept;
    /// `domain` is that of another proxy of ours, or of a trunk whose address callers are told.
    /// O(trunks).
    [[nodiscard]] bool serves_elsewhere(std::string_view domain) const noexcept;
    /// Every trunk, by name.
    [[nodiscard]] std::vector<TrunkRef> trunks() const;
    /// The rows of the office's own, by name.
    [[nodiscard]] std::span<const ProfileRef> profiles() const noexcept { return profiles_; }
    /// What a phone of `right.watcher` wants in the body: as chosen for one of its `devices` names,
    /// else for the watcher, else by the longest beginning of `user_agent` that a row of the office
    /// names, else one of the program; never null. O(rows).
    [[nodiscard]] ProfileRef profile_for(const WatchRight& right, std::string_view user_agent,
                                         std::span<const std::string> devices = {}) const;
    /// As chosen for the first of `devices` that has one; null: none has.
    [[nodiscard]] ProfileRef device_profile(std::span<const std::string> devices) const;
    /// Every device is told in a profile of the same name as by `other`. O(devices).
    [[nodiscard]] bool same_device_profiles(const Directory& other) const;
    /// The groups behind right(), by name. O(all memberships): for questions of people, not for the
    /// SIP thread.
    [[nodiscard]] std::vector<GroupGrant> grants(std::string_view watcher,
                                                 std::string_view member) const;
    [[nodiscard]] std::size_t extension_count() const noexcept { return extensions_.size(); }
    /// Every extension, in no order.
    [[nodiscard]] std::vector<const Extension*> extensions() const;

private:

    [[nodiscard]] ProfileRef find_profile(std::string_view name) const;
    /// right() beside that to oneself.
    [[nodiscard]] const WatchRight* granted(std::string_view watcher,
                                            std::string_view member) const noexcept;
    /// The watchers of `group`, those of its watching groups among them: each once.
    [[nodiscard]] std::vector<GroupWatcher> audience_of(const Group& group) const;
    void grant(const Group& group);
    /// They are members of one pickup group.
    [[nodiscard]] bool pick_up_for_each_other(std::string_view one,
                                              std::string_view other) const noexcept;

    std::string domain_;
    Numbering numbering_;
    std::vector<ProfileRef> profiles_;
    StringTable<ProfileRef> devices_;
    StringTable<Extension> extensions_;
    StringTable<Group> groups_;
    StringTable<std::vector<std::string>> audiences_;  // watchers by group, each sorted
    StringTable<RingGroup> ring_groups_;
    std::map<std::string, TrunkRules, std::less<>> trunks_;
    StringTable<std::vector<WatchRight>> by_member_;   // each sorted by watcher
    StringTable<std::vector<WatchRight>> by_watcher_;  // each sorted by member
    StringTable<std::vector<std::string>> pickup_groups_;  // by member, each sorted
    StringTable<WatchRight> slot_rights_;              // by the slot's name
    std::unordered_set<std::string, StringHash, std::equal_to<>> parkers_;  // when not everybody is one
};

using DirectoryRef = std::shared_ptr<const Directory>;

}  // namespace lampline
