#include "base/json.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

/* `struct jv` is jansson's value under our name. */
static json_t *in(const struct jv *v)
{
	return (json_t *)v;
}

/* Set where memory ran out while this thread built a tree; the next dump reports it. Without it a child that could not
 * be made would only be missing from the answer. */
static _Thread_local bool starved;

static struct jv *made(json_t *v)
{
	if (!v)
		starved = true;
	return (struct jv *)v;
}

/* jansson's messages quote the text, which is a stranger's; ours do not. */
static const char *say(enum json_error_code code)
{
	switch (code) {
	case json_error_premature_end_of_input:
		return "the text ends too early";
	case json_error_end_of_input_expected:
		return "there is more after the end of the value";
	case json_error_invalid_utf8:
		return "this is not UTF-8";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a string holds a NUL";
	case json_error_duplicate_key:
		return "a key stands twice in one object";
	case json_error_numeric_overflow:
		return "a number is too large";
	default:
		return "this is not JSON";
	}
}

/* Depth is checked before jansson recurses. */
static bool too_deep(struct slice text, int max_depth, int *line, int *column)
{
	int depth = 0;
	bool string = false;

	*line = *column = 1;
	for (size_t i = 0; i < text.len; i++, ++*column) {
		char c = text.ptr[i];

		if (c == '\n') {
			++*line;
			*column = 0;
		} else if (string && c == '\\') {
			i++;
			++*column;
		} else if (c == '"') {
			string = !string;
		} else if (!string && (c == '{' || c == '[')) {
			if (++depth > max_depth)
				return true;
		} else if (!string && (c == '}' || c == ']')) {
			depth--;
		}
	}
	return false;
}

enum err jv_parse(struct slice text, int max_depth, struct jv **out, struct error *e)
{
	json_error_t bad;
	int line, column;

	*out = NULL;
	if (too_deep(text, max_depth, &line, &column))
		return err_set(e, ERR_MALFORMED, "Line %d, column %d: the JSON is nested too deep.", line, column);
	json_t *v = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &bad);
	if (!v && json_error_code(&bad) == json_error_out_of_memory)
		return err_nomem(e);
	if (!v)
		return err_set(e, ERR_MALFORMED, "Line %d, column %d: %s.", bad.line, bad.column,
			       say(json_error_code(&bad)));
	*out = (struct jv *)v;
	return ERR_OK;
}

static int to_str(const char *bytes, size_t n, void *arg)
{
	struct str *out = arg;

	str_add(out, slice_make(bytes, n));
	return str_failed(out) ? -1 : 0;
}

static enum err dump(const struct jv *v, struct str *out, size_t flags)
{
	bool failed = starved;

	starved = false;
	if (!v || failed ||
	    json_dump_callback(in(v), to_str, out, flags | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) != 0 ||
	    str_failed(out))
		return ERR_NOMEM;
	return ERR_OK;
}

enum err jv_dump(const struct jv *v, struct str *out)
{
	return dump(v, out, JSON_COMPACT);
}

enum err jv_dump_pretty(const struct jv *v, struct str *out)
{
	return dump(v, out, JSON_INDENT(2));
}

struct jv *jv_ref(const struct jv *v)
{
	return (struct jv *)json_incref(in(v));
}

void jv_free(struct jv **v)
{
	json_decref(in(*v));
	*v = NULL;
}

struct jv *jv_object(void)
{
	return made(json_object());
}

struct jv *jv_array(void)
{
	return made(json_array());
}

struct jv *jv_null(void)
{
	return made(json_null());
}

struct jv *jv_bool(bool b)
{
	return made(json_boolean(b));
}

struct jv *jv_int(int64_t i)
{
	return made(json_integer(i));
}

struct jv *jv_real(double d)
{
	return isfinite(d) ? made(json_real(d)) : jv_null();
}

static struct jv *mended(struct slice s)
{
	struct str out;
	unsigned cp;

	str_init(&out, s.len * 3);
	for (size_t i = 0; i < s.len;) {
		size_t n = utf8_next(s, i, &cp);

		if (cp == UTF8_BAD || cp == 0)
			str_addu(&out, 0xFFFD);
		else
			str_add(&out, slice_make(s.ptr + i, n));
		i += n;
	}
	struct jv *v = made(str_failed(&out) ? NULL : json_stringn_nocheck(str_c(&out), out.len));
	str_fini(&out);
	return v;
}

struct jv *jv_text(struct slice s)
{
	if (!s.ptr)
		return jv_null();
	if (s.len && (memchr(s.ptr, '\0', s.len) || !utf8_valid(s)))
		return mended(s);
	return made(json_stringn_nocheck(s.ptr, s.len));
}

struct jv *jv_string(const char *s)
{
	return jv_text(slice_of(s));
}

struct jv *jv_set(struct jv *obj, const char *key, struct jv *child)
{
	if (!obj || !child)
		json_decref(in(child));
	else if (json_object_set_new(in(obj), key, in(child)) != 0)
		starved = true;
	return obj;
}

struct jv *jv_set_string(struct jv *obj, const char *key, const char *s)
{
	return s ? jv_set(obj, key, jv_string(s)) : obj;
}

struct jv *jv_set_text(struct jv *obj, const char *key, struct slice s)
{
	return s.ptr ? jv_set(obj, key, jv_text(s)) : obj;
}

struct jv *jv_set_int(struct jv *obj, const char *key, int64_t i)
{
	return jv_set(obj, key, jv_int(i));
}

struct jv *jv_set_bool(struct jv *obj, const char *key, bool b)
{
	return jv_set(obj, key, jv_bool(b));
}

struct jv *jv_set_time(struct jv *obj, const char *key, int64_t wall_ms)
{
	char text[RFC3339_BYTES];

	return wall_ms ? jv_set_string(obj, key, clock_rfc3339(wall_ms, text)) : obj;
}

struct jv *jv_push(struct jv *arr, struct jv *child)
{
	if (!arr || !child)
		json_decref(in(child));
	else if (json_array_append_new(in(arr), in(child)) != 0)
		starved = true;
	return arr;
}

void jv_unset(struct jv *obj, const char *key)
{
	if (json_is_object(in(obj)))
		json_object_del(in(obj), key);
}

enum jv_type jv_type(const struct jv *v)
{
	if (!v)
		return JV_NULL;
	switch (json_typeof(in(v))) {
	case JSON_OBJECT:
		return JV_OBJECT;
	case JSON_ARRAY:
		return JV_ARRAY;
	case JSON_STRING:
		return JV_STRING;
	case JSON_INTEGER:
		return JV_INT;
	case JSON_REAL:
		return JV_REAL;
	case JSON_TRUE:
		return JV_TRUE;
	case JSON_FALSE:
		return JV_FALSE;
	case JSON_NULL:
		break;
	}
	return JV_NULL;
}

struct jv *jv_get(const struct jv *obj, const char *key)
{
	return (struct jv *)json_object_get(in(obj), key);
}

struct jv *jv_get_slice(const struct jv *obj, struct slice key)
{
	return key.ptr ? (struct jv *)json_object_getn(in(obj), key.ptr, key.len) : NULL;
}

struct jv *jv_at(const struct jv *arr, size_t i)
{
	return (struct jv *)json_array_get(in(arr), i);
}

size_t jv_size(const struct jv *v)
{
	return json_is_object(in(v)) ? json_object_size(in(v)) : json_array_size(in(v));
}

struct slice jv_get_text(const struct jv *obj, const char *key)
{
	return jv_text_of(jv_get(obj, key));
}

struct slice jv_text_of(const struct jv *v)
{
	return json_is_string(in(v)) ? slice_make(json_string_value(in(v)), json_string_length(in(v))) : SLICE_NONE;
}

int64_t jv_int_of(const struct jv *v)
{
	if (!json_is_real(in(v)))
		return json_integer_value(in(v));
	/* A real outside the range has no int64_t: converting it would be undefined. */
	double d = json_real_value(in(v));
	return d >= -9223372036854775808.0 && d < 9223372036854775808.0 ? (int64_t)d : 0;
}

double jv_real_of(const struct jv *v)
{
	return json_number_value(in(v));
}

bool jv_next(const struct jv *obj, void **iter, struct slice *key, struct jv **value)
{
	void *at = *iter ? json_object_iter_next(in(obj), *iter) : json_object_iter(in(obj));

	*iter = at;
	if (!at)
		return false;
	*key = slice_make(json_object_iter_key(at), json_object_iter_key_len(at));
	*value = (struct jv *)json_object_iter_value(at);
	return true;
}

bool jv_equal(const struct jv *a, const struct jv *b)
{
	return json_equal(in(a), in(b)) == 1;
}

static enum err wrong_type(const char *key, const char *wanted, struct error *e)
{
	return err_field(e, ERR_MALFORMED, key, "The field \"%s\" must be %s.", key, wanted);
}

enum err jv_want_text(const struct jv *obj, const char *key, struct slice *out, struct error *e)
{
	const struct jv *v = jv_get(obj, key);

	if (jv_type(v) == JV_NULL)
		return ERR_OK;
	if (jv_type(v) != JV_STRING)
		return wrong_type(key, "a string", e);
	*out = jv_text_of(v);
	return ERR_OK;
}

enum err jv_want_int(const struct jv *obj, const char *key, int64_t *out, struct error *e)
{
	const struct jv *v = jv_get(obj, key);

	if (jv_type(v) == JV_NULL)
		return ERR_OK;
	if (jv_type(v) != JV_INT)
		return wrong_type(key, "a whole number", e);
	*out = jv_int_of(v);
	return ERR_OK;
}

enum err jv_want_bool(const struct jv *obj, const char *key, bool *out, struct error *e)
{
	const struct jv *v = jv_get(obj, key);

	if (jv_type(v) == JV_NULL)
		return ERR_OK;
	if (jv_type(v) != JV_TRUE && jv_type(v) != JV_FALSE)
		return wrong_type(key, "true or false", e);
	*out = jv_type(v) == JV_TRUE;
	return ERR_OK;
}
