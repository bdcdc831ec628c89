// Asks Porchlight and SpamAssassin about the same mails with the same rules, and tells where they differ.
//
//     node tests/rules/sa/compare.mjs [--rules 2000] [--texts 500] [--seed 1] [--keep FOLDER]
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from './generate.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../../..');
const binary = path.resolve(root, process.env.BUILD ?? 'build', 'porchlight');
const SCORE_DIGITS = 0.0006; // SpamAssassin rounds a mail's score to three digits

function json(command, args) {
	return execFileSync(command, args, { cwd: root, maxBuffer: 1 << 30, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

// Both answers by file name.
export function ask(cf, mails, keep) {
	const dir = keep ?? mkdtempSync(path.join(os.tmpdir(), 'porchlight-sa-'));
	try {
		mkdirSync(path.join(dir, 'rules'), { recursive: true });
		mkdirSync(path.join(dir, 'mails'), { recursive: true });
		writeFileSync(path.join(dir, 'rules', '10.cf'), cf);
		mails.forEach((m, i) => writeFileSync(path.join(dir, 'mails', `${String(i).padStart(5, '0')}.eml`), m));
		const oursFrom = Date.now();
		const ours = JSON.parse(json(binary, ['rules', 'eval', '--mail', path.join(dir, 'mails'), '--rules', path.join(dir, 'rules'), '--no-builtin', '--json']));
		const theirsFrom = Date.now();
		const theirs = json('perl', [path.join(here, 'oracle.pl'), path.join(dir, 'rules', '10.cf'), path.join(dir, 'mails')])
			.trim()
			.split('\n')
			.map((l) => JSON.parse(l));
		return { ours, theirs, oursMs: theirsFrom - oursFrom, theirsMs: Date.now() - theirsFrom };
	} finally {
		if (!keep) rmSync(dir, { recursive: true, force: true });
	}
}

// Every rule and mail on which the two do not agree, as { file, rule, ours, theirs }.
export function differences({ ours, theirs }) {
	const out = [];
	if (ours.length !== theirs.length) out.push({ file: '', rule: 'mails read', ours: ours.length, theirs: theirs.length });
	theirs.forEach((t, i) => {
		const o = ours[i] ?? { hits: {}, values: {}, score: 0 };
		if (o.file !== t.file) out.push({ file: t.file, rule: 'file', ours: o.file, theirs: t.file });
		const names = new Set([...Object.keys(o.values), ...Object.keys(t.values)]);
		const before = out.length;
		for (const n of names) {
			const a = o.values[n] ?? 0;
			const b = t.values[n] ?? 0;
			if (Math.abs(a - b) > 1e-9 * Math.max(1, Math.abs(b))) out.push({ file: t.file, rule: n, ours: a, theirs: b });
		}
		for (const n of new Set([...Object.keys(o.hits), ...Object.keys(t.hits)]))
			if (!n.startsWith('__') && (o.hits[n] ?? 0) !== (t.hits[n] ?? 0) && (o.values[n] ?? 0) === (t.values[n] ?? 0))
				out.push({ file: t.file, rule: `${n} (hits)`, ours: o.hits[n] ?? 0, theirs: t.hits[n] ?? 0 });
		if (out.length === before && Math.abs(o.score - t.score) > SCORE_DIGITS) out.push({ file: t.file, rule: 'score', ours: o.score, theirs: t.score });
	});
	return out;
}

export function compare({ seed, rules, texts, keep }) {
	const { cf, mails } = generate({ seed, rules, texts });
	const answers = ask(cf, mails, keep);
	const hits = answers.theirs.reduce((n, t) => n + Object.values(t.hits).reduce((a, b) => a + b, 0), 0);
	const hitting = new Set(answers.theirs.flatMap((t) => Object.keys(t.values))).size;
	return { ...answers, differences: differences(answers), hits, hitting, cf };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const option = (name, otherwise) => {
		const at = process.argv.indexOf(`--${name}`);
		return at > 0 ? process.argv[at + 1] : otherwise;
	};
	const size = { seed: Number(option('seed', 1)), rules: Number(option('rules', 2000)), texts: Number(option('texts', 500)), keep: option('keep') };
	const r = compare(size);
	const line = (name) => r.cf.split('\n').find((l) => l.split(' ')[1] === name) ?? '';
	for (const d of r.differences.slice(0, Number(option('show', 20)))) console.log(`differs: ${d.file} ${d.rule}: ours ${d.ours}, SpamAssassin ${d.theirs}   ${line(d.rule)}`);
	console.log(
		`same as SpamAssassin: ${size.rules} rules x ${size.texts} texts (seed ${size.seed}), ${r.hits} hits of ${r.hitting} rules, ${r.differences.length} differences; ` +
			`${(r.theirsMs / 1000).toFixed(1)} s SpamAssassin, ${(r.oursMs / 1000).toFixed(1)} s Porchlight, starting included`,
	);
	process.exitCode = r.differences.length ? 1 : 0;
}
