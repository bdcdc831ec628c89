/*
 * rulebook: the rule generation that serves, the files it came from, and how both change.
 *
 * Truth is the table rule_revisions: a set of files by content hash (that hash is the generation's name), with author,
 * time and comment. DATA/rules (or the configured folder) is its working copy: written from the built-in rules/ at first
 * start; shipped files that the site changed are never overwritten (NAME.new is put beside them). The folder is looked at
 * twice a second by size, time and inode (this works on every file system); after 500 ms of quiet a change is taken in,
 * the whole set or nothing. A set with errors changes nothing: the last good generation goes on, also across a restart, and the
 * errors are kept for display.
 *
 * Names are [a-z0-9_-]+\.(cf|list), at most 64 bytes, at the top of the folder, in lists/ or in local.d/; links and other
 * files are passed over. Errors never quote a file outside the folder.
 *
 * Threads: any. A pinned ruleset is immutable and stays until it is unpinned. Lock order: rulebook's write lock -> its swap lock.
 */
#ifndef DESK_RULEBOOK_H
#define DESK_RULEBOOK_H

#include "desk/desk.h"

struct ruleset;

enum { RULE_FILE_MAX_BYTES = 4 * 1024 * 1024, RULE_FILES_MAX = 256 };

/* Reads the last good set from the database, then takes in the folder if it is good (says so if not), and starts watching it when
 * `watch` is given. Never fails because of rules: with nothing usable an empty set serves and the log says so.
 * `db` is only used during the call. Needs d->writer when anything is to be written. */
enum err rulebook_open(struct desk *d, struct db *db, bool watch, struct rulebook **out, struct error *e) MUST_CHECK;
void rulebook_close(struct rulebook **rb);

/* The generation that serves now; never NULL. */
const struct ruleset *rulebook_pin(struct rulebook *rb);
void rulebook_unpin(struct rulebook *rb, const struct ruleset **rs);

/* Looks at the folder now (SIGHUP, the watcher). ERR_INVALID when the set there has errors; they are in rulebook_errors. */
enum err rulebook_rescan(struct rulebook *rb, struct error *e) MUST_CHECK;

/* A rules folder can be read and the generation that serves is the one on disk. For doctor and the figures. */
bool rulebook_good(struct rulebook *rb);
/* Good, or else an earlier good generation goes on (P6): false only where nothing but an emergency's empty set serves. For /readyz. */
bool rulebook_serves(struct rulebook *rb);

/* --- for pages and the API; all trees are the caller's -------------------------------------------------------------- */

/* {"generation","since","good",
 *  "errors":[{"file","line","column","message","warning"?}],
 *  "held_back":[as rule_life_json], "ageing":[likewise],
 *  "slowest":[{"rule","file","line","us"}], at most 20, `__` names too (ruleset_cost_us), "timed": texts behind that at the most,
 *  "files":[{"file","etag","bytes","shipped":bool,"changed":bool,"rules":n,"errors":n}],
 *  "rules":[{"rule","file","line","score","describe","mode","action"?,"hits","spam","ham","last_hit"?}]} */
enum err rulebook_json(struct rulebook *rb, struct db *db, struct jv **out, struct error *e) MUST_CHECK;
/* [{"file","line","column","message","warning"?}]: what is wrong with the files on disk; when they serve, what is doubtful about the last edit. */
struct jv *rulebook_errors(struct rulebook *rb) MUST_CHECK;

/* One file of the working copy (so that a broken one can be mended). `etag` gets the strong entity tag without quotes (hex). ERR_NOT_FOUND. */
enum { RULE_ETAG_BYTES = 65 };
enum err rulebook_file(struct rulebook *rb, struct arena *a, struct slice name, struct slice *text, char etag[RULE_ETAG_BYTES],
	struct error *e) MUST_CHECK;

struct rule_edit {
	struct slice file;
	struct slice text;     /* absent removes the file */
	struct slice if_match; /* the tag it was read with; empty for a new file; absent is ERR_NO_PRECONDITION */
	struct slice comment;
	bool override;         /* save it although it is over the ham budget (desk/replay); the comment says why */
	struct db *db;         /* the texts it is tried on before it is saved; NULL: it is not */
};
/* Checks the whole set with this edit; good: it is written to disk, remembered and live when this returns, `etag` is
 * the new tag, and *errors has the warnings, if any (spam/warn, desk/replay). ERR_INVALID: *errors (caller's, may be NULL for other errors) says where; nothing changed. An edit over the ham budget is
 * ERR_INVALID, too (field override), with one error that is a warning: with `override` and a comment it is saved, and the history says so.
 * ERR_PRECONDITION: somebody else was faster. */
enum err rulebook_put(struct rulebook *rb, const struct actor *who, const struct rule_edit *edit, char etag[RULE_ETAG_BYTES],
	struct jv **errors, struct error *e) MUST_CHECK;
/* The same without changing anything: {"ok":bool,"errors":[...]}; warnings among the errors do not make it less than ok. */
enum err rulebook_check(struct rulebook *rb, const struct rule_edit *edit, struct jv **out, struct error *e) MUST_CHECK;

/* What the edit would have done to the texts in edit->db, as replay_run; the tag is not looked at. ERR_INVALID with *errors as above. */
enum err rulebook_replay(struct rulebook *rb, const struct rule_edit *edit, int64_t since_ms, struct jv **out, struct jv **errors,
	struct error *e) MUST_CHECK;

/* [{"revision","at","author","comment","generation","etag","text"?}], newest first, of one file. */
enum err rulebook_history(struct rulebook *rb, struct db *db, struct slice file, struct jv **out, struct error *e) MUST_CHECK;
/* The file as it was in that revision becomes a new revision. */
enum err rulebook_rollback(struct rulebook *rb, struct db *db, const struct actor *who, struct slice file, int64_t revision,
	char etag[RULE_ETAG_BYTES], struct jv **errors, struct error *e) MUST_CHECK;

/* Per rule over the last `days`: [{"rule","hits","accept","hold","reject","spam","ham","last_hit", "us"?, and what rule_figures_add adds}]. `rb` NULL: without us. */
enum err rulebook_stats(struct rulebook *rb, struct db *db, int64_t days, struct jv **out, struct error *e) MUST_CHECK;
/* mode: "watch", "active" or "dormant"; written as a `mode` line into local.d/modes.cf. ERR_NOT_FOUND: no such rule. */
enum err rulebook_mode(struct rulebook *rb, const struct actor *who, struct slice rule, struct slice mode, struct error *e) MUST_CHECK;

#endif
