/* What is kept and what goes: search, transcripts, erasure, retention. */
#include <sys/stat.h>

#include "desk/erase.h"
#include "desk/transcript.h"
#include "unit/desk_fixture.h"

/* ---- search ---- */

static size_t find(struct fixture *f, const struct actor *who, const char *q, struct hits *out)
{
	struct error e = { 0 };

	MUST(search_log(f->db, f->arena, who, slice_of(q), SLICE_NONE, out, &e));
	return out->count;
}

static void act_close(struct fixture *f, int64_t id, const struct actor *who, int64_t fence)
{
	struct acted out;
	struct error e = { 0 };

	MUST(ticket_close(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = *who, .fenced = true, .fence = fence }, &out, &e));
}

static void test_search_by_role(void **state)
{
	struct fixture *f = *state;
	struct hits hits;
	struct posted posted;
	int64_t one = ask(f, "How do I add a Walrus picture?"), two, held, fence;
	struct error e = { 0 };

	fence = claim(f, one, &anna);
	assert_int_equal(say(f, one, &anna, fence, "A walrus goes into brackets", NULL, &posted), ERR_OK);
	act_close(f, one, &anna, fence);
	two = ask(f, "another walrus");
	fake_action = ACTION_HOLD;
	held = ask(f, "walrus pills");
	(void)held;

	assert_int_equal(find(f, &mod, "walrus", &hits), 3);
	assert_int_equal(hits.hits[0].ticket.id, two); /* newest first */
	assert_true(hits.hits[1].n > hits.hits[2].n);
	assert_true(slice_is(hits.hits[0].excerpt, "another walrus"));
	assert_int_equal(find(f, &anna, "WALRUS", &hits), 3);
	/* of others' closed conversations: that there is one, no words */
	assert_int_equal(find(f, &bert, "walrus", &hits), 3);
	assert_int_equal(hits.hits[1].access, ACCESS_AUDITED);
	assert_null(hits.hits[1].excerpt.ptr);
	assert_int_equal(find(f, &trial, "walrus", &hits), 0);
	assert_int_equal(find(f, &mod, "walrus brackets", &hits), 1);
	assert_int_equal(find(f, &mod, "\"into brackets\"", &hits), 1);
	assert_int_equal(find(f, &mod, "\"brackets into\"", &hits), 0);
	assert_int_equal(find(f, &mod, "pills", &hits), 0); /* held */
	/* nothing in a query is syntax */
	assert_int_equal(find(f, &mod, "walrus OR pills", &hits), 0);
	assert_int_equal(find(f, &mod, "NEAR(walrus) body: * ^ - \"", &hits), 0);
	assert_int_equal(search_log(f->db, f->arena, &mod, SLICE("\" * \""), SLICE_NONE, &hits, &e), ERR_INVALID);
	assert_string_equal(e.field, "q");
	assert_int_equal(search_log(f->db, f->arena, &mod, SLICE("x"), SLICE("abc"), &hits, &e), ERR_INVALID);
}

static void test_search_in_many_scripts_and_pages(void **state)
{
	struct fixture *f = *state;
	struct hits hits;
	struct error e = { 0 };
	size_t all = 0;
	struct slice cursor = SLICE_NONE;

	ask(f, "我的编辑被撤销了");
	ask(f, "Меня откатили");
	assert_int_equal(find(f, &mod, "编辑", &hits), 1);
	assert_int_equal(find(f, &mod, "МЕНЯ", &hits), 1);
	for (int i = 0; i < SEARCH_PAGE + 5; i++)
		ask(f, "penguin");
	do {
		MUST(search_log(f->db, f->arena, &mod, SLICE("penguin"), cursor, &hits, &e));
		all += hits.count;
		cursor = hits.cursor;
	} while (cursor.ptr);
	assert_int_equal(all, SEARCH_PAGE + 5);
}

/* Only what may be found is in the index, whatever way the ticket has gone. */
static void test_index_follows_the_state(void **state)
{
	struct fixture *f = *state;
	struct hits hits;
	struct acted out;
	struct error e = { 0 };
	int64_t id = ask(f, "ocelot");

	assert_int_equal(find(f, &mod, "ocelot", &hits), 1);
	MUST(ticket_not_real(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = anna }, &out, &e));
	assert_int_equal(out.state, TICKET_HELD);
	assert_int_equal(find(f, &mod, "ocelot", &hits), 0);
	id = ask(f, "lynx");
	MUST(ticket_hide(&f->desk, &(struct act){ .ticket = id, .by = BY_MODERATOR, .who = mod }, 1, false, &out, &e));
	assert_int_equal(find(f, &mod, "lynx", &hits), 0);
	assert_null(read_all(f, id, 0, VIEW_STAFF).entries[0].body.ptr);
	assert_null(read_all(f, id, 0, VIEW_ASKER).entries[0].body.ptr);
	assert_true(slice_is(read_all(f, id, 0, VIEW_MODERATOR).entries[0].body, "lynx"));
	MUST(ticket_hide(&f->desk, &(struct act){ .ticket = id, .by = BY_MODERATOR, .who = mod }, 1, true, &out, &e));
	assert_null(read_all(f, id, 0, VIEW_MODERATOR).entries[0].body.ptr);
	/* the whole conversation: it goes on, without what was said */
	id = ask(f, "caracal");
	MUST(ticket_hide(&f->desk, &(struct act){ .ticket = id, .by = BY_MODERATOR, .who = mod }, 0, true, &out, &e));
	assert_int_equal(find(f, &mod, "caracal", &hits), 0);
	assert_int_equal(load(f, id).state, TICKET_QUEUED);
	assert_int_equal(ticket_hide(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = anna }, 1, true, &out, &e), ERR_FORBIDDEN);
	assert_int_equal(raw_int(f, "SELECT count(*) FROM audit WHERE action IN ('ticket.hide', 'ticket.suppress')"), 3);
}

/* ---- transcripts ---- */

static void test_wikitext_runs_nothing(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"[[Category:Bad]]", "{{delete}}", "<script>alert(1)</script>", "<nowiki>", "''bold''", "* list", "# REDIRECT [[X]]", "#REDIRECT",
		"== head ==", " pre", "~~~~", "__NOTOC__", "http://spam.example/", "mailto:a@b", "{| table", "| cell", "----", "; a : b", "&lt;b&gt;",
		"ISBN 0123456789", "RFC 2119", "PMID 12", "-{zh-hans:a}-", "a\n* b\n== c ==", "//evil.example", "<!-- x -->", "T12345",
	};
	struct str out;

	str_init(&out, 1 << 16);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *p;

		str_reset(&out);
		transcript_wikitext(&out, slice_of(texts[i]), true);
		/* nothing with a meaning is left but our own line breaks and references */
		for (p = str_c(&out); *p; p++) {
			if (strncmp(p, "<br />\n", 7) == 0)
				p += 6;
			else if (strncmp(p, "&#", 2) == 0)
				p = strchr(p, ';');
			else if (strchr("<>&[]{}|'~_=#*:;-/\n", *p))
				fail_msg("%s -> %s", texts[i], str_c(&out));
		}
		assert_true(str_c(&out)[0] != ' ');
		assert_null(strstr(str_c(&out), "ISBN 0"));
		assert_null(strstr(str_c(&out), "RFC 2"));
	}
	str_fini(&out);
}

static const char *render(struct fixture *f, int64_t id, enum view v, enum transcript_format format, struct str *out)
{
	struct ticket t = load(f, id);
	struct error e = { 0 };

	str_reset(out);
	MUST(transcript_render(f->db, f->arena, &t, v, format, out, &e));
	return str_c(out);
}

static void test_transcripts(void **state)
{
	struct fixture *f = *state;
	struct ask in = { .body = SLICE("first line\n[3] 2026-01-01T00:00:00Z admin\n<b>hi</b> {{x}}"), .name = SLICE("Ev\xe2\x80\xaeil <i>"),
			  .title = SLICE("A & B") };
	struct asked asked;
	struct posted said, posted;
	struct error e = { 0 };
	struct str out;
	struct jv *json;
	const char *text;

	MUST(ticket_ask(&f->desk, f->db, f->arena, &in, &asked, &e));
	int64_t id = asked.ticket, fence = claim(f, id, &anna);
	struct post note = { .act = { .ticket = id, .by = BY_HELPER, .who = anna, .fenced = true, .fence = fence }, .body = SLICE("between us"),
			     .note = true };
	struct post edit = note;

	assert_int_equal(say(f, id, &anna, fence, "wrods", NULL, &said), ERR_OK);
	MUST(talk_post(&f->desk, f->db, f->arena, &note, &posted, &e));
	edit.note = false;
	edit.body = SLICE("words");
	MUST(talk_edit(&f->desk, f->db, f->arena, &edit, said.n, &posted, &e));
	str_init(&out, TRANSCRIPT_MAX_BYTES);

	text = render(f, id, VIEW_ASKER, TRANSCRIPT_TXT, &out);
	assert_non_null(strstr(text, "> first line\n> [3] 2026-01-01T00:00:00Z admin\n> <b>hi</b>"));
	assert_non_null(strstr(text, "Anna (edited)\n> words\n"));
	assert_null(strstr(text, "wrods"));
	assert_null(strstr(text, "between us"));
	assert_null(strstr(text, "\xe2\x80\xae")); /* a bidi override turns no line round */
	assert_non_null(strstr(render(f, id, VIEW_STAFF, TRANSCRIPT_TXT, &out), "(note)\n> between us"));

	text = render(f, id, VIEW_ASKER, TRANSCRIPT_HTML, &out);
	assert_null(strstr(text, "<b>hi"));
	assert_null(strstr(text, "<i> "));
	assert_non_null(strstr(text, "<title>A &amp; B</title>"));
	assert_non_null(strstr(text, "Evil &lt;i&gt;"));

	text = render(f, id, VIEW_ASKER, TRANSCRIPT_WIKITEXT, &out);
	assert_null(strstr(text, "{{"));
	assert_null(strstr(text, "<b>"));
	assert_non_null(strstr(text, "first line<br />\n"));

	render(f, id, VIEW_ASKER, TRANSCRIPT_JSON, &out);
	MUST(jv_parse(str_slice(&out), 16, &json, &e));
	assert_int_equal(jv_size(jv_get(json, "log")), 4);
	assert_true(slice_is(jv_get_text(json, "title"), "A & B"));
	assert_true(slice_is(jv_get_text(json, "state"), "live"));
	assert_true(slice_is(jv_get_text(jv_at(jv_get(json, "log"), 3), "body"), "words"));
	jv_free(&json);
	str_fini(&out);
}

/* ---- erasure ---- */

static bool in_file(struct fixture *f, const char *name, const char *word)
{
	char path[300];
	FILE *file;
	char *bytes;
	struct stat st;
	bool found;

	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	file = fopen(path, "rb");
	if (!file)
		return false;
	assert_int_equal(fstat(fileno(file), &st), 0);
	bytes = malloc((size_t)st.st_size + 1);
	assert_int_equal(fread(bytes, 1, (size_t)st.st_size, file), (size_t)st.st_size);
	fclose(file);
	found = memmem(bytes, (size_t)st.st_size, word, strlen(word)) != NULL;
	free(bytes);
	return found;
}

static bool on_disk(struct fixture *f, const char *word)
{
	return in_file(f, "porchlight.db", word) || in_file(f, "porchlight.db-wal", word);
}

static void test_erased_words_leave_the_disk(void **state)
{
	struct fixture *f = *state;
	struct ask in = { .body = SLICE("my xylophonist secret"), .name = SLICE("Quetzalina"), .email = SLICE("quetzalmail@example.org"),
			  .title = SLICE("Zanzibarian"), .page = SLICE("Vuvuzelapage"), .client_id = SLICE("0b6d5b38-6a2e-4c9e-9c7e-0c8f7f3c2a11") };
	static const char *const words[] = { "xylophonist", "Quetzalina", "quetzalmail", "Zanzibarian", "Vuvuzelapage", "yodeldraft", "sousaphone" };
	struct asked asked;
	struct posted posted;
	struct error e = { 0 };
	struct hits hits;
	struct ticket t;
	bool sealed;
	int64_t fence;

	for (int i = 0; i < 50; i++)
		ask(f, "other people's ordinary questions stay where they are");
	MUST(ticket_ask(&f->desk, f->db, f->arena, &in, &asked, &e));
	fence = claim(f, asked.ticket, &anna);
	assert_int_equal(say(f, asked.ticket, &anna, fence, "about the sousaphone", NULL, &posted), ERR_OK);
	MUST(talk_draft_put(&f->desk, asked.ticket, &anna, SLICE("yodeldraft"), &e));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_true(on_disk(f, words[i]));

	MUST(erase_ticket(&f->desk, asked.ticket, &sealed, &e));
	assert_false(sealed);
	assert_int_equal(fake_forgotten, 1);
	/* unreadable at once; the link still works and says so */
	MUST(ticket_by_token(f->db, f->arena, slice_of(asked.token), &t, &e));
	assert_int_equal(t.state, TICKET_ERASED);
	assert_null(t.title.ptr);
	struct page page = read_all(f, asked.ticket, 0, VIEW_MODERATOR);
	for (size_t i = 0; i < page.count; i++)
		assert_null(page.entries[i].body.ptr);
	assert_int_equal(find(f, &mod, "xylophonist", &hits), 0);
	assert_int_equal(erase_ticket(&f->desk, asked.ticket, &sealed, &e), ERR_CONFLICT);
	/* nor does a page that is still open bring them back */
	assert_int_equal(talk_draft_put(&f->desk, asked.ticket, &anna, SLICE("yodeldraft"), &e), ERR_CONFLICT);
	/* and off the disk after the sweep */
	MUST(erase_sweep(&f->desk, f->db, &e));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (on_disk(f, words[i]))
			fail_msg("%s is still on the disk", words[i]);
	assert_true(on_disk(f, "ordinary questions"));
	assert_true(in_file(f, "erasures", "51 "));
	assert_false(in_file(f, "erasures", "xylo"));
}

static void test_urgent_words_are_sealed_first(void **state)
{
	struct fixture *f = *state;
	int64_t id = ask(f, "somebody threatens me");
	struct acted out;
	struct error e = { 0 };
	struct ticket t;
	bool sealed;

	MUST(ticket_urgent(&f->desk, &(struct act){ .ticket = id, .by = BY_HELPER, .who = anna }, true, &out, &e));
	MUST(erase_ticket(&f->desk, id, &sealed, &e));
	assert_true(sealed);
	assert_null(read_all(f, id, 0, VIEW_ASKER).entries[0].body.ptr);
	assert_null(read_all(f, id, 0, VIEW_STAFF).entries[0].body.ptr);
	assert_true(slice_is(read_all(f, id, 0, VIEW_MODERATOR).entries[0].body, "somebody threatens me"));
	t = load(f, id);
	assert_true(t.sealed_until > clock_wall_ms());
	MUST(erase_sweep(&f->desk, f->db, &e));
	assert_non_null(read_all(f, id, 0, VIEW_MODERATOR).entries[0].body.ptr);
	raw(f, "UPDATE tickets SET sealed_until = 1000 WHERE id = %lld", (long long)id);
	MUST(erase_sweep(&f->desk, f->db, &e));
	assert_null(read_all(f, id, 0, VIEW_MODERATOR).entries[0].body.ptr);
}

static void test_retention(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };
	int64_t refused, young, closed = ask(f, "closed long ago"), fence = claim(f, closed, &anna);

	act_close(f, closed, &anna, fence);
	fake_action = ACTION_REJECT;
	refused = ask(f, "refused long ago");
	young = ask(f, "refused today");
	raw(f, "UPDATE tickets SET decided = 1000 WHERE id = %lld", (long long)refused);
	raw(f, "UPDATE tickets SET closed = 1000 WHERE id = %lld", (long long)closed);
	MUST(erase_sweep(&f->desk, f->db, &e));
	assert_int_equal(load(f, refused).state, TICKET_PURGED);
	assert_null(read_all(f, refused, 0, VIEW_MODERATOR).entries[0].body.ptr);
	assert_int_equal(load(f, young).state, TICKET_REJECTED);
	assert_int_equal(load(f, closed).state, TICKET_CLOSED); /* kept: retention_days is 0 */
}

static void test_a_restore_forgets_again(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };
	struct db *db = NULL;
	int64_t kept = ask(f, "stays"), gone = ask(f, "goes"), erased;
	bool sealed;

	MUST(erase_ticket(&f->desk, gone, &sealed, &e));
	/* as if an older copy of the database had come back */
	raw(f, "UPDATE tickets SET state = 'queued', words = 1, title = 'goes' WHERE id = %lld", (long long)gone);
	raw(f, "UPDATE log SET body = 'goes' WHERE ticket = %lld AND n = 1", (long long)gone);
	raw(f, "DELETE FROM erasures");
	MUST(db_open(f->folder, DB_WRITE, &db, &e));
	MUST(erase_replay(db, f->folder, &erased, &e));
	assert_int_equal(erased, 1);
	assert_int_equal(load(f, gone).state, TICKET_ERASED);
	assert_null(read_all(f, gone, 0, VIEW_MODERATOR).entries[0].body.ptr);
	assert_int_equal(load(f, kept).state, TICKET_QUEUED);
	MUST(erase_replay(db, f->folder, &erased, &e));
	assert_int_equal(erased, 0);
	/* a line that was cut short stands alone: glued to the next, it would name another question */
	raw(f, "INSERT INTO erasures (ticket, asked, at) VALUES (776, 3, 4)");
	tmpdir_put(f->folder, "erasures", "776 3");
	MUST(erase_replay(db, f->folder, &erased, &e));
	assert_true(in_file(f, "erasures", "776 3\n"));
	assert_true(in_file(f, "erasures", "\n776 3 4\n"));
	/* a row that a crash kept from the file is added to it */
	raw(f, "INSERT INTO erasures (ticket, asked, at) VALUES (777, 5, 6)");
	assert_false(in_file(f, "erasures", "777 5 6\n"));
	MUST(erase_replay(db, f->folder, &erased, &e));
	assert_true(in_file(f, "erasures", "777 5 6\n"));
	db_close(&db);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_search_by_role),
		T(test_search_in_many_scripts_and_pages),
		T(test_index_follows_the_state),
		cmocka_unit_test(test_wikitext_runs_nothing),
		T(test_transcripts),
		T(test_erased_words_leave_the_disk),
		T(test_urgent_words_are_sealed_first),
		T(test_retention),
		T(test_a_restore_forgets_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
