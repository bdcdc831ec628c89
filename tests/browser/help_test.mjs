// Help pages are suggested while somebody writes; what is written stays in the browser, and asking goes on without them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../http/lib.mjs';
import { browser, leave, looksGood, visit } from './lib.mjs';

let b, desk;
before(async () => {
	desk = await start({
		env: {
			PORCHLIGHT_RATE_LIMITS: 'off',
			PORCHLIGHT_WIKI_URL: 'https://wiki.example/wiki/',
			PORCHLIGHT_HELP_PAGES: 'en: Help:References = reference, cite; Help:Images = image, picture | de: Hilfe:Übersicht = Übersicht | ja: Help:画像 = 画像',
		},
	});
	b = await browser();
});
after(async () => {
	await b?.close();
	await desk?.stop();
});

test('suggested while one writes, by the rules of the waiting page, and the words are not sent', async () => {
	const page = await visit(b, desk);
	const asked = [];
	page.on('request', (r) => asked.push(r.url() + (r.postData() ?? '')));
	await page.goto(`${desk.url}/`);
	const help = page.locator('#help');
	const links = () => help.getByRole('link').allTextContents();
	await page.fill('#body', 'How do I CITE a book?');
	await help.waitFor();
	assert.deepEqual(await links(), ['Help:References']);
	assert.equal(await help.getByRole('link').getAttribute('href'), 'https://wiki.example/wiki/Help:References');
	await page.fill('#title', 'Two images of a picture');
	await page.waitForFunction(() => document.querySelectorAll('#help li').length === 2);
	assert.deepEqual(await links(), ['Help:Images', 'Help:References'], 'the one with more words first');
	await looksGood(page);
	await page.fill('#title', '');
	await page.fill('#body', 'I recite; a preimage.');
	await help.waitFor({ state: 'hidden' });
	await page.selectOption('#lang', 'de');
	await page.fill('#body', 'Wo ist die ÜBERSICHT?');
	await help.waitFor();
	assert.deepEqual(await links(), ['Hilfe:Übersicht']);
	assert.ok(!asked.some((x) => /CITE|recite|BERSICHT|images/i.test(decodeURIComponent(x).replace(/help\?lang=\w+/, ''))), asked.join('\n'));
	await leave(page);
});

test('where the list cannot be had, the form is as it was', async () => {
	const page = await visit(b, desk);
	await page.route('**/api/v1/help*', (route) => route.abort());
	await page.goto(`${desk.url}/`);
	await page.fill('#body', 'How do I cite a book about lighthouses?');
	await page.waitForTimeout(700);
	assert.equal(await page.locator('#help').isVisible(), false);
	await page.getByRole('button', { name: /ask|send/i }).first().click();
	await page.getByRole('heading', { name: 'This may help at once:' }).waitFor();
	assert.deepEqual(await page.locator('[aria-labelledby="help-heading"] a').allTextContents(), ['Help:References']);
	await looksGood(page);
	await leave(page);
});
