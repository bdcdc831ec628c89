-- Reports: one side of a conversation tells the moderators about the other.

CREATE TABLE reports (
	id INTEGER PRIMARY KEY,
	ticket INTEGER NOT NULL,
	n INTEGER NOT NULL,                -- the entry it is about
	account INTEGER NOT NULL,          -- who reports; 0: the asker
	at INTEGER NOT NULL,
	reason TEXT NOT NULL,
	client_id TEXT,
	settled TEXT                       -- the undo group of the decision about it; NULL while it is open
);
CREATE UNIQUE INDEX reports_client ON reports (ticket, account, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX reports_ticket ON reports (ticket, n);
CREATE INDEX reports_open ON reports (at) WHERE settled IS NULL;
