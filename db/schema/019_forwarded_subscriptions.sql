-- Extensions whose phones notify their watchers themselves, and subscriptions that were forwarded to such a phone:
-- their `local_tag` is the watcher's, as the exchange has none in that dialog.
ALTER TABLE extension ADD COLUMN phone_notifies INTEGER NOT NULL DEFAULT 0 CHECK (phone_notifies IN (0, 1));
ALTER TABLE subscription ADD COLUMN forwarded INTEGER NOT NULL DEFAULT 0 CHECK (forwarded IN (0, 1));
