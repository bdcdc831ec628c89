/*
 * rules_replay: `porchlight rules replay`: a draft of the rules beside the ones that serve, over the texts in the database, printed for
 * people or as JSON. Reads only; safe beside a running server. On a terminal it says how far it is.
 */
#ifndef CLI_RULES_REPLAY_H
#define CLI_RULES_REPLAY_H

#include <stdbool.h>

#include "desk/rulebook_files.h"

struct rules_replay_options {
	int days;
	bool json;
};

/* The exit code: 1 where the draft is over the ham budget, has errors, or nothing can be read. */
int rules_replay(const struct rule_set *live, const struct rule_set *draft, const struct rules_replay_options *o);

#endif
