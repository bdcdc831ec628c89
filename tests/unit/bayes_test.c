/* The language of a text, and what words say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "spam/bayes.h"

static const char *language(const char *text)
{
	static char out[LANGUAGE_BYTES];
	bool told = language_of(slice_of(text), out);
	assert_int_equal(told, out[0] != 0);
	return out;
}

static void languages_by_their_words(void **state)
{
	static const struct {
		const char *lang, *text;
	} texts[] = {
		{ "en", "how do i add a picture to the article about my village?" },
		{ "en", "pls call me when you get this" },
		{ "de", "wie kann ich ein bild zu der seite über mein dorf hinzufügen?" },
		{ "fr", "comment puis-je ajouter une image à la page de mon village ?" },
		{ "es", "¿cómo puedo añadir una imagen a la página de mi pueblo?" },
		{ "pt", "como posso pôr uma imagem na página da minha aldeia, e quem a vê?" },
		{ "it", "come posso aggiungere una foto alla pagina del mio paese?" },
		{ "nl", "hoe kan ik een foto toevoegen aan het artikel over mijn dorp?" },
		{ "pl", "jak mogę dodać zdjęcie do strony o mojej wsi?" },
		{ "cs", "jak můžu přidat obrázek na stránku o mé vesnici?" },
		{ "sv", "hur kan jag lägga till en bild på sidan om min by?" },
		{ "tr", "köyüm için olan sayfaya nasıl bir resim ekleyebilirim?" },
		{ "id", "bagaimana saya bisa menambahkan gambar ke halaman desa saya?" },
		{ "vi", "làm sao để tôi thêm ảnh vào trang về làng của tôi?" },
		{ "ru", "как мне добавить картинку на страницу о моей деревне?" },
		{ "uk", "як мені додати світлину до сторінки про моє місто і його історію?" },
		{ "ar", "كيف يمكنني إضافة صورة إلى الصفحة؟" },
		{ "fa", "چگونه می‌توانم عکسی به این صفحه اضافه کنم؟" },
		{ "hi", "मैं अपने गाँव के पन्ने पर चित्र कैसे जोड़ूँ?" },
		{ "zh", "我怎样在条目里添加图片？" },
		{ "ja", "この記事に写真を追加するにはどうすればいいですか" },
		{ "ko", "문서에 그림을 어떻게 넣나요?" },
		{ "th", "ฉันจะเพิ่มรูปภาพในบทความได้อย่างไร" },
		{ "el", "πώς μπορώ να προσθέσω μια εικόνα στη σελίδα;" },
		{ "de", "hast du schon alles?" },
		{ "fr", "oui, je vais voir demain" },
		{ "en", "okay, maybe later tonight" },
		{ "tr", "tamam hocam, yarin aksam gelirim" },
		{ "tr", "buyuk indirim basladi, son gun 5 agustos" },
		{ "tr", "düzeltme gönderdim, şimdi nasıl görünüyor?" },
		{ "id", "kalo grup itu aku jarang baca, udah telat deh" },
		{ "pt", "vc nao sabe onde esta a pagina?" },
		{ "de", "koennen wir das spaeter noch aendern?" },
		{ "en", "is this the right page: https://exemplo.com.br/em-que-mas-para/com.html" },
		{ "hi", "bhai mera page kahan gaya, kal tak toh tha" },
		{ "zh", "你好" },
		{ "ru", "скачал photoshop и windows 11, не могу открыть https://example.org/download/page" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(language(texts[i].text), texts[i].lang) != 0)
			fail_msg("\"%s\" is %s, not %s", texts[i].text, texts[i].lang, language(texts[i].text));
}

static void what_cannot_be_told_is_not_guessed(void **state)
{
	(void)state;
	assert_string_equal(language(""), "");
	assert_string_equal(language("12345 67 890"), "");
	assert_string_equal(language("xqzw vbnm"), "");
	assert_string_equal(language("https://example.org/"), "");
	assert_string_equal(language("http://shop.example.com/para-voce?mas=nao"), "");
	assert_string_equal(language("www.example.com info@example.com example.com"), "");
	assert_string_equal(language("\xff\xfe\xfd"), "");
	assert_false(language_of(SLICE_NONE, (char[LANGUAGE_BYTES]){ 0 }));
}

static const char *labelled(const char *text, const char *label)
{
	static char out[LANGUAGE_BYTES];
	bool told = language_labelled(slice_of(text), slice_of(label), out);
	assert_int_equal(told, out[0] != 0);
	return out;
}

static void a_label_is_believed_where_the_letters_allow(void **state)
{
	(void)state;
	assert_string_equal(labelled("xqzw vbnm", "en"), "en");
	assert_string_equal(labelled("xqzw vbnm", ""), "");
	assert_string_equal(labelled("xqzw vbnm", NULL), "");
	assert_string_equal(labelled("xqzw vbnm", "ru"), "ru");
	assert_string_equal(labelled("xqzw vbnm", "und"), "");
	assert_string_equal(labelled("12345", "tr"), "tr");
	assert_string_equal(labelled("tm", "tr"), "tr");
	assert_string_equal(labelled("how do i add a picture to the article about my village?", "ru"), "en");
	assert_string_equal(labelled("хм, глокая куздра", "uk"), "uk");
	/* Hindi is written in two scripts, and neither excludes the other. */
	assert_string_equal(labelled("माझे पान कुठे आहे", "hi"), "hi");
	assert_string_equal(labelled("xqzw vbnm", "hi"), "hi");
	assert_string_equal(labelled("bhai mera page kahan gaya", "ru"), "hi");
}

static struct arena *arena;
static struct crypt_key key;

static struct bayes_text read_text(const char *text)
{
	struct shape shape = { .bytes = (int64_t)strlen(text) };
	struct bayes_text t;
	struct error e;
	assert_int_equal(bayes_read(arena, slice_of(text), &shape, &key, "en", &t, &e), ERR_OK);
	return t;
}

static const struct bayes_token *token(const struct bayes_text *t, const char *first, const char *second)
{
	for (size_t i = 0; i < t->count; i++)
		if (slice_is(t->tokens[i].first, first) && (second ? slice_is(t->tokens[i].second, second) : !t->tokens[i].second.ptr))
			return &t->tokens[i];
	return NULL;
}

static void words_pairs_and_signs(void **state)
{
	struct bayes_text t = read_text("buy the cheapest watches at www.shop.example for £25 now!!!"), u = read_text("pay £37"), thai = read_text("ฉันรักเธอ");

	(void)state;
	assert_non_null(token(&t, "cheapest", NULL));
	assert_non_null(token(&t, "chea", NULL));
	assert_non_null(token(&t, "cheapest", "watches"));
	assert_non_null(token(&t, "buy", "cheapest"));
	assert_null(token(&t, "buy", "watches"));
	assert_int_equal(token(&t, "cheapest", "watches")->apart, 1);
	assert_int_equal(token(&t, "buy", "cheapest")->apart, 2);
	assert_int_equal(token(&t, "buy", NULL)->apart, 0);
	assert_non_null(token(&t, "shop", NULL));
	assert_non_null(token(&t, "!", NULL));
	assert_int_equal(token(&t, "25", NULL)->key, token(&u, "37", NULL)->key);
	assert_int_equal(token(&t, "£", "25")->key, token(&u, "£", "37")->key);
	assert_true(thai.count > 4);
	for (size_t i = 1; i < t.count; i++)
		assert_true(t.tokens[i - 1].key < t.tokens[i].key);
}

static void keys_are_a_languages_own(void **state)
{
	struct shape shape = { .bytes = 5 };
	struct bayes_text en = read_text("hotel"), de;
	struct error e;

	(void)state;
	assert_int_equal(bayes_read(arena, SLICE("hotel"), &shape, &key, "de", &de, &e), ERR_OK);
	assert_true(token(&en, "hotel", NULL)->key != token(&de, "hotel", NULL)->key);
}

static void long_texts_show_both_ends(void **state)
{
	static char text[200000];
	struct bayes_text t;
	size_t len = 0;

	(void)state;
	len += (size_t)snprintf(text, sizeof(text), "beginning ");
	for (int i = 0; i < 10000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "w%c%c%c ", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676 % 26);
	snprintf(text + len, sizeof(text) - len, "ending");
	t = read_text(text);
	assert_true(t.count <= BAYES_TOKENS_MAX);
	assert_non_null(token(&t, "beginning", NULL));
	assert_non_null(token(&t, "ending", NULL));
}

static double judged(struct bayes_text t, struct bayes_totals totals, const char *spam, const char *ham, int64_t times)
{
	struct bayes_opinion o;

	for (size_t i = 0; i < t.count; i++) {
		bool s = strstr(spam, "*") || (t.tokens[i].first.len && memmem(spam, strlen(spam), t.tokens[i].first.ptr, t.tokens[i].first.len));
		bool h = t.tokens[i].first.len && memmem(ham, strlen(ham), t.tokens[i].first.ptr, t.tokens[i].first.len);
		t.tokens[i].spam = s ? times : 0;
		t.tokens[i].ham = h ? times : 0;
	}
	bayes_judge(&t, totals, &o);
	assert_true(o.score >= BAYES_LEAST && o.score <= BAYES_MOST);
	return o.score;
}

static void opinions_have_bounds(void **state)
{
	const struct bayes_totals enough = { 100, 400, 0 };
	const char *text = "cheapest watches delivered tomorrow";

	(void)state;
	assert_true(judged(read_text(text), enough, text, "", 50) >= BAYES_MOST);
	assert_true(judged(read_text(text), enough, "", text, 300) <= BAYES_LEAST);
	assert_true(judged(read_text(text), enough, "", "", 1) < 0.01);
	assert_true(judged(read_text(text), (struct bayes_totals){ 100, BAYES_HAM_MIN - 1, 0 }, text, "", 50) < 0.01);
	assert_true(judged(read_text(text), (struct bayes_totals){ BAYES_SPAM_MIN - 1, 400, 0 }, text, "", 15) < 0.01);
	/* Little known spam, or spam as half of what is known, is believed less. */
	const struct bayes_totals few = { BAYES_SPAM_MIN, 5000, 0 }, half = { 5000, 5000, 0 }, many = { 5000, 100000, 0 };
	double sure = judged(read_text(text), many, text, "", 1);
	assert_true(judged(read_text(text), few, text, "", 1) < 3 && judged(read_text(text), half, text, "", 1) < sure);
	/* The more spam is known, the more the same share of it has to say. */
	const struct bayes_totals some = { 300, 600, 0 }, tenfold = { 3000, 6000, 0 };
	double first = judged(read_text(text), some, text, text, 30), later = judged(read_text(text), tenfold, text, text, 300);
	assert_true(first > 0 && later < first);
	/* One word of spam in a text that is otherwise unknown holds nothing. */
	assert_true(judged(read_text(text), enough, "watches", "", 5) < 3);
	/* Counts that contradict the totals must not break anything. */
	judged(read_text(text), enough, text, text, INT64_MAX / 4);
	judged(read_text(""), enough, "*", "", 1);
}

/* What one token of spam says of a text that otherwise speaks as all do. */
static double said_by(const char *first, const char *second)
{
	struct bayes_text t = read_text("cheapest brown watches");
	struct bayes_opinion o;

	for (size_t i = 0; i < t.count; i++) {
		bool says = &t.tokens[i] == token(&t, first, second);
		t.tokens[i].spam = says ? 50 : 5;
		t.tokens[i].ham = says ? 0 : 100;
	}
	bayes_judge(&t, (struct bayes_totals){ 100, 2000, 0 }, &o);
	return o.score;
}

static void pairs_of_neighbours_say_more(void **state)
{
	(void)state;
	double near = said_by("brown", "watches"), apart = said_by("cheapest", "watches");
	assert_true(apart > 0 && apart < near);
	assert_true(said_by("watches", NULL) <= near && said_by("watches", NULL) >= near);
}

static void what_is_unlike_all_that_was_learned_needs_more(void **state)
{
	const struct bayes_totals totals = { 400, 6000, 0 };
	const char *words = "cheapest watches delivered tomorrow";
	const char *among = "cheapest watches delivered tomorrow for lighthouse keepers beyond seven northern mountains";
	const char *deep = "cheapest watches delivered tomorrow for lighthouse keepers beyond seven northern mountains where nobody ever asked how lamps should "
			   "burn before winter comes over frozen lakes and whose wooden bridges carry carts full of hay";

	(void)state;
	assert_true(judged(read_text(among), totals, words, "", 1) < judged(read_text(words), totals, words, "", 1));
	/* But no load of new words frees what is surely spam. */
	assert_true(judged(read_text(deep), totals, words, "", 16) >= 3);
}

static void copies_help_a_language_to_its_two_hundred(void **state)
{
	const int64_t own = BAYES_HAM_OWN_MIN, copies = BAYES_HAM_MIN - own, spam = BAYES_SPAM_MIN;

	(void)state;
	assert_true(bayes_ready((struct bayes_totals){ spam, BAYES_HAM_MIN, 0 }));
	assert_true(bayes_ready((struct bayes_totals){ spam, own, copies }));
	assert_false(bayes_ready((struct bayes_totals){ spam, own, copies - 1 }));
	assert_false(bayes_ready((struct bayes_totals){ spam, own - 1, 1000 }));
	assert_false(bayes_ready((struct bayes_totals){ spam - 1, 1000, 0 }));
}

static int start(void **state)
{
	struct error e;
	(void)state;
	arena = arena_new(64 << 20);
	return arena && !crypt_init(&e) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(languages_by_their_words),
		cmocka_unit_test(what_cannot_be_told_is_not_guessed),
		cmocka_unit_test(a_label_is_believed_where_the_letters_allow),
		cmocka_unit_test(words_pairs_and_signs),
		cmocka_unit_test(keys_are_a_languages_own),
		cmocka_unit_test(long_texts_show_both_ends),
		cmocka_unit_test(opinions_have_bounds),
		cmocka_unit_test(pairs_of_neighbours_say_more),
		cmocka_unit_test(what_is_unlike_all_that_was_learned_needs_more),
		cmocka_unit_test(copies_help_a_language_to_its_two_hundred),
	};
	return cmocka_run_group_tests_name("bayes", tests, start, stop);
}
