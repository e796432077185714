#include "core/message_ring.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <unordered_set>

namespace lampline {
namespace {

constexpr std::size_t per_dialog = 512;  // what one costs besides its messages, roughly
constexpr std::size_t max_unclaimed = 64;
constexpr std::size_t unclaimed_bytes = 16 * 1024;
constexpr std::size_t least_dialog_bytes = 64 * 1024;

}  // namespace

std::string write(const PacketAddress& address)
{
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(address.six ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
    const auto port = ':' + std::to_string(address.port);
    return address.six ? '[' + std::string{text} + ']' + port : text + port;
}

void MessageRing::add(std::string_view sip_call_id, bool begins, const PacketHead& head,
                      std::span<const std::string_view> pieces)
{
    if (limits_.calls == 0) return;
    const auto known = dialogs_.find(sip_call_id);
    if (known == dialogs_.end() && !begins) return;
    const auto dialog = known == dialogs_.end() ? begin_dialog(sip_call_id) : known->second;
    std::size_t size = 0;
    for (const auto piece : pieces) size += piece.size();
    const auto limit =
        dialog->calls == 0 ? unclaimed_bytes : std::max(least_dialog_bytes, limits_.bytes / 8);
    if (dialog->text.size() + size > limit) {
        dialog->truncated = true;
        return;
    }
    for (const auto piece : pieces) dialog->text += piece;
    dialog->packets.push_back({head, size});
    bytes_ += size + sizeof(Packet);
    shrink();
}

MessageRing::DialogRef MessageRing::begin_dialog(std::string_view sip_call_id)
{
    auto dialog = std::make_shared<Dialog>();
    dialog->sip_call_id = sip_call_id;
    dialogs_.emplace(dialog->sip_call_id, dialog);
    bytes_ += per_dialog;
    unclaimed_.push_back(dialog);
    while (unclaimed_.size() > max_unclaimed) {
        const auto oldest = unclaimed_.front().lock();
        unclaimed_.pop_front();
        if (oldest && oldest->calls == 0) forget(oldest);
    }
    return dialog;
}

void MessageRing::forget(const DialogRef& dialog)
{
    bytes_ -= per_dialog + dialog->text.size() + dialog->packets.size() * sizeof(Packet);
    dialogs_.erase(dialog->sip_call_id);
}

void MessageRing::claim(CallRecordId record, std::string_view sip_call_id,
                        std::string_view extension, PartKind kind)
{
    if (limits_.calls == 0) return;
    auto& call = calls_[record];
    const auto known = dialogs_.find(sip_call_id);
    const auto dialog = known == dialogs_.end() ? begin_dialog(sip_call_id) : known->second;
    const bool there = std::any_of(call.begin(), call.end(),
                                   [&](const CallDialog& each) { return each.dialog == dialog; });
    if (!there) {
        ++dialog->calls;
        call.push_back({dialog, std::string{extension}, kind});
    }
    shrink();
}

void MessageRing::shrink()
{
    while (!calls_.empty() && (calls_.size() > limits_.calls || bytes_ > limits_.bytes)) {
        const auto oldest = calls_.extract(calls_.begin());
        for (const auto& each : oldest.mapped())
            if (--each.dialog->calls == 0) forget(each.dialog);
    }
}

SipTraceRef MessageRing::read(CallRecordId record) const
{
    const auto found = calls_.find(record);
    if (found == calls_.end()) return nullptr;
    auto trace = std::make_shared<SipTrace>();
    trace->record = record;
    for (const auto& [dialog, extension, kind] : found->second) {
        const auto position = trace->dialogs.size();
        trace->dialogs.push_back({dialog->sip_call_id, extension, kind, dialog->truncated});
        std::unordered_set<std::string_view> seen[2];
        std::string_view rest{dialog->text};
        for (const auto& packet : dialog->packets) {
            const auto text = rest.substr(0, packet.size);
            rest.remove_prefix(packet.size);
            const bool repeated = !seen[packet.head.received ? 1 : 0].insert(text).second;
            trace->messages.push_back({packet.head, position, repeated, std::string{text}});
        }
    }
    std::stable_sort(trace->messages.begin(), trace->messages.end(),
                     [](const TracedMessage& left, const TracedMessage& right) {
                         return left.head.at < right.head.at;
                     });
    return trace;
}

}  // namespace lampline
