/*
 * log: one line on standard error for each event worth an admin's eye.
 *
 *     2026-01-31T12:00:00.123Z warn store/writer the disk is full
 *
 * Callers never pass tokens, addresses, paths of requests, passwords or what people wrote. Control bytes are
 * escaped and a line is cut at 1,024 bytes. Any thread; a line is written with one write(2).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Events below `level` are not written. The default is LOG_INFO. */
void log_set_level(enum log_level level);
/* "debug", "info", "warn", "error"; anything else is LOG_INFO. */
enum log_level log_level_read(const char *name);

/* `room` is the room that speaks, as "store/writer". */
void log_debug(const char *room, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_info(const char *room, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_warn(const char *room, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_error(const char *room, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
