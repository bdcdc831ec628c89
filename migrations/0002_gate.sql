-- The gate: verdicts with their reasons, what is remembered of texts, moderators' labels, and the rule files' history.
-- Times are milliseconds since 1970 UTC.

-- One row for each screened entry. action, kind: enum action, enum submission_kind of spam/verdict.h.
CREATE TABLE verdicts (
	ticket INTEGER NOT NULL,
	n INTEGER NOT NULL,
	at INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	action INTEGER NOT NULL,
	score REAL NOT NULL,
	generation TEXT NOT NULL,
	body TEXT NOT NULL,                -- the verdict as JSON
	bytes INTEGER NOT NULL,            -- of the text; counted against the room for held and refused text while `kept`
	kept INTEGER NOT NULL,             -- 1: held or refused, and not let in since
	waiting INTEGER NOT NULL,          -- 1: a line that a moderator has to look at
	PRIMARY KEY (ticket, n)
);
CREATE INDEX verdicts_kept ON verdicts (kept, bytes);
CREATE INDEX verdicts_waiting ON verdicts (waiting, at);

-- The rules and checks behind a verdict, for lists by reason and for figures by rule. class: enum evidence.
CREATE TABLE verdict_hits (
	ticket INTEGER NOT NULL,
	n INTEGER NOT NULL,
	rule TEXT NOT NULL,
	class INTEGER NOT NULL,
	score REAL NOT NULL,
	PRIMARY KEY (ticket, n, rule)
);
CREATE INDEX verdict_hits_rule ON verdict_hits (rule);

-- What is remembered of each text: enough to know it again, not to read it. sender is the hash of its network under a daily key
-- and goes after two days. label: 0 none, 1 spam, 2 ham. Keys are NULL for texts too short to be known again.
CREATE TABLE twins (
	ticket INTEGER NOT NULL,
	n INTEGER NOT NULL,
	at INTEGER NOT NULL,
	sender BLOB,
	action INTEGER NOT NULL,
	label INTEGER NOT NULL,
	exact INTEGER,
	masked INTEGER,
	band0 INTEGER,
	band1 INTEGER,
	band2 INTEGER,
	band3 INTEGER,
	PRIMARY KEY (ticket, n)
);
CREATE INDEX twins_sender ON twins (sender, at);
CREATE INDEX twins_exact ON twins (exact, label);
CREATE INDEX twins_masked ON twins (masked, at);
CREATE INDEX twins_band0 ON twins (band0);
CREATE INDEX twins_band1 ON twins (band1);
CREATE INDEX twins_band2 ON twins (band2);
CREATE INDEX twins_band3 ON twins (band3);
CREATE INDEX twins_at ON twins (at);

-- Where a text wants its reader to go: handles, phone numbers, wallets, by hash. label as above.
CREATE TABLE payloads (
	ticket INTEGER NOT NULL,
	n INTEGER NOT NULL,
	key INTEGER NOT NULL,
	label INTEGER NOT NULL,
	PRIMARY KEY (ticket, n, key)
);
CREATE INDEX payloads_key ON payloads (key, label);

-- Moderators' decisions. One undo group for each act; undone: when it was taken back, 0 while it stands.
CREATE TABLE labels (
	id INTEGER PRIMARY KEY,
	undo TEXT NOT NULL,
	ticket INTEGER NOT NULL,
	n INTEGER NOT NULL,
	label INTEGER NOT NULL,
	account INTEGER NOT NULL,
	at INTEGER NOT NULL,
	moved INTEGER NOT NULL,            -- 1: the ticket took a step of the state table
	entry INTEGER NOT NULL,            -- the entry that was written, or 0
	trust INTEGER NOT NULL,
	undone INTEGER NOT NULL
);
CREATE INDEX labels_undo ON labels (undo);
CREATE INDEX labels_entry ON labels (ticket, n);

-- Figures by rule and UTC day.
CREATE TABLE rule_days (
	day INTEGER NOT NULL,
	rule TEXT NOT NULL,
	hits INTEGER NOT NULL,
	accepted INTEGER NOT NULL,
	held INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	spam INTEGER NOT NULL,
	ham INTEGER NOT NULL,
	last_at INTEGER NOT NULL,
	PRIMARY KEY (day, rule)
);
CREATE INDEX rule_days_rule ON rule_days (rule, day);

-- Nonces and other single-use numbers that were spent, by hash.
CREATE TABLE tokens (
	hash BLOB PRIMARY KEY,
	ticket INTEGER NOT NULL,
	at INTEGER NOT NULL,
	expires INTEGER NOT NULL
);
CREATE INDEX tokens_expires ON tokens (expires);

-- The rule files, as sets. generation: the set's name by content. good: it compiled and served.
CREATE TABLE rule_revisions (
	id INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	account INTEGER,                   -- NULL: taken in from the folder, or shipped
	author TEXT NOT NULL,
	comment TEXT NOT NULL,
	generation TEXT NOT NULL
);
CREATE TABLE rule_texts (
	hash TEXT PRIMARY KEY,             -- SHA-256, hex
	text BLOB NOT NULL
);
CREATE TABLE rule_files (
	revision INTEGER NOT NULL REFERENCES rule_revisions (id),
	file TEXT NOT NULL,
	hash TEXT NOT NULL REFERENCES rule_texts (hash),
	PRIMARY KEY (revision, file)
);
-- Shipped files as they were last written out, so that a site's own change is told from an old version of ours.
CREATE TABLE rule_shipped (
	file TEXT PRIMARY KEY,
	hash TEXT NOT NULL
);
