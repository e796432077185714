-- The phones that notify in the dialog of a forwarded subscription: so that the exchange has the last word there. One a
-- line: its tag, and which CSeq and version of a body it has not gone beyond.
ALTER TABLE subscription ADD COLUMN notifiers TEXT NOT NULL DEFAULT '';
