// Numbers as people read them. What is not known is a dash, never a zero.

import { language, say } from "./words.js";

export const DASH = "–";
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export function fixed(value, digits) {
  if (!isNumber(value)) return DASH;
  return value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
}

const withUnit = (number, unit) => `${number}\u00a0${say(`unit.${unit}`)}`;
const kilo = (value) => (isNumber(value) ? value / 1000 : value);

export const kilowatts = (power_w) => fixed(kilo(power_w), isNumber(power_w) && power_w >= 99_950 ? 0 : 1);
export const power = (power_w) => withUnit(kilowatts(power_w), "kw");
export const ratedPower = (power_w) => withUnit(fixed(kilo(power_w), power_w % 1000 && power_w < 10_000 ? 1 : 0), "kw");
export const kilowattHours = (energy_wh) => fixed(kilo(energy_wh), isNumber(energy_wh) && energy_wh >= 99_950 ? 1 : 2);
export const shortEnergy = (energy_wh) => withUnit(fixed(kilo(energy_wh), 1), "kwh");
export const energy = (energy_wh) => withUnit(kilowattHours(energy_wh), "kwh");
export const amperes = (current_a) => withUnit(fixed(current_a, current_a >= 100 ? 0 : 1), "a");
export const ratedCurrent = (current_a) => withUnit(fixed(current_a, current_a % 1 ? 1 : 0), "a");
export const volts = (voltage_v) => withUnit(fixed(voltage_v, 0), "v");
export const percent = (share) => `${fixed(share, 0)}\u00a0%`;
export const degrees = (temperature_c) => `${fixed(temperature_c, 0)}\u00a0°C`;

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
  if (Number.isNaN(at.getTime())) return DASH;
  return at.toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit", hour12: false });
}
