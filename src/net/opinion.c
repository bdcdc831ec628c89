#include "net/opinion.h"

#include <md5.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/crypt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "net/fetch.h"

static const char room[] = "net/opinion";

enum {
	MESSAGE_MAX = 128 * 1024, /* a question, three times over when every byte is escaped */
	JSON_DEPTH_MAX = 12,
	WORD_BYTES = 42, /* of text in one encoded-word: 56 characters of base64, 68 with its frame (RFC 2047: 75) */
	SFS_SURE = 50,   /* StopForumSpam's confidence in percent from which a sighting counts */
};

/* What an opinion weighs at most. Together they are capped by the judge and never refuse (spam/judge). */
#define RSPAMD_REJECTS 4.0
#define RSPAMD_MARKS 2.0
#define SFS_CERTAIN 3.0
#define AKISMET_SPAM 3.0

struct service {
	int fails;        /* in a row */
	int64_t rests_ms; /* not asked before this moment (monotonic) */
};

struct opinions {
	pthread_mutex_t lock;
	struct fetcher *fetcher; /* made with the first question */
	struct service services[OPINION_SERVICES];
};

static const char *const names[OPINION_SERVICES] = { "rspamd", "stopforumspam", "akismet" };

struct opinions *opinions_new(struct error *e)
{
	struct opinions *o = calloc(1, sizeof(*o));

	if (!o) {
		err_nomem(e);
		return NULL;
	}
	pthread_mutex_init(&o->lock, NULL);
	return o;
}

void opinions_free(struct opinions **oo)
{
	struct opinions *o = *oo;

	*oo = NULL;
	if (!o)
		return;
	fetcher_free(&o->fetcher);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

bool opinions_wanted(void)
{
	const struct conf *c = conf();
	return *c->opinion_rspamd || *c->opinion_stopforumspam || *c->opinion_akismet;
}

static bool address_fits(const char *url)
{
	struct slice s = slice_of(url);
	size_t head = slice_starts(s, SLICE("https://")) ? 8 : slice_starts(s, SLICE("http://")) ? 7 : 0;

	if (!head || s.len == head)
		return !s.len;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)url[i] <= ' ' || strchr("@?#\"<>", url[i]))
			return false;
	return true;
}

enum err opinions_conf_fits(const struct conf *c, struct error *e)
{
	if (!address_fits(c->opinion_rspamd))
		return err_field(e, ERR_INVALID, "opinion_rspamd", "opinion_rspamd must be an address such as http://127.0.0.1:11333.");
	if (!address_fits(c->opinion_stopforumspam))
		return err_field(e, ERR_INVALID, "opinion_stopforumspam", "opinion_stopforumspam must be an address such as https://api.stopforumspam.org.");
	if (!address_fits(c->opinion_akismet))
		return err_field(e, ERR_INVALID, "opinion_akismet", "opinion_akismet must be an address such as https://rest.akismet.com.");
	if (*c->opinion_akismet && !*c->opinion_akismet_key)
		return err_field(e, ERR_INVALID, "opinion_akismet_key", "opinion_akismet needs opinion_akismet_key.");
	return ERR_OK;
}

/* ---- what is sent ---- */

/* Form encoding (WHATWG URL, application/x-www-form-urlencoded). */
static void add_field(struct str *s, const char *key, struct slice value)
{
	if (s->len)
		str_addc(s, '&');
	str_addf(s, "%s=", key);
	str_add_encoded(s, value, "-._*");
}

/* RFC 4648 section 4, with padding, which crypt's form for links has not. */
static void add_base64(struct str *s, struct slice t)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < t.len; i += 3) {
		unsigned left = (unsigned)(t.len - i), v = 0;
		for (unsigned k = 0; k < 3; k++)
			v = v << 8 | (k < left ? (unsigned char)t.ptr[i + k] : 0);
		for (unsigned k = 0; k < 4; k++)
			str_addc(s, k <= left ? digits[v >> (18 - 6 * k) & 63] : '=');
	}
}

/* A header value as encoded-words (RFC 2047): whatever the visitor wrote cannot begin a header of its own. */
static void add_words(struct str *s, struct slice text)
{
	for (size_t at = 0; at < text.len;) {
		size_t n = text.len - at < WORD_BYTES ? text.len - at : WORD_BYTES;
		while (at + n < text.len && n > 1 && ((unsigned char)text.ptr[at + n] & 0xC0) == 0x80)
			n--;
		if (at)
			str_adds(s, "\r\n ");
		str_adds(s, "=?UTF-8?B?");
		add_base64(s, slice_make(text.ptr + at, n));
		str_adds(s, "?=");
		at += n;
	}
}

/* rspamd judges mail, so the text is put into one (RFC 5322), with nothing of the visitor but what they wrote. */
static void write_mail(struct str *s, const struct opinion_question *q)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;
	char date[64];
	unsigned char id[12];
	char id_text[CRYPT_HEX_BYTES(sizeof(id))];

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	crypt_random(id, sizeof(id));
	str_addf(s, "From: Visitor <visitor@porchlight.invalid>\r\nTo: desk@porchlight.invalid\r\nDate: %s\r\nMessage-ID: <%s@porchlight.invalid>\r\nSubject: ", date,
		crypt_hex(id, sizeof(id), id_text));
	add_words(s, q->title.len ? q->title : SLICE("Question"));
	str_adds(s, "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	for (size_t at = 0; at < q->body.len; at += 57) { /* lines of 76 characters (RFC 2045) */
		add_base64(s, slice_make(q->body.ptr + at, q->body.len - at < 57 ? q->body.len - at : 57));
		str_adds(s, "\r\n");
	}
}

static void write_akismet(struct str *s, const struct opinion_question *q)
{
	const struct conf *c = conf();
	struct str text;

	add_field(s, "api_key", slice_of(c->opinion_akismet_key));
	add_field(s, "blog", slice_of(*c->public_url ? c->public_url : "http://localhost/"));
	/* Akismet insists on an address; nobody's is sent. */
	add_field(s, "user_ip", SLICE("127.0.0.1"));
	add_field(s, "comment_type", q->in_talk ? SLICE("message") : SLICE("contact-form"));
	str_init(&text, MESSAGE_MAX);
	str_add(&text, q->title);
	if (q->title.len)
		str_adds(&text, "\n\n");
	str_add(&text, q->body);
	add_field(s, "comment_content", str_slice(&text));
	add_field(s, "blog_charset", SLICE("UTF-8"));
	str_fini(&text);
}

/* The MD5 (RFC 1321) that StopForumSpam knows an address by. */
static void write_sfs(struct str *s, struct slice email)
{
	unsigned char b[MD5_DIGEST_LENGTH];
	char hex[CRYPT_HEX_BYTES(MD5_DIGEST_LENGTH)];
	MD5_CTX c;

	MD5Init(&c);
	for (size_t i = 0; i < email.len; i++) {
		char one = email.ptr[i];
		if (one >= 'A' && one <= 'Z')
			one = (char)(one - 'A' + 'a');
		MD5Update(&c, (const uint8_t *)&one, 1);
	}
	MD5Final(b, &c);
	add_field(s, "emailhash", slice_of(crypt_hex(b, sizeof(b), hex)));
	str_adds(s, "&json=1");
}

static bool compose(struct arena *a, enum opinion_service service, const struct opinion_question *q, struct fetch_request *out)
{
	static const char *const paths[OPINION_SERVICES] = { "/checkv2", "/api", "/1.1/comment-check" };
	const struct conf *c = conf();
	const char *base = service == OPINION_RSPAMD ? c->opinion_rspamd : service == OPINION_AKISMET ? c->opinion_akismet : c->opinion_stopforumspam;
	size_t len = strlen(base);
	struct str s;

	while (len && base[len - 1] == '/')
		len--;
	str_init(&s, MESSAGE_MAX);
	if (service == OPINION_RSPAMD)
		write_mail(&s, q);
	else if (service == OPINION_AKISMET)
		write_akismet(&s, q);
	else
		write_sfs(&s, q->email);
	*out = (struct fetch_request){
		.url = arena_printf(a, "%.*s%s", (int)len, base, paths[service]),
		.headers = { service == OPINION_RSPAMD ? "Content-Type: message/rfc822" : "Content-Type: application/x-www-form-urlencoded", "Expect:" },
		.body = str_dup(&s, a),
		.from_conf = true,
	};
	str_fini(&s);
	return out->url && out->body.ptr;
}

/* ---- what comes back ---- */

static bool read_rspamd(struct arena *a, const struct jv *v, double *score, const char **words)
{
	struct slice action = jv_get_text(v, "action");
	const struct jv *points = jv_get(v, "score");

	if (!action.ptr || (jv_type(points) != JV_REAL && jv_type(points) != JV_INT))
		return false;
	/* Skipped without a word against it: its settings told it not to look. */
	if (jv_type(jv_get(v, "is_skipped")) == JV_TRUE && slice_is(action, "no action"))
		return false;
	*score = slice_is(action, "reject") ? RSPAMD_REJECTS : slice_is(action, "add header") || slice_is(action, "rewrite subject") ? RSPAMD_MARKS : 0;
	*words = arena_printf(a, "rspamd gives it %.1f points and says \"%.40s\".", jv_real_of(points), arena_slice(a, action).ptr);
	return true;
}

static bool read_sfs(struct arena *a, const struct jv *v, double *score, const char **words)
{
	const struct jv *hash = jv_get(v, "emailhash");
	const struct jv *appears = jv_get(hash, "appears");
	double sure = jv_real_of(jv_get(hash, "confidence"));

	if (jv_int_of(jv_get(v, "success")) != 1 || jv_type(appears) != JV_INT || !(sure >= 0 && sure <= 100))
		return false;
	*score = jv_int_of(appears) && sure >= SFS_SURE ? SFS_CERTAIN * sure / 100 : 0;
	*words = arena_printf(a, jv_int_of(appears) ? "StopForumSpam has seen this e-mail address (%.0f %% sure)." : "StopForumSpam has not seen this e-mail address.", sure);
	return true;
}

bool opinion_read(enum opinion_service s, struct arena *a, int status, struct slice body, double *score, const char **words)
{
	struct jv *v = NULL;
	bool ok = false;

	*score = 0;
	*words = "";
	if (status != 200)
		return false;
	if (s == OPINION_AKISMET) {
		bool spam = slice_is(body, "true");
		if (!spam && !slice_is(body, "false"))
			return false;
		*score = spam ? AKISMET_SPAM : 0;
		*words = spam ? "Akismet takes it for spam." : "Akismet finds nothing wrong.";
		return true;
	}
	if (jv_parse(body, JSON_DEPTH_MAX, &v, NULL) == ERR_OK)
		ok = s == OPINION_RSPAMD ? read_rspamd(a, v, score, words) : read_sfs(a, v, score, words);
	jv_free(&v);
	return ok && *words;
}

/* ---- asking ---- */

/* Which services are asked now. One that rests is given one text when its rest is over. */
static size_t choose(struct opinions *o, const struct opinion_question *q, enum opinion_service *which)
{
	const struct conf *c = conf();
	const bool on[OPINION_SERVICES] = { *c->opinion_rspamd, *c->opinion_stopforumspam && q->email.len, *c->opinion_akismet && *c->opinion_akismet_key };
	int64_t now = clock_mono_ms();
	size_t n = 0;

	for (int i = 0; i < OPINION_SERVICES; i++) {
		struct service *s = &o->services[i];
		if (!on[i] || now < s->rests_ms)
			continue;
		if (s->fails >= OPINION_FAILS_MAX)
			s->rests_ms = now + OPINION_REST_MS;
		which[n++] = (enum opinion_service)i;
	}
	return n;
}

static void remember(struct opinions *o, enum opinion_service which, bool known, const char *why)
{
	struct service *s = &o->services[which];

	pthread_mutex_lock(&o->lock);
	int before = s->fails;
	if (known) {
		s->fails = 0;
		s->rests_ms = 0;
	} else if (s->fails < OPINION_FAILS_MAX && ++s->fails == OPINION_FAILS_MAX) {
		s->rests_ms = clock_mono_ms() + OPINION_REST_MS;
	}
	bool fell = !known && before == OPINION_FAILS_MAX - 1, rose = known && before == OPINION_FAILS_MAX;
	pthread_mutex_unlock(&o->lock);
	if (fell)
		log_warn(room, "%s gives no opinions (%s); questions go on without it", names[which], why);
	if (rose)
		log_info(room, "%s gives opinions again", names[which]);
}

static struct fetcher *fetcher_of(struct opinions *o, struct error *e)
{
	pthread_mutex_lock(&o->lock);
	if (!o->fetcher)
		o->fetcher = fetcher_new(e);
	struct fetcher *f = o->fetcher;
	pthread_mutex_unlock(&o->lock);
	return f;
}

enum err opinions_ask(struct opinions *o, struct arena *a, const struct opinion_question *q, struct opinion_answer out[OPINION_SERVICES], size_t *n,
	struct error *e)
{
	enum opinion_service which[OPINION_SERVICES];
	struct fetch_request requests[OPINION_SERVICES];
	struct fetch_answer answers[OPINION_SERVICES];
	struct fetcher *f = NULL;
	enum err rc;

	pthread_mutex_lock(&o->lock);
	*n = choose(o, q, which);
	pthread_mutex_unlock(&o->lock);
	if (!*n)
		return ERR_OK;
	for (size_t i = 0; i < *n; i++)
		if (!compose(a, which[i], q, &requests[i]))
			return err_nomem(e);
	/* Where no thread can be had to ask with, nobody has an opinion: no question fails for it. */
	if ((f = fetcher_of(o, e)) && (rc = fetch_all(f, a, requests, *n, OPINION_BUDGET_MS, answers, e)))
		return rc;
	for (size_t i = 0; !f && i < *n; i++)
		answers[i] = (struct fetch_answer){ .why = "there is no thread to ask with" };
	for (size_t i = 0; i < *n; i++) {
		struct opinion_answer *to = &out[i];
		*to = (struct opinion_answer){ .service = names[which[i]] };
		to->known = opinion_read(which[i], a, answers[i].status, answers[i].body, &to->score, &to->words);
		remember(o, which[i], to->known, answers[i].status ? "its answer is not of the documented form" : answers[i].why);
	}
	return ERR_OK;
}
