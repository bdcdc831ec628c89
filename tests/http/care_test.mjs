// What helpers set so that helping does not wear them out: a cap of their own, "finish what I have, then stop", handing back all they hold.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, desk, question, talk } from './api.mjs';
import { PASSWORD } from './lib.mjs';

let d, trixie, hanna, hugo, ada;
before(async () => {
	d = await desk({ env: { PORCHLIGHT_CLAIM_CAP: '3' } });
	[trixie, hanna, hugo, ada] = await Promise.all(['trixie', 'hanna', 'hugo', 'ada'].map((n) => d.login(n)));
});
after(() => d.stop());

const duty = async (who, body) => (body ? await who.json('POST', `${V}/desk/duty`, body) : await who.get(`${V}/desk/duty`)).body.duty;
const next = (who) => who.json('POST', `${V}/queue/next`, {});
const handback = async (who) => (await who.json('POST', `${V}/queue/handback`)).body.released;
const close = (who, t) => who.json('POST', `${t.t}/close`, { fence: t.fence });

test('a cap of their own, never above the desk\'s, for "next" and for a free pick', async () => {
	for (let i = 0; i < 5; i++) await question(d);
	assert.equal((await hanna.get(`${V}/session`)).body.account.claim_cap, null);
	assert.equal((await hanna.json('PATCH', `${V}/session`, { claim_cap: 1 })).body.account.claim_cap, 1);
	assert.equal((await next(hanna)).status, 200);
	const full = await next(hanna);
	assert.equal(full.status, 409);
	assert.equal(full.body.field, 'claim_cap');
	const [waits] = (await hanna.get(`${V}/queue?view=unassigned`)).body.items;
	assert.equal((await hanna.json('POST', `${V}/tickets/${waits.id}/claim`, {})).status, 409);
	assert.equal((await hanna.json('PATCH', `${V}/session`, { claim_cap: 50 })).status, 200);
	for (const status of [200, 200, 409]) assert.equal((await next(hanna)).status, status, 'three, as the desk says');
	const [left] = (await hanna.get(`${V}/queue?view=unassigned`)).body.items;
	assert.equal((await hanna.json('POST', `${V}/tickets/${left.id}/claim`, {})).status, 200, 'by hand, one knows why');
	assert.equal((await hanna.json('PATCH', `${V}/session`, { claim_cap: null })).body.account.claim_cap, null);
	for (const claim_cap of [0, -1, 101]) assert.equal((await hanna.json('PATCH', `${V}/session`, { claim_cap })).body.field, 'claim_cap');
	assert.equal((await hanna.json('PATCH', `${V}/session`, {})).body.field, 'display');
	assert.equal(await handback(hanna), 4);
});

test('languages: of those the desk offers, in its order', async () => {
	assert.deepEqual((await hanna.json('PATCH', `${V}/session`, { langs: ['de', 'en', 'de'] })).body.account.langs, ['en', 'de']);
	assert.equal((await hanna.json('PATCH', `${V}/session`, { display: 'Half of it', langs: ['tlh'] })).body.field, 'langs');
	assert.equal((await hanna.json('PATCH', `${V}/session`, { langs: 'de' })).status, 400);
	const { display, langs } = (await hanna.get(`${V}/session`)).body.account;
	assert.deepEqual([display, langs], ['Helper 2', ['en', 'de']], 'what is refused changes nothing');
	assert.deepEqual((await hanna.json('PATCH', `${V}/session`, { langs: [] })).body.account.langs, []);
});

test('finish what I have, then stop', async () => {
	assert.equal(await duty(hanna, { duty: 'on' }), 'on');
	const one = await talk(d, hanna);
	const two = await talk(d, hanna);
	const on = (await hanna.get(`${V}/desk/duty`)).body.on_duty;
	assert.equal(await duty(hanna, { duty: 'finishing' }), 'finishing');
	assert.equal((await hanna.get(`${V}/desk/duty`)).body.on_duty, on - 1, 'visitors do not count on them any more');
	const { id } = (await hanna.get(`${V}/session`)).body.account;
	assert.equal((await hugo.get(`${V}/colleagues`)).body.items.find((c) => c.id === id).duty, 'finishing');
	const no = await next(hanna);
	assert.equal(no.status, 409);
	assert.equal(no.body.field, 'duty');
	const theirs = await talk(d, hugo);
	const refused = await hugo.json('POST', `${theirs.t}/transfer`, { to: id, fence: theirs.fence });
	assert.equal(refused.status, 409, 'nor does a colleague hand them more');
	assert.equal(refused.body.field, 'to');
	await close(hugo, theirs);
	assert.equal((await hanna.json('POST', `${one.t}/messages`, { body: 'Nearly there.', fence: one.fence })).status, 201, 'what is held goes on');
	// Another tab that still shows "on duty" sends its heartbeat.
	assert.equal(await duty(hanna, { duty: 'on', renew: true }), 'finishing');
	assert.equal((await close(hanna, one)).status, 200);
	assert.equal((await d.get(one.path)).body.again, undefined, 'an asker who comes back is not promised them');
	assert.equal(await duty(hanna), 'finishing');
	assert.equal((await hanna.json('POST', `${two.t}/release`, { fence: two.fence })).status, 200);
	assert.equal(await duty(hanna), 'away', 'after the last one, by itself');
	assert.equal((await next(hanna)).status, 409, 'and still nothing new');
	assert.equal(await duty(hanna, { duty: 'on', renew: true }), 'away');
	assert.equal(await duty(hanna, { duty: 'on' }), 'on');
	assert.equal((await next(hanna)).status, 200);
	assert.equal(await handback(hanna), 1);
});

test('stopping ends at the next login that finds nothing held', async () => {
	const t = await talk(d, hugo);
	await duty(hugo, { duty: 'finishing' });
	await d.json('POST', `${V}/session`, { name: 'hugo', password: PASSWORD });
	assert.equal(await duty(hugo), 'finishing', 'a second device changes nothing while something is held');
	await close(hugo, t);
	assert.equal((await next(hugo)).status, 409);
	await d.json('POST', `${V}/session`, { name: 'hugo', password: PASSWORD });
	assert.equal((await next(hugo)).status, 200);
	await handback(hugo);
});

test('going off in one tab: the heartbeat of another does not undo it', async () => {
	await duty(hugo, { duty: 'on' });
	assert.equal(await duty(hugo, { duty: 'off' }), 'off');
	assert.equal(await duty(hugo, { duty: 'on', renew: true }), 'off');
	assert.equal(await duty(hugo, { duty: 'on' }), 'on');
	assert.equal((await hugo.json('POST', `${V}/desk/duty`, { duty: 'finishing', renew: true })).body.field, 'renew');
	await duty(hugo, { duty: 'off' });
});

test('handing back: all at once, at their old place; a second time there is nothing; another\'s stays', async () => {
	const mine = [await talk(d, hanna), await talk(d, hanna)];
	const other = await talk(d, hugo);
	const before = await Promise.all(mine.map((t) => hanna.get(t.t)));
	assert.equal(await handback(hanna), 2);
	assert.equal(await handback(hanna), 0);
	for (const [i, t] of mine.entries()) {
		const is = (await ada.get(t.t)).body;
		assert.equal(is.state, 'queued');
		assert.equal(is.asked, before[i].body.asked);
		assert.equal((await hanna.json('POST', `${t.t}/messages`, { body: 'Late.', fence: t.fence })).status, 409, 'the old fence writes nothing');
	}
	assert.equal((await hugo.get(other.t)).body.state, 'live');
	await handback(hugo);
});

test('on the desk, without scripts', async () => {
	const page = async (path = '/desk', who = trixie) => (await who.get(path)).text;
	assert.match(await page(), /<details id="stop" hidden>/, 'nothing held, nothing to stop');
	assert.equal((await next(trixie)).status, 200);
	assert.match(await page(), /<details id="stop">/);
	const form = (path, fields = {}) => trixie.form(path, { csrf: trixie.csrf, ...fields });
	assert.equal((await form('/desk/duty', { duty: 'finishing' })).status, 303);
	assert.match(await page(), /data-duty="finishing">You finish what you have\./);
	assert.match(await page(), /id="next-form" hidden/);
	const no = await form('/desk/next');
	assert.equal(no.status, 409);
	assert.match(no.text, /role="alert" id="problem">You wanted to stop\./);
	assert.equal((await form('/desk/handback')).headers.location, '/desk?handed=back');
	assert.match(await page('/desk?handed=back'), /role="status">Handed back\./);
	assert.match(await page(), /data-duty="away">You are away/);
	assert.equal((await form('/desk/handback')).headers.location, '/desk', 'a second click has nothing to hand back');
	assert.equal((await form('/desk/duty', { duty: 'on' })).status, 303);
	assert.match(await page(), /data-duty="on">You are on duty\./);
	assert.doesNotMatch(await page(), /id="next-form" hidden/);
	assert.equal((await form('/desk/me/care', { cap: '2', 'lang-ar': '1' })).headers.location, '/desk/me?done=care');
	const me = await page('/desk/me?done=care');
	assert.match(me, /<option value="2" selected>At most 2<\/option>/);
	assert.match(me, /name="lang-ar" value="1" checked>/);
	assert.equal((await form('/desk/me/care', {})).status, 303);
	assert.match(await page('/desk/me'), /<option value="0" selected>As many as the desk allows \(3\)<\/option>/);
});

test('what a helper snoozed who then stops is not kept for them when it wakes', async () => {
	const take = async () => {
		const r = await next(hugo);
		if (r.status === 200) await close(hugo, { t: `${V}/tickets/${r.body.id}`, fence: r.body.lease.fence });
		return r.body?.id;
	};
	while (await take());
	for (const [stops, first] of [['on', 1], ['finishing', 0]]) {
		assert.equal(await duty(hanna, { duty: 'on' }), 'on');
		const t = await talk(d, hanna);
		await hanna.json('POST', `${t.t}/snooze`, { fence: t.fence, until: new Date(Date.now() + 3600000).toISOString() });
		await question(d);
		await duty(hanna, { duty: stops });
		assert.equal((await d.json('POST', `${t.path}/messages`, { body: 'I found out more.' })).status, 201);
		assert.equal([await take(), await take()].indexOf(t.id), first, stops);
	}
	assert.equal(await duty(hanna, { duty: 'on' }), 'on');
});

test('an account that is disabled takes what it set with it', async () => {
	const id = (await hugo.get(`${V}/session`)).body.account.id;
	await hugo.json('PATCH', `${V}/session`, { claim_cap: 2, langs: ['de'] });
	for (const disabled of [true, false]) assert.equal((await ada.json('PATCH', `${V}/accounts/${id}`, { disabled })).status, 200);
	const again = await d.login('hugo');
	const { account } = (await again.get(`${V}/session`)).body;
	assert.deepEqual([account.claim_cap, account.langs], [null, []]);
});
