// Runs the suites and ends with one line: "N passed, N failed, N skipped".
//
//     node tests/run.mjs [SUITE...]        all of them without an argument
//
// Suites: lint unit fuzz rules http fault browser. BUILD names the build folder (default "build"). A suite is a list of
// commands that print TAP; a skipped test says why after "# SKIP". In CI a skip for any other reason than
// absent practice data is a failure, so that a missing tool cannot pass for a green run.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { practice } from './practice.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const build = process.env.BUILD ?? 'build';
const allowedSkip = 'shared data absent';

const called = mkdtempSync(path.join(os.tmpdir(), 'porchlight-called-'));
process.on('exit', () => rmSync(called, { recursive: true, force: true }));

const env = {
	...process.env,
	CALLED: called,
	BUILD: build,
	CMOCKA_MESSAGE_OUTPUT: 'TAP',
	PORCHLIGHT_SHARED: practice,
	ASAN_OPTIONS: 'abort_on_error=1:detect_leaks=1:strict_string_checks=1',
	UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
	TSAN_OPTIONS: `halt_on_error=1:second_deadlock_stack=1:suppressions=${root}/tests/tsan.supp`,
};

const files = (folder, ending) => {
	const dir = path.join(root, folder);
	return existsSync(dir) ? readdirSync(dir).filter((f) => f.endsWith(ending)).sort().map((f) => path.join(folder, f)) : [];
};
const nodeTests = (folder) =>
	files(folder, '_test.mjs').map((f) => ({ name: f, argv: [process.execPath, '--test', '--test-reporter=tap', f] }));

const suites = {
	lint: () => [{ name: 'tests/lint', argv: [process.execPath, 'tests/lint/lint.mjs', '--tap'] }, ...nodeTests('tests/lint')],
	unit: () => files('tests/unit', '_test.c').map((f) => ({ name: f, argv: [path.join(build, 'unit', path.basename(f, '.c'))] })),
	fuzz: () =>
		files('tests/fuzz', '_fuzz.c').map((f) => {
			const name = path.basename(f, '_fuzz.c');
			return { name: f, argv: [path.join(build, 'fuzz-replay', `${name}_fuzz`), path.join('tests/fuzz/corpus', name)] };
		}),
	rules: () => [
		{ name: 'rules', argv: [path.join(build, 'porchlight'), 'rules', 'check', 'rules'], exit: true },
		...nodeTests('tests/rules'),
	],
	http: () => nodeTests('tests/http'),
	fault: () => nodeTests('tests/fault'),
	browser: () => nodeTests('tests/browser'),
};

// What is asked of a suite as a whole once it has run.
const closing = {
	http: { name: 'tests/http/called.mjs', argv: [process.execPath, 'tests/http/called.mjs', called] },
};

// Each file has a group of processes of its own, so that the servers it started end with it: also when somebody stops the run.
const running = new Set();
const endGroup = (child) => {
	try {
		process.kill(-child.pid, 'SIGKILL');
	} catch {}
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
	process.once(signal, () => {
		running.forEach(endGroup);
		process.exit(128 + os.constants.signals[signal]);
	});

function run({ name, argv, exit }, limitMs) {
	return new Promise((resolve) => {
		const child = spawn(argv[0], argv.slice(1), { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
		running.add(child);
		let out = '';
		let late = false;
		const end = setTimeout(() => {
			late = true;
			endGroup(child);
		}, limitMs);
		child.stdout.on('data', (b) => (out += b));
		child.stderr.on('data', (b) => (out += b));
		child.on('error', (e) => resolve({ name, passed: 0, failed: 1, skips: [], out: String(e) }));
		child.on('close', (code, signal) => {
			clearTimeout(end);
			running.delete(child);
			let passed = 0;
			let failed = 0;
			const skips = [];
			for (const line of out.split('\n')) {
				const tap = line.match(/^\s*(not )?ok \d+/);
				const skip = line.match(/# SKIP\b\s*(.*)/);
				if (skip) skips.push(skip[1].trim() || 'no reason given');
				else if (tap && line.search(/\S/) === 0) tap[1] ? failed++ : passed++;
			}
			if (exit && code === 0) passed = 1;
			if (late) out += `\n${name}: stopped after ${limitMs / 1000} s`;
			if ((code !== 0 || signal) && failed === 0) failed = 1;
			if (passed + failed + skips.length === 0) {
				out += `\n${name}: ran no test`;
				failed = 1;
			}
			resolve({ name, passed, failed, skips, out });
		});
	});
}

const chosen = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const suite of chosen.length ? chosen : Object.keys(suites)) {
	if (!suites[suite]) {
		console.error(`no suite is called ${suite}; there are: ${Object.keys(suites).join(' ')}`);
		process.exit(2);
	}
	const started = Date.now();
	const queue = suites[suite]();
	const sum = { passed: 0, failed: 0, skipped: 0 };
	const lanes = ['unit', 'fuzz', 'http', 'browser'].includes(suite) ? 2 : 1;
	const take = async (job) => {
		const r = await run(job, 480_000 * (build === 'build' ? 1 : 4));
		for (const why of r.skips) {
			console.log(`# ${r.name}: skipped: ${why}`);
			if (process.env.CI && why !== allowedSkip) r.failed++;
		}
		if (r.failed) console.log(`--- ${r.name}\n${r.out.slice(-20_000)}`);
		sum.passed += r.passed;
		sum.failed += r.failed;
		sum.skipped += r.skips.length;
	};
	await Promise.all(
		Array.from({ length: lanes }, async () => {
			for (let job; (job = queue.shift()); ) await take(job);
		}),
	);
	if (closing[suite]) await take(closing[suite]);
	console.log(`# ${suite}: ${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped, ${Math.round((Date.now() - started) / 1000)} s`);
	for (const k of Object.keys(total)) total[k] += sum[k];
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed ? 1 : 0;
