// P1 and P3 under kill -9. CHAOS_ROUNDS (8) and CHAOS_SECONDS (1.5) make it longer.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { binary } from '../http/lib.mjs';
import { chaos } from './chaos.mjs';

const rounds = Number(process.env.CHAOS_ROUNDS ?? 8);
const seconds = Number(process.env.CHAOS_SECONDS ?? 1.5);
const beside = (name) => path.join(path.dirname(binary), name);
const print = (r) => console.log(`# ${r.kills} kills: ${r.acknowledged} acknowledged, ${r.lost} lost, ${r.doubled} doubled, ${r.disordered} disordered`);

for (const challenged of [false, true])
	test(`nothing acknowledged is lost, doubled or disordered when the power goes${challenged ? ', in attack mode' : ''}`, async () => {
		const r = await chaos({ program: beside('porchlight-lossy'), rounds: challenged ? Math.ceil(rounds / 2) : rounds, seconds, challenged });
		print(r);
		assert.ok(r.acknowledged > 50, `only ${r.acknowledged} were acknowledged`);
		assert.deepEqual({ lost: r.lost, doubled: r.doubled, disordered: r.disordered }, { lost: 0, doubled: 0, disordered: 0 }, r.words.join('\n'));
	});

test('the same without syncing loses something: this test can fail', async () => {
	const r = await chaos({ program: beside('porchlight-careless'), rounds: 2, seconds: 1 }).catch((e) => {
		if (e.beforehand) throw e;
		return null; // not even the database is whole
	});
	if (!r) return;
	print(r);
	assert.ok(r.lost + r.doubled + r.disordered > 0, 'synchronous=OFF on a disk that forgets lost nothing');
});
