#include "sip/event_loop.hpp"

#include <algorithm>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/spare_memory.hpp"
#include "sip/sofia.hpp"
#include "sip/stack_sockets.hpp"
#include "sip/wake_pacing.hpp"

/// Sofia's hook for tests and for clocks of one's own: may change the time it is given.
extern "C" void (*_su_time)(su_time_t* time);

namespace lampline::sip {
namespace {

using namespace std::chrono_literals;

constexpr auto heartbeat = 100ms;
constexpr unsigned beats_between_returns = 20;  // of spare memory
constexpr std::size_t posted_per_turn = 512;
constexpr int log_lines_per_second = 20;

struct Clock {
    su_time_t wall_at_start{};
    std::chrono::steady_clock::time_point mono_at_start{};
};
Clock clock_base;

/// Sofia's timers use wall time, and a step backwards would hold them all up: so its time is the
/// wall clock at the start of the process plus what the monotonic clock has counted since. In whole
/// milliseconds: Sofia rounds the wait for its next timer down to those, and would poll without
/// pause through the rest, up to a millisecond of the processor for each timer.
void monotonic(su_time_t* time)
{
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - clock_base.mono_at_start);
    const auto milliseconds =
        static_cast<unsigned long>(elapsed.count()) + clock_base.wall_at_start.tv_usec / 1000;
    time->tv_sec = clock_base.wall_at_start.tv_sec + milliseconds / 1000;
    time->tv_usec = milliseconds % 1000 * 1000;
}

/// Sofia logs what any peer can provoke, so no more than a few lines a second go on.
void log_line(void*, const char* format, va_list arguments)
{
    static std::time_t second = 0;
    static int lines = 0;
    const auto now = std::time(nullptr);
    if (now != second) {
        second = now;
        lines = 0;
    }
    if (++lines > log_lines_per_second || !spdlog::should_log(spdlog::level::debug)) return;
    char line[512];
    const int length = std::vsnprintf(line, sizeof line, format, arguments);
    if (length <= 0) return;
    std::string_view text{line, std::min(static_cast<std::size_t>(length), sizeof line - 1)};
    while (text.ends_with('\n')) text.remove_suffix(1);
    spdlog::debug("sofia: {}", text);
}

void prepare_process()
{
    static const bool done = [] {
        su_init();
        std::signal(SIGPIPE, SIG_IGN);
        su_log_redirect(su_log_default, log_line, nullptr);
        su_log_soft_set_level(su_log_default, 1);
        clock_base.wall_at_start = su_now();
        clock_base.mono_at_start = std::chrono::steady_clock::now();
        _su_time = monotonic;
        return true;
    }();
    static_cast<void>(done);
}

int is_ready(EventLoop*, su_wait_t*, LoopWatch* watch) noexcept
{
    watch->ready();
    return 0;
}

void timer_expired(EventLoop*, su_timer_t*, LoopTimer* timer) noexcept
{
    timer->expire();
}

}  // namespace

struct EventLoop::Inner {
    RootHandle root;
    std::unique_ptr<LoopWatch> posted;
    std::unique_ptr<LoopTimer> wake;
    std::unique_ptr<LoopTimer> beat;
    EventLoop::TimePoint beat_due;
};

struct LoopTimer::Handle {
    TimerHandle timer;
};

LoopTimer::LoopTimer(EventLoop& loop, EventLoop::Work expired)
    : expired_{std::move(expired)}, handle_{std::make_unique<Handle>()}
{
    handle_->timer.reset(su_timer_create(su_root_task(loop.root()), 0));
    if (!handle_->timer) throw std::runtime_error{"su_timer_create"};
}

LoopTimer::~LoopTimer() = default;

void LoopTimer::set(EventLoop::TimePoint when)
{
    auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(when - std::chrono::steady_clock::now());
    if (wait > 0ms) ++wait;  // Sofia's clock may be up to a millisecond behind
    const auto longest =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::hours{24});
    su_timer_set_interval(handle_->timer.get(), timer_expired, this,
                          static_cast<su_duration_t>(std::clamp(wait, 0ms, longest).count()));
}

void LoopTimer::cancel() noexcept
{
    su_timer_reset(handle_->timer.get());
}

LoopWatch::LoopWatch(EventLoop& loop, int descriptor, For what, EventLoop::Work ready)
    : loop_{loop}, ready_{std::move(ready)}
{
    const auto reading = what == For::writing ? 0 : SU_WAIT_IN;
    const auto writing = what == For::reading ? 0 : SU_WAIT_OUT;
    su_wait_t wait[1];
    if (su_wait_create(wait, descriptor, reading | writing) == 0)
        index_ = su_root_register(loop.root(), wait, is_ready, this, 0);
    if (index_ < 0) throw std::runtime_error{"su_root_register: no room for a descriptor"};
}

LoopWatch::~LoopWatch()
{
    su_root_deregister(loop_.root(), index_);
}

EventLoop::EventLoop() : inner_{std::make_unique<Inner>()}
{
    prepare_process();
    inner_->root.reset(su_root_create(this));
    if (!inner_->root)
        throw std::runtime_error{"su_root_create: no event loop from the operating system"};
    event_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (event_fd_ < 0) throw std::runtime_error{"eventfd: no descriptor left"};
    try {
        inner_->posted = std::make_unique<LoopWatch>(*this, event_fd_, LoopWatch::For::reading,
                                                     [this] { take_posted(); });
    } catch (...) {
        close(event_fd_);
        throw;
    }
    inner_->wake = std::make_unique<LoopTimer>(*this, [this] {
        if (on_wake_) on_wake_();
    });
    inner_->beat = std::make_unique<LoopTimer>(*this, [this] { beat(inner_->beat_due); });
    beat(std::chrono::steady_clock::now());
}

EventLoop::~EventLoop()
{
    inner_->posted.reset();
    inner_->wake.reset();
    inner_->beat.reset();
    deferred_.clear();
    inner_->root.reset();
    close(event_fd_);
}

su_root_s* EventLoop::root() const noexcept
{
    return inner_->root.get();
}

void EventLoop::run()
{
    WakePacing pacing;
    while (!stopping_.load(std::memory_order_acquire)) {
        const auto before = readings();
        step(pacing.paced() ? 0ms : std::chrono::hours{1});
        // What is to run before the loop sleeps has run.
        const auto rest = pacing.rest_after(readings() - before, std::chrono::steady_clock::now());
        if (rest > 0us) std::this_thread::sleep_for(rest);
    }
    for (bool left = true; left;) {
        take_posted();
        const std::lock_guard lock{mutex_};
        left = !posted_.empty();
    }
    run_deferred();
    stopping_ = false;
}

void EventLoop::step(std::chrono::milliseconds longest)
{
    su_root_step(root(), static_cast<su_duration_t>(deferred_.empty() ? longest.count() : 0));
    run_deferred();
}

void EventLoop::stop()
{
    stopping_ = true;
    arm();
}

void EventLoop::arm() noexcept
{
    if (armed_.exchange(true)) return;
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the loop wakes anyway.
    static_cast<void>(!::write(event_fd_, &one, sizeof one));
}

void EventLoop::post(Work work)
{
    {
        const std::lock_guard lock{mutex_};
        posted_.push_back(std::move(work));
    }
    arm();
}

void EventLoop::defer(Work work)
{
    deferred_.push_back(std::move(work));
}

void EventLoop::take_posted()
{
    std::uint64_t count = 0;
    static_cast<void>(!read(event_fd_, &count, sizeof count));
    armed_ = false;  // before the queue is taken, or work posted in between would sleep
    std::vector<Work> taken;
    {
        const std::lock_guard lock{mutex_};
        if (posted_.size() <= posted_per_turn) {
            taken.swap(posted_);
        } else {
            const auto end = posted_.begin() + posted_per_turn;
            taken.assign(std::make_move_iterator(posted_.begin()), std::make_move_iterator(end));
            posted_.erase(posted_.begin(), end);
        }
    }
    if (taken.size() == posted_per_turn) arm();
    for (auto& work : taken) work();
}

void EventLoop::run_deferred()
{
    // What deferred work defers runs in the same pass; a bound keeps a cycle from holding up the
    // network.
    for (int pass = 0; pass < 16 && !deferred_.empty(); ++pass) {
        std::vector<Work> now;
        now.swap(deferred_);
        for (auto& work : now) work();
    }
}

void EventLoop::wake_at(std::optional<TimePoint> when)
{
    if (when)
        inner_->wake->set(*when);
    else
        inner_->wake->cancel();
}

void EventLoop::on_wake(Work callback)
{
    on_wake_ = std::move(callback);
}

void EventLoop::beat(TimePoint due)
{
    const auto now = std::chrono::steady_clock::now();
    late_before_ = late_;
    late_ = std::max(std::chrono::duration_cast<std::chrono::microseconds>(now - due), 0us);
    if (++beats_ % beats_between_returns == 0) give_back_spare_memory();
    inner_->beat_due = now + heartbeat;
    inner_->beat->set(inner_->beat_due);
}

}  // namespace lampline::sip
