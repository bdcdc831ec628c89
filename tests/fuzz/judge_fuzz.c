/* Any text through the whole of the engine: views, shape, rules, judge; its verdict is stored and read back the same. The text's first
 * byte chooses what kind of submission it is; a NUL parts title and body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "spam/features.h"
#include "spam/judge.h"

static const char rules_text[] = "body A /free money/i\nuri B /example/\nnorm C /cheap/\nskel D /paypal/\ntflags D utf\nmeta E (A && __L)\n"
	"body __L eval:links(1)\nheader F Script =~ /Cyrl/\nrawbody G /^>/m\nfull H /x{3,}/\n";

static void check(struct arena *a, const struct ruleset *rules, const struct submission *in)
{
	struct judge_options o = judge_defaults();
	struct features *f;
	struct verdict *v, *back;
	struct facts facts;
	struct jv *j, *again;

	facts_init(&facts);
	if (spam_features(a, rules, in, NULL, &f, NULL) || spam_judge(a, f, &facts, &o, &v, NULL))
		return; /* out of memory: the arena is small */
	for (size_t i = 0; i < v->mark_count; i++) {
		struct slice field = strcmp(v->marks[i].field, "title") == 0 ? in->title : in->body;
		if (v->marks[i].start > v->marks[i].end || v->marks[i].end > field.len)
			abort();
	}
	j = verdict_json(v);
	if (j && verdict_read(a, j, &back, NULL) == ERR_OK) {
		again = verdict_json(back);
		if (again && !jv_equal(j, again))
			abort();
		jv_free(&again);
	}
	jv_free(&j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ruleset *rules;
	struct submission in = { .form_age_ms = -1 };
	struct slice text;
	const char *nul;
	struct arena *a;

	if (!rules) {
		struct cf_source source = { SLICE("a.cf"), slice_of(rules_text) };
		struct cf_errors errs;
		struct error e;
		cf_errors_init(&errs);
		if (features_build_rules(&source, 1, NULL, &rules, &errs, &e))
			abort();
		cf_errors_fini(&errs);
	}
	if (size < 2 || size > 16384)
		return 0;
	in.kind = (enum submission_kind)(data[0] % 5);
	in.channel = data[0] & 8 ? CHANNEL_CHAT : CHANNEL_FORM;
	in.brief = data[0] & 16;
	text = slice_make((const char *)data + 1, size - 1);
	if (!utf8_valid(text))
		return 0;
	nul = memchr(text.ptr, 0, text.len);
	in.body = text;
	if (nul) {
		size_t n = (size_t)(nul - text.ptr);
		in.title = slice_make(text.ptr, n);
		in.body = slice_from(text, n + 1);
		if (memchr(in.body.ptr, 0, in.body.len))
			return 0;
	}
	if (data[0] & 32)
		in.before = SLICE("free\nmoney at");
	a = arena_new(64 << 20);
	if (a)
		check(a, rules, &in);
	arena_free(&a);
	return 0;
}
