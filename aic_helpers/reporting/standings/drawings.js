// Quality over speedup as SVG: axes, what marks them, the Pareto front, and a point for each model.
import { layOut, NAMED, placeMarks, placeNames, tickWords } from "./axes.js";

const NAME_LETTERS = 24;
const LETTER_PX = 7;
const MARKS_PX = { baseline: 52, "score stops rising": 112 }; // how wide these words are in a wide font

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

const gridOf = ({ frame, x, y }) => [
  ...x.ticks.map((tick) => line(x.place(tick), frame.top, x.place(tick), frame.bottom, "grid")),
  ...x.ticks.map((tick) => words(x.place(tick), frame.bottom + 16, "middle", tickWords(tick))),
  ...y.ticks.map((tick) => line(frame.left, y.place(tick), frame.right, y.place(tick), "grid")),
  ...y.ticks.map((tick) => words(frame.left - 6, y.place(tick) + 4, "end", tickWords(tick))),
];

const marksOf = (layout, cap) => {
  const { frame, x } = layout;
  const texts = Object.keys(MARKS_PX);
  const spots = placeMarks(layout, cap, Object.values(MARKS_PX));
  return [
    line(x.place(1), frame.top, x.place(1), frame.bottom, "mark"),
    ...(cap ? [line(x.place(cap), frame.top, x.place(cap), frame.bottom, "mark cap")] : []),
    ...spots.map((spot, place) => words(spot.x, frame.top - 8, spot.anchor, texts[place], "said")),
  ];
};

const titlesOf = ({ frame }, label) => {
  const [across, down] = [(frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2];
  const turned = { transform: `translate(14 ${down}) rotate(-90)`, "text-anchor": "middle" };
  return [words(across, frame.bottom + 36, "middle", "speedup over the baseline"), drawing("text", turned, label)];
};

const stairOf = (front) =>
  drawing("path", { class: "front", d: front.map(({ x, y }, at) => (at ? `V${y}H${x}` : `M${x},${y}`)).join("") });

const intervalsOf = ({ x, y, across, upright }) => [
  ...(across ? [line(across[0], y, across[1], y, "interval across")] : []),
  ...(upright ? [line(x, upright[0], x, upright[1], "interval")] : []),
];

const shapeOf = ({ model, x, y }) =>
  model.kind === "broken"
    ? drawing("rect", { x: x - 4, y: y - 4, width: 8, height: 8 })
    : drawing("circle", { cx: x, cy: y, r: 5 });

const pointOf = (point) => {
  const name = `point ${point.model.kind}${point.isFront ? " best" : ""}`;
  return drawing("g", { class: name, role: "button", tabindex: -1 }, ...intervalsOf(point), shapeOf(point));
};

const namesOf = (layout) => {
  const widthOf = ({ model }) => LETTER_PX * [...shortName(model.name)].length;
  return placeNames(layout, widthOf).map(({ point, x, y, anchor }) => words(x, y, anchor, shortName(point.model.name)));
};

// -> the points of the layout, each with its element; the svg holds them, the front's on top.
export const drawPareto = (svg, models, { quality, label, cap, size }) => {
  const layout = layOut(models, quality, cap, size);
  const points = layout.points.map((point) => ({ ...point, el: pointOf(point) }));
  const front = points.filter(({ isFront }) => isFront);
  const order = [...points].sort((a, b) => Number(a.isFront) - Number(b.isFront));
  const ground = [...gridOf(layout), ...marksOf(layout, cap), ...titlesOf(layout, label), stairOf(front)];
  svg.replaceChildren(...ground, ...namesOf(layout), ...order.map(({ el }) => el));
  const words = `${label} over speedup of ${points.length} models`;
  const given = { width: size[0], height: size[1], viewBox: `0 0 ${size.join(" ")}`, "aria-label": words };
  for (const [name, value] of Object.entries(given)) svg.setAttribute(name, value);
  svg.classList.toggle("few", points.length <= NAMED);
  return points;
};
