// The spammer, the attacker, and the person who only pressed Back: what they try over HTTP, and what must come of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, ask, desk, heldItem, idOf, question, randomUUID, rules, talk } from './api.mjs';

let d, hanna, trixie, mona, ada;
before(async () => {
	d = await desk();
	[hanna, trixie, mona, ada] = await Promise.all(['hanna', 'trixie', 'mona', 'ada'].map((n) => d.login(n)));
	await rules(
		ada,
		`body TEST_PAIR /violet lantern/
score TEST_PAIR 8
norm TEST_SEAM /amber lantern/
score TEST_SEAM 8
body TEST_PAY /send me money/
score TEST_PAY 8
`,
	);
});
after(() => d.stop());

const nonce = (page) => /name="form" value="([^"]+)"/.exec(page.text)[1];

test('a form sent again leads to the same place; with other words it is shown again, filled (P4)', async () => {
	const form = nonce(await d.get('/'));
	const words = { body: 'How do I move a page to another name?', form, lang: 'en' };
	const first = await d.form('/', words);
	assert.equal(first.status, 303);
	const again = await d.form('/', words);
	assert.equal(again.status, 303);
	assert.equal(again.headers.location, first.headers.location);
	const other = await d.form('/', { ...words, body: 'And how do I move it back to where it was?' });
	assert.equal(other.status, 409);
	assert.match(other.text, /And how do I move it back to where it was\?/);
	const renewed = await d.form('/', { ...words, body: 'And how do I move it back to where it was?', form: nonce(other) });
	assert.equal(renewed.status, 303);
	assert.notEqual(renewed.headers.location, first.headers.location);
});

test('a form sent twice is one question also where nonces do not weigh', async () => {
	const off = await desk({ env: { PORCHLIGHT_FORM_TOKEN: 'off' } });
	try {
		const words = { body: 'How do I archive an old discussion?', form: nonce(await off.get('/')), lang: 'en' };
		const [a, b] = await Promise.all([off.form('/', words), off.form('/', words)]);
		assert.equal(a.status, 303);
		assert.equal(a.headers.location, b.headers.location);
		assert.equal((await off.form('/', words)).headers.location, a.headers.location);
	} finally {
		await off.stop();
	}
});

const line = (q, body) => d.json('POST', `${q.path}/messages`, { body });
const entry = async (q, n) => (await d.get(`${q.path}?after=${n - 1}`)).body.log[0];

test('words cut in two are read together: question and line, correction and line, and across a long line', async () => {
	const q = await question(d, { body: 'I painted a picture of a violet' });
	assert.equal((await entry(q, (await line(q, 'lantern and want to upload it')).body.n)).data?.held, true);

	const r = await question(d);
	const n = (await line(r, 'I painted something')).body.n;
	assert.equal((await d.json('PUT', `${r.path}/messages/${n}`, { body: 'I painted a picture of a violet' })).status, 201);
	assert.equal((await entry(r, (await line(r, 'lantern and want to upload it')).body.n)).data?.held, true);

	const s = await question(d);
	await line(s, `${'I walked and I looked at the sea. '.repeat(90)}Then I painted a violet`);
	assert.equal((await entry(s, (await line(s, 'lantern and want to upload it')).body.n)).data?.held, true);

	const t = await question(d);
	assert.equal((await entry(t, (await line(t, 'a lantern and want to upload it')).body.n)).data?.held, undefined);
});

test('a word cut in the middle is read whole: over two lines and three, question and line, correction and line', async () => {
	const q = await question(d, { body: 'I painted a picture of a vio' });
	const held = (await line(q, 'let lantern and want to upload it')).body.n;
	assert.equal((await entry(q, held)).data?.held, true);
	const item = await heldItem(mona, 'held', (i) => i.n === held && /let lantern/.test(i.body));
	assert.ok(item.hits.some((h) => h.rule === 'TEST_PAIR'));
	assert.deepEqual(item.parts.filter((p) => p.rules?.includes('TEST_PAIR') || p.rule === 'TEST_PAIR').map((p) => p.text), ['let lantern'], JSON.stringify(item.parts));

	const r = await question(d);
	for (const part of ['I painted a vio', 'let lan']) assert.equal((await entry(r, (await line(r, part)).body.n)).data?.held, undefined, part);
	assert.equal((await entry(r, (await line(r, 'tern today')).body.n)).data?.held, true);

	const s = await question(d);
	const n = (await line(s, 'I painted something')).body.n;
	await line(s, 'let lantern and want to upload it');
	assert.equal((await entry(s, (await d.json('PUT', `${s.path}/messages/${n}`, { body: 'I painted a picture of a vio' })).body.n)).data?.held, true);

	/* What nobody sees at the seam does not part them. */
	for (const parts of [['I painted an am\u200b', 'ber lantern'], ['I painted an am', '\u2060\ufe0fber lantern'], ['I painted an am\u00ad\u200d', '\u200bber lantern']]) {
		const t = await question(d);
		assert.equal((await entry(t, (await line(t, parts[0])).body.n)).data?.held, undefined);
		assert.equal((await entry(t, (await line(t, parts[1])).body.n)).data?.held, true, JSON.stringify(parts));
	}

	/* Words that end where a line ends stay words of their own. */
	for (const parts of [['I painted a vio!', 'let lantern it be'], ['and a vio.', 'Let lanterns be'], ['I heard vio ', 'let lanterns be']]) {
		const t = await question(d);
		for (const part of parts) assert.equal((await entry(t, (await line(t, part)).body.n)).data?.held, undefined, part);
	}
});

test('a correction is read with what stands behind it, and what stood there alone is not held against it', async () => {
	const q = await question(d);
	const n = (await line(q, 'I like this')).body.n;
	assert.equal((await entry(q, (await line(q, 'lantern and want to upload it')).body.n)).data?.held, undefined);
	const same = await d.json('PUT', `${q.path}/messages/${n}`, { body: 'I painted a garden' });
	assert.equal((await entry(q, same.body.n)).data?.held, undefined);
	const edit = await d.json('PUT', `${q.path}/messages/${n}`, { body: 'I painted a picture of a violet' });
	assert.equal((await entry(q, edit.body.n)).data?.held, true);
	const item = await heldItem(mona, 'held', (i) => i.n === edit.body.n && /violet/.test(i.body));
	assert.ok(item.hits.some((h) => h.rule === 'TEST_PAIR'));
	assert.doesNotMatch(item.parts.map((p) => p.text).join(''), /lantern/, 'the words shown are its own');

	/* A line that was held for itself stays the only one. */
	const r = await question(d);
	const m = (await line(r, 'I like this too')).body.n;
	assert.equal((await entry(r, (await line(r, 'it is a violet lantern')).body.n)).data?.held, true);
	const fine = await d.json('PUT', `${r.path}/messages/${m}`, { body: 'I like this very much' });
	assert.equal((await entry(r, fine.body.n)).data?.held, undefined);
});

test('a name and a page are screened like the words beside them; the address of a page is no word', async () => {
	for (const field of ['name', 'page']) {
		const r = await ask(d, { [field]: 'My violet lantern' });
		assert.equal(r.body.state, 'held', field);
		const seen = (await mona.get(`${V}/held?list=held`)).text;
		assert.match(seen, /violet lantern/);
	}
	assert.equal((await ask(d, { name: 'Violet', page: 'https://wiki.example.org/wiki/Lantern' })).body.state, 'queued');
});

test('where the address of a page leads is looked up all the same, and another\'s site is not the wiki because its name begins alike', async () => {
	const text = (file, body) => ada.request('PUT', `${V}/rules/${encodeURIComponent(file)}`, { headers: { 'content-type': 'text/plain', 'if-none-match': '*' }, body });
	assert.equal((await text('lists/pages.list', 'lantern-shop.com\n\\bcheap-[a-z]+\\.net/sale\n')).status, 200);
	assert.equal((await text('local.d/pages.cf', 'score LIST_PAGES 8\n')).status, 200);
	for (const [i, page] of ['https://lantern-shop.com/', 'http://www.lantern-shop.com/wiki/Cat', 'https://cheap-lamps.net/sale', 'https://wiki.example.org@lantern-shop.com/'].entries()) {
		const title = `The page, number ${i}`;
		assert.equal((await ask(d, { title, page, body: 'May somebody look at this page of mine, please?' })).body.state, 'held', page);
		const item = await heldItem(mona, 'held', (i) => i.title === title);
		assert.deepEqual(item.hits.filter((h) => h.class === 'url').map((h) => h.rule), ['LIST_PAGES'], page);
	}
	assert.equal((await ask(d, { page: 'https://wiki.example.org/wiki/Lantern-shop.com' })).body.state, 'queued');
	const other = await desk({ env: { PORCHLIGHT_WIKI_URL: 'https://wiki.harbour.test' } });
	try {
		await rules(await other.login('ada'), 'uri TEST_WORDS /sells-violet/\nscore TEST_WORDS 8\n');
		for (const [page, state] of [['https://wiki.harbour.test/sells-violet-lanterns', 'queued'], ['https://wiki.harbour.test?title=sells-violet-lanterns', 'queued'],
			['https://wiki.harbour.test.example.com/sells-violet-lanterns', 'held'], ['https://wiki.harbour.test@example.com/sells-violet-lanterns', 'held']])
			assert.equal((await ask(other, { page })).body.state, state, page);
	} finally {
		await other.stop();
	}
});

test('what helpers say does not make the asker known', async () => {
	const q = await talk(d, hanna);
	for (let i = 0; i < 6; i++)
		assert.equal((await hanna.json('POST', `${q.t}/messages`, { body: `This is part ${i} of my answer.`, fence: q.fence })).status, 201);
	const n = (await line(q, 'look at my violet lantern')).body.n;
	assert.equal((await entry(q, n)).data?.held, true);
});

test('comments on how it went share the room there is before somebody answers', async () => {
	const q = await question(d);
	assert.equal((await d.json('POST', `${q.path}/close`, {})).status, 200);
	const rate = (i) => d.json('POST', `${q.path}/rating`, { helped: false, comment: `Nobody came, I say for the ${i}th time.` });
	for (let i = 0; i < 5; i++) assert.equal((await rate(i)).status, 200);
	assert.equal((await rate(5)).status, 429);
});

test('closing, opening, rating and new links end for a day, closing never; what is written stays', async () => {
	const q = await question(d);
	let presses = 0, r;
	for (; presses < 40; presses++) {
		assert.equal((await d.json('POST', `${q.path}/close`, {})).status, 200);
		r = await d.json('POST', `${q.path}/reopen`, {});
		if (r.status !== 200) break;
	}
	assert.equal(r.status, 429, r.text);
	assert.ok(Number(r.headers['retry-after']) > 0);
	assert.ok(presses >= 5 && presses <= 10, `${presses}`);
	assert.equal((await d.json('POST', `${q.path}/rating`, { helped: true })).status, 429);
	assert.equal((await d.json('POST', `${q.path}/link`, {})).status, 429);
	const before = (await d.get(q.path)).body;
	assert.equal(before.state, 'closed');
	for (let i = 0; i < 3; i++) await d.json('POST', `${q.path}/reopen`, {});
	assert.equal((await d.get(q.path)).body.log.length, before.log.length);
	assert.equal((await d.json('POST', `${q.path}/messages`, { body: 'I still have that question.' })).status, 201);
});

test('a helper confirms what seems to ask for money or for contact elsewhere; moderators see it, the asker is warned', async () => {
	const q = await talk(d, hanna);
	const body = 'Please pay me a fee through PayPal, then call me on WhatsApp +44 20 7946 0123.';
	const client_id = randomUUID();
	const asked = await hanna.json('POST', `${q.t}/messages`, { body, fence: q.fence, client_id });
	assert.deepEqual([asked.status, asked.body.field], [422, 'confirm'], asked.text);
	assert.equal((await hanna.json('POST', `${q.t}/messages`, { body, fence: q.fence, client_id, confirm: 'yes' })).status, 400);
	assert.equal((await hanna.json('POST', `${q.t}/messages`, { body, fence: q.fence, client_id, confirm: false })).status, 422);
	assert.equal((await d.get(q.path)).body.log.filter((x) => x.author.kind === 'helper' && x.kind === 'message').length, 0, 'nothing was written');
	const said = await hanna.json('POST', `${q.t}/messages`, { body, fence: q.fence, client_id, confirm: true });
	assert.equal(said.status, 201, said.text);
	assert.equal((await hanna.json('POST', `${q.t}/messages`, { body, fence: q.fence, client_id })).body.n, said.body.n, 'a repeat is the first answer');
	assert.match((await d.get(`/q/${q.token}`)).text, /Careful: this message/);
	assert.ok(await heldItem(mona, 'reports', (i) => i.ticket === q.id && i.n === said.body.n), 'no moderator was told');
	const note = await hanna.json('POST', `${q.t}/notes`, { body, fence: q.fence });
	assert.equal(note.status, 201, 'what colleagues tell each other is not asked about');
});

test('a correction that asks for money is warned about like a message that does', async () => {
	const q = await talk(d, hanna);
	const said = await hanna.json('POST', `${q.t}/messages`, { body: 'Hello, I can help.', fence: q.fence });
	assert.equal(said.status, 201);
	const before = await d.get(`/q/${q.token}`);
	assert.doesNotMatch(before.text, /Careful: this message/);
	const body = 'You must send me money by PayPal, write to me on Telegram @helper_bob first, send $50 in bitcoin.';
	const asked = await hanna.json('PUT', `${q.t}/messages/${said.body.n}`, { body, fence: q.fence });
	assert.deepEqual([asked.status, asked.body.field], [422, 'confirm'], asked.text);
	const edit = await hanna.json('PUT', `${q.t}/messages/${said.body.n}`, { body, fence: q.fence, confirm: true });
	assert.equal(edit.status, 201, edit.text);
	assert.equal((await entry(q, edit.body.n)).data.warn, true);
	assert.match((await d.get(`/q/${q.token}`)).text, /Careful: this message/);
});

test('a held correction is marked as held, and its links are dead, until it is released', async () => {
	const q = await talk(d, hanna);
	assert.equal((await hanna.json('POST', `${q.t}/messages`, { body: 'Hello, what is it?', fence: q.fence })).status, 201);
	const n = (await line(q, 'It is about a picture.')).body.n;
	const edit = await d.json('PUT', `${q.path}/messages/${n}`, { body: 'My violet lantern: https://lantern.example.org/buy' });
	assert.equal(edit.status, 201, edit.text);
	const held = (await hanna.get(`/desk/t/${q.id}`)).text;
	assert.match(held, /class="msg [a-z]+ held" id="n\d+"/);
	assert.doesNotMatch(held, /href="https:\/\/lantern/);
	const r = await mona.json('POST', `${V}/judgements`, { items: [{ ticket: q.id, n: edit.body.n }], label: 'ham' });
	assert.equal(r.status, 200, r.text);
	const free = (await hanna.get(`/desk/t/${q.id}`)).text;
	assert.doesNotMatch(free, /class="msg [a-z]+ held"/);
	assert.match(free, /lantern\.example\.org/);
	const told = await d.get(`${q.path}/transcript?format=json`);
	assert.equal(told.status, 200);
	const lines = told.body.log.filter((e) => e.kind !== 'state' && e.author.kind === 'asker').map((e) => e.body);
	assert.deepEqual(lines.slice(1), ['My violet lantern: https://lantern.example.org/buy']);

	// Hiding the message hides every form its words have taken.
	const g = await mona.get(q.t);
	const hide = await mona.json('POST', `${q.t}/hide`, { of: n, seen: g.body.log.at(-1).n });
	assert.equal(hide.status, 200, hide.text);
	for (const text of [(await d.get(q.path)).text, (await hanna.get(q.t)).text, (await hanna.get(`/desk/t/${q.id}`)).text,
		(await d.get(`/q/${q.token}`)).text, (await d.get(`${q.path}/transcript?format=txt`)).text])
		assert.doesNotMatch(text, /lantern\.example/);
	assert.deepEqual((await hanna.get(`${V}/search?q=violet`)).body.items.filter((h) => h.ticket?.id === q.id || h.id === q.id), []);
});
