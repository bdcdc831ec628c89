// Each check of lint.mjs is shown a tree that is clean, then the same tree with one fault: it must stay silent, then speak.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const lint = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), 'lint.mjs');

const clean = {
	'src/layers': 'base:\nstore: base\nweb: base\n@ sqlite3.h store/db_sqlite\n',
	'src/base/conf.def': 'CONF_INT(lease_s, 900, 2, 86400, 1, "Seconds a claim lasts.")\n',
	'src/base/err.h': '/*\n * err: what went wrong.\n */\n',
	'src/base/err.c': '#include "base/err.h"\n',
	'src/store/db_sqlite.h': '/*\n * db_sqlite: the driver.\n */\n',
	'src/store/db_sqlite.c': '#include "store/db_sqlite.h"\n#include <sqlite3.h>\n#include "base/err.h"\nint x = SQL_TICKET_FIND;\n',
	'src/store/sql.def': 'SQL(TICKET_FIND, "store/db_sqlite", "SELECT 1")\n',
	'src/web/routes.def': 'ROUTE(GET, "/api/v1/queue", WHO_TRIAL, ROUTE_API, queue, "The questions that wait.")\n',
	'src/web/metrics.def': 'METRIC(porchlight_commits_total, counter, "Commits.")\n',
	'templates/openapi.json': '{"paths":{"/queue":{"get":{}}}}',
	'templates/i18n/en.json': '{"ask":"Ask $1"}',
	'templates/i18n/de.json': '{"ask":"Fragen $1"}',
	'templates/i18n/qqq.json': '{"ask":"The button."}',
	'templates/ask.mustache': '<script src="/static/ask.js"></script>\n',
	'README.md': '`lease_s` `porchlight_commits_total`\n',
};

function run(change) {
	const dir = mkdtempSync(path.join(tmpdir(), 'lint-'));
	try {
		for (const [file, text] of Object.entries({ ...clean, ...change })) {
			mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
			writeFileSync(path.join(dir, file), text);
		}
		const r = spawnSync(process.execPath, [lint, dir], { encoding: 'utf8' });
		return { code: r.status, out: r.stdout };
	} finally {
		rmSync(dir, { recursive: true });
	}
}

test('a clean tree passes', () => {
	assert.deepEqual(run({}), { code: 0, out: '' });
});

const faults = {
	'includes follow src/layers': { 'src/base/err.c': '#include "base/err.h"\n#include "store/db_sqlite.h"\n' },
	'each vendor header has one room': { 'src/base/err.c': '#include "base/err.h"\n#include <sqlite3.h>\n' },
	'a room includes its own header first': { 'src/base/err.c': '#include <stdio.h>\n#include "base/err.h"\n' },
	'headers begin with what the room is for': { 'src/base/err.h': '#pragma once\n' },
	'rooms stay readable': { 'src/base/err.c': `#include "base/err.h"\n${'\n'.repeat(900)}` },
	'banned functions': { 'src/base/err.c': '#include "base/err.h"\nvoid f(char *a) { strcpy(a, "x"); }\n' },
	'time is asked of base/clock alone': { 'src/base/err.c': '#include "base/err.h"\nlong f(void) { return time(0); }\n' },
	'SQL lives in src/store': { 'src/base/err.c': '#include "base/err.h"\nconst char *q = "DELETE FROM log";\n' },
	'each statement names its rooms': { 'src/base/err.c': '#include "base/err.h"\nint y = SQL_TICKET_FIND;\n' },
	'statements are of a portable subset': { 'src/store/sql.def': 'SQL(TICKET_FIND, "store/db_sqlite",\n\t"SELECT 1 WHERE "\n\t"strftime(\'%s\') > ?1")\n' },
	'every configuration key is in the README': { 'README.md': '`porchlight_commits_total`\n' },
	'every metric is in the README': { 'README.md': '`lease_s`\n' },
	"the README's tables are fresh": { 'README.md': '`lease_s` `porchlight_commits_total`\n<!-- conf -->\n<!-- /conf -->\n' },
	'every route says who may and what it does': { 'templates/openapi.json': '{"paths":{}}' },
	'translations are complete': { 'templates/i18n/de.json': '{"ask":"Fragen"}' },
	'templates hold no script, style or outside address': { 'templates/ask.mustache': '<p style="color:red">\n' },
	'no unfinished marks': { 'src/base/err.c': '#include "base/err.h"\n/* TODO */\n' },
};
for (const [check, change] of Object.entries(faults))
	test(`speaks up: ${check}`, () => {
		const r = run(change);
		assert.equal(r.code, 1);
		assert.match(r.out, new RegExp(`\\[${check.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\]`));
	});

test('a message that stands twice is reported', () => {
	const r = run({ 'templates/i18n/de.json': '{\n"ask":"Fragen $1",\n"ask":"Fragen $1"\n}' });
	assert.match(r.out, /de\.json:3: ask stands twice/);
});

test('a statement that names a room which does not use it is reported', () => {
	const r = run({ 'src/store/sql.def': 'SQL(TICKET_FIND, "store/db_sqlite base/err", "SELECT 1")\n' });
	assert.match(r.out, /names base\/err, which does not use it/);
});
