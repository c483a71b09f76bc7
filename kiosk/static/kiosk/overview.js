// All connectors at once: one to four large, eight in a grid, more on further pages.

import { daily } from "./face.js";
import { icon } from "./icons.js";
import { duration, percent, power, ratedPower, shortEnergy } from "./numbers.js";
import { leftLine } from "./one.js";
import { plugFace } from "./plugs.js";
import { sentenceOf } from "./sentence.js";
import { h } from "./preact/preact.mjs";
import { say } from "./words.js";

const ON_A_PAGE = 8;
const ON_A_LOW_PAGE = 4; // where only the lower part of the screen is in reach

export function overview(view, snapshot, secondsIn) {
  const { connectors, station } = snapshot;
  if (!connectors.length) return nothing();
  const places = view.face?.lower_reach ? ON_A_LOW_PAGE : ON_A_PAGE;
  const pages = Math.ceil(connectors.length / places);
  const page = Math.min(view.page, pages - 1);
  const shown = connectors.slice(page * places, (page + 1) * places);
  return h("main", { class: "all", key: "all", "data-count": connectors.length > 4 ? "many" : connectors.length },
    daily(view),
    h("div", { class: "tiles" }, shown.map((each) => tile(each, sentenceOf(each, station, secondsIn(each))))),
    pages > 1 && turner(page, pages));
}

function tile(connector, sentence) {
  return h("button", { class: `tile tone-${sentence.tone}`, key: connector.number, "data-do": "open",
    "data-number": connector.number, "data-situation": sentence.situation },
  h("span", { class: "side" }, h("span", { class: "letter" }, connector.letter), plugFace(connector.standard)),
  h("span", { class: "told" },
    h("span", { class: "standard" }, `${say(`standard.${connector.standard}`) || connector.standard} · ${ratedPower(connector.maximum_w)}`),
    h("span", { class: "short" }, icon(sentence.icon), h("span", {}, sentence.short)),
    detail(connector, sentence)));
}

function detail(connector, sentence) {
  const { reading, transaction } = connector;
  if (sentence.situation === "charging" && transaction) {
    const share = reading.soc_percent ?? null;
    return [h("span", { class: "figures" }, h("b", {}, power(reading.power_w)), h("span", {}, shortEnergy(transaction.energy_wh)),
      h("span", {}, share === null ? duration(transaction.seconds) : percent(share))),
    h("span", { class: "bar", style: { "--share": share === null ? reading.power_w / connector.maximum_w : share / 100 } })];
  }
  return h("span", { class: "line" }, connector.left && sentence.situation === "free" ? leftLine(connector) : sentence.todo);
}

function turner(page, pages) {
  return h("nav", { class: "turner" },
    h("button", { class: "quiet", "data-do": "page", "data-page": page - 1, disabled: page === 0 }, icon("back"), say("screen.previous")),
    h("span", { class: "where" }, say("screen.page", { page: page + 1, pages })),
    h("button", { class: "quiet", "data-do": "page", "data-page": page + 1, disabled: page === pages - 1 }, say("screen.next"), icon("next")));
}

function nothing() {
  return h("main", { class: "all", key: "none" }, h("div", { class: "empty" },
    icon("plug"), h("h2", {}, say("none.title")), h("p", {}, say("none.why")), h("p", {}, say("none.todo"))));
}
