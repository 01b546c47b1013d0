import { figureWords, gainOf, leadWords, losesTo, sortedImages } from "../../aic_helpers/reporting/viewer/sorting.js";
import { catalogueOf, METRICS } from "./catalogues.js";
import { equal, test } from "./harness.js";

const [PSNR, MS_SSIM] = METRICS;
const CATALOGUE = catalogueOf([
  ["a", { base: 30, fast: 31.5 }],
  ["b", { base: 28, fast: 25 }],
  ["c", {}],
  ["d", { base: "Infinity", fast: "Infinity" }],
  ["e", { base: 30, fast: 31.5 }],
  ["f", { base: 20, fast: "Infinity" }],
  ["g", { base: 20, fast: null }],
]);
const names = (sort, catalogue = CATALOGUE) =>
  sortedImages(catalogue, sort)
    .map(({ name }) => name)
    .join("");

test("the worst comes first, what has no figure before it, equal ones as they stand", () => {
  equal(names(["psnr_db", "fast", ""]), "cgbaedf");
  equal(names(["psnr_db", "base", ""]), "cfgbaed");
});

test("by two models, those on which they differ most come first, whichever is ahead", () => {
  equal(names(["psnr_db", "fast", "base"]), "cgfbaed");
  equal(names(["psnr_db", "base", "fast"]), "cgfbaed");
});

test("an entry has its image's place, value and words", () => {
  const [without, , worst] = sortedImages(CATALOGUE, ["psnr_db", "fast", ""]);
  equal(without, { image: 2, name: "c", value: null, words: "not measured" });
  equal(worst, { image: 1, name: "b", value: 25, words: "25.00\u00a0dB" });
  const leads = sortedImages(CATALOGUE, ["psnr_db", "fast", "base"]).map(({ words }) => words);
  equal(leads.slice(2, 5), ["+infinite", "\u22123.00\u00a0dB", "+1.50\u00a0dB"]);
  equal(leads.at(-1), "0.00\u00a0dB");
});

test("what no image has a figure of leaves them in the catalogue's order", () => {
  equal(names(["ms_ssim", "fast", ""]), "abcdefg");
  equal(names(["psnr_db", "nobody", ""]), "abcdefg");
  equal(names(["psnr_db", "fast", "base"], catalogueOf([])), "");
});

test("names that objects have by themselves are nobody's figures", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    equal(
      sortedImages(CATALOGUE, ["psnr_db", name, ""]).every(({ value }) => value === null),
      true,
      name,
    );
    equal(
      sortedImages(CATALOGUE, ["constructor", name, ""]).every(({ value }) => value === null),
      true,
      name,
    );
  }
});

test("a model's gain is its figure less the baseline's; none for the baseline itself", () => {
  equal(gainOf(CATALOGUE, 0, "fast", "psnr_db"), 1.5);
  equal(gainOf(CATALOGUE, 3, "fast", "psnr_db"), 0);
  equal(gainOf(CATALOGUE, 5, "fast", "psnr_db"), Infinity);
  equal(gainOf(CATALOGUE, 6, "fast", "psnr_db"), null);
  equal(gainOf(CATALOGUE, 0, "base", "psnr_db"), null);
  equal(gainOf({ ...CATALOGUE, baseline: "" }, 0, "fast", "psnr_db"), null);
});

test("a model loses where it is below the baseline, and not where nobody knows", () => {
  equal(
    CATALOGUE.images.map((_, image) => losesTo(CATALOGUE, image, "fast", "psnr_db")),
    [false, true, false, false, false, false, false],
  );
  equal(losesTo(CATALOGUE, 1, "base", "psnr_db"), false);
});

test("figures in words: unit, digits, identical, not measured", () => {
  equal(figureWords(30.509, PSNR), "30.51\u00a0dB");
  equal(figureWords(0.98765, MS_SSIM), "0.9877");
  equal(figureWords("Infinity", PSNR), "infinite: identical");
  equal(figureWords(Infinity, PSNR), "infinite: identical");
  equal(figureWords(null, PSNR), "not measured");
  equal(figureWords(undefined, PSNR), "not measured");
  equal(leadWords(-0.01234, MS_SSIM), "\u22120.0123");
  equal(leadWords(null, MS_SSIM), "not measured");
});
