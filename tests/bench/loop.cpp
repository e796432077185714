#include "bench/loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <sys/epoll.h>
#include <unistd.h>

namespace bench {

Loop::Loop() : epoll_{epoll_create1(EPOLL_CLOEXEC)}
{
    if (epoll_ < 0) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
}

Loop::~Loop()
{
    close(epoll_);
}

void Loop::watch(int descriptor, Reader& reader)
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &reader;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0)
        throw std::system_error{errno, std::generic_category(), "epoll_ctl"};
}

bool Loop::later(const Timer& a, const Timer& b) noexcept
{
    return a.due != b.due ? a.due > b.due : a.order > b.order;
}

void Loop::at(Clock::time_point due, Task task)
{
    timers_.push_back({due, ++order_, std::move(task)});
    std::push_heap(timers_.begin(), timers_.end(), later);
}

bool Loop::run_until(Clock::time_point deadline)
{
    stopped_ = false;
    while (!stopped_ && Clock::now() < deadline) {
        run_due_timers();
        if (!stopped_) poll();
    }
    return stopped_;
}

void Loop::run_due_timers()
{
    const auto now = Clock::now();
    while (!stopped_ && !timers_.empty() && timers_.front().due <= now) {
        std::pop_heap(timers_.begin(), timers_.end(), later);
        const Task task = std::move(timers_.back().task);
        timers_.pop_back();
        task();
    }
}

void Loop::poll()
{
    std::array<epoll_event, 512> events;
    const int count = epoll_wait(epoll_, events.data(), events.size(), 0);
    for (int i = 0; i < count; ++i)
        static_cast<Reader*>(events[static_cast<std::size_t>(i)].data.ptr)->readable();
}

}  // namespace bench
