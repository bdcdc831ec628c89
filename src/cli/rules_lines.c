#include "cli/rules_lines.h"

#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX = 1 << 20, EVERY = 64, BAR_COLUMNS = 40 };

static enum err read_line(const struct jv *row, struct labelled *l, struct error *e)
{
	struct slice label = SLICE_NONE, channel = SLICE_NONE;
	enum err err;

	l->in = (struct submission){ .kind = SUBMIT_QUESTION, .form_age_ms = -1 };
	l->lang = SLICE("und");
	if ((err = jv_want_text(row, "label", &label, e)) || (err = jv_want_text(row, "lang", &l->lang, e)) ||
		(err = jv_want_text(row, "subject", &l->in.title, e)) || (err = jv_want_text(row, "body", &l->in.body, e)) ||
		(err = jv_want_text(row, "channel", &channel, e)))
		return err;
	if (!label.ptr || !(slice_is(label, "spam") || slice_is(label, "ham")) || !l->in.body.ptr)
		return err_set(e, ERR_MALFORMED, "A line needs a label (spam or ham) and a body.");
	l->spam = slice_is(label, "spam");
	if (channel.ptr && slice_is(channel, "chat"))
		l->in.channel = CHANNEL_CHAT;
	l->in.language = l->lang;
	return ERR_OK;
}

/* The parser counts lines, too, and was given one. */
static enum err name_line(int64_t line, enum err err, struct error *e)
{
	char why[200];
	int own = 0;

	snprintf(why, sizeof(why), "%.190s", e ? e->message : "");
	(void)sscanf(why, "Line 1, %n", &own);
	return err_set(e, err, own ? "Line %lld, %s" : "Line %lld: %s", (long long)line, why + own);
}

enum err rules_lines(struct slice jsonl, enum err (*each)(void *ctx, const struct labelled *l, struct error *e), void *ctx, void (*share)(double done),
	struct error *e)
{
	struct labelled l = { .line = 0 };
	struct slice left = slice_starts(jsonl, SLICE("\xEF\xBB\xBF")) ? slice_from(jsonl, 3) : jsonl; /* some editors put it there */
	struct jv *row = NULL;
	enum err err = ERR_OK;

	while (!err && left.len) {
		const char *nl = memchr(left.ptr, '\n', left.len);
		size_t n = nl ? (size_t)(nl - left.ptr) : left.len;
		struct slice text = slice_make(left.ptr, n);
		left = slice_from(left, n + 1);
		l.line++;
		if (share && l.line % EVERY == 0)
			share((double)(jsonl.len - left.len) / (double)jsonl.len);
		while (text.len && (unsigned char)text.ptr[text.len - 1] <= ' ')
			text.len--;
		if (!text.len)
			continue;
		err = n > LINE_MAX ? err_set(e, ERR_TOO_LARGE, "It is longer than %d bytes.", LINE_MAX) : jv_parse(text, 8, &row, e);
		if (!err)
			err = read_line(row, &l, e);
		if (!err)
			err = each(ctx, &l, e);
		if (err == ERR_MALFORMED || err == ERR_TOO_LARGE)
			err = name_line(l.line, err, e);
		jv_free(&row);
	}
	if (share)
		share(err ? -1 : 1);
	return err;
}

static void bar(double done)
{
	char line[BAR_COLUMNS + 1];

	if (done < 0) { /* what is said next stands on a line of its own, below how far it came */
		fputc('\n', stderr);
		return;
	}
	for (int i = 0; i < BAR_COLUMNS; i++)
		line[i] = i < done * BAR_COLUMNS ? '#' : '.';
	line[BAR_COLUMNS] = 0;
	fprintf(stderr, "\r[%s] %3.0f %%%s", line, done * 100, done >= 1 ? "\n" : "");
	fflush(stderr);
}

void (*rules_lines_bar(void))(double done)
{
	return isatty(STDERR_FILENO) ? bar : NULL;
}
