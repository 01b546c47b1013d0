// A viewer in the page, of pictures whose pixels are known; what its panes have on the screen; and the hand.

import viewer, { mount } from "../../aic_helpers/reporting/viewer/viewer.js";
import { pageSource } from "../../aic_helpers/reporting/viewer/sources.js";
import { catalogueOf } from "./catalogues.js";
import { frame, stage, until } from "./harness.js";

const captured = new Set();
let stop = () => {};

// Events that are made here come from no pointer, so there is none to be captured.
Element.prototype.setPointerCapture = (id) => captured.add(id);
Element.prototype.hasPointerCapture = (id) => captured.has(id);

/** Return the markup of a page for a viewer: `pictures` is {image: {name: pixels, or an address}}. */
export function containerOf(pictures, view = {}, changes = {}) {
  const catalogue = catalogueOf(
    Object.keys(pictures).map((name) => [name, { base: 20, fast: 21 }]),
    changes,
  );
  const container = document.createElement("div");
  container.className = "aic-viewer-data";
  const script = document.createElement("script");
  script.type = "application/json";
  script.textContent = JSON.stringify({ catalogue, view });
  container.append(script);
  Object.values(pictures).forEach((shown, image) => container.append(...imagesOf(shown, image, catalogue)));
  return container;
}

function imagesOf(shown, image, catalogue) {
  return Object.entries(shown).map(([name, pixels]) => {
    const element = document.createElement("img");
    element.src = typeof pixels === "string" ? pixels : addressOf(pixels);
    Object.assign(element.dataset, { image, shown: catalogue.shown.findIndex((one) => one.name === name) });
    return element;
  });
}

function addressOf({ data, width, height }) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
  return canvas.toDataURL("image/png");
}

/** Put a viewer into the page and wait until its pictures are there. The one before it is taken away. */
export async function mounted(pictures, view = {}, { width = 800, changes = {} } = {}) {
  stop();
  const container = containerOf(pictures, view, changes);
  const root = document.createElement("div");
  root.className = "aic-viewer";
  container.classList.add("aic-live");
  container.prepend(root);
  stage(width).append(container);
  stop = mount(root, pageSource(container));
  await settled();
  return stop.app;
}

/** Put the widget of a model into the page, as a notebook does, and wait until its pictures are there. */
export async function rendered(model, { width = 800 } = {}) {
  stop();
  stop = viewer.render({ model, el: stage(width) });
  await settled();
  return { app: stop.app, stop };
}

export const all = (selector) => [...document.querySelectorAll(`#stage .aic-viewer ${selector}`)];
export const frames = () => all(".aic-frame").filter((frame) => !frame.hidden);

/** Wait until the page has drawn what was asked for, and nothing is still to come. */
export async function settled() {
  for (let turn = 0; turn < 3; turn++) await frame();
  const isThere = (one) => one.getAttribute("aria-busy") === "false";
  await until(() => frames().length && frames().every(isThere), "pictures");
}

/** Return what a pane has on its canvas. */
export function seen(number) {
  const canvas = frames()[number].querySelector("canvas");
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
}

/** Let the pointer do something at a place of a pane, in pixels of its canvas. */
export function point(type, [x, y], { number = 0, on = frames()[number], ...more } = {}) {
  const box = frames()[number].getBoundingClientRect();
  const [clientX, clientY] = [box.left + x / devicePixelRatio, box.top + y / devicePixelRatio];
  const kinds = { wheel: WheelEvent, dblclick: MouseEvent };
  const made = { bubbles: true, cancelable: true, clientX, clientY, pointerId: 1, button: 0, ...more };
  const event = new (kinds[type] ?? PointerEvent)(type, made);
  on.dispatchEvent(event);
  if (type === "pointerup") captured.delete(event.pointerId);
  return event;
}

/** Return where in a pane an event was: a double click is told in whole pixels of the window. */
export function placeOf({ clientX, clientY }, number) {
  const box = frames()[number].getBoundingClientRect();
  return [(clientX - box.left) * devicePixelRatio, (clientY - box.top) * devicePixelRatio];
}

/** Drag from one place of a pane to another, in a few steps. */
export async function drag(from, to, more = {}) {
  point("pointerdown", from, more);
  for (const share of [0.3, 0.7, 1]) {
    point(
      "pointermove",
      [0, 1].map((axis) => Math.round(from[axis] + share * (to[axis] - from[axis]))),
      more,
    );
  }
  point("pointerup", to, more);
  await settled();
}

export async function press(key, more = {}) {
  frames()[0].dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  await settled();
}
