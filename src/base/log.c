#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { LINE_MAX_BYTES = 1024 };

static atomic_int least = LOG_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&least, (int)level);
}

enum log_level log_level_read(const char *name)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	for (int i = 0; i < 4; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum log_level)i;
	return LOG_INFO;
}

/* Copies `text`, escaping control bytes, so that nothing can forge a line or drive a terminal. Returns the new length.
 */
static size_t escape(char *out, size_t len, size_t max, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		bool c1 = *p == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0;

		if (*p >= 0x20 && *p != 0x7F && !c1) {
			/* Whole sequences only: a line cut inside one would not be UTF-8. */
			size_t n = *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : *p >= 0xC0 ? 2 : 1;
			if (len + n > max)
				break;
			out[len++] = (char)*p;
		} else {
			if (len + 4 > max)
				break;
			len += (size_t)snprintf(out + len, 5, "\\x%02x", *p);
			if (c1 && len + 4 <= max)
				len += (size_t)snprintf(out + len, 5, "\\x%02x", *++p);
		}
	}
	return len;
}

static void line(enum log_level level, const char *room, const char *fmt, va_list ap)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	char text[LINE_MAX_BYTES + 1], out[LINE_MAX_BYTES + 8], when[RFC3339_BYTES];

	if ((int)level < atomic_load(&least))
		return;
	vsnprintf(text, sizeof text, fmt, ap);
	int head = snprintf(out, sizeof out, "%s %s %.64s ", clock_rfc3339(clock_wall_ms(), when), names[level], room);
	size_t len = escape(out, (size_t)head, LINE_MAX_BYTES - 1, text);
	out[len++] = '\n';
	/* Nobody is left to tell when standard error itself fails. */
	if (write(STDERR_FILENO, out, len) < 0)
		return;
}

#define LOG_FUNCTION(name, level)                                                                                      \
	void name(const char *room, const char *fmt, ...)                                                              \
	{                                                                                                              \
		va_list ap;                                                                                            \
                                                                                                                       \
		va_start(ap, fmt);                                                                                     \
		line(level, room, fmt, ap);                                                                            \
		va_end(ap);                                                                                            \
	}

LOG_FUNCTION(log_debug, LOG_DEBUG)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_warn, LOG_WARN)
LOG_FUNCTION(log_error, LOG_ERROR)
