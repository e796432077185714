-- The word for a park slot that is taken. So far it was that of any called phone that talks, the last one of these.
ALTER TABLE body_profile ADD COLUMN parked TEXT NOT NULL DEFAULT 'confirmed';
UPDATE body_profile
SET parked = replace(recipient_words, rtrim(recipient_words, replace(recipient_words, ' ', '')), '');
