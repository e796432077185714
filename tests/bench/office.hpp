#pragma once
// The office that every server under test serves: who exists and who watches whom.
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace bench::office {

/// `count` numbers from `first` on.
[[nodiscard]] std::vector<std::string> numbers(int first, int count);

inline std::vector<std::string> everyone()
{
    return numbers(1000, 1000);
}  ///< also the watchers of `crowded`
inline std::vector<std::string> callers()
{
    return numbers(1000, 200);
}
inline std::vector<std::string> callees()
{
    return numbers(1200, 200);
}  ///< watched by `observer`
inline constexpr std::string_view observer = "1999";
inline constexpr std::string_view crowded = "2000";  ///< one extension, a thousand watchers
inline constexpr std::string_view crowd_caller = "2001";
inline std::vector<std::string> busy_four()
{
    return numbers(2010, 4);
}  ///< watched by `busy_watchers`
inline std::vector<std::string> busy_callers()
{
    return numbers(2020, 4);
}
inline std::vector<std::string> targets()
{
    return numbers(1400, 200);
}  ///< whom transferred calls go to; nobody watches them
inline std::vector<std::string> twenty()
{
    return numbers(2030, 20);
}  ///< everyone may watch them
inline std::vector<std::string> twenty_callers()
{
    return numbers(2050, 4);
}
inline std::vector<std::string> busy_watchers()
{
    return numbers(1000, 200);
}

[[nodiscard]] std::string secret_of(std::string_view number);

/// The requests that build the office over REST, as a curl configuration: one connection for all.
void write_curl(std::ostream& out, std::string_view url, std::string_view token);
/// The secrets as rows of Kamailio's htable.
void write_sql(std::ostream& out);

}  // namespace bench::office
