// The images of a catalogue in the order that a view asks for, their figures in words, and where a model loses.
//
// `image` is a place in catalogue.images, `metric` the key of one of catalogue.metrics.

const NOT_MEASURED = "not measured";

/**
 * Return the images as [{image, name, value, words}], in the order of `sort`: [metric, whose, "" or another's name].
 *
 * Of one model the worst comes first; of two that on which they differ most, and value is the first one's lead. Those
 * without figures come before all. Equal ones stay in the catalogue's order.
 */
export function sortedImages(catalogue, [metric, name, other]) {
  const known = catalogue.metrics.find(({ key }) => key === metric);
  const rank = (value) => (value === null ? -Infinity : other ? -Math.abs(value) : value);
  const entries = catalogue.images.map((image, place) => {
    const value = other ? leadOf(catalogue, place, name, other, metric) : figureOf(catalogue, place, name, metric);
    const words = other ? leadWords(value, known) : figureWords(value, known);
    return { image: place, name: image.name, value, words };
  });
  return entries.sort((one, two) => byRank(one, two, rank));
}

function byRank(one, two, rank) {
  const [first, second] = [rank(one.value), rank(two.value)];
  const isMissing = (entry) => (entry.value === null ? 0 : 1); // a lead may be infinite, and yet there is one
  return isMissing(one) - isMissing(two) || (first === second ? 0 : first < second ? -1 : 1);
}

/** Return a figure of an image; Infinity where identical, null where not measured. */
function figureOf(catalogue, image, name, metric) {
  const value = catalogue.images[image].figures?.[name]?.[metric];
  if (value === "Infinity") return Infinity; // JSON has no such number
  return typeof value === "number" ? value : null;
}

function leadOf(catalogue, image, name, other, metric) {
  const [one, two] = [name, other].map((whose) => figureOf(catalogue, image, whose, metric));
  if (one === null || two === null) return null;
  return one === two ? 0 : one - two; // both infinite: equal
}

/** Return by how much a model is above the baseline; null where that isn't known, and for the baseline itself. */
export function gainOf(catalogue, image, name, metric) {
  if (!catalogue.baseline || name === catalogue.baseline) return null;
  return leadOf(catalogue, image, name, catalogue.baseline, metric);
}

/** Return whether a model is below the baseline. */
export function losesTo(catalogue, image, model, metric) {
  const gain = gainOf(catalogue, image, model, metric);
  return gain !== null && gain < 0;
}

/** Return a figure with its unit. `metric` is one of catalogue.metrics. */
export function figureWords(value, metric) {
  if (value === null || value === undefined) return NOT_MEASURED;
  if (value === Infinity || value === "Infinity") return "infinite: identical";
  return withUnit(value, metric);
}

/** Return a difference of two figures with its sign and unit. `metric` is one of catalogue.metrics. */
export function leadWords(value, metric) {
  if (value === null || value === undefined) return NOT_MEASURED;
  const sign = value > 0 ? "+" : value < 0 ? "\u2212" : "";
  return sign + (Math.abs(value) === Infinity ? "infinite" : withUnit(Math.abs(value), metric));
}

function withUnit(value, { digits, unit }) {
  return value.toFixed(digits) + (unit ? `\u00a0${unit}` : "");
}
