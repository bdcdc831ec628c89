// The tools for rules as a person at a terminal meets them: a bar for what takes long, an answer to what was typed wrong, no success that
// was not one.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { desk, question } from './api.mjs';
import { binary, command, temporary, until } from './lib.mjs';

const LINES = 400;
let d, dir;
const at = (name) => path.join(dir, name);
const line = (i) => `${JSON.stringify({ label: i % 4 ? 'ham' : 'spam', lang: 'en', body: `How do I add picture ${i} to the article about lighthouses?` })}\n`;
before(async () => {
	d = await desk();
	await question(d);
	dir = temporary();
	chmodSync(dir, 0o755);
	const text = Array.from({ length: LINES }, (_, i) => line(i)).join('');
	writeFileSync(at('texts.jsonl'), text);
	writeFileSync(at('broken.jsonl'), `${text}no JSON\n${text}`);
	writeFileSync(at('draft.cf'), 'body DRAFT /lighthouse/\n');
	mkdirSync(at('mails'));
	for (let i = 0; i < 200; i++) writeFileSync(at(`mails/${i}.eml`), `Subject: Lighthouses\n\nHow do I add picture ${i}?\n`);
});
after(async () => {
	await d.stop();
	rmSync(dir, { recursive: true });
});

/** As on a terminal: both outputs on it. */
function terminal(...args) {
	const words = [binary, 'rules', ...args, '--data', d.data].map((x) => `'${x}'`).join(' ');
	const r = spawnSync('script', ['-qec', words, '/dev/null'], { encoding: 'utf8', timeout: 60000, input: '' });
	return { code: r.status, out: r.stdout };
}
const bars = (out) => [...out.matchAll(/\r\[([#.]{40})\] +(\d+) %/g)].map((m) => ({ marks: m[1].replaceAll('.', '').length, share: Number(m[2]) }));

test('what takes long shows on a terminal how far it is, and nowhere else', () => {
	for (const args of [['eval', at('texts.jsonl')], ['eval', at('texts.jsonl'), '--sequence'], ['eval', at('texts.jsonl'), '--learn', at('texts.jsonl')], ['eval', at('texts.jsonl'), '--json'],
		['eval', '--mail', at('mails')], ['bench', at('texts.jsonl')], ['learn', at('texts.jsonl')], ['replay', at('draft.cf')]]) {
		const name = args.slice(0, 3).join(' '), r = terminal(...args), seen = bars(r.out);
		assert.equal(r.code, 0, `${name}: ${r.out}`);
		assert.deepEqual([seen.at(-1)?.marks, seen.at(-1)?.share], [40, 100], `${name}: ${r.out.slice(0, 300)}`);
		if (args[0] !== 'replay') assert.ok(seen.some((x) => x.share > 0 && x.share < 100 && Math.abs(x.marks - x.share * 0.4) <= 1), `${name}: only its end`);
		const pass = seen.filter((x, i) => x.share < (seen[i - 1]?.share ?? 0)).length;
		assert.ok(pass <= 1, `${name} goes back ${pass} times`);
		assert.doesNotMatch(command(['rules', ...args], { data: d.data }).err, /%|\r/, `${name} without a terminal`);
	}
});

test('what ends before its end says so below the bar, and the bar does not say that all was done', () => {
	for (const args of [['eval', at('broken.jsonl')], ['bench', at('broken.jsonl')]]) {
		const r = terminal(...args), seen = bars(r.out);
		assert.equal(r.code, 1, r.out);
		assert.ok(seen.length > 1 && seen.every((x) => x.share < 60), r.out);
		assert.match(r.out, new RegExp(`%\\r?\\n[^\\n]*Line ${LINES + 1}, `), args[0]);
	}
});

test('of a file that cannot be used, the line is named, once, with what is wrong with it', () => {
	const one = (body) => JSON.stringify({ label: 'ham', body });
	for (const [bad, words] of [['no JSON', /^porchlight: Line 2, column 2: this is not JSON\.$/], ['{"label":"ham","body":7}', /^porchlight: Line 2: The field "body" must be a string\.$/],
		['{"label":"maybe","body":"x"}', /^porchlight: Line 2: A line needs a label/], ['{"label":"ham","body":"\\ud800"}', /^porchlight: Line 2, column \d+: /], [one('a b '.repeat(70000)), /^porchlight: Line 2: .*256 KiB/],
		[one('a b '.repeat(300000)), /^porchlight: Line 2: It is longer than \d+ bytes\.$/]])
		for (const tool of ['eval', 'bench', 'learn']) {
			writeFileSync(at('lines.jsonl'), `${one('How do I add a picture?')}\n${bad}\n${one('Where is it?')}\n`);
			const r = command(['rules', tool, at('lines.jsonl')], { data: d.data });
			assert.deepEqual([r.code, r.out], [1, ''], tool);
			assert.match(r.err.trim(), words, tool);
		}
});

test('options and arguments that a command does not know are said, not passed over', () => {
	for (const args of [['list', 'extra'], ['check', dir, dir], ['list', '--sequence'], ['check', '--chat'], ['explain', 'x', '--learn', 'y'], ['bench', at('texts.jsonl'), '--since', '3d'],
		['eval', '--mail', at('mails'), '--sequence'], ['list', '--json=1'], ['list', '--rules='], ['explain', '--subject'], ['replay', at('draft.cf'), '--since', '30'],
		['replay', at('draft.cf'), '--since', '0d'], ['learn', at('texts.jsonl'), '--undo', 'x'], ['test', 'A', 'B']]) {
		const r = command(['rules', ...args], { data: d.data });
		assert.equal(r.code, 2, `${args.join(' ')}: ${r.out}`);
		assert.equal(r.out, '', args.join(' '));
		assert.match(r.err, /^.+\nusage: /, args.join(' '));
	}
	for (const args of [['list', `--rules=${dir}`], ['explain', '--subject=A title', 'Its words'], ['explain', '--json', '--', '--cheap'], ['explain', 'a=b']])
		assert.equal(command(['rules', ...args]).code, 0, args.join(' '));
	assert.equal(JSON.parse(command(['rules', 'explain', '--json', '--', '--json']).out).action, 'accept');
	/* A title must be a text, like what stands below it. */
	assert.equal(spawnSync('sh', ['-c', `exec '${binary}' rules explain words --subject "$(printf 'a\\377')"`], { encoding: 'utf8' }).status, 1);
});

test('output that could not be written is a failure, and a reader who has enough is not told of it', () => {
	const sh = (words) => spawnSync('sh', ['-c', words], { encoding: 'utf8', timeout: 60000 });
	for (const args of ['rules list', 'rules list --json', 'rules check', 'rules check --json', 'rules explain words', `rules eval '${at('texts.jsonl')}' --json`, `rules bench '${at('texts.jsonl')}'`,
		'version', 'help', `user list --data '${d.data}'`]) {
		for (const to of ['>/dev/full', '>&-']) {
			const r = sh(`exec '${binary}' ${args} ${to}`);
			assert.equal(r.status, 1, `${args} ${to}`);
			assert.match(r.stderr, /could not be written/, `${args} ${to}`);
		}
		const piped = sh(`{ '${binary}' ${args}; echo $? >&2; } | sleep 0`);
		assert.ok(['0\n', '1\n'].includes(piped.stderr), `${args}: ${piped.stderr}`);
	}
});

test('a server whose streams were closed before it started gives their numbers to no file and no client', async () => {
	const data = temporary();
	command(['migrate'], { data });
	const free = net.createServer().listen(0, '127.0.0.1');
	await once(free, 'listening');
	const { port } = free.address();
	await new Promise((done) => free.close(done));
	const child = spawn('sh', ['-c', `exec '${binary}' serve --data '${data}' --listen 127.0.0.1:${port} <&- >&- 2>&-`], { stdio: 'ignore' });
	try {
		await until(() => fetch(`http://127.0.0.1:${port}/healthz`).then((r) => r.status === 200, () => false), 'the server');
		for (const fd of [0, 1, 2]) assert.equal(readlinkSync(`/proc/${child.pid}/fd/${fd}`), '/dev/null', `${fd}`);
	} finally {
		child.kill();
		await once(child, 'exit');
		rmSync(data, { recursive: true, force: true });
	}
});
