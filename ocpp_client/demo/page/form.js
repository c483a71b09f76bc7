// A form for any JSON schema of OCPP: each field is an element with `read()`, which is undefined when nothing is sent.
import {make} from "./tree.js";

const readers = new WeakMap();
const read = node => readers.get(node)();
const withReader = (node, reader) => { readers.set(node, reader); return node; };

function resolved(schema, root) {
  return schema.$ref ? root.definitions[schema.$ref.split("/").at(-1)] : schema;
}

function choice(values, value, isRequired) {
  const select = make("select");
  if (!isRequired) select.append(new Option("not sent", ""));
  for (const each of values) select.append(new Option(each, each));
  select.value = value ?? (isRequired ? values[0] : "");
  return withReader(select, () => (select.value === "" ? undefined : select.value));
}

function truth(value, isRequired) {
  const select = choice(["true", "false"], value === undefined ? undefined : String(value), isRequired);
  const word = readers.get(select);
  return withReader(select, () => (word() === undefined ? undefined : word() === "true"));
}

function figure(schema, value, isRequired) {
  const input = make("input", {type: "number", step: schema.type === "integer" ? 1 : 0.1, value: value ?? "", placeholder: isRequired ? "" : "not sent"});
  return withReader(input, () => (input.value === "" ? undefined : Number(input.value)));
}

function words(schema, value, isRequired) {
  const input = make("input", {value: value ?? "", placeholder: isRequired ? "" : "not sent", spellcheck: false, autocomplete: "off"});
  if (schema.maxLength) input.maxLength = schema.maxLength;
  return withReader(input, () => (input.value === "" && !isRequired ? undefined : input.value));
}

function list(name, schema, value, root) {
  const items = make("div"), kind = resolved(schema.items, root);
  const add = item => {
    const node = field(name, kind, item, true, root), place = make("div", node, {className: "item"});
    place.append(make("div", make("button", "Remove", {type: "button", className: "quiet", onclick: () => place.remove()}), {className: "row end"}));
    items.append(withReader(place, () => read(node)));
  };
  for (const item of value || []) add(item);
  const more = make("button", "Add", {type: "button", onclick: () => add(undefined)});
  return withReader(make("div", items, make("div", more, {className: "row"})), () => [...items.children].map(read));
}

function group(schema, value, root) {
  const required = new Set(schema.required || []), rows = [];
  for (const [name, each] of Object.entries(schema.properties || {})) {
    const kind = resolved(each, root), isRequired = required.has(name), node = field(name, kind, value?.[name], isRequired, root);
    const isPart = kind.type === "object" || kind.type === "array";
    rows.push([name, node, isPart ? part(name, node, value?.[name] !== undefined, isRequired) : make("label", make("span", name, {className: isRequired ? "must" : ""}), node)]);
  }
  const place = make("div", ...rows.map(([, , shown]) => shown));
  return withReader(place, () => {
    const found = {};
    for (const [name, node, shown] of rows) {
      const item = shown.dataset.sent === "no" ? undefined : read(node);
      if (item !== undefined) found[name] = item;
    }
    return found;
  });
}

/** A nested object or list in a box; an optional one has a tick. */
function part(name, node, isSent, isRequired) {
  const tick = make("input", {type: "checkbox", checked: isSent || isRequired, disabled: isRequired});
  const box = make("fieldset", make("legend", isRequired ? null : tick, name), node);
  const apply = () => { node.hidden = !tick.checked; box.dataset.sent = tick.checked ? "yes" : "no"; };
  tick.onchange = apply;
  apply();
  return box;
}

function field(name, schema, value, isRequired, root) {
  if (schema.enum) return choice(schema.enum, value, isRequired);
  if (schema.type === "object") return group(schema, value, root);
  if (schema.type === "array") return list(name, schema, value, root);
  if (schema.type === "boolean") return truth(value, isRequired);
  return schema.type === "integer" || schema.type === "number" ? figure(schema, value, isRequired) : words(schema, value, isRequired);
}

/** The form of a command and what is written in it. */
export function formOf(schema, values) {
  const node = group(schema, values, schema);
  if (!Object.keys(schema.properties || {}).length) node.append(make("p", "This command has no fields.", {className: "faint"}));
  return {node, read: () => read(node)};
}
