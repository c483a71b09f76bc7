// What the owner's settings mean at one moment of the screen's own day. `now` is a Date, or null while no clock is known.

import { icon } from "./icons.js";
import { clock } from "./numbers.js";
import { h } from "./preact/preact.mjs";
import { language, locale, say } from "./words.js";

const DAY_MIN = 24 * 60;
const WEEK_MIN = 7 * DAY_MIN;
const KEPT = "face"; // in localStorage: what the page wears before the station has told anything
const MONDAY = [2024, 0, 1]; // some Monday
const BEFORE_THE_START = new Set(["free", "plug_in", "authorize", "reserved"]);

const minutesOf = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
const minuteOfDay = (now) => now.getHours() * 60 + now.getMinutes();
const dayOf = (now) => (now.getDay() + 6) % 7; // 0 is Monday

// Whether `now` is in a span of the day, which may cross midnight; "" is no span.
export function isWithin(now, from, until) {
  if (!now || !from || !until) return false;
  const [minute, begin, end] = [minuteOfDay(now), minutesOf(from), minutesOf(until)];
  return begin < end ? begin <= minute && minute < end : begin <= minute || minute < end;
}

// `brightness` is what a light sensor tells, and "" without one: then the clock decides.
export function themeOf(face, now, brightness = "") {
  if (face.theme !== "automatic") return face.theme;
  if (brightness) return brightness;
  if (isWithin(now, face.sunlight_from, face.sunlight_until)) return "sunlight";
  return !now || !face.light_from || isWithin(now, face.light_from, face.light_until) ? "light" : "dark";
}

// 0 to 1, as a person hears it.
export function volumeOf(face, now) {
  const percent = isWithin(now, face.night_from, face.night_until) ? face.night_percent : face.sound_percent;
  return (percent / 100) ** 2;
}

// --- opening hours ----------------------------------------------------------------------------------------

// Spans in minutes since Monday 00:00, of three weeks, so that every span is whole around this one; those that touch are one.
function spansOf(opening) {
  const told = opening.flatMap((text, day) => text.split(",").filter((part) => part.trim()).map((part) => {
    const [begin, end] = part.trim().split("-").map(minutesOf);
    return [day * DAY_MIN + begin, day * DAY_MIN + end + (end <= begin ? DAY_MIN : 0)];
  }));
  const all = [-WEEK_MIN, 0, WEEK_MIN].flatMap((week) => told.map((span) => span.map((edge) => edge + week)));
  const whole = [];
  for (const [begin, end] of all.sort((one, other) => one[0] - other[0])) {
    const last = whole.at(-1);
    if (last && begin <= last[1]) last[1] = Math.max(last[1], end);
    else whole.push([begin, end]);
  }
  return whole;
}

// {open, at, left_min, days}: at is the minute of the week when that changes (null: never), days the midnights until then.
export function openness(opening, now) {
  if (!now || !opening.length) return null;
  const today = dayOf(now);
  const minute = today * DAY_MIN + minuteOfDay(now);
  const spans = spansOf(opening);
  const present = spans.find(([begin, end]) => begin <= minute && minute < end);
  if (present && present[1] - present[0] >= 2 * WEEK_MIN) return { open: true, at: null, left_min: Infinity, days: 0 };
  const at = present ? present[1] : spans.find(([begin]) => begin > minute)[0];
  return { open: Boolean(present), at: at % WEEK_MIN, left_min: at - minute, days: Math.floor(at / DAY_MIN) - today };
}

export function hoursSentence(face, now) {
  const told = openness(face.opening, now);
  if (!told) return "";
  if (told.at === null) return say("hours.always");
  const moment = new Date(MONDAY[0], MONDAY[1], MONDAY[2] + Math.floor(told.at / DAY_MIN), 0, told.at % DAY_MIN);
  const values = { time: clock(moment), day: moment.toLocaleDateString(locale(), { weekday: "long" }) };
  if (told.open) return say(told.left_min <= DAY_MIN ? "hours.open_until" : "hours.open_until_day", values);
  return say(["hours.opens_today", "hours.opens_tomorrow"][told.days] ?? "hours.opens_day", values);
}

// --- what the owner says ----------------------------------------------------------------------------------

export function messageOf(face, now) {
  const day = now && `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}-${String(now.getDate()).padStart(2, "0")}`;
  if (face.message_until && (!day || day > face.message_until)) return "";
  return inThisLanguage(face.message);
}

// The owner's own text, else that for every language.
const inThisLanguage = (texts) => texts[language()] ?? texts[""] ?? "";

export function billingSentence(face) {
  const own = inThisLanguage(face.cost);
  if (own) return own;
  return face.billing ? say(`billing.${face.billing}`, { name: face.billed_by }) : "";
}

// A calm strip above all connectors; nothing where the owner says nothing.
export function daily({ face, now }) {
  if (!face) return null;
  const item = (picture, text, kind) => text && h("p", { class: kind, key: kind }, icon(picture), h("span", {}, text));
  const items = [
    item("note", messageOf(face, now), "message-of-day"),
    item("clock", hoursSentence(face, now), "hours"),
    item("tag", billingSentence(face), "billing"),
  ].filter(Boolean);
  return items.length ? h("aside", { class: "daily", key: "daily" }, items) : null;
}

// What it costs, told before a start and not after.
export function cost({ face }, situation) {
  const told = face && BEFORE_THE_START.has(situation) ? billingSentence(face) : "";
  return told ? h("p", { class: "cost", key: "cost" }, icon("tag"), h("span", {}, told)) : null;
}

export function mark({ face }) {
  return face?.logo
    ? h("img", { class: "logo", key: "logo", src: pictureAddress(face.logo), alt: "" })
    : h("span", { class: "mark", key: "mark" }, icon("bolt"));
}

export const pictureAddress = (name) => document.documentElement.dataset.picture.replace("NAME", name);

// --- how the page looks -----------------------------------------------------------------------------------

function dress({ theme, accent, reach }) {
  const root = document.documentElement;
  Object.assign(root.dataset, { theme, reach });
  root.style.setProperty("--chosen", accent);
}

export function wear(face, now, brightness) {
  const look = { theme: themeOf(face, now, brightness), accent: face.accent, reach: face.lower_reach ? "low" : "all" };
  const text = JSON.stringify(look);
  if (localStorage.getItem(KEPT) === text && document.documentElement.dataset.theme === look.theme) return;
  localStorage.setItem(KEPT, text);
  dress(look);
}

// Before the first picture: as it was worn last.
export function wearAgain() {
  const kept = localStorage.getItem(KEPT);
  if (kept) dress(JSON.parse(kept));
}
