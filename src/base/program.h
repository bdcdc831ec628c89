/*
 * program: which build runs. What was found to hold for one build (that a rule set passes its own tests) need not hold for another: rules
 * mean what PCRE2, ICU and this program make of them.
 */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/err.h"

enum { PROGRAM_ID_BYTES = 33 };

/*
 * A hexadecimal name of the program and of all libraries it has loaded, made of their files' place, size and time of change: another build,
 * or an upgraded library, has another one. Call it soon after the start, while the files are still those that run. Fails with ERR_IO where
 * the system does not say which file runs.
 */
enum err program_id(char out[PROGRAM_ID_BYTES], struct error *e) MUST_CHECK;

#endif
