#include "text/uri.h"

#include <arpa/inet.h>
#include <libpsl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/unicode.h"
#include "text/utf.h"

enum {
	HOST_MAX_BYTES = 253,
	LABEL_MAX_BYTES = 63,
	LOCAL_MAX_BYTES = 64,
};

static psl_ctx_t *suffixes; /* read only after it is loaded; kept until exit */

static void load_suffixes(void)
{
	suffixes = psl_latest(NULL);
}

static const psl_ctx_t *psl(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load_suffixes);
	return suffixes ? suffixes : psl_builtin();
}

/* ---- hosts ---- */

static bool copy_host(struct slice host, char out[HOST_MAX_BYTES + 1])
{
	if (!host.len || host.len > HOST_MAX_BYTES || memchr(host.ptr, '\0', host.len))
		return false;
	memcpy(out, host.ptr, host.len);
	out[host.len] = '\0';
	return true;
}

struct slice uri_registrable(struct slice host)
{
	char text[HOST_MAX_BYTES + 1];
	struct in6_addr address;

	if (!copy_host(host, text) || inet_pton(AF_INET, text, &address) == 1 ||
	    inet_pton(AF_INET6, text, &address) == 1)
		return host;
	const char *domain = psl() ? psl_registrable_domain(psl(), text) : NULL;
	return domain ? slice_from(host, (size_t)(domain - text)) : host;
}

bool uri_below(struct slice host, struct slice domain)
{
	if (!domain.len || host.len < domain.len || !slice_eq(slice_from(host, host.len - domain.len), domain))
		return false;
	return host.len == domain.len || host.ptr[host.len - domain.len - 1] == '.';
}

bool uri_meant(struct slice run)
{
	return run.len > 0 && (memchr(run.ptr, '@', run.len) || memmem(run.ptr, run.len, "://", 3) || slice_starts(run, SLICE("www.")));
}

/* A name below a suffix that somebody runs; "co.uk" alone and "foo.invalidtld" are none. */
static bool below_public_suffix(struct slice host)
{
	char text[HOST_MAX_BYTES + 1];

	if (!copy_host(host, text) || !psl())
		return false;
	const char *suffix = psl_unregistrable_domain(psl(), text);
	return suffix && suffix != text && psl_is_public_suffix2(psl(), suffix, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}

bool uri_tld_known(struct slice label)
{
	char text[LABEL_MAX_BYTES + 1];

	if (!label.len || label.len > LABEL_MAX_BYTES || memchr(label.ptr, '\0', label.len) || !psl())
		return false;
	memcpy(text, label.ptr, label.len);
	text[label.len] = '\0';
	utf_lower_ascii(text, label.len);
	return !memchr(text, '.', label.len) && psl_is_public_suffix2(psl(), text, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE);
}

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool letter(char c)
{
	return alnum(c) && !digit(c);
}

/* Letters, digits, hyphens and (as real hosts have them) underscores in labels of 1 to 63. */
static bool ascii_host_ok(struct slice h)
{
	size_t label = 0;

	if (!h.len || h.len > HOST_MAX_BYTES)
		return false;
	for (size_t i = 0; i < h.len; i++) {
		if (h.ptr[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if ((!alnum(h.ptr[i]) && h.ptr[i] != '-' && h.ptr[i] != '_') || ++label > LABEL_MAX_BYTES) {
			return false;
		}
	}
	return label > 0;
}

/* A label that people could read as another: letters of scripts that nobody mixes, or foreign letters that all look
 * like ASCII ones. */
static bool label_deceives(struct slice label)
{
	struct str skeleton;

	if (unicode_ascii(label))
		return false;
	if (unicode_mixed_script(label))
		return true;
	str_init(&skeleton, 4096);
	unicode_skeleton(label, &skeleton);
	bool deceives = str_failed(&skeleton) || unicode_ascii(str_slice(&skeleton));
	str_fini(&skeleton);
	return deceives;
}

static bool host_deceives(struct slice host)
{
	while (host.len) {
		const char *dot = memchr(host.ptr, '.', host.len);
		size_t n = dot ? (size_t)(dot - host.ptr) : host.len;

		if (label_deceives(slice_make(host.ptr, n)))
			return true;
		host = slice_from(host, n + 1);
	}
	return false;
}

static int hex(char c)
{
	if (digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-encoding undone where it hides a printable ASCII character; *changed says whether there was any. */
static struct slice decode(struct arena *a, struct slice s, bool *changed)
{
	char *out = arena_alloc(a, s.len + 1);
	size_t n = 0;

	*changed = false;
	if (!out)
		return SLICE_NONE;
	for (size_t i = 0; i < s.len; i++) {
		int high = i + 2 < s.len && s.ptr[i] == '%' ? hex(s.ptr[i + 1]) : -1;
		int low = high >= 0 ? hex(s.ptr[i + 2]) : -1;
		int c = high * 16 + low;

		if (low >= 0 && c > 0x20 && c < 0x7F) {
			out[n++] = (char)c;
			i += 2;
			*changed = true;
		} else {
			out[n++] = s.ptr[i];
		}
	}
	out[n] = '\0';
	return slice_make(out, n);
}

/* An IPv4 address as browsers read it: one to four numbers, decimal, octal or hexadecimal, the last one filling the
 * rest. */
static bool read_ipv4(struct slice h, uint32_t *out)
{
	uint64_t parts[4];
	size_t n = 0;

	while (h.len) {
		const char *dot = memchr(h.ptr, '.', h.len);
		struct slice part = slice_make(h.ptr, dot ? (size_t)(dot - h.ptr) : h.len);
		unsigned base = 10;
		uint64_t v = 0;

		if (n == 4 || !part.len || part.len > 16)
			return false;
		h = slice_from(h, part.len + 1);
		if (part.len > 1 && part.ptr[0] == '0') {
			bool is_hex = (part.ptr[1] | 0x20) == 'x';
			base = is_hex ? 16 : 8;
			part = slice_from(part, is_hex ? 2 : 1);
		}
		for (size_t i = 0; i < part.len; i++) {
			int d = hex(part.ptr[i]);

			if (d < 0 || d >= (int)base)
				return false;
			v = v * base + (unsigned)d;
			if (v > UINT32_MAX)
				return false;
		}
		parts[n++] = v;
	}
	if (!n || parts[n - 1] >= 1ULL << 8 * (5 - n))
		return false;
	uint64_t address = parts[n - 1];
	for (size_t i = 0; i + 1 < n; i++) {
		if (parts[i] > 255)
			return false;
		address |= parts[i] << 8 * (3 - i);
	}
	*out = (uint32_t)address;
	return true;
}

/* Fills host, domain, shown and their flags. False when this cannot be a host; where it has to be a `name`, also when it is not below a public
 * suffix: of a text full of such most work is saved. */
static bool set_host(struct arena *a, struct slice text, bool name, struct uri *u)
{
	bool changed;
	struct str ascii, unicode;
	uint32_t v4;

	text = decode(a, text, &changed);
	if (text.len && text.ptr[text.len - 1] == '.')
		text.len--;
	if (!text.len || text.len > HOST_MAX_BYTES * 4)
		return false;
	if (name && (text.ptr[0] == '[' || read_ipv4(text, &v4)))
		return false;
	if (text.ptr[0] == '[') {
		char plain[INET6_ADDRSTRLEN], back[INET6_ADDRSTRLEN];
		struct in6_addr six;

		snprintf(plain, sizeof plain, "%.*s", (int)(text.len > 2 ? text.len - 2 : 0), text.ptr + 1);
		if (text.ptr[text.len - 1] != ']' || text.len - 2 >= sizeof plain ||
		    inet_pton(AF_INET6, plain, &six) != 1)
			return false;
		inet_ntop(AF_INET6, &six, back, sizeof back);
		u->host = u->domain = u->shown = slice_of(arena_strdup(a, back));
		u->flags |= URI_IP;
		return u->host.ptr != NULL;
	}
	if (read_ipv4(text, &v4)) {
		u->host = u->domain = u->shown =
		    slice_of(arena_printf(a, "%u.%u.%u.%u", v4 >> 24, v4 >> 16 & 255, v4 >> 8 & 255, v4 & 255));
		u->flags |= URI_IP;
		return u->host.ptr != NULL;
	}
	str_init(&ascii, HOST_MAX_BYTES * 4);
	str_init(&unicode, HOST_MAX_BYTES * 4);
	bool idn = !unicode_ascii(text) || utf_find_nocase(text, SLICE("xn--")) < text.len;
	if (!idn)
		str_add(&ascii, text);
	else if (!unicode_host_ascii(text, &ascii) && unicode_ascii(text))
		str_add(&ascii, text); /* broken punycode: still a name that something may answer to */
	bool good = ascii_host_ok(str_slice(&ascii));
	struct slice host = good ? str_dup(&ascii, a) : SLICE_NONE;
	if (host.ptr)
		utf_lower_ascii((char *)host.ptr, host.len);
	good = host.ptr && (!name || below_public_suffix(host));
	if (good) {
		u->host = u->shown = host;
		u->domain = uri_registrable(host);
		if (idn) {
			u->flags |= URI_IDN;
			if (!unicode_host_unicode(host, &unicode) || host_deceives(str_slice(&unicode)))
				u->flags |= URI_MIXED;
			else
				u->shown = str_dup(&unicode, a);
		}
		good = u->shown.ptr != NULL;
	}
	str_fini(&ascii);
	str_fini(&unicode);
	return good;
}

/* ---- the text with its disguises taken off ---- */

struct source {
	struct slice text; /* mended */
	struct slice original;
	const uint32_t *origin; /* per byte and one more; NULL: the same text */
};

static size_t origin(const struct source *s, size_t at)
{
	return s->origin ? s->origin[at] : at;
}

/* The length of "[.]", "(dot)", " [ dot ] " and the like at text[at], or 0. *becomes is what they stand for. */
static size_t disguise(struct slice text, size_t at, char *becomes)
{
	static const struct {
		const char *inner;
		char c;
	} forms[] = { { ".", '.' }, { "dot", '.' }, { ":", ':' }, { "at", '@' }, { "@", '@' } };
	size_t i = at;

	while (i < text.len && text.ptr[i] == ' ' && i - at < 2)
		i++;
	if (i == text.len || !strchr("[({", text.ptr[i]) || !text.ptr[i])
		return 0;
	char close = text.ptr[i] == '[' ? ']' : text.ptr[i] == '(' ? ')' : '}';
	for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
		size_t n = strlen(forms[f].inner), inner = i + 1;

		if (inner < text.len && text.ptr[inner] == ' ')
			inner++;
		size_t end = inner + n;
		if (end >= text.len || !utf_equal_nocase(slice_make(text.ptr + inner, n), slice_of(forms[f].inner)))
			continue;
		if (text.ptr[end] == ' ' && end + 1 < text.len)
			end++;
		if (text.ptr[end] != close)
			continue;
		end++;
		/* Only between parts of a name, so that "(at)" in prose stays prose. */
		size_t spaces = i - at;
		while (spaces && end < text.len && text.ptr[end] == ' ')
			end++, spaces--;
		if (end == text.len || at == 0 || !(alnum(text.ptr[end]) || text.ptr[end] == '/'))
			return 0;
		*becomes = forms[f].c;
		return end - at;
	}
	return 0;
}

static bool scheme_at(struct slice text, size_t at, const char *scheme)
{
	size_t n = strlen(scheme);

	return at + n <= text.len && utf_equal_nocase(slice_make(text.ptr + at, n), slice_of(scheme));
}

static bool hxxp_at(struct slice text, size_t at)
{
	static const char *const forms[] = { "hxxp://", "hxxps://", "h**p://", "h**ps://", "hxxp[:]//", "hxxps[:]//" };

	if ((text.ptr[at] | 0x20) != 'h')
		return false;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (scheme_at(text, at, forms[i]))
			return true;
	return false;
}

static bool of_a_name(char c)
{
	return alnum(c) || c == '-' || c == '.';
}

/*
 * The length of a character at text[at] that a browser passes over in a name (U+200B, U+2060), or reads as its dot (U+3002),
 * or 0. Only between ASCII parts of a name, and the dot only in a first label behind "://": elsewhere these are writing.
 */
static size_t unseen(struct slice text, size_t at, char *becomes)
{
	static const char *const forms[] = { "\xe2\x80\x8b", "\xe2\x81\xa0", "\xe3\x80\x82" };
	const struct slice here = slice_from(text, at);
	size_t f = 0, from = at;

	while (f < 3 && !slice_starts(here, slice_of(forms[f])))
		f++;
	if (f == 3 || at == 0 || here.len < 4 || !of_a_name(text.ptr[at - 1]) || !of_a_name(here.ptr[3]))
		return 0;
	*becomes = '\0';
	if (f < 2)
		return 3;
	*becomes = '.';
	while (from > 0 && (alnum(text.ptr[from - 1]) || text.ptr[from - 1] == '-'))
		from--;
	return from >= 3 && memcmp(text.ptr + from - 3, "://", 3) == 0 ? 3 : 0;
}

static bool may_be_disguised(struct slice text)
{
	char c;

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] && strchr(" [({", text.ptr[i])				    ? disguise(text, i, &c) > 0
		    : (unsigned char)text.ptr[i] >= 0xE2					     ? unseen(text, i, &c) > 0
										     : hxxp_at(text, i))
			return true;
	return false;
}

static enum err undisguise(struct arena *a, struct slice text, struct source *s)
{
	*s = (struct source){ text, text, NULL };
	if (!may_be_disguised(text))
		return ERR_OK;
	char *out = arena_alloc(a, text.len + 1);
	uint32_t *map = arena_array(a, text.len + 1, sizeof *map);
	size_t n = 0;
	if (!out || !map)
		return ERR_NOMEM;
	for (size_t i = 0; i < text.len;) {
		char c;
		size_t len = strchr(" [({", text.ptr[i]) && text.ptr[i] ? disguise(text, i, &c)
			     : (unsigned char)text.ptr[i] >= 0xE2		? unseen(text, i, &c)
										: 0;

		map[n] = (uint32_t)i;
		if (len) {
			if (c)
				out[n++] = c;
			i += len;
		} else if (hxxp_at(text, i)) {
			for (int k = 0; k < 4; k++) {
				map[n] = (uint32_t)(i + (size_t)k);
				out[n++] = "http"[k];
			}
			i += 4;
		} else {
			out[n++] = text.ptr[i++];
		}
	}
	map[n] = (uint32_t)text.len;
	s->text = slice_make(out, n);
	s->origin = map;
	return ERR_OK;
}

/* ---- finding ---- */

struct finder {
	struct arena *a;
	struct source src;
	struct uris *out;
	size_t list_cap;
	bool nomem;
};

/* The bytes of a character that ends an address: white space, quotes, brackets, controls; 0 for one that may be inside.
 */
static size_t ends_address(struct slice s, size_t i)
{
	unsigned char c = (unsigned char)s.ptr[i];

	if (c < 0x80)
		return c <= 0x20 || c == 0x7F || strchr("<>\"`{}|\\^[]", c) ? 1 : 0;
	/* U+00A0, U+2000-U+200F, U+2018-U+201F, U+2026-U+202F, U+2060, U+3000-U+3002, U+3008-U+3011, U+FF08 U+FF09
	 * U+FF0C */
	if (c == 0xC2)
		return i + 1 < s.len && (unsigned char)s.ptr[i + 1] == 0xA0 ? 2 : 0;
	if ((c != 0xE2 && c != 0xE3 && c != 0xEF) || i + 2 >= s.len)
		return 0;
	unsigned cp = (c & 15u) << 12 | ((unsigned char)s.ptr[i + 1] & 63u) << 6 | ((unsigned char)s.ptr[i + 2] & 63u);
	bool ends = (cp >= 0x2000 && cp <= 0x200F) || (cp >= 0x2018 && cp <= 0x201F) ||
		    (cp >= 0x2026 && cp <= 0x202F) || cp == 0x2060 || (cp >= 0x3000 && cp <= 0x3002) ||
		    (cp >= 0x3008 && cp <= 0x3011) || cp == 0xFF08 || cp == 0xFF09 || cp == 0xFF0C;
	return ends ? 3 : 0;
}

static size_t address_end(struct slice s, size_t i)
{
	size_t start = i;

	while (i < s.len && i - start < URI_LENGTH_MAX && !ends_address(s, i))
		i++;
	return i;
}

/* Punctuation behind an address belongs to the sentence; a bracket does unless it was opened inside. */
static size_t trim_end(struct slice s, size_t from, size_t to)
{
	int open = 0;

	for (size_t i = from; i < to; i++)
		open += s.ptr[i] == '(' ? 1 : s.ptr[i] == ')' ? -1 : 0;
	while (to > from) {
		char c = s.ptr[to - 1];

		if (c == ')' && open < 0)
			open++;
		else if (!strchr(".,;:!?'*_~", c))
			break;
		to--;
	}
	return to;
}

static bool add(struct finder *f, const struct uri *u)
{
	struct uris *o = f->out;

	if (o->count == URIS_MAX) {
		o->more = true;
		return false;
	}
	if (o->count == f->list_cap) {
		size_t cap = f->list_cap ? f->list_cap * 2 : 8;
		struct uri *more = arena_array(f->a, cap, sizeof *more);

		if (!more)
			return false;
		if (o->count)
			memcpy(more, o->list, o->count * sizeof *more);
		o->list = more;
		f->list_cap = cap;
	}
	o->list[o->count++] = *u;
	return true;
}

static size_t scheme_length(struct slice s, size_t at)
{
	char c = (char)(s.ptr[at] | 0x20);

	if (c == 'h')
		return scheme_at(s, at, "https://") ? 8 : scheme_at(s, at, "http://") ? 7 : 0;
	return c == 'f' && scheme_at(s, at, "ftp://") ? 6 : 0;
}

/* Splits "user@host:port/path" and fills all but at, len and raw. `name` as set_host's. */
static bool read_address(struct arena *a, struct slice scheme, struct slice rest, bool name, struct uri *u)
{
	size_t n = 0;
	int port = 0;

	while (n < rest.len && !strchr("/?#", rest.ptr[n]))
		n++;
	struct slice authority = slice_make(rest.ptr, n), host = authority;
	u->path = slice_from(rest, n);
	const char *at = memrchr(authority.ptr, '@', authority.len);
	if (at) {
		u->flags |= URI_USERINFO;
		host = slice_from(authority, (size_t)(at - authority.ptr) + 1);
	}
	size_t colon = host.len;
	while (colon > 0 && digit(host.ptr[colon - 1]))
		colon--;
	if (colon > 0 && host.ptr[colon - 1] == ':') {
		for (size_t i = colon; i < host.len && port < 100000; i++)
			port = port * 10 + (host.ptr[i] - '0');
		host.len = colon - 1;
	}
	bool good = set_host(a, host, name, u);
	if (!good || (!name && !unicode_ascii(host) && !below_public_suffix(u->host))) {
		/* Writing without spaces runs on behind a name: "example.com" and then Chinese. So does what is no port and no encoding, "example.com:80a":
		 * nothing opens that, but people read the name. */
		struct uri cut = { .at = u->at,
				   .len = u->len,
				   .raw = u->raw,
				   .path = SLICE(""),
				   .flags = u->flags & ~(URI_IDN | URI_MIXED) };
		size_t ascii = 0;

		while (ascii < host.len && (unsigned char)host.ptr[ascii] < 0x80 && (good || !strchr(":%", host.ptr[ascii])))
			ascii++;
		if (ascii > 0 && ascii < host.len && set_host(a, slice_make(host.ptr, ascii), true, &cut)) {
			*u = cut;
			port = 0;
		} else if (!good) {
			return false;
		}
	}
	bool own = port == 0 || (port == 443 && scheme.len == 5) || (port == 80 && scheme.len == 4) ||
		   (port == 21 && scheme.len == 3);
	if (!own)
		u->flags |= URI_PORT;
	bool six = memchr(u->host.ptr, ':', u->host.len) != NULL;
	char *url = own ? arena_printf(a, "%.*s://%s%.*s%s%.*s", SLICE_ARG(scheme), six ? "[" : "", SLICE_ARG(u->host),
				       six ? "]" : "", SLICE_ARG(u->path))
			: arena_printf(a, "%.*s://%s%.*s%s:%d%.*s", SLICE_ARG(scheme), six ? "[" : "",
				       SLICE_ARG(u->host), six ? "]" : "", port, SLICE_ARG(u->path));
	if (!url)
		return false;
	utf_lower_ascii(url, scheme.len);
	u->url = slice_of(url);
	return true;
}

/* Addresses inside another's path or query, plain or percent-encoded (more than once, too), each within the one before. */
static void find_nested(struct finder *f, const struct uri *outer)
{
	struct slice rest = outer->path;

	for (int depth = 0; depth < URI_NESTED_MAX && rest.len; depth++) {
		bool changed;
		size_t i = 0, n = 0;
		struct slice inner = decode(f->a, rest, &changed);

		while (inner.ptr && i < inner.len && !(n = scheme_length(inner, i)) &&
		       !(i && strchr("=/?&", inner.ptr[i - 1]) && scheme_at(inner, i, "www.")))
			i++;
		if (!inner.ptr || (i >= inner.len && !changed))
			return;
		if (i >= inner.len) { /* encoded once more, perhaps */
			rest = inner;
			continue;
		}
		size_t end = trim_end(inner, i, address_end(inner, i));
		if (memchr(inner.ptr, '?', i)) {
			const char *amp = memchr(inner.ptr + i, '&', end - i);
			end = amp ? (size_t)(amp - inner.ptr) : end;
		}
		struct uri u = { .at = outer->at,
				 .len = outer->len,
				 .raw = outer->raw,
				 .flags = URI_NESTED | (n ? URI_SCHEME : URI_WWW) };
		struct slice scheme = n ? slice_make(inner.ptr + i, n - 3) : SLICE("http");
		struct slice whole = slice_make(inner.ptr + i, end - i);
		if (whole.len > n && read_address(f->a, scheme, slice_from(whole, n), !n, &u) && !add(f, &u))
			return;
		rest = slice_from(inner, i + (n ? n : 4));
	}
}

static void place(const struct finder *f, struct uri *u, size_t from, size_t to)
{
	u->at = origin(&f->src, from);
	u->len = origin(&f->src, to) - u->at;
	u->raw = slice_make(f->src.original.ptr + u->at, u->len);
	if (!slice_eq(u->raw, slice_make(f->src.text.ptr + from, to - from)))
		u->flags |= URI_OBFUSCATED;
}

/* Addresses with a scheme. Returns where to go on. */
static size_t take_scheme(struct finder *f, size_t at, size_t scheme)
{
	struct slice s = f->src.text;
	size_t from = at + scheme, end = from;
	struct uri u = { .flags = URI_SCHEME };

	/* The brackets of an IPv6 address would end it otherwise. */
	if (from < s.len && s.ptr[from] == '[') {
		while (end < s.len && end - from < 48 && (hex(s.ptr[end]) >= 0 || strchr("[:.", s.ptr[end])))
			end++;
		end = end < s.len && s.ptr[end] == ']' ? end + 1 : from;
	}
	end = trim_end(s, from, address_end(s, end));
	if (end == from ||
	    !read_address(f->a, slice_make(s.ptr + at, scheme - 3), slice_make(s.ptr + from, end - from), false, &u))
		return from;
	place(f, &u, at, end);
	if (!add(f, &u))
		return end;
	find_nested(f, &u);
	return end;
}

static bool name_char(unsigned char c)
{
	return alnum((char)c) || c == '-' || c == '_' || c == '.' || c >= 0x80;
}

/* Suffixes that are file names far more often than addresses, where nothing else says that it is one. */
bool uri_file_name(struct slice host)
{
	static const char *const endings[] = { "md", "py", "sh", "rs", "ps", "zip", "mov", "so" };
	const char *dot = memrchr(host.ptr, '.', host.len);

	if (!dot || memchr(host.ptr, '.', (size_t)(dot - host.ptr)))
		return false;
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (utf_equal_nocase(slice_from(host, (size_t)(dot - host.ptr) + 1), slice_of(endings[i])))
			return true;
	return false;
}

/* "the end.Then": a sentence that lacks its space. */
static bool sentence(struct slice name)
{
	const char *dot = memrchr(name.ptr, '.', name.len);

	if (!dot || (size_t)(dot - name.ptr) + 2 >= name.len)
		return false;
	return dot[1] >= 'A' && dot[1] <= 'Z' && dot[2] >= 'a' && dot[2] <= 'z';
}

/* Returns where to go on, or 0 when this is none. */
static size_t take_mail(struct finder *f, size_t from, size_t at)
{
	struct slice s = f->src.text;
	size_t end = at + 1;
	struct uri u = { .flags = URI_MAIL };

	while (end < s.len && name_char((unsigned char)s.ptr[end]) && !ends_address(s, end) &&
	       end - at <= HOST_MAX_BYTES)
		end++;
	end = trim_end(s, at + 1, end);
	while (from < at && s.ptr[from] == '.')
		from++;
	if (from == at || at - from > LOCAL_MAX_BYTES ||
	    !set_host(f->a, slice_make(s.ptr + at + 1, end - at - 1), true, &u))
		return 0;
	u.local = slice_make(s.ptr + from, at - from);
	u.path = SLICE("");
	u.url = slice_of(arena_printf(f->a, "mailto:%.*s@%.*s", SLICE_ARG(u.local), SLICE_ARG(u.host)));
	place(f, &u, from, end);
	if (u.url.ptr)
		(void)add(f, &u);
	return end;
}

/* A name without a scheme, s[from..to): an address when it ends in a public suffix. */
static size_t take_bare(struct finder *f, size_t from, size_t to)
{
	struct slice s = f->src.text;
	struct uri u = { .flags = 0 };

	while (from < to && (s.ptr[from] == '.' || s.ptr[from] == '-' || s.ptr[from] == '_'))
		from++;
	size_t name_end = trim_end(s, from, to), end = name_end;
	struct slice name = slice_make(s.ptr + from, name_end - from);
	if (!memchr(name.ptr, '.', name.len) || name.len > HOST_MAX_BYTES * 2)
		return to;
	/* Most names end in nothing that somebody runs: known before anything is taken apart. */
	const char *dot = memrchr(name.ptr, '.', name.len);
	if (unicode_ascii(name) && !memchr(name.ptr, '%', name.len) &&
	    !uri_tld_known(slice_from(name, (size_t)(dot - name.ptr) + 1)))
		return to;
	u.flags |= scheme_at(s, from, "www.") ? URI_WWW : URI_BARE;
	if (name_end == to && to < s.len) {
		bool port = s.ptr[to] == ':' && to + 1 < s.len && digit(s.ptr[to + 1]);

		if (port || strchr("/?#", s.ptr[to]))
			end = trim_end(s, from, address_end(s, to));
	}
	if (!read_address(f->a, SLICE("http"), slice_make(s.ptr + from, end - from), true, &u))
		return to;
	if (end == name_end && (sentence(name) || (u.flags & URI_BARE && uri_file_name(u.host))))
		return to;
	if (u.path.len == 0 && end > name_end && !(u.flags & URI_PORT))
		end = name_end;
	place(f, &u, from, end);
	if (!add(f, &u))
		return end;
	find_nested(f, &u);
	return end > to ? end : to;
}

/* A run of characters that names and the local parts of mail addresses are made of. */
static size_t take_run(struct finder *f, size_t at)
{
	struct slice s = f->src.text;
	size_t end = at;
	bool dot = false, plus = false;

	for (; end < s.len && !ends_address(s, end); end++) {
		unsigned char c = (unsigned char)s.ptr[end];

		if (c == '+' || c == '%')
			plus = true;
		else if (!name_char(c))
			break;
		dot |= c == '.';
		/* "seehttp://": the scheme has its own turn. */
		if (end > at && letter((char)c) && scheme_length(s, end))
			break;
	}
	if (end < s.len && s.ptr[end] == '@' && end > at) {
		size_t next = take_mail(f, at, end);
		if (next)
			return next;
	}
	if (dot && !plus)
		return take_bare(f, at, end);
	return end;
}

enum err uris_find(struct arena *a, struct slice text, struct uris *out, struct error *e)
{
	struct finder f = { .a = a, .out = out };

	*out = (struct uris){ 0 };
	if (text.len >= UINT32_MAX)
		return err_set(e, ERR_TOO_LARGE, "The text is too long.");
	if (!text.len)
		return ERR_OK;
	if (undisguise(a, text, &f.src) != ERR_OK)
		return err_nomem(e);
	struct slice s = f.src.text;
	for (size_t i = 0; i < s.len && !out->more;) {
		size_t scheme = scheme_length(s, i);

		if (scheme) {
			i = take_scheme(&f, i, scheme);
		} else if (name_char((unsigned char)s.ptr[i]) && !ends_address(s, i)) {
			i = take_run(&f, i);
		} else {
			size_t n = ends_address(s, i);
			i += n ? n : 1;
		}
		if (arena_failed(a))
			return err_nomem(e);
	}
	return ERR_OK;
}

enum err uri_parse(struct arena *a, struct slice text, struct uri *out, struct error *e)
{
	*out = (struct uri){ .flags = URI_SCHEME, .len = text.len, .raw = text };
	size_t n = text.len && (text.ptr[0] | 0x20) == 'h' ? scheme_length(text, 0) : 0;
	size_t end = n;
	if (n && n < text.len && text.ptr[n] == '[') {
		const char *close = memchr(text.ptr, ']', text.len);
		end = close ? (size_t)(close - text.ptr) + 1 : n;
	}
	if (!n || text.len > URI_LENGTH_MAX || address_end(text, end) != text.len ||
	    !read_address(a, slice_make(text.ptr, n - 3), slice_from(text, n), false, out)) {
		if (arena_failed(a))
			return err_nomem(e);
		return err_set(e, ERR_INVALID, "This is not a web address.");
	}
	return ERR_OK;
}
