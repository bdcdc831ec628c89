// Every key of the desk: what it does, that it does nothing inside a field or while a word is being composed, and that all can be switched off.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { start, until } from '../http/lib.mjs';
import { browser, composing, drain, leave, signIn, visit } from './lib.mjs';

let b, desk, ann, ben;

before(async () => {
	desk = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off' }, people: { ann: 'admin', ben: 'helper' } });
	ann = await desk.login('ann');
	b = await browser();
	const r = await ann.json('POST', '/api/v1/canned', { title: 'A greeting', body: 'Good day, and welcome!' });
	assert.equal(r.status, 201, r.text);
});
afterEach(async () => {
	if (ben) await leave(ben);
	ben = null;
	await drain(ann);
});
after(async () => {
	await b?.close();
	await desk?.stop();
});

const question = async (title) => {
	const r = await desk.json('POST', '/api/v1/questions', { body: `How is this done: ${title}?`, title });
	assert.equal(r.status, 201, r.text);
	return r.body;
};
const helper = async () => {
	ben = await visit(b, desk);
	await signIn(ben, 'ben');
};
const focused = () => ben.evaluate(() => document.activeElement.querySelector?.('.item-title')?.textContent ?? document.activeElement.id);
// A dialog gives the focus back only with the next frame.
const closed = async () => {
	await ben.keyboard.press('Escape');
	await until(() => ben.evaluate(() => !document.querySelector('dialog[open]') && document.activeElement === document.body), 'the dialog to close');
};
// A key as a keyboard with another layout or an input method sends it.
const send = (init, on = 'body') => ben.evaluate(([how, where]) => document.querySelector(where).dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...how })), [init, on]);

test('? shows the list of keys, Ctrl+K the palette, / the search', async () => {
	await helper();
	await ben.keyboard.press('?');
	await ben.locator('#keys[open]').waitFor();
	for (const key of ['?', '/', 'j k', 'Enter', 'r', 'n', 'a', 'g', 'z', 'Shift+C', 'Ctrl+K'])
		assert.equal(await ben.locator('#keys kbd').getByText(key, { exact: true }).count(), 1, `the list names ${key}`);
	await ben.keyboard.press('g');
	assert.match(ben.url(), /\/desk$/, 'a key in a dialog is the dialog\'s');
	await closed();

	for (const key of ['Control+k', 'Meta+k']) {
		await ben.keyboard.press(key);
		await ben.locator('#palette[open]').waitFor();
		assert.equal(await focused(), 'palette-q');
		await closed();
	}
	await ben.keyboard.press('Control+k');
	await ben.keyboard.type('mine');
	await ben.keyboard.press('ArrowDown');
	await ben.keyboard.press('ArrowUp');
	assert.equal(await focused(), 'palette-q');
	await ben.keyboard.press('Enter');
	await ben.waitForURL(/view=mine/);

	await ben.keyboard.press('/');
	assert.equal(await focused(), 'q');
	await ben.keyboard.type('mill/k?');
	assert.equal(await ben.inputValue('#q'), 'mill/k?', 'the key that leads there is not typed, and keys in a field are letters');
});

test('j and k move, Enter opens, a takes it', async () => {
	for (const title of ['First mill', 'Second mill', 'Third mill']) await question(title);
	await helper();
	await ben.keyboard.press('j');
	assert.equal(await focused(), 'First mill');
	await ben.keyboard.press('j');
	await ben.keyboard.press('j');
	await ben.keyboard.press('j');
	assert.equal(await focused(), 'Third mill', 'it stops at the end');
	await ben.keyboard.press('k');
	assert.equal(await focused(), 'Second mill');
	await ben.keyboard.press('Enter');
	await ben.waitForURL(/\/desk\/t\/\d+/);
	await ben.getByRole('heading', { level: 1, name: 'Second mill' }).waitFor();
	await ben.keyboard.press('a');
	await composing(ben);
});

test('g takes the next one, r replies, n makes a note, z puts aside, Shift+C closes', async () => {
	for (const title of ['Older', 'Newer']) await question(title);
	await helper();
	await ben.locator('#queue .item').nth(1).waitFor();
	await ben.keyboard.press('g');
	await composing(ben);
	await ben.getByRole('heading', { level: 1, name: 'Older' }).waitFor();
	await ben.evaluate(() => document.activeElement.blur());

	await ben.keyboard.press('n');
	assert.equal(await focused(), 'text');
	assert.equal(await ben.getAttribute('.for-note', 'aria-pressed'), 'true');
	await ben.keyboard.type('grazing');
	assert.equal(await ben.inputValue('#text'), 'grazing', 'letters in the box are letters');
	await ben.keyboard.press('Control+a');
	await ben.keyboard.press('Delete');
	await ben.keyboard.press('Escape');
	await ben.keyboard.press('r');
	assert.equal(await focused(), 'text');
	assert.equal(await ben.getAttribute('.for-reply', 'aria-pressed'), 'true');

	// At the start of the box "/" offers the prepared replies; later it is a stroke.
	await ben.locator('#canned').waitFor();
	await ben.keyboard.press('/');
	assert.equal(await focused(), 'canned');
	await ben.selectOption('#canned', { label: 'A greeting' });
	assert.equal(await ben.inputValue('#text'), 'Good day, and welcome!');
	assert.equal(await focused(), 'text');
	await ben.keyboard.type(' and/or');
	assert.match(await ben.inputValue('#text'), /and\/or$/);
	await ben.keyboard.press('Escape');

	await ben.keyboard.press('z');
	assert.equal(await ben.locator('#snooze').getAttribute('open'), '');
	assert.equal(await focused(), 'hours');
	await ben.evaluate(() => document.activeElement.blur());
	await ben.keyboard.press('Shift+C');
	assert.equal(await ben.locator('#close').getAttribute('open'), '');
	assert.equal(await focused(), 'reason');
	await ben.evaluate(() => document.activeElement.blur());
	await ben.keyboard.press('Control+k');
	await ben.keyboard.type('hand over');
	await ben.keyboard.press('Enter');
	assert.equal(await ben.locator('#transfer').getAttribute('open'), '', 'the palette knows the actions');
	assert.equal(await focused(), 'to');
});

test('Enter or Ctrl+Enter sends, as each person sets it', async () => {
	await question('Sending');
	await helper();
	await ben.keyboard.press('g');
	await composing(ben);
	await ben.fill('#text', 'one');
	await ben.keyboard.press('Enter');
	assert.equal(await ben.inputValue('#text'), 'one\n', 'Enter is a new line');
	await ben.keyboard.press('Control+Enter');
	await ben.locator('.msg.own:not(.pending)', { hasText: 'one' }).waitFor();

	await ben.locator('.me summary').click();
	await ben.getByLabel('Enter sends').check();
	await ben.keyboard.press('Escape');
	await ben.reload();
	assert.equal(await ben.locator('#send-hint').textContent(), 'Enter sends, Shift+Enter makes a new line', 'it is remembered');
	await ben.fill('#text', 'two');
	await ben.keyboard.press('Shift+Enter');
	await ben.keyboard.type('lines');
	assert.equal(await ben.inputValue('#text'), 'two\nlines');
	// Enter chooses a word of an input method; it does not send half a sentence.
	await send({ key: 'Enter', isComposing: true }, '#text');
	assert.equal(await ben.inputValue('#text'), 'two\nlines');
	assert.equal(await ben.locator('.msg.own', { hasText: 'two' }).count(), 0);
	await ben.keyboard.press('Enter');
	await ben.locator('.msg.own:not(.pending)', { hasText: 'two' }).waitFor();
	assert.equal(await ben.locator('.msg.own').count(), 2);

	// The next person at this browser starts with the usual.
	await ben.goto('/desk');
	await ben.locator('.me summary').click();
	await ben.getByRole('button', { name: 'Log out' }).click();
	await signIn(ben, 'ann');
	assert.equal(await ben.locator('#enter-sends').isChecked(), false);
});

test('no key while a word is being composed, none in a field, none held down; other alphabets by place', async () => {
	for (const title of ['One', 'Two']) await question(title);
	await helper();
	await ben.locator('#queue .item').nth(1).waitFor();
	const keys = [['?', 'Slash'], ['/', 'Slash'], ['j', 'KeyJ'], ['k', 'KeyK'], ['a', 'KeyA'], ['g', 'KeyG'], ['r', 'KeyR'], ['n', 'KeyN'], ['z', 'KeyZ'], ['C', 'KeyC'], ['k', 'KeyK', true]];
	const still = async (what) => {
		assert.equal(await ben.locator('dialog[open]').count(), 0, what);
		assert.match(ben.url(), /\/desk$/, what);
		assert.equal(await ben.locator('.item:focus').count(), 0, what);
	};
	for (const [key, code, ctrlKey = false] of keys) {
		await send({ key, code, ctrlKey, isComposing: true });
		await still(`${key} while composing`);
		await send({ key: 'Process', code, ctrlKey, keyCode: 229 });
		await still(`${key} taken by an input method`);
		await ben.focus('#q');
		await send({ key, code, ctrlKey }, '#q');
		await still(`${key} in the search field`);
		assert.equal(await focused(), 'q');
		await ben.evaluate(() => document.activeElement.blur());
	}
	await send({ key: 'g', code: 'KeyG', repeat: true });
	await still('g held down');
	await send({ key: 'о', code: 'KeyJ' });
	assert.equal(await focused(), 'One', 'j on a Cyrillic keyboard');
	await send({ key: 'ت', code: 'KeyJ' });
	assert.equal(await focused(), 'Two', 'j on an Arabic keyboard');
	await until(async () => (await ann.get('/api/v1/queue')).body.items.length === 2, 'nothing to be taken');
});

test('switched off, no key does anything but in its field', async () => {
	await question('Quiet');
	await helper();
	await ben.locator('#queue .item').waitFor();
	await ben.locator('.me summary').click();
	await ben.locator('#keys-on').uncheck();
	await ben.locator('h1').first().click({ force: true }).catch(() => {});
	await ben.reload();
	for (const key of ['?', '/', 'j', 'k', 'a', 'g', 'r', 'n', 'z', 'Shift+C', 'Control+k']) {
		await ben.keyboard.press(key);
		assert.equal(await ben.locator('dialog[open]').count(), 0, key);
		assert.equal(await ben.locator('.item:focus, #q:focus').count(), 0, key);
		assert.match(ben.url(), /\/desk$/, key);
	}
	await ben.locator('#queue .item').click();
	await ben.getByRole('button', { name: /Take this one/ }).click();
	await ben.locator('#canned').waitFor();
	await ben.focus('#text');
	await ben.keyboard.press('/');
	assert.equal(await ben.inputValue('#text'), '/', 'a stroke is a stroke');
});
