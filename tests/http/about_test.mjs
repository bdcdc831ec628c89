// What the desk tells everybody about itself: hours that were and hours that are planned, told apart; figures only where enough stand behind them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { V, desk, question, until } from './api.mjs';
import { temporary } from './lib.mjs';

const owner = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
const DAY = 86400000, HOUR = 3600000;
const names = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
// An hour of three days ago in UTC, and what it is in Kolkata, half an hour aside.
const then = Math.floor(Date.now() / DAY) * DAY - 3 * DAY + 13 * HOUR;
const there = new Date(then + 5.5 * HOUR);

const folder = temporary(), config = path.join(folder, 'porchlight.conf');
const zone = (name) => writeFileSync(config, `time_zone = ${name}\n`);
let young, old;
before(async () => {
	zone('Asia/Kolkata');
	[young, old] = await Promise.all([desk(), desk({ args: ['--config', config] })]);
	const rows = [];
	// Twenty-five questions: twenty answered after five minutes, five not at all; two that the filter stopped by mistake, and spam.
	for (let i = 0; i < 30; i++) {
		const asked = then - (i % 4) * 7 * DAY, spam = i >= 25;
		rows.push(`INSERT INTO tickets (state, lang, title, asked, anchor, changed, answered, told, seed, token) VALUES ('${spam ? 'spam' : 'closed'}', 'en', 'How?', ${asked}, ${asked}, ${asked}, ${i < 20 ? asked + 300000 : 'NULL'}, 'open', x'00', randomblob(16));`);
		rows.push(`INSERT INTO verdicts (ticket, n, at, kind, action, score, generation, body, bytes, kept, waiting) VALUES (last_insert_rowid(), 1, ${asked}, 0, ${i < 2 || spam ? 2 : 0}, 0, '', '{}', 0, 0, 0);`);
	}
	// Hanna was at work in that hour of three weeks, Hugo once at another, and Trixie, on trial, every week.
	const work = (n, at, who) => rows.push(`INSERT INTO log (ticket, n, at, kind, author, account, audience, body) SELECT 1, ${n}, ${at}, 'message', 'helper', id, 'all', 'Hello' FROM accounts WHERE login = '${who}';`);
	for (let week = 0; week < 4; week++) {
		if (week < 3) work(100 + week, then - week * 7 * DAY, 'hanna');
		work(300 + week, then - week * 7 * DAY - 6 * HOUR, 'trixie');
	}
	work(200, then - 3 * HOUR, 'hugo');
	const r = spawnSync('sqlite3', ['-cmd', '.timeout 10000', path.join(old.data, 'porchlight.db')], { input: rows.join('\n'), encoding: 'utf8', ...owner });
	assert.equal(r.status, 0, r.stderr);
});
after(async () => {
	await Promise.all([young?.stop(), old?.stop()]);
	rmSync(folder, { recursive: true });
});

const about = async (d, query = '') => (await d.get(`/about${query}`)).text;
/** {label: value} of a list of terms. */
const terms = (text, part) => Object.fromEntries([...(text.match(part)?.[0] ?? '').matchAll(/<dt>([^<]*)<\/dt><dd[^>]*>([^<]*)<\/dd>/g)].map((m) => [m[1], m[2]]));
const usual = (text) => terms(text, /<dl class="facts" id="usual">[^]*?<\/dl>/);
const plan = (text) => terms(text, /<dl class="facts" id="plan">[^]*?<\/dl>/);
const figures = (text) => terms(text, /<dl class="figures">[^]*?<\/dl>/);

test('a young desk says that it does not know yet, and shows no list of nobodies', async () => {
	for (let i = 0; i < 19; i++) await question(young);
	const text = await about(young);
	assert.match(text, /It is too early to say when somebody is usually here\./);
	assert.match(text, /There are not enough conversations yet/);
	assert.deepEqual([usual(text), plan(text), figures(text)], [{}, {}, {}]);
	assert.match(text, /You can ask at any time/);
	assert.match(text, /What we keep/);
});

test('hours that were: at least half of the weeks, without trial helpers, on the desk\'s clock', async () => {
	const text = await about(old);
	const expected = Object.fromEntries(names.map((n, i) => [n, i === (there.getUTCDay() + 6) % 7 ? `${there.getUTCHours()}:00–${there.getUTCHours() + 1}:00` : 'nobody']));
	assert.deepEqual(usual(text), expected);
	assert.match(text, /Times are in India Standard Time\./);
});

test('figures: of twenty questions and more, spam aside', async () => {
	// Fifteen came while somebody was here: too few for a figure of their own.
	assert.deepEqual(figures(await about(old)), {
		'Questions from people': '25',
		'Answered by a person within a day': '80 %',
		'Half of all questions are answered within': '5 minutes',
		'Nine out of ten are answered within': '5 minutes',
		'We said that somebody is here, and the answer took longer than a quarter of an hour': '20 %',
		'Good questions that our filter stopped by mistake, until a person saw it': '8 %',
	});
});

test('hours that are planned: how many, not who; withdrawn they are gone at once', async () => {
	const [hanna, hugo, trixie] = await Promise.all(['hanna', 'hugo', 'trixie'].map((n) => old.login(n)));
	await hanna.json('PATCH', `${V}/session`, { display: 'Hanna of the Mill' });
	const put = async (who, day, from, until) => (await who.json('POST', `${V}/hours`, { day, from, until })).body.id;
	await put(hanna, 7, 22, 2);
	await put(trixie, 3, 9, 12);
	const his = await put(hugo, 1, 1, 4);
	const text = await about(old);
	assert.deepEqual(plan(text), { ...Object.fromEntries(names.map((n) => [n, 'nobody'])), Sunday: '22:00–24:00 (one helper)', Monday: '0:00–1:00 (one helper), 1:00–2:00 (2 helpers), 2:00–4:00 (one helper)' });
	assert.match(text, /it is a plan and no promise/);
	assert.doesNotMatch(text, /Hanna|Helper \d/, 'nobody is named');
	assert.equal((await hugo.json('DELETE', `${V}/hours/${his}`)).status, 204);
	assert.equal(plan(await about(old)).Monday, '0:00–2:00 (one helper)');
});

test('in every language, without a script', async () => {
	for (const [lang, words] of [['de', ['Wie es war', 'Wie es geplant ist', 'Fragen von Menschen', 'Sonntag']], ['ar', ['كما كان', 'كما هو مخطط', 'أسئلة من أشخاص']]]) {
		const text = await about(old, `?uselang=${lang}`);
		for (const w of words) assert.ok(text.includes(w), w);
		assert.doesNotMatch(text, /⧼|about-/);
	}
});

test('another time zone: the usual hours are on the new clock at once', async () => {
	zone('Etc/UTC');
	old.child.kill('SIGHUP');
	await until(() => /the configuration was read again/.test(old.stderr), 'the new configuration');
	assert.equal(usual(await about(old))[names[(new Date(then).getUTCDay() + 6) % 7]], '13:00–14:00');
	zone('Asia/Kolkata');
	old.child.kill('SIGHUP');
	await until(() => old.stderr.match(/the configuration was read again/g).length === 2, 'the old configuration');
	assert.equal(usual(await about(old))[names[(there.getUTCDay() + 6) % 7]], '18:00–19:00');
});
