#include "cli/fits.h"

#include <string.h>

#include "desk/gate.h"
#include "desk/ticket_ask.h"
#include "net/opinion.h"
#include "text/unicode.h"
#include "text/utf.h"
#include "web/peer.h"

/* Empty, or http(s)://HOST, perhaps with a port and a path. */
static bool address_fits(const char *url)
{
	size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
	if (!*url)
		return true;
	for (const char *c = url; *c; c++)
		if ((unsigned char)*c <= ' ' || strchr("\"<>\\^`{|}?#@\x7f", *c))
			return false;
	return scheme && url[scheme] && !strchr("/:", url[scheme]);
}

static bool languages_fit(const char *list)
{
	struct slice rest = slice_of(list), code;
	int n = 0;
	for (; utf_part(&rest, ',', &code); n++)
		if (!ticket_lang_shaped(code))
			return false;
	return n > 0;
}

enum err fits(const struct conf *c, struct error *e)
{
	double bands[3];
	struct slice wrong;
	if (!unicode_zone_known(c->time_zone))
		return err_field(e, ERR_INVALID, "time_zone", "time_zone must be an IANA time zone, as Europe/Berlin.");
	if (!address_fits(c->public_url))
		return err_field(e, ERR_INVALID, "public_url", "public_url must be an address such as https://help.example.org/desk.");
	if (!address_fits(c->wiki_url))
		return err_field(e, ERR_INVALID, "wiki_url", "wiki_url must be an address such as https://wiki.example.org/wiki/.");
	if (!languages_fit(c->languages))
		return err_field(e, ERR_INVALID, "languages", "languages must be codes such as en,de,pt-BR.");
	if (!gate_bands_read(c->bands, bands))
		return err_field(e, ERR_INVALID, "bands", "bands must be three rising numbers such as 3,6,15.");
	if (!peer_list_ok(c->trusted_proxies, &wrong))
		return err_field(e, ERR_INVALID, "trusted_proxies", "trusted_proxies: %.*s is neither an address nor a block of addresses.", SLICE_ARG(wrong));
	return opinions_conf_fits(c, e);
}
