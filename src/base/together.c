#include "base/together.h"

#include <pthread.h>
#include <unistd.h>

enum { THREADS_MAX = 4 };

struct share {
	void (*work)(void *ctx);
	void *ctx;
};

static void *thread_main(void *p)
{
	const struct share *s = p;

	s->work(s->ctx);
	return NULL;
}

void together(size_t most, void (*work)(void *ctx), void *ctx)
{
	struct share s = { work, ctx };
	pthread_t threads[THREADS_MAX - 1];
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t wanted = processors > 0 ? (size_t)processors : 1, others = 0;

	wanted = wanted > THREADS_MAX ? THREADS_MAX : wanted;
	wanted = wanted > most ? most : wanted;
	while (others + 1 < wanted && pthread_create(&threads[others], NULL, thread_main, &s) == 0)
		others++;
	work(ctx);
	while (others > 0)
		pthread_join(threads[--others], NULL);
}
