/*
 * rules_mail: mails for the rule commands: what a generation's rules alone say about each, beside SpamAssassin's answer
 * to the same files. A path is a message (RFC 5322), or a folder of messages, read by name.
 */
#ifndef CLI_RULES_MAIL_H
#define CLI_RULES_MAIL_H

#include "base/json.h"
#include "spam/ruleset.h"

/* [{"file","score","hits":{NAME: count},"values":{NAME: as metas see it, `__` rules too}}]. *out is the caller's. `share` as of rules_lines. */
enum err rules_mail_eval(const struct ruleset *rules, const char *path, void (*share)(double done), struct jv **out, struct error *e) MUST_CHECK;

#endif
