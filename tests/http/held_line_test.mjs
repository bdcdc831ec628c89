// A line that screening holds is for its writer, for the helper who holds the conversation, and for moderators; everybody else on the
// desk sees that it is there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, desk, rules, talk, until } from './api.mjs';

let d, hanna, hugo, trixie, mona, ada;
before(async () => {
	d = await desk();
	[hanna, hugo, trixie, mona, ada] = await Promise.all(['hanna', 'hugo', 'trixie', 'mona', 'ada'].map((n) => d.login(n)));
	await rules(ada);
});
after(() => d.stop());

const WORDS = /quiet walrus/;
const entryOf = async (who, where, n) => (await who.get(`${where}?after=${n - 1}`)).body.log[0];
const say = (q, body) => d.json('POST', `${q.path}/messages`, { body });

test('a held line: read by its writer, the holder and moderators, seen by others, found by nobody', async () => {
	const q = await talk(d, hanna);
	const [asker, holder, other, moderator] = await Promise.all([
		d.sse(`${q.path}/events`), hanna.sse(`${q.t}/events`), hugo.sse(`${q.t}/events`), mona.sse(`${q.t}/events`)]);
	const r = await say(q, 'please hold this quiet walrus');
	assert.equal(r.status, 201, r.text);
	const n = r.body.n;

	for (const [stream, reads] of [[asker, true], [holder, true], [other, false], [moderator, true]]) {
		const e = await until(async () => { const x = await stream.next('entry'); return x.data.n === n ? x : null; }, 'the held line');
		assert.equal(WORDS.test(e.text), reads);
		assert.equal(e.data.data.held, true);
	}
	for (const [who, reads] of [[hanna, true], [hugo, false], [mona, true]]) {
		assert.equal(WORDS.test(JSON.stringify(await entryOf(who, q.t, n))), reads);
		assert.equal((await entryOf(who, q.t, n)).data.held, true);
		assert.equal(WORDS.test((await who.get(`/desk/t/${q.id}`)).text), reads, 'the page');
		for (const format of ['json', 'txt', 'html', 'wikitext'])
			assert.doesNotMatch((await who.get(`${q.t}/transcript?format=${format}`)).text, WORDS);
		assert.equal((await who.get(`${V}/search?q=walrus`)).body.items.length, 0);
		const late = await who.sse(`${q.t}/events?after=${n - 1}`);
		assert.equal(WORDS.test((await late.next('entry')).text), reads, 'what a stream starts with');
		late.close();
	}
	assert.match(JSON.stringify(await entryOf(d, q.path, n)), WORDS);
	assert.match((await hugo.get(`/desk/t/${q.id}`)).text, /for the one who holds this conversation/);

	/* invited, a second helper reads it too; handed on, the first one does not any more */
	assert.equal((await hanna.json('POST', `${q.t}/invite`, { account: (await hugo.get(`${V}/session`)).body.account.id, fence: q.fence })).status, 200);
	assert.match(JSON.stringify(await entryOf(hugo, q.t, n)), WORDS);
	const m = (await say(q, 'please hold this quiet walrus as well')).body.n;
	const heard = await until(async () => { const x = await other.next('entry'); return x.data.n === m ? x : null; }, 'the second held line');
	assert.match(heard.text, WORDS);
	assert.equal((await hanna.json('POST', `${q.t}/release`, { fence: q.fence })).status, 200);
	assert.doesNotMatch(JSON.stringify(await entryOf(hanna, q.t, n)), WORDS);
	assert.doesNotMatch(JSON.stringify(await entryOf(hugo, q.t, n)), WORDS);
	await hugo.json('POST', `${q.t}/claim`, {});
	assert.match(JSON.stringify(await entryOf(hugo, q.t, n)), WORDS);

	/* let in, it is a new entry for all; the old one stays as it was */
	assert.equal((await mona.json('POST', `${V}/judgements`, { items: [{ ticket: q.id, n }], label: 'ham' })).status, 200);
	const log = (await hanna.get(q.t)).body.log;
	assert.match(log.find((e) => e.kind === 'release' && e.data.of === n).body, WORDS);
	assert.equal(log.find((e) => e.n === n).body, undefined);
	assert.match((await hanna.get(`/desk/t/${q.id}`)).text, WORDS);
	/* each number once, on every stream */
	for (const s of [asker, holder, other, moderator]) {
		const ns = s.all.filter((e) => e.event === 'entry').map((e) => e.data.n);
		assert.equal(new Set(ns).size, ns.length);
		s.close();
	}
});

test('the comment of a rating that is held: moderators alone, as nobody holds what is closed', async () => {
	const q = await talk(d, hanna);
	assert.equal((await hanna.json('POST', `${q.t}/close`, { fence: q.fence })).status, 200);
	assert.equal((await d.json('POST', `${q.path}/rating`, { helped: false, comment: 'please hold this quiet walrus' })).status, 200);
	const rated = (await mona.get(q.t)).body.log.at(-1);
	assert.match(rated.body, WORDS);
	for (const who of [hanna, hugo]) {
		const e = await entryOf(who, q.t, rated.n);
		assert.equal(e.body, undefined);
		assert.equal(e.data.helped, false);
		assert.doesNotMatch((await who.get(`/desk/t/${q.id}`)).text, WORDS);
	}
});

test("a trial helper's held line stays theirs to read after the conversation went on", async () => {
	const q = await talk(d, hanna);
	assert.equal((await hanna.json('POST', `${q.t}/release`, { fence: q.fence })).status, 200);
	const fence = (await trixie.json('POST', `${q.t}/claim`, {})).body.lease.fence;
	const r = await trixie.json('POST', `${q.t}/messages`, { fence, body: 'Write to me on Telegram @quiet_walrus and pay me $50 by PayPal.' });
	assert.equal(r.status, 201, r.text);
	const theirs = /quiet_walrus/;
	assert.equal((await entryOf(trixie, q.t, r.body.n)).data.held, true);
	assert.equal((await trixie.json('POST', `${q.t}/release`, { fence })).status, 200);
	assert.match(JSON.stringify(await entryOf(trixie, q.t, r.body.n)), theirs);
	assert.doesNotMatch(JSON.stringify(await entryOf(hugo, q.t, r.body.n)), theirs);
	assert.doesNotMatch((await d.get(q.path)).text, theirs);
	await hugo.json('POST', `${q.t}/claim`, {});
	assert.match(JSON.stringify(await entryOf(hugo, q.t, r.body.n)), theirs);
});
