/*
 * backup: a copy of the desk, and the desk from a copy.
 *
 * `backup FILE` copies the database in one step beside a running server and checks the copy; `--with-keys` puts DATA/keys into the
 * folder FILE.keys. Without the keys a copy opens no link and names no sender; without them a restored desk has other links.
 *
 * `restore FILE` needs the lock of the data folder. The copy is brought up to date and DATA/erasures is applied to it before it takes
 * the place of the database, which is kept as porchlight.db.before-restore until the admin removes it. Keys are taken from
 * FILE.keys with `--with-keys`, or where DATA has none.
 */
#ifndef CLI_BACKUP_H
#define CLI_BACKUP_H

#include "cli/args.h"

int command_backup(struct args *a);
int command_restore(struct args *a);

#endif
