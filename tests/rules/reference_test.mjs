// The examples of rules/README.md load: each fenced block of the languages `cf` and `list` is a rule folder of its own, without an error or a
// warning, and passes its own test lines. Every directive, field and count that the engine knows is among them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const binary = path.resolve(root, process.env.BUILD ?? 'build', 'porchlight');
const text = readFileSync(path.join(root, 'rules', 'README.md'), 'utf8');
const blocks = [...text.matchAll(/^```(cf|list)\n([\s\S]*?)^```$/gm)].map((m) => ({
	kind: m[1],
	body: m[2],
	line: text.slice(0, m.index).split('\n').length,
}));
const all = blocks.map((b) => b.body).join('\n');

for (const b of blocks)
	test(`the ${b.kind} example at line ${b.line} loads and passes its tests`, (t) => {
		const dir = mkdtempSync(path.join(os.tmpdir(), 'porchlight-reference-'));
		t.after(() => rmSync(dir, { recursive: true }));
		mkdirSync(path.join(dir, 'lists'));
		if (b.kind === 'list') {
			writeFileSync(path.join(dir, 'lists', 'example.list'), b.body);
			writeFileSync(path.join(dir, 'example.cf'), 'score LIST_EXAMPLE 3\n');
		} else {
			writeFileSync(path.join(dir, 'example.cf'), b.body);
		}
		const run = spawnSync(binary, ['rules', 'check', dir, '--json'], { encoding: 'utf8' });
		const said = JSON.parse(run.stdout);
		assert.deepEqual(said.errors, []);
		assert.equal(run.status, 0, run.stderr);
		assert.equal(said.tests, (b.body.match(/^test /gm) ?? []).length);
		assert.ok(said.rules > 0);
	});

test('every directive, field and count of the engine has an example', () => {
	const source = (name) => readFileSync(path.join(root, 'src', 'spam', name), 'utf8');
	const fields = [...source('features.c').matchAll(/^\t\t\{ SLICE\("([A-Z][A-Za-z-]*)"\),/gm)].map((m) => m[1]);
	assert.ok(fields.length >= 11, `fields: ${fields}`);
	for (const f of [...fields, 'Subject']) assert.match(all, new RegExp(`^header \\w+ +(?:exists:)?${f}\\b`, 'm'), f);
	const counts = text.match(/\*\*Counts\*\* for `eval:`: `([a-z_ \n]+)`/)[1].split(/\s+/);
	assert.ok(counts.length >= 20);
	for (const c of counts) assert.match(all, new RegExp(`eval:${c}\\(`), c);
	for (const d of ['body', 'rawbody', 'full', 'uri', 'norm', 'skel', 'header', 'meta', 'score', 'describe', 'note', 'tflags', 'test', 'mode', 'action',
		'expires', 'priority', 'lang', 'replace_tag', 'replace_pre', 'replace_inter', 'replace_post', 'replace_rules', 'if', 'ifplugin', 'else', 'endif'])
		assert.match(all, new RegExp(`^${d}\\b`, 'm'), d);
});

test('every flag that does something has an example, and the others are spoken of', () => {
	const known = readFileSync(path.join(root, 'src', 'spam', 'directive.c'), 'utf8');
	const flags = [...known.matchAll(/\{ "([a-z_]+)", CF_TF_/g)].map((m) => m[1]).concat('maxhits=');
	assert.ok(flags.length >= 9, `flags: ${flags}`);
	for (const f of flags)
		if (f === 'noautolearn' || f === 'nolog') assert.ok(text.includes(`\`${f}\``), f);
		else assert.match(all, new RegExp(`^tflags +\\w+ .*\\b${f}`, 'm'), f);
});
