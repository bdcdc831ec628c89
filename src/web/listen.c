#include "web/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILES_MAX = 1 << 20 };

enum err listen_on(const char *where, int *out, char address[LISTEN_ADDRESS_BYTES], struct error *e)
{
	char host[96];
	const char *colon = strrchr(where, ':');
	size_t len = colon != NULL ? (size_t)(colon - where) : 0;
	if (colon == NULL || len >= sizeof host || colon[1] == '\0')
		return err_field(e, ERR_INVALID, "listen", "The address to listen on must be ADDRESS:PORT.");
	/* getaddrinfo would take 99999 and listen on what is left of it in 16 bits. */
	size_t digits = strspn(colon + 1, "0123456789");
	if (colon[1 + digits] != '\0' || digits > 5 || strtol(colon + 1, NULL, 10) > 65535)
		return err_field(e, ERR_INVALID, "listen", "%s has no port from 0 to 65535.", where);
	memcpy(host, where, len);
	host[len] = '\0';
	char *name = host;
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		name = host + 1;
	}
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL;
	int bad = getaddrinfo(name[0] != '\0' ? name : NULL, colon + 1, &hints, &found);
	if (bad != 0)
		return err_field(e, ERR_INVALID, "listen", "%s is no address to listen on: %s.", where, gai_strerror(bad));
	int one = 1, fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum err r = ERR_OK;
	struct sockaddr_storage bound;
	socklen_t bytes = sizeof bound;
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 4096) != 0 ||
		getsockname(fd, (struct sockaddr *)&bound, &bytes) != 0)
		r = err_set(e, ERR_IO, "Cannot listen on %s: %s.", where, strerror(errno));
	freeaddrinfo(found);
	if (r != ERR_OK) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	char ip[INET6_ADDRSTRLEN + 16], port[8];
	if (getnameinfo((struct sockaddr *)&bound, bytes, ip, sizeof ip, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		ip[0] = port[0] = '\0';
	snprintf(address, LISTEN_ADDRESS_BYTES, bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", ip, port);
	*out = fd;
	return ERR_OK;
}

int64_t listen_raise_file_limit(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return 1024;
	/* RLIM_INFINITY is the largest of all. */
	l.rlim_cur = l.rlim_max < FILES_MAX ? l.rlim_max : FILES_MAX;
	if (setrlimit(RLIMIT_NOFILE, &l) != 0)
		(void)getrlimit(RLIMIT_NOFILE, &l);
	return (int64_t)l.rlim_cur;
}
