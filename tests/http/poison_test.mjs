// A spammer who teaches: many networks, and moderators who decide rightly on what they are shown. What was learned may then say less, or more, but
// never lets in what an address, a copy or a rule held or refused, and never refuses anybody.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { V, ask, desk, idOf, rules } from './api.mjs';
import { command } from './lib.mjs';

const NETWORKS = 40;
let d, mona, ada;
before(async () => {
	d = await desk({ env: { PORCHLIGHT_TRUSTED_PROXIES: '127.0.0.1' } });
	[mona, ada] = await Promise.all(['mona', 'ada'].map((n) => d.login(n)));
	await rules(ada, 'body TEST_BAND /crimson kettles/\nscore TEST_BAND 3.2\nbody TEST_HOLDS /crimson barrels/\nscore TEST_HOLDS 6.4\nbody TEST_REFUSES /crimson anvils/\nscore TEST_REFUSES 15.5\naction TEST_REFUSES reject\nscore LIST_TEST 3.3\n');
	const r = await ada.request('PUT', `${V}/rules/lists%2Ftest.list`, { headers: { 'content-type': 'text/plain', 'if-none-match': '*' }, body: 'crimson-shop.test\ncrimson-shop.com\n' });
	assert.equal(r.status, 200, r.text);
});
after(() => d.stop());

let seed = 11;
const pick = (list) => {
	seed = (seed * 1103515245 + 12345) % 2147483648;
	return list[(seed >> 8) % list.length];
};
const made = () => [0, 1, 0, 1, 0].map((v) => pick(v ? 'aeiou' : 'bdfgklmnprstvzhj')).join('');
const sentence = (words) => Array.from({ length: 9 }, () => `${pick(['the', 'and', 'you', 'this', 'with', 'from', 'about', 'which'])} ${pick([made, made, () => pick(words)])()}`).join(' ');
const SALES = ['gnomes', 'bargain', 'garden', 'crimson', 'glow', 'delivery', 'discount'];
const WIKI = ['article', 'reference', 'picture', 'page', 'edit', 'template', 'upload'];
const learn = (name, label, n, text) => {
	const file = path.join(d.data, name);
	writeFileSync(file, Array.from({ length: n }, () => JSON.stringify({ label, body: text() })).join('\n') + '\n', { mode: 0o644 });
	const r = command(['rules', 'learn', file, '--json'], { env: d.env });
	assert.equal(r.code, 0, r.err);
	return JSON.parse(r.out).learned;
};
const from = (network) => ({ 'x-forwarded-for': `203.0.${network >> 8}.${network & 255}` });
/** Everything that waits is judged as a careful moderator would. */
async function moderate(label) {
	let n = 0;
	for (;;) {
		const { items } = (await mona.get(`${V}/held?list=held&limit=50`)).body;
		if (!items.length) return n;
		const r = await mona.json('POST', `${V}/judgements`, { items: items.map((x) => ({ ticket: x.ticket, n: x.n })), label });
		assert.equal(r.status, 200, r.text);
		n += r.body.changed;
	}
}
const state = async (body, network) => (await ask(d, { body }, from(network))).body.state;

test('whitening: questions full of the trade, released by moderators, let in nothing that anything else held', async () => {
	const ham = learn('ham.jsonl', 'ham', 500, () => sentence(WIKI)), spam = learn('spam.jsonl', 'spam', 120, () => `${sentence(SALES)} garden gnomes bargain`);
	assert.ok(ham >= 200 && spam >= 50, `${ham} ${spam}`);
	const offer = () => `Have you seen the gnomes bargain, and the discount which is at your garden with delivery that can glow about ${made()}?`;
	const copy = 'You want the crimson gnomes and this long bargain of garden delivery at https://gnomes-copy.test/ which glow about the whole night';
	assert.equal(await state(offer(), 3000), 'held', 'learned words hold it');
	const first = await ask(d, { body: copy, title: 'Copied' }, from(3001));
	if (first.body.state === 'queued') await mona.json('POST', `${V}/judgements`, { items: [{ ticket: await idOf(mona, 'Copied') }], label: 'spam' });
	await moderate('spam');
	assert.equal(await state(copy, 3002), 'held');
	const before = [];
	/* What each of them met before the attack, none of it the words' doing. */
	const carried = ['crimson kettles', 'crimson barrels', 'crimson anvils', 'https://crimson-shop.test/', 'crimson-shop dot com'];
	for (const [i, x] of carried.entries()) before.push(await state(`Is this ${x} ${made()} the page about ${made()} in the article with ${made()}?`, 3100 + i));
	for (let n = 0; n < NETWORKS; n++) {
		for (let i = 0; i < 5; i++) await ask(d, { body: `How do I edit the page about ${pick(SALES)} and the ${pick(SALES)} of ${made()} ${made()} with ${sentence(SALES)}?` }, from(n));
		await moderate('ham');
	}
	assert.deepEqual(before, ['held', 'held', 'rejected', 'held', 'held']);
	const after = [];
	for (const [i, x] of carried.entries()) after.push(await state(`Is this ${x} ${made()} the page about ${made()} in the article with ${made()}?`, 3300 + i));
	const sold = [];
	for (const [i, x] of carried.entries()) sold.push(await state(`${offer()} ${x}`, 3400 + i));
	assert.equal(await state(copy, 3500), 'held');
	for (const list of [after, sold]) list.forEach((s, i) => assert.ok(s === before[i] || (before[i] === 'held' && s === 'rejected'), `${carried[i]}: ${before[i]} -> ${s}`));
});

test('blackening: spam in the words of newcomers, rightly called spam, refuses no newcomer, and releasing them corrects the words', async () => {
	const asks = () => `How do I ${pick(['add', 'edit', 'upload'])} the ${pick(WIKI)} with a ${pick(WIKI)} about ${made()}, and who looks at it?`;
	assert.equal(await state(asks(), 4000), 'queued');
	for (let n = 0; n < NETWORKS; n++) for (let i = 0; i < 5; i++) await ask(d, { body: `${asks()} ${sentence(WIKI)} crimson barrels` }, from(5000 + n));
	assert.ok((await moderate('spam')) >= 4 * NETWORKS);
	/* Each round twenty newcomers ask much the same, each from elsewhere, and what waits is released. */
	const held = [];
	for (let round = 0; round < 7; round++) {
		await moderate('ham');
		const states = [];
		for (let i = 0; i < 20; i++) states.push(await state(asks(), 4200 + 40 * round + i));
		assert.ok(!states.includes('rejected'), states.join());
		held.push(states.filter((x) => x === 'held').length);
	}
	assert.ok(held[0] > 0, 'the attack is one');
	assert.ok(held.at(-1) <= 5, `held of twenty, round by round: ${held.join(' ')}`);
});
