/*
 * rulebook_files: a set of rule files in memory, and the folder it lives in.
 *
 * Names are [a-z0-9_-]+\.(cf|list), at most 64 bytes, at the top of the folder, in lists/ or in local.d/. Links are not followed, and
 * somebody is told of them; other files are passed over. Files are written whole or not at all (a new file renamed over the old one, both synced).
 */
#ifndef DESK_RULEBOOK_FILES_H
#define DESK_RULEBOOK_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/str.h"
#include "spam/cf.h"
#include "spam/ruleset.h"

enum { RULE_HASH_BYTES = 65 }; /* SHA-256, hex, NUL */

struct rule_file {
	char *name, *text; /* heap, NUL-terminated */
	size_t len;
	char hash[RULE_HASH_BYTES];
};
/* By name. Zeroed is empty. */
struct rule_set {
	struct rule_file *list;
	size_t count;
	char passed_over[65]; /* a file that looks like one of rules and was not read, for its name; "": none */
	char linked[65];   /* a file or sub-folder that is a link and was not read; "": none */
	char failed[65];   /* after a failed rule_set_read: the file that could not be taken; "": it was no single one */
};

bool rule_name_ok(struct slice name);
void rule_set_fini(struct rule_set *s);
/* Adds a file or takes the place of the one of that name. ERR_TOO_LARGE past the limits of desk/rulebook. */
enum err rule_set_put(struct rule_set *s, struct slice name, struct slice text, struct error *e) MUST_CHECK;
void rule_set_remove(struct rule_set *s, struct slice name);
const struct rule_file *rule_set_find(const struct rule_set *s, struct slice name);
enum err rule_set_dup(const struct rule_set *s, struct rule_set *out, struct error *e) MUST_CHECK;
/* Adds a notice where something in the folder was a link: its admin has to know why its rules do not act. */
void rule_set_notices(const struct rule_set *s, struct cf_errors *errs);
/* As ruleset_build wants them; free() the result. NULL: out of memory. */
struct cf_source *rule_set_sources(const struct rule_set *s) MUST_CHECK;

/* Builds the set for this desk: as features_build_rules, and no list of it may block the desk's own wiki or address (spam/own_site). */
enum err rule_set_build(const struct rule_set *s, const struct ruleset_known *known, struct ruleset **out, struct cf_errors *errs, struct error *e) MUST_CHECK;
/* The same for a set that has served: it goes on as it was, also where the desk's address is another by now. */
enum err rule_set_rebuild(const struct rule_set *s, const struct ruleset_known *known, struct ruleset **out, struct cf_errors *errs, struct error *e) MUST_CHECK;

/* What is built into the binary. */
enum err rule_set_embedded(struct rule_set *out, struct error *e) MUST_CHECK;
/* ERR_NOT_FOUND: no such folder. ERR_IO: a file cannot be read. ERR_TOO_LARGE. *out is empty after an error. */
enum err rule_set_read(const char *folder, struct rule_set *out, struct error *e) MUST_CHECK;
/* A number that changes when a rule file of the folder does; 0: no such folder. */
uint64_t rule_folder_mark(const char *folder);
/* Writes one file, making the folder and its sub-folder where needed. `suffix` is "" or ".new". */
enum err rule_folder_write(const char *folder, struct slice name, const char *suffix, struct slice text, struct error *e) MUST_CHECK;
enum err rule_folder_remove(const char *folder, struct slice name, struct error *e) MUST_CHECK;

/* The text of local.d/modes.cf without the lines `mode RULE ...`, and with the new one. */
void rule_modes_edit(struct str *out, struct slice text, struct slice rule, struct slice mode);

#endif
