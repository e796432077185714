-- Each of the two dialogs of a call has a session timer of its own, or none: 0. Where one alone knows timers, what was kept of the
-- call is that one's. A dialog that two phones share (proxy mode) is the callee's, which is the second.
ALTER TABLE talking_call ADD COLUMN a_session_ends_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE talking_call ADD COLUMN b_session_ends_at INTEGER NOT NULL DEFAULT 0;
UPDATE talking_call SET a_session_ends_at = session_ends_at WHERE (a_supported & 1) = 1 OR (b_supported & 1) = 0;
UPDATE talking_call SET b_session_ends_at = session_ends_at WHERE (b_supported & 1) = 1 OR (a_supported & 1) = 0;
UPDATE talking_call SET a_session_ends_at = 0, b_session_ends_at = session_ends_at
    WHERE a_call_id = b_call_id AND a_local_tag = b_remote_tag AND a_remote_tag = b_local_tag;
ALTER TABLE talking_call DROP COLUMN session_ends_at;
