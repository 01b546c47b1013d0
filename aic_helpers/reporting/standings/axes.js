// Pure: from figures to places in a plot, and the numbers beside its axes.

const MARGIN = { left: 62, right: 18, top: 26, bottom: 44 };

export const frameOf = (width, height) => ({
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

export const logTicks = (low, high) => {
  const powers = Array.from({ length: 13 }, (_, place) => 10 ** (place - 6));
  const ticks = powers.flatMap((power) => [1, 2, 5].map((times) => times * power));
  return ticks.filter((tick) => low <= tick && tick <= high);
};

export const tickWords = (tick) => String(Number(tick.toPrecision(6)));

// A little room on both sides; a single figure gets some around it.
const widened = (low, high, share, least) => {
  const room = Math.max((high - low) * share, least);
  return [low - room, high + room];
};

export const scaleX = (speedups, cap, frame) => {
  const [low, high] = widened(Math.log(Math.min(1, ...speedups)), Math.log(Math.max(cap, ...speedups)), 0.06, 0.05);
  const place = (value) => frame.left + ((Math.log(value) - low) / (high - low)) * (frame.right - frame.left);
  return { place, ticks: logTicks(Math.exp(low), Math.exp(high)) };
};

export const scaleY = (values, frame) => {
  const [low, high] = widened(Math.min(...values), Math.max(...values), 0.1, 1e-3);
  const place = (value) => frame.bottom - ((value - low) / (high - low)) * (frame.bottom - frame.top);
  return { place, ticks: evenTicks(low, high, 6) };
};

// Where a name stands beside its point without covering what is there: [x, y, anchor], or null.
export const freePlace = (x, y, width, frame, taken) => {
  const places = [[x + 9, y + 4, "start"], [x - 9, y + 4, "end"], [x, y - 10, "middle"], [x, y + 18, "middle"]];
  for (const [left, base, anchor] of places) {
    const from = { start: left, end: left - width, middle: left - width / 2 }[anchor];
    const box = [from, base - 11, from + width, base + 3];
    const inside = box[0] >= frame.left && box[2] <= frame.right && box[1] >= frame.top && box[3] <= frame.bottom;
    const free = taken.every((one) => one[2] <= box[0] || box[2] <= one[0] || one[3] <= box[1] || box[3] <= one[1]);
    if (inside && free) return { x: left, y: base, anchor, box };
  }
  return null;
};
