#include "text/spell.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "text/uri.h"

enum { PLAIN_BYTES_MAX = 8192 };

/* ---- hosts ----------------------------------------------------------------------------------------------------- */

bool spell_name_valid(struct slice host)
{
	size_t labels = 0, underscores = SIZE_MAX, n = 0;

	while (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	if (host.len == 0 || host.len > 253)
		return false;
	for (size_t i = 0; i <= host.len; i++) {
		unsigned char c = i < host.len ? (unsigned char)host.ptr[i] : '.';

		if (c == '.') {
			if (n == 0 || n > 63 || host.ptr[i - 1] == '-')
				return false;
			labels++;
			n = 0;
			continue;
		}
		if (!perl_word(c) && (c != '-' || n == 0))
			return false;
		if (c == '_')
			underscores = labels;
		n++;
	}
	return labels > 1 && (underscores == SIZE_MAX || underscores + 2 < labels);
}

bool spell_tld_valid(struct slice host)
{
	const char *dot = host.len > 0 ? memrchr(host.ptr, '.', host.len) : NULL;

	for (size_t i = 0; i < host.len; i++)
		if (perl_blank((unsigned char)host.ptr[i]))
			return false;
	return dot != NULL && uri_tld_known(slice_from(host, (size_t)(dot - host.ptr) + 1));
}

static bool ip_address(struct slice host)
{
	unsigned parts = 0;

	while (host.len > 0) {
		unsigned v = 0;
		size_t n = 0;

		while (n < host.len && n < 4 && perl_digit((unsigned char)host.ptr[n]))
			v = v * 10 + (unsigned)(host.ptr[n++] - '0');
		if (n == 0 || n > 3 || v > 255 || (n > 1 && host.ptr[0] == '0'))
			return false;
		parts++;
		host = slice_from(host, n);
		if (host.len > 0 && (host.ptr[0] != '.' || host.len == 1))
			return false;
		host = slice_from(host, 1);
	}
	return parts == 4;
}

bool spell_has_domain(struct slice uri)
{
	size_t n = 0;
	const char *at;

	if (perl_starts_nocase(uri, "javascript:") || perl_starts_nocase(uri, "cid:") || perl_starts_nocase(uri, "file:"))
		return false;
	if (perl_starts_nocase(uri, "mailto:")) {
		uri = slice_from(uri, 7);
		at = memchr(uri.ptr, '?', uri.len);
		if (at != NULL)
			uri.len = (size_t)(at - uri.ptr);
		at = memchr(uri.ptr, '@', uri.len);
		if (at == NULL || memchr(at + 1, '@', uri.len - (size_t)(at + 1 - uri.ptr)) != NULL)
			return false;
		uri = slice_from(uri, (size_t)(at + 1 - uri.ptr));
	} else {
		while (n < uri.len && perl_alnum((unsigned char)uri.ptr[n]) && !perl_digit((unsigned char)uri.ptr[n]))
			n++;
		if (n > 0 && n < uri.len && uri.ptr[n] == ':') {
			n++;
			for (int i = 0; i < 2 && n < uri.len && uri.ptr[n] == '/'; i++)
				n++;
			uri = slice_from(uri, n);
		}
		for (n = 0; n < uri.len && !perl_one_of((unsigned char)uri.ptr[n], "/?#"); n++)
			;
		uri.len = n;
		at = uri.len > 0 ? memrchr(uri.ptr, '@', uri.len) : NULL;
		if (at != NULL)
			uri = slice_from(uri, (size_t)(at + 1 - uri.ptr));
		for (n = uri.len; n > 0 && perl_digit((unsigned char)uri.ptr[n - 1]);)
			n--;
		if (n > 0 && uri.ptr[n - 1] == ':')
			uri.len = n - 1;
	}
	for (size_t i = 0; i + 2 < uri.len; i++) {
		int high = perl_hex((unsigned char)uri.ptr[i + 1]), low = perl_hex((unsigned char)uri.ptr[i + 2]);

		if (uri.ptr[i] == '%' && high >= 2 && high <= 7 && low >= 0 && high * 16 + low > 0x20 &&
		    high * 16 + low < 0x7f)
			return false;
	}
	return ip_address(uri) || (spell_name_valid(uri) && spell_tld_valid(uri));
}

/* ---- the spellings of one address ------------------------------------------------------------------------------ */

static void variant(struct variants *v, struct slice s)
{
	if (v->count == SPELL_VARIANTS_MAX || v->bytes + s.len > SPELL_VARIANTS_BYTES)
		return;
	v->bytes += s.len;
	v->list[v->count++] = s;
}

struct slice spell_joined(struct variants *v, const struct slice *parts, size_t count)
{
	size_t len = 0, at = 0;
	char *out;

	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	out = arena_alloc(v->arena, len + 1);
	if (out == NULL) {
		v->nomem = true;
		return SLICE("");
	}
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len > 0)
			memcpy(out + at, parts[i].ptr, parts[i].len);
		at += parts[i].len;
	}
	return slice_make(out, len);
}

static void variant3(struct variants *v, struct slice a, struct slice b, struct slice c)
{
	const struct slice parts[] = { a, b, c };

	variant(v, spell_joined(v, parts, 3));
}

bool spell_has_percent(struct slice s)
{
	for (size_t i = 0; i + 2 < s.len; i++)
		if (s.ptr[i] == '%' && perl_hex((unsigned char)s.ptr[i + 1]) >= 0 && perl_hex((unsigned char)s.ptr[i + 2]) >= 0)
			return true;
	return false;
}

struct slice spell_decoded(struct variants *v, struct slice s)
{
	char *out = arena_alloc(v->arena, s.len * 3 + 1);
	size_t n = 0;

	if (out == NULL) {
		v->nomem = true;
		return s;
	}
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		int high = i + 2 < s.len ? perl_hex((unsigned char)s.ptr[i + 1]) : -1;
		int low = high >= 0 ? perl_hex((unsigned char)s.ptr[i + 2]) : -1;

		if (c == '%' && low >= 0) {
			int value = high * 16 + low;

			if (value > 0x20 && value < 0x7f) {
				out[n++] = (char)value;
			} else {
				memcpy(out + n, s.ptr + i, 3);
				n += 3;
			}
			i += 2;
		} else if (c <= 0x20 || c >= 0x7f || perl_one_of(c, "\"%<>")) {
			n += (size_t)snprintf(out + n, 4, "%%%02x", c);
		} else {
			out[n++] = (char)c;
		}
	}
	return slice_make(out, n);
}

/* &#119; and &#x77; made characters, and the dots of other scripts full stops. */
static struct slice without_entities(struct variants *v, struct slice s)
{
	static const char *const dots[] = { "x2e", "12290", "x3002", "65294", "xff0e", "65377", "xff61" };
	char *out;
	size_t n = 0;

	if (s.len < 4 || memmem(s.ptr, s.len, "&#", 2) == NULL)
		return s;
	out = arena_alloc(v->arena, s.len + 1);
	if (out == NULL) {
		v->nomem = true;
		return s;
	}
	for (size_t i = 0; i < s.len;) {
		const char *end;
		struct slice inside;
		unsigned long code = 0;
		bool good;

		out[n++] = s.ptr[i++];
		if (out[n - 1] != '&' || i == s.len || s.ptr[i] != '#')
			continue;
		end = memchr(s.ptr + i, ';', s.len - i);
		if (end == NULL)
			continue;
		inside = slice_make(s.ptr + i + 1, (size_t)(end - (s.ptr + i + 1)));
		for (size_t d = 0; d < sizeof(dots) / sizeof(*dots); d++)
			if (utf_equal_nocase(inside, slice_of(dots[d])))
				code = '.';
		good = inside.len > 0 && inside.len < 64;
		if (code == 0 && good && inside.ptr[0] == 'x') {
			for (size_t k = 1; good && k < inside.len; k++) {
				int d = perl_hex((unsigned char)inside.ptr[k]);

				good = d >= 0 && code < 1000;
				code = code * 16 + (unsigned)(d < 0 ? 0 : d);
			}
			/* Its pattern leaves these out. */
			good = good && inside.len > 1 && !(code >= 0x2a && code <= 0x2f);
		} else if (code == 0) {
			for (size_t k = 0; good && k < inside.len; k++) {
				good = perl_digit((unsigned char)inside.ptr[k]) && code < 1000;
				code = code * 10 + (unsigned)(inside.ptr[k] - '0');
			}
		}
		if (good && code > 0x20 && code < 0x7f) {
			out[n - 1] = (char)code;
			i = (size_t)(end - s.ptr) + 1;
		}
	}
	return slice_make(out, n);
}

static struct slice address_of_number(struct variants *v, unsigned long long number)
{
	char digits[24], *text;
	unsigned part[4];

	snprintf(digits, sizeof(digits), "%08llx", number);
	for (int i = 0; i < 4; i++)
		part[i] = (unsigned)(perl_hex((unsigned char)digits[i * 2]) * 16 + perl_hex((unsigned char)digits[i * 2 + 1]));
	text = arena_printf(v->arena, "%u.%u.%u.%u", part[0], part[1], part[2], part[3]);
	v->nomem = v->nomem || text == NULL;
	return text != NULL ? slice_of(text) : SLICE("");
}

/* One of four numbers, with the dot behind it: hexadecimal and octal made decimal. As there: 0 becomes nothing. */
static void plain_octet(struct str *out, struct slice chunk)
{
	char text[32];
	size_t n = chunk.len < sizeof(text) - 2 ? chunk.len : sizeof(text) - 2, zeros = 0, dot;
	char *from = text;

	if (chunk.len > 2 && (chunk.ptr[1] | 0x20) == 'x') {
		unsigned long long value = 0;
		size_t i = 2;

		for (; i < chunk.len && perl_hex((unsigned char)chunk.ptr[i]) >= 0; i++)
			value = value >> 60 != 0 ? ~0ULL : value * 16 + (unsigned)perl_hex((unsigned char)chunk.ptr[i]);
		n = (size_t)snprintf(text, sizeof(text), "%lld%s", (long long)value, i < chunk.len ? "." : "");
	} else {
		memcpy(text, chunk.ptr, n);
		text[n] = '\0';
	}
	while (text[zeros] == '0')
		zeros++;
	for (dot = zeros; perl_digit((unsigned char)text[dot]);)
		dot++;
	if (zeros > 0 && dot > zeros) {
		size_t octal = 0, most = text[zeros] <= '3' ? 3 : 2;

		while (zeros + octal < dot && octal < most && text[zeros + octal] <= '7')
			octal++;
		if (octal > 0 && zeros + octal == dot) {
			str_addf(out, "%lu%s", strtoul(text + zeros, NULL, 8), text[dot] == '.' ? "." : "");
			return;
		}
	}
	from += zeros;
	str_add(out, slice_make(from, n - zeros));
}

/* Four numbers with dots between them. */
static bool four_numbers(struct slice host, struct slice chunk[4])
{
	for (int i = 0; i < 4; i++) {
		size_t n = 0;

		if (host.len > 2 && host.ptr[0] == '0' && (host.ptr[1] | 0x20) == 'x' &&
		    perl_hex((unsigned char)host.ptr[2]) >= 0)
			for (n = 2; n < host.len && perl_hex((unsigned char)host.ptr[n]) >= 0;)
				n++;
		else
			while (n < host.len && perl_digit((unsigned char)host.ptr[n]))
				n++;
		if (n == 0 || (i < 3 && (n == host.len || host.ptr[n] != '.')))
			return false;
		n += i < 3;
		chunk[i] = slice_make(host.ptr, n);
		host = slice_from(host, n);
	}
	return host.len == 0;
}

static void number_forms(struct variants *v, struct slice proto, struct slice host, struct slice rest)
{
	struct slice chunk[4];
	bool all_hex = host.len > 2 && host.ptr[0] == '0' && (host.ptr[1] | 0x20) == 'x', all_digits = host.len > 0;

	if (four_numbers(host, chunk)) {
		struct str plain;

		str_init(&plain, PLAIN_BYTES_MAX);
		for (int i = 0; i < 4; i++)
			plain_octet(&plain, chunk[i]);
		variant3(v, proto, str_slice(&plain), rest);
		str_fini(&plain);
		return;
	}
	for (size_t i = 0; i < host.len; i++) {
		all_hex = all_hex && (i < 2 || perl_hex((unsigned char)host.ptr[i]) >= 0);
		all_digits = all_digits && perl_digit((unsigned char)host.ptr[i]);
	}
	if (all_hex || all_digits) {
		unsigned long long number = 0;

		if (all_hex) {
			for (size_t i = host.len > 10 ? host.len - 8 : 2; i < host.len; i++)
				number = number * 16 + (unsigned)perl_hex((unsigned char)host.ptr[i]);
		} else {
			for (size_t i = 0; i < host.len; i++)
				number = number > 1844674407370955160ULL ? ~0ULL
									 : number * 10 + (unsigned)(host.ptr[i] - '0');
		}
		variant3(v, proto, address_of_number(v, number), rest);
	}
}

/* http://foobar/ is http://www.foobar.com/ to browsers of old. False when the host is no such word. */
static void bare_word(struct variants *v, struct slice proto, struct slice host, struct slice rest)
{
	struct slice name = host, whole;
	char *lower;

	if (perl_starts_nocase(name, "www.") && name.len > 4)
		name = slice_from(name, 4);
	if (memchr(name.ptr, '.', name.len) != NULL || utf_equal_nocase(host, SLICE("localhost")) || spell_tld_valid(host))
		return;
	/* A name may hold NUL bytes: nothing here may take it for a string. */
	lower = arena_alloc(v->arena, name.len + 8);
	if (lower == NULL) {
		v->nomem = true;
		return;
	}
	memcpy(lower, "www.", 4);
	memcpy(lower + 4, name.ptr, name.len);
	memcpy(lower + 4 + name.len, ".com", 4);
	whole = slice_make(lower, name.len + 8);
	utf_lower_ascii(lower, name.len + 4);
	variant3(v, proto, whole, rest);
}

static bool is_number(struct slice host)
{
	struct slice chunk[4];
	bool hexadecimal = host.len > 2 && host.ptr[0] == '0' && (host.ptr[1] | 0x20) == 'x', decimal = host.len > 0;

	for (size_t i = 0; i < host.len; i++) {
		hexadecimal = hexadecimal && (i < 2 || perl_hex((unsigned char)host.ptr[i]) >= 0);
		decimal = decimal && perl_digit((unsigned char)host.ptr[i]);
	}
	return hexadecimal || decimal || four_numbers(host, chunk);
}

/* An address in what stands behind the host. */
static void nested(struct variants *v, struct slice rest)
{
	for (size_t i = 0; i + 5 <= rest.len; i++) {
		struct slice here = slice_from(rest, i);
		size_t n;

		if ((here.ptr[0] | 0x20) != 'h' || !(perl_starts_nocase(here, "http:") || perl_starts_nocase(here, "https:")))
			continue;
		for (n = 5; n < here.len && !perl_one_of((unsigned char)here.ptr[n], "&#");)
			n++;
		here.len = n;
		/* Something must stand behind the colon. */
		if (n == (size_t)((here.ptr[4] | 0x20) == 's' ? 6 : 5))
			continue;
		if (memchr(here.ptr, '.', here.len) != NULL && v->pending_count < SPELL_VARIANTS_MAX &&
		    v->bytes + here.len <= SPELL_VARIANTS_BYTES)
			v->pending[v->pending_count++] = here;
		return;
	}
}

/* What hides in the host: a port, a user's name, punctuation, a number. */
static void host_forms(struct variants *v, struct slice uri)
{
	size_t scheme = perl_starts_nocase(uri, "http://") ? 7 : perl_starts_nocase(uri, "https://") ? 8 : 0, n = 0, kept = 0;
	struct slice proto = slice_make(uri.ptr, scheme), host, rest, port = SLICE(""), lower;
	bool plain_http, auth = false;
	char *copy;

	if (scheme == 0)
		return;
	host = slice_from(uri, scheme);
	while (n < host.len && !perl_one_of((unsigned char)host.ptr[n], "@/?#"))
		n++;
	if (n + 1 < host.len && host.ptr[n] == '@' && !perl_one_of((unsigned char)host.ptr[n + 1], "/?#:")) {
		auth = true;
		host = slice_from(host, n + 1);
	}
	for (n = 0; n < host.len && !perl_one_of((unsigned char)host.ptr[n], "/?#:");)
		n++;
	if (n == 0)
		return;
	rest = slice_from(host, n);
	host.len = n;
	if (rest.len > 0 && rest.ptr[0] == ':') {
		for (n = 1; n < rest.len && perl_digit((unsigned char)rest.ptr[n]);)
			n++;
		port = slice_make(rest.ptr + 1, n - 1);
	}
	plain_http = slice_is(proto, "http://");
	if (port.len > 0) {
		struct slice own = plain_http ? SLICE(":80") : SLICE(":443");

		if (slice_starts(rest, own) && (rest.len == own.len || !perl_word((unsigned char)rest.ptr[own.len])))
			variant3(v, proto, host, slice_from(rest, own.len));
	}
	lower = host;
	copy = arena_alloc(v->arena, host.len + 1);
	if (copy == NULL) {
		v->nomem = true;
		return;
	}
	for (size_t i = 0; i < host.len; i++)
		if ((unsigned char)host.ptr[i] > 0x20)
			copy[kept++] = host.ptr[i];
	if (kept < host.len) {
		host = slice_make(copy, kept);
		variant3(v, proto, host, rest);
	}
	nested(v, rest);
	for (n = 0; n < host.len && host.ptr[n] != '@';)
		n++;
	if (n > 0 && n < host.len) {
		host = slice_from(host, n + 1);
		variant3(v, proto, host, rest);
	}
	for (n = host.len; n > 0 && !perl_alnum((unsigned char)host.ptr[n - 1]);)
		n--;
	if (n < host.len) {
		host.len = n;
		variant3(v, proto, host, rest);
	}
	if (is_number(host))
		number_forms(v, proto, host, rest);
	else if (plain_http && !auth && (port.len == 0 || slice_is(port, "80")))
		bare_word(v, proto, lower, rest);
}

static void mail_forms(struct variants *v, struct slice uri)
{
	const char *at = memchr(uri.ptr, '@', uri.len);
	size_t host = at != NULL ? (size_t)(at - uri.ptr) + 1 : 0, end;

	if (host > 1) {
		for (end = host; end < uri.len && uri.ptr[end] != '?';)
			end++;
		if (end > host && end < uri.len)
			variant(v, slice_make(uri.ptr, end));
		for (end = host; end < uri.len && !perl_one_of((unsigned char)uri.ptr[end], "?&");)
			end++;
		if (end > host && end < uri.len && uri.ptr[end] == '&')
			variant(v, slice_make(uri.ptr, end));
		if (memmem(uri.ptr, uri.len, "%20", 3) != NULL) {
			size_t from = slice_starts(uri, SLICE("mailto:")) ? 7 : 0;

			while (slice_starts(slice_from(uri, from), SLICE("%20")))
				from += 3;
			for (end = host; end < uri.len && !perl_one_of((unsigned char)uri.ptr[end], "?&%");)
				end++;
			if (from + 1 < host && end > host)
				variant3(v, SLICE("mailto:"), slice_make(uri.ptr + from, end - from), SLICE(""));
		}
	}
	for (end = 0; end < uri.len && !perl_one_of((unsigned char)uri.ptr[end], "?&");)
		end++;
	while (end-- > 0) {
		struct slice in = slice_from(uri, end + 1);
		const char *close = uri.ptr[end] == '<' && in.len > 0 ? memchr(in.ptr, '>', in.len) : NULL;
		const char *sign = close != NULL ? memchr(in.ptr, '@', (size_t)(close - in.ptr)) : NULL;

		if (sign != NULL && sign > in.ptr && sign + 1 < close) {
			variant3(v, SLICE("mailto:"), slice_make(in.ptr, (size_t)(close - in.ptr)), SLICE(""));
			break;
		}
	}
}

static bool is_mail(struct slice uri)
{
	const char *at = memchr(uri.ptr, '@', uri.len), *colon = memchr(uri.ptr, ':', uri.len);

	return perl_starts_nocase(uri, "mailto:") || (at != NULL && (colon == NULL || at < colon));
}

static bool has_scheme(struct slice s)
{
	size_t n = 0;

	while (n < s.len && (perl_word((unsigned char)s.ptr[n]) || s.ptr[n] == '-'))
		n++;
	return n > 0 && n < s.len && s.ptr[n] == ':';
}

/* Line ends out, blanks around off. */
static struct slice tidied(struct variants *v, struct slice s)
{
	size_t n = 0;
	char *out;

	while (s.len > 0 && perl_blank((unsigned char)s.ptr[0]))
		s = slice_from(s, 1);
	while (s.len > 0 && perl_blank((unsigned char)s.ptr[s.len - 1]))
		s.len--;
	if (s.len == 0 || (memchr(s.ptr, '\n', s.len) == NULL && memchr(s.ptr, '\r', s.len) == NULL))
		return s;
	out = arena_alloc(v->arena, s.len + 1);
	if (out == NULL) {
		v->nomem = true;
		return s;
	}
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != '\n' && s.ptr[i] != '\r')
			out[n++] = s.ptr[i];
	return slice_make(out, n);
}

static void spell(struct variants *v, struct slice uri)
{
	struct slice plain, parts[3];
	size_t n;
	char *slashes;

	uri = tidied(v, uri);
	variant(v, uri);
	if (uri.len <= 1 || perl_one_of((unsigned char)uri.ptr[0], "#?&") || (uri.ptr[0] == '/' && uri.ptr[1] != '/'))
		return;
	if (is_mail(uri)) {
		mail_forms(v, uri);
		return;
	}
	plain = uri;
	if (memchr(plain.ptr, '\\', plain.len) != NULL) {
		slashes = arena_alloc(v->arena, plain.len + 1);
		if (slashes == NULL) {
			v->nomem = true;
			return;
		}
		for (size_t i = 0; i < plain.len; i++)
			slashes[i] = plain.ptr[i] == '\\' ? '/' : plain.ptr[i];
		plain = slice_make(slashes, plain.len);
	}
	n = perl_starts_nocase(plain, "http:") ? 5 : perl_starts_nocase(plain, "https:") ? 6 : 0;
	if (n > 0 && !slice_starts(slice_from(plain, n), SLICE("//"))) {
		parts[0] = slice_make(plain.ptr, n);
		parts[1] = SLICE("//");
		parts[2] = slice_from(plain, n + (n < plain.len && plain.ptr[n] == '/'));
		plain = spell_joined(v, parts, 3);
	}
	if (spell_has_percent(plain))
		plain = spell_decoded(v, plain);
	if (!has_scheme(plain)) {
		parts[0] = slice_starts(plain, SLICE("ftp.")) ? SLICE("ftp://") : SLICE("http://");
		parts[1] = plain;
		plain = spell_joined(v, parts, 2);
	}
	n = perl_starts_nocase(plain, "http://") ? 7 : perl_starts_nocase(plain, "https://") ? 8 : 0;
	if (n > 0) {
		size_t host = n;

		while (n < plain.len && !perl_one_of((unsigned char)plain.ptr[n], "/?#"))
			n++;
		if (n > host && n < plain.len && plain.ptr[n] != '/') {
			parts[0] = slice_make(plain.ptr, n);
			parts[1] = SLICE("/");
			parts[2] = slice_from(plain, n);
			plain = spell_joined(v, parts, 3);
		}
	}
	plain = without_entities(v, plain);
	if (!slice_eq(plain, uri))
		variant(v, plain);
	host_forms(v, plain);
}

void spell_address(struct variants *v, struct slice uri)
{
	v->count = v->bytes = v->pending_count = v->pending_at = 0;
	spell(v, uri);
	while (v->pending_at < v->pending_count)
		spell(v, v->pending[v->pending_at++]);
}
