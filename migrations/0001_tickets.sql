-- Tickets and their log: the heart of the desk.
-- Times are milliseconds since 1970 UTC. The row of a ticket is the projection of its log; both are written in one transaction.

CREATE TABLE tickets (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	state TEXT NOT NULL,
	before TEXT,                              -- where undoing the last decision leads
	why TEXT,                                 -- held: which list it is on (screen, unsolved, appeal, notreal)
	title TEXT,
	name TEXT,
	email TEXT,                               -- for the outbox alone; no role sees it
	lang TEXT,
	topic TEXT,
	page TEXT,
	asked INTEGER NOT NULL,
	anchor INTEGER NOT NULL,                  -- its age in the queue
	changed INTEGER NOT NULL,
	answered INTEGER,                         -- first message of a helper
	decided INTEGER,                          -- last decision of the judge, a moderator or an appeal
	held_for INTEGER,                         -- how long the last decision about a held question took
	overdue INTEGER NOT NULL DEFAULT 0,       -- held for a day: moderators were reminded
	closed INTEGER,
	deadline INTEGER,                         -- challenged: held unsolved then; snoozed: wakes then
	holder INTEGER,
	holder_name TEXT,
	fence INTEGER NOT NULL DEFAULT 0,
	expires INTEGER,
	snoozed_by INTEGER,                       -- offered to them first
	offered_until INTEGER NOT NULL DEFAULT 0, -- until then `next` of others looks elsewhere first
	last_n INTEGER NOT NULL DEFAULT 0,
	last_by TEXT NOT NULL DEFAULT 'asker',    -- who wrote the last message
	wrote INTEGER,                            -- the asker's last message after the question
	asker_read INTEGER NOT NULL DEFAULT 0,
	additions INTEGER NOT NULL DEFAULT 0,     -- the asker's texts after the question, before a helper's first
	added_bytes INTEGER NOT NULL DEFAULT 0,
	urgent INTEGER NOT NULL DEFAULT 0,
	hidden INTEGER NOT NULL DEFAULT 0,
	appealed INTEGER NOT NULL DEFAULT 0,
	rating INTEGER,                           -- 1: it helped; 0: it did not
	sealed_until INTEGER,
	words INTEGER NOT NULL DEFAULT 1,         -- 0: erased or purged everywhere
	seed BLOB NOT NULL,                       -- of the link
	token BLOB NOT NULL UNIQUE                -- hash of the link's token
);
CREATE INDEX tickets_queue ON tickets (state, anchor, id, hidden);
CREATE INDEX tickets_unanswered ON tickets (id) WHERE state = 'closed' AND last_by = 'asker' AND wrote > closed;
CREATE INDEX tickets_holder ON tickets (holder) WHERE holder IS NOT NULL;
CREATE INDEX tickets_snoozed ON tickets (snoozed_by) WHERE snoozed_by IS NOT NULL;
CREATE INDEX tickets_answered ON tickets (answered) WHERE answered IS NOT NULL;
CREATE INDEX tickets_expires ON tickets (expires) WHERE expires IS NOT NULL;
CREATE INDEX tickets_deadline ON tickets (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX tickets_sealed ON tickets (sealed_until) WHERE sealed_until IS NOT NULL;
CREATE INDEX tickets_decided ON tickets (state, decided);
CREATE INDEX tickets_held_for ON tickets (decided) WHERE held_for IS NOT NULL;
CREATE INDEX tickets_closed ON tickets (state, closed);

CREATE TABLE log (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,    -- desk-wide, in the order of commits
	ticket INTEGER NOT NULL REFERENCES tickets (id),
	n INTEGER NOT NULL,                       -- 1, 2, 3 ... without gaps in a ticket
	at INTEGER NOT NULL,
	kind TEXT NOT NULL,
	author TEXT NOT NULL CHECK (author IN ('system', 'asker', 'helper')),
	account INTEGER NOT NULL DEFAULT 0,       -- of a helper
	author_name TEXT,                         -- of a helper, as it was then
	audience TEXT NOT NULL CHECK (audience IN ('all', 'staff', 'held')),
	body TEXT,
	reply_to INTEGER,
	data TEXT,
	client_id TEXT,
	same BLOB,                                -- hash of the request, to know a repeat from another one
	hidden INTEGER NOT NULL DEFAULT 0,        -- moderators alone still read the body
	findable INTEGER NOT NULL DEFAULT 0,      -- may be in the index while its ticket is in the open
	indexed INTEGER NOT NULL DEFAULT 0,       -- is in the index
	UNIQUE (ticket, n)
);
CREATE UNIQUE INDEX log_client ON log (client_id, account, ticket) WHERE client_id IS NOT NULL;
CREATE INDEX log_account ON log (account, ticket) WHERE account > 0;

-- Words of what is in the open. External content: the bodies stay in the log.
CREATE VIRTUAL TABLE log_text USING fts5 (body, content = 'log', content_rowid = 'seq', columnsize = 0,
	tokenize = 'porchlight');

-- Repeats of a question, for 24 hours: hashes only, the client_id is the client's secret.
CREATE TABLE asks (
	client BLOB PRIMARY KEY,
	ticket INTEGER NOT NULL,
	same BLOB NOT NULL,
	at INTEGER NOT NULL
);
CREATE INDEX asks_at ON asks (at);
CREATE INDEX asks_ticket ON asks (ticket);

-- Second helpers.
CREATE TABLE invites (
	ticket INTEGER NOT NULL,
	account INTEGER NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (ticket, account)
);
CREATE INDEX invites_account ON invites (account);

CREATE TABLE drafts (
	ticket INTEGER NOT NULL,
	account INTEGER NOT NULL,
	body TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (ticket, account)
);

-- Which tickets lost their words, in step with the file DATA/erasures.
CREATE TABLE erasures (
	ticket INTEGER PRIMARY KEY,
	asked INTEGER NOT NULL,
	at INTEGER NOT NULL
);

CREATE TABLE settings (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
);
