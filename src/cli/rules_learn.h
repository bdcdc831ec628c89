/*
 * rules_learn: `porchlight rules learn FILE.jsonl`: texts that were labelled elsewhere, learned into the database as if moderators had decided
 * them (sameness and words), and `--undo NAME`, which takes a whole file back. In chunks, each one short transaction, safe
 * beside a running server. The file is read through before anything is written.
 */
#ifndef CLI_RULES_LEARN_H
#define CLI_RULES_LEARN_H

#include "base/json.h"

struct ruleset;

/* *out: {"lines","learned","undo"}. Where a chunk fails, what was learned before is taken back. */
enum err rules_learn(const struct ruleset *rules, struct slice jsonl, struct jv **out, struct error *e) MUST_CHECK;
/* *out: {"undone"}. ERR_NOT_FOUND: there is no such name, or it was undone before. */
enum err rules_learn_undo(struct slice undo, struct jv **out, struct error *e) MUST_CHECK;

#endif
