// `make bench`: measures the desk beside its peers in one run and prints a table. Nothing here asserts a time.
//
//     node tests/bench/run.mjs [PART...]      parts: store judge rules pages start talks streams
//
// Peers are nginx (files, `return 200`), nginx with nchan (event streams) and bare SQLite group commit. Everything listens on
// loopback ports of its own choosing, loops are bounded, and what was started is ended by its process id. A part that fails says
// so, the others go on, and the exit code is 1.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const build = path.resolve(root, process.env.BUILD ?? 'build');
const binary = path.join(build, 'porchlight');
const work = mkdtempSync(path.join(tmpdir(), 'porchlight-bench-'));
execFileSync('chmod', ['755', work]);
const children = [];
const parts = process.argv.slice(2);
const wanted = (part) => !parts.length || parts.includes(part);
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const show = (what, figures, aim) => console.log(`${what.padEnd(48)} ${figures}${aim ? `   [aim: ${aim}]` : ''}`);
// A driver or a command that does not come to an end is ended.
const run = (file, args = [], seconds = 60, more = {}) => {
	const r = spawnSync(file, args, { encoding: 'utf8', timeout: seconds * 1000, killSignal: 'SIGKILL', ...more });
	if (r.error) throw new Error(`${path.basename(file)} ${args[0] ?? ''}: ${r.error.message}`);
	return r;
};
const ratio = (a, b) => (a / b).toFixed(2);

const freePort = () =>
	new Promise((resolve) => {
		const s = net.createServer().listen(0, '127.0.0.1', () => {
			const { port } = s.address();
			s.close(() => resolve(port));
		});
	});

async function porchlight(name, env = {}) {
	const data = path.join(work, name);
	mkdirSync(data, { mode: 0o700, recursive: true });
	if (process.getuid() === 0) execFileSync('chown', ['nobody', data]);
	const all = { ...process.env, PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_FORM_TOKEN: 'off', ...env };
	const cli = (...args) => spawnSync(binary, ['--data', data, ...args], { env: all, encoding: 'utf8', input: args.input });
	cli('migrate');
	const started = process.hrtime.bigint();
	const child = spawn(binary, ['--data', data, 'serve', '--listen', '127.0.0.1:0'], { env: all, stdio: ['ignore', 'pipe', 'pipe'] });
	children.push(child);
	let log = '';
	child.stderr.on('data', (b) => (log += b));
	const port = await new Promise((resolve, reject) => {
		let out = '';
		child.stdout.on('data', (b) => {
			out += b;
			const m = out.match(/listening on http:\/\/[^:]+:(\d+)/);
			if (m) resolve(Number(m[1]));
		});
		child.on('exit', (code) => reject(new Error(`serve ended with ${code}: ${log}`)));
	});
	const readyMs = Number(process.hrtime.bigint() - started) / 1e6;
	const json = async (method, route, body, headers = {}) => {
		const r = await fetch(`http://127.0.0.1:${port}/api/v1${route}`, {
			method,
			headers: { ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
			body: body && JSON.stringify(body),
		});
		const text = await r.text();
		return { status: r.status, headers: r.headers, body: text ? JSON.parse(text) : null };
	};
	const account = (login, role) => {
		const r = spawnSync(binary, ['--data', data, 'user', 'add', login, '--role', role, '--password-stdin'], { env: all, input: 'bench-password\n', encoding: 'utf8' });
		if (r.status !== 0) throw new Error(r.stderr);
	};
	const login = async (name) => {
		const r = await json('POST', '/session', { name, password: 'bench-password' });
		if (r.status !== 200) throw new Error(`login: ${r.status}`);
		return { Cookie: r.headers.get('set-cookie').split(';')[0], 'X-CSRF-Token': r.body.csrf };
	};
	const rss = () => Number(readFileSync(`/proc/${child.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);
	const stop = async () => {
		child.removeAllListeners('exit');
		const gone = new Promise((r) => child.on('exit', r));
		child.kill('SIGTERM');
		await gone;
	};
	return { port, pid: child.pid, readyMs, json, account, login, rss, stop, cli };
}

async function nginx(files, extra = '') {
	const dir = path.join(work, 'nginx');
	mkdirSync(path.join(dir, 'www'), { recursive: true });
	for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, 'www', name), text);
	execFileSync('chmod', ['-R', 'a+rX', work]);
	const port = await freePort();
	const modules = '/usr/lib/nginx/modules/ngx_nchan_module.so';
	const nchan = existsSync(modules);
	writeFileSync(
		path.join(dir, 'nginx.conf'),
		`daemon off; worker_processes 2; error_log ${dir}/error.log; pid ${dir}/pid; ${nchan ? `load_module ${modules};` : ''}
worker_rlimit_nofile 20000; events { worker_connections 19000; }
http { access_log off; keepalive_requests 1000000000; client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
 server { listen 127.0.0.1:${port} backlog=4096 reuseport; root ${dir}/www;
  location = /ok { return 200 "ok\\n"; }
  ${nchan ? 'location /sub { nchan_subscriber eventsource; nchan_subscriber_first_message newest; nchan_channel_id all; nchan_eventsource_ping_interval 0; } location /pub { nchan_publisher; nchan_store_messages off; nchan_channel_id all; }' : ''}
  ${extra} } }`,
	);
	const child = spawn('nginx', ['-c', path.join(dir, 'nginx.conf'), '-p', dir, '-e', `${dir}/error.log`], { stdio: 'ignore' });
	children.push(child);
	await sleep(500);
	const pids = () =>
		[child.pid, ...execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' }).trim().split(/\s+/).map(Number)];
	return { port, nchan, pids, pid: child.pid };
}

// Requests a second over kept connections; several short runs, the median.
function wrk(url, seconds = 2, rounds = 3, ...more) {
	const runs = [];
	for (let i = 0; i < rounds; i++) {
		const out = execFileSync('wrk', ['-t1', '-c32', `-d${seconds}s`, ...more, url], { encoding: 'utf8', timeout: 30000 });
		if (/Non-2xx/.test(out)) throw new Error(`${url}: ${out}`);
		runs.push(Number(out.match(/Requests\/sec:\s+([\d.]+)/)[1]));
	}
	return runs.sort((a, b) => a - b)[Math.floor(rounds / 2)];
}

function driver(name) {
	const out = path.join(build, 'bench', name);
	execFileSync('make', ['-s', `BUILD=${path.relative(root, build) || 'build'}`, out.replace(`${root}/`, '')], { cwd: root, stdio: 'inherit' });
	return out;
}
// The drivers print one JSON line.
const last = (text) => JSON.parse(text.trim().split('\n').at(-1));

// Ends what a part has left behind.
function reap() {
	for (const c of children.splice(0)) if (c.exitCode === null && c.signalCode === null) c.kill('SIGKILL');
}

function store() {
	const r = run(driver('store_bench'), [], 120, { cwd: work });
	process.stdout.write(r.stdout);
	show('', '', 'writer/bare >= 0.5 at each number, writer/each >= 4 at 16 and 256');
	if (r.status !== 0) throw new Error(r.stderr);
}

function judge() {
	const aims = { real: 'median <= 150 us, p99 <= 1500 us', own: 'median <= 150 us, p99 <= 1500 us', hostile: 'max <= 50000 us', 'hostile-rule': 'max <= 50000 us' };
	const r = run(driver('judge_bench'));
	if (r.status !== 0) throw new Error(r.stderr);
	for (const line of r.stdout.trim().split('\n')) {
		const f = JSON.parse(line);
		show(`features and judge, ${f.texts} ${f.kind} texts`, `median ${f.median_us} us, p99 ${f.p99_us} us, max ${f.max_us} us`, aims[f.kind]);
	}
}

function rules() {
	const r = run(driver('scan_bench'), [], 120);
	process.stdout.write(r.stdout);
	show('', '', 'loop/index >= 50 at 10,000 rules, >= 150 at 30,000; build <= 1000 ms');
	if (r.status !== 0) throw new Error(r.stderr);
}

async function pages() {
	const p = await porchlight('pages');
	const body = await (await fetch(`http://127.0.0.1:${p.port}/`)).text();
	const css = body.match(/href="([^"]*\.css[^"]*)"/)?.[1];
	const cssText = css ? await (await fetch(`http://127.0.0.1:${p.port}${css}`)).text() : '';
	const n = await nginx({ 'page.html': body, 'style.css': cssText });
	const rows = [
		['a small answer / nginx return 200', '/healthz', '/ok', '>= 0.9'],
		['a static file / nginx, the same file', css, '/style.css', '>= 0.9'],
		['the ask page / nginx, a file of its bytes', '/', '/page.html', '>= 0.4'],
	];
	for (const [what, ours, theirs, aim] of rows) {
		const a = wrk(`http://127.0.0.1:${p.port}${ours}`);
		const b = wrk(`http://127.0.0.1:${n.port}${theirs}`);
		show(what, `${Math.round(a)} / ${Math.round(b)} requests a second = ${ratio(a, b)}`, aim);
	}
	const made = await p.json('POST', '/questions', { title: 'Bench', body: 'How do I add a picture to the page about our bridge?' });
	const view = wrk(`http://127.0.0.1:${p.port}/api/v1/questions/${made.body.token}`);
	show('a conversation from the store (JSON) / the page', `${Math.round(view)} requests a second`);
	let weight = 0;
	const parts = [];
	const add = (name, text) => {
		const z = gzipSync(text, { level: 9 }).length;
		weight += z;
		parts.push(`${name} ${(z / 1024).toFixed(1)}`);
	};
	add('page', body);
	for (const m of body.matchAll(/(?:href|src)="([^"]*\/static\/[^"]+)"/g))
		add(path.basename(m[1].split('?')[0]), Buffer.from(await (await fetch(`http://127.0.0.1:${p.port}${m[1]}`)).arrayBuffer()));
	show('weight of the ask page, compressed', `${(weight / 1024).toFixed(1)} KiB (${parts.join(', ')})`, '<= 40 KiB');
	process.kill(n.pid, 'SIGTERM');
	await p.stop();
}

async function start() {
	const times = [];
	let rss = 0;
	for (let i = 0; i < 5; i++) {
		const p = await porchlight('start');
		times.push(p.readyMs);
		await sleep(500);
		rss = p.rss();
		await p.stop();
	}
	show('start to listening, shipped rules', `median ${times.sort((a, b) => a - b)[2].toFixed(0)} ms of 5`, '<= 150 ms');
	show('idle memory', `${(rss / 1024).toFixed(1)} MiB resident`, '<= 40 MiB');
}

async function talks(count = 1000, seconds = 15) {
	const p = await porchlight('talks', { PORCHLIGHT_CLAIM_CAP: '100', PORCHLIGHT_LEASE_S: '86400' });
	const helpers = [];
	for (let i = 0; i < Math.ceil(count / 100); i++) {
		p.account(`helper${i}`, 'helper');
		const cookie = await p.login(`helper${i}`);
		const key = await p.json('POST', '/keys', { label: 'bench', scopes: ['read', 'write'] }, cookie);
		if (key.status !== 201) throw new Error(`key: ${key.status} ${JSON.stringify(key.body)}`);
		helpers.push(key.body.key);
	}
	const lines = [];
	for (let i = 0; i < count; i++) {
		const q = await p.json('POST', '/questions', { title: `Question ${i}`, body: `How do I move page number ${i} to another name, please?` });
		if (q.status !== 201 || q.body.state !== 'queued') throw new Error(`question: ${q.status} ${JSON.stringify(q.body)}`);
		const bearer = helpers[Math.floor(i / 100)];
		const t = await p.json('POST', '/queue/next', {}, { Authorization: `Bearer ${bearer}` });
		if (t.status !== 200) throw new Error(`next: ${t.status} ${JSON.stringify(t.body)}`);
		lines.push({ token: q.body.token, id: t.body.id, fence: t.body.lease.fence, bearer });
	}
	const file = path.join(work, 'talks.txt');
	writeFileSync(file, lines.map((l) => `/api/v1/questions/${l.token}/events?after=3 /api/v1/tickets/${l.id}/messages ${l.fence} ${l.bearer}\n`).join(''));
	const r = run(driver('live_bench'), ['latency', String(p.port), file, String(seconds)], seconds + 60);
	const f = last(r.stdout || '{}');
	show('POST to the other side\'s stream', `${count} talks x 1/s for ${seconds} s: p50 ${f.p50_ms} ms, p99 ${f.p99_ms} ms, max ${f.max_ms} ms (${f.heard} of ${f.posted} heard, ${f.bad} refused)`, 'p50 <= 1 ms, p99 <= 4 ms');
	if (r.status !== 0) throw new Error('not every message was heard');
	await p.stop();
}

// Our server with two routes of its own (stream_server.c) beside nginx + nchan: memory an idle stream, and one event to all.
async function streams(count = 10000) {
	const data = path.join(work, 'streams');
	mkdirSync(data, { mode: 0o700 });
	if (process.getuid() === 0) execFileSync('chown', ['nobody', data]);
	spawnSync(binary, ['--data', data, 'migrate'], { encoding: 'utf8' });
	const child = spawn(driver('stream_server'), [data], { env: { ...process.env, PORCHLIGHT_RATE_LIMITS: 'off' }, stdio: ['ignore', 'pipe', 'pipe'] });
	let log = '';
	child.stderr.on('data', (b) => (log += b));
	children.push(child);
	const ours = await new Promise((resolve, reject) => {
		let out = '';
		child.stdout.on('data', (b) => {
			out += b;
			const m = out.match(/listening on http:\/\/[^:]+:(\d+)/);
			if (m) resolve(Number(m[1]));
		});
		child.on('exit', (code) => reject(new Error(`stream_server ended with ${code}: ${log}`)));
	});
	child.removeAllListeners('exit');
	const n = await nginx({});
	const publish = async (port) => {
		const r = await fetch(`http://127.0.0.1:${port}/pub`, { method: 'POST', body: `"bench ${process.hrtime.bigint()}"` });
		if (r.status > 299) throw new Error(`publish: ${r.status}`);
	};
	const fanout = async (port) => {
		const runs = [];
		for (let i = 0; i < 3; i++) {
			const d = spawn(driver('live_bench'), ['fanout', String(port), '/sub', String(count)], { stdio: ['pipe', 'pipe', 'inherit'] });
			children.push(d);
			let out = '';
			const ready = new Promise((resolve) => d.stdout.on('data', (b) => (out += b) && /READY/.test(out) && resolve()));
			const gone = new Promise((resolve) => d.on('close', resolve));
			const late = setTimeout(() => d.kill('SIGKILL'), 60000);
			await Promise.race([ready, gone]);
			await publish(port);
			await gone;
			clearTimeout(late);
			runs.push(last(out));
			await sleep(3000); // until the last ten thousand are gone
		}
		return runs.sort((a, b) => a.last_ms - b.last_ms)[1];
	};
	for (let i = 0; i < 200; i++) await publish(ours); // each worker has met its first request
	const idle = (port, pid) => last(run(driver('live_bench'), ['idle', String(port), '/sub', String(count), String(pid)]).stdout || '{}');
	const a = idle(ours, child.pid);
	show('memory an idle stream', `${a.kib_a_stream} KiB of ${count} (${a.lost} lost)`, '<= 10 KiB, less than nchan');
	await sleep(1000);
	const b = await fanout(ours);
	show('one event to all streams, until the last', `${b.heard} of ${count} heard: ${b.last_ms} ms (half by ${b.p50_ms} ms)`, '<= 0.9 of nchan');
	if (n.nchan) {
		const nchanIdle = n.pids().slice(1).map((pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]));
		const d = spawn(driver('live_bench'), ['idle', String(n.port), '/sub', String(count), String(n.pid)], { stdio: 'ignore' });
		children.push(d);
		await sleep(9000);
		const grown = n.pids().slice(1).reduce((sum, pid, i) => sum + Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) - nchanIdle[i], 0);
		show('  nginx + nchan', `${(grown / count).toFixed(2)} KiB`);
		await new Promise((resolve) => (d.exitCode === null ? d.on('close', resolve) : resolve()));
		await sleep(1000);
		const c = await fanout(n.port);
		show('  nginx + nchan', `${c.heard} of ${count} heard: ${c.last_ms} ms; ours / nchan = ${ratio(b.last_ms, c.last_ms)}`);
	} else show('  nginx + nchan', 'not installed');
	process.kill(n.pid, 'SIGTERM');
	child.kill('SIGTERM');
	await new Promise((resolve) => child.on('close', resolve));
}

export { children, driver, freePort, last, nginx, porchlight, ratio, show, sleep, work, wrk };

async function main() {
	console.log(`# ${process.arch}, ${(await import('node:os')).cpus().length} cores, client and server on the same ones; ratios hold, absolute figures move`);
	const all = { store, judge, rules, pages, start, talks, streams };
	for (const [name, part] of Object.entries(all)) {
		if (!wanted(name)) continue;
		try {
			await part();
		} catch (error) {
			show(`${name} FAILED`, error.message.split('\n')[0]);
			process.exitCode = 1;
		}
		reap();
	}
}

try {
	await main();
} finally {
	reap();
	rmSync(work, { recursive: true, force: true });
}
