#include "spam/surface_mail.h"

#include "base/str.h"
#include "text/utf.h"

enum { DERIVED_EACH = 2 };

struct fields {
	struct surface_field *list;
	struct surface_mail_field *more;
	size_t count;
};

static void add(struct fields *f, struct slice name, struct slice value, struct slice raw, bool derived)
{
	f->list[f->count] = (struct surface_field){ name, value };
	f->more[f->count++] = (struct surface_mail_field){ raw, derived };
}

/* Each folded line joined to the one before by a space. Room is missing: as it stands. */
static struct slice unfolded(struct arena *a, struct slice raw)
{
	char *out = arena_alloc(a, raw.len + 1);
	size_t n = 0;

	if (out == NULL)
		return raw;
	for (size_t i = 0; i < raw.len; i++) {
		bool folds = raw.ptr[i] == '\n' && i + 1 < raw.len && (raw.ptr[i + 1] == ' ' || raw.ptr[i + 1] == '\t');

		out[n++] = folds ? ' ' : raw.ptr[i];
		while (folds && i + 1 < raw.len && (raw.ptr[i + 1] == ' ' || raw.ptr[i + 1] == '\t'))
			i++;
	}
	return slice_make(out, n);
}

/* As in SpamAssassin, these are unfolded also where :raw asks for them, unlike the fields they are made of. */
static void derive(struct arena *a, struct fields *f, const struct mail *m, const char *as, const char *from)
{
	for (size_t i = 0; i < m->field_count; i++)
		if (utf_equal_nocase(m->fields[i].name, slice_of(from)))
			add(f, slice_of(as), m->fields[i].value, unfolded(a, m->fields[i].raw), true);
}

enum err surface_mail(struct arena *a, const struct mail *m, struct surface_input *in, struct error *e)
{
	static const char *const ids[] = { "X-Message-Id", "Resent-Message-Id", "X-Original-Message-ID", "Message-Id" };
	struct surface_part *parts = arena_array(a, m->part_count + 1, sizeof(*parts));
	size_t most = m->field_count * DERIVED_EACH + 1;
	struct fields f = { arena_array(a, most, sizeof(*f.list)), arena_array(a, most, sizeof(*f.more)), 0 };

	if (parts == NULL || f.list == NULL || f.more == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < m->part_count; i++)
		parts[i] = (struct surface_part){ m->parts[i].rendered, m->parts[i].raw };
	for (size_t i = 0; i < m->field_count; i++)
		add(&f, m->fields[i].name, m->fields[i].value, m->fields[i].raw, false);
	derive(a, &f, m, "ToCc", "To");
	derive(a, &f, m, "ToCc", "Cc");
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		derive(a, &f, m, "MESSAGEID", ids[i]);
	in->title = mail_field(m, "Subject");
	in->parts = parts;
	in->part_count = m->part_count;
	in->links = m->links.list;
	in->link_count = m->links.count;
	in->fields = f.list;
	in->mail_fields = f.more;
	in->field_count = f.count < SURFACE_FIELDS_MAX ? f.count : SURFACE_FIELDS_MAX;
	in->full = m->whole;
	in->head = m->head;
	return ERR_OK;
}

struct slice surface_mail_text(struct arena *a, const struct mail *m)
{
	struct str all;
	struct slice text;

	str_init(&all, SURFACE_TEXT_BYTES_MAX);
	for (size_t i = 0; i < m->part_count; i++) {
		struct slice shown = m->parts[i].rendered;

		if (all.len > 0)
			str_addc(&all, '\n');
		for (size_t k = 0; k < shown.len; k++)
			if (shown.ptr[k] != '\0')
				str_addc(&all, shown.ptr[k]);
	}
	/* More than a question can hold is cut: the limit is the desk's own. */
	text = arena_slice(a, str_failed(&all) ? slice_make(all.buf, all.len) : str_slice(&all));
	str_fini(&all);
	return text;
}
