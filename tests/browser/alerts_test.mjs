// What calls a helper who looks elsewhere: the count in the title and on the icon, a sound from one tab, a notification; each by choice.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { rules } from '../http/api.mjs';
import { start, until } from '../http/lib.mjs';
import { browser, composing, drain, leave, looksGood, signIn, stopClock, visit } from './lib.mjs';

let b, desk, ann;

before(async () => {
	desk = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off' }, people: { ann: 'admin', ben: 'helper', cleo: 'helper', mona: 'moderator' } });
	ann = await desk.login('ann');
	await rules(ann);
	b = await browser();
});
afterEach(() => drain(ann));
after(async () => {
	await b?.close();
	await desk?.stop();
});

let asked = 0;
const question = async () => {
	const r = await desk.json('POST', '/api/v1/questions', { body: `How is this done, and why, number ${++asked}?`, title: `Question ${asked}` });
	assert.equal(r.status, 201, r.text);
	return r.body;
};
// What is heard and shown is written down; whether the window is looked at is for the test to say.
const SPIES = () => {
	window.tones = 0;
	window.notes = [];
	const start = OscillatorNode.prototype.start;
	OscillatorNode.prototype.start = function (...args) {
		window.tones++;
		return start.apply(this, args);
	};
	window.asks = 0;
	let permission = sessionStorage.getItem('permission') ?? 'default';
	window.Notification = class {
		static get permission() {
			return permission;
		}
		static async requestPermission() {
			window.asks++;
			permission = 'granted';
			sessionStorage.setItem('permission', permission);
			return permission;
		}
		constructor(title, options) {
			window.notes.push({ title, ...options });
		}
		close() {}
	};
	window.looked = true;
	Object.defineProperty(document, 'hidden', { get: () => !window.looked });
	document.hasFocus = () => window.looked;
	window.lookAway = () => {
		window.looked = false;
		window.dispatchEvent(new Event('blur'));
		document.dispatchEvent(new Event('visibilitychange'));
	};
	window.lookBack = () => {
		window.looked = true;
		window.dispatchEvent(new Event('focus'));
		document.dispatchEvent(new Event('visibilitychange'));
	};
};
const helper = async (name = 'ben') => {
	const page = await visit(b, desk);
	await page.context().addInitScript(SPIES);
	await signIn(page, name);
	return page;
};
const onDuty = async (page) => {
	await page.getByRole('button', { name: 'Go on duty' }).click();
	await page.locator('#duty-state[data-duty="on"]').waitFor();
	await page.waitForLoadState();
};
const menu = (page) => page.locator('.me summary').click();
/** One tab is elected to sound, so many others stand behind it. */
const election = (page, behind) =>
	until(
		() =>
			page.evaluate(async (n) => {
				const { held, pending } = await navigator.locks.query();
				const sound = (l) => l.name.endsWith(':sound');
				return held.some(sound) && pending.filter(sound).length === n;
			}, behind),
		`${behind} tabs to stand behind the one that sounds`,
	);
const heard = (page) => page.evaluate(() => window.tones / 2);
const icon = (page) => page.getAttribute('link[rel="icon"]', 'href');

test('the title and the icon count what came while nobody looked', async () => {
	const ben = await helper();
	const calm = await icon(ben);
	await ben.evaluate(() => window.lookAway());
	await question();
	await until(async () => /^\(1\) /.test(await ben.title()), 'the title to count');
	assert.notEqual(await icon(ben), calm);
	await question();
	await until(async () => /^\(2\) /.test(await ben.title()), 'the title to count on');
	await ben.evaluate(() => window.lookBack());
	assert.doesNotMatch(await ben.title(), /^\(/);
	assert.equal(await icon(ben), calm);
	await leave(ben);
});

test('what came before the page was loaded is on it, and calls nobody', async () => {
	await question();
	const ben = await helper();
	await ben.context().addInitScript(() => (window.looked = false));
	await ben.goto('/desk');
	await question();
	await until(async () => /^\(\d/.test(await ben.title()), 'the title to count');
	assert.match(await ben.title(), /^\(1\) /);
	await leave(ben);
});

test('nothing is asked on load; a button asks, and a notification holds no visitor\'s words', async () => {
	const ben = await helper();
	await onDuty(ben);
	assert.equal(await ben.evaluate(() => window.asks), 0);
	await menu(ben);
	assert.equal(await ben.locator('#notify-on').isVisible(), false);
	await looksGood(ben, 'the menu with its choices');
	await ben.getByRole('button', { name: 'Allow notifications' }).click();
	await ben.locator('#notify-on:checked').waitFor();
	assert.equal(await ben.evaluate(() => window.asks), 1);
	const { token } = await question();
	await ben.locator('#queue .item').first().waitFor();
	assert.equal(await ben.evaluate(() => window.notes.length), 0, 'whoever looks needs no notification');
	await ben.evaluate(() => window.lookAway());
	await question();
	await until(() => ben.evaluate(() => window.notes.length === 1), 'the notification');
	const [note] = await ben.evaluate(() => window.notes);
	assert.equal(note.title, 'Porchlight');
	assert.equal(note.body, 'Somebody is waiting for help.');
	assert.doesNotMatch(JSON.stringify(note), /Question \d/);

	// A visitor's answer, in a conversation of one's own.
	await ben.evaluate(() => window.lookBack());
	await ben.keyboard.press('g');
	await composing(ben);
	const write = async (body) => assert.equal((await desk.json('POST', `/api/v1/questions/${token}/messages`, { body })).status, 201);
	await write('Are you there?');
	await ben.locator('.msg.other', { hasText: 'Are you there?' }).waitFor();
	assert.equal(await ben.evaluate(() => window.notes.length), 0, 'whoever looks needs no notification');
	await ben.evaluate(() => window.lookAway());
	await write('I found the secret page.');
	await until(() => ben.evaluate(() => window.notes.length === 1), 'the notification');
	const [reply] = await ben.evaluate(() => window.notes);
	assert.equal(reply.body, 'A visitor has written to you.');
	assert.doesNotMatch(JSON.stringify(reply), /secret/);
	assert.match(await ben.title(), /^\(1\) /);

	// Finishing: those one talks with call, those who wait do not.
	await ben.evaluate(() => window.lookBack());
	const talk = ben.url();
	await ben.getByText('Stopping soon?').click();
	await ben.getByRole('button', { name: 'Finish what I have, then stop' }).click();
	await ben.locator('#duty-state[data-duty="finishing"]').waitFor();
	await ben.waitForLoadState();
	await ben.evaluate(() => window.lookAway());
	const waiting = await ben.locator('#queue .item').count();
	await question();
	await until(async () => (await ben.locator('#queue .item').count()) > waiting, 'the question');
	assert.equal(await ben.evaluate(() => window.notes.length), 0);
	await ben.goto(talk);
	await composing(ben);
	await ben.evaluate(() => window.lookAway());
	await write('It worked.');
	await until(() => ben.evaluate(() => window.notes.length === 1), 'the notification');
	assert.equal((await ben.evaluate(() => window.notes))[0].body, 'A visitor has written to you.');
	await leave(ben);
});

test('a sound by one tab of several, and it passes on when that tab closes', async () => {
	const one = await helper('cleo');
	await onDuty(one);
	await menu(one);
	await one.getByLabel('A soft sound').check();
	await until(async () => (await heard(one)) === 1, 'the sound to be shown once');
	const two = await one.context().newPage();
	await two.goto('/desk');
	assert.equal(await two.locator('#sound-on').isChecked(), true, 'remembered in this browser');
	await two.keyboard.press('Shift');
	await election(two, 1);
	await question();
	await two.locator('#queue .item').first().waitFor();
	await until(async () => (await heard(one)) + (await heard(two)) >= 2, 'the sound');
	for (const page of [one, two]) await page.locator('#queue .item').first().waitFor();
	assert.equal((await heard(one)) + (await heard(two)), 2, 'once, not once a tab');
	assert.equal(await heard(one), 2, 'by the tab that was there first');
	await one.close();
	await two.evaluate(() => localStorage.removeItem([...Object.keys(localStorage)].find((k) => k.endsWith(':rang'))));
	await election(two, 0);
	await question();
	await until(async () => (await heard(two)) >= 1, 'the other tab to take over');

	// Off duty: quiet. The count in the title goes on.
	await two.getByRole('button', { name: 'Go off duty' }).click();
	await two.locator('#duty-state[data-duty="off"]').waitFor();
	await two.waitForLoadState();
	await two.keyboard.press('Shift');
	await election(two, 0);
	await two.evaluate(() => localStorage.removeItem([...Object.keys(localStorage)].find((k) => k.endsWith(':rang'))));
	const before = await heard(two);
	await two.evaluate(() => window.lookAway());
	await question();
	await until(async () => /^\(1\) /.test(await two.title()), 'the title to count');
	assert.equal(await heard(two), before);
	await two.context().close();
	assert.deepEqual(one.trouble, []);
});

test('the sound comes again until somebody takes the question, if that is wanted', async () => {
	const cleo = await visit(b, desk);
	await cleo.clock.install();
	await cleo.context().addInitScript(SPIES);
	await signIn(cleo, 'cleo');
	await onDuty(cleo);
	await menu(cleo);
	assert.equal(await cleo.getByLabel('Again until somebody takes the question').isDisabled(), true);
	await cleo.getByLabel('A soft sound').check();
	await cleo.getByLabel('Again until somebody takes the question').check();
	await until(async () => (await heard(cleo)) === 1, 'the sound to be shown once');
	await stopClock(cleo);
	const counts = async (n) => {
		// The list waits a little before it asks again.
		await until(async () => {
			await cleo.clock.runFor(400);
			return (await cleo.locator('#waiting-count').textContent()) === String(n);
		}, `${n} to wait`);
		return heard(cleo);
	};
	await question();
	const rung = await counts(1);
	assert.ok(rung >= 2, 'the sound');
	await cleo.clock.runFor(20_000);
	assert.equal(await heard(cleo), rung + 1, 'again');
	await cleo.clock.runFor(20_000);
	assert.equal(await heard(cleo), rung + 2, 'and again');
	await drain(ann);
	const quiet = await counts(0);
	await cleo.clock.runFor(45_000);
	assert.equal(await heard(cleo), quiet, 'taken: quiet');
	await leave(cleo);
});

test('somebody may be in danger: moderators see and hear it on the desk and beside the lists, until one has looked', async () => {
	const one = await helper('mona');
	await onDuty(one);
	await menu(one);
	await one.getByLabel('A soft sound').check();
	await until(async () => (await heard(one)) === 1, 'the sound to be shown once');
	assert.equal(await one.locator('#harm').innerText(), '');
	const two = await one.context().newPage();
	await two.goto('/desk/moderation');
	const ben = await helper();

	// A held one of before, and an accepted text that says it: on both pages, without loading them again.
	const ask = (body) => desk.json('POST', '/api/v1/questions', { body });
	const held = await ask('please hold this letter about a castle');
	assert.equal(held.body.state, 'held', held.text);
	await two.locator('.case').waitFor();
	assert.equal((await ask('My page was deleted and nobody answers. I want to die.')).body.state, 'queued');
	for (const page of [one, two]) {
		await page.locator('#harm a').waitFor();
		assert.match(await page.locator('#harm').innerText(), /Somebody may be in danger: please look first/);
		assert.equal(await page.locator('#harm').getAttribute('role'), 'alert');
	}
	await until(async () => (await heard(one)) >= 2, 'the sound');
	await ben.locator('#queue .item').first().waitFor();
	assert.equal(await ben.locator('#harm').count(), 0, 'not for helpers');

	// One that is held as well comes first in the open list, live and loaded anew.
	assert.equal((await ask('please hold this other one, or I will kill you')).body.state, 'held');
	await two.locator('.case').first().getByText('Somebody may be in danger').waitFor();
	await two.reload();
	await two.locator('.case').first().getByText('Somebody may be in danger').first().waitFor();
	assert.match(await two.locator('#harm').innerText(), /2 messages tell of danger: please look first/);
	await looksGood(two, 'the lists with an alert');
	await looksGood(one, 'the desk with an alert');

	// Looked at, it is gone from every page.
	await two.locator('.case').first().focus();
	await two.keyboard.press('a');
	await until(async () => /^Somebody may be in danger/.test(await one.locator('#harm').innerText()), 'one to be left');
	await one.locator('#harm a').click();
	await one.locator('.case').first().getByText('Somebody may be in danger').first().waitFor();
	await one.locator('.case').first().getByRole('button', { name: 'Let in' }).first().click();
	for (const page of [one, two]) await until(async () => (await page.locator('#harm').innerText()) === '', 'the alert to end', 60_000);
	await leave(ben);
	await leave(one);
});
