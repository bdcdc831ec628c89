#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/demo.h"
#include "cli/house.h"
#include "desk/keys.h"
#include "desk/people.h"
#include "desk/transcript.h"
#include "store/migrate.h"

enum { COMMAND_ARENA_BYTES = 64 << 20, USAGE = 2 };

/* A failed command says why on standard error. */
static int ended(enum err rc, const struct error *e)
{
	if (rc)
		fprintf(stderr, "porchlight: %s\n", e->message);
	return rc ? 1 : 0;
}

static enum err print_json(struct jv *v, struct error *e)
{
	struct str out;
	str_init(&out, COMMAND_ARENA_BYTES);
	enum err rc = jv_dump_pretty(v, &out);
	if (rc == ERR_OK)
		printf("%s\n", str_c(&out));
	else
		rc = err_nomem(e);
	str_fini(&out);
	jv_free(&v);
	return rc;
}

/* ---- migrate ---- */

static void print_applied(const char *name, void *ctx)
{
	++*(int *)ctx;
	printf("applied %s\n", name);
}

int command_migrate(struct args *a)
{
	bool check = args_flag(a, "--check"), json = args_flag(a, "--json");
	if (!args_done(a, 0, 0))
		return USAGE;
	struct error e = { 0 };
	struct migrate_state s;
	const char *folder = conf()->data;
	int lock = -1, applied = 0;
	enum err rc;
	if (check) {
		rc = migrate_check(folder, &s, &e);
		if (rc == ERR_OK && json)
			rc = print_json(jv_set_string(jv_set_int(jv_set_int(jv_object(), "applied", s.applied), "pending", s.pending), "next",
				s.next[0] ? s.next : NULL), &e);
		else if (rc == ERR_OK && s.pending)
			printf("%d of %d migrations are applied; next: %s\n", s.applied, s.known, s.next);
		else if (rc == ERR_OK)
			printf("the database is up to date (%d migrations)\n", s.applied);
		return rc ? ended(rc, &e) : s.pending ? 1 : 0;
	}
	rc = house_lock(folder, &lock, &e);
	if (rc == ERR_OK)
		rc = migrate_run(folder, print_applied, &applied, &e);
	if (rc == ERR_OK && applied == 0)
		printf("the database is up to date\n");
	house_unlock(&lock);
	return ended(rc, &e);
}

/* ---- user ---- */

/* The desk of a command: no writer, so people_* write through the connection. */
struct office {
	struct desk desk;
	struct db *db;
	struct arena *arena;
};

static enum err office_open(struct office *o, enum db_mode mode, struct error *e)
{
	*o = (struct office){ .desk = { .folder = conf()->data } };
	enum err rc = db_open(o->desk.folder, mode, &o->db, e);
	if (rc == ERR_OK)
		rc = keys_open(o->desk.folder, &o->desk.keys, e);
	if (rc == ERR_OK && !(o->arena = arena_new(COMMAND_ARENA_BYTES)))
		rc = err_nomem(e);
	return rc;
}

static void office_close(struct office *o)
{
	db_close(&o->db);
	keys_free(&o->desk.keys);
	arena_free(&o->arena);
}

/* One line of standard input, without its end. */
static enum err read_password(char *out, size_t size, struct error *e)
{
	if (!fgets(out, (int)size, stdin))
		return err_set(e, ERR_INVALID, "No password came on standard input.");
	size_t len = strcspn(out, "\r\n");
	if (!out[len] && len + 1 == size)
		return err_set(e, ERR_INVALID, "The password is too long.");
	out[len] = '\0';
	return ERR_OK;
}

/* A generated password is seen once: on the terminal, or in a file for the data's owner alone. Never in a log. */
static enum err show_password(const char *login, const char *password, struct error *e)
{
	char path[4096];
	if (isatty(STDOUT_FILENO)) {
		printf("The password of %s is shown only this once:\n\n    %s\n\n", login, password);
		return ERR_OK;
	}
	for (int i = 1; i <= 1000; i++) {
		snprintf(path, sizeof(path), "%s/password-%d.txt", conf()->data, i);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		bool good = fd >= 0 && dprintf(fd, "%s %s\n", login, password) > 0 && fsync(fd) == 0;
		if (fd >= 0)
			close(fd);
		if (!good)
			break;
		printf("The password of %s is in %s; read it and remove the file.\n", login, path);
		return ERR_OK;
	}
	return err_set(e, ERR_IO, "The generated password could not be written; set another with `porchlight user password`.");
}

static int user_list(struct office *o, bool json, struct error *e)
{
	struct account *list;
	size_t n;
	enum err rc = people_list(o->db, o->arena, &list, &n, e);
	if (rc)
		return ended(rc, e);
	struct jv *all = json ? jv_array() : NULL;
	for (size_t i = 0; i < n; i++) {
		const struct account *p = &list[i];
		if (json) {
			/* The words of the API: ids are strings, `name` logs in, `display` is what others see. */
			char id[24];
			snprintf(id, sizeof(id), "%lld", (long long)p->id);
			struct jv *v = jv_set_string(jv_object(), "id", id);
			jv_set_text(v, "name", p->login);
			jv_set_text(v, "display", p->name);
			jv_set_string(v, "role", people_role_name(p->role));
			jv_set_bool(v, "disabled", p->disabled);
			jv_set_time(v, "created", p->created_ms);
			jv_push(all, jv_set_time(v, "seen", p->seen_ms));
		} else {
			printf("%-20.*s %-10s %.*s%s\n", SLICE_ARG(p->login), people_role_name(p->role), SLICE_ARG(p->name),
				p->disabled ? " (disabled)" : "");
		}
	}
	return json ? ended(print_json(all, e), e) : 0;
}

static int user_usage(void)
{
	fprintf(stderr, "usage: porchlight user add|password NAME [--role trial|helper|moderator|admin] [--password-stdin]\n"
		"       porchlight user disable|enable NAME\n"
		"       porchlight user list [--json]\n");
	return USAGE;
}

int command_user(struct args *a)
{
	bool json = args_flag(a, "--json"), from_stdin = args_flag(a, "--password-stdin");
	const char *role_name = args_value(a, "--role"), *display = args_value(a, "--name");
	enum role role = ROLE_NOBODY;
	if (!args_done(a, 1, 2))
		return user_usage();
	const char *verb = a->argv[0], *login = a->argc > 1 ? a->argv[1] : NULL;
	bool list = !strcmp(verb, "list"), add = !strcmp(verb, "add"), password = !strcmp(verb, "password");
	bool disable = !strcmp(verb, "disable"), enable = !strcmp(verb, "enable");
	if (list == (login != NULL) || !(list || add || password || disable || enable))
		return user_usage();
	if (role_name && !people_role_read(slice_of(role_name), &role)) {
		fprintf(stderr, "porchlight: there is no role %s\n", role_name);
		return user_usage();
	}

	struct error e = { 0 };
	struct office o;
	char text[PEOPLE_PASSWORD_MAX_BYTES + 2] = "";
	struct account who;
	enum err rc = office_open(&o, list ? DB_READ : DB_WRITE, &e);
	int code = 0;
	if (rc == ERR_OK && list) {
		code = user_list(&o, json, &e);
		office_close(&o);
		return code;
	}
	if (rc == ERR_OK && (add || password)) {
		if (from_stdin)
			rc = read_password(text, sizeof(text), &e);
		else
			people_generate_password(text);
	}
	if (rc == ERR_OK && add) {
		struct people_new n = { .login = slice_of(login), .name = slice_of(display), .password = slice_of(text),
			.role = role == ROLE_NOBODY ? ROLE_HELPER : role };
		int64_t id;
		rc = people_add(&o.desk, o.db, NULL, &n, NULL, &id, &e);
		if (rc == ERR_OK)
			printf("added %s (%s)\n", login, people_role_name(n.role));
	} else if (rc == ERR_OK) {
		rc = people_by_login(o.db, o.arena, slice_of(login), &who, &e);
		if (rc == ERR_NOT_FOUND)
			err_set(&e, rc, "There is nobody called %s.", login);
		if (rc == ERR_OK && (role != ROLE_NOBODY || display || disable || enable))
			rc = people_change(&o.desk, o.db, NULL, who.id,
				&(struct people_change){ slice_of(display), role, disable ? 1 : enable ? 0 : -1 }, &e);
		if (rc == ERR_OK && password)
			rc = people_password(&o.desk, o.db, NULL, who.id, slice_of(text), 0, &e);
		if (rc == ERR_OK)
			printf("%s %s\n", password ? "changed the password of" : disable ? "disabled" : "enabled", login);
	}
	if (rc == ERR_OK && (add || password) && !from_stdin)
		rc = show_password(login, text, &e);
	crypt_wipe(text, sizeof(text));
	office_close(&o);
	return ended(rc, &e);
}

/* ---- export ---- */

int command_export(struct args *a)
{
	const char *format = args_value(a, "--format");
	enum transcript_format f = TRANSCRIPT_TXT;
	if (!args_done(a, 1, 1) || (format && !transcript_format_read(slice_of(format), &f))) {
		fprintf(stderr, "usage: porchlight export TICKET [--format txt|json|wikitext|html]\n");
		return USAGE;
	}
	char *end;
	errno = 0;
	long long id = strtoll(a->argv[0], &end, 10);
	if (errno || *end || id <= 0) {
		fprintf(stderr, "porchlight: a ticket is a number\n");
		return USAGE;
	}
	struct error e = { 0 };
	struct office o;
	struct ticket t;
	struct str out;
	str_init(&out, TRANSCRIPT_MAX_BYTES);
	enum err rc = office_open(&o, DB_READ, &e);
	if (rc == ERR_OK)
		rc = db_snapshot_begin(o.db, &e);
	bool snapshot = rc == ERR_OK;
	if (rc == ERR_OK)
		rc = ticket_load(o.db, o.arena, id, &t, &e);
	if (rc == ERR_NOT_FOUND)
		err_set(&e, rc, "There is no ticket %lld.", id);
	if (rc == ERR_OK)
		rc = transcript_render(o.db, o.arena, &t, VIEW_STAFF, f, &out, &e);
	if (rc == ERR_OK && (fwrite(str_c(&out), 1, out.len, stdout) != out.len || fflush(stdout)))
		rc = err_set(&e, ERR_IO, "The transcript could not be written: %s.", strerror(errno));
	str_fini(&out);
	if (snapshot)
		db_snapshot_end(o.db);
	office_close(&o);
	return ended(rc, &e);
}

/* ---- demo ---- */

int command_demo(struct args *a)
{
	if (!args_done(a, 0, 0))
		return USAGE;
	struct error e = { 0 };
	struct house h;
	struct db *db = NULL;
	char *password = NULL;
	struct arena *arena = arena_new(COMMAND_ARENA_BYTES);
	enum err rc = arena ? house_open(&h, conf()->data, false, &e) : err_nomem(&e);
	if (rc == ERR_OK) {
		rc = db_open(conf()->data, DB_READ, &db, &e);
		if (rc == ERR_OK)
			rc = demo_seed(&h.desk, db, arena, &password, &e);
		db_close(&db);
		house_close(&h);
	}
	if (rc == ERR_OK && password)
		rc = show_password("every demo account", password, &e);
	arena_free(&arena);
	return ended(rc, &e);
}
