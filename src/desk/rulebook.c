#include "desk/rulebook.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/program.h"
#include "desk/replay.h"
#include "desk/rule_doubt.h"
#include "desk/rule_life.h"
#include "desk/rulebook_files.h"
#include "desk/rulebook_past.h"
#include "desk/rulebook_show.h"
#include "spam/features.h"
#include "spam/ruleset.h"
#include "spam/warn.h"

enum { REPLAY_ONLINE_MAX = 5000, POLL_MS = 250, QUIET_MS = 500, COMMENT_MAX_BYTES = 500, MODES_MAX_BYTES = 1 << 20 };

static const char modes_file[] = "local.d/modes.cf";

struct rulebook {
	struct desk *desk;
	char *folder;
	char program[PROGRAM_ID_BYTES];    /* "": unknown */
	char proven[RULESET_NAME_BYTES];   /* what need not pass its tests again; "": nothing is known of */
	bool own_folder;             /* DATA/rules: ours to write the shipped files into */
	pthread_mutex_t write_lock;  /* one change at a time; guards what the next lines hold */
	struct rule_set disk;        /* the folder as it was last read */
	uint64_t first_mark;         /* of the folder, before it was first read */
	atomic_bool unsaved;         /* the serving set is not in rule_revisions yet; the watcher looks at it without the lock */
	pthread_mutex_t swap_lock;   /* guards the lines below */
	struct ruleset *serving;
	int64_t since;
	bool good;                   /* what serves is what the folder holds */
	struct cf_errors errors;     /* of the folder, where it does not serve; else notices */
	struct cf_errors doubts; /* about the rules that serve, from when they came; under swap_lock */
	pthread_t watcher;
	bool watching, stop;         /* stop: under stop_lock */
	pthread_mutex_t stop_lock;
	pthread_cond_t stop_cond;
};

/* --- serving --------------------------------------------------------------------------------------------------------- */

const struct ruleset *rulebook_pin(struct rulebook *rb)
{
	struct ruleset *r;

	pthread_mutex_lock(&rb->swap_lock);
	r = ruleset_ref(rb->serving);
	pthread_mutex_unlock(&rb->swap_lock);
	return r;
}

void rulebook_unpin(struct rulebook *rb, const struct ruleset **rs)
{
	struct ruleset *r = (struct ruleset *)(uintptr_t)*rs; /* ours: pinned as const so that nobody changes it */

	(void)rb;
	*rs = NULL;
	ruleset_unref(&r);
}

bool rulebook_good(struct rulebook *rb)
{
	bool good;

	pthread_mutex_lock(&rb->swap_lock);
	good = rb->good;
	pthread_mutex_unlock(&rb->swap_lock);
	return good;
}

bool rulebook_serves(struct rulebook *rb)
{
	pthread_mutex_lock(&rb->swap_lock);
	bool serves = rb->good || ruleset_count(rb->serving) > 0;
	pthread_mutex_unlock(&rb->swap_lock);
	return serves;
}

/* Takes `next` (may be NULL: what serves goes on) and the findings. */
static void publish(struct rulebook *rb, struct ruleset *next, bool good, struct cf_errors *errs)
{
	struct ruleset *old = NULL;
	struct cf_errors old_errors;

	pthread_mutex_lock(&rb->swap_lock);
	if (next) {
		if (!rb->serving || strcmp(ruleset_name(rb->serving), ruleset_name(next)) != 0)
			rb->since = clock_wall_ms();
		old = rb->serving;
		rb->serving = next;
	}
	rb->good = good;
	old_errors = rb->errors;
	rb->errors = *errs;
	pthread_mutex_unlock(&rb->swap_lock);
	cf_errors_init(errs);
	cf_errors_fini(&old_errors);
	ruleset_unref(&old);
}

/* The same where rules serve already: which of them were edited is remembered, and what is doubtful about them. */
static void replace(struct rulebook *rb, struct ruleset *next, struct cf_errors *errs, struct cf_errors *doubts)
{
	struct ruleset *old = rb->serving ? ruleset_ref(rb->serving) : NULL;
	struct cf_errors old_doubts;
	struct error e;

	/* The same rules again: what was said of them holds. */
	if (!old || strcmp(ruleset_name(old), ruleset_name(next)) != 0) {
		pthread_mutex_lock(&rb->swap_lock);
		old_doubts = rb->doubts;
		rb->doubts = *doubts;
		pthread_mutex_unlock(&rb->swap_lock);
		cf_errors_init(doubts);
		cf_errors_fini(&old_doubts);
	}
	publish(rb, next, true, errs);
	if (old && rule_doubt_edited(rb->desk, old, rb->serving, &e))
		log_warn("desk/rulebook", "which rules were edited could not be remembered: %s", e.message);
	ruleset_unref(&old);
}

static enum err build(struct rulebook *rb, const struct rule_set *set, struct ruleset **out, struct cf_errors *errs, struct error *e)
{
	/* Only one build runs at a time (write_lock). */
	return rule_set_build(set, &(struct ruleset_known){ rb->serving, rb->proven }, out, errs, e);
}

static void log_errors(const struct cf_errors *errs)
{
	for (size_t i = 0; i < errs->count && i < 20; i++)
		if (!errs->list[i].notice && !errs->list[i].file[0])
			log_error("desk/rulebook", "%s", errs->list[i].message);
		else if (!errs->list[i].notice)
			log_error("desk/rulebook", "%s:%u:%u: %s", errs->list[i].file, errs->list[i].line, errs->list[i].column, errs->list[i].message);
}

/* --- the truth: desk/rulebook_past ---------------------------------------------------------------------------------------- */

/* What was taken in from the folder is remembered too; when the store is busy, at the next look. */
static void remember(struct rulebook *rb, const char *author, const char *comment)
{
	struct rulebook_save s = { .set = &rb->disk, .author = author, .comment = slice_of(comment), .generation = ruleset_name(rb->serving), .program = rb->program, .changed_only = true };
	struct error e;

	rb->unsaved = rulebook_past_add(rb->desk, &s, &e) != ERR_OK;
	if (rb->unsaved)
		log_warn("desk/rulebook", "the rule set that serves could not be remembered yet: %s", e.message);
}

/* --- the folder -------------------------------------------------------------------------------------------------------- */

/* What was changed in the folder serves without being asked about: afterwards it is said what an edit on the page would have been told before. */
static void doubt_afterwards(struct rulebook *rb, const struct ruleset *before)
{
	struct cf_errors found;
	struct db *db = NULL;
	struct error e;

	cf_errors_init(&found);
	if (db_open(rb->desk->folder, DB_READ, &db, &e) || replay_afterwards(db, before, rb->serving, &found, &e))
		log_warn("desk/rulebook", "the change in the rules folder could not be tried on good texts: %s", e.message);
	db_close(&db);
	pthread_mutex_lock(&rb->swap_lock);
	for (size_t i = 0; i < found.count; i++) {
		const struct cf_error *f = &found.list[i];
		cf_errors_add(&rb->doubts, true, f->file, f->line, f->column, "%s", f->message);
		log_warn("desk/rulebook", "%s%s%s", f->file, f->file[0] ? ": " : "", f->message);
	}
	pthread_mutex_unlock(&rb->swap_lock);
	cf_errors_fini(&found);
}

/* Under write_lock: the folder is read; good and different, it serves. */
static enum err take_in(struct rulebook *rb, const char *comment, struct error *e)
{
	struct rule_set set;
	struct ruleset *next = NULL, *before = rb->serving ? ruleset_ref(rb->serving) : NULL;
	struct cf_errors errs, doubts;
	struct error why;
	enum err err;

	cf_errors_init(&errs);
	cf_errors_init(&doubts);
	err = rule_set_read(rb->folder, &set, &why);
	if (!err && set.count == 0 && rb->own_folder && rb->disk.count)
		err = err_set(&why, ERR_INVALID, "The folder of the rule files is empty.");
	if (!err)
		err = build(rb, &set, &next, &errs, &why);
	if (err) {
		if (!errs.errors)
			cf_errors_add(&errs, false, set.failed, set.failed[0] ? 1 : 0, set.failed[0] ? 1 : 0, "%s", why.message);
		log_error("desk/rulebook", "the rule files have errors, the last good set goes on:");
		log_errors(&errs);
		publish(rb, NULL, false, &errs);
		rule_set_fini(&set);
		ruleset_unref(&before);
		return err_set(e, ERR_INVALID, "The rule files have errors; the last good set goes on.");
	}
	bool changed = !rb->serving || strcmp(ruleset_name(next), ruleset_name(rb->serving)) != 0;
	rule_set_fini(&rb->disk);
	rb->disk = set;
	rule_set_notices(&rb->disk, &errs);
	if (rb->disk.linked[0])
		log_warn("desk/rulebook", "%s in the rules folder is a link and was not read: put the file itself there", rb->disk.linked);
	/* At the start nobody has changed anything. */
	if (rb->serving)
		warn_rules(next, rb->serving, &doubts);
	replace(rb, next, &errs, &doubts);
	cf_errors_fini(&doubts);
	if (changed) {
		log_info("desk/rulebook", "generation %s serves: %zu rules in %zu files", ruleset_name(rb->serving), ruleset_count(rb->serving),
			rb->disk.count);
		remember(rb, "folder", comment);
	} else if (rb->unsaved) {
		remember(rb, "folder", comment);
	}
	if (changed && before && rb->desk->writer)
		doubt_afterwards(rb, before);
	ruleset_unref(&before);
	return ERR_OK;
}

enum err rulebook_rescan(struct rulebook *rb, struct error *e)
{
	enum err err;

	pthread_mutex_lock(&rb->write_lock);
	err = take_in(rb, "changed in the folder", e);
	pthread_mutex_unlock(&rb->write_lock);
	return err;
}

static bool wait_or_stop(struct rulebook *rb, int ms)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&rb->stop_lock);
	while (!rb->stop && pthread_cond_timedwait(&rb->stop_cond, &rb->stop_lock, &until) == 0)
		;
	stop = rb->stop;
	pthread_mutex_unlock(&rb->stop_lock);
	return stop;
}

static void *watch(void *arg)
{
	struct rulebook *rb = arg;
	uint64_t taken = rb->first_mark, seen = taken;
	int quiet = 0;

	while (!wait_or_stop(rb, POLL_MS)) {
		uint64_t mark = rule_folder_mark(rb->folder);
		if (mark != seen) {
			seen = mark;
			quiet = 0;
			continue;
		}
		quiet += POLL_MS;
		if (quiet < QUIET_MS || (mark == taken && !rb->unsaved))
			continue;
		taken = mark;
		quiet = 0;
		if (rulebook_rescan(rb, NULL))
			log_warn("desk/rulebook", "the change in the rules folder was not taken in");
	}
	return NULL;
}

/* --- shipped files ------------------------------------------------------------------------------------------------------- */

/* The first so many of the built-in files were dealt with. */
struct shipment {
	const struct rule_set *built_in;
	size_t count;
};

static enum err shipment_run(struct db *db, void *self, struct error *e)
{
	const struct shipment *s = self;
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < s->count; i++)
		err = db_run(db, SQL_RULEBOOK_SHIP, BINDS(b_str(s->built_in->list[i].name), b_str(s->built_in->list[i].hash)), NULL, e);
	return err;
}

/* The hash of the built-in file that was dealt with last, "" for none. */
static enum err shipped(struct db *db, const struct rule_file *f, char before[RULE_HASH_BYTES], struct error *e)
{
	struct rows r;
	enum err err = rows_open(db, &r, SQL_RULEBOOK_SHIPPED, BINDS(b_str(f->name)), e);

	before[0] = 0;
	if (err)
		return err;
	if (rows_next(&r))
		snprintf(before, RULE_HASH_BYTES, "%.*s", SLICE_ARG(rows_text(&r, 0)));
	return rows_close(&r);
}

/* One built-in file: new ones and ones the site left alone are written, beside a changed one goes NAME.new. */
static enum err ship(struct rulebook *rb, struct db *db, const struct rule_file *f, const struct rule_set *disk, struct error *e)
{
	const struct rule_file *here = rule_set_find(disk, slice_of(f->name));
	char before[RULE_HASH_BYTES];
	enum err err = shipped(db, f, before, e);

	if (err || strcmp(before, f->hash) == 0)
		return err;
	if (here && strcmp(here->hash, f->hash) == 0) {
		/* there already */
	} else if (here ? strcmp(here->hash, before) == 0 : !before[0]) {
		err = rule_folder_write(rb->folder, slice_of(f->name), "", slice_make(f->text, f->len), e);
	} else if (here) {
		log_warn("desk/rulebook", "%s was changed here and is kept; the new version is beside it as %s.new", f->name, f->name);
		err = rule_folder_write(rb->folder, slice_of(f->name), ".new", slice_make(f->text, f->len), e);
	}
	/* else: the site has removed it, and it stays away */
	return err;
}

static enum err ship_all(struct rulebook *rb, struct db *db, struct error *e)
{
	struct rule_set built_in, disk = { .count = 0 }, last = { .count = 0 };
	struct shipment done = { &built_in, 0 };
	int64_t revision = 0;
	bool news = access(rb->folder, F_OK) != 0;
	enum err err = rule_set_embedded(&built_in, e);

	for (size_t i = 0; !err && !news && i < built_in.count; i++) {
		char before[RULE_HASH_BYTES];
		err = shipped(db, &built_in.list[i], before, e);
		news = strcmp(before, built_in.list[i].hash) != 0;
	}
	if (err || !news)
		goto out;
	err = rule_set_read(rb->folder, &disk, e);
	if (err == ERR_NOT_FOUND) {
		/* First start, or a restored database: the working copy is written from the truth, then brought up to date. */
		err = rulebook_past_latest(db, &revision, NULL, &last, e);
		for (size_t i = 0; !err && i < last.count; i++)
			err = rule_folder_write(rb->folder, slice_of(last.list[i].name), "", slice_make(last.list[i].text, last.list[i].len), e);
		rule_set_fini(&last);
		if (!err && revision == 0 && built_in.count)
			log_info("desk/rulebook", "writing the built-in rules to the rules folder");
		if (!err)
			err = rule_set_read(rb->folder, &disk, e);
		if (err == ERR_NOT_FOUND) {
			disk = (struct rule_set){ .count = 0 };
			err = ERR_OK;
		}
	}
	while (!err && done.count < built_in.count) {
		err = ship(rb, db, &built_in.list[done.count], &disk, e);
		done.count += !err;
	}
	/* What was written before something failed is not written again. */
	if (done.count > 0) {
		enum err wrote = writer_do(rb->desk->writer, LANE_TALK, shipment_run, &done, err ? NULL : e);
		err = err ? err : wrote;
	}
out:
	rule_set_fini(&disk);
	rule_set_fini(&built_in);
	return err;
}

/* --- life ---------------------------------------------------------------------------------------------------------------- */

static bool same_file_set(struct rulebook *rb, const struct rule_set *set, const char *what)
{
	struct cf_errors errs, kept;
	struct ruleset *next = NULL;
	struct error e;
	bool built;

	cf_errors_init(&errs);
	built = rule_set_rebuild(set, NULL, &next, &errs, &e) == ERR_OK;
	if (!built) {
		log_error("desk/rulebook", "%s cannot be built: %s", what, e.message);
		log_errors(&errs);
	}
	cf_errors_fini(&errs);
	if (!built)
		return false;
	log_warn("desk/rulebook", "%s serves: generation %s, %zu rules", what, ruleset_name(next), ruleset_count(next));
	/* The folder's errors stay on show. */
	pthread_mutex_lock(&rb->swap_lock);
	kept = rb->errors;
	cf_errors_init(&rb->errors);
	pthread_mutex_unlock(&rb->swap_lock);
	publish(rb, next, false, &kept);
	return true;
}

/* The folder cannot serve: the last good set, else the built-in one, else none. */
static enum err fall_back(struct rulebook *rb, struct db *db, struct error *e)
{
	struct rule_set set;
	int64_t revision = 0;
	bool served = false;

	if (rulebook_past_latest(db, &revision, NULL, &set, NULL) == ERR_OK) {
		served = revision && same_file_set(rb, &set, "the last good rule set");
		rule_set_fini(&set);
	}
	if (!served && rule_set_embedded(&set, NULL) == ERR_OK) {
		served = set.count && same_file_set(rb, &set, "the built-in rule set");
		rule_set_fini(&set);
	}
	set = (struct rule_set){ .count = 0 };
	if (!served && !same_file_set(rb, &set, "an empty rule set"))
		return err_set(e, ERR_INTERNAL, "Not even an empty rule set can be built.");
	return ERR_OK;
}

/* Files that were changed while nothing served: what is edited is told by the last set that did. Under write_lock. */
static void edited_while_down(struct rulebook *rb, struct db *db, int64_t revision, const char *generation)
{
	struct rule_set last;
	struct ruleset *old = NULL;
	struct cf_errors errs;
	struct error e;

	cf_errors_init(&errs);
	/* It is only compared: whether it still passes its tests is no matter. */
	if (rulebook_past_read(db, revision, &last, &e) == ERR_OK && rule_set_rebuild(&last, &(struct ruleset_known){ rb->serving, generation }, &old, &errs, &e) == ERR_OK &&
		rule_doubt_edited(rb->desk, old, rb->serving, &e))
		log_warn("desk/rulebook", "which rules were edited could not be remembered: %s", e.message);
	rule_set_fini(&last);
	cf_errors_fini(&errs);
	ruleset_unref(&old);
}

static bool start_watching(struct rulebook *rb)
{
	pthread_condattr_t attr;
	bool ok;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&rb->stop_cond, &attr);
	pthread_condattr_destroy(&attr);
	ok = pthread_create(&rb->watcher, NULL, watch, rb) == 0;
	if (!ok)
		pthread_cond_destroy(&rb->stop_cond);
	return ok;
}

enum err rulebook_open(struct desk *d, struct db *db, bool watching, struct rulebook **out, struct error *e)
{
	struct rulebook *rb = calloc(1, sizeof(*rb));
	const char *folder = conf()->rules;
	char generation[RULESET_NAME_BYTES];
	int64_t revision = 0;
	struct error why;
	size_t bytes;
	enum err err;

	if (!rb)
		return err_nomem(e);
	rb->desk = d;
	rb->own_folder = !folder[0];
	bytes = strlen(rb->own_folder ? d->folder : folder) + sizeof("/rules");
	rb->folder = malloc(bytes);
	pthread_mutex_init(&rb->write_lock, NULL);
	pthread_mutex_init(&rb->swap_lock, NULL);
	pthread_mutex_init(&rb->stop_lock, NULL);
	cf_errors_init(&rb->errors);
	cf_errors_init(&rb->doubts);
	if (!rb->folder) {
		rulebook_close(&rb);
		return err_nomem(e);
	}
	snprintf(rb->folder, bytes, "%s%s", rb->own_folder ? d->folder : folder, rb->own_folder ? "/rules" : "");
	if (rb->own_folder && d->writer && ship_all(rb, db, &why))
		log_error("desk/rulebook", "the rules folder could not be brought up to date: %s", why.message);
	rb->first_mark = rule_folder_mark(rb->folder);
	if (program_id(rb->program, &why)) {
		rb->program[0] = 0;
		log_warn("desk/rulebook", "each start will run the tests of all rules: %s", why.message);
	}
	if (rulebook_past_proven(db, rb->program, rb->proven, &why))
		rb->proven[0] = 0;
	pthread_mutex_lock(&rb->write_lock);
	if (rulebook_past_latest(db, &revision, generation, NULL, &why))
		revision = 0;
	err = take_in(rb, "taken in at start", &why) ? fall_back(rb, db, e) : ERR_OK;
	if (!err && revision && strcmp(generation, ruleset_name(rb->serving)) != 0)
		edited_while_down(rb, db, revision, generation);
	pthread_mutex_unlock(&rb->write_lock);
	if (!err && watching) {
		rb->watching = start_watching(rb);
		if (!rb->watching)
			err = err_set(e, ERR_NOMEM, "No thread could be started to watch the rules folder.");
	}
	if (err) {
		rulebook_close(&rb);
		return err;
	}
	*out = rb;
	return ERR_OK;
}

void rulebook_close(struct rulebook **p)
{
	struct rulebook *rb = *p;

	if (!rb)
		return;
	*p = NULL;
	if (rb->watching) {
		pthread_mutex_lock(&rb->stop_lock);
		rb->stop = true;
		pthread_cond_broadcast(&rb->stop_cond);
		pthread_mutex_unlock(&rb->stop_lock);
		pthread_join(rb->watcher, NULL);
		pthread_cond_destroy(&rb->stop_cond);
	}
	ruleset_unref(&rb->serving);
	cf_errors_fini(&rb->errors);
	cf_errors_fini(&rb->doubts);
	rule_set_fini(&rb->disk);
	pthread_mutex_destroy(&rb->write_lock);
	pthread_mutex_destroy(&rb->swap_lock);
	pthread_mutex_destroy(&rb->stop_lock);
	free(rb->folder);
	free(rb);
}

/* --- changing ------------------------------------------------------------------------------------------------------------ */

/* Under swap_lock. While files have errors, these are the news. */
static struct jv *show_all(const struct rulebook *rb)
{
	return rb->good ? rulebook_show_both(&rb->doubts, &rb->errors) : rulebook_show_errors(&rb->errors);
}

struct jv *rulebook_errors(struct rulebook *rb)
{
	struct jv *v;

	pthread_mutex_lock(&rb->swap_lock);
	v = show_all(rb);
	pthread_mutex_unlock(&rb->swap_lock);
	return v;
}

static enum err bad_name(struct error *e)
{
	return err_field(e, ERR_INVALID, "file", "Rule files are named like my-rules.cf, lists/name.list or local.d/name.cf.");
}

/* The folder with the edit, compiled. `set` is the caller's also after an error. */
static enum err with_edit(struct rulebook *rb, const struct rule_edit *edit, struct rule_set *set, struct ruleset **next, struct cf_errors *errs,
	struct error *e)
{
	enum err err;

	if (!rule_name_ok(edit->file))
		return bad_name(e);
	if (!edit->text.ptr)
		rule_set_remove(set, edit->file);
	else if ((err = rule_set_put(set, edit->file, edit->text, e)))
		return err;
	err = build(rb, set, next, errs, e);
	if (err == ERR_INVALID)
		err_field(e, ERR_INVALID, "text", "The rules have errors; nothing was changed.");
	return err;
}

static enum err read_disk(struct rulebook *rb, struct rule_set *set, struct error *e)
{
	enum err err = rule_set_read(rb->folder, set, e);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err check_tag(const struct rule_set *set, const struct rule_edit *edit, struct error *e)
{
	const struct rule_file *f = rule_set_find(set, edit->file);

	if (!edit->if_match.ptr)
		return err_set(e, ERR_NO_PRECONDITION, "Say with If-Match which version you changed.");
	if (!edit->text.ptr && !f)
		return err_set(e, ERR_NOT_FOUND, "There is no such rule file.");
	if (f ? !slice_is(edit->if_match, f->hash) : edit->if_match.len > 0)
		return err_set(e, ERR_PRECONDITION, "The file was changed by somebody else meanwhile.");
	return ERR_OK;
}

/* Under write_lock. `checked` false skips the tag. */
static enum err put(struct rulebook *rb, const struct actor *who, const struct rule_edit *edit, bool checked, char etag[RULE_ETAG_BYTES],
	struct jv **errors, struct error *e)
{
	struct rule_set set = { .count = 0 };
	struct ruleset *next = NULL;
	struct cf_errors errs, doubts;
	struct str comment;
	char file[80];
	enum err err;

	cf_errors_init(&errs);
	cf_errors_init(&doubts);
	str_init(&comment, COMMENT_MAX_BYTES + 100);
	if (errors)
		*errors = NULL;
	if ((err = read_disk(rb, &set, e)) || (checked && (err = check_tag(&set, edit, e))))
		goto out;
	err = with_edit(rb, edit, &set, &next, &errs, e);
	if (!err)
		err = replay_budget(edit, rb->serving, next, &doubts, &comment, e);
	if (!err)
		warn_rules(next, rb->serving, &doubts);
	if (err) {
		if (err == ERR_INVALID && errors && errs.count + doubts.count)
			*errors = rulebook_show_both(&doubts, &errs);
		goto out;
	}
	snprintf(file, sizeof(file), "%.*s", SLICE_ARG(edit->file));
	str_add(&comment, edit->comment.ptr ? edit->comment : SLICE(""));
	struct rulebook_save s = { .set = &set, .who = who, .author = "", .comment = str_slice(&comment), .file = file, .generation = ruleset_name(next), .program = rb->program };
	char author[128];
	snprintf(author, sizeof(author), "%.*s", SLICE_ARG(who->name));
	s.author = author;
	if (edit->comment.len > COMMENT_MAX_BYTES || str_failed(&comment)) {
		err = err_field(e, ERR_INVALID, "comment", "The comment is longer than %d bytes.", COMMENT_MAX_BYTES);
		goto out;
	}
	if ((err = rulebook_past_add(rb->desk, &s, e)))
		goto out;
	err = edit->text.ptr ? rule_folder_write(rb->folder, edit->file, "", edit->text, e) : rule_folder_remove(rb->folder, edit->file, e);
	if (err)
		goto out;
	const struct rule_file *f = rule_set_find(&set, edit->file);
	snprintf(etag, RULE_ETAG_BYTES, "%s", f ? f->hash : "");
	rule_set_fini(&rb->disk);
	rb->disk = set;
	set = (struct rule_set){ .count = 0 };
	rule_set_notices(&rb->disk, &errs);
	if (errors && errs.count + doubts.count)
		*errors = rulebook_show_both(&doubts, &errs);
	replace(rb, next, &errs, &doubts);
	next = NULL;
	log_info("desk/rulebook", "generation %s serves: %zu rules, %s changed by an admin", ruleset_name(rb->serving), ruleset_count(rb->serving), file);
out:
	ruleset_unref(&next);
	cf_errors_fini(&doubts);
	cf_errors_fini(&errs);
	rule_set_fini(&set);
	str_fini(&comment);
	return err;
}

enum err rulebook_put(struct rulebook *rb, const struct actor *who, const struct rule_edit *edit, char etag[RULE_ETAG_BYTES], struct jv **errors,
	struct error *e)
{
	enum err err;

	if (!rule_name_ok(edit->file))
		return bad_name(e);
	pthread_mutex_lock(&rb->write_lock);
	err = put(rb, who, edit, true, etag, errors, e);
	pthread_mutex_unlock(&rb->write_lock);
	return err;
}

enum err rulebook_check(struct rulebook *rb, const struct rule_edit *edit, struct jv **out, struct error *e)
{
	const struct ruleset *live = rulebook_pin(rb);
	struct rule_set set = { .count = 0 };
	struct ruleset *next = NULL;
	struct cf_errors errs, doubts;
	char file[80];
	enum err err;

	cf_errors_init(&errs);
	cf_errors_init(&doubts);
	pthread_mutex_lock(&rb->write_lock);
	err = read_disk(rb, &set, e);
	if (!err)
		err = with_edit(rb, edit, &set, &next, &errs, e);
	pthread_mutex_unlock(&rb->write_lock);
	if (!err) {
		snprintf(file, sizeof(file), "%.*s", SLICE_ARG(edit->file));
		err = replay_doubts(edit->db, live, next, file, &doubts, e);
		warn_rules(next, live, &doubts);
	}
	if (!err || (err == ERR_INVALID && errs.errors)) {
		*out = jv_set(jv_set_bool(jv_object(), "ok", !err), "errors", rulebook_show_both(&doubts, &errs));
		if (!err)
			jv_set_int(jv_set_string(*out, "generation", ruleset_name(next)), "rules", (int64_t)ruleset_count(next));
		err = *out ? ERR_OK : err_nomem(e);
	}
	ruleset_unref(&next);
	rulebook_unpin(rb, &live);
	cf_errors_fini(&doubts);
	cf_errors_fini(&errs);
	rule_set_fini(&set);
	return err;
}

enum err rulebook_replay(struct rulebook *rb, const struct rule_edit *edit, int64_t since_ms, struct jv **out, struct jv **errors, struct error *e)
{
	struct replay_options o = { .since_ms = since_ms, .texts_max = REPLAY_ONLINE_MAX, .ms_max = REPLAY_ONLINE_MS };
	const struct ruleset *live = rulebook_pin(rb);
	struct rule_set set = { .count = 0 };
	struct ruleset *next = NULL;
	struct cf_errors errs;
	enum err err;

	*errors = NULL;
	cf_errors_init(&errs);
	pthread_mutex_lock(&rb->write_lock);
	err = read_disk(rb, &set, e);
	if (!err)
		err = with_edit(rb, edit, &set, &next, &errs, e);
	pthread_mutex_unlock(&rb->write_lock);
	if (err == ERR_INVALID && errs.errors)
		*errors = rulebook_show_errors(&errs);
	if (!err)
		err = replay_run(edit->db, live, next, &o, out, e);
	rulebook_unpin(rb, &live);
	ruleset_unref(&next);
	cf_errors_fini(&errs);
	rule_set_fini(&set);
	return err;
}

enum err rulebook_rollback(struct rulebook *rb, struct db *db, const struct actor *who, struct slice file, int64_t revision,
	char etag[RULE_ETAG_BYTES], struct jv **errors, struct error *e)
{
	struct rule_edit edit = { .file = file, .comment = SLICE("rolled back") };
	char name[80], comment[64], *text = NULL;
	struct rows r;
	enum err err;

	if (!rule_name_ok(file))
		return bad_name(e);
	snprintf(name, sizeof(name), "%.*s", SLICE_ARG(file));
	if ((err = rows_open(db, &r, SQL_RULEBOOK_FILE_OF, BINDS(b_int(revision), b_str(name)), e)))
		return err;
	if (rows_next(&r)) {
		struct slice s = rows_blob(&r, 0);
		text = malloc(s.len + 1);
		if (text && s.len)
			memcpy(text, s.ptr, s.len);
		edit.text = slice_make(text, s.len);
		err = text ? ERR_OK : err_nomem(e);
	} else {
		err = err_set(e, ERR_NOT_FOUND, "There is no such file in that revision.");
	}
	enum err end = rows_close(&r);
	err = err ? err : end;
	if (!err) {
		snprintf(comment, sizeof(comment), "back to revision %lld", (long long)revision);
		edit.comment = slice_of(comment);
		pthread_mutex_lock(&rb->write_lock);
		err = put(rb, who, &edit, false, etag, errors, e);
		pthread_mutex_unlock(&rb->write_lock);
	}
	free(text);
	return err;
}

enum err rulebook_mode(struct rulebook *rb, const struct actor *who, struct slice rule, struct slice mode, struct error *e)
{
	struct rule_set set = { .count = 0 };
	const struct rule_file *f;
	char etag[RULE_ETAG_BYTES], comment[160];
	struct str text;
	enum err err;

	if (!mode.ptr || !(slice_is(mode, "watch") || slice_is(mode, "active") || slice_is(mode, "dormant")))
		return err_field(e, ERR_INVALID, "mode", "A rule's mode is watch, active or dormant.");
	str_init(&text, MODES_MAX_BYTES);
	pthread_mutex_lock(&rb->write_lock);
	if (!cf_is_rule_name(rule) || ruleset_find(rb->serving, rule) < 0) {
		err = err_set(e, ERR_NOT_FOUND, "There is no such rule.");
		goto out;
	}
	if ((err = read_disk(rb, &set, e)))
		goto out;
	f = rule_set_find(&set, SLICE("local.d/modes.cf"));
	rule_modes_edit(&text, f ? slice_make(f->text, f->len) : SLICE(""), rule, mode);
	if (str_failed(&text)) {
		err = err_nomem(e);
		goto out;
	}
	snprintf(comment, sizeof(comment), "%.*s is now %.*s", SLICE_ARG(rule), SLICE_ARG(mode));
	err = put(rb, who, &(struct rule_edit){ .file = slice_of(modes_file), .text = str_slice(&text), .comment = slice_of(comment) }, false, etag, NULL, e);
out:
	pthread_mutex_unlock(&rb->write_lock);
	rule_set_fini(&set);
	str_fini(&text);
	return err;
}

/* --- showing -------------------------------------------------------------------------------------------------------------- */

enum err rulebook_json(struct rulebook *rb, struct db *db, struct jv **out, struct error *e)
{
	const struct ruleset *rules = rulebook_pin(rb);
	size_t n = ruleset_count(rules);
	struct jv **by_rule = calloc(n ? n : 1, sizeof(*by_rule)), *v = jv_object(), *list = jv_array(), *states = NULL;
	struct rule_set disk = { .count = 0 };
	struct error why;
	enum err err = ERR_OK;

	if (!by_rule) {
		err = err_nomem(e);
		goto out;
	}
	if (rule_set_read(rb->folder, &disk, &why))
		disk = (struct rule_set){ .count = 0 };
	for (size_t i = 0; i < n; i++) {
		const struct rule *r = ruleset_rule(rules, i);
		if (!r->listed)
			continue;
		by_rule[i] = jv_set_int(jv_set_int(jv_set_int(rulebook_show_rule(r), "hits", 0), "spam", 0), "ham", 0);
	}
	if ((err = rulebook_show_figures(db, rules, by_rule, e)))
		goto out;
	if ((err = rule_life_json(db, rules, &states, e)) || (err = rulebook_show_costs(rules, v, e)))
		goto out;
	rulebook_show_states(v, states);
	for (size_t i = 0; i < n; i++)
		if (by_rule[i]) {
			jv_push(list, by_rule[i]);
			by_rule[i] = NULL;
		}
	jv_set_string(v, "generation", ruleset_name(rules));
	pthread_mutex_lock(&rb->swap_lock);
	jv_set_time(v, "since", rb->since);
	jv_set_bool(v, "good", rb->good);
	jv_set(v, "errors", show_all(rb));
	jv_set(v, "files", rulebook_show_files(&disk, rules, &rb->errors));
	pthread_mutex_unlock(&rb->swap_lock);
	jv_set(v, "rules", list);
	list = NULL;
out:
	for (size_t i = 0; by_rule && i < n; i++)
		jv_free(&by_rule[i]);
	free(by_rule);
	jv_free(&list);
	jv_free(&states);
	rule_set_fini(&disk);
	rulebook_unpin(rb, &rules);
	if (!err && !v)
		err = err_nomem(e);
	if (err)
		jv_free(&v);
	else
		*out = v;
	return err;
}

enum err rulebook_file(struct rulebook *rb, struct arena *a, struct slice name, struct slice *text, char etag[RULE_ETAG_BYTES], struct error *e)
{
	struct rule_set disk = { .count = 0 };
	const struct rule_file *f;
	enum err err;

	if (!rule_name_ok(name))
		return err_set(e, ERR_NOT_FOUND, "There is no such rule file.");
	err = read_disk(rb, &disk, e);
	f = err ? NULL : rule_set_find(&disk, name);
	if (!err && !f)
		err = err_set(e, ERR_NOT_FOUND, "There is no such rule file.");
	if (f) {
		*text = arena_slice(a, slice_make(f->text, f->len));
		snprintf(etag, RULE_ETAG_BYTES, "%s", f->hash);
		err = text->ptr ? ERR_OK : err_nomem(e);
	}
	rule_set_fini(&disk);
	return err;
}
