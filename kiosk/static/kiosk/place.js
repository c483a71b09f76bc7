// From elsewhere one may look, not touch: whatever acts is not there, and the page says so.

import { cloneElement, h } from "./preact/preact.mjs";
import { say } from "./words.js";

const ACTS = new Set(["start", "stop", "ask-stop", "keep", "release", "choose"]);

export function forOnlookers(node) {
  if (Array.isArray(node)) return node.map(forOnlookers);
  if (!node?.props) return node;
  const wanted = node.props["data-do"];
  if (ACTS.has(wanted)) return null;
  if (wanted === "emergency") return h("p", { class: "onlooker" }, say("screen.only_looks"));
  const { children } = node.props;
  return children === undefined ? node : cloneElement(node, null, forOnlookers(children));
}
