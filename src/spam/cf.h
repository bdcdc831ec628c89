/*
 * cf: reads the text of rule files (SpamAssassin's `.cf` language, with Porchlight's own directives, and `.list`
 * files) into a flat list of items with positions.
 *
 * One item is one directive that takes effect, in the order of reading: files in their order, `include` in place,
 * branches of `if` that do not hold left out. What an item means together with others (later definitions replace
 * earlier ones, scores of rules that do not exist, cycles) is `ruleset`'s business; whether a pattern compiles is
 * `pattern`'s. Parsing never stops at an error: it goes to the end of the last file, so that an admin sees everything
 * at once. Two kinds of findings: errors (the set is refused) and notices (accepted, without effect or doubtful).
 *
 * Comments: `#` ends a line even inside a pattern, unless written `\#`, which then means `#` (as SpamAssassin has it).
 *
 * Memory: items and their slices live in the caller's arena. Threads: none. Limits: below.
 */
#ifndef SPAM_CF_H
#define SPAM_CF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "spam/replace.h"

enum {
	CF_FILES_MAX = 1000,
	CF_FILE_BYTES_MAX = 8 << 20,
	CF_LINE_BYTES_MAX = 16384,
	CF_NAME_BYTES_MAX = 100, /* of a rule, as SpamAssassin */
	CF_INCLUDE_DEPTH_MAX = 8,
	CF_IF_DEPTH_MAX = 32,
	CF_ERRORS_MAX = 200 /* findings kept; the rest are counted */
};

/* ---- findings ------------------------------------------------------------------------------------------------- */

struct cf_error {
	char file[128];        /* relative to the rules folder; "" when no file is at fault */
	unsigned line, column; /* from 1; column in bytes; 0: not known */
	bool notice;           /* accepted all the same */
	char message[256];     /* one sentence in an admin's words */
};

/* Owns its entries (heap). Errors come in the order of finding. */
struct cf_errors {
	struct cf_error *list;
	size_t count;           /* entries in `list` */
	size_t errors, notices; /* all that were found, also those past CF_ERRORS_MAX */
};

void cf_errors_init(struct cf_errors *e);
void cf_errors_fini(struct cf_errors *e);
/* Out of memory loses the entry but never its count. `e` may be NULL. */
void cf_errors_add(struct cf_errors *e, bool notice, const char *file, unsigned line, unsigned column, const char *fmt,
		   ...) PRINTF_LIKE(6, 7);

/* ---- the tree ------------------------------------------------------------------------------------------------- */

/* What a rule's pattern is matched against; see spam/surface.h. */
enum surface {
	SURFACE_BODY,
	SURFACE_RAWBODY,
	SURFACE_FULL,
	SURFACE_URI,
	SURFACE_NORM,
	SURFACE_SKEL,
	SURFACE_HEADER,
	SURFACE_COUNT
};
/* "body", "rawbody", ... as the directives are spelled. */
const char *surface_name(enum surface s);

enum cf_mode { CF_ACTIVE, CF_WATCH, CF_DORMANT };
enum cf_action { CF_NO_ACTION, CF_CHALLENGE, CF_HOLD, CF_REJECT };

enum cf_verb {
	CF_PATTERN, /* body rawbody full uri norm skel, and header with =~ or !~ */
	CF_EXISTS,  /* header NAME exists:Field */
	CF_EVAL,    /* any surface with eval:function(arguments) */
	CF_META,
	CF_SCORE,
	CF_DESCRIBE,
	CF_NOTE,
	CF_TFLAGS,
	CF_PRIORITY,
	CF_TEST,
	CF_MODE,
	CF_ACTION,
	CF_EXPIRES,
	CF_REPLACE,       /* replace_tag replace_pre replace_inter replace_post: `name` is the tag's */
	CF_REPLACE_RULES, /* the rule's pattern holds tags */
	CF_LIST_PATTERN, /* a line of a .list file that is a URL pattern: `name` is the list's rule */
	CF_LIST_DOMAIN   /* a line of a .list file that is a plain domain */
};

enum {                       /* flags behind a pattern's end delimiter */
       CF_RE_CASELESS = 1,   /* i */
       CF_RE_MULTILINE = 2,  /* m */
       CF_RE_DOTALL = 4,     /* s */
       CF_RE_EXTENDED = 8,   /* x */
       CF_RE_EXTENDED2 = 16, /* xx */
       CF_RE_NO_CAPTURE = 32 /* n */
};

enum { /* tflags */
       CF_TF_MULTIPLE = 1,
       CF_TF_NICE = 2,
       CF_TF_NOSUBJECT = 4,
       CF_TF_NOAUTOLEARN = 8,
       CF_TF_NOLOG = 16,
       CF_TF_UTF = 32, /* ours: characters instead of bytes */
       CF_TF_HARM = 64, /* ours: somebody may be in danger; such a text is never refused */
       CF_TF_WIDE = 128 /* ours: a uri rule also sees the addresses that only Porchlight finds */
};

enum { /* behind a field's name: which of several fields of one name, in what form */
       CF_FIELD_FIRST = 1,
       CF_FIELD_LAST = 2,
       CF_FIELD_RAW = 4
};

enum { CF_EVAL_ARGS_MAX = 4 };

struct cf_item {
	enum cf_verb verb;
	const char *file;
	unsigned line;
	unsigned column; /* of the value: the pattern behind its delimiter, the expression, the text */
	unsigned name_column;
	struct slice name; /* the rule's */
	struct slice text; /* the line as it took effect: comment and outer blanks removed */
	union {
		struct {
			enum surface surface;
			struct slice pattern;  /* without delimiters */
			unsigned flags;        /* CF_RE_ */
			bool negated;          /* !~ */
			struct slice field;    /* header only: without modifiers */
			unsigned form;	       /* header only: CF_FIELD_ */
			struct slice if_unset; /* header only; ptr NULL when not given */
			bool mail_only;        /* a modifier (:addr, :name, ...) that only mail has: the rule is off */
		} pattern;                     /* CF_PATTERN, CF_LIST_PATTERN; CF_EXISTS uses `field` alone */
		struct {
			enum surface surface;
			struct slice function;
			struct slice arg[CF_EVAL_ARGS_MAX]; /* without quotes */
			unsigned args;
		} eval;
		struct slice expression; /* CF_META */
		struct {
			double value[4]; /* one number is given four times */
			bool relative[4];
		} score;
		struct {
			struct slice lang; /* "" when there was no `lang xx` before */
			struct slice text;
		} words; /* CF_DESCRIBE, CF_NOTE */
		struct {
			unsigned flags;   /* CF_TF_ */
			unsigned maxhits; /* 0: no maximum */
		} tflags;
		int priority;
		struct {
			bool ok; /* must hit; otherwise must not */
			struct slice text;
		} test;
		struct {
			enum replace_kind kind;
			struct slice text;
		} replace;
		enum cf_mode mode;
		enum cf_action action;
		int64_t expires_ms; /* first moment at which the rule is off: the day after the date, UTC */
		struct {
			struct slice domain; /* lower case, without a leading "." or trailing "." */
			bool allow;
		} domain;
	};
	bool allow; /* CF_LIST_PATTERN of an allow list */
};

struct cf_tree {
	struct cf_item *items;
	size_t count;
};

struct cf_source {
	struct slice name; /* relative to the rules folder: "20-links.cf", "local.d/ours.cf", "lists/wiki.list" */
	struct slice text;
};

/*
 * Reads all sources. Order: files without a folder by name (bytewise), then those in folders by name, so local.d/ comes
 * after what was shipped. A file that another one includes is read where it is included and not a second time.
 * What does not end in .cf or .list is ignored. A list file lists/some-name.list becomes the rule LIST_SOME_NAME;
 * one whose name begins with "allow" is an allow list. In a list, a line that is a plain domain (example.com) stands
 * for it and everything below it; any other line is a piece of a URL pattern, as MediaWiki's SpamBlacklist reads it.
 *
 * ERR_OK also when findings were added: look at errs->errors. ERR_NOMEM when the arena is too small, ERR_TOO_LARGE past
 * the limits above. Slices in the tree point into the arena; the items are the caller's to free with cf_tree_fini, also
 * after an error.
 */
enum err cf_parse(struct arena *a, const struct cf_source *sources, size_t count, struct cf_tree *out,
		  struct cf_errors *errs, struct error *e) MUST_CHECK;
void cf_tree_fini(struct cf_tree *t);

/* A rule name as SpamAssassin allows it: [_a-zA-Z][_a-zA-Z0-9]{0,99}. */
bool cf_is_rule_name(struct slice name);

#endif
