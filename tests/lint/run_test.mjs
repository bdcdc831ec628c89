// Whoever stops a run stops what it started: each file is a group of processes of its own, which hears nothing of Ctrl-C by itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../http/lib.mjs';

const alive = (pid) => {
	try {
		return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
	} catch {
		return false;
	}
};

test('a run that is stopped leaves nothing running', async () => {
	const run = spawn(process.execPath, [fileURLToPath(new URL('../run.mjs', import.meta.url)), 'lint'], { stdio: 'ignore' });
	const over = new Promise((resolve) => run.on('exit', resolve));
	// A child that is stopped before it has become its own program would keep its parent waiting for that.
	const started = () => {
		const pid = readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, 'utf8').trim();
		return pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('lint.mjs') && pid;
	};
	const file = await until(started, 'a file to be run');
	assert.match(file, /^\d+$/, 'lint has one lane');
	process.kill(file, 'SIGSTOP'); // so that it does not come to its end by itself
	try {
		run.kill('SIGTERM');
		assert.equal(await over, 143);
		await until(() => !alive(file), 'the file to end with the run', 5000);
	} finally {
		if (alive(file)) process.kill(file, 'SIGKILL');
	}
});
