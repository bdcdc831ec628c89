/*
 * conf: the configuration, one row per key in conf.def.
 *
 * Sources, later wins: the defaults, the file given by --config (lines `key = value`, `#` comments), the
 * environment (PORCHLIGHT_<KEY>), options of the command line (conf_override). A value that does not fit is an error
 * that names file, line, key and what would fit. A loaded `struct conf` is immutable; conf_reload makes a new one,
 * whole or not at all, and keeps the start-up value of keys that cannot be reloaded (naming them in the log).
 * conf() is the current one; a pointer once returned stays valid until exit. Any thread.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct conf {
#define CONF_STR(key, def, reload, doc) const char *key;
#define CONF_INT(key, def, min, max, reload, doc) int64_t key;
#define CONF_BOOL(key, def, reload, doc) bool key;
#define CONF_ENUM(key, def, values, reload, doc) const char *key; /* one of `values`, which is "a|b|c" */
#include "base/conf.def"
#undef CONF_STR
#undef CONF_INT
#undef CONF_BOOL
#undef CONF_ENUM
};

/* Remembers an option of the command line; call before conf_load. Unknown keys are ERR_INVALID. */
enum err conf_override(const char *key, const char *value, struct error *e) MUST_CHECK;
/* What base cannot judge: `check` sees each configuration before it becomes the current one, and its error keeps it from
 * that. Call before conf_load. */
void conf_set_check(enum err (*check)(const struct conf *c, struct error *e));
/* `path` NULL: no file. Makes the result the current one. */
enum err conf_load(const char *path, struct error *e) MUST_CHECK;
enum err conf_reload(struct error *e) MUST_CHECK;
const struct conf *conf(void);
/* The variables PORCHLIGHT_... of the environment that nothing reads, separated by ", ": most likely keys that were misspelled. */
void conf_unread_variables(struct str *out);

#endif
