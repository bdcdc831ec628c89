// Bad input to the JSON API: each gets its code and words for a person; the server goes on and writes nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, ask, desk, question, talk } from './api.mjs';
import { doc } from './schema.mjs';

let d, hanna, ada;
before(async () => {
	d = await desk();
	[hanna, ada] = await Promise.all(['hanna', 'ada'].map((n) => d.login(n)));
});
after(() => d.stop());

const post = (client, where, body, headers = {}) => client.request('POST', where, { headers: { 'content-type': 'application/json', ...headers }, body });

test('what is no JSON object of texts is 400', async () => {
	const t = await talk(d, hanna);
	const targets = [[d, `${V}/questions`], [d, `${t.path}/messages`], [hanna, `${t.t}/messages`], [hanna, `${V}/queue/next`], [d, `${V}/session`], [ada, `${V}/accounts`], [ada, `${V}/judgements`]];
	for (const [client, where] of targets)
		for (const body of [
			'{', '{"body":"x"', '[]', '"x"', '1', 'null', '{"body":"x"} x', '{"body":"x","body":"y"}', "{'body':'x'}", '{"body":"\\ud800"}',
			'{"body":"a\\u0000b"}', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`, '{"body":"\x01"}', '\ufeff{"body":"x"}',
		]) {
			const r = await post(client, where, body);
			assert.equal(r.status, 400, `${where} ${JSON.stringify(body).slice(0, 60)}: ${r.status} ${r.text}`);
			assert.match(r.headers['content-type'], /^application\/problem\+json/);
			assert.ok(r.body.detail.length > 10);
		}
});

test('bad UTF-8 and NUL bytes are 400, in body, query and path', async () => {
	const q = await question(d);
	for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
		const body = Buffer.concat([Buffer.from('{"body":"'), Buffer.from(bytes), Buffer.from('"}')]);
		assert.equal((await post(d, `${V}/questions`, body)).status, 400);
		assert.equal((await post(d, `${q.path}/messages`, body)).status, 400);
	}
	assert.equal((await post(d, `${V}/questions`, Buffer.from('{"body":"a\0b"}'))).status, 400);
	for (const where of [`${V}/search?q=%ff`, `${V}/search?q=%00`, `${V}/queue?lang=%c0%af`]) assert.equal((await hanna.get(where)).status, 400, where);
	for (const where of [`${V}/questions/%ff`, `${V}/questions/%00`]) assert.ok([400, 404].includes((await d.get(where)).status), where);
});

test('media type: 415 without application/json, also for what browsers send across sites', async () => {
	for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', 'text/json'])
		assert.equal((await post(d, `${V}/questions`, '{"body":"hello there"}', { 'content-type': type })).status, 415, type);
	const bare = await d.raw(`POST ${V}/questions HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"body":"x"}`);
	assert.equal(bare.status, 415);
	assert.equal((await post(d, `${V}/questions`, '{"body":"A question about infoboxes."}', { 'content-type': 'Application/JSON; charset=utf-8' })).status, 201);
});

test('a body over 64 KiB is 413, a text over 16 KiB is 422', async () => {
	const fits = JSON.stringify({ body: 'x'.repeat(16384), junk: 'y'.repeat(65536 - 16384 - 30) });
	assert.ok(fits.length <= 65536);
	assert.equal((await post(d, `${V}/questions`, fits)).status, 201);
	for (const size of [65537, 100000, 900000]) {
		const r = await post(d, `${V}/questions`, JSON.stringify({ body: 'x'.repeat(size) }));
		assert.equal(r.status, 413, String(size));
	}
	assert.equal((await ask(d, { body: '\u00e9'.repeat(8193) })).status, 422);
	assert.equal((await ask(d, { body: '\u00e9'.repeat(8192) })).status, 201);
});

test('an empty body is an empty object', async () => {
	assert.equal((await d.json('POST', `${V}/questions`)).status, 422);
	const q = await question(d);
	assert.equal((await d.json('POST', `${q.path}/close`)).status, 200);
});

test('405 with Allow, 404 for what is not there', async () => {
	for (const [method, where, allow] of [['PUT', `${V}/questions`, 'POST'], ['DELETE', `${V}/queue`, 'GET'], ['GET', `${V}/judgements`, 'POST'], ['PATCH', `${V}/tickets/1`, 'GET']]) {
		const r = await hanna.json(method, where);
		assert.equal(r.status, 405, where);
		assert.ok(r.headers.allow.includes(allow));
		assert.match(r.headers['content-type'], /problem\+json/);
	}
	for (const where of [V, `${V}/`, `${V}/nothing`, `${V}/tickets`, `${V}/tickets/1/nothing`, `${V}/queue/`, `${V}//queue`]) assert.equal((await hanna.get(where)).status, 404, where);
	for (const id of ['0', '-1', '01', '1x', '99999999999999999999', '1.0', '%31x']) assert.equal((await hanna.get(`${V}/tickets/${id}`)).status, 404, id);
});

test('a method that no address takes: Allow names all that this one does', async () => {
	for (const [template, operations] of Object.entries(doc.paths)) {
		const r = await d.request('OPTIONS', template.replace(/{\w+}/g, 'x'));
		assert.equal(r.status, 405, template);
		const named = Object.keys(operations).filter((x) => /^(get|post|put|patch|delete)$/.test(x)).map((x) => x.toUpperCase());
		assert.deepEqual(r.headers.allow.split(', ').filter((x) => x !== 'HEAD').sort(), named.sort(), template);
	}
});

test('wrong types in every place', async () => {
	const t = await talk(d, hanna);
	const f = t.fence;
	for (const [where, body] of [
		['messages', { body: 'x', fence: '1' }], ['messages', { body: 'x', fence: 1.5 }], ['messages', { body: 'x', fence: true }], ['messages', { body: ['x'], fence: f }],
		['messages', { body: 'x', fence: f, reply_to: 'x' }], ['messages', { body: 'x', fence: f, client_id: 5 }], ['close', { fence: f, reason: {} }],
		['transfer', { fence: f, to: {} }], ['urgent', { fence: f, urgent: 'yes' }], ['snooze', { fence: f, until: 12345 }], ['draft', { body: 5 }],
	]) {
		const r = await hanna.json(where === 'draft' ? 'PUT' : 'POST', `${t.t}/${where}`, body);
		assert.equal(r.status, 400, `${where} ${JSON.stringify(body)}: ${r.status} ${r.text}`);
		assert.ok(r.body.field);
	}
	for (const [body, field] of [[{ fence: f }, 'body'], [{ body: '', fence: f }, 'body'], [{ body: 'x'.repeat(16385), fence: f }, 'body'], [{ body: 'x', fence: f, client_id: '' }, 'client_id'], [{ body: 'x', fence: f, client_id: 'x'.repeat(129) }, 'client_id'], [{ body: 'x', fence: f, reply_to: -1 }, 'reply_to']]) {
		const r = await hanna.json('POST', `${t.t}/messages`, body);
		assert.equal(r.status, 422, JSON.stringify(body).slice(0, 60));
		assert.equal(r.body.field, field);
	}
	assert.equal((await hanna.json('PUT', `${t.t}/draft`, { body: 'x'.repeat(16385) })).status, 422);
	assert.equal((await hanna.get(t.t)).body.log.filter((e) => e.kind === 'message').length, 1);
});

test('huge and odd numbers', async () => {
	const q = await question(d);
	for (const n of ['9223372036854775807', '9223372036854775808', '1e400', '-9223372036854775808', '0.1', '1e2']) {
		const r = await post(d, `${q.path}/read`, `{"n":${n}}`);
		assert.ok([204, 400, 422].includes(r.status), `${n}: ${r.status}`);
		const m = await post(d, `${q.path}/messages`, `{"body":"x","reply_to":${n}}`);
		assert.ok([400, 422].includes(m.status), `${n}: ${m.status} ${m.text}`);
	}
});

test('double submits at once are one thing', async () => {
	const t = await talk(d, hanna);
	const body = { body: 'Once and only once.', client_id: 'the-same-client-id', fence: t.fence };
	const all = await Promise.all(Array.from({ length: 20 }, () => hanna.json('POST', `${t.t}/messages`, body)));
	assert.equal(all.filter((r) => r.status === 201).length, 1);
	assert.equal(all.filter((r) => r.status === 200).length, 19);
	assert.equal(new Set(all.map((r) => r.body.n)).size, 1);
	const lines = await Promise.all(Array.from({ length: 20 }, () => d.json('POST', `${t.path}/messages`, { body: 'Mine, once.', client_id: 'another-client-id' })));
	assert.equal(lines.filter((r) => r.status === 201).length, 1);
	assert.equal((await d.get(t.path)).body.log.filter((e) => e.body === 'Mine, once.').length, 1);
});

test('words for people, never a stack, a path or SQL', async () => {
	const seen = [];
	for (const [method, where] of [['GET', `${V}/tickets/abc`], ['POST', `${V}/questions`], ['GET', `${V}/queue?cursor=zzz`], ['GET', `${V}/search?q=%22`], ['GET', `${V}/audit?limit=x`]])
		seen.push((await ada.json(method, where, method === 'POST' ? {} : undefined)).text);
	for (const text of seen) assert.ok(!/SELECT|INSERT|sqlite|src\/|\.c:|0x[0-9a-f]{6}|\/tmp\//i.test(text), text);
	assert.ok((await d.get('/healthz')).status === 200, 'it still serves');
});
