/* Any bytes as a form: what is read is text, and written again (percent-encoded) it reads the same. */
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "web/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct str *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		str_addf(out, "%%%02x", (unsigned char)text.ptr[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64 << 20);
	struct form f, again;
	struct str s;

	str_init(&s, 16 << 20);
	if (form_parse(a, slice_make((const char *)data, size), &f, NULL) == ERR_OK) {
		for (size_t i = 0; i < f.count; i++) {
			if (!form_text_ok(f.fields[i].name) || !form_text_ok(f.fields[i].value) || form_get(&f, f.fields[i].name).ptr == NULL)
				abort();
			add(&s, f.fields[i].name);
			str_addc(&s, '=');
			add(&s, f.fields[i].value);
			str_addc(&s, '&');
		}
		if (f.count < FORM_FIELDS_MAX) {
			if (form_parse(a, str_slice(&s), &again, NULL) != ERR_OK || again.count != f.count)
				abort();
			for (size_t i = 0; i < f.count; i++)
				if (!slice_eq(f.fields[i].name, again.fields[i].name) || !slice_eq(f.fields[i].value, again.fields[i].value))
					abort();
		}
	}
	str_fini(&s);
	arena_free(&a);
	return 0;
}
