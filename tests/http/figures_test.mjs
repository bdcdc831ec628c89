// What the figures are made of is written down when it happens: who was passed over by a claim, what a question was told of waiting, and how it came.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { V, desk, idOf, question } from './api.mjs';
import { PASSWORD } from './lib.mjs';

const owner = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
let d, hanna, hugo, ada;
before(async () => {
	d = await desk();
	[hanna, hugo, ada] = await Promise.all(['hanna', 'hugo', 'ada'].map((n) => d.login(n)));
});
after(() => d?.stop());

function sql(text) {
	const r = spawnSync('sqlite3', ['-cmd', '.timeout 10000', path.join(d.data, 'porchlight.db'), text], { encoding: 'utf8', ...owner });
	assert.equal(r.status, 0, r.stderr);
	return r.stdout.trim();
}
const claimed = async (who, id) => (await who.get(`${V}/tickets/${id}`)).body.log.findLast((e) => e.data?.event === 'claim').data;

test('a claim that leaves somebody who has waited longer says so; "next" never does', async () => {
	for (const [title, lang] of [['First', 'en'], ['Second', 'en'], ['Third', 'en'], ['Erste', 'de']]) await question(d, { title, lang });
	const [first, second, third, erste] = await Promise.all(['First', 'Second', 'Third', 'Erste'].map((t) => idOf(hanna, t)));
	// As if the first had waited for three minutes more, and the second for one.
	sql(`UPDATE tickets SET anchor = anchor - 180000 WHERE id = ${first}; UPDATE tickets SET anchor = anchor - 60000 WHERE id = ${second}`);
	const take = async (who, id) => assert.equal((await who.json('POST', `${V}/tickets/${id}/claim`, {})).status, 200);
	await take(hanna, third);
	assert.deepEqual([(await claimed(hanna, third)).pick, (await claimed(hanna, third)).older], [true, true]);
	await take(hanna, erste);
	assert.equal((await claimed(hanna, erste)).older, undefined, 'nobody waited longer for an answer in German');
	assert.equal((await hugo.json('POST', `${V}/queue/next`, {})).body.id, first);
	assert.equal((await claimed(hugo, first)).older, undefined);
	await take(hugo, second);
	assert.deepEqual([(await claimed(hugo, second)).pick, (await claimed(hugo, second)).older], [true, undefined]);
	const f = (await ada.get(`${V}/figures`)).body;
	assert.deepEqual([f.claims, f.picks, f.passed, f.live_most], [4, 3, 1, 2]);
	for (const [who, id] of [[hanna, third], [hanna, erste], [hugo, first], [hugo, second]]) {
		const fence = (await who.get(`${V}/tickets/${id}`)).body.lease.fence;
		assert.equal((await who.json('POST', `${V}/tickets/${id}/close`, { fence, reason: 'answered' })).status, 200);
	}
});

test('what a question was told of waiting, and how it came, are kept', async () => {
	const kept = (title) => sql(`SELECT told, way FROM tickets WHERE title = '${title}'`);
	await question(d, { title: 'By a program' });
	assert.equal(kept('By a program'), 'return|api');
	assert.equal((await hanna.json('POST', `${V}/desk/duty`, { duty: 'on' })).status, 200);
	const nonce = async () => (await d.get('/')).text.match(/name="form" value="([^"]+)"/)[1];
	assert.equal((await d.form('/', { body: 'How do I add a map to it?', title: 'By the page alone', form: await nonce() })).status, 303);
	assert.equal(kept('By the page alone'), 'open|plain');
	assert.equal((await d.form('/', { body: 'How do I add a table to it?', title: 'With its script', form: `${await nonce()}~` })).status, 303);
	assert.equal(kept('With its script'), 'open|script');
});

test('somebody who waits long is not forgotten: at the desk, in the metrics, in the figures', async () => {
	const login = await d.form('/login', { name: 'hugo', password: PASSWORD });
	const cookie = [login.headers['set-cookie']].flat().map((c) => c.split(';')[0]).join('; ');
	const page = async () => (await d.client({ cookie }).get('/desk')).text;
	const oldest = async () => Number((await d.get('/metrics')).text.match(/^porchlight_waiting_oldest_seconds (\d+)$/m)[1]);
	await question(d, { title: 'Forgotten' });
	assert.doesNotMatch(await page(), /Somebody has been waiting/);
	assert.ok((await oldest()) < 1800);
	sql("UPDATE tickets SET anchor = anchor - 7100000 WHERE title = 'Forgotten'");
	assert.match(await page(), /Somebody has been waiting for 2 hours\.</);
	assert.equal((await hanna.json('POST', `${V}/desk/duty`, { duty: 'off' })).status, 200);
	assert.match(await page(), /Somebody has been waiting for 2 hours, and nobody is on duty\.</);
	assert.ok((await oldest()) >= 7100);
	assert.match((await d.get('/metrics')).text, /^porchlight_on_duty 0$/m);
	assert.ok((await ada.get(`${V}/figures`)).body.oldest_s >= 7100);
});
