/*
 * disk: files that are there whole, or not at all.
 *
 * Failing functions return false and leave errno. Any thread; two writers of one name are the caller's to keep apart.
 */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/slice.h"

/* Puts a file of these bytes and this mode in the place of `path`: written as PATH.part, synced, renamed over it. After false the
 * old file stands, unless only the last sync failed. */
bool disk_replace(const char *path, mode_t mode, struct slice bytes) MUST_CHECK;
/* What was made, renamed or removed beside `path` is on the disk when this returns. */
bool disk_sync_folder_of(const char *path) MUST_CHECK;

#endif
