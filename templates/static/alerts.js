// What calls a helper who looks elsewhere: a sound and a notification of the system, each switched on by the person, for this browser. Nothing
// calls somebody who is not on duty or finishing. Of several open tabs one makes the sound; it hears of the others' news over a channel.
import { $, device } from './common.js';

const AGAIN_MS = 20_000;
const { account } = document.body.dataset;
const name = (key) => `${account}:${key}`;
const tabId = String(Math.random());

const soundOn = $('#sound-on');
const repeatOn = $('#repeat-on');
const notifyOn = $('#notify-on');
const notifyAsk = $('#notify-ask');
const duty = () => ($('#duty-state') ?? document.body).dataset.duty;
const onDuty = () => duty() === 'on';
// Whoever finishes what they have is called by those they talk with, not by those who wait.
const calls = (news) => onDuty() || (duty() === 'finishing' && !news.waiting);

// --- the sound: two soft notes, made here ---

let audio = null;
function chime() {
	if (audio?.state !== 'running') return;
	for (const [pitch, at] of [
		[659, 0],
		[880, 0.16],
	]) {
		const tone = audio.createOscillator();
		const loud = audio.createGain();
		const from = audio.currentTime + at;
		tone.frequency.value = pitch;
		loud.gain.setValueAtTime(0.0001, from);
		loud.gain.exponentialRampToValueAtTime(0.18, from + 0.03);
		loud.gain.exponentialRampToValueAtTime(0.0001, from + 0.7);
		tone.connect(loud).connect(audio.destination);
		tone.start(from);
		tone.stop(from + 0.75);
	}
}

// --- one tab for all ---

// Browsers let a page make sounds once somebody has touched it; only such a tab stands for election. The lock goes on to the next when the
// tab closes. Where there are no locks (a desk without TLS) the first to note the time makes the sound.
let elected = false;
let standing = false;
function stand() {
	if (!soundOn.checked || standing) return;
	audio ??= new AudioContext();
	audio.resume().then(() => {
		if (standing || audio.state !== 'running') return;
		standing = true;
		navigator.locks?.request(`porchlight:${name('sound')}`, () => {
			elected = true;
			return new Promise(() => {});
		});
	});
}
const channel = new BroadcastChannel(`porchlight:${name('news')}`);

// --- until somebody takes it ---

// How many wait, as the tab that asked last says.
let level = 0;
let repeating = 0;
function repeat(before) {
	clearInterval(repeating);
	if (!repeatOn.checked) return;
	repeating = setInterval(() => {
		if (!repeatOn.checked || !soundOn.checked || !onDuty() || level <= before) return clearInterval(repeating);
		chime();
	}, AGAIN_MS);
}

// The same news comes from several tabs, at once or, where a tab only asks now and then, somewhat later.
const ONCE_MS = 3000;
const LATER_MS = 60_000;
function ring(news) {
	if (news.waiting) level = news.waiting;
	if (!soundOn.checked || !calls(news) || (navigator.locks && !elected)) return;
	if (Date.now() - Number(device.get(name('rang'))) < (news.later ? LATER_MS : ONCE_MS)) return;
	device.set(name('rang'), String(Date.now()));
	chime();
	if (news.waiting) repeat(news.waiting - 1);
}
channel.onmessage = (e) => ('level' in e.data ? (level = e.data.level) : ring(e.data));

// --- the notification ---

const allowed = () => 'Notification' in window && Notification.permission === 'granted';
// Nobody needs to be told what is on the screen before them.
const look = () => device.set(name('looking'), tabId);
const away = () => device.get(name('looking')) === tabId && device.set(name('looking'), null);
window.addEventListener('focus', look);
window.addEventListener('blur', away);
window.addEventListener('pagehide', away);
if (document.hasFocus()) look();

function notify(news) {
	if (!notifyOn.checked || !allowed() || !calls(news) || document.hasFocus()) return;
	if (news.waiting && device.get(name('looking'))) return;
	try {
		// One tag, one notification, however many tabs say it. A visitor's words do not belong on a locked screen.
		const note = new Notification(document.body.dataset.desk, { body: news.text, tag: `porchlight-${news.about}`, icon: $('link[rel="icon"]').href });
		note.onclick = () => {
			window.focus();
			note.close();
		};
	} catch {
		// Phones let only workers notify.
	}
}

// --- the settings ---

function tell() {
	soundOn.checked = device.get(name('sound')) === 'on';
	repeatOn.checked = device.get(name('repeat')) === 'on';
	notifyOn.checked = allowed() && device.get(name('notify')) === 'on';
	const state = 'Notification' in window ? Notification.permission : 'denied';
	notifyOn.closest('p').hidden = state !== 'granted';
	notifyAsk.closest('p').hidden = state !== 'default';
	$('#notify-denied').hidden = state !== 'denied';
	repeatOn.disabled = !soundOn.checked;
}
for (const [box, key] of [
	[soundOn, 'sound'],
	[repeatOn, 'repeat'],
	[notifyOn, 'notify'],
])
	box.addEventListener('change', () => {
		device.set(name(key), box.checked ? 'on' : null);
		tell();
	});
// Hearing it once tells how loud it is.
soundOn.addEventListener('change', () => {
	if (!soundOn.checked) return;
	audio ??= new AudioContext();
	audio.resume().then(chime);
	stand();
});
notifyAsk.addEventListener('click', async () => {
	if ((await Notification.requestPermission()) === 'granted') device.set(name('notify'), 'on');
	tell();
});
// Another tab's menu.
window.addEventListener('storage', (e) => {
	if (e.key?.startsWith(`porchlight:${name('')}`) && !/looking|rang/.test(e.key)) tell();
});
tell();

const words = $('#alerts').dataset;

// Only pages that hear the news stand for election and call these.
function call(news) {
	ring(news);
	channel.postMessage(news);
	notify(news);
}
export function listenForNews() {
	stand();
	for (const touch of ['pointerdown', 'keydown']) window.addEventListener(touch, stand, { passive: true });
}
export const callsWanted = () => onDuty() && (soundOn.checked || notifyOn.checked);
// `later`: noticed by asking now and then, not heard at once.
export const callWaiting = (waiting, later = false) => call({ about: 'waiting', text: words.waiting, waiting, later });
export const callHarm = () => call({ about: 'harm', text: words.harm });
export const callReply = (ticket) => call({ about: `reply-${ticket}`, text: words.reply });
export function tellWaiting(n) {
	level = n;
	channel.postMessage({ level });
}
