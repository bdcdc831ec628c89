/*
 * listen: the socket that waits for clients, and how many files the process may hold.
 */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include <stdint.h>

#include "base/err.h"

enum { LISTEN_ADDRESS_BYTES = 128 };

/* Binds "ADDR:PORT" or "[ADDR]:PORT" (port 0: a free one) and listens, without blocking. `address` gets what it became, with the real
 * port. ERR_INVALID: no such address; ERR_IO: in use, or not allowed. The caller closes *out. */
enum err listen_on(const char *where, int *out, char address[LISTEN_ADDRESS_BYTES], struct error *e) MUST_CHECK;

/* Raises the limit of open files to what is allowed (at most 1,048,576) and returns it. */
int64_t listen_raise_file_limit(void);

#endif
