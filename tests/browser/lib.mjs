// What the browser tests share: Debian's Chromium without a network of its own, people on pages, axe-core, and a seeded desk.
// Chromium without the parts that show windows needs half of the processor's time and is taken where it is installed; CHROMIUM names another.
//
//     const b = await browser();                       // one for a file of tests; await b.close()
//     const page = await visit(b, desk, { width: 360, dark: true, lang: 'ar', script: false });
//     await signIn(page, 'ann');
//     await looksGood(page, 'the ask page');           // axe finds nothing, nothing runs over the edge
//
// A page that logs an error, or breaks the content security policy, fails its test at the end (`page.trouble`).
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { PASSWORD } from '../http/lib.mjs';

// Evaluated through the debugger, because our own policy forbids foreign scripts, and that policy is part of what is tested.
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const EXECUTABLE = process.env.CHROMIUM ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find((f) => existsSync(f));

export function browser() {
	return chromium.launch({
		executablePath: EXECUTABLE,
		headless: true,
		args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--no-first-run', '--mute-audio'],
	});
}

/** A person with a browser of their own: { width, height, dark, lang, script, touch }. */
export async function visit(b, desk, { width = 1280, height = 900, dark = false, lang = 'en', script = true, touch = width < 600, scale = 1 } = {}) {
	const context = await b.newContext({
		baseURL: desk.url,
		viewport: { width, height },
		deviceScaleFactor: scale,
		colorScheme: dark ? 'dark' : 'light',
		reducedMotion: 'reduce',
		locale: lang,
		timezoneId: 'Europe/Vienna',
		javaScriptEnabled: script,
		hasTouch: touch,
	});
	context.setDefaultTimeout(30_000);
	const page = await context.newPage();
	page.trouble = [];
	page.on('pageerror', (e) => page.trouble.push(String(e)));
	page.on('console', (m) => {
		if (m.type() === 'error' && !/Failed to load resource|net::ERR/.test(m.text())) page.trouble.push(m.text());
	});
	return page;
}

export async function leave(page) {
	await page.context().close();
	assert.deepEqual(page.trouble, [], 'the page reported errors');
}

/** Ends on the desk, with a session of one's own. The login page itself is for the tests that are about it. */
export async function signIn(page, name) {
	const r = await page.request.post('/api/v1/session', { data: { name, password: PASSWORD } });
	assert.equal(r.status(), 200, `login of ${name}`);
	await page.goto('/desk');
}

/** A conversation of one's own, its script at work: before that a key does nothing and a button sends a plain form. */
export async function composing(page) {
	await page.locator('#composer').waitFor();
	await page.waitForLoadState();
}

/** From here on the page's time goes by runFor() alone; before, clock.install(). */
export async function stopClock(page) {
	await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000));
}

/** Asks through the form; ends on the conversation's page. */
export async function ask(page, body, { title, name, lang } = {}) {
	await page.goto('/');
	await page.fill('#body', body);
	if (title) await page.fill('#title', title);
	if (name) await page.fill('#name', name);
	if (lang) await page.selectOption('#lang', lang);
	await page.click('#ask button.primary');
	await page.waitForURL(/\/q\//);
	return page.url();
}

/** Nothing for axe to find, and nothing wider than the window. */
export async function looksGood(page, what) {
	await page.evaluate(`${axe}; undefined`);
	const found = await page.evaluate(async () => {
		// A row made of the same elements and classes as three before it tells axe nothing new, and 150 rules take it seconds.
		const made = {};
		const more = [...document.querySelectorAll('tbody tr')].filter((row) => {
			const of = [...row.querySelectorAll('*')].map((e) => `${e.tagName}.${e.className}`).join();
			return (made[of] = (made[of] ?? 0) + 1) > 3;
		});
		const r = await window.axe.run({ include: [document], exclude: more }, { resultTypes: ['violations'] });
		return r.violations.map((v) => `${v.id} (${v.impact}): ${v.help}\n    ${v.nodes.map((n) => `${n.target.join(' ')} ${n.any.map((a) => a.message).join('; ')}`).slice(0, 6).join('\n    ')}`);
	});
	assert.deepEqual(found, [], `${what}: axe: ${found.join('\n')}`);
	const wide = await page.evaluate(() => {
		const room = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= room + 1) return [];
		return [...document.querySelectorAll('body *')]
			.filter((e) => {
				const r = e.getBoundingClientRect();
				for (let up = e.parentElement; up; up = up.parentElement) if (getComputedStyle(up).overflowX !== 'visible') return false;
				return r.width > 0 && (r.right > room + 1 || r.left < -1) && getComputedStyle(e).position !== 'absolute';
			})
			.slice(0, 5)
			.map((e) => `${e.tagName.toLowerCase()}.${e.className} ${Math.round(e.getBoundingClientRect().left)}..${Math.round(e.getBoundingClientRect().right)} of ${room}`);
	});
	assert.deepEqual(wide, [], `${what}: runs over the edge`);
	const hidden = await page.evaluate(() =>
		innerWidth < 600 ? [...document.querySelectorAll('.table')].filter((t) => t.scrollWidth > t.clientWidth + 1).map((t) => `${t.getAttribute('aria-label')} ${t.scrollWidth} of ${t.clientWidth}`) : [],
	);
	assert.deepEqual(hidden, [], `${what}: a table goes on past the edge of a phone`);
	const names = await page.evaluate(() => [...document.querySelectorAll('a.mono, .mono > bdi')].filter((e) => getComputedStyle(e).direction !== 'ltr').map((e) => e.textContent));
	assert.deepEqual(names, [], `${what}: names of files and rules read from left to right`);
}

/** Small targets on touch screens (WCAG 2.5.8 asks for 24 px; we promise 44), except links inside sentences. */
export function smallTargets(page) {
	return page.evaluate(() =>
		[...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')]
			.filter((e) => {
				const r = e.getBoundingClientRect();
				const s = getComputedStyle(e);
				if (!r.width || !r.height || s.visibility === 'hidden' || e.closest('.trap, .skip, [hidden]')) return false;
				if (e.matches('[type=checkbox], [type=radio]')) return false;
				if (s.display === 'inline') return false;
				return r.height < 43.5;
			})
			.map((e) => `${e.tagName.toLowerCase()}.${e.className} "${e.textContent.trim().slice(0, 30)}" ${Math.round(e.getBoundingClientRect().height)} px`),
	);
}

/** Claims and closes whatever waits, so that the next test starts with an empty queue. */
export async function drain(staff) {
	for (;;) {
		const r = await staff.json('POST', '/api/v1/queue/next', {});
		if (r.status === 204) return;
		assert.equal(r.status, 200, r.text);
		await staff.json('POST', `/api/v1/tickets/${r.body.id}/close`, { fence: r.body.lease.fence, reason: 'answered' });
	}
}
