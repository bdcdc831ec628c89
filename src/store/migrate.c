#include "store/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypt.h"
#include "base/embed.h"
#include "store/db.h"

enum { MIGRATIONS_MAX = 9999 };

static const char migrations_table[] =
	"CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied INTEGER NOT NULL)";

/* Four digits, an underscore, a name. -1 otherwise. */
static int number_of(const char *name)
{
	int number = 0;
	for (int i = 0; i < 4; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		number = number * 10 + (name[i] - '0');
	}
	return name[4] == '_' && name[5] ? number : -1;
}

/* The embedded list, in order. *out is the caller's to free. */
static enum err embedded(struct migration **out, size_t *count, struct error *e)
{
	static const char folder[] = "migrations/";
	struct migration *list = NULL;
	size_t n = 0, at = 0;
	const char *name;
	struct slice text;
	enum err rc = ERR_OK;
	while (rc == ERR_OK && embed_next(folder, &at, &name, &text)) {
		const char *base = name + sizeof(folder) - 1;
		size_t len = strlen(base);
		if (len < 4 || strcmp(base + len - 4, ".sql"))
			continue;
		struct migration *more = realloc(list, (n + 1) * sizeof(*list));
		if (!more) {
			rc = err_nomem(e);
			break;
		}
		list = more;
		list[n] = (struct migration){ .number = number_of(base), .text = text };
		if (len - 4 >= sizeof(list[n].name))
			rc = err_set(e, ERR_INTERNAL, "The name of a migration is too long.");
		else
			snprintf(list[n].name, sizeof(list[n].name), "%.*s", (int)(len - 4), base);
		n++;
	}
	if (rc) {
		free(list);
		return rc;
	}
	*out = list;
	*count = n;
	return ERR_OK;
}

static void checksum(const struct migration *m, char hex[CRYPT_HEX_BYTES(CRYPT_HASH_BYTES)])
{
	struct crypt_hash h = crypt_sha256(m->text);
	crypt_hex(h.bytes, sizeof(h.bytes), hex);
}

/* Numbers from 1 without gaps. */
static enum err list_sound(const struct migration *list, size_t n, struct error *e)
{
	if (n > MIGRATIONS_MAX)
		return err_set(e, ERR_INTERNAL, "There are too many migrations.");
	for (size_t i = 0; i < n; i++)
		if (list[i].number != (int)i + 1)
			return err_set(e, ERR_INTERNAL, "Migration %s is out of order: number %d was expected.", list[i].name, (int)i + 1);
	return ERR_OK;
}

/* Compares what the database says was applied with the list. */
static enum err compare(struct db *db, const struct migration *list, size_t n, struct migrate_state *out, struct error *e)
{
	*out = (struct migrate_state){ .known = (int)n };
	enum err rc = ERR_OK;
	if (db_has_table(db, "migrations")) {
		struct rows r;
		rc = rows_open(db, &r, SQL_MIGRATIONS_APPLIED, NO_BINDS, e);
		if (rc)
			return rc;
		while (rc == ERR_OK && rows_next(&r)) {
			int64_t number = rows_int(&r, 0);
			struct slice name = rows_text(&r, 1);
			char hex[CRYPT_HEX_BYTES(CRYPT_HASH_BYTES)];
			if (number > (int64_t)n) {
				rc = err_set(e, ERR_CONFLICT,
					"The database was made by a newer Porchlight (migration %.*s); this one knows only %zu. Use the newer program.",
					SLICE_ARG(name), n);
			} else if (number != out->applied + 1) {
				rc = err_set(e, ERR_CORRUPT, "The database lacks migration %d but has later ones.", out->applied + 1);
			} else {
				checksum(&list[number - 1], hex);
				if (!slice_is(name, list[number - 1].name) || !slice_is(rows_text(&r, 2), hex))
					rc = err_set(e, ERR_CONFLICT,
						"Migration %s is not what was applied to this database; a migration must never be changed.",
						list[number - 1].name);
			}
			out->applied++;
		}
		enum err read = rows_close(&r);
		if (rc == ERR_OK)
			rc = read;
	}
	if (rc)
		return rc;
	out->pending = (int)n - out->applied;
	if (out->pending > 0)
		snprintf(out->next, sizeof(out->next), "%s", list[out->applied].name);
	return ERR_OK;
}

enum err migrate_check_list(const char *folder, const struct migration *list, size_t n, struct migrate_state *out,
	struct error *e)
{
	struct db *db = NULL;
	enum err rc = list_sound(list, n, e);
	if (rc)
		return rc;
	rc = db_open_bare(folder, DB_READ, &db, e);
	if (rc == ERR_NOT_FOUND) {
		*out = (struct migrate_state){ .known = (int)n, .pending = (int)n };
		if (n)
			snprintf(out->next, sizeof(out->next), "%s", list[0].name);
		return ERR_OK;
	}
	if (rc == ERR_OK)
		rc = compare(db, list, n, out, e);
	db_close(&db);
	return rc;
}

static enum err make_table(struct db *db, struct error *e)
{
	if (db_has_table(db, "migrations"))
		return ERR_OK;
	enum err rc = db_begin(db, e);
	if (rc == ERR_OK)
		rc = db_script(db, migrations_table, e);
	if (rc == ERR_OK)
		rc = db_commit(db, e);
	if (rc)
		db_undo_all(db);
	return rc;
}

/* One migration and its row, or neither. */
static enum err apply(struct db *db, const struct migration *m, struct error *e)
{
	struct error why = { 0 };
	char hex[CRYPT_HEX_BYTES(CRYPT_HASH_BYTES)];
	checksum(m, hex);
	/* db_script wants a NUL at the end; a list of a test may have none. */
	char *text = strndup(m->text.ptr, m->text.len);
	if (!text)
		return err_nomem(e);
	enum err rc = db_begin(db, &why);
	if (rc == ERR_OK)
		rc = db_script(db, text, &why);
	if (rc == ERR_OK)
		rc = db_run(db, SQL_MIGRATION_ADD, BINDS(b_int(m->number), b_str(m->name), b_str(hex), b_int(clock_wall_ms())), NULL, &why);
	if (rc == ERR_OK)
		rc = db_commit(db, &why);
	if (rc) {
		db_undo_all(db);
		err_set(e, rc, "Migration %s failed and was undone: %.160s", m->name, why.message);
	}
	free(text);
	return rc;
}

enum err migrate_run_list(const char *folder, const struct migration *list, size_t n,
	void (*done)(const char *name, void *ctx), void *ctx, struct error *e)
{
	struct db *db = NULL;
	struct migrate_state state;
	enum err rc = list_sound(list, n, e);
	if (rc)
		return rc;
	rc = db_open_bare(folder, DB_WRITE, &db, e);
	if (rc == ERR_OK)
		rc = compare(db, list, n, &state, e);
	if (rc == ERR_OK)
		rc = make_table(db, e);
	for (int i = rc == ERR_OK ? state.applied : (int)n; i < (int)n && rc == ERR_OK; i++) {
		rc = apply(db, &list[i], e);
		if (rc == ERR_OK && done)
			done(list[i].name, ctx);
	}
	db_close(&db);
	return rc;
}

enum err migrate_check(const char *folder, struct migrate_state *out, struct error *e)
{
	struct migration *list = NULL;
	size_t n = 0;
	enum err rc = embedded(&list, &n, e);
	if (rc == ERR_OK)
		rc = migrate_check_list(folder, list, n, out, e);
	free(list);
	return rc;
}

enum err migrate_run(const char *folder, void (*done)(const char *name, void *ctx), void *ctx, struct error *e)
{
	struct migration *list = NULL;
	size_t n = 0;
	enum err rc = embedded(&list, &n, e);
	if (rc == ERR_OK)
		rc = migrate_run_list(folder, list, n, done, ctx, e);
	free(list);
	return rc;
}
