// What lies over the page: emergency, lost contact, the card that was just held, the messenger's code.

import { messengerAddress } from "./frame.js";
import { icon } from "./icons.js";
import { languageButton } from "./languages.js";
import { duration } from "./numbers.js";
import { situationOf } from "./sentence.js";
import { h } from "./preact/preact.mjs";
import { knows, say } from "./words.js";

export function emergency(view, snapshot) {
  const latched = snapshot?.station.emergency;
  if (!latched && !view.alarm) return null;
  const unheard = !latched && view.alarm === "unheard";
  const middle = latched ? say("alarm.why") : say(unheard ? "alarm.unheard" : "alarm.asked");
  return h("div", { class: "cover alarm", role: "alert", key: "alarm" },
    icon("octagon"),
    h("h2", {}, say("alarm.title")),
    h("p", { class: "first" }, middle),
    latched && h("p", {}, say("alarm.todo")),
    latched && h("p", { class: "release" }, say(snapshot.station.emergency_acknowledged ? "alarm.acknowledged" : "alarm.release")),
    latched && snapshot.station.support_phone && h("p", { class: "call" }, icon("phone"), snapshot.station.support_phone),
    h("div", { class: "alone" }, languageButton()));
}

export function gone(seconds, everSeen) {
  return h("main", { class: "gone", role: "alert", key: "gone" },
    icon("broken"),
    h("h2", {}, say(everSeen || seconds > 10 ? "gone.title" : "opening.title")),
    everSeen && h("p", { class: "age" }, say("gone.age", { time: duration(seconds) })),
    h("p", {}, say(everSeen || seconds > 10 ? "gone.why" : "opening.why")),
    (everSeen || seconds > 10) && h("p", { class: "todo" }, icon("arrow"), h("span", {}, say("gone.todo"))),
    !everSeen && h("div", { class: "alone" }, languageButton()));
}

const CARD_LOOKS = {
  presented: ["busy", "card"],
  accepted: ["go", "check"],
  used: ["go", "check"],
  choose: ["ask", "card"],
  refused: ["alarm", "close"],
  expired: ["wait", "hourglass"],
  learned: ["go", "check"],
  absent: ["wait", "broken"],
  technician: ["go", "wrench"],
};

export function cardSheet(view, snapshot) {
  const { card, station } = snapshot;
  if (station.learning) return sheet("learning", ["ask", "card"], [h("p", {}, say("card.learning.why"))], null);
  if (!liesOver(view, card)) return null;
  const kind = kindOf(card);
  const left_s = card.countdown_s === null ? null : Math.max(0, card.countdown_s - view.elapsed_s);
  return sheet(kind, CARD_LOOKS[kind] ?? CARD_LOOKS.presented, [
    h("p", {}, whyOf(kind, card, snapshot)),
    left_s !== null && h("p", { class: "more" }, icon("card"), h("span", {}, say("card.more_time"))),
    kind === "choose" && h("div", { class: "choices" }, candidates(snapshot).map((each) => choice(card, each))),
    h("p", { class: "foot" }, h("span", {}, say("card.tail", { tail: card.tail })),
      left_s !== null && h("span", {}, say("screen.time_left", { time: duration(left_s) }))),
  ], kind === "choose" ? null : `${card.id}-${card.state}`);
}

export const liesOver = (view, card) => Boolean(card) && view.dismissed !== `${card.id}-${card.state}`;

// The sheet of a card as sentences.
export function cardWords(card, snapshot) {
  const kind = kindOf(card);
  return [say(`card.${kind}.title`), whyOf(kind, card, snapshot)];
}

function kindOf(card) {
  if (card.state === "refused" && card.why === "central_system_absent") return "absent";
  return card.state === "used" && card.connector === null ? "technician" : card.state;
}

function whyOf(kind, card, { connectors }) {
  if (card.state === "refused") return say(knows(`refusal.${card.why}`) ? `refusal.${card.why}` : "refusal.card_unreadable");
  if (kind === "learned" && card.why) return say("card.known.why");
  const letter = connectors.find((each) => each.number === card.connector)?.letter ?? "–";
  return say(`card.${kind}.why`, { letter });
}

function candidates({ connectors, card }) {
  const own = connectors.filter((each) => each.transaction?.id_tag_tail === card.tail);
  const waiting = connectors.filter((each) => each.plugged && ["authorize", "unplug"].includes(situationOf(each)));
  const found = own.length > 1 ? own : [...own, ...waiting];
  return (found.length ? found : connectors).slice(0, 8);
}

function choice(card, connector) {
  return h("button", { class: "choice", "data-do": "choose", "data-card": card.id, "data-number": connector.number,
    key: connector.number }, h("b", {}, connector.letter), h("span", {}, say(`standard.${connector.standard}`) || connector.standard));
}

function sheet(kind, [tone, picture], parts, dismiss) {
  return h("div", { class: `veil ${kind}`, key: "card", "data-do": dismiss && "dismiss", "data-what": dismiss },
    h("div", { class: `sheet-card tone-${tone}`, role: "status", "data-card-state": kind },
      h("span", { class: "seal" }, icon(picture)),
      h("div", { class: "message" }, h("h2", {}, say(`card.${kind}.title`)), parts)));
}

export function messengerSheet(view, snapshot) {
  if (!view.messenger || !snapshot.station.messenger_url) return null;
  return h("div", { class: "veil", "data-do": "close-messenger", key: "messenger" },
    h("div", { class: "sheet-card tone-ask", role: "dialog", "aria-modal": "true", "aria-label": say("screen.messenger") },
      h("img", { class: "large-code", src: messengerAddress(snapshot.station.messenger_url), alt: "" }),
      h("div", { class: "message" }, h("h2", {}, say("screen.messenger")), h("p", {}, say("screen.messenger_hint")),
        h("button", { class: "act strong", "data-do": "close-messenger" }, icon("close"), say("screen.close")))));
}
