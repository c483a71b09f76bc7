// The dialog that sends any command, as a form or as JSON; JSON may break the schema, to see what the station says.
import {$, instant, make} from "./tree.js";
import {formOf} from "./form.js";

/** Put the station's own numbers and times into the first values of a form. */
export function filled(value, place) {
  const words = {$now: () => instant(new Date()), $hour: () => instant(new Date(Date.now() + 3600e3)), $connector: () => place.connector ?? 1, $transaction: () => place.transaction ?? 1};
  if (Array.isArray(value)) return value.map(item => filled(item, place));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item, place)]));
  return words[value] ? words[value]() : value;
}

export class CommandDialog {
  constructor(catalogue, send) {
    this.catalogue = catalogue;
    this.send = send;
    this.place = {};
    $("action").append(...Object.keys(catalogue).map(name => new Option(name, name)));
    $("action").onchange = () => this.begin($("action").value);
    $("asform").onclick = () => this.asForm();
    $("asjson").onclick = () => this.asJson();
    $("send").onclick = () => this.submit();
    $("fields").onkeydown = event => { if (event.key === "Enter" && event.target.tagName === "INPUT") { event.preventDefault(); this.submit(); } };
  }

  /** Open it on a command; `place` is the connector and transaction it is about, `values` replace the first ones. */
  open(action, place, values) {
    this.place = place;
    $("action").value = action;
    this.begin(action, values);
    $("command").showModal();
  }

  begin(action, values) {
    const {schema, values: first} = this.catalogue[action];
    this.show(schema, values || filled(first, this.place));
    if (this.isJson) $("json").value = JSON.stringify(this.form.read(), null, 2);
  }

  show(schema, values) {
    this.form = formOf(schema, values);
    $("fields").replaceChildren(this.form.node);
    $("complaint").textContent = "";
  }

  get isJson() { return !$("json").hidden; }

  asJson() {
    if (this.isJson) return;
    $("json").value = JSON.stringify(this.form.read(), null, 2);
    this.turn(true);
  }

  asForm() {
    const values = this.isJson ? this.parsed() : null;
    if (!values) return;
    this.show(this.catalogue[$("action").value].schema, values);
    this.turn(false);
  }

  turn(isJson) {
    $("json").hidden = !isJson;
    $("fields").hidden = isJson;
    $("asjson").setAttribute("aria-pressed", isJson);
    $("asform").setAttribute("aria-pressed", !isJson);
    $("complaint").textContent = "";
  }

  parsed() {
    try {
      const found = JSON.parse($("json").value);
      if (found && typeof found === "object" && !Array.isArray(found)) return found;
      $("complaint").textContent = "A payload is a JSON object, such as {}.";
    } catch (error) { $("complaint").textContent = "This is no JSON yet: " + error.message; }
    return null;
  }

  submit() {
    const payload = this.isJson ? this.parsed() : this.form.read();
    if (!payload) return;
    this.send($("action").value, payload);
    $("command").close();
  }
}

/** A button that sends at once or opens the dialog. */
export const ask = (label, onclick, className = "") => make("button", label, {onclick, className, type: "button"});
