// Which language the page speaks: chosen by touch, and the owner's again once whoever chose it has gone.

import { icon } from "./icons.js";
import { h } from "./preact/preact.mjs";
import { LANGUAGES, language, say, speak } from "./words.js";

const COOKIE = "kiosk_language";
const DAY_S = 86400;
const GONE_AFTER_MS = 90000;

export function languageButton() {
  return h("button", { class: "quiet tongue", "data-do": "languages", "aria-label": `${say("screen.language")}: ${LANGUAGES[language()]}` },
    icon("globe"), h("span", {}, LANGUAGES[language()]));
}

export function languageSheet(view) {
  if (!view.languages) return null;
  return h("div", { class: "veil languages", "data-do": "close-languages", key: "languages" },
    h("div", { class: "tongues", role: "dialog", "aria-label": say("screen.language") },
      Object.entries(LANGUAGES).map(([code, name]) => h("button",
        { class: "choice", "data-do": "speak", "data-language": code, key: code, lang: code, "aria-pressed": String(code === language()) },
        h("span", {}, code === language() && icon("check"), name)))));
}

// The choice of whoever stands there: it ends with GONE_AFTER_MS without a touch, or with a session that is not theirs.
export class Choice {
  constructor(spoken) {
    this.spoken = spoken; // called when the page speaks another language
    this.touched_ms = performance.now();
    this.begun = 0; // sessions since the last touch: the first one may be theirs
    this.known = null; // transactions that were seen running
  }

  choose(wanted) {
    document.cookie = `${COOKIE}=${wanted}; path=/; max-age=${DAY_S}; samesite=strict`;
    return speak(wanted).then(this.spoken);
  }

  touched() {
    this.touched_ms = performance.now();
    this.begun = 0;
  }

  follow(connectors) {
    const running = new Set(connectors.map(({ transaction }) => transaction?.id).filter((id) => id !== undefined));
    if (this.known) this.begun += [...running].filter((id) => !this.known.has(id)).length;
    this.known = running;
  }

  // When that is, should nobody touch the screen.
  rests_ms() {
    return this.touched_ms + GONE_AFTER_MS;
  }

  // True when the page has to speak the owner's language again.
  rest(now_ms, owners) {
    if (now_ms < this.rests_ms() && this.begun < 2) return false;
    this.touched();
    document.cookie = `${COOKIE}=; path=/; max-age=0; samesite=strict`;
    if (language() !== owners) speak(owners).then(this.spoken);
    return true;
  }
}
