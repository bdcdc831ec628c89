-- The life of a rule beside its files: what the desk, moderators and admins have laid on it, and the figures behind that.
-- `version` is the hash of what a rule does; another one is an edit. Times are milliseconds since 1970 UTC.

-- kind: enum rule_state of desk/rule_life. version 0: whatever the rule says. told: 1 once the log has said so.
CREATE TABLE rule_states (
	rule TEXT NOT NULL,
	kind INTEGER NOT NULL,
	version INTEGER NOT NULL,
	at INTEGER NOT NULL,
	account INTEGER NOT NULL,          -- who did it; 0: the desk itself
	reason TEXT NOT NULL,
	told INTEGER NOT NULL,
	PRIMARY KEY (rule, kind)
);

-- Texts on which a rule ran into its limit: the hash of the network under a daily key, and the text's masked key. Gone after a day.
CREATE TABLE rule_troubles (
	rule TEXT NOT NULL,
	version INTEGER NOT NULL,
	sender BLOB NOT NULL,
	text INTEGER NOT NULL,
	at INTEGER NOT NULL
);
CREATE INDEX rule_troubles_rule ON rule_troubles (rule, version);
CREATE INDEX rule_troubles_sender ON rule_troubles (sender);
CREATE INDEX rule_troubles_at ON rule_troubles (at);

-- When a rule was last edited, for those that were; fresh: decisions before this say nothing about it.
CREATE TABLE rule_edits (
	rule TEXT PRIMARY KEY,
	version INTEGER NOT NULL,
	at INTEGER NOT NULL,
	fresh INTEGER NOT NULL
);
CREATE INDEX rule_edits_at ON rule_edits (at);

-- Figures by rule, language and UTC day.
CREATE TABLE rule_langs (
	day INTEGER NOT NULL,
	rule TEXT NOT NULL,
	lang TEXT NOT NULL,
	hits INTEGER NOT NULL,
	spam INTEGER NOT NULL,
	ham INTEGER NOT NULL,
	last_good INTEGER NOT NULL,        -- when a hit was last confirmed; 0: never
	PRIMARY KEY (day, rule, lang)
);
CREATE INDEX rule_langs_rule ON rule_langs (rule, day);

-- How often a rule ran into its limit, by UTC day.
CREATE TABLE rule_costs (
	day INTEGER NOT NULL,
	rule TEXT NOT NULL,
	limits INTEGER NOT NULL,
	PRIMARY KEY (day, rule)
);
