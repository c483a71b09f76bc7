// The idle picture: shown while nobody is there, taken away by the first touch, which does nothing else.

import { pictureAddress } from "./face.js";
import { h } from "./preact/preact.mjs";
import { say } from "./words.js";

const MINUTE_MS = 60000;

// Somebody is there, or something has to be seen: a cable, a session, a card, an alarm.
export function isBusy({ station, connectors, card }) {
  return Boolean(card || station.emergency || station.learning)
    || connectors.some((each) => each.plugged || each.transaction || each.countdown_s !== null || each.situation === "fault_user");
}

export class Idleness {
  constructor() {
    this.begun_ms = performance.now(); // since when nobody has touched and nothing has happened
    this.due_ms = Infinity; // when the picture comes
    this.shown = false;
    this.swallows = false;
  }

  // Once a picture; whether the idle picture lies over it.
  follow(face, snapshot, now_ms) {
    if (!face?.idle_picture || isBusy(snapshot)) this.begun_ms = now_ms;
    const due_ms = face?.idle_picture ? this.begun_ms + face.idle_after_min * MINUTE_MS : Infinity;
    this.shown = now_ms >= due_ms;
    this.due_ms = this.shown ? Infinity : due_ms;
    return this.shown;
  }

  // A finger comes down. The emergency stop lies beside the picture and always acts.
  touched(target) {
    this.swallows = this.shown && !target.closest(".emergency");
    this.begun_ms = performance.now();
    this.shown = false;
  }

  // Whether the click that follows was only the end of the waking touch.
  swallowed() {
    const was = this.swallows;
    this.swallows = false;
    return was;
  }
}

export function idlePicture(face) {
  return h("div", { class: "idle", key: "idle", role: "img", "aria-label": say("idle.wake") },
    h("img", { src: pictureAddress(face.idle_picture), alt: "" }), h("p", {}, say("idle.wake")));
}
