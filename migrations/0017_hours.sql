-- When helpers mean to be there (src/desk/hours.h), and what they set for their own care (src/desk/care.h).
CREATE TABLE hours (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: a stale page withdraws nobody else's
	account INTEGER NOT NULL REFERENCES accounts (id),
	start INTEGER NOT NULL CHECK (start BETWEEN 0 AND 167),  -- hour of the week on the desk's clock, from Monday's first
	length INTEGER NOT NULL CHECK (length BETWEEN 1 AND 23), -- hours on that clock
	UNIQUE (account, start)
);
-- Days on which one of them is not kept.
CREATE TABLE hours_off (
	hours INTEGER NOT NULL REFERENCES hours (id),
	day INTEGER NOT NULL,              -- on which it would begin: days since 1970 on the desk's calendar
	PRIMARY KEY (hours, day)
) WITHOUT ROWID;
ALTER TABLE accounts ADD COLUMN langs TEXT NOT NULL DEFAULT '';     -- languages they help in, separated by commas; empty: not said
ALTER TABLE accounts ADD COLUMN claim_cap INTEGER;                  -- live conversations they want at most; NULL: the desk's
ALTER TABLE accounts ADD COLUMN stopping INTEGER NOT NULL DEFAULT 0; -- 1: finishes what they hold, then stops
-- When questions arrive.
CREATE INDEX tickets_asked ON tickets (asked, state);
