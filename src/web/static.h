/*
 * static: the files below templates/static, served from memory, compressed where the reader takes gzip.
 *
 * Pages name them below a folder "vTAG" (static_base), whose tag is that of all files together: a reader's cache may keep what is there for
 * ever, and scripts find the modules they import in the same folder. (A tag in the query would not travel to these, and a module under
 * two addresses runs twice.) Everywhere else, and below a tag that is not ours any more, a reader asks again each time and is told 304 by the
 * file's own entity tag. With conf `templates` a file below FOLDER/static takes the place of the built-in one and is read anew at each
 * request (meant for those who work on the pages); then nothing is kept. Names are one plain segment; dot files do not exist. Any
 * thread after static_start.
 */
#ifndef WEB_STATIC_H
#define WEB_STATIC_H

#include "web/request.h"

enum { STATIC_FILES_MAX = 64, STATIC_FILE_MAX_BYTES = 1 << 20, STATIC_TAG_BYTES = 17 };

/* Finds and hashes the built-in files. ERR_INTERNAL when there are too many. */
enum err static_start(struct error *e) MUST_CHECK;
/* "/desk/static/v0123456789abcdef": where pages find the files. NULL when out of memory. */
const char *static_base(struct arena *a) MUST_CHECK;

#endif
