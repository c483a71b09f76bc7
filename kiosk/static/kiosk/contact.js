// The socket to the station: reconnects by itself, knows how old its picture is, waits for answers.

const LONGEST_BACK_OFF_MS = 2000;
const ANSWER_WITHIN_MS = 8000;
const ASK_AGAIN_MS = 15000; // shorter than the station remembers its answers
const KEPT_AS = "asked";
const SILENT_MS = 4000; // snapshots come once a second: a socket that says nothing is dead
const SHOWN_EVERY_MS = 1000;
const EMERGENCY_WAITS_MS = 10000;
export const STALE_S = 3;

export class Contact {
  constructor(changed, loadAgain) {
    this.changed = changed;
    this.loadAgain = loadAgain;
    this.acts = true; // whether the station takes requests of this page: it says so first of all
    this.painted = 0; // the sequence that is on the glass
    this.snapshot = null;
    this.face = null; // the owner's settings of the screen, beside the first picture
    this.edition = "";
    this.sequence = 0;
    this.age_s = Infinity; // of the snapshot, when it came
    this.came_ms = 0;
    this.opened = performance.now();
    this.attempts = 0;
    this.waiting = new Map();
    this.emergencyUntil_ms = 0;
    this.open();
    setInterval(() => this.watch(), 500);
    setInterval(() => this.reportShown(), SHOWN_EVERY_MS);
  }

  // Seconds since the station was as shown; Infinity before the first picture.
  age() {
    return this.snapshot ? this.age_s + (performance.now() - this.came_ms) / 1000 : Infinity;
  }

  gone() {
    return this.age() > STALE_S;
  }

  // Seconds without a picture, whether or not there ever was one.
  silence() {
    return this.snapshot ? this.age() : (performance.now() - this.opened) / 1000;
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/kiosk/`);
    this.socket = socket;
    this.heard_ms = performance.now();
    socket.onopen = () => {
      this.attempts = 0;
      if (performance.now() < this.emergencyUntil_ms) this.tell({ action: "emergency_stop" });
      for (const { asked } of this.waiting.values()) this.tell(asked);
    };
    socket.onmessage = (event) => socket === this.socket && this.hear(event.data);
    socket.onclose = () => socket === this.socket && this.again();
  }

  again() {
    this.socket = null;
    this.attempts += 1;
    const pause_ms = Math.min(LONGEST_BACK_OFF_MS, 200 * 2 ** Math.min(this.attempts, 5));
    setTimeout(() => this.socket || this.open(), pause_ms * (0.75 + Math.random() / 4));
    this.changed();
  }

  watch() {
    if (this.socket && performance.now() - this.heard_ms > SILENT_MS) {
      const dead = this.socket;
      this.again();
      dead.close();
    }
  }

  hear(text) {
    this.heard_ms = performance.now();
    const told = JSON.parse(text);
    if (told.kind === "snapshot") {
      this.sequence = told.sequence;
      this.edition = told.edition;
      if (told.snapshot) this.take(told);
    } else if (told.kind === "place") {
      this.acts = told.acts;
    } else if (told.kind === "load_again") {
      this.loadAgain();
    } else if (told.request) {
      this.settle(told.request, told.kind === "answer" ? told : { accepted: false, refusal: "", rejected: true });
    }
    this.changed();
  }

  take(told) {
    this.snapshot = told.snapshot;
    this.face = told.face;
    this.age_s = told.age_s ?? Infinity;
    this.came_ms = performance.now();
  }

  tell(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  // -> {accepted, refusal, unheard?, rejected?}; never rejects, never waits longer than ANSWER_WITHIN_MS. What was on its
  // way when the contact or the page went is asked again by its mark: the station does nothing twice.
  ask(message) {
    const request = message.request ?? markOf();
    const asked = { ...message, request };
    return new Promise((resolve) => {
      this.waiting.set(request, { resolve, asked });
      sessionStorage.setItem(KEPT_AS, JSON.stringify({ asked, at_ms: Date.now() }));
      this.tell(asked);
      setTimeout(() => this.settle(request, { accepted: false, refusal: "", unheard: true }), ANSWER_WITHIN_MS);
    });
  }

  // Asked for without contact, it is sent as soon as there is contact again, within EMERGENCY_WAITS_MS.
  emergencyStop() {
    this.emergencyUntil_ms = performance.now() + EMERGENCY_WAITS_MS;
    if (!this.socket) return Promise.resolve({ accepted: false, refusal: "", unheard: true });
    return this.ask({ action: "emergency_stop" }).then((answer) => {
      if (answer.accepted) this.emergencyUntil_ms = 0;
      return answer;
    });
  }

  settle(request, answer) {
    const waiting = this.waiting.get(request);
    if (!waiting) return;
    this.waiting.delete(request);
    sessionStorage.removeItem(KEPT_AS);
    waiting.resolve(answer);
  }

  // What the page before this one had asked and heard no answer to, while it is still worth asking; else null.
  left() {
    const { asked, at_ms } = JSON.parse(sessionStorage.getItem(KEPT_AS) ?? "{}");
    sessionStorage.removeItem(KEPT_AS);
    return asked && Math.abs(Date.now() - at_ms) < ASK_AGAIN_MS ? asked : null;
  }

  reportShown() {
    if (this.snapshot && document.visibilityState === "visible") this.tell({ action: "shown", sequence: this.painted });
  }
}

function markOf() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
