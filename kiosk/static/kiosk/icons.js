// Line icons of one family: 24 units, stroke 2. Each is told apart by shape alone.

import { h } from "./preact/preact.mjs";

const PATHS = {
  plug: ["M9 3v5M15 3v5", "M6 8h12v4a6 6 0 0 1-12 0z", "M12 18v3"],
  card: ["M3 6h18v12H3z", "M3 10h18", "M7 15h4"],
  link: ["M4 12h3M17 12h3", "M10 12h.01M14 12h.01"],
  hourglass: ["M7 3h10M7 21h10", "M8 3c0 5 4 6 4 9s-4 4-4 9", "M16 3c0 5-4 6-4 9s4 4 4 9"],
  bolt: ["M13 2 5 13.5h6L10 22l9-12h-6.5z"],
  pause: ["M8.5 5v14M15.5 5v14"],
  stop: ["M6 6h12v12H6z"],
  check: ["M4 12.5 9.5 18 20 6.5"],
  calendar: ["M4 6h16v14H4z", "M4 10h16M8 3v4M16 3v4"],
  wrench: ["M14.5 6.5a4 4 0 0 1 5-1l-2.7 2.7 1.5 1.5 2.7-2.7a4 4 0 0 1-5.3 5L9 18.7a2.3 2.3 0 0 1-3.3-3.3l6.7-6.7a4 4 0 0 1 2.1-2.2z"],
  warning: ["M12 3 2.5 20h19z", "M12 9.5v5M12 17.4v.1"],
  octagon: ["M8 2.5h8l5.5 5.5v8L16 21.5H8L2.5 16V8z", "M12 7v6.5M12 16.8v.1"],
  broken: ["M3 12h4l2-3 2 6 1.5-3", "M15 9l6 6M21 9l-6 6"],
  phone: ["M5 3h4l2 5-2.5 1.8a12 12 0 0 0 5.7 5.7L16 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 5a2 2 0 0 1 2-2z"],
  car: ["M3 16v-4l2.2-5.2A2 2 0 0 1 7 5.5h7.5a2 2 0 0 1 1.6.8L20 11l1 1v4h-2.5M8.5 16h7M3 16h2.5", "M7 14.2a1.8 1.8 0 1 0 .01 0zM17 14.2a1.8 1.8 0 1 0 .01 0z", "M5 11h13"],
  back: ["M15 5l-7 7 7 7"],
  next: ["M9 5l7 7-7 7"],
  arrow: ["M4 12h15M13 6l6 6-6 6"],
  globe: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M3 12h18", "M12 3c3 3 3.6 6 3.6 9s-.6 6-3.6 9c-3-3-3.6-6-3.6-9s.6-6 3.6-9z"],
  sheet: ["M5 3h14v18H5z", "M9 8h6M9 12h6M9 16h4"],
  unlock: ["M6 11h12v10H6z", "M8.5 11V7a3.5 3.5 0 0 1 6.8-1.2", "M12 15v2.5"],
  clock: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M12 7v5.5l3.5 2"],
  tag: ["M3.5 3.5h8.5l8.5 8.5-8.5 8.5-8.5-8.5z", "M8 8v.01"],
  note: ["M5 4h14v11l-5 5H5z", "M14 20v-5h5", "M9 9h6M9 13h3"],
  speaker: ["M4 9.5v5h4l5 4v-13l-5 4z", "M16.5 9a4.2 4.2 0 0 1 0 6M19 6.5a7.8 7.8 0 0 1 0 11"],
  hush: ["M4 9.5v5h4l5 4v-13l-5 4z", "M16.5 9.5l5 5M21.5 9.5l-5 5"],
  close: ["M6 6l12 12M18 6 6 18"],
};

export function icon(name, className = "") {
  return h(
    "svg",
    { class: `icon ${className}`, viewBox: "0 0 24 24", "aria-hidden": "true" },
    (PATHS[name] ?? PATHS.warning).map((d) => h("path", { d })),
  );
}
