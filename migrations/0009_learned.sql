-- What moderators' decisions taught about words. The words are known by hashes under a key outside the database (form.key), one world for
-- each language. (The table `tokens` holds spent nonces.)

CREATE TABLE learned_languages (
	lang TEXT PRIMARY KEY,
	spam INTEGER NOT NULL,             -- texts
	ham INTEGER NOT NULL
);
CREATE TABLE learned_words (
	key INTEGER PRIMARY KEY,
	spam INTEGER NOT NULL,             -- texts with the word
	ham INTEGER NOT NULL
);
-- One row for each text that taught: `words` is what it taught, kept for 30 days so that undoing takes back exactly that. ticket is below 0 for
-- texts that were imported. day: UTC day the text was written; sender: the hash of its network as in twins, empty when not known (any more).
CREATE TABLE learned (
	ticket INTEGER NOT NULL,
	n INTEGER NOT NULL,
	undo TEXT NOT NULL,                -- the group of an import
	at INTEGER NOT NULL,
	day INTEGER NOT NULL,
	sender BLOB NOT NULL,
	lang TEXT NOT NULL,
	label INTEGER NOT NULL,            -- 1 spam, 2 ham
	words BLOB,                        -- 8 bytes each
	PRIMARY KEY (ticket, n)
);
CREATE INDEX learned_day ON learned (day, sender);
CREATE INDEX learned_at ON learned (at);
CREATE INDEX learned_undo ON learned (undo) WHERE ticket < 0;
