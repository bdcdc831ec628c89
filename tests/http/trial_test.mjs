// Closed conversations of trial helpers: the moderators' list to look at, by chance and by complaint.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, desk, question, talk } from './api.mjs';

/** All of them by chance; none of them. */
let every, none;
before(async () => {
	[every, none] = await Promise.all(['1', '0'].map((n) => desk({ env: { PORCHLIGHT_TRIAL_SAMPLE: n, PORCHLIGHT_CLAIM_CAP: '50' } })));
	for (const d of [every, none]) [d.trixie, d.hanna, d.mona, d.ada] = await Promise.all(['trixie', 'hanna', 'mona', 'ada'].map((n) => d.login(n)));
});
after(() => Promise.all([every.stop(), none.stop()]));

/** A question that the trial helper answers, and closes unless told otherwise. */
async function answered(d, title, closes = true) {
	const q = await question(d, { title });
	const r = await d.trixie.json('POST', `${V}/queue/next`, {});
	assert.equal(r.status, 200, r.text);
	const t = `${V}/tickets/${r.body.id}`;
	const fence = r.body.lease.fence;
	assert.equal((await d.trixie.json('POST', `${t}/messages`, { body: 'Look at the sandbox.', fence })).status, 201);
	if (closes) assert.equal((await d.trixie.json('POST', `${t}/close`, { fence })).status, 200);
	return { ...q, id: r.body.id, t, fence };
}
const list = async (d) => {
	const r = await d.mona.get(`${V}/held?list=trial`);
	assert.equal(r.status, 200, r.text);
	assert.equal(r.body.counts.trial, r.body.items.length);
	return r.body.items;
};

test('by chance: what a trial helper closed, or its asker; not what others held', async () => {
	const one = await answered(every, 'Ferries');
	const two = await answered(every, 'Ferries', false);
	assert.deepEqual((await list(every)).map((i) => i.ticket), [one.id], 'an open one is not listed');
	assert.equal((await every.json('POST', `${two.path}/close`, {})).status, 200);
	const h = await talk(every, every.hanna, {});
	assert.equal((await every.hanna.json('POST', `${h.t}/messages`, { body: 'Here.', fence: h.fence })).status, 201);
	assert.equal((await every.hanna.json('POST', `${h.t}/close`, { fence: h.fence })).status, 200);
	const items = (await every.mona.get(`${V}/held?list=trial&fold=1`)).body.items;
	assert.deepEqual(items.map((i) => i.ticket), [one.id, two.id], 'not folded');
	assert.equal(items[0].trial.why, 'sample');
	assert.equal(items[0].trial.by.id, String(every.trixie.account.id));
	/* One that is open again is not closed. */
	assert.equal((await every.json('POST', `${two.path}/reopen`, {})).status, 200);
	assert.deepEqual((await list(every)).map((i) => i.ticket), [one.id]);
	for (const who of [every.trixie, every.hanna]) {
		assert.equal((await who.get(`${V}/held?list=trial`)).status, 403);
		assert.equal((await who.json('POST', `${one.t}/looked`, {})).status, 403);
	}
	assert.equal((await every.mona.json('POST', `${one.t}/looked`, {})).status, 204);
	assert.equal((await every.mona.json('POST', `${one.t}/looked`, {})).status, 404);
	assert.deepEqual(await list(every), []);
	const audit = (await every.ada.get(`${V}/audit?action=trial.looked`)).body.items;
	assert.deepEqual(audit.map((a) => [a.object, a.id, a.account.id]), [['ticket', one.id, String(every.mona.account.id)]]);
	/* Looked at by chance; a complaint brings it back. */
	assert.equal((await every.json('POST', `${one.path}/rating`, { helped: false })).status, 200);
	assert.deepEqual((await list(every)).map((i) => [i.ticket, i.trial.why]), [[one.id, 'rating']]);
	assert.equal((await every.mona.json('POST', `${one.t}/looked`, {})).status, 204);
	assert.equal((await every.json('POST', `${one.path}/rating`, { helped: false })).status, 200);
	assert.deepEqual(await list(every), [], 'the same complaint does not');
});

test('without chance: what did not help and what was reported, before or after it closed', async () => {
	const good = await answered(none, 'Trams');
	const bad = await answered(none, 'Buses');
	const told = await answered(none, 'Boats', false);
	assert.equal((await none.json('POST', `${told.path}/report`, { reason: 'They laughed at me.' })).status, 201);
	assert.deepEqual(await list(none), []);
	assert.equal((await none.json('POST', `${good.path}/rating`, { helped: true })).status, 200);
	assert.equal((await none.json('POST', `${bad.path}/rating`, { helped: false })).status, 200);
	assert.equal((await none.trixie.json('POST', `${told.t}/close`, { fence: told.fence })).status, 200);
	assert.deepEqual((await list(none)).map((i) => [i.ticket, i.trial.why]), [[bad.id, 'rating'], [told.id, 'report']]);
	assert.equal((await none.json('POST', `${good.path}/report`, { reason: 'On second thought.' })).status, 201);
	assert.deepEqual((await list(none)).map((i) => [i.ticket, i.trial.why]).at(-1), [good.id, 'report']);
	/* Erased words are not read by anybody. */
	assert.ok([200, 202, 204].includes((await none.request('DELETE', bad.path)).status));
	assert.ok(!(await list(none)).some((i) => i.ticket === bad.id));
});
