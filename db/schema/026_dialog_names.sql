-- By which watchers know the dialogs of a call in proxy mode; empty in bridge mode.
ALTER TABLE talking_call ADD COLUMN a_name TEXT NOT NULL DEFAULT '';
ALTER TABLE talking_call ADD COLUMN b_name TEXT NOT NULL DEFAULT '';
