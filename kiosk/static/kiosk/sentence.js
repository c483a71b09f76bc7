// From one connector to what a person reads: tone, picture, short word, sentence, why, what to do.

import { clock, power } from "./numbers.js";
import { bringsCable } from "./plugs.js";
import { knows, say, sayFirst } from "./words.js";

const LOOKS = {
  free: ["go", "plug"],
  plug_in: ["ask", "plug"],
  authorize: ["ask", "card"],
  connecting: ["busy", "link"],
  waiting_turn: ["wait", "hourglass"],
  charging: ["flow", "bolt"],
  paused_by_car: ["rest", "pause"],
  paused_by_station: ["wait", "pause"],
  stopping: ["busy", "stop"],
  unplug: ["done", "check"],
  reserved: ["wait", "calendar"],
  out_of_service: ["off", "wrench"],
  fault_user: ["alarm", "plug"],
  fault: ["alarm", "warning"],
  emergency: ["alarm", "octagon"],
  no_contact: ["off", "broken"],
  no_software: ["off", "broken"],
  stale: ["off", "broken"],
};
// What a silent connector may still say: these do not need live values to be true.
const TRUE_WHEN_SILENT = new Set(["no_contact", "no_software", "fault", "fault_user", "emergency", "out_of_service"]);
const ALMOST_FULL = 85;

export function situationOf(connector) {
  const { situation } = connector;
  if (!(situation in LOOKS)) return "no_contact";
  const silent = !connector.fresh || connector.reading === null;
  return silent && !TRUE_WHEN_SILENT.has(situation) ? "stale" : situation;
}

export function sentenceOf(connector, station, seconds = 0) {
  const situation = situationOf(connector);
  const [tone, icon] = LOOKS[situation];
  const values = valuesOf(connector, station);
  const keys = variantsOf(situation, connector, station, seconds).map((variant) => `situation.${variant}`);
  const part = (name) => sayFirst(keys.map((key) => `${key}.${name}`), values);
  const fault = faultOf(situation, connector);
  return {
    situation,
    tone,
    icon: icon === "card" && !connector.needs_card ? "bolt" : icon,
    short: part("short"),
    title: part("title"),
    why: fault ? say(`fault.${fault}.cause`) : whyOf(situation, connector, values) || part("why"),
    todo: fault ? say(`fault.${fault}.todo`) : stopsElsewhere(situation, connector, station) || part("todo"),
    code: fault ? connector.mrec : "",
  };
}

function valuesOf(connector, station) {
  return {
    letter: connector.letter,
    other: connector.in_use_by || "–",
    station: station.name,
    phone: station.support_phone || "–",
    power: power(connector.reading?.power_w),
    until: connector.limit_until ? clock(connector.limit_until) : "",
    limit: power(Math.min(connector.reading?.limit_w ?? NaN, connector.limit_w, connector.maximum_w)),
  };
}

// Which end holds the cable: the car its own, and the station's lock a cable that was brought, or the plug of direct current.
function whoHolds(connector) {
  if (!bringsCable(connector)) return connector.can_release ? ["unplug.held_plug"] : [];
  return [connector.can_release ? "unplug.held" : connector.cable_kept ? "unplug.kept" : "unplug.free"];
}

// Keys from the most special to the most general.
function variantsOf(situation, connector, station, seconds) {
  const special = {
    charging: connector.reading ? ["charging.powered"] : [],
    connecting: seconds > 45 ? ["connecting.late"] : [],
    unplug: whoHolds(connector),
  }[situation] ?? [];
  if (situation === "charging" && connector.reading?.soc_percent >= ALMOST_FULL) special.unshift("charging.full");
  const absent = station.authorization_mode === "card" && station.reader_present === false;
  if (situation === "authorize" && connector.needs_card && absent) special.unshift("authorize.absent");
  const mode = connector.needs_card ? station.authorization_mode : "none";
  return [...special, `${situation}.${mode}`, situation];
}

function whyOf(situation, connector, values) {
  if (situation === "unplug" && connector.stop_reason) return say(`stop.${connector.stop_reason}`);
  if (situation === "waiting_turn") return "";
  const live = ["charging", "paused_by_station", "paused_by_car"].includes(situation);
  if (!live || !connector.why) return "";
  const keys = [...(values.until ? [`why.${connector.why}.until`] : []), `why.${connector.why}`];
  const known = keys.find((key) => knows(key));
  return known ? say(known, values) : "";
}

// Whoever began with a card or an app ends with it; a touch would be refused.
function stopsElsewhere(situation, connector, station) {
  if (!connector.card_stops || !connector.can_stop) return "";
  return ["charging", "paused_by_car", "paused_by_station"].includes(situation) ? sayFirst([`stops.${station.authorization_mode}`, "stops.card"]) : "";
}

function faultOf(situation, connector) {
  if (situation !== "fault" && situation !== "fault_user") return "";
  const named = connector.faults.find((name) => knows(`fault.${name}.cause`));
  return named ?? "unknown";
}
