// The moderator's side of the JSON API: lists, reasons, decisions and their undoing, bans, hiding; and the admin's: rule files, accounts, audit.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { RULES, V, ask, desk, heldItem, idOf, question, rules, talk } from './api.mjs';
import { PASSWORD, command, until } from './lib.mjs';

let d, hanna, mona, mats, ada;
before(async () => {
	d = await desk({ env: { PORCHLIGHT_CLAIM_CAP: '50' } });
	[hanna, mona, mats, ada] = await Promise.all(['hanna', 'mona', 'mats', 'ada'].map((n) => d.login(n)));
	await rules(ada);
});
after(() => d.stop());

const judge = (who, ticket, label, more = {}) => who.json('POST', `${V}/judgements`, { items: [{ ticket }], label, ...more });

test('a held question: its reasons and marked words for moderators', async () => {
	await question(d, { body: 'Well, please hold this one about bridges.', title: 'Bridges' }, 'held');
	const item = await heldItem(mona, 'held', (i) => /bridges/.test(i.body ?? JSON.stringify(i.parts)));
	assert.ok(item);
	assert.ok(item.hits.some((h) => h.rule === 'TEST_HOLD'));
	assert.ok(item.reasons.length >= 1);
	assert.ok(item.parts.some((p) => p.mark && /please hold this/i.test(p.text)));
	assert.equal(item.parts.map((p) => p.text).join(''), item.body ?? item.parts.map((p) => p.text).join(''));
	const v = await mona.get(`${V}/tickets/${item.ticket}/verdicts/${item.n}`);
	assert.equal(v.status, 200);
	assert.match(v.text, /TEST_HOLD/);
	assert.equal((await mona.get(`${V}/tickets/${item.ticket}/verdicts/99`)).status, 404);
	assert.ok((await mona.get(`${V}/held?rule=TEST_HOLD`)).body.items.length >= 1);
	assert.equal((await mona.get(`${V}/held?rule=NO_SUCH`)).body.items.length, 0);
	assert.equal((await mona.get(`${V}/held?list=nothing`)).status, 422);
	assert.equal((await mona.get(`${V}/held?limit=0x`)).status, 400);
	assert.ok(!(await hanna.get(`${V}/queue?view=all`)).body.items.some((t) => t.id === item.ticket), 'never in a working list');
	assert.equal((await hanna.get(`${V}/tickets/${item.ticket}`)).status, 404);
});

test('a question that was held a day ago, and that nobody has decided, says so', async () => {
	await question(d, { body: 'Where do ferries land when the tide is low, and who knows? please hold this', title: 'Ferries' }, 'held');
	const find = () => heldItem(mona, 'held', (i) => i.title === 'Ferries');
	const { ticket, overdue } = await find();
	assert.equal(overdue, undefined);
	const as = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
	const sql = `UPDATE tickets SET decided = decided - 86400000 WHERE id = ${ticket}`;
	const r = spawnSync('sqlite3', ['-cmd', '.timeout 20000', path.join(d.data, 'porchlight.db'), sql], { encoding: 'utf8', ...as });
	assert.equal(r.status, 0, r.stderr);
	await until(async () => (await find()).overdue, 'the mark');
	assert.equal((await mona.get(`${V}/tickets/${ticket}`)).body.overdue, true);
	for (const page of ['/desk/moderation?list=held', `/desk/t/${ticket}`]) assert.match((await mona.get(page)).text, /Held for more than a day, still undecided/, page);
	await judge(mona, ticket, 'ham');
	assert.equal((await mona.get(`${V}/tickets/${ticket}`)).body.overdue, undefined);
});

test('decide, undo, decide again', async () => {
	const q = await question(d, { body: 'please hold this about undoing' }, 'held');
	const item = await heldItem(mona, 'held', (i) => /undoing/.test(i.body ?? JSON.stringify(i.parts)));
	const spam = await judge(mona, item.ticket, 'spam');
	assert.equal(spam.status, 200);
	assert.equal(spam.body.changed, 1);
	assert.equal((await d.get(q.path)).body.state, 'spam');
	const again = await judge(mats, item.ticket, 'spam');
	assert.equal(again.body.changed, 0);
	assert.equal(again.body.kept, 1);
	const undo = await mona.json('POST', `${V}/judgements/${spam.body.undo}/undo`, {});
	assert.equal(undo.status, 200);
	assert.equal(undo.body.changed, 1);
	assert.equal((await d.get(q.path)).body.state, 'held');
	assert.equal((await mona.json('POST', `${V}/judgements/${spam.body.undo}/undo`, {})).status, 404);
	assert.equal((await mona.json('POST', `${V}/judgements/nonsense/undo`, {})).status, 404);
	const ham = await judge(mona, item.ticket, 'ham', { trust: true });
	assert.equal(ham.body.changed, 1);
	assert.equal((await d.get(q.path)).body.state, 'queued');
	/* undone before anybody took it up */
	assert.equal((await mona.json('POST', `${V}/judgements/${ham.body.undo}/undo`, {})).status, 200);
	assert.equal((await d.get(q.path)).body.state, 'held');
});

test('many at once are one undo', async () => {
	const all = [];
	for (const word of ['ash', 'birch', 'cedar']) all.push(await question(d, { body: `please hold this about a ${word} tree` }, 'held'));
	const items = [];
	for (const word of ['ash', 'birch', 'cedar']) {
		const i = await heldItem(mona, 'held', (x) => JSON.stringify(x).includes(`a ${word} tree`));
		items.push({ ticket: i.ticket, n: i.n });
	}
	const r = await mona.json('POST', `${V}/judgements`, { items, label: 'spam' });
	assert.equal(r.body.changed, 3);
	for (const q of all) assert.equal((await d.get(q.path)).body.state, 'spam');
	assert.equal((await mona.json('POST', `${V}/judgements/${r.body.undo}/undo`, {})).body.changed, 3);
	for (const q of all) assert.equal((await d.get(q.path)).body.state, 'held');
});

test('what is no judgement', async () => {
	for (const [body, status] of [
		[{ items: [{ ticket: '1' }], label: 'maybe' }, 422], [{ items: [{ ticket: '1' }] }, 422], [{ items: [], label: 'spam' }, 422], [{ label: 'spam' }, 422],
		[{ items: 'x', label: 'spam' }, 400], [{ items: [7], label: 'spam' }, 400], [{ items: [{}], label: 'spam' }, 422], [{ items: [{ ticket: 'x' }], label: 'spam' }, 422],
		[{ items: Array.from({ length: 501 }, () => ({ ticket: '1' })), label: 'spam' }, 422], [{ items: [{ ticket: '1' }], label: 'spam', trust: 'yes' }, 400],
	])
		assert.equal((await mona.json('POST', `${V}/judgements`, body)).status, status, JSON.stringify(body).slice(0, 80));
});

test('a refused question can be let in', async () => {
	const q = await question(d, { body: 'please refuse this about rivers' }, 'rejected');
	const item = await heldItem(mona, 'rejected', (i) => /rivers/.test(JSON.stringify(i)));
	assert.equal((await judge(mona, item.ticket, 'ham')).body.changed, 1);
	assert.equal((await d.get(q.path)).body.state, 'queued');
});

test('an appeal is judged by another moderator than the one it is about', async () => {
	const q = await question(d, { title: 'Appealed', body: 'How do I name a lighthouse?' });
	const id = await idOf(mona, 'Appealed');
	assert.equal((await judge(mona, id, 'spam')).body.changed, 1);
	assert.equal((await d.json('POST', `${q.path}/appeal`, { body: 'It is a real question.' })).body.state, 'held');
	const item = await heldItem(mona, 'appeals', (i) => i.ticket === id);
	assert.equal(item.appeal, 'It is a real question.');
	for (const label of ['spam', 'ham']) {
		const own = await judge(mona, id, label);
		assert.equal(own.status, 409, own.text);
		assert.match(own.body.detail, /another moderator/);
	}
	assert.equal((await d.get(q.path)).body.state, 'held');
	// Among others it is kept, and the others are judged.
	const r = await question(d, { title: 'Beside it', body: 'How do I paint a lighthouse?' });
	const both = await mona.json('POST', `${V}/judgements`, { items: [{ ticket: id }, { ticket: await idOf(mona, 'Beside it') }], label: 'spam' });
	assert.deepEqual([both.status, both.body.changed, both.body.kept], [200, 1, 1], both.text);
	assert.equal((await d.get(r.path)).body.state, 'spam');
	assert.equal((await judge(mats, id, 'ham')).body.changed, 1);
	assert.equal((await d.get(q.path)).body.state, 'queued');
});

test('hide and suppress', async () => {
	const t = await talk(d, mona, { body: 'Anything.' });
	const line = await d.json('POST', `${t.path}/messages`, { body: 'My phone number is a walrus.' });
	assert.equal((await hanna.json('POST', `${t.t}/hide`, { of: line.body.n })).status, 403);
	assert.equal((await mona.json('POST', `${t.t}/hide`, { of: line.body.n, level: 'sideways' })).status, 422);
	assert.equal((await mona.json('POST', `${t.t}/hide`, { of: 999 })).body.field, 'of');
	assert.equal((await mona.json('POST', `${t.t}/hide`, { of: line.body.n })).status, 200);
	assert.ok(!/walrus/.test((await d.get(t.path)).text));
	assert.match((await mona.get(t.t)).text, /walrus/);
	assert.equal((await mona.json('POST', `${t.t}/hide`, { of: line.body.n, level: 'suppress' })).status, 200);
	assert.ok(!/walrus/.test((await mona.get(t.t)).text));
});

test('a ban holds, says so to nobody but moderators, and ends', async () => {
	const bad = await question(d, { body: 'First of a flood about ferries.' });
	const ticket = (await mona.get(`${V}/queue?view=all`)).body.items.at(-1).id;
	assert.equal((await mona.json('POST', `${V}/bans`, {})).body.field, 'ticket');
	assert.equal((await mona.json('POST', `${V}/bans`, { ticket: '987654' })).status, 404);
	assert.equal((await mona.json('POST', `${V}/bans`, { ticket, days: 181 })).body.field, 'days');
	assert.equal((await mona.json('POST', `${V}/bans`, { ticket, days: '7' })).status, 400);
	const ban = await mona.json('POST', `${V}/bans`, { ticket, days: 7, reason: 'flood' });
	assert.equal(ban.status, 201, ban.text);
	assert.ok(bad);
	const r = await ask(d, { body: 'Second of a flood about ferries.' });
	assert.equal(r.status, 201);
	assert.equal(r.body.state, 'held');
	assert.ok(!/ban/i.test(r.text.replace(r.body.token, '').replace(r.body.url, '')));
	const list = (await mona.get(`${V}/bans`)).body.items;
	assert.equal(list.length, 1);
	assert.equal(list[0].held, 1);
	assert.equal(list[0].reason, 'flood');
	assert.ok(!/127\.0\.0\.1/.test(JSON.stringify(list)));
	assert.equal((await mona.json('DELETE', `${V}/bans/${ban.body.id}`)).status, 204);
	assert.equal((await mona.json('DELETE', `${V}/bans/${ban.body.id}`)).status, 404);
	const other = await mona.json('POST', `${V}/bans`, { ticket, days: 7 });
	assert.equal((await mona.json('DELETE', `${V}/bans?id=${other.body.id}`)).status, 204);
	assert.equal((await mona.get(`${V}/bans`)).body.items.length, 0);
	assert.equal((await ask(d, { body: 'What does a stub template do, and when is one useful?' })).body.state, 'queued');
});

test('all words that a rule below a meta saw are marked, through its own reading of the text, in the title too', async () => {
	const at = `${V}/rules/local.d%2Flanterns.cf`;
	const rules = 'skel  __RED_LANTERN  /\\bred lanterns?\\b/\nnorm  __BLUE_LANTERN /\\bblue lanterns?\\b/\nmeta  LANTERNS (__RED_LANTERN && __BLUE_LANTERN)\nscore LANTERNS 4\ndescribe LANTERNS Sells lanterns\n';
	const put = await ada.request('PUT', at, { headers: { 'content-type': 'text/plain', 'if-none-match': '*' }, body: rules });
	assert.ok(put.status < 300, put.text);
	const body = 'Here is a r\u0435d lantern, there a RED LANTERN, and a blue  lantern beside it. Yes, one more blue lantern.';
	assert.equal((await ask(d, { title: 'My red lantern', body })).body.state, 'held');
	const item = (await mona.get(`${V}/held?list=held&rule=LANTERNS`)).body.items[0];
	const marked = (parts) => parts.filter((p) => p.mark).map((p) => p.text.replace(/[.,]$/, ''));
	assert.deepEqual(marked(item.parts), ['r\u0435d lantern', 'RED LANTERN', 'blue  lantern', 'blue lantern']);
	assert.deepEqual(marked(item.title_parts), ['red lantern']);
	assert.equal(item.parts.map((p) => p.text).join(''), body);
	const page = await mona.get('/desk/moderation');
	assert.match(page.text, /My <mark title="LANTERNS">red lantern<\/mark><\/h2>/);
	const etag = (await ada.get(at)).headers.etag;
	await ada.request('PUT', at, { headers: { 'content-type': 'text/plain', 'if-match': etag }, body: '# empty\n' });
});

test('rule files: read, change with If-Match, refused with line and column, live at once', async () => {
	const at = `${V}/rules/local.d%2Ftest.cf`;
	const file = await ada.get(at);
	assert.equal(file.status, 200);
	assert.equal(file.text, RULES);
	const etag = file.headers.etag;
	assert.match(etag, /^"[^"]+"$/);
	const put = (text, headers) => ada.request('PUT', at, { headers: { 'content-type': 'text/plain', ...headers }, body: text });
	assert.equal((await put(RULES)).status, 428);
	assert.equal((await put(RULES, { 'if-match': '"old"' })).status, 412);
	assert.equal((await put(RULES, { 'if-none-match': '*' })).status, 412);
	const broken = await put(`${RULES}body BROKEN /(/\n`, { 'if-match': etag });
	assert.equal(broken.status, 422);
	assert.ok(broken.body.errors.length >= 1);
	assert.equal(broken.body.errors[0].file, 'local.d/test.cf');
	assert.equal(broken.body.errors[0].line, RULES.split('\n').length);
	assert.ok(broken.body.errors[0].column >= 1);
	assert.equal((await ada.get(at)).headers.etag, etag, 'nothing changed');
	const before = (await ada.get(`${V}/rules`)).body.generation;
	const good = await ada.json('PUT', at, { text: `${RULES}body TEST_MORE /hold these words too/\nscore TEST_MORE 8\n`, comment: 'one more' }, { 'if-match': etag });
	assert.equal(good.status, 200, good.text);
	assert.notEqual(good.headers.etag, etag);
	await question(d, { body: 'Now hold these words too, kindly.' }, 'held');
	const book = (await ada.get(`${V}/rules`)).body;
	assert.notEqual(book.generation, before);
	assert.ok(book.good);
	assert.deepEqual(book.errors, []);
	assert.ok(book.rules.some((r) => r.rule === 'TEST_MORE'));

	const history = (await ada.get(`${at}/history`)).body.items;
	assert.ok(history.length >= 2);
	assert.equal(history[0].comment, 'one more');
	const back = await ada.json('POST', `${at}/rollback`, { revision: history[1].revision });
	assert.equal(back.status, 200, back.text);
	assert.equal((await ada.get(at)).text, RULES);
	assert.equal((await ada.json('POST', `${at}/rollback`, {})).body.field, 'revision');
	assert.equal((await ada.json('POST', `${at}/rollback`, { revision: 987654 })).status, 404);

	const check = await ada.json('POST', `${V}/rules/check`, { file: 'local.d/test.cf', text: 'body X /(/' });
	assert.equal(check.status, 200);
	assert.equal(check.body.ok, false);
	assert.equal((await ada.json('POST', `${V}/rules/check`, { file: 'local.d/test.cf', text: RULES })).body.ok, true);
	assert.equal((await ada.json('POST', `${V}/rules/check`, { text: RULES })).body.field, 'file');
	assert.equal((await ada.get(`${V}/rules/stats`)).status, 200);
	assert.equal((await ada.get(`${V}/rules/stats?days=0`)).status, 422);
	for (const name of ['..%2F..%2Fetc%2Fpasswd', '%2Fetc%2Fpasswd', 'porchlight.db', '.cf']) {
		assert.equal((await ada.get(`${V}/rules/${name}`)).status, 404, name);
		const r = await ada.request('PUT', `${V}/rules/${name}`, { headers: { 'content-type': 'text/plain', 'if-none-match': '*' }, body: 'x' });
		assert.ok([404, 422].includes(r.status), `${name}: ${r.status}`);
	}
	assert.equal((await ada.request('PUT', at, { headers: { 'content-type': 'image/png', 'if-match': '*' }, body: 'x' })).status, 415);
});

test('a rule file may be larger than other bodies, for staff and on its own addresses', async () => {
	const at = `${V}/rules/local.d%2Flarge.cf`;
	const text = `# ${'a long remark about the rules of this house '.repeat(20)}\n`.repeat(1200) + 'body TEST_LARGE /large and long/\nscore TEST_LARGE 8\n';
	assert.ok(text.length > 1 << 20);
	const put = (who, headers) => who.request('PUT', at, { headers: { 'content-type': 'text/plain', 'content-length': text.length, ...headers }, body: text });
	const r = await put(ada, { 'if-none-match': '*' });
	assert.equal(r.status, 200, r.text);
	assert.equal((await ada.get(at)).text, text);
	await question(d, { body: 'This is large and long.' }, 'held');
	assert.equal((await ada.json('POST', `${V}/rules/check`, { file: 'local.d/large.cf', text })).status, 200);
	assert.equal((await put(d, {})).status, 413, 'strangers');
	assert.equal((await put(mona, {})).status, 403);
	assert.equal((await ada.json('POST', `${V}/rules/TEST_LARGE/mode`, { mode: 'watch', junk: 'x'.repeat(70000) })).status, 413);
	const page = await ada.get('/desk/rules/edit?file=local.d/large.cf');
	const field = (name) => new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)[1];
	const saved = await ada.form('/desk/rules/edit', { csrf: field('csrf'), etag: field('etag'), file: 'local.d/large.cf', do: 'save', text: `${text}# the end\n` });
	assert.equal(saved.status, 303, saved.text.slice(0, 500));
	assert.match((await ada.get(at)).text, /# the end\n$/);
});

test('a rule is watched, rested, and brought back', async () => {
	assert.equal((await ada.json('POST', `${V}/rules/TEST_HOLD/mode`, { mode: 'loud' })).status, 422);
	assert.equal((await ada.json('POST', `${V}/rules/NO_SUCH_RULE/mode`, { mode: 'watch' })).status, 404);
	assert.equal((await ada.json('POST', `${V}/rules/TEST_HOLD/mode`, { mode: 'watch' })).status, 200);
	await question(d, { body: 'please hold this while you watch, what is a redirect?' });
	assert.equal((await ada.json('POST', `${V}/rules/TEST_HOLD/mode`, { mode: 'active' })).status, 200);
	await question(d, { body: 'please hold this again, what is a red link?' }, 'held');
});

test('accounts: made, changed, reset, disabled; each ends what was open', async () => {
	const made = await ada.json('POST', `${V}/accounts`, { name: 'newt', role: 'helper' });
	assert.equal(made.status, 201);
	assert.ok(made.body.code);
	assert.equal(made.body.password, false);
	const at = `${V}/accounts/${made.body.id}`;
	assert.equal((await ada.json('POST', `${V}/accounts`, { name: 'NEWT' })).status, 409);
	for (const [body, field] of [[{ name: '' }, 'name'], [{ name: 'a b' }, 'name'], [{ name: 'x', role: 'king' }, 'role'], [{ name: 'x', password: 'short' }, 'password'], [{ name: 'x', display: 'X' }, 'display']]) {
		const r = await ada.json('POST', `${V}/accounts`, body);
		assert.equal(r.status, 422, JSON.stringify(body));
		assert.equal(r.body.field, field);
	}
	assert.equal((await d.json('POST', `${V}/session/reset`, { code: 'wrong', password: PASSWORD })).status, 404);
	assert.equal((await d.json('POST', `${V}/session/reset`, { code: made.body.code, password: 'short' })).status, 422);
	assert.equal((await d.json('POST', `${V}/session/reset`, { code: made.body.code, password: PASSWORD })).status, 204);
	assert.equal((await d.json('POST', `${V}/session/reset`, { code: made.body.code, password: PASSWORD })).status, 404);
	let newt = await d.login('newt');
	const key = (await newt.json('POST', `${V}/keys`, { label: 'bot', scopes: ['read'] })).body.key;
	const bot = d.client({ authorization: `Bearer ${key}` });
	const s = await bot.sse(`${V}/desk/events`);
	assert.equal((await newt.json('PATCH', `${V}/session`, { display: 'Newt the Kind' })).body.account.display, 'Newt the Kind');
	assert.equal((await ada.json('PATCH', at, { role: 'moderator' })).body.role, 'moderator');
	assert.equal((await newt.get(`${V}/session`)).status, 401);
	assert.equal((await bot.get(`${V}/queue`)).status, 401);
	while ((await s.next()) !== undefined);
	newt = await d.login('newt');
	assert.equal((await newt.get(`${V}/held`)).status, 200);
	assert.equal((await newt.json('POST', `${V}/session/password`, { password: 'not it, surely', new_password: 'another long one' })).status, 403);
	assert.equal((await newt.json('POST', `${V}/session/password`, { password: PASSWORD, new_password: 'another long one' })).status, 204);
	assert.equal((await newt.get(`${V}/session`)).status, 200);
	assert.equal((await ada.json('PATCH', at, { disabled: true, password: 'short' })).status, 422);
	assert.equal((await newt.get(`${V}/session`)).status, 200, 'all of it or nothing');
	const reset = await ada.json('POST', `${at}/reset`, {});
	assert.equal(reset.status, 200, reset.text);
	assert.equal((await d.json('POST', `${V}/session/reset`, { code: reset.body.code, password: PASSWORD })).status, 204);
	assert.equal((await newt.get(`${V}/session`)).status, 401);
	newt = await d.login('newt');
	assert.equal((await ada.json('PATCH', at, { disabled: true })).body.disabled, true);
	assert.equal((await newt.get(`${V}/session`)).status, 401);
	assert.equal((await d.json('POST', `${V}/session`, { name: 'newt', password: 'another long one' })).status, 401);
	assert.equal((await ada.json('PATCH', `${V}/accounts/${ada.account.id}`, { role: 'helper' })).status, 409, 'the last admin');
	assert.equal((await ada.json('PATCH', `${V}/accounts`, { id: made.body.id, display: 'Newt, gone' })).body.display, 'Newt, gone');
	assert.equal((await ada.json('PATCH', `${V}/accounts`, { display: 'Nobody' })).body.field, 'id');
	assert.equal((await ada.json('PATCH', `${V}/accounts/987654`, { role: 'helper' })).status, 404);
	assert.equal((await ada.json('POST', `${V}/accounts/987654/reset`, {})).status, 404);
	const list = (await ada.get(`${V}/accounts`)).body.items;
	assert.ok(list.find((a) => a.name === 'newt').disabled);
	assert.ok(!/argon/.test(JSON.stringify(list)));
});

test('an account disabled by a command beside the server loses its stream within moments', async () => {
	const made = await ada.json('POST', `${V}/accounts`, { name: 'otter', role: 'helper', password: PASSWORD });
	assert.equal(made.status, 201);
	const otter = await d.login('otter');
	const s = await otter.sse(`${V}/desk/events`);
	const r = command(['user', 'disable', 'otter'], { env: d.env });
	assert.equal(r.code, 0, r.err);
	while ((await s.next()) !== undefined);
	assert.equal((await otter.get(`${V}/session`)).status, 401);
});

test('the audit knows who did what, by ids, and holds together', async () => {
	const all = [];
	for (let cursor; ; ) {
		const r = await ada.get(`${V}/audit?limit=10${cursor ? `&cursor=${cursor}` : ''}`);
		assert.equal(r.status, 200);
		all.push(...r.body.items);
		cursor = r.body.cursor;
		if (!cursor) break;
	}
	const seqs = all.map((a) => Number(a.seq));
	assert.deepEqual(seqs, Array.from({ length: seqs.length }, (_, i) => seqs.length - i));
	for (const action of ['account.add', 'account.role', 'account.disable', 'account.password', 'ban.add', 'ban.end', 'session.start', 'ticket.hide', 'ticket.suppress', 'key.add'])
		assert.ok(all.some((a) => a.action === action), action);
	assert.ok(!/walrus|ferries|bridges/.test(JSON.stringify(all)));
	assert.ok((await ada.get(`${V}/audit?action=ban.`)).body.items.every((a) => a.action.startsWith('ban.')));
	assert.ok((await ada.get(`${V}/audit?account=${mona.account.id}`)).body.items.every((a) => a.account.id === mona.account.id));
	assert.equal((await ada.get(`${V}/audit?limit=0`)).status, 422);
	assert.equal((await ada.get(`${V}/audit?cursor=x`)).status, 400);
});

test('figures', async () => {
	const f = (await ada.get(`${V}/figures`)).body;
	assert.ok(f.asked > 5);
	assert.ok(f.held >= 5);
	assert.ok(f.by_lang.reduce((n, c) => n + c.asked, 0) === f.asked);
	assert.equal((await ada.get(`${V}/figures?days=0`)).status, 422);
});

