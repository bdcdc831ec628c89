#include "web/peer.h"

#include <arpa/inet.h>
#include <string.h>

static struct peer mapped(const unsigned char v4[4])
{
	struct peer p = { .known = true };
	p.address.s6_addr[10] = p.address.s6_addr[11] = 0xff;
	memcpy(p.address.s6_addr + 12, v4, 4);
	return p;
}

static bool is_v4(const struct in6_addr *a)
{
	return IN6_IS_ADDR_V4MAPPED(a);
}

struct peer peer_from(const struct sockaddr *sa)
{
	struct peer p = { 0 };
	if (sa != NULL && sa->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof in);
		p = mapped((const unsigned char *)&in.sin_addr);
	} else if (sa != NULL && sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in;
		memcpy(&in, sa, sizeof in);
		p.address = in.sin6_addr;
		p.known = true;
	}
	return p;
}

static struct slice trimmed(struct slice s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = slice_from(s, 1);
	while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

struct peer peer_read(struct slice text)
{
	struct peer p = { 0 };
	char buf[INET6_ADDRSTRLEN];
	text = trimmed(text);
	if (text.len > 0 && text.ptr[0] == '[') {
		const char *end = memchr(text.ptr, ']', text.len);
		if (end == NULL)
			return p;
		text = slice_make(text.ptr + 1, (size_t)(end - text.ptr) - 1);
	} else if (text.len > 0) {
		/* One colon only: an IPv4 address and a port. */
		const char *colon = memchr(text.ptr, ':', text.len);
		if (colon != NULL && memrchr(text.ptr, ':', text.len) == colon)
			text.len = (size_t)(colon - text.ptr);
	}
	if (text.len == 0 || text.len >= sizeof buf)
		return p;
	memcpy(buf, text.ptr, text.len);
	buf[text.len] = '\0';
	struct in_addr v4;
	if (inet_pton(AF_INET, buf, &v4) == 1)
		return mapped((const unsigned char *)&v4);
	p.known = inet_pton(AF_INET6, buf, &p.address) == 1;
	return p;
}

bool peer_loopback(const struct peer *p)
{
	if (!p->known)
		return false;
	return is_v4(&p->address) ? p->address.s6_addr[12] == 127 : IN6_IS_ADDR_LOOPBACK(&p->address);
}

static bool private_network(const struct peer *p)
{
	const unsigned char *a = p->address.s6_addr;
	if (!is_v4(&p->address))
		return IN6_IS_ADDR_LOOPBACK(&p->address) || IN6_IS_ADDR_LINKLOCAL(&p->address) || (a[0] & 0xfe) == 0xfc;
	return a[12] == 127 || a[12] == 10 || (a[12] == 172 && (a[13] & 0xf0) == 16) || (a[12] == 192 && a[13] == 168) ||
		(a[12] == 169 && a[13] == 254) || (a[12] == 100 && (a[13] & 0xc0) == 64);
}

static bool block_read(struct slice text, struct peer *base, unsigned *bits)
{
	const char *slash = memchr(text.ptr, '/', text.len);
	struct slice address = slash != NULL ? slice_make(text.ptr, (size_t)(slash - text.ptr)) : text;
	*base = peer_read(address);
	if (!base->known)
		return false;
	unsigned widest = is_v4(&base->address) ? 32 : 128;
	*bits = widest;
	if (slash != NULL) {
		struct slice digits = slice_from(text, address.len + 1);
		if (digits.len == 0 || digits.len > 3)
			return false;
		*bits = 0;
		for (size_t i = 0; i < digits.len; i++) {
			if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
				return false;
			*bits = *bits * 10 + (unsigned)(digits.ptr[i] - '0');
		}
		if (*bits > widest)
			return false;
	}
	if (widest == 32)
		*bits += 96;
	return true;
}

static bool next_entry(const char **at, struct slice *entry)
{
	while (**at != '\0') {
		size_t n = strcspn(*at, ",");
		*entry = trimmed(slice_make(*at, n));
		*at += n + ((*at)[n] == ',');
		if (entry->len > 0)
			return true;
	}
	return false;
}

bool peer_list_ok(const char *list, struct slice *wrong)
{
	struct peer base;
	unsigned bits;
	while (next_entry(&list, wrong))
		if (!block_read(*wrong, &base, &bits))
			return false;
	return true;
}

static bool listed(const struct peer *p, const char *list)
{
	struct slice entry;
	while (next_entry(&list, &entry)) {
		struct peer base;
		unsigned bits;
		if (!block_read(entry, &base, &bits))
			continue;
		const unsigned char *a = p->address.s6_addr, *b = base.address.s6_addr;
		unsigned whole = bits / 8, rest = bits % 8;
		if (memcmp(a, b, whole) == 0 && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0))
			return true;
	}
	return false;
}

struct peer peer_sender(const struct peer *socket, const struct forwarding *f, const char *list)
{
	struct peer unknown = { 0 };
	if (!socket->known)
		return unknown;
	if (!listed(socket, list))
		return f->any && private_network(socket) ? unknown : *socket;
	struct slice chain = f->chain;
	if (chain.ptr == NULL)
		return f->any ? unknown : *socket; /* the proxy itself asks (a health check), or hides whom it speaks for */
	for (;;) {
		const char *comma = chain.len > 0 ? memrchr(chain.ptr, ',', chain.len) : NULL;
		struct slice last = comma != NULL ? slice_from(chain, (size_t)(comma - chain.ptr) + 1) : chain;
		struct peer p = peer_read(last);
		if (!p.known || !listed(&p, list))
			return p;
		if (comma == NULL)
			return p; /* nothing but declared proxies: the first of them asked */
		chain.len = (size_t)(comma - chain.ptr);
	}
}

const char *peer_text(const struct peer *p, char buf[INET6_ADDRSTRLEN])
{
	buf[0] = '\0';
	if (p->known && is_v4(&p->address))
		inet_ntop(AF_INET, p->address.s6_addr + 12, buf, INET6_ADDRSTRLEN);
	else if (p->known)
		inet_ntop(AF_INET6, &p->address, buf, INET6_ADDRSTRLEN);
	return buf;
}
