/*
 * together: one piece of work that several threads do, each taking from it what the others have not taken.
 */
#ifndef BASE_TOGETHER_H
#define BASE_TOGETHER_H

#include <stddef.h>

/*
 * Calls work(ctx) on as many threads as there are processors, four and `most` at most, and returns when all have returned; the caller's
 * thread is one of them. A thread that cannot be had leaves more to the others.
 */
void together(size_t most, void (*work)(void *ctx), void *ctx);

#endif
