#include "desk/search.h"

#include "text/unicode.h"
#include "text/utf.h"

enum { EXCERPT_BYTES = 200, BEFORE_BYTES = 60, TERMS_MAX = 16, BATCH = 50 };

/* ---- the query: words, and phrases in quotes, each as a string of the index's own syntax ---- */

struct terms {
	struct str *out;
	int count;
	struct slice first;
	bool in_phrase, phrase_empty;
};

static bool add_word(void *ctx, struct slice word, size_t at)
{
	struct terms *t = ctx;

	(void)at;
	if (!t->first.ptr)
		t->first = word;
	if (t->in_phrase) {
		str_addc(t->out, t->phrase_empty ? '"' : ' ');
		str_add(t->out, word);
		t->phrase_empty = false;
		return true;
	}
	if (t->count == TERMS_MAX)
		return false;
	/* Words hold letters and digits only, so nothing in them can end the quotes. */
	str_adds(t->out, t->count++ ? " \"" : "\"");
	str_add(t->out, word);
	str_addc(t->out, '"');
	return true;
}

static enum err add_phrase(struct terms *t, struct slice s)
{
	enum err rc;

	if (t->count == TERMS_MAX)
		return ERR_OK;
	if (t->count)
		str_addc(t->out, ' ');
	t->in_phrase = t->phrase_empty = true;
	rc = unicode_words(s, add_word, t);
	t->in_phrase = false;
	if (!t->phrase_empty) {
		str_addc(t->out, '"');
		t->count++;
	}
	return rc;
}

static enum err read_query(struct slice q, struct str *out, struct slice *first, struct error *e)
{
	struct terms t = { .out = out };
	bool quoted = false;
	enum err rc = ERR_OK;

	if (q.len > SEARCH_QUERY_MAX_BYTES)
		return err_field(e, ERR_INVALID, "q", "A search has at most %d bytes.", SEARCH_QUERY_MAX_BYTES);
	while (!rc && q.len) {
		const char *quote = memchr(q.ptr, '"', q.len);
		struct slice part = { q.ptr, quote ? (size_t)(quote - q.ptr) : q.len };

		rc = quoted && quote ? add_phrase(&t, part) : unicode_words(part, add_word, &t);
		q = slice_from(q, part.len + (quote != NULL));
		quoted = !quoted;
	}
	if (rc)
		return err_set(e, rc, "This cannot be searched for now.");
	if (!t.count)
		return err_field(e, ERR_INVALID, "q", "Please give a word to search for.");
	*first = t.first;
	return str_failed(out) ? err_nomem(e) : ERR_OK;
}

/* ---- the hits ---- */

static struct slice excerpt_of(struct arena *a, struct slice body, struct slice word)
{
	size_t at = utf_find_nocase(body, word), from = at == body.len || at < BEFORE_BYTES ? 0 : at - BEFORE_BYTES;

	while (from > 0 && ((unsigned char)body.ptr[from] & 0xC0) == 0x80)
		from--;
	return utf_one_line(a, utf_cut_bytes(slice_from(body, from), EXCERPT_BYTES), EXCERPT_BYTES);
}

static bool read_cursor(struct slice s, int64_t *seq)
{
	*seq = INT64_MAX;
	if (!s.ptr || !s.len)
		return true;
	*seq = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9' || i >= 18)
			return false;
		*seq = *seq * 10 + (s.ptr[i] - '0');
	}
	return true;
}

struct found {
	struct search_hit hit;
	int64_t seq;
	struct slice body;
};

static enum err read_batch(struct db *db, struct arena *a, struct slice match, int64_t below, struct found *list, size_t *count,
			   struct error *e)
{
	struct rows r;
	enum err rc = rows_open(db, &r, SQL_SEARCH_MATCH, BINDS(b_text(match), b_int(below), b_int(BATCH)), e), closed;

	*count = 0;
	if (rc)
		return rc;
	while (!rc && *count < BATCH && rows_next(&r)) {
		struct found *f = &list[(*count)++];

		f->seq = rows_int(&r, 0);
		f->hit.n = rows_int(&r, 1);
		f->hit.at = rows_int(&r, 2);
		f->body = arena_slice(a, rows_text(&r, 3));
		rc = ticket_read_row(&r, 4, a, &f->hit.ticket);
	}
	closed = rows_close(&r);
	return closed ? closed : rc || arena_failed(a) ? err_nomem(e) : ERR_OK;
}

enum err search_log(struct db *db, struct arena *a, const struct actor *who, struct slice q, struct slice cursor, struct hits *out,
		    struct error *e)
{
	struct found *list = arena_array(a, BATCH, sizeof(*list));
	struct slice word = SLICE_NONE;
	struct str match;
	int64_t below;
	size_t looked = 0, count = BATCH;
	enum err rc;

	memset(out, 0, sizeof(*out));
	str_init(&match, 4096);
	out->hits = arena_array(a, SEARCH_PAGE, sizeof(*out->hits));
	if (!list || !out->hits) {
		rc = err_nomem(e);
		goto out;
	}
	rc = read_cursor(cursor, &below) ? read_query(q, &match, &word, e)
					  : err_field(e, ERR_INVALID, "cursor", "This is not a cursor of ours.");
	while (!rc && count == BATCH && out->count < SEARCH_PAGE && looked < SEARCH_LOOK_MAX) {
		rc = read_batch(db, a, str_slice(&match), below, list, &count, e);
		for (size_t i = 0; !rc && i < count && out->count < SEARCH_PAGE; i++, looked++) {
			struct search_hit *h = &list[i].hit;

			below = list[i].seq;
			rc = ticket_may_read(db, who, &h->ticket, &h->access, e);
			if (rc || h->access == ACCESS_NONE || h->access == ACCESS_LIST)
				continue;
			if (h->access == ACCESS_READ)
				h->excerpt = excerpt_of(a, list[i].body, word);
			out->hits[out->count++] = *h;
		}
	}
	if (!rc && (out->count == SEARCH_PAGE || (count == BATCH && looked >= SEARCH_LOOK_MAX))) {
		out->cursor = slice_of(arena_printf(a, "%lld", (long long)below));
		if (!out->cursor.ptr)
			rc = err_nomem(e);
	}
out:
	str_fini(&match);
	return rc;
}
