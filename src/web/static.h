/*
 * static: the files below templates/static, served from memory, compressed where the reader takes gzip.
 *
 * A file has an entity tag by its content. "?v=TAG" (static_tag) makes it immutable for the reader's cache; without it the reader asks
 * again after five minutes and is told 304. With conf `templates` a file below FOLDER/static takes the place of the built-in
 * one and is read anew at each request (meant for those who work on the pages). Names are one or two plain segments; dot files
 * do not exist. Any thread after static_start.
 */
#ifndef WEB_STATIC_H
#define WEB_STATIC_H

#include "web/request.h"

enum { STATIC_FILES_MAX = 64, STATIC_FILE_MAX_BYTES = 1 << 20, STATIC_TAG_BYTES = 17 };

/* Finds and hashes the built-in files. ERR_INTERNAL when there are too many. */
enum err static_start(struct error *e) MUST_CHECK;
/* "porchlight.css" -> 16 hex digits; "" when there is no such file. */
const char *static_tag(const char *name);

#endif
