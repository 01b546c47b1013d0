// Quality over speedup as SVG: axes, what marks them, the Pareto front, and a point for each model.
import { frameOf, freePlace, scaleX, scaleY, tickWords } from "./axes.js";

export const QUALITIES = { psnr_db: "PSNR (dB)", ms_ssim: "MS-SSIM" };

const NAMED = 15; // up to this many models have intervals, and names beside their points
const NAME_LETTERS = 24;
const LETTER_PX = 7;

export const drawing = (tag, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

const line = (x1, y1, x2, y2, name) => drawing("line", { x1, y1, x2, y2, class: name });
const words = (x, y, anchor, text, name = "") => drawing("text", { x, y, "text-anchor": anchor, class: name }, text);

const shortName = (name) => {
  const letters = [...name];
  const half = NAME_LETTERS / 2;
  if (letters.length <= NAME_LETTERS) return name;
  return `${letters.slice(0, half - 1).join("")}…${letters.slice(-half).join("")}`;
};

const gridOf = (frame, { x, y }) => [
  ...x.ticks.map((tick) => line(x.place(tick), frame.top, x.place(tick), frame.bottom, "grid")),
  ...x.ticks.map((tick) => words(x.place(tick), frame.bottom + 16, "middle", tickWords(tick))),
  ...y.ticks.map((tick) => line(frame.left, y.place(tick), frame.right, y.place(tick), "grid")),
  ...y.ticks.map((tick) => words(frame.left - 6, y.place(tick) + 4, "end", tickWords(tick))),
];

const marksOf = (frame, { x }, cap) =>
  [[1, "mark", "baseline"], [cap, "mark cap", "score stops rising"]].flatMap(([speedup, name, text]) => [
    line(x.place(speedup), frame.top, x.place(speedup), frame.bottom, name),
    words(x.place(speedup), frame.top - 8, "middle", text),
  ]);

const titlesOf = (frame, quality) => {
  const [across, down] = [(frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2];
  const turned = { transform: `translate(14 ${down}) rotate(-90)`, "text-anchor": "middle" };
  return [
    words(across, frame.bottom + 36, "middle", "speedup over the baseline"),
    drawing("text", turned, QUALITIES[quality]),
  ];
};

const stairOf = (front) =>
  drawing("path", { class: "front", d: front.map(({ x, y }, at) => (at ? `V${y}H${x}` : `M${x},${y}`)).join("") });

const within = (place, low, high) => Math.min(Math.max(place, low), high);

// Over the images quality varies far more than between models, so its interval may reach out of the frame.
const intervalsOf = ({ model, x, y }, frame, scale, quality) => {
  const { speedup, [quality]: own } = model.figures;
  const across = (value) => within(scale.x.place(value), frame.left, frame.right);
  const upright = (value) => within(scale.y.place(value), frame.top, frame.bottom);
  const [left, right] = [across(speedup.low), across(speedup.high)];
  const [low, high] = [upright(own.low), upright(own.high)];
  return [[left, y, right, y, "interval across"], [x, low, x, high, "interval"]]
    .filter((places) => places.slice(0, 4).every(Number.isFinite))
    .map((places) => line(...places));
};

const shapeOf = ({ model, x, y }) =>
  model.kind === "broken"
    ? drawing("rect", { x: x - 4, y: y - 4, width: 8, height: 8 })
    : drawing("circle", { cx: x, cy: y, r: 5 });

const namesOf = (points, frame) => {
  const taken = points.map(({ x, y }) => [x - 6, y - 6, x + 6, y + 6]);
  const front = points.filter((point) => point.isFront);
  const named = points.length <= NAMED ? [...front, ...points.filter((point) => !point.isFront)] : front;
  return named.flatMap((point) => {
    const name = shortName(point.model.name);
    const found = freePlace(point.x, point.y, LETTER_PX * [...name].length, frame, taken);
    if (found) taken.push(found.box);
    return found ? [words(found.x, found.y, found.anchor, name, "name")] : [];
  });
};

const pointsOf = (models, scale, quality) =>
  models
    .map((model) => ({
      model,
      x: scale.x.place(model.figures.speedup.value),
      y: scale.y.place(model.figures[quality].value),
      isFront: model.front.includes(quality),
    }))
    .sort((a, b) => a.x - b.x);

export const isDrawn = ({ kind, figures }, quality) =>
  ["ranked", "broken"].includes(kind) && figures.speedup.value > 0 && Number.isFinite(figures[quality].value);

// -> [{model, x, y, isFront, el, intervals}] from left to right; the svg holds them, the front's on top.
export const drawPareto = (svg, models, quality, cap, [width, height]) => {
  const shown = models.filter((model) => isDrawn(model, quality));
  const frame = frameOf(width, height);
  const scale = {
    x: scaleX(shown.map(({ figures }) => figures.speedup.value), cap, frame),
    y: scaleY(shown.map(({ figures }) => figures[quality].value), frame),
  };
  const points = pointsOf(shown, scale, quality);
  for (const point of points) {
    const name = `point ${point.model.kind}${point.isFront ? " best" : ""}`;
    const intervals = drawing("g", { class: "intervals" }, ...intervalsOf(point, frame, scale, quality));
    point.el = drawing("g", { class: name, role: "button", tabindex: -1 }, intervals, shapeOf(point));
  }
  const front = points.filter((point) => point.isFront);
  const layers = [...gridOf(frame, scale), ...marksOf(frame, scale, cap), ...titlesOf(frame, quality), stairOf(front)];
  const order = [...points].sort((a, b) => Number(a.isFront) - Number(b.isFront));
  svg.replaceChildren(...layers, ...namesOf(points, frame), ...order.map(({ el }) => el));
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) {
    svg.setAttribute(name, value);
  }
  svg.classList.toggle("few", points.length <= NAMED);
  svg.setAttribute("aria-label", `${QUALITIES[quality]} over speedup of ${points.length} models`);
  return points;
};
