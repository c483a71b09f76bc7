// The face of each standard as one sees it on the cable: drawn from the contact layout of IEC 62196-2 and -3,
// CHAdeMO (configuration AA) and GB/T 20234.2 and .3. Simplified: contacts in place, no dimensions.

import { h } from "./preact/preact.mjs";

const pin = (cx, cy, r, className = "pin") => h("circle", { class: className, cx, cy, r });
const shell = (d) => h("path", { class: "shell", d });
const pins = (...all) => all.map(([x, y, r]) => pin(x, y, r));
// Flat top, round below: the key of Type 2 and Type 1 faces.
const TYPE2 = "M24 18h52c6 6 10 14 10 24a36 36 0 0 1-72 0c0-10 4-18 10-24z";
const TYPE2_PINS = [[37, 28, 4], [63, 28, 4], [28, 45, 6], [50, 45, 6], [72, 45, 6], [38, 63, 6], [62, 63, 6]];
const COMBO = "M22 84h56a14 14 0 0 1 0 30H22a14 14 0 0 1 0-30z";
const TYPE1_PINS = [[38, 32, 6], [62, 32, 6], [30, 52, 4], [70, 52, 4], [50, 62, 6]];
const ROUND = "M50 8a36 36 0 1 0 .01 0z";

const FACES = {
  TYPE2_SOCKET: [92, [shell(TYPE2), pins(...TYPE2_PINS)]],
  TYPE2_CABLE: [92, [shell(TYPE2), pins(...TYPE2_PINS)]],
  CCS2: [124, [shell(TYPE2), shell(COMBO), pins([37, 28, 4], [63, 28, 4], [50, 45, 6], [28, 99, 9], [72, 99, 9])]],
  CCS1: [124, [shell(ROUND), shell(COMBO), pins(...TYPE1_PINS, [28, 99, 9], [72, 99, 9])]],
  TYPE1: [92, [shell(ROUND), pins(...TYPE1_PINS)]],
  CHADEMO: [92, [shell(ROUND), pin(32, 44, 11, "ring"), pin(68, 44, 11, "ring"), pins([32, 44, 6], [68, 44, 6]),
    pin(50, 24, 8, "ring"), pin(50, 64, 8, "ring"),
    pins([47, 22, 2], [53, 22, 2], [47, 27, 2], [53, 27, 2], [47, 62, 2], [53, 62, 2], [47, 67, 2], [53, 67, 2])]],
  GBT_AC: [92, [shell(TYPE2), pins([38, 30, 4], [62, 30, 4], [26, 46, 6], [50, 47, 6], [74, 46, 6], [38, 63, 5], [62, 63, 5])]],
  GBT_DC: [92, [shell(ROUND), pin(33, 42, 10, "ring"), pin(67, 42, 10, "ring"),
    pins([33, 42, 6], [67, 42, 6], [50, 66, 5], [42, 23, 3], [58, 23, 3], [50, 27, 3], [34, 63, 3], [66, 63, 3], [50, 50, 3])]],
  NACS: [92, [shell("M50 14c22 0 32 12 32 28s-12 34-32 34-32-18-32-34 10-28 32-28z"), pins([36, 36, 8], [64, 36, 8], [36, 58, 4], [50, 62, 6], [64, 58, 4])]],
};
const UNKNOWN = [92, [shell(ROUND), pins([38, 38, 5], [62, 38, 5], [50, 58, 5])]];

// A lock of direct current holds the plug in the car; its cable is always attached (IEC 61851-23, case C).
export const bringsCable = ({ has_lock, direct_current }) => has_lock && !direct_current;

export function plugFace(standard, className = "") {
  const [height, drawn] = FACES[standard] ?? UNKNOWN;
  return h("svg", { class: `face ${className}`, viewBox: `0 0 100 ${height}`, "aria-hidden": "true" }, drawn);
}
