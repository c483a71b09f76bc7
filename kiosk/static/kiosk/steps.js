// How to start here: numbered, in the order of this station's way of allowing; done ones are ticked, the one due now stands out.

import { icon } from "./icons.js";
import * as numbers from "./numbers.js";
import { bringsCable, plugFace } from "./plugs.js";
import { h } from "./preact/preact.mjs";
import { say } from "./words.js";

const ORDER = { none: ["plug", "start", "charge"], card: ["plug", "card", "charge"], central_system: ["plug", "app", "charge"] };
const BEFORE_A_CHARGE = new Set(["free", "plug_in", "authorize", "connecting"]);
const ALLOWED = new Set(["plug_in", "connecting"]);

// [{name, done, due}] from the first to the last, or [] where nobody can be told how. What was done first stays first.
export function stepsOf(connector, situation, { authorization_mode: mode, reader_present: reader }) {
  const wanted = connector.needs_card ? mode : "none";
  if (!BEFORE_A_CHARGE.has(situation) || (wanted === "card" && reader === false)) return [];
  const isDone = (name) => (name === "plug" ? connector.plugged : name !== "charge" && ALLOWED.has(situation));
  const all = (ORDER[wanted] ?? ORDER.card).map((name) => ({ name, done: isDone(name) }));
  const sorted = [...all.filter(({ done }) => done), ...all.filter(({ done }) => !done)];
  const next = sorted.findIndex(({ done }) => !done);
  return sorted.map((step, index) => ({ ...step, due: index === next }));
}

const PICTURES = { plug: "plug", card: "card", app: "card", start: "bolt", charge: "car" };

function textOf(name, connector) {
  return name === "plug" ? say(bringsCable(connector) ? "step.plug.own" : "step.plug.attached") : say(`step.${name}`);
}

// `besides`: the plug is not drawn elsewhere on the page.
export function stepsSheet(connector, steps, besides) {
  return [
    h("ol", { class: "steps", key: "steps", "aria-label": say("step.title") }, steps.map(({ name, done, due }, index) =>
      h("li", { class: done ? "ticked" : due ? "due" : "", key: name, "aria-current": due ? "step" : null },
        h("span", { class: "dot" }, done ? icon("check") : index + 1),
        h("span", { class: "step" }, textOf(name, connector), done && h("span", { class: "unseen" }, ` (${say("step.done")})`)),
        icon(PICTURES[name])))),
    h("div", { class: "kind", key: "kind" },
      besides && plugFace(connector.standard),
      h("p", {}, h("b", {}, numbers.ratedPower(connector.maximum_w)), h("span", {}, numbers.ratedCurrent(connector.maximum_a))),
      h("button", { class: "quiet sheet", "data-do": "detail", "aria-label": say("detail.title") }, icon("sheet"), h("span", {}, say("detail.short")))),
  ];
}
