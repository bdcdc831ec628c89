/*
 * rules_bench: `porchlight rules bench FILE.jsonl`: the CPU time a text costs, by stage and by rule. Labels are not looked at; nothing is stored.
 */
#ifndef CLI_RULES_BENCH_H
#define CLI_RULES_BENCH_H

#include <stdio.h>

#include "base/json.h"

struct ruleset;

/* *out: {"texts","us":{"reading","rules","sameness","words","judging","whole"},"median_us","p99_us","worst_us",
 * "rules":[{"rule","us"}]}: microseconds of CPU a text; `us` holds means, `rules` what the patterns of each cost, slowest first. `whole` is what a text costs; `words` comes on top where a language is learned. */
enum err rules_bench(const struct ruleset *rules, struct slice jsonl, struct jv **out, struct error *e) MUST_CHECK;
void rules_bench_print(const struct jv *result, FILE *to);

#endif
