#include "db/database_thread.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>

#include "base/spare_memory.hpp"
#include "db/write_behind.hpp"

namespace lampline::db {
namespace {

/// So many changes are taken over before their time, so that the newest per binding replaces the
/// others.
constexpr std::size_t crowded = 8192;

/// After work, in case more comes.
constexpr std::chrono::seconds spare_memory_kept{2};

void run_job(const DatabaseThread::Job& job, Database& database) noexcept
try {
    job(database);
} catch (const std::exception& failure) {
    spdlog::error("database: a job failed: {}", failure.what());
} catch (...) {
    spdlog::error("database: a job failed");
}

/// Refreshes, which come again, and records of calls, on which nothing depends.
bool is_dispensable(const StorageChange& change) noexcept
{
    const auto* stored = std::get_if<BindingStored>(&change);
    return (stored != nullptr && stored->refresh) || std::holds_alternative<CallRecorded>(change) ||
           std::holds_alternative<RecordOpened>(change) ||
           std::holds_alternative<TurnTaken>(change);
}

}  // namespace

DatabaseThread::DatabaseThread(std::unique_ptr<Database> database, DatabaseThreadSettings settings)
    : settings_{std::move(settings)}, database_{std::move(database)}, thread_{[this] { run(); }}
{
}

DatabaseThread::~DatabaseThread()
{
    stop();
}

bool DatabaseThread::post(Job job)
{
    const std::lock_guard lock{mutex_};
    if (stopping_ || jobs_.size() >= settings_.max_jobs) return false;
    jobs_.push_back(std::move(job));
    if (jobs_.size() == 1) wake_.notify_one();
    return true;
}

void DatabaseThread::write_behind(std::vector<StorageChange> changes)
{
    if (changes.empty()) return;
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock{mutex_};
    if (stopping_) return;
    auto due = now + WritePacing::refresh_delay;
    for (const auto& change : changes) due = std::min(due, pacing_.due(change, now));
    if (change_count_ + changes.size() > settings_.max_changes) {
        // The next refresh of the same phone makes up for the one that is dropped; nothing makes up
        // for the rest.
        const auto kept = std::remove_if(changes.begin(), changes.end(), is_dispensable);
        const bool full = change_count_ >= 2 * settings_.max_changes;
        const auto last = full ? changes.begin() : kept;
        dropped_ += static_cast<std::uint64_t>(changes.end() - last);
        changes.erase(last, changes.end());
    }
    if (changes_.empty()) changes_since_ = now;
    change_count_ += changes.size();
    changes_.push_back(std::move(changes));
    wake_by(change_count_ >= crowded ? now : due);
}

void DatabaseThread::wake_by(TimePoint deadline)
{
    if (deadline >= wake_at_) return;
    wake_at_ = deadline;
    wake_.notify_one();
}

void DatabaseThread::flush(std::chrono::milliseconds longest)
{
    std::unique_lock lock{mutex_};
    if (stopping_) return;
    flush_asked_ = true;
    wake_.notify_one();
    flushed_.wait_for(lock, longest, [this] { return !flush_asked_; });
}

void DatabaseThread::stop()
{
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
    database_.reset();
}

std::uint64_t DatabaseThread::dropped_changes() const
{
    const std::lock_guard lock{mutex_};
    return dropped_;
}

DatabaseThread::TimePoint DatabaseThread::do_chore(TimePoint now)
{
    constexpr std::chrono::milliseconds breath{5};
    bool more = false;
    run_job([&](Database& database) { more = settings_.chore(database); }, *database_);
    return now + (more ? breath : settings_.chore_interval);
}

void DatabaseThread::run()
{
    WriteBehind behind{*database_};
    std::vector<Job> jobs;
    std::vector<std::vector<StorageChange>> changes;
    auto give_back_at = TimePoint::max();
    auto chore_at = settings_.chore ? TimePoint::min() : TimePoint::max();
    std::unique_lock lock{mutex_};
    wake_at_ = std::min(wake_at_, chore_at);
    while (!stopping_ || !jobs_.empty() || !changes_.empty()) {
        const auto ready = [this] { return stopping_ || flush_asked_ || !jobs_.empty(); };
        while (!ready() && wake_at_ > std::chrono::steady_clock::now()) {
            if (wake_at_ == TimePoint::max())
                wake_.wait(lock);
            else
                wake_.wait_until(lock, wake_at_);
        }
        const auto now = std::chrono::steady_clock::now();
        jobs.swap(jobs_);
        const bool flush = flush_asked_;
        const bool due = stopping_ || flush || wake_at_ <= now;
        if (due) {
            changes.swap(changes_);
            change_count_ = 0;
            wake_at_ = TimePoint::max();
        }
        const auto since = changes_since_;
        lock.unlock();

        for (const auto& job : jobs) run_job(job, *database_);
        jobs.clear();
        if (due) {
            for (auto& each : changes) behind.add(std::move(each), since);
            changes.clear();
            if (flush)
                behind.flush(now);
            else
                behind.flush_due(now);
        }
        if (chore_at <= now) chore_at = do_chore(now);
        if (give_back_at <= now) {
            give_back_spare_memory();
            give_back_at = TimePoint::max();
        } else if (give_back_at == TimePoint::max()) {
            give_back_at = now + spare_memory_kept;
        }

        lock.lock();
        if (flush) {
            flush_asked_ = false;
            flushed_.notify_all();
        }
        pacing_ = behind.pacing();
        wake_at_ = std::min({wake_at_, chore_at, give_back_at});
        if (const auto deadline = behind.next_deadline()) wake_at_ = std::min(wake_at_, *deadline);
    }
    lock.unlock();
    constexpr int attempts = 3;
    for (int attempt = 0; attempt < attempts; ++attempt)
        if (behind.flush(std::chrono::steady_clock::now())) return;
    spdlog::critical("database: {} changes of bindings, subscriptions and calls are lost",
                     behind.owed());
}

}  // namespace lampline::db
