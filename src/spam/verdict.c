#include "spam/verdict.h"

static const char *const action_names[ACTION_COUNT] = { "accept", "challenge", "hold", "reject" };
static const char *const evidence_names[EVIDENCE_COUNT] = { "rule", "url", "shape", "sameness", "behaviour", "learned", "opinion" };

/* What a verdict in the database may hold at most: hostile or broken rows must not cost more than this. */
enum { HITS_MAX = 4096, GUARDS_MAX = 64 };

const char *action_name(enum action a)
{
	return action_names[a];
}

static bool action_read(struct slice name, enum action *out)
{
	for (int i = 0; name.ptr && i < ACTION_COUNT; i++)
		if (slice_is(name, action_names[i])) {
			*out = (enum action)i;
			return true;
		}
	return false;
}

const char *evidence_name(enum evidence c)
{
	return evidence_names[c];
}

/* Two decimals say all there is to say and keep stored verdicts equal on every machine. */
static struct jv *points(double d)
{
	double r = d < 0 ? -(double)(int64_t)(-d * 1000 + 0.5) : (double)(int64_t)(d * 1000 + 0.5);
	return jv_real(r / 1000);
}

static struct jv *set_filled(struct jv *v, const char *key, struct slice s)
{
	return s.ptr && s.len ? jv_set_text(v, key, s) : v;
}

static struct jv *hit_json(const struct hit *h)
{
	struct jv *v = jv_object();

	jv_set_text(v, "rule", h->rule);
	jv_set(v, "score", points(h->score));
	jv_set_int(v, "count", h->count);
	jv_set_string(v, "class", evidence_name(h->evidence));
	jv_set_text(v, "where", h->where.ptr ? h->where : SLICE(""));
	jv_set_text(v, "text", h->text.ptr ? h->text : SLICE(""));
	set_filled(v, "describe", h->describe);
	set_filled(v, "printed", h->printed);
	set_filled(v, "note", h->note);
	if (h->weight > h->score || h->weight < h->score)
		jv_set(v, "weight", points(h->weight));
	if (h->field && h->field[0]) {
		jv_set_string(v, "field", h->field);
		jv_set_int(v, "start", h->start);
		jv_set_int(v, "end", h->end);
	}
	if (h->at_least != ACTION_ACCEPT)
		jv_set_string(v, "at_least", action_name(h->at_least));
	if (h->weak)
		jv_set_bool(v, "weak", true);
	if (h->harm)
		jv_set_bool(v, "harm", true);
	if (h->error)
		jv_set_bool(v, "error", true);
	if (h->capped)
		jv_set_bool(v, "capped", true);
	if (h->quiet)
		jv_set_bool(v, "quiet", true);
	return v;
}

struct jv *verdict_json(const struct verdict *v)
{
	struct jv *j = jv_object(), *hits = jv_array(), *guards = jv_array(), *classes = jv_object(), *marks = jv_array();

	for (size_t i = 0; i < v->hit_count; i++)
		jv_push(hits, hit_json(&v->hits[i]));
	for (size_t i = 0; i < v->guard_count; i++)
		jv_push(guards, jv_set_text(jv_set_text(jv_object(), "name", v->guards[i].name), "words", v->guards[i].words));
	for (int i = 0; i < EVIDENCE_COUNT; i++)
		if (v->by_class[i] < 0 || v->by_class[i] > 0)
			jv_set(classes, evidence_names[i], points(v->by_class[i]));
	jv_set(j, "score", points(v->score));
	jv_set_string(j, "action", action_name(v->action));
	jv_set_text(j, "generation", v->generation.ptr ? v->generation : SLICE(""));
	jv_set(j, "classes", classes);
	jv_set(j, "facts", facts_json(&v->facts));
	jv_set(j, "hits", hits);
	jv_set(j, "guards", guards);
	for (size_t i = 0; i < v->mark_count; i++) {
		struct jv *m = jv_set_string(jv_object(), "field", v->marks[i].field);
		jv_set_int(jv_set_int(m, "start", v->marks[i].start), "end", v->marks[i].end);
		jv_push(marks, jv_set_text(m, "rule", v->marks[i].rule));
	}
	jv_set(j, "marks", marks);
	set_filled(j, "note", v->note);
	if (v->harm)
		jv_set_bool(j, "harm", true);
	if (v->flagged)
		jv_set_bool(j, "flagged", true);
	return j;
}

static struct slice text_in(struct arena *a, const struct jv *v, const char *key)
{
	struct slice s = jv_get_text(v, key);
	return s.ptr ? arena_slice(a, s) : SLICE("");
}

static const char *field_read(struct slice s)
{
	return !s.ptr ? "" : slice_is(s, "title") ? "title" : slice_is(s, "body") ? "body" : "";
}

static bool flag(const struct jv *v, const char *key)
{
	return jv_type(jv_get(v, key)) == JV_TRUE;
}

static bool hit_read(struct arena *a, const struct jv *v, struct hit *h)
{
	struct slice name = jv_get_text(v, "class"), at_least = jv_get_text(v, "at_least");
	int64_t start = jv_int_of(jv_get(v, "start")), end = jv_int_of(jv_get(v, "end"));
	int c = 0;

	while (c < EVIDENCE_COUNT && !(name.ptr && slice_is(name, evidence_names[c])))
		c++;
	if (c == EVIDENCE_COUNT || !jv_get_text(v, "rule").ptr)
		return false;
	if (at_least.ptr && !action_read(at_least, &h->at_least))
		return false;
	h->evidence = (enum evidence)c;
	h->rule = text_in(a, v, "rule");
	h->score = jv_real_of(jv_get(v, "score"));
	h->weight = jv_get(v, "weight") ? jv_real_of(jv_get(v, "weight")) : h->score;
	h->count = (int)jv_int_of(jv_get(v, "count"));
	h->where = text_in(a, v, "where");
	h->text = text_in(a, v, "text");
	h->describe = text_in(a, v, "describe");
	h->printed = text_in(a, v, "printed");
	h->note = text_in(a, v, "note");
	h->field = "";
	if (start >= 0 && end >= start && end <= UINT32_MAX) {
		h->field = field_read(jv_get_text(v, "field"));
		h->start = (uint32_t)start;
		h->end = (uint32_t)end;
	}
	h->weak = flag(v, "weak");
	h->harm = flag(v, "harm");
	h->error = flag(v, "error");
	h->capped = flag(v, "capped");
	h->quiet = flag(v, "quiet");
	return true;
}

enum err verdict_read(struct arena *a, const struct jv *v, struct verdict **out, struct error *e)
{
	const struct jv *hits = jv_get(v, "hits"), *guards = jv_get(v, "guards"), *classes = jv_get(v, "classes"), *marks = jv_get(v, "marks");
	struct verdict *r = ARENA_NEW(a, struct verdict);
	size_t n = jv_size(hits), m = jv_size(guards), k = jv_size(marks);

	if (!r)
		return err_nomem(e);
	if (!action_read(jv_get_text(v, "action"), &r->action) || n > HITS_MAX || m > GUARDS_MAX || k > VERDICT_MARKS_MAX)
		return err_set(e, ERR_CORRUPT, "A stored verdict cannot be read.");
	r->score = jv_real_of(jv_get(v, "score"));
	r->generation = text_in(a, v, "generation");
	r->note = text_in(a, v, "note");
	r->harm = flag(v, "harm");
	r->flagged = flag(v, "flagged");
	facts_read(jv_get(v, "facts"), &r->facts);
	for (int i = 0; i < EVIDENCE_COUNT; i++)
		r->by_class[i] = jv_real_of(jv_get(classes, evidence_names[i]));
	struct hit *h = arena_array(a, n ? n : 1, sizeof(*h));
	struct guard *g = arena_array(a, m ? m : 1, sizeof(*g));
	struct mark *mk = arena_array(a, k ? k : 1, sizeof(*mk));
	if (!h || !g || !mk)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		if (!hit_read(a, jv_at(hits, i), &h[i]))
			return err_set(e, ERR_CORRUPT, "A stored verdict cannot be read.");
	for (size_t i = 0; i < m; i++) {
		g[i].name = text_in(a, jv_at(guards, i), "name");
		g[i].words = text_in(a, jv_at(guards, i), "words");
	}
	for (size_t i = 0; i < k; i++) {
		const struct jv *x = jv_at(marks, i);
		int64_t start = jv_int_of(jv_get(x, "start")), end = jv_int_of(jv_get(x, "end"));
		if (start < 0 || end < start || end > UINT32_MAX)
			return err_set(e, ERR_CORRUPT, "A stored verdict cannot be read.");
		mk[i] = (struct mark){ field_read(jv_get_text(x, "field")), (uint32_t)start, (uint32_t)end, text_in(a, x, "rule") };
	}
	r->marks = mk;
	r->mark_count = k;
	r->hits = h;
	r->hit_count = n;
	r->guards = g;
	r->guard_count = m;
	if (arena_failed(a))
		return err_nomem(e);
	*out = r;
	return ERR_OK;
}
