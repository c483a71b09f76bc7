// What ends by time while somebody may stand here: told before it ends, and put off by any touch (WCAG 2.2.1).

import { icon } from "./icons.js";
import { duration } from "./numbers.js";
import { h } from "./preact/preact.mjs";
import { say } from "./words.js";

export const WARNS_MS = 25000; // at least 20 s, told once a second

// The next of [[what, when it ends (ms)], ...] that is so near that it is told: {what, left_s}, else null.
export function nearest(endings, now_ms) {
  const [what, at_ms] = endings.reduce((first, each) => (each[1] < first[1] ? each : first), ["", Infinity]);
  return at_ms - now_ms > WARNS_MS ? null : { what, left_s: Math.max(0, (at_ms - now_ms) / 1000) };
}

export function endingStrip({ what, left_s }) {
  return h("div", { class: "ending", key: "ending", role: "timer", "data-ending": what },
    icon("hourglass"),
    h("p", {}, h("span", {}, say(`ending.${what}`)), h("b", {}, duration(left_s))),
    h("button", { class: "quiet stay", "data-do": "stay" }, say("ending.stay")));
}
