// The HTTP side: what libmicrohttpd would let pass, limits, caching, and the end of the server.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { sleep, start, until } from './lib.mjs';

const HOST = 'Host: desk.example\r\n';

describe('heads and bodies', () => {
	let desk;
	before(async () => {
		desk = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off' }, people: { ann: 'helper' } });
	});
	after(() => desk.stop());

	const suspicious = {
		'two Content-Length': `POST /api/v1/questions HTTP/1.1\r\n${HOST}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`,
		'two different Content-Length': `POST /api/v1/questions HTTP/1.1\r\n${HOST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `,
		'Content-Length with Transfer-Encoding': `POST /api/v1/questions HTTP/1.1\r\n${HOST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
		'a transfer coding that is not chunked': `POST /api/v1/questions HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip\r\n\r\n`,
		'chunked in a list of codings': `POST /api/v1/questions HTTP/1.1\r\n${HOST}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n`,
		'Transfer-Encoding in HTTP/1.0': `POST /api/v1/questions HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
		'a Content-Length that is no number': `POST /api/v1/questions HTTP/1.1\r\n${HOST}Content-Length: two\r\n\r\n{}`,
		'a Content-Length with a sign': `POST /api/v1/questions HTTP/1.1\r\n${HOST}Content-Length: +2\r\n\r\n{}`,
		'two Host': `GET /healthz HTTP/1.1\r\n${HOST}Host: other.example\r\n\r\n`,
		'no Host': 'GET /healthz HTTP/1.1\r\nAccept: */*\r\n\r\n',
		'no header at all': 'GET /healthz HTTP/1.1\r\n\r\n',
		'an empty Host': 'GET /healthz HTTP/1.1\r\nHost:\r\n\r\n',
		'bare LF everywhere': 'GET /healthz HTTP/1.1\nHost: x\n\n',
		'bare LF after the request line': `GET /healthz HTTP/1.1\n${HOST}\r\n`,
		'bare LF after one header': `GET /healthz HTTP/1.1\r\nHost: x\nAccept: */*\r\n\r\n`,
		'bare LF after the last header': 'GET /healthz HTTP/1.1\r\nHost: x\r\nAccept: */*\n\r\n',
		'bare LF at the end': `GET /healthz HTTP/1.1\r\n${HOST}\n`,
		'a folded line': `GET /healthz HTTP/1.1\r\n${HOST}X-Long: one\r\n two\r\n\r\n`,
		'a space before the colon': `GET /healthz HTTP/1.1\r\n${HOST}Content-Length : 0\r\n\r\n`,
		'a line without a colon': `GET /healthz HTTP/1.1\r\n${HOST}nonsense\r\n\r\n`,
		'NUL in a value': `GET /healthz HTTP/1.1\r\n${HOST}X-A: a\0b\r\n\r\n`,
		'a control byte in a value': `GET /healthz HTTP/1.1\r\n${HOST}X-A: a\x01b\r\n\r\n`,
		'two Authorization': `GET /healthz HTTP/1.1\r\n${HOST}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n`,
		'two Cookie': `GET /healthz HTTP/1.1\r\n${HOST}Cookie: a=1\r\nCookie: a=2\r\n\r\n`,
		'a space in the address': `GET /health z HTTP/1.1\r\n${HOST}\r\n`,
		'an address without a slash': `GET healthz HTTP/1.1\r\n${HOST}\r\n`,
	};
	for (const [name, bytes] of Object.entries(suspicious)) {
		test(`${name}: 400 and the connection ends`, async () => {
			const r = await desk.raw(bytes, { closes: true });
			assert.equal(r.status, 400, r.text.slice(0, 200));
			assert.ok(r.closed, 'the connection stayed open');
			// libmicrohttpd says some of its own refusals twice; it must not say anything else.
			assert.ok(r.text.match(/HTTP\/1\.1 \d+/g).every((line) => line === 'HTTP/1.1 400'), r.text);
		});
	}

	test('a clean head in many pieces is taken', async () => {
		const head = `GET /healthz?${'a=b&'.repeat(10)} HTTP/1.1\r\n${HOST}X-Empty:\r\nX-Tight:value\r\nX-Wide: \t value \r\n${'X-Pad: ' + 'p'.repeat(3000)}\r\n\r\n`;
		const s = await desk.socket();
		for (let i = 0; i < head.length; i += 97) {
			s.write(head.slice(i, i + 97), 'latin1');
			await sleep(1);
		}
		await s.until(/^HTTP\/1\.1 200 /);
		s.destroy();
	});

	test('an absolute address and HTTP/1.0 are taken, HTTP/2.0 is not', async () => {
		assert.equal((await desk.raw(`GET http://desk.example/healthz HTTP/1.1\r\n${HOST}\r\n`)).status, 200);
		const old = await desk.raw('GET /healthz HTTP/1.0\r\n\r\n', { closes: true });
		assert.equal(old.status, 200);
		assert.ok(old.closed);
		assert.ok([400, 505].includes((await desk.raw(`GET /healthz HTTP/2.0\r\n${HOST}\r\n`)).status));
	});

	test('a long head is 431', async () => {
		for (const bytes of [5600, 6500, 7300, 7700, 8300, 20000, 200000]) {
			const r = await desk.raw(`GET /healthz HTTP/1.1\r\n${HOST}X-Long: ${'x'.repeat(bytes)}\r\n\r\n`);
			assert.equal(r.status, 431, `${bytes} bytes: ${r.text.slice(0, 80)}`);
		}
		for (const bytes of [5600, 6000, 6300]) {
			const r = await desk.raw(`GET /healthz HTTP/1.1\r\n${HOST}X-Long: ${'x'.repeat(bytes)}\r\n\r\n`);
			assert.match(r.text, /\r\nX-Content-Type-Options: nosniff\r\n/);
			assert.match(r.text, /\r\nContent-Security-Policy: default-src 'none'/);
		}
		const many = await desk.raw(`GET /healthz HTTP/1.1\r\n${HOST}${'X: y\r\n'.repeat(80)}\r\n`);
		assert.equal(many.status, 431);
	});

	test('every size below is answered', async () => {
		for (let bytes = 0; bytes <= 5000; bytes += 250) {
			const r = await desk.raw(`GET /nothing-here HTTP/1.1\r\n${HOST}Connection: close\r\nX-Long: ${'x'.repeat(bytes)}\r\n\r\n`);
			assert.equal(r.status, 404, `${bytes} bytes: ${r.text.slice(0, 80)}`);
		}
	});

	test('bytes in the address that are no text: 400', async () => {
		for (const address of ['/q/%ff', '/q/%00', '/healthz?a=%c3%28', '/healthz?a=%00', '/q/%ed%a0%80', '/q/%c0%af', '/healthz?%fe=1', '/q/\xff'])
			assert.equal((await desk.raw(`GET ${address} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`)).status, 400, address);
	});

	test('unknown addresses: 404 as a document below /api/, as a page elsewhere', async () => {
		const api = await desk.get('/api/v1/nothing');
		assert.equal(api.status, 404);
		assert.match(api.headers['content-type'], /^application\/problem\+json/);
		assert.equal(api.body.status, 404);
		assert.equal(api.body.title, 'Not Found');
		const page = await desk.get('/nothing', { 'accept-language': 'en' });
		assert.equal(page.status, 404);
		assert.match(page.headers['content-type'], /^text\/html/);
		assert.match(page.text, /<h1/);
		for (const where of ['/desk/', '//', '/healthz/', '/static/', '/static/..', '/static/%2e%2e/main', '/static/.hidden', '/static/nothing.css', '/a/b/c/d/e/f/g/h/i/j/k'])
			assert.equal((await desk.get(where)).status, 404, where);
	});

	test('methods: HEAD as GET without a body, others 405 with Allow', async () => {
		const got = await desk.get('/healthz');
		const head = await desk.request('HEAD', '/healthz');
		assert.equal(head.status, 200);
		assert.equal(head.text, '');
		assert.equal(head.headers['content-length'], got.headers['content-length']);
		const post = await desk.request('POST', '/healthz');
		assert.equal(post.status, 405);
		assert.equal(post.headers.allow, 'GET, HEAD');
		assert.match(post.headers['content-type'], /problem\+json/);
		for (const method of ['OPTIONS', 'PROPFIND', 'TRACE']) {
			const r = await desk.raw(`${method} /api/v1/questions HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
			assert.equal(r.status, 405, method);
			assert.match(r.text, /\r\nAllow: POST\r\n/, method);
			assert.doesNotMatch(r.text, /Access-Control/i);
		}
	});

	test('every answer carries the security headers', async () => {
		const answers = [];
		for (const where of ['/', '/healthz', '/nothing', '/api/v1/nothing', '/static/porchlight.css', '/login', '/q/unknown', '/metrics'])
			answers.push([where, await desk.get(where)]);
		answers.push(['413', await desk.request('POST', '/api/v1/questions', { body: 'x'.repeat(70000) })]);
		for (const [where, r] of answers) {
			assert.equal(
				r.headers['content-security-policy'],
				"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
				where,
			);
			assert.equal(r.headers['referrer-policy'], 'no-referrer', where);
			assert.equal(r.headers['x-content-type-options'], 'nosniff', where);
			assert.equal(r.headers['cross-origin-resource-policy'], 'same-origin', where);
			assert.equal(r.headers['cross-origin-opener-policy'], 'same-origin', where);
			assert.equal(r.headers['access-control-allow-origin'], undefined, where);
			if (!where.startsWith('/static/')) assert.match(r.headers['cache-control'], /no-store/, where);
		}
		assert.match(answers.find(([w]) => w === '/q/unknown')[1].headers['x-robots-tag'], /noindex/);
	});

	test('static files: compressed, by tag, 304', async () => {
		const plain = await desk.get('/static/porchlight.css');
		assert.equal(plain.status, 200);
		assert.match(plain.headers['content-type'], /^text\/css/);
		assert.equal(plain.headers['content-encoding'], undefined);
		const packed = await desk.get('/static/porchlight.css', { 'accept-encoding': 'br, gzip;q=0.8' });
		assert.equal(packed.headers['content-encoding'], 'gzip');
		assert.ok(packed.bytes.length < plain.bytes.length / 2);
		assert.notEqual(packed.headers.etag, plain.headers.etag);
		assert.equal((await desk.get('/static/porchlight.css', { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'], undefined);
		const again = await desk.get('/static/porchlight.css', { 'if-none-match': plain.headers.etag });
		assert.equal(again.status, 304);
		assert.equal(again.text, '');
		assert.equal(plain.headers['cache-control'], 'no-cache', 'asked for again each time');
		// Pages name a folder that changes with any of the files: what is there may be kept for ever.
		const named = [...(await desk.get('/')).text.matchAll(/(?:href|src|data-news)="([^"]*\/static\/[^"]+)"/g)].map((m) => m[1]);
		assert.ok(named.length >= 4);
		for (const where of named) {
			assert.match(where, /\/static\/v[0-9a-f]{16}\/[a-z-]+\.(css|js|svg)$/);
			const r = await desk.get(where);
			assert.equal(r.status, 200, where);
			assert.equal(r.headers['cache-control'], 'public, max-age=31536000, immutable', where);
		}
		const folder = named[0].replace(/[^/]*$/, '');
		const module = await desk.get(`${folder}common.js`);
		assert.match(module.headers['cache-control'], /immutable/, 'what a script imports is there too');
		// A page from before the last update finds its files, but keeps nothing under the old name.
		const old = await desk.get('/static/v0123456789abcdef/porchlight.css');
		assert.equal(old.text, plain.text);
		assert.equal(old.headers['cache-control'], 'no-cache');
		for (const where of ['/static/v0123/porchlight.css', '/static/x0123456789abcdef/porchlight.css', `${folder}nothing.css`, `${folder}.hidden`])
			assert.equal((await desk.get(where)).status, 404, where);
	});

	test('an answer that is kept for everybody has all its heads each time, and no other form\'s', async () => {
		const css = (await desk.get('/')).text.match(/href="([^"]*\/static\/[^"]+\.css)"/)[1];
		const forms = [];
		for (const where of ['/static/porchlight.css', css, '/healthz'])
			for (const coding of ['identity', 'gzip']) for (const method of ['GET', 'HEAD']) forms.push([method, where, coding]);
		const answers = async () => {
			const all = [];
			for (const [method, where, coding] of forms) {
				const { status, headers, bytes } = await desk.request(method, where, { headers: { 'accept-encoding': coding } });
				const { date, ...heads } = headers;
				assert.equal(status, 200);
				assert.ok(date);
				assert.equal(heads['content-encoding'], coding === 'gzip' && where !== '/healthz' ? 'gzip' : undefined, where);
				assert.equal(heads['cache-control'], where === css ? 'public, max-age=31536000, immutable' : where === '/healthz' ? 'no-store' : 'no-cache');
				for (const name of ['content-security-policy', 'referrer-policy', 'x-content-type-options', 'cross-origin-resource-policy', 'cross-origin-opener-policy', 'content-type'])
					assert.ok(heads[name], `${where}: ${name}`);
				all.push([method, where, coding, heads, bytes.toString('base64')]);
			}
			return all;
		};
		const first = await answers();
		assert.deepEqual(await answers(), first);
		// Whoever comes while the first is being made gets the same.
		for (const more of await Promise.all(Array.from({ length: 16 }, answers))) assert.deepEqual(more, first);
	});

	test('bodies: JSON is JSON, text is text, too long is 413', async () => {
		const ask = (body, type = 'application/json') => desk.request('POST', '/api/v1/questions', { body, headers: { 'content-type': type } });
		for (const body of ['{', '[]', '"x"', '1', '{"body":1}', '{"body":"a","body":"b"}', '{"body":"\\u0000"}', '{"body":"\\ud800"}', '{"body":"x"} x', '['.repeat(5000)])
			assert.equal((await ask(body)).status, 400, body.slice(0, 30));
		assert.equal((await ask(Buffer.from([0x7b, 0x22, 0x62, 0x6f, 0x64, 0x79, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]))).status, 400);
		assert.equal((await ask('{"body":"x"}', 'text/plain')).status, 415);
		assert.equal((await ask('body=x', 'application/x-www-form-urlencoded')).status, 415);
		assert.equal((await desk.request('POST', '/', { body: 'body=%ff', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status, 400);
		assert.equal((await desk.request('POST', '/', { body: 'body=a%00b', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status, 400);
		assert.equal((await desk.request('POST', '/', { body: '{}', headers: { 'content-type': 'application/json' } })).status, 415);
		assert.equal((await ask('{}')).status, 422);
	});

	test('a body over the limit is drained and told 413, every time', async () => {
		for (let i = 0; i < 10; i++) {
			const sized = await desk.request('POST', '/api/v1/questions', { body: 'x'.repeat(900000), headers: { 'content-type': 'application/json', 'content-length': 900000 } });
			assert.equal(sized.status, 413);
			const chunked = await desk.request('POST', '/api/v1/questions', { body: 'x'.repeat(200000), headers: { 'content-type': 'application/json' } });
			assert.equal(chunked.status, 413);
		}
		for (const size of [(1 << 20) + 1, 10_000_000]) {
			const large = await desk.request('POST', '/api/v1/questions', { body: 'x'.repeat(size), headers: { 'content-type': 'application/json', 'content-length': size } });
			assert.equal(large.status, 413, String(size));
		}
		const huge = await desk.raw(`POST /api/v1/questions HTTP/1.1\r\n${HOST}Content-Length: 99999999999\r\n\r\nxxxx`, { closes: true });
		assert.equal(huge.status, 413);
		assert.ok(huge.closed);
		const waiting = await desk.raw(`POST /api/v1/questions HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5000000\r\n\r\n`);
		assert.equal(waiting.status, 413, 'the client that asks first is told before it sends');
	});

	test('exactly 64 KiB is taken', async () => {
		const body = '{"body":""' + ' '.repeat(65536 - 11) + '}';
		assert.equal(body.length, 65536);
		assert.equal((await desk.request('POST', '/api/v1/questions', { body, headers: { 'content-type': 'application/json' } })).status, 422);
		assert.equal((await desk.request('POST', '/api/v1/questions', { body: body + ' ', headers: { 'content-type': 'application/json' } })).status, 413);
	});

	test('a body byte by byte, a pipeline, and a connection that lives on after POST', async () => {
		const s = await desk.socket();
		s.write(`POST /api/v1/questions HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n`);
		await sleep(20);
		s.write('{');
		await sleep(20);
		s.write('}');
		await s.until(/^HTTP\/1\.1 422 /);
		s.text = '';
		const chunk = `POST /api/v1/questions HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n`;
		const get = `GET /healthz HTTP/1.1\r\n${HOST}\r\n`;
		const page = `GET /api/v1/nothing HTTP/1.1\r\n${HOST}\r\n`;
		s.write(get + chunk + page + get);
		await until(() => (s.text.match(/HTTP\/1\.1 /g) ?? []).length === 4, 'four answers');
		assert.deepEqual(s.text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 422', 'HTTP/1.1 404', 'HTTP/1.1 200']);
		assert.doesNotMatch(s.text, /Connection: close/i);
		s.destroy();
	});

	test('clients that vanish while they wait leave nothing behind', async () => {
		for (let i = 0; i < 40; i++) {
			const s = await desk.socket();
			s.write(`POST /api/v1/questions HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`);
			if (i % 2) s.resetAndDestroy();
			else s.end();
		}
		await until(async () => {
			const m = await desk.get('/metrics');
			return /^porchlight_http_in_flight 1$/m.test(m.text) && Number(m.text.match(/^porchlight_http_connections (\d+)$/m)[1]) < 10;
		}, 'all of them to be forgotten');
	});

	test('streams: three a link, HEAD is no stream, beginnings are whole, ends are seen', async () => {
		const asked = await desk.json('POST', '/api/v1/questions', { body: 'How do I undo an edit on the page about rivers?', client_id: randomUUID() });
		assert.equal(asked.status, 201, asked.text);
		const where = `/api/v1/questions/${asked.body.token}/events`;
		const head = await desk.request('HEAD', where);
		assert.equal(head.status, 200);
		assert.match(head.headers['content-type'], /^text\/event-stream/);
		assert.equal(head.text, '');
		const s = [];
		for (let i = 0; i < 4; i++) {
			s.push(await desk.sse(where));
			assert.equal((await s[i].next('entry')).id, '1');
		}
		assert.match(s[0].headers['cache-control'], /no-store/);
		assert.equal(s[0].headers['x-accel-buffering'], 'no');
		for (const name of ['content-security-policy', 'referrer-policy', 'x-content-type-options', 'cross-origin-resource-policy', 'cross-origin-opener-policy'])
			assert.ok(s[0].headers[name], `a stream's ${name}`);
		await until(() => s[0].ended, 'the oldest stream to be cut');
		assert.deepEqual(s.slice(1).map((x) => x.ended), [false, false, false]);
		const later = await desk.sse(where, { 'last-event-id': '1' });
		const wrote = await desk.json('POST', `/api/v1/questions/${asked.body.token}/messages`, { body: 'It is the newest edit.' });
		assert.equal(wrote.status, 201, wrote.text);
		let e;
		do e = await later.next('entry');
		while (e && e.data.kind !== 'message');
		assert.equal(e.id, String(wrote.body.n));
		assert.ok(later.all.every((x) => x.id === undefined || Number(x.id) > 1), 'nothing it had already');
		for (const x of [...s, later]) x.close();
		await until(async () => /^porchlight_streams 0$/m.test((await desk.get('/metrics')).text), 'the streams to be forgotten');
	});

	test('an idle stream beats', async () => {
		const asked = await desk.json('POST', '/api/v1/questions', { body: 'How do I rename a picture after uploading it?', client_id: randomUUID() });
		const s = await desk.sse(`/api/v1/questions/${asked.body.token}/events`);
		await s.next('entry');
		await until(() => s.comments >= 1, 'the first comment');
		const had = s.comments;
		const begin = Date.now();
		await until(() => s.comments > had, 'a heartbeat', 60000);
		assert.ok(Date.now() - begin > 5000, 'not all the time');
		s.close();
	});

	test('staff: no credential 401, cookie and bearer together 400, no CSRF token 403, role 403', async () => {
		assert.equal((await desk.get('/api/v1/queue')).status, 401);
		assert.equal((await desk.get('/api/v1/queue', { authorization: 'Bearer plk_unknown' })).status, 401);
		assert.equal((await desk.get('/api/v1/queue', { cookie: 'porchlight_session=unknown' })).status, 401);
		const ann = await desk.login('ann');
		assert.equal((await ann.get('/api/v1/queue')).status, 200);
		assert.equal((await ann.get('/api/v1/queue', { authorization: 'Bearer plk_unknown' })).status, 400);
		assert.equal((await ann.get('/api/v1/queue', { authorization: 'Bearer whatever' })).status, 400);
		const bare = desk.client({ cookie: ann.headers.cookie });
		assert.equal((await bare.json('POST', '/api/v1/queue/next', {})).status, 403);
		assert.equal((await bare.json('POST', '/api/v1/queue/next', {}, { 'x-csrf-token': 'x'.repeat(43) })).status, 403);
		assert.ok([200, 204].includes((await ann.json('POST', '/api/v1/queue/next', {})).status));
		assert.equal((await ann.get('/api/v1/accounts')).status, 403);
		const page = await desk.get('/desk/t/1?x=a%20b');
		assert.equal(page.status, 303);
		assert.equal(page.headers.location, '/login?next=/desk/t/1%3Fx%3Da%2520b');
		assert.equal((await bare.form('/logout', {})).status, 403, 'a form without csrf');
		assert.equal((await bare.form('/logout', { csrf: ann.csrf })).status, 303);
		assert.equal((await ann.get('/api/v1/session')).status, 401);
	});

	test('a cookie is HttpOnly and SameSite', async () => {
		const r = await desk.json('POST', '/api/v1/session', { name: 'ann', password: 'correct horse battery' });
		assert.match([r.headers['set-cookie']].flat()[0], /^porchlight_session=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
		/* By the page it lives as long: as the session, which is session_max_s. */
		const page = await desk.form('/login', { name: 'ann', password: 'correct horse battery' });
		assert.equal(page.status, 303);
		for (const x of [r, page]) assert.match([x.headers['set-cookie']].flat()[0], /Max-Age=(1209600|12095\d\d)$/);
	});

	test('metrics: for loopback, not for what a proxy forwards', async () => {
		const m = await desk.get('/metrics');
		assert.equal(m.status, 200);
		assert.match(m.text, /^# TYPE porchlight_http_requests_total counter$/m);
		assert.match(m.text, /^porchlight_http_requests_total\{method="GET",route="\/healthz",class="2xx"\} \d+$/m);
		assert.equal((await desk.get('/metrics', { 'x-forwarded-for': '192.0.2.1' })).status, 404);
		assert.equal((await desk.get('/metrics', { forwarded: 'for=192.0.2.1' })).status, 404);
		assert.equal((await desk.get('/metrics', { authorization: 'Bearer plk_unknown' })).status, 401);
	});

	test('no path, query or token reaches the log', async () => {
		await desk.get('/q/SECRETTOKEN?x=SECRETQUERY');
		await desk.get('/SECRETPATH');
		await desk.raw(`GET /SECRETRAW HTTP/1.1\r\n${HOST}broken\r\n\r\n`);
		assert.doesNotMatch(desk.stderr, /SECRET/);
	});
});

describe('limits and the end', () => {
	test('at the connection limit newcomers hear 503, staff still gets in', async () => {
		const desk = await start({ env: { PORCHLIGHT_CONNECTIONS: '40', PORCHLIGHT_RATE_LIMITS: 'off' }, people: { ann: 'helper' } });
		const ann = await desk.login('ann');
		ann.agent.destroy();
		desk.agent.destroy();
		const alone = `GET /metrics HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
		await until(async () => /^porchlight_http_connections 1$/m.test((await desk.raw(alone, { closes: true })).text), 'the others to be gone');
		const idle = [];
		for (let i = 0; i < 37; i++) idle.push(await desk.socket());
		const ask = () => desk.raw(`GET /healthz HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`, { closes: true });
		// That a socket is connected does not say that the server has taken it.
		const stranger = await until(async () => {
			const r = await ask();
			return r.status === 503 && r;
		}, 'no room for strangers');
		assert.match(stranger.text, /\r\nRetry-After: \d+\r\n/);
		const staff = `GET /api/v1/session HTTP/1.1\r\n${HOST}Connection: close\r\nCookie: ${ann.headers.cookie}\r\n\r\n`;
		assert.equal((await desk.raw(staff, { closes: true })).status, 200);
		const false_staff = await desk.raw(`GET /api/v1/questions/form HTTP/1.1\r\n${HOST}Cookie: porchlight_session=made-up\r\n\r\n`, { closes: true });
		assert.equal(false_staff.status, 503, 'a made-up cookie does not open the room kept for staff');
		for (let i = 0; i < 5; i++) idle.push(await desk.socket());
		await until(async () => (await desk.raw(staff, { closes: true })).status === 503, 'no room for anybody');
		for (const s of idle) s.destroy();
		await until(async () => (await ask()).status === 200, 'room again');
		await desk.stop();
	});

	test('stops within five seconds with sleeping streams, half a head, half a body and silent connections', async () => {
		const desk = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_STREAMS_PER_NETWORK: '500' }, people: { ann: 'helper' } });
		const ann = await desk.login('ann');
		const streams = [];
		for (let i = 0; i < 20; i++) {
			const r = await desk.json('POST', '/api/v1/questions', { body: `How do I cite a book with two editors, number ${i}?`, client_id: randomUUID() });
			assert.equal(r.status, 201, r.text);
			streams.push(await desk.sse(`/api/v1/questions/${r.body.token}/events`));
		}
		streams.push(await ann.sse('/api/v1/desk/events'));
		(await desk.socket()).write('GET /heal');
		(await desk.socket()).write(`POST /api/v1/questions HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\n{`);
		await desk.socket();
		await sleep(100);
		const took = await desk.stop();
		assert.ok(took < 5000, `it took ${took} ms`);
		await until(() => streams.every((s) => s.ended), 'the streams to end');
	});

	test('a port that is none is refused, not cut to 16 bits', async () => {
		const { command, temporary } = await import('./lib.mjs');
		const data = temporary();
		assert.equal(command(['migrate'], { data }).code, 0);
		for (const port of ['99999', '65536', '-1', '80x', '', '0000000080']) {
			const r = command(['serve', '--listen', `127.0.0.1:${port}`], { data });
			assert.equal(r.code, 1, `${port}: ${r.out}${r.err}`);
			assert.match(r.err, /no port from 0 to 65535|must be ADDRESS:PORT/);
		}
	});

	test('a port in use is said plainly, with exit code 1', async () => {
		const desk = await start();
		const { command, temporary } = await import('./lib.mjs');
		const data = temporary();
		assert.equal(command(['migrate'], { data }).code, 0);
		const r = command(['serve', '--listen', `127.0.0.1:${desk.port}`], { data });
		assert.equal(r.code, 1);
		assert.match(r.err, /127\.0\.0\.1:\d+/);
		assert.match(r.err, /in use/i);
		await desk.stop();
	});
});
