/* The shipped rules: they compile, pass their own tests, and do not harm good questions in any language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crypt.h"
#include "cli/input.h"
#include "cli/rules_eval.h"
#include "desk/rulebook_files.h"
#include "spam/features.h"
#include "spam/judge.h"
#include "unit/practice.h"

static struct ruleset *rules;

static int build(void **state)
{
	struct rule_set set;
	struct cf_errors errs;
	struct cf_source *sources;
	struct error e = { 0 };
	enum err err;

	(void)state;
	if (crypt_init(&e) || rule_set_embedded(&set, &e))
		return -1;
	sources = rule_set_sources(&set);
	cf_errors_init(&errs);
	err = features_build_rules(sources, set.count, NULL, &rules, &errs, &e);
	for (size_t i = 0; i < errs.count; i++)
		print_error("%s:%u:%u: %s\n", errs.list[i].file, errs.list[i].line, errs.list[i].column, errs.list[i].message);
	err = err || errs.count ? ERR_INVALID : ERR_OK; /* warnings too: ours have none */
	cf_errors_fini(&errs);
	free(sources);
	rule_set_fini(&set);
	return err ? -1 : 0;
}

static int drop(void **state)
{
	(void)state;
	ruleset_unref(&rules);
	return 0;
}

static void every_refusing_or_holding_rule_is_explained(void **state)
{
	size_t tested = 0;

	(void)state;
	for (size_t i = 0; i < ruleset_count(rules); i++) {
		const struct rule *r = ruleset_rule(rules, i);
		if (!r->listed)
			continue;
		if (!r->describe[0])
			fail_msg("%s has no describe line", r->name);
		if (r->action == CF_REJECT && !r->note[0])
			fail_msg("%s can refuse and has no note", r->name);
		/* Two kinds cannot be tested by a line of text: lists, and rules that look at who writes. */
		if (r->tests < 2 && strncmp(r->name, "LIST_", 5) != 0 && strncmp(r->name, "HELPER_", 7) != 0)
			fail_msg("%s has fewer than two test lines", r->name);
		tested += r->tests > 0;
	}
	assert_true(tested >= 25);
}

static enum action judged(const char *title, const char *body, enum channel channel, struct verdict **out)
{
	static struct arena *a;
	struct submission in = { .kind = SUBMIT_QUESTION, .channel = channel, .title = slice_of(title), .body = slice_of(body), .form_age_ms = -1 };
	struct judge_options o = judge_defaults();
	struct features *f;
	struct facts facts;
	struct verdict *v;
	struct error e = { 0 };

	if (!a)
		a = arena_new(64 << 20);
	arena_reset(a);
	facts_init(&facts);
	assert_int_equal(spam_features(a, rules, &in, NULL, &f, &e), ERR_OK);
	assert_int_equal(spam_judge(a, f, &facts, &o, &v, &e), ERR_OK);
	if (out)
		*out = v;
	return v->action;
}

/* What newcomers write that looks like something else. */
static const char *const good[] = {
	"I want to add the price of 20 million dollars to the article. My source is https://example.com/news?id=12, is it good enough?",
	"The phone number of the museum in the infobox is wrong, it should be +44 20 7946 0958. How do I change it?",
	"My draft at https://en.wikipedia.org/wiki/Draft:Example was declined because of missing sources, here they are: https://example.org/a https://example.org/b https://example.net/c",
	"Why was my edit about the casino in Monte Carlo reverted? I only added the year it was built.",
	"Someone wrote that Viagra was discovered in 1989. Where can I find a better source?",
	"How do I use {{cite web|url=http://example.com|title=Free money}} in an article?",
	"int main(void) { char *p = malloc(100); printf(\"%d$\", 5); return 0; } gives an error, see https://example.com/paste/123",
	"Hello, my account has been blocked. I work for the company and only wanted to correct our phone number.",
	"I forgot my password and have no e-mail address in my account. What can I do?",
	"Ich habe ein Konto, aber mein Passwort geht nicht mehr. Können Sie mir eine E-Mail an name@example.org schicken?",
	"Wie kann ich den Umsatz von 5 Mio. € in die Infobox der Firma eintragen? Quelle: https://example.de/bericht.pdf",
	"Bitte löschen Sie den Artikel über unsere Firma, Telefon 030 5550123, wir haben das nicht geschrieben.",
	"¿Cómo puedo añadir el número de teléfono y el precio de la entrada (15 €) al artículo del museo?",
	"Mi cuenta ha sido bloqueada y no sé por qué. ¿Pueden ayudarme?",
	"Почему мою статью о банке удалили? Я добавил ссылки на сайт и три источника.",
	"Как указать в статье, что зарплата составляла 500 рублей в месяц? Источник: книга 1985 года.",
	"Mon article sur le casino d'Enghien a été supprimé, pourquoi ?",
	"Como posso corrigir o preço do ingresso (R$ 20) no artigo do estádio?",
	"كيف يمكنني إضافة صورة إلى مقالتي؟ لقد حاولت مرتين ولم تنجح.",
	"چگونه می‌توانم نام کاربری‌ام را عوض کنم؟ من می‌خواهم با نام خودم بنویسم.",
	"मैं अपने लेख में चित्र कैसे जोड़ सकता हूँ?",
	"请问怎样在条目里加入参考来源？我的编辑被撤销了。",
	"記事に画像を追加するにはどうすればいいですか？",
	"Our company page was deleted yesterday. We are a manufacturer of pianos and only wrote what is on https://piano.example.com - please restore it.",
	"I found a cheap and free tool for this at https://example.org/tool, it may help whoever answers.",
	"The hotel's name has changed, see https://hotel.example.com/history. I tried to edit the infobox but it shows an error.",
	"Hello everyone, I am new here and want to write about my grandfather, who was a painter.",
	"I cannot log in. It says my password has expired and that I should contact an administrator.",
	"Die Hotline der Bahn ist 030 2970, im Artikel steht eine alte Nummer.",
	"Der Verein hat seine Seite verschoben: https://verein.example.de/neu. Bitte den Link im Artikel ändern.",
	"La empresa cambió de nombre en 2020, la fuente es https://empresa.example.es/historia y no puedo editar.",
	"Компания переименована, источник https://example.ru/novosti. Не получается сохранить правку.",
	"La page de mon village contient une erreur : le maire a changé, voir https://mairie.example.fr",
	"hi",
	"pls help!!! my article is gone 😭😭",
	"WHY WAS MY PAGE DELETED",
};

static void good_questions_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct verdict *v;
		if (judged(NULL, good[i], CHANNEL_FORM, &v) != ACTION_ACCEPT)
			fail_msg("held at %.2f by %.*s: %s", v->score, SLICE_ARG(v->hits[0].rule), good[i]);
		if (judged(good[i], "Please see above.", CHANNEL_FORM, &v) != ACTION_ACCEPT)
			fail_msg("held as a title at %.2f by %.*s: %s", v->score, SLICE_ARG(v->hits[0].rule), good[i]);
	}
}

/* Hiding a word does not help. */
static const char *const hidden[] = {
	"Buy ch<b></b>eap vi<i>ag</i>ra without prescription, order now http://example.com",
	"Buy cheap v i a g r a without prescription, order now http://example.com",
	"Buy cheap v\xd1\x96\xd0\xb0gr\xd0\xb0 without prescription, order now http://example.com",
	"Buy cheap vi\xe2\x80\x8b" "ag\xe2\x80\x8bra without prescription, order now http://example.com",
	"Buy cheap \xef\xbd\x96\xef\xbd\x89\xef\xbd\x81\xef\xbd\x87\xef\xbd\x92\xef\xbd\x81 without prescription, order now http://example.com",
};

static void hidden_words_are_seen(void **state)
{
	(void)state;
	assert_int_equal(judged(NULL, "Buy cheap viagra without prescription, order now http://example.com", CHANNEL_FORM, NULL), ACTION_HOLD);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (judged(NULL, hidden[i], CHANNEL_FORM, NULL) == ACTION_ACCEPT)
			fail_msg("passes: %s", hidden[i]);
}

static void hostile_texts_are_survived(void **state)
{
	static char big[64 * 1024 + 1];
	const char *const units[] = { "a", " ", "\xcc\x81", "http://", "<b>", "((((", "1 ", "@", "\xe2\x80\x8d", "[[", "&#", "a.b." };

	(void)state;
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
		size_t n = strlen(units[u]), at = 0;
		while (at + n < sizeof(big)) {
			memcpy(big + at, units[u], n);
			at += n;
		}
		big[at] = 0;
		judged(NULL, big, CHANNEL_FORM, NULL);
	}
	snprintf(big, sizeof(big), "http://example.com/%060000d", 0);
	judged(NULL, big, CHANNEL_CHAT, NULL);
}

static int64_t number(const struct jv *v, const char *a)
{
	return jv_int_of(jv_get(v, a));
}

static void check_language(const char *file, struct slice lang, const struct jv *ham)
{
	int64_t held = number(ham, "challenge") + number(ham, "hold"), rejected = number(ham, "reject"), all = held + rejected + number(ham, "accept");

	if (!all)
		return;
	print_message("# %s %.*s: ham %lld, held %lld, rejected %lld\n", file, SLICE_ARG(lang), (long long)all, (long long)held, (long long)rejected);
	assert_int_equal(rejected, 0);
	if (held * 200 > all)
		fail_msg("%s: more than 0.5 %% of the good texts in %.*s are held", file, SLICE_ARG(lang));
}

static void good_texts_of_the_practice_ground_pass(void **state)
{
	static const char *const files[] = { "sms", "telegram", "stackexchange_requests", "questions_en_es_de_ru", "ubuntu_help_chat" };
	struct rules_eval_options o = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char name[100], path[PRACTICE_PATH_BYTES];
		struct jv *v = NULL, *lang_counts;
		struct slice lang;
		struct error e = { 0 };
		struct str text;
		void *at = NULL;
		snprintf(name, sizeof(name), "corpus/%s.jsonl", files[i]);
		if (!practice_path(path, name))
			return;
		str_init(&text, 64 << 20);
		if (input_read(path, &text, &e))
			fail_msg("%s", e.message);
		if (rules_eval(rules, str_slice(&text), &o, &v, &e))
			fail_msg("%s: %s", files[i], e.message);
		while (jv_next(jv_get(v, "by_lang"), &at, &lang, &lang_counts))
			check_language(files[i], lang, jv_get(lang_counts, "ham"));
		jv_free(&v);
		str_fini(&text);
	}
}

/* A word cut in two by the end of a line, of which a rule in quarantine may not be asked: it is not known, and so not nothing. */
static void trouble_at_a_seam_is_told(void **state)
{
	struct cf_source source = { SLICE("a.cf"), SLICE("body RULE /violet/\n") };
	const unsigned char quarantined[] = { RULE_LIFE_QUARANTINED };
	struct submission in = { .kind = SUBMIT_LINE, .channel = CHANNEL_CHAT, .before = SLICE("I like vio"), .body = SLICE("let lanterns"), .form_age_ms = -1 };
	struct arena *a = arena_new(4 << 20);
	struct cf_errors errs;
	struct ruleset *r;
	struct features *f;
	struct error e = { 0 };

	(void)state;
	cf_errors_init(&errs);
	assert_int_equal(ruleset_build(&source, 1, NULL, &r, &errs, &e), ERR_OK);
	assert_int_equal(spam_features(a, r, &in, &(struct features_options){ .no_builtin = true, .life = quarantined }, &f, &e), ERR_OK);
	assert_int_equal(f->hit_count, 1);
	assert_true(f->hits[0].error);
	in.body = SLICE("lanterns");
	assert_int_equal(spam_features(a, r, &in, &(struct features_options){ .no_builtin = true, .life = quarantined }, &f, &e), ERR_OK);
	assert_int_equal(f->hit_count, 0);
	ruleset_unref(&r);
	cf_errors_fini(&errs);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusing_or_holding_rule_is_explained),
		cmocka_unit_test(trouble_at_a_seam_is_told),
		cmocka_unit_test(good_questions_pass),
		cmocka_unit_test(hidden_words_are_seen),
		cmocka_unit_test(hostile_texts_are_survived),
		cmocka_unit_test(good_texts_of_the_practice_ground_pass),
	};
	return cmocka_run_group_tests_name("rules", tests, build, drop);
}
