// One's own account: the switches of the menu under one's name stand here too. They are kept on this device by desk.js.
import { $, $$ } from './common.js';

for (const from of $$('.me input[type="checkbox"]')) {
	const label = from.closest('label').cloneNode(true);
	const to = $('input', label);
	to.removeAttribute('id');
	to.checked = from.checked;
	to.addEventListener('change', () => from.checked !== to.checked && from.click());
	from.addEventListener('change', () => (to.checked = from.checked));
	$('#prefs').append(label);
}
$('#prefs-none').hidden = true;
$('#prefs').hidden = false;
