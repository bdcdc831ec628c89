-- Staff: accounts and what they act by; bans; canned replies; the audit.
-- Times are milliseconds since 1970 UTC. Secrets are here as keyed hashes only.

CREATE TABLE accounts (
	id INTEGER PRIMARY KEY,
	login TEXT NOT NULL UNIQUE,            -- as typed, folded; never shown to askers
	name TEXT NOT NULL,                    -- display name
	role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 4),
	password TEXT,                         -- Argon2id; NULL until a reset code was used
	disabled INTEGER NOT NULL DEFAULT 0,
	created_ms INTEGER NOT NULL,
	seen_ms INTEGER
);

CREATE TABLE sessions (
	id INTEGER PRIMARY KEY,
	account INTEGER NOT NULL REFERENCES accounts (id),
	hash BLOB NOT NULL UNIQUE,
	created_ms INTEGER NOT NULL,
	seen_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL
);
CREATE INDEX sessions_account ON sessions (account);

CREATE TABLE api_keys (
	id INTEGER PRIMARY KEY,
	account INTEGER NOT NULL REFERENCES accounts (id),
	hash BLOB NOT NULL UNIQUE,
	label TEXT NOT NULL,
	scopes INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	used_ms INTEGER,
	expires_ms INTEGER
);
CREATE INDEX api_keys_account ON api_keys (account);

CREATE TABLE resets (
	account INTEGER PRIMARY KEY REFERENCES accounts (id),
	hash BLOB NOT NULL UNIQUE,
	expires_ms INTEGER NOT NULL
);

-- Whose streams have to be cut, for a server that did not do it itself.
CREATE TABLE session_ends (
	seq INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	at_ms INTEGER NOT NULL
);

-- Wrong passwords in a row, by the hash of a login name or of a network.
CREATE TABLE login_failures (
	hash BLOB PRIMARY KEY,
	failures INTEGER NOT NULL,
	last_ms INTEGER NOT NULL,
	next_ms INTEGER NOT NULL
);

-- Where tickets came from, under a ban key: enough to ban a sender, not to find one. Goes with the ticket's words, or after 90 days.
CREATE TABLE senders (
	ticket INTEGER PRIMARY KEY,
	hash BLOB NOT NULL,
	at_ms INTEGER NOT NULL
);
CREATE INDEX senders_at ON senders (at_ms);

CREATE TABLE bans (
	id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE,             -- the sender under a ban key
	ticket INTEGER NOT NULL,
	reason TEXT NOT NULL,
	by_account INTEGER NOT NULL REFERENCES accounts (id),
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL,
	held INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE canned (
	id INTEGER PRIMARY KEY,
	by_account INTEGER NOT NULL REFERENCES accounts (id),
	title TEXT NOT NULL,
	body TEXT NOT NULL,
	lang TEXT NOT NULL,
	topic TEXT NOT NULL,
	changed_ms INTEGER NOT NULL
);

CREATE TABLE audit (
	seq INTEGER PRIMARY KEY,
	at_ms INTEGER NOT NULL,
	account INTEGER,
	action TEXT NOT NULL,
	object TEXT NOT NULL,
	object_id INTEGER NOT NULL,
	detail TEXT NOT NULL,
	hash BLOB NOT NULL                     -- SHA-256 over the row before and this one
);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
