// The talk from outside: the state table, claims, fences, retries, streams, the link, transcripts.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { sleep, start, temporary, until } from './lib.mjs';

const RULES = `body OUR_HOLD /\\bholdme\\b/
score OUR_HOLD 8
describe OUR_HOLD a word of this test
body OUR_REJECT /\\brejectme\\b/
score OUR_REJECT 20
action OUR_REJECT reject
describe OUR_REJECT another word of this test
`;
const TITLES = { queued: 'an ordinary question', held: 'please holdme', rejected: 'please rejectme' };

let desk, rules, ann, bob, mo, tri;
before(async () => {
	rules = temporary();
	writeFileSync(path.join(rules, 'test.cf'), RULES);
	desk = await start({
		env: { PORCHLIGHT_RULES: rules, PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_TOPICS: 'editing, pictures', PORCHLIGHT_CLAIM_CAP: '100' },
		people: { ann: 'helper', bob: 'helper', mo: 'moderator', tri: 'trial' },
	});
	[ann, bob, mo, tri] = await Promise.all(['ann', 'bob', 'mo', 'tri'].map((n) => desk.login(n)));
});
after(async () => {
	await desk.stop();
	rmSync(rules, { recursive: true, force: true });
});

const asker = (token, action, value = {}) => desk.json('POST', `/api/v1/questions/${token}/${action}`, value);
const staff = (who, id, action, value = {}) => who.json('POST', `/api/v1/tickets/${id}/${action}`, value);
const view = async (token, n = 0) => (await desk.get(`/api/v1/questions/${token}?after=${n}`)).body;

async function ask(body = TITLES.queued, more = {}) {
	const r = await desk.json('POST', '/api/v1/questions', { body, ...more });
	assert.equal(r.status, 201, r.text);
	const id = await until(async () => {
		// the asker is not told the number; staff finds it by its title
		for (const [state, list] of [['queued', '/api/v1/queue?view=all'], ['held', '/api/v1/held?list=held'], ['rejected', '/api/v1/held?list=rejected']]) {
			if (state !== r.body.state) continue;
			let cursor = '';
			for (;;) {
				const page = (await mo.get(list + (cursor && `&cursor=${cursor}`))).body;
				const ids = page.items.map((x) => Number(x.id ?? x.ticket));
				if (page.cursor && state === 'queued') cursor = page.cursor;
				else return Math.max(...ids);
			}
		}
		return undefined;
	}, 'the question in its list');
	return { id, ...r.body };
}

/** A ticket in a state, with what is needed to go on: { id, token, fence }. */
async function make(state) {
	const t = await ask(TITLES[state] ?? TITLES.queued);
	if (['queued', 'held', 'rejected'].includes(state)) {
		assert.equal(t.state, state);
		return t;
	}
	if (state === 'spam') {
		assert.equal((await mo.json('POST', '/api/v1/judgements', { items: [{ ticket: String(t.id) }], label: 'spam' })).status, 200);
	} else if (state === 'erased') {
		assert.ok((await desk.request('DELETE', `/api/v1/questions/${t.token}`)).status < 300);
	} else {
		const claim = await staff(ann, t.id, 'claim');
		assert.equal(claim.status, 200, claim.text);
		t.fence = claim.body.lease.fence;
		if (state === 'snoozed') assert.equal((await staff(ann, t.id, 'snooze', { fence: t.fence, until: new Date(Date.now() + 3600e3).toISOString() })).status, 200);
		if (state === 'closed') assert.equal((await staff(ann, t.id, 'close', { fence: t.fence })).status, 200);
	}
	assert.equal((await view(t.token)).state, state);
	return t;
}

// Every cell that can be asked for: the state it leads to, or 409.
const later = () => new Date(Date.now() + 3600e3).toISOString();
const EVENTS = {
	'asker close': [(t) => asker(t.token, 'close'), { held: 'closed', queued: 'closed', live: 'closed', snoozed: 'closed' }],
	'asker reopen': [(t) => asker(t.token, 'reopen'), { closed: 'queued' }],
	'asker appeal': [(t) => asker(t.token, 'appeal', { body: 'I meant well' }), { rejected: 'held', spam: 'held' }],
	'asker erase': [(t) => desk.request('DELETE', `/api/v1/questions/${t.token}`), { held: 'erased', rejected: 'erased', spam: 'erased', queued: 'erased', live: 'erased', snoozed: 'erased', closed: 'erased', erased: 'erased' }],
	claim: [(t) => staff(mo, t.id, 'claim'), { queued: 'live' }],
	release: [(t) => staff(ann, t.id, 'release', { fence: t.fence ?? 1 }), { live: 'queued' }],
	close: [(t) => staff(ann, t.id, 'close', { fence: t.fence ?? 1 }), { live: 'closed' }],
	reopen: [(t) => staff(mo, t.id, 'reopen', { seen: 1e6 }), { closed: 'queued' }],
	snooze: [(t) => staff(ann, t.id, 'snooze', { fence: t.fence ?? 1, until: later() }), { live: 'snoozed' }],
	'transfer to a topic': [(t) => staff(ann, t.id, 'transfer', { fence: t.fence ?? 1, topic: 'pictures' }), { live: 'queued' }],
	'not a real question': [(t) => staff(mo, t.id, 'notreal', { seen: 1e6 }), { queued: 'held' }],
};
for (const state of ['queued', 'held', 'rejected', 'spam', 'live', 'snoozed', 'closed', 'erased'])
	test(`every event on a ticket that is ${state}`, async () => {
		for (const [name, [act, leads]] of Object.entries(EVENTS)) {
			const t = await make(state);
			const entries = (await mo.get(`/api/v1/tickets/${t.id}`)).body.n;
			const r = await act(t);
			const now = await view(t.token);
			const what = `${state}, ${name}: ${r.status} ${r.text}`;
			if (leads[state]) {
				assert.ok(r.status >= 200 && r.status < 300, what);
				assert.equal(now.state, leads[state], what);
			} else {
				// what a helper may not even see is not there for them
				assert.ok(r.status === 409 || (r.status === 404 && !name.startsWith('asker')), what);
				assert.equal(now.state, state, what);
				assert.equal((await mo.get(`/api/v1/tickets/${t.id}`)).body.n, entries, `${what}: nothing is written`);
			}
		}
	});

test('judgements move what is held, and can be taken back', async () => {
	const t = await make('held');
	let r = await mo.json('POST', '/api/v1/judgements', { items: [{ ticket: String(t.id) }], label: 'spam' });
	assert.equal(r.body.changed, 1);
	assert.equal((await view(t.token)).state, 'spam');
	assert.equal((await mo.json('POST', `/api/v1/judgements/${r.body.undo}/undo`)).status, 200);
	assert.equal((await view(t.token)).state, 'held');
	r = await mo.json('POST', '/api/v1/judgements', { items: [{ ticket: String(t.id) }], label: 'ham' });
	assert.equal((await view(t.token)).state, 'queued');
	assert.equal((await staff(ann, t.id, 'claim')).status, 200);
});

test('ten helpers reach for one ticket', async () => {
	for (let round = 0; round < 5; round++) {
		const t = await ask();
		const all = await Promise.all([ann, bob, mo, tri, ann.desk.client(bob.headers), ann.desk.client(mo.headers)].map((c) => staff(c, t.id, 'claim')));
		const won = all.filter((r) => r.status === 200);
		const fences = new Set(won.map((r) => `${r.body.holder.id}/${r.body.lease.fence}`));
		assert.equal(fences.size, 1, 'one holder and one fence');
		for (const r of all.filter((x) => x.status !== 200)) {
			assert.equal(r.status, 409, r.text);
			assert.ok(r.body.holder, r.text);
		}
	}
});

test('the same again is the same, anything else under its name is not', async () => {
	const t = await make('live');
	const say = (body, client_id) => staff(ann, t.id, 'messages', { body, fence: t.fence, client_id });
	const all = await Promise.all(Array.from({ length: 8 }, () => say('once', 'c-1')));
	assert.deepEqual([...new Set(all.map((r) => r.status))].sort(), [200, 201]);
	assert.equal(all.filter((r) => r.status === 201).length, 1);
	assert.equal(new Set(all.map((r) => r.body.n)).size, 1);
	assert.equal((await say('other', 'c-1')).status, 409);
	assert.equal((await asker(t.token, 'messages', { body: 'mine', client_id: 'c-1' })).status, 201, 'another author');
	assert.equal((await asker(t.token, 'messages', { body: 'mine', client_id: 'c-1' })).status, 200);
	assert.equal((await staff(ann, t.id, 'release', { fence: t.fence })).status, 200);
	assert.equal((await say('once', 'c-1')).status, 200, 'a repeat is known before the fence is looked at');
	assert.equal((await say('late', 'c-2')).status, 409);
	const texts = (await view(t.token)).log.filter((x) => x.body === 'once');
	assert.equal(texts.length, 1);
});

test('a question asked twice is one question', async () => {
	const client_id = 'b0f7f0f4-5d3c-4a39-9a64-6f1f0b6f7f11';
	const all = await Promise.all(Array.from({ length: 6 }, () => desk.json('POST', '/api/v1/questions', { body: 'twice?', client_id })));
	assert.equal(new Set(all.map((r) => r.body.token)).size, 1);
	assert.equal(all.filter((r) => r.status === 201).length, 1);
	assert.equal((await desk.json('POST', '/api/v1/questions', { body: 'other', client_id })).status, 409);
	const short = await desk.json('POST', '/api/v1/questions', { body: 'x', client_id: 'short' });
	assert.equal(short.status, 422);
	assert.equal(short.body.field, 'client_id');
});

test('fences: missing, stale, taken over', async () => {
	const t = await make('live');
	assert.equal((await staff(ann, t.id, 'messages', { body: 'x' })).status, 400);
	assert.equal((await staff(ann, t.id, 'messages', { body: 'x', fence: t.fence - 1 })).status, 409);
	assert.equal((await staff(bob, t.id, 'messages', { body: 'x', fence: t.fence })).status, 409);
	const n = (await mo.get(`/api/v1/tickets/${t.id}`)).body.n;
	assert.equal((await staff(mo, t.id, 'transfer', { to: mo.account.id, seen: 1 })).status, 409, 'something was written since');
	const over = await staff(mo, t.id, 'transfer', { to: mo.account.id, seen: n });
	assert.equal(over.status, 200, over.text);
	assert.equal((await staff(ann, t.id, 'messages', { body: 'x', fence: t.fence })).status, 409);
	const now = (await mo.get(`/api/v1/tickets/${t.id}`)).body;
	assert.equal(now.holder.id, mo.account.id);
	assert.ok(now.lease.fence > t.fence);
});

test('streams resume from every number and see each entry once', async () => {
	const t = await make('live');
	for (let i = 0; i < 6; i++) {
		assert.equal((await staff(ann, t.id, i % 2 ? 'messages' : 'notes', { body: `line ${i}`, fence: t.fence })).status, 201);
		assert.equal((await asker(t.token, 'messages', { body: `answer ${i}` })).status, 201);
	}
	const log = (await view(t.token)).log;
	assert.ok(!log.some((x) => x.kind === 'note'));
	const last = log.at(-1).n;
	for (let n = 0; n <= last; n++) {
		const want = log.filter((x) => x.n > n).map((x) => x.n);
		const s = await desk.sse(`/api/v1/questions/${t.token}/events?after=${n}`);
		const seen = [];
		while (seen.length < want.length) seen.push(Number((await s.next('entry')).id));
		assert.deepEqual(seen, want);
		s.close();
	}
	// the header wins; staff sees all numbers without a gap
	const s = await ann.sse(`/api/v1/tickets/${t.id}/events?after=0`, { 'last-event-id': String(last - 2) });
	assert.equal((await s.next('entry')).id, String(last - 1));
	assert.equal((await s.next('entry')).id, String(last));
	assert.equal((await asker(t.token, 'messages', { body: 'now' })).status, 201);
	assert.equal((await s.next('entry')).id, String(last + 1));
	s.close();
});

test('writers on both sides, readers on both sides: one order', async () => {
	const t = await make('live');
	const readers = [await desk.sse(`/api/v1/questions/${t.token}/events`), await ann.sse(`/api/v1/tickets/${t.id}/events`)];
	assert.equal((await staff(ann, t.id, 'messages', { body: 'hello', fence: t.fence })).status, 201);
	const sent = [];
	for (let i = 0; i < 30; i++) {
		sent.push(asker(t.token, 'messages', { body: `a${i}` }));
		sent.push(staff(ann, t.id, 'messages', { body: `h${i}`, fence: t.fence }));
	}
	const numbers = (await Promise.all(sent)).map((r) => r.body.n).sort((a, b) => a - b);
	const last = numbers.at(-1);
	assert.equal(new Set(numbers).size, 60);
	for (const r of readers) {
		let n = 0;
		while (n < last) {
			const x = await r.next('entry');
			assert.ok(x, 'the stream goes on');
			assert.equal(Number(x.id), n + 1, 'in order, without a gap');
			n = Number(x.id);
		}
		r.close();
	}
});

test('those who wait hear their place, both sides hear who is here and who writes', async () => {
	const quiet = await start({ env: { PORCHLIGHT_RULES: rules }, people: { eve: 'helper' } });
	try {
		const eve = await quiet.login('eve');
		const first = (await quiet.json('POST', '/api/v1/questions', { body: 'first?' })).body;
		const second = (await quiet.json('POST', '/api/v1/questions', { body: 'second?' })).body;
		assert.deepEqual([first.position, second.position], [1, 2]);
		const s = await quiet.sse(`/api/v1/questions/${second.token}/events`);
		const c = (await eve.json('POST', '/api/v1/queue/next', {})).body;
		let place;
		do place = await s.next('queue');
		while (place.data.position !== 1);
		assert.equal(place.id, undefined, 'no number: it is not in the log');
		assert.ok(place.data.wait.status);
		s.close();

		const asker_ = await quiet.sse(`/api/v1/questions/${first.token}/events`);
		const helper = await eve.sse(`/api/v1/tickets/${c.id}/events`);
		let here;
		do here = await asker_.next('presence');
		while (here.data.helpers !== 1);
		do here = await helper.next('presence');
		while (!here.data.asker);
		assert.ok((await eve.json('POST', `/api/v1/tickets/${c.id}/typing`, {})).status < 300);
		assert.equal((await asker_.next('typing')).data.who, 'helper');
		assert.ok((await quiet.json('POST', `/api/v1/questions/${first.token}/typing`, {})).status < 300);
		assert.equal((await helper.next('typing')).data.who, 'asker');
		helper.close();
		do here = await asker_.next('presence');
		while (here.data.helpers !== 0);
		asker_.close();
	} finally {
		await quiet.stop();
	}
});

test('a new link kills the old one', async () => {
	const t = await ask();
	const s = await desk.sse(`/api/v1/questions/${t.token}/events`);
	const r = await asker(t.token, 'link');
	assert.ok(r.status === 200 || r.status === 201, r.text);
	assert.equal((await desk.get(`/api/v1/questions/${t.token}`)).status, 404);
	assert.equal((await view(r.body.token)).state, 'queued');
	await until(() => s.ended, 'the old stream to end');
});

test('the asker may add five texts before somebody answers', async () => {
	const t = await ask();
	for (let i = 0; i < 5; i++) assert.equal((await asker(t.token, 'messages', { body: `and ${i}` })).status, 201);
	const r = await asker(t.token, 'messages', { body: 'and' });
	assert.equal(r.status, 429, r.text);
	assert.ok(Number(r.headers['retry-after']) > 0);
});

test('and 32 KiB in all', async () => {
	const t = await ask();
	const long = 'How would I cite this page of the newspaper, and where does it go? '.repeat(200);
	const got = [];
	for (let i = 0; i < 4; i++) got.push((await asker(t.token, 'messages', { body: `${i}: ${long}` })).status);
	assert.deepEqual(got, [201, 201, 429, 429]);
	assert.equal((await asker(t.token, 'messages', { body: 'Only this.' })).status, 201);
});

test('a trial helper reads what it has claimed', async () => {
	const t = await ask('words for few');
	assert.equal((await tri.get(`/api/v1/tickets/${t.id}`)).status, 404);
	const item = (await tri.get('/api/v1/queue')).body.items.find((x) => x.id === String(t.id)) ?? {};
	assert.equal(item.title, undefined);
	assert.equal((await staff(tri, t.id, 'claim')).status, 200);
	assert.equal((await tri.get(`/api/v1/tickets/${t.id}`)).body.log[0].body, 'words for few');
});

test('nobody but moderators reads what is held', async () => {
	const t = await ask('please holdme, pangolin');
	assert.equal(t.state, 'held');
	for (const action of ['', '/events', '/transcript?format=txt']) assert.equal((await ann.get(`/api/v1/tickets/${t.id}${action}`)).status, 404, action);
	assert.equal((await mo.get(`/api/v1/tickets/${t.id}`)).status, 200);
	assert.deepEqual((await mo.get('/api/v1/search?q=pangolin')).body.items, []);
});

test('erased words are gone from every answer', async () => {
	const t = await make('live');
	await asker(t.token, 'messages', { body: 'a glockenspiel' });
	assert.equal((await ann.get('/api/v1/search?q=glockenspiel')).body.items.length, 1);
	assert.ok((await desk.request('DELETE', `/api/v1/questions/${t.token}`)).status < 300);
	const now = await desk.get(`/api/v1/questions/${t.token}`);
	assert.equal(now.status, 200);
	assert.equal(now.body.state, 'erased');
	assert.ok(!now.text.includes('glockenspiel'));
	for (const path_ of [`/api/v1/tickets/${t.id}`, `/api/v1/tickets/${t.id}/transcript?format=json`, '/api/v1/search?q=glockenspiel', '/api/v1/queue?view=all'])
		assert.ok(!(await mo.get(path_)).text.includes('glockenspiel'), path_);
	assert.equal((await desk.request('DELETE', `/api/v1/questions/${t.token}`)).body.state, 'erased', 'again is harmless');
	assert.match(readFileSync(path.join(desk.data, 'erasures'), 'utf8'), new RegExp(`^${t.id} `, 'm'));
});

test('a holder who falls silent loses the claim', async () => {
	const short = await start({ env: { PORCHLIGHT_LEASE_S: '4', PORCHLIGHT_RULES: rules }, people: { eve: 'helper' } });
	try {
		const eve = await short.login('eve');
		const q = (await short.json('POST', '/api/v1/questions', { body: 'anybody?' })).body;
		const c = (await eve.json('POST', '/api/v1/queue/next', {})).body;
		const s = await short.sse(`/api/v1/questions/${q.token}/events?after=3`);
		assert.equal((await eve.json('PUT', `/api/v1/tickets/${c.id}/draft`, { body: 'half a thought' })).status, 204);
		const lapse = await s.next('entry');
		assert.deepEqual([lapse.data.data.from, lapse.data.data.to], ['live', 'queued']);
		s.close();
		const late = await eve.json('POST', `/api/v1/tickets/${c.id}/messages`, { body: 'late', fence: c.lease.fence });
		assert.equal(late.status, 409);
		const again = (await eve.json('POST', `/api/v1/tickets/${c.id}/claim`, {})).body;
		assert.ok(again.lease.fence > c.lease.fence + 1, 'expiry and claim both raise it');
		// renewing keeps it, longer than one term
		for (const begin = Date.now(); Date.now() - begin < 5000; await sleep(200)) {
			const r = await eve.json('POST', `/api/v1/tickets/${c.id}/renew`, { fence: again.lease.fence });
			assert.equal(r.status, 200, r.text);
		}
		assert.equal((await short.get(`/api/v1/questions/${q.token}`)).body.state, 'live');
	} finally {
		await short.stop();
	}
});
