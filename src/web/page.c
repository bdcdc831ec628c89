#include "web/page.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/embed.h"
#include "web/i18n.h"

enum {
	TEMPLATE_MAX_BYTES = 1 << 20,
	COMPILED_MAX_BYTES = 64 << 20,
	NAME_BYTES = 64,
	DELIMITER_MAX_BYTES = 16,
	INDENT_MAX_BYTES = 1024,
	DISK_TEMPLATES_MAX = 512,
	MESSAGE_MAX_BYTES = 64 * 1024,
};

/* The key of the object that page_raw makes. */
#define RAW_KEY "@html"

enum kind { NODE_TEXT, NODE_VALUE, NODE_RAW, NODE_MESSAGE, NODE_SECTION, NODE_INVERTED, NODE_PARTIAL };

struct node {
	enum kind kind;
	bool line_start; /* NODE_TEXT: stands at the start of a line of the template, where a partial's indentation goes
			  */
	struct slice text; /* NODE_TEXT: the text; NODE_PARTIAL: its indentation; NODE_MESSAGE: the key */
	struct slice name;
	struct slice *parts; /* of the name, between dots; none for "." */
	size_t part_count;
	struct node *child, *next;
};

struct template
{
	struct arena *memory;
	struct node *first;
	int users; /* under the store's lock; templates on disk only */
	bool retired;
};

/* ---- compiling ---- */

struct open_section {
	struct node *node;
	struct node **tail;
};

struct compiler {
	struct slice src;
	struct arena *a;
	struct node **tail; /* where the next node is linked */
	struct open_section open[PAGE_SECTION_DEPTH_MAX];
	size_t depth;
	struct slice left, right; /* delimiters */
	bool plain;
	const char *name; /* for messages */
	struct error *e;
};

static enum err wrong(struct compiler *c, size_t at, const char *what)
{
	int line = 1;

	for (size_t i = 0; i < at && i < c->src.len; i++)
		line += c->src.ptr[i] == '\n';
	return err_set(c->e, ERR_INVALID, "templates/%s.mustache:%d: %s.", c->name, line, what);
}

static bool blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

static struct slice trim(struct slice s)
{
	while (s.len && strchr(" \t\r\n", *s.ptr))
		s = slice_from(s, 1);
	while (s.len && strchr(" \t\r\n", s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static bool at_line_start(struct slice src, size_t at)
{
	return at == 0 || src.ptr[at - 1] == '\n';
}

static struct node *add_node(struct compiler *c, enum kind kind)
{
	struct node *n = ARENA_NEW(c->a, struct node);

	if (!n)
		return NULL;
	n->kind = kind;
	*c->tail = n;
	c->tail = &n->next;
	return n;
}

static enum err add_text(struct compiler *c, size_t from, size_t to)
{
	if (from == to)
		return ERR_OK;
	struct node *n = add_node(c, NODE_TEXT);
	if (!n)
		return err_nomem(c->e);
	n->text = slice_make(c->src.ptr + from, to - from);
	n->line_start = at_line_start(c->src, from);
	return ERR_OK;
}

static size_t find(struct slice s, size_t from, struct slice what)
{
	const char *p = from <= s.len ? memmem(s.ptr + from, s.len - from, what.ptr, what.len) : NULL;

	return p ? (size_t)(p - s.ptr) : s.len;
}

static enum err set_name(struct compiler *c, struct node *n, struct slice name, size_t at)
{
	size_t count = 1, start = 0;

	if (!name.len)
		return wrong(c, at, "a tag has no name");
	n->name = name;
	if (slice_is(name, "."))
		return ERR_OK;
	for (size_t i = 0; i < name.len; i++)
		count += name.ptr[i] == '.';
	n->parts = arena_array(c->a, count, sizeof *n->parts);
	if (!n->parts)
		return err_nomem(c->e);
	for (size_t i = 0; i <= name.len; i++)
		if (i == name.len || name.ptr[i] == '.') {
			n->parts[n->part_count++] = slice_make(name.ptr + start, i - start);
			start = i + 1;
		}
	return ERR_OK;
}

static enum err add_named(struct compiler *c, enum kind kind, struct slice name, size_t at)
{
	struct node *n = add_node(c, kind);

	if (!n)
		return err_nomem(c->e);
	enum err rc = set_name(c, n, name, at);
	if (rc == ERR_OK && !c->plain && kind <= NODE_RAW && n->part_count > 1 && slice_is(n->parts[0], "t")) {
		n->kind = NODE_MESSAGE;
		n->text = slice_from(name, 2);
	}
	return rc;
}

static enum err open_section(struct compiler *c, enum kind kind, struct slice name, size_t at)
{
	if (c->depth == PAGE_SECTION_DEPTH_MAX)
		return wrong(c, at, "sections are nested too deep");
	enum err rc = add_named(c, kind, name, at);
	if (rc != ERR_OK)
		return rc;
	/* c->tail points into the section's own `next` now. */
	struct node *n = (struct node *)(void *)((char *)c->tail - offsetof(struct node, next));
	c->open[c->depth++] = (struct open_section){ n, c->tail };
	c->tail = &n->child;
	return ERR_OK;
}

static enum err close_section(struct compiler *c, struct slice name, size_t at)
{
	if (!c->depth || !slice_eq(c->open[c->depth - 1].node->name, name))
		return wrong(c, at, "a section ends here that is not the one last opened");
	c->tail = c->open[--c->depth].tail;
	return ERR_OK;
}

static enum err set_delimiters(struct compiler *c, struct slice inner, size_t at)
{
	inner = trim(inner);
	size_t n = 0;
	while (n < inner.len && !strchr(" \t\r\n", inner.ptr[n]))
		n++;
	struct slice left = slice_make(inner.ptr, n), right = trim(slice_from(inner, n));
	if (!left.len || !right.len || left.len > DELIMITER_MAX_BYTES || right.len > DELIMITER_MAX_BYTES ||
	    memchr(right.ptr, ' ', right.len) || memchr(inner.ptr, '=', inner.len))
		return wrong(c, at, "these delimiters cannot be read");
	c->left = left;
	c->right = right;
	return ERR_OK;
}

struct tag {
	char type; /* one of # ^ / ! > = & { or 0 for a value */
	struct slice inner;
	size_t from, to; /* with delimiters */
};

static enum err read_tag(struct compiler *c, size_t from, struct tag *t)
{
	size_t at = from + c->left.len, end, behind = c->right.len;

	*t = (struct tag){ .from = from };
	if (at < c->src.len && strchr("#^/!>=&{", c->src.ptr[at]))
		t->type = c->src.ptr[at++];
	if (t->type == '=' || t->type == '{') {
		char close[DELIMITER_MAX_BYTES + 1];

		close[0] = t->type == '=' ? '=' : '}';
		memcpy(close + 1, c->right.ptr, c->right.len);
		end = find(c->src, at, slice_make(close, c->right.len + 1));
		behind++;
	} else {
		end = find(c->src, at, c->right);
	}
	if (end == c->src.len)
		return wrong(c, from, "a tag is not closed");
	t->inner = slice_make(c->src.ptr + at, end - at);
	t->to = end + behind;
	return ERR_OK;
}

/* A tag that makes no output, alone on its line: the whole line goes. *from and *to are widened to it. */
static bool standalone(const struct compiler *c, const struct tag *t, size_t done, size_t *from, size_t *to)
{
	size_t a = t->from, b = t->to;

	if (!t->type || !strchr("#^/!>=", t->type))
		return false;
	while (a > done && blank(c->src.ptr[a - 1]))
		a--;
	if (!at_line_start(c->src, a))
		return false;
	while (b < c->src.len && blank(c->src.ptr[b]))
		b++;
	if (b < c->src.len && c->src.ptr[b] == '\r' && b + 1 < c->src.len && c->src.ptr[b + 1] == '\n')
		b++;
	if (b < c->src.len && c->src.ptr[b] != '\n')
		return false;
	*from = a;
	*to = b < c->src.len ? b + 1 : b;
	return true;
}

static enum err add_partial(struct compiler *c, struct slice name, struct slice indent, size_t at)
{
	enum err rc = add_named(c, NODE_PARTIAL, name, at);

	if (rc != ERR_OK)
		return rc;
	struct node *n = (struct node *)(void *)((char *)c->tail - offsetof(struct node, next));
	n->text = indent;
	return ERR_OK;
}

static enum err add_tag(struct compiler *c, const struct tag *t, struct slice indent)
{
	struct slice name = trim(t->inner);

	switch (t->type) {
	case '#':
		return open_section(c, NODE_SECTION, name, t->from);
	case '^':
		return open_section(c, NODE_INVERTED, name, t->from);
	case '/':
		return close_section(c, name, t->from);
	case '!':
		return ERR_OK;
	case '=':
		return set_delimiters(c, t->inner, t->from);
	case '>':
		return add_partial(c, name, indent, t->from);
	case '&':
	case '{':
		return add_named(c, NODE_RAW, name, t->from);
	default:
		return add_named(c, NODE_VALUE, name, t->from);
	}
}

static enum err compile_all(struct compiler *c)
{
	size_t done = 0;

	while (done < c->src.len) {
		size_t from = find(c->src, done, c->left), cut_from, cut_to;
		struct tag t;
		enum err rc;

		if (from == c->src.len)
			return add_text(c, done, from);
		if ((rc = read_tag(c, from, &t)) != ERR_OK)
			return rc;
		struct slice indent = SLICE("");
		bool alone = standalone(c, &t, done, &cut_from, &cut_to);
		if (alone) {
			indent = slice_make(c->src.ptr + cut_from, t.from - cut_from);
		} else {
			cut_from = t.from;
			cut_to = t.to;
		}
		if ((rc = add_text(c, done, cut_from)) != ERR_OK)
			return rc;
		/* A line that starts with a tag has its indentation before the tag. */
		if (!alone && at_line_start(c->src, t.from)) {
			struct node *n = add_node(c, NODE_TEXT);
			if (!n)
				return err_nomem(c->e);
			n->text = SLICE("");
			n->line_start = true;
		}
		if ((rc = add_tag(c, &t, indent)) != ERR_OK)
			return rc;
		done = cut_to;
	}
	return ERR_OK;
}

static void template_free(struct template *t)
{
	if (!t)
		return;
	arena_free(&t->memory);
	free(t);
}

static enum err too_large(const char *name, struct error *e)
{
	return err_set(e, ERR_INVALID, "templates/%s.mustache is larger than 1 MiB.", name);
}

static enum err compile(const char *name, struct slice text, bool plain, struct template **out, struct error *e)
{
	struct template *t = calloc(1, sizeof *t);
	struct compiler c = { .left = SLICE("{{"), .right = SLICE("}}"), .plain = plain, .name = name, .e = e };
	enum err rc = ERR_OK;

	*out = NULL;
	if (!t)
		return err_nomem(e);
	t->memory = arena_new(COMPILED_MAX_BYTES);
	c.a = t->memory;
	c.tail = &t->first;
	if (text.len > TEMPLATE_MAX_BYTES)
		rc = too_large(name, e);
	else if (!c.a || !(c.src = arena_slice(c.a, text.ptr ? text : SLICE(""))).ptr)
		rc = err_nomem(e);
	if (rc == ERR_OK)
		rc = compile_all(&c);
	if (rc == ERR_OK && c.depth)
		rc = wrong(&c, c.src.len, "a section is not closed");
	if (rc != ERR_OK) {
		template_free(t);
		return rc;
	}
	*out = t;
	return ERR_OK;
}

/* ---- the store of templates ---- */

struct builtin {
	char name[NAME_BYTES];
	struct template *t;
};
struct on_disk {
	char name[NAME_BYTES];
	struct stat seen;
	struct template *t;
};

static struct builtin *builtins; /* sorted by name; immutable between page_start and page_stop */
static size_t builtin_count;
static char *disk_folder;
static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER; /* of disk_templates and their users */
static struct on_disk *disk_templates;
static size_t disk_count;

static bool name_ok(struct slice name)
{
	if (!name.len || name.len >= NAME_BYTES || name.ptr[0] == '/')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_-/", name.ptr[i]) || !name.ptr[i])
			return false;
	return true;
}

static int by_name(const void *name, const void *b)
{
	return strcmp(name, ((const struct builtin *)b)->name);
}

static bool is_template(const char *file, struct slice *name)
{
	struct slice f = slice_of(file), suffix = SLICE(".mustache");

	f = slice_from(f, strlen("templates/"));
	if (f.len <= suffix.len || !slice_eq(slice_from(f, f.len - suffix.len), suffix))
		return false;
	*name = slice_make(f.ptr, f.len - suffix.len);
	return name_ok(*name);
}

enum err page_start(const char *folder, struct error *e)
{
	const char *file;
	struct slice text, name;
	size_t at = 0, count = 0;
	enum err rc = ERR_OK;

	page_stop();
	while (embed_next("templates/", &at, &file, &text))
		count++;
	builtins = calloc(count + 1, sizeof *builtins);
	disk_templates = calloc(DISK_TEMPLATES_MAX, sizeof *disk_templates);
	if (folder && *folder)
		disk_folder = strdup(folder);
	if (!builtins || !disk_templates || (folder && *folder && !disk_folder))
		rc = err_nomem(e);
	/* Sorted anew below: "a-b.mustache" comes before "a.mustache", but "a" before "a-b". */
	for (at = 0; rc == ERR_OK && embed_next("templates/", &at, &file, &text);) {
		if (!is_template(file, &name))
			continue;
		struct builtin *b = &builtins[builtin_count];

		snprintf(b->name, sizeof b->name, "%.*s", SLICE_ARG(name));
		rc = compile(b->name, text, false, &b->t, e);
		if (rc == ERR_OK)
			builtin_count++;
	}
	if (rc == ERR_OK)
		qsort(builtins, builtin_count, sizeof *builtins, by_name);
	else
		page_stop();
	return rc;
}

void page_stop(void)
{
	for (size_t i = 0; i < builtin_count; i++)
		template_free(builtins[i].t);
	for (size_t i = 0; i < disk_count; i++)
		template_free(disk_templates[i].t);
	free(builtins);
	free(disk_templates);
	free(disk_folder);
	builtins = NULL;
	disk_templates = NULL;
	disk_folder = NULL;
	builtin_count = disk_count = 0;
}

static enum err compile_file(const char *path, const char *name, struct template **out, struct error *e)
{
	struct str text;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	str_init(&text, TEMPLATE_MAX_BYTES);
	enum err rc = fd >= 0 && str_add_fd(&text, fd) ? ERR_OK : err_set(e, ERR_IO, "templates/%s.mustache cannot be read.", name);
	if (fd >= 0)
		close(fd);
	if (rc == ERR_OK && str_failed(&text))
		rc = too_large(name, e);
	if (rc == ERR_OK)
		rc = compile(name, str_slice(&text), false, out, e);
	str_fini(&text);
	return rc;
}

static bool unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The template on disk, compiled anew where it changed; NULL with ERR_OK when there is none. Under disk_lock. */
static enum err from_disk(const char *name, struct template **out, struct error *e)
{
	char path[PATH_MAX];
	struct stat now;
	struct template *fresh;
	size_t i = 0;

	*out = NULL;
	if (snprintf(path, sizeof path, "%s/%s.mustache", disk_folder, name) >= (int)sizeof path ||
	    stat(path, &now) != 0)
		return ERR_OK;
	while (i < disk_count && strcmp(disk_templates[i].name, name) != 0)
		i++;
	if (i == DISK_TEMPLATES_MAX)
		return err_set(e, ERR_INVALID, "There are too many templates on disk.");
	struct on_disk *d = &disk_templates[i];
	if (i == disk_count || !unchanged(&d->seen, &now)) {
		enum err rc = compile_file(path, name, &fresh, e);

		if (rc != ERR_OK)
			return rc;
		if (i < disk_count && d->t->users)
			d->t->retired = true; /* its last user frees it */
		else if (i < disk_count)
			template_free(d->t);
		else
			snprintf(disk_templates[disk_count++].name, NAME_BYTES, "%s", name);
		d->t = fresh;
		d->seen = now;
	}
	d->t->users++;
	*out = d->t;
	return ERR_OK;
}

static enum err acquire(struct slice name, struct template **out, struct error *e)
{
	char text[NAME_BYTES];

	*out = NULL;
	if (name_ok(name)) {
		snprintf(text, sizeof text, "%.*s", SLICE_ARG(name));
		if (disk_folder) {
			pthread_mutex_lock(&disk_lock);
			enum err rc = from_disk(text, out, e);
			pthread_mutex_unlock(&disk_lock);
			if (rc != ERR_OK || *out)
				return rc;
		}
		struct builtin *b =
		    builtin_count ? bsearch(text, builtins, builtin_count, sizeof *builtins, by_name) : NULL;
		if (b) {
			*out = b->t;
			return ERR_OK;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "There is no template \"%.*s\".",
		       name.len > NAME_BYTES ? NAME_BYTES : (int)name.len, name.ptr ? name.ptr : "");
}

static void release(struct template *t)
{
	if (!disk_folder)
		return;
	pthread_mutex_lock(&disk_lock);
	/* Built-in templates count no users. */
	bool last = t->users > 0 && --t->users == 0 && t->retired;
	pthread_mutex_unlock(&disk_lock);
	if (last)
		template_free(t);
}

/* ---- rendering ---- */

struct frame {
	const struct jv *value;
	const struct frame *up;
};

struct render {
	struct str *out;
	struct str indent;
	const char *lang;
	const struct jv *partials; /* of page_render_text */
	bool plain, own_partials;
	int partial_depth;
	long steps;
	struct error *e;
};

struct jv *page_raw(struct slice html)
{
	return jv_set(jv_object(), RAW_KEY, jv_text(html.ptr ? html : SLICE("")));
}

static const struct jv *resolve(const struct node *n, const struct frame *top)
{
	const struct jv *v = NULL;

	if (!n->part_count)
		return top->value;
	for (const struct frame *f = top; f && !v; f = f->up)
		v = jv_get_slice(f->value, n->parts[0]);
	for (size_t i = 1; i < n->part_count && v; i++)
		v = jv_get_slice(v, n->parts[i]);
	return v;
}

static bool truthy(const struct jv *v)
{
	switch (jv_type(v)) {
	case JV_NULL:
	case JV_FALSE:
		return false;
	case JV_STRING:
		return jv_text_of(v).len > 0;
	case JV_INT:
		return jv_int_of(v) != 0;
	case JV_REAL:
		return jv_real_of(v) != 0;
	case JV_ARRAY:
		return jv_size(v) > 0;
	case JV_OBJECT: {
		struct slice html = jv_get_text(v, RAW_KEY);
		return !html.ptr || html.len > 0;
	}
	case JV_TRUE:
		break;
	}
	return true;
}

static void put_value(struct render *r, const struct jv *v, bool raw)
{
	switch (jv_type(v)) {
	case JV_INT:
		str_addf(r->out, "%lld", (long long)jv_int_of(v));
		return;
	case JV_REAL:
		str_addf(r->out, "%.15g", jv_real_of(v));
		return;
	case JV_TRUE:
	case JV_FALSE:
		str_adds(r->out, jv_type(v) == JV_TRUE ? "true" : "false");
		return;
	case JV_STRING:
		if (raw && r->plain)
			str_add(r->out, jv_text_of(v));
		else
			str_add_html(r->out, jv_text_of(v));
		return;
	case JV_OBJECT: {
		struct slice html = jv_get_text(v, RAW_KEY);
		if (raw && html.ptr && !r->plain)
			str_add(r->out, html);
		else
			str_add_html(r->out, html);
		return;
	}
	case JV_NULL:
	case JV_ARRAY:
		return;
	}
}

static void put_message(struct render *r, struct slice key)
{
	struct str text;

	str_init(&text, MESSAGE_MAX_BYTES);
	i18n_add(&text, r->lang, key, I18N_NONE);
	if (str_failed(&text))
		r->out->failed = true;
	str_add_html(r->out, str_slice(&text));
	str_fini(&text);
}

static void put_text(struct render *r, const struct node *n)
{
	struct slice text = n->text, indent = str_slice(&r->indent);

	if (!indent.len) {
		str_add(r->out, text);
		return;
	}
	if (n->line_start)
		str_add(r->out, indent);
	while (text.len) {
		const char *nl = memchr(text.ptr, '\n', text.len);
		size_t len = nl ? (size_t)(nl - text.ptr) + 1 : text.len;

		str_add(r->out, slice_make(text.ptr, len));
		text = slice_from(text, len);
		if (nl && text.len)
			str_add(r->out, indent);
	}
}

static enum err render_nodes(struct render *r, const struct node *n, const struct frame *top);

static enum err render_section(struct render *r, const struct node *n, const struct frame *top)
{
	const struct jv *v = resolve(n, top);
	enum err rc = ERR_OK;

	if (n->kind == NODE_INVERTED)
		return truthy(v) ? ERR_OK : render_nodes(r, n->child, top);
	if (!truthy(v))
		return ERR_OK;
	if (jv_type(v) != JV_ARRAY) {
		struct frame f = { v, top };
		return render_nodes(r, n->child, &f);
	}
	for (size_t i = 0; i < jv_size(v) && rc == ERR_OK; i++) {
		struct frame f = { jv_at(v, i), top };

		rc = ++r->steps > PAGE_STEPS_MAX ? err_set(r->e, ERR_INTERNAL, "A page takes too many steps.")
						 : render_nodes(r, n->child, &f);
	}
	return rc;
}

static enum err find_partial(struct render *r, struct slice name, struct template **out)
{
	if (!r->own_partials)
		return acquire(name, out, r->e);
	struct slice text = jv_text_of(jv_get_slice(r->partials, name));
	return compile("partial", text.ptr ? text : SLICE(""), r->plain, out, r->e);
}

static enum err render_partial(struct render *r, const struct node *n, const struct frame *top)
{
	struct template *t;
	size_t had = r->indent.len;

	if (r->partial_depth == PAGE_PARTIAL_DEPTH_MAX)
		return err_set(r->e, ERR_INTERNAL, "Partials are nested too deep.");
	enum err rc = find_partial(r, n->name, &t);
	if (rc != ERR_OK)
		return rc;
	r->partial_depth++;
	str_add(&r->indent, n->text);
	rc = str_failed(&r->indent) ? err_set(r->e, ERR_INTERNAL, "Partials are indented too far.")
				    : render_nodes(r, t->first, top);
	if (r->indent.buf) {
		r->indent.len = had;
		r->indent.buf[had] = '\0';
	}
	r->partial_depth--;
	if (r->own_partials)
		template_free(t);
	else
		release(t);
	return rc;
}

static enum err render_nodes(struct render *r, const struct node *n, const struct frame *top)
{
	enum err rc = ERR_OK;

	for (; n && rc == ERR_OK; n = n->next) {
		if (++r->steps > PAGE_STEPS_MAX)
			return err_set(r->e, ERR_INTERNAL, "A page takes too many steps.");
		switch (n->kind) {
		case NODE_TEXT:
			put_text(r, n);
			break;
		case NODE_VALUE:
		case NODE_RAW:
			put_value(r, resolve(n, top), n->kind == NODE_RAW);
			break;
		case NODE_MESSAGE:
			put_message(r, n->text);
			break;
		case NODE_SECTION:
		case NODE_INVERTED:
			rc = render_section(r, n, top);
			break;
		case NODE_PARTIAL:
			rc = render_partial(r, n, top);
			break;
		}
		if (str_failed(r->out))
			return err_nomem(r->e);
	}
	return rc;
}

static enum err render(struct render *r, const struct template *t, const struct jv *context)
{
	struct frame f = { context, NULL };

	str_init(&r->indent, INDENT_MAX_BYTES);
	enum err rc = render_nodes(r, t->first, &f);
	str_fini(&r->indent);
	return rc;
}

enum err page_render(const char *name, const char *lang, const struct jv *context, struct str *out, struct error *e)
{
	struct render r = { .out = out, .lang = lang, .e = e };
	struct template *t;

	enum err rc = acquire(slice_of(name), &t, e);
	if (rc != ERR_OK)
		return rc;
	rc = render(&r, t, context);
	release(t);
	return rc;
}

enum err page_render_text(struct slice text, const struct jv *partials, bool plain, const char *lang,
			  const struct jv *context, struct str *out, struct error *e)
{
	struct render r = {
		.out = out, .lang = lang, .partials = partials, .own_partials = true, .plain = plain, .e = e
	};
	struct template *t;

	enum err rc = compile("text", text, plain, &t, e);
	if (rc != ERR_OK)
		return rc;
	rc = render(&r, t, context);
	template_free(t);
	return rc;
}

/* ---- lint ---- */

static size_t lint_nodes(const char *page, const struct node *n, struct str *report)
{
	size_t faults = 0;

	for (; n; n = n->next) {
		struct template *t;
		bool good = true;

		if (n->kind == NODE_PARTIAL) {
			good = acquire(n->name, &t, NULL) == ERR_OK;
			if (good)
				release(t);
		} else if (n->kind == NODE_MESSAGE) {
			char key[128];

			snprintf(key, sizeof key, "%.*s", SLICE_ARG(n->text));
			good = i18n_has(key);
		}
		if (!good) {
			str_addf(report, "templates/%s.mustache: %.*s does not exist\n", page, SLICE_ARG(n->name));
			faults++;
		}
		faults += lint_nodes(page, n->child, report);
	}
	return faults;
}

size_t page_lint(struct str *report)
{
	size_t faults = 0;

	for (size_t i = 0; i < builtin_count; i++)
		faults += lint_nodes(builtins[i].name, builtins[i].t->first, report);
	return faults;
}
