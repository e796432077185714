#pragma once
// The SIP messages of the last calls, in bounded memory.
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/string_table.hpp"
#include "core/sip_trace.hpp"

namespace lampline {

struct MessageRingLimits {
    std::size_t calls = 200;  ///< 0: nothing is kept
    std::size_t bytes = 8 * 1024 * 1024;
};

/// Keeps messages by dialog. A dialog begins with an INVITE, or with a REFER that asks for a call,
/// and belongs to a call once claim()
/// says so; those that nobody claims (refused, unauthenticated) have a small place of their own, so
/// that they push out no call. Beyond the limits the call that started first is forgotten. Belongs
/// to one thread.
class MessageRing {
public:
    explicit MessageRing(MessageRingLimits limits) : limits_{limits} {}

    /// One message, in pieces. It is dropped unless its dialog is known, or it `begins` one. O(1)
    /// apart from the copy.
    void add(std::string_view sip_call_id, bool begins, const PacketHead& head,
             std::span<const std::string_view> pieces);
    /// The dialog belongs to `part.record`; it may belong to several calls.
    void claim(CallRecordId record, std::string_view sip_call_id, std::string_view extension,
               PartKind kind);
    /// Null: nothing is kept of it.
    [[nodiscard]] SipTraceRef read(CallRecordId record) const;

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t call_count() const noexcept { return calls_.size(); }

private:
    struct Packet {
        PacketHead head;
        std::size_t size = 0;
    };
    /// A page, so that none is shared with what is freed before it.
    static constexpr std::size_t block_size = 4096;
    using Block = std::array<char, block_size>;
    struct Dialog {
        Dialog(std::string_view call_id, std::pmr::memory_resource* memory)
            : sip_call_id{call_id, memory}, blocks{memory}
        {
        }

        std::pmr::string sip_call_id;
        std::pmr::vector<std::unique_ptr<Block>> blocks;  ///< each message: a Packet, then its text
        std::size_t size = 0;                             ///< bytes in them
        std::size_t calls = 0;                            ///< that it belongs to; 0: unclaimed
        bool truncated = false;

        void append(std::string_view bytes);
        [[nodiscard]] std::string whole() const;
    };
    using DialogRef = std::shared_ptr<Dialog>;
    struct CallDialog {
        DialogRef dialog;
        std::string extension;
        PartKind kind;
    };

    DialogRef begin_dialog(std::string_view sip_call_id);
    void forget(const DialogRef& dialog);
    void shrink();

    MessageRingLimits limits_;
    // Small pieces lie among their own: among those of calls, each would hold a page of theirs.
    std::pmr::unsynchronized_pool_resource memory_;
    std::pmr::unordered_map<std::pmr::string, DialogRef, StringHash, std::equal_to<>> dialogs_{
        &memory_};
    std::pmr::map<CallRecordId, std::pmr::vector<CallDialog>> calls_{
        &memory_};                                 // in order of their start
    std::deque<std::weak_ptr<Dialog>> unclaimed_;  // in order of their start
    std::size_t bytes_ = 0;
};

}  // namespace lampline
