#include "web/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const char *all, const char *lang, const char *wanted)
{
	struct slice got = view_by_language(slice_of(all), lang);

	if (!slice_is(got, wanted))
		fail_msg("`%s` for %s: `%.*s`, not `%s`", all, lang, SLICE_ARG(got), wanted);
}

static void nearest_language_wins(void **state)
{
	static const char all[] = "en: Call 112. | de: Notruf 112.|de-at:Rettung 144. | 112";

	(void)state;
	expect(all, "en", "Call 112.");
	expect(all, "de", "Notruf 112.");
	expect(all, "de-at", "Rettung 144.");
	expect(all, "de-ch", "Notruf 112.");
	expect(all, "ar", "112");
	expect("de: Notruf 112. | en: Call 112.", "ar", "Call 112.");
	expect("de: Notruf 112. | fr: Appelez le 112.", "ar", "Notruf 112.");
}

static void words_stay_words(void **state)
{
	(void)state;
	expect("Call 112: they help.", "de", "Call 112: they help.");
	expect("SOS: 112", "en", "SOS: 112");
	expect("danger: 112", "en", "danger: 112");
	expect("  In danger? Call: 112  ", "ar", "In danger? Call: 112");
}

static void nothing_is_nothing(void **state)
{
	(void)state;
	expect("", "en", "");
	expect(" | | ", "en", "");
	expect("en:", "en", "");
	expect("en: | de: Notruf", "en", "Notruf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nearest_language_wins),
		cmocka_unit_test(words_stay_words),
		cmocka_unit_test(nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
