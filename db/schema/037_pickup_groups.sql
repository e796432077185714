-- Members take what rings at each other, also where none of them watches the others.
ALTER TABLE office_group ADD COLUMN members_pick_up INTEGER NOT NULL DEFAULT 0 CHECK (members_pick_up IN (0, 1));
