// The shipped rules against texts written for them: what newcomers of a wiki write (ham/LANG.jsonl) and spam of several genres
// (spam/LANG.jsonl), 40 or more of each in each language. No ham may be held or refused; of spam a bounded share may pass on its
// content alone, with no sender known and nothing learned.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '..', '..');
const binary = path.resolve(root, process.env.BUILD ?? 'build', 'porchlight');
const SPAM_ACCEPTED_MAX = 0.2;
const required = ['ar', 'de', 'en', 'es', 'fa', 'fr', 'hi', 'pt', 'ru', 'zh'];

const lines = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l));
const evaluate = (file) =>
	JSON.parse(execFileSync(binary, ['rules', 'eval', file, '--rules', path.join(root, 'rules'), '--json'], { maxBuffer: 1 << 26 }));
const languages = (label) => readdirSync(path.join(here, label)).map((f) => path.basename(f, '.jsonl'));

test('every language of the rule set has its texts', () => {
	for (const label of ['ham', 'spam'])
		for (const lang of required) {
			const texts = lines(path.join(here, label, `${lang}.jsonl`));
			assert.ok(texts.length >= 40, `${label}/${lang}: ${texts.length} texts`);
			assert.equal(new Set(texts.map((t) => t.body)).size, texts.length, `${label}/${lang}: a text stands twice`);
			for (const t of texts) assert.deepEqual([t.label, t.lang], [label, lang]);
		}
});

for (const lang of languages('ham'))
	test(`what newcomers write in ${lang} is neither held nor refused`, () => {
		const file = path.join(here, 'ham', `${lang}.jsonl`);
		const texts = lines(file);
		const caught = evaluate(file).false_alarms.map((a) => `${a.action} ${a.score} ${a.rules}: ${texts[a.line - 1].body}`);
		assert.deepEqual(caught, []);
	});

for (const lang of languages('spam'))
	test(`most spam in ${lang} is seen by its words alone`, () => {
		const file = path.join(here, 'spam', `${lang}.jsonl`);
		const texts = lines(file);
		const missed = evaluate(file).misses.map((m) => `${texts[m.line - 1].genre}: ${texts[m.line - 1].body}`);
		assert.ok(missed.length <= texts.length * SPAM_ACCEPTED_MAX, `${missed.length} of ${texts.length} accepted:\n${missed.join('\n')}`);
	});
