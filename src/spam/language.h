/*
 * language: in which language a text is written, by the text alone and never by what its sender says. A small detector: the script
 * where it belongs to one language, telling letters where several share it, and for Latin letters the commonest words and
 * endings of each language.
 *
 * Says nothing rather than guess: a text of names, numbers or a few words has no language. Pure; its table is made once. Any thread.
 */
#ifndef SPAM_LANGUAGE_H
#define SPAM_LANGUAGE_H

#include <stdbool.h>

#include "base/slice.h"

enum { LANGUAGE_BYTES = 4, LANGUAGE_TEXT_BYTES = 8 * 1024 };

/* `text` is folded (the norm view); its first 8 KiB count. False, and out "", when it cannot be told. Codes are ISO 639-1. */
bool language_of(struct slice text, char out[LANGUAGE_BYTES]);
/* The same for a text that somebody labelled as `label` ("" or another word: not said), a moderator with a file, never its own sender: the label
 * is believed where the text's letters can be of that language, or say nothing, so that short texts count for it too. */
bool language_labelled(struct slice text, struct slice label, char out[LANGUAGE_BYTES]);
/* A code that the above may say. */
bool language_known(struct slice code);

#endif
