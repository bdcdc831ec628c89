/*
 * engine_bench: the rules of one .cf file over the texts of one file, as SpamAssassin and rspamd are given them beside us.
 *
 *     engine_bench RULES.cf TEXTS
 *
 * TEXTS holds messages (a subject line, an empty line, a body) that end in a NUL each. Prints one JSON line: microseconds of
 * CPU a message (everything from the text to the hits), and then, for each message, the names of the rules that hit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "spam/scan.h"

enum { FILE_MAX = 8 << 20, ROUNDS = 5 };

static void die(const char *why)
{
	fprintf(stderr, "engine_bench: %s\n", why);
	exit(1);
}

static struct slice read_all(const char *path)
{
	char *buf = malloc(FILE_MAX);
	FILE *f = fopen(path, "rb");

	if (!buf || !f)
		die(path);
	size_t n = fread(buf, 1, FILE_MAX, f);
	fclose(f);
	return slice_make(buf, n);
}

static void scan(struct arena *a, const struct ruleset *r, struct slice message, struct scan_result *out)
{
	const char *end = memmem(message.ptr, message.len, "\n\n", 2);
	struct surfaces s;
	struct error e;

	if (!end)
		die("a message without an empty line");
	size_t head = (size_t)(end - message.ptr);
	struct surface_input in = { .title = slice_make(message.ptr, head), .body = slice_from(message, head + 2) };
	if (surface_build(a, &in, &s, &e) || scan_run(r, &s, NULL, a, out, &e))
		die(e.message);
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new(64 << 20);
	struct cf_errors errs;
	struct ruleset *r;
	struct error e;
	int64_t spent = 0;
	size_t count = 0;

	if (argc != 3 || !a)
		die("usage: engine_bench RULES.cf TEXTS");
	struct slice texts = read_all(argv[2]);
	struct cf_source source = { SLICE("engine.cf"), read_all(argv[1]) };
	cf_errors_init(&errs);
	int64_t from = clock_mono_us();
	if (ruleset_build(&source, 1, NULL, &r, &errs, &e)) {
		for (size_t i = 0; i < errs.count; i++)
			fprintf(stderr, "line %u: %s\n", errs.list[i].line, errs.list[i].message);
		die("the rules are not ours");
	}
	double build_ms = (double)(clock_mono_us() - from) / 1000;
	/* The first round makes the machine code. */
	for (int round = 0; round <= ROUNDS; round++) {
		count = 0;
		for (struct slice left = texts; left.len; count++) {
			size_t len = strnlen(left.ptr, left.len);
			struct scan_result out;
			int64_t begun = clock_thread_us();
			scan(a, r, slice_make(left.ptr, len), &out);
			spent += round ? clock_thread_us() - begun : 0;
			arena_reset(a);
			left = slice_from(left, len + 1);
		}
	}
	printf("{\"us\":%.1f,\"build_ms\":%.1f,\"messages\":%zu,\"always\":%zu}\n", (double)spent / (double)(count * ROUNDS), build_ms, count,
	       ruleset_figures(r).always);
	for (struct slice left = texts; left.len;) {
		size_t len = strnlen(left.ptr, left.len);
		struct scan_result out;
		scan(a, r, slice_make(left.ptr, len), &out);
		for (size_t i = 0; i < out.hit_count; i++)
			printf("%s%s", i ? " " : "", ruleset_rule(r, out.hits[i].rule)->name);
		printf("\n");
		arena_reset(a);
		left = slice_from(left, len + 1);
	}
	ruleset_unref(&r);
	cf_errors_fini(&errs);
	arena_free(&a);
	return 0;
}
