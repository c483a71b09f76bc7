// Numbers as people read them in the present language. What is not known is a dash, never a zero.

import { locale, say } from "./words.js";

export const DASH = "–";
const NARROW = "\u202f"; // the space between a number and its unit (ISO 80000-1): it never ends a line
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const formats = new Map();

// Making a format takes a hundred times as long as using it, and the page is painted twice a second.
function formatted(kind, options, value) {
  const key = `${locale()} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new kind(locale(), options));
  return formats.get(key).format(value);
}

export function fixed(value, digits, options = {}) {
  if (!isNumber(value)) return DASH;
  return formatted(Intl.NumberFormat, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false, ...options }, value);
}

const withUnit = (number, unit) => `${number}${NARROW}${say(`unit.${unit}`)}`;
const kilo = (value) => (isNumber(value) ? value / 1000 : value);
const narrow = (text) => text.replace(/\s/, NARROW); // browsers write several kinds of space

export const kilowatts = (power_w) => fixed(kilo(power_w), isNumber(power_w) && power_w >= 99_950 ? 0 : 1);
export const power = (power_w) => withUnit(kilowatts(power_w), "kw");
export const ratedPower = (power_w) => withUnit(fixed(kilo(power_w), power_w % 1000 && power_w < 10_000 ? 1 : 0), "kw");
export const kilowattHours = (energy_wh) => fixed(kilo(energy_wh), isNumber(energy_wh) && energy_wh >= 99_950 ? 1 : 2);
export const shortEnergy = (energy_wh) => withUnit(fixed(kilo(energy_wh), 1), "kwh");
export const energy = (energy_wh) => withUnit(kilowattHours(energy_wh), "kwh");
export const amperes = (current_a) => withUnit(fixed(current_a, current_a >= 100 ? 0 : 1), "a");
export const ratedCurrent = (current_a) => withUnit(fixed(current_a, current_a % 1 ? 1 : 0), "a");
export const volts = (voltage_v) => withUnit(fixed(voltage_v, 0), "v");
// 64% in English and Chinese, 64 % elsewhere.
export const percent = (share) => (isNumber(share) ? narrow(fixed(share / 100, 0, { style: "percent" })) : DASH);
export const degrees = (temperature_c) => narrow(fixed(temperature_c, 0, { style: "unit", unit: "celsius" }));

// 0:42, 12:05, 1:02:03
export function duration(seconds) {
  if (!isNumber(seconds)) return DASH;
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function clock(time) {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? DASH : formatted(Intl.DateTimeFormat, { hour: "2-digit", minute: "2-digit" }, at);
}
