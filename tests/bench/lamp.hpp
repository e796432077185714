#pragma once
// What a watcher's phone makes of dialog-info bodies (RFC 4235 §4).
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The states of the dialogs in one body.
struct DialogStates {
    bool early = false, confirmed = false, live = false;  ///< live: any that is not terminated
};

/// One lamp. Bodies count in the order in which they arrive; one that is not newer is dropped, as
/// the RFC says.
class Lamp {
public:
    enum class Verdict : std::uint8_t { shown, out_of_order, unreadable };

    Verdict apply(std::string_view body);

    [[nodiscard]] bool lit() const noexcept { return last_.live; }
    [[nodiscard]] bool was_ever_lit() const noexcept { return was_lit_; }
    [[nodiscard]] const DialogStates& last() const noexcept { return last_; }
    [[nodiscard]] std::uint64_t out_of_order() const noexcept { return out_of_order_; }
    [[nodiscard]] std::uint64_t skipped_versions() const noexcept { return skipped_; }

private:
    void apply_partial(std::string_view body);

    struct Dialog {
        std::string id;
        std::string state;
    };
    std::vector<Dialog> dialogs_;
    DialogStates last_;
    bool was_lit_ = false, seen_one_ = false;
    std::uint64_t version_ = 0, out_of_order_ = 0, skipped_ = 0;
};

}  // namespace bench
