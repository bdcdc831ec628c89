// What a moderator's decision teaches: the next copy is held, undoing lets it in again; words by language, learned from a file beside the server,
// stopped and released.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { V, desk, heldItem, idOf, question } from './api.mjs';
import { command, start, temporary } from './lib.mjs';

let d, mona;
before(async () => {
	d = await desk();
	mona = await d.login('mona');
});
after(() => d.stop());

const judge = async (ticket, label) => {
	const r = await mona.json('POST', `${V}/judgements`, { items: [{ ticket }], label });
	assert.equal(r.status, 200, r.text);
	assert.equal(r.body.changed, 1);
	return r.body.undo;
};
const undo = async (name) => assert.equal((await mona.json('POST', `${V}/judgements/${name}/undo`, {})).status, 200);

// Made-up words among those that make a sentence English, never two alike.
let seed = 7;
const pick = (list) => {
	seed = (seed * 1103515245 + 12345) % 2147483648;
	return list[(seed >> 8) % list.length];
};
const sentence = (end = '') =>
	Array.from({ length: 10 }, () => {
		const letters = [0, 1, 0, 1, 0].map((v) => pick(v ? 'aeiou' : 'bdfgklmnprstvzhj')).join('');
		return `${pick(['the', 'and', 'you', 'this', 'with', 'from', 'about', 'which'])} ${letters}`;
	}).join(' ') + end;
const lines = (label, n, end) => Array.from({ length: n }, () => JSON.stringify({ label, body: sentence(end) })).join('\n') + '\n';
const learn = (name, text, at = d) => {
	const file = path.join(at.data, name);
	writeFileSync(file, text, { mode: 0o644 });
	const r = command(['rules', 'learn', file, '--json'], { env: at.env });
	assert.equal(r.code, 0, r.err);
	return JSON.parse(r.out);
};

test('a copy of confirmed spam is held, its site too; undone, both are let in', async () => {
	const text = 'Which article could say that our choir sings in the market hall on every Sunday? See https://choir-tickets.example/sunday';
	await question(d, { title: 'Choir', body: text }, 'queued');
	const name = await judge(await idOf(mona, 'Choir'), 'spam');
	await question(d, { title: 'Choir', body: text }, 'held');
	await question(d, { body: 'Is https://choir-tickets.example/ a good source for my article?' }, 'held');
	await undo(name);
	await question(d, { body: `${text} !` }, 'queued');
	await question(d, { body: 'Is https://choir-tickets.example/about a good source for my article?' }, 'queued');
});

test('words say nothing below 200 good texts; then they hold, explain themselves, and are taken back as one', async () => {
	const spam = 'Have you seen the garden gnomes bargain, and the gnomes which are at your garden?';
	learn('ham.jsonl', lines('ham', 199));
	const taught = learn('spam.jsonl', lines('spam', 60, ' garden gnomes bargain'));
	assert.equal(taught.lines, 60);
	assert.equal(taught.learned, 60);
	await question(d, { title: 'Early', body: spam }, 'queued');
	const early = await mona.get(`${V}/tickets/${await idOf(mona, 'Early')}/verdicts/1`);
	assert.equal(early.body.facts.learned, 'unknown');
	assert.equal(early.body.facts.learned_lang, 'en');
	learn('more.jsonl', lines('ham', 1));
	await question(d, { title: 'Late', body: spam }, 'held');
	const hit = (await heldItem(mona, 'held', (i) => i.title === 'Late')).hits.find((h) => h.class === 'learned');
	assert.ok(hit && hit.score >= 3 && hit.score <= 3.5, JSON.stringify(hit));
	assert.match(hit.text, /gnomes/);
	assert.match(hit.describe, /found to be spam/);
	// What the sender says of the language changes nothing; another language is not judged by these words.
	await question(d, { body: 'Would you like the gnomes bargain in my garden, which is with garden gnomes?', lang: 'de' }, 'held');
	await question(d, { body: 'Wie kann ich der Seite ein Bild von meinem Garten hinzufügen, und wer sieht es sich an?' }, 'queued');
	const back = command(['rules', 'learn', '--undo', taught.undo, '--json'], { env: d.env });
	assert.equal(back.code, 0, back.err);
	assert.equal(JSON.parse(back.out).undone, 60);
	assert.equal(command(['rules', 'learn', '--undo', taught.undo], { env: d.env }).code, 1);
	await question(d, { body: `Now ${spam}` }, 'queued');
});

test('a file says of which language its texts are, where the texts themselves do not', () => {
	const file = (lang) => Array.from({ length: 5 }, () => JSON.stringify({ label: 'ham', lang, body: sentence().replace(/\b(the|and|you|this|with|from|about|which)\b/g, '') })).join('\n') + '\n';
	assert.deepEqual([learn('unsaid.jsonl', file()).learned, learn('said.jsonl', file('en')).learned], [0, 5]);
});

test('any moderator stops the learned words of a language, a restart keeps that, only an admin releases them', async () => {
	const data = temporary();
	const words = `${V}/rules/learned%2Fen`;
	const spam = (title) => ({ title, body: sentence(' garden gnomes bargain') });
	const first = await desk({ data });
	const [hanna, moderator] = await Promise.all(['hanna', 'mona'].map((n) => first.login(n)));
	learn('all.jsonl', lines('ham', 200) + lines('spam', 60, ' garden gnomes bargain'), first);
	await question(first, spam('Before'), 'held');
	assert.match((await moderator.get('/desk/moderation')).text, /states\?rule=learned(\/|%2F)en#stop-heading/);
	assert.equal((await hanna.json('POST', `${words}/stop`, {})).status, 403);
	assert.equal((await moderator.json('POST', `${V}/rules/learned%2Fxx/stop`, {})).status, 404);
	const stopped = (await moderator.json('POST', `${words}/stop`, { reason: 'Gardeners ask here' })).body.items;
	assert.deepEqual(stopped.map((x) => [x.rule, x.state, x.held_back, x.by]), [['learned/en', 'stopped', true, moderator.account.display]]);
	// No rule is held back, and it is not said of one.
	assert.match((await (await first.login('ada')).get('/desk/rules')).text, /callout warn">The words learned from texts in one language weigh nothing\. </);
	assert.doesNotMatch((await (await first.login('ada')).get('/desk/rules')).text, /not act as/);
	const said = command(['doctor'], { data }).out;
	assert.match(said, /mend +the words learned of a language weigh nothing \(1 stopped\)/);
	assert.doesNotMatch(said, /rules do not act/);
	await first.stop({ keep: true });

	const later = await start({ data, migrate: false, env: { PORCHLIGHT_RATE_LIMITS: 'off' } });
	const [mona, ada] = await Promise.all(['mona', 'ada'].map((n) => later.login(n)));
	await question(later, spam('Meanwhile'));
	const id = await idOf(mona, 'Meanwhile');
	const hit = (await mona.get(`${V}/tickets/${id}/verdicts/1`)).body.hits.find((h) => h.rule === 'learned/en');
	assert.ok(hit.quiet && hit.score === 0 && hit.weight >= 3, JSON.stringify(hit));
	assert.match((await mona.get(`/desk/t/${id}`)).text, /found to be spam\.<\/bdi> <span class="small soft mono">learned\/en</);
	assert.match((await mona.get('/desk/rules/states')).text, /learned\/en<\/bdi><br>.*in this language: English<.*Stopped.*Gardeners/);
	assert.equal((await mona.json('POST', `${words}/release`)).status, 403);
	assert.equal((await ada.form('/desk/rules/release', { csrf: ada.csrf, rule: 'learned/en' })).status, 303);
	assert.deepEqual((await mona.get(`${V}/rules/states`)).body.items, []);
	await question(later, spam('Afterwards'), 'held');
	assert.equal((await mona.form('/desk/rules/stop', { csrf: mona.csrf, rule: 'learned/en', reason: '' })).status, 303);
	assert.equal((await mona.json('POST', `${words}/undo`)).body.changed, 2);
	await later.stop({ keep: true });
	rmSync(data, { recursive: true, force: true });
});

test('a file with a broken line teaches nothing', () => {
	const file = path.join(d.data, 'broken.jsonl');
	writeFileSync(file, `${lines('ham', 60)}{"label":"perhaps","body":"x"}\n`);
	const r = command(['rules', 'learn', file], { env: d.env });
	assert.equal(r.code, 1);
	assert.match(r.err, /Line 61/);
	assert.equal(command(['rules', 'learn'], { env: d.env }).code, 2);
	assert.equal(command(['rules', 'learn', file, '--undo', 'x'], { env: d.env }).code, 2);
});

test('bench tells the stages apart', () => {
	const file = path.join(d.data, 'bench.jsonl');
	writeFileSync(file, lines('ham', 20), { mode: 0o644 });
	const r = command(['rules', 'bench', file, '--json'], { env: d.env });
	assert.equal(r.code, 0, r.err);
	const v = JSON.parse(r.out);
	assert.equal(v.texts, 20);
	for (const stage of ['reading', 'rules', 'sameness', 'words', 'judging', 'whole']) assert.equal(typeof v.us[stage], 'number');
	assert.ok(v.us.whole > 0 && v.worst_us >= v.median_us);
	assert.ok(v.rules.length > 3 && v.rules.every((x, i) => x.us > 0 && (i === 0 || x.us <= v.rules[i - 1].us)), r.out);
	assert.match(command(['rules', 'bench', file], { env: d.env }).out, /slowest of \d+ rules.*\n\w+ +\d+\.\d\d\n/);
	assert.equal(command(['rules', 'bench', path.join(d.data, 'none.jsonl')], { env: d.env }).code, 1);
});
