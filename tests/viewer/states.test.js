import { completeView, readViewText, viewText } from "../../aic_helpers/reporting/viewer/states.js";
import { catalogueOf, viewOf } from "./catalogues.js";
import { equal, test } from "./harness.js";

const CATALOGUE = catalogueOf([
  ["a", { base: 30, fast: 31.5 }],
  ["b", {}],
]);
const complete = (view, catalogue = CATALOGUE) => completeView(view, catalogue);
const START = complete({});

// Nothing as in a view that one begins with.
const OTHER = viewOf({
  image: "b",
  panes: ["base", "fast"],
  mode: "slider",
  show: "signed",
  against: "base",
  channels: "rgb",
  times: 16,
  zoom: 0.37,
  x: 7.25,
  y: 9,
  split: 0.25,
  upright: false,
  light: -1.5,
  rows: 2,
  histogram: true,
  more: true,
  sort: ["ms_ssim", "fast", "base"],
});

test("an empty view looks at the first image, with input, model and target", () => {
  equal(START, viewOf({ image: "a" }));
});

test("a whole view stays as it is", () => equal(complete(OTHER), OTHER));

test("what is unknown, of another kind or out of bounds becomes what one begins with, or the bound", () => {
  const odd = { image: "nobody", mode: "fly", show: "constructor", channels: 3, times: 5, rows: 7, sort: ["x", "y"] };
  equal(complete(odd), START);
  equal(complete({ panes: "fast", histogram: "yes", sort: null, upright: null, image: ["a"] }), START);
  const numbers = complete({ zoom: 1e9, x: -5, y: "no", split: 7, light: -99, times: "8" });
  equal(numbers, { ...START, zoom: 64, x: -1, y: -1, split: 1, light: -2, times: 8 });
  equal(complete({ zoom: NaN, x: Infinity, light: null }), { ...START, light: 0 });
});

test("error maps are against the target, the input or a model; what is unknown falls back to the target", () => {
  for (const name of ["input", "base", "fast"]) equal(complete({ against: name }).against, name);
  for (const odd of ["target", "nobody", "constructor", null, 3, ["fast"]]) equal(complete({ against: odd }), START);
  equal(complete(readViewText("show=absolute&against=fast")), { ...START, show: "absolute", against: "fast" });
  equal(complete(readViewText("show=absolute&against=int8")), { ...START, show: "absolute" });
  equal(viewText({ ...START, image: "", panes: [], sort: ["", "", ""], against: "fast" }), "against=fast");
});

test("panes are two to six of what there is", () => {
  equal(complete({ panes: ["fast", "nobody"] }).panes[0], "fast");
  equal(complete({ panes: ["fast", "nobody"] }).panes.length >= 2, true);
  equal(complete({ panes: Array(9).fill("fast") }).panes, Array(6).fill("fast"));
  equal(complete({ panes: ["fast", "fast"] }).panes, ["fast", "fast"]);
});

test("a catalogue of nearly nothing has a view too", () => {
  const rest = { models: ["fast"], baseline: "", input: "", reference: "" };
  const view = complete({}, catalogueOf([], { shown: [{ name: "fast" }], ...rest }));
  equal([view.image, view.panes.every((name) => name === "fast"), view.panes.length >= 2], ["", true, true]);
});

test("a link has only what differs from the beginning", () => {
  equal(viewText({ ...START, image: "", panes: [], sort: ["", "", ""] }), "");
  equal(
    viewText({ ...START, image: "baby", mode: "slider", zoom: 4, x: 640, y: 360.126, panes: ["input", "fast"] }),
    "image=baby&panes=input,fast&mode=slider&zoom=4&x=640&y=360.13&sort=psnr_db,fast,",
  );
});

test("a view comes back from its link, whatever names hold", () => {
  for (const name of ["a,b", "50% off", "a&b=c#d", "ä ö", "\u65e5\u672c", "<img src=x>", "+", "a%2Cb", "\"'`"]) {
    const shown = [{ name: "input" }, { name }];
    const catalogue = catalogueOf(
      [
        [name, {}],
        ["b", {}],
      ],
      { shown, models: [name], baseline: "" },
    );
    const view = complete(
      { image: name, panes: [name, "input", name], against: name, sort: ["psnr_db", name, "input"] },
      catalogue,
    );
    equal(complete(readViewText(viewText(view)), catalogue), view, name);
  }
});

test("all parts of a view but the folded controls come back from a link", () => {
  equal(complete(readViewText(viewText(OTHER))), { ...OTHER, more: false });
});

test("a link typed by hand that makes no sense is no error", () => {
  const odd = ["", "&&&", "=", "panes=%", "zoom=big&x=left&y=NaN", "image=%E0%A4%A", "__proto__=1&toString=2"];
  for (const text of [...odd, "panes=,,"]) {
    equal(complete(readViewText(text)), START, text);
  }
});
