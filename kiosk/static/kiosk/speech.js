// What the page says, read aloud when somebody touches the loudspeaker: never by itself, and only where the computer has a
// voice of its own for the language. A voice that sends the text elsewhere does not count.

import { cardWords, liesOver } from "./covers.js";
import { sumOf } from "./frame.js";
import { sentenceOf } from "./sentence.js";
import { language, locale, say } from "./words.js";

const ALL_IN_FULL = 4; // with more connectors only how they are is read, not what to do

export class Speech {
  constructor(changed) {
    this.speaker = window.speechSynthesis ?? null;
    this.changed = changed; // called when it begins or ends to speak
    this.voices = this.speaker?.getVoices() ?? [];
    this.speaking = null; // what is being said
    this.speaker?.addEventListener("voiceschanged", () => {
      this.voices = this.speaker.getVoices();
      changed();
    });
  }

  voice() {
    const ours = this.voices.filter((each) => each.localService && each.lang.slice(0, 2).toLowerCase() === language());
    return ours.find((each) => each.lang.replace("_", "-") === locale()) ?? ours[0] ?? null;
  }

  // Whether there is a loudspeaker to touch: the owner's volume may be 0 at night.
  offers(volume) {
    return volume > 0 && this.voice() !== null;
  }

  read(sentences, volume) {
    this.hush();
    const text = new SpeechSynthesisUtterance(sentences.filter(Boolean).map(ended).join(" "));
    Object.assign(text, { voice: this.voice(), lang: locale(), volume });
    text.onend = text.onerror = () => this.speaking === text && this.hush();
    this.speaking = text;
    this.speaker.speak(text);
    this.changed();
  }

  hush() {
    if (!this.speaking) return;
    this.speaking = null;
    this.speaker.cancel();
    this.changed();
  }
}

// A voice rests between sentences, and where there is no full stop there is no sentence.
const ended = (text) => (/[.!?。！？]$/.test(text) ? text : `${text}.`);

// What somebody who cannot read it hears: whatever lies over the page first, else the sentence and what to do.
export function spokenOf(view, snapshot, connector, secondsIn) {
  const { station, card, connectors } = snapshot;
  if (station.emergency) return [say("alarm.title"), say("alarm.why"), say("alarm.todo")];
  if (liesOver(view, card)) return cardWords(card, snapshot);
  if (connector) return [...told(connector, station, secondsIn, "title", "why", "todo"), view.notice];
  const parts = connectors.length > ALL_IN_FULL ? ["short"] : ["short", "todo"];
  return [station.name, sumOf(snapshot), ...connectors.flatMap((each) => told(each, station, secondsIn, ...parts))];
}

function told(connector, station, secondsIn, ...parts) {
  const sentence = sentenceOf(connector, station, secondsIn(connector));
  return [say("screen.connector", { letter: connector.letter }), ...parts.map((part) => sentence[part])];
}
