#include "sip/descriptor_count.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

namespace lampline::sip {

void raise_descriptor_limit() noexcept
{
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65536);
    setrlimit(RLIMIT_NOFILE, &limit);
}

DescriptorCount::DescriptorCount() : any_open_{eventfd(0, EFD_CLOEXEC)}, at_start_{lowest_free()} {}

DescriptorCount::~DescriptorCount()
{
    if (any_open_ >= 0) close(any_open_);
}

bool DescriptorCount::exceeds(std::size_t limit) const noexcept
{
    const int now = lowest_free();
    return now < 0 || (now > at_start_ && static_cast<std::size_t>(now - at_start_) > limit);
}

int DescriptorCount::lowest_free() const noexcept
{
    const int descriptor = fcntl(any_open_, F_DUPFD_CLOEXEC, 0);
    if (descriptor >= 0) close(descriptor);
    return descriptor;
}

}  // namespace lampline::sip
