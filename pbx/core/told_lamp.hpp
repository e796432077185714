#pragma once
// One extension as one phone is told of it.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/group_state.hpp"
#include "core/sip_command.hpp"

namespace lampline {

/// The last NOTIFY about it, as shown to the administrator.
struct LastNotify {
    std::uint32_t cseq = 0;
    std::uint32_t version = 0;
    std::optional<std::chrono::system_clock::time_point> sent_at, answered_at;
    std::optional<unsigned> answer;
    bool answer_generated = false;                  ///< the phone said nothing
    std::shared_ptr<const NotifyDialog> sent_in;    ///< where it went
    std::shared_ptr<const std::string> head, tail;  ///< its body, around the version; null: none

    [[nodiscard]] std::size_t body_size() const
    {
        if (!head) return 0;
        return head->size() + (tail ? std::to_string(version).size() + tail->size() : 0);
    }
    /// The phone has accepted exactly this body, apart from its version.
    [[nodiscard]] bool has_confirmed(const std::shared_ptr<const std::string>& this_head,
                                     const std::shared_ptr<const std::string>& this_tail) const
    {
        const auto same = [](const auto& left, const auto& right) {
            return left && right ? left == right || *left == *right : left == right;
        };
        return is_confirmed() && same(head, this_head) && same(tail, this_tail);
    }
    [[nodiscard]] bool is_confirmed() const noexcept
    {
        return head && answer.value_or(0) / 100 == 2;
    }
    void note_answer(unsigned status, bool generated, std::chrono::system_clock::time_point now)
    {
        answer = status;
        answer_generated = generated;
        answered_at = now;
    }
};

/// What is remembered of one lamp, whether it has a subscription of its own or is one of a list.
struct ToldLamp {
    ProjectionRef projection;  ///< of the extension, in the eyes of the phone
    Told told;

    // how long it takes from a call's event to its lamp
    std::optional<std::chrono::steady_clock::time_point>
        event_at;  ///< of the oldest event that no NOTIFY has told yet
    std::optional<std::chrono::steady_clock::time_point>
        unanswered_since;  ///< of the oldest event that the phone has not acknowledged

    std::optional<std::chrono::system_clock::time_point>
        shown_since;  ///< of the colour it shows; empty: not known
    bool of_earlier_run = false;  ///< the phone may show what it acknowledges first since before a restart
    LastNotify last;
    std::vector<ToldIn> told_in;  ///< of partial documents, once one had less than there was

    /// `text`, written in `form`, tells the phone nothing beyond what `message`, which has told it
    /// this lamp last, did.
    [[nodiscard]] bool says_nothing_new(const DialogInfoText& text, DocumentForm form,
                                        const LastNotify& message) const
    {
        if (message.has_confirmed(text.head, text.tail)) return true;
        return message.is_confirmed() && message.tail &&
               projection->adds_nothing(told, *message.tail, told_in, form);
    }
    /// Before note_sent(): `step` is told by a partial document, or to a phone that takes these, in
    /// the body that ends with `tail`. `reduced`: with less than there is.
    void note_body(Step step, DocumentForm form, bool reduced,
                   const std::shared_ptr<const std::string>& tail)
    {
        if (form.kind == DocumentKind::full) told_in.clear();
        if (!reduced && told_in.empty()) return;
        const auto& there = projection->target(step)->dialogs;
        std::erase_if(told_in, [&](const ToldIn& one) {
            return std::ranges::none_of(there, [&](const ShownDialog& shown) {
                return shown.dialog->latest.leg == one.leg;
            });
        });
        for (const auto leg : projection->legs_in(told, step, form)) {
            const auto before = std::ranges::find(told_in, leg, &ToldIn::leg);
            if (before == told_in.end())
                told_in.push_back({leg, tail});
            else
                before->tail = tail;
        }
    }
    /// An event has come that the phone is to see.
    void note_event(std::chrono::steady_clock::time_point now)
    {
        if (!event_at && told.sent != projection->current()) event_at = now;
    }
    /// It is shown by `projection` from now on, and was by `before`. What the phone certainly shows
    /// (what was sent is not under way: `settled`) stays lit, or dark; in another dialect it may
    /// show anything. True: it is owed no more than what differs from what was sent.
    bool show_anew(const Projection& before, bool settled) noexcept
    {
        const bool alike = *projection->profile() == *before.profile();
        if (!alike) told_in.clear();  // the phone is cleared first, maybe in a row without these
        if (alike && settled && is_certainly_dark()) {  // so is it by any right
            catch_up();
            return true;
        }
        const bool certain = alike && settled && before.next_step(told) == Step::none;
        const bool same = alike && (certain || !settled) && projection->shows(told.sent);
        // Whatever has changed since: once that is answered, the phone is dark.
        const bool darkens = alike && !settled && told.sent && told.sent->dialogs.empty();
        auto under_way = darkens ? std::move(told.sent) : nullptr;
        told = {.sent = std::move(under_way), .unknown = !certain, .left_out = told.left_out};
        if (same) told.sent = projection->current();
        if (same && certain) told.acknowledged = told.sent;
        return same || darkens;
    }
    [[nodiscard]] bool is_certainly_dark() const noexcept
    {
        return !told.unknown && told.sent && told.sent == told.acknowledged &&
               told.sent->dialogs.empty();
    }
    /// What has changed since its phone has seen it may have changed back.
    void catch_up() noexcept
    {
        if (projection->catch_up(told)) event_at.reset();
    }
};

}  // namespace lampline
