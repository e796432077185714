-- Calls from outside that act by the rights of an extension; '': by nobody's.
ALTER TABLE trunk_inbound ADD COLUMN on_behalf_of TEXT NOT NULL DEFAULT '';
ALTER TABLE talking_call ADD COLUMN a_on_behalf_of TEXT NOT NULL DEFAULT '';
ALTER TABLE talking_call ADD COLUMN b_on_behalf_of TEXT NOT NULL DEFAULT '';
ALTER TABLE call_part ADD COLUMN on_behalf_of TEXT NOT NULL DEFAULT '';

-- Who gets the number of an extension later has not lent its rights to anybody.
CREATE TRIGGER inbound_of_extension AFTER DELETE ON extension
BEGIN
    UPDATE trunk SET version = version + 1
        WHERE name IN (SELECT trunk FROM trunk_inbound WHERE on_behalf_of = OLD.number);
    UPDATE trunk_inbound SET on_behalf_of = '' WHERE on_behalf_of = OLD.number;
END;

-- Ring groups have rights as well: by these their overflow goes on.
CREATE TABLE right_of_number (
    number     TEXT PRIMARY KEY NOT NULL,
    call_class TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO right_of_number SELECT number, call_class FROM call_right;
DROP TABLE call_right;
ALTER TABLE right_of_number RENAME TO call_right;
CREATE TRIGGER call_right_of_extension AFTER DELETE ON extension
BEGIN
    DELETE FROM call_right WHERE number = OLD.number;
END;
CREATE TRIGGER call_right_of_ring_group AFTER DELETE ON ring_group
BEGIN
    DELETE FROM call_right WHERE number = OLD.number;
END;
