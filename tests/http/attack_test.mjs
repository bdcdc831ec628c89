// Attack mode: asking costs more work, in steps; the form stays open, nothing is refused for it, and it is the same for every process.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { RULES, V, ask, desk, rules } from './api.mjs';
import { until } from './lib.mjs';
import { solve } from './proof.mjs';

let d, mona, hanna, ada;
before(async () => {
	d = await desk({ env: { PORCHLIGHT_CHALLENGE: 'auto' } });
	mona = await d.login('mona');
	hanna = await d.login('hanna');
	ada = await d.login('ada');
	await rules(ada, RULES);
});
after(() => d.stop());

const set = (step, more = {}) => mona.json('POST', `${V}/attack`, { step, ...more });
const words = () => `How do I write about ${randomUUID().replace(/\d/g, (c) => 'ghijklmnop'[c]).replaceAll('-', ' ')}?`;

test('who may, and what is no step', async () => {
	assert.equal((await d.get(`${V}/attack`)).status, 401);
	assert.equal((await hanna.get(`${V}/attack`)).status, 403);
	assert.equal((await hanna.json('POST', `${V}/attack`, { step: 1 })).status, 403);
	assert.deepEqual((await mona.get(`${V}/attack`)).body, { step: 0, why: 'calm' });
	assert.equal((await set(4)).status, 422);
	assert.equal((await mona.json('POST', `${V}/attack`, {})).status, 422);
	assert.equal((await set('1')).status, 400);
	assert.equal((await set(1, { for_s: 5 })).body.field, 'for_s');
});

test('everybody proves themselves, with more work in each step, and nobody is refused', async () => {
	assert.equal((await ask(d, { body: words() })).body.state, 'queued');
	let before = 0;
	for (const step of [1, 2, 3]) {
		const r = await set(step);
		assert.deepEqual([r.status, r.body.step, r.body.why], [200, step, 'hand'], r.text);
		assert.match(r.body.until, /^\d{4}-/);
		const q = (await ask(d, { body: words() })).body;
		assert.equal(q.state, 'challenged', 'good words, too');
		assert.ok(step === 1 || q.challenge.maxnumber > before, `${q.challenge.maxnumber} after ${before}`);
		before = q.challenge.maxnumber;
		assert.equal((await d.json('POST', `${V}/questions/${q.token}/challenge`, { pow: solve(q.challenge) })).body.state, 'queued');
		const form = (await d.get(`${V}/questions/form`)).body;
		const pow = solve(form.challenge);
		assert.equal((await ask(d, { body: words(), form: form.form, pow })).body.state, 'queued');
		// solved beforehand, or by somebody else: another form's answer is none
		const [other, third] = [(await d.get(`${V}/questions/form`)).body, (await d.get(`${V}/questions/form`)).body];
		assert.equal((await ask(d, { body: words(), form: other.form, pow: solve(third.challenge) })).body.state, 'challenged');
		assert.equal((await ask(d, { body: words(), pow: solve(third.challenge) })).body.state, 'challenged');
		// spent: the same form under another client_id is no second entry
		assert.equal((await ask(d, { body: words(), form: form.form, pow })).body.state, 'challenged');
		assert.equal((await d.get('/')).status, 200);
	}
	assert.match((await d.get('/metrics')).text, /^porchlight_attack_step 3$/m);
	assert.match((await d.get('/metrics')).text, /^porchlight_challenges_total\{result="solved"\} 3$/m);
	assert.equal((await set(0)).body.step, 0);
	assert.equal((await ask(d, { body: words() })).body.state, 'queued');
	const audit = (await ada.get(`${V}/audit?action=attack.`)).body.items;
	assert.deepEqual(audit.map((x) => x.action), ['attack.lower', 'attack.raise', 'attack.raise', 'attack.raise']);
});

test('next alternates between those who proved themselves and those who did not', async () => {
	for (;;) {
		const r = await hanna.json('POST', `${V}/queue/next`, {});
		if (r.status === 204) break;
		await hanna.json('POST', `${V}/tickets/${r.body.id}/close`, { fence: r.body.lease.fence });
	}
	const titles = [];
	for (let i = 0; i < 4; i++) await ask(d, { body: words(), title: `plain ${i}` });
	await set(1);
	for (let i = 0; i < 2; i++) {
		const q = (await ask(d, { body: words(), title: `proven ${i}` })).body;
		await d.json('POST', `${V}/questions/${q.token}/challenge`, { pow: solve(q.challenge) });
	}
	for (;;) {
		const r = await hanna.json('POST', `${V}/queue/next`, {});
		if (r.status === 204) break;
		titles.push(r.body.title);
		await hanna.json('POST', `${V}/tickets/${r.body.id}/close`, { fence: r.body.lease.fence });
	}
	assert.deepEqual(titles, ['proven 0', 'plain 0', 'proven 1', 'plain 1', 'plain 2', 'plain 3']);
	await set(0);
});

test('three questions sent away as not real switch it on; the pages say so, and a moderator ends it', async () => {
	const other = await desk({ env: { PORCHLIGHT_CHALLENGE: 'auto' } });
	try {
		const helper = await other.login('hanna');
		const moderator = await other.login('mona');
		for (let i = 0; i < 3; i++) await ask(other, { body: words() });
		for (let i = 0; i < 3; i++) {
			const r = await helper.json('POST', `${V}/queue/next`, {});
			assert.equal((await helper.json('POST', `${V}/tickets/${r.body.id}/release`, { fence: r.body.lease.fence })).status, 200);
			assert.equal((await helper.json('POST', `${V}/tickets/${r.body.id}/notreal`, {})).status, 200);
		}
		const a = await until(async () => {
			const r = (await moderator.get(`${V}/attack`)).body;
			return r.step ? r : null;
		}, 'attack mode');
		assert.equal(a.why, 'notreal');
		for (const path of ['/desk', '/desk/moderation']) assert.match((await moderator.get(path)).text, /Attack mode, step 1 of 3/);
		const page = (await helper.get('/desk')).text;
		assert.match(page, /Attack mode, step 1 of 3/);
		assert.doesNotMatch(page, /action="\/desk\/attack"/);
		assert.equal((await helper.form('/desk/attack', { step: '0', csrf: helper.csrf })).status, 403);
		assert.equal((await moderator.form('/desk/attack', { step: '0', csrf: moderator.csrf })).status, 303);
		assert.deepEqual((await moderator.get(`${V}/attack`)).body, { step: 0, why: 'calm' });
		assert.match((await moderator.get('/desk/moderation')).text, /Start attack mode/);
		assert.doesNotMatch((await helper.get('/desk')).text, /id="attack"/);
	} finally {
		await other.stop();
	}
});

test('with challenge=off nobody is asked to prove anything', async () => {
	const other = await desk();
	try {
		const moderator = await other.login('mona');
		await moderator.json('POST', `${V}/attack`, { step: 3 });
		assert.equal((await ask(other, { body: words() })).body.state, 'queued');
		assert.match((await moderator.get('/desk/moderation')).text, /Challenges are switched off/);
	} finally {
		await other.stop();
	}
});
