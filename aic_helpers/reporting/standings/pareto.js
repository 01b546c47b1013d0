// The plot of quality over speedup in the hand: a point under the pointer, or with the focus, shows its figures.
import { drawing, drawPareto } from "./drawings.js";
import { fillCard, sentenceOf } from "./rows.js";

const REACH_PX = 24; // how near to a point the pointer must come

const GAP_PX = 14;

const CAPTION =
  "Up and to the right is better. Orange: what nothing beats in both (the Pareto front). Grey squares break a rule.";

const ELSEWHERE = " Hollow dots were timed in another runtime than the others, and are no part of the front.";

const CAPPED = " Dashed: from there on, more speed scores no more.";

const KEYS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 1, ArrowDown: -1, Home: -Infinity, End: Infinity };

const element = (tag, attributes, ...children) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
};

const PAPER_PX = 700; // how wide it is drawn for paper, which no observer tells of

const sizeFor = (width) => [width, Math.round(Math.min(Math.max(width * 0.4, 250), 330))];
const sizeOf = (stage) => sizeFor(Math.max(Math.floor(stage.clientWidth), 240));

const nearestOf = (points, svg, event) => {
  const box = svg.getBoundingClientRect();
  const far = ({ x, y }) => Math.hypot(x - (event.clientX - box.left), y - (event.clientY - box.top));
  const [first] = [...points].sort((a, b) => far(a) - far(b));
  return first && far(first) <= REACH_PX ? first : null;
};

// Beside its point; below it where there is no room; in a corner where there is no point.
const placeCard = (card, stage, { x, y } = { x: 56, y: 30 }) => {
  const [width, height] = [card.offsetWidth, card.offsetHeight];
  const sides = [x + GAP_PX, x - GAP_PX - width].filter((left) => left >= 0 && left + width <= stage.clientWidth);
  const left = sides.length ? sides[0] : Math.max(0, Math.min(x - width / 2, stage.clientWidth - width));
  const top = sides.length ? Math.max(0, Math.min(y - height / 2, stage.clientHeight - height)) : y + GAP_PX;
  card.style.left = `${left}px`;
  card.style.top = `${top}px`;
};

// The points keep their order: one that moved in the page would lose the focus, and the click.
const placeRing = (ring, point) => {
  ring.toggleAttribute("hidden", !point);
  if (point) ring.setAttribute("transform", `translate(${point.x} ${point.y})`);
};

const makeChoice = (qualities, choose) => {
  const buttons = Object.entries(qualities).map(([quality, words]) => {
    const button = element("button", { type: "button", textContent: words.split(" ")[0] });
    button.addEventListener("click", () => choose(quality));
    return { quality, button };
  });
  const named = { className: "choice", role: "group", ariaLabel: "quality" };
  const choice = element("div", named, ...buttons.map(({ button }) => button));
  const mark = (chosen) => {
    for (const { quality, button } of buttons) button.ariaPressed = String(quality === chosen);
  };
  return { choice, mark };
};

// `qualities` are the metrics by their keys, `cap` is where more speed scores no more, or null; `by()` is the place of
// what ranks; `choose(row)` and `look(row or null)` are told what the hand does.
export const makePareto = (models, { qualities, cap, by, choose, look }) => {
  const svg = drawing("svg", { role: "group" });
  const ring = drawing("circle", { class: "ring", r: 7 });
  const card = element("div", { className: "card", hidden: true, ariaHidden: "true" });
  const stage = element("div", { className: "stage" }, svg, card);
  let [quality, points, lit, isFirst] = ["psnr_db", [], null, false];
  const { choice, mark } = makeChoice(qualities, (chosen) => {
    quality = chosen;
    draw();
  });
  const elsewhere = models.some(({ kind }) => kind === "elsewhere") ? ELSEWHERE : "";
  const caption = element("figcaption", { textContent: CAPTION + elsewhere + (cap ? CAPPED : "") });
  const choices = Object.keys(qualities).length > 1 ? [choice] : [];
  const el = element("figure", { className: "pareto" }, ...choices, stage, caption);

  const light = (row) => {
    lit = row;
    const point = points.find(({ model }) => model.row === row);
    for (const one of points) one.el.classList.toggle("lit", one === point);
    placeRing(ring, point);
    card.hidden = !row;
    if (row) fillCard(card, row, by());
    if (row) placeCard(card, stage, point);
  };
  const draw = (size = sizeOf(stage)) => {
    points = drawPareto(svg, models, { quality, label: qualities[quality], cap, size });
    svg.append(ring);
    mark(quality);
    points.forEach(({ el: own, model }, place) => {
      own.setAttribute("aria-label", sentenceOf(model.row, by()));
      own.setAttribute("tabindex", place ? -1 : 0);
    });
    light(null);
  };
  const move = (event) => {
    const steps = KEYS[event.key];
    const place = points.findIndex((point) => point.el === event.target);
    if (place < 0) return;
    if (event.key === "Enter" || event.key === " ") choose(points[place].model.row);
    else if (steps) points[Math.max(0, Math.min(points.length - 1, place + steps))].el.focus();
    else return;
    event.preventDefault();
  };
  const follow = (event) => {
    const row = nearestOf(points, svg, event)?.model.row ?? null;
    if (row !== lit) look(row);
  };
  svg.addEventListener("pointermove", follow);
  svg.addEventListener("pointerleave", ({ pointerType }) => pointerType === "touch" || look(null));
  // A finger can't point without touching: its first touch shows the figures, the second one chooses.
  svg.addEventListener("pointerdown", (event) => {
    isFirst = event.pointerType === "touch" && nearestOf(points, svg, event)?.model.row !== lit;
    follow(event);
  });
  svg.addEventListener("click", () => {
    if (lit && !isFirst) choose(lit);
  });
  // Not on the svg itself, which browsers let have the focus where it listens to that.
  stage.addEventListener("keydown", move);
  stage.addEventListener("focusin", ({ target }) => {
    for (const point of points) point.el.setAttribute("tabindex", point.el === target ? 0 : -1);
    look(points.find((point) => point.el === target)?.model.row ?? null);
  });
  stage.addEventListener("focusout", () => look(null));
  const isStale = () => stage.clientWidth > 0 && sizeOf(stage)[0] !== svg.viewBox.baseVal.width;
  const observer = new ResizeObserver(() => isStale() && draw());
  observer.observe(stage);
  const printing = new AbortController();
  window.addEventListener("beforeprint", () => draw(sizeFor(PAPER_PX)), printing);
  window.addEventListener("afterprint", () => draw(), printing);
  const stop = () => {
    observer.disconnect();
    printing.abort();
  };
  return { el, draw, light, stop };
};
