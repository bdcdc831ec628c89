/*
 * people_pages: what session answers in place of a handler. Runs like a handler.
 */
#ifndef WEB_PEOPLE_PAGES_H
#define WEB_PEOPLE_PAGES_H

#include "web/request.h"

/* A form of our own pages came without a session (401: the login, which takes the words along), or under another one than it was made for (403: the
 * words, and the way back). Nothing of what it asks is done; what was typed is on the answer (P4). Never for what another site sent: whose
 * words that shows, nobody knows. The errors of request_form. */
enum err people_pages_log_in_again(struct request *rq, struct response *rs, struct error *e) MUST_CHECK;

#endif
