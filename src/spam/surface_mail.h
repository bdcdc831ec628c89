/*
 * surface_mail: what rules see of a mail: for `rules explain --mail` and `rules eval --mail`, and to compare with
 * SpamAssassin. Fields are the mail's own, ToCc and MESSAGEID are made of others as there; norm, skel and counts are the
 * caller's. Memory: the arena; the mail must outlive the input. Any thread.
 */
#ifndef SPAM_SURFACE_MAIL_H
#define SPAM_SURFACE_MAIL_H

#include "base/arena.h"
#include "base/err.h"
#include "spam/surface.h"
#include "text/mail.h"

/* Fills title, parts, links, fields, full and head; the rest of *in stays. */
enum err surface_mail(struct arena *a, const struct mail *m, struct surface_input *in, struct error *e) MUST_CHECK;

/* All that is shown of a mail, its parts one below the other: the text for everything that is not SpamAssassin's. */
struct slice surface_mail_text(struct arena *a, const struct mail *m) MUST_CHECK;

#endif
