/* Any bytes as a template, included by itself, over a fixed context. What strings hold never becomes a tag. */
#include <stdint.h>
#include <stdlib.h>

#include "web/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_make((const char *)data, size);
	struct jv *context = jv_set(jv_set_string(jv_object(), "a", "\x01<\x02"), "b",
				    jv_push(jv_push(jv_array(), jv_int(1)), jv_object()));
	struct jv *partials = jv_object();
	struct str s;

	jv_set(context, "c", jv_set(jv_object(), "b", jv_set_bool(jv_object(), "d", true)));
	jv_set_text(partials, "a", text);
	str_init(&s, 1 << 20);
	if (size <= 4096 && page_render_text(text, partials, false, "en", context, &s, NULL) == ERR_OK)
		for (size_t i = 0; i + 1 < s.len; i++)
			if (s.buf[i] == '\x01' && s.buf[i + 1] == '<' && !memchr(data, '\x01', size))
				abort();
	str_fini(&s);
	jv_free(&context);
	jv_free(&partials);
	return 0;
}
