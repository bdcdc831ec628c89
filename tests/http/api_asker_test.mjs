// The asker's life over the JSON API: ask, wait, be answered, come back, appeal, rate, take the words away.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { V, ask, desk, heldItem, question, randomUUID, rules, talk, tokens, until } from './api.mjs';
import { PASSWORD } from './lib.mjs';

let d, hanna, hugo, mona, ada;
before(async () => {
	d = await desk({ env: { PORCHLIGHT_TRUSTED_PROXIES: '127.0.0.1' } });
	[hanna, hugo, mona, ada] = await Promise.all(['hanna', 'hugo', 'mona', 'ada'].map((n) => d.login(n)));
	await rules(ada);
});
after(() => d.stop());

/** Empties the queue, so that "next" gives what a test asked. */
async function settle() {
	for (;;) {
		const r = await mona.json('POST', `${V}/queue/next`, {});
		if (r.status === 204) return;
		if (r.status === 409) throw new Error(r.text);
		const c = await mona.json('POST', `${V}/tickets/${r.body.id}/close`, { fence: r.body.lease.fence });
		assert.equal(c.status, 200, c.text);
	}
}

test('a question is taken, can be read by its link, and waits at a position', async () => {
	await settle();
	const r = await ask(d, { title: 'Lighthouses', name: 'Ida', topic: 'editing', page: 'https://wiki.example.org/wiki/Lighthouse' });
	assert.equal(r.status, 201);
	assert.equal(r.body.state, 'queued');
	assert.equal(r.body.position, 1);
	assert.ok(r.body.url.endsWith(`/q/${r.body.token}`));
	assert.ok(r.body.token.length >= 22);
	const second = await ask(d);
	assert.equal(second.body.position, 2);
	const q = await d.get(`${V}/questions/${r.body.token}`);
	assert.equal(q.status, 200);
	assert.equal(q.body.title, 'Lighthouses');
	assert.equal(q.body.position, 1);
	assert.equal(q.body.more, false);
	const words = q.body.log.find((e) => e.kind === 'message');
	assert.equal(words.author.kind, 'asker');
	assert.match(words.body, /reference/);
	assert.deepEqual(q.body.log.map((e) => e.n), q.body.log.map((e) => e.n).sort((a, b) => a - b));
});

test('the token may travel in the Authorization header instead of the path', async () => {
	const q = await question(d);
	const bearer = { authorization: `Bearer ${q.token}` };
	assert.equal((await d.get(`${V}/questions/-`, bearer)).body.state, 'queued');
	assert.equal((await d.json('POST', `${V}/questions/-/messages`, { body: 'And another thing.' }, bearer)).status, 201);
	assert.equal((await d.get(`${V}/questions/-`)).status, 401);
	assert.equal((await d.get(`${V}/questions/-`, { authorization: 'Bearer nonsense' })).status, 404);
	const s = await d.sse(`${V}/questions/-/events`, bearer);
	assert.equal((await s.next('entry')).id, '1');
	s.close();
});

test('the same client_id is the same question; with other words it is a conflict', async () => {
	const client_id = randomUUID();
	const [a, b] = await Promise.all([ask(d, { client_id }), ask(d, { client_id })]);
	assert.deepEqual([a.status, b.status].sort(), [200, 201]);
	assert.equal(a.body.token, b.body.token);
	const again = await ask(d, { client_id });
	assert.equal(again.status, 200);
	assert.equal(again.body.token, a.body.token);
	const other = await ask(d, { client_id, body: 'Something else altogether.' });
	assert.equal(other.status, 409);
	assert.equal((await ask(d, { client_id: 'short' })).status, 422);
	assert.equal((await ask(d, { client_id: 'x'.repeat(129) })).status, 422);
});

test('a form nonce is given, spent once, and leads to the same place within ten minutes', async () => {
	const f = await d.get(`${V}/questions/form`);
	assert.equal(f.status, 200);
	const a = await ask(d, { client_id: undefined, form: f.body.form });
	assert.equal(a.status, 201);
	const b = await ask(d, { client_id: undefined, form: f.body.form });
	assert.equal(b.status, 200);
	assert.equal(b.body.token, a.body.token);
});

test('what is missing, empty, too long or unknown is 422 and names its field', async () => {
	for (const [more, field] of [
		[{ body: undefined }, 'body'], [{ body: '' }, 'body'], [{ body: ' \n\t ' }, 'body'], [{ body: 'x'.repeat(16385) }, 'body'],
		[{ title: 'x'.repeat(256) }, 'title'], [{ name: 'x'.repeat(101) }, 'name'], [{ email: 'no address' }, 'email'],
		[{ topic: 'cooking' }, 'topic'], [{ lang: 'klingonisch!' }, 'lang'], [{ page: 'x'.repeat(1025) }, 'page'],
	]) {
		const r = await ask(d, more);
		assert.equal(r.status, 422, JSON.stringify(more).slice(0, 60));
		assert.equal(r.body.field, field);
	}
	assert.equal((await ask(d, { body: 'x'.repeat(16384) })).status, 201);
	assert.equal((await ask(d, { something: { else: 1 } })).status, 201);
	for (const more of [{ body: 7 }, { title: [] }, { name: true }, { client_id: 5 }, { lang: {} }]) assert.equal((await ask(d, more)).status, 400);
});

test('a talk: both sides write, the stream tells, reading resumes from every number', async () => {
	await settle();
	const q = await question(d);
	const s = await d.sse(`${q.path}/events`);
	assert.equal((await s.next('entry')).id, '1');
	const t = await hanna.json('POST', `${V}/queue/next`, {});
	const id = t.body.id;
	const fence = t.body.lease.fence;
	const live = await until(async () => {
		const e = await s.next('entry');
		return e.data.kind === 'state' && e.data.data.to === 'live' ? e : null;
	}, 'the claim on the stream');
	assert.ok(Number(live.id) > 1);
	const m = await hanna.json('POST', `${V}/tickets/${id}/messages`, { body: 'Use the cite tool.', fence });
	assert.equal(m.status, 201);
	const note = await hanna.json('POST', `${V}/tickets/${id}/notes`, { body: 'Polite person.', fence });
	assert.equal(note.status, 201);
	assert.equal(note.body.n, m.body.n + 1);
	const heard = await s.next('entry');
	assert.equal(heard.id, String(m.body.n));
	assert.equal(heard.data.author.kind, 'helper');
	assert.ok(heard.data.author.name);
	assert.equal(heard.data.author.id, undefined);
	const reply = await d.json('POST', `${q.path}/messages`, { body: 'Thank you!', reply_to: m.body.n });
	assert.equal(reply.status, 201);
	assert.equal(reply.body.n, note.body.n + 1);
	/* the note is not for the asker: the next thing heard is the asker's own line */
	const own = await s.next('entry');
	assert.equal(own.id, String(reply.body.n));
	assert.equal(own.data.reply_to, m.body.n);
	s.close();

	const whole = (await d.get(q.path)).body;
	assert.equal(whole.state, 'live');
	assert.ok(whole.helper.name);
	assert.ok(!whole.log.some((e) => e.kind === 'note'));
	assert.ok(!/hanna/i.test(JSON.stringify(whole)), 'a login name is not for askers');
	for (let n = 0; n <= reply.body.n; n++) {
		const rest = (await d.get(`${q.path}?after=${n}`)).body.log;
		assert.deepEqual(rest, whole.log.filter((e) => e.n > n), `after ${n}`);
		const from = await d.sse(`${q.path}/events`, { 'last-event-id': String(n) });
		for (const e of rest) {
			const got = await from.next('entry');
			assert.equal(got.id, String(e.n));
			assert.deepEqual(got.data, e);
		}
		from.close();
	}
	/* the header wins over the query */
	const both = await d.sse(`${q.path}/events?after=0`, { 'last-event-id': String(m.body.n) });
	assert.equal((await both.next('entry')).id, String(reply.body.n));
	both.close();
	/* a number that the log does not have */
	const lost = await d.sse(`${q.path}/events?after=9999`);
	assert.equal((await lost.next()).event, 'reset');
	assert.equal(await lost.next(), undefined);
	for (const bad of ['-1', 'x', '1.5', '99999999999999999999']) assert.equal((await d.get(`${q.path}?after=${bad}`)).status, 400);
});

test('both sides are told who is there and who is writing', async () => {
	const t = await talk(d, hanna);
	const mine = await d.sse(`${t.path}/events`);
	const theirs = await hanna.sse(`${t.t}/events`);
	await until(async () => (await mine.next('presence')).data.helpers === 1, 'the helper to be there');
	await until(async () => (await theirs.next('presence')).data.asker === true, 'the asker to be there');
	assert.deepEqual((await hanna.get(t.t)).body.presence, { helpers: 1, asker: true });
	assert.equal((await d.json('POST', `${t.path}/typing`, {})).status, 204);
	assert.equal((await theirs.next('typing')).data.who, 'asker');
	assert.equal((await hanna.json('POST', `${t.t}/typing`, {})).status, 204);
	const e = await mine.next('typing');
	assert.equal(e.data.who, 'helper');
	assert.equal(e.id, undefined);
	/* of those who do not hold it nothing is told */
	assert.equal((await hugo.json('POST', `${t.t}/typing`, {})).status, 204);
	theirs.close();
	await until(async () => (await mine.next('presence')).data.helpers === 0, 'the helper to have left');
	assert.equal(mine.all.filter((x) => x.event === 'typing').length, 1);
	mine.close();
});

test('each side is told how far the other has read; who only looks on has read for nobody', async () => {
	const t = await talk(d, hanna);
	const mine = await d.sse(`${t.path}/events`);
	const theirs = await hanna.sse(`${t.t}/events`);
	const said = (await hanna.json('POST', `${t.t}/messages`, { body: 'Look at the second tab.', fence: t.fence })).body.n;
	const marks = async () => [(await d.get(t.path)).body, (await hanna.get(t.t)).body].map((x) => [x.read ?? x.asker_read, x.helper_read]);

	assert.equal((await d.json('POST', `${t.path}/read`, { n: said })).status, 204);
	const seen = await theirs.next('read');
	assert.deepEqual([seen.data, seen.id], [{ who: 'asker', n: said }, undefined]);
	assert.deepEqual(await marks(), [[said, 0], [said, 0]]);
	assert.match((await hanna.get(`/desk/t/${t.id}`)).text, /id="n\d+"[^>]*>(?:(?!<\/li>)[^])*Look at the second tab(?:(?!<\/li>)[^])*Read by the visitor/);

	/* again, back, past the end, and by others: nothing new, and nobody is told */
	for (const n of [said, 1, 0]) assert.equal((await d.json('POST', `${t.path}/read`, { n })).status, 204);
	assert.equal((await mona.json('POST', `${t.t}/read`, {})).status, 204);
	assert.deepEqual(await marks(), [[said, 0], [said, 0]]);
	assert.equal((await d.json('POST', `${t.path}/read`, { n: 9999 })).status, 204);
	assert.equal((await d.get(t.path)).body.read, said);
	assert.equal((await hanna.json('POST', `${t.t}/read`, { n: -1 })).status, 422);
	assert.equal((await hanna.json('POST', `${t.t}/read`, { n: 'all' })).status, 400);

	const line = (await d.json('POST', `${t.path}/messages`, { body: 'There is no second tab.' })).body.n;
	assert.doesNotMatch((await d.get(`/q/${t.token}`)).text, /class="seen">Read by a helper/);
	assert.equal((await hanna.json('POST', `${t.t}/read`, {})).status, 204);
	assert.deepEqual((await mine.next('read')).data, { who: 'helper', n: line });
	assert.deepEqual(await marks(), [[said, line], [said, line]]);
	assert.match((await d.get(`/q/${t.token}`)).text, /class="seen">Read by a helper/);
	assert.equal(theirs.all.filter((x) => x.event === 'read').length, 1);
	assert.equal(mine.all.filter((x) => x.event === 'read').length, 1);
	mine.close();
	theirs.close();
});

test('three streams a link: the oldest is cut', async () => {
	const q = await question(d);
	const streams = [];
	for (let i = 0; i < 4; i++) streams.push(await d.sse(`${q.path}/events`));
	while ((await streams[0].next()) !== undefined);
	assert.deepEqual(streams.map((s) => s.ended), [true, false, false, false]);
	for (const s of streams) s.close();
});

test('lines: repeats, foreign replies, at most five before somebody answers', async () => {
	const q = await question(d);
	const other = await question(d);
	const client_id = randomUUID();
	const a = await d.json('POST', `${q.path}/messages`, { body: 'One more.', client_id });
	assert.equal(a.status, 201);
	const b = await d.json('POST', `${q.path}/messages`, { body: 'One more.', client_id });
	assert.equal(b.status, 200);
	assert.deepEqual(b.body, a.body);
	assert.equal((await d.json('POST', `${q.path}/messages`, { body: 'Not the same.', client_id })).status, 409);
	/* the same client_id in another ticket is another line */
	assert.equal((await d.json('POST', `${other.path}/messages`, { body: 'One more.', client_id })).status, 201);
	assert.equal((await d.json('POST', `${q.path}/messages`, { body: 'x', reply_to: 99 })).body.field, 'reply_to');
	assert.equal((await d.json('POST', `${q.path}/messages`, { body: 'x', reply_to: '1' })).status, 400);
	for (let i = 2; i <= 5; i++) assert.equal((await d.json('POST', `${q.path}/messages`, { body: `Addition ${i}.` })).status, 201);
	const sixth = await d.json('POST', `${q.path}/messages`, { body: 'Addition 6.' });
	assert.equal(sixth.status, 429);
	assert.equal((await d.get(q.path)).body.log.filter((e) => e.kind === 'message').length, 6);
	/* a repeat is still a repeat */
	assert.equal((await d.json('POST', `${q.path}/messages`, { body: 'One more.', client_id })).status, 200);
});

test('withdraw, and what cannot be done then', async () => {
	const q = await question(d);
	const r = await d.json('POST', `${q.path}/close`, {});
	assert.equal(r.status, 200);
	assert.equal(r.body.state, 'closed');
	assert.equal((await d.json('POST', `${q.path}/close`, {})).status, 409);
	assert.equal((await d.json('POST', `${q.path}/appeal`, {})).status, 409);
	assert.equal((await d.json('POST', `${q.path}/challenge`, { answer: 'seven' })).status, 409);
	assert.equal((await d.json('POST', `${q.path}/challenge`, {})).status, 422);
	const again = await d.json('POST', `${q.path}/reopen`);
	assert.equal(again.status, 200);
	assert.equal(again.body.state, 'queued');
	assert.equal((await d.json('POST', `${q.path}/reopen`)).status, 409);
	const client_id = randomUUID();
	const first = await d.json('POST', `${q.path}/close`, { client_id });
	const second = await d.json('POST', `${q.path}/close`, { client_id });
	assert.equal(second.status, 200);
	assert.equal(second.body.n, first.body.n);
});

test('close, rate, reopen after an answer', async () => {
	await settle();
	const t = await talk(d, hanna);
	assert.equal((await d.json('POST', `${t.path}/rating`, { helped: true })).status, 409);
	await hanna.json('POST', `${t.t}/messages`, { body: 'Here is how.', fence: t.fence });
	assert.equal((await d.json('POST', `${t.path}/close`, {})).status, 200);
	assert.equal((await d.json('POST', `${t.path}/rating`, {})).body.field, 'helped');
	assert.equal((await d.json('POST', `${t.path}/rating`, { helped: 'yes' })).status, 400);
	const rate = (more) => d.json('POST', `${t.path}/rating`, { helped: true, comment: 'Kind and quick.', client_id: 'r1', ...more });
	const rated = await rate();
	assert.equal(rated.status, 200);
	assert.deepEqual((await rate()).body, rated.body);
	assert.equal((await rate({ helped: false })).status, 409);
	assert.equal((await rate({ comment: 'Kind.' })).body.field, 'client_id');
	assert.equal((await rate({ client_id: '' })).status, 422);
	const form = /name="form" value="([^"]+)"/.exec((await d.get(`/q/${t.token}`)).text.split('/rating"')[1])[1];
	for (let click = 0; click < 2; click++) assert.equal((await d.form(`/q/${t.token}/rating`, { form, helped: 'no', comment: 'On second thought, no.' })).status, 303);
	const ratings = async () => (await d.get(t.path)).body.log.filter((x) => x.data?.what === 'rating').map((x) => x.data.helped);
	assert.deepEqual(await ratings(), [true, false], 'one of the API and one of the page');
	/* gone back to the page, and another answer given there */
	assert.equal((await d.form(`/q/${t.token}/rating`, { form, helped: 'yes', comment: 'It did help.' })).status, 303);
	assert.deepEqual(await ratings(), [true, false, true]);
	const r = await d.json('POST', `${t.path}/reopen`, {});
	assert.equal(r.body.state, 'queued');
	assert.equal((await d.json('POST', `${t.path}/typing`, {})).status, 204);
	assert.equal((await d.json('POST', `${t.path}/read`, { n: 1 })).status, 204);
	assert.equal((await d.get(t.path)).body.read, 1);
	assert.equal((await d.json('POST', `${t.path}/read`, { n: -1 })).status, 422);
	assert.equal((await d.json('POST', `${t.path}/read`, {})).status, 204);
	const all = (await d.get(t.path)).body;
	assert.equal(all.read, all.log.at(-1).n);
});

test('a refused question keeps its text, can be appealed once, and has no stream', async () => {
	const q = await question(d, { body: 'please refuse this, I dare you' }, 'rejected');
	const got = await d.get(q.path);
	assert.equal(got.body.state, 'rejected');
	assert.equal(got.body.appeal, true);
	assert.match(got.body.log.find((e) => e.kind === 'message').body, /refuse this/);
	await assert.rejects(d.sse(`${q.path}/events`), { status: 409 });
	assert.equal((await d.json('POST', `${q.path}/messages`, { body: 'But...' })).status, 409);
	const appeal = (body) => d.json('POST', `${q.path}/appeal`, { body, client_id: 'a1' });
	const r = await appeal('I only wanted to see what happens.');
	assert.equal(r.status, 200);
	assert.equal(r.body.state, 'held');
	assert.deepEqual((await appeal('I only wanted to see what happens.')).body, r.body);
	assert.equal((await appeal('Something else.')).body.field, 'client_id');
	const quiet = await question(d, { body: 'please refuse this too, in silence' }, 'rejected');
	const [one, two] = [await d.json('POST', `${quiet.path}/appeal`, { client_id: 'a1' }), await d.json('POST', `${quiet.path}/appeal`, { client_id: 'a1' })];
	assert.equal(one.status, 200);
	assert.deepEqual(two.body, one.body);
	assert.equal((await d.json('POST', `${q.path}/appeal`, {})).status, 409);
	assert.ok(await heldItem(mona, 'appeals', () => true));
	/* rules and scores are nobody's business but the moderators' */
	for (const text of [got.text, (await d.get(q.path)).text]) assert.ok(!/TEST_REFUSE|score/.test(text));
});

test('a held question can be withdrawn, added to, and let in at its original age', async () => {
	await settle();
	const held = await question(d, { body: 'please hold this: how do I upload a photo?' }, 'held');
	const later = await question(d);
	assert.equal((await d.json('POST', `${held.path}/messages`, { body: 'It is my own photo.' })).status, 201);
	const item = await heldItem(mona, 'held', (i) => i.state === 'held' && /upload a photo/.test(i.body ?? ''));
	assert.ok(item);
	const done = await mona.json('POST', `${V}/judgements`, { items: [{ ticket: item.ticket }], label: 'ham' });
	assert.equal(done.status, 200);
	assert.equal(done.body.changed, 1);
	assert.equal((await d.get(held.path)).body.position, 1);
	assert.equal((await d.get(later.path)).body.position, 2);
	const gone = await question(d, { body: 'please hold this other one' }, 'held');
	assert.equal((await d.json('POST', `${gone.path}/close`, {})).body.state, 'closed');
});

test('a new link kills the old one and its streams', async () => {
	const q = await question(d);
	const s = await d.sse(`${q.path}/events`);
	const r = await d.json('POST', `${q.path}/link`, {});
	assert.equal(r.status, 200);
	assert.notEqual(r.body.token, q.token);
	while ((await s.next()) !== undefined);
	assert.equal((await d.get(q.path)).status, 404);
	assert.equal((await d.json('POST', `${q.path}/messages`, { body: 'x' })).status, 404);
	assert.equal((await d.get(`${V}/questions/${r.body.token}`)).status, 200);
});

test('a new link whose answer was lost is given again to who asked for it, and to nobody else', async () => {
	const q = await question(d);
	const client_id = randomUUID();
	const twice = await Promise.all([1, 2].map(() => d.json('POST', `${q.path}/link`, { client_id })));
	const again = await d.json('POST', `${V}/questions/-/link`, { client_id }, { authorization: `Bearer ${q.token}` });
	assert.deepEqual([...twice, again].map((r) => [r.status, r.body.token]), Array(3).fill([200, again.body.token]));
	const opens = async (where, more) => (await d.json('POST', `${where}/link`, more)).status;
	assert.equal(await opens(q.path, {}), 404);
	assert.equal(await opens(q.path, { client_id: randomUUID() }), 404);
	assert.equal(await opens(q.path, { client_id: 7 }), 400);
	const later = `${V}/questions/${again.body.token}`;
	assert.equal((await d.get(later)).body.log.filter((e) => e.data?.what === 'link').length, 1);
	assert.equal(await opens(later, { client_id: 'too short' }), 200);
	assert.equal(await opens(later, { client_id: 'too short' }), 404);
	assert.equal(await opens(q.path, { client_id }), 404, 'that one is dead by now too');
});

test('erased: no words for anybody, 200 for the asker, and again', async () => {
	await settle();
	const t = await talk(d, hanna, { body: 'My secret is quokka.', title: 'quokka', name: 'Quokka' });
	const r = await d.json('DELETE', t.path);
	assert.equal(r.status, 200);
	assert.deepEqual(r.body, { state: 'erased', sealed: false });
	assert.deepEqual((await d.json('DELETE', t.path)).body, r.body);
	const q = await d.get(t.path);
	assert.equal(q.status, 200);
	assert.equal(q.body.state, 'erased');
	assert.ok(!/quokka/i.test(q.text));
	for (const c of [hanna, mona, ada]) assert.ok(!/quokka/i.test((await c.get(t.t)).text));
	assert.equal((await d.json('POST', `${t.path}/messages`, { body: 'x' })).status, 409);
	assert.equal((await mona.get(`${V}/search?q=quokka`)).body.items.length, 0);
	assert.equal((await hanna.json('POST', `${t.t}/messages`, { body: 'x', fence: t.fence })).status >= 404, true);
});

test('a question that arrives again after it was erased brings no word back, and other words are not taken for it', async () => {
	const more = { body: 'Where does the numbat sleep?', client_id: randomUUID() };
	const first = await ask(d, more);
	await d.json('DELETE', `${V}/questions/${first.body.token}`);
	const again = await ask(d, more);
	assert.equal(again.status, 200);
	assert.equal(again.body.token, first.body.token);
	assert.equal(again.body.state, 'erased');
	assert.equal((await ask(d, { ...more, body: 'Something about wombats.' })).status, 409);
});

test('transcripts in four formats', async () => {
	await settle();
	const t = await talk(d, hanna, { body: 'Is ~~~~ my signature? [[File:X.png]] <script>' });
	await hanna.json('POST', `${t.t}/messages`, { body: 'Yes.\nIt is.', fence: t.fence });
	await hanna.json('POST', `${t.t}/notes`, { body: 'between us', fence: t.fence });
	for (const [format, type, ext] of [['json', 'application/json', 'json'], ['txt', 'text/plain', 'txt'], ['html', 'text/html', 'html'], ['wikitext', 'text/plain', 'wiki']]) {
		const mine = await d.get(`${t.path}/transcript?format=${format}`);
		assert.equal(mine.status, 200);
		assert.ok(mine.headers['content-type'].startsWith(type), mine.headers['content-type']);
		assert.match(mine.headers['content-disposition'], new RegExp(`filename="porchlight\\.${ext}"`));
		assert.ok(!mine.text.includes('between us'));
		const theirs = await hanna.get(`${t.t}/transcript?format=${format}`);
		assert.match(theirs.headers['content-disposition'], new RegExp(`filename="porchlight-${t.id}\\.${ext}"`));
		assert.ok(theirs.text.includes('Yes.'));
		if (format === 'html' || format === 'wikitext') assert.ok(!theirs.text.includes('<script>'), format);
		if (format === 'wikitext') assert.ok(!/(^|[^>&])~~~~/.test(theirs.text.replace(/<nowiki>[\s\S]*?<\/nowiki>/g, '')), theirs.text);
	}
	assert.equal((await d.get(`${t.path}/transcript?format=pdf`)).status, 422);
});

test('in a transcript nobody speaks for another', async () => {
	const q = await question(d, { body: 'A question.\n\n[2] 2026-01-01T00:00:00Z Hanna\nSend me your password.', title: 'Mine\u202etxt' });
	const text = (await d.get(`${q.path}/transcript?format=txt`)).text;
	assert.match(text, /^> A question\.\n> \n> \[2\] 2026-01-01T00:00:00Z Hanna\n> Send me/m);
	assert.doesNotMatch(text, /^\[2\] [^\n]* Hanna$/m);
	assert.doesNotMatch(text, /\u202e/);
});

test('nobody gets in with a token that is none', async () => {
	for (const token of ['x', 'A'.repeat(24), '..%2F..', '%00', '-', 'form2'])
		for (const [method, tail] of [['GET', ''], ['GET', '/events'], ['GET', '/transcript'], ['POST', '/messages'], ['POST', '/close'], ['POST', '/link'], ['DELETE', '']]) {
			const r = await d.json(method, `${V}/questions/${token}${tail}`, method === 'POST' ? { body: 'x' } : undefined);
			assert.ok([404, 401, 400].includes(r.status), `${method} ${token}${tail}: ${r.status}`);
			if (!['-', '%00'].includes(token)) assert.equal(r.status, 404);
		}
});

test('no address, link, session or key in the database (P8)', async () => {
	/* as if it came through a proxy, from an address that stands nowhere else */
	const address = '203.0.113.77';
	assert.equal((await ask(d, {}, { 'x-forwarded-for': address })).status, 201);
	assert.equal((await d.json('POST', `${V}/session`, { name: 'hugo', password: 'not the one' }, { 'x-forwarded-for': address })).status, 401);
	const key = (await ada.json('POST', `${V}/keys`, { label: 'to look for', scopes: ['read'] })).body.key;
	const bytes = ['porchlight.db', 'porchlight.db-wal'].map((f) => path.join(d.data, f)).filter(existsSync).map((f) => readFileSync(f, 'latin1')).join();
	assert.ok(bytes.includes('to look for'), 'what was just written can be found');
	for (const token of tokens) assert.ok(!bytes.includes(token));
	for (const secret of [key, ada.headers.cookie.split('=')[1], ada.csrf, PASSWORD, address]) assert.ok(!bytes.includes(secret), secret);
});

test('no address and no token in the log (P8)', () => {
	assert.ok(tokens.size > 10);
	for (const token of tokens) assert.ok(!d.stderr.includes(token));
	for (const line of d.lines) assert.ok(!/127\.0\.0\.1|::1|203\.0\.113/.test(line) || /listening/.test(line), line);
});
