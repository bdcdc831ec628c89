// Every page, in both themes, on a phone and a desktop, in every language: axe-core finds nothing and nothing runs over the edge.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { browser, leave, looksGood, signIn, smallTargets, visit } from './lib.mjs';
import { everyPage, seeded } from './seed.mjs';

let b, seed;
before(async () => {
	seed = await seeded();
	b = await browser();
});
after(async () => {
	await b?.close();
	await seed?.desk.stop();
});

const looks = [
	{ width: 1280, dark: false, lang: 'en' },
	{ width: 1280, dark: true, lang: 'de' },
	{ width: 360, height: 740, dark: false, lang: 'ar' },
	{ width: 360, height: 740, dark: true, lang: 'en' },
];

for (const look of looks)
	test(`every page, ${look.lang}, ${look.width} px, ${look.dark ? 'dark' : 'light'}`, async (t) => {
		const people = new Map();
		for (const [name, path, who] of everyPage(seed.pages)) {
			if (!people.has(who)) {
				const page = await visit(b, seed.desk, look);
				if (who) await signIn(page, who);
				people.set(who, page);
			}
			const page = people.get(who);
			await t.test(name, async () => {
				await page.goto(path);
				assert.equal(await page.locator('h1').count(), 1, 'one main heading');
				await looksGood(page, name);
				if (look.width < 600) assert.deepEqual(await smallTargets(page), [], 'targets of at least 44 px');
			});
		}
		for (const page of people.values()) await leave(page);
	});

test('axe would find something', async () => {
	const page = await visit(b, seed.desk);
	await page.goto('/about');
	await page.evaluate(() => document.querySelector('main').append(document.createElement('button'), Object.assign(document.createElement('p'), { textContent: 'faint', style: 'color:#eee;background:#fff' })));
	await assert.rejects(looksGood(page, 'a spoilt page'), /button-name/);
	await page.goto('/about');
	const add = (tag, style, className = '') => page.evaluate(([t, css, name]) => {
		const [box, inner] = [document.createElement('div'), Object.assign(document.createElement(t), { textContent: 'added', style: css })];
		Object.assign(box, { className: name, tabIndex: name ? 0 : -1 });
		box.append(inner);
		document.querySelector('main').append(box);
	}, [tag, style, className]);
	await add('p', 'inline-size: 200vw');
	await assert.rejects(looksGood(page, 'a spoilt page'), /runs over the edge/);
	await page.setViewportSize({ width: 360, height: 740 });
	await page.goto('/about');
	assert.deepEqual(await smallTargets(page), []);
	await add('p', 'inline-size: 200vw', 'table');
	await assert.rejects(looksGood(page, 'a spoilt page'), /past the edge of a phone/);
	await add('button', 'min-block-size: 20px');
	assert.match((await smallTargets(page)).join(), /added/);
	await page.context().close();
});

test('a conversation prints on paper without what is only for screens', async () => {
	const page = await visit(b, seed.desk);
	await page.goto(seed.pages.live);
	await page.emulateMedia({ media: 'print' });
	for (const gone of ['.composer', '.foot', '.langs', '.tools', '#copy']) assert.equal(await page.locator(gone).first().isVisible(), false, gone);
	assert.equal(await page.locator('.msg').first().isVisible(), true);
	await leave(page);
});
