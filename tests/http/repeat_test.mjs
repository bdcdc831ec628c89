// What creates something answers a repeated client_id with the first answer, makes nothing twice and shows no secret again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, desk, heldItem, question, rules } from './api.mjs';
import { PASSWORD } from './lib.mjs';

let d, hanna, mona, mats, ada;
before(async () => {
	d = await desk();
	[hanna, mona, mats, ada] = await Promise.all(['hanna', 'mona', 'mats', 'ada'].map((n) => d.login(n)));
	await rules(ada);
});
after(() => d.stop());

/** Sends it, sends it again, sends something else under the same client_id; returns the first answer and the second. */
async function twice(who, path, body, other, first = 201) {
	const once = await who.json('POST', `${V}/${path}`, { ...body, client_id: `c-${path}` });
	assert.equal(once.status, first, once.text);
	const again = await who.json('POST', `${V}/${path}`, { ...body, client_id: `c-${path}` });
	assert.equal(again.status, 200, again.text);
	const conflict = await who.json('POST', `${V}/${path}`, { ...body, ...other, client_id: `c-${path}` });
	assert.equal(conflict.status, 409, conflict.text);
	assert.equal(conflict.body.field, 'client_id');
	for (const client_id of ['', 'x'.repeat(129)]) assert.equal((await who.json('POST', `${V}/${path}`, { ...body, client_id })).body.field, 'client_id');
	assert.equal((await who.json('POST', `${V}/${path}`, { ...body, client_id: 7 })).status, 400);
	return [once.body, again.body];
}

const audited = async (action) => (await ada.get(`${V}/audit?action=${action}`)).body.items.length;

test('a judgement: the same undo group, once', async () => {
	await question(d, { body: 'please hold this about lanterns' }, 'held');
	const { ticket } = await heldItem(mona, 'held', (i) => /lanterns/.test(i.body ?? JSON.stringify(i.parts)));
	const [once, again] = await twice(mona, 'judgements', { items: [{ ticket }], label: 'spam' }, { label: 'ham' }, 200);
	assert.equal(once.changed, 1);
	assert.deepEqual(again, once);
	assert.equal(await audited('judgement.spam'), 1);
	/* Another moderator's client_id is another. */
	const others = await mats.json('POST', `${V}/judgements`, { items: [{ ticket }], label: 'spam', client_id: 'c-judgements' });
	assert.equal(others.body.kept, 1);
	assert.equal((await mona.json('POST', `${V}/judgements/${again.undo}/undo`, {})).body.changed, 1);
});

test('an account: without the code, which stays good', async () => {
	const [once, again] = await twice(ada, 'accounts', { name: 'newt' }, { role: 'admin' });
	const { code, ...rest } = once;
	assert.ok(code);
	assert.deepEqual(again, rest);
	assert.equal((await d.json('POST', `${V}/session/reset`, { code, password: PASSWORD })).status, 204);
	assert.equal(await audited('account.add'), (await ada.get(`${V}/accounts`)).body.items.length);
});

test('a key: without its secret', async () => {
	const [once, again] = await twice(hanna, 'keys', { label: 'bot', scopes: ['read'] }, { scopes: ['read', 'write'] });
	assert.match(once.key, /^plk_/);
	assert.deepEqual(again, { id: once.id });
	assert.equal((await hanna.get(`${V}/keys`)).body.items.length, 1);
	const bot = d.client({ authorization: `Bearer ${once.key}` });
	assert.equal((await bot.get(`${V}/queue`)).status, 200);
	assert.equal((await hanna.json('DELETE', `${V}/keys/${once.id}`)).status, 204);
	assert.equal((await bot.get(`${V}/queue`)).status, 401);
	assert.equal((await hanna.json('DELETE', `${V}/keys/${once.id}`)).status, 404);
});

test('a ban and a ready reply: the same one, also when it is gone again', async () => {
	await question(d, { body: 'Where do the ferries stop in winter?' });
	const ticket = (await mona.get(`${V}/queue?view=all`)).body.items.at(-1).id;
	const [ban, ban2] = await twice(mona, 'bans', { ticket, days: 3 }, { days: 4 });
	assert.deepEqual(ban2, ban);
	const reply = { title: 'Sandbox', body: 'Try it in the sandbox first.', lang: 'en' };
	const [canned, canned2] = await twice(hanna, 'canned', reply, { body: 'Never mind.' });
	assert.deepEqual(canned2, canned);
	assert.equal((await hanna.json('DELETE', `${V}/canned/${canned.id}`)).status, 204);
	const gone = await hanna.json('POST', `${V}/canned`, { ...reply, client_id: 'c-canned' });
	assert.equal(gone.status, 200);
	assert.deepEqual(gone.body, canned);
	assert.equal((await hanna.get(`${V}/canned`)).body.items.length, 0);
});
