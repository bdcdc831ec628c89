#include "cli/rules_mail.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/str.h"
#include "cli/input.h"
#include "spam/scan.h"
#include "spam/surface_mail.h"

enum { EVERY = 64, ARENA_BYTES = 256 << 20, PATH_BYTES = 4096, NO_BUDGET_US = 60000000 };

static enum err eval_file(struct arena *a, const struct ruleset *rules, const char *path, struct jv *list, struct error *e)
{
	/* A comparison must not depend on how fast the machine is. */
	const struct scan_options so = { .budget_us = NO_BUDGET_US, .rule_budget_us = NO_BUDGET_US };
	struct surface_input in = { 0 };
	struct surfaces s;
	struct scan_result r;
	struct mail m;
	struct str text;
	enum err err;

	str_init(&text, MAIL_BYTES_MAX);
	if ((err = input_read(path, &text, e)) || (err = mail_read(a, str_slice(&text), &m, e)) || (err = surface_mail(a, &m, &in, e)) ||
		(err = surface_build(a, &in, &s, e)) || (err = scan_run(rules, &s, &so, a, &r, e))) {
		str_fini(&text);
		return err;
	}
	struct jv *row = jv_set_string(jv_object(), "file", strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
	struct jv *hits = jv_object(), *values = jv_object();
	for (size_t i = 0; i < r.hit_count; i++)
		jv_set_int(hits, ruleset_rule(rules, r.hits[i].rule)->name, r.hits[i].count);
	for (size_t i = 0; i < ruleset_count(rules); i++)
		if (r.values[i] != 0)
			jv_set(values, ruleset_rule(rules, i)->name, jv_real(r.values[i]));
	jv_set(row, "score", jv_real(r.score));
	jv_set(jv_set(row, "hits", hits), "values", values);
	jv_push(list, row);
	str_fini(&text);
	return ERR_OK;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

enum err rules_mail_eval(const struct ruleset *rules, const char *path, void (*share)(double done), struct jv **out, struct error *e)
{
	struct arena *a = arena_new(ARENA_BYTES);
	struct jv *list = jv_array();
	struct dirent **names = NULL;
	struct stat st;
	enum err err = a && list ? ERR_OK : err_nomem(e);
	int n = 0;

	if (!err && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		n = scandir(path, &names, not_hidden, by_name);
		if (n < 0)
			err = err_set(e, ERR_IO, "%s cannot be read.", path);
		for (int i = 0; i < n; i++) {
			char file[PATH_BYTES];

			snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
			if (!err && stat(file, &st) == 0 && S_ISREG(st.st_mode))
				err = eval_file(a, rules, file, list, e);
			arena_reset(a);
			free(names[i]);
			if (share && !err && i % EVERY == 0)
				share((double)i / (double)n);
		}
		if (share && n > 0)
			share(err ? -1 : 1);
		free(names);
	} else if (!err) {
		err = eval_file(a, rules, path, list, e);
	}
	arena_free(&a);
	if (err)
		jv_free(&list);
	*out = list;
	return err;
}
