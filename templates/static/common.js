// What the live pages share: asking the API, times in the reader's zone, a live connection that says how it is, and renewing parts of a page
// from the server's own rendering, so that there is one place that knows how things look.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export const fill = (text, ...args) => text.replace(/\$(\d)/g, (_, i) => args[i - 1] ?? '');

// Chooses by the plural forms that a message was written with: "{{PLURAL:$1|one|other}}".
export function plural(text, n) {
	const lang = document.documentElement.lang;
	const order = ['zero', 'one', 'two', 'few', 'many', 'other'];
	const rules = new Intl.PluralRules(lang);
	const has = order.filter((c) => rules.resolvedOptions().pluralCategories.includes(c));
	const chosen = text.replace(/\{\{PLURAL:\$1\|([^}]*)\}\}/g, (_, forms) => {
		const list = forms.split('|');
		const exact = list.find((f) => f.startsWith(`${n}=`));
		if (exact) return exact.slice(exact.indexOf('=') + 1);
		const plain = list.filter((f) => !/^\d+=/.test(f));
		return plain[Math.min(Math.max(has.indexOf(rules.select(n)), 0), plain.length - 1)];
	});
	return fill(chosen, new Intl.NumberFormat(lang).format(n));
}

export const newId = () => {
	if (crypto.randomUUID) return crypto.randomUUID();
	return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
};

// A place to keep words that may be forbidden or full: then nothing is kept, and nothing breaks.
const keeper = (name) => ({
	get(key) {
		try {
			return window[name].getItem(`porchlight:${key}`);
		} catch {
			return null;
		}
	},
	set(key, value) {
		try {
			if (value === null || value === '') window[name].removeItem(`porchlight:${key}`);
			else window[name].setItem(`porchlight:${key}`, value);
		} catch {}
	},
});
export const tab = keeper('sessionStorage');
export const device = keeper('localStorage');

export class Refused extends Error {
	constructor(status, problem) {
		super(problem.detail ?? String(status));
		this.status = status;
		this.problem = problem;
	}
}

// Long enough for a long text on a slow network, short enough to say that nothing came.
const PATIENCE_MS = 30_000;

// Speaks with the JSON API. Rejects with Refused for an answer that says no, with another error when there is no answer.
export async function api(method, url, body, headers = {}, more = {}) {
	const late = new AbortController();
	const timer = setTimeout(() => late.abort(), PATIENCE_MS);
	let answer, text;
	try {
		answer = await fetch(url, {
			method,
			headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
			body: body === undefined ? undefined : JSON.stringify(body),
			cache: 'no-store',
			signal: late.signal,
			...more,
		});
		text = await answer.text();
	} finally {
		clearTimeout(timer);
	}
	let data = {};
	try {
		data = text ? JSON.parse(text) : {};
	} catch {}
	if (!answer.ok) throw new Refused(answer.status, data);
	return data;
}

// On paper a link shows where it leads, unless that is what its words say.
window.addEventListener('beforeprint', () => {
	for (const a of $$('.body a[href^="http"]')) a.classList.toggle('bare', a.textContent === a.getAttribute('href'));
});

// --- times ---

const relative = () => new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: 'auto', style: 'short' });

function ago(then) {
	const minutes = Math.round((then - Date.now()) / 60000);
	if (minutes > -60) return relative().format(Math.min(minutes, 0), 'minute');
	if (minutes > -60 * 36) return relative().format(Math.round(minutes / 60), 'hour');
	return relative().format(Math.round(minutes / 1440), 'day');
}

export function tellTimes(root = document) {
	const lang = document.documentElement.lang;
	for (const t of $$('time[datetime]', root)) {
		const then = new Date(t.dateTime);
		if (Number.isNaN(then.getTime())) continue;
		const full = new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeStyle: 'short' }).format(then);
		const today = then.toDateString() === new Date().toDateString();
		t.title = full;
		if ('ago' in t.dataset) t.textContent = ago(then);
		else t.textContent = new Intl.DateTimeFormat(lang, today ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' }).format(then);
	}
}

// --- the live connection ---

// Timers of pages out of sight run once a minute; more than that is sleep.
const ASLEEP_MS = 90_000;

// Opens an event stream and keeps it open. `url` is asked at each attempt, so that it can name the last entry seen. The banner #net says when the
// connection is lost and when it is tried again: quietly first, loudly when it lasts.
export function live({ url, on, caughtUp }) {
	const net = $('#net');
	let source = null;
	let tries = 0;
	let lostAt = 0;
	let timer = 0;
	let ticker = 0;
	let heard = Date.now();
	let behind = false;
	let ended = false;
	const waiting = [];

	function say(seconds) {
		if (!net) return;
		net.hidden = false;
		net.classList.toggle('loud', Date.now() - lostAt > 30_000);
		net.textContent = `${net.dataset.lost} ${plural(net.dataset.retry, seconds)}`;
	}
	function again() {
		if (ended) return;
		source?.close();
		source = null;
		clearTimeout(timer);
		clearInterval(ticker);
		if (!lostAt) lostAt = Date.now();
		const wait = Math.min(30, 2 ** tries++) * (0.75 + Math.random() / 2);
		const at = Date.now() + wait * 1000;
		// A blink is not worth a word.
		const tell = () => {
			if (Date.now() - lostAt > 1500) say(Math.max(1, Math.round((at - Date.now()) / 1000)));
		};
		tell();
		ticker = setInterval(tell, 1000);
		timer = setTimeout(open, wait * 1000);
	}
	function open() {
		if (ended) return;
		clearTimeout(timer);
		clearInterval(ticker);
		source?.close();
		source = new EventSource(url());
		source.onopen = () => {
			heard = Date.now();
			tries = 0;
			if (lostAt && net && !net.hidden) {
				net.classList.remove('loud');
				net.textContent = net.dataset.back;
				setTimeout(() => (net.hidden = true), 2500);
			}
			if (lostAt || behind) caughtUp?.();
			lostAt = 0;
			behind = false;
			for (const go of waiting.splice(0)) go();
		};
		source.onerror = () => {
			// Refused, not broken: the page says why (a question that was refused meanwhile has no stream any more).
			if (source?.readyState === EventSource.CLOSED) caughtUp?.();
			again();
		};
		for (const [name, f] of Object.entries(on))
			source.addEventListener(name, (e) => {
				heard = Date.now();
				f(e.data ? JSON.parse(e.data) : {}, e);
			});
		source.addEventListener('reset', () => {
			source.close();
			location.reload();
		});
	}
	// After sleep a connection may look alive and be dead: a clock that jumped tells of it, also where the page was in view all the time.
	const wake = () => {
		behind = true;
		open();
	};
	let beat = Date.now();
	const pulse = setInterval(() => {
		if (Date.now() - beat > ASLEEP_MS) wake();
		beat = Date.now();
	}, 5000);
	document.addEventListener('visibilitychange', () => {
		if (!document.hidden && Date.now() - heard > 60_000) wake();
	});
	window.addEventListener('online', open);
	window.addEventListener('offline', again);
	window.addEventListener('pagehide', () => source?.close());
	window.addEventListener('pageshow', (e) => e.persisted && open());
	open();
	return {
		lost: () => lostAt > 0,
		back: () => new Promise((go) => waiting.push(go)),
		end() {
			ended = true;
			clearTimeout(timer);
			clearInterval(ticker);
			clearInterval(pulse);
			source?.close();
		},
	};
}

// --- renewing from the server's rendering ---

export async function fetchPage(url = location.href) {
	const answer = await fetch(url, { cache: 'no-store', headers: { Accept: 'text/html' } });
	if (answer.redirected && /\/login/.test(answer.url)) {
		location.reload();
		throw new Error('logged out');
	}
	if (!answer.ok) throw new Error(String(answer.status));
	return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

// Runs at most one at a time, and once more when asked meanwhile. What fails is tried again, less and less often.
export function calmly(work, pause = 150) {
	let running = false;
	let asked = false;
	let timer = 0;
	let wait = 0;
	return async function run() {
		if (running) {
			asked = true;
			return;
		}
		running = true;
		clearTimeout(timer);
		await new Promise((r) => setTimeout(r, pause));
		do {
			asked = false;
			try {
				await work();
				wait = 0;
			} catch {
				wait = Math.min(Math.max(2 * wait, 2000), 60_000);
			}
		} while (asked);
		running = false;
		if (wait) timer = setTimeout(run, wait);
	};
}

// Puts the server's entries into the log: new ones appear, changed ones are replaced, what was not sent yet stays at the end.
export function mergeLog(log, fresh) {
	let before = null;
	for (const li of [...fresh.children]) {
		const old = li.id ? document.getElementById(li.id) : $('.unread', log);
		if (li.classList.contains('unread')) {
			if (old) before = old;
			continue;
		}
		const now = document.importNode(li, true);
		tellTimes(now);
		if (old && log.contains(old)) {
			if (old.textContent !== now.textContent || old.className.replace(' new', '') !== now.className) old.replaceWith(now);
			before = old.isConnected ? old : now;
		} else {
			now.classList.add('new');
			if (before) before.after(now);
			else log.prepend(now);
			before = now;
		}
	}
}

// --- a composer and its log ---


export function makeTalk({ log, box, words, own, replies }) {
	const shown = (n) => document.getElementById(`n${n}`);
	// On narrow screens the pane does not scroll, the page does, and goes on below the log.
	const scrolls = box && getComputedStyle(box).overflowY !== 'visible';
	const NEAR_PX = 120;
	const atEnd = () => (scrolls ? box.scrollHeight - box.scrollTop - box.clientHeight : log.getBoundingClientRect().bottom - innerHeight) < NEAR_PX;
	const template = $('#tpl-message');

	function item({ who, badge, badgeClass, at, html, text, n, mine, note, quote }) {
		const li = template.content.firstElementChild.cloneNode(true);
		li.classList.add(note ? 'note' : mine ? 'own' : 'other');
		if (n) {
			li.id = `n${n}`;
			li.dataset.n = n;
		}
		$('.who', li).textContent = who;
		const b = $('.badge', li);
		if (badge) {
			b.textContent = badge;
			b.className = badgeClass ?? 'badge';
		} else b.remove();
		const t = $('time', li);
		if (at) t.dateTime = at;
		else t.remove();
		const body = $('.body', li);
		if (quote) {
			const a = document.createElement('a');
			a.className = 'quote';
			a.dir = 'auto';
			a.href = `#n${quote.n}`;
			a.textContent = quote.text;
			body.append(a);
		}
		const inner = document.createElement(html ? 'div' : 'p');
		inner.dir = 'auto';
		if (html) inner.innerHTML = html;
		else {
			inner.className = 'plain';
			inner.textContent = text ?? '';
		}
		body.append(inner);
		const tools = $('.tools', li);
		if (n && replies() && !note) {
			const a = document.createElement('a');
			a.href = `#n${n}`;
			a.dataset.do = 'reply-to';
			a.textContent = words.reply;
			a.setAttribute('aria-label', fill(words.replyLabel, who));
			tools.append(a);
		} else tools.remove();
		tellTimes(li);
		return li;
	}
	function add(li) {
		const stay = !atEnd();
		const waiting = $('.pending', log);
		if (waiting && !li.classList.contains('pending')) waiting.before(li);
		else log.append(li);
		log.closest('[hidden]')?.removeAttribute('hidden');
		if (!stay) li.scrollIntoView({ block: scrolls ? 'end' : 'nearest' });
	}
	const underway = new Set();
	let seenTo = 0;
	const quoteOf = (n) => {
		const li = n && shown(n);
		return li ? { n, text: `${$('.who', li)?.textContent ?? ''}: ${($('.body > :not(.quote)', li)?.textContent ?? '').slice(0, 120)}` } : null;
	};
	return {
		item,
		add,
		quoteOf,
		has: (n) => Boolean(shown(n)),
		// An entry from the stream; false when only the server knows how it looks.
		take(e) {
			if (shown(e.n)) return true;
			if (e.kind !== 'message' && e.kind !== 'note') return false;
			// A held line says so in the server's words.
			if (e.data?.held) return false;
			if (e.html === undefined && e.body === undefined) return false;
			const about = own(e);
			// The stream can be faster than the answer: then this is what was on its way.
			if (about.mine) for (const [text, li] of underway) if (text.trim() === e.body?.trim()) li.remove();
			add(item({ ...about, at: e.at, html: e.html, text: e.body, n: e.n, quote: quoteOf(e.reply_to) }));
			return true;
		},
		// The other side has read up to n: the last line of this side up to it says so.
		seen(n) {
			seenTo = Math.max(seenTo, n);
			const li = $$('.own[data-n]', log).filter((x) => Number(x.dataset.n) <= seenTo).pop();
			for (const x of $$('.seen', log)) if (x.parentElement !== li) x.remove();
			if (!li || $('.seen', li)) return;
			const mark = document.createElement('p');
			mark.className = 'seen';
			mark.textContent = words.seen;
			$('.body', li).after(mark);
		},
		// Shows a message while it is on its way.
		pending(text, about) {
			const li = item({ ...about, text });
			const entry = [text, li];
			li.classList.add('pending');
			underway.add(entry);
			add(li);
			return {
				done(n, at) {
					underway.delete(entry);
					li.classList.remove('pending');
					if (shown(n)) li.remove();
					else {
						li.replaceWith(item({ ...about, badge: about.badgeWhenSent, text, n, at }));
					}
				},
				waits() {
					$('.badge', li).textContent = words.unsent;
				},
				failed() {
					underway.delete(entry);
					li.remove();
				},
			};
		},
		toEnd() {
			if (scrolls) box.scrollTop = box.scrollHeight;
			else scrollBy({ top: box.parentElement.getBoundingClientRect().bottom - innerHeight, behavior: 'instant' });
		},
	};
}

// Tells the server how far this side has read, while somebody looks at the page. `upTo` is 0 where nothing is to be told.
export function makeReader(upTo, tell) {
	let told = 0;
	const mark = async () => {
		const n = upTo();
		if (document.hidden || n <= told) return;
		const before = told;
		told = n;
		try {
			await tell(n);
		} catch {
			told = before;
		}
	};
	document.addEventListener('visibilitychange', mark);
	return mark;
}

// Counts in the title and on the icon what arrived while nobody looked.
export function unread() {
	const icon = $('link[rel="icon"]');
	const calm = icon?.getAttribute('href');
	const title = document.title;
	let count = 0;
	const show = () => {
		document.title = count ? `(${count}) ${title}` : title;
		if (icon) icon.href = count ? icon.dataset.news : calm;
	};
	document.addEventListener('visibilitychange', () => {
		if (!document.hidden) {
			count = 0;
			show();
		}
	});
	return () => {
		if (document.hidden || !document.hasFocus()) {
			count++;
			show();
			window.addEventListener('focus', () => ((count = 0), show()), { once: true });
		}
	};
}
