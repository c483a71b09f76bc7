// What sounds when: the same table as the lights (charging/domain/lights.py). A sound is never the only one that tells something.

import { situationOf } from "./sentence.js";

// Tones one after another: frequency in Hz, length in ms.
export const TONES = {
  read: [[1320, 90]],
  accepted: [[880, 110], [1320, 170]],
  refused: [[208, 650]],
  unchecked: [[294, 200], [294, 200]],
  finished: [[990, 140]],
  fault: [[233, 220], [233, 220], [233, 220]],
};
// Every situation, so that none is forgotten: "" is silent.
export const BY_SITUATION = {
  free: "",
  plug_in: "accepted",
  authorize: "",
  connecting: "",
  waiting_turn: "",
  charging: "",
  paused_by_car: "",
  paused_by_station: "",
  stopping: "",
  unplug: "finished",
  reserved: "",
  out_of_service: "",
  fault_user: "fault",
  fault: "",
  emergency: "",
  no_contact: "",
};
export const BY_CARD = {
  presented: "read",
  accepted: "accepted",
  used: "accepted",
  choose: "read",
  refused: "refused",
  expired: "",
  learned: "accepted",
};
const PAUSE_MS = 90;
const EDGE_S = 0.012; // a tone that begins or ends at once clicks
const SAME_AGAIN_MS = 1500; // an accepted card and the connector that now waits are one thing to an ear

export function soundOfCard({ state, why }) {
  return state === "refused" && why === "central_system_absent" ? "unchecked" : BY_CARD[state] ?? "";
}

export class Sounds {
  constructor() {
    this.context = null;
    this.heard = new Map(); // name -> when it was played (ms)
    this.situations = null; // connector number -> situation, of the picture before
    this.card = "";
  }

  // Plays what is new in a picture; the first picture after a load is news to nobody.
  follow({ connectors, card }, volume) {
    const present = new Map(connectors.map((each) => [each.number, situationOf(each)]));
    const shown = card ? `${card.id}-${card.state}` : "";
    const before = this.situations;
    const names = [];
    if (before && card && shown !== this.card) names.push(soundOfCard(card));
    for (const [number, situation] of present) {
      if (before?.has(number) && before.get(number) !== situation) names.push(BY_SITUATION[situation] ?? "");
    }
    this.situations = present;
    this.card = shown;
    names.filter(Boolean).slice(0, 1).forEach((name) => this.play(name, volume));
  }

  play(name, volume) {
    const now_ms = performance.now();
    if (volume <= 0 || now_ms - (this.heard.get(name) ?? -Infinity) < SAME_AGAIN_MS) return;
    this.heard.set(name, now_ms);
    this.context ??= new AudioContext();
    // Where a browser wants a touch before it sounds, this sound is left out: a late one would tell of something else.
    if (this.context.state !== "running") this.context.resume();
    else this.sound(TONES[name], volume);
  }

  sound(tones, volume) {
    let begin_s = this.context.currentTime;
    for (const [frequency, length_ms] of tones) {
      const [voice, gain] = [this.context.createOscillator(), this.context.createGain()];
      const end_s = begin_s + length_ms / 1000;
      voice.type = "triangle";
      voice.frequency.value = frequency;
      gain.gain.setValueAtTime(0, begin_s);
      gain.gain.linearRampToValueAtTime(volume, begin_s + EDGE_S);
      gain.gain.setValueAtTime(volume, end_s - EDGE_S);
      gain.gain.linearRampToValueAtTime(0, end_s);
      voice.connect(gain).connect(this.context.destination);
      voice.start(begin_s);
      voice.stop(end_s);
      begin_s = end_s + PAUSE_MS / 1000;
    }
  }
}
