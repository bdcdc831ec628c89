/* Any valid text as a message: the HTML holds none but our own tags, and links lead to http and https only. */
#include <stdint.h>
#include <stdlib.h>

#include "text/markup.h"
#include "text/utf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool known_tag(struct slice at)
{
	static const char *const tags[] = {
		"<p dir=\"auto\">",
		"</p>",
		"<br>",
		"<em>",
		"</em>",
		"<strong>",
		"</strong>",
		"<del>",
		"</del>",
		"<code>",
		"</code>",
		"<pre dir=\"auto\">",
		"</pre>",
		"<ul>",
		"</ul>",
		"<ol>",
		"<ol start=\"",
		"</ol>",
		"<li dir=\"auto\">",
		"</li>",
		"<hr>",
		"<blockquote dir=\"auto\">",
		"</blockquote>",
		"<a href=\"http://",
		"<a href=\"https://",
		"</a>",
		"<bdi>",
		"</bdi>",
		"<p>",
	};

	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
		if (slice_starts(at, slice_of(tags[i])))
			return true;
	return false;
}

static void check(struct slice html)
{
	bool in_tag = false, in_quotes = false;
	int anchors = 0;

	for (size_t i = 0; i < html.len; i++) {
		struct slice here = slice_from(html, i);

		if (html.ptr[i] == '<') {
			if (in_tag || !known_tag(here))
				abort();
			in_tag = true;
			anchors += slice_starts(here, SLICE("<a ")) - slice_starts(here, SLICE("</a>"));
			if (anchors < 0 || anchors > 1)
				abort();
		} else if (html.ptr[i] == '"') {
			if (!in_tag)
				abort();
			in_quotes = !in_quotes;
		} else if (html.ptr[i] == '>') {
			if (!in_tag || in_quotes)
				abort();
			in_tag = false;
		}
	}
	if (in_tag || anchors)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_make((const char *)data, size);
	struct markup_options o = { .links = true, .wiki_url = "https://wiki.example.org/w" };
	struct str s;

	if (size > 16384 || !utf_acceptable(text))
		return 0;
	str_init(&s, MARKUP_MAX_BYTES);
	for (int links = 1; links >= 0; links--) {
		o.links = links;
		str_reset(&s);
		if (markup_html(text, &o, &s, NULL) != ERR_OK)
			abort();
		check(str_slice(&s));
		if (!utf_acceptable(str_slice(&s)))
			abort();
	}
	str_fini(&s);
	return 0;
}
