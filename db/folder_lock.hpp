#pragma once
// One server at a time on a data folder.
#include <filesystem>

namespace lampline::db {

/// Held until destroyed, or until the process dies, however it dies (flock). Other programs that
/// read or change the database are not kept out: SQLite lets them take turns.
class FolderLock {
public:
    /// Takes `folder`/lampline.lock, which it creates and never removes.
    /// @throws OpenError in_use: another process has it; unreachable: it cannot be opened
    explicit FolderLock(const std::filesystem::path& folder);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

private:
    int file_;
};

}  // namespace lampline::db
