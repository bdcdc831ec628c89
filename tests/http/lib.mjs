// The harness of the tests that speak with a real server.
//
//     const desk = await start({ env: { PORCHLIGHT_LEASE_S: '2' }, people: { ann: 'helper' } });
//     const r = await desk.json('POST', '/api/v1/questions', { body: '...' });   // { status, headers, body (parsed), text }
//     const ann = await desk.login('ann');                                       // a client with cookie and CSRF token
//     await ann.json('POST', '/api/v1/queue/next');
//     const s = await desk.sse(`/api/v1/questions/${token}/events`);             // await s.next(), s.next('entry'), s.close()
//     const raw = await desk.raw('GET / HTTP/1.1\r\nHost: x\r\n\r\n');           // the bytes that came back until close or quiet
//     await desk.stop();                                                         // fails on error lines that nobody expected
//
// start() makes a temporary data folder, migrates it, adds the people (password: see PASSWORD), serves on port 0. Values in `env` are
// PORCHLIGHT_<KEY> variables. `expect`: regular expressions of log lines that may be errors.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, existsSync } from 'node:fs';
import net from 'node:net';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { complaints, noteCall } from './schema.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = path.resolve(root, process.env.BUILD ?? 'build', 'porchlight');
export const PASSWORD = 'correct horse battery';

const BAD_LINE = /(^\S+ error )|Sanitizer|runtime error:|Assertion|assertion/;

export function sleep(ms) {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until check() gives something true; fails with `what` after limitMs. */
export async function until(check, what = 'a condition', limitMs = 20000) {
	const end = Date.now() + limitMs;
	for (;;) {
		const value = await check();
		if (value) return value;
		if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
		await sleep(20);
	}
}

function environment(env) {
	const clean = Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith('PORCHLIGHT_')));
	return { ...clean, ...env };
}

/** Runs a command of the binary to its end: { code, out, err }. */
export function command(args, { env = {}, input = '', data } = {}) {
	const r = spawnSync(binary, [...args, ...(data ? ['--data', data] : [])], { env: environment(env), input, encoding: 'utf8', timeout: 120000 });
	return { code: r.status, out: r.stdout, err: r.stderr };
}

/** A folder that becomes DATA. Root gives it away, because Porchlight does not run as root. */
export function temporary() {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'porchlight-test-'));
	if (process.getuid() === 0) chownSync(folder, 65534, 65534);
	return folder;
}

class Client {
	constructor(desk, headers = {}) {
		this.desk = desk;
		this.headers = headers;
		// Like a browser: a few connections that stay open.
		this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
		this.used = Date.now();
	}

	// The server ends a connection that was idle for 75 s; a test that stood still for a command that long has not heard of it.
	#fresh() {
		if (Date.now() - this.used > 20_000) for (const s of Object.values(this.agent.freeSockets).flat()) s.destroy();
		this.used = Date.now();
	}

	/** One request: { status, headers, text, body } (body: parsed JSON or undefined), held to the description. Redirects are not followed. */
	async request(method, where, { headers = {}, body } = {}) {
		const r = await this.#send(method, where, headers, body);
		noteCall(method, where, r.status);
		if (method !== 'HEAD') assert.deepEqual(complaints(method, where, r), []);
		return r;
	}

	#send(method, where, headers, body) {
		this.#fresh();
		return new Promise((resolve, reject) => {
			const rq = http.request(
				{ host: this.desk.host, port: this.desk.port, method, path: where, headers: { ...this.headers, ...headers }, agent: this.agent },
				(rs) => {
					const parts = [];
					rs.on('data', (b) => parts.push(b));
					rs.on('error', reject);
					rs.on('end', () => {
						const bytes = Buffer.concat(parts);
						const text = bytes.toString('utf8');
						let parsed;
						if (/json/.test(rs.headers['content-type'] ?? '')) {
							try {
								parsed = JSON.parse(text);
							} catch {}
						}
						resolve({ status: rs.statusCode, headers: rs.headers, text, bytes, body: parsed });
					});
				},
			);
			rq.on('error', reject);
			if (body !== undefined) rq.write(body);
			rq.end();
		});
	}

	get(where, headers) {
		return this.request('GET', where, { headers });
	}

	json(method, where, value, headers = {}) {
		const body = value === undefined ? undefined : JSON.stringify(value);
		const type = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
		return this.request(method, where, { headers: { ...type, ...headers }, body });
	}

	form(where, fields, headers = {}) {
		const body = new URLSearchParams(fields).toString();
		return this.request('POST', where, {
			headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body), ...headers },
			body,
		});
	}

	/** Opens an event stream. Rejects with the status when it is no stream. */
	sse(where, headers = {}) {
		return new Promise((resolve, reject) => {
			const rq = http.request(
				{ host: this.desk.host, port: this.desk.port, path: where, headers: { accept: 'text/event-stream', ...this.headers, ...headers }, agent: false },
				(rs) => {
					noteCall('GET', where, rs.statusCode);
					if (rs.statusCode !== 200 || !/text\/event-stream/.test(rs.headers['content-type'] ?? '')) {
						rs.resume();
						reject(Object.assign(new Error(`no stream: ${rs.statusCode}`), { status: rs.statusCode, headers: rs.headers }));
						return;
					}
					resolve(new Stream(rq, rs));
				},
			);
			rq.on('error', reject);
			rq.end();
		});
	}
}

export class Stream {
	constructor(rq, rs) {
		this.rq = rq;
		this.headers = rs.headers;
		this.events = []; // not yet taken by next()
		this.all = [];
		this.comments = 0;
		this.ended = false;
		this.waiters = [];
		let rest = '';
		rs.setEncoding('utf8');
		rs.on('data', (text) => {
			rest += text;
			let at;
			while ((at = rest.indexOf('\n\n')) >= 0) {
				this.#take(rest.slice(0, at));
				rest = rest.slice(at + 2);
			}
			this.#wake();
		});
		const end = () => {
			this.ended = true;
			this.#wake();
		};
		rs.on('end', end);
		rs.on('error', end);
		rs.on('close', end);
		rq.on('error', end);
	}

	#take(block) {
		const event = { event: 'message', data: [] };
		for (const line of block.split('\n')) {
			if (line.startsWith(':')) this.comments++;
			else if (line.startsWith('id:')) event.id = line.slice(3).trim();
			else if (line.startsWith('event:')) event.event = line.slice(6).trim();
			else if (line.startsWith('data:')) event.data.push(line.slice(5).replace(/^ /, ''));
		}
		if (event.data.length === 0) return;
		event.text = event.data.join('\n');
		try {
			event.data = JSON.parse(event.text);
		} catch {
			event.data = event.text;
		}
		this.events.push(event);
		this.all.push(event);
	}

	#wake() {
		const waiting = this.waiters;
		this.waiters = [];
		for (const w of waiting) w();
	}

	/** The next event (of that name; others before it are passed over). undefined when the stream ended first. */
	async next(name, limitMs = 20000) {
		const end = Date.now() + limitMs;
		for (;;) {
			const i = this.events.findIndex((e) => name === undefined || e.event === name);
			if (i >= 0) return this.events.splice(0, i + 1)[i];
			if (this.ended) return undefined;
			const left = end - Date.now();
			if (left <= 0) throw new Error(`no event${name ? ` ${name}` : ''} came; seen: ${JSON.stringify(this.all.map((e) => e.event))}`);
			await new Promise((resolve) => {
				const t = setTimeout(resolve, left);
				this.waiters.push(() => {
					clearTimeout(t);
					resolve();
				});
			});
		}
	}

	close() {
		this.rq.destroy();
	}
}

class Desk extends Client {
	/** A client of its own, with other headers. */
	client(headers = {}) {
		return new Client(this, headers);
	}

	/** Logs in and gives a client that sends cookie and CSRF token. */
	async login(name, password = PASSWORD) {
		const r = await this.json('POST', '/api/v1/session', { name, password });
		assert.equal(r.status, 200, `login of ${name}: ${r.status} ${r.text}`);
		const cookie = [r.headers['set-cookie']].flat().map((c) => c.split(';')[0]).join('; ');
		const client = new Client(this, { cookie, 'x-csrf-token': r.body.csrf });
		client.account = r.body.account;
		client.csrf = r.body.csrf;
		return client;
	}

	/** A connected socket with .text (what came so far), .over, .until(regexp) and .gone(). */
	socket() {
		return new Promise((resolve, reject) => {
			const s = net.connect({ host: this.host, port: this.port });
			s.text = '';
			s.over = false;
			s.setEncoding('latin1');
			s.on('data', (t) => (s.text += t));
			s.on('close', () => (s.over = true));
			s.on('error', () => {});
			s.until = (pattern, limitMs = 20000) => until(() => s.text.match(pattern) ?? (s.over ? fail(s, pattern) : null), String(pattern), limitMs);
			s.gone = (limitMs = 40000) => until(() => s.over, 'the server to close the connection', limitMs);
			s.once('connect', () => resolve(s));
			s.once('error', reject);
		});
	}

	/** Sends bytes on a connection of its own; gives what came until the server closed, or (unless `closes`) `quietMs` after the last byte. */
	async raw(bytes, { quietMs = 400, limitMs = 20000, closes = false } = {}) {
		const s = await this.socket();
		s.write(bytes, 'latin1');
		const end = Date.now() + limitMs;
		let seen = -1;
		let since = Date.now();
		while (!s.over && Date.now() < end) {
			if (s.text.length !== seen) {
				seen = s.text.length;
				since = Date.now();
			} else if (!closes && seen > 0 && Date.now() - since > quietMs) break;
			await sleep(10);
		}
		const text = s.text;
		const closed = s.over;
		s.destroy();
		return { text, closed, status: Number(text.match(/^HTTP\/1\.1 (\d+)/)?.[1]) };
	}

	/** Log lines so far. */
	get lines() {
		return this.stderr.split('\n').filter((l) => l !== '');
	}

	/** SIGTERM; waits for the end; fails on error lines. Returns how long it took in ms. */
	async stop({ signal = 'SIGTERM', keep = false } = {}) {
		const begin = Date.now();
		if (this.child.exitCode === null && this.child.signalCode === null) {
			this.child.kill(signal);
			let timer;
			await Promise.race([this.exited, new Promise((resolve) => (timer = setTimeout(resolve, 30000)))]);
			clearTimeout(timer);
			if (this.child.exitCode === null && this.child.signalCode === null) {
				this.child.kill('SIGKILL');
				await this.exited;
				throw new Error(`the server did not stop; it said:\n${this.stderr}`);
			}
		}
		const took = Date.now() - begin;
		if (!keep && this.temporary) rmSync(this.data, { recursive: true, force: true });
		if (signal === 'SIGTERM') {
			const bad = this.lines.filter((l) => BAD_LINE.test(l) && !this.expect.some((x) => x.test(l)));
			assert.deepEqual(bad, [], 'the server logged errors that nobody expected');
			assert.equal(this.child.exitCode, 0, `exit code ${this.child.exitCode ?? this.child.signalCode}; it said:\n${this.stderr.slice(-4000)}`);
		}
		return took;
	}
}

function fail(socket, pattern) {
	throw new Error(`the connection ended before ${pattern}; it said: ${JSON.stringify(socket.text.slice(0, 500))}`);
}

export async function start({ env = {}, args = [], data, people = {}, expect = [], migrate = true, program = binary } = {}) {
	assert.ok(existsSync(binary), `${binary} is not built`);
	const desk = new Desk(null);
	desk.desk = desk;
	desk.temporary = data === undefined;
	desk.data = data ?? temporary();
	desk.expect = expect;
	desk.env = { PORCHLIGHT_DATA: desk.data, ...env };
	if (migrate) {
		const m = command(['migrate'], { env: desk.env });
		assert.equal(m.code, 0, `migrate: ${m.out}${m.err}`);
	}
	for (const [name, role] of Object.entries(people)) {
		const u = command(['user', 'add', name, '--role', role, '--password-stdin'], { env: desk.env, input: `${PASSWORD}\n` });
		assert.equal(u.code, 0, `user add ${name}: ${u.out}${u.err}`);
	}
	const child = spawn(program, ['serve', '--listen', '127.0.0.1:0', ...args], { env: environment(desk.env), stdio: ['ignore', 'pipe', 'pipe'] });
	desk.child = child;
	desk.stdout = '';
	desk.stderr = '';
	desk.exited = new Promise((resolve) => child.on('exit', resolve));
	child.stdout.on('data', (b) => (desk.stdout += b));
	child.stderr.on('data', (b) => (desk.stderr += b));
	const where = await until(
		() => {
			if (child.exitCode !== null || child.signalCode !== null) throw new Error(`serve ended (${child.exitCode ?? child.signalCode}):\n${desk.stderr}${desk.stdout}`);
			return desk.stdout.match(/listening on http:\/\/(\[[^\]]+\]|[^:\s]+):(\d+)/);
		},
		'"listening on"',
		60000,
	);
	desk.host = where[1].replace(/^\[|\]$/g, '');
	desk.port = Number(where[2]);
	desk.url = `http://${where[1]}:${where[2]}`;
	return desk;
}
