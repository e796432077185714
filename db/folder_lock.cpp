#include "db/folder_lock.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "db/database.hpp"

namespace lampline::db {

FolderLock::FolderLock(const std::filesystem::path& folder)
{
    const auto path = folder / "lampline.lock";
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0)
        throw OpenError{OpenFault::unreachable, path.string() + ": " + std::strerror(errno)};
    if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
    const auto why = errno;
    ::close(file_);
    if (why == EWOULDBLOCK)
        throw OpenError{OpenFault::in_use,
                        folder.string() + ": another lampline serves this data folder"};
    throw OpenError{OpenFault::unreachable, path.string() + ": " + std::strerror(why)};
}

FolderLock::~FolderLock()
{
    ::close(file_);
}

}  // namespace lampline::db
