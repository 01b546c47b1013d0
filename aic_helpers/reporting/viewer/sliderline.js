// The line of the slider: left of it (or above) is the first picture, right of it (or below) the second.

import { element } from "./elements.js";

const KEY_STEPS = { ArrowLeft: -0.01, ArrowUp: -0.01, ArrowRight: 0.01, ArrowDown: 0.01, PageUp: -0.1, PageDown: 0.1 };

/** Put the line into a frame; returns what shows where it is. */
export function makeSliderLine(app, frame) {
  const line = element("div", {
    className: "aic-line",
    tabIndex: 0,
    role: "slider",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
  });
  const put = (split) => app.change({ split: Math.min(Math.max(split, 0), 1) }, { isMotion: true });
  line.addEventListener("pointerdown", (event) => {
    line.setPointerCapture(event.pointerId);
    event.stopPropagation();
  });
  line.addEventListener("pointermove", (event) => {
    if (!line.hasPointerCapture(event.pointerId)) return;
    const box = frame.getBoundingClientRect();
    put(app.view.upright ? (event.clientX - box.left) / box.width : (event.clientY - box.top) / box.height);
    event.stopPropagation();
  });
  line.addEventListener("keydown", (event) => {
    const to = { Home: 0, End: 1 }[event.key] ?? app.view.split + (KEY_STEPS[event.key] ?? Number.NaN);
    if (Number.isNaN(to)) return;
    put(to);
    event.preventDefault();
    event.stopPropagation();
  });
  frame.append(line);
  return () => showLine(app, line);
}

function showLine(app, line) {
  const { mode, panes, split, upright } = app.view;
  line.hidden = mode !== "slider" || app.isHeld;
  const percent = 100 * split;
  Object.assign(line.style, upright ? { left: `${percent}%`, top: "" } : { top: `${percent}%`, left: "" });
  line.classList.toggle("aic-lying", !upright);
  line.setAttribute("aria-label", `Slider: ${panes[0]} before the line, ${panes[1]} after it`);
  line.setAttribute("aria-orientation", upright ? "horizontal" : "vertical");
  line.setAttribute("aria-valuenow", String(Math.round(percent)));
}
