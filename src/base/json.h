/*
 * json: values as trees (RFC 8259), kept by jansson. The only room that includes jansson.h.
 *
 * API answers, SSE entries and template contexts are all trees of `struct jv`. Reference counted: constructors
 * return a reference the caller owns; a `_set`/`_push` *takes* the child's reference (also when it fails), so
 * trees are built inline. Adding to a NULL tree is a no-op that yields NULL at the end; a NULL child is left out. Where memory ran
 * out in between, the next dump by the same thread says so: check once, at the dump.
 * Getters borrow. A tree belongs to one thread at a time.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/str.h"

struct jv;

enum jv_type { JV_NULL, JV_FALSE, JV_TRUE, JV_INT, JV_REAL, JV_STRING, JV_ARRAY, JV_OBJECT };

/* Parses one document of at most `max_depth` levels. Duplicate keys, bad UTF-8, NUL in strings, lone surrogates and
 * trailing bytes are ERR_MALFORMED with the line and column in the message. *out is owned by the caller. */
enum err jv_parse(struct slice text, int max_depth, struct jv **out, struct error *e) MUST_CHECK;
/* Compact, keys in insertion order. ERR_NOMEM when v is NULL or `out` is full. */
enum err jv_dump(const struct jv *v, struct str *out) MUST_CHECK;
enum err jv_dump_pretty(const struct jv *v, struct str *out) MUST_CHECK;

struct jv *jv_ref(const struct jv *v); /* one more reference; NULL-safe */
void jv_free(struct jv **v);           /* one reference less; NULL-safe, clears */

struct jv *jv_object(void);
struct jv *jv_array(void);
struct jv *jv_null(void);
struct jv *jv_bool(bool b);
struct jv *jv_int(int64_t i);
struct jv *jv_real(double d);
struct jv *jv_text(struct slice s); /* absent becomes null; bad UTF-8 is replaced by U+FFFD */
struct jv *jv_string(const char *s);

/* Each consumes `child` and returns obj, so calls can be nested or ignored. */
struct jv *jv_set(struct jv *obj, const char *key, struct jv *child);
struct jv *jv_set_string(struct jv *obj, const char *key, const char *s); /* NULL: the key is left out */
struct jv *jv_set_text(struct jv *obj, const char *key, struct slice s);  /* absent: the key is left out */
struct jv *jv_set_int(struct jv *obj, const char *key, int64_t i);
struct jv *jv_set_bool(struct jv *obj, const char *key, bool b);
struct jv *jv_set_time(struct jv *obj, const char *key, int64_t wall_ms); /* RFC 3339 UTC; 0 is left out */
struct jv *jv_push(struct jv *arr, struct jv *child);
void jv_unset(struct jv *obj, const char *key);

enum jv_type jv_type(const struct jv *v);            /* JV_NULL for NULL */
struct jv *jv_get(const struct jv *obj, const char *key); /* borrowed; NULL when absent or not an object */
struct jv *jv_get_slice(const struct jv *obj, struct slice key);
struct jv *jv_at(const struct jv *arr, size_t i);
size_t jv_size(const struct jv *v);                  /* of an array or object, else 0 */
struct slice jv_get_text(const struct jv *obj, const char *key); /* absent slice when missing or not a string */
struct slice jv_text_of(const struct jv *v);         /* absent when not a string; valid as long as v */
int64_t jv_int_of(const struct jv *v);               /* 0 when not a number */
double jv_real_of(const struct jv *v);
/* Walks an object's members in insertion order: start with *iter = NULL. */
bool jv_next(const struct jv *obj, void **iter, struct slice *key, struct jv **value);
bool jv_equal(const struct jv *a, const struct jv *b); /* by value; for tests */

/* Typed fields of a request. Absent and null leave *out as it was; another type is ERR_MALFORMED naming the field. */
enum err jv_want_text(const struct jv *obj, const char *key, struct slice *out, struct error *e) MUST_CHECK;
enum err jv_want_int(const struct jv *obj, const char *key, int64_t *out, struct error *e) MUST_CHECK;
enum err jv_want_bool(const struct jv *obj, const char *key, bool *out, struct error *e) MUST_CHECK;

#endif
