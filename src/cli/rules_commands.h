/*
 * rules_commands: `porchlight rules check|test|explain|eval|replay|learn|bench|list`, on a folder (--rules DIR, or the configured one where
 * it exists) or on the built-in set. Only replay and learn need a database; check and list look into it where there is one.
 *
 *     rules check [DIR]       every error with file:line:column; 1 when there are any
 *     rules test RULE|FILE    runs `test` lines, those of a file among the rules that serve; 1 when one fails
 *     rules explain TEXT|-    the verdict on a text, with all its reasons ("-": standard input)
 *     rules eval FILE.jsonl   verdict counts per label and language, misses and false alarms
 *     rules eval --mail PATH  what the rules alone say about each mail (a file, or a folder of them)
 *     rules replay FILE|DIR   a draft beside the rules that serve, over the stored texts; 1 when it is over the ham budget
 *     rules learn FILE.jsonl  labelled texts, as if moderators had decided them; --undo NAME takes a file back
 *     rules bench FILE.jsonl  the CPU time that a text costs, by stage
 *     rules list              every rule: name, score, mode, file:line, description
 *
 * Options: --rules DIR, --no-builtin, --json; --subject TEXT, --chat, --mail (explain: the text is a mail, by its file's name or "-");
 * --sequence, --learn FILE.jsonl (eval); --since 30d (replay).
 */
#ifndef CLI_RULES_COMMANDS_H
#define CLI_RULES_COMMANDS_H

/* argv[0] is the word after "rules"; the configuration is loaded. Returns the exit code: 0 good, 1 failed, 2 usage. */
int rules_command(int argc, char **argv);

#endif
