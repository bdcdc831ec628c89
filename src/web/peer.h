/*
 * peer: who is at the other end, as far as the network can tell. Pure; any thread.
 *
 * A declared proxy (trusted_proxies) is believed: the sender is the rightmost address of X-Forwarded-For that is no
 * declared proxy itself. A peer on loopback or a private network that sends forwarding headers without being declared is a proxy
 * nobody told us about: its senders are unknown (never "everybody is one"). Any other peer is its own sender, whatever it claims.
 */
#ifndef WEB_PEER_H
#define WEB_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/slice.h"

struct peer {
	struct in6_addr address; /* IPv4 as ::ffff:a.b.c.d */
	bool known;
};

/* From a socket address; not `known` for other families. */
struct peer peer_from(const struct sockaddr *sa);
/* From text ("192.0.2.1", "[2001:db8::1]:443", "192.0.2.1:80"). */
struct peer peer_read(struct slice text);
bool peer_loopback(const struct peer *p);

/* What the request says of its way: X-Forwarded-For joined with commas in the order of arrival, and whether any forwarding header
 * (X-Forwarded-*, Forwarded, X-Real-IP, Via) was there. */
struct forwarding {
	struct slice chain; /* absent without X-Forwarded-For */
	bool any;
};
/* `list` is a trusted_proxies value. */
struct peer peer_sender(const struct peer *socket, const struct forwarding *f, const char *list);
/* As text for keys_sender: "192.0.2.1" or "2001:db8::1"; "" when unknown. */
const char *peer_text(const struct peer *p, char buf[INET6_ADDRSTRLEN]);

/* False with the first entry that is no address or block, for configuration checks. */
bool peer_list_ok(const char *list, struct slice *wrong);

#endif
