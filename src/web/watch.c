#include "web/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"

#define ROOM "web/watch"

struct watched {
	void (*gone)(void *ctx); /* NULL: not watched */
	void *ctx;
	uint32_t generation;
};

struct watch {
	pthread_mutex_t lock;
	struct watched *table; /* by descriptor */
	size_t files;
	uint32_t generation;
	bool closed;
	int epoll_fd, wake_fd;
	pthread_t thread;
	bool runs;
};

static void *run(void *arg)
{
	struct watch *w = arg;
	struct epoll_event events[64];
	pthread_setname_np(pthread_self(), "stream-watch");
	for (;;) {
		int n = epoll_wait(w->epoll_fd, events, 64, -1);
		if (n < 0 && errno != EINTR) {
			log_error(ROOM, "the stream watcher cannot go on: %s", strerror(errno));
			return NULL;
		}
		for (int i = 0; i < n; i++) {
			uint32_t fd = (uint32_t)events[i].data.u64, generation = (uint32_t)(events[i].data.u64 >> 32);
			if (generation == 0)
				return NULL; /* wake_fd: the end */
			pthread_mutex_lock(&w->lock);
			struct watched *at = &w->table[fd];
			if (at->gone != NULL && at->generation == generation)
				at->gone(at->ctx);
			pthread_mutex_unlock(&w->lock);
		}
	}
}

enum err watch_new(size_t files, struct watch **out, struct error *e)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 0 };
	struct watch *w = calloc(1, sizeof *w);
	enum err r = ERR_OK;
	*out = NULL;
	if (w == NULL)
		return err_nomem(e);
	pthread_mutex_init(&w->lock, NULL);
	w->files = files;
	w->table = calloc(files, sizeof *w->table);
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (w->table == NULL)
		r = err_nomem(e);
	else if (w->epoll_fd < 0 || w->wake_fd < 0 || epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &ev) != 0)
		r = err_set(e, ERR_IO, "The stream watcher cannot be set up: %s.", strerror(errno));
	int bad = r == ERR_OK ? pthread_create(&w->thread, NULL, run, w) : 0;
	if (bad != 0)
		r = err_set(e, ERR_IO, "A thread cannot be started: %s.", strerror(bad));
	w->runs = r == ERR_OK;
	if (r == ERR_OK)
		*out = w;
	else
		watch_free(&w);
	return r;
}

void watch_free(struct watch **wp)
{
	struct watch *w = *wp;
	if (w == NULL)
		return;
	*wp = NULL;
	if (w->runs) {
		uint64_t one = 1;
		if (write(w->wake_fd, &one, sizeof one) == (ssize_t)sizeof one)
			pthread_join(w->thread, NULL);
	}
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	pthread_mutex_destroy(&w->lock);
	free(w->table);
	free(w);
}

void watch_add(struct watch *w, int fd, void (*gone)(void *ctx), void *ctx)
{
	struct epoll_event ev = { .events = EPOLLRDHUP | EPOLLONESHOT };
	if (fd < 0 || (size_t)fd >= w->files)
		return;
	pthread_mutex_lock(&w->lock);
	if (++w->generation == 0)
		w->generation = 1;
	w->table[fd] = (struct watched){ gone, ctx, w->generation };
	ev.data.u64 = (uint64_t)w->generation << 32 | (uint32_t)fd;
	/* Should it fail, heartbeats still find out. */
	if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0)
		log_debug(ROOM, "a stream is not watched: %s", strerror(errno));
	if (w->closed)
		gone(ctx);
	pthread_mutex_unlock(&w->lock);
}

void watch_remove(struct watch *w, int fd)
{
	if (fd < 0 || (size_t)fd >= w->files)
		return;
	pthread_mutex_lock(&w->lock);
	if (w->table[fd].gone != NULL) {
		w->table[fd].gone = NULL;
		(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	}
	pthread_mutex_unlock(&w->lock);
}

void watch_close(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	w->closed = true;
	for (size_t fd = 0; fd < w->files; fd++)
		if (w->table[fd].gone != NULL)
			w->table[fd].gone(w->table[fd].ctx);
	pthread_mutex_unlock(&w->lock);
}
