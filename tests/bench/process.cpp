#include "bench/process.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace bench {
namespace {

struct Process {
    pid_t id = 0, parent = 0;
    unsigned long ticks = 0;
};

/// From /proc/PID/stat; id 0 when the process is gone.
Process read_process(const std::filesystem::path& folder)
{
    std::ifstream file{folder / "stat"};
    std::string text;
    if (!std::getline(file, text)) return {};
    const auto name_end = text.rfind(')');  // the name may hold anything
    if (name_end == std::string::npos) return {};
    std::istringstream fields{text.substr(name_end + 1)};
    std::string skipped;
    Process process;
    unsigned long user = 0;
    unsigned long system = 0;
    fields >> skipped >> process.parent;
    for (int i = 0; i < 9; ++i) fields >> skipped;
    fields >> user >> system;
    process.id = static_cast<pid_t>(std::stol(text));
    process.ticks = user + system;
    return process;
}

std::vector<Process> with_descendants(pid_t root)
{
    std::vector<Process> all;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
        const auto name = entry.path().filename().string();
        if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }))
            continue;
        if (const auto process = read_process(entry.path()); process.id != 0)
            all.push_back(process);
    }
    std::vector<Process> family;
    for (const auto& process : all)
        if (process.id == root) family.push_back(process);
    for (std::size_t i = 0; i < family.size(); ++i)
        for (const auto& process : all)
            if (process.parent == family[i].id) family.push_back(process);
    return family;
}

/// Of lines of /proc/PID/smaps_rollup.
std::uint64_t sum_of(const std::set<std::string>& lines, pid_t root)
{
    std::uint64_t bytes = 0;
    for (const auto& process : with_descendants(root)) {
        std::ifstream file{"/proc/" + std::to_string(process.id) + "/smaps_rollup"};
        std::string word;
        while (file >> word)
            if (std::uint64_t kilobytes = 0; lines.contains(word) && file >> kilobytes)
                bytes += kilobytes * 1024;
    }
    return bytes;
}

}  // namespace

double cpu_seconds(pid_t root)
{
    unsigned long ticks = 0;
    for (const auto& process : with_descendants(root)) ticks += process.ticks;
    return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::uint64_t memory_bytes(pid_t root)
{
    return sum_of({"Pss:"}, root);
}

std::uint64_t allocated_bytes(pid_t root)
{
    return sum_of({"Pss_Anon:", "Pss_Shmem:"}, root);
}

}  // namespace bench
