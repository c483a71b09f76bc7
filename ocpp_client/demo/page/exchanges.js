// The list of frames: one row for a request with its answer, the newest first.
import {$, clock, kilowattHours, kilowatts, make, pill} from "./tree.js";

const MOST_ROWS = 200;
const energy = sample => (sample.measurand || "Energy.Active.Import.Register") === "Energy.Active.Import.Register" && !sample.phase;
const scale = sample => Number(sample.value) * (/^k/.test(sample.unit || "") ? 1000 : 1);

const GISTS = {
  BootNotification: p => [p.chargePointVendor, p.chargePointModel, p.firmwareVersion],
  StatusNotification: p => ["connector " + p.connectorId, p.status, p.errorCode !== "NoError" && p.errorCode, p.info],
  StartTransaction: p => ["connector " + p.connectorId, p.idTag, kilowattHours(p.meterStart)],
  StopTransaction: p => ["transaction " + p.transactionId, p.reason || "Local", kilowattHours(p.meterStop)],
  MeterValues: p => {
    const samples = p.meterValue?.at(-1)?.sampledValue || [];
    const power = samples.find(s => s.measurand === "Power.Active.Import" && !s.phase), register = samples.find(energy);
    return ["connector " + p.connectorId, power && kilowatts(scale(power)) + " kW", register && kilowattHours(scale(register))];
  },
  SetChargingProfile: p => ["connector " + p.connectorId, p.csChargingProfiles?.chargingSchedule?.chargingSchedulePeriod?.map(s => s.limit + " " + p.csChargingProfiles.chargingSchedule.chargingRateUnit).join(", "), p.csChargingProfiles?.chargingProfilePurpose],
  ChangeConfiguration: p => [p.key + " = " + p.value],
};

/** What a request is about, in a few words. */
export function gist(action, payload) {
  if (typeof payload !== "object" || payload === null) return String(payload).slice(0, 120);
  let words;
  try { words = GISTS[action]?.(payload); } catch { /* a payload against the schema: say what it holds */ }
  words ||= Object.entries(payload).filter(([, value]) => typeof value !== "object").map(([name, value]) => name === "connectorId" ? "connector " + value : String(value));
  return words.filter(Boolean).join(" · ").slice(0, 160);
}

/** The answer in one word; empty while there is none. */
export function outcome(exchange) {
  if (exchange.error) return exchange.error;
  if (exchange.answer === null) return "";
  return exchange.answer.status || exchange.answer.idTagInfo?.status || "ok";
}

function coloured(value) {
  const pre = make("pre", {className: "json"}), text = JSON.stringify(value, null, 2);
  let at = 0;
  for (const found of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:-?\d[\d.eE+-]*|true|false|null)\b/g)) {
    pre.append(text.slice(at, found.index), make("span", found[1] || found[0], {className: found[2] ? "name" : found[1] ? "text" : "figure"}));
    at = found.index + (found[1] || found[0]).length;
  }
  pre.append(text.slice(at));
  return pre;
}

function opened(details, exchange) {
  if (!details.open) return;
  const parts = [make("h4", exchange.ours ? "Request to the station" : "Request of the station"), coloured(exchange.request)];
  if (exchange.answer !== null) parts.push(make("h4", "Answer"), coloured(exchange.answer));
  details.lastChild.replaceChildren(...parts);
}

const took = ms => (ms === null ? "" : (ms < 1 ? "<1" : ms < 10 ? ms.toFixed(1) : ms.toFixed(0)) + " ms · ");

function row(exchange) {
  const word = outcome(exchange);
  const state = word === "ok" ? make("span", "ok", {className: "pill"}) : word ? pill(word) : make("span", "waits", {className: "pill"});
  const summary = make("summary",
    make("span", exchange.ours ? "↑" : "↓", {className: "way", title: exchange.ours ? "to the station" : "from the station"}),
    make("span", exchange.action, {className: "what"}), state,
    make("span", gist(exchange.action, exchange.request), {className: "gist"}),
    make("span", took(exchange.ms) + clock(exchange.at), {className: "when"}));
  const details = make("details", summary, make("div"));
  details.ontoggle = () => opened(details, exchange);
  const faults = exchange.faults.length ? make("ul", ...exchange.faults.map(fault => make("li", fault)), {className: "faults"}) : null;
  return make("li", details, faults, {className: exchange.ours ? "ours" : ""});
}

const matches = (exchange, wanted) => !wanted || JSON.stringify([exchange.action, exchange.request, exchange.answer, exchange.error]).toLowerCase().includes(wanted);

/** The list of one station. */
export class Exchanges {
  constructor() {
    this.rows = new Map();
    this.isHeld = false;
    this.wanted = "";
  }

  /** Show all of a station, the newest first. */
  reset(exchanges) {
    this.rows.clear();
    $("exchanges").replaceChildren();
    for (const exchange of exchanges) this.put(exchange, false);
  }

  /** A new one on top, or one that has its answer now. */
  put(exchange, isNews = true) {
    if ((this.isHeld && isNews) || !matches(exchange, this.wanted)) return;
    const item = row(exchange), before = this.rows.get(exchange.number);
    if (before) {
      item.firstChild.open = before.firstChild.open;
      before.replaceWith(item);
    } else {
      $("exchanges").prepend(item);
      if (isNews) item.classList.add("arrived");
    }
    this.rows.set(exchange.number, item);
    if (this.rows.size > MOST_ROWS) {
      const oldest = Math.min(...this.rows.keys());
      this.rows.get(oldest).remove();
      this.rows.delete(oldest);
    }
  }
}
