// Every route with every kind of caller: the table of routes says who may, and nobody else may.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { V, desk, talk } from './api.mjs';
import { root } from './lib.mjs';

const rows = readdirSync(path.join(root, 'src/web/routes'))
	.filter((f) => f.endsWith('.def'))
	.flatMap((f) => [...readFileSync(path.join(root, 'src/web/routes', f), 'utf8').matchAll(/^ROUTE\((\w+),\s*"([^"]+)",\s*WHO_(\w+),\s*([^,]+),/gm)])
	.map((m) => ({ method: m[1], path: m[2], who: m[3], flags: m[4] }))
	.filter((r) => r.path.startsWith('/api/'));
const RANK = { TRIAL: 1, HELPER: 2, MODERATOR: 3, ADMIN: 4 };
const PEOPLE = { trixie: 1, hanna: 2, mona: 3, ada: 4 };
// Ids that exist nowhere, and the last route to call: it ends the session.
const place = (r) => r.path.replace(/:file/, 'nowhere.cf').replace(/:rule/, 'NO_SUCH_RULE').replace(/:(\w+)/g, '987654321');
const order = (a, b) => (a.method === 'DELETE' && a.path.endsWith('/session') ? 1 : 0) - (b.method === 'DELETE' && b.path.endsWith('/session') ? 1 : 0);
const staff = rows.filter((r) => RANK[r.who]).sort(order);

let d;
const clients = {};
before(async () => {
	d = await desk();
	for (const name of Object.keys(PEOPLE)) clients[name] = await d.login(name);
});
after(() => d.stop());

const call = (client, r, headers = {}) =>
	/STREAM/.test(r.flags)
		? client.sse(place(r), headers).then(
				(s) => (s.close(), { status: 200, text: '' }),
				(e) => ({ status: e.status, text: '' }),
			)
		: client.json(r.method, place(r), ['GET', 'DELETE'].includes(r.method) ? undefined : {}, headers);

test('nobody: 401 on every staff route', async () => {
	assert.ok(staff.length > 40);
	for (const r of staff) {
		assert.equal((await call(d, r)).status, 401, `${r.method} ${r.path}`);
		assert.equal((await call(d, r, { cookie: 'porchlight_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'x-csrf-token': 'x' })).status, 401, `${r.method} ${r.path}`);
		assert.equal((await call(d, r, { authorization: 'Bearer plk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' })).status, 401, `${r.method} ${r.path}`);
	}
});

test('an asker: the link opens no staff route', async () => {
	const q = await d.json('POST', `${V}/questions`, { body: 'A question about images, please.' });
	for (const r of staff) assert.equal((await call(d, r, { authorization: `Bearer ${q.body.token}` })).status, 401, `${r.method} ${r.path}`);
});

test('without the CSRF token: 403 on every change', async () => {
	const bare = d.client({ cookie: clients.ada.headers.cookie });
	for (const r of staff.filter((x) => x.method !== 'GET')) {
		assert.equal((await call(bare, r)).status, 403, `${r.method} ${r.path}`);
		assert.equal((await call(bare, r, { 'x-csrf-token': clients.mona.csrf })).status, 403, `${r.method} ${r.path}`);
	}
	for (const r of staff.filter((x) => x.method === 'GET')) assert.notEqual((await call(bare, r)).status, 403, `${r.method} ${r.path}`);
});

test('cookie and key together: 400', async () => {
	const k = await clients.ada.json('POST', `${V}/keys`, { label: 'both', scopes: ['read'] });
	assert.equal((await clients.ada.get(`${V}/queue`, { authorization: `Bearer ${k.body.key}` })).status, 400);
});

test('a key has its scopes and no more', async () => {
	const key = async (who, ...scopes) => {
		const r = await clients[who].json('POST', `${V}/keys`, { label: scopes.join(), scopes });
		assert.equal(r.status, 201, r.text);
		return d.client({ authorization: `Bearer ${r.body.key}` });
	};
	const read = await key('ada', 'read');
	const write = await key('ada', 'read', 'write');
	const moderate = await key('ada', 'read', 'write', 'moderate');
	const admin = await key('ada', 'read', 'write', 'admin');
	const helpers = await key('hanna', 'read', 'write', 'admin');
	for (const r of staff) {
		const rank = RANK[r.who];
		const name = `${r.method} ${r.path}`;
		const may = async (c, yes, what) => assert.equal(![401, 403].includes((await call(c, r)).status), yes, `${what}: ${name}`);
		if (/\/(session|keys)/.test(r.path)) continue; // a person's own affairs
		await may(read, rank <= 2 && r.method === 'GET', 'read');
		await may(write, rank <= 2, 'write');
		await may(moderate, rank <= 3, 'moderate');
		await may(admin, true, 'admin');
		await may(helpers, rank <= 2, "a helper's");
	}
	/* no key makes another */
	assert.equal((await admin.json('POST', `${V}/keys`, { label: 'more', scopes: ['admin'] })).status, 403);
});

for (const [name, rank] of Object.entries(PEOPLE))
	test(`${name}: what the table allows, and 403 for the rest`, async () => {
		const seen = new Set();
		for (const r of staff) {
			const got = await call(clients[name], r);
			const what = `${r.method} ${r.path}: ${got.status} ${got.text.slice(0, 200)}`;
			if (rank < RANK[r.who]) assert.equal(got.status, 403, what);
			else assert.ok(![401, 403, 405, 500, 501].includes(got.status), what);
			seen.add(got.status);
		}
		assert.ok(seen.has(404) && seen.has(200));
		/* DELETE session came last */
		assert.equal((await clients[name].get(`${V}/session`)).status, 401);
	});

test('foreign tickets: a helper sees the queue and what is theirs, a trial helper only what it claimed', async () => {
	const [trixie, hanna, hugo, mona] = await Promise.all(['trixie', 'hanna', 'hugo', 'mona'].map((n) => d.login(n)));
	const q = await talk(d, mona, { body: 'Which template marks a draft for review?' });
	assert.equal((await trixie.get(q.t)).status, 404);
	assert.equal((await trixie.get(`${q.t}/transcript`)).status, 404);
	assert.equal((await hanna.get(q.t)).status, 200);
	assert.equal((await hanna.get(q.t)).body.lease, undefined);
	assert.equal((await hanna.json('POST', `${q.t}/messages`, { body: 'Not mine.', fence: q.fence })).status, 409);
	assert.equal((await trixie.json('POST', `${q.t}/messages`, { body: 'Not mine.', fence: q.fence })).status, 404);
	await mona.json('POST', `${q.t}/messages`, { body: 'This one.', fence: q.fence });
	assert.equal((await mona.json('POST', `${q.t}/close`, { fence: q.fence })).status, 200);
	/* another's closed conversation: one by one, and written down */
	assert.equal((await hugo.get(q.t)).status, 200);
	const ada = await d.login('ada');
	const audit = await ada.get(`${V}/audit?action=ticket.view`);
	assert.ok(audit.body.items.some((a) => a.id === q.id));
	assert.equal((await trixie.get(q.t)).status, 404);
});
