/*
 * doctor: looks at configuration, data folder, keys, database, audit chain and rules, and says what to mend. Changes nothing.
 * 1 when something is to be mended.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/args.h"

int command_doctor(struct args *a);

#endif
