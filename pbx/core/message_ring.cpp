#include "core/message_ring.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <unordered_set>

namespace lampline {
namespace {

constexpr std::size_t per_dialog = 512;  // what one costs besides its messages, roughly
constexpr std::size_t max_unclaimed = 64;
constexpr std::size_t unclaimed_bytes = 16 * 1024;
constexpr std::size_t least_dialog_bytes = 64 * 1024;

std::string four(const PacketAddress& address)
{
    std::string text;
    for (std::size_t at = 0; at < 4; ++at)
        text += (at > 0 ? "." : "") + std::to_string(address.bytes[at]);
    return text;
}

/// RFC 5952 §4: no leading zeros, the first of the longest runs of zeros left out.
std::string six(const PacketAddress& address)
{
    std::array<unsigned, 8> words{};
    for (std::size_t at = 0; at < words.size(); ++at)
        words[at] = static_cast<unsigned>(address.bytes[2 * at] << 8 | address.bytes[2 * at + 1]);
    std::size_t gap = 0;
    std::size_t gap_length = 1;  // a single zero is written
    for (std::size_t at = 0; at < words.size(); ++at) {
        std::size_t end = at;
        while (end < words.size() && words[end] == 0) ++end;
        if (end - at > gap_length) {
            gap = at;
            gap_length = end - at;
        }
    }
    std::string text;
    for (std::size_t at = 0; at < words.size();) {
        if (gap_length > 1 && at == gap) {
            text += "::";
            at += gap_length;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        std::array<char, 4> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), words[at], 16);
        text.append(digits.data(), end.ptr);
        ++at;
    }
    return text;
}

}  // namespace

std::string write(const PacketAddress& address)
{
    const auto port = ':' + std::to_string(address.port);
    return address.six ? '[' + six(address) + ']' + port : four(address) + port;
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
    if (dialog->size + sizeof(Packet) + size > limit) {
        dialog->truncated = true;
        return;
    }
    const auto blocks = dialog->blocks.size();
    const Packet packet{head, size};
    dialog->append({reinterpret_cast<const char*>(&packet), sizeof packet});
    for (const auto piece : pieces) dialog->append(piece);
    bytes_ += (dialog->blocks.size() - blocks) * block_size;
    shrink();
}

void MessageRing::Dialog::append(std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto used = size % block_size;
        if (used == 0) blocks.push_back(std::make_unique_for_overwrite<Block>());
        auto& block = *blocks.back();
        const auto part = bytes.substr(0, block.size() - used);
        std::ranges::copy(part, block.data() + used);
        size += part.size();
        bytes.remove_prefix(part.size());
    }
}

std::string MessageRing::Dialog::whole() const
{
    std::string bytes;
    bytes.reserve(blocks.size() * block_size);
    for (const auto& block : blocks) bytes.append(block->data(), block->size());
    bytes.resize(size);
    return bytes;
}

MessageRing::DialogRef MessageRing::begin_dialog(std::string_view sip_call_id)
{
    auto dialog = std::allocate_shared<Dialog>(std::pmr::polymorphic_allocator<Dialog>{&memory_},
                                               sip_call_id, &memory_);
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
    bytes_ -= per_dialog + dialog->blocks.size() * block_size;
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
        trace->dialogs.push_back(
            {std::string{dialog->sip_call_id}, extension, kind, dialog->truncated});
        std::unordered_set<std::string_view> seen[2];
        const auto bytes = dialog->whole();
        for (std::string_view rest{bytes}; !rest.empty();) {
            Packet packet;
            std::memcpy(&packet, rest.data(), sizeof packet);
            const auto text = rest.substr(sizeof packet, packet.size);
            rest.remove_prefix(sizeof packet + packet.size);
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
