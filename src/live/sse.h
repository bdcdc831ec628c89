/*
 * sse: the bytes of an event stream (WHATWG HTML, section 9.2 "Server-sent events").
 *
 * An event is `id:`, `event:`, one `data:` line for each line of the data (CR, LF and CRLF all end a line there, so they
 * all start a new field), and an empty line. Rendered once for all its readers. Builders follow base/str: check
 * str_failed at the end. Any thread.
 */
#ifndef LIVE_SSE_H
#define LIVE_SSE_H

#include <stdint.h>

#include "base/slice.h"
#include "base/str.h"
#include "live/hub.h"

/* id 0: without an id. `event` NULL: without a name; names are ours and hold no line break. */
void sse_event(struct str *out, int64_t id, const char *event, struct slice data);
/* An event as a frame for the hub, numbered by its id. NULL when out of memory or over SUB_BYTES_MAX. */
struct frame *sse_frame(int64_t id, const char *event, struct slice data) MUST_CHECK;

#endif
