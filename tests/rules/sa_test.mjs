// The same rules and mails, made anew from a seed, give the same hits, counts, values and scores here and in Debian's
// SpamAssassin. `make check-rules` runs it larger.
import assert from 'node:assert/strict';
import test from 'node:test';
import { compare } from './sa/compare.mjs';

for (const seed of [11, 12]) {
	test(`200 rules on 60 mails, seed ${seed}: no difference to SpamAssassin`, () => {
		const r = compare({ seed, rules: 200, texts: 60 });
		assert.deepEqual(r.differences, []);
		assert.ok(r.hits > 1000 && r.hitting > 40, `too little was hit to say anything: ${r.hits} hits of ${r.hitting} rules`);
	});
}
