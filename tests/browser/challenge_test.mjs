// Challenges as people meet them: solved without a click, by hand without a script, in two tabs, with the Back button, and on the staff's pages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../http/lib.mjs';
import { ask, browser, leave, looksGood, signIn, smallTargets, visit } from './lib.mjs';

const REFUSED = 'Buy cheap pills now, no prescription: https://pills.example/buy please refuse this';
const RULES = 'body TEST_REFUSE /please refuse this/\ndescribe TEST_REFUSE A test asked for it\nscore TEST_REFUSE 30\naction TEST_REFUSE reject\n';
let b, desk, mona;

before(async () => {
	desk = await start({
		env: {
			PORCHLIGHT_RATE_LIMITS: 'off',
			PORCHLIGHT_CHALLENGE: 'auto',
			PORCHLIGHT_SITE_QUESTION: 'en: How many wheels has a bicycle? = 2, two | de: Wie viele Räder hat ein Fahrrad? = 2, zwei | ar: كم عجلة للدراجة؟ = 2, ٢, اثنتان',
		},
		people: { mona: 'moderator', ben: 'helper', ada: 'admin' },
	});
	mona = await desk.login('mona');
	const ada = await desk.login('ada');
	const r = await ada.request('PUT', '/api/v1/rules/local.d%2Ftest.cf', { headers: { 'content-type': 'text/plain', 'if-none-match': '*' }, body: RULES });
	assert.equal(r.status, 200, r.text);
	// In attack mode every question is challenged.
	assert.equal((await mona.json('POST', '/api/v1/attack', { step: 1 })).status, 200);
	b = await browser();
});
after(async () => {
	await b?.close();
	await desk?.stop();
});

let count = 0;
const words = ['bridges', 'choirs', 'lighthouses', 'mountain huts', 'old mills', 'railway stations', 'beetles', 'wooden ships', 'recipes', 'maps of my town', 'poets', 'rivers'];
const text = () => `How do I begin an article about ${words[count++ % words.length]}?`;
const queued = (page) => page.getByRole('heading', { name: 'Your question is here' }).waitFor();

/** Holds the worker back until release() is called. */
async function slow(page) {
	let release;
	const gate = new Promise((resolve) => (release = resolve));
	await page.route('**/static/**/solve.js', async (route) => {
		await gate;
		await route.continue();
	});
	return release;
}

test('the page solves it by itself, says so meanwhile, and goes on without a click', async () => {
	const page = await visit(b, desk, { width: 390 });
	const release = await slow(page);
	await ask(page, text(), { title: 'By itself' });
	await page.getByText('There is nothing for you to do.').waitFor();
	assert.equal(await page.locator('#prove-bar').isVisible(), true);
	assert.equal(await page.locator('#answer').isVisible(), false, 'no question to somebody whose device does the sum');
	await looksGood(page, 'a challenge being solved');
	assert.deepEqual(await smallTargets(page), []);
	release();
	await queued(page);
	assert.equal(await page.locator('#prove').count(), 0);
	// the Back button leads to the form, and forward again to the question as it now is
	await page.goBack();
	await page.locator('#body').waitFor();
	await page.goForward();
	await queued(page);
	await leave(page);
});

test('two tabs at once: one answer counts, both go on', async () => {
	const page = await visit(b, desk);
	const release = await slow(page);
	const url = await ask(page, text());
	const other = await page.context().newPage();
	const releaseOther = await slow(other);
	await other.goto(url);
	await other.locator('#prove').waitFor();
	release();
	releaseOther();
	await queued(page);
	await queued(other);
	await leave(page);
});

test('without a script: the question, wrong and right, and a person', async () => {
	const page = await visit(b, desk, { script: false, width: 360 });
	await ask(page, text(), { title: 'By hand' });
	await page.getByRole('heading', { name: /One small step/ }).waitFor();
	await page.getByLabel(/How many wheels/).fill('7');
	await page.keyboard.press('Enter');
	await page.getByText('That was not it.').waitFor();
	await page.getByLabel(/How many wheels/).fill('Two');
	await page.getByRole('button', { name: 'Send the answer' }).click();
	await queued(page);
	await ask(page, text(), { title: 'Skipped' });
	await page.getByRole('button', { name: 'Skip, let a person look' }).click();
	await page.getByRole('heading', { name: 'A person will look at this first' }).waitFor();
	await leave(page);
});

test('a device that cannot do it offers the other ways', async () => {
	const page = await visit(b, desk, { width: 360 });
	await page.route('**/static/**/solve.js', (route) => route.abort());
	const url = await ask(page, text());
	await page.getByText('That did not work on this device.').waitFor();
	await looksGood(page, 'the site question');
	assert.deepEqual(await smallTargets(page), []);
	await page.getByLabel(/How many wheels/).fill('three');
	await page.keyboard.press('Enter');
	await page.getByText('That was not it.').waitFor();
	assert.equal(page.url(), `${url}?answer=wrong#prove`);
	await page.getByText('That did not work on this device.').waitFor();
	await looksGood(page, 'a wrong answer');
	await page.getByLabel(/How many wheels/).fill('two');
	await page.keyboard.press('Enter');
	await queued(page);
	await leave(page);
});

test('a challenge that ran out while the tab slept is asked for anew', async () => {
	const page = await visit(b, desk);
	let sent = 0;
	await page.route('**/challenge', async (route) => {
		if (sent++) return route.continue();
		await route.fulfill({ status: 422, contentType: 'application/problem+json', body: '{"title":"Unfit","status":422,"field":"pow"}' });
	});
	await ask(page, text());
	await queued(page);
	assert.equal(sent, 2);
	await leave(page);
});

test('in Arabic on a phone, in German in the dark', async () => {
	for (const [look, label] of [[{ lang: 'ar', width: 360 }, 'تجاوز، ودع شخصًا ينظر'], [{ lang: 'de', dark: true }, 'Weglassen, ein Mensch soll schauen']]) {
		const page = await visit(b, desk, look);
		await slow(page);
		await ask(page, text());
		await page.getByRole('button', { name: label }).waitFor();
		await looksGood(page, look.lang);
		if (look.width) assert.deepEqual(await smallTargets(page), []);
		await leave(page);
	}
});

test('an appeal is solved while its words are written; without a script it may be answered', async () => {
	const page = await visit(b, desk);
	await ask(page, `${REFUSED} one`, { title: 'First refusal' });
	await page.fill('#why', 'I meant it as a question.');
	await page.getByRole('button', { name: 'Please read it again' }).click();
	await page.getByRole('heading', { name: 'A person will read it again' }).waitFor();
	await leave(page);
	const plain = await visit(b, desk, { script: false });
	await ask(plain, `${REFUSED} two`, { title: 'Second refusal' });
	await plain.getByLabel(/How many wheels/).fill('2');
	await plain.getByRole('button', { name: 'Please read it again' }).click();
	await plain.getByRole('heading', { name: 'A person will read it again' }).waitFor();
	await ask(plain, `${REFUSED} three`, { title: 'Third refusal' });
	await plain.getByRole('button', { name: 'Please read it again' }).click();
	await plain.getByRole('heading', { name: 'A person will read it again' }).waitFor();
	await leave(plain);
	const list = async (name) => (await mona.get(`/api/v1/held?list=${name}`)).body.items.map((x) => x.title).filter((t) => /refusal/.test(t));
	assert.deepEqual(await list('appeals'), ['First refusal', 'Second refusal']);
	assert.deepEqual(await list('challenged'), ['Third refusal']);
});

test('the staff sees attack mode, and a moderator steers it', async () => {
	const mod = await visit(b, desk);
	await signIn(mod, 'mona');
	await mod.getByRole('heading', { name: 'Attack mode, step 1 of 3' }).waitFor();
	await looksGood(mod, 'the desk in attack mode');
	await mod.goto('/desk/moderation?list=challenged');
	await mod.getByRole('heading', { name: 'Attack mode, step 1 of 3' }).waitFor();
	await looksGood(mod, 'moderation in attack mode');
	await mod.getByRole('button', { name: 'One step more' }).click();
	await mod.getByRole('heading', { name: 'Attack mode, step 2 of 3' }).waitFor();
	await mod.getByRole('button', { name: 'One step less' }).click();
	await mod.getByRole('heading', { name: 'Attack mode, step 1 of 3' }).waitFor();
	const ben = await visit(b, desk, { width: 360, dark: true });
	await signIn(ben, 'ben');
	await ben.getByRole('heading', { name: 'Attack mode, step 1 of 3' }).waitFor();
	assert.equal(await ben.getByRole('button', { name: 'End it' }).count(), 0);
	await looksGood(ben, "a helper's phone in attack mode");
	await leave(ben);
	await mod.getByRole('button', { name: 'End it' }).click();
	await mod.getByRole('button', { name: 'Start attack mode' }).waitFor();
	await looksGood(mod, 'moderation, calm');
	await mod.getByRole('button', { name: 'Start attack mode' }).click();
	await mod.getByRole('heading', { name: 'Attack mode, step 1 of 3' }).waitFor();
	await leave(mod);
});
