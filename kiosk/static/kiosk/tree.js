// A picture is described as plain nodes and painted onto the page: what did not change is not touched,
// so that a finger never loses the button under it. Text is only ever text: nothing is parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "path", "circle", "rect", "line", "polyline", "ellipse"]);

export function h(tag, attributes, ...children) {
  return { tag, attributes: attributes ?? {}, children: children.flat(Infinity).filter(isShown) };
}

function isShown(child) {
  return child !== null && child !== undefined && child !== false && child !== "";
}

export function paint(parent, nodes) {
  const wanted = [nodes].flat(Infinity).filter(isShown);
  wanted.forEach((node, index) => place(parent, parent.childNodes[index], node));
  while (parent.childNodes.length > wanted.length) parent.lastChild.remove();
}

function place(parent, present, node) {
  if (present && fits(present, node)) {
    refresh(present, node);
  } else {
    const made = make(node);
    if (present) present.replaceWith(made);
    else parent.append(made);
  }
}

function fits(present, node) {
  if (typeof node !== "object") return present.nodeType === Node.TEXT_NODE;
  return present.nodeType === Node.ELEMENT_NODE && present.localName === node.tag
    && (present.dataset.key ?? "") === String(node.attributes["data-key"] ?? "");
}

function make(node) {
  if (typeof node !== "object") return document.createTextNode(String(node));
  const element = SVG_TAGS.has(node.tag) ? document.createElementNS(SVG, node.tag) : document.createElement(node.tag);
  refresh(element, node);
  return element;
}

function refresh(element, node) {
  if (typeof node !== "object") {
    if (element.data !== String(node)) element.data = String(node);
    return;
  }
  const wanted = {};
  for (const [name, value] of Object.entries(node.attributes)) {
    if (name === "vars") Object.entries(value).forEach(([key, text]) => element.style.setProperty(key, String(text)));
    else if (value !== false && value !== null && value !== undefined) wanted[name] = value === true ? "" : String(value);
  }
  for (const { name } of [...element.attributes]) {
    if (!(name in wanted) && name !== "style") element.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(wanted)) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
  paint(element, node.children);
}
