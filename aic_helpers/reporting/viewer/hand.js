// The hand: drag, wheel and pinch move and enlarge what all panes show; Shift and drag draw a rectangle.

import { boundedZoom, boxBetween, framePoint, MOST_ZOOM, panned, zoomedAt } from "./geometry.js";

const PER_NOTCH = 300;
const SCROLL_PAUSE_MS = 250;

/** Let a frame answer the hand. */
export function handle(app, frame) {
  const touching = new Map();
  const at = (event) => {
    const box = frame.getBoundingClientRect();
    return [(event.clientX - box.left) * app.ratio, (event.clientY - box.top) * app.ratio];
  };
  const pointed = (event) => framePoint(app.place(), app.pane, at(event));
  let corner = null;

  const down = (event) => {
    if (event.button !== 0) return;
    frame.focus({ preventScroll: true });
    frame.setPointerCapture(event.pointerId);
    touching.set(event.pointerId, at(event));
    corner = event.shiftKey ? pointed(event) : null;
    if (corner) app.select(null);
    event.preventDefault();
  };
  const move = (event) => {
    app.point(at(event));
    if (!touching.has(event.pointerId)) return;
    if (corner) app.select(boxBetween(corner, pointed(event), app.frame()), { isDone: false });
    else if (touching.size > 1) pinch(app, touching, event.pointerId, at(event));
    else app.go(panned(app.place(), app.frame(), app.pane, difference(at(event), touching.get(event.pointerId))));
    touching.set(event.pointerId, at(event));
  };
  const up = (event) => {
    touching.delete(event.pointerId);
    if (corner && event.type === "pointerup") app.select(app.selection);
    corner = null;
  };
  const wheel = (event) => {
    if (isScrolling(app, event) || !turns(app, event)) return;
    event.preventDefault();
    if (document.activeElement === document.body) frame.focus({ preventScroll: true });
    const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
    const factor = 2 ** (-pixels / (event.ctrlKey ? PER_NOTCH / 3 : PER_NOTCH));
    zoomBy(app, toWhole(app.place().zoom, factor), at(event));
  };
  const twice = (event) => setZoom(app, app.place().zoom === 1 ? 0 : 1, at(event));

  frame.addEventListener("pointerdown", down);
  frame.addEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) frame.addEventListener(name, up);
  frame.addEventListener("pointerleave", () => app.point(null));
  frame.addEventListener("wheel", wheel, { passive: false });
  frame.addEventListener("dblclick", twice);
}

const difference = (one, other) => [one[0] - other[0], one[1] - other[1]];

/** Enlarge by a factor around a point of the pane. */
function zoomBy(app, factor, at) {
  setZoom(app, boundedZoom(app.place().zoom * factor, app.frame(), app.pane), at);
}

/** Return a factor with which a zoom that comes near a whole one stops there for a moment. */
function toWhole(before, factor) {
  const zoom = before * factor;
  const whole = Math.max(Math.round(zoom), 1);
  const comesNear = Math.abs(zoom - whole) < 0.03 * whole && Math.abs(before - whole) > Math.abs(zoom - whole);
  return comesNear ? whole / before : factor;
}

/** Set the zoom around a point of the pane, or its middle; 0 shows the whole. */
export function setZoom(app, zoom, at = [app.pane[0] / 2, app.pane[1] / 2]) {
  if (zoom) app.go(zoomedAt(app.place(), app.frame(), app.pane, zoom, at), zoom);
  else app.change({ zoom: 0, x: -1, y: -1 }, { isMotion: true });
}

/** Two fingers: what was under each stays there. */
function pinch(app, touching, moved, to) {
  const [other] = [...touching].filter(([id]) => id !== moved).map(([, place]) => place);
  const before = Math.hypot(...difference(touching.get(moved), other));
  const middle = [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2];
  const shift = difference(to, touching.get(moved)).map((side) => side / 2);
  app.go(panned(app.place(), app.frame(), app.pane, shift));
  if (before > 0) zoomBy(app, Math.hypot(...difference(to, other)) / before, middle);
}

/**
 * Tell whether the wheel can change the zoom: not sideways, and not beyond its ends. Else the page may scroll, but not at
 * once where the wheel has just changed it.
 */
function turns(app, event) {
  const isAtEnd = event.deltaY > 0 ? app.view.zoom === 0 : app.place().zoom >= MOST_ZOOM;
  const can = event.deltaY !== 0 && !event.shiftKey && !isAtEnd;
  if (can || event.timeStamp - app.turnedAt < SCROLL_PAUSE_MS) app.turnedAt = event.timeStamp;
  return app.turnedAt === event.timeStamp;
}

/** Tell whether the wheel has been scrolling the page until now: then it goes on, though a picture came under it. */
function isScrolling(app, event) {
  const goesOn = event.timeStamp - app.scrolledAt < SCROLL_PAUSE_MS && !event.ctrlKey;
  if (goesOn) app.scrolledAt = event.timeStamp;
  return goesOn;
}

/** Watch the page scroll; returns what stops that. */
export function watchScrolling(app) {
  const seen = (event) => {
    if (!event.target.closest?.(".aic-frame")) app.scrolledAt = event.timeStamp;
  };
  document.addEventListener("wheel", seen, { passive: true, capture: true });
  return () => document.removeEventListener("wheel", seen, { capture: true });
}
