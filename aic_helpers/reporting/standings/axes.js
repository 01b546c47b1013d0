// Pure: from figures to places in a plot, and the numbers beside its axes.

export const NAMED = 15; // up to this many models have intervals, and names beside their points

const APART_PX = 6; // between the words of two marks

const TICK_PX = 34; // from 1 to 2 at least, so that their numbers stand apart

const MARGIN = { left: 62, right: 18, top: 26, bottom: 44 };

const frameOf = (width, height) => ({
  left: MARGIN.left,
  right: width - MARGIN.right,
  top: MARGIN.top,
  bottom: height - MARGIN.bottom,
});

// Round steps (1, 2, 5) between two numbers, at most `most` of them.
export const evenTicks = (low, high, most) => {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => (high - low) / size <= most);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, place) => (first + place) * step);
};

export const logTicks = (low, high, steps = [1, 2, 5]) => {
  const powers = Array.from({ length: 13 }, (_, place) => 10 ** (place - 6));
  const ticks = powers.flatMap((power) => steps.map((times) => times * power));
  return ticks.filter((tick) => low <= tick && tick <= high);
};

export const tickWords = (tick) => String(Number(tick.toPrecision(6)));

// A little room on both sides; a single figure gets some around it.
const widened = (low, high, share, least) => {
  const room = Math.max((high - low) * share, least);
  return [low - room, high + room];
};

const scaleX = (speedups, cap, frame) => {
  const most = Math.max(cap ?? 1, ...speedups);
  const [low, high] = widened(Math.log(Math.min(1, ...speedups)), Math.log(most), 0.06, 0.05);
  const place = (value) => frame.left + ((Math.log(value) - low) / (high - low)) * (frame.right - frame.left);
  const isWide = place(2) - place(1) > TICK_PX;
  return { place, ticks: logTicks(Math.exp(low), Math.exp(high), isWide ? [1, 2, 5] : [1]) };
};

const scaleY = (values, frame) => {
  const [low, high] = widened(Math.min(...values), Math.max(...values), 0.1, 1e-3);
  const place = (value) => frame.bottom - ((value - low) / (high - low)) * (frame.bottom - frame.top);
  return { place, ticks: evenTicks(low, high, 7) };
};

// Both ends of an interval, inside the frame; null where there is none.
const endsOf = ({ low, high }, { place }, first, last) => {
  const ends = [low, high].map((value) => Math.min(Math.max(place(value), first), last));
  return ends.every(Number.isFinite) ? ends : null;
};

export const isDrawn = ({ kind, figures }, quality) =>
  ["ranked", "elsewhere", "broken"].includes(kind) &&
  figures.speedup.value > 0 &&
  [figures.speedup, figures[quality]].every(({ value }) => Number.isFinite(value));

// -> {frame, x, y, points}: the scales of both axes, and from left to right where each model is.
// Quality varies far more over the images than between models, so its intervals reach out of the frame.
export const layOut = (models, quality, cap, [width, height]) => {
  const shown = models.filter((model) => isDrawn(model, quality));
  const frame = frameOf(width, height);
  const x = scaleX(
    shown.map(({ figures }) => figures.speedup.value),
    cap,
    frame,
  );
  const y = scaleY(
    shown.map(({ figures }) => figures[quality].value),
    frame,
  );
  const points = shown.map((model) => ({
    model,
    x: x.place(model.figures.speedup.value),
    y: y.place(model.figures[quality].value),
    across: endsOf(model.figures.speedup, x, frame.left, frame.right),
    upright: endsOf(model.figures[quality], y, frame.top, frame.bottom),
    isFront: model.front.includes(quality),
  }));
  return { frame, x, y, points: points.sort((a, b) => a.x - b.x) };
};

// What names keep off: points, the intervals of few, the stair of the front.
const takenBy = (points) => {
  const front = points.filter(({ isFront }) => isFront);
  const lined = points.length <= NAMED ? points.filter(({ across }) => across) : [];
  return [
    ...points.map(({ x, y }) => [x - 6, y - 6, x + 6, y + 6]),
    ...lined.map(({ y, across: [left, right] }) => [left, y - 2, right, y + 2]),
    ...front.slice(1).map(({ y }, place) => [front[place].x - 2, front[place].y, front[place].x + 2, y]),
    ...front.slice(1).map(({ x, y }, place) => [front[place].x, y - 2, x, y + 2]),
  ];
};

const middleOf = (x, width, { left, right }) => {
  if (x - width / 2 < left) return [left, "start"];
  return x + width / 2 > right ? [right, "end"] : [x, "middle"];
};

const startOf = (x, anchor, width) => ({ start: x, end: x - width, middle: x - width / 2 })[anchor];

// Where words may stand over a line: in its middle, or on one side.
const spotsOf = (at, width, side, inside) =>
  [middleOf(at, width, inside), [at, side]]
    .map(([x, anchor]) => ({ x, anchor, from: startOf(x, anchor, width), to: startOf(x, anchor, width) + width }))
    .filter(({ from, to }) => inside.left <= from && to <= inside.right);

// -> [where the baseline's word stands, where the cap's words do]: inside the plot and apart, or the cap's are left
// out, because the words below the plot say them too, or there is no cap.
export const placeMarks = ({ frame, x }, cap, widths) => {
  const inside = { left: frame.left, right: frame.right + MARGIN.right };
  const first = spotsOf(x.place(1), widths[0], "end", inside);
  if (cap === null) return [first[0]];
  const second = spotsOf(x.place(cap), widths[1], "start", inside);
  const pairs = first.flatMap((one) => second.map((other) => [one, other]));
  const isApart = ([one, other]) => one.to + APART_PX <= other.from || other.to + APART_PX <= one.from;
  return pairs.find(isApart) ?? [first[0]];
};

// Where a name stands beside its point without covering what is there, or null.
const freePlace = (x, y, width, frame, taken) => {
  const middle = middleOf(x, width, frame);
  const places = [
    [y + 4, x + 9, "start"],
    [y + 4, x - 9, "end"],
    [y - 10, ...middle],
    [y + 18, ...middle],
  ];
  for (const [base, left, anchor] of places) {
    const from = startOf(left, anchor, width);
    const box = [from, base - 11, from + width, base + 3];
    const inside = box[0] >= frame.left && box[2] <= frame.right && box[1] >= frame.top && box[3] <= frame.bottom;
    const free = taken.every((one) => one[2] <= box[0] || box[2] <= one[0] || one[3] <= box[1] || box[3] <= one[1]);
    if (inside && free) return { x: left, y: base, anchor, box };
  }
  return null;
};

// -> [{point, x, y, anchor}] of the names that find a place: of few models all, of many those on the front.
export const placeNames = ({ points, frame }, widthOf) => {
  const front = points.filter(({ isFront }) => isFront);
  const named = points.length <= NAMED ? [...front, ...points.filter(({ isFront }) => !isFront)] : front;
  const taken = takenBy(points);
  return named.flatMap((point) => {
    const found = freePlace(point.x, point.y, widthOf(point), frame, taken);
    if (found) taken.push(found.box);
    return found ? [{ point, ...found }] : [];
  });
};
