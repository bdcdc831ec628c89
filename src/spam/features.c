#include "spam/features.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/utf8.h"
#include "spam/domains.h"
#include "spam/pattern.h"
#include "spam/scan.h"
#include "spam/surface_mail.h"
#include "text/guess_broken.h"
#include "text/guess_nested.h"
#include "text/unicode.h"
#include "text/uri.h"
#include "text/utf.h"
#include "text/views.h"

enum { HIT_TEXT_BYTES = 200, FIELDS = 11, MARK_DEPTH = 4, MARKS_OF_A_RULE = 8, MARKED_AGAIN_MAX = 24, MARK_BUDGET_US = 2000 };

/* One text, read in every way the rules want it. */
struct reading {
	struct arena *a;
	struct slice title, body, whole; /* whole: title, newline, body; or the body alone */
	size_t body_at;                  /* where the body begins in `whole` */
	struct views views;
	struct uris uris;
	struct guesses guesses; /* where they stand: in VIEW_RENDERED up to `rendered`, then in VIEW_NORM, then in the text itself */
	size_t guessed_rendered, guessed_norm;
	struct shape shape;
	struct surface_fact *facts;
	struct surface_field fields[FIELDS];
	struct surface_input input;
};

#define FEATURE_FACTS(X) \
	X(bytes) X(letters) X(words) X(capitals) X(digits) X(emoji) X(mixed_words) X(styled_words) X(invisible) X(spelled) X(lines) X(links) X(hosts) \
	X(repeated_links) X(messenger_links) X(emails) X(handles) X(phones) X(money) X(wallets) X(link_percent)

static const char *const fact_names[] = {
#define X(name) #name,
	FEATURE_FACTS(X)
#undef X
};
enum { FACTS = sizeof(fact_names) / sizeof(fact_names[0]) };

/* Those of read_text, which gives each its value. */
static const char *const field_names[] = { "Question", "Name", "Email-Domain", "Page", "Topic", "Language", "Script", "Channel", "User-Agent", "Form-Age-Ms",
	"Sender-Trust" };
_Static_assert(sizeof(field_names) / sizeof(field_names[0]) == FIELDS, "each field has a name here");

static bool host_allowed(const void *ctx, struct slice host)
{
	return ctx && ruleset_host_allowed(ctx, host);
}

static struct slice scripts_of(struct reading *r)
{
	struct script_share shares[UNICODE_SCRIPTS_MAX];
	size_t n = unicode_scripts(r->whole, shares);
	char text[UNICODE_SCRIPTS_MAX * 5 + 1] = "";
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.4s", i ? " " : "", unicode_script_code(shares[i].script));
	return n ? arena_slice(r->a, slice_make(text, len)) : SLICE_NONE;
}

static struct slice number_field(struct arena *a, int64_t v)
{
	char text[24];
	return v < 0 ? SLICE_NONE : arena_slice(a, slice_make(text, (size_t)snprintf(text, sizeof(text), "%" PRId64, v)));
}

/* An article at a wiki may have a shop's name: there a name without a scheme is a title. */
static bool trusted(const struct ruleset *rules, const struct features_options *o, struct slice host)
{
	for (size_t i = 0; o && i < o->own_count; i++)
		if (uri_below(host, o->own[i]))
			return true;
	return host_allowed(rules, host);
}

/* Names that only lists look at. What looks like a tag ("<dot>") is in the bytes alone. */
static enum err guess(struct reading *r, const struct ruleset *rules, const struct features_options *o, struct error *e)
{
	const struct views *v = &r->views;
	enum err err = guess_names(r->a, v->text[VIEW_RENDERED], true, &r->guesses, e);

	if (!err)
		err = guess_data(r->a, v->text[VIEW_RENDERED], &r->guesses, e);
	if (!err)
		err = guess_spelled(r->a, v->text[VIEW_RENDERED], &r->guesses, e);
	if (!err)
		err = guess_broken(r->a, v->text[VIEW_RENDERED], &r->guesses, e);
	for (size_t i = 0; i < r->uris.count && !err; i++)
		if (!(r->uris.list[i].flags & (URI_MAIL | URI_NESTED)) && (guess_leads_on(r->uris.list[i].host) || !trusted(rules, o, r->uris.list[i].host)))
			err = guess_nested(r->a, &r->uris.list[i], &r->guesses, e);
	r->guessed_rendered = r->guesses.count;
	if (!err)
		err = guess_folded(r->a, v, &r->guesses, e);
	r->guessed_norm = r->guesses.count;
	if (!err && v->markup)
		err = guess_names(r->a, r->whole, true, &r->guesses, e);
	if (!err && v->markup)
		err = guess_data(r->a, r->whole, &r->guesses, e);
	return err;
}

/* The address of the page that a question is about: no word of it is the asker's, but where it leads is for the lists. */
static void take_page(struct reading *r, struct slice page)
{
	struct guesses *g = &r->guesses;
	struct uri u;

	if (!page.len || uri_parse(r->a, page, &u, NULL))
		return;
	if (g->count == GUESSES_MAX)
		g->more = true;
	else
		g->list[g->count++] = (struct guess){ .url = u.url };
}

static enum err read_text(struct arena *a, const struct ruleset *rules, const struct features_options *o, const struct submission *in, struct slice body,
	struct reading *r, struct error *e)
{
	enum err err;
	struct slice norm;

	memset(r, 0, sizeof(*r));
	r->a = a;
	r->title = in->title;
	r->body = body.ptr ? body : SLICE("");
	r->whole = r->body;
	if (in->title.len) {
		r->whole.ptr = arena_printf(a, "%.*s\n%.*s", SLICE_ARG(in->title), SLICE_ARG(r->body));
		if (!r->whole.ptr)
			return err_nomem(e);
		r->body_at = in->title.len + 1;
		r->whole.len = r->body_at + r->body.len;
	}
	if ((err = views_make(a, r->whole, &r->views, e)))
		return err;
	if ((err = uris_find(a, r->views.text[VIEW_RENDERED], &r->uris, e)) || (err = guess(r, rules, o, e)))
		return err;
	struct shape_input si = { .text = r->views.text[VIEW_RENDERED], .uris = &r->uris, .guesses = &r->guesses, .mixed_words = (int64_t)r->views.mixed_words,
		.spelled = (int64_t)r->views.joined, .spelled_letters = (int64_t)r->views.spelled_letters, .chat = in->channel == CHANNEL_CHAT, .allowed = host_allowed, .ctx = rules,
		.own = o ? o->own : NULL, .own_count = o ? o->own_count : 0 };
	if ((err = shape_read(a, &si, &r->shape, e)))
		return err;
	take_page(r, in->page);
	r->facts = arena_array(a, FACTS, sizeof(*r->facts));
	struct slice *urls = arena_array(a, r->uris.count + 1, sizeof(*urls));
	if (!r->facts || !urls)
		return err_nomem(e);
	for (size_t i = 0; i < r->uris.count; i++)
		urls[i] = r->uris.list[i].url;
	size_t n = 0;
#define X(member) r->facts[n++] = (struct surface_fact){ SLICE(#member), (double)r->shape.member };
	FEATURE_FACTS(X)
#undef X
	const struct surface_field fields[FIELDS] = {
		{ SLICE("Question"), r->body },
		{ SLICE("Name"), in->name },
		{ SLICE("Email-Domain"), in->email_domain },
		{ SLICE("Page"), in->page },
		{ SLICE("Topic"), in->topic },
		{ SLICE("Language"), in->language },
		{ SLICE("Script"), scripts_of(r) },
		{ SLICE("Channel"), in->channel == CHANNEL_CHAT ? SLICE("chat") : SLICE("form") },
		{ SLICE("User-Agent"), in->user_agent },
		{ SLICE("Form-Age-Ms"), number_field(a, in->form_age_ms) },
		{ SLICE("Sender-Trust"), slice_of(in->trust) },
	};
	memcpy(r->fields, fields, sizeof(fields));
	norm = r->views.text[VIEW_NORM];
	r->input = (struct surface_input){ .title = in->title, .body = r->body, .norm = norm, .skel = r->views.text[VIEW_SKEL],
		.uris = urls, .uri_count = r->uris.count, .guesses = r->guesses.list, .guess_count = r->guesses.count, .guesses_more = r->guesses.more, .fields = r->fields, .field_count = FIELDS, .facts = r->facts,
		.fact_count = FACTS };
	if (in->mail && (err = surface_mail(a, in->mail, &r->input, e)))
		return err;
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}

static bool place_of(const struct reading *r, enum view view, size_t at, size_t len, size_t *from, size_t *to)
{
	struct slice o = view == VIEW_BYTES ? slice_make(r->whole.ptr + at, len) : views_origin(&r->views, view, at, at + len);

	if (!o.ptr)
		return false;
	*from = (size_t)(o.ptr - r->whole.ptr);
	*to = *from + o.len;
	return true;
}

/* Where an address that a rule saw in one of its spellings stands in the text. */
static bool uri_origin(const struct reading *r, struct slice seen, size_t *from, size_t *to)
{
	struct slice host = domains_host(seen);

	for (size_t i = 0; i < r->uris.count; i++) {
		const struct uri *u = &r->uris.list[i];
		bool same = slice_eq(u->url, seen) || slice_eq(u->raw, seen) ||
			(u->raw.len && seen.len > u->raw.len && slice_eq(slice_from(seen, seen.len - u->raw.len), u->raw));
		if (same)
			return place_of(r, VIEW_RENDERED, u->at, u->len, from, to);
	}
	for (size_t i = 0; i < r->guesses.count; i++) {
		const struct guess *g = &r->guesses.list[i];
		if (slice_eq(g->url, seen))
			return place_of(r, i < r->guessed_rendered ? VIEW_RENDERED : i < r->guessed_norm ? VIEW_NORM : VIEW_BYTES, g->at, g->len, from, to);
	}
	/* Undone once more than any of them. */
	for (size_t i = 0; i < r->uris.count && host.ptr; i++)
		if (utf_equal_nocase(r->uris.list[i].host, host))
			return place_of(r, VIEW_RENDERED, r->uris.list[i].at, r->uris.list[i].len, from, to);
	return false;
}

/* Where in a body that was read together with others' lines this text's own words stand. */
struct own_part {
	size_t from, len;
};

/* Where what a hit saw stands in the title and text as given. */
static bool span_in_whole(const struct reading *r, const struct surfaces *surfaces, const struct scan_span *s, size_t *from, size_t *to)
{
	switch (s->source) {
	case SOURCE_TITLE:
		*from = s->source_offset;
		*to = *from + s->source_length;
		break;
	case SOURCE_BODY:
		*from = r->body_at + s->source_offset;
		*to = *from + s->source_length;
		break;
	case SOURCE_NORM:
	case SOURCE_SKEL: {
		struct slice o = views_origin(&r->views, s->source == SOURCE_NORM ? VIEW_NORM : VIEW_SKEL, s->source_offset,
			s->source_offset + s->source_length);
		if (!o.ptr)
			return false;
		*from = (size_t)(o.ptr - r->whole.ptr);
		*to = *from + o.len;
		break;
	}
	case SOURCE_URI:
		if (!uri_origin(r, surfaces->of[SURFACE_URI].list[s->element].text, from, to))
			return false;
		break;
	default:
		return false;
	}
	return *to > *from && *to <= r->whole.len;
}

/* The words a hit saw, in the field as it was written. */
static void place(const struct reading *r, const struct surfaces *surfaces, const struct scan_span *s, struct own_part own, struct mark *h)
{
	size_t from, to, at = r->body_at + own.from;

	h->field = "";
	if (!span_in_whole(r, surfaces, s, &from, &to))
		return;
	if (to > at && (from >= at || from >= r->body_at)) {
		from = from > at ? from - at : 0;
		to -= at;
		if (from >= own.len)
			return;
		to = to > own.len ? own.len : to;
		h->field = "body";
	} else if (r->body_at && from < r->body_at - 1) {
		h->field = "title";
		if (to > r->body_at - 1)
			to = r->body_at - 1;
	} else {
		return;
	}
	h->start = (uint32_t)from;
	h->end = (uint32_t)to;
}

/* What a byte rule saw may begin or end inside a character. */
static struct slice words_of(struct arena *a, struct slice s)
{
	struct str out;
	struct slice r;

	while (s.len && (unsigned char)s.ptr[s.len - 1] <= ' ')
		s.len--;
	str_init(&out, HIT_TEXT_BYTES + 8);
	for (size_t at = 0; at < s.len;) {
		unsigned cp;
		size_t n = utf8_next(s, at, &cp);
		if (out.len + 4 > HIT_TEXT_BYTES)
			break;
		str_addu(&out, cp == UTF8_BAD || cp == 0 ? 0xFFFD : cp);
		at += n;
	}
	r = str_dup(&out, a);
	str_fini(&out);
	return r;
}

/* Of the defining line, what stands behind the rule's name. */
static struct slice definition_of(const struct rule *r)
{
	size_t n = strlen(r->name);
	const char *at = memmem(r->text.ptr, r->text.len, r->name, n);

	return at ? slice_from(r->text, (size_t)(at - r->text.ptr) + n) : SLICE("");
}

/* Rules that look at nothing but who or what writes: `header NAME Language =~ ...`. */
static bool is_weak(const struct rule *r)
{
	static const char *const fields[] = { "Language", "Script", "Channel", "User-Agent", "Sender-Trust" };

	if (!slice_starts(r->text, SLICE("header")))
		return false;
	struct slice t = definition_of(r);
	while (t.len > 0 && (t.ptr[0] == ' ' || t.ptr[0] == '\t'))
		t = slice_from(t, 1);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (t.len >= strlen(fields[i]) && strncasecmp(t.ptr, fields[i], strlen(fields[i])) == 0)
			return true;
	return false;
}

static enum action action_of(enum cf_action a)
{
	return a == CF_REJECT ? ACTION_REJECT : a == CF_HOLD ? ACTION_HOLD : a == CF_CHALLENGE ? ACTION_CHALLENGE : ACTION_ACCEPT;
}

static void fill_rule(struct hit *h, const struct ruleset *rules, size_t index, unsigned char life, struct slice lang)
{
	const struct rule *r = ruleset_rule(rules, index);

	h->rule = slice_of(r->name);
	h->evidence = r->class == RULE_CLASS_URL ? EVIDENCE_URL : EVIDENCE_RULE;
	h->describe = slice_of(r->describe);
	h->printed = r->text;
	h->note = slice_of(ruleset_note(rules, index, lang));
	h->at_least = r->mode == CF_ACTIVE && !(life & RULE_LIFE_WATCHED) ? action_of(r->action) : ACTION_ACCEPT;
	h->capped = (life & RULE_LIFE_CAPPED) != 0;
	if (h->capped && h->at_least > ACTION_HOLD)
		h->at_least = ACTION_HOLD;
	h->weak = is_weak(r);
	h->harm = (r->tflags & CF_TF_HARM) != 0;
	h->quiet = r->mode == CF_WATCH || life & RULE_LIFE_WATCHED;
	h->field = "";
}

struct scanning {
	const struct ruleset *rules;
	const unsigned char *life;
	struct reading *reading;
	struct surfaces surfaces;
	struct scan_result result;
};

static enum err scan_text(struct arena *a, const struct ruleset *rules, const struct features_options *o, struct reading *r, int64_t *left_us,
	struct scanning *s, struct error *e)
{
	struct scan_options so = { .now_ms = o ? o->now_ms : 0, .life = o ? o->life : NULL, .unlisted_too = true, .budget_us = *left_us,
		.timed = o && o->timed };
	enum err err;

	s->rules = rules;
	s->life = so.life;
	s->reading = r;
	if ((err = surface_build(a, &r->input, &s->surfaces, e)) || (err = scan_run(rules, &s->surfaces, &so, a, &s->result, e)))
		return err;
	/* At 1 nothing more is run, and what is not run is unknown. */
	*left_us = *left_us > s->result.cpu_us ? *left_us - s->result.cpu_us : 1;
	return ERR_OK;
}

static bool has_hit(const struct scanning *s, size_t rule)
{
	for (size_t i = 0; i < s->result.hit_count; i++)
		if (s->result.hits[i].rule == rule)
			return true;
	return false;
}

static bool has_error(const struct scanning *s, size_t rule)
{
	for (size_t i = 0; i < s->result.error_count; i++)
		if (s->result.errors[i].rule == rule)
			return true;
	return false;
}

static unsigned char life_of(const struct scanning *s, size_t rule)
{
	return s->life ? s->life[rule] : 0;
}

static double watched_weight(double score)
{
	return score < 0 ? -0.01 : 0.01;
}

struct marking {
	const struct scanning *s;
	struct mark *marks;
	size_t count;
	struct own_part own;
	struct pattern_meter *meter; /* for looking again */
	size_t rules;                /* that were looked for again */
};

static const struct scan_hit *hit_of(const struct scanning *s, size_t rule)
{
	for (size_t i = 0; i < s->result.hit_count; i++)
		if (s->result.hits[i].rule == rule)
			return &s->result.hits[i];
	return NULL;
}

static size_t name_length(struct slice s)
{
	size_t n = 0;

	while (n < s.len && (s.ptr[n] == '_' || (s.ptr[n] >= '0' && s.ptr[n] <= '9') || (s.ptr[n] >= 'A' && s.ptr[n] <= 'Z') || (s.ptr[n] >= 'a' && s.ptr[n] <= 'z')))
		n++;
	return n;
}

static bool is_marked(const struct marking *m, const struct mark *x)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->marks[i].start == x->start && m->marks[i].end == x->end && strcmp(m->marks[i].field, x->field) == 0)
			return true;
	return false;
}

/* What a rule saw; for a meta, what the rules in its expression saw. */
static void mark_rule(struct marking *m, struct slice name, size_t rule, int depth)
{
	const struct rule *r = ruleset_rule(m->s->rules, rule);
	const struct scan_hit *h = hit_of(m->s, rule);
	struct scan_span seen[MARKS_OF_A_RULE];
	size_t n = 0;

	if (!h)
		return;
	/* The scan stopped at the first place, which may be the title; a moderator looks for the words in all of them. */
	if (m->rules < MARKED_AGAIN_MAX && !r->meta) {
		n = scan_again(m->s->rules, &m->s->surfaces, (uint32_t)rule, &h->span, m->meter, seen, MARKS_OF_A_RULE);
		m->rules++;
	}
	if (!n)
		seen[n++] = h->span;
	for (size_t i = 0; i < n && m->count < VERDICT_MARKS_MAX; i++) {
		struct mark mark = { .rule = name };
		place(m->s->reading, &m->s->surfaces, &seen[i], m->own, &mark);
		if (mark.field[0] && !is_marked(m, &mark))
			m->marks[m->count++] = mark;
	}
	if (!r->meta || depth == 0)
		return;
	for (struct slice s = definition_of(r); s.len > 0;) {
		size_t length = name_length(s);
		long part = length ? ruleset_find(m->s->rules, slice_make(s.ptr, length)) : -1;
		if (part >= 0)
			mark_rule(m, name, (size_t)part, depth - 1);
		s = slice_from(s, length ? length : 1);
	}
}

enum { READINGS = 3 };

/* Scans whose rules' hits (NULL: none) do not count again. */
struct taken {
	const struct scanning *by[READINGS];
};

static bool is_taken(const struct taken *t, size_t rule, bool errors)
{
	for (size_t i = 0; i < READINGS; i++)
		if (t->by[i] && (has_hit(t->by[i], rule) || (errors && has_error(t->by[i], rule))))
			return true;
	return false;
}

/* Whether a scan could not run a rule to its end that did not hit, or was not in trouble, before. */
static bool in_new_trouble(const struct scanning *s, struct taken taken)
{
	for (size_t i = 0; i < s->result.error_count; i++)
		if (!is_taken(&taken, s->result.errors[i].rule, true))
			return true;
	return s->result.over_budget;
}

/* Whether a scan has something to say that those before did not. */
static bool adds(const struct scanning *s, struct taken taken)
{
	for (size_t i = 0; i < s->result.hit_count; i++)
		if (ruleset_rule(s->rules, s->result.hits[i].rule)->listed && !is_taken(&taken, s->result.hits[i].rule, false))
			return true;
	return in_new_trouble(s, taken);
}

/* Adds the scan's hits, but for those of rules that hit before. */
static void take_hits(struct features *f, struct hit *hits, struct mark *marks, struct rule_trouble *troubles, const struct scanning *s, struct taken taken,
	struct own_part own)
{
	struct pattern_meter meter;
	struct marking m = { .s = s, .marks = marks, .own = own, .meter = &meter };

	if (s->result.hit_count)
		pattern_meter_start(&meter, MARK_BUDGET_US, MARK_BUDGET_US);
	for (size_t i = 0; i < s->result.hit_count; i++) {
		const struct scan_hit *sh = &s->result.hits[i];
		struct hit *h = &hits[f->hit_count];
		if (!ruleset_rule(s->rules, sh->rule)->listed || is_taken(&taken, sh->rule, false))
			continue;
		fill_rule(h, s->rules, sh->rule, life_of(s, sh->rule), f->in->language);
		h->score = h->weight = h->quiet ? watched_weight(sh->score) * sh->count : sh->score;
		h->count = (int)sh->count;
		/* Of a list, the line that saw it and not its first. */
		if (sh->span.line.len)
			h->printed = sh->span.line;
		if (sh->span.source == SOURCE_NONE) {
			h->where = SLICE("rules");
			h->text = SLICE("");
		} else {
			const struct surface_elements *el = &s->surfaces.of[sh->span.surface];
			h->where = sh->span.source == SOURCE_TITLE ? SLICE("title") : slice_of(surface_name(sh->span.surface));
			h->text = sh->span.element < el->count
				? words_of(s->reading->a, slice_make(el->list[sh->span.element].text.ptr + sh->span.offset, sh->span.length))
				: SLICE("");
			struct mark first;
			place(s->reading, &s->surfaces, &sh->span, own, &first);
			h->field = first.field;
			if (first.field[0]) {
				h->start = first.start;
				h->end = first.end;
			}
		}
		m.count = f->mark_count;
		mark_rule(&m, h->rule, sh->rule, MARK_DEPTH);
		f->mark_count = m.count;
		f->hit_count++;
	}
	for (size_t i = 0; i < s->result.error_count; i++) {
		struct hit *h = &hits[f->hit_count];
		const struct rule *r = ruleset_rule(s->rules, s->result.errors[i].rule);
		enum scan_trouble why = s->result.errors[i].trouble;
		if (is_taken(&taken, s->result.errors[i].rule, true))
			continue;
		fill_rule(h, s->rules, s->result.errors[i].rule, life_of(s, s->result.errors[i].rule), f->in->language);
		h->error = true;
		h->weight = h->quiet ? watched_weight(r->weight) : r->weight;
		h->count = 1;
		h->where = why == SCAN_QUARANTINED ? SLICE("quarantine") : why == SCAN_UNKNOWN || why == SCAN_SPENT ? SLICE("unknown") : SLICE("limit");
		if (why == SCAN_LIMIT || why == SCAN_TIME || why == SCAN_BROKEN)
			troubles[f->trouble_count++] = (struct rule_trouble){ slice_of(r->name), r->version };
		h->text = SLICE("");
		f->hit_count++;
	}
	f->out_of_time = f->out_of_time || s->result.over_budget;
	f->cpu_us += s->result.cpu_us;
}

static size_t room_for(const struct scanning *s)
{
	return s->result.hit_count + s->result.error_count;
}

/* The text sameness is measured on: folded, with the places links lead to, which a renderer may hide. */
static void read_twin(const struct reading *r, struct twin_keys *out)
{
	struct str s;

	str_init(&s, VIEWS_MAX_BYTES * 2);
	str_add(&s, r->views.text[VIEW_NORM]);
	for (size_t i = 0; i < r->uris.count; i++)
		if (!(r->uris.list[i].flags & URI_NESTED)) {
			str_addc(&s, ' ');
			str_add(&s, r->uris.list[i].url);
		}
	twin_read(str_slice(&s), out);
	if (str_failed(&s))
		memset(out, 0, sizeof(*out));
	str_fini(&s);
}

/* ---- words cut in two by the end of a line ---- */

static bool in_word(struct slice s, size_t at)
{
	unsigned cp;

	if ((unsigned char)s.ptr[at] < 0x80)
		return isalnum((unsigned char)s.ptr[at]) || strchr("-_./:@", s.ptr[at]) != NULL;
	(void)utf8_next(s, at, &cp);
	return cp != UTF8_BAD && unicode_props(cp) & (UNI_LETTER | UNI_MARK | UNI_DIGIT);
}

static size_t char_before(struct slice s, size_t at)
{
	for (at--; at > 0 && ((unsigned char)s.ptr[at] & 0xC0) == 0x80;)
		at--;
	return at;
}

static bool is_invisible(struct slice s, size_t at)
{
	unsigned cp;

	(void)utf8_next(s, at, &cp);
	return cp != UTF8_BAD && unicode_props(cp) & UNI_INVISIBLE;
}

/* Whether the first may end, and the second begin, in the middle of a word or an address. "the end." and "Then" do not. What nobody sees
 * at the seam parts nothing. */
static bool runs_on(struct slice first, struct slice second)
{
	unsigned none;

	while (first.len && is_invisible(first, char_before(first, first.len)))
		first.len = char_before(first, first.len);
	while (second.len && is_invisible(second, 0))
		second = slice_from(second, utf8_next(second, 0, &none));
	if (!first.len || !second.len)
		return false;
	size_t last = char_before(first, first.len);
	unsigned cp;
	(void)utf8_next(second, 0, &cp);
	bool stop = first.ptr[last] == '.' && cp != UTF8_BAD && unicode_props(cp) & UNI_UPPER;
	return in_word(first, last) && in_word(second, 0) && !stop;
}

/* Lines as they are, but those that may run on joined. */
static void add_glued(struct str *out, struct slice lines)
{
	for (size_t i = 0; i < lines.len; i++)
		if (lines.ptr[i] != '\n' || !runs_on(slice_make(lines.ptr, i), slice_from(lines, i + 1)))
			str_addc(out, lines.ptr[i]);
}

/* Whether a text and the one before it may run on, and the one after it. */
struct running_on {
	bool left, right;
};

/*
 * Whether a rule that hit here and nowhere before saw the end of one line and the beginning of the next as one word. Only what does
 * counts: all the rest was seen with the lines parted.
 */
static bool saw_the_seam(const struct scanning *s, struct taken taken, struct own_part own, struct running_on runs)
{
	const size_t body_at = s->reading->body_at, seams[] = { body_at + own.from, body_at + own.from + own.len };

	for (size_t i = 0; i < s->result.hit_count; i++) {
		const struct scan_hit *h = &s->result.hits[i];
		size_t from, to;

		if (is_taken(&taken, h->rule, false) || !span_in_whole(s->reading, &s->surfaces, &h->span, &from, &to))
			continue;
		for (int k = 0; k < 2; k++)
			if ((k ? runs.right : runs.left) && from < seams[k] && to > seams[k])
				return true;
	}
	return false;
}

/*
 * A word that was cut in the middle ("vio", "let lantern") is whole only where nothing parts the lines. So this text and its
 * neighbours are read without one, too, where they may run on: *runs says whether they do.
 */
static enum err read_glued(struct arena *a, const struct ruleset *rules, const struct features_options *o, const struct submission *in, struct scanning *out,
	int64_t *left_us, struct own_part *own, struct running_on *runs, struct error *e)
{
	struct slice before = in->before, after = in->after, text;
	struct reading *r = ARENA_NEW(a, struct reading);
	struct str s;
	enum err err;

	*runs = (struct running_on){ runs_on(before, in->body), runs_on(in->body, after) };
	if (!runs->left && !runs->right)
		return ERR_OK;
	str_init(&s, before.len + in->body.len + after.len + 3);
	add_glued(&s, before);
	if (!runs->left && before.len)
		str_addc(&s, '\n');
	*own = (struct own_part){ s.len, in->body.len };
	str_add(&s, in->body);
	if (!runs->right)
		str_addc(&s, '\n');
	add_glued(&s, after);
	text = str_dup(&s, a);
	str_fini(&s);
	if (!text.ptr || !r)
		return err_nomem(e);
	if ((err = read_text(a, rules, o, in, text, r, e)))
		return err;
	return scan_text(a, rules, o, r, left_us, out, e);
}

/* Beside what a text says alone: what it says with its neighbours, and what they say without it, which was judged with them. */
struct neighbours {
	struct scanning joined, glued, alone;
	struct own_part in_joined, in_glued;
	bool is_joined, is_glued, is_alone; /* which of them count */
};

static enum err read_neighbours(struct arena *a, const struct ruleset *rules, const struct features_options *o, const struct submission *in,
	const struct scanning *own, int64_t *left_us, struct neighbours *out, struct error *e)
{
	const char *gap = in->before.len ? "\n" : "\n\n";
	struct slice first = in->before.len ? in->before : in->beside;
	struct running_on runs = { false, false };
	struct reading *r = ARENA_NEW(a, struct reading);
	char *text = arena_printf(a, "%.*s%s%.*s%s%.*s", SLICE_ARG(first), gap, SLICE_ARG(in->body), in->after.len ? "\n" : "", SLICE_ARG(in->after));
	enum err err;

	if (!r || !text)
		return err_nomem(e);
	out->is_joined = true;
	out->in_joined = (struct own_part){ first.len + strlen(gap), in->body.len };
	if ((err = read_text(a, rules, o, in, slice_of(text), r, e)) || (err = scan_text(a, rules, o, r, left_us, &out->joined, e)))
		return err;
	/* Nobody who helps may cut words for long: accounts can be taken away. */
	if (in->before.len && in->kind != SUBMIT_HELPER && (err = read_glued(a, rules, o, in, &out->glued, left_us, &out->in_glued, &runs, e)))
		return err;
	if (!in->before.len)
		return ERR_OK;
	bool is_cut = runs.left || runs.right;
	struct taken taken = { { own, &out->joined } };
	/* Most lines of a talk have nothing more to say with the ones before: these are not read again then. */
	if (adds(&out->joined, (struct taken){ { own } }) || (is_cut && adds(&out->glued, taken))) {
		struct reading *alone = ARENA_NEW(a, struct reading);
		if (!alone)
			return err_nomem(e);
		if ((err = read_text(a, rules, o, in, in->before, alone, e)) || (err = scan_text(a, rules, o, alone, left_us, &out->alone, e)))
			return err;
		out->is_alone = true;
		taken.by[2] = &out->alone;
	}
	out->is_glued = is_cut && (in_new_trouble(&out->glued, taken) || saw_the_seam(&out->glued, taken, out->in_glued, runs));
	return ERR_OK;
}

enum err spam_features(struct arena *a, const struct ruleset *rules, const struct submission *in, const struct features_options *o,
	struct features **out, struct error *e)
{
	struct features *f = ARENA_NEW(a, struct features);
	struct reading *r = ARENA_NEW(a, struct reading);
	struct neighbours *n = ARENA_NEW(a, struct neighbours);
	struct scanning own;
	struct hit *hits;
	struct mark *marks;
	struct rule_trouble *troubles;
	int64_t left_us = SCAN_BUDGET_US; /* of all the readings of this text together */
	enum err err;

	if (!f || !r || !n)
		return err_nomem(e);
	f->in = in;
	f->generation = slice_of(ruleset_name(rules));
	f->builtin = !(o && o->no_builtin);
	if ((err = read_text(a, rules, o, in, in->body, r, e)) || (err = scan_text(a, rules, o, r, &left_us, &own, e)))
		return err;
	if (o && o->timed)
		ruleset_timed(rules);
	f->shape = r->shape;
	read_twin(r, &f->twin);
	f->norm = r->views.text[VIEW_NORM];
	if ((in->before.len || in->beside.len) && (err = read_neighbours(a, rules, o, in, &own, &left_us, n, e)))
		return err;
	const struct scanning *alone = n->is_alone ? &n->alone : NULL;
	size_t room = room_for(&own) + (n->is_joined ? room_for(&n->joined) : 0) + (n->is_glued ? room_for(&n->glued) : 0);
	hits = arena_array(a, room ? room : 1, sizeof(*hits));
	marks = arena_array(a, VERDICT_MARKS_MAX, sizeof(*marks));
	troubles = arena_array(a, room ? room : 1, sizeof(*troubles));
	if (!hits || !marks || !troubles)
		return err_nomem(e);
	take_hits(f, hits, marks, troubles, &own, (struct taken){ { NULL } }, (struct own_part){ 0, in->body.len });
	if (n->is_joined)
		take_hits(f, hits, marks, troubles, &n->joined, (struct taken){ { &own, alone } }, n->in_joined);
	if (n->is_glued)
		take_hits(f, hits, marks, troubles, &n->glued, (struct taken){ { &own, &n->joined, alone } }, n->in_glued);
	f->out_of_time = f->out_of_time || (alone && alone->result.over_budget);
	f->hits = hits;
	f->marks = marks;
	f->troubles = troubles;
	if (arena_failed(a))
		return err_nomem(e);
	*out = f;
	return ERR_OK;
}

enum err features_text(struct arena *a, const struct ruleset *rules, const struct submission *in, struct slice *norm, struct shape *shape, struct error *e)
{
	struct reading *r = ARENA_NEW(a, struct reading);
	enum err err;

	if (!r)
		return err_nomem(e);
	if ((err = read_text(a, rules, NULL, in, in->body, r, e)))
		return err;
	*norm = r->views.text[VIEW_NORM];
	*shape = r->shape;
	return ERR_OK;
}

static enum err prepare_test(struct arena *a, struct slice text, struct surface_input *out, void *ctx, struct error *e)
{
	struct submission in = { .kind = SUBMIT_QUESTION, .body = text, .form_age_ms = -1 };
	struct reading *r = ARENA_NEW(a, struct reading);
	enum err err;

	(void)ctx;
	if (!r)
		return err_nomem(e);
	if ((err = read_text(a, NULL, NULL, &in, text, r, e)))
		return err;
	*out = r->input;
	return ERR_OK;
}

enum err features_build_rules(const struct cf_source *sources, size_t count, const struct ruleset_known *known, struct ruleset **out,
	struct cf_errors *errs, struct error *e)
{
	struct ruleset_options o = { .facts = fact_names, .fact_count = FACTS, .fields = field_names, .field_count = FIELDS, .prepare = prepare_test };

	if (known)
		o.known = *known;
	return ruleset_build(sources, count, &o, out, errs, e);
}
