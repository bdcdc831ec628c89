/*
 * serve: the desk at work: the house, the web on top of it, the clockwork, and the signals.
 *
 * SIGTERM and SIGINT take no new request, let the running ones answer and end within 5 s; SIGHUP takes in the configuration and the
 * rules, each whole or not at all. Prints `listening on http://ADDR:PORT` on standard output once it answers.
 *
 * Lock order of the whole process: see README; this room takes none.
 */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

/* `listen` NULL: as configured. Returns the exit code. Call before any other thread is started. */
int serve_run(const char *folder, const char *listen);

#endif
