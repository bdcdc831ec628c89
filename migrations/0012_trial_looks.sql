-- Closed conversations of trial helpers that moderators look at; see src/desk/trial.h. Times are milliseconds since 1970 UTC.
CREATE TABLE trial_looks (
	ticket INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,          -- the trial helper
	why INTEGER NOT NULL,              -- enum trial_why
	at INTEGER NOT NULL,
	looked INTEGER NOT NULL            -- 1: a moderator has
);
CREATE INDEX trial_looks_open ON trial_looks (at) WHERE looked = 0;
CREATE INDEX trial_looks_at ON trial_looks (at);
