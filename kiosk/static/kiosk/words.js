// The sentences of one language, by key; {names} in a text are filled in here. Others come when they are chosen.

const page = document.documentElement.dataset;
const AGAIN_AFTER_MS = 1000;
// Where a language is at home: its numbers, its clock. All of them count the hours to 24.
const LOCALES = { en: "en-GB", ru: "ru-RU", de: "de-DE", fr: "fr-FR", es: "es-ES", zh: "zh-CN" };

export const LANGUAGES = JSON.parse(page.languages); // code -> own name
const tables = new Map(); // language -> key -> text, or plural category -> text
let chosen = document.documentElement.lang;
let wanted = chosen;

export const language = () => chosen;
export const locale = () => LOCALES[chosen] ?? chosen;
const table = () => tables.get(chosen) ?? {};

// Speaks it as soon as its words are here, and the present language until then. The one asked for last wins.
export async function speak(asked) {
  wanted = asked in LANGUAGES ? asked : page.defaultLanguage;
  while (!tables.has(wanted)) {
    const [mine, told] = [wanted, await wordsOf(wanted)];
    if (told) tables.set(mine, told);
    else await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
  }
  chosen = wanted;
  document.documentElement.lang = chosen;
  document.title = say("page.title");
}

async function wordsOf(asked) {
  try {
    const answer = await fetch(`${page.words}&lang=${asked}`);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

export const knows = (key) => key in table();

export function say(key, values = {}) {
  return fill(table()[key] ?? "", values);
}

// A sentence of a number: its form is the one that the language has for `count`.
export function sayCount(key, count, values) {
  const forms = table()[key] ?? {};
  return fill(forms[new Intl.PluralRules(locale()).select(count)] ?? forms.other ?? "", values);
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "—");
}

// The first of several keys that has a text; the last one is the general case.
export function sayFirst(keys, values = {}) {
  return say(keys.find(knows) ?? keys.at(-1), values);
}
