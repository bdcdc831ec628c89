// Newcomers: asking, waiting, talking, coming back, taking leave; with scripts and without, on a phone, by keyboard, from right to left.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { PASSWORD, start, until } from '../http/lib.mjs';
import { ask, browser, drain, leave, looksGood, smallTargets, visit } from './lib.mjs';

const QUESTION = 'How do I add a source to the article about the old water mill?';
let b, desk, ann;

before(async () => {
	desk = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_WIKI_URL: 'https://wiki.example.org/wiki', PORCHLIGHT_TOPICS: 'Editing, Images', PORCHLIGHT_EMERGENCY_TEXT: 'Call 112.' }, people: { ann: 'moderator' } });
	ann = await desk.login('ann');
	b = await browser();
});
after(async () => {
	await b?.close();
	await desk?.stop();
});

afterEach(() => drain(ann));

const claimNext = async () => {
	const r = await ann.json('POST', '/api/v1/queue/next', {});
	assert.equal(r.status, 200, r.text);
	return r.body;
};
const say = async (t, body) => {
	const r = await ann.json('POST', `/api/v1/tickets/${t.id}/messages`, { body, fence: t.lease.fence });
	assert.equal(r.status, 201, r.text);
	return r.body;
};
const close = (t) => ann.json('POST', `/api/v1/tickets/${t.id}/close`, { fence: t.lease.fence, reason: 'answered' });

test('a question becomes a live conversation, and stays', async () => {
	const page = await visit(b, desk);
	await ask(page, QUESTION, { title: 'A source for the mill', name: 'Maren' });
	assert.match(await page.title(), /^Your conversation/);
	await page.getByRole('heading', { name: 'Your question is here' }).waitFor();
	assert.equal(await page.locator('#position').textContent(), 'You are next.');

	const t = await claimNext();
	await say(t, 'Hello Maren! Put it between **ref** tags.');
	await page.locator('#log .msg.other').waitFor();
	assert.match(await page.locator('#log .msg.other .body').innerText(), /between ref tags/);
	assert.equal(await page.locator('#log .msg.other .body strong').count(), 1);
	await page.getByRole('heading', { name: 'ann is helping you' }).or(page.getByRole('heading', { name: /is helping you/ })).waitFor();

	await page.fill('#text', 'Thank you, that <b>works</b>!');
	await page.keyboard.press('Control+Enter');
	await page.locator('#log .msg.own', { hasText: 'that <b>works</b>' }).first().waitFor();
	await until(async () => (await page.inputValue('#text')) === '', 'the composer to be empty once the message is kept');
	await until(async () => (await ann.get(`/api/v1/tickets/${t.id}`)).text.includes('Thank you, that'), 'the message at the desk');
	await until(async () => (await page.locator('#log .msg.own', { hasText: 'that <b>works</b>' }).count()) === 1, 'the message once');

	// Another device, another day: the link is all that is needed.
	const other = await visit(b, desk, { width: 390 });
	await other.goto(page.url());
	await other.locator('#log .msg', { hasText: 'Hello Maren!' }).waitFor();
	await leave(other);

	await close(t);
	await page.getByRole('heading', { name: 'This conversation is closed' }).waitFor();
	await page.getByLabel('Yes', { exact: true }).check();
	await page.fill('#comment', 'Friendly and quick.');
	await page.getByRole('button', { name: 'Tell us' }).click();
	await page.getByText('Thank you for telling us.').waitFor();
	await page.getByRole('button', { name: 'Open it again' }).click();
	await page.getByRole('heading', { name: 'Your question is here' }).waitFor();
	await leave(page);
	const again = await claimNext();
	await close(again);
});

test('what stands around the message box follows the conversation, and leaves what is typed, the caret and the focus', async () => {
	const page = await visit(b, desk);
	await ask(page, QUESTION);
	const label = page.locator('#write label');
	const hint = page.locator('#write-hint');
	assert.deepEqual([await label.innerText(), await hint.innerText()], ['Add something to your question', 'You can add a few things until somebody answers.']);
	await page.locator('#text').focus();
	await page.keyboard.type('The mill has two doors');
	await page.evaluate(() => document.querySelector('#text').setSelectionRange(4, 8, 'backward'));
	const box = () => page.evaluate(() => {
		const x = document.querySelector('#text');
		return [x.value, x.selectionStart, x.selectionEnd, x.selectionDirection, document.activeElement === x];
	});
	const t = await claimNext();
	await page.getByRole('heading', { name: /is helping you/ }).waitFor();
	await say(t, 'Which mill is it?');
	await until(async () => (await label.innerText()) === 'Your message', 'the label to follow');
	assert.notEqual(await hint.innerText(), 'You can add a few things until somebody answers.');
	assert.deepEqual(await box(), ['The mill has two doors', 4, 8, 'backward', true]);
	await close(t);
	await page.getByRole('heading', { name: 'This conversation is closed' }).waitFor();
	await until(async () => (await label.innerText()) !== 'Your message', 'the label to follow to the end');
	assert.deepEqual(await box(), ['The mill has two doors', 4, 8, 'backward', true]);
	await leave(page);
});

test('a rating that was begun stays while the page renews itself', async () => {
	const page = await visit(b, desk);
	await ask(page, QUESTION);
	const t = await claimNext();
	await say(t, 'There it is.');
	await page.getByText('There it is.').waitFor();
	await close(t);
	await page.getByRole('heading', { name: 'This conversation is closed' }).waitFor();
	const yes = page.locator('input[name=helped][value=yes]');
	const nonce = () => page.locator('form[action$="/rating"] input[name=form]').inputValue();
	await yes.check();
	await page.fill('#comment', 'Very kind');
	await page.locator('#text').focus();
	const before = await nonce();
	await page.evaluate(() => document.dispatchEvent(new Event('porchlight:look')));
	await until(async () => (await nonce()) !== before, 'the form to be renewed');
	assert.deepEqual([await page.inputValue('#comment'), await yes.isChecked()], ['Very kind', true]);
	await leave(page);
});

test('everything without scripts (P10)', async () => {
	const page = await visit(b, desk, { script: false, width: 390 });
	await page.goto('/?page=Old_water_mill');
	assert.equal(await page.locator('input[name="page"]').inputValue(), 'Old_water_mill');
	await page.fill('#title', 'About the mill');
	await page.fill('#name', 'Jo <script>');
	await page.click('#ask button.primary');
	await page.getByText('Please write your question here.').waitFor();
	assert.equal(await page.inputValue('#title'), 'About the mill');
	assert.equal(await page.inputValue('#name'), 'Jo <script>');

	await page.fill('#body', 'hello');
	await page.click('#ask button.primary');
	await page.getByRole('heading', { name: 'Hello! What would you like to know?' }).waitFor();
	assert.equal((await page.inputValue('#body')).trim(), 'hello');

	await page.fill('#body', QUESTION);
	await page.click('#ask button.primary');
	await page.waitForURL(/\/q\//);
	const url = page.url();
	assert.match(await page.content(), /<noscript><meta http-equiv="refresh" content="30">/);
	assert.equal(await page.locator('#write').isVisible(), false, 'nothing can be typed on a page that loads itself again');

	const t = await claimNext();
	await say(t, 'Good evening. Which mill is it?');
	await page.goto(url);
	await page.getByText('Which mill is it?').waitFor();
	await page.getByRole('link', { name: 'Write a message' }).click();
	assert.doesNotMatch(await page.content(), /http-equiv="refresh"/, 'no page loads itself again while somebody types');
	await page.fill('#text', '   ');
	await page.click('#write button.primary');
	await page.getByText('Please write something first.').first().waitFor();
	await page.fill('#text', 'The one in Oberau.');
	await page.click('#write button.primary');
	await page.locator('.msg.own', { hasText: 'The one in Oberau.' }).waitFor();
	assert.equal((await ann.get(`/api/v1/tickets/${t.id}`)).text.includes('The one in Oberau.'), true);

	// A reply to a certain message.
	await page.locator('.msg.other').getByRole('link', { name: /Reply to this message/ }).click();
	await page.fill('#text', 'This answers you.');
	await page.click('#write button.primary');
	await page.locator('.msg.own', { hasText: 'This answers you.' }).locator('.quote', { hasText: 'Which mill is it?' }).waitFor();

	await page.getByRole('link', { name: 'Close this conversation' }).click();
	await page.getByRole('button', { name: 'Yes, close it' }).click();
	await page.getByRole('heading', { name: 'This conversation is closed' }).waitFor();
	await page.getByRole('button', { name: 'Open it again' }).click();
	await page.getByRole('heading', { name: 'Your question is here' }).waitFor();

	await page.getByText('More about your link and your words').click();
	await page.getByRole('button', { name: 'Make a new link' }).click();
	await page.getByText('This is your new link.').waitFor();
	assert.notEqual(new URL(page.url()).pathname, new URL(url).pathname);
	const old = await page.request.get(url);
	assert.equal(old.status(), 404);

	await page.getByRole('link', { name: 'Take my question back' }).click();
	await page.getByRole('link', { name: 'Cancel' }).click();
	await page.getByText('More about your link and your words').click();
	await page.getByRole('link', { name: 'Erase my conversation' }).click();
	await page.getByRole('button', { name: 'Yes, erase it all' }).click();
	await page.getByRole('heading', { name: 'The words are erased' }).waitFor();
	assert.doesNotMatch(await page.content(), /Oberau|mill/);
	await leave(page);
});

test('a refused question is explained kindly and can be appealed', async () => {
	const page = await visit(b, desk, { script: false });
	// Two kinds of evidence refuse at once; whatever the rules of the day say, held or refused are both told.
	await ask(page, 'Buy cheap viagra online http://pills-shop.example.top/buy and win at our online casino bonus http://casino-win.example.xyz/join now!!! WhatsApp +1 555 010 0000');
	const body = await page.locator('main').innerText();
	assert.match(body, /A person will look at this first|We could not pass this on/);
	assert.match(body, /Call 112\./);
	if (/could not pass/.test(body)) {
		assert.doesNotMatch(body, /viagra/, 'a refused text is shown on request only');
		await page.getByRole('link', { name: 'Show what I wrote' }).click();
		await page.getByText('Buy cheap viagra').waitFor();
		await page.fill('#why', 'I only wanted to ask whether this is allowed.');
		await page.getByRole('button', { name: 'Please read it again' }).click();
		await page.getByRole('heading', { name: 'A person will read it again' }).waitFor();
	}
	await leave(page);
});

test('before a helper answers, no link of a stranger is live', async () => {
	const page = await visit(b, desk);
	await ask(page, 'Is https://example.org/page a good source for the mill?');
	await page.getByText('Written by a visitor').waitFor();
	assert.equal(await page.locator('#log a[href^="http"]').count(), 0);
	const t = await claimNext();
	await say(t, 'It is.');
	await page.locator('#log .msg.other').waitFor();
	await page.reload();
	assert.equal(await page.locator('#log .msg.own a[href="https://example.org/page"]').count(), 1);
	await leave(page);
	await close(t);
});

test('a lost connection says so, keeps what is typed, and catches up', async () => {
	const page = await visit(b, desk);
	await ask(page, QUESTION);
	const t = await claimNext();
	await say(t, 'First.');
	await page.getByText('First.').waitFor();
	await page.context().setOffline(true);
	await page.fill('#text', 'I am still typing');
	await page.click('#write button.primary');
	await page.locator('#write-failed').waitFor();
	assert.equal(await page.inputValue('#text'), 'I am still typing');
	await page.getByText('The connection is interrupted.').waitFor();
	await say(t, 'Second, while you were away.');
	await page.context().setOffline(false);
	await page.getByText('Second, while you were away.').waitFor();
	await page.click('#write button.primary');
	await page.locator('#log .msg.own', { hasText: 'I am still typing' }).waitFor();
	assert.equal(await page.locator('#log .msg', { hasText: 'Second, while' }).count(), 1, 'each entry once');
	await leave(page);
	await close(t);
});

test('a double click asks once, a form from elsewhere is shown again', async () => {
	const page = await visit(b, desk);
	await page.goto('/');
	await page.fill('#body', 'Why was my edit to the mill taken back twice?');
	await page.locator('#ask button.primary').dblclick();
	await page.waitForURL(/\/q\//);
	assert.equal((await ann.get('/api/v1/queue')).body.items.length, 1);
	const fields = { body: QUESTION, form: (await desk.get('/')).text.match(/name="form" value="([^"]+)"/)[1] };
	const once = await desk.form('/', fields);
	const twice = await desk.form('/', fields);
	assert.deepEqual([once.status, twice.status], [303, 303]);
	assert.equal(once.headers.location, twice.headers.location);
	assert.equal((await ann.get('/api/v1/queue')).body.items.length, 2);

	const html = await desk.form('/', { body: QUESTION }, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' });
	assert.equal(html.status, 403);
	assert.match(html.text, /How do I add a source/);
	await leave(page);
});

test('by keyboard alone', async () => {
	const page = await visit(b, desk);
	await page.goto('/');
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
	await page.keyboard.press('Enter');
	for (let i = 0; i < 12 && (await page.evaluate(() => document.activeElement.id)) !== 'body'; i++) await page.keyboard.press('Tab');
	const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
	assert.equal(ring, '3px');
	await page.keyboard.type('Can I move a page about a village by myself?');
	for (let i = 0; i < 12 && (await page.evaluate(() => document.activeElement.tagName)) !== 'BUTTON'; i++) await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await page.waitForURL(/\/q\//);
	await page.getByRole('heading', { name: 'Your question is here' }).waitFor();
	await leave(page);
	const t = await claimNext();
	await close(t);
});

test('a phone and a right-to-left language', async () => {
	for (const lang of ['en', 'ar', 'de']) {
		const page = await visit(b, desk, { width: 360, height: 740, lang });
		await page.goto('/');
		assert.equal(await page.getAttribute('html', 'dir'), lang === 'ar' ? 'rtl' : 'ltr');
		await looksGood(page, `ask, ${lang}, phone`);
		assert.deepEqual(await smallTargets(page), []);
		await page.fill('#body', 'كيف أضيف صورة إلى المقالة عن الطاحونة القديمة؟ https://example.org/averyveryverylongaddresswithoutanyplacetobreakitatall/andmore');
		await page.click('#ask button.primary');
		await page.waitForURL(/\/q\//);
		await page.locator('#log .msg').first().waitFor();
		await looksGood(page, `conversation, ${lang}, phone`);
		assert.deepEqual(await smallTargets(page), []);
		await leave(page);
		const t = await claimNext();
		await close(t);
	}
});

test('the language that was chosen stays', async () => {
	const page = await visit(b, desk);
	await page.goto('/');
	await page.getByRole('link', { name: 'Deutsch' }).click();
	await page.getByRole('heading', { name: 'Wobei können wir Ihnen helfen?' }).waitFor();
	await page.goto('/about');
	await page.getByRole('heading', { name: 'Ein Licht vor der Tür' }).waitFor();
	await leave(page);
});

test('the language that was chosen stays without cookies, also where the page renews itself', async () => {
	const page = await visit(b, desk);
	const forget = () => page.context().clearCookies();
	await page.goto('/');
	await page.getByRole('link', { name: 'Deutsch' }).click();
	await page.getByRole('heading', { name: 'Wobei können wir Ihnen helfen?' }).waitFor();
	await forget();
	await page.fill('#body', QUESTION);
	await page.click('#ask button.primary');
	await page.waitForURL(/\/q\/[\w-]+\?uselang=de$/);
	await page.getByRole('heading', { name: 'Ihre Frage ist angekommen' }).waitFor();
	await forget();
	const t = await claimNext();
	await page.getByRole('heading', { name: /hilft Ihnen/ }).waitFor();
	await forget();
	await page.locator('.actions a').first().click();
	await page.waitForURL(/\/close\?uselang=de$/);
	assert.equal(await page.getAttribute('html', 'lang'), 'de');
	await leave(page);
	await close(t);
});

test('this device remembers the way back, and forgets it', async () => {
	const page = await visit(b, desk);
	const url = await ask(page, 'Where do I find the rules about pictures?');
	await page.goto('/');
	await page.getByRole('link', { name: /Go back to your conversation/ }).click();
	assert.equal(page.url(), url);
	await page.getByText('More about your link and your words').click();
	await page.getByRole('button', { name: 'Forget this device' }).click();
	await page.waitForURL(/\/$/);
	assert.equal(await page.locator('#back').isVisible(), false);
	// The form forgets too: whoever sits down next does not find the way there.
	await page.goto(url);
	await page.goto('/');
	await page.locator('#back').getByRole('button', { name: 'Forget this device' }).click();
	assert.equal(await page.locator('#back').isVisible(), false);
	await page.reload();
	assert.equal(await page.locator('#back').isVisible(), false);
	await leave(page);
	const t = await claimNext();
	await close(t);
});

test('a long conversation: a way to its end; on paper only the conversation', async () => {
	const page = await visit(b, desk, { width: 390 });
	await ask(page, 'How do I count to thirty?');
	assert.equal(await page.getByRole('link', { name: 'To the newest message' }).count(), 0);
	const t = await claimNext();
	for (let i = 1; i <= 30; i++) await say(t, `Number ${i}, see https://example.org/${i} or [here](https://example.org/there).`);
	await page.reload();
	await page.evaluate(() => scrollTo(0, 0));
	await page.getByRole('link', { name: 'To the newest message' }).click();
	await until(async () => page.locator('.msg', { hasText: 'Number 30,' }).evaluate((x) => x.getBoundingClientRect().bottom < innerHeight), 'the newest message in view');
	await looksGood(page, 'a long conversation');
	await page.emulateMedia({ media: 'print' });
	for (const gone of ['.now', '.promise', '#write', '#keep', '.actions']) assert.equal(await page.locator(gone).first().isVisible(), false, gone);
	await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
	const shown = (href) => page.locator(`.body a[href="${href}"]`).first().evaluate((a) => getComputedStyle(a, '::after').content);
	assert.equal(await shown('https://example.org/30'), 'none', 'an address is not printed twice');
	assert.match(await shown('https://example.org/there'), /<.*https:\/\/example\.org\/there.*>/);
	await leave(page);
	await close(t);
});

test('a question taken back leaves the queue', async () => {
	const page = await visit(b, desk);
	await ask(page, 'Is there a list of villages without a picture?');
	await page.getByRole('link', { name: 'Take my question back' }).click();
	await page.getByRole('button', { name: 'Yes, take it back' }).click();
	await page.getByRole('heading', { name: 'This conversation is closed' }).waitFor();
	assert.equal((await ann.json('POST', '/api/v1/queue/next', {})).status, 204);
	await leave(page);
});

test('staff pages ask for a login', async () => {
	const page = await visit(b, desk);
	await page.goto('/desk/moderation');
	await page.waitForURL(/\/login/);
	await page.fill('#name', 'ann');
	await page.fill('#password', 'wrong password');
	await page.click('main button.primary');
	await page.getByText('Name or password is not right.').waitFor();
	assert.equal(await page.inputValue('#name'), 'ann');
	await page.fill('#password', PASSWORD);
	await page.click('main button.primary');
	await page.waitForURL(/\/desk\/moderation$/);
	await leave(page);
});

test('who has written as much as fits before an answer is told what to wait for', async () => {
	const page = await visit(b, desk, { width: 360, height: 780 });
	await ask(page, 'How do I add a timeline to the article about the station?');
	for (let i = 1; i <= 6; i++) {
		await page.fill('#text', `And one more thing, number ${i}`);
		await page.click('#write button.primary');
		if (i < 6) await until(async () => (await page.inputValue('#text')) === '', 'the message to be kept');
	}
	await page.getByText('Please wait until somebody has looked at it; then you can send more.').waitFor();
	assert.equal(await page.inputValue('#text'), 'And one more thing, number 6', 'nothing typed is lost');
	await looksGood(page, 'a full conversation');
	await leave(page);
});

test('the asker\'s pages weigh at most 40 KB each', async () => {
	const page = await visit(b, desk);
	const cdp = await page.context().newCDPSession(page);
	await cdp.send('Network.enable');
	let bytes = 0;
	cdp.on('Network.loadingFinished', (e) => (bytes += e.encodedDataLength));
	await ask(page, 'How heavy is this page, everything included?');
	bytes = 0;
	await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
	await page.goto(page.url());
	await page.locator('#log .msg').first().waitFor();
	console.log(`# the asker's conversation weighs ${bytes} bytes on the wire`);
	assert.ok(bytes > 1000 && bytes <= 40 * 1024, `${bytes} bytes`);
	bytes = 0;
	await page.goto('/');
	await page.waitForLoadState('networkidle');
	console.log(`# the ask page weighs ${bytes} bytes on the wire`);
	assert.ok(bytes > 1000 && bytes <= 40 * 1024, `${bytes} bytes`);
	await leave(page);
	const t = await claimNext();
	await close(t);
});
