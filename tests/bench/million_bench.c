/*
 * million_bench: a desk with a million entries.
 *
 *     million_bench fill DATA ENTRIES     fills a migrated data folder; prints seconds
 *     million_bench search DATA           looks for words of every frequency, as a moderator; one JSON line
 *
 * Texts are made of 4,000 words, of which some are said often and most are rare. The first 200 words are in nearly every text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/str.h"
#include "cli/house.h"
#include "desk/search.h"
#include "desk/talk.h"
#include "desk/ticket_ask.h"

enum { WORDS = 4000, A_TALK = 500, TEXT_WORDS = 40, SEARCHES = 1000 };

static char words[WORDS][16];
static uint64_t seed = 7;

static void die(const char *why)
{
	fprintf(stderr, "million_bench: %s\n", why);
	exit(1);
}

static unsigned below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static unsigned some_word(void)
{
	unsigned a = below(WORDS), b = below(WORDS);
	return (unsigned)((uint64_t)a * b / WORDS);
}

static void make_words(void)
{
	static const char *const parts[] = { "ba", "re", "ti", "con", "lo", "ma", "ne", "pro", "su", "vi", "ka", "der", "ing", "el", "or", "un", "sta", "che", "ri",
		"po" };
	for (size_t i = 0; i < WORDS; i++)
		snprintf(words[i], sizeof(words[i]), "%s%s%s%s", parts[i % 20], parts[i / 20 % 20], parts[i / 400 % 20], i % 3 ? parts[i % 19] : "");
}

struct lines {
	int64_t ticket;
	size_t count;
};

static enum err add_lines(struct db *db, void *self, struct error *e)
{
	const struct lines *l = self;
	struct str s;
	enum err rc = ERR_OK;

	str_init(&s, 4096);
	for (size_t i = 0; i < l->count && !rc; i++) {
		struct append entry = { .ticket = l->ticket, .now = clock_wall_ms(), .kind = ENTRY_MESSAGE, .author = i % 2 ? AUTHOR_HELPER : AUTHOR_ASKER,
			.audience = AUDIENCE_ALL, .author_name = SLICE("Somebody"), .index = true };
		int64_t n;
		str_reset(&s);
		for (int k = 0; k < TEXT_WORDS; k++)
			str_addf(&s, "%s ", words[some_word()]);
		entry.body = str_slice(&s);
		rc = talk_append(db, &entry, &n, e);
	}
	str_fini(&s);
	return rc;
}

static void fill(const char *folder, size_t entries)
{
	struct error e = { 0 };
	struct house h;
	struct db *db;
	struct arena *a = arena_new(1 << 20);
	int64_t from = clock_mono_ms();

	if (!a || house_open(&h, folder, false, &e) || db_open(folder, DB_READ, &db, &e))
		die(e.message);
	for (size_t done = 0; done < entries; done += A_TALK) {
		char text[80];
		struct asked asked;
		snprintf(text, sizeof(text), "How do I write about number %zu in the list of lighthouses?", done);
		struct ask in = { .body = slice_of(text), .lang = SLICE("en") };
		if (ticket_ask(&h.desk, db, a, &in, &asked, &e))
			die(e.message);
		struct lines l = { asked.ticket, A_TALK };
		if (writer_do(h.desk.writer, LANE_TALK, add_lines, &l, &e))
			die(e.message);
		arena_reset(a);
	}
	db_close(&db);
	house_close(&h);
	arena_free(&a);
	printf("{\"seconds\":%.0f}\n", (double)(clock_mono_ms() - from) / 1000);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* One search in three for one word, two words, a phrase; words from the most said to those that nobody says. */
static void look(const char *folder)
{
	static int64_t spent[SEARCHES];
	const struct actor who = { .role = ROLE_MODERATOR, .account = 1, .name = SLICE("Mora") };
	struct error e = { 0 };
	struct db *db;
	struct arena *a = arena_new(16 << 20);
	size_t found = 0;

	if (!a || db_open(folder, DB_READ, &db, &e))
		die(e.message);
	for (int i = 0; i < SEARCHES; i++) {
		char q[80];
		struct hits hits;
		const char *one = words[below(WORDS)], *two = words[some_word()];
		snprintf(q, sizeof(q), i % 3 == 0 ? "%s" : i % 3 == 1 ? "%s %s" : "\"%s %s\"", one, two);
		int64_t from = clock_mono_us();
		if (search_log(db, a, &who, slice_of(q), SLICE_NONE, &hits, &e))
			die(e.message);
		spent[i] = clock_mono_us() - from;
		found += hits.count;
		arena_reset(a);
	}
	qsort(spent, SEARCHES, sizeof(spent[0]), by_size);
	printf("{\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,\"found\":%zu}\n", (double)spent[SEARCHES / 2] / 1000,
		(double)spent[SEARCHES * 99 / 100] / 1000, (double)spent[SEARCHES - 1] / 1000, found);
	db_close(&db);
	arena_free(&a);
}

int main(int argc, char **argv)
{
	struct error e = { 0 };

	make_words();
	if (crypt_init(&e) || conf_load(NULL, &e))
		die(e.message);
	if (argc == 4 && strcmp(argv[1], "fill") == 0)
		fill(argv[2], (size_t)atol(argv[3]));
	else if (argc == 3 && strcmp(argv[1], "search") == 0)
		look(argv[2]);
	else
		die("usage: million_bench fill DATA ENTRIES | search DATA");
	return 0;
}
