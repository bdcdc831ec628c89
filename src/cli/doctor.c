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
#include "cli/rules_commands.h"
#include "desk/audit.h"
#include "store/migrate.h"

enum { USAGE = 2, ROOM_MIB = 256 };

/* One line a finding; `wrong` counts what is to be mended. */
static void good(const char *what)
{
	printf("ok    %s\n", what);
}

static void mend(int *wrong, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void mend(int *wrong, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	printf("mend  ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	++*wrong;
}

static void look_at_folder(const char *folder, int *wrong)
{
	struct stat st;
	struct statvfs fs;
	if (stat(folder, &st)) {
		mend(wrong, "the data folder %s cannot be read: %s", folder, strerror(errno));
		return;
	}
	if (st.st_mode & 077)
		mend(wrong, "others may enter the data folder; run `chmod 700 %s`", folder);
	else if (access(folder, W_OK | X_OK))
		mend(wrong, "the data folder cannot be written; give it to the user that serves: `chown -R USER %s`", folder);
	else
		good("data folder");
	if (!statvfs(folder, &fs) && (uint64_t)fs.f_bavail * fs.f_frsize < (uint64_t)ROOM_MIB << 20)
		mend(wrong, "the disk is nearly full: less than %d MiB are free", ROOM_MIB);
	else
		good("room on the disk");
}

static void look_at_keys(const char *folder, int *wrong)
{
	static const char *const names[] = { "link", "session", "form", "rate", "ban" };
	char path[4096];
	struct stat st;
	int before = *wrong, missing = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/keys/%s.key", folder, names[i]);
		if (stat(path, &st))
			missing++;
		else if (st.st_mode & 077)
			mend(wrong, "others may read keys/%s.key; run `chmod 600` on it", names[i]);
		else if (access(path, R_OK))
			mend(wrong, "keys/%s.key cannot be read: %s", names[i], strerror(errno));
	}
	if (missing == (int)(sizeof(names) / sizeof(*names)))
		printf("ok    keys (none yet: the first start makes them)\n");
	else if (missing)
		mend(wrong, "%d of the keys are missing; restore them from a backup made with --with-keys", missing);
	else if (*wrong == before)
		good("keys");
}

static void look_at_database(const char *folder, int *wrong)
{
	struct error e = { 0 };
	struct migrate_state s;
	struct db *db = NULL;
	int64_t rows = 0, broken = 0;
	if (migrate_check(folder, &s, &e)) {
		mend(wrong, "%s", e.message);
		return;
	}
	if (s.pending) {
		mend(wrong, "%s", s.applied ? "the database lacks migrations; make a backup, then run `porchlight migrate`"
									: "there is no database yet; run `porchlight migrate`");
		return;
	}
	enum err rc = db_open(folder, DB_READ, &db, &e);
	if (rc == ERR_OK)
		rc = db_check(db, &e);
	if (rc)
		mend(wrong, "%s Restore a backup.", e.message);
	else
		good("database");
	if (rc == ERR_OK && audit_verify(db, &rows, &broken, &e))
		mend(wrong, "the audit cannot be read: %s", e.message);
	else if (rc == ERR_OK && broken)
		mend(wrong, "the audit was tampered with: row %" PRId64 " does not follow from the one before", broken);
	else if (rc == ERR_OK)
		good("audit");
	db_close(&db);
}

int command_doctor(struct args *a)
{
	if (!args_done(a, 0, 0)) {
		fprintf(stderr, "usage: porchlight doctor\n");
		return USAGE;
	}
	const char *folder = conf()->data;
	char check[] = "check";
	char *rules[] = { check, NULL };
	int wrong = 0;
	good("configuration");
	if (!conf()->public_url[0])
		printf("note  public_url is not set: links in mails and pages name the address the server listens on\n");
	look_at_folder(folder, &wrong);
	look_at_keys(folder, &wrong);
	look_at_database(folder, &wrong);
	fflush(stdout);
	if (rules_command(1, rules))
		mend(&wrong, "the rules have errors (above); the last good set goes on serving");
	else
		good("rules");
	return wrong ? 1 : 0;
}
