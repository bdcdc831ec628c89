// Many reports about one helper: they are given nobody new until a moderator has decided. Nothing is taken from anybody, and one person cannot do it alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, ask, desk, heldItem, idOf, question } from './api.mjs';

let d, hanna, hugo, mona, ada, hannasId;
before(async () => {
	d = await desk({ env: { PORCHLIGHT_TRUSTED_PROXIES: '127.0.0.1', PORCHLIGHT_CLAIM_CAP: '50' } });
	[hanna, hugo, mona, ada] = await Promise.all(['hanna', 'hugo', 'mona', 'ada'].map((n) => d.login(n)));
	hannasId = (await hanna.get(`${V}/session`)).body.account.id;
});
after(() => d.stop());

let made = 0;
/** A question from one network that `helper` answers: { id, path, t, fence, n }. */
async function answered(helper, network) {
	const title = `Lantern ${++made}`;
	const r = await ask(d, { title, body: 'How do I trim the wick?' }, { 'x-forwarded-for': `198.51.${network}.7` });
	assert.equal(r.status, 201, r.text);
	const id = await idOf(helper, title);
	const claim = await helper.json('POST', `${V}/tickets/${id}/claim`, {});
	assert.equal(claim.status, 200, claim.text);
	const fence = claim.body.lease.fence;
	const said = await helper.json('POST', `${V}/tickets/${id}/messages`, { body: 'Write to me elsewhere.', fence });
	return { id, path: `${V}/questions/${r.body.token}`, t: `${V}/tickets/${id}`, fence, n: said.body.n };
}
const report = async (talk, reason = 'Wants to meet me') => {
	const r = await d.json('POST', `${talk.path}/report`, { reason });
	assert.equal(r.status, 201, r.text);
};
const duty = async (who) => (await who.get(`${V}/desk/duty`)).body.duty;
const next = (who) => who.json('POST', `${V}/queue/next`, {});
const judge = async (talk, label = 'ham') => (await mona.json('POST', `${V}/judgements`, { items: [{ ticket: talk.id, n: talk.n }], label })).body;

test('one network counts once; the third reporter pauses, a judgement lifts it, and taking that back pauses again', async () => {
	const talks = [];
	for (const network of [1, 1, 1, 2]) talks.push(await answered(hanna, network));
	for (const t of talks) await report(t);
	await report(talks[3], 'And again');
	await hanna.json('POST', `${V}/desk/duty`, { duty: 'on' });
	assert.equal(await duty(hanna), 'on', 'four conversations and five reports, but two people');

	const third = await answered(hanna, 3);
	await report(third);
	assert.equal(await duty(hanna), 'paused');
	const waiting = await question(d, { title: 'Who comes now?' });
	const id = await idOf(hugo, 'Who comes now?');
	for (const no of [await next(hanna), await hanna.json('POST', `${V}/tickets/${id}/claim`, {})])
		assert.deepEqual([no.status, no.body.field], [409, 'reports'], no.text);
	assert.equal((await d.get(waiting.path)).body.state, 'queued');

	// Visitors do not count on them, whatever their page says; what they hold goes on.
	for (const body of [{ duty: 'on', renew: true }, { duty: 'on' }])
		assert.deepEqual(Object.entries((await hanna.json('POST', `${V}/desk/duty`, body)).body), [['duty', 'paused'], ['on_duty', 0]]);
	assert.equal((await hanna.json('POST', `${V}/desk/duty`, { duty: 'paused' })).status, 422);
	assert.equal((await hanna.json('POST', `${third.t}/messages`, { body: 'Trim it short.', fence: third.fence })).status, 201);
	// Colleagues cannot hand them anybody, and are not told why.
	assert.equal((await hugo.get(`${V}/colleagues`)).body.items.find((c) => c.id === hannasId).duty, 'away');
	const held = await hugo.json('POST', `${V}/tickets/${id}/claim`, {});
	const given = { to: hannasId, fence: held.body.lease.fence };
	assert.deepEqual([(await hugo.json('POST', `${V}/tickets/${id}/transfer`, given)).body.field], ['to']);
	assert.equal((await hugo.json('POST', `${V}/tickets/${id}/invite`, { account: hannasId, fence: held.body.lease.fence })).status, 409);

	// Nor can an asker wish for them: the question would wait for somebody who may not take it.
	assert.equal((await d.json('POST', `${talks[0].path}/close`, {})).status, 200);
	assert.equal((await d.get(talks[0].path)).body.again, undefined);

	const item = await heldItem(mona, 'reports', (i) => i.ticket === third.id);
	assert.equal(item.paused, true);
	assert.match((await mona.get('/desk/moderation?list=reports')).text, /Several people reported this helper/);
	assert.equal((await ada.get(`${V}/audit?action=account.pause`)).body.items.filter((x) => x.id === hannasId).length, 1);

	const done = await judge(third);
	assert.equal(done.changed, 1);
	assert.notEqual(await duty(hanna), 'paused');
	assert.equal((await hugo.json('POST', `${V}/tickets/${id}/transfer`, given)).status, 200);
	assert.equal((await mona.json('POST', `${V}/judgements/${done.undo}/undo`, {})).body.changed, 1);
	assert.equal(await duty(hanna), 'paused');
	assert.equal((await judge(third, 'spam')).changed, 1);
	assert.notEqual(await duty(hanna), 'paused', 'a person has decided: what follows from it is theirs to do');
	for (const t of talks) await judge(t);
});

test('colleagues count each; nobody pauses a moderator', async () => {
	const t = await answered(hugo, 11);
	for (const who of [hanna, mona, ada])
		assert.equal((await who.json('POST', `${t.t}/report`, { n: t.n, reason: 'Not in this tone' })).status, 201);
	assert.equal(await duty(hugo), 'paused');
	await judge(t);
	const talks = [];
	for (const network of [21, 22, 23, 24]) talks.push(await answered(mona, network));
	for (const x of talks) await report(x);
	assert.notEqual(await duty(mona), 'paused');
});

test('on the desk, without scripts', async () => {
	const talks = [];
	for (const network of [31, 32, 33]) talks.push(await answered(hugo, network));
	for (const t of talks) await report(t);
	const page = (await hugo.get('/desk')).text;
	assert.match(page, /data-duty="paused">You are given nobody new: several people reported what you wrote\./);
	assert.match(page, /id="duty" class="inline" hidden/);
	assert.match(page, /id="next-form" hidden/);
	const no = await hugo.form('/desk/next', { csrf: hugo.csrf });
	assert.equal(no.status, 409);
	assert.match(no.text, /role="alert" id="problem">Several people reported/);
	assert.match((await hugo.get('/desk', { 'accept-language': 'de' })).text, /Mehrere haben gemeldet/);
});
