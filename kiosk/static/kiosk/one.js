// One connector: the sentence and what can be done on the left, live values or technical data on the right.

import { Curve } from "./curve.js";
import { cost } from "./face.js";
import { icon } from "./icons.js";
import * as numbers from "./numbers.js";
import { bringsCable, plugFace } from "./plugs.js";
import { sentenceOf } from "./sentence.js";
import { stepsOf, stepsSheet } from "./steps.js";
import { h } from "./preact/preact.mjs";
import { language, say } from "./words.js";

const LIVE = new Set(["charging", "paused_by_car", "paused_by_station", "stopping"]);
const LONG_TITLE = 19;
const SOON_S = 60; // what has ended is told no longer than this: then the page says how long
const RING = 2 * Math.PI * 44;

export function one(view, snapshot, connector, secondsIn) {
  const sentence = sentenceOf(connector, snapshot.station, secondsIn(connector));
  const steps = stepsOf(connector, sentence.situation, snapshot.station);
  const buttons = actions(view, connector, sentence);
  return h("main", { class: "one", key: `one-${connector.number}`, "data-number": connector.number, "data-situation": sentence.situation },
    h("section", { class: `says tone-${sentence.tone}` },
      h("div", { class: "words" },
        h("h2", { class: titleClass(sentence.title) }, icon(sentence.icon), h("span", {}, sentence.title)),
        h("p", { class: "why" }, sentence.why),
        h("p", { class: "todo" }, icon("arrow"), h("span", {}, sentence.todo)),
        cost(view, sentence.situation),
        connector.left && h("p", { class: "told-after" }, icon("check"), h("span", {}, leftLine(connector))),
        sentence.code && h("p", { class: "mrec" }, h("b", {}, say("screen.code", { code: sentence.code })), ` ${say("screen.tell_code")}`)),
      notice(view) ?? countdown(view, connector),
      buttons ?? (steps.length ? plugFace(connector.standard, "drawn-large") : null)),
    h("section", { class: "shows" }, shows(view, connector, sentence, steps, buttons)));
}

function shows(view, connector, sentence, steps, buttons) {
  if (!view.detail && LIVE.has(sentence.situation)) return live(view, connector);
  return !view.detail && steps.length ? stepsSheet(connector, steps, buttons !== null) : right(view, connector, sentence, steps);
}

const titleClass = (title) => (title.length > LONG_TITLE ? "title long" : "title");

function notice(view) {
  return view.notice ? h("p", { class: "notice", role: "alert" }, icon("warning"), h("span", {}, view.notice)) : null;
}

function countdown(view, connector) {
  if (connector.countdown_s === null) return null;
  const left_s = Math.max(0, connector.countdown_s - view.elapsed_s);
  return h("p", { class: "countdown" }, icon("hourglass"), h("span", {}, say("screen.time_left", { time: numbers.duration(left_s) })));
}

function actions(view, connector, sentence) {
  if (view.busy) return h("div", { class: "actions" }, h("p", { class: "waits" }, say("action.waiting")));
  const stops = connector.can_stop && !connector.card_stops;
  if (view.asking === connector.number && stops) return sure(view);
  const number = connector.number;
  const buttons = [];
  const button = (action, key, picture, kind) => buttons.push(
    h("button", { class: `act ${kind}`, "data-do": action, "data-number": number, key: action }, icon(picture), say(key)));
  if (stops) button(connector.transaction ? "ask-stop" : "stop", connector.transaction ? "action.stop" : "action.cancel", "stop", "strong");
  else if (connector.can_start && !connector.needs_card && connector.fresh) button("start", "action.start", "bolt", "strong");
  if (connector.can_release) button("release", bringsCable(connector) ? "action.release" : "action.release_plug", "unlock", buttons.length ? "soft" : "strong");
  return buttons.length ? h("div", { class: "actions" }, buttons) : null;
}

function sure(view) {
  return h("div", { class: "actions sure", key: "sure", role: "alertdialog", "aria-label": say("action.stop_sure") },
    h("button", { class: "act strong", "data-do": "stop", "data-number": view.asking, key: "yes" }, icon("stop"), say("action.stop_yes")),
    h("button", { class: "act soft", "data-do": "keep", key: "no" },
      h("span", {}, say("action.stop_no")), h("span", { class: "seconds", role: "timer" }, numbers.duration(view.asking_s))));
}

function live(view, connector) {
  const { reading, transaction } = connector;
  const soc = reading?.soc_percent ?? null;
  const share = soc === null ? (reading?.power_w ?? 0) / connector.maximum_w : soc / 100;
  return [
    h("div", { class: "gauges", key: "gauges" },
      ring(share, soc, reading),
      h("dl", { class: "stats" },
        stat("value.energy", numbers.kilowattHours(transaction?.energy_wh), say("unit.kwh")),
        stat("value.time", numbers.duration(transaction ? transaction.seconds + (transaction === connector.transaction ? view.elapsed_s : 0) : NaN), ""),
        soc === null
          ? stat("value.limit", numbers.kilowatts(Math.min(reading?.limit_w ?? NaN, connector.maximum_w)), say("unit.kw"))
          : stat("value.power", numbers.kilowatts(reading?.power_w), say("unit.kw")))),
    h("div", { class: "below", key: "below" },
      h(Curve, { columns: view.samples.columns(), maximum_kw: connector.maximum_w / 1000, caption: say("curve.caption") }),
      detailButton()),
  ];
}

function ring(share, soc, reading) {
  const filled = Math.min(Math.max(share, 0), 1) * RING;
  return h("div", { class: "ring" },
    h("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" },
      h("circle", { class: "track", cx: 50, cy: 50, r: 44 }),
      h("circle", { class: "filled", cx: 50, cy: 50, r: 44, "stroke-dasharray": `${filled.toFixed(1)} ${RING.toFixed(1)}` })),
    h("div", { class: "inside" },
      h("b", {}, soc === null ? numbers.kilowatts(reading?.power_w) : numbers.fixed(soc, 0)),
      h("span", {}, soc === null ? say("unit.kw") : `% ${say("value.soc")}`)));
}

function stat(key, number, unit) {
  return h("div", { class: "stat" }, h("dt", {}, say(key)), h("dd", {}, h("b", {}, number), unit && h("span", {}, ` ${unit}`)));
}

function right(view, connector, sentence, steps) {
  const done = sentence.situation === "unplug" && connector.finished && !view.detail;
  if (done) return finished(connector);
  const isLive = LIVE.has(sentence.situation);
  return [
    h("div", { class: isLive ? "facts measured" : "facts", key: isLive ? "measured" : "technical" },
      !isLive && plugFace(connector.standard, "large"),
      h("dl", { class: "sheet-list" }, technical(connector), isLive && measured(connector))),
    isLive && h("button", { class: "quiet sheet", "data-do": "live", key: "live" }, icon("bolt"), say("detail.live")),
    steps.length > 0 && h("button", { class: "quiet sheet", "data-do": "live", key: "steps" }, icon("back"), say("step.title")),
  ];
}

// "14:02: 7.31 kWh. Your cable is released."
export function leftLine(connector) {
  const values = { time: numbers.clock(connector.left.stopped_at), energy: numbers.energy(connector.left.energy_wh) };
  const told = say(bringsCable(connector) ? "left.released" : "left.ended", values);
  const left_s = connector.left_for_s;
  return left_s !== null && left_s <= SOON_S ? `${told} (${say("screen.time_left", { time: numbers.duration(left_s) })})` : told;
}

// What was charged, for the driver to keep: the code gives the same figures to a telephone, without any network.
function finished({ finished: last }) {
  const address = document.documentElement.dataset.receipt.replace("/0.", `/${last.id}.`);
  return [
    h("div", { class: "gauges done", key: "done" },
      h("p", { class: "total" }, h("b", {}, numbers.kilowattHours(last.energy_wh)), h("span", {}, ` ${say("unit.kwh")}`)),
      h("img", { class: "receipt-code", src: `${address}?lang=${language()}`, alt: say("receipt.code") })),
    h("dl", { class: "stats row", key: "figures" },
      stat("receipt.from_to", `${numbers.clock(last.started_at)} – ${numbers.clock(last.stopped_at)}`, ""),
      stat("value.time", numbers.duration(last.seconds), "")),
    h("div", { class: "below", key: "below" },
      h("dl", { class: "stats" }, stat("value.card", `•••• ${last.id_tag_tail}`, "")), detailButton()),
  ];
}

function detailButton() {
  return h("button", { class: "quiet sheet", "data-do": "detail", key: "detail", "aria-label": say("detail.title") },
    icon("sheet"), h("span", {}, say("detail.short")));
}

function row(key, text) {
  return h("div", { class: "fact" }, h("dt", {}, say(key)), h("dd", {}, text));
}

function technical(connector) {
  const rows = [
    row("detail.standard", say(`standard.${connector.standard}`) || connector.standard),
    row("detail.power", numbers.ratedPower(connector.maximum_w)),
    row("detail.current", numbers.ratedCurrent(connector.maximum_a)),
    row("detail.kind", say(connector.direct_current ? "detail.dc" : `detail.ac${connector.phases}`)),
  ];
  if (!connector.transaction) rows.push(row("detail.lock", say(bringsCable(connector) ? "detail.lock_yes" : "detail.lock_no")));
  return rows;
}

function measured({ reading }) {
  if (!reading) return [];
  const list = (values, text) => values.map(text).join("  ") || numbers.DASH;
  return [
    row("value.voltage", list(reading.voltages_v, numbers.volts)),
    row("value.current", list(reading.currents_a, numbers.amperes)),
    row("value.limit", numbers.power(reading.limit_w)),
    row("value.temperature", reading.temperatures_c.length ? numbers.degrees(Math.max(...reading.temperatures_c)) : numbers.DASH),
  ];
}
