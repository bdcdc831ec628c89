/*
 * watch: sees that the clients of sleeping connections have gone.
 *
 * libmicrohttpd does not look at a suspended connection's socket. This room keeps an epoll set of its own with
 * EPOLLRDHUP|EPOLLONESHOT, one thread, and calls `gone` once for a descriptor whose other end hung up. An event names a descriptor and a
 * generation: the descriptor may be another connection's since the kernel said so. Lock order: the watch's lock -> whatever `gone`
 * takes; after watch_remove returned, `gone` is not running and will not be called.
 */
#ifndef WEB_WATCH_H
#define WEB_WATCH_H

#include <stddef.h>

#include "base/err.h"

struct watch;

/* `files`: descriptors are below it. Starts the thread. */
enum err watch_new(size_t files, struct watch **out, struct error *e) MUST_CHECK;
void watch_free(struct watch **w); /* everything must have been removed; NULL-safe, clears */

/* Calls gone(ctx) at once when watch_close was there before. */
void watch_add(struct watch *w, int fd, void (*gone)(void *ctx), void *ctx);
/* Before the descriptor is closed. */
void watch_remove(struct watch *w, int fd);
/* The end: calls `gone` for all, and from now on for each that comes. */
void watch_close(struct watch *w);

#endif
