"use strict";
// Renews the parts of the start page every two seconds, and asks before what cannot be undone.

const RENEW_MS = 2000;
const ANSWER_WITHIN_MS = 5000;

document.addEventListener("submit", (event) => {
  const sentence = event.submitter?.dataset.confirm;
  if (sentence && !window.confirm(sentence)) event.preventDefault();
});

async function renewed(address) {
  const answer = await fetch(address, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS), credentials: "same-origin" });
  if (answer.redirected || answer.status === 403) window.location.reload(); // the session has ended
  if (!answer.ok) throw new Error(`answer ${answer.status}`);
  return (await answer.json()).parts;
}

function withoutTokens(html) {
  return html.replace(/<input type="hidden" name="csrfmiddlewaretoken"[^>]*>/g, "");
}

// How a button or a link is found again after its part was renewed.
function selectorOf(element) {
  const [action, address] = [element.form?.getAttribute("action"), element.getAttribute("href")];
  if (action) return `form[action="${CSS.escape(action)}"] button`;
  return address ? `a[href="${CSS.escape(address)}"]` : null;
}

document.addEventListener("DOMContentLoaded", () => {
  const page = document.querySelector("[data-parts]");
  if (!page) return;
  const silent = document.getElementById("now-silent");
  const shown = new Map();

  function put(id, html) {
    const place = document.getElementById(id);
    if (!place) return window.location.reload(); // a connector was found
    const text = withoutTokens(html);
    if (shown.get(id) === text || place.querySelector("button:active, a:active")) return;
    const focused = place.contains(document.activeElement) ? selectorOf(document.activeElement) : null;
    shown.set(id, text);
    place.innerHTML = html;
    if (focused) place.querySelector(focused)?.focus();
  }

  async function renew() {
    if (!document.hidden) {
      try {
        for (const [id, html] of Object.entries(await renewed(page.dataset.parts))) put(id, html);
        silent.hidden = true;
        page.classList.remove("old");
      } catch {
        silent.hidden = false;
        page.classList.add("old");
      }
    }
    window.setTimeout(renew, RENEW_MS);
  }
  window.setTimeout(renew, RENEW_MS);
});
