/*
 * looks: letters of other scripts and dresses that look like ASCII ones. Its table is made once, on first use. Any thread.
 */
#ifndef TEXT_LOOKS_H
#define TEXT_LOOKS_H

/* The ASCII letter or digit that a character beyond ASCII looks like, or '\0'. */
char looks_like(unsigned cp);

#endif
