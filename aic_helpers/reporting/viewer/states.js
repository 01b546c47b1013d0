// What is looked at, and how: the view. It is plain data, which the notebook's kernel shares, and which fits in a link.

export const MODES = { side: "side by side", slider: "slider", blink: "blink" };
export const SHOWS = { picture: "pictures", absolute: "error", signed: "signed error", structure: "structure (SSIM)" };
export const CHANNELS = { mean: "mean of channels", luma: "luma", rgb: "each channel" };
export const TIMES = [1, 2, 4, 8, 16];
export const MOST_PANES = 6;
export const LIGHTS = [-2, 4];

const START = {
  image: "",
  panes: [],
  mode: "side",
  show: "picture",
  against: "",
  channels: "mean",
  times: 4,
  zoom: 0,
  x: -1,
  y: -1,
  split: 0.5,
  upright: true,
  light: 0,
  rows: 1,
  histogram: false,
  more: false,
  sort: ["", "", ""],
};

/** Return what people read of something shown: an input that is enlarged says so. */
export const titleOf = ({ shown }, name) => shown.find((one) => one.name === name)?.title ?? name;

const bounded = (value, least, most, other) => {
  const number = Number(value);
  return Number.isFinite(number) ? Math.min(Math.max(number, least), most) : other;
};
const oneOf = (value, known, other) => (known.includes(value) ? value : other);

/** Return a whole view of a catalogue: what is missing, unknown or out of bounds becomes what one begins with. */
export function completeView(view, catalogue) {
  const given = { ...START, ...view };
  const images = catalogue.images.map((image) => image.name);
  return {
    ...numbersOf(given),
    image: oneOf(given.image, images, images[0] ?? ""),
    panes: panesOf(given.panes, catalogue),
    mode: oneOf(given.mode, Object.keys(MODES), START.mode),
    show: oneOf(given.show, Object.keys(SHOWS), START.show),
    against: againstOf(given.against, catalogue),
    channels: oneOf(given.channels, Object.keys(CHANNELS), START.channels),
    upright: given.upright !== false && given.upright !== "false",
    histogram: given.histogram === true || given.histogram === "true",
    more: given.more === true,
    sort: sortOf(given.sort, catalogue),
  };
}

function numbersOf(given) {
  return {
    times: oneOf(Number(given.times), TIMES, START.times),
    zoom: bounded(given.zoom, 0, 64, START.zoom),
    x: bounded(given.x, -1, 1e6, START.x),
    y: bounded(given.y, -1, 1e6, START.y),
    split: bounded(given.split, 0, 1, START.split),
    light: bounded(given.light, ...LIGHTS, START.light),
    rows: Number(given.rows) === 2 ? 2 : 1,
  };
}

function panesOf(panes, catalogue) {
  const names = catalogue.shown.map((shown) => shown.name);
  const known = (Array.isArray(panes) ? panes : []).filter((name) => names.includes(name)).slice(0, MOST_PANES);
  const first = firstPanes(catalogue);
  return known.length > 1 ? known : [...known, ...first.filter((name) => !known.includes(name)), ...first].slice(0, 3);
}

/** Return what the panes show where nobody says: the input, up to two models, and the target. */
function firstPanes({ shown, models, input, reference }) {
  const others = models.length > 1 ? models.slice(1, 3) : models;
  const first = [input, ...others, reference].filter(Boolean);
  return first.length > 1
    ? first
    : [...first, ...shown.map(({ name }) => name).filter((name) => !first.includes(name))];
}

/** Return what error maps are from: empty for the target, or the input where an image has none. */
function againstOf(against, { shown, reference }) {
  const names = shown.map(({ name }) => name).filter((name) => name !== reference);
  return oneOf(against, names, START.against);
}

function sortOf(sort, catalogue) {
  const [metric, of, against] = Array.isArray(sort) ? sort : [];
  const metrics = catalogue.metrics.map(({ key }) => key);
  const names = catalogue.shown.map(({ name }) => name);
  const whose = oneOf(of, names, catalogue.models[1] ?? catalogue.models[0] ?? names[0] ?? "");
  return [oneOf(metric, metrics, metrics[0] ?? ""), whose, oneOf(against, names, "")];
}

/** Return a view as text for a link: only what differs from what one begins with. */
export function viewText(view) {
  const parts = new URLSearchParams();
  for (const [key, start] of Object.entries(START)) {
    const value = view[key];
    if (key === "more" || JSON.stringify(value) === JSON.stringify(start)) continue;
    parts.set(key, linkedValue(value));
  }
  return parts.toString().replaceAll("%2C", ","); // which need not be encoded, and are read more easily
}

/** Return a value as a link has it. Names in a list are encoded each, because a name may hold a comma. */
function linkedValue(value) {
  if (Array.isArray(value)) return value.map(encodeURIComponent).join(",");
  return typeof value === "number" ? Math.round(value * 100) / 100 : value;
}

/** Return what a link's text says of a view; `completeView` makes it whole. */
export function readViewText(text) {
  const said = {};
  for (const [key, value] of new URLSearchParams(text)) {
    if (Object.hasOwn(START, key)) said[key] = Array.isArray(START[key]) ? value.split(",").map(decodedName) : value;
  }
  return said;
}

function decodedName(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a name with a lone per cent sign, typed by hand
  }
}
