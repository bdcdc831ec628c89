// The ask form: what is typed survives a reload, a form is sent once, and the way back to an open conversation is offered.
import { $, device, tab } from './common.js';

const form = $('#ask');
const fields = ['body', 'title', 'name'];
const path = device.get('last');
const back = $('#back');
if (back && path && /\/q\/[\w-]+$/.test(path)) {
	$('a', back).href = path;
	back.hidden = false;
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

let sent = false;
form.addEventListener('submit', (e) => {
	if (sent) return e.preventDefault();
	const body = form.body;
	if (new TextEncoder().encode(body.value).length > Number(body.dataset.max)) {
		e.preventDefault();
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
		return;
	}
	keep();
	sent = true;
	// This page's own script vouches for the form: only then does haste or the field nobody sees count (desk/gate).
	const nonce = form.elements.form;
	if (!nonce.value.endsWith('~')) nonce.value += '~';
	$('button', form).setAttribute('aria-disabled', 'true');
});
window.addEventListener('pageshow', () => {
	sent = false;
	$('button', form).removeAttribute('aria-disabled');
});
($('[aria-invalid="true"]') ?? $('#problem'))?.focus();
