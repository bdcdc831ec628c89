// The same helper again, if both like: an asker who comes back may wish for who answered last, and that helper is offered it first.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, desk, question, talk } from './api.mjs';

let d, hanna, hugo, ada;
before(async () => {
	d = await desk({ env: { PORCHLIGHT_CLAIM_CAP: '50' } });
	[hanna, hugo, ada] = await Promise.all(['hanna', 'hugo', 'ada'].map((n) => d.login(n)));
	assert.equal((await hanna.json('PATCH', `${V}/session`, { display: 'Lamplight' })).status, 200);
});
after(() => d.stop());

/** A conversation that Hanna answered and the asker closed. */
async function over(more = {}) {
	const t = await talk(d, hanna, more);
	assert.equal((await hanna.json('POST', `${t.t}/messages`, { body: 'Turn the key twice.', fence: t.fence })).status, 201);
	assert.equal((await d.json('POST', `${t.path}/close`, {})).status, 200);
	return t;
}
const next = async (who) => (await who.json('POST', `${V}/queue/next`, {})).body?.id;
const reopen = (t, body) => d.json('POST', `${t.path}/reopen`, body);
const last = async (who, path) => (await who.get(path)).body.log.at(-1);

test('wished for, it is kept for that helper; others are given who else waits, and it when nobody does', async () => {
	const t = await over();
	assert.deepEqual((await d.get(t.path)).body.again, { name: 'Lamplight' });
	assert.equal((await reopen(t, { again: true })).status, 200);
	assert.equal((await last(d, t.path)).data.helper, 'Lamplight');
	assert.equal((await d.get(t.path)).body.again, undefined);
	const later = await question(d, { title: 'Somebody later' });
	assert.notEqual(await next(hugo), t.id);
	assert.equal((await d.get(later.path)).body.state, 'live');
	assert.ok((await hanna.get(`${V}/queue?view=mine`)).body.items.some((x) => x.id === t.id));
	await question(d, { title: 'And one more' });
	assert.equal(await next(hanna), t.id);

	const second = await over();
	assert.equal((await reopen(second, { again: true })).status, 200);
	assert.notEqual(await next(hugo), second.id, 'the one more');
	assert.equal(await next(hugo), second.id, 'nobody else waits');
	assert.ok(!(await hanna.get(`${V}/queue?view=mine`)).body.items.some((x) => x.id === second.id));
});

test('without the wish nothing is kept; a helper who gives it back is not asked a second time', async () => {
	const t = await over();
	assert.equal((await reopen(t, {})).status, 200);
	assert.equal((await last(d, t.path)).data.helper, undefined);
	assert.equal(await next(hugo), t.id);
	const u = await over();
	assert.equal((await reopen(u, { again: true })).status, 200);
	const claim = await hanna.json('POST', `${V}/queue/next`, {});
	assert.equal(claim.body.id, u.id);
	assert.equal((await hanna.json('POST', `${u.t}/release`, { fence: claim.body.lease.fence })).status, 200);
	await question(d, { title: 'Behind it' });
	assert.equal(await next(hugo), u.id, 'the oldest, for everybody');
	assert.equal((await reopen(u, { again: 'yes' })).status, 400);
	await next(hugo);
});

test('who reported the asker, or is gone, is nobody to wish for', async () => {
	const t = await talk(d, hanna, {});
	assert.equal((await d.get(t.path)).body.again, undefined, 'it is not closed');
	assert.equal((await hanna.json('POST', `${t.t}/messages`, { body: 'Please stay polite.', fence: t.fence })).status, 201);
	assert.equal((await hanna.json('POST', `${t.t}/report`, { reason: 'Insults' })).status, 201);
	assert.equal((await d.json('POST', `${t.path}/close`, {})).status, 200);
	assert.equal((await d.get(t.path)).body.again, undefined);
	assert.equal((await reopen(t, { again: true })).status, 200);
	assert.equal(await next(hugo), t.id);

	const u = await over();
	const id = (await hanna.get(`${V}/session`)).body.account.id;
	assert.equal((await ada.json('PATCH', `${V}/accounts/${id}`, { disabled: true })).status, 200);
	assert.equal((await d.get(u.path)).body.again, undefined);
	assert.equal((await ada.json('PATCH', `${V}/accounts/${id}`, { disabled: false })).status, 200);
});

test('on the page, without scripts', async () => {
	hanna = await d.login('hanna');
	const t = await over();
	const page = `/q/${t.token}`;
	assert.match((await d.get(page)).text, /<input type="checkbox" name="again" value="1"> With Lamplight again, if they can/);
	const r = await d.form(`${page}/reopen`, { again: '1' });
	assert.equal(r.status, 303, r.text);
	const open = (await d.get(page)).text;
	assert.match(open, /The conversation is open again, and Lamplight is asked first\./);
	assert.doesNotMatch(open, /name="again"/);
	assert.match((await hanna.get(`/desk/t/${t.id}`)).text, /Open again; the asker would like Lamplight again/);
});
