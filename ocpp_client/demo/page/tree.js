// Small pieces of the page: an element with its text and children, and words for people.

export const $ = id => document.getElementById(id);

/** An element; `parts` are strings, elements, or an object of properties (`on…` functions, attributes with a dash). */
export function make(tag, ...parts) {
  const node = document.createElement(tag);
  for (const part of parts) {
    if (part === null || part === undefined || part === false) continue;
    if (typeof part === "object" && !(part instanceof Node)) {
      for (const [name, value] of Object.entries(part)) name.includes("-") ? node.setAttribute(name, value) : (node[name] = value);
    } else node.append(part);
  }
  return node;
}

/** Put these in place of what is there, unless nothing changed: focus and open details stay. */
export function show(place, key, build) {
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.replaceChildren(...build());
}

let timer;
export function note(sentence) {
  $("note").textContent = sentence;
  $("note").classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => $("note").classList.remove("shown"), 5000);
}

export const clock = time => (time ? new Date(time).toLocaleTimeString("en-GB") : "");
export const minute = time => clock(time).slice(0, 5);
export const kilowattHours = wh => (wh / 1000).toFixed(wh < 99950 ? 2 : 1) + " kWh";
export const kilowatts = w => (w / 1000).toFixed(w < 9950 ? 2 : 1);
export const instant = date => date.toISOString().replace(/\.\d+Z/, "Z");

const TONES = {
  go: "Accepted Available Charging Unlocked NoError Finishing Idle Installed Uploaded Downloaded",
  ask: "Preparing Reserved Scheduled Pending RebootRequired Downloading Installing Uploading",
  warn: "SuspendedEV SuspendedEVSE NotSupported NotImplemented UnknownVendorId UnknownMessageId VersionMismatch Occupied Unavailable ConcurrentTx",
};
const TONE = Object.fromEntries(Object.entries(TONES).flatMap(([tone, words]) => words.split(" ").map(word => [word, tone])));
/** A word of OCPP in its colour; what is not known to be good is red. */
export const pill = word => make("span", word, {className: "pill " + (TONE[word] || "stop")});
