-- The figures of rules by language are read from this index alone; the table's rows stand in the order of days.
DROP INDEX rule_langs_rule;
CREATE INDEX rule_langs_figures ON rule_langs (rule, lang, day, hits, spam, ham, last_good);
