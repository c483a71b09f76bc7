// The kiosk's page: what the socket tells and what fingers touch becomes one picture, painted anew at least twice a second.

import { Contact } from "./contact.js";
import { cardSheet, emergency, gone, messengerSheet } from "./covers.js";
import { Samples } from "./curve.js";
import { nearest } from "./endings.js";
import { volumeOf, wear, wearAgain } from "./face.js";
import { footer, header } from "./frame.js";
import { Idleness, idlePicture } from "./idle.js";
import { Choice, languageSheet } from "./languages.js";
import { one } from "./one.js";
import { overview } from "./overview.js";
import { forOnlookers } from "./place.js";
import { situationOf } from "./sentence.js";
import { Sounds } from "./sounds.js";
import { Speech, spokenOf } from "./speech.js";
import { h, render as paint } from "./preact/preact.mjs";
import { knows, language, say, speak } from "./words.js";

const PAINT_EVERY_MS = 500;
const RELOAD_AFTER_MS = 30000;
const ASK_FOR_MS = 25000;
const ALARM_FOR_MS = 10000;
const BACK_AFTER_MS = 90000;
const UNTOUCHED_MS = 8000;

const page = document.documentElement.dataset;
const screen = document.getElementById("screen");
const view = {
  number: numberInAddress(), page: 0, detail: false, asking: 0, asking_s: 0, busy: false, notice: "", messenger: false,
  languages: false, dismissed: "", alarm: "", elapsed_s: 0, ending: null, speech: {}, face: null, now: null, samples: new Samples(page.curve),
};
const since = new Map(); // connector number -> [situation, since when (ms)]
const until = { asking: 0, alarm: 0 };
let touched_ms = numberInAddress() ? performance.now() : -Infinity; // whoever opened a connector's address looks at it
let painted_ms = performance.now();
let framing = false;
let contact = null;
const idleness = new Idleness();
const sounds = new Sounds();
const choice = new Choice(() => render());
const speech = new Speech(() => render());

function numberInAddress() {
  return Number(/^\/connector\/(\d+)\/?$/.exec(location.pathname)?.[1] ?? 0);
}

function show(number, push = true) {
  speech.hush();
  Object.assign(view, { number, detail: false, asking: 0, notice: "" });
  if (push) history.pushState(null, "", number ? `/connector/${number}` : "/");
}

function shownConnector({ connectors }) {
  return connectors.length === 1 ? connectors[0] : connectors.find((each) => each.number === view.number);
}

function secondsIn(connector) {
  return (performance.now() - (since.get(connector.number)?.[1] ?? performance.now())) / 1000;
}

// --- the picture --------------------------------------------------------------------------------------

function pictureOf() {
  const snapshot = contact.snapshot;
  const lost = contact.gone();
  const alarm = emergency(view, lost ? null : snapshot);
  if (!snapshot) return [gone(contact.silence(), false), alarm, languageSheet(view)];
  const connector = shownConnector(snapshot);
  const middle = lost ? gone(contact.silence(), true)
    : connector ? one(view, snapshot, connector, secondsIn) : overview(view, snapshot, secondsIn);
  return [
    header(view, lost ? silent(snapshot) : snapshot, lost ? null : connector),
    middle,
    footer(view, snapshot),
    lost ? null : alarm ?? cardSheet(view, snapshot) ?? messengerSheet(view, snapshot),
    lost ? alarm : null,
    !lost && idleness.shown && idlePicture(contact.face),
    languageSheet(view),
  ];
}

// Name and telephone number stay true without contact; time, connectors and cards do not.
function silent(snapshot) {
  return { ...snapshot, connectors: [], station: { ...snapshot.station, clock_known: true, time: "", reader_present: null } };
}

function render() {
  if (!contact) return;
  const now_ms = performance.now();
  view.elapsed_s = Math.min((now_ms - contact.came_ms) / 1000, 3);
  if (now_ms > until.asking) view.asking = 0;
  if (now_ms > until.alarm) view.alarm = "";
  view.asking_s = Math.max(0, (until.asking - now_ms) / 1000);
  if (choice.rest(now_ms, ownersLanguage())) Object.assign(view, { languages: false, messenger: false, notice: "" });
  if (leavesPage() && now_ms - touched_ms > BACK_AFTER_MS) show(0);
  dress(now_ms);
  view.ending = nearest(endings(), now_ms);
  view.speech = { offered: !contact.gone() && speech.offers(volume()), speaking: speech.speaking !== null };
  document.body.classList.toggle("is-gone", contact.gone());
  paint(contact.acts ? pictureOf() : forOnlookers(pictureOf()), screen);
  painted_ms = now_ms;
  noteFrame();
}

// A picture is on the glass when the frame after the one that draws it begins.
function noteFrame() {
  if (framing) return;
  framing = true;
  const drawn = contact.sequence;
  requestAnimationFrame(() => requestAnimationFrame(() => {
    framing = false;
    contact.painted = drawn;
  }));
}

// What the owner wants, at this time of the day.
function dress(now_ms) {
  const { face, snapshot } = contact;
  if (!face || !snapshot) return;
  view.face = face;
  view.now = snapshot.station.clock_known ? new Date(snapshot.station.time) : null;
  wear(face, view.now, snapshot.station.brightness);
  idleness.follow(face, snapshot, now_ms);
}

const volume = () => (contact.face ? volumeOf(contact.face, view.now) : 0);
const ownersLanguage = () => contact.face?.language ?? page.defaultLanguage;

// Whether this page leads back to all connectors once nobody touches it: not while a car or a countdown is at it.
function leavesPage() {
  const connector = view.number && contact.snapshot && shownConnector(contact.snapshot);
  return Boolean(connector) && !connector.plugged && connector.countdown_s === null && contact.snapshot.connectors.length > 1;
}

// What ends, and when, should nobody touch the screen.
function endings() {
  if (!contact.snapshot || contact.gone()) return [];
  const rests_ms = choice.rests_ms();
  return [
    leavesPage() && ["page", touched_ms + BACK_AFTER_MS],
    (view.languages || view.messenger || view.notice) && ["dialog", rests_ms],
    language() !== ownersLanguage() && ["language", rests_ms],
    idleness.due_ms < Infinity && ["idle", idleness.due_ms],
  ].filter(Boolean);
}

// --- what the station tells -----------------------------------------------------------------------------

function changed() {
  if (contact?.snapshot && !contact.gone()) follow(contact.snapshot);
  render();
}

function follow({ connectors, card }) {
  sounds.follow(contact.snapshot, volume());
  choice.follow(connectors);
  const now_ms = performance.now();
  const fresh = since.size > 0;
  for (const connector of connectors) {
    const situation = situationOf(connector);
    const [before] = since.get(connector.number) ?? [""];
    if (before === situation) continue;
    since.set(connector.number, [situation, now_ms]);
    // The plug just inserted is the one that somebody stands in front of.
    if (fresh && before === "free" && situation === "authorize" && isUnused(now_ms)) show(connector.number);
  }
  if (card?.state === "used" && card.connector && isUnused(now_ms) && view.number !== card.connector) show(card.connector);
  const connector = shownConnector({ connectors });
  if (connector) view.samples.follow(connector);
}

const isUnused = (now_ms) => view.number === 0 && now_ms - touched_ms > UNTOUCHED_MS;

// --- what fingers touch ---------------------------------------------------------------------------------

const doings = {
  open: ({ number }) => (contact.snapshot?.card?.state === "accepted" ? choose(contact.snapshot.card.id, number) : show(Number(number))),
  all: () => show(0),
  page: ({ page: wanted }) => Object.assign(view, { page: Math.max(0, Number(wanted)) }),
  detail: () => Object.assign(view, { detail: true }),
  live: () => Object.assign(view, { detail: false }),
  languages: () => Object.assign(view, { languages: true }),
  "close-languages": () => Object.assign(view, { languages: false }),
  speak: ({ language: wanted }) => {
    view.languages = false;
    speech.hush();
    choice.choose(wanted);
  },
  read: () => speech.read(spokenOf(view, contact.snapshot, shownConnector(contact.snapshot), secondsIn), volume()),
  hush: () => speech.hush(),
  messenger: () => Object.assign(view, { messenger: true }),
  "close-messenger": () => Object.assign(view, { messenger: false }),
  dismiss: ({ what }) => Object.assign(view, { dismissed: what }),
  "ask-stop": ({ number }) => {
    view.asking = Number(number);
    until.asking = performance.now() + ASK_FOR_MS;
  },
  keep: () => Object.assign(view, { asking: 0 }),
  stay: () => {}, // every touch puts off what ends
  start: ({ number }) => request({ action: "start", connector: Number(number) }),
  stop: ({ number }) => request({ action: "stop", connector: Number(number) }),
  release: ({ number }) => request({ action: "release", connector: Number(number) }),
  choose: ({ card, number }) => choose(Number(card), number),
  emergency: stopEverything,
};

function choose(card, number) {
  show(Number(number));
  return request({ action: "choose", card, connector: Number(number) });
}

async function request(message) {
  view.asking = 0;
  view.busy = true;
  render();
  const answer = await contact.ask(message);
  view.busy = false;
  view.notice = answer.accepted ? "" : refusalOf(answer);
  render();
}

function refusalOf({ refusal, unheard }) {
  if (unheard) return say("action.no_answer");
  return say(knows(`refusal.${refusal}`) ? `refusal.${refusal}` : "action.rejected");
}

async function stopEverything() {
  view.alarm = contact.gone() ? "unheard" : "asked";
  until.alarm = performance.now() + ALARM_FOR_MS;
  render();
  const answer = await contact.emergencyStop();
  if (!answer.accepted) view.alarm = "unheard";
  render();
}

document.addEventListener("pointerdown", (event) => {
  idleness.touched(event.target);
  render();
}, { capture: true });
document.addEventListener("click", (event) => {
  touched_ms = performance.now();
  if (idleness.swallowed()) return;
  choice.touched();
  const target = event.target.closest("[data-do]");
  if (!target || !contact || target.disabled) return;
  doings[target.dataset.do]?.(target.dataset);
  render();
});
// The page is a panel, not a document: no menus, no dragging, no files dropped, no middle click, no pinching.
const REFUSED = ["contextmenu", "dragstart", "dragover", "drop", "selectstart", "auxclick", "gesturestart"];
for (const name of REFUSED) document.addEventListener(name, (event) => event.preventDefault());
document.addEventListener("touchmove", (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
document.addEventListener("wheel", (event) => event.ctrlKey && event.preventDefault(), { passive: false });
// Nor does a keyboard that somebody plugs in reach the browser: no print, search, tools, save, zoom.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || /^(F\d+|Browser\w+|ContextMenu)$/.test(event.key)) event.preventDefault();
}, { capture: true });
addEventListener("popstate", () => {
  show(numberInAddress(), false);
  render();
});

// --- staying alive --------------------------------------------------------------------------------------

// A page that cannot paint loads itself again, but only from a server that answers: a browser's own error page stays for ever.
async function reloadFromServer() {
  const answer = await fetch(location.pathname, { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}

// A browser keeps notes of everything that a page has loaded; this one stays open for years.
performance.setResourceTimingBufferSize(0);
setInterval(() => {
  if (performance.now() - painted_ms > RELOAD_AFTER_MS) reloadFromServer();
}, 5000);
// After an update of the station; once per edition, should the browser insist on what it has kept.
setInterval(() => {
  const edition = contact?.edition;
  if (!edition || edition === page.edition || sessionStorage.getItem("edition") === edition) return;
  sessionStorage.setItem("edition", edition);
  reloadFromServer();
}, 5000);
setInterval(render, PAINT_EVERY_MS);

async function begin() {
  wearAgain();
  await speak(language());
  screen.replaceChildren(); // what the template says meanwhile is no part of the picture
  paint(h("main", { class: "gone", key: "gone" }, h("h2", {}, say("opening.title"))), screen);
  contact = new Contact(changed, reloadFromServer);
  const left = contact.left();
  if (left) request(left);
}

begin();
