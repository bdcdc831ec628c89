#include "text/spellings.h"

#include "text/spell.h"
#include "text/uri.h"

enum {
	KNOWN_RUN_MAX = 2048, /* behind http://, mailto: and "/" */
	MAIL_SIDE_MAX = 251,
	NAME_RUN_MAX = 252
};

/* ---- characters ------------------------------------------------------------------------------------------------ */

/* Where an address may begin, where one ends, and the two kinds of end that mail addresses have. */
enum { STARTS = 1, ENDS = 2, ENDS_MAIL = 4, ENDS_LOCAL = 8, STARTS_NAME = 16 };

static unsigned kind(unsigned char c)
{
	unsigned k = 0;

	if (perl_blank(c) || c == 0x1b || c == 0xa0)
		return STARTS | ENDS | ENDS_MAIL | ENDS_LOCAL | STARTS_NAME;
	k |= perl_one_of(c, "><\"'`,{[(|") ? STARTS : 0;
	k |= perl_one_of(c, "><\"`}]{[|") ? ENDS | ENDS_MAIL | ENDS_LOCAL : 0;
	k |= c >= 0x80 || perl_one_of(c, ",('") ? ENDS_MAIL | ENDS_LOCAL : 0;
	k |= c == '@' ? ENDS_LOCAL : 0;
	k |= perl_one_of(c, "!\"#$&'()*+,/:;<=>?@[\\]^`{|}~") ? STARTS_NAME : 0;
	return k;
}

/* ---- the set --------------------------------------------------------------------------------------------------- */

static uint32_t hash(struct slice s)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
	return h ^ h >> 15;
}

enum { SLOTS = SPELLINGS_MAX * 2 };
_Static_assert((SLOTS & (SLOTS - 1)) == 0, "a mask finds the slot");

static void *grown(struct arena *a, const void *list, size_t count, size_t *cap, size_t size)
{
	size_t to = *cap > 0 ? *cap * 2 : 16;
	char *bigger = arena_array(a, to, size);

	if (bigger == NULL)
		return NULL;
	if (count > 0)
		memcpy(bigger, list, count * size);
	*cap = to;
	return bigger;
}

static bool set_add(struct spellings *s, struct slice one)
{
	size_t at;

	if (one.len > SPELLINGS_LENGTH_MAX)
		one.len = SPELLINGS_LENGTH_MAX;
	if (s->slots == NULL && (s->slots = arena_array(s->arena, SLOTS, sizeof(*s->slots))) == NULL)
		return false;
	for (at = hash(one) & (SLOTS - 1); s->slots[at] != 0; at = (at + 1) & (SLOTS - 1))
		if (slice_eq(s->list[s->slots[at] - 1], one))
			return true;
	if (s->count == SPELLINGS_MAX || s->bytes + one.len > SPELLINGS_BYTES_MAX) {
		s->more = true;
		return true;
	}
	if (s->count == s->cap) {
		struct slice *bigger = grown(s->arena, s->list, s->count, &s->cap, sizeof(*s->list));

		if (bigger == NULL)
			return false;
		s->list = bigger;
	}
	s->list[s->count++] = one;
	s->slots[at] = (uint32_t)s->count;
	s->bytes += one.len;
	return true;
}

static struct variants *variants_of(struct spellings *s)
{
	if (s->variants == NULL && (s->variants = ARENA_NEW(s->arena, struct variants)) != NULL)
		s->variants->arena = s->arena;
	return s->variants;
}

/* All spellings of an address into the set; `proper`: only when one of them has a host that can be. */
static bool add_spelled(struct spellings *s, struct variants *v, struct slice uri, bool proper)
{
	bool good = !proper;

	spell_address(v, uri);
	for (size_t i = 0; i < v->count && !good; i++)
		good = spell_has_domain(v->list[i]);
	for (size_t i = 0; i < v->count && good; i++)
		if (!set_add(s, v->list[i]))
			return false;
	return !v->nomem;
}

/* ---- finding --------------------------------------------------------------------------------------------------- */

/* Where the next byte of a kind stands; asked for ascending places, it walks the text once. */
struct end_cache {
	size_t from, end;
	unsigned kind;
};

struct finder {
	struct slice text;
	struct end_cache ends, mail, local;
};

static size_t next_end(const struct finder *f, struct end_cache *c, size_t from)
{
	if (c->end == SIZE_MAX || from < c->from || from > c->end) {
		c->from = from;
		for (c->end = from; c->end < f->text.len && !(kind((unsigned char)f->text.ptr[c->end]) & c->kind);)
			c->end++;
	}
	return c->end;
}

enum found { FOUND_NOTHING, FOUND_SCHEME, FOUND_MAIL, FOUND_NAME };

static bool known_scheme(struct finder *f, size_t at, size_t *end)
{
	struct slice s = slice_from(f->text, at);
	size_t n = 0;

	switch (s.ptr[0] | 0x20) {
	case 'h':
		n = perl_starts_nocase(s, "http://") ? 7 : perl_starts_nocase(s, "https://") ? 8 : 0;
		break;
	case 'f':
		n = perl_starts_nocase(s, "ftp://") ? 6 : perl_starts_nocase(s, "ftp.") ? 4 : 0;
		break;
	case 'w':
		if (!perl_starts_nocase(s, "www"))
			break;
		for (n = 3; n < 5 && n < s.len && perl_digit((unsigned char)s.ptr[n]);)
			n++;
		n = n < s.len && s.ptr[n] == '.' ? n + 1 : 0;
		break;
	default:
		break;
	}
	if (n == 0)
		return false;
	*end = next_end(f, &f->ends, at + n);
	return *end > at + n && *end - at - n <= KNOWN_RUN_MAX;
}

static bool mail_address(struct finder *f, size_t at, size_t *end)
{
	size_t sign;

	if ((f->text.ptr[at] | 0x20) == 'm' && perl_starts_nocase(slice_from(f->text, at), "mailto:")) {
		*end = next_end(f, &f->mail, at + 7);
		if (*end > at + 7 && *end - at - 7 <= KNOWN_RUN_MAX)
			return true;
	}
	sign = next_end(f, &f->local, at);
	if (sign == at || sign == f->text.len || f->text.ptr[sign] != '@' || sign - at > MAIL_SIDE_MAX)
		return false;
	*end = next_end(f, &f->mail, sign + 1);
	return *end > sign + 1 && *end - sign - 1 <= MAIL_SIDE_MAX;
}

static bool bare_name(struct finder *f, size_t at, size_t *end, struct slice *host)
{
	struct slice s = f->text;
	size_t run = at;

	if (!perl_alnum((unsigned char)s.ptr[at]) || (at > 0 && !(kind((unsigned char)s.ptr[at - 1]) & STARTS_NAME)))
		return false;
	while (run < s.len && run - at <= NAME_RUN_MAX && (perl_word((unsigned char)s.ptr[run]) || s.ptr[run] == '.' ||
							    s.ptr[run] == '-'))
		run++;
	for (size_t dot = run; dot-- > at + 1;) {
		size_t tld = dot + 1, to;

		if (s.ptr[dot] != '.' || dot - at > NAME_RUN_MAX)
			continue;
		for (to = tld; to < s.len && (perl_alnum((unsigned char)s.ptr[to]) || s.ptr[to] == '-');)
			to++;
		if (to == tld || (to + 1 < s.len && s.ptr[to] == '.' && perl_alnum((unsigned char)s.ptr[to + 1])) ||
		    !uri_tld_known(slice_make(s.ptr + tld, to - tld)))
			continue;
		*host = slice_make(s.ptr + at, to - at);
		if (to < s.len && s.ptr[to] == '.')
			to++;
		if (to + 1 < s.len && s.ptr[to] == ':' && perl_digit((unsigned char)s.ptr[to + 1])) {
			size_t digits = to + 1;

			while (digits < s.len && digits - to <= 5 && perl_digit((unsigned char)s.ptr[digits]))
				digits++;
			to = digits;
		}
		if (to < s.len && s.ptr[to] == '/') {
			size_t path = next_end(f, &f->ends, to + 1);

			if (path > to + 1 && path - to - 1 <= KNOWN_RUN_MAX)
				to = path;
		}
		*end = to;
		if (to == s.len || kind((unsigned char)s.ptr[to]) & ENDS)
			return true;
	}
	return false;
}

static bool may_start(struct slice s, size_t at)
{
	unsigned char before = at > 0 ? (unsigned char)s.ptr[at - 1] : ' ', here = (unsigned char)s.ptr[at];

	return (at > 0 ? perl_word(before) != perl_word(here) : perl_word(here)) || (at > 0 && kind(before) & STARTS) ||
	       (at > 2 && s.ptr[at - 3] == 0x1b && s.ptr[at - 2] == '(');
}

/* Brackets and punctuation behind an address belong to the sentence. */
static struct slice trimmed(struct slice s)
{
	const char *open = memchr(s.ptr, '(', s.len);
	struct slice before = slice_make(s.ptr, open != NULL ? (size_t)(open - s.ptr) : s.len);
	const char *close = before.len > 0 ? memrchr(before.ptr, ')', before.len) : NULL;

	if (close != NULL)
		s.len = (size_t)(close - s.ptr);
	while (s.len > 0 && perl_one_of((unsigned char)s.ptr[s.len - 1], "-~!@#^&*()_+=:;'?,."))
		s.len--;
	return s;
}

static bool contains(struct slice s, const char *what)
{
	return s.len > 0 && memmem(s.ptr, s.len, what, strlen(what)) != NULL;
}

/* What is added in front of an address that has no scheme. False: it is none after all. */
static bool with_scheme(struct slice *uri, struct slice *scheme)
{
	struct slice s = *uri;
	size_t n = 3;
	const char *slash, *sign;

	*scheme = SLICE("");
	if (perl_starts_nocase(s, "http:") || perl_starts_nocase(s, "https:") || perl_starts_nocase(s, "ftp:") ||
	    perl_starts_nocase(s, "mailto:"))
		return true;
	*scheme = SLICE("http://");
	if (perl_starts_nocase(s, "ftp.")) {
		*scheme = SLICE("ftp://");
		return true;
	}
	while (n < 5 && n < s.len && perl_digit((unsigned char)s.ptr[n]))
		n++;
	if (perl_starts_nocase(s, "www") && n < s.len && s.ptr[n] == '.')
		return true;
	slash = memchr(s.ptr, '/', s.len);
	sign = s.len > 0 ? memrchr(s.ptr, '@', s.len) : NULL;
	if (slash != NULL && sign != NULL && sign > slash + 1)
		return true;
	if (sign == NULL)
		return memchr(s.ptr, '.', s.len) != NULL;
	sign = memchr(s.ptr, '@', s.len);
	if ((size_t)(sign - s.ptr) + 2 > s.len ||
	    memchr(sign + 2, '.', s.len - (size_t)(sign - s.ptr) - 2) == NULL || contains(s, "&nbsp;"))
		return false;
	for (n = 0; n < s.len && s.ptr[n] != ':' && n < 6;)
		n++;
	if (n < s.len && s.ptr[n] == ':') {
		static const char *const misread[] = { "", "skype", "mail", "email", "e-mail", "-mail" };

		for (size_t i = 0; i < sizeof(misread) / sizeof(*misread); i++)
			if (utf_equal_nocase(slice_make(s.ptr, n), slice_of(misread[i]))) {
				while (n < s.len && s.ptr[n] == ':')
					n++;
				*uri = slice_from(s, n);
				break;
			}
	}
	*scheme = SLICE("mailto:");
	return true;
}

static bool mail_host_valid(struct slice uri)
{
	const char *at = memchr(uri.ptr, '@', uri.len);
	struct slice host;
	size_t n = 0;

	if (at == NULL)
		return false;
	host = slice_from(uri, (size_t)(at - uri.ptr) + 1);
	while (n < host.len && !perl_one_of((unsigned char)host.ptr[n], "?&>"))
		n++;
	host.len = n;
	while (host.len >= 3 && memcmp(host.ptr + host.len - 3, "%20", 3) == 0)
		host.len -= 3;
	return spell_tld_valid(host);
}

static bool seen_before(struct spellings *s, struct slice raw, bool *nomem)
{
	/* Few addresses stand in a text more than once: only the last ones are compared. The set drops the others. */
	for (size_t i = s->seen_count; i > 0 && s->seen_count - i < 64; i--)
		if (slice_eq(s->seen[i - 1], raw))
			return true;
	if (s->seen_count == s->seen_cap) {
		struct slice *bigger = grown(s->arena, s->seen, s->seen_count, &s->seen_cap, sizeof(*s->seen));

		if (bigger == NULL) {
			*nomem = true;
			return false;
		}
		s->seen = bigger;
	}
	s->seen[s->seen_count++] = raw;
	return false;
}

static bool take(struct spellings *s, struct variants *v, enum found what, struct slice raw, struct slice host)
{
	struct slice uri, scheme, parts[2];
	size_t n = 0;
	bool nomem = false;

	raw = trimmed(raw);
	if (raw.len == 0 || seen_before(s, raw, &nomem))
		return !nomem;
	if ((what == FOUND_MAIL && memchr(raw.ptr, '@', raw.len) == NULL) || (what == FOUND_NAME && !spell_name_valid(host)) ||
	    perl_starts_nocase(raw, "cid:") || perl_starts_nocase(raw, "mid:"))
		return !nomem;
	while (n < raw.len && perl_word((unsigned char)raw.ptr[n]))
		n++;
	if (n > 0 && n < raw.len && raw.ptr[n] == ':') {
		size_t slashes = n + 1;

		while (slashes < raw.len && slashes < n + 3 && raw.ptr[slashes] == '/')
			slashes++;
		if (slashes == raw.len)
			return !nomem;
	}
	uri = raw;
	if (!with_scheme(&uri, &scheme))
		return !nomem;
	parts[0] = scheme;
	parts[1] = uri;
	if (scheme.len > 0)
		uri = spell_joined(v, parts, 2);
	if (perl_starts_nocase(uri, "mailto:")) {
		if (spell_has_percent(uri))
			uri = spell_decoded(v, uri);
		if (!mail_host_valid(uri))
			return !nomem;
	}
	return add_spelled(s, v, uri, true) && !nomem;
}

bool spellings_in_text(struct spellings *s, struct slice text)
{
	struct finder f = { .text = text,
			    .ends = { 0, SIZE_MAX, ENDS },
			    .mail = { 0, SIZE_MAX, ENDS_MAIL },
			    .local = { 0, SIZE_MAX, ENDS_LOCAL } };
	struct variants *v;

	for (size_t at = 0; at < text.len && !s->more;) {
		struct slice host = SLICE("");
		enum found what = FOUND_NOTHING;
		size_t end = at;

		if (may_start(text, at))
			what = known_scheme(&f, at, &end)	? FOUND_SCHEME
			       : mail_address(&f, at, &end)	? FOUND_MAIL
			       : bare_name(&f, at, &end, &host) ? FOUND_NAME
								: FOUND_NOTHING;
		if (what == FOUND_NOTHING) {
			at++;
			continue;
		}
		v = variants_of(s);
		if (v == NULL || !take(s, v, what, slice_make(text.ptr + at, end - at), host))
			return false;
		at = end;
	}
	return true;
}

bool spellings_of_link(struct spellings *s, struct slice target)
{
	struct variants *v = variants_of(s);

	return v != NULL && (s->more || add_spelled(s, v, target, false));
}
