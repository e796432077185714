#include "core/directory.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace lampline;

namespace {

Extension extension(std::string number, std::string display_name = {})
{
    return {std::move(number), std::move(display_name), {}, {}};
}

Group group(std::string name, std::vector<std::string> members, std::vector<GroupWatcher> watchers)
{
    return {std::move(name), {}, std::move(members), std::move(watchers)};
}

std::vector<Extension> office()
{
    return {extension("201", "Reception"), extension("202"), extension("203"), extension("204")};
}

}  // namespace

TEST_CASE("extensions and groups are found by their keys")
{
    const Directory directory{"office.test", office(), {group("sales", {"202"}, {{"201"}})}};
    CHECK(directory.domain() == "office.test");
    CHECK(directory.extension_count() == 4);
    CHECK(directory.extensions().size() == 4);
    REQUIRE(directory.find("201"));
    CHECK(directory.find("201")->display_name == "Reception");
    CHECK_FALSE(directory.find("299"));
    CHECK_FALSE(directory.find(""));
    REQUIRE(directory.find_group("sales"));
    CHECK(directory.find_group("sales")->members == std::vector<std::string>{"202"});
    CHECK_FALSE(directory.find_group("support"));
}

TEST_CASE("a watcher sees every member of its group, and nobody else does")
{
    const Directory directory{"office.test", office(), {group("sales", {"202", "203"}, {{"201"}})}};
    CHECK(directory.right("201", "202"));
    CHECK(directory.right("201", "203"));
    CHECK_FALSE(directory.right("201", "204"));
    CHECK_FALSE(directory.right("202", "203"));
    CHECK_FALSE(directory.right("202", "201"));
    CHECK_FALSE(directory.right("", ""));
}

TEST_CASE("rights are listed from both sides, in order of number")
{
    const Directory directory{
        "office.test", office(), {group("sales", {"204", "203"}, {{"202"}, {"201"}})}};
    const auto watchers = directory.watchers_of("203");
    REQUIRE(watchers.size() == 2);
    CHECK(watchers[0].watcher == "201");
    CHECK(watchers[1].watcher == "202");
    CHECK(std::ranges::all_of(watchers, [](const auto& right) { return right.member == "203"; }));
    const auto members = directory.watched_by("202");
    REQUIRE(members.size() == 2);
    CHECK(members[0].member == "203");
    CHECK(members[1].member == "204");
    CHECK(directory.watchers_of("201").empty());
    CHECK(directory.watched_by("299").empty());
}

TEST_CASE(
    "rights from several groups are one: unsolicited if any says so, the first explicit profile")
{
    const Directory directory{"office.test",
                              office(),
                              {group("c", {"202"}, {{"201", true, "standard"}}),
                               group("b", {"202"}, {{"201", false, "innovaphone"}}),
                               group("a", {"202"}, {{"201", false, ""}})}};
    REQUIRE(directory.watchers_of("202").size() == 1);
    REQUIRE(directory.watched_by("201").size() == 1);
    for (const auto* right : {directory.right("201", "202"), &directory.watched_by("201")[0]}) {
        REQUIRE(right);
        CHECK(right->unsolicited);
        CHECK(right->profile->name == "innovaphone");
    }
}

TEST_CASE("members and watchers that name no extension are left out")
{
    const Directory directory{
        "office.test", office(), {group("sales", {"202", "299"}, {{"201"}, {"298"}})}};
    CHECK(directory.find_group("sales")->members == std::vector<std::string>{"202"});
    CHECK(directory.find_group("sales")->watchers == std::vector<GroupWatcher>{{"201"}});
    CHECK(directory.watchers_of("299").empty());
    CHECK(directory.watched_by("298").empty());
    CHECK(directory.watchers_of("202").size() == 1);
}

TEST_CASE("members of a pickup group take each other's calls, and get no lamps by it")
{
    auto numbers = office();
    auto sales = group("sales", {"202", "203"}, {});
    sales.rights.pickup = false;  // of watchers
    auto support = group("support", {"203", "204"}, {});
    CHECK_FALSE(Directory("office.test", numbers, {sales, support}).may_pick_up("202", "203"));
    sales.members_pick_up = true;
    SUBCASE("each of the others, and nobody else's")
    {
        const Directory directory{"office.test", numbers, {sales, support}};
        CHECK(directory.may_pick_up("202", "203"));
        CHECK(directory.may_pick_up("203", "202"));
        CHECK_FALSE(directory.may_pick_up("203", "204"));
        CHECK_FALSE(directory.may_pick_up("204", "202"));
        CHECK_FALSE(directory.may_pick_up("201", "202"));
        CHECK_FALSE(directory.may_pick_up("", "202"));
        CHECK(directory.pickup_groups("202").size() == 1);
        CHECK(directory.pickup_groups("204").empty());
        CHECK_FALSE(directory.right("202", "203"));
        CHECK(directory.watched_by("202").empty());
    }
    SUBCASE("of those whom it watches it is told what names a call")
    {
        sales.watchers = {{"201"}, {"202"}};
        const Directory directory{"office.test", numbers, {sales, support}};
        CHECK(directory.right("202", "203")->names_dialogs());
        CHECK(directory.watched_by("202").back().names_dialogs());
        CHECK_FALSE(directory.right("201", "203")->names_dialogs());
    }
    SUBCASE("not of who is hidden")
    {
        numbers[2].visibility = Visibility::hidden;
        const Directory directory{"office.test", numbers, {sales, support}};
        CHECK_FALSE(directory.may_pick_up("202", "203"));
        CHECK_FALSE(directory.may_pick_up("203", "202"));
    }
}

TEST_CASE("of two extensions or groups with one key the first counts")
{
    const Directory directory{
        "office.test",
        {extension("201", "first"), extension("201", "second"), extension("202")},
        {group("sales", {"201"}, {{"202"}}), group("sales", {"202"}, {{"201"}})}};
    CHECK(directory.extension_count() == 2);
    CHECK(directory.find("201")->display_name == "first");
    CHECK(directory.right("202", "201"));
    CHECK_FALSE(directory.right("201", "202"));
}

TEST_CASE("a right is found among many")
{
    std::vector<Extension> extensions;
    std::vector<GroupWatcher> watchers;
    for (int number = 1000; number < 2000; ++number) {
        extensions.push_back(extension(std::to_string(number)));
        if (number % 2 == 0) watchers.push_back({std::to_string(number)});
    }
    const Directory directory{
        "office.test", std::move(extensions), {group("all", {"1001"}, std::move(watchers))}};
    for (int number = 1000; number < 2000; ++number) {
        const auto* const right = directory.right(std::to_string(number), "1001");
        const bool own = number == 1001;  // everybody may watch the own line
        REQUIRE((right != nullptr) == (number % 2 == 0 || own));
        if (right && !own) REQUIRE(right->watcher == std::to_string(number));
    }
}

TEST_CASE("a row that has pickup targets gets the code that the office dials for that")
{
    const auto code_of = [](const FeatureCodes& codes, PickupTarget where) {
        Numbering numbering;
        numbering.feature_codes = codes;
        std::vector<BodyProfile> rows(1);
        rows[0].pickup_target = where;
        rows[0].pickup_code = "old";
        const Directory directory{"office.test", office(), {}, std::move(numbering),
                                  std::move(rows)};
        return directory.profiles()[0]->pickup_code;
    };
    FeatureCodes codes;
    CHECK(code_of(codes, PickupTarget::remote) == "**");
    CHECK(code_of(codes, PickupTarget::none).empty());
    codes.set(Feature::pickup_directed, "*98");
    CHECK(code_of(codes, PickupTarget::both) == "*98");
    codes.set(Feature::pickup_directed, "");
    CHECK(code_of(codes, PickupTarget::both).empty());
    codes.set(Feature::pickup_directed, "*");  // with a number behind it, another may be meant
    CHECK(code_of(codes, PickupTarget::both).empty());
}

TEST_CASE("a profile is chosen: by name, by the office's rows, by those of the program")
{
    const auto row = [](std::string name, std::vector<std::string> phones) {
        return BodyProfile{.name = std::move(name), .user_agents = std::move(phones)};
    };
    const Directory directory{
        "office.test",
        office(),
        {group("a", {"202"}, {{"201", true, "mine"}, {"203", true, ""}})},
        {},
        {row("mine", {"Acme"}), row("long", {"Acme 2"}), row("ours", {"snom"})}};
    const auto chosen = [&](const char* watcher, const char* user_agent) {
        return directory.profile_for(*directory.right(watcher, "202"), user_agent)->name;
    };
    CHECK(chosen("201", "Acme 2.0") == "mine");
    CHECK(chosen("203", "Acme 1.0") == "mine");
    CHECK(chosen("203", "ACME 2.0") == "long");
    CHECK(chosen("203", "snom360/5.5") == "ours");
    CHECK(chosen("203", "Yealink SIP-T46U") == "yealink");
    CHECK(chosen("203", "") == "standard");
    CHECK(directory.profiles().size() == 3);
}

TEST_CASE("a profile that does not exist is no choice")
{
    const Directory directory{
        "office.test", office(), {group("a", {"202"}, {{"201", true, "gone"}})}};
    CHECK_FALSE(directory.right("201", "202")->profile);
}

TEST_CASE("what a watcher may do is what any of its groups allows")
{
    auto quiet = group("quiet", {"202", "203"}, {{"201"}});
    quiet.rights = {.parties = false, .pickup = false};
    auto helping = group("helping", {"203"}, {{"201"}});
    helping.rights = {.parties = false, .pickup = true};
    const Directory directory{"office.test", office(), {quiet, helping}};
    CHECK(directory.right("201", "202")->rights == GroupRights{false, false});
    CHECK(directory.right("201", "203")->rights == GroupRights{false, true});
    CHECK(directory.watched_by("201")[1].rights == GroupRights{false, true});
}

TEST_CASE("an extension shows as much of itself as it wants, whatever its groups allow")
{
    auto extensions = office();
    extensions[1].visibility = Visibility::anonymous;  // 202
    extensions[2].visibility = Visibility::hidden;     // 203
    const Directory directory{
        "office.test", std::move(extensions), {group("sales", {"202", "203"}, {{"201"}})}};
    REQUIRE(directory.right("201", "202"));
    CHECK(directory.right("201", "202")->rights == GroupRights{false, true});
    CHECK_FALSE(directory.right("201", "203"));
    CHECK(directory.watched_by("201").size() == 1);
    CHECK(directory.watchers_of("203").empty());
}

TEST_CASE("a group's members watch another group, or their own, but themselves only when they ask")
{
    auto sales = group("sales", {"202", "203"}, {{"201", false, "innovaphone"}});
    sales.watching_groups = {{"sales", true, ""}, {"nobody", true, ""}, {"support", true, "snom"}};
    const auto support = group("support", {"201", "204"}, {});
    const Directory directory{"office.test", office(), {sales, support}};
    CHECK(directory.right("202", "203"));
    CHECK(directory.right("203", "202"));
    REQUIRE(directory.right("202", "202"));
    CHECK_FALSE(directory.right("202", "202")->unsolicited);
    CHECK(directory.right("202", "202")->rights.parties);
    CHECK(directory.grants("202", "202").empty());
    CHECK(directory.listed("202", "sales")->size() == 1);
    CHECK_FALSE(directory.right("299", "299"));
    REQUIRE(directory.right("204", "202"));
    CHECK(directory.right("204", "202")->profile->name == "snom");
    // Named by itself as well: that counts.
    CHECK_FALSE(directory.right("201", "202")->unsolicited);
    CHECK(directory.right("201", "202")->profile->name == "innovaphone");
    CHECK(directory.watchers_of("204").empty());
}

TEST_CASE("the words of visibility")
{
    for (const auto one : {Visibility::open, Visibility::anonymous, Visibility::hidden})
        CHECK(visibility(name(one)) == one);
    CHECK_FALSE(visibility(""));
}

TEST_CASE("what a group shows to others takes nothing from what one sees of oneself")
{
    auto sales = group("sales", {"202", "203"}, {{"202", true, "snom"}, {"201", false, ""}});
    sales.rights = {.parties = false, .pickup = false};
    auto extensions = office();
    for (auto& extension : extensions)
        if (extension.number == "202") extension.visibility = Visibility::anonymous;
    const Directory directory{"office.test", extensions, {sales}};
    CHECK(directory.right("201", "202")->rights == GroupRights{false, false});
    const auto* own = directory.right("202", "202");
    REQUIRE(own);
    CHECK(own->rights == GroupRights{true, true});
    CHECK(own->unsolicited);
    CHECK(own->profile->name == "snom");
}

TEST_CASE("login+ names a ring group and, after it, its owner; else whoever watches it")
{
    const auto ring_group = [](std::string number, std::vector<RingGroupMember> members) {
        RingGroup group;
        group.number = std::move(number);
        group.members = std::move(members);
        return group;
    };
    Numbering numbering;
    numbering.ring_groups = {ring_group("600", {{"201"}, {"202", {}, false}}),
                             ring_group("+49", {{"201"}}), ring_group("600+202", {{"201"}})};
    const Directory directory{"office.test", office(), {}, std::move(numbering)};
    const auto key = [&](std::string_view watcher, std::string_view name) {
        const auto found = directory.key(watcher, name);
        if (!found) return std::string{};
        const auto text = std::string{found->group}.append(" of ").append(found->owner);
        return text + (directory.is_on(*found) ? " on" : " off");
    };
    CHECK(key("201", "login+600") == "600 of 201 on");
    CHECK(key("202", "login+600") == "600 of 202 off");
    CHECK(key("203", "login+600") == "600 of 203 off");  // no member
    CHECK(key("203", "login+600+201") == "600 of 201 on");
    CHECK(key("201", "login++49") == "+49 of 201 on");
    CHECK(key("203", "login++49+201") == "+49 of 201 on");
    CHECK(key("201", "login+600+202") == "600+202 of 201 on");  // a ring group of that number
    for (const auto* none : {"login+", "login+601", "login+600+", "login+600+299", "login+202"})
        CHECK(key("201", none).empty());
    CHECK(key("299", "login+600").empty());
    CHECK(directory.right("203", "login+600"));
    CHECK_FALSE(directory.right("203", "login+600+201"));
    CHECK_FALSE(directory.right("203", "login+601"));
}
