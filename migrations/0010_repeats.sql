-- Answers to requests that created something and carried a client_id; see src/desk/repeat.h.
CREATE TABLE repeats (
	account INTEGER NOT NULL,
	client_id TEXT NOT NULL,
	same BLOB NOT NULL,                -- keyed hash of the request
	answer TEXT NOT NULL,              -- ids and counts, no words and no secrets
	at INTEGER NOT NULL,
	PRIMARY KEY (account, client_id)
) WITHOUT ROWID;
CREATE INDEX repeats_account_at ON repeats (account, at);
CREATE INDEX repeats_at ON repeats (at);
