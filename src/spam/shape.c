#include "spam/shape.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "spam/dressed_phone.h"
#include "text/guess.h"
#include "text/unicode.h"
#include "text/uri.h"

enum { WORD_MAX = 4096, DIGITS_MAX = 15, DIGITS_MIN = 9, GROUPS_MAX = 8, HOSTS_MAX = 64, IBAN_MIN = 15, IBAN_MAX = 34, STYLED_MIN = 3, SPELLED_LETTERS = 12 };

struct shaping {
	struct arena *a;
	const struct shape_input *in;
	struct shape *s;
	struct slice phone, money, wallet, handle, mixed, link, styled; /* one example each */
	int64_t styled_letters, styled_names;                           /* a name: a styled word with digits in it */
};

static void PRINTF_LIKE(6, 7) find(struct shaping *x, const char *name, double weight, int64_t count, struct slice text, const char *fmt, ...)
{
	struct shape *s = x->s;
	char words[200];
	va_list ap;

	if (s->finding_count == SHAPE_FINDINGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	if (text.len > 120)
		text = SLICE_NONE;
	s->findings[s->finding_count++] = (struct shape_finding){
		.name = name,
		.weight = weight,
		.count = count > INT32_MAX ? INT32_MAX : (int)count,
		.text = text,
		.words = arena_slice(x->a, slice_of(words)),
	};
}

static void pay(struct shaping *x, enum payload_kind kind, struct slice value)
{
	struct shape *s = x->s;

	for (size_t i = 0; i < s->payload_count; i++)
		if (s->payloads[i].kind == kind && slice_eq(s->payloads[i].value, value))
			return;
	if (s->payload_count < SHAPE_PAYLOADS_MAX)
		s->payloads[s->payload_count++] = (struct payload){ kind, arena_slice(x->a, value) };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* A decimal digit as people type it: ASCII, Arabic, Persian, Devanagari or full width. Its length, or 0. */
static size_t digit_at(struct slice t, size_t at, char *digit)
{
	static const struct {
		const char *lead;
		unsigned char zero;
	} scripts[] = { { "\xd9", 0xa0 }, { "\xdb", 0xb0 }, { "\xe0\xa5", 0xa6 }, { "\xef\xbc", 0x90 } };

	if (at >= t.len)
		return 0;
	if (is_digit(t.ptr[at])) {
		*digit = t.ptr[at];
		return 1;
	}
	/* Most bytes begin none. */
	if ((unsigned char)t.ptr[at] < (unsigned char)scripts[0].lead[0])
		return 0;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		size_t n = strlen(scripts[i].lead);
		if (at + n < t.len && memcmp(t.ptr + at, scripts[i].lead, n) == 0) {
			unsigned value = (unsigned)(unsigned char)t.ptr[at + n] - scripts[i].zero;
			if (value > 9)
				continue;
			*digit = (char)('0' + value);
			return n + 1;
		}
	}
	return 0;
}

static bool digit_before(struct slice t, size_t at)
{
	char digit;

	for (size_t n = 1; n <= 3 && n <= at; n++)
		if (digit_at(t, at - n, &digit) == n)
			return true;
	return false;
}

/* Sizes of a number's groups as digits of one decimal number: 8 800 555 01 77 is 13322. */
static bool grouped(unsigned groups, const unsigned *known, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (groups == known[i])
			return true;
	return false;
}

/* Shortly before a number stands a word for the telephone. */
static bool called_phone(struct slice t, size_t at)
{
	static const char *const words[] = { "tel", "tfno", "llam", "whats", "wsp", "m\xc3\xb3vil", "movil", "celular", "marca", "mensaje", "cita", "fone", "ligue", "zap" };
	enum { BEFORE = 24 };
	size_t from = at > BEFORE ? at - BEFORE : 0;

	for (size_t k = from; k < at; k++)
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			size_t n = strlen(words[i]), same = 0;
			while (same < n && k + same < at && lower(t.ptr[k + same]) == words[i][same])
				same++;
			if (same == n && (k == 0 || !is_alnum(t.ptr[k - 1])))
				return true;
		}
	return false;
}

/* Numbers without a + or 0 in front, by their country's way of writing: 1-800-555-0199; 8 800 555 01 77; 138 0013 8000; 98765 50177;
 * 612 34 56 78. Nine digits by threes are an amount as well, and want a word for the telephone before them. */
static bool national(struct slice t, size_t at, const char *d, size_t n, unsigned groups)
{
	static const unsigned american[] = { 334, 1334 }, russian[] = { 13322, 1334, 11 }, chinese[] = { 344, 11 }, spanish[] = { 3222, 333, 9 };

	switch (n) {
	case 9:
		return d[0] >= '6' && (groups == spanish[0] || (grouped(groups, spanish, 3) && called_phone(t, at)));
	case 10:
		return grouped(groups, american, 2) || (groups == 55 && d[0] >= '6');
	case 11:
		return grouped(groups, american, 2) || (d[0] == '8' && strchr("3489", d[1]) && grouped(groups, russian, 3)) ||
		       (d[0] == '1' && d[1] >= '3' && grouped(groups, chinese, 2));
	default:
		return false;
	}
}

/* A phone number from `at` on: + or 0 or ( first, or built as one of `national`; 9 to 15 digits with spaces, dots, dashes, slashes
 * and brackets between. Returns its length, or 0. Dates, versions, amounts and article numbers are shorter or built otherwise. */
static size_t phone_at(struct slice t, size_t at, char digits[DIGITS_MAX + 1], size_t *n_digits)
{
	size_t i = at, n = 0, gaps = 0, end = at, len;
	unsigned groups = 0, run = 0, runs = 0;
	char digit;

	if (t.ptr[i] == '+')
		i++;
	for (; i < t.len; i += len) {
		char c = t.ptr[i];
		if ((len = digit_at(t, i, &digit))) {
			if (n == DIGITS_MAX)
				return 0;
			digits[n++] = digit;
			gaps = 0;
			run++;
			end = i + len;
		} else if (c == ' ' || c == '-' || c == '(' || c == ')' || c == '/' || c == '.') {
			len = 1;
			if (run && ++runs)
				groups = groups * 10 + run;
			run = 0;
			if (++gaps > 2)
				break;
		} else {
			break;
		}
	}
	if (run && ++runs)
		groups = runs == 1 ? run : groups * 10 + run;
	if (n < DIGITS_MIN || runs > GROUPS_MAX || (end < t.len && is_alnum(t.ptr[end])))
		return 0;
	digits[n] = 0;
	if (t.ptr[at] != '+' && t.ptr[at] != '(' && digits[0] != '0' && !national(t, at, digits, n, groups))
		return 0;
	/* 0.123456789 and 00000000000 are numbers, not phones. */
	if (t.ptr[at] == '0' && at + 1 < t.len && t.ptr[at + 1] == '.')
		return 0;
	*n_digits = n;
	return end - at;
}

static bool base58(char c)
{
	return is_alnum(c) && c != '0' && c != 'O' && c != 'I' && c != 'l';
}

static bool all(struct slice w, size_t from, bool (*fits)(char c))
{
	for (size_t i = from; i < w.len; i++)
		if (!fits(w.ptr[i]))
			return false;
	return true;
}

static bool is_hex(char c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

static bool has_digit_and_letter(struct slice w)
{
	bool d = false, l = false;
	for (size_t i = 0; i < w.len; i++) {
		d = d || is_digit(w.ptr[i]);
		l = l || !is_digit(w.ptr[i]);
	}
	return d && l;
}

static bool in_address(char c)
{
	return is_alnum(c) || c == '_' || c == '-';
}

/* Bitcoin (base58 and bech32), Litecoin (bech32), Ethereum, Tron, TON, Monero. */
static bool is_wallet(struct slice w)
{
	if (w.len == 42 && w.ptr[0] == '0' && w.ptr[1] == 'x')
		return all(w, 2, is_hex);
	if (w.len >= 42 && w.len <= 62 && (slice_starts(w, SLICE("bc1")) || slice_starts(w, SLICE("ltc1"))))
		return all(w, 3, is_alnum) && has_digit_and_letter(w);
	if (w.len == 48 && (slice_starts(w, SLICE("EQ")) || slice_starts(w, SLICE("UQ"))))
		return all(w, 2, in_address) && has_digit_and_letter(w);
	if (w.len == 95 && (w.ptr[0] == '4' || w.ptr[0] == '8'))
		return all(w, 1, base58) && has_digit_and_letter(w);
	if (w.len == 34 && w.ptr[0] == 'T')
		return all(w, 1, base58) && has_digit_and_letter(w);
	if (w.len >= 26 && w.len <= 35 && (w.ptr[0] == '1' || w.ptr[0] == '3'))
		return all(w, 1, base58) && has_digit_and_letter(w);
	return false;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* An international bank account number from `at` on, in one piece or by groups, with a right check sum: its length, and its characters
 * without the spaces. */
static size_t iban_at(struct slice t, size_t at, char out[IBAN_MAX], size_t *n_out)
{
	size_t n = 0, i = at, end = 0;

	for (; i < t.len && n < IBAN_MAX; i++) {
		char c = t.ptr[i];
		unsigned sum = 0;
		if (c == ' ' && n && i + 1 < t.len && (is_digit(t.ptr[i + 1]) || is_upper(t.ptr[i + 1])))
			continue;
		if (!(n < 2 ? is_upper(c) : n < 4 ? is_digit(c) : is_digit(c) || is_upper(c)))
			break;
		out[n++] = c;
		if (n < IBAN_MIN || (i + 1 < t.len && is_alnum(t.ptr[i + 1])))
			continue;
		/* The first four go to the end, and a letter is two digits. */
		for (size_t k = 0; k < n; k++) {
			char x = out[(k + 4) % n];
			unsigned value = is_digit(x) ? (unsigned)(x - '0') : (unsigned)(x - 'A') + 10;
			sum = (sum * (value > 9 ? 100 : 10) + value) % 97;
		}
		if (sum == 1) {
			end = i + 1;
			*n_out = n;
		}
	}
	return end ? end - at : 0;
}

static bool handle_char(char c)
{
	return is_alnum(c) || c == '_';
}

static void read_word(struct shaping *x, struct slice w)
{
	while (w.len && (strchr("([{<\"'*:;,", w.ptr[0]) != NULL))
		w = slice_from(w, 1);
	while (w.len && strchr(")]}>\"'*:;,.!?", w.ptr[w.len - 1]) != NULL)
		w.len--;
	if (w.len < 5)
		return;
	if (is_wallet(w)) {
		x->s->wallets++;
		x->wallet = w;
		pay(x, PAYLOAD_WALLET, w);
	} else if (w.ptr[0] == '@' && w.len <= 33 && all(w, 1, handle_char)) {
		char name[33];
		for (size_t i = 1; i < w.len; i++)
			name[i - 1] = lower(w.ptr[i]);
		x->s->handles++;
		x->handle = w;
		pay(x, PAYLOAD_HANDLE, slice_make(name, w.len - 1));
	}
}

/* A currency's name after a number; names that are bent are given by their beginning. */
static bool currency_named(struct slice t, size_t at)
{
	static const char *const names[] = { "dollar", "dollars", "euro", "euros", "pounds", "rupees", "d\xc3\xb3lares", "dolares", "pesos", "reais", "francs",
		"d\xc3\xb3lar", "yuan" };
	static const char *const stems[] = { "руб", "долл", "евро", "гривен", "гривн", "тенге", "دولار", "يورو", "ريال", "درهم", "جنيه", "دينار", "تومان", "تومن",
		"ریال", "دلار", "یورو", "元", "美元", "美金", "欧元", "块钱", "人民币", "万元", "万美元", "रुपये", "रुपए", "रुपया", "डॉलर", "यूरो" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]), same = 0;
		while (same < n && at + same < t.len && lower(t.ptr[at + same]) == names[i][same])
			same++;
		if (same == n && (at + n == t.len || !(is_alnum(t.ptr[at + n]) || (unsigned char)t.ptr[at + n] >= 0x80)))
			return true;
	}
	for (size_t i = 0; i < sizeof(stems) / sizeof(stems[0]); i++)
		if (slice_starts(slice_from(t, at), slice_of(stems[i])))
			return true;
	return false;
}

/* A currency sign with a number beside it; number and a currency's three letters or name. */
static bool money_at(struct slice t, size_t at, unsigned cp, size_t len)
{
	static const char *const codes[] = { "USD", "EUR", "GBP", "BTC", "USDT", "RUB", "INR", "CNY" };
	size_t after = at + len;

	if (unicode_props(cp) & UNI_CURRENCY) {
		if (after < t.len && t.ptr[after] == ' ')
			after++;
		if (after < t.len && is_digit(t.ptr[after]))
			return true;
		return at > 0 && (is_digit(t.ptr[at - 1]) || (at > 1 && t.ptr[at - 1] == ' ' && is_digit(t.ptr[at - 2])));
	}
	if (at == 0 || !(digit_before(t, at) || (t.ptr[at - 1] == ' ' && digit_before(t, at - 1))))
		return false;
	if (currency_named(t, at))
		return true;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		size_t n = strlen(codes[i]);
		if (t.len - at >= n && memcmp(t.ptr + at, codes[i], n) == 0 && (at + n == t.len || !is_alnum(t.ptr[at + n])))
			return true;
	}
	return false;
}

/* Letters and digits without a break, as far as read. */
struct token {
	size_t at;
	int64_t styled; /* letters */
	bool digits;
};

static void end_token(struct shaping *x, struct token *k, size_t at)
{
	if (k->styled >= STYLED_MIN) {
		x->s->styled_words++;
		x->styled_names += k->digits;
		x->styled = slice_make(x->in->text.ptr + k->at, at - k->at);
	}
	*k = (struct token){ 0 };
}

/* Whether an emoji is a picture of its own: no shade of skin, no second half of a flag (whose first half is `*flag`), and not joined to one before
 * by U+200D. */
static bool starts_picture(unsigned cp, unsigned before, bool *flag)
{
	bool half = cp >= 0x1F1E6 && cp <= 0x1F1FF;
	bool second = half && *flag;

	*flag = half && !second;
	return !second && before != 0x200D && !(cp >= 0x1F3FB && cp <= 0x1F3FF);
}

static void read_characters(struct shaping *x)
{
	struct shape *s = x->s;
	struct slice t = x->in->text;
	struct token token = { 0 };
	bool in_word = false, latin_before = false;
	int script_before = -1;
	unsigned before = 0;
	bool flag = false;

	for (size_t at = 0, len; at < t.len; at += len) {
		unsigned cp, p;
		len = utf8_next(t, at, &cp);
		if (cp == UTF8_BAD)
			continue;
		p = unicode_props(cp);
		if (p & UNI_LETTER) {
			s->letters++;
			script_before = unicode_script(cp);
			latin_before = !unicode_script_joins(script_before);
			s->words += !in_word;
			in_word = true;
		} else if (!(p & (UNI_MARK | UNI_INVISIBLE)) && cp != '\'' && cp != 0x2019) {
			in_word = false;
		}
		if (p & (UNI_UPPER | UNI_LOWER))
			s->cased++;
		if (p & UNI_UPPER)
			s->capitals++;
		if (p & UNI_DIGIT)
			s->digits++;
		if (p & (UNI_LETTER | UNI_DIGIT)) {
			bool letter = p & UNI_STYLED && !(p & UNI_DIGIT);
			if (token.styled == 0 && !token.digits)
				token.at = at;
			token.styled += letter;
			x->styled_letters += letter;
			token.digits |= (p & UNI_DIGIT) != 0;
		} else if (!(p & (UNI_MARK | UNI_INVISIBLE))) {
			end_token(x, &token, at);
		}
		if (p & UNI_EMOJI)
			s->emoji += starts_picture(cp, before, &flag);
		else
			flag = false;
		before = cp;
		if (cp == '\n')
			s->lines++;
		/* Inside a word of a script that does not spell with them. A BOM at an end, a variation selector behind an emoji, and bidi marks between
		 * words are ordinary. */
		if ((p & UNI_INVISIBLE) && in_word && latin_before && at + len < t.len && cp != 0xAD) {
			unsigned next;
			utf8_next(t, at + len, &next);
			if (next != UTF8_BAD && (unicode_props(next) & UNI_LETTER) && unicode_script(next) == script_before)
				s->invisible++;
		}
		if ((p & (UNI_CURRENCY | UNI_LETTER)) && money_at(t, at, cp, len)) {
			s->money++;
			x->money = utf8_valid(slice_make(t.ptr + at, len)) ? slice_make(t.ptr + at, len) : SLICE_NONE;
		}
	}
	end_token(x, &token, t.len);
}

static bool in_link(const struct uris *u, size_t at)
{
	for (size_t i = 0; u && i < u->count; i++)
		if (!(u->list[i].flags & URI_NESTED) && at >= u->list[i].at && at < u->list[i].at + u->list[i].len)
			return true;
	return false;
}

/* Whether a number in dress may begin here: in circles, or with "one" or "eight". */
static bool dresses(struct slice t, size_t at)
{
	char c = lower(t.ptr[at]);

	return c == '\xe2' || (at + 2 < t.len && ((c == 'o' && lower(t.ptr[at + 1]) == 'n') || (c == 'e' && lower(t.ptr[at + 1]) == 'i')));
}

static void read_words(struct shaping *x)
{
	struct slice t = x->in->text;
	char digits[DIGITS_MAX + 1];
	size_t at = 0, n;

	while (at < t.len) {
		while (at < t.len && (unsigned char)t.ptr[at] <= ' ')
			at++;
		size_t start = at;
		while (at < t.len && (unsigned char)t.ptr[at] > ' ')
			at++;
		if (at > start && at - start <= WORD_MAX)
			read_word(x, slice_make(t.ptr + start, at - start));
	}
	for (at = 0; at < t.len; at++) {
		char digit, iban[IBAN_MAX];
		bool number = digit_at(t, at, &digit) || t.ptr[at] == '+' || t.ptr[at] == '(';
		bool dressed = number || dresses(t, at);
		if (!dressed && !is_upper(t.ptr[at]))
			continue;
		/* "tel:0151" is a number's beginning, "10:30" is not. */
		bool glued = at > 0 && (is_alnum(t.ptr[at - 1]) || digit_before(t, at) || strchr("-./_=&#%", t.ptr[at - 1]) ||
					(t.ptr[at - 1] == ':' && digit_before(t, at - 1)));
		size_t len = !glued && is_upper(t.ptr[at]) ? iban_at(t, at, iban, &n) : 0;
		if (len) {
			x->s->wallets++;
			x->wallet = slice_make(t.ptr + at, len);
			pay(x, PAYLOAD_WALLET, slice_make(iban, n));
			at += len - 1;
			continue;
		}
		if (glued || !dressed || in_link(x->in->uris, at))
			continue;
		len = number ? phone_at(t, at, digits, &n) : 0;
		if (!len) {
			len = dressed_phone_at(t, at, digits);
			n = DRESSED_PHONE_DIGITS;
		}
		if (!len)
			continue;
		x->s->phones++;
		x->phone = slice_make(t.ptr + at, len);
		pay(x, PAYLOAD_PHONE, slice_make(digits, n));
		at += len - 1;
	}
}

static bool below_any(struct slice h, const char *const *hosts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (uri_below(h, slice_of(hosts[i])))
			return true;
	return false;
}

static bool host_is_messenger(struct slice h)
{
	static const char *const hosts[] = { "t.me", "telegram.me", "telegram.dog", "wa.me", "wa.link", "whatsapp.com", "line.me", "lin.ee", "viber.com",
		"signal.me", "zalo.me", "onlyfans.com", "ok.ru", "wechat.com", "weixin.qq.com", "skype.com" };

	return below_any(h, hosts, sizeof(hosts) / sizeof(hosts[0]));
}

/* Sites on which everybody may put something: there the whole address is what a text leads to, not the site. */
static bool host_is_shared(struct slice h)
{
	static const char *const hosts[] = { "bit.ly", "tinyurl.com", "goo.gl", "t.co", "ow.ly", "is.gd", "v.gd", "cutt.ly", "rb.gy", "clck.ru", "vk.cc",
		"t.ly", "rebrand.ly", "tiny.cc", "lnkd.in", "shorturl.at", "linktr.ee", "google.com", "forms.gle", "youtube.com", "youtu.be", "facebook.com",
		"fb.me", "instagram.com", "twitter.com", "x.com", "linkedin.com", "reddit.com", "medium.com", "tiktok.com", "discord.com", "discord.gg",
		"vk.com", "yandex.ru", "mail.ru", "pastebin.com", "imgur.com", "dropbox.com", "bing.com", "baidu.com", "weibo.com", "bilibili.com",
		"pinterest.com", "twitch.tv", "telegra.ph", "archive.is", "apple.com", "microsoft.com", "amazon.com", "live.com", "yahoo.com" };

	return below_any(h, hosts, sizeof(hosts) / sizeof(hosts[0]));
}

static bool host_is_own(const struct shape_input *in, struct slice h)
{
	for (size_t i = 0; i < in->own_count; i++)
		if (in->own[i].len && uri_below(h, in->own[i]))
			return true;
	return false;
}

/* Where a link leads, as far as that tells one sender from another. */
static void pay_link(struct shaping *x, const struct uri *r)
{
	if (host_is_own(x->in, r->host))
		return;
	if (!host_is_shared(r->host) && !host_is_messenger(r->host))
		pay(x, PAYLOAD_DOMAIN, r->domain);
	else if (r->path.len > 1)
		pay(x, PAYLOAD_HANDLE, r->url);
}

static void read_links(struct shaping *x)
{
	const struct uris *u = x->in->uris;
	struct slice hosts[HOSTS_MAX];
	size_t host_count = 0, bytes = 0;
	struct shape *s = x->s;

	for (size_t i = 0; u && i < u->count; i++) {
		const struct uri *r = &u->list[i];
		if (r->flags & URI_MAIL) {
			char mail[320];
			int n = snprintf(mail, sizeof(mail), "%.*s@%.*s", SLICE_ARG(r->local), SLICE_ARG(r->host));
			s->emails++;
			if (n > 0 && (size_t)n < sizeof(mail))
				pay(x, PAYLOAD_EMAIL, slice_make(mail, (size_t)n));
			continue;
		}
		if (x->in->allowed && x->in->allowed(x->in->ctx, r->host))
			continue;
		s->links++;
		x->link = r->raw;
		if (!(r->flags & URI_NESTED))
			bytes += r->len;
		if (host_is_messenger(r->host)) {
			s->messenger_links++;
			x->handle = r->raw;
		}
		pay_link(x, r);
		size_t k = 0;
		while (k < host_count && !slice_eq(hosts[k], r->domain))
			k++;
		if (k < host_count)
			s->repeated_links++;
		else if (host_count < HOSTS_MAX)
			hosts[host_count++] = r->domain;
	}
	for (size_t i = 0; x->in->guesses && i < x->in->guesses->count; i++) {
		const struct guess *g = &x->in->guesses->list[i];
		struct uri r;

		if (g->sure && uri_parse(x->a, g->url, &r, NULL) == ERR_OK && !(x->in->allowed && x->in->allowed(x->in->ctx, r.host)))
			pay_link(x, &r);
	}
	s->hosts = (int64_t)host_count;
	s->link_percent = x->in->text.len ? (int64_t)(bytes * 100 / x->in->text.len) : 0;
}

static void weigh(struct shaping *x)
{
	const struct shape_input *in = x->in;
	struct shape *s = x->s;
	double links = in->chat ? 0.5 : 1;
	int64_t reach = s->phones + s->messenger_links + s->wallets;

	if (s->hosts >= 3)
		find(x, "shape/links", links * (s->hosts >= 6 ? 1.5 : 1), s->hosts, x->link, "It links to %lld different sites.", (long long)s->hosts);
	if (s->repeated_links >= 3)
		find(x, "shape/same-link", links, s->repeated_links, x->link, "It names the same site again and again.");
	if (s->links && s->link_percent >= 60 && s->words < 40)
		find(x, "shape/mostly-links", links * 0.5, s->links, x->link, "It is little more than links.");
	if (s->messenger_links)
		find(x, "shape/messenger", 1, s->messenger_links, x->handle, "It leads to a private chat elsewhere.");
	if (s->phones)
		find(x, "shape/phone", 0.8, s->phones, x->phone, "It gives a phone number.");
	if (s->wallets)
		find(x, "shape/wallet", 1, s->wallets, x->wallet, "It gives a bank account or a wallet for digital money.");
	if (s->money)
		find(x, "shape/money", 0.4, s->money, SLICE_NONE, "It names sums of money (%lld).", (long long)s->money);
	if (s->money && (reach || s->hosts))
		find(x, "shape/offer", 0.8, 1, SLICE_NONE, "It names a sum of money and a way to get in touch.");
	if (s->cased >= 24 && s->words >= 5 && s->capitals * 100 >= s->cased * 60)
		find(x, "shape/capitals", 0.8, s->capitals, SLICE_NONE, "It is mostly written in capitals.");
	if (s->digits >= 30 && s->letters && s->digits * 100 >= (s->letters + s->digits) * 50)
		find(x, "shape/digits", 0.3, s->digits, SLICE_NONE, "Most of its characters are digits.");
	if (s->emoji >= 4)
		find(x, "shape/emoji", s->emoji >= 8 ? 1.0 : 0.6, s->emoji, SLICE_NONE, "It is decorated with %lld emoji.", (long long)s->emoji);
	if (s->mixed_words >= 2)
		find(x, "shape/mixed-script", s->mixed_words >= 4 ? 3.1 : s->mixed_words >= 3 ? 2 : 1, s->mixed_words, SLICE_NONE,
			"%lld words mix letters of different scripts that look alike.", (long long)s->mixed_words);
	/* A name with a number in such letters amid plain ones is written for the eye and against the filter: people's own fonts dress a whole text,
	 * and formulas have single letters. */
	if (s->styled_words)
		find(x, "shape/styled", x->styled_letters * 5 >= s->letters * 4 ? 2 : x->styled_names ? 3.1 : 1.5, s->styled_words, x->styled,
			"%lld words are written in decorated signs in place of letters.", (long long)s->styled_words);
	if (s->invisible >= 2)
		find(x, "shape/invisible", s->invisible >= 6 ? 2 : 1, s->invisible, SLICE_NONE, "Characters nobody sees stand inside words.");
	/* A heading is spaced out, a text is not. */
	bool most = in->spelled_letters >= SPELLED_LETTERS && in->spelled_letters * 2 >= s->letters;
	if (s->spelled >= 3 || most)
		find(x, "shape/spelled", most ? 1.5 : 0.6, s->spelled, SLICE_NONE, "Words are spelled out, as if to hide them.");
}

enum err shape_read(struct arena *a, const struct shape_input *in, struct shape *out, struct error *e)
{
	struct shaping x = { .a = a, .in = in, .s = out };

	memset(out, 0, sizeof(*out));
	out->bytes = (int64_t)in->text.len;
	out->mixed_words = in->mixed_words;
	out->spelled = in->spelled;
	read_links(&x);
	read_characters(&x);
	read_words(&x);
	weigh(&x);
	return arena_failed(a) ? err_nomem(e) : ERR_OK;
}
