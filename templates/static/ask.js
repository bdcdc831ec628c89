// The ask form: what is typed survives a reload, a form is sent once, also over a connection that comes and goes, and the way back to an open
// conversation is offered.
import { $, api, device, tab } from './common.js';

const form = $('#ask');
const fields = ['body', 'title', 'name'];
const path = device.get('last');
const back = $('#back');
if (back && path && /\/q\/[\w-]+$/.test(path)) {
	$('a', back).href = path;
	back.hidden = false;
	// On a shared computer the next person need not find the way there.
	$('#forget').addEventListener('click', () => {
		device.set('last', null);
		back.hidden = true;
		form.body.focus();
	});
}

const kept = JSON.parse(tab.get('ask') ?? '{}');
for (const name of fields) if (!form[name].value && kept[name]) form[name].value = kept[name];
const kept_note = $('#kept');
const keep = () => {
	tab.set('ask', JSON.stringify(Object.fromEntries(fields.map((f) => [f, form[f].value]))));
	kept_note.hidden = !form.body.value;
};
kept_note.hidden = !form.body.value;
form.addEventListener('input', keep);

// Pages that may answer it. They are found here, so that what is not sent yet stays here; the rules are those of src/desk/help.h.
const help = $('#help');
let pages = null;
const noBlanks = /^[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/u;
const inWord = /[\p{L}\p{Nd}\p{M}]$/u;
function holds(text, word) {
	for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
		if (!at || noBlanks.test(word) || !inWord.test(text.slice(Math.max(0, at - 2), at))) return true;
	return false;
}
function suggest() {
	const text = `${form.title.value}\n${form.body.value}`.toLowerCase();
	const found = pages
		.map((p) => ({ ...p, hits: p.words.filter((w) => holds(text, w.toLowerCase())).length }))
		.filter((p) => p.hits)
		.sort((a, b) => b.hits - a.hits)
		.slice(0, 3);
	const list = $('ul', help);
	const names = (all) => all.join('\n');
	if (names([...list.children].map((x) => x.textContent)) !== names(found.map((p) => p.title)))
		list.replaceChildren(
			...found.map((p) => {
				const item = document.createElement('li');
				item.append(Object.assign(document.createElement('a'), { href: p.url, textContent: p.title, target: '_blank', rel: 'noopener', dir: 'auto' }));
				return item;
			}),
		);
	help.hidden = !found.length;
}
async function look() {
	try {
		pages ??= (await api('GET', `${help.dataset.api}?lang=${encodeURIComponent(form.lang.value)}`)).items;
		suggest();
	} catch {} // then without: asking goes on
}
if (help) {
	let soon;
	form.addEventListener('input', (e) => {
		if (e.target.name === 'lang') pages = null;
		clearTimeout(soon);
		soon = setTimeout(look, 400);
	});
	if (form.body.value) look();
}

const note = $('#ask-failed');
const say = (text) => {
	note.textContent = text;
	note.hidden = !text;
};
function tooLong(body) {
	if (new TextEncoder().encode(body.value).length <= Number(body.dataset.max)) return false;
	let p = $('#body-wrong');
	if (!p) {
		p = document.createElement('p');
		p.className = 'wrong';
		p.id = 'body-wrong';
		body.before(p);
	}
	p.textContent = body.dataset.toolong;
	body.setAttribute('aria-invalid', 'true');
	body.setAttribute('aria-describedby', 'body-hint body-wrong');
	body.focus();
	return true;
}

// A browser that cannot reach the desk would show a page of its own in place of the words. So the desk is called first.
async function reached() {
	const late = new AbortController();
	const timer = setTimeout(() => late.abort(), 15_000);
	try {
		await fetch($('link[rel="icon"]').href, { method: 'HEAD', cache: 'no-store', signal: late.signal });
		return true;
	} catch {
		return false;
	} finally {
		clearTimeout(timer);
	}
}

let wake = null;
const pause = (seconds) =>
	new Promise((resolve) => {
		wake = (go) => {
			clearTimeout(timer);
			window.removeEventListener('online', back);
			wake = null;
			resolve(go);
		};
		const back = () => wake?.(true);
		const timer = setTimeout(back, seconds * 1000);
		window.addEventListener('online', back);
	});
form.addEventListener('input', () => wake?.(false));

// The server knows a form that it has seen already (for ten minutes). The same words sent again, because no answer came, are the same form.
const AGAIN_MS = 9 * 60_000;
function sameForm() {
	const nonce = form.elements.form;
	const mark = JSON.stringify(fields.map((f) => form[f].value));
	const before = JSON.parse(tab.get('ask:sent') ?? '{}');
	if (before.mark === mark && Date.now() - before.at < AGAIN_MS) nonce.value = before.nonce;
	// This page's own script vouches for the form: only then does haste or the field nobody sees count (desk/gate).
	if (!nonce.value.endsWith('~')) nonce.value += '~';
	tab.set('ask:sent', JSON.stringify({ nonce: nonce.value, mark, at: Date.now() }));
}

let sent = false;
form.addEventListener('submit', async (e) => {
	e.preventDefault();
	if (wake) return wake(true);
	if (sent || tooLong(form.body)) return;
	keep();
	sent = true;
	$('button', form).setAttribute('aria-disabled', 'true');
	for (let seconds = 2; !(await reached()); seconds = Math.min(seconds * 2, 30)) {
		say(note.dataset.again);
		if (await pause(seconds)) continue;
		say(note.dataset.text);
		sent = false;
		$('button', form).removeAttribute('aria-disabled');
		return;
	}
	say('');
	sameForm();
	form.submit();
});
window.addEventListener('pageshow', () => {
	sent = false;
	$('button', form).removeAttribute('aria-disabled');
});
($('[aria-invalid="true"]') ?? $('#problem'))?.focus();
