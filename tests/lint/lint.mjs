// What the compiler does not enforce: layers, vendor headers, banned functions, SQL in its one place, documentation.
//
//     node tests/lint/lint.mjs [--tap] [ROOT]
//
// Each check is a function that returns complaints as "file:line: what is wrong". tests/lint/lint_test.mjs proves that each
// one can complain.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { refreshed } from './docs.mjs';

const argv = process.argv.slice(2);
const root = path.resolve(argv.find((a) => !a.startsWith('--')) ?? path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..'));
const tap = argv.includes('--tap');

const read = (file) => readFileSync(path.join(root, file), 'utf8');
function walk(folder, test) {
	const out = [];
	const full = path.join(root, folder);
	if (!existsSync(full)) return out;
	for (const name of readdirSync(full).sort()) {
		if (name === 'node_modules' || name.startsWith('.')) continue;
		const file = path.join(folder, name);
		if (statSync(path.join(root, file)).isDirectory()) out.push(...walk(file, test));
		else if (test(file)) out.push(file);
	}
	return out;
}
const lines = (text) => text.split('\n').map((line, i) => [line, i + 1]);

// C text with comments blanked (and strings too, where asked), line numbers kept.
function strip(text, strings) {
	return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'/g, (m) => {
		if (m.startsWith('/')) return m.replace(/[^\n]/g, ' ');
		return strings ? `${m[0]}${m[0]}` : m;
	});
}

const sources = walk('src', (f) => /\.[ch]$/.test(f));
const layerTable = {};
const vendors = [];
for (const line of read('src/layers').split('\n')) {
	const layer = line.match(/^(\w+):\s*(.*)$/);
	const vendor = line.match(/^@\s+(\S+)\s+(\S+)$/);
	if (layer) layerTable[layer[1]] = layer[2].split(/\s+/).filter(Boolean);
	if (vendor) vendors.push({ header: vendor[1], room: vendor[2] });
}
const roomOf = (file) => file.replace(/^src\//, '').replace(/\.[ch]$/, '');

const checks = {
	'includes follow src/layers'() {
		const bad = [];
		for (const file of sources) {
			const layer = roomOf(file).split('/')[0];
			if (!layerTable[layer]) bad.push(`${file}:1: the layer ${layer} is not in src/layers`);
			for (const [line, n] of lines(read(file))) {
				const to = line.match(/^\s*#\s*include\s+"([^"]+)"/)?.[1];
				if (!to) continue;
				const target = to.split('/')[0];
				if (!to.includes('/')) bad.push(`${file}:${n}: write the include as "layer/room.h"`);
				else if (target !== layer && !layerTable[layer]?.includes(target)) bad.push(`${file}:${n}: ${layer} may not include ${to}`);
			}
		}
		return bad;
	},

	'each vendor header has one room'() {
		const bad = [];
		for (const file of walk('src', (f) => /\.[chS]$/.test(f)))
			for (const [line, n] of lines(read(file))) {
				const to = line.match(/^\s*#\s*include\s+<([^>]+)>/)?.[1];
				const vendor = to && vendors.find((v) => (v.header.endsWith('/') ? to.startsWith(v.header) : to === v.header));
				if (vendor && roomOf(file) !== vendor.room) bad.push(`${file}:${n}: <${to}> belongs in ${vendor.room} alone`);
			}
		return bad;
	},

	'a room includes its own header first'() {
		const bad = [];
		for (const file of sources.filter((f) => f.endsWith('.c'))) {
			const header = `${roomOf(file)}.h`;
			if (!existsSync(path.join(root, 'src', header))) continue;
			const first = read(file).match(/^\s*#\s*include\s+["<]([^">]+)/m)?.[1];
			if (first !== header) bad.push(`${file}:1: the first include should be "${header}"`);
		}
		return bad;
	},

	'headers begin with what the room is for'() {
		return sources
			.filter((f) => f.endsWith('.h'))
			.filter((f) => !new RegExp(`^/\\*\\n \\* ${path.basename(f, '.h')}: \\S`).test(read(f)))
			.map((f) => `${f}:1: the header should begin with "/*\\n * ${path.basename(f, '.h')}: <what it is for>"`);
	},

	'rooms stay readable'() {
		return sources
			.map((f) => [f, read(f).split('\n').length - 1])
			.filter(([, n]) => n > 900)
			.map(([f, n]) => `${f}:${n}: ${n} lines; which two jobs does it have?`);
	},

	'banned functions'() {
		const banned =
			/\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|atof|strncpy|strncat|alloca|system|popen|rand|srand|random|tmpnam|mktemp|asctime|ctime|gmtime|localtime|setjmp|longjmp|signal)\s*\(/;
		const bad = [];
		for (const file of sources)
			for (const [line, n] of lines(strip(read(file), true))) {
				const hit = line.match(banned);
				if (hit) bad.push(`${file}:${n}: ${hit[1]}() is banned`);
			}
		return bad;
	},

	'time is asked of base/clock alone'() {
		const bad = [];
		for (const file of sources.filter((f) => roomOf(f) !== 'base/clock'))
			for (const [line, n] of lines(strip(read(file), true)))
				if (/\b(gettimeofday|time)\s*\(|\bCLOCK_REALTIME\b/.test(line)) bad.push(`${file}:${n}: ask base/clock`);
		return bad;
	},

	'SQL lives in src/store'() {
		const sql = /"\s*(SELECT\s|INSERT\s+(INTO|OR)\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b|CREATE\s+(TABLE|INDEX|TRIGGER|VIRTUAL)|DROP\s+TABLE|PRAGMA\s|BEGIN\s+IMMEDIATE)/i;
		const bad = [];
		for (const file of sources.filter((f) => !f.startsWith('src/store/')))
			for (const [line, n] of lines(strip(read(file), false))) if (sql.test(line)) bad.push(`${file}:${n}: SQL text outside src/store`);
		return bad;
	},

	'each statement names its rooms'() {
		const bad = [];
		const used = new Map();
		for (const file of sources)
			for (const [line, n] of lines(strip(read(file), true)))
				for (const m of line.matchAll(/\bSQL_([A-Z0-9_]+)\b/g)) {
					if (!used.has(m[1])) used.set(m[1], new Map());
					if (!used.get(m[1]).has(roomOf(file))) used.get(m[1]).set(roomOf(file), `${file}:${n}`);
				}
		for (const file of walk('src/store', (f) => f.endsWith('.def')))
			for (const m of read(file).matchAll(/^\s*SQL\(\s*([A-Z0-9_]+)\s*,\s*"([^"]*)"/gm)) {
				const n = read(file).slice(0, m.index).split('\n').length;
				const owners = m[2].split(/\s+/).filter(Boolean);
				const users = [...(used.get(m[1])?.keys() ?? [])];
				if (!owners.length) bad.push(`${file}:${n}: ${m[1]} names no room`);
				for (const u of users) if (!owners.includes(u)) bad.push(`${used.get(m[1]).get(u)}: ${u} is not a room of SQL_${m[1]}`);
				for (const o of owners) if (!users.includes(o)) bad.push(`${file}:${n}: ${m[1]} names ${o}, which does not use it`);
			}
		return bad;
	},

	'statements are of a portable subset'() {
		const dialect =
			/\b(strftime|date|time|datetime|julianday|unixepoch|json_\w+|ifnull|iif|group_concat|printf|format|instr|glob|typeof|randomblob|last_insert_rowid|changes)\s*\(|\bINSERT\s+OR\b|\bREPLACE\s+INTO\b|\bAUTOINCREMENT\b|\bINDEXED\s+BY\b|\bGLOB\b|\bMATCH\b|\browid\b/i;
		const bad = [];
		for (const file of walk('src/store', (f) => f.endsWith('.def'))) {
			let n = 1;
			for (const one of strip(read(file), false).split(/^(?=SQL\()/m)) {
				const hit = one.match(dialect);
				/* Full text is each engine's own. */
				if (hit && !/\blog_text\b/.test(one)) bad.push(`${file}:${n}: ${one.match(/^SQL\((\w+)/)?.[1]} says ${hit[0]}, which is one engine's dialect`);
				n += one.split('\n').length - 1;
			}
		}
		return bad;
	},

	'every configuration key is in the README'() {
		const readme = existsSync(path.join(root, 'README.md')) ? read('README.md') : '';
		return [...read('src/base/conf.def').matchAll(/^CONF_\w+\((\w+),(.*)$/gm)].flatMap((m) => [
			...(readme.includes(`\`${m[1]}\``) ? [] : [`README.md:1: the configuration key ${m[1]} is not documented`]),
			...(/,\s*"[^"]{10,}"\)\s*$/.test(m[2]) ? [] : [`src/base/conf.def:1: ${m[1]} has no sentence of documentation`]),
		]);
	},

	'every metric is in the README'() {
		if (!existsSync(path.join(root, 'src/web/metrics.def'))) return [];
		const readme = existsSync(path.join(root, 'README.md')) ? read('README.md') : '';
		return [...read('src/web/metrics.def').matchAll(/\b(porchlight_\w+)\b/g)]
			.filter((m) => !readme.includes(`\`${m[1]}\``))
			.map((m) => `README.md:1: the metric ${m[1]} is not documented`);
	},

	"the README's tables are fresh"() {
		if (!existsSync(path.join(root, 'README.md'))) return [];
		return refreshed(root) === read('README.md') ? [] : ['README.md:1: run `make docs`'];
	},

	'every route says who may and what it does'() {
		const bad = [];
		const described = existsSync(path.join(root, 'templates/openapi.json')) ? JSON.parse(read('templates/openapi.json')).paths : null;
		for (const file of walk('src/web', (f) => f.endsWith('.def')))
			for (const m of read(file).matchAll(/^\s*ROUTE\(\s*(\w+)\s*,\s*"([^"]+)"\s*,\s*(\w+)\s*,([^,]*),\s*(\w+)\s*,\s*("(?:[^"\\]|\\.)*")\s*\)/gm)) {
				const n = read(file).slice(0, m.index).split('\n').length;
				if (m[6].length < 9) bad.push(`${file}:${n}: ${m[1]} ${m[2]} has no sentence of documentation`);
				if (described && m[2].startsWith('/api/v1/') && !m[2].endsWith('openapi.json')) {
					const at = m[2].replace(/^\/api\/v1/, '').replace(/:(\w+)/g, '{$1}');
					const entry = described[at] ?? described[`/api/v1${at}`];
					if (!entry?.[m[1].toLowerCase()]) bad.push(`${file}:${n}: ${m[1]} ${m[2]} is not in templates/openapi.json`);
				}
			}
		return bad;
	},

	'translations are complete'() {
		const folder = 'templates/i18n';
		const all = walk(folder, (f) => f.endsWith('.json'));
		if (!all.length) return [];
		const bad = [];
		const keys = Object.fromEntries(all.map((f) => [path.basename(f, '.json'), JSON.parse(read(f))]));
		for (const file of all) {
			const seen = new Set();
			for (const [line, n] of lines(read(file))) {
				const key = line.match(/^\s*"([^"]+)"\s*:/)?.[1];
				if (key && seen.has(key)) bad.push(`${file}:${n}: ${key} stands twice`);
				seen.add(key);
			}
		}
		const params = (s) => [...new Set(s.match(/\$\d/g) ?? [])].sort().join(' ');
		for (const [lang, messages] of Object.entries(keys)) {
			for (const key of Object.keys(keys.en)) {
				if (key.startsWith('@')) continue;
				if (!(key in messages)) bad.push(`${folder}/${lang}.json:1: ${key} is missing`);
				else if (!messages[key].trim()) bad.push(`${folder}/${lang}.json:1: ${key} is empty`);
				else if (lang !== 'qqq' && params(messages[key]) !== params(keys.en[key]))
					bad.push(`${folder}/${lang}.json:1: ${key} has other parameters than the English text`);
			}
			for (const key of Object.keys(messages)) if (!key.startsWith('@') && !(key in keys.en)) bad.push(`${folder}/${lang}.json:1: ${key} is not in en.json`);
		}
		return bad;
	},

	'templates hold no script, style or outside address'() {
		const bad = [];
		for (const file of walk('templates', (f) => f.endsWith('.mustache')))
			for (const [line, n] of lines(read(file))) {
				if (/<style|\sstyle=|\son[a-z]+=|javascript:/i.test(line)) bad.push(`${file}:${n}: the content security policy forbids inline script and style`);
				if (/<script(?![^>]*\ssrc=)/i.test(line)) bad.push(`${file}:${n}: scripts are files of templates/static`);
				if (/(?:src|href)="https?:/i.test(line)) bad.push(`${file}:${n}: pages load nothing from elsewhere`);
			}
		return bad;
	},

	'no unfinished marks'() {
		const bad = [];
		for (const file of [...sources, ...walk('tests', (f) => /\.(c|h|mjs|sh)$/.test(f) && !f.startsWith('tests/lint/')), ...walk('templates', (f) => /\.(mustache|js|css)$/.test(f))])
			for (const [line, n] of lines(read(file))) if (/\b(TODO|FIXME|XXX|HACK)\b/.test(line)) bad.push(`${file}:${n}: finish it or delete it`);
		return bad;
	},
};

let failed = 0;
let n = 0;
for (const [name, check] of Object.entries(checks)) {
	let bad;
	try {
		bad = check();
	} catch (e) {
		bad = [`the check itself failed: ${e.message}`];
	}
	n++;
	if (bad.length) failed++;
	if (tap) console.log(`${bad.length ? 'not ok' : 'ok'} ${n} - ${name}${bad.map((b) => `\n# ${b}`).join('')}`);
	else for (const b of bad) console.log(`${b}  [${name}]`);
}
if (tap) console.log(`1..${n}`);
process.exitCode = failed ? 1 : 0;
