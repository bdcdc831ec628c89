/*
 * commands: what an admin types, but for serve and rules. Each takes what is left of the line after the command's name and the
 * global options, and returns the exit code: 0 good, 1 failed, 2 usage. All but migrate, restore and demo are safe
 * beside a running server: they write in short immediate transactions.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/args.h"

#define PORCHLIGHT_VERSION "0.1.0"

int command_migrate(struct args *a);
int command_user(struct args *a);
int command_export(struct args *a);
int command_demo(struct args *a);

#endif
