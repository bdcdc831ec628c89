/*
 * proof_pages: challenges and attack mode as pages show them.
 *
 * A challenged question's page carries the challenge for prove.js, which solves it without being asked; without a script there is the
 * site question, and always a button to let a person look instead. An appeal's form carries one likewise. The staff's pages say
 * when the desk is in attack mode, and give moderators the buttons. Any thread; trees as in web/view.
 */
#ifndef WEB_PROOF_PAGES_H
#define WEB_PROOF_PAGES_H

#include "desk/ticket.h"
#include "web/request.h"

/* `prove` for a challenged question, `appeal_prove` for one that may be appealed, both {challenge, question?, wrong?}; and the script. */
enum err proof_view(struct request *rq, const char *lang, const struct ticket *t, struct jv *page, struct error *e) MUST_CHECK;
/* `attack`: {on, heading, text, why, since, until?, steps:[...]}; null for those whom it does not concern. */
enum err proof_attack_view(struct request *rq, const char *lang, struct jv *page, struct error *e) MUST_CHECK;

#endif
