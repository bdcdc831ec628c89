// Deciding by one key, with undo, without leaving the page.
import { $, $$, calmly, fetchPage, plural, tellTimes } from './common.js';
import { api, ASK_AGAIN_MS, count, harms, hearNews, onKey, renewHarm, root, toast } from './desk.js';

const words = $('#words').dataset;
const cases = () => $$('.case:not(.done)');
let current = null;

function choose(c, focus = true) {
	current?.removeAttribute('aria-current');
	current = c ?? null;
	if (!c) return;
	c.setAttribute('aria-current', 'true');
	if (!focus) return;
	c.focus({ preventScroll: true });
	c.scrollIntoView({ block: 'nearest' });
}

const itemsOf = (c) => [
	{ ticket: c.dataset.ticket, n: Number(c.dataset.n) },
	...c.dataset.near
		.split(',')
		.filter(Boolean)
		.map((x) => ({ ticket: x.split(':')[0], n: Number(x.split(':')[1]) })),
];

let lastUndo = null;
async function undo() {
	const u = lastUndo;
	if (!u) return $('#undo button')?.click();
	lastUndo = null;
	try {
		await api('POST', `${root}/judgements/${u.undo}/undo`, {});
		for (const c of u.chosen) {
			c.classList.remove('done');
			c.hidden = false;
		}
		choose(u.chosen[0]);
		toast(words.undone);
		renewCounts();
	} catch {
		toast(words.failed);
	}
}

async function decide(chosen, label, trust = false) {
	if (!chosen.length) return;
	const next = cases().find((c) => !chosen.includes(c) && c.compareDocumentPosition(chosen.at(-1)) & Node.DOCUMENT_POSITION_PRECEDING) ?? cases().find((c) => !chosen.includes(c));
	try {
		const answer = await api('POST', `${root}/judgements`, { items: chosen.flatMap(itemsOf), label, ...(trust ? { trust } : {}) });
		if (!answer.changed) return toast(words.kept);
		for (const c of chosen) {
			c.classList.add('done');
			c.hidden = true;
			const pick = $('input[name="pick"]', c);
			if (pick) pick.checked = false;
		}
		lastUndo = { undo: answer.undo, chosen };
		choose(next);
		toast(plural(label === 'spam' ? words.doneSpam : words.doneHam, answer.changed), words.undo, undo);
		renewCounts();
	} catch {
		toast(words.failed);
	}
}

const renewCounts = calmly(async () => {
	const page = await fetchPage();
	for (const id of ['lists', 'waiting-count', 'held-count']) document.getElementById(id)?.replaceChildren(...document.importNode(page.getElementById(id), true).childNodes);
	renewHarm(page);
	const known = new Set($$('.case').map((c) => c.id));
	const fresh = $$('.case', page).filter((c) => !known.has(c.id));
	if (fresh.length) {
		$('.empty')?.remove();
		const box = $('#cases');
		for (const c of fresh) {
			const now = document.importNode(c, true);
			tellTimes(now);
			// What tells of danger stands first, as it will when the page is loaded again.
			if ($('.chip.bad', now)) box.prepend(now);
			else box.append(now);
		}
	}
}, 400);

hearNews(renewCounts, (e) => {
	if (e.harm || ['held', 'rejected', 'challenged'].includes(e.to)) count();
	renewCounts();
});

setInterval(() => harms() && renewCounts(), ASK_AGAIN_MS);

document.addEventListener('click', (e) => {
	const b = e.target.closest('[data-do]');
	const c = e.target.closest('.case');
	if (c && c !== current) choose(c, false);
	if (!b) return;
	const acts = {
		ham: () => decide([c], 'ham'),
		trust: () => decide([c], 'ham', true),
		spam: () => decide([c], 'spam'),
		'bulk-ham': () => decide(picked(), 'ham'),
		'bulk-spam': () => decide(picked(), 'spam'),
	};
	if (acts[b.dataset.do]) {
		e.preventDefault();
		acts[b.dataset.do]();
	}
});
const picked = () => cases().filter((c) => $('input[name="pick"]', c)?.checked);
$('#all')?.addEventListener('change', (e) => {
	for (const c of cases()) $('input[name="pick"]', c).checked = e.target.checked;
});

onKey((e, key) => {
	const step = (by) => {
		const all = cases();
		choose(all[Math.min(Math.max(all.indexOf(current) + by, 0), all.length - 1)]);
		return true;
	};
	// What has no button on this list has no key either.
	const may = (what) => current && $(`[data-do="${what}"]`, current);
	const act = {
		j: () => step(1),
		k: () => step(-1),
		a: () => may('ham') && (decide([current], 'ham'), true),
		t: () => may('trust') && (decide([current], 'ham', true), true),
		s: () => may('spam') && (decide([current], 'spam'), true),
		u: () => (undo(), true),
	}[key];
	return act ? Boolean(act()) : false;
});
if (cases().length) choose(cases()[0], false);
