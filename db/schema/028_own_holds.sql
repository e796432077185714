-- Whose phone holds a call by its own wish, so that other phones of its line may take it.
ALTER TABLE talking_call ADD COLUMN a_holds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE talking_call ADD COLUMN b_holds INTEGER NOT NULL DEFAULT 0;
UPDATE talking_call SET a_holds = a_held, b_holds = b_held;
