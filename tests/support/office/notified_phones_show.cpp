// What the NOTIFYs that have arrived leave on the screens of an office's phones.
#include <algorithm>

#include "support/list_notify_reader.hpp"
#include "support/office/notified_phones.hpp"
#include "support/office/notify_content.hpp"

namespace lampline::test {

void NotifiedPhones::show(Screen& screen, const SendNotify& notify)
{
    auto document = read_dialog_info(body_of(notify));
    REQUIRE(document);
    CHECK(document->version == notify.version);
    auto& shown = screen.documents[screen.resource];
    if (document->full) {
        shown = *std::move(document);
        return;
    }
    CHECK(row_for(screen.phone->number) != "standard");
    REQUIRE(screen.seen_version);
    CHECK(notify.version == *screen.seen_version + 1);  // else it must doubt
    for (auto& dialog : document->dialogs) {
        std::erase_if(shown.dialogs, [&](const auto& one) { return one.id == dialog.id; });
        shown.dialogs.push_back(std::move(dialog));
    }
}

void NotifiedPhones::show_list(Screen& screen, const SendNotify& notify)
{
    auto list = read_list(notify.content_type, *notify.body_head);
    CHECK(list.version == notify.version);
    CHECK(user_in(list.uri) == screen.resource);
    std::set<std::string> named;
    for (auto& one : list.resources) {
        const auto member = user_in(one.uri);
        if (one.state == "terminated") {
            if (one.document && one.reason != "timeout")
                for (const auto& dialog : one.document->dialogs)
                    CHECK(dialog.state == "terminated");
            screen.named.erase(member);
            screen.unsaid.erase(member);
            screen.documents.erase(member);
            continue;
        }
        named.insert(member);
        screen.unsaid.erase(member);
        if (one.document) screen.documents[member] = *std::move(one.document);
    }
    if (list.full) {
        for (const auto& [member, document] : screen.documents)
            if (!named.contains(member)) screen.unsaid.insert(member);
        std::erase_if(screen.documents,
                      [&](const auto& one) { return !named.contains(one.first); });
        screen.named = std::move(named);
        return;
    }
    CHECK(screen.seen_version);
    if (screen.seen_version) CHECK(list.version == *screen.seen_version + 1);  // else it must doubt
    screen.named.merge(named);
}

void NotifiedPhones::show_package(Screen& screen, const SendNotify& notify)
{
    const auto body = body_of(notify);
    if (screen.package == "as-feature-event") {
        for (auto& [about, document] : features_in(body)) screen.bodies[about] = document;
    } else if (screen.package == "reg" && !body.empty()) {
        const bool full = is_full_reginfo(body);
        if (full) screen.bodies.clear();
        if (!full && screen.seen_version)
            CHECK(notify.version == *screen.seen_version + 1);  // else it must doubt
        CHECK((full || screen.seen_version));
        for (auto& [id, uri] : contacts_in(body)) screen.bodies[id] = uri;
        std::erase_if(screen.bodies, [](const auto& one) { return one.second.empty(); });
    } else
        screen.bodies[""] = body;
    if (screen.package == "call-info") show_appearances(screen, notify);
    if (screen.package == "line-seize") show_seized(screen, notify);
}

/// An index is as it was told last, whether by itself or as one of the rest.
void NotifiedPhones::show_appearances(Screen& screen, const SendNotify& notify)
{
    if (is_last(notify)) return;
    std::vector<CallInfo> told;
    for (const auto& header : notify.headers) {
        const auto infos = read_call_info(header.value);
        REQUIRE(infos);
        told.insert(told.end(), infos->begin(), infos->end());
    }
    std::set<unsigned> named;
    for (const auto& info : told)
        if (!info.rest) CHECK_MESSAGE(named.insert(info.index).second, "index " << info.index);
    for (const auto& info : told) {
        if (info.rest) {
            CHECK(info.state == AppearanceState::idle);
            std::erase_if(screen.appearances,
                          [&](const auto& one) { return !named.contains(one.first); });
        } else if (info.state == AppearanceState::idle) {
            screen.appearances.erase(info.index);
        } else {
            screen.appearances[info.index] = info;
        }
    }
}

void NotifiedPhones::show_seized(Screen& screen, const SendNotify& notify)
{
    screen.seized.clear();
    for (const auto& header : notify.headers) {
        const auto infos = read_call_info(header.value);
        REQUIRE(infos);
        for (const auto& info : *infos) screen.seized.insert(info.index);
    }
}

}  // namespace lampline::test
