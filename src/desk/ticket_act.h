/*
 * ticket_act: what staff and askers do with a ticket: close, reopen, put aside, hand on, mark, hide, a new link. One command of the
 * writer each; an arrow where the state changes, a `fact` entry where something is set. Comes with desk/ticket.h.
 */
#ifndef DESK_TICKET_ACT_H
#define DESK_TICKET_ACT_H

#include "desk/ticket.h"

/* Either side. By the asker: withdraws what nobody has taken up yet. */
enum err ticket_close(struct desk *d, const struct act *in, struct acted *out, struct error *e) MUST_CHECK;
enum err ticket_reopen(struct desk *d, const struct act *in, struct acted *out, struct error *e) MUST_CHECK;
/* The same helper again, if both like: who answered last, is still here, does not want to stop (desk/care), is not paused
 * (desk/report) and did not report this conversation's asker. account 0: nobody.
 * An asker who reopens may want them (act.again): as with what somebody put aside, they are offered it first and others are given it after
 * five minutes, or when nobody else waits. The helper takes it, gives it back, or lets it pass. */
struct again {
	int64_t account;
	char name[128];
};
enum err ticket_again(struct db *db, int64_t ticket, struct again *out, struct error *e) MUST_CHECK;
/* Back to the queue at its original age: what lease_release does. */
enum err ticket_return(struct desk *d, const struct act *in, struct acted *out, struct error *e) MUST_CHECK;
/* until: wall ms, at most 90 days ahead. */
enum err ticket_snooze(struct desk *d, const struct act *in, int64_t until, struct acted *out, struct error *e) MUST_CHECK;
enum err ticket_not_real(struct desk *d, const struct act *in, struct acted *out, struct error *e) MUST_CHECK;
/* To a person (to != 0, with the display name; the caller has proven that the account may hold it) or else to a topic. A moderator's
 * transfer to themselves is the take-over. A note (absent: none) is written for the next one. */
struct transfer {
	int64_t to;
	struct slice to_name, topic, note;
};
enum err ticket_transfer(struct desk *d, const struct act *in, const struct transfer *t, struct acted *out,
			 struct error *e) MUST_CHECK;
enum err ticket_topic(struct desk *d, const struct act *in, struct slice topic, struct acted *out, struct error *e) MUST_CHECK;
/* A second helper may then write with the holder's fence. */
enum err ticket_invite(struct desk *d, const struct act *in, int64_t account, struct slice name, struct acted *out,
		       struct error *e) MUST_CHECK;
enum err ticket_urgent(struct desk *d, const struct act *in, bool urgent, struct acted *out, struct error *e) MUST_CHECK;
/* Moderators. `of` 0: the whole ticket; else one entry. Suppressed words are gone for everybody. */
enum err ticket_hide(struct desk *d, const struct act *in, int64_t of, bool suppress, struct acted *out, struct error *e) MUST_CHECK;

/* Takes the hiding of one message back. What was suppressed is gone, and not hidden: then, as for a message that is not hidden, nothing
 * happens, and out->n is 0. */
enum err ticket_show(struct desk *d, const struct act *in, int64_t of, struct acted *out, struct error *e) MUST_CHECK;

/*
 * A new link in place of `old`, which dies and whose streams are cut. `secret` is what the request came under (the client_id, the page's nonce): who
 * sends it again with the old link is given the same new one, for a day and while that is still the link, since an answer that was lost would
 * otherwise lock the asker out. One that is too short to be a secret is not remembered.
 */
enum err ticket_new_link(struct desk *d, struct db *db, struct arena *a, struct slice old, struct slice secret, char token[TICKET_TOKEN_BYTES],
			 struct error *e) MUST_CHECK;
/* The asker (account 0) or the holder has read up to n; the other side is told. Not an entry; never goes back. Others than the holder may
 * read too, and that is nobody's mark. */
enum err ticket_read(struct desk *d, const struct ticket *t, int64_t account, int64_t n, struct error *e) MUST_CHECK;
/* Erasure is desk/erase. */

#endif
