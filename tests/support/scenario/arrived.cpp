#include "support/scenario.hpp"

#include <doctest/doctest.h>

namespace lampline::test {

Group group(std::string name, std::vector<std::string> members,
            std::vector<std::string> watched_only)
{
    Group result{.name = std::move(name), .display_name = {}, .members = members, .watchers = {}};
    for (auto& member : members) result.watchers.push_back({std::move(member), false, "standard"});
    for (auto& member : watched_only) result.members.push_back(std::move(member));
    return result;
}

Replaces replacing(const DialogElement& dialog)
{
    return {.call_id = dialog.call_id, .to_tag = dialog.remote_tag, .from_tag = dialog.local_tag};
}

Arrived& Arrived::from(std::string_view number)
{
    CHECK(from_address.uri.user == number);
    return *this;
}

Arrived& Arrived::with(std::string_view text)
{
    CHECK(body() == text);
    return *this;
}

Arrived& Arrived::without_body()
{
    CHECK(body().empty());
    return *this;
}

Arrived& Arrived::header(std::string_view name, std::string_view value)
{
    for (const auto& header : headers)
        if (header.name == name) {
            CHECK(header.value == value);
            return *this;
        }
    FAIL_CHECK(what << " has no header " << name);
    return *this;
}

Arrived& Arrived::without_header(std::string_view name)
{
    for (const auto& header : headers)
        if (header.name == name)
            FAIL_CHECK(what << " has a header " << name << ": " << header.value);
    return *this;
}

Arrived& Arrived::to(std::string_view uri)
{
    CHECK(write(request_uri) == uri);
    return *this;
}

std::string Arrived::value(std::string_view name) const
{
    std::string all;
    for (const auto& header : headers)
        if (header.name == name) all += (all.empty() ? "" : ", ") + header.value;
    return all;
}

Arrived& Arrived::reliable()
{
    CHECK(is_reliable);
    return *this;
}

Arrived& Arrived::session(std::chrono::seconds expires, Refresher refresher)
{
    CHECK(session_timer.expires == expires);
    CHECK(session_timer.refresher == refresher);
    return *this;
}

Arrived& Arrived::phrase(std::string_view text)
{
    CHECK(what.substr(4) == text);
    return *this;
}

std::string Arrived::body() const
{
    if (notify) {
        if (!notify->body_head) return {};
        return *notify->body_head +
               (notify->body_tail ? std::to_string(notify->version) + *notify->body_tail : "");
    }
    return payload ? payload->body : std::string{};
}

DialogInfo Arrived::document() const
{
    auto document = read_dialog_info(body());
    REQUIRE_MESSAGE(document, "not a dialog-info document: " << body());
    return *std::move(document);
}

bool Arrived::idle() const
{
    for (const auto& dialog : document().dialogs)
        if (dialog.state != "terminated") return false;
    return true;
}

DialogElement Arrived::dialog() const
{
    auto all = document();
    REQUIRE_MESSAGE(all.dialogs.size() == 1, body());
    return all.dialogs.front();
}

}  // namespace lampline::test
