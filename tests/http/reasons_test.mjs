// The desk's own reasons speak the moderator's language; those of rules are their files' words.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { RULES, V, desk, question, rules } from './api.mjs';
import { PASSWORD, root } from './lib.mjs';

let d, ada;
before(async () => {
	d = await desk();
	ada = await d.login('ada');
	await rules(ada, `${RULES}body TEST_DOUBT /please doubt this/\nscore TEST_DOUBT 4\n`);
});
after(() => d?.stop());

test('every check and guard of ours has a message', () => {
	const en = JSON.parse(readFileSync(path.join(root, 'templates/i18n/en.json'), 'utf8'));
	const source = ['judge', 'shape'].map((f) => readFileSync(path.join(root, `src/spam/${f}.c`), 'utf8')).join('\n');
	const checks = [...source.matchAll(/\b(?:add\(j|find\(x), "([a-z]+\/[a-z-]+)"/g)].map((m) => `reason-${m[1].replace('/', '-')}`);
	const guards = [...source.matchAll(/\bsay\(j, ([^;]*?), *\n?\s*(?:j->|"[A-Z])/g)].flatMap((m) => [...m[1].matchAll(/"([a-z-]+)"/g)].map((n) => `guard-${n[1]}`));
	assert.ok(checks.length >= 20 && guards.length >= 17, `${checks.length} checks, ${guards.length} guards`);
	assert.deepEqual([...checks, ...guards].filter((key) => !en[key]), []);
});

test('a held text is explained in the reader\'s language, and the API keeps both names and words', async () => {
	await question(d, { body: 'please hold this: 5 words 🎉🎉🎉🎉🎉 of joy', title: 'Held' }, 'held');
	const [item] = (await ada.get(`${V}/held?list=held`)).body.items;
	assert.ok(Array.isArray(item.guards));
	assert.ok(item.hits.some((h) => h.rule === 'shape/emoji' && h.describe === 'It is decorated with 5 emoji.'));
	const login = await d.form('/login', { name: 'ada', password: PASSWORD });
	const cookie = [login.headers['set-cookie']].flat().map((c) => c.split(';')[0]).join('; ');
	for (const [lang, words] of [
		['en', ['It is decorated with 5 emoji.', 'It did not come from our form.', 'A test asked for it']],
		['de', ['Es ist mit 5 Emoji geschmückt.', 'Es kam nicht über unser Formular.', 'A test asked for it']],
		['ar', ['مزيّن بـ5 من الرموز التعبيرية.', 'لم يأتِ من نموذجنا.', 'A test asked for it']],
	]) {
		const page = await d.client({ cookie }).get(`/desk/moderation?uselang=${lang}`);
		assert.equal(page.status, 200);
		for (const w of words) assert.ok(page.text.includes(w), `${lang}: ${w}`);
	}
});

test('guards too', async () => {
	await question(d, { body: 'please doubt this', title: 'In doubt' }, 'held');
	const login = await d.form('/login', { name: 'mona', password: PASSWORD });
	const cookie = [login.headers['set-cookie']].flat().map((c) => c.split(';')[0]).join('; ');
	const page = await d.client({ cookie }).get('/desk/moderation?uselang=de');
	assert.match(page.text, /Aufgaben werden nicht gestellt, darum entscheidet ein Mensch\./);
	assert.doesNotMatch(page.text, /No challenges are offered/);
});
