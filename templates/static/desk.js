// The helpers' desk, live: the list and the conversation renew themselves, drafts are kept on the server, writing renews the lease, and
// everything can be done by keyboard (which can be switched off).
import { $, $$, api as ask, calmly, device, fetchPage, fill, live, makeReader, makeTalk, mergeLog, newId, Refused, tellTimes, unread } from './common.js';
import { callHarm, callReply, callsWanted, callWaiting, listenForNews, tellWaiting } from './alerts.js';
import { keepTyped, makeSender } from './send.js';

const { account, csrf, base } = document.body.dataset;
const root = document.body.dataset.api;
const api = (method, url, body, more) => ask(method, url, body, { 'X-CSRF-Token': csrf }, more);
const main = $('#main');
// On a phone the parts of the desk go on past the edge: the one that is open is in sight.
$('.bar [aria-current="page"]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
const where = main.dataset.page;
const onDesk = where === 'desk' || where === 'talk';
const count = unread();
tellTimes();
setInterval(() => tellTimes(), 30_000);

// --- a word in passing ---

let toastTimer = 0;
export function toast(text, action, act) {
	const box = $('#toast');
	const button = $('button', box);
	$('span', box).textContent = text;
	button.hidden = !action;
	button.textContent = action ?? '';
	button.onclick = () => {
		box.hidden = true;
		act?.();
	};
	box.hidden = false;
	clearTimeout(toastTimer);
	toastTimer = setTimeout(() => (box.hidden = true), action ? 12_000 : 5000);
}

// --- what each person sets ---

const keysOn = $('#keys-on');
const enterSends = $('#enter-sends');
keysOn.checked = device.get(`${account}:keys`) !== 'off';
enterSends.checked = device.get(`${account}:enter`) === 'sends';
keysOn.addEventListener('change', () => device.set(`${account}:keys`, keysOn.checked ? null : 'off'));
enterSends.addEventListener('change', () => {
	device.set(`${account}:enter`, enterSends.checked ? 'sends' : null);
	sendHint();
});
function sendHint() {
	const hint = $('#send-hint');
	if (hint) hint.textContent = enterSends.checked ? hint.dataset.enter : hint.dataset.ctrl;
}
document.addEventListener('click', (e) => {
	const menu = $('.me');
	if (menu.open && !menu.contains(e.target)) menu.open = false;
});

const thread = $('#thread');
// The answer to a form that was refused stands at the form's address: from here on the page is the conversation's, to renew and to load again.
if (thread) history.replaceState(null, '', `${base}/desk/t/${thread.dataset.ticket}${location.search}${location.hash}`);

// --- somebody may be in danger: for moderators, on every page that hears the news ---

// That somebody has looked is no news of a conversation: while the line stands, its page asks.
export const ASK_AGAIN_MS = 10_000;
export const harms = () => Number($('#harm [data-count]')?.dataset.count ?? 0);
export function renewHarm(page) {
	const now = $('#harm');
	const then = $('#harm', page);
	if (!now || !then || now.innerHTML === then.innerHTML) return;
	const before = harms();
	now.replaceChildren(...document.importNode(then, true).childNodes);
	if (harms() > before) callHarm();
}

// --- the list ---

// Whoever finishes what they have is away after the last of it, and another tab may have said something else.
function swapDuty(page) {
	const now = $('#duty-state');
	const then = $('#duty-state', page);
	if (!now || !then) return;
	for (const id of ['duty', 'stop', 'finish', 'next-form']) document.getElementById(id).hidden = page.getElementById(id).hidden;
	if (now.dataset.duty === then.dataset.duty) return;
	now.dataset.duty = then.dataset.duty;
	now.textContent = then.textContent;
	$('#duty').replaceChildren(...document.importNode($('#duty', page), true).childNodes);
}

const waiting = () => Number($('#waiting-count')?.textContent) || 0;
function swapList(page) {
	const before = waiting();
	const focused = document.activeElement?.closest?.('.item')?.dataset.id;
	for (const id of ['queue', 'views', 'age-note', 'attack-note', 'waiting-count', 'held-count']) {
		const now = document.getElementById(id);
		const then = page.getElementById(id);
		if (now && then && now.innerHTML !== then.innerHTML) {
			now.replaceChildren(...document.importNode(then, true).childNodes);
			tellTimes(now);
		}
	}
	swapDuty(page);
	const note = $('.list > p.soft');
	const fresh = $('.list > p.soft', page);
	if (note && !fresh) note.remove();
	else if (!note && fresh) $('#queue').after(document.importNode(fresh, true));
	if (thread) $(`.item[data-id="${thread.dataset.ticket}"]`)?.setAttribute('aria-current', 'true');
	if (focused) $(`.item[data-id="${focused}"]`)?.focus();
	tellWaiting(waiting());
	renewHarm(page);
	if (where === 'talk' && waiting() > before) {
		count();
		callWaiting(waiting(), true);
	}
}
// Beside a conversation the list comes from the desk's own page: looking at a conversation may be written down, looking at the list is not.
const renewList = calmly(async () => swapList(await fetchPage(where === 'talk' ? `${base}/desk${location.search}` : location.href)), 300);

if (where === 'talk') {
	// A conversation has a stream of its own. Browsers open six connections to a server at most, and helpers several tabs: here the list
	// may be some seconds old.
	setInterval(() => (document.hidden && !callsWanted()) || renewList(), 15_000);
	document.addEventListener('visibilitychange', () => document.hidden || renewList());
}
// From what the page shows on: nothing that happened since is missed, and nothing older calls anybody.
let news = document.body.dataset.news;
export const hearNews = (caughtUp, ticket) =>
	live({
		url: () => `${root}/desk/events?after=${news}`,
		caughtUp,
		on: {
			ticket(e) {
				news = e.seq;
				ticket(e);
			},
		},
	});
if (where === 'desk') {
	hearNews(renewList, (e) => {
		if (e.to === 'queued') {
			count();
			callWaiting(waiting() + 1);
		} else if (e.harm && e.kind === 'message' && e.n > 1) count();
		renewList();
	});
}
if (where === 'desk') setInterval(() => harms() && renewList(), ASK_AGAIN_MS);
// Coming back with the Back button may show an old list; "next" is meant anew then.
if (onDesk)
	window.addEventListener('pageshow', (e) => {
		if (!e.persisted) return;
		$('#next-form').client_id.value = newId();
		renewList();
	});

// --- on duty ---

const beat = () => {
	if ($('#duty-state')?.dataset.duty !== 'on') return;
	api('POST', `${root}/desk/duty`, { duty: 'on', renew: true })
		.then((is) => is.duty === 'on' || renewList())
		.catch(() => {});
};
if (onDesk || where === 'moderation') listenForNews();
if (onDesk) {
	beat();
	setInterval(beat, 30_000);
}

// --- a conversation ---

const words = $('#words')?.dataset;
const scroll = $('#thread-scroll');
let last = Number(thread?.dataset.last ?? 0);
let expires = thread?.dataset.expires ? Date.parse(thread.dataset.expires) : 0;
let renewedAt = Date.now();
let line = null; // the conversation's live connection
const here = thread ? `${root}/tickets/${thread.dataset.ticket}` : '';
const draftKey = thread ? `draft:${account}:${thread.dataset.ticket}` : '';

const talk =
	thread &&
	makeTalk({
		log: $('#log'),
		box: scroll,
		words,
		replies: () => Boolean($('#composer')),
		own: (e) =>
			e.kind === 'note'
				? { who: e.author.name ?? words.helper, badge: words.note, note: true }
				: e.author.kind === 'asker'
					? { who: e.author.name ?? words.asker, badge: words.askerBadge, mine: false }
					: { who: e.author.name ?? words.helper, mine: true },
	});

const renew = calmly(async () => {
	const page = await fetchPage(location.pathname + location.search);
	swapList(page);
	const fresh = $('#thread', page);
	if (!fresh) return location.reload();
	mergeLog($('#log'), $('#log', page));
	talk.seen(Number($('#log', page).dataset.seen));
	for (const part of ['head', 'side']) {
		const now = $(`[data-part="${part}"]`);
		const then = $(`[data-part="${part}"]`, page);
		if (now.contains(document.activeElement) && document.activeElement.matches('input, select, textarea')) continue;
		tellTimes(then);
		if (now.innerHTML === then.innerHTML) continue;
		const open = $$('details[open]', now).map((d) => d.id);
		now.replaceChildren(...document.importNode(then, true).childNodes);
		for (const id of open) if (id && document.getElementById(id)?.matches('details')) document.getElementById(id).open = true;
		tellTimes(now);
	}
	Object.assign(thread.dataset, fresh.dataset);
	expires = thread.dataset.expires ? Date.parse(thread.dataset.expires) : 0;
	last = Math.max(last, Number(fresh.dataset.last));
	const form = $('#composer');
	const other = $('#composer', page);
	if (form && other) form.fence.value = other.fence.value;
	else {
		const now = $('[data-part="write"]');
		const then = $('[data-part="write"]', page);
		if (form && form.body.value && !other) toast($('#lease').dataset.gone);
		if (now.innerHTML !== then.innerHTML) {
			now.replaceChildren(...document.importNode(then, true).childNodes);
			compose();
		}
	}
	sawAll();
	markRead();
	tellHere();
	tellLease();
});

// Only the one who holds it has read it for the asker: who looks on has not.
const markRead = makeReader(
	() => (thread?.dataset.mine ? last : 0),
	(n) => api('POST', `${here}/read`, { n }),
);

let askerHere = false;
const tellHere = () => ($('#here').hidden = !askerHere);

// A moderator's act names the last entry on the screen, so that nothing is decided over words that were not seen.
const sawAll = () => {
	for (const field of $$('input[name="seen"]')) field.value = last;
};

function tellLease() {
	const box = $('#lease');
	if (!box || !thread.dataset.mine || !expires) {
		if (box) box.textContent = '';
		return;
	}
	const left = Math.max(0, Math.round((expires - Date.now()) / 1000));
	box.classList.toggle('short', left < 60);
	box.textContent = left ? fill(box.dataset.text, `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`) : box.dataset.gone;
	if (!left) renew();
}

async function extend() {
	const term = Number(thread.dataset.term) * 1000;
	if (!thread.dataset.mine || Date.now() - renewedAt < term / 4) return;
	renewedAt = Date.now();
	try {
		const answer = await api('POST', `${here}/renew`, { fence: Number(thread.dataset.fence) });
		took(answer.lease ?? answer);
	} catch (why) {
		if (why instanceof Refused && why.status === 409) renew();
	}
}
function took(lease) {
	if (!lease?.expires) return;
	expires = Date.parse(lease.expires);
	renewedAt = Date.now();
	if (lease.fence) {
		thread.dataset.fence = lease.fence;
		const form = $('#composer');
		if (form) form.fence.value = lease.fence;
	}
	tellLease();
}

function mode(note) {
	const form = $('#composer');
	if (!form) return;
	form.classList.toggle('as-note', note);
	$('.for-reply', form).setAttribute('aria-pressed', String(!note));
	$('.for-note', form).setAttribute('aria-pressed', String(note));
	const label = $('label[for="text"]', form);
	label.textContent = note ? label.dataset.note : label.dataset.reply;
	form.body.placeholder = note ? form.body.dataset.placeholderNote : form.body.dataset.placeholderReply;
	const send = $('#send');
	send.textContent = note ? send.dataset.note : send.dataset.reply;
	form.body.focus();
}

function replyTo(n, text) {
	const form = $('#composer');
	if (!form) return;
	form.reply_to.value = n || '';
	const box = $('.replying', form);
	box.hidden = !n;
	$('[data-quote]', box).textContent = text ?? '';
	if (n) form.body.focus();
}

async function ready(form) {
	const box = $('#canned');
	if (!box || box.dataset.filled) return;
	box.dataset.filled = '1';
	try {
		const answer = await api('GET', `${root}/canned`);
		for (const c of answer.items ?? []) box.append(new Option(c.title, c.body));
		box.hidden = box.options.length < 2;
	} catch {}
	box.addEventListener('change', () => {
		if (!box.value) return;
		const at = form.body.selectionStart ?? form.body.value.length;
		form.body.setRangeText(box.value, at, form.body.selectionEnd ?? at, 'end');
		form.body.dispatchEvent(new Event('input', { bubbles: true }));
		box.value = '';
		form.body.focus();
	});
}

function compose() {
	const form = $('#composer');
	if (!form) return;
	for (const b of $$('.no-script', form)) b.remove();
	const note = () => form.classList.contains('as-note');
	const replies = () => Number(form.reply_to.value) || undefined;
	const saved = $('#draft');
	let draftTimer = 0;
	let typed = 0;
	const { confirm } = form.elements;
	/** Whether a line that seems to be about money or contact elsewhere is meant. */
	const ask = (asked) => {
		confirm.checked = false;
		confirm.closest('label').hidden = !asked;
	};
	// The server keeps the draft for other machines; until it has it, this tab does.
	const kept = keepTyped(form, draftKey);
	const store = async (more) => {
		clearTimeout(draftTimer);
		draftTimer = 0;
		const body = form.body.value;
		try {
			await api('PUT', `${here}/draft`, { body }, more);
			if (form.body.value === body) kept.clear();
			saved.textContent = body ? saved.dataset.saved : '';
		} catch {
			saved.textContent = saved.dataset.failed;
		}
	};
	// One after the other: an older draft that arrives late must not bring back what was sent.
	const keep = calmly(store, 0);
	if (kept.found && kept.found !== form.body.value) {
		form.body.value = kept.found;
		keep();
	} else if ($('#problem')) keep();
	form.body.addEventListener('input', () => {
		saved.textContent = '';
		clearTimeout(draftTimer);
		draftTimer = setTimeout(keep, 800);
		extend();
		if (!note() && Date.now() - typed > 3000 && form.body.value) {
			typed = Date.now();
			api('POST', `${here}/typing`, {}).catch(() => {});
		}
	});
	// Leaving within the pause before the draft is kept: the request outlives the page.
	window.addEventListener('pagehide', () => draftTimer && store({ keepalive: true }));
	form.body.addEventListener('keydown', (e) => {
		if (e.key === 'Enter' && !e.isComposing && (e.ctrlKey || e.metaKey || (enterSends.checked && !e.shiftKey))) {
			e.preventDefault();
			form.requestSubmit();
		} else if (e.key === '/' && !e.isComposing && !form.body.value && keysOn.checked && !$('#canned').hidden) {
			e.preventDefault();
			$('#canned').focus();
		} else if (e.key === 'Escape') form.body.blur();
	});
	makeSender({
		form,
		key: draftKey,
		failed: $('#write-failed'),
		line,
		what: (behind) => ({ note: note(), reply_to: replies(), confirm: (confirm.checked && !behind) || undefined }),
		show(body, what) {
			clearTimeout(draftTimer);
			draftTimer = 0;
			const about = { who: $('.me summary').textContent, mine: true, note: what.note, quote: talk.quoteOf(what.reply_to) };
			return talk.pending(body, { ...about, badge: words.sending, badgeWhenSent: what.note ? words.note : undefined });
		},
		post: (body, id, what) =>
			api('POST', `${here}/${what.note ? 'notes' : 'messages'}`, {
				body,
				fence: Number(thread.dataset.fence),
				reply_to: what.reply_to,
				client_id: id,
				confirm: what.confirm,
			}),
		sent(answer, what) {
			ask(false);
			if (replies() === what.reply_to) replyTo(0);
			took(answer.lease);
			// What is being typed behind a note is the next note: it must not become a reply under the writer's hands.
			if (what.note && !form.body.value) mode(false);
			keep();
		},
		refused(why) {
			// The session has ended, or is another by now: the new page knows, and the words are in this tab's memory.
			if (why instanceof Refused && (why.status === 401 || why.status === 403)) return location.reload();
			keep();
			if (why instanceof Refused && why.status === 409) renew();
			if (why instanceof Refused && why.problem.field === 'confirm') {
				$('#write-failed').textContent = $('#write-failed').dataset.unconfirmed;
				ask(true);
			}
		},
	});
	sendHint();
	ready(form);
}

if (thread) {
	const typing = $('#typing');
	let quiet = 0;
	line = live({
		url: () => `${here}/events?after=${last}`,
		caughtUp: renew,
		on: {
			entry(e) {
				if (e.n > last) last = e.n;
				if (!talk.take(e)) renew();
				sawAll();
				markRead();
				if (e.author.kind === 'asker') {
					typing.textContent = '';
					count();
					if (thread.dataset.mine) callReply(thread.dataset.ticket);
				}
			},
			read: (e) => talk.seen(e.n),
			presence(e) {
				askerHere = Boolean(e.asker);
				tellHere();
			},
			typing(e) {
				if (e.who !== 'asker') return;
				typing.textContent = typing.dataset.text;
				clearTimeout(quiet);
				quiet = setTimeout(() => (typing.textContent = ''), 5000);
			},
		},
	});
	compose();
	talk.seen(Number($('#log').dataset.seen));
	markRead();
	// A link to a message, or to a question above the log, leads there; everything else to what came last.
	const aim = location.hash && document.getElementById(location.hash.slice(1));
	if (aim) aim.scrollIntoView({ block: 'center' });
	else talk.toEnd();
	setInterval(tellLease, 1000);
	tellLease();
}

// --- clicks that need no reload ---

document.addEventListener('click', (e) => {
	const a = e.target.closest('[data-do]');
	if (!a) return;
	const what = a.dataset.do;
	if (what === 'reply-to') {
		e.preventDefault();
		const n = Number(a.closest('[data-n]').dataset.n);
		mode(false);
		replyTo(n, talk.quoteOf(n)?.text);
	} else if (what === 'unreply') replyTo(0);
	else if (what === 'reply') mode(false);
	else if (what === 'note') mode(true);
	else if (what === 'keys') $('#keys').showModal();
	else if (what === 'open') {
		const d = document.getElementById(a.dataset.for);
		if (!d) return;
		e.preventDefault();
		d.open = true;
		$('select, button, textarea', d)?.focus();
	}
});

// --- keys ---

function move(step) {
	const items = $$('#queue .item');
	if (!items.length) return;
	const at = items.findIndex((i) => i === document.activeElement);
	const current = at >= 0 ? at : items.findIndex((i) => i.hasAttribute('aria-current'));
	items[Math.min(Math.max(current + step, 0), items.length - 1)].focus();
}
function openActs(id) {
	const d = document.getElementById(id);
	if (!d) return;
	d.open = true;
	($('select, textarea, input:not([type="hidden"]), button', d) ?? d).focus();
}

const palette = $('#palette');
const search = $('#palette-q');
const nameOf = (x) => {
	const copy = ($('.item-title', x) ?? x).cloneNode(true);
	for (const k of $$('kbd, .count', copy)) k.remove();
	return copy.textContent.trim().replace(/\s+/g, ' ');
};
function fillPalette() {
	const wanted = search.value.trim().toLowerCase();
	const places = ['.bar nav a', '.views a', '#next-form button', '.foot-pane form:not(#composer) button', '.acts summary', '.acts > form button', '#queue .item'];
	const all = places.flatMap((x) => $$(x)).map((x) => [nameOf(x), x]);
	$('#palette-list').replaceChildren(
		...all
			.filter(([name]) => name.toLowerCase().includes(wanted))
			.slice(0, 12)
			.map(([name, x]) => {
				const li = document.createElement('li');
				const go = document.createElement(x.href ? 'a' : 'button');
				go.className = 'item';
				go.dir = 'auto';
				go.textContent = name;
				if (x.href) go.href = x.href;
				else
					go.onclick = () => {
						palette.close();
						if (x.matches('summary')) openActs(x.parentElement.id);
						else x.click();
					};
				li.append(go);
				return li;
			}),
	);
}
search.addEventListener('input', fillPalette);
palette.addEventListener('keydown', (e) => {
	const items = $$('#palette-list .item');
	if (e.key === 'Enter' && e.target === search && !e.isComposing) {
		e.preventDefault();
		items[0]?.click();
	} else if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
		e.preventDefault();
		const at = items.indexOf(document.activeElement) + (e.key === 'ArrowDown' ? 1 : -1);
		(at < 0 ? search : items[Math.min(at, items.length - 1)])?.focus();
	}
});

// Other modules add keys of their own: a function that returns true when the key was theirs.
const more = [];
export const onKey = (f) => more.push(f);

// A key by what it prints; on keyboards of other scripts by its place.
function keyOf(e) {
	if (/^[\x20-\x7e]$/.test(e.key) || !e.code.startsWith('Key')) return e.key;
	const letter = e.code.slice(3);
	return e.shiftKey ? letter : letter.toLowerCase();
}

document.addEventListener('keydown', (e) => {
	// 229 is a key that an input method has taken.
	if (!keysOn.checked || e.defaultPrevented || e.isComposing || e.keyCode === 229) return;
	if (e.altKey || e.target.closest('input:not([type="checkbox"]), textarea, select, dialog, [contenteditable]')) return;
	const key = keyOf(e);
	if (e.ctrlKey || e.metaKey) {
		if (key.toLowerCase() !== 'k' || e.shiftKey) return;
		e.preventDefault();
		search.value = '';
		fillPalette();
		palette.showModal();
		search.focus();
		return;
	}
	const press = (selector) => {
		const b = $(selector);
		if (b) b.click();
		return Boolean(b);
	};
	// A key held down moves on, but does nothing twice.
	if (e.repeat && key !== 'j' && key !== 'k') return;
	if (more.some((f) => f(e, key))) return e.preventDefault();
	const done = {
		'?': () => $('#keys').showModal() ?? true,
		'/': () => ($('#q') ? ($('#q').focus(), true) : false),
		j: () => (move(1), true),
		k: () => (move(-1), true),
		r: () => (mode(false), Boolean($('#composer'))),
		n: () => (mode(true), Boolean($('#composer'))),
		a: () => press('[data-do="claim"]'),
		g: () => press('[data-do="next"]'),
		z: () => (openActs('snooze'), Boolean($('#snooze'))),
		C: () => (openActs('close'), Boolean($('#close'))),
	}[key]?.();
	if (done) e.preventDefault();
});

export { api, root, base, count };
