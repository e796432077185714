#pragma once
// Words that all configuration use cases share.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/directory.hpp"
#include "db/group_store.hpp"
#include "db/row_stamp.hpp"

namespace lampline::admin {

/// Who asks for a change, for the audit row.
struct Actor {
    std::string name;     ///< name of the token, or "command line"
    std::string address;  ///< numeric; empty: this machine
    std::string request_id;
};

/// The state in which the client saw the thing (RFC 9110 §13.1).
struct Precondition {
    bool must_not_exist = false;                                ///< If-None-Match: *
    bool must_exist = false;                                    ///< If-Match: *
    std::optional<std::vector<std::uint64_t>> only_versions{};  ///< If-Match: "7", "8"
    std::vector<std::uint64_t> not_versions{};                  ///< If-None-Match: "7"
    bool demanded = false;  ///< Prefer: strict: say nothing, change nothing
};

/// One member of the request that cannot be accepted.
struct FieldFault {
    std::string pointer;  ///< JSON Pointer (RFC 6901) into the request
    std::string code;     ///< stable word for programs
    std::string message;  ///< for people
};

enum class RefusalKind : std::uint8_t {
    invalid,              ///< `faults` says what
    unknown,              ///< there is no such thing
    precondition_failed,  ///< `version` is the present one; 0: it does not exist
    precondition_required,
    in_use,  ///< `references` says where
};

/// Why nothing was changed.
struct Refusal {
    RefusalKind kind;
    std::vector<FieldFault> faults;
    std::vector<db::GroupReference> references;
    std::uint64_t version = 0;
};

/// The configuration after a commit, to be handed to the exchange. Null: nothing changed that it
/// reads.
struct ConfigChange {
    DirectoryRef directory;
};

/// Hands a new directory to the exchange; `applied` is called once, on any thread, when the
/// exchange acts on it.
using Publisher = std::function<void(DirectoryRef directory, std::function<void()> applied)>;

/// The refusal that `condition` demands for a thing whose present version is `version` (0: there is
/// none).
std::optional<Refusal> check(const Precondition& condition, std::uint64_t version);

/// Notes in the audit that `actor` did something which changes no configuration. Needs no
/// Transaction; may throw SQLite::Exception.
void record_action(db::Database& database, const Actor& actor, std::string operation,
                   std::string subject, std::chrono::sys_seconds now);

/// Text that people read: valid UTF-8, no control characters, at most `max` characters. Adds to
/// `faults` if not.
void check_text(const std::string& text, std::size_t max, const std::string& pointer,
                std::vector<FieldFault>& faults);

}  // namespace lampline::admin
