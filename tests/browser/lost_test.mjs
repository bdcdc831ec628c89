// Slow networks, lost connections, reloads: nothing typed is lost, nothing is sent twice, and the page says how things stand.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { PASSWORD, start, until } from '../http/lib.mjs';
import { ask, browser, composing, drain, leave, looksGood, signIn, smallTargets, stopClock, visit } from './lib.mjs';

let b, desk, ann;

before(async () => {
	desk = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off' }, people: { ann: 'moderator', ben: 'helper', cal: 'helper' } });
	ann = await desk.login('ann');
	b = await browser();
});
afterEach(() => drain(ann));
after(async () => {
	await b?.close();
	await desk?.stop();
});

const QUESTION = 'How do I add a picture of the bridge?';
const own = (page, text) => page.locator('#log .msg.own', { hasText: text });
const words = async (page) => (await page.request.get(`/api/v1${new URL(page.url()).pathname.replace('/q/', '/questions/')}`)).json();
const kept = async (page, text) => (await words(page)).log.filter((x) => x.body === text).length;
const helper = async () => {
	const ben = await visit(b, desk);
	await signIn(ben, 'ben');
	await ben.locator('#queue .item').first().waitFor();
	await ben.keyboard.press('g');
	await composing(ben);
	return ben;
};

test('the asker\'s words survive a reload', async () => {
	const page = await visit(b, desk);
	await page.goto('/');
	await page.fill('#body', 'Half a question');
	await page.fill('#title', 'A title');
	await page.reload();
	assert.equal(await page.inputValue('#body'), 'Half a question');
	assert.equal(await page.inputValue('#title'), 'A title');
	await ask(page, QUESTION);
	await page.fill('#text', 'Half a message');
	await page.reload();
	assert.equal(await page.inputValue('#text'), 'Half a message');
	await leave(page);
});

test('a message that finds no connection says so, goes out by itself when it is back, and once', async () => {
	const page = await visit(b, desk);
	await ask(page, QUESTION);
	await page.context().setOffline(true);
	await page.fill('#text', 'Written in a tunnel.');
	await page.click('#write button.primary');
	await page.getByText('Not sent yet. Your words are safe here').waitFor();
	await own(page, 'Written in a tunnel.').locator('.badge', { hasText: 'not sent yet' }).waitFor();
	assert.equal(await page.inputValue('#text'), 'Written in a tunnel.');
	await page.locator('#net', { hasText: 'The connection is interrupted.' }).waitFor();
	assert.match(await page.locator('#net').textContent(), /Trying again in /);
	await page.context().setOffline(false);
	await own(page, 'Written in a tunnel.').and(page.locator(':not(.pending)')).first().waitFor();
	await until(async () => (await page.inputValue('#text')) === '', 'the box to be empty');
	await until(async () => (await own(page, 'Written in a tunnel.').count()) === 1, 'it once on the page');
	assert.equal(await page.locator('#write-failed').isVisible(), false);
	assert.equal(await kept(page, 'Written in a tunnel.'), 1);
	await page.reload();
	assert.equal(await page.inputValue('#text'), '', 'what was sent is no draft');
	await leave(page);
});

test('the answer is lost, not the message: the second try, a second click and a reload change nothing', async () => {
	const page = await visit(b, desk);
	await ask(page, QUESTION);
	// The server takes it; the answer never comes.
	const lose = async (times) => {
		let left = times;
		await page.route('**/messages', async (route) => {
			if (left-- > 0) {
				await route.fetch();
				return route.abort('connectionreset');
			}
			return route.continue();
		});
	};
	await lose(1);
	await page.fill('#text', 'Did this arrive?');
	await page.click('#write button.primary');
	await page.locator('#write-failed').waitFor();
	// The second click is the second try.
	await page.click('#write button.primary');
	await until(async () => (await page.inputValue('#text')) === '', 'the box to be empty');
	assert.equal(await kept(page, 'Did this arrive?'), 1);
	await page.unrouteAll();

	await lose(2);
	await page.fill('#text', 'And this?');
	await page.click('#write button.primary');
	await page.getByText('Your message could not be sent.').waitFor();
	assert.equal(await page.inputValue('#text'), 'And this?');
	await page.unrouteAll();
	await page.reload();
	assert.equal(await page.inputValue('#text'), 'And this?');
	await page.click('#write button.primary');
	await until(async () => (await page.inputValue('#text')) === '', 'the box to be empty');
	assert.equal(await kept(page, 'And this?'), 1, 'the same message, also after a reload');
	await leave(page);
});

test('changing the words while the second try waits calls it off', async () => {
	const page = await visit(b, desk);
	await ask(page, QUESTION);
	await page.context().setOffline(true);
	await page.fill('#text', 'Wrong words');
	await page.click('#write button.primary');
	await page.getByText('Not sent yet.').waitFor();
	await page.fill('#text', 'Better words');
	await page.getByText('Your message could not be sent.').waitFor();
	await page.context().setOffline(false);
	await page.locator('#net').waitFor({ state: 'hidden' });
	assert.equal(await page.inputValue('#text'), 'Better words');
	await page.click('#write button.primary');
	await until(async () => (await kept(page, 'Better words')) === 1, 'the better words');
	assert.equal(await kept(page, 'Wrong words'), 0);
	await leave(page);
});

test('the connection line: quiet at first, loud when it lasts, and it says when it tries again', async () => {
	const page = await visit(b, desk);
	await page.clock.install();
	await ask(page, QUESTION);
	await stopClock(page);
	await page.context().setOffline(true);
	await page.clock.runFor(1000);
	assert.equal(await page.locator('#net').isVisible(), false, 'a blink is not worth a word');
	// How long each try takes to fail is not for this clock to say.
	const tick = (seen) => until(async () => (await page.clock.runFor(1000), seen.count()), String(seen));
	await tick(page.locator('#net:visible'));
	assert.equal(await page.locator('#net.loud').count(), 0);
	assert.match(await page.locator('#net').textContent(), /kept\. Trying again in (one second|\d+ seconds)\./);
	await tick(page.locator('#net.loud'));
	await page.context().setOffline(false);
	await tick(page.getByText('Connected again.'));
	assert.equal(await page.locator('#net.loud').count(), 0);
	await leave(page);
});

test('after sleep the page connects anew and catches up, though nothing seemed broken', async () => {
	const page = await visit(b, desk);
	await page.clock.install();
	const streams = [];
	page.on('request', (r) => /\/events\?/.test(r.url()) && streams.push(r.url()));
	await ask(page, QUESTION);
	await until(() => streams.length === 1, 'the stream');
	await page.clock.runFor(20_000);
	assert.equal(streams.length, 1, 'an awake page stays with its stream');
	// The lid is closed: time goes by, nothing runs.
	await page.clock.fastForward('20:00');
	await page.clock.runFor(6000);
	await until(() => streams.length >= 2, 'a new stream');
	const t = await ann.json('POST', '/api/v1/queue/next', {});
	await ann.json('POST', `/api/v1/tickets/${t.body.id}/messages`, { body: 'Good morning!', fence: t.body.lease.fence });
	await page.locator('#log .msg.other', { hasText: 'Good morning!' }).waitFor();
	await leave(page);
});

test('a question asked without a connection stays on its page and goes out once it is back', async () => {
	const page = await visit(b, desk);
	await page.goto('/');
	await page.fill('#body', 'Who looks after the list of bridges?');
	await page.context().setOffline(true);
	await page.click('#ask button.primary');
	await page.getByText('Not sent yet. Your words are safe here').waitFor();
	assert.equal(await page.inputValue('#body'), 'Who looks after the list of bridges?');
	await page.context().setOffline(false);
	await page.waitForURL(/\/q\//);
	await page.getByRole('heading', { name: 'Your question is here' }).waitFor();
	assert.equal((await ann.get('/api/v1/queue')).body.items.length, 1);

	// The question is taken, its answer lost: sent again from the restored form it is the same question.
	await page.goto('/');
	await page.fill('#body', 'And who looks after the list of towers?');
	await page.route((url) => url.pathname === '/', async (route) => {
		if (route.request().method() !== 'POST') return route.continue();
		await route.fetch({ maxRedirects: 0 });
		return route.abort('connectionreset');
	});
	await page.click('#ask button.primary');
	await until(async () => (await ann.get('/api/v1/queue')).body.items.length === 2, 'the question at the desk');
	await until(() => page.url().startsWith('chrome-error:'), 'the page to say that it failed');
	await page.unrouteAll();
	await page.goto('/');
	assert.equal(await page.inputValue('#body'), 'And who looks after the list of towers?');
	await page.click('#ask button.primary');
	await page.waitForURL(/\/q\//);
	assert.equal((await ann.get('/api/v1/queue')).body.items.length, 2, 'not asked twice');
	await page.goto('/');
	assert.equal(await page.inputValue('#body'), '', 'what was asked is no draft');
	await leave(page);
});

test('a helper\'s tab crashes: the silence gives the claim back, and what was typed is there in another tab', async () => {
	const short = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_LEASE_S: '12' }, people: { ben: 'helper' } });
	const [asker, ben] = [await visit(b, short), await visit(b, short)];
	await signIn(ben, 'ben');
	await ask(asker, QUESTION, { title: 'The bridge' });
	await ben.locator('#queue .item', { hasText: 'The bridge' }).waitFor();
	await ben.keyboard.press('g');
	await composing(ben);
	await ben.fill('#text', 'First you need a free');
	await ben.getByText('Draft kept').waitFor();
	const url = ben.url();
	const crashed = ben.waitForEvent('crash');
	ben.goto('chrome://crash').catch(() => {});
	await crashed;
	await asker.getByText('Your helper had to leave.').waitFor();
	const again = await ben.context().newPage();
	await again.goto(url);
	await again.getByRole('button', { name: /Take this one/ }).click();
	await composing(again);
	assert.equal((await again.inputValue('#text')).trim(), 'First you need a free');
	for (const p of [asker, ben]) await leave(p);
	await short.stop();
});

test('a helper\'s reply: kept through a reload without a connection, sent by itself when it is back, once', async () => {
	const page = await visit(b, desk);
	await ask(page, QUESTION);
	const ben = await helper();
	const url = ben.url();
	await ben.context().setOffline(true);
	await ben.fill('#text', 'Written on a train');
	await ben.getByText('Draft not kept').waitFor();
	await ben.locator('#net', { hasText: 'The live connection is interrupted.' }).waitFor();
	await ben.context().setOffline(false);
	// Loaded anew before the draft was kept by the server: this tab has it.
	await ben.route('**/draft', (route) => route.abort());
	await ben.goto(url);
	assert.equal(await ben.inputValue('#text'), 'Written on a train');
	await ben.unrouteAll();
	await ben.context().setOffline(true);
	await ben.click('#send');
	await ben.getByText('Not sent yet. Your words are safe here').waitFor();
	await ben.context().setOffline(false);
	await page.locator('.msg.other', { hasText: 'Written on a train' }).waitFor();
	await until(async () => (await ben.inputValue('#text')) === '', 'the box to be empty');
	await until(async () => (await own(ben, 'Written on a train').count()) === 1, 'it once');
	assert.equal(await kept(page, 'Written on a train'), 1);
	await ben.reload();
	assert.equal((await ben.inputValue('#text')).trim(), '', 'what was sent is no draft');
	for (const p of [page, ben]) await leave(p);
});

for (const script of [true, false])
	test(`a session that ends while a helper writes: the words are in the box after logging in, ${script ? 'live' : 'without scripts'}`, async () => {
		const page = await visit(b, desk);
		await ask(page, QUESTION);
		await leave(page);
		const cal = await visit(b, desk, { script, lang: script ? 'en' : 'ar', width: script ? 1280 : 390 });
		await signIn(cal, 'cal');
		await cal.locator('#next-form button').click();
		await cal.locator('#composer').waitFor();
		const url = cal.url();
		if (script) await cal.waitForLoadState();
		// Nothing but the button tells the page: what it asks for by itself meets a server that is away.
		if (script) for (const where of ['**/draft', '**/desk', '**/desk?*', '**/events?*']) await cal.route(where, (route) => route.abort());
		await cal.fill('#text', 'A long answer');
		const sign = await cal.context().cookies();
		await cal.context().clearCookies();
		await cal.locator(script ? '#send' : '#composer button.primary').click();
		await cal.locator('#password').waitFor();
		await cal.unrouteAll();
		if (!script) {
			assert.equal((await cal.inputValue('#kept')).trim(), 'A long answer');
		}
		await cal.fill('#name', 'cal');
		await cal.fill('#password', PASSWORD);
		await cal.click('main button.primary');
		await cal.waitForURL(url);
		assert.equal((await cal.inputValue('#text')).trim(), 'A long answer');
		if (!script) {
			// The old page's token is the old session's: sent under the new one, nothing is done and nothing lost.
			const old = await cal.context().newPage();
			await old.goto(url);
			await cal.context().clearCookies();
			await cal.context().addCookies(sign);
			await old.fill('#text', 'Under another session');
			await old.locator('#composer button.primary').click();
			await old.locator('#kept').waitFor();
			assert.equal((await old.inputValue('#kept')).trim(), 'Under another session');
			await old.locator('main a.button').click();
			await old.waitForURL(url);
			await old.close();
		}
		await leave(cal);
	});

test('a session that ends over a form: what was typed is there to be copied', async () => {
	for (const [lang, width] of [['en', 1280], ['ar', 360]]) {
		const cal = await visit(b, desk, { lang, width });
		await signIn(cal, 'cal');
		await cal.goto('/desk/canned');
		await cal.fill('#title', 'Mills');
		await cal.fill('textarea', 'Words that took long');
		await cal.context().clearCookies();
		await cal.locator('main form button.primary').click();
		await cal.locator('#password').waitFor();
		assert.equal(await cal.inputValue('#kept'), 'Mills\n\nWords that took long');
		await looksGood(cal, 'the login with what was written');
		await cal.fill('#name', 'cal');
		await cal.fill('#password', PASSWORD);
		await cal.click('main button.primary');
		await cal.locator('main a.button').waitFor();
		assert.equal(await cal.inputValue('#kept'), 'Mills\n\nWords that took long');
		await looksGood(cal, 'the way back');
		assert.deepEqual(await smallTargets(cal), []);
		await cal.locator('main a.button').click();
		await cal.waitForURL('**/desk/canned');
		await leave(cal);
	}
});

/** Lets the server take the next request there, and holds its answer back until release(). */
async function held(page, where) {
	let release, taken;
	const gate = new Promise((resolve) => (release = resolve));
	const there = new Promise((resolve) => (taken = resolve));
	await page.route(where, async (route) => {
		const response = await route.fetch();
		taken();
		await gate;
		await route.fulfill({ response });
	}, { times: 1 });
	return { release, there };
}

test('what is typed and sent while a message is on its way is the next one, and goes behind it', async () => {
	const page = await visit(b, desk);
	await ask(page, QUESTION);
	const { release, there } = await held(page, '**/messages');
	await page.fill('#text', 'The first line.');
	await page.locator('#text').press('Control+Enter');
	await there;
	await page.locator('#text').press('Control+Enter');
	await page.locator('#text').pressSequentially('The second line.');
	await page.locator('#text').press('Control+Enter');
	await page.locator('#text').pressSequentially('Half a third');
	release();
	await until(async () => (await page.inputValue('#text')) === 'Half a third', 'both to be sent');
	assert.deepEqual((await words(page)).log.map((x) => x.body).filter((x) => /line\./.test(x)), ['The first line.', 'The second line.']);
	await page.reload();
	assert.equal(await page.inputValue('#text'), 'Half a third');
	await leave(page);
});

test('a note stays a note while another is typed behind it', async () => {
	const page = await visit(b, desk);
	await ask(page, QUESTION);
	const ben = await helper();
	const { release, there } = await held(ben, '**/notes');
	await ben.keyboard.press('n');
	await ben.keyboard.type('Ask Maren.');
	await ben.keyboard.press('Control+Enter');
	await there;
	await ben.keyboard.type('She wrote the last one.');
	release();
	await until(async () => (await ben.inputValue('#text')) === 'She wrote the last one.', 'the first note to arrive');
	await ben.keyboard.press('Control+Enter');
	await ben.locator('.msg.note:not(.pending)', { hasText: 'She wrote' }).waitFor();
	assert.doesNotMatch(JSON.stringify(await words(page)), /Maren|She wrote/, 'a note never reaches the asker');
	for (const p of [page, ben]) await leave(p);
});

test('an older draft that arrives late does not bring back what was sent', async () => {
	const page = await visit(b, desk);
	await ask(page, QUESTION);
	const ben = await helper();
	let release, sent;
	const gate = new Promise((resolve) => (release = resolve));
	const there = new Promise((resolve) => (sent = resolve));
	await ben.route('**/draft', async (route) => {
		sent();
		await gate;
		await route.continue();
	}, { times: 1 });
	await ben.fill('#text', 'Here is the answer.');
	await there;
	await ben.click('#send');
	await own(ben, 'Here is the answer.').and(ben.locator(':not(.pending)')).waitFor();
	await until(async () => (await ben.inputValue('#text')) === '', 'the box to be empty');
	const last = ben.waitForResponse((r) => /\/draft$/.test(r.url()) && r.request().postData() === '{"body":""}');
	release();
	await last;
	await ben.reload();
	assert.equal((await ben.inputValue('#text')).trim(), '');
	for (const p of [page, ben]) await leave(p);
});

test('a renewal that the server could not answer is tried again by itself', async () => {
	const ben = await visit(b, desk);
	await signIn(ben, 'ben');
	let refused = 0;
	await ben.route('**/desk*', (route) => (refused++ ? route.fallback() : route.fulfill({ status: 503, body: '' })));
	const r = await desk.json('POST', '/api/v1/questions', { body: QUESTION, title: 'The only news', lang: 'en' });
	assert.equal(r.status, 201, r.text);
	await ben.locator('#queue .item', { hasText: 'The only news' }).waitFor();
	assert.ok(refused > 1, 'the first renewal failed');
	await leave(ben);
});
