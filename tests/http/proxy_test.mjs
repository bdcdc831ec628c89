// Behind nginx: who the sender is, and that streams flow. nginx runs from a temporary folder, on loopback, as whoever runs the test.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, test } from 'node:test';
import { start, temporary, until } from './lib.mjs';

const nginx = spawnSync('sh', ['-c', 'command -v nginx || ls /usr/sbin/nginx'], { encoding: 'utf8' }).stdout.trim();

function freePort() {
	return new Promise((resolve) => {
		const s = net.createServer().listen(0, '127.0.0.1', () => {
			const { port } = s.address();
			s.close(() => resolve(port));
		});
	});
}

/** nginx in front of the desk; `extra` goes into its location. */
async function proxy(desk, extra) {
	const dir = temporary();
	const port = await freePort();
	for (const d of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(path.join(dir, d));
	writeFileSync(
		path.join(dir, 'nginx.conf'),
		`daemon off; pid ${dir}/pid; error_log ${dir}/error.log warn; worker_processes 1; ${process.getuid() === 0 ? 'user root;' : ''}
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi; uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
	server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${desk.port}; proxy_set_header Host $http_host; ${extra} } }
}
`,
	);
	const child = spawn(nginx, ['-p', dir, '-c', path.join(dir, 'nginx.conf'), '-e', path.join(dir, 'error.log')], { stdio: 'ignore' });
	await until(
		() =>
			new Promise((resolve) => {
				const s = net.connect(port, '127.0.0.1', () => resolve(s.destroy()));
				s.on('connect', () => resolve(true));
				s.on('error', () => resolve(false));
			}),
		'nginx',
	);
	const front = desk.client();
	front.desk = { host: '127.0.0.1', port };
	front.stop = async () => {
		const gone = new Promise((resolve) => child.on('exit', resolve));
		front.agent.destroy();
		child.kill('SIGTERM');
		await gone;
		rmSync(dir, { recursive: true, force: true });
	};
	return front;
}

const FORWARDED = 'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;';

describe('behind nginx', { skip: nginx ? false : 'nginx is not installed' }, () => {
	for (const version of ['1.0', '1.1']) {
		test(`a stream flows through, HTTP/${version} to the desk`, async () => {
			const desk = await start({ env: { PORCHLIGHT_TRUSTED_PROXIES: '127.0.0.1', PORCHLIGHT_RATE_LIMITS: 'off' } });
			const front = await proxy(desk, `${FORWARDED} proxy_http_version ${version}; ${version === '1.1' ? 'proxy_set_header Connection "";' : ''}`);
			const asked = await front.json('POST', '/api/v1/questions', { body: 'Where do I find the page about citing newspapers?', client_id: randomUUID() });
			assert.equal(asked.status, 201, asked.text);
			const s = await front.sse(`/api/v1/questions/${asked.body.token}/events`);
			assert.equal((await s.next('entry')).id, '1');
			const sent = await front.json('POST', `/api/v1/questions/${asked.body.token}/messages`, { body: 'It is for the article on bridges.' });
			assert.equal(sent.status, 201, sent.text);
			let e;
			do e = await s.next('entry');
			while (e && e.data.kind !== 'message');
			assert.match(e.text, /article on bridges/);
			s.close();
			await until(async () => /^porchlight_streams 0$/m.test((await desk.get('/metrics')).text), 'the stream to be forgotten');
			await front.stop();
			await desk.stop();
		});
	}

	test('senders are told apart by what a declared proxy says, and by nothing else', async () => {
		// Two streams a network: the third of one sender is refused, another sender's first is not.
		const env = { PORCHLIGHT_STREAMS_PER_NETWORK: '2' };
		const open = async (client, token, address) => {
			try {
				return await client.sse(`/api/v1/questions/${token}/events`, address ? { 'x-forwarded-for': address } : {});
			} catch (e) {
				assert.equal(e.status, 429);
				assert.match(e.headers['retry-after'], /^\d+$/);
				return null;
			}
		};
		const opened = async (client, token, address, n) => {
			const all = [];
			for (let i = 0; i < n; i++) all.push(await open(client, token[i % token.length], address));
			return all;
		};
		for (const [trusted, what] of [
			['127.0.0.0/8', 'declared'],
			['', 'undeclared'],
			['192.0.2.0/24', 'another'],
		]) {
			const desk = await start({ env: { ...env, PORCHLIGHT_TRUSTED_PROXIES: trusted } });
			const front = await proxy(desk, FORWARDED);
			const tokens = [];
			for (let i = 0; i < 2; i++) {
				const r = await desk.json('POST', '/api/v1/questions', { body: `How do I add a reference to an article, part ${i}?`, client_id: randomUUID() });
				assert.equal(r.status, 201, r.text);
				tokens.push(r.body.token);
			}
			// nginx appends 127.0.0.1, a declared proxy in the first case: what counts is the address before it.
			const one = await opened(front, tokens, '203.0.113.7', 4);
			const two = await opened(front, tokens, '203.0.113.8', 1);
			const spoofed = await opened(front, tokens, '198.51.100.1, 203.0.113.7', 1);
			const got = [one.filter(Boolean).length, two.filter(Boolean).length, spoofed.filter(Boolean).length];
			// Undeclared: nobody is known, so nobody shares a limit with everybody.
			assert.deepEqual(got, what === 'declared' ? [2, 1, 0] : [4, 1, 1], what);
			assert.equal(desk.lines.filter((l) => /warn .*their senders are unknown/.test(l)).length, what === 'declared' ? 0 : 1, `${what}: said once`);
			for (const s of [...one, ...two, ...spoofed]) s?.close();
			await front.stop();
			await desk.stop();
		}
	});

	test('metrics do not leave the house through a proxy', async () => {
		const desk = await start();
		const front = await proxy(desk, FORWARDED);
		assert.equal((await front.get('/metrics')).status, 404);
		assert.equal((await desk.get('/metrics')).status, 200);
		await front.stop();
		await desk.stop();
	});
});
