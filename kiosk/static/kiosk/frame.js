// What is on every page: whose station it is, the time, the language, who helps, and the emergency stop.

import { endingStrip } from "./endings.js";
import { mark } from "./face.js";
import { icon } from "./icons.js";
import { languageButton } from "./languages.js";
import { clock } from "./numbers.js";
import { situationOf } from "./sentence.js";
import { h } from "./preact/preact.mjs";
import { say, sayCount } from "./words.js";

export function header(view, snapshot, connector) {
  const several = snapshot.connectors.length > 1;
  return h("header", { class: "top", key: connector ? `one-${connector.number}` : "all" },
    connector ? besides(connector, several) : h("div", { class: "whose" },
      mark(view),
      h("div", {}, h("h1", { class: "name" }, snapshot.station.name), h("p", { class: "sum" }, sumOf(snapshot)))),
    h("div", { class: "corner" },
      h("time", { class: "clock" }, snapshot.station.clock_known ? clock(snapshot.station.time) : say("screen.clock_unknown")),
      h("div", { class: "hands" }, speechButton(view), languageButton())));
}

function speechButton({ speech }) {
  if (!speech.offered) return null;
  const key = speech.speaking ? "speech.stop" : "speech.read";
  return h("button", { class: "quiet speech", "data-do": speech.speaking ? "hush" : "read", "aria-label": say(key), key: "speech" },
    icon(speech.speaking ? "hush" : "speaker"));
}

function besides(connector, several) {
  return h("div", { class: "whose" },
    several && h("button", { class: "quiet back", "data-do": "all", "aria-label": say("screen.back") },
      icon("back"), h("span", {}, say("screen.back"))),
    h("span", { class: "badge", "aria-hidden": "true" }, connector.letter),
    h("div", {}, h("h1", { class: "name" }, say("screen.connector", { letter: connector.letter })),
      h("p", { class: "sum" }, say(`standard.${connector.standard}`) || connector.standard)));
}

export function sumOf({ connectors, station }) {
  const free = connectors.filter((connector) => situationOf(connector) === "free").length;
  const parts = connectors.length ? [sayCount("screen.free_count", free, { free, total: connectors.length })] : [];
  if (station.authorization_mode === "none") parts.push(say("screen.open_to_all"));
  else if (station.has_reader && station.reader_present === false) parts.push(say("screen.no_reader"));
  return parts.join(" · ");
}

export function footer({ ending }, snapshot) {
  return h("footer", { class: "bottom" },
    ending ? endingStrip(ending) : whoHelps(snapshot.station),
    h("button", { class: "emergency", "data-do": "emergency", key: "emergency" },
      icon("octagon"), h("span", {}, say("screen.emergency_stop"))));
}

function whoHelps({ support_phone: phone, messenger_url: messenger, name }) {
  return [
    phone && h("div", { class: "phone", key: "phone" }, icon("phone"),
      h("div", {}, h("p", { class: "label" }, `${say("screen.support")} · ${name}`), h("p", { class: "number" }, phone))),
    messenger && h("button", { class: "quiet code", "data-do": "messenger", key: "messenger" },
      h("img", { src: messengerAddress(messenger), alt: "" }), h("span", {}, say("screen.messenger"))),
  ];
}

// The address changes with what it shows, so that a new code is never an old picture.
export function messengerAddress(messenger) {
  let sum = 0;
  for (const character of messenger) sum = (sum * 31 + character.codePointAt(0)) >>> 0;
  return `${document.documentElement.dataset.messenger}?of=${sum.toString(36)}`;
}
