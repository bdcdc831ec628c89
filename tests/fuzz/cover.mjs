// What the fuzz targets reach: their saved inputs and those that `make fuzz` found go through a build that counts lines.
//
//     node tests/fuzz/cover.mjs [TARGET...]        all of them without an argument; `make fuzz-cover` builds first
//
// Prints for each target its inputs and the share of lines reached in the rooms it is for.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
process.chdir(root);

const rooms = {
	api: ['web/api', 'web/api_admin', 'web/api_asker', 'web/api_hours', 'web/api_moderator', 'web/api_rules', 'web/api_staff', 'web/request'],
	bayes: ['spam/bayes', 'spam/language'],
	cf: ['spam/cf', 'spam/directive', 'spam/compose', 'spam/metas', 'spam/ruleset', 'spam/pattern', 'spam/scan'],
	challenge: ['spam/challenge'],
	cookie: ['web/cookie'],
	expr: ['spam/expr'],
	form: ['web/form'],
	guess: ['text/guess', 'text/guess_nested', 'text/guess_broken', 'text/looks'],
	help: ['desk/help'],
	json: ['base/json'],
	judge: ['spam/features', 'spam/judge', 'spam/shape', 'spam/dressed_phone', 'spam/verdict', 'spam/twin'],
	list: ['spam/domains'],
	literals: ['spam/literals', 'spam/strings', 'spam/fold'],
	mail: ['text/mail', 'text/mail_html', 'spam/surface_mail', 'text/spellings'],
	markup: ['text/markup'],
	page: ['web/page'],
	replace: ['spam/replace'],
	request: ['web/request'],
	uri: ['text/uri'],
	views: ['text/views', 'text/leet', 'text/spelled', 'text/unicode'],
	wikitext: ['desk/transcript'],
};

const targets = readdirSync('tests/fuzz').filter((f) => f.endsWith('_fuzz.c')).map((f) => f.replace('_fuzz.c', ''));
const nameless = targets.filter((t) => !rooms[t]);
if (nameless.length) {
	console.error(`tests/fuzz/cover.mjs does not say which rooms these targets are for: ${nameless.join(' ')}`);
	process.exit(1);
}

const work = mkdtempSync(path.join(os.tmpdir(), 'porchlight-cover-'));
try {
	for (const target of process.argv.length > 2 ? process.argv.slice(2) : targets) {
		const binary = `build-cover/fuzz-replay/${target}_fuzz`;
		const folders = [`tests/fuzz/corpus/${target}`, `build-fuzz/corpus/${target}`].filter((f) => existsSync(f));
		const raw = folders.map((folder, i) => {
			const file = path.join(work, `${target}-${i}.profraw`);
			execFileSync(binary, [folder], { env: { ...process.env, LLVM_PROFILE_FILE: file }, stdio: ['ignore', 'ignore', 'inherit'], timeout: 600_000 });
			return file;
		});
		const merged = path.join(work, `${target}.profdata`);
		execFileSync('llvm-profdata', ['merge', '-sparse', '-o', merged, ...raw]);
		const files = rooms[target].map((r) => `src/${r}.c`);
		const found = JSON.parse(execFileSync('llvm-cov', ['export', '-summary-only', '-instr-profile', merged, binary, ...files], { maxBuffer: 64 << 20 }));
		const share = (l) => `${((100 * l.covered) / l.count).toFixed(1)} %`;
		const each = found.data[0].files.map((f) => `${path.relative(path.join(root, 'src'), path.resolve(f.filename)).replace(/\.c$/, '')} ${share(f.summary.lines)}`);
		if (each.length !== files.length) throw new Error(`${target}: the build knows ${each.length} of its ${files.length} rooms`);
		const inputs = folders.reduce((n, f) => n + readdirSync(f).length, 0);
		console.log(`${target.padEnd(10)} ${String(inputs).padStart(6)} inputs  ${share(found.data[0].totals.lines).padStart(7)}  ${each.length > 1 ? each.join(', ') : ''}`.trimEnd());
	}
} finally {
	rmSync(work, { recursive: true, force: true });
}
