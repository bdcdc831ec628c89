-- Challenges and attack mode. Times are milliseconds since 1970 UTC.

-- proven: its asker solved a challenge, or a moderator let it in; in attack mode `next` alternates by it. tries: wrong answers to the
-- site question.
ALTER TABLE tickets ADD COLUMN proven INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tickets_proven ON tickets (anchor, id) WHERE state = 'queued' AND proven = 1;

-- Attack mode: one row. why: enum attack_why of desk/attack.h.
CREATE TABLE attack (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	step INTEGER NOT NULL,             -- 0: calm
	why INTEGER NOT NULL,
	since INTEGER NOT NULL,            -- when it left calm
	changed INTEGER NOT NULL,          -- when the step last changed
	signed INTEGER NOT NULL,           -- when a sign of an attack was last seen
	hand INTEGER NOT NULL,             -- a moderator's least step
	hand_until INTEGER NOT NULL,
	quiet_until INTEGER NOT NULL,      -- a moderator ended it: signs are not heeded until then
	turn INTEGER NOT NULL              -- 1: the next one in the queue is an unproven one
);
INSERT INTO attack (id, step, why, since, changed, signed, hand, hand_until, quiet_until, turn) VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0);

-- Questions by hour since 1970, to know what is usual.
CREATE TABLE arrivals (
	hour INTEGER PRIMARY KEY,
	asked INTEGER NOT NULL
);
