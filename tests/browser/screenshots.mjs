// Pictures of every page, in both themes, on a phone and a desktop:  node tests/browser/screenshots.mjs [FOLDER [NAME...]]
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { root } from '../http/lib.mjs';
import { browser, signIn, visit } from './lib.mjs';
import { everyPage, seeded } from './seed.mjs';

const [folder = path.join(root, 'tests/screenshots'), ...names] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const { desk, pages } = await seeded();
const b = await browser();
const looks = [
	['desktop-light', { width: 1280, height: 860 }],
	['desktop-dark', { width: 1280, height: 860, dark: true }],
	['phone-light', { width: 390, height: 844 }],
	['phone-dark', { width: 390, height: 844, dark: true }],
	['phone-arabic', { width: 390, height: 844, lang: 'ar' }],
];
let count = 0;
for (const [look, options] of looks) {
	const people = new Map();
	for (const [name, where, who] of everyPage(pages)) {
		if (names.length && !names.includes(name)) continue;
		if (!people.has(who)) {
			const page = await visit(b, desk, { ...options, scale: 1 });
			if (who) await signIn(page, who);
			people.set(who, page);
		}
		const page = people.get(who);
		await page.goto(where);
		await page.waitForTimeout(250);
		const panes = options.width > 800 && /^(desk|talk|search|trial)/.test(name);
		await page.screenshot({ path: path.join(folder, `${name}-${look}.png`), fullPage: !panes });
		count++;
	}
	for (const page of people.values()) await page.context().close();
}
await b.close();
await desk.stop();
console.log(`${count} pictures in ${folder}`);
