// The hours board: by keyboard, on a phone, without scripts, in Arabic; one's own time beside the desk's; two tabs. And "finish what I have, then stop".
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { start } from '../http/lib.mjs';
import { browser, leave, looksGood, signIn, smallTargets, visit } from './lib.mjs';

let desk, b;
const DAY = 86400000;
// The day after tomorrow in UTC, and its weekday, 1: Monday.
const soon = new Date(Math.floor(Date.now() / DAY) * DAY + 2 * DAY);
const weekday = soon.getUTCDay() || 7;
const names = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
before(async () => {
	desk = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_TIME_ZONE: 'Etc/UTC' }, people: { ben: 'helper', ann: 'helper', tim: 'trial', cleo: 'moderator' } });
	b = await browser();
	// Four weeks in which questions came on that weekday from 9 to 12, five an hour.
	const owner = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
	const rows = [7, 14, 21, 28].flatMap((back) => [9, 10, 11].flatMap((hour) => Array.from({ length: 5 }, () => soon.getTime() - (back === 28 ? 21 : back) * DAY + hour * 3600000 + 60000)))
		.map((asked) => `INSERT INTO tickets (state, lang, title, asked, anchor, changed, seed, token) VALUES ('closed', 'en', 'How?', ${asked}, ${asked}, ${asked}, x'00', randomblob(16));`);
	const r = spawnSync('sqlite3', ['-cmd', '.timeout 10000', path.join(desk.data, 'porchlight.db')], { input: rows.join('\n'), encoding: 'utf8', ...owner });
	assert.equal(r.status, 0, r.stderr);
});
after(async () => {
	await b?.close();
	await desk?.stop();
});

const dayOf = (page, name = names[weekday - 1]) => page.locator('.day', { has: page.getByRole('heading', { name: new RegExp(`^${name}`) }) });

test('a gap is seen before it happens, and filled with one click; withdrawn with another', async () => {
	const ben = await visit(b, desk);
	await signIn(ben, 'ben');
	await ben.getByRole('link', { name: 'Hours' }).click();
	await ben.getByText('In one stretch of the next seven days').waitFor();
	const day = dayOf(ben);
	assert.match(await day.innerText(), /9:00–12:00 nobody yet/);
	assert.match(await day.innerText(), /60 questions came in these hours/);
	assert.match(await day.innerText(), /Where you are: /, 'Vienna is ahead of UTC');
	await looksGood(ben, 'the board with a gap');
	await ben.getByRole('button', { name: `I will be here: ${names[weekday - 1]}, 9:00–12:00` }).click();
	await ben.getByText('Put down. Thank you').waitFor();
	await ben.getByText('Somebody means to be here whenever').waitFor();
	assert.match(await dayOf(ben).innerText(), /9:00–12:00 Helper \d+ Yours/i);
	const other = await ben.context().newPage();
	await other.goto('/desk/hours');
	await ben.getByRole('button', { name: /^Not this week/ }).click();
	await ben.getByText('Next week it stands again').waitFor();
	assert.match(await dayOf(ben).innerText(), /nobody yet/, 'and the gap is there again');
	await looksGood(ben, 'the board with hours that are off');
	await ben.getByRole('button', { name: /^This week after all/ }).click();
	await ben.getByRole('button', { name: /^Withdraw/ }).click();
	await ben.getByText('Withdrawn.').waitFor();
	await other.getByRole('button', { name: /^Not this week/ }).click();
	await other.getByText('Withdrawn.').waitFor();
	assert.equal(await other.getByRole('button', { name: /^Withdraw/ }).count(), 0, 'the other tab learns it');
	await leave(ben);
});

test('by keyboard alone', async () => {
	const ann = await visit(b, desk);
	await signIn(ann, 'ann');
	await ann.goto('/desk/hours');
	await ann.locator('#day').focus();
	await ann.keyboard.press('S');
	await ann.keyboard.press('Tab');
	await ann.keyboard.type('23');
	await ann.keyboard.press('Tab');
	await ann.keyboard.type('2:');
	await ann.keyboard.press('Tab');
	await ann.keyboard.press('Enter');
	await ann.getByText('Put down. Thank you').waitFor();
	assert.match(await dayOf(ann, 'Saturday').innerText(), /23:00–2:00/);
	await leave(ann);
});

test('on a phone, in Arabic, without scripts: a list by day; trial helpers apart', async () => {
	const tim = await visit(b, desk, { width: 360, height: 740, lang: 'ar', script: false });
	await signIn(tim, 'tim');
	await tim.goto('/desk/hours');
	const boxes = await tim.locator('.day').evaluateAll((all) => all.map((d) => d.getBoundingClientRect().left));
	assert.equal(new Set(boxes.map(Math.round)).size, 1, 'one under the other');
	await tim.selectOption('#day', String(weekday));
	await tim.selectOption('#from', '9');
	await tim.selectOption('#until', '12');
	await tim.locator('#form button.primary').click();
	await tim.getByText('تحت التجربة، لا يُحسبون').waitFor();
	assert.match(await tim.locator('#gaps').innerText(), /لا أحد ينوي الحضور بعد/, 'who is on trial fills no gap');
	await leave(tim);
	const cleo = await visit(b, desk, { width: 360, height: 740, lang: 'ar', dark: true });
	await signIn(cleo, 'cleo');
	await cleo.goto('/desk/hours');
	await looksGood(cleo, 'the board on a phone');
	assert.deepEqual(await smallTargets(cleo), []);
	await leave(cleo);
});

test('finish what I have, then stop: the desk tells it, and another tab follows', async () => {
	const ben = await visit(b, desk);
	await signIn(ben, 'ben');
	for (const title of ['Mills', 'Dams']) assert.equal((await desk.json('POST', '/api/v1/questions', { body: 'How do I add a picture of it?', title, lang: 'en' })).status, 201);
	await ben.getByRole('button', { name: 'Go on duty' }).click();
	await ben.getByText('You are on duty.').waitFor();
	assert.equal(await ben.locator('#stop').isVisible(), false);
	await ben.getByRole('button', { name: /Help the next person/ }).click();
	await ben.waitForURL(/\/desk\/t\//);
	const other = await ben.context().newPage();
	await other.goto('/desk');
	await ben.getByText('Stopping soon?').click();
	await looksGood(ben, 'the two ways to stop');
	await ben.getByRole('button', { name: 'Finish what I have, then stop' }).click();
	await ben.getByText('You finish what you have.').waitFor();
	assert.equal(await ben.getByRole('button', { name: /Help the next person/ }).isVisible(), false);
	await other.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
	await other.getByText('You finish what you have.').waitFor();
	await other.getByText('Stopping soon?').click();
	await other.getByRole('button', { name: 'Hand back what I hold' }).click();
	await other.getByText('Handed back.').waitFor();
	await other.getByText('You are away: nothing new comes to you.').waitFor();
	await looksGood(other, 'away');
	await other.getByRole('button', { name: 'Go on duty' }).click();
	await other.getByText('You are on duty.').waitFor();
	await leave(ben);
});
