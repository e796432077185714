#pragma once
// What phones know of their calls, against the records that are kept of them.
#include "core/call_record.hpp"
#include "support/office/office.hpp"

namespace lampline::test {

class RecordedCalls {
public:
    explicit RecordedCalls(Office& office) : office_{office} {}

    /// What a phone is told of its INVITE.
    void take(const Arrived& arrived);
    /// After each step: which calls there are.
    void look();
    /// Each call that is over has one record, which says what its phones know, and nothing is left
    /// open of it.
    void check(const LiveView& view);
    /// The same once no call is left: no INVITE went unrecorded.
    void check_all(const LiveView& view);
    /// Those that talked go on, and of the others not all are known.
    void exchange_killed(const std::set<std::string>& talked);
    /// So are those that had a record; of what phones know nothing is to be expected.
    void storage_lost();

private:
    void read();
    void check(const CallRecord& record) const;
    void check(const CallPart& part) const;
    [[nodiscard]] bool has_answered(const CallPart& part) const;

    Office& office_;
    std::size_t read_ = 0;                          // entries of storage
    std::map<CallRecordId, CallRecord> finished_;   // as the log has them
    std::set<CallRecordId> unchecked_;              // of these
    std::map<std::string, std::string> calls_;      // seen and not over: log id by id
    std::map<std::string, unsigned> heard_;         // by Call-ID: the final response to its INVITE
    std::set<std::string> to_be_recorded_;          // of these
    std::set<std::string> lost_;  // the same: what is known of their answers may be lost
};

}  // namespace lampline::test
