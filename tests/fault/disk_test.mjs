// A disk in trouble: each write is 503 with Retry-After and words, nothing of it was taken, readers go on, and when the trouble
// is over the same server writes again.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { binary, start, until } from '../http/lib.mjs';

const lossy = path.join(path.dirname(binary), 'porchlight-lossy');
const words = 'The lamp in the old reading room flickers when the door is opened, is that known to anybody here?';

async function trouble(desk, begin, end) {
	const asked = await desk.json('POST', '/api/v1/questions', { body: words, client_id: randomUUID() });
	assert.equal(asked.status, 201, asked.text);
	const where = `/api/v1/questions/${asked.body.token}`;
	const before = (await desk.get(where)).body.log.length;
	const question = { body: `${words} And the stairs creak.`, client_id: randomUUID() };
	const line = { body: 'It happens in the evening.', client_id: randomUUID() };
	await begin();
	// One after the other and many at once: the writer's batches are undone and run again one by one.
	const refused = [];
	refused.push(await desk.json('POST', '/api/v1/questions', question));
	refused.push(await desk.json('POST', `${where}/messages`, line));
	refused.push(
		...(await Promise.all(Array.from({ length: 12 }, (_, i) => desk.json('POST', '/api/v1/questions', { body: `${words} ${i}`, client_id: randomUUID() })))),
	);
	for (const r of refused) {
		assert.equal(r.status, 503, r.text);
		assert.ok(Number(r.headers['retry-after']) > 0, 'no Retry-After');
		assert.ok(r.body.detail.length > 20);
		assert.doesNotMatch(r.text, /SQL|sqlite|errno|INSERT/i);
	}
	assert.equal((await desk.get(where)).body.log.length, before, 'a refused line was written, or readers are shut out');
	assert.equal((await desk.get('/healthz')).status, 200);
	await end();
	const again = await until(async () => {
		const r = await desk.json('POST', '/api/v1/questions', question);
		return r.status !== 503 && r;
	}, 'writing to work again');
	assert.equal(again.status, 201, `not 201: something of the refused question was kept: ${again.text}`);
	assert.equal((await desk.json('POST', `${where}/messages`, line)).status, 201);
	const after = (await desk.get(where)).body.log;
	assert.equal(after.filter((x) => x.body === line.body).length, 1);
	assert.equal((await desk.get(where)).body.log.length, after.length);
}

for (const [letter, name] of [['f', 'the disk is full'], ['s', 'fsync fails'], ['r', 'the database is read-only'], ['w', 'writing fails']])
	test(name, async () => {
		const folder = mkdtempSync(path.join(os.tmpdir(), 'porchlight-fault-'));
		chmodSync(folder, 0o755);
		const fault = path.join(folder, 'fault');
		writeFileSync(fault, '');
		const desk = await start({ program: lossy, env: { LOSSY_FAULT: fault, PORCHLIGHT_RATE_LIMITS: 'off' } });
		await trouble(desk, () => writeFileSync(fault, letter), () => writeFileSync(fault, ''));
		await desk.stop();
		rmSync(folder, { recursive: true });
	});

test('pages that cannot be written come back with the words in them, and say when to try again', async () => {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'porchlight-fault-'));
	chmodSync(folder, 0o755);
	const fault = path.join(folder, 'fault');
	writeFileSync(fault, '');
	const desk = await start({ program: lossy, env: { LOSSY_FAULT: fault, PORCHLIGHT_RATE_LIMITS: 'off' }, people: { ann: 'helper' } });
	const { token } = (await desk.json('POST', '/api/v1/questions', { body: words, client_id: randomUUID() })).body;
	const ann = await desk.login('ann');
	const claim = (await ann.json('POST', '/api/v1/queue/next', {})).body;
	const nonce = async (page) => /name="form" value="([^"]+)"/.exec((await desk.get(page)).text)[1];
	const forms = [
		[desk, '/', { body: 'Something mauve?', form: await nonce('/') }],
		[desk, `/q/${token}/messages`, { body: 'Something mauve.', form: await nonce(`/q/${token}?write=1`) }],
		[ann, `/desk/t/${claim.id}/messages`, { body: 'Something mauve.', fence: String(claim.lease.fence), csrf: ann.csrf }],
		[ann, '/desk/canned', { title: 'A colour', body: 'Something mauve.', csrf: ann.csrf }],
	];
	writeFileSync(fault, 'f');
	for (const [who, page, fields] of forms) {
		const r = await who.form(page, fields);
		assert.equal(r.status, 503, page);
		assert.match(r.text, /Something mauve/, page);
		assert.ok(Number(r.headers['retry-after']) > 0, `${page}: no Retry-After`);
	}
	writeFileSync(fault, '');
	await desk.stop();
	rmSync(folder, { recursive: true });
});

/** Another process that holds the write lock until end(). */
async function lock(desk) {
	const other = spawn('sqlite3', [path.join(desk.data, 'porchlight.db')], { stdio: ['pipe', 'pipe', 'inherit'] });
	let said = '';
	other.stdout.on('data', (b) => (said += b));
	other.stdin.write("BEGIN IMMEDIATE;\nSELECT 'locked';\n");
	await until(() => /locked/.test(said), 'the lock');
	return { end: () => other.stdin.end('COMMIT;\n') };
}

test('another process holds the write lock', async () => {
	const desk = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off' } });
	let other;
	await trouble(desk, async () => (other = await lock(desk)), () => other.end());
	await desk.stop();
});

test('more questions than can wait: those are told at once, the others are taken when it goes on', async () => {
	const desk = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_WORKERS: '2' } });
	const other = await lock(desk);
	const answers = [];
	const asked = [];
	const ask = async (i) => {
		const client = desk.client();
		client.agent = new http.Agent({ maxSockets: 1 });
		answers.push(await client.json('POST', '/api/v1/questions', { body: `${words} This is the ${i}th of us to see it.`, client_id: randomUUID() }));
	};
	await until(() => {
		if (asked.length < 5000) for (let i = 0; i < 50; i++) asked.push(ask(asked.length));
		return answers.some((r) => /busy right now/.test(r.text));
	}, 'the first one that cannot wait');
	assert.equal((await desk.get('/healthz')).status, 200);
	assert.ok(answers.length < asked.length, 'the others still wait');
	other.end();
	await Promise.all(asked);
	for (const r of answers) {
		assert.ok(r.status === 201 || (r.status === 503 && Number(r.headers['retry-after']) > 0), r.text);
		assert.equal(Boolean(r.body.token), r.status === 201);
	}
	assert.ok(answers.filter((r) => r.status === 201).length > 100);
	assert.match((await desk.get('/metrics')).text, /porchlight_http_refused_busy_total [1-9]/);
	await desk.stop();
});
