// Helpers, moderators and admins at work, two and three people at once.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { rules } from '../http/api.mjs';
import { PASSWORD, start, until } from '../http/lib.mjs';
import { ask, browser, composing, drain, leave, looksGood, signIn, visit } from './lib.mjs';

let b, desk, ann;
// Held by a rule of the tests' own: what the shipped rules make of an offer changes with them.
const SPAM = 'please hold this letter, which speaks of guest posts and of a garden';

before(async () => {
	desk = await start({
		env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_TOPICS: 'Editing, Images' },
		people: { ann: 'admin', ben: 'helper', mod: 'moderator', tim: 'trial', ula: 'helper' },
	});
	ann = await desk.login('ann');
	await rules(ann);
	b = await browser();
});
afterEach(() => drain(ann));
after(async () => {
	await b?.close();
	await desk?.stop();
});

const question = async (body, more = {}) => {
	const r = await desk.json('POST', '/api/v1/questions', { body, ...more });
	assert.equal(r.status, 201, r.text);
	return r.body;
};

test('three people: a newcomer, a helper by keyboard, a moderator who looks on', async () => {
	const [asker, ben, mod] = [await visit(b, desk, { width: 390 }), await visit(b, desk), await visit(b, desk, { dark: true })];
	await signIn(ben, 'ben');
	await signIn(mod, 'mod');
	await ben.getByText('Nobody is waiting. Well done.').waitFor();
	await ben.getByRole('button', { name: 'Go on duty' }).click();
	await ben.getByText('You are on duty.').waitFor();
	await asker.goto('/');
	await asker.getByRole('heading', { name: 'Helpers are here now' }).waitFor();

	await ask(asker, 'Why is my picture of the mill marked for deletion?', { title: 'My picture of the mill', name: 'Maren' });
	await ben.locator('#queue .item', { hasText: 'My picture of the mill' }).waitFor();
	await ben.keyboard.press('g');
	await composing(ben);
	await asker.getByRole('heading', { name: /is helping you/ }).waitFor();
	const id = ben.url().match(/\/t\/(\d+)/)[1];
	await mod.goto(`/desk/t/${id}`);
	await mod.getByRole('button', { name: 'Take over' }).waitFor();
	assert.equal(await mod.locator('#composer').count(), 0);

	await ben.getByText('The visitor has this page open.').waitFor();
	await asker.getByText('You can talk right here.').waitFor();

	await ben.keyboard.press('r');
	await ben.keyboard.type('Hello Maren, let us look.');
	await asker.locator('#typing', { hasText: 'is writing' }).waitFor();
	await ben.keyboard.press('Control+Enter');
	await asker.locator('.msg.other', { hasText: 'let us look' }).waitFor();
	await mod.locator('.msg.own', { hasText: 'let us look' }).waitFor();
	assert.match(await asker.locator('.msg.other .verified').first().textContent(), /helper/);
	await ben.locator('.msg.own', { hasText: 'let us look' }).getByText('Read by the visitor').waitFor();

	await ben.keyboard.press('Escape');
	await ben.keyboard.press('n');
	await ben.keyboard.type('The licence tag is missing.');
	assert.equal(await ben.getAttribute('#text', 'placeholder'), 'A note for helpers; the visitor never sees it');
	await ben.keyboard.press('Control+Enter');
	await mod.locator('.msg.note', { hasText: 'licence tag' }).waitFor();

	await asker.fill('#text', 'Oh, which one do I need?');
	await asker.click('#write button.primary');
	await ben.locator('.msg.other', { hasText: 'which one do I need' }).waitFor();
	assert.doesNotMatch(await asker.content(), /licence tag/, 'a note never reaches the asker');
	await asker.locator('.msg.own', { hasText: 'which one do I need' }).getByText('Read by a helper').waitFor();
	await until(async () => (await asker.locator('.seen').count()) === 1, 'the mark to move on from the question');

	// The draft is on the server: it is there on another machine.
	await ben.fill('#text', 'CC BY-SA would be');
	await ben.getByText('Draft kept').waitFor();
	await ben.reload();
	assert.equal((await ben.inputValue('#text')).trim(), 'CC BY-SA would be');
	assert.equal(await ben.locator('.msg', { hasText: 'let us look' }).count(), 1);

	// The moderator takes over; the helper is told, nothing is lost.
	await mod.getByRole('button', { name: 'Take over' }).click();
	await composing(mod);
	await until(async () => (await ben.locator('#composer').count()) === 0, 'the composer to go');
	await ben.getByText(/holds this conversation/).waitFor();
	await mod.fill('#text', 'Hello, I go on from here.');
	await mod.click('#send');
	await asker.getByText('I go on from here.').waitFor();

	// A message of the asker's is hidden from both sides.
	await asker.fill('#text', 'My telephone number is 555 0199.');
	await asker.click('#write button.primary');
	const number = mod.locator('.msg.other', { hasText: '555 0199' });
	await number.waitFor();
	await mod.reload();
	await number.locator('[data-do="hide"]').click();
	await mod.locator('#hide').waitFor();
	assert.ok(await mod.evaluate(() => document.querySelector('#hide button').getBoundingClientRect().bottom <= document.querySelector('#thread-scroll').getBoundingClientRect().bottom), 'the question is in sight');
	await mod.locator('#hide').getByRole('button', { name: 'Hide' }).click();
	await asker.getByText('A moderator has hidden this message.').waitFor();
	assert.doesNotMatch(await asker.content(), /555 0199/);

	await mod.locator('#hide').waitFor({ state: 'detached' });
	await composing(mod);
	await mod.locator('body').press('Escape');
	await mod.keyboard.press('Shift+C');
	await mod.selectOption('#reason', 'answered');
	await mod.locator('#close form button').click();
	await asker.getByRole('heading', { name: 'This conversation is closed' }).waitFor();
	for (const p of [asker, ben, mod]) await leave(p);
});

test('a long conversation on a phone opens at its newest message, and what arrives is in sight', async () => {
	const ula = await desk.login('ula');
	const name = 'Donaudampfschifffahrtsgesellschaftskapitänin';
	assert.equal((await ula.json('PATCH', '/api/v1/session', { display: name })).status, 200);
	const { token } = await question('Why is this conversation so long?');
	const t = (await ula.json('POST', '/api/v1/queue/next', {})).body;
	for (let i = 1; i <= 30; i++) await ula.json('POST', `/api/v1/tickets/${t.id}/messages`, { body: `Answer ${i}, ${'which is of some length. '.repeat(5)}`, fence: t.lease.fence });
	for (const lang of ['en', 'ar']) {
		const asker = await visit(b, desk, { width: 360, height: 740, lang });
		await asker.goto(`/q/${token}`);
		await asker.locator('.msg.other').first().waitFor();
		await looksGood(asker, 'the name of a helper in one long word');
		await leave(asker);
	}
	const page = await visit(b, desk, { width: 360, height: 740 });
	await signIn(page, 'ula');
	await page.goto(`/desk/t/${t.id}`);
	await composing(page);
	const inSight = (text) => page.evaluate((words) => {
		const [msg, send, pane] = [[...document.querySelectorAll('#log .msg')].find((x) => x.textContent.includes(words)), document.querySelector('#send'), document.querySelector('.foot-pane')].map((x) => x?.getBoundingClientRect());
		return Boolean(msg) && send.bottom <= innerHeight && msg.bottom <= pane.top + 1 && msg.bottom > 0;
	}, text);
	await until(() => inSight('Answer 30,'), 'the newest message between the top and the box');
	for (let i = 1; i <= 3; i++) {
		await desk.json('POST', `/api/v1/questions/${token}/messages`, { body: `Word ${i} from the other side.` });
		await until(() => inSight(`Word ${i} from`), `message ${i} in sight`);
	}
	// Whoever reads further up stays there.
	await page.evaluate(() => scrollTo({ top: 300, behavior: 'instant' }));
	await desk.json('POST', `/api/v1/questions/${token}/messages`, { body: 'While you read.' });
	await page.locator('#log .msg', { hasText: 'While you read.' }).waitFor();
	assert.equal(await page.evaluate(() => scrollY), 300);
	await leave(page);
	assert.equal((await ula.json('POST', `/api/v1/tickets/${t.id}/close`, { fence: t.lease.fence, reason: 'answered' })).status, 200);
});

test('two helpers, one question', async () => {
	await question('Who may rename a page about a mill?', { title: 'Renaming' });
	const [ben, mod] = [await visit(b, desk), await visit(b, desk)];
	await signIn(ben, 'ben');
	await signIn(mod, 'mod');
	for (const p of [ben, mod]) await p.locator('#queue .item', { hasText: 'Renaming' }).click();
	await ben.getByRole('button', { name: /Take this one/ }).waitFor();
	await mod.getByRole('button', { name: /Take this one/ }).waitFor();
	await mod.evaluate(() => window.stop());
	await Promise.all([ben.getByRole('button', { name: /Take this one/ }).click(), mod.getByRole('button', { name: /Take this one/ }).click().catch(() => {})]);
	await until(async () => (await ben.locator('#composer').count()) + (await mod.locator('#composer').count()) === 1, 'one of them to hold it');
	for (const p of [ben, mod]) await leave(p);
	const t = (await ann.get('/api/v1/queue?view=all')).body.items[0];
	await ann.json('POST', `/api/v1/tickets/${t.id}/close`, { seen: t.n });
});

test('who comes too late is told, and the page they are told on goes on living', async () => {
	await question('Who looks after the list of mills?', { title: 'Late' });
	const ben = await visit(b, desk);
	await signIn(ben, 'ben');
	await ben.route('**/events?*', (route) => route.abort());
	await ben.locator('#queue .item', { hasText: 'Late' }).click();
	await ben.getByRole('button', { name: /Take this one/ }).waitFor();
	const t = await ann.json('POST', '/api/v1/queue/next', {});
	assert.equal(t.status, 200, t.text);
	await ben.unrouteAll();
	await ben.getByRole('button', { name: /Take this one/ }).click();
	await ben.locator('#problem').waitFor();
	await ben.waitForURL(/\/desk\/t\/\d+$/);
	assert.equal((await ann.json('POST', `/api/v1/tickets/${t.body.id}/release`, { fence: t.body.lease.fence })).status, 200);
	await ben.getByRole('button', { name: /Take this one/ }).waitFor();
	await leave(ben);
});

test('what waits to be pressed is not replaced by its like: the press would be lost, and the keyboard\'s place', async () => {
	await question('Who looks after the map of mills?', { title: 'Pressed' });
	const ben = await visit(b, desk);
	await signIn(ben, 'ben');
	await ben.locator('#queue .item', { hasText: 'Pressed' }).click();
	const button = ben.getByRole('button', { name: /Take this one/ });
	await button.focus();
	await ben.waitForLoadState();
	const side = await ben.locator('[data-part="side"] button').first().elementHandle();
	const renewed = ben.waitForResponse((r) => r.url() === ben.url() && r.request().resourceType() === 'fetch');
	await ben.context().setOffline(true);
	await ben.locator('#net', { hasText: 'interrupted' }).waitFor();
	await ben.context().setOffline(false);
	await (await renewed).finished();
	await ben.waitForTimeout(300);
	assert.ok(await button.evaluate((x) => x === document.activeElement));
	assert.ok(await side.evaluate((x) => x.isConnected));
	await leave(ben);
});

for (const script of [true, false])
	test(`a line about money is asked about before it goes out, ${script ? 'live' : 'without scripts'}`, async () => {
		const q = await question('How do I get my article reviewed?', { title: 'Review' });
		const ben = await visit(b, desk, { script, width: script ? 1280 : 390 });
		await signIn(ben, 'ben');
		await ben.getByRole('button', { name: /Help the next person/ }).click();
		await composing(ben);
		await ben.fill('#text', 'Pay me a small fee by PayPal, then it goes faster.');
		await ben.click('#send');
		await ben.getByText('This seems to be about money').first().waitFor();
		assert.equal((await ben.inputValue('#text')).trim(), 'Pay me a small fee by PayPal, then it goes faster.');
		const page = async () => (await desk.get(`/q/${q.token}`)).text;
		assert.doesNotMatch(await page(), /small fee/, 'it went out unasked');
		if (script) await looksGood(ben, 'asked about a line');
		await ben.getByLabel('It is right as it is.').check();
		await ben.click('#send');
		await ben.locator('.msg.own', { hasText: 'small fee' }).waitFor();
		await until(async () => /Careful: this message/.test(await page()), 'the warning');
		// The next line is an ordinary one again.
		await ben.locator('#confirm').waitFor({ state: 'hidden' });
		await ben.fill('#text', 'Or read the help page.');
		await ben.click('#send');
		await ben.locator('.msg.own', { hasText: 'Or read the help page.' }).waitFor();
		await leave(ben);
	});

test('give back, hand over, put aside, by plain forms without scripts', async () => {
	const q = await question('How do I write a footnote?', { title: 'Footnotes' });
	const ben = await visit(b, desk, { script: false });
	await signIn(ben, 'ben');
	await ben.getByRole('button', { name: /Help the next person/ }).click();
	await ben.fill('#text', 'Good day! With two **ref** tags.');
	await ben.click('#send');
	await ben.locator('.msg.own', { hasText: 'ref' }).waitFor();
	assert.match((await desk.get(`/api/v1/questions/${q.token}`)).text, /Good day!/);
	await ben.locator('#transfer summary').click();
	await ben.selectOption('#to', { label: 'mod' }).catch(async () => ben.selectOption('#to', { index: 1 }));
	await ben.fill('#to-note', 'You know this better.');
	await ben.locator('#transfer button').click();
	await ben.waitForURL(/\/desk$/);
	assert.match((await desk.get(`/q/${q.token}`)).text, /goes on helping you/);

	await question('How do I write a table?', { title: 'Tables' });
	await ben.goto('/desk');
	await ben.getByRole('button', { name: /Help the next person/ }).click();
	await ben.locator('#release summary').click();
	await ben.locator('#release button').click();
	await ben.waitForURL(/\/desk$/);
	await ben.locator('#queue .item', { hasText: 'Tables' }).click();
	await ben.getByRole('button', { name: /Take this one/ }).click();
	await ben.locator('#snooze summary').click();
	await ben.locator('#snooze button').click();
	await ben.waitForURL(/\/desk$/);
	await ben.goto('/desk?view=mine');
	await ben.locator('#queue .item', { hasText: 'put aside' }).waitFor();
	await leave(ben);
});

test('a claim that runs out goes back by itself and both sides are told', async () => {
	const short = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_LEASE_S: '8' }, people: { ben: 'helper' } });
	const [asker, ben] = [await visit(b, short), await visit(b, short)];
	await signIn(ben, 'ben');
	await ask(asker, 'Is there anybody who knows about mills?', { title: 'Mills' });
	await ben.locator('#queue .item', { hasText: 'Mills' }).waitFor();
	await ben.keyboard.press('g');
	await composing(ben);
	// Writing renews: keys over more than one term keep it.
	let keys = 0;
	for (const begin = Date.now(); Date.now() - begin < 9000; keys++) {
		await ben.locator('#text').pressSequentially('x');
		await ben.waitForTimeout(300);
	}
	assert.equal(await ben.locator('#composer').count(), 1, 'writing keeps the claim');
	await ben.getByText('Draft kept').waitFor();
	await asker.getByText('Your helper had to leave.').waitFor();
	await until(async () => (await ben.locator('#composer').count()) === 0, 'the composer to go');
	await ben.getByRole('button', { name: /Take this one/ }).click();
	await composing(ben);
	assert.equal((await ben.inputValue('#text')).trim(), 'x'.repeat(keys), 'the draft is kept');
	for (const p of [asker, ben]) await leave(p);
	await short.stop();
});

test('shortcuts can be switched off', async () => {
	const ben = await visit(b, desk);
	await signIn(ben, 'ben');
	await ben.keyboard.press('?');
	await ben.locator('#keys[open]').waitFor();
	await looksGood(ben, 'the list of shortcuts');
	await ben.keyboard.press('Escape');
	await ben.locator('.me summary').click();
	await ben.locator('#keys-on').uncheck();
	await ben.locator('h1').first().focus().catch(() => {});
	await ben.locator('body').press('?');
	assert.equal(await ben.locator('#keys[open]').count(), 0);
	await ben.reload();
	await ben.locator('body').press('?');
	assert.equal(await ben.locator('#keys[open]').count(), 0, 'it is remembered');
	await ben.evaluate(() => localStorage.clear());
	await ben.reload();
	await ben.keyboard.press('Control+k');
	await ben.locator('#palette[open]').waitFor();
	await ben.keyboard.type('figures');
	await ben.keyboard.press('Enter');
	await ben.waitForURL(/figures/);
	await leave(ben);
});

test('the desk says when its connection is lost, and catches up', async () => {
	const ben = await visit(b, desk);
	await signIn(ben, 'ben');
	await ben.context().setOffline(true);
	await ben.getByText('The live connection is interrupted.').waitFor();
	await question('What is a talk page?', { title: 'Talk pages' });
	await ben.context().setOffline(false);
	await ben.locator('#queue .item', { hasText: 'Talk pages' }).waitFor();
	await leave(ben);
});

test('a moderator decides by one key and takes it back', async () => {
	const held = await question(SPAM, { title: 'Increase your ranking' });
	assert.equal(held.state, 'held');
	await question(`${SPAM} Act today!`, { title: 'Increase your ranking now' });
	const mod = await visit(b, desk);
	await signIn(mod, 'mod');
	await mod.goto('/desk');
	assert.equal(await mod.locator('#queue .item', { hasText: 'ranking' }).count(), 0, 'held items are never among the working lists');
	await mod.goto('/desk/moderation');
	const cases = mod.locator('.case:not([hidden])');
	await cases.first().waitFor();
	const many = await cases.count();
	const size = mod.viewportSize();
	await mod.setViewportSize({ width: 1280, height: 360 });
	await mod.reload();
	await mod.locator('.case[aria-current="true"]').waitFor();
	assert.equal(await mod.evaluate(() => scrollY), 0, 'the page opens at its head');
	await mod.setViewportSize(size);
	await mod.keyboard.press('s');
	await mod.locator('#toast', { hasText: 'marked as spam' }).waitFor();
	await until(async () => (await cases.count()) === many - 1, 'the case to go');
	await mod.keyboard.press('u');
	await mod.getByText('Undone.').waitFor();
	await until(async () => (await cases.count()) === many, 'the case to come back');
	await mod.keyboard.press('a');
	await mod.locator('#toast', { hasText: 'let in' }).waitFor();
	await until(async () => (await ann.get('/api/v1/queue')).body.items.some((t) => /ranking/.test(t.title)), 'it in the queue');
	await leave(mod);

	// The same without scripts.
	await question(`${SPAM}, and is the third`, { title: 'Third offer' });
	const plain = await visit(b, desk, { script: false });
	await signIn(plain, 'mod');
	await plain.goto('/desk/moderation');
	await plain.locator('.case').first().getByRole('button', { name: /^Spam/ }).click();
	await plain.getByText(/marked as spam/).waitFor();
	await plain.getByRole('button', { name: /^Undo/ }).click();
	await plain.getByText('Undone.').waitFor();
	await leave(plain);
});

test('helpers see nothing of what is the moderators\'', async () => {
	const ben = await visit(b, desk);
	await signIn(ben, 'ben');
	assert.equal(await ben.getByRole('link', { name: /Moderation/ }).count(), 0);
	await ben.goto('/desk/moderation');
	await ben.getByRole('heading', { name: 'This is not for you' }).waitFor();
	await leave(ben);
});

test('an admin: rules with errors change nothing, good ones work at once', async () => {
	const page = await visit(b, desk);
	await signIn(page, 'ann');
	await page.goto('/desk/rules');
	await page.getByText(/rules are at work/).waitFor();
	await page.fill('#new-file', 'site.cf');
	await page.getByRole('button', { name: 'Start it' }).click();
	await page.fill('#text', 'body  SITE_MILL  /mill wheel (/\nscore SITE_MILL 7\n');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.locator('#errors').waitFor();
	assert.match(await page.locator('#errors').innerText(), /site\.cf:1:\d+/);
	assert.match(await page.inputValue('#text'), /mill wheel \(/);
	await looksGood(page, 'a rule file with errors');
	await page.fill('#text', 'body  SITE_MILL  /mill wheel lottery/\nscore SITE_MILL 7\ndescribe SITE_MILL Advertises the mill wheel lottery\n');
	await page.getByRole('button', { name: 'Check' }).click();
	await page.getByText('This would work.').waitFor();
	await page.fill('#comment', 'A wave of lotteries');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText('Saved.').waitFor();
	await page.getByText('A wave of lotteries').waitFor();
	const r = await question('Please join the mill wheel lottery, it is a lot of fun for everybody.', { title: 'Fun' });
	assert.equal(r.state, 'held');
	const mod = await visit(b, desk);
	await signIn(mod, 'mod');
	await mod.goto('/desk/moderation');
	await mod.getByText('Advertises the mill wheel lottery').waitFor();
	assert.equal(await mod.locator('.case', { hasText: 'lottery' }).locator('mark', { hasText: 'mill wheel lottery' }).count(), 1);
	await leave(mod);
	await leave(page);
});

test('an admin adds somebody, who chooses a password with the code and helps; then is disabled', async () => {
	const page = await visit(b, desk);
	await signIn(page, 'ann');
	await page.goto('/desk/people');
	await page.fill('#login', 'new person');
	await page.click('main form.card button.primary');
	await page.getByText('Letters, digits and').waitFor();
	await page.fill('#login', 'zoe');
	await page.fill('#display', 'Zoë');
	await page.click('main form.card button.primary');
	const code = await page.locator('.linkbox input').inputValue();
	const zoe = await visit(b, desk);
	await zoe.goto('/reset');
	await zoe.fill('#code', code);
	await zoe.fill('#password', PASSWORD);
	await zoe.click('main button.primary');
	await zoe.getByText('Your new password is set.').waitFor();
	await signIn(zoe, 'zoe');
	await zoe.getByText('Hello, Zoë').waitFor();
	await page.getByRole('button', { name: 'Disable Zoë' }).click();
	await page.getByText('Saved.').waitFor();
	// Her stream ends, her page finds out and asks for a login.
	await zoe.waitForURL(/\/login/);
	await page.goto('/desk/audit');
	await page.getByText('The chain is whole').waitFor();
	for (const p of [page, zoe]) await leave(p);
});
