// The hours board: soft commitments, put down and withdrawn, over the API and as plain forms.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, desk, randomUUID } from './api.mjs';

let d, trixie, hanna, hugo, mona, ada;
before(async () => {
	d = await desk({ env: { PORCHLIGHT_TIME_ZONE: 'Asia/Kolkata', PORCHLIGHT_CLAIM_CAP: '50' } });
	[trixie, hanna, hugo, mona, ada] = await Promise.all(['trixie', 'hanna', 'hugo', 'mona', 'ada'].map((n) => d.login(n)));
});
after(() => d.stop());

const H = `${V}/hours`;
const put = (who, more) => who.json('POST', H, { day: 3, from: 18, until: 21, ...more });
const board = async (who = hanna) => (await who.get(H)).body;
const stays = (b) => b.days.flatMap((x) => x.stays);
const actions = async () => (await ada.get(`${V}/audit?action=hours.`)).body.items.map((x) => [x.action, x.object]);

test('put down, seen by all, withdrawn', async () => {
	assert.deepEqual((await board()).items, []);
	const made = await put(hanna, { client_id: randomUUID() });
	assert.equal(made.status, 201);
	const b = await board(trixie);
	assert.equal(b.zone, 'Asia/Kolkata');
	assert.equal(b.known, false);
	assert.equal(b.days.length, 7);
	const { id, account, name, ...rest } = b.items[0];
	assert.deepEqual(rest, { trial: false, langs: [], day: 3, from: 18, until: 21, mine: false });
	assert.equal((await board()).items[0].mine, true);
	const [s] = stays(b);
	assert.match(s.from, /T12:30:00/, 'half past twelve in UTC');
	assert.match(s.until, /T15:30:00/);
	assert.equal(new Date(`${s.date}T00:00:00Z`).getUTCDay(), 3);
	assert.equal((await hugo.json('DELETE', `${H}/${id}`)).status, 403);
	assert.equal((await hanna.json('DELETE', `${H}/${id}`)).status, 204);
	assert.equal((await hanna.json('DELETE', `${H}/${id}`)).status, 404);
	assert.deepEqual((await board()).items, []);
	assert.deepEqual(await actions(), [], 'what helpers do with their own hours is in no record');
});

test('sent twice it stands once; the same client_id with other hours is refused', async () => {
	const client_id = randomUUID();
	const first = await put(hanna, { client_id });
	const again = await put(hanna, { client_id });
	assert.deepEqual([first.status, again.status, again.body.id], [201, 200, first.body.id]);
	assert.equal((await put(hanna, { client_id, from: 17 })).body.field, 'client_id');
	assert.equal((await put(hanna)).body.id, first.body.id, 'nor without one');
	const clash = await put(hanna, { from: 20, until: 2 });
	assert.equal(clash.status, 409);
	assert.equal(clash.body.field, 'length');
	assert.equal((await put(hugo, { from: 20, until: 2 })).status, 201, 'another\'s hours are no matter');
	for (const [bad, field] of [[{ day: 0 }, 'day'], [{ day: 8 }, 'day'], [{ from: 24 }, 'from'], [{ until: -1 }, 'until'], [{ until: 18 }, 'until']])
		assert.equal((await put(hanna, bad)).body.field, field);
	assert.equal((await put(hanna, { day: 'Monday' })).status, 400);
	assert.equal((await hanna.json('POST', H, { from: 1, until: 2 })).body.field, 'day');
});

test('not this week, and after all; a moderator for somebody who is ill is in the record', async () => {
	const b = await board();
	const own = b.items.find((x) => x.mine).id;
	const s = stays(b).find((x) => x.id === own);
	const off = (who, body) => who.json('POST', `${H}/${own}/off`, body);
	assert.equal((await off(hugo, { date: s.date })).status, 403);
	for (let i = 0; i < 2; i++) assert.equal((await off(hanna, { date: s.date })).status, 204);
	assert.equal(stays(await board()).find((x) => x.id === own).off, true);
	assert.equal((await off(hanna, { date: s.date, off: false })).status, 204);
	assert.equal(stays(await board()).find((x) => x.id === own).off, false);
	for (const date of ['2020-01-01', 'tomorrow', '2026-02-30']) assert.equal((await off(hanna, { date })).status, 422, date);
	assert.equal((await off(mona, { date: s.date })).status, 204);
	assert.equal((await hanna.json('POST', `${H}/987654/off`, { date: s.date })).status, 404);
	assert.equal((await mona.json('DELETE', `${H}/${own}`)).status, 204);
	assert.deepEqual(await actions(), [['hours.end', 'account'], ['hours.off', 'account']]);
});

test('languages and helpers on trial', async () => {
	await hugo.json('PATCH', `${V}/session`, { langs: ['de'] });
	await trixie.json('PATCH', `${V}/session`, { langs: ['ar'] });
	assert.equal((await put(trixie, { day: 5 })).status, 201);
	const b = await board();
	assert.deepEqual(b.langs.map((l) => [l.lang, l.hours > 0]), [['en', false], ['de', true], ['ar', false]]);
	assert.equal(b.items.find((x) => x.day === 5).trial, true);
});

test('somebody who has left is on no board', async () => {
	const id = (await hugo.get(`${V}/session`)).body.account.id;
	assert.equal((await ada.json('PATCH', `${V}/accounts/${id}`, { disabled: true })).status, 200);
	assert.equal((await board()).items.length, 1);
});

test('the page, without scripts: put down, second click, overlap with what was typed, not this week, withdraw', async () => {
	const form = (path, fields = {}, who = hanna) => who.form(path, { csrf: who.csrf, ...fields });
	const page = async (query = '') => (await hanna.get(`/desk/hours${query}`)).text;
	assert.match(await page(), /aria-current="page">Hours</);
	assert.match(await page(), /Too few questions have come/);
	assert.match(await page(), /On trial, not counted/);
	for (let i = 0; i < 2; i++) assert.equal((await form('/desk/hours', { day: 2, from: 22, until: 6 })).headers.location, '/desk/hours?done=put');
	assert.match(await page('?done=put'), /role="status">Put down\./);
	assert.equal((await page()).match(/<strong>22:00–6:00<\/strong>/g).length >= 1, true);
	assert.equal((await board()).items.filter((x) => x.mine).length, 1);
	const clash = await form('/desk/hours', { day: 3, from: 5, until: 9 });
	assert.equal(clash.status, 409);
	assert.match(clash.text, /role="alert" id="problem">You have put down hours that overlap/);
	assert.match(clash.text, /<option value="3" selected>Wednesday<[^]*<option value="5" selected>5:00<[^]*<option value="9" selected>9:00</);
	assert.equal((await form('/desk/hours', { day: 3, from: 9, until: 9 })).status, 422);
	assert.equal((await form('/desk/hours', { day: 9, from: 9, until: 9 })).status, 422);
	const id = (await board()).items.find((x) => x.mine).id;
	const day = (await page()).match(new RegExp(`hours/${id}/off"[^]*?name="day" value="(\\d+)"`))[1];
	assert.equal((await form(`/desk/hours/${id}/off`, { day, off: '1' })).headers.location, '/desk/hours?done=off');
	assert.match(await page(), /<span class="chip">not this week<\/span>[^]*This week after all/);
	assert.equal((await form(`/desk/hours/${id}/off`, { day: Number(day) - 70, off: '1' })).status, 422, 'a page from long ago');
	assert.equal((await form(`/desk/hours/${id}/end`, {}, trixie)).status, 403);
	for (let i = 0; i < 2; i++) assert.equal((await form(`/desk/hours/${id}/end`)).headers.location, '/desk/hours?done=end');
	assert.equal((await form(`/desk/hours/${id}/off`, { day, off: '1' })).headers.location, '/desk/hours?done=end', 'withdrawn in another tab');
	assert.equal((await hanna.form('/desk/hours', { day: 2, from: 1, until: 2 })).status, 403, 'without the token nothing is done');
	const ar = await hanna.get('/desk/hours?uselang=ar');
	assert.match(ar.text, /<html lang="ar" dir="rtl"/);
	assert.match(ar.text, /الأيام السبعة القادمة/);
});
