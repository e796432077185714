#pragma once
// How many connections the process can still afford.
#include <cstddef>

namespace lampline::sip {

/// Lets the process open as many descriptors as its hard limit allows, at most 65536: one for each
/// connection, and some for files. Any thread.
void raise_descriptor_limit() noexcept;

/// Tells about how many descriptors the process has open: the kernel always gives the lowest free
/// number.
class DescriptorCount {
public:
    DescriptorCount();
    ~DescriptorCount();
    DescriptorCount(const DescriptorCount&) = delete;
    DescriptorCount& operator=(const DescriptorCount&) = delete;

    /// More than `limit` since start, or none left.
    [[nodiscard]] bool exceeds(std::size_t limit) const noexcept;

private:
    [[nodiscard]] int lowest_free() const noexcept;
    int any_open_;
    int at_start_;
};

}  // namespace lampline::sip
