// The sentences of kiosk/sentences, by key and language; {names} in a text are filled in here.

let table = {};
let chosen = "en";

export async function loadWords(address, language) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`The words answered ${answer.status}.`);
  table = await answer.json();
  speak(language);
}

export function speak(language) {
  chosen = language in table ? language : "en";
  document.documentElement.lang = chosen;
}

export const language = () => chosen;
export const languages = () => Object.keys(table);
export const knows = (key) => key in (table[chosen] ?? {});

export function say(key, values = {}) {
  const text = table[chosen]?.[key] ?? "";
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "—");
}

// The first of several keys that has a text; the last one is the general case.
export function sayFirst(keys, values = {}) {
  return say(keys.find(knows) ?? keys.at(-1), values);
}
