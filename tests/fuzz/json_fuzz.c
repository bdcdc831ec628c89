/* Any bytes as JSON: what parses is written, parses again and is written the same. (Numbers are written with 15 digits, so
 * the trees may differ in the last one.) */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jv *v, *again;
	struct str s, t;

	if (jv_parse(slice_make((const char *)data, size), 32, &v, NULL) != ERR_OK)
		return 0;
	str_init(&s, 16 << 20);
	str_init(&t, 16 << 20);
	if (jv_dump(v, &s) != ERR_OK || jv_parse(str_slice(&s), 32, &again, NULL) != ERR_OK || jv_dump(again, &t) != ERR_OK ||
	    !slice_eq(str_slice(&s), str_slice(&t)))
		abort();
	str_fini(&s);
	str_fini(&t);
	jv_free(&v);
	jv_free(&again);
	return 0;
}
