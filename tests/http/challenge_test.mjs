// Challenges: what is doubtful for its behaviour alone may prove itself, by any ALTCHA client, by the site question, or not at all; and what spammers try with them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { STAFF, V, ask, desk, question, rules, RULES } from './api.mjs';
import { start, temporary } from './lib.mjs';
import { base64, invented, solve } from './proof.mjs';

// With the point for a missing form this is in the challenged band; on its own words alone it is not.
const DOUBT = `${RULES}
body TEST_DOUBT /please check this/
describe TEST_DOUBT A test is in doubt
score TEST_DOUBT 2.5
body TEST_WORDS /please doubt this/
describe TEST_WORDS Its words are doubtful
score TEST_WORDS 3.5
`;
// Each in other words, or they would be near copies of each other.
const word = () => randomUUID().replace(/\d/g, (c) => 'ghijklmnop'[c]).replaceAll('-', ' ');
const doubtful = () => ({ body: `Could you please check this for me? It is about ${word()}.` });
const env = { PORCHLIGHT_CHALLENGE: 'auto', PORCHLIGHT_SITE_QUESTION: 'en: How many wheels has a bicycle? = 2, two | de: Wie viele Räder hat ein Fahrrad? = 2, zwei' };

let d, ada, mona, hanna;
before(async () => {
	d = await desk({ env });
	ada = await d.login('ada');
	mona = await d.login('mona');
	hanna = await d.login('hanna');
	await rules(ada, DOUBT);
});
after(() => d.stop());

const send = (q, body) => d.json('POST', `${q.path}/challenge`, body);
async function challenged(more = {}) {
	const r = await ask(d, { ...doubtful(), ...more });
	assert.equal(r.status, 201, r.text);
	assert.equal(r.body.state, 'challenged', r.text);
	return { token: r.body.token, path: `${V}/questions/${r.body.token}`, challenge: r.body.challenge };
}
const state = async (q) => (await d.get(q.path)).body.state;

test('a client solves it, and the question is queued', async () => {
	const q = await challenged({ title: 'A doubtful title' });
	assert.equal(q.challenge.algorithm, 'SHA-256');
	assert.match(q.challenge.challenge, /^[0-9a-f]{64}$/);
	assert.match(q.challenge.signature, /^[0-9a-f]{64}$/);
	assert.match(q.challenge.salt, /^[0-9a-f]{24}\?expires=\d+&$/);
	assert.ok(q.challenge.maxnumber >= 1000 && q.challenge.maxnumber <= 100_000);
	assert.equal(q.challenge.question, 'How many wheels has a bicycle?');
	const again = (await d.get(q.path)).body;
	assert.equal(again.state, 'challenged');
	assert.notEqual(again.challenge.salt, q.challenge.salt, 'each one is its own');
	const r = await send(q, { pow: solve(q.challenge) });
	assert.equal(r.status, 200, r.text);
	assert.deepEqual(r.body, { state: 'queued' });
	assert.equal((await d.get(q.path)).body.challenge, undefined);
	// the new verdict says why, without the behaviour class
	const id = (await hanna.get(`${V}/queue?view=unassigned`)).body.items.find((t) => t.title === 'A doubtful title').id;
	const v = (await mona.get(`${V}/tickets/${id}/verdicts/1`)).body;
	assert.equal(v.action, 'accept');
	assert.equal(v.facts.proven, 'yes');
	assert.deepEqual(v.hits.map((h) => h.rule), ['TEST_DOUBT']);
});

test('words that are doubtful themselves are held, without a challenge', async () => {
	const r = await ask(d, { body: 'I wonder: please doubt this text.' });
	assert.equal(r.body.state, 'held');
	assert.equal(r.body.challenge, undefined);
});

test('a rule that came meanwhile is heard when it is judged again', async () => {
	const q = await challenged({ body: 'please check this and also the word overnight' });
	const path = `${V}/rules/local.d%2Ftest.cf`;
	const file = await ada.get(path);
	const put = await ada.request('PUT', path, { headers: { 'content-type': 'text/plain', 'if-match': file.headers.etag }, body: `${DOUBT}\nbody TEST_LATE /overnight/\ndescribe TEST_LATE late\nscore TEST_LATE 2\n` });
	assert.equal(put.status, 200, put.text);
	const r = await send(q, { pow: solve(q.challenge) });
	assert.deepEqual([r.status, r.body.state], [200, 'held']);
	const held = (await mona.get(`${V}/held?list=held`)).body.items.find((x) => x.body.includes('overnight'));
	assert.ok(held, 'on the list of the held');
});

test('wrong, expired, of another shape: 422, and nothing moves', async () => {
	const q = await challenged();
	const good = solve(q.challenge);
	const parts = JSON.parse(Buffer.from(good, 'base64'));
	const wrong = [
		solve(q.challenge, { number: parts.number + 1 }),
		solve(q.challenge, { algorithm: 'SHA-512' }),
		solve(q.challenge, { salt: parts.salt.replace(/expires=\d/, 'expires=9') }),
		solve(q.challenge, { salt: `${parts.salt}${String(parts.number).slice(0, 1)}`, number: Number(String(parts.number).slice(1) || 0) }),
		solve(q.challenge, { signature: 'b'.repeat(64) }),
		invented(), invented(parts.signature), base64('{}'), base64('{"number":'), 'not base64!', 'A'.repeat(5000),
	];
	for (const pow of wrong) {
		const r = await send(q, { pow });
		assert.equal(r.status, 422, `${pow.slice(0, 60)}: ${r.text}`);
		assert.equal(r.body.field, 'pow');
	}
	assert.equal((await send(q, {})).status, 422);
	assert.equal((await send(q, { pow: 7 })).status, 400);
	assert.equal(await state(q), 'challenged');
	assert.equal((await send(q, { pow: good })).status, 200);
});

test('replayed, shared between questions, made for something else', async () => {
	const a = await challenged();
	const b = await challenged();
	const pow = solve(a.challenge);
	assert.equal((await send(b, { pow })).status, 422, 'bound to its question');
	assert.equal((await send(a, { pow })).status, 200);
	assert.equal((await send(a, { pow })).status, 409, 'nothing to solve any more');
	assert.equal((await send(b, { pow })).status, 422);
	assert.equal(await state(b), 'challenged');
	const form = (await d.get(`${V}/questions/form`)).body;
	assert.equal((await send(b, { pow: solve(form.challenge) })).status, 422, "a form's challenge is none of a question");
	// two at once: one is taken
	const both = await Promise.all([1, 2, 3, 4].map(() => send(b, { pow: solve(b.challenge) })));
	assert.deepEqual(both.map((r) => r.status).sort(), [200, 409, 409, 409]);
});

test('sent along with the question, bound to its form', async () => {
	const form = (await d.get(`${V}/questions/form`)).body;
	const pow = solve(form.challenge);
	// without a form it is nobody's, with another form it is that form's
	assert.equal((await ask(d, { ...doubtful(), pow })).body.state, 'challenged');
	const other = (await d.get(`${V}/questions/form`)).body;
	assert.equal((await ask(d, { body: 'please check this, I am in doubt.', form: other.form, pow })).body.state, 'queued', 'a good form needs none');
	const r = await ask(d, { body: 'Nothing doubtful here at all.', form: form.form, pow });
	assert.equal(r.body.state, 'queued');
	// a broken one costs nobody their question
	for (const bad of ['x', invented(), pow]) assert.equal((await ask(d, { ...doubtful(), pow: bad })).status, 201);
});

test('the site question, in any of its languages, and the fifth wrong answer', async () => {
	for (const answer of ['2', ' TWO ', 'zwei', '２']) {
		const q = await challenged();
		const r = await send(q, { answer });
		assert.deepEqual([r.status, r.body?.state], [200, 'queued'], `${answer}: ${r.text}`);
	}
	const q = await challenged({ title: 'Guessed' });
	for (let i = 1; i < 5; i++) {
		const r = await send(q, { answer: `guess ${i}` });
		assert.deepEqual([r.status, r.body.field], [422, 'answer']);
	}
	const last = await send(q, { answer: '3' });
	assert.deepEqual([last.status, last.body.state], [200, 'held'], 'a person looks');
	assert.equal((await send(q, { answer: '2' })).status, 409);
});

test('skip: a person looks, from the folded list', async () => {
	const q = await challenged({ title: 'Skipped by its asker' });
	const before = (await mona.get(`${V}/held?list=challenged`)).body.items.find((x) => x.title === 'Skipped by its asker');
	assert.equal(before.state, 'challenged');
	const r = await send(q, { skip: true });
	assert.deepEqual([r.status, r.body.state], [200, 'held']);
	const item = (await mona.get(`${V}/held?list=challenged`)).body.items.find((x) => x.title === 'Skipped by its asker');
	assert.equal(item.state, 'held');
	assert.equal((await mona.get(`${V}/held?list=held`)).body.items.some((x) => x.title === 'Skipped by its asker'), false);
	const done = await mona.json('POST', `${V}/judgements`, { items: [{ ticket: item.ticket }], label: 'ham' });
	assert.equal(done.body.changed, 1);
	assert.equal(await state(q), 'queued');
});

test('ten thousand junk answers cost little and change nothing', async () => {
	const q = await challenged();
	const good = solve(q.challenge);
	const junk = [invented(), 'x'.repeat(2000), base64('[]'), solve(q.challenge, { signature: 'c'.repeat(64) })];
	// utime and stime of the process, in ticks of 10 ms
	const cpu = () => readFileSync(`/proc/${d.child.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((x, y) => x + Number(y), 0);
	const from = cpu();
	for (let i = 0; i < 10_000; i += 50) {
		const some = await Promise.all(Array.from({ length: 50 }, (_, k) => send(q, { pow: junk[(i + k) % junk.length] })));
		for (const r of some) assert.equal(r.status, 422);
	}
	console.log(`# 10,000 junk answers: ${cpu() - from} us of CPU each, the request included`);
	assert.equal(await state(q), 'challenged');
	assert.equal((await send(q, { pow: good })).status, 200);
});

test('an appeal with its proof is read among the appeals, a thousand without are not in its way', async () => {
	const refused = { body: 'please refuse this, dear desk' };
	const list = async (name) => {
		const all = [];
		for (let cursor; ; ) {
			const r = (await mona.get(`${V}/held?list=${name}${cursor ? `&cursor=${cursor}` : ''}`)).body;
			all.push(...r.items);
			if (!(cursor = r.cursor)) return all;
		}
	};
	const q = await question(d, refused, 'rejected');
	const challenge = (await d.get(q.path)).body.challenge;
	const other = await question(d, refused, 'rejected');
	// the proof of one is none for another
	const stolen = await d.json('POST', `${other.path}/appeal`, { body: 'With the proof of another.', pow: solve(challenge) });
	assert.deepEqual([stolen.status, stolen.body.state], [200, 'held'], stolen.text);
	const mine = { body: 'I did mean it.', pow: solve(challenge), client_id: randomUUID() };
	const r = await d.json('POST', `${q.path}/appeal`, mine);
	assert.deepEqual([r.status, r.body.state], [200, 'held'], r.text);
	assert.deepEqual((await d.json('POST', `${q.path}/appeal`, mine)).body, r.body, 'the same again, though its proof is spent');
	for (let i = 0; i < 1000; i += 20)
		await Promise.all(
			Array.from({ length: 20 }, async () => {
				const x = await question(d, refused, 'rejected');
				assert.equal((await d.json('POST', `${x.path}/appeal`, {})).body.state, 'held', 'taken, never refused');
			}),
		);
	const appeals = await list('appeals');
	assert.deepEqual(appeals.map((x) => x.appeal), ['I did mean it.']);
	const folded = await list('challenged');
	assert.equal(folded.filter((x) => x.body === refused.body).length, 1001);
	assert.ok(folded.some((x) => x.appeal === 'With the proof of another.'));
});

test('the page without a script: a question to answer, or a person', async () => {
	const post = (path, fields) => d.form(path, fields);
	const q = await challenged();
	const page = await d.get(`/q/${q.token}`);
	assert.match(page.text, /How many wheels has a bicycle\?/);
	assert.doesNotMatch(page.text, /= 2/);
	assert.doesNotMatch(page.text, /http-equiv="refresh"/, 'an answer is being typed');
	const wrong = await post(`/q/${q.token}/challenge`, { answer: '5' });
	assert.equal(wrong.status, 303);
	assert.match((await d.get(wrong.headers.location.replace(/^https?:\/\/[^/]+|#.*/g, ''))).text, /That was not it/);
	const other = await post(`/q/${q.token}/challenge`, { answer: '2' });
	assert.equal(other.status, 303);
	assert.equal(await state(q), 'queued');
	assert.equal((await post(`/q/${q.token}/challenge`, { answer: '2' })).status, 303, 'the same again');
	const s = await challenged();
	const cross = await d.form(`/q/${s.token}/challenge`, { skip: '1' }, { 'sec-fetch-site': 'cross-site' });
	assert.equal(cross.status, 303);
	assert.equal(await state(s), 'challenged', 'another site does nothing');
	assert.equal((await post(`/q/${s.token}/challenge`, { skip: '1' })).status, 303);
	assert.equal(await state(s), 'held');
	assert.match((await d.get(`/q/${q.token}?uselang=de`)).text, /lang="de"/);
});

test('unsolved for half an hour: held; a challenge of yesterday is worth nothing', async () => {
	const data = temporary();
	const first = await start({ people: STAFF, data, env: { ...env, PORCHLIGHT_RATE_LIMITS: 'off' } });
	const admin = await first.login('ada');
	await rules(admin, DOUBT);
	const left = await first.json('POST', `${V}/questions`, { ...doubtful(), title: 'Left alone' });
	const asleep = await first.json('POST', `${V}/questions`, { ...doubtful(), title: 'Asleep' });
	assert.equal(left.body.state, 'challenged');
	await first.stop({ keep: true });
	const later = await start({ data, migrate: false, env: { ...env, PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_CLOCK_OFFSET_MS: String(31 * 60_000) } });
	const moderator = await later.login('mona');
	let held;
	for (let i = 0; i < 100 && held?.state !== 'held'; i++) {
		held = (await moderator.get(`${V}/held?list=challenged`)).body.items.find((x) => x.title === 'Left alone');
		if (held?.state !== 'held') await new Promise((r) => setTimeout(r, 100));
	}
	assert.equal(held.state, 'held');
	assert.equal((await later.json('POST', `${V}/questions/${left.body.token}/challenge`, { pow: solve(left.body.challenge) })).status, 409);
	assert.equal((await later.get(`${V}/questions/${asleep.body.token}`)).body.state, 'held');
	// a form's challenge lives an hour
	const form = (await later.get(`${V}/questions/form`)).body;
	const pow = solve(form.challenge);
	await later.stop({ keep: true });
	const last = await start({ data, env: { ...env, PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_CLOCK_OFFSET_MS: String(31 * 60_000 + 3_601_000) }, migrate: false });
	const hand = await last.login('mona');
	await hand.json('POST', `${V}/attack`, { step: 1 });
	assert.equal((await last.json('POST', `${V}/questions`, { body: 'Nothing doubtful.', form: form.form, pow })).body.state, 'challenged');
	const fresh = (await last.get(`${V}/questions/form`)).body;
	assert.equal((await last.json('POST', `${V}/questions`, { body: 'Nothing doubtful here.', form: fresh.form, pow: solve(fresh.challenge) })).body.state, 'queued');
	last.temporary = true;
	await last.stop();
});
