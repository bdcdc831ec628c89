/*
 * words: what the full text index takes for a word: Unicode's (UAX #29, dictionaries for Chinese, Japanese, Thai and their
 * kin), compared without regard to case and width. Index and queries go through the same function, so they agree.
 */
#ifndef DESK_WORDS_H
#define DESK_WORDS_H

/* Gives the store its tokenizer. Once, before the first db_open of the process. */
void words_install(void);

#endif
