// The README's tables of configuration keys and metrics, made from the .def files that the code is made from.
//
//     node tests/lint/docs.mjs [ROOT]      writes them; make lint says when they are out of date
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const code = (s) => `\`${s}\``;

function confTable(def) {
	const rows = ['| key | default | reload | what it is |', '|---|---|---|---|'];
	for (const m of def.matchAll(/^CONF_(\w+)\((\w+), (.*), ([01]), "(.*)"\)$/gm)) {
		const [, kind, key, middle, reload, doc] = m;
		let value = middle.match(/^"([^"]*)"/)?.[1] ?? middle.split(',')[0].trim();
		if (kind === 'BOOL') value = value === 'true' ? 'on' : 'off';
		const choice = kind === 'ENUM' ? ` (${middle.match(/"([^"]*)"$/)[1].split('|').map(code).join(', ')})` : '';
		const range = kind === 'INT' ? ` (${middle.split(',').slice(1).map((s) => s.trim()).join(' to ')})` : '';
		rows.push(`| ${code(key)} | ${value === '' ? '' : code(value)} | ${reload === '1' ? 'yes' : 'no'} | ${doc.replaceAll('|', '\\|')}${choice}${range} |`);
	}
	return rows.join('\n');
}

function metricTable(def) {
	const rows = ['| metric | type | what it says |', '|---|---|---|'];
	for (const m of def.matchAll(/^METRIC\((\w+), (\w+), "(.*)"\)$/gm)) rows.push(`| ${code(m[1])} | ${m[2]} | ${m[3]} |`);
	return rows.join('\n');
}

// The README with fresh tables.
export function refreshed(root) {
	let readme = readFileSync(path.join(root, 'README.md'), 'utf8');
	const put = (mark, file, table) => {
		if (!existsSync(path.join(root, file))) return;
		const text = table(readFileSync(path.join(root, file), 'utf8'));
		readme = readme.replace(new RegExp(`(<!-- ${mark} -->\\n)[\\s\\S]*?(<!-- /${mark} -->)`), (_, a, b) => `${a}${text}\n${b}`);
	};
	put('conf', 'src/base/conf.def', confTable);
	put('metrics', 'src/web/metrics.def', metricTable);
	return readme;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const root = path.resolve(process.argv[2] ?? path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..'));
	writeFileSync(path.join(root, 'README.md'), refreshed(root));
}
