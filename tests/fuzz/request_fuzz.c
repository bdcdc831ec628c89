/* A request as a handler sees it: first line the address (with a query), the rest the body, read as JSON and as a form. The fields that
 * the API's routes ask for are asked for, with their types. */
#include <stdint.h>
#include <stdlib.h>

#include "web/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void json_fields(struct jv *v)
{
	static const char *const texts[] = { "body", "title", "name", "email", "topic", "lang", "page", "client_id", "form", "pow", "label", "etag", "text" };
	static const char *const numbers[] = { "fence", "reply_to", "n", "until", "account", "after" };
	struct slice s;
	int64_t i;
	bool b;
	for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
		s = SLICE_NONE;
		if (jv_want_text(v, texts[k], &s, NULL) == ERR_OK && s.ptr != NULL && !form_text_ok(s))
			abort();
	}
	for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
		if (jv_want_int(v, numbers[k], &i, NULL) != ERR_OK)
			continue;
	if (jv_want_bool(v, "trust", &b, NULL) != ERR_OK)
		return;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = { "application/json; charset=utf-8", "application/x-www-form-urlencoded" };
	struct slice all = { (const char *)data, size };
	const char *line = size > 0 ? memchr(all.ptr, '\n', size) : NULL;
	struct slice path = slice_make(all.ptr, line != NULL ? (size_t)(line - all.ptr) : 0);
	struct slice body = slice_from(all, line != NULL ? path.len + 1 : 0);
	const char *mark = path.len > 0 ? memchr(path.ptr, '?', path.len) : NULL;

	for (int kind = 0; kind < 2; kind++) {
		struct exchange *x = calloc(1, sizeof *x);
		struct error e;
		struct jv *v;
		struct address at;
		int64_t after = 0;
		if (x == NULL)
			return 0;
		x->rq.arena = arena_new(32 << 20);
		x->rq.exchange = x;
		x->rq.body = body;
		x->query = mark != NULL ? slice_from(path, (size_t)(mark - path.ptr) + 1) : SLICE_NONE;
		x->heads[x->head_count++] = (struct head){ SLICE("Content-Type"), slice_of(types[kind]) };
		response_init(&x->rs, x, x->rq.arena);
		if (route_find(METHOD_POST, slice_make(path.ptr, mark != NULL ? (size_t)(mark - path.ptr) : path.len), x->rq.params, x->rq.arena, &at) != NULL &&
			x->rq.params[0].ptr != NULL && x->rq.params[0].ptr[x->rq.params[0].len] != '\0')
			abort();
		(void)request_query(&x->rq, "after");
		if (request_query_int(&x->rq, "after", &after, &e) != ERR_OK && e.code != ERR_MALFORMED)
			abort();
		if (request_json(&x->rq, &v, &e) == ERR_OK) {
			if (jv_type(v) != JV_OBJECT)
				abort();
			json_fields(v);
		}
		if (request_form(&x->rq, &e) == ERR_OK)
			(void)request_field(&x->rq, "body");
		exchange_fini(x);
		arena_free(&x->rq.arena);
		free(x);
	}
	return 0;
}
