#pragma once
// The one thread that reads and writes the database while the program serves.
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/stored.hpp"
#include "db/database.hpp"
#include "db/write_pacing.hpp"

namespace lampline::db {

/// Work that comes again and again. True: more is left, so it goes on after what waits meanwhile.
using DatabaseChore = std::function<bool(Database&)>;

struct DatabaseThreadSettings {
    std::size_t max_jobs = 1024;  ///< waiting jobs; more are refused
    std::size_t max_changes =
        256 * 1024;  ///< changes not yet taken over; refreshes beyond it are dropped
    DatabaseChore chore;  ///< in small steps; empty: none
    std::chrono::milliseconds chore_interval{60'000};
};

/// Owns the Database and runs jobs on it, one after the other. post() and write_behind() may be
/// called by any thread and never wait for the disk.
class DatabaseThread {
public:
    using Job = std::function<void(Database&)>;

    explicit DatabaseThread(std::unique_ptr<Database> database,
                            DatabaseThreadSettings settings = {});
    /// stop()
    ~DatabaseThread();
    DatabaseThread(const DatabaseThread&) = delete;
    DatabaseThread& operator=(const DatabaseThread&) = delete;

    /// Runs `job` later on this thread; what it throws is logged. False: too many are waiting, or
    /// stopped.
    [[nodiscard]] bool post(Job job);

    /// Writes `changes` soon, many to a transaction: within 20 ms, or 100 where much was written
    /// shortly before, calls within 100 ms, one that was just answered at once where little was
    /// written shortly before, and mere refreshes within 1 s, where the newest per binding counts.
    /// A failing disk is logged and tried again; what the engine does never depends on it.
    void write_behind(std::vector<StorageChange> changes);

    /// Writes what is owed at once, and returns when that was tried or `longest` has passed. The
    /// only call that waits for the disk: for the start, before anybody waits for us.
    void flush(std::chrono::milliseconds longest);

    /// Runs what was posted, writes what is owed, ends the thread. Nothing is taken any more.
    /// Idempotent.
    void stop();

    /// Changes dropped since start because the disk did not keep up.
    [[nodiscard]] std::uint64_t dropped_changes() const;

private:
    using TimePoint = WritePacing::TimePoint;

    void run();
    [[nodiscard]] TimePoint do_chore(TimePoint now);
    void wake_by(TimePoint deadline);

    DatabaseThreadSettings settings_;
    std::unique_ptr<Database> database_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Job> jobs_;
    std::vector<std::vector<StorageChange>> changes_;
    std::size_t change_count_ = 0;
    TimePoint changes_since_{};  // when the first of them came
    TimePoint wake_at_ = TimePoint::max();
    WritePacing pacing_;  // as of the last write
    std::uint64_t dropped_ = 0;
    bool stopping_ = false;
    bool flush_asked_ = false;
    std::condition_variable flushed_;
    std::thread thread_;
};

}  // namespace lampline::db
