-- Which of two phones with the same private contact has subscribed: names the Call-ID of its REGISTERs. 0: it was not kept,
-- or the phone had none.
ALTER TABLE subscription ADD COLUMN registered_call INTEGER NOT NULL DEFAULT 0;
