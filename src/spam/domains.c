#include "spam/domains.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct slice domain;
	uint32_t value;
	uint32_t hash;
};

struct domains {
	struct entry *slots; /* open addressing; domain.ptr NULL: free */
	size_t size, count;  /* size is a power of two */
};

static uint32_t hash(struct slice s)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
	return h ^ h >> 15;
}

struct domains *domains_new(void)
{
	return calloc(1, sizeof(struct domains));
}

void domains_free(struct domains **d)
{
	if (*d != NULL)
		free((*d)->slots);
	free(*d);
	*d = NULL;
}

static void place(struct entry *slots, size_t size, struct entry e)
{
	size_t at = e.hash & (size - 1);

	while (slots[at].domain.ptr != NULL)
		at = (at + 1) & (size - 1);
	slots[at] = e;
}

enum err domains_add(struct domains *d, struct slice domain, uint32_t value, struct error *e)
{
	if (d->count * 2 >= d->size) {
		size_t size = d->size == 0 ? 256 : d->size * 2;
		struct entry *slots = calloc(size, sizeof(*slots));

		if (slots == NULL)
			return err_nomem(e);
		for (size_t i = 0; i < d->size; i++)
			if (d->slots[i].domain.ptr != NULL)
				place(slots, size, d->slots[i]);
		free(d->slots);
		d->slots = slots;
		d->size = size;
	}
	place(d->slots, d->size, (struct entry){ domain, value, hash(domain) });
	d->count++;
	return ERR_OK;
}

bool domains_find(const struct domains *d, struct slice host,
		  bool (*visit)(uint32_t value, struct slice domain, void *ctx), void *ctx)
{
	while (d->count > 0 && host.len > 0) {
		uint32_t h = hash(host);
		const char *dot;

		for (size_t at = h & (d->size - 1); d->slots[at].domain.ptr != NULL; at = (at + 1) & (d->size - 1))
			if (d->slots[at].hash == h && slice_eq(d->slots[at].domain, host) &&
			    visit(d->slots[at].value, d->slots[at].domain, ctx))
				return true;
		dot = memchr(host.ptr, '.', host.len);
		if (dot == NULL)
			break;
		host = slice_from(host, (size_t)(dot - host.ptr) + 1);
	}
	return false;
}

size_t domains_count(const struct domains *d)
{
	return d->count;
}

struct slice domains_host(struct slice uri)
{
	struct slice host = uri;
	size_t i = 0;

	for (i = 0; i + 1 < uri.len && !(uri.ptr[i] == '/' && uri.ptr[i + 1] == '/');)
		i++;
	if (i + 1 < uri.len) {
		host = slice_from(uri, i + 2);
	} else if (uri.len > 7 && strncasecmp(uri.ptr, "mailto:", 7) == 0) {
		const char *at = memchr(uri.ptr, '@', uri.len);

		if (at == NULL)
			return SLICE_NONE;
		host = slice_from(uri, (size_t)(at - uri.ptr) + 1);
	} else {
		return SLICE_NONE;
	}
	for (i = 0; i < host.len && strchr("/?#\\", host.ptr[i]) == NULL;)
		i++;
	host.len = i;
	for (i = host.len; i > 0; i--)
		if (host.ptr[i - 1] == '@') {
			host = slice_from(host, i);
			break;
		}
	for (i = 0; i < host.len && host.ptr[i] != ':';)
		i++;
	host.len = i;
	while (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	return host.len > 0 ? host : SLICE_NONE;
}
