/*
 * main: the command line. One table of commands; global options come out first, then root becomes the owner of the data folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/crypt.h"
#include "base/log.h"
#include "cli/args.h"
#include "cli/backup.h"
#include "cli/commands.h"
#include "cli/doctor.h"
#include "cli/fits.h"
#include "cli/rules_commands.h"
#include "cli/serve.h"
#include "desk/words.h"

enum { GOOD = 0, FAILED = 1, USAGE = 2 };

static int run_serve(struct args *a)
{
	const char *listen = args_value(a, "--listen");
	return args_done(a, 0, 0) ? serve_run(conf()->data, listen) : USAGE;
}

static int run_rules(struct args *a)
{
	return rules_command(a->argc, a->argv);
}

static int run_version(struct args *a)
{
	if (!args_done(a, 0, 0))
		return USAGE;
	printf("porchlight " PORCHLIGHT_VERSION "\n");
	return GOOD;
}

static const struct command {
	const char *name;
	int (*run)(struct args *a);
	bool needs_data;
	const char *usage;
} commands[] = {
	{ "serve", run_serve, true, "[--listen ADDR:PORT]" },
	{ "migrate", command_migrate, true, "[--check] [--json]" },
	{ "user", command_user, true, "add|list|disable|enable|password NAME [--role trial|helper|moderator|admin] [--password-stdin]" },
	{ "rules", run_rules, false, "check [DIR] | test RULE|FILE | explain TEXT|- | eval FILE.jsonl | replay FILE|DIR | learn FILE.jsonl | bench FILE.jsonl | list" },
	{ "backup", command_backup, true, "FILE [--with-keys]" },
	{ "restore", command_restore, true, "FILE [--with-keys]" },
	{ "export", command_export, true, "TICKET [--format txt|json|wikitext|html]" },
	{ "doctor", command_doctor, true, "[--json]" },
	{ "demo", command_demo, true, "" },
	{ "version", run_version, false, "" },
};

static void usage(FILE *to)
{
	fprintf(to, "usage: porchlight [--config FILE] [--data DIR] COMMAND ...\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		fprintf(to, "  porchlight %-8s %s\n", commands[i].name, commands[i].usage);
	fprintf(to, "\nExit codes: 0 good, 1 the check or command failed, 2 usage.\n");
}

/* Root only installs packages: whatever touches the data runs as the data's owner. */
static enum err become_owner(const char *folder, bool needs_data, struct error *e)
{
	struct stat st;
	if (geteuid() != 0)
		return ERR_OK;
	bool there = !stat(folder, &st);
	if (!needs_data && (!there || st.st_uid == 0))
		return ERR_OK; /* it touches no data and there is nobody to become */
	if (!there)
		return err_set(e, ERR_FORBIDDEN,
			"Porchlight does not run as root. Make the data folder for an ordinary user: `install -d -m 700 -o USER %.80s`.", folder);
	if (st.st_uid == 0)
		return err_set(e, ERR_FORBIDDEN,
			"The data folder belongs to root, and Porchlight does not run as root. Give it to a user: `chown -R USER %.80s`.", folder);
	if (setgroups(0, NULL) || setresgid(st.st_gid, st.st_gid, st.st_gid) || setresuid(st.st_uid, st.st_uid, st.st_uid) ||
		geteuid() != st.st_uid || setuid(0) == 0)
		return err_set(e, ERR_FORBIDDEN, "Becoming the owner of the data folder failed: %s.", strerror(errno));
	return ERR_OK;
}

/* A file or a client's connection must not get the number of a stream that was closed, and the words meant for it. */
static void fill_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY); /* the lowest free number; using it still fails */
}

/* Output that did not arrive is a failure: a full disk must not leave half a file and say that all is well. Who closes a pipe knows. */
static int told_all(int rc)
{
	bool lost = fflush(stdout) != 0 || ferror(stdout);
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (!lost)
		return rc;
	if (poll(&out, 1, 0) < 1 || !(out.revents & POLLERR))
		fprintf(stderr, "porchlight: what was to be said could not be written.\n");
	return rc == GOOD ? FAILED : rc;
}

int main(int argc, char **argv)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
	fill_streams();
	struct args a = { .argc = argc - 1, .argv = argv + 1 };
	struct error e = { 0 };
	const char *config = args_value(&a, "--config"), *data = args_value(&a, "--data");
	if (a.wrong)
		return USAGE;
	if (a.argc > 0 && (!strcmp(a.argv[0], "help") || !strcmp(a.argv[0], "--help") || !strcmp(a.argv[0], "-h"))) {
		usage(stdout);
		return told_all(GOOD);
	}
	const struct command *c = NULL;
	for (size_t i = 0; a.argc > 0 && i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(a.argv[0], commands[i].name))
			c = &commands[i];
	if (!c) {
		usage(stderr);
		return USAGE;
	}
	a.argc--, a.argv++;

	umask(077);
	conf_set_check(fits);
	if (crypt_init(&e) || (data && conf_override("data", data, &e)) || conf_load(config, &e) ||
		become_owner(conf()->data, c->needs_data, &e)) {
		fprintf(stderr, "porchlight: %s\n", e.message);
		return FAILED;
	}
	log_set_level(log_level_read(conf()->log_level));
	words_install();
	int rc = c->run(&a);
	return c->run == run_serve ? rc : told_all(rc);
}
