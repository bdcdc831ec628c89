// After the whole suite: was every described operation called, with every answer of success that its description names? The folder is where
// tests/http/schema.mjs left what was called.
//
//     node tests/http/called.mjs FOLDER
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { doc } from './schema.mjs';

const folder = process.argv[2];
const called = new Set(readdirSync(folder).flatMap((f) => readFileSync(path.join(folder, f), 'utf8').split('\n')));
const missing = [];
for (const [template, operations] of Object.entries(doc.paths))
	for (const [method, op] of Object.entries(operations))
		for (const status of Object.keys(op.responses).filter((s) => s < 400)) {
			const one = `${method.toUpperCase()} ${template} ${status}`;
			if (!called.has(one)) missing.push(one);
		}
console.log(`${missing.length ? 'not ok' : 'ok'} 1 - every described operation was called, with each of its answers of success`);
for (const one of missing) console.log(`# never seen: ${one}`);
console.log('1..1');
process.exitCode = missing.length ? 1 : 0;
