/*
 * lease: how long a claim lasts (P2: one claim, one holder).
 *
 * The fence is an integer per ticket that rises on claim, release, expiry, transfer and take-over, not on renewal. Writes of the
 * holder carry it and the writer compares; after `expires` it is ERR_CONFLICT always, whether the sweep has been there or not.
 * Writing and renewing extend; an open stream does not.
 */
#ifndef DESK_LEASE_H
#define DESK_LEASE_H

#include "desk/ticket.h"

enum err lease_renew(struct desk *d, const struct act *in, struct acted *out, struct error *e) MUST_CHECK;
/* Back to the queue at its original age. */
enum err lease_release(struct desk *d, const struct act *in, struct acted *out, struct error *e) MUST_CHECK;

/* Returns what has expired to the queue, wakes what was snoozed until now, holds challenges unsolved for 30 minutes, and writes
 * a `fact` entry "overdue" for moderators where a held question has waited a day for their decision. In chunks;
 * cheap when there is nothing. Call each second or sooner. *moved may be NULL. */
enum err lease_sweep(struct desk *d, int64_t *moved, struct error *e) MUST_CHECK;
/* At start-up, before serving: live leases get one full term. */
enum err lease_restart(struct desk *d, struct error *e) MUST_CHECK;

/* Inside commands: ERR_MALFORMED without a fence, ERR_CONFLICT when `who` may not write with it now (stale, expired, neither
 * holder nor invited). `t` is the row as it is in this transaction. */
enum err lease_check(struct db *db, const struct ticket *t, const struct act *in, int64_t now, struct error *e) MUST_CHECK;
/* When a lease that starts now ends. */
int64_t lease_term(int64_t now);

#endif
