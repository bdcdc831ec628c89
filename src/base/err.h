/*
 * err: how a fallible function says what went wrong.
 *
 * A function that can fail returns `enum err` and takes a `struct error *` last. The caller must look at the
 * result. `struct error` is filled only on failure and only where the caller passed one; its message is written
 * for a person and holds no SQL, no path inside the data folder, no secret and no stranger's words.
 * Only `web` turns codes into HTTP; only `cli` turns them into exit codes.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
	ERR_OK = 0,
	ERR_MALFORMED,       /* cannot be read at all: broken JSON, wrong type, bad UTF-8 (400) */
	ERR_UNAUTHENTICATED, /* no credential, or none that is known (401) */
	ERR_FORBIDDEN,       /* known, but may not (403) */
	ERR_NOT_FOUND,       /* unknown, or another's (404) */
	ERR_CONFLICT,        /* lost race, stale fence, impossible state, same client_id with another body (409) */
	ERR_PRECONDITION,    /* stale If-Match (412) */
	ERR_TOO_LARGE,       /* body over the limit (413) */
	ERR_INVALID,         /* readable, but a value is missing, empty, too long or unknown (422) */
	ERR_NO_PRECONDITION, /* If-Match is missing (428) */
	ERR_LIMITED,         /* too many; retry_after_s says when again (429) */
	ERR_BUSY,            /* a queue is full or the store cannot write; nothing was taken (503) */
	ERR_NOMEM,           /* out of memory, or over a builder's maximum: the request fails (503) */
	ERR_IO,              /* file, network or database trouble (503) */
	ERR_CORRUPT,         /* stored data contradicts itself (500) */
	ERR_INTERNAL         /* our bug (500) */
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

struct error {
	enum err code;
	int retry_after_s; /* seconds; 0: not said */
	char field[32];    /* the input field at fault, or "" */
	char message[256]; /* one sentence for a person */
};

/* Fills `e` (may be NULL) and returns `code`, so that `return err_set(e, ERR_INVALID, "...")` reads well. */
enum err err_set(struct error *e, enum err code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same, naming the input field at fault. */
enum err err_field(struct error *e, enum err code, const char *field, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Out of memory: the one sentence everybody uses. */
enum err err_nomem(struct error *e);

/* A short constant name of the code, for logs: "conflict". Never NULL. */
const char *err_name(enum err code);

#endif
