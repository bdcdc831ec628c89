// The figures page: measures beside their aims, groups, hours, in words and tables, for everybody who helps here.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { start } from '../http/lib.mjs';
import { browser, leave, looksGood, signIn, visit } from './lib.mjs';

let desk, b;
before(async () => {
	desk = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_TIME_ZONE: 'Europe/Vienna' }, people: { ben: 'helper', ada: 'admin' } });
	b = await browser();
	// Four weeks as if they had been: forty questions in English, most of them answered soon; twenty in German, answered late or not at all.
	const owner = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
	const now = Date.now(), day = 86400000;
	const rows = Array.from({ length: 60 }, (_, i) => {
		const german = i >= 40, asked = now - 3 * day - (i % 3) * 60000;
		const answered = german ? (i % 2 ? 'NULL' : asked + 3600000) : asked + 240000;
		const told = i < 30 ? "'open'" : "'return'";
		return `INSERT INTO tickets (state, lang, topic, title, asked, anchor, changed, answered, told, way, seed, token) VALUES ('closed', '${german ? 'de' : 'en'}', `
			+ `'Images', '${german ? 'Wie geht das?' : 'How does it work?'}', ${asked}, ${asked}, ${asked}, ${answered}, ${told}, '${i % 2 ? 'script' : 'plain'}', x'00', randomblob(16));`
			+ `INSERT INTO verdicts (ticket, n, at, kind, action, score, generation, body, bytes, kept, waiting) VALUES (last_insert_rowid(), 1, ${asked}, 0, ${i % 20 === 0 ? 2 : 0}, 0, '', '{}', 0, 0, 0);`;
	});
	rows.push(`INSERT INTO log (ticket, n, at, kind, author, account, audience, body) SELECT 1, 2, ${now - 3 * day}, 'message', 'helper', id, 'all', 'Hello' FROM accounts WHERE login = 'ben';`);
	const r = spawnSync('sqlite3', ['-cmd', '.timeout 10000', path.join(desk.data, 'porchlight.db')], { input: rows.join('\n'), encoding: 'utf8', ...owner });
	assert.equal(r.status, 0, r.stderr);
});
after(async () => {
	await b?.close();
	await desk?.stop();
});

const row = (page, words) => page.locator('tr', { has: page.getByRole('rowheader', { name: words, exact: true }) });

test('each measure stands beside its aim, and says whether it is reached', async () => {
	const page = await visit(b, desk);
	await signIn(page, 'ben');
	await page.goto('/desk/figures');
	for (const [name, words] of [
		['Questions that were answered within a day', ['83 %', 'at least 95 %', 'not reached']],
		['The chance of an answer where it is worst, compared with where it is best', ['50 %', 'at least 80 %', 'not reached']],
		['Good questions that had to wait for a moderator', ['5 %', 'at most 2 %', 'not reached']],
		['We said that helpers are here, and then there was no answer within a quarter of an hour', ['0 %', 'at most 10 %', 'reached']],
		['Answers in the language of the question', ['not known yet', 'at least 90 %', 'too few yet']],
		['Good questions that were refused at first', ['0 %', 'at most 0.1 %', 'reached']],
		['Somebody has been waiting for a helper for', ['nobody', 'at most 3 days', 'reached']],
		['Conversations that one helper holds at once, at most', ['0', 'at most 3', 'reached']],
	])
		assert.deepEqual((await row(page, name).getByRole('cell').allInnerTexts()).map((t) => t.trim()), words, name);
	await leave(page);
});

test('groups, the filter and the hours', async () => {
	const page = await visit(b, desk);
	await signIn(page, 'ben');
	await page.goto('/desk/figures');
	const table = (name) => page.getByRole('region', { name, exact: true }).getByRole('row');
	const german = await table('By language, topic, time and way').filter({ hasText: 'German' }).innerText();
	assert.match(german, /Images.*several together.*20.*50 %/s, 'ten and ten by two ways are one group');
	assert.match(await table('Script').filter({ hasText: 'Latin' }).innerText(), /60.*3.*5 %/s);
	assert.match(await table('Way').filter({ hasText: 'the page without scripts' }).innerText(), /30.*3.*10 %/s);
	const hour = new Date(Date.now() - 3 * 86400000);
	const local = (o) => new Intl.DateTimeFormat('en', { timeZone: 'Europe/Vienna', ...o }).format(hour);
	const from = Number(local({ hour: 'numeric', hourCycle: 'h23' }));
	const day = page.locator('dt', { hasText: local({ weekday: 'long' }) });
	assert.equal(await day.locator('xpath=following-sibling::dd[1]').innerText(), `${from}:00–${from + 1}:00`);
	await page.getByText('A helper was at work in 1 of the 168 hours of the week. Times are in Central European Time.').waitFor();
	await leave(page);
});

test('in every language, on a phone, in the dark', async () => {
	for (const [lang, dark, width] of [['en', false, 1280], ['de', true, 360], ['ar', false, 360]]) {
		const page = await visit(b, desk, { lang, dark, width });
		await signIn(page, 'ada');
		await page.goto('/desk/figures');
		await looksGood(page, `figures ${lang}`);
		assert.doesNotMatch(await page.locator('main').innerText(), /NaN|undefined|null|⧼|\$\d/);
		if (process.env.FIGURES_SHOTS) await page.screenshot({ path: `${process.env.FIGURES_SHOTS}/fig-${lang}.png`, fullPage: true });
		await leave(page);
	}
});
