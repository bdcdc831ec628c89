// Every shipped rule that moderators can meet says what it saw and shows by example what it means; one that can hold or refuse a text also
// says so kindly to the person who wrote it, in each of the ten languages that the rules are written for.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'rules');
const HOLDS_FROM = 3;
const NOTE_LANGUAGES = ['en', 'de', 'ar', 'es', 'fa', 'fr', 'hi', 'pt', 'ru', 'zh'];
const EXAMPLES_MIN = 2;
const definitions = ['body', 'rawbody', 'full', 'uri', 'norm', 'skel', 'header', 'meta'];

const rules = new Map();
const twice = [];

function rule(name, file) {
	if (!rules.has(name)) rules.set(name, { name, file, kind: null, text: '', score: 1, actions: [], describe: new Set(), note: new Set(), ok: 0, fail: 0 });
	return rules.get(name);
}

for (const file of readdirSync(folder).filter((f) => f.endsWith('.cf')))
	for (const line of readFileSync(path.join(folder, file), 'utf8').split('\n')) {
		const [, lang = 'en', verb, name, rest] = /^(?:lang (\w+) )?(\w+)\s+([A-Z_][A-Z0-9_]*)\s+(.*)$/.exec(line) ?? [];
		if (!verb) continue;
		const r = rule(name, file);
		if (definitions.includes(verb) && r.kind) twice.push(`${name} in ${r.file} and ${file}`);
		if (definitions.includes(verb)) Object.assign(r, { kind: verb, text: rest });
		else if (verb === 'score') r.score = Number.parseFloat(rest);
		else if (verb === 'action') r.actions.push(rest.trim());
		else if (verb === 'describe' || verb === 'note') r[verb].add(lang);
		else if (verb === 'test') r[rest.split(/\s/)[0]] += 1;
	}

const listed = [...rules.values()].filter((r) => !r.name.startsWith('__') && !r.name.startsWith('T_'));
const parts = (r) => (r.kind === 'meta' ? [...new Set(r.text.match(/\b[A-Z_][A-Z0-9_]*\b/g))].map((name) => rules.get(name)).filter(Boolean) : []);
const holds = (r) => r.score >= HOLDS_FROM || r.actions.some((a) => a === 'hold' || a === 'reject');
// What a holding rule is made of is shown beside it as a reason of its own.
const speaking = new Set(listed.filter(holds).flatMap((r) => [r, ...parts(r).filter((p) => listed.includes(p))]));
// A test line has no sender: where a rule asks who writes, what is written is tested in its part.
const tested = (r) => (parts(r).some((p) => p.kind === 'header') ? parts(r).find((p) => p.ok + p.fail > 0) ?? r : r);

test('the rules are found', () => {
	assert.ok(listed.length > 40, `${listed.length} rules`);
	assert.ok(speaking.size > 30, `${speaking.size} can hold`);
});

// The later one would silently take the earlier one's place.
test('every name is given once', () => assert.deepEqual(twice, []));

for (const r of listed)
	test(`${r.name} explains itself`, () => {
		assert.ok(r.describe.has('en'), `${r.file}: describe is missing`);
		const t = tested(r);
		assert.ok(t.ok >= EXAMPLES_MIN, `${r.file}: ${t.ok} tests that must hit`);
		assert.ok(t.fail >= EXAMPLES_MIN, `${r.file}: ${t.fail} tests that must not hit`);
		if (speaking.has(r)) for (const lang of NOTE_LANGUAGES) assert.ok(r.note.has(lang), `${r.file}: the note in ${lang} is missing`);
	});
