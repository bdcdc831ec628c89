/* Any bytes as JSON: what parses is written, parses again and is the same. */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jv *v, *again;
	struct str s;

	if (jv_parse(slice_make((const char *)data, size), 32, &v, NULL) != ERR_OK)
		return 0;
	str_init(&s, 16 << 20);
	if (jv_dump(v, &s) != ERR_OK || jv_parse(str_slice(&s), 32, &again, NULL) != ERR_OK || !jv_equal(v, again))
		abort();
	str_fini(&s);
	jv_free(&v);
	jv_free(&again);
	return 0;
}
