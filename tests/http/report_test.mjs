// Reports: each side of a conversation tells the moderators about the other; a person decides. What many reports do by themselves: pause_test.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, desk, heldItem, question, talk } from './api.mjs';

let d, hanna, hugo, mona, ada;
before(async () => {
	d = await desk({ env: { PORCHLIGHT_CLAIM_CAP: '50' } });
	[hanna, hugo, mona, ada] = await Promise.all(['hanna', 'hugo', 'mona', 'ada'].map((n) => d.login(n)));
});
after(() => d.stop());

const judge = (ticket, n, label) => mona.json('POST', `${V}/judgements`, { items: [{ ticket, n }], label });
const listed = (t, n) => heldItem(mona, 'reports', (i) => i.ticket === t.id && i.n === n);
const reports = async () => (await mona.get(`${V}/held?list=reports`)).body.counts.reports;

test('the asker reports an answer: moderators read it, the helper does not', async () => {
	const t = await talk(d, hanna, { body: 'How do I draw a beacon?' });
	assert.equal((await d.json('POST', `${t.path}/report`, { reason: 'Nobody is here.' })).status, 409);
	const said = await hanna.json('POST', `${t.t}/messages`, { body: 'Tell me the street you live in first.', fence: t.fence });
	const r = await d.json('POST', `${t.path}/report`, { reason: 'Asks for my phone number' });
	assert.equal(r.status, 201, r.text);
	assert.equal(r.body.n, said.body.n);
	const again = await d.json('POST', `${t.path}/report`, { n: said.body.n, reason: 'Asks for my phone number' });
	assert.deepEqual([again.status, again.body], [200, r.body]);
	const item = await listed(t, said.body.n);
	assert.equal(item.body, 'Tell me the street you live in first.');
	assert.equal(item.author, 'helper');
	assert.deepEqual(item.reports.map((x) => [x.by, x.name, x.reason]), [['asker', undefined, 'Asks for my phone number']]);
	assert.ok(item.reasons.some((x) => /Asks for my phone number/.test(x)));
	assert.match((await mona.get('/desk/moderation?list=reports')).text, /Asks for my phone number/);
	assert.ok(!/phone number|report/.test((await hanna.get(t.t)).text), 'the reported helper can read it');
	assert.ok(!/phone number|report/.test((await d.get(t.path)).text));
	assert.equal((await d.get(t.path)).body.state, 'live');
	assert.equal((await hanna.get(`${V}/held?list=reports`)).status, 403);
	const row = (await ada.get(`${V}/audit?action=ticket.report`)).body.items[0];
	assert.deepEqual([row.id, row.detail], [t.id, `asker, entry ${said.body.n}`]);
	const done = await judge(t.id, said.body.n, 'ham');
	assert.equal(done.body.changed, 1, done.text);
	assert.equal(await listed(t, said.body.n), undefined);
	assert.equal((await mona.json('POST', `${V}/judgements/${done.body.undo}/undo`, {})).body.changed, 1);
	assert.ok(await listed(t, said.body.n), 'undone, it is open again');
	assert.equal((await mona.get(`${V}/held?list=held`)).body.counts.held, 0, 'and on no other list');
	assert.equal((await judge(t.id, said.body.n, 'ham')).body.changed, 1);
});

test('staff report a question or a line; colleagues see that, and any number of reports punishes no asker', async () => {
	const t = await talk(d, hanna, { body: 'You are all fools, and how do I sign?' });
	const line = await d.json('POST', `${t.path}/messages`, { body: 'And ugly.' });
	const own = await hanna.json('POST', `${t.t}/messages`, { body: 'Please be kind.', fence: t.fence });
	assert.equal((await hanna.json('POST', `${t.t}/report`, { reason: 'Insults' })).body.n, 1);
	for (const who of [hanna, hugo, mona])
		assert.equal((await who.json('POST', `${t.t}/report`, { n: line.body.n, reason: 'Insults again', client_id: 'r1' })).status, 201);
	assert.equal((await hanna.json('POST', `${t.t}/report`, { n: line.body.n, reason: 'Insults again', client_id: 'r1' })).status, 200);
	const other = await hanna.json('POST', `${t.t}/report`, { n: line.body.n, reason: 'Something else', client_id: 'r1' });
	assert.deepEqual([other.status, other.body.field], [409, 'client_id']);
	assert.equal((await hanna.json('POST', `${t.t}/report`, { n: own.body.n, reason: 'x' })).body.field, 'n');
	assert.equal((await d.get(t.path)).body.state, 'live');
	assert.ok(!/Insults/.test((await d.get(t.path)).text));
	const facts = (await hugo.get(t.t)).body.log.filter((x) => x.kind === 'fact' && x.data.what === 'report');
	assert.deepEqual(facts.map((x) => [x.data.of, x.body]), [[1, undefined], ...Array(3).fill([line.body.n, undefined])]);
	assert.match((await hugo.get(`/desk/t/${t.id}`)).text, /Reported to the moderators/);
	assert.equal((await listed(t, line.body.n)).reports.length, 3);
	// The question as spam: the state table's step, and back.
	const spam = await judge(t.id, 1, 'spam');
	assert.equal(spam.body.changed, 1, spam.text);
	assert.equal((await d.get(t.path)).body.state, 'spam');
	assert.equal(await listed(t, 1), undefined);
	assert.equal((await mona.json('POST', `${V}/judgements/${spam.body.undo}/undo`, {})).body.changed, 1);
	assert.ok(await listed(t, 1));
	const before = await reports();
	assert.equal((await judge(t.id, 1, 'ham')).body.changed, 1);
	assert.equal((await judge(t.id, line.body.n, 'ham')).body.changed, 1);
	assert.equal(await reports(), before - 2);
});

test('what is no report', async () => {
	const t = await talk(d, hanna, { body: 'How do I draw a beam of light?' });
	const said = await hanna.json('POST', `${t.t}/messages`, { body: 'With a gradient.', fence: t.fence });
	const note = await hanna.json('POST', `${t.t}/notes`, { body: 'Seems nice.', fence: t.fence });
	for (const [body, status, field] of [
		[{}, 422, 'reason'],
		[{ reason: '  ' }, 422, 'reason'],
		[{ reason: 'x'.repeat(501) }, 422, 'reason'],
		[{ reason: 7 }, 400, 'reason'],
		[{ reason: 'x', n: '3' }, 400, 'n'],
		[{ reason: 'x', n: -1 }, 422, 'n'],
		[{ reason: 'x', n: 1 }, 422, 'n'],
		[{ reason: 'x', n: 2 }, 422, 'n'],
		[{ reason: 'x', n: note.body.n }, 422, 'n'],
		[{ reason: 'x', n: 99 }, 422, 'n'],
		[{ reason: 'x', client_id: '' }, 422, 'client_id'],
	]) {
		const r = await d.json('POST', `${t.path}/report`, body);
		assert.deepEqual([r.status, r.body.field], [status, field], JSON.stringify(body).slice(0, 60) + r.text);
	}
	for (let i = 0; i < 5; i++) assert.equal((await d.json('POST', `${t.path}/report`, { n: said.body.n, reason: `Reason ${i}` })).status, 201);
	const more = await d.json('POST', `${t.path}/report`, { n: said.body.n, reason: 'Reason 5' });
	assert.equal(more.status, 429);
	assert.ok(Number(more.headers['retry-after']) > 0);
	assert.equal((await d.json('POST', `${t.path}/report`, { n: said.body.n, reason: 'Reason 0' })).status, 200);
	assert.equal((await d.json('POST', `${V}/questions/unknown/report`, { reason: 'x' })).status, 404);
	assert.equal((await d.json('POST', `${t.t}/report`, { reason: 'x' })).status, 401);
	assert.equal((await judge(t.id, said.body.n, 'ham')).body.changed, 1);
});

test('erasing what is reported seals it for the moderators; erasing takes settled reports along', async () => {
	const t = await talk(d, hanna, { body: 'How do I draw a mirror?' });
	await hanna.json('POST', `${t.t}/messages`, { body: 'Meet me behind it.', fence: t.fence });
	const r = await d.json('POST', `${t.path}/report`, { reason: 'Frightens me' });
	assert.deepEqual((await d.json('DELETE', t.path)).body, { state: 'erased', sealed: true });
	assert.equal((await listed(t, r.body.n)).body, 'Meet me behind it.');
	assert.ok(!/behind/.test((await d.get(t.path)).text));
	assert.equal((await d.json('POST', `${t.path}/report`, { reason: 'Another' })).status, 409);
	assert.equal((await judge(t.id, r.body.n, 'ham')).body.changed, 1);
	const q = await question(d, { body: 'How do I draw nothing?' });
	assert.equal((await d.json('DELETE', q.path)).body.sealed, false);
});
