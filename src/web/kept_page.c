#include "web/kept_page.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES_MAX = 64, CODE_BYTES = 16 };

struct kept {
	const struct conf *conf;
	char lang[CODE_BYTES];
	struct wait wait;
	char *html; /* without the nonce */
	size_t len, nonce_at;
};

static struct kept pages[PAGES_MAX];
static size_t page_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of both */

/* The language's place; NULL when it has none. Under the lock. */
static struct kept *find(const char *lang)
{
	for (size_t i = 0; i < page_count; i++)
		if (strcmp(pages[i].lang, lang) == 0)
			return &pages[i];
	return NULL;
}

static bool same(const struct kept *k, const struct kept_key *key)
{
	const struct wait *a = &k->wait, *b = &key->wait;

	return k->conf == key->conf && a->status == b->status && a->known == b->known && a->median_s == b->median_s &&
	       a->p90_s == b->p90_s;
}

bool kept_page_add(const struct kept_key *key, struct slice nonce, struct str *out)
{
	pthread_mutex_lock(&lock);
	const struct kept *k = find(key->lang);
	bool there = k && same(k, key);
	if (there) {
		str_add(out, slice_make(k->html, k->nonce_at));
		str_add(out, nonce);
		str_add(out, slice_make(k->html + k->nonce_at, k->len - k->nonce_at));
	}
	pthread_mutex_unlock(&lock);
	return there;
}

void kept_page_keep(const struct kept_key *key, struct slice nonce, struct slice html)
{
	const char *at = nonce.len ? memmem(html.ptr, html.len, nonce.ptr, nonce.len) : NULL;
	if (!at || strlen(key->lang) >= CODE_BYTES)
		return;
	size_t before = (size_t)(at - html.ptr);
	struct slice after = slice_from(html, before + nonce.len);
	if (memmem(after.ptr, after.len, nonce.ptr, nonce.len))
		return;
	char *copy = malloc(before + after.len + 1);
	if (!copy)
		return;
	memcpy(copy, html.ptr, before);
	memcpy(copy + before, after.ptr, after.len);

	pthread_mutex_lock(&lock);
	struct kept *k = find(key->lang);
	if (!k && page_count < PAGES_MAX) {
		k = &pages[page_count++];
		memcpy(k->lang, key->lang, strlen(key->lang) + 1);
	}
	if (k) {
		free(k->html);
		k->html = copy;
		k->len = before + after.len;
		k->nonce_at = before;
		k->conf = key->conf;
		k->wait = key->wait;
	} else {
		free(copy);
	}
	pthread_mutex_unlock(&lock);
}
