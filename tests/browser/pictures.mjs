// The README's four pictures, from the seeded desk:  node tests/browser/pictures.mjs [FOLDER]
// Where ImageMagick is installed they are brought down to a palette of 64 colours.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { root } from '../http/lib.mjs';
import { browser, signIn, visit } from './lib.mjs';
import { seeded } from './seed.mjs';

const folder = process.argv[2] ?? path.join(root, 'tests/pictures');
mkdirSync(folder, { recursive: true });
const { desk, pages } = await seeded();
const b = await browser();
// The helper's page first: it stays open, so that the asker's page says that somebody is here.
const shots = [
	['talk', pages.talk, 'jonas.w', { width: 1240, height: 700 }],
	['ask', '/?page=Draft:Water_mill_of_Oberau', null, { width: 1100, height: 800 }],
	['question', pages.live, null, { width: 390, height: 844, scale: 1.25 }],
	['moderation', '/desk/moderation', 'amina.s', { width: 1200, height: 900 }],
];
for (const [name, where, who, look] of shots) {
	const page = await visit(b, desk, look);
	if (who) await signIn(page, who);
	await page.goto(where);
	await page.locator('#log .msg, #ask, .case').first().waitFor();
	await page.waitForTimeout(300);
	await page.evaluate(() => document.activeElement?.blur());
	const file = path.join(folder, `${name}.png`);
	await page.screenshot({ path: file });
	spawnSync('convert', [file, '-strip', '+dither', '-colors', '64', '-define', 'png:compression-level=9', `PNG8:${file}`]);
}
await b.close();
await desk.stop();
