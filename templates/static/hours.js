// The hours board: beside each time of the desk the reader's own, where that is another.
import { $, $$, fill } from './common.js';

const main = $('#main');
const lang = document.documentElement.lang;
const clock = (zone) => new Intl.DateTimeFormat(lang, { weekday: 'short', hour: 'numeric', minute: '2-digit', ...(zone && { timeZone: zone }) });
let desk, own;
try {
	desk = clock(main.dataset.zone);
	own = clock();
} catch {}
for (const li of desk ? $$('[data-from]') : []) {
	const from = new Date(li.dataset.from);
	const until = new Date(li.dataset.until);
	if (desk.formatRange(from, until) === own.formatRange(from, until)) continue;
	const p = $('.own', li);
	p.textContent = fill(main.dataset.own, own.formatRange(from, until));
	p.hidden = false;
}
