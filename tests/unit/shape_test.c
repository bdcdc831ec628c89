/* What a text's shape says, and that ordinary writing in any script has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "spam/shape.h"
#include "text/uri.h"
#include "text/views.h"

static struct arena *a;

static bool is_wiki(const void *ctx, struct slice host)
{
	return uri_below(host, slice_of(ctx));
}

static struct shape shape_of(const char *text, bool chat, const char *allowed)
{
	static struct uris uris;
	struct views views;
	struct shape s;
	struct error e = { 0 };

	arena_reset(a);
	assert_int_equal(views_make(a, slice_of(text), &views, &e), ERR_OK);
	assert_int_equal(uris_find(a, views.text[VIEW_RENDERED], &uris, &e), ERR_OK);
	struct shape_input in = { .text = views.text[VIEW_RENDERED], .uris = &uris, .mixed_words = (int64_t)views.mixed_words,
		.spelled = (int64_t)views.joined, .spelled_letters = (int64_t)views.spelled_letters, .chat = chat, .allowed = allowed ? is_wiki : NULL, .ctx = allowed };
	assert_int_equal(shape_read(a, &in, &s, &e), ERR_OK);
	return s;
}

static const struct shape_finding *found(const struct shape *s, const char *name)
{
	for (size_t i = 0; i < s->finding_count; i++)
		if (strcmp(s->findings[i].name, name) == 0) {
			assert_true(s->findings[i].words.len > 10); /* each says in words what it saw */
			return &s->findings[i];
		}
	return NULL;
}

static bool finds(const char *text, const char *name)
{
	struct shape s = shape_of(text, false, NULL);
	return found(&s, name) != NULL;
}

static void findings(void **state)
{
	(void)state;
	assert_true(finds("see http://a.example http://b.example/ http://c.example/x and more words here", "shape/links"));
	assert_true(finds("http://a.example/1 http://a.example/2 http://a.example/3 http://a.example/4 and so on", "shape/same-link"));
	assert_true(finds("join https://t.me/somewhere", "shape/messenger"));
	assert_true(finds("ring +44 20 7946 0958 please", "shape/phone"));
	assert_true(finds("ring 0151 5550 1234", "shape/phone"));
	assert_true(finds("ring 1-202-555-0143 today", "shape/phone"));
	assert_true(finds("it costs $500 only", "shape/money"));
	assert_true(finds("500 € a week", "shape/money"));
	assert_true(finds("earn $500, ring +44 20 7946 0958", "shape/offer"));
	assert_true(finds("THIS IS THE BEST OFFER EVER MADE TO YOU", "shape/capitals"));
	assert_true(finds("wow \U0001F600\U0001F600\U0001F600\U0001F600", "shape/emoji"));
	assert_true(finds("vі\xd0\xb0gra and c\xd1\x96\xd0\xb0lis", "shape/mixed-script"));
	assert_true(finds("send to 0x52908400098527886E0F7030069857D2E4169EE7 now", "shape/wallet"));
	assert_true(finds("to ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9 please", "shape/wallet"));
	assert_true(finds("pay into DE89 3704 0044 0532 0130 00, thanks", "shape/wallet"));
	assert_true(finds("IBAN: GB82WEST12345698765432", "shape/wallet"));
}

/* What a reader sees as one picture is one, however many characters spell it. */
static void pictures(void **state)
{
	(void)state;
	assert_int_equal(shape_of("well \U0001F937\U0001F3FD\u200D\u2642\uFE0F", false, NULL).emoji, 1);
	assert_int_equal(shape_of("\U0001F1F2\U0001F1FF\U0001F1F5\U0001F1F9 and \U0001F1E7", false, NULL).emoji, 3);
	assert_int_equal(shape_of("\U0001F468\u200D\U0001F469\u200D\U0001F467 \u2764\uFE0F\u200D\U0001F525", false, NULL).emoji, 2);
	assert_int_equal(shape_of("\U0001F44D\U0001F3FE\U0001F44D\U0001F3FE", false, NULL).emoji, 2);
	assert_int_equal(shape_of("\U0001F600\U0001F600", false, NULL).emoji, 2);
}

static double weight_of(const char *text, const char *name)
{
	struct shape s = shape_of(text, false, NULL);
	const struct shape_finding *f = found(&s, name);

	return f ? f->weight : 0;
}

static double styled(const char *text)
{
	return weight_of(text, "shape/styled");
}

/* A text that is spelled out, and not only its heading. */
static void spelled_words(void **state)
{
	(void)state;
	assert_true(weight_of("E a r n f r o m h o m e t o d a y, call us", "shape/spelled") > 1);
	assert_true(weight_of("E a r n   f r o m   h o m e", "shape/spelled") > 1);
	assert_true(weight_of("C O N T E N T S   O F   T H E   B O O K is the heading of the list that I mean; who has it in print?", "shape/spelled") < 1);
	assert_true(weight_of("A B S T R A C T, and what it is", "shape/spelled") == 0);
	assert_true(weight_of("\xe6\x88\x91 \xe4\xbb\xac \xe7\x9c\x8b \xe6\x88\x91 \xe4\xbb\xac \xe7\x9c\x8b \xe6\x88\x91 \xe4\xbb\xac \xe7\x9c\x8b \xe6\x88\x91 \xe4\xbb\xac \xe7\x9c\x8b \xe6\x88\x91", "shape/spelled") == 0);
}

/* Decorated words: a name with its number amid plain words is an advert's; a formula and a font of one's own are people's. */
static void decorated_letters(void **state)
{
	struct shape s = shape_of("only at 𝗟𝗔𝗡𝗧𝗘𝗥𝗡𝟴𝟴 do lamps 🅑🅤🅡🅝 well", false, NULL);

	(void)state;
	assert_int_equal(s.styled_words, 2);
	assert_true(found(&s, "shape/styled")->weight > 3);
	assert_true(slice_eq(found(&s, "shape/styled")->text, slice_of("🅑🅤🅡🅝")));
	assert_true(styled("only at LANTERN𝟴𝟴 or 𝟴𝟴") == 0);
	assert_true(styled("the lamp is 𝓿𝓮𝓻𝔂 bright") > 0 && styled("the lamp is 𝓿𝓮𝓻𝔂 bright") < 3);
	assert_true(styled("𝓱𝓸𝔀 𝓭𝓸 𝓘 𝓾𝓹𝓵𝓸𝓪𝓭 𝟮 𝓹𝓲𝓬𝓽𝓾𝓻𝓮𝓼2") < 3);
	assert_true(styled("𝑓(𝑥) = 𝑎𝑥² + 𝑏𝑥 + 𝑐, with ℝ and ℵ₀") == 0);
	assert_true(styled("ＡＢＣ電子 ｶﾀｶﾅ") == 0);
}

static void phones_of_many_countries(void **state)
{
	/* The number, and its digits as it is compared. */
	static const char *const numbers[][2] = {
		{ "cita en el tel. 612 345 678", "612345678" },
		{ "Mensaje al 612345678", "612345678" },
		{ "llame 912 34 56 78 hoy", "912345678" },
		{ "звоните 8 800 555 01 77", "88005550177" },
		{ "тел.:89005550177", "89005550177" },
		{ "8 (900) 555-01-77", "89005550177" },
		{ "电话13800138000", "13800138000" },
		{ "手机:138 0013 8000", "13800138000" },
		{ "تماس ۰۹۱۲۵۵۵۰۱۷۷", "09125550177" },
		{ "اتصل ٠٥٥٥٥٥٠١٤٣", "0555550143" },
		{ "फोन ०९८७६५५०१७७", "09876550177" },
		{ "98765 50177 पर कॉल", "9876550177" },
		{ "１３８００１３８０００", "13800138000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct shape s = shape_of(numbers[i][0], false, NULL);
		assert_non_null(found(&s, "shape/phone"));
		if (s.phones != 1 || s.payload_count != 1 || !slice_is(s.payloads[0].value, numbers[i][1]))
			fail_msg("%s: %d phones, %zu payloads", numbers[i][0], (int)s.phones, s.payload_count);
	}
}

/* As call centres write past filters. */
static void phones_in_dress(void **state)
{
	static const char *const numbers[] = { "call 1 - 8 0 0 - 5 5 5 - 0 1 9 9 now", "1 8 0 0 5 5 5 0 1 9 9", "1.8.0.0.5.5.5.0.1.9.9", "at 1-8OO-555-O199.", "1-8oo-555-ol99 today", "1*800*555*0199", "1_800_555_0199", "1\xe2\x80\x93" "800\xe2\x80\x93" "555\xe2\x80\x93" "0199",
		"+1 \xe2\x91\xa7\xe2\x93\xaa\xe2\x93\xaa 555 0199", "\xe2\x91\xa0\xe2\x91\xa7\xe2\x93\xaa\xe2\x93\xaa-\xe2\x91\xa4\xe2\x91\xa4\xe2\x91\xa4-\xe2\x93\xaa\xe2\x91\xa0\xe2\x91\xa8\xe2\x91\xa8",
		"call one eight hundred five five five zero one nine nine now", "One-Eight-Zero-Zero-Five-Five-Five-Oh-One-Nine-Nine", "1 eight hundred triple five zero one double nine", "eight hundred 555 0199" };
	/* Tables, counting, thousands, versions, times, moves of a game, scores, numbers of books. */
	static const char *const others[] = { "1 2 3 4 5 6 7 8 9 10 11", "1 8 0 0 1 0 1 1 0 1 0", "1 8 0 0 5 5 5 0 1 9 9 4", "8 0 0 5 5 5 0 1 9 9", "one two three four five six seven eight nine ten", "1,844,555,2190 and 18,005,550,199",
		"one eight hundred page book, eight hundred five five", "1 - 8, 0 - 0, 5 - 5", "1. e4 e5 2. Nf3 Nc6 3. Bb5 a6", "commit 1800555O199a", "from 1800 to 1855, 1800-1855, 1801 / 1802", "9781800555019", "one of eight", "eight hundred five five five zero one double",
		"1 800 555", "8 7 7 1 4 2 6 5 3 9 0", "\xe2\x91\xa0 first \xe2\x91\xa1 second" };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct shape s = shape_of(numbers[i], false, NULL);
		if (s.phones != 1 || s.payload_count != 1 || !slice_is(s.payloads[0].value, "18005550199"))
			fail_msg("%s: %d phones, %zu payloads", numbers[i], (int)s.phones, s.payload_count);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (finds(others[i], "shape/phone"))
			fail_msg("%s", others[i]);
}

/* The sum of a currency spelled out; the number alone is none. */
static void money_in_words(void **state)
{
	static const char *const sums[] = { "500 dollars", "20 Euro", "300 dólares", "50 reais", "400 рублей", "100 долларов", "۵۰ تومان", "٣٠٠ ريال", "200元",
		"3万元", "५०० रुपये", "40 euros" };

	(void)state;
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		if (!finds(sums[i], "shape/money"))
			fail_msg("%s", sums[i]);
	assert_false(finds("the dollar and the euro", "shape/money"));
	assert_false(finds("12 European countries", "shape/money"));
}

/* Ordinary writing. */
static const char *const plain[] = {
	"How do I add a picture?",
	"ISBN 978-3-16-148410-0 is the book, page 123-145, published 2004-05-06.",
	"The population was 1,234,567 in 2020 (up from 1,200,000).",
	"Version 10.0.19045.3448 crashes at 0x7ffe1234.",
	"می‌خواهم نام کاربری‌ام را عوض کنم", /* zero-width non-joiners, as Persian is spelled */
	"क्‍या मैं यहाँ लिख सकता हूँ", /* a zero-width joiner */
	"\xef\xbb\xbfHow do I add a picture?",
	"請問怎樣在條目裡加入參考來源？",
	"USA, NATO and UNESCO are in the title.",
	"thanks 😀👍🏽",
	"@admin could you look at User:Example?",
	"La ciudad tiene 912 345 678 habitantes.",
	"Население 146 447 424 человека, площадь 17 125 191 км",
	"Timestamps are 1700000000, 1732312345678.",
	"It ran from 1863-1865 and 10:30:15.123456789",
	"The part AB12 CDEF 1234 5678 is not a bank account, nor is DE89370400440532013001.",
	"۱۳۵۷ تا ۱۳۸۴ و ۱۲۳۴۵۶۷۸",
};

static void ordinary_writing_has_no_shape(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct shape s = shape_of(plain[i], false, NULL);
		if (s.finding_count)
			fail_msg("%s: %s", s.findings[0].name, plain[i]);
	}
}

static void counts_and_payloads(void **state)
{
	struct shape s = shape_of("Write to Me@Example.org or @Some_Body, ring +44 20 7946 0958!", false, NULL);
	bool mail = false, handle = false, phone = false;

	(void)state;
	assert_int_equal(s.emails, 1);
	assert_int_equal(s.handles, 1);
	assert_int_equal(s.phones, 1);
	for (size_t i = 0; i < s.payload_count; i++) {
		mail = mail || (s.payloads[i].kind == PAYLOAD_EMAIL && s.payloads[i].value.len > 5);
		handle = handle || slice_is(s.payloads[i].value, "some_body");
		phone = phone || slice_is(s.payloads[i].value, "442079460958");
	}
	assert_true(mail && handle && phone);
}

static bool pays(const struct shape *s, const char *value)
{
	for (size_t i = 0; i < s->payload_count; i++)
		if (slice_is(s->payloads[i].value, value))
			return true;
	return false;
}

static void sites_are_payloads(void **state)
{
	struct shape s = shape_of("https://www.shop.evil.co.uk/x?https://en.wiki.example/a http://bit.ly/3xYz https://youtube.com/ https://t.me/some_body", false, "wiki.example");

	(void)state;
	assert_true(pays(&s, "evil.co.uk"));
	assert_false(pays(&s, "wiki.example"));
	assert_false(pays(&s, "bit.ly"));
	assert_true(pays(&s, "http://bit.ly/3xYz"));
	assert_false(pays(&s, "youtube.com"));
	assert_false(pays(&s, "https://youtube.com/"));
	assert_false(pays(&s, "t.me"));
	assert_true(pays(&s, "https://t.me/some_body"));
	/* A trusted name inside another's address or before an @ is not trusted. */
	s = shape_of("https://evil.example.com/wiki.example https://wiki.example@evil-two.com/", false, "wiki.example");
	assert_true(pays(&s, "example.com"));
	assert_true(pays(&s, "evil-two.com"));
}

static void trusted_places_are_no_links(void **state)
{
	struct shape s = shape_of("https://en.wiki.example/a https://de.wiki.example/b https://wiki.example.evil.example/c", false, "wiki.example");
	(void)state;
	assert_int_equal(s.links, 1);
	s = shape_of("https://evil.example/?https://wiki.example/ wiki.example@evil.example", false, "wiki.example");
	assert_true(s.links >= 1);
}

static void links_weigh_less_in_chat(void **state)
{
	static const char text[] = "see http://a.example http://b.example/ http://c.example/x and more words here";
	struct shape form = shape_of(text, false, NULL), chat;
	double weight = found(&form, "shape/links")->weight;
	(void)state;
	chat = shape_of(text, true, NULL);
	assert_true(found(&chat, "shape/links")->weight < weight);
}

static int start(void **state)
{
	(void)state;
	a = arena_new(64 << 20);
	return a ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(findings), cmocka_unit_test(decorated_letters), cmocka_unit_test(spelled_words),
		cmocka_unit_test(phones_of_many_countries), cmocka_unit_test(phones_in_dress),
		cmocka_unit_test(money_in_words),
		cmocka_unit_test(pictures),
		cmocka_unit_test(ordinary_writing_has_no_shape),
		cmocka_unit_test(counts_and_payloads),
		cmocka_unit_test(sites_are_payloads),
		cmocka_unit_test(trusted_places_are_no_links),
		cmocka_unit_test(links_weigh_less_in_chat),
	};
	return cmocka_run_group_tests_name("shape", tests, start, stop);
}
