// The socket to the station: reconnects by itself, knows how old its picture is, waits for answers.

const LONGEST_BACK_OFF_MS = 2000;
const ANSWER_WITHIN_MS = 8000;
const SILENT_MS = 4000; // snapshots come once a second: a socket that says nothing is dead
const SHOWN_EVERY_MS = 1000;
const EMERGENCY_WAITS_MS = 10000;
export const STALE_S = 3;

export class Contact {
  constructor(changed, loadAgain) {
    this.changed = changed;
    this.loadAgain = loadAgain;
    this.acts = false; // whether the station takes requests of this page
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
    this.count = 0;
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
    };
    socket.onmessage = (event) => socket === this.socket && this.hear(event.data);
    socket.onclose = () => socket === this.socket && this.again();
  }

  again() {
    this.socket = null;
    this.attempts += 1;
    this.settleAll({ accepted: false, refusal: "", unheard: true });
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

  // -> {accepted, refusal, unheard?, rejected?}; never rejects, never waits longer than ANSWER_WITHIN_MS.
  ask(message) {
    const request = `${Date.now().toString(36)}-${(this.count += 1)}`;
    return new Promise((resolve) => {
      if (!this.tell({ ...message, request })) return resolve({ accepted: false, refusal: "", unheard: true });
      this.waiting.set(request, resolve);
      setTimeout(() => this.settle(request, { accepted: false, refusal: "", unheard: true }), ANSWER_WITHIN_MS);
    });
  }

  // Asked for without contact, it is sent as soon as there is contact again, within EMERGENCY_WAITS_MS.
  emergencyStop() {
    this.emergencyUntil_ms = performance.now() + EMERGENCY_WAITS_MS;
    return this.ask({ action: "emergency_stop" }).then((answer) => {
      if (answer.accepted) this.emergencyUntil_ms = 0;
      return answer;
    });
  }

  settle(request, answer) {
    this.waiting.get(request)?.(answer);
    this.waiting.delete(request);
  }

  settleAll(answer) {
    [...this.waiting.keys()].forEach((request) => this.settle(request, answer));
  }

  reportShown() {
    if (this.snapshot && document.visibilityState === "visible") this.tell({ action: "shown", sequence: this.painted });
  }
}
