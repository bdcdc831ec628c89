/*
 * rules_eval: judges labelled texts and counts the verdicts, for `porchlight rules eval` and the tests.
 *
 * A line is {"label":"spam|ham","lang"?,"subject"?,"body","channel"?:"form|chat"}. Each is judged on its own text; with `sequence`,
 * in order, with sameness remembered and every spam line confirmed after it was judged. Pure: nothing is stored.
 */
#ifndef CLI_RULES_EVAL_H
#define CLI_RULES_EVAL_H

#include <stdbool.h>
#include <stdio.h>

#include "base/json.h"

struct ruleset;

struct rules_eval_options {
	bool no_builtin, sequence;
	struct slice learn; /* such lines, learned in memory first as if moderators had decided them; absent: none */
	int examples; /* misses and false alarms told of each; 0: 50 */
};

/* {"lines","learned"?,"spam":{"accept","challenge","hold","reject"},"ham":{...},"by_lang":{"en":{"spam":{...},"ham":{...}}},
 *  "false_alarms":[{"line","lang","action","score","rules":[...]}],"misses":[{"line","lang","score","rules":[...]}],"us_per_text"}.
 * ERR_MALFORMED names the line. *out is the caller's. */
enum err rules_eval(const struct ruleset *rules, struct slice jsonl, const struct rules_eval_options *o, struct jv **out, struct error *e) MUST_CHECK;
/* A table and the examples, for people. */
void rules_eval_print(const struct jv *result, FILE *to);

#endif
