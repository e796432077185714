#pragma once
// Bearer tokens of REST clients, and what each role may do.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "admin/change.hpp"
#include "base/result.hpp"
#include "db/database.hpp"

namespace lampline::admin {

enum class Role : std::uint8_t { admin, operator_, receptionist, auditor };

std::string_view word(Role role) noexcept;
std::optional<Role> role_named(std::string_view word) noexcept;

/// What an operation of the API needs (`x-requires` in the description).
enum class Right : std::uint8_t {
    read_config,   ///< admin, operator, auditor
    write_config,  ///< admin, operator
    read_live,     ///< everybody
    act_live,      ///< everybody but auditors
    read_messages, ///< SIP messages of calls: admin, auditor
};
std::optional<Right> right_named(std::string_view word) noexcept;
bool may(Role role, Right right) noexcept;

/// Who presented a token.
struct Bearer {
    std::string name;
    Role role = Role::auditor;
    std::string digest;  ///< of the token: names it without being it
};

enum class IfTaken : std::uint8_t { refuse, replace };
enum class TokenError : std::uint8_t {
    malformed_name,  ///< 1 to 64 of [A-Za-z0-9._-]
    name_taken,
};

/// Use cases over one Database, on the thread that has it; beside a running server as well. May
/// throw SQLite::Exception.
class TokenService {
public:
    explicit TokenService(db::Database& database) : database_{database} {}

    /// A new token: `ll_` and 160 random bits in base32. It is stored as its SHA-256 only.
    Result<std::string, TokenError> create(std::string_view name, Role role, IfTaken if_taken,
                                           const Actor& actor, std::chrono::sys_seconds now);
    /// nullopt: nobody's token. Notes the use, at most once a minute.
    std::optional<Bearer> authenticate(std::string_view token, std::chrono::sys_seconds now);
    /// Whether the token with this digest still counts, in the same role.
    [[nodiscard]] bool holds(const Bearer& bearer) const;
    /// False: no token has that name.
    bool revoke(std::string_view name, const Actor& actor, std::chrono::sys_seconds now);

private:
    void note_use(const std::string& digest, std::chrono::sys_seconds now);

    db::Database& database_;
};

}  // namespace lampline::admin
