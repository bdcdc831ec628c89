// A question's whole life, and the mishaps of real days: held and let in, refused and appealed, a server that restarts, two tabs, the
// back button, long words, words in every form that a mistake must not cost, reports, and the looks people ask their browsers for.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { rules } from '../http/api.mjs';
import { start, until } from '../http/lib.mjs';
import { ask, browser, composing, drain, leave, looksGood, signIn, smallTargets, visit } from './lib.mjs';

// Held by a rule of the tests' own: what the shipped rules make of an offer changes with them.
const SPAM = 'please hold this letter, which speaks of guest posts and of a garden';
const ENV = { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_EMERGENCY_TEXT: 'en: Call 112. | de: Notruf 112. | 112' };
let b, desk, mona;

before(async () => {
	desk = await start({ env: ENV, people: { mona: 'moderator', ben: 'helper', zoe: 'admin' } });
	mona = await desk.login('mona');
	await rules(await desk.login('zoe'));
	b = await browser();
});
afterEach(() => drain(mona));
after(async () => {
	await b?.close();
	await desk?.stop();
});

const claimNext = async () => {
	const r = await mona.json('POST', '/api/v1/queue/next', {});
	assert.equal(r.status, 200, r.text);
	return r.body;
};
const say = async (t, body) => assert.equal((await mona.json('POST', `/api/v1/tickets/${t.id}/messages`, { body, fence: t.lease.fence })).status, 201);

test('three people: held, let in by a moderator, answered by a helper, closed; each page follows by itself', async () => {
	const [asker, ben, mod] = [await visit(b, desk, { width: 390 }), await visit(b, desk), await visit(b, desk)];
	await signIn(ben, 'ben');
	await signIn(mod, 'mona');
	await mod.goto('/desk/moderation');
	await mod.getByRole('heading', { name: 'Nothing to judge' }).or(mod.locator('.empty')).first().waitFor();

	await ask(asker, SPAM, { title: 'An offer I received', name: 'Maren' });
	await asker.getByRole('heading', { name: 'A person will look at this first' }).waitFor();
	await asker.getByText('Call 112.').waitFor();
	assert.doesNotMatch(await asker.locator('main').innerText(), /usually/, 'how long holds take is said only when it is known');
	assert.equal(await ben.locator('#queue .item').count(), 0, 'helpers see nothing of it');

	await mod.reload();
	const held = mod.locator('.case', { hasText: 'An offer I received' });
	assert.ok((await held.locator('mark').count()) > 0, 'matching words are marked');
	const reasons = await held.locator('.reasons li').allInnerTexts();
	assert.equal(new Set(reasons).size, reasons.length, 'each reason once');
	const words = await held.locator('.reasons bdi').allInnerTexts();
	assert.equal(new Set(words).size, words.length, `the same words twice: ${words}`);
	await mod.keyboard.press('a');
	await asker.getByRole('heading', { name: 'Your question is here' }).waitFor();
	await ben.locator('#queue .item', { hasText: 'An offer I received' }).waitFor();

	await ben.keyboard.press('g');
	await composing(ben);
	await asker.getByRole('heading', { name: /is helping you/ }).waitFor();
	await ben.fill('#text', 'Hello Maren, better not.');
	await ben.click('#send');
	await asker.locator('.msg.other', { hasText: 'better not' }).waitFor();
	await asker.fill('#text', 'Thank you!');
	await asker.click('#write button.primary');
	await ben.locator('.msg.other', { hasText: 'Thank you!' }).waitFor();

	// A line of the asker's that is held waits for the moderator, and then arrives live.
	await asker.fill('#text', SPAM);
	await asker.click('#write button.primary');
	await asker.locator('.msg.own.held').waitFor();
	await ben.locator('.msg.held', { hasText: 'guest posts' }).waitFor();
	await mod.goto('/desk/moderation');
	await mod.locator('.case', { hasText: 'guest posts' }).first().waitFor();
	await mod.keyboard.press('a');
	await until(async () => (await ben.locator('.msg:not(.held)', { hasText: 'guest posts' }).count()) === 2, 'the line at the helper');
	await until(async () => (await asker.locator('.msg.held').count()) === 0, 'the asker to be told');

	await asker.getByRole('link', { name: 'Close this conversation' }).click();
	await asker.getByRole('button', { name: 'Yes, close it' }).click();
	await asker.getByRole('heading', { name: 'This conversation is closed' }).waitFor();
	await until(async () => (await ben.locator('#composer').count()) === 0, 'the helper to be told');
	for (const p of [asker, ben, mod]) await leave(p);
});

test('a server that restarts: both sides say so, catch up, and lose nothing', async () => {
	const first = await start({ env: ENV, people: { ben: 'helper' } });
	const [asker, ben] = [await visit(b, first, { width: 390 }), await visit(b, first)];
	await signIn(ben, 'ben');
	await ask(asker, 'Where do I find the list of mills?', { title: 'Mills' });
	await ben.locator('#queue .item', { hasText: 'Mills' }).waitFor();
	await ben.keyboard.press('g');
	await composing(ben);
	await ben.fill('#text', 'Good day!');
	await ben.click('#send');
	await asker.locator('.msg.other', { hasText: 'Good day!' }).waitFor();
	await first.stop({ keep: true });
	await asker.getByText('The connection is interrupted.').waitFor();
	await ben.getByText('The live connection is interrupted.').waitFor();
	await asker.fill('#text', 'Are you still there?');
	await asker.click('#write button.primary');
	await asker.locator('#write-failed').waitFor();
	assert.equal(await asker.inputValue('#text'), 'Are you still there?');
	const second = await start({ env: ENV, data: first.data, args: ['--listen', `127.0.0.1:${first.port}`] });
	second.temporary = true;
	await asker.locator('#net').waitFor({ state: 'hidden' });
	await asker.click('#write button.primary');
	await ben.locator('.msg.other', { hasText: 'Are you still there?' }).waitFor();
	assert.equal(await ben.locator('.msg', { hasText: 'Good day!' }).count(), 1, 'each entry once');
	await ben.fill('#text', 'Still here.');
	await ben.click('#send');
	await asker.locator('.msg.other', { hasText: 'Still here.' }).waitFor();
	for (const p of [asker, ben]) await leave(p);
	await second.stop();
});

test('two tabs, the back button, and a second send', async () => {
	const one = await visit(b, desk);
	const url = await ask(one, 'May I rename the page about our choir?', { title: 'Renaming' });
	const two = await one.context().newPage();
	await two.goto(url);
	const t = await claimNext();
	await say(t, 'You may.');
	for (const p of [one, two]) await p.locator('.msg.other', { hasText: 'You may.' }).waitFor();
	await one.fill('#text', 'From the first tab.');
	await one.locator('#write button.primary').dblclick();
	await two.locator('.msg.own', { hasText: 'From the first tab.' }).first().waitFor();
	await until(async () => (await one.locator('.msg.own', { hasText: 'From the first tab.' }).count()) === 1, 'it once');
	assert.equal(await two.locator('.msg.own', { hasText: 'From the first tab.' }).count(), 1);
	await two.close();
	// Back to the form and on again: nothing is asked a second time.
	await one.goBack();
	await one.locator('#ask').waitFor();
	await one.goForward();
	await one.locator('.msg.other', { hasText: 'You may.' }).waitFor();
	assert.equal((await mona.get('/api/v1/queue')).body.items.length, 0);
	await leave(one);
});

test('long words and long texts on a narrow phone; too long a text comes back whole', async () => {
	for (const lang of ['en', 'ar']) {
		const page = await visit(b, desk, { width: 360, height: 740, lang });
		const long = 'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(8);
		await page.goto('/?page=' + 'A'.repeat(180));
		await looksGood(page, 'the form with a long page name');
		await page.fill('#title', `${long.slice(0, 150)}`);
		await page.fill('#name', 'W'.repeat(60));
		await page.fill('#body', `Why is this word so long? ${long} ${'and more words '.repeat(300)}`);
		await page.click('#ask button.primary');
		await page.waitForURL(/\/q\//);
		await page.locator('#log .msg').first().waitFor();
		await looksGood(page, 'a long question');
		assert.deepEqual(await smallTargets(page), []);
		await leave(page);
		const staff = await visit(b, desk, { width: 360, height: 740, lang });
		await signIn(staff, 'mona');
		await looksGood(staff, 'the desk with a long title');
		await staff.locator('#queue .item').first().click();
		await staff.locator('#log .msg').first().waitFor();
		await looksGood(staff, 'the long question at the desk');
		await leave(staff);
		await drain(mona);
	}
	const plain = await visit(b, desk, { script: false });
	await plain.goto('/');
	const text = `Sixteen thousand characters? ${'This sentence has exactly forty letters. '.repeat(420)}`;
	await plain.fill('#body', text);
	await plain.fill('#title', 'Too long');
	await plain.click('#ask button.primary');
	await plain.locator('#body-wrong').waitFor();
	assert.equal((await plain.inputValue('#body')).trim().replaceAll('\r', ''), text.trim());
	assert.equal(await plain.inputValue('#title'), 'Too long');
	await plain.fill('#body', text.slice(0, 16000));
	await plain.click('#ask button.primary');
	await plain.waitForURL(/\/q\//);
	assert.ok((await plain.locator('#log .msg').first().innerText()).length > 15900);
	await leave(plain);
});

test('a page that was named: a link below the wiki where one is configured, plain words where not, never an address of its own', async () => {
	const page = await visit(b, desk);
	for (const [name, shown] of [['Old_mill', 'Old_mill'], ['javascript:alert(1)', 'javascript:alert(1)'], ['https://evil.example/', 'https://evil.example/']]) {
		await page.goto(`/?page=${encodeURIComponent(name)}`);
		await page.getByText(shown, { exact: true }).waitFor();
		assert.equal(await page.locator('#ask a').count(), 0);
	}
	await leave(page);
	const wiki = await start({ env: { ...ENV, PORCHLIGHT_WIKI_URL: 'https://wiki.example.org/wiki' } });
	const linked = await visit(b, wiki);
	for (const name of ['Old mill', 'https://evil.example/', '//evil.example', '../../evil', 'javascript:alert(1)']) {
		await linked.goto(`/?page=${encodeURIComponent(name)}`);
		for (const a of await linked.locator('#ask a').all()) assert.match(await a.evaluate((x) => x.href), /^https:\/\/wiki\.example\.org\/wiki\//, name);
	}
	await leave(linked);
	await wiki.stop();
});

test('refused after a look: kind words, and an appeal that keeps what was typed', async () => {
	const page = await visit(b, desk);
	await ask(page, `${SPAM} Second letter.`, { title: 'Refuse me' });
	const item = (await mona.get('/api/v1/held?list=held')).body.items.find((i) => i.title === 'Refuse me');
	assert.equal((await mona.json('POST', '/api/v1/judgements', { items: [{ ticket: item.ticket, n: item.n }], label: 'spam' })).status, 200);
	await page.getByRole('heading', { name: 'We could not pass this on' }).waitFor();
	await page.getByText('Call 112.').waitFor();
	assert.doesNotMatch(await page.content(), /guest posts/, 'the text is shown on request only');
	await page.getByRole('link', { name: 'Show what I wrote' }).click();
	await page.getByText('guest posts').waitFor();
	await page.fill('#why', 'A friend got this letter; may I quote it?');
	await page.getByRole('button', { name: 'Please read it again' }).click();
	await page.getByRole('heading', { name: 'A person will read it again' }).waitFor();
	assert.equal(await page.locator('#why').count(), 0, 'once');
	const mod = await visit(b, desk);
	await signIn(mod, 'mona');
	await mod.goto('/desk/moderation?list=appeals');
	await mod.getByText('may I quote it?').waitFor();
	await leave(mod);
	await leave(page);
});

test('either side tells the moderators, and the other does not read it', async () => {
	const asker = await visit(b, desk, { script: false, width: 390 });
	await ask(asker, 'How do I thank somebody?', { title: 'Thanks' });
	assert.equal(await asker.getByRole('link', { name: 'Report something' }).count(), 0, 'there is nobody to report yet');
	const url = asker.url();
	const ben = await visit(b, desk);
	await signIn(ben, 'ben');
	await ben.keyboard.press('g');
	await composing(ben);
	await ben.fill('#text', 'Tell me the street you live in.');
	await ben.click('#send');
	await ben.locator('.msg.own:not(.pending)').waitFor();
	await asker.goto(url);
	await asker.getByRole('link', { name: 'Report something' }).click();
	await asker.getByRole('button', { name: 'Send to the moderators' }).click();
	await asker.getByText('Please write something first.').waitFor();
	await asker.fill('#what', 'Wants to know where I live <b>now</b>');
	await asker.getByRole('button', { name: 'Send to the moderators' }).click();
	await asker.getByText('A moderator will look at it.').waitFor();

	await ben.locator('#more summary').click();
	await ben.fill('#report-why', 'I wrote nonsense, please look');
	await ben.getByRole('button', { name: 'Report to the moderators' }).click();
	await ben.getByText('Reported to the moderators').waitFor();
	assert.doesNotMatch(await ben.content(), /Wants to know where/);
	await asker.goto(url);
	assert.doesNotMatch(await asker.content(), /nonsense|Reported to/);

	const mod = await visit(b, desk);
	await signIn(mod, 'mona');
	await mod.goto('/desk/moderation?list=reports');
	await mod.getByText('Wants to know where I live <b>now</b>').waitFor();
	await mod.getByText('I wrote nonsense, please look').waitFor();
	await looksGood(mod, 'the list of reports');
	for (const p of [asker, ben, mod]) await leave(p);
});

test('every list says when it is empty', async () => {
	const empty = await start({ env: ENV, people: { zoe: 'admin' } });
	const page = await visit(b, empty);
	await signIn(page, 'zoe');
	for (const view of ['', '?view=mine', '?view=us', '?view=all', '?q=nothing']) {
		await page.goto(`/desk${view}`);
		assert.ok((await page.locator('.pane.list > p').innerText()).length > 10, `/desk${view}`);
	}
	for (const list of ['held', 'appeals', 'reports', 'challenged', 'rejected']) {
		await page.goto(`/desk/moderation?list=${list}`);
		await page.locator('.empty h2').waitFor();
	}
	await page.goto('/desk/figures');
	assert.doesNotMatch(await page.locator('main').innerText(), /NaN|undefined|null/);
	await looksGood(page, 'figures of an empty desk');
	await leave(page);
	await empty.stop();
});

test('emergency words in the reader\'s language', async () => {
	for (const [lang, words] of [['en', 'Call 112.'], ['de', 'Notruf 112.'], ['ar', '112']]) {
		const page = await visit(b, desk, { lang, script: false });
		await page.goto('/');
		assert.equal(await page.locator('.callout.bad bdi').innerText(), words);
		await leave(page);
	}
});

test('less motion, forced colours, darkness and paper', async () => {
	const page = await visit(b, desk);
	await ask(page, 'Is there a quiet way to read this?', { title: 'Quiet' });
	const moving = () => page.evaluate(() => document.getAnimations().filter((a) => a.playState === 'running' && (a.effect?.getTiming().duration ?? 0) > 50).length);
	await page.emulateMedia({ reducedMotion: 'reduce' });
	assert.equal(await moving(), 0, 'nothing moves where less motion is asked for');
	const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).slice(0, 3).map(Number).reduce((x, y) => x + y));
	await page.emulateMedia({ colorScheme: 'light' });
	assert.ok((await back()) > 600);
	await page.emulateMedia({ colorScheme: 'dark' });
	assert.ok((await back()) < 200);
	await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
	// Colours of our own are gone: what only they said must still be told by edges.
	for (const what of ['#write button.primary', '#text', '.card', '#log .msg .body'])
		assert.notEqual(await page.locator(what).first().evaluate((x) => getComputedStyle(x).borderTopStyle), 'none', `${what} has an edge`);
	await looksGood(page, 'forced colours');
	await page.emulateMedia({ forcedColors: 'none', media: 'print' });
	assert.equal(await page.locator('#write').isVisible(), false);
	assert.equal(await page.locator('#log .msg').first().isVisible(), true);
	await leave(page);
});
