-- Where the dialogs of a talking call are on shared lines; 0: nowhere. Null: it was not kept.
ALTER TABLE talking_call ADD COLUMN a_appearance INTEGER CHECK (a_appearance BETWEEN 0 AND 16);
ALTER TABLE talking_call ADD COLUMN a_private INTEGER NOT NULL DEFAULT 0 CHECK (a_private IN (0, 1));
ALTER TABLE talking_call ADD COLUMN b_appearance INTEGER CHECK (b_appearance BETWEEN 0 AND 16);
ALTER TABLE talking_call ADD COLUMN b_private INTEGER NOT NULL DEFAULT 0 CHECK (b_private IN (0, 1));
