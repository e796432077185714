#include "admin/body_profile_json.hpp"

#include <boost/json.hpp>

namespace lampline::admin {
namespace {

namespace json = boost::json;

/// Values that are on or off, under one name in both directions.
struct Flag {
    std::string_view name;
    bool BodyProfile::*value;
};
constexpr std::array flags{
    Flag{"ended", &BodyProfile::ended},
    Flag{"entity", &BodyProfile::entity},
    Flag{"tags", &BodyProfile::tags},
    Flag{"end_event", &BodyProfile::end_event},
    Flag{"display_names", &BodyProfile::display_names},
    Flag{"local_targets", &BodyProfile::local_targets},
    Flag{"remote_targets", &BodyProfile::remote_targets},
    Flag{"rendering", &BodyProfile::rendering},
    Flag{"merged_lists", &BodyProfile::merged_lists},
    Flag{"partial", &BodyProfile::partial},
    Flag{"state_first", &BodyProfile::state_first},
    Flag{"direction_first", &BodyProfile::direction_first},
    Flag{"final_newline", &BodyProfile::final_newline},
};

struct Text {
    std::string_view name;
    std::string BodyProfile::*value;
};
constexpr std::array texts{
    Text{"dialog_id", &BodyProfile::dialog_id},
    Text{"idle_dialog_id", &BodyProfile::idle_dialog_id},
};

struct WordList {
    std::string_view name;
    BodyProfile::Words BodyProfile::*value;
};
constexpr std::array word_lists{
    WordList{"initiator_words", &BodyProfile::as_initiator},
    WordList{"recipient_words", &BodyProfile::as_recipient},
};

struct Word {
    std::string_view name;
    std::string_view BodyProfile::*value;
};
constexpr std::array words_of_keys{
    Word{"unregistered", &BodyProfile::unregistered},
    Word{"do_not_disturb", &BodyProfile::do_not_disturb},
    Word{"forwarded", &BodyProfile::forwarded},
    Word{"switched_on", &BodyProfile::switched_on},
    Word{"parked", &BodyProfile::parked},
};

json::array shown(const BodyProfile::Words& words)
{
    json::array list;
    for (const auto word : words) list.emplace_back(word.empty() ? "hidden" : word);
    return list;
}

std::string_view shown(std::optional<Direction> direction)
{
    if (!direction) return "actual";
    return direction == Direction::initiator ? "initiator" : "recipient";
}

std::optional<Direction> direction_in(std::string_view word)
{
    if (word == "initiator") return Direction::initiator;
    if (word == "recipient") return Direction::recipient;
    return std::nullopt;
}

}  // namespace

json::object object_of(const BodyProfile& profile)
{
    json::object object{
        {"name", profile.name},
        {"user_agents", json::array(profile.user_agents.begin(), profile.user_agents.end())}};
    for (const auto& list : word_lists) object[list.name] = shown(profile.*list.value);
    object["dialogs"] = name(profile.shown);
    for (const auto& text : texts) object[text.name] = profile.*text.value;
    for (const auto& word : words_of_keys)
        object[word.name] = (profile.*word.value).empty() ? "hidden" : profile.*word.value;
    object["clearing"] = name(profile.clearing);
    for (const auto& flag : flags) object[flag.name] = profile.*flag.value;
    object["direction"] = shown(profile.direction);
    object["pickup_target"] = name(profile.pickup_target);
    object["identity"] = name(profile.identity);
    object["gap_ms"] = profile.gap.count();
    object["max_body"] = profile.max_body;
    return object;
}

void merge(const json::object& body, BodyProfile& profile)
{
    if (const auto* list = body.if_contains("user_agents")) {
        profile.user_agents.clear();
        for (const auto& beginning : list->as_array())
            profile.user_agents.push_back(json::value_to<std::string>(beginning));
    }
    for (const auto& list : word_lists)
        if (const auto* words = body.if_contains(list.name))
            for (std::size_t at = 0; at < words->as_array().size() && at < 4; ++at)
                (profile.*list.value)[at] =
                    dialog_word(words->as_array()[at].as_string()).value_or("");
    for (const auto& text : texts)
        if (const auto* value = body.if_contains(text.name))
            profile.*text.value = json::value_to<std::string>(*value);
    for (const auto& word : words_of_keys)
        if (const auto* value = body.if_contains(word.name))
            profile.*word.value = dialog_word(value->as_string()).value_or("");
    for (const auto& flag : flags)
        if (const auto* value = body.if_contains(flag.name)) profile.*flag.value = value->as_bool();
    if (const auto* word = body.if_contains("dialogs"))
        profile.shown = shown_dialogs(word->as_string()).value_or(profile.shown);
    if (const auto* word = body.if_contains("clearing"))
        profile.clearing = clearing(word->as_string()).value_or(profile.clearing);
    if (const auto* word = body.if_contains("direction"))
        profile.direction = direction_in(word->as_string());
    if (const auto* word = body.if_contains("pickup_target"))
        profile.pickup_target = pickup_target(word->as_string()).value_or(profile.pickup_target);
    if (const auto* word = body.if_contains("identity"))
        profile.identity = identity_header(word->as_string()).value_or(profile.identity);
    if (const auto* gap = body.if_contains("gap_ms"))
        profile.gap = std::chrono::milliseconds{gap->to_number<int>()};
    if (const auto* most = body.if_contains("max_body"))
        profile.max_body = most->to_number<std::size_t>();
}

}  // namespace lampline::admin
