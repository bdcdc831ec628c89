// The asker's conversation, live: news arrive, words are sent without a reload, and nothing typed is lost.
import { $, $$, api, calmly, device, fetchPage, fill, live, makeReader, makeTalk, mergeLog, plural, Refused, tab, tellTimes, unread } from './common.js';
import { keepTyped, makeSender } from './send.js';

const root = $('#live');
const words = $('#words').dataset;
const log = $('#log');
const typing = $('#typing');
const count = unread();
const draftKey = `draft:${location.pathname.split('/').pop()}`;
let last = Number(root.dataset.last);
let helper = words.helper;

for (const key of ['ask', 'ask:sent']) tab.set(key, null);
if (root.dataset.stream) device.set('last', location.pathname);
tellTimes();

const talk = makeTalk({
	log,
	box: null,
	words,
	replies: () => Boolean($('#write')),
	own: (e) =>
		e.author.kind === 'helper'
			? { who: (helper = e.author.name ?? words.helper), badge: words.helperBadge, badgeClass: 'verified', mine: false }
			: { who: words.you, mine: true },
});

// --- the page's parts, from the server ---

// What was chosen or typed in a part and not sent goes over into the one that takes its place.
function carryOver(from, to) {
	for (const x of $$('input:not([type=hidden]), textarea', from)) {
		if (x.value === x.defaultValue && x.checked === x.defaultChecked) continue;
		const y = $$(`[name="${x.name}"]`, to).find((c) => c.type === x.type && (x.type !== 'radio' || c.value === x.value));
		if (y && x.type !== 'radio' && x.type !== 'checkbox') y.value = x.value;
		else if (y) y.checked = x.checked;
	}
}

const renew = calmly(async () => {
	const page = await fetchPage(root.dataset.page);
	const fresh = $('#live', page);
	// Refused or erased meanwhile: what such a page offers (the appeal) is none of the parts below.
	if (!fresh || (root.dataset.stream && !fresh.dataset.stream)) {
		stream?.end();
		return location.replace(root.dataset.page);
	}
	const swap = (part) => {
		const now = $(`[data-part="${part}"]`, root);
		const then = $(`[data-part="${part}"]`, fresh);
		if (now && then && now.innerHTML !== then.innerHTML && !now.contains(document.activeElement)) {
			const next = document.importNode(then, true);
			carryOver(now, next);
			now.replaceChildren(...next.childNodes);
			tellTimes(now);
		}
	};
	swap('now');
	if (!$('#prove', fresh)) $('#prove')?.remove();
	swap('more');
	mergeLog(log, $('#log', fresh));
	talk.seen(Number($('#log', fresh).dataset.seen));
	$('[data-part="log"]', root).hidden = $('[data-part="log"]', fresh).hidden;
	const form = $('#write');
	const other = $('#write', fresh);
	if (form && other) {
		form.form.value = other.form.value;
		$('label', form).textContent = $('label', other).textContent;
		$('#write-hint').textContent = $('#write-hint', other).textContent;
	} else {
		const now = $('[data-part="write"]', root);
		now.replaceChildren(...document.importNode($('[data-part="write"]', fresh), true).childNodes);
		compose();
	}
	root.dataset.state = fresh.dataset.state;
	root.dataset.answered = fresh.dataset.answered;
	last = Math.max(last, Number(fresh.dataset.last));
	markRead();
});

document.addEventListener('porchlight:look', () => renew());

// --- reading ---

const markRead = makeReader(
	() => (root.dataset.stream ? last : 0),
	(n) => api('POST', `${root.dataset.api}/read`, { n }),
);

let quiet = 0;
const stream = root.dataset.stream
	? live({
			url: () => `${root.dataset.api}/events?after=${last}`,
			caughtUp: renew,
			on: {
				entry(e) {
					if (e.n > last) last = e.n;
					if (!talk.take(e)) renew();
					else if (e.author.kind === 'helper') {
						typing.textContent = '';
						// The first answer changes what may be written: the page's words say so.
						if (root.dataset.state !== 'live' || !root.dataset.answered) renew();
					}
					if (e.author.kind !== 'asker') count();
					markRead();
				},
				typing(e) {
					typing.textContent = fill(typing.dataset.text, e.name ?? helper);
					clearTimeout(quiet);
					quiet = setTimeout(() => (typing.textContent = ''), 5000);
				},
				read: (e) => talk.seen(e.n),
				presence: () => renew(),
				// Everybody who waits hears this at once: no page is fetched for it.
				queue(e) {
					const box = $('#position');
					if (!box || !e.position) return renew();
					box.textContent = e.position === 1 ? words.positionNext : plural(words.position, e.position - 1);
				},
			},
		})
	: null;
talk.seen(Number(log.dataset.seen));
markRead();

// --- writing ---

function replyTo(n, text) {
	const form = $('#write');
	form.reply_to.value = n || '';
	const box = $('.replying', form);
	box.hidden = !n;
	$('[data-quote]', box).textContent = text ?? '';
	if (n) form.body.focus();
}

function compose() {
	const form = $('#write');
	if (!form) return;
	form.hidden = false;
	const { found } = keepTyped(form, draftKey);
	if (!form.body.value) form.body.value = found;
	const replies = () => Number(form.reply_to.value) || undefined;
	let told = 0;
	form.body.addEventListener('input', () => {
		if (Date.now() - told > 3000 && form.body.value) {
			told = Date.now();
			api('POST', `${root.dataset.api}/typing`, {}).catch(() => {});
		}
	});
	form.body.addEventListener('keydown', (e) => {
		if (e.key === 'Enter' && !e.isComposing && (e.ctrlKey || e.metaKey)) {
			e.preventDefault();
			form.requestSubmit();
		}
	});
	makeSender({
		form,
		key: draftKey,
		failed: $('#write-failed'),
		line: stream,
		what: () => ({ reply_to: replies() }),
		show: (body, { reply_to }) => talk.pending(body, { who: words.you, badge: words.sending, mine: true, quote: talk.quoteOf(reply_to) }),
		post: (body, id, { reply_to }) => api('POST', `${root.dataset.api}/messages`, { body, reply_to, client_id: id }),
		sent(answer, { reply_to }) {
			if (replies() === reply_to) replyTo(0);
			renew();
		},
		refused(why) {
			if (why instanceof Refused && why.status < 500 && why.status !== 429) renew();
		},
	});
}
compose();

document.addEventListener('click', (e) => {
	const a = e.target.closest('[data-do]');
	if (!a) return;
	if (a.dataset.do === 'reply-to' && $('#write')) {
		e.preventDefault();
		const n = Number(a.closest('[data-n]').dataset.n);
		replyTo(n, talk.quoteOf(n)?.text);
	} else if (a.dataset.do === 'unreply') {
		e.preventDefault();
		replyTo(0);
	}
});

// --- the link ---

const copy = $('#copy');
if (copy) {
	copy.hidden = false;
	const text = copy.textContent;
	copy.addEventListener('click', async () => {
		const link = $('#link');
		try {
			await navigator.clipboard.writeText(link.value);
		} catch {
			link.select();
			document.execCommand('copy');
		}
		copy.textContent = copy.dataset.done;
		setTimeout(() => (copy.textContent = text), 2000);
	});
	$('#device').hidden = false;
	$('#forget').addEventListener('click', (e) => {
		device.set('last', null);
		for (const key of [draftKey, `${draftKey}:sent`]) tab.set(key, null);
		location.replace(e.target.dataset.home);
	});
}
for (const link of $$('#link')) link.addEventListener('focus', () => link.select());
if ($('#problem')) $('#problem').focus();
else if (!location.hash) $('#unread')?.scrollIntoView({ block: 'center' });
