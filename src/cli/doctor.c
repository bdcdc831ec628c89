#include "cli/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/rules_commands.h"
#include "desk/audit.h"
#include "desk/help.h"
#include "desk/proof.h"
#include "desk/rule_life.h"
#include "desk/rulebook_files.h"
#include "desk/rulebook_past.h"
#include "store/migrate.h"

enum { USAGE = 2, ROOM_MIB = 256 };

/* One line, or one member of the list, a finding. */
struct findings {
	struct jv *json; /* NULL: lines */
	int wrong;       /* how many are to be mended */
	bool no_rules;   /* their folder is missing, which was said */
};

static void found(struct findings *f, const char *kind, const char *what)
{
	if (f->json)
		jv_push(f->json, jv_set_string(jv_set_string(jv_object(), "finding", kind), "text", what));
	else
		printf("%-5s %s\n", kind, what);
}

static void good(struct findings *f, const char *what)
{
	found(f, "ok", what);
}

static void mend(struct findings *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void mend(struct findings *f, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	found(f, "mend", text);
	f->wrong++;
}

/* What starts all the same, but not as it was meant. */
static void look_at_configuration(struct findings *f)
{
	struct slice bad, pages = slice_of(conf()->help_pages);
	int before = f->wrong;
	if (!proof_site_question_good(slice_of(conf()->site_question), &bad))
		mend(f, "site_question: \"%.*s\" is not `question = answer, answer`: nobody is asked it", bad.len < 200 ? (int)bad.len : 200, bad.ptr);
	if (pages.len && !conf()->wiki_url[0])
		mend(f, "help_pages needs wiki_url: no page is suggested");
	else if (!help_list_good(pages, conf()->wiki_url, &bad))
		mend(f, "help_pages: \"%.*s\" is not `page of the wiki = word, word`: it is never suggested", bad.len < 200 ? (int)bad.len : 200, bad.ptr);
	if (conf()->templates[0] && access(conf()->templates, R_OK | X_OK))
		mend(f, "the templates folder %s cannot be read: the built-in templates are used", conf()->templates);
	if (f->wrong == before)
		good(f, "configuration");
	struct str unread;
	char what[600];
	str_init(&unread, 512);
	conf_unread_variables(&unread);
	snprintf(what, sizeof(what), "variables set nothing, because there is no such key: %s", str_c(&unread));
	if (unread.len)
		found(f, "note", what);
	str_fini(&unread);
}

static void look_at_folder(const char *folder, struct findings *f)
{
	struct stat st;
	struct statvfs fs;
	if (stat(folder, &st)) {
		mend(f, "the data folder %s cannot be read: %s", folder, strerror(errno));
		return;
	}
	if (st.st_mode & 077)
		mend(f, "others may enter the data folder; run `chmod 700 %s`", folder);
	else if (access(folder, W_OK | X_OK))
		mend(f, "the data folder cannot be written; give it to the user that serves: `chown -R USER %s`", folder);
	else
		good(f, "data folder");
	if (!statvfs(folder, &fs) && (uint64_t)fs.f_bavail * fs.f_frsize < (uint64_t)ROOM_MIB << 20)
		mend(f, "the disk is nearly full: less than %d MiB are free", ROOM_MIB);
	else
		good(f, "room on the disk");
}

static void look_at_keys(const char *folder, struct findings *f)
{
	static const char *const names[] = { "link", "session", "form", "rate", "ban" };
	char path[4096];
	struct stat st;
	int before = f->wrong, missing = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/keys/%s.key", folder, names[i]);
		if (stat(path, &st))
			missing++;
		else if (st.st_mode & 077)
			mend(f, "others may read keys/%s.key; run `chmod 600` on it", names[i]);
		else if (access(path, R_OK))
			mend(f, "keys/%s.key cannot be read: %s", names[i], strerror(errno));
	}
	if (missing == (int)(sizeof(names) / sizeof(*names)))
		good(f, "keys (none yet: the first start makes them)");
	else if (missing)
		mend(f, "%d of the keys are missing; restore them from a backup made with --with-keys", missing);
	else if (f->wrong == before)
		good(f, "keys");
}

/* "2 stopped, 1 capped"; how many in all. */
static int64_t list_held_back(const int64_t laid[RULE_STATE_COUNT], char what[200])
{
	int64_t all = 0;
	what[0] = '\0';
	for (int i = RULE_QUARANTINED; i <= RULE_STOPPED; i++) {
		size_t n = strlen(what);
		if (laid[i])
			snprintf(what + n, 200 - n, "%s%" PRId64 " %s", n ? ", " : "", laid[i], rule_state_name((enum rule_state)i));
		all += laid[i];
	}
	return all;
}

/* What the desk laid on rules by itself, or a moderator did, waits for an admin; that rules grow old is as it should be. */
static void look_at_rule_states(struct db *db, struct findings *f)
{
	struct error e = { 0 };
	int64_t laid[RULE_STATE_COUNT], words[RULE_STATE_COUNT];
	int before = f->wrong;
	char what[200];
	if (rule_life_counts(db, laid, words, &e)) {
		mend(f, "what was laid on rules cannot be read: %s", e.message);
		return;
	}
	if (list_held_back(laid, what))
		mend(f, "rules do not act as their files say (%s): look at them on /desk/rules/states, mend or release them", what);
	if (list_held_back(words, what))
		mend(f, "the words learned of a language weigh nothing (%s): look at /desk/rules/states, release them when they may again", what);
	if (f->wrong == before)
		good(f, "no rule is held back");
	if (laid[RULE_AGEING] || laid[RULE_DORMANT]) {
		snprintf(what, sizeof(what), "rules without a good hit for long: %" PRId64 " will be dormant soon, %" PRId64 " are (/desk/rules/states)",
			laid[RULE_AGEING], laid[RULE_DORMANT]);
		found(f, "note", what);
	}
}

/* The folder is made by the first start; where rules have served before, it was there. */
static void look_at_rules_folder(struct db *db, const char *folder, struct findings *f)
{
	struct error e = { 0 };
	struct rule_set last;
	struct stat st;
	char path[4096];
	int64_t revision = 0;
	bool own = !conf()->rules[0];
	snprintf(path, sizeof(path), "%s%s", own ? folder : conf()->rules, own ? "/rules" : "");
	if (!stat(path, &st))
		return;
	if (rulebook_past_latest(db, &revision, NULL, &last, &e)) {
		mend(f, "the rules that served last cannot be read: %s", e.message);
		return;
	}
	rule_set_fini(&last);
	f->no_rules = revision || !own;
	if (f->no_rules)
		mend(f, "the rules folder %s is missing: %s%s", path, revision ? "the last good set goes on" : "the built-in rules serve",
			own ? ", and the next start writes it out again" : "");
}

static void look_at_database(const char *folder, struct findings *f)
{
	struct error e = { 0 };
	struct migrate_state s;
	struct db *db = NULL;
	int64_t rows = 0, broken = 0, cut = 0;
	char file[4096];
	if (migrate_check(folder, &s, &e)) {
		mend(f, "%s", e.message);
		return;
	}
	if (s.pending) {
		mend(f, "%s", s.applied ? "the database lacks migrations; make a backup, then run `porchlight migrate`"
									: "there is no database yet; run `porchlight migrate`");
		return;
	}
	enum err rc = db_open(folder, DB_READ, &db, &e);
	if (rc == ERR_OK)
		rc = db_check(db, &e);
	snprintf(file, sizeof(file), "%s/porchlight.db", folder);
	if (rc)
		mend(f, "%s Restore a backup.", e.message);
	else if (access(file, W_OK))
		mend(f, "the database cannot be written: %s; give %s to the user that serves", strerror(errno), file);
	else
		good(f, "database");
	if (rc == ERR_OK && (audit_verify(db, &rows, &broken, &e) || audit_check_head(db, folder, &cut, &e)))
		mend(f, "the audit cannot be read: %s", e.message);
	else if (rc == ERR_OK && broken)
		mend(f, "the audit was tampered with: row %" PRId64 " does not follow from the one before", broken);
	else if (rc == ERR_OK && cut)
		mend(f, "the audit was cut: row %" PRId64 " was there and is not any more; if you know why, remove %s/" AUDIT_HEAD_FILE, cut, folder);
	else if (rc == ERR_OK)
		good(f, "audit");
	if (rc == ERR_OK) {
		look_at_rule_states(db, f);
		look_at_rules_folder(db, folder, f);
	}
	db_close(&db);
}

/* `rules check` says it in its own lines, on standard output; with --json they go to standard error. */
static void look_at_rules(bool json, struct findings *f)
{
	char check[] = "check";
	char *argv[] = { check, NULL };
	int out = -1;
	fflush(stdout);
	if (json) {
		out = dup(STDOUT_FILENO);
		dup2(STDERR_FILENO, STDOUT_FILENO);
	}
	int code = rules_command(1, argv);
	fflush(stdout);
	if (out >= 0) {
		dup2(out, STDOUT_FILENO);
		close(out);
	}
	if (code)
		mend(f, "the rules have errors (see `porchlight rules check`); the last good set goes on serving");
	else
		good(f, "rules");
}

int command_doctor(struct args *a)
{
	bool json = args_flag(a, "--json");
	if (!args_done(a, 0, 0)) {
		fprintf(stderr, "usage: porchlight doctor [--json]\n");
		return USAGE;
	}
	const char *folder = conf()->data;
	struct findings f = { .json = json ? jv_array() : NULL };
	struct str out;
	str_init(&out, 1 << 20);
	look_at_configuration(&f);
	if (!conf()->public_url[0])
		found(&f, "note", "public_url is not set: links name the address the server listens on");
	if (strncmp(conf()->public_url, "https:", 6) == 0 && !conf()->trusted_proxies[0])
		mend(&f, "public_url is https, so a proxy is in front, but trusted_proxies names none: senders are unknown, without limits by network");
	look_at_folder(folder, &f);
	look_at_keys(folder, &f);
	look_at_database(folder, &f);
	if (!f.no_rules)
		look_at_rules(json, &f);
	if (json && jv_dump_pretty(f.json, &out) == ERR_OK)
		printf("%s\n", str_c(&out));
	str_fini(&out);
	jv_free(&f.json);
	return f.wrong ? 1 : 0;
}
