// The keys, each with what it does: one table for the hand and for the help.

import { element } from "./elements.js";
import { boundedZoom, panned, seenBox, steppedZoom } from "./geometry.js";
import { setZoom } from "./hand.js";
import { mapReference, mapReferences } from "./references.js";
import { LIGHTS, MODES, SHOWS } from "./states.js";

const after = (known, value, step = 1) => known[(known.indexOf(value) + step + known.length) % known.length];
const move = (right, down) => (app, event) => {
  const step = event.shiftKey ? 1 : 1 / 8;
  const shift = [right, down].map(
    (way, axis) => -way * (event.shiftKey ? step * app.place().zoom : step * app.pane[axis]),
  );
  app.go(panned(app.place(), app.frame(), app.pane, shift));
};
const zoomStep = (up) => (app) => setZoom(app, up ? larger(app) : smaller(app));
const light = (step) => (app) => app.change({ light: Math.min(Math.max(app.view.light + step, LIGHTS[0]), LIGHTS[1]) });

function larger(app) {
  return boundedZoom(steppedZoom(app.place().zoom, true), app.frame(), app.pane);
}

function smaller(app) {
  return app.view.zoom && boundedZoom(steppedZoom(app.place().zoom, false), app.frame(), app.pane);
}

const KEYS = [
  [["n", "PageDown"], "the next image", (app) => app.turn(1)],
  [["p", "PageUp"], "the previous image", (app) => app.turn(-1)],
  [["ArrowLeft"], "", move(-1, 0)],
  [["ArrowRight"], "", move(1, 0)],
  [["ArrowUp"], "", move(0, -1)],
  [["ArrowDown"], "move; with Shift by one pixel", move(0, 1)],
  [["+", "="], "enlarge", zoomStep(true)],
  [["-"], "reduce", zoomStep(false)],
  [["0"], "the whole image", (app) => setZoom(app, 0)],
  [["1"], "", (app) => setZoom(app, 1)],
  [["2"], "", (app) => setZoom(app, 2)],
  [["4"], "", (app) => setZoom(app, 4)],
  [["8"], "screen pixels for each pixel", (app) => setZoom(app, 8)],
  [["w"], "where the first model is worst", (app) => app.goToWorst()],
  [
    ["s"],
    "slider, or side by side again",
    (app) => app.change({ mode: app.view.mode === "slider" ? "side" : "slider" }),
  ],
  [["u"], "the slider's line upright or lying", (app) => app.change({ upright: !app.view.upright })],
  [["b"], "blink, or side by side again", (app) => app.change({ mode: app.view.mode === "blink" ? "side" : "blink" })],
  [["f"], "hold: the first pane's picture everywhere", (app) => app.hold(true)],
  [
    ["e"],
    "error maps: absolute, signed, structure, none",
    (app) => app.change({ show: after(Object.keys(SHOWS), app.view.show) }),
  ],
  [
    ["a"],
    "error maps against the target, the input or a model: the next",
    (app) => app.view.show !== "picture" && app.change({ against: after(mapReferences(app), mapReference(app)) }),
  ],
  [["v"], "the next view", (app) => app.change({ mode: after(Object.keys(MODES), app.view.mode) })],
  [["]"], "one pane more", (app) => app.countPanes(app.view.panes.length + 1)],
  [["["], "one pane less", (app) => app.countPanes(app.view.panes.length - 1)],
  [
    ["r"],
    "figures of the part in view (or Shift and drag a rectangle)",
    (app) => app.select(seenBox(app.place(), app.frame(), app.pane)),
  ],
  [["Escape"], "close the help; no rectangle", (app) => app.escape()],
  [["h"], "histograms", (app) => app.change({ histogram: !app.view.histogram })],
  [["."], "brighter", light(0.5)],
  [[","], "darker", light(-0.5)],
  [["m"], "more controls and figures", (app) => app.change({ more: !app.view.more })],
  [["?"], "these keys", (app) => app.help()],
];

const WORDS = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageDown: "Page Down",
  PageUp: "Page Up",
  Escape: "Esc",
};

/** Let an element that has the focus, or holds what has it, answer the keys. */
export function answerKeys(app, root) {
  root.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select") && event.key !== "Escape";
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const found = KEYS.find(([keys]) => keys.includes(event.key) || keys.includes(event.key.toLowerCase()));
    if (!found) return;
    found[2](app, event);
    event.preventDefault();
    event.stopPropagation();
  });
  root.addEventListener("keyup", (event) => {
    if (event.key.toLowerCase() === "f") app.hold(false);
  });
  root.addEventListener("focusout", () => app.hold(false));
}

/** Return the list of keys for the help. Keys without words share those of the next. */
export function keyList() {
  const rows = [];
  let shared = [];
  for (const [keys, words] of KEYS) {
    shared.push(...keys);
    if (!words) continue;
    const names = shared.map((key) => element("kbd", { textContent: WORDS[key] ?? key }));
    rows.push(element("dt", {}, names), element("dd", { textContent: words }));
    shared = [];
  }
  const hand = [
    ["drag", "move"],
    ["wheel, two fingers", "enlarge at the pointer"],
    ["double click", "1:1, or the whole image again"],
  ];
  for (const [what, words] of hand)
    rows.push(element("dt", { textContent: what }), element("dd", { textContent: words }));
  return element("dl", { className: "aic-keys" }, rows);
}
