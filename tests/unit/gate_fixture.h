/* gate_fixture: a desk on a real database with the real gate and rulebook, in a folder of its own. */
#ifndef TESTS_UNIT_GATE_FIXTURE_H
#define TESTS_UNIT_GATE_FIXTURE_H

#include "unit/fixture.h"

#include <sys/stat.h>

#include "desk/gate.h"
#include "desk/judgement.h"
#include "desk/talk.h"
#include "desk/ticket.h"

static inline void make_folder(const char *folder, const char *name)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static inline void set_conf(const char *key, const char *value)
{
	struct error e = { 0 };
	MUST(conf_override(key, value, &e));
	MUST(conf_load(NULL, &e));
}

/* Without the rulebook, which tests open as they need it. */
static inline int setup_bare(void **state)
{
	set_conf("rules", "");
	set_conf("rate_limits", "off");
	set_conf("form_token", "score");
	set_conf("refused_mib", "256");
	*state = fixture_open();
	return 0;
}

#endif
