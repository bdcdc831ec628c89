#include "live/sse.h"

#include <assert.h>
#include <inttypes.h>

void sse_event(struct str *out, int64_t id, const char *event, struct slice data)
{
	if (id != 0)
		str_addf(out, "id: %" PRId64 "\n", id);
	if (event != NULL) {
		assert(strpbrk(event, "\r\n") == NULL);
		str_addf(out, "event: %s\n", event);
	}
	for (;;) {
		size_t end = 0;
		while (end < data.len && data.ptr[end] != '\n' && data.ptr[end] != '\r')
			end++;
		str_adds(out, "data: ");
		str_add(out, slice_make(data.ptr, end));
		str_addc(out, '\n');
		if (end == data.len)
			break;
		data = slice_from(data, end + (data.ptr[end] == '\r' && end + 1 < data.len && data.ptr[end + 1] == '\n' ? 2 : 1));
	}
	str_addc(out, '\n');
}

struct frame *sse_frame(int64_t id, const char *event, struct slice data)
{
	struct str s;
	struct frame *f = NULL;
	str_init(&s, SUB_BYTES_MAX);
	sse_event(&s, id, event, data);
	if (!str_failed(&s))
		f = frame_new(str_slice(&s), id);
	str_fini(&s);
	return f;
}
