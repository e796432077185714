-- Calls to the group pass a member over that has logged out.
ALTER TABLE ring_group_member ADD COLUMN logged_in INTEGER NOT NULL DEFAULT 1 CHECK (logged_in IN (0, 1));
