// The helper's life over the JSON API: log in, queue, claim, races, fences, notes, drafts, hand over, close, search, ready replies.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, ask, desk, idOf, question, randomUUID, talk, until } from './api.mjs';
import { PASSWORD } from './lib.mjs';

let d, trixie, hanna, hugo, mona, ada;
before(async () => {
	d = await desk({ env: { PORCHLIGHT_CLAIM_CAP: '50' } });
	[trixie, hanna, hugo, mona, ada] = await Promise.all(['trixie', 'hanna', 'hugo', 'mona', 'ada'].map((n) => d.login(n)));
});
after(() => d.stop());

async function settle() {
	for (;;) {
		const r = await mona.json('POST', `${V}/queue/next`, {});
		if (r.status === 204) return;
		assert.equal(r.status, 200, r.text);
		await mona.json('POST', `${V}/tickets/${r.body.id}/close`, { fence: r.body.lease.fence });
	}
}
async function fresh(helper, more) {
	await settle();
	return talk(d, helper, more);
}

test('log in: cookie, CSRF token, who I am, log out', async () => {
	const r = await d.json('POST', `${V}/session`, { name: 'HANNA', password: PASSWORD });
	assert.equal(r.status, 200);
	assert.equal(r.body.account.role, 'helper');
	assert.notEqual(r.body.account.display, 'hanna');
	const cookie = r.headers['set-cookie'][0];
	assert.match(cookie, /HttpOnly/);
	assert.match(cookie, /SameSite=(Lax|Strict)/);
	const me = d.client({ cookie: cookie.split(';')[0], 'x-csrf-token': r.body.csrf });
	assert.deepEqual((await me.get(`${V}/session`)).body, r.body);
	assert.equal((await me.json('DELETE', `${V}/session`)).status, 204);
	assert.equal((await me.get(`${V}/session`)).status, 401);
	assert.equal((await hanna.get(`${V}/session`)).status, 200);
	for (const body of [{ name: 'hanna', password: 'wrong password' }, { name: 'nobody', password: 'wrong password' }]) {
		const bad = await d.json('POST', `${V}/session`, body);
		assert.equal(bad.status, 401);
		assert.equal(bad.body.detail, 'The name or the password is wrong.');
		assert.equal(bad.headers['set-cookie'], undefined);
	}
	assert.equal((await d.json('POST', `${V}/session`, { name: 'hanna' })).body.field, 'password');
	assert.equal((await d.json('POST', `${V}/session`, { password: 'x' })).body.field, 'name');
	assert.equal((await d.json('POST', `${V}/session`, { name: 'hanna', password: 7 })).status, 400);
});

test('failed logins slow down, and the right password is not locked out', async () => {
	let r;
	for (let i = 0; i < 8; i++) {
		r = await d.json('POST', `${V}/session`, { name: 'mats', password: `wrong ${i}` });
		if (r.status === 429) break;
	}
	assert.equal(r.status, 429);
	const wait = Number(r.headers['retry-after']);
	assert.ok(wait >= 1 && wait <= 30);
	await until(async () => (await d.json('POST', `${V}/session`, { name: 'mats', password: PASSWORD })).status === 200, 'the login to work again');
	/* others are not touched */
	assert.equal((await d.json('POST', `${V}/session`, { name: 'hugo', password: PASSWORD })).status, 200);
});

test('"next" gives the oldest, and 204 when nobody waits', async () => {
	await settle();
	const first = await question(d, { title: 'first' });
	await question(d, { title: 'second' });
	const client_id = randomUUID();
	const a = await hanna.json('POST', `${V}/queue/next`, { client_id });
	assert.equal(a.status, 200);
	assert.equal(a.body.title, 'first');
	assert.equal(a.body.state, 'live');
	assert.ok(Number.isInteger(a.body.lease.fence));
	const again = await hanna.json('POST', `${V}/queue/next`, { client_id });
	assert.equal(again.body.id, a.body.id);
	assert.equal(again.body.lease.fence, a.body.lease.fence);
	assert.equal((await hugo.json('POST', `${V}/queue/next`)).body.title, 'second');
	assert.equal((await hugo.json('POST', `${V}/queue/next`)).status, 204);
	assert.equal((await d.get(first.path)).body.state, 'live');
});

test('the queue: views, filters, pages', async () => {
	await settle();
	for (let i = 0; i < 55; i++) await ask(d, { title: `page ${i}`, lang: i % 2 ? 'de' : 'en', topic: i % 3 ? 'editing' : 'images' });
	let seen = [];
	for (let cursor; ; ) {
		const r = await hanna.get(`${V}/queue?view=unassigned${cursor ? `&cursor=${cursor}` : ''}`);
		assert.equal(r.status, 200);
		seen = seen.concat(r.body.items);
		cursor = r.body.cursor;
		if (!cursor) break;
	}
	assert.deepEqual(seen.map((t) => t.title), Array.from({ length: 55 }, (_, i) => `page ${i}`));
	assert.ok((await hanna.get(`${V}/queue?lang=de`)).body.items.every((t) => t.lang === 'de'));
	assert.ok((await hanna.get(`${V}/queue?topic=images`)).body.items.every((t) => t.topic === 'images'));
	assert.equal((await hanna.get(`${V}/queue?view=nothing`)).status, 422);
	assert.equal((await hanna.get(`${V}/queue?cursor=nonsense`)).status, 422);
	const mine = await hanna.get(`${V}/queue?view=mine`);
	assert.ok(mine.body.items.every((t) => t.holder?.id === hanna.account.id));
	/* a trial helper sees that somebody waits, not who or what for */
	const trial = await trixie.get(`${V}/queue`);
	assert.ok(trial.body.items.length > 0);
	for (const t of trial.body.items) assert.equal(t.title ?? t.name ?? t.page, undefined);
});

test('a hundred claims at once: one holder', async () => {
	await settle();
	await question(d);
	const id = (await hanna.get(`${V}/queue`)).body.items[0].id;
	const people = [hanna, hugo, mona, ada, trixie];
	const all = await Promise.all(Array.from({ length: 100 }, (_, i) => people[i % 5].json('POST', `${V}/tickets/${id}/claim`, {}).then((r) => ({ r, who: people[i % 5] }))));
	const won = all.filter((x) => x.r.status === 200);
	const holders = new Set(won.map((x) => x.who.account.id));
	assert.equal(holders.size, 1);
	assert.equal(new Set(won.map((x) => x.r.body.lease.fence)).size, 1, 'a claim by its holder is the same claim');
	const [holder] = holders;
	for (const x of all.filter((y) => y.r.status !== 200)) {
		assert.equal(x.r.status, 409);
		assert.equal(x.r.body.holder.id, holder);
	}
	assert.equal(won.length, 20);
});

test('"next" at once: nobody gets what another has', async () => {
	await settle();
	for (let i = 0; i < 20; i++) await ask(d);
	const got = await Promise.all(Array.from({ length: 30 }, (_, i) => [hanna, hugo, mona][i % 3].json('POST', `${V}/queue/next`, {})));
	const ids = got.filter((r) => r.status === 200).map((r) => r.body.id);
	assert.equal(ids.length, 20);
	assert.equal(new Set(ids).size, 20);
	assert.ok(got.filter((r) => r.status !== 200).every((r) => r.status === 204));
});

test('fences: missing 400, stale 409, and nothing is written', async () => {
	const t = await fresh(hanna);
	const before = (await hanna.get(t.t)).body.n;
	for (const what of ['messages', 'notes']) {
		const missing = await hanna.json('POST', `${t.t}/${what}`, { body: 'x' });
		assert.equal(missing.status, 400);
		assert.equal((await hanna.json('POST', `${t.t}/${what}`, { body: 'x', fence: t.fence - 1 })).status, 409);
		assert.equal((await hanna.json('POST', `${t.t}/${what}`, { body: 'x', fence: t.fence + 1 })).status, 409);
		assert.equal((await hanna.json('POST', `${t.t}/${what}`, { body: 'x', fence: String(t.fence) })).status, 400);
		assert.equal((await hugo.json('POST', `${t.t}/${what}`, { body: 'x', fence: t.fence })).status, 409);
		assert.equal((await ada.json('POST', `${t.t}/${what}`, { body: 'x' })).status, 400);
	}
	for (const what of ['close', 'release', 'renew', 'snooze', 'transfer'])
		assert.equal((await hanna.json('POST', `${t.t}/${what}`, { until: new Date(Date.now() + 60000).toISOString(), topic: 'images' })).status, 400, what);
	assert.equal((await hanna.get(t.t)).body.n, before);
	const renewed = await hanna.json('POST', `${t.t}/renew`, { fence: t.fence });
	assert.equal(renewed.status, 200);
	assert.equal(renewed.body.fence, t.fence);
	assert.equal((await hanna.json('POST', `${t.t}/release`, { fence: t.fence })).body.state, 'queued');
	assert.equal((await hanna.json('POST', `${t.t}/messages`, { body: 'x', fence: t.fence })).status, 409);
	const again = await hanna.json('POST', `${t.t}/claim`, {});
	assert.ok(again.body.lease.fence > t.fence);
	assert.equal((await hanna.json('POST', `${t.t}/messages`, { body: 'x', fence: t.fence })).status, 409);
	assert.equal((await hanna.json('POST', `${t.t}/messages`, { body: 'x', fence: again.body.lease.fence })).status, 201);
});

test('a repeat comes before fence and state', async () => {
	const t = await fresh(hanna);
	const client_id = randomUUID();
	const line = { body: 'Once.', fence: t.fence, client_id };
	const [a, b] = await Promise.all([hanna.json('POST', `${t.t}/messages`, line), hanna.json('POST', `${t.t}/messages`, line)]);
	assert.deepEqual([a.status, b.status].sort(), [200, 201]);
	assert.equal(a.body.n, b.body.n);
	for (const client of [hanna, d]) {
		/* notes and the asker's corrections too */
		const note = client === hanna ? ['POST', `${t.t}/notes`, { body: 'A note.', fence: t.fence, client_id: randomUUID() }] : ['PUT', `${t.path}/messages/1`, { body: 'Corrected.', client_id: randomUUID() }];
		const [first, second] = [await client.json(...note), await client.json(...note)];
		assert.deepEqual([first.status, second.status, second.body.n], [201, 200, first.body.n]);
	}
	const close = { fence: t.fence, client_id: randomUUID() };
	assert.equal((await hanna.json('POST', `${t.t}/close`, close)).status, 200);
	const again = await hanna.json('POST', `${t.t}/messages`, line);
	assert.equal(again.status, 200);
	assert.equal(again.body.n, a.body.n);
	assert.equal((await hanna.json('POST', `${t.t}/messages`, { ...line, body: 'Twice.' })).status, 409);
	assert.equal((await hanna.json('POST', `${t.t}/close`, close)).status, 200);
	assert.equal((await hanna.get(t.t)).body.log.filter((e) => e.body === 'Once.').length, 1);
});

test('a lost lease: back to the queue, the draft kept, late writing refused', async () => {
	const quick = await desk({ env: { PORCHLIGHT_LEASE_S: '4' } });
	try {
		const [h, g] = await Promise.all(['hanna', 'hugo'].map((n) => quick.login(n)));
		const t = await talk(quick, h);
		assert.equal((await h.json('PUT', `${t.t}/draft`, { body: 'I was about to say' })).status, 204);
		const s = await quick.sse(`${t.path}/events`);
		const back = await until(async () => {
			const e = await s.next('entry');
			return e.data.data?.to === 'queued' && e.data.data?.from === 'live' ? e : null;
		}, 'the claim to lapse');
		s.close();
		assert.equal(back.data.kind, 'state');
		assert.equal((await h.json('POST', `${t.t}/messages`, { body: 'too late', fence: t.fence })).status, 409);
		const other = await g.json('POST', `${t.t}/claim`, {});
		assert.equal(other.status, 200);
		assert.ok(other.body.lease.fence > t.fence);
		assert.equal((await h.json('POST', `${t.t}/messages`, { body: 'too late', fence: t.fence })).status, 409);
		assert.equal((await h.get(t.t)).body.draft, 'I was about to say');
		assert.equal((await g.get(t.t)).body.draft, undefined);
	} finally {
		await quick.stop();
	}
});

test('hand over: to a colleague with a note, to a topic, taken over by a moderator', async () => {
	const t = await fresh(hanna);
	const colleagues = (await hanna.get(`${V}/colleagues`)).body.items;
	assert.ok(colleagues.every((c) => !['hanna', 'hugo', 'mona'].includes(c.name)), 'display names, not login names');
	const to = hugo.account.id;
	assert.equal((await hanna.json('POST', `${t.t}/transfer`, { fence: t.fence })).status, 422);
	assert.equal((await hanna.json('POST', `${t.t}/transfer`, { fence: t.fence, to: '987654' })).body.field, 'to');
	const r = await hanna.json('POST', `${t.t}/transfer`, { fence: t.fence, to, note: 'You know more about this.' });
	assert.equal(r.status, 200);
	assert.equal(r.body.state, 'live');
	const theirs = await hugo.get(t.t);
	assert.equal(theirs.body.holder.id, to);
	assert.ok(theirs.body.lease.fence > t.fence);
	assert.ok(theirs.body.log.some((e) => e.kind === 'note' && e.body === 'You know more about this.'));
	assert.equal((await hanna.json('POST', `${t.t}/messages`, { body: 'x', fence: t.fence })).status, 409);
	const over = await mona.json('POST', `${t.t}/transfer`, { to: mona.account.id, seen: theirs.body.n });
	assert.equal(over.status, 200, over.text);
	assert.ok(over.body.lease.fence > theirs.body.lease.fence);
	assert.equal((await hugo.json('POST', `${t.t}/messages`, { body: 'x', fence: theirs.body.lease.fence })).status, 409);
	const topic = await mona.json('POST', `${t.t}/transfer`, { fence: over.body.lease.fence, topic: 'images' });
	assert.equal(topic.body.state, 'queued');
	const back = await hanna.json('POST', `${V}/queue/next`, { topic: 'images' });
	assert.equal(back.body.id, t.id);
	assert.equal(back.body.topic, 'images');
});

test('a second helper writes with the holder; others do not', async () => {
	const t = await fresh(hanna);
	assert.equal((await hugo.json('POST', `${t.t}/messages`, { body: 'me too', fence: t.fence })).status, 409);
	assert.equal((await hanna.json('POST', `${t.t}/invite`, { fence: t.fence, account: hugo.account.id })).status, 200);
	assert.equal((await hugo.json('POST', `${t.t}/messages`, { body: 'me too', fence: t.fence })).status, 201);
	assert.equal((await hanna.json('POST', `${t.t}/invite`, { fence: t.fence })).body.field, 'account');
});

test('snooze until a time or a reply', async () => {
	const t = await fresh(hanna);
	for (const until of ['tomorrow', '2020-01-01T00:00:00Z', '2999-01-01T00:00:00Z', '2026-02-30T00:00:00Z']) {
		const r = await hanna.json('POST', `${t.t}/snooze`, { fence: t.fence, until });
		assert.equal(r.status, 422, until);
		assert.equal(r.body.field, 'until');
	}
	const until = new Date(Date.now() + 3600000).toISOString();
	assert.equal((await hanna.json('POST', `${t.t}/snooze`, { fence: t.fence, until })).body.state, 'snoozed');
	assert.equal((await hanna.get(t.t)).body.until, until);
	assert.equal((await d.json('POST', `${t.path}/messages`, { body: 'I found out more.' })).status, 201);
	assert.equal((await d.get(t.path)).body.state, 'queued');
	const next = await hanna.json('POST', `${V}/queue/next`, {});
	assert.equal(next.body.id, t.id, 'offered first to the one who snoozed it');
	assert.equal((await hanna.json('POST', `${t.t}/snooze`, { fence: next.body.lease.fence, until: '2026-12-24T12:00:00+01:00' })).status === 400, false);
});

test('corrections: one\'s own alone, as a new entry that names the old one', async () => {
	const t = await fresh(hanna);
	const mine = (await hanna.json('POST', `${t.t}/messages`, { body: 'Use the cite too.', fence: t.fence })).body.n;
	const theirs = (await d.json('POST', `${t.path}/messages`, { body: 'Thnaks.' })).body.n;
	const s = await d.sse(`${t.path}/events?after=${theirs}`);
	const fix = { body: 'Use the cite tool.', fence: t.fence, client_id: randomUUID() };
	const r = await hanna.json('PUT', `${t.t}/messages/${mine}`, fix);
	assert.equal(r.status, 201, r.text);
	assert.equal((await hanna.json('PUT', `${t.t}/messages/${mine}`, fix)).status, 200);
	const e = await s.next('entry');
	assert.equal(e.data.kind, 'edit');
	assert.equal(e.data.data.of, mine);
	assert.equal(e.data.body, 'Use the cite tool.');
	s.close();
	assert.equal((await d.json('PUT', `${t.path}/messages/${theirs}`, { body: 'Thanks.' })).status, 201);
	assert.equal((await d.json('PUT', `${t.path}/messages/${mine}`, { body: 'Not mine.' })).status, 409);
	assert.equal((await hanna.json('PUT', `${t.t}/messages/${theirs}`, { body: 'Not mine.', fence: t.fence })).status, 409);
	assert.equal((await hanna.json('PUT', `${t.t}/messages/${mine}`, { body: 'x' })).status, 400);
	assert.equal((await hanna.json('PUT', `${t.t}/messages/${mine}`, { body: 'x', fence: t.fence - 1 })).status, 409);
	assert.equal((await hanna.json('PUT', `${t.t}/messages/x`, { body: 'x', fence: t.fence })).status, 404);
	assert.equal((await hanna.json('PUT', `${t.t}/messages/999`, { body: 'x', fence: t.fence })).status, 422);
	assert.match((await hanna.get(`${t.t}/transcript?format=txt`)).text, /cite tool/);
});

test('topic, urgent, not a real question, close with a reason, reopen', async () => {
	const t = await fresh(hanna);
	assert.equal((await hanna.json('POST', `${t.t}/topic`, { fence: t.fence, topic: 'cooking' })).body.field, 'topic');
	assert.equal((await hanna.json('POST', `${t.t}/topic`, { fence: t.fence, topic: 'images' })).status, 200);
	assert.equal((await hanna.get(t.t)).body.topic, 'images');
	assert.equal((await hanna.json('POST', `${t.t}/urgent`, { fence: t.fence })).status, 200);
	assert.equal((await hanna.get(t.t)).body.urgent, true);
	assert.equal((await hanna.json('POST', `${t.t}/urgent`, { fence: t.fence, urgent: false })).status, 200);
	assert.equal((await hanna.json('POST', `${t.t}/close`, { fence: t.fence, reason: 'x'.repeat(501) })).body.field, 'reason');
	const closed = await hanna.json('POST', `${t.t}/close`, { fence: t.fence, reason: 'answered' });
	assert.equal(closed.body.state, 'closed');
	const entry = (await hanna.get(t.t)).body.log.find((e) => e.data?.to === 'closed');
	assert.equal(entry.data.reason, 'answered');
	assert.equal((await hanna.json('POST', `${t.t}/reopen`, {})).body.state, 'queued');
	const held = await hanna.json('POST', `${t.t}/notreal`, {});
	assert.equal(held.body.state, 'held');
	assert.equal((await hanna.get(t.t)).status, 404, 'held text is for moderators');
	assert.equal((await mona.get(t.t)).status, 200);
});

test('a moderator who writes without a claim names what they saw; something newer writes nothing', async () => {
	const t = await fresh(hanna);
	const seen = (await mona.get(t.t)).body.log.at(-1).n;
	assert.equal((await d.json('POST', `${t.path}/messages`, { body: 'I found out one more thing.' })).status, 201);
	const last = (await mona.get(t.t)).body.n;
	for (const what of ['notes', 'messages']) {
		const stale = await mona.json('POST', `${t.t}/${what}`, { body: 'About that.', seen });
		assert.equal(stale.status, 409, stale.text);
	}
	assert.equal((await mona.json('POST', `${t.t}/topic`, { topic: 'images', seen })).status, 409);
	assert.equal((await mona.get(t.t)).body.n, last);
	assert.equal((await mona.json('POST', `${t.t}/notes`, { body: 'About that.', seen: last })).status, 201);
	/* one's own note is nothing new to oneself */
	assert.equal((await mona.json('POST', `${t.t}/notes`, { body: 'And more.', seen: last })).status, 201);
	assert.equal((await mona.json('POST', `${t.t}/topic`, { topic: 'images', seen: last + 2 })).status, 200);
});

test("the desk's stream: news for helpers, held ones for moderators only, no words", async () => {
	await settle();
	const [s, m] = await Promise.all([hanna.sse(`${V}/desk/events`), mona.sse(`${V}/desk/events`)]);
	await question(d, { body: 'A very secret heron question.', title: 'Heron' });
	const id = await idOf(hanna, 'Heron');
	const came = await until(async () => {
		const e = await s.next('ticket');
		return e.data.id === id && e.data.event === 'accept' ? e : null;
	}, 'the question on the stream');
	assert.equal(came.id, String(came.data.seq));
	assert.ok(!s.all.some((e) => /heron/.test(e.text)));
	const from = await hanna.sse(`${V}/desk/events?after=${came.data.seq - 1}`);
	assert.equal((await from.next('ticket')).id, came.id);
	from.close();
	assert.equal((await hanna.json('POST', `${V}/tickets/${id}/notreal`, {})).status, 200);
	const held = await until(async () => {
		const e = await m.next('ticket');
		return e.data.to === 'held' && e.data.id === id ? e : null;
	}, 'the moderator to hear of it');
	/* what happens to it while it is held is for moderators alone */
	await mona.json('POST', `${V}/tickets/${id}/urgent`, {});
	const next = await question(d, { title: 'After it' });
	assert.ok(next);
	const after = await idOf(hanna, 'After it');
	await until(async () => (await s.next('ticket')).data.id === after, 'the next question');
	assert.ok(!s.all.some((e) => e.data.id === id && e.data.seq > held.data.seq));
	await until(() => m.all.some((e) => e.data.id === id && e.data.seq > held.data.seq), 'the moderator to hear that, too');
	const reset = await hanna.sse(`${V}/desk/events?after=999999999`);
	assert.equal((await reset.next()).event, 'reset');
	s.close();
	m.close();
});

test('a stream ends when its session does', async () => {
	const me = await d.login('hugo');
	const s = await me.sse(`${V}/desk/events`);
	assert.equal((await me.json('DELETE', `${V}/session`)).status, 204);
	while ((await s.next()) !== undefined);
	assert.ok(s.ended);
});

test('an idle session ends by itself, and its stream with it', async () => {
	const short = await desk({ env: { PORCHLIGHT_SESSION_IDLE_S: '4' } });
	try {
		const h = await short.login('hanna');
		const s = await h.sse(`${V}/desk/events`);
		while ((await s.next()) !== undefined);
		assert.equal((await h.get(`${V}/queue`)).status, 401);
		await short.login('hanna');
	} finally {
		await short.stop();
	}
});

test('search finds what one may read', async () => {
	const t = await fresh(hanna, { body: 'What is a pangolin infobox?', title: 'Infobox' });
	const found = await hanna.get(`${V}/search?q=pangolin`);
	assert.equal(found.status, 200);
	assert.equal(found.body.items[0].ticket.id, t.id);
	assert.match(found.body.items[0].excerpt, /pangolin/);
	assert.equal((await trixie.get(`${V}/search?q=pangolin`)).body.items.length, 0);
	assert.equal((await hanna.get(`${V}/search?q=`)).status, 422);
	assert.equal((await hanna.get(`${V}/search`)).status, 422);
	assert.equal((await hanna.get(`${V}/search?q=${'x'.repeat(201)}`)).status, 422);
	for (const q of ['"', '""', 'a" OR "b', '*', 'NEAR(', '-', '\u{1F600}', "'; DROP TABLE log; --"]) {
		const r = await hanna.get(`${V}/search?q=${encodeURIComponent(q)}`);
		assert.ok([200, 422].includes(r.status), `${q}: ${r.status}`);
	}
});

test('ready replies: mine, another\'s, a moderator\'s', async () => {
	const made = await hanna.json('POST', `${V}/canned`, { title: 'Cite', body: 'Use the cite tool.', lang: 'en' });
	assert.equal(made.status, 201);
	const at = `${V}/canned/${made.body.id}`;
	assert.equal((await hanna.json('POST', `${V}/canned`, { title: '', body: 'x' })).body.field, 'title');
	assert.equal((await hanna.json('POST', `${V}/canned`, { title: 'x' })).body.field, 'body');
	for (const [field, value] of [['lang', '!!'], ['topic', 'cooking'], ['title', 'two\nlines'], ['title', '\u202eevil'], ['title', ' '], ['body', '\n']])
		assert.deepEqual([await hanna.json('POST', `${V}/canned`, { title: 'x', body: 'y', [field]: value })].map((r) => [r.status, r.body.field]), [[422, field]]);
	const page = await hanna.form('/desk/canned', { csrf: hanna.csrf, title: 'x', body: 'y', topic: 'cooking' });
	assert.equal(page.status, 422);
	assert.match(page.text, /value="x"/, 'what was typed is there');
	assert.equal((await trixie.json('POST', `${V}/canned`, { title: 'x', body: 'y' })).status, 403);
	assert.equal((await hugo.json('PUT', at, { body: 'Mine.' })).status, 403);
	assert.equal((await hanna.json('PUT', at, { body: 'Better words.' })).body.body, 'Better words.');
	assert.equal((await mona.json('PUT', at, { title: 'Citing' })).body.title, 'Citing');
	assert.deepEqual((await trixie.get(`${V}/canned?lang=en`)).body.items.map((c) => [c.title, c.body, c.mine]), [['Citing', 'Better words.', false]]);
	assert.equal((await trixie.get(`${V}/canned?lang=de`)).body.items.length, 0);
	assert.equal((await hugo.json('DELETE', at)).status, 403);
	assert.equal((await hanna.json('DELETE', at)).status, 204);
	assert.equal((await hanna.json('DELETE', at)).status, 404);
	/* the same with the id beside the path */
	const other = (await hanna.json('POST', `${V}/canned`, { title: 'Two', body: 'Second.' })).body.id;
	assert.equal((await hanna.json('PUT', `${V}/canned`, { id: other, body: 'Changed.' })).body.body, 'Changed.');
	assert.equal((await hanna.json('PUT', `${V}/canned`, { body: 'Changed.' })).body.field, 'id');
	assert.equal((await hanna.json('DELETE', `${V}/canned`)).status, 422);
	assert.equal((await hanna.json('DELETE', `${V}/canned?id=${other}`)).status, 204);
});

test('duty is said, not guessed', async () => {
	assert.equal((await hanna.get(`${V}/desk/duty`)).body.duty, 'off');
	const before = (await hanna.get(`${V}/desk/duty`)).body.on_duty;
	const on = await hanna.json('POST', `${V}/desk/duty`, { duty: 'on' });
	assert.deepEqual(on.body, { duty: 'on', on_duty: before + 1 });
	assert.equal((await trixie.json('POST', `${V}/desk/duty`, { duty: 'on' })).body.on_duty, before + 1, 'a trial helper is no staffing');
	const q = await question(d);
	assert.equal((await d.get(q.path)).body.wait.status === 'return', false);
	assert.equal((await hanna.json('POST', `${V}/desk/duty`, { duty: 'off' })).body.on_duty, before);
	assert.equal((await hanna.json('POST', `${V}/desk/duty`, { duty: 'maybe' })).status, 422);
});

test('the claim cap is told', async () => {
	const capped = await desk({ env: { PORCHLIGHT_CLAIM_CAP: '2' } });
	try {
		const h = await capped.login('hanna');
		for (let i = 0; i < 3; i++) await question(capped);
		for (let i = 0; i < 2; i++) assert.equal((await h.json('POST', `${V}/queue/next`, {})).status, 200);
		assert.equal((await h.json('POST', `${V}/queue/next`, {})).status, 409);
	} finally {
		await capped.stop();
	}
});
