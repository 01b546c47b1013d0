// Of a board's table and plot, what is pure: axes, where points and names stand, the order of rows.
import {
  evenTicks,
  isDrawn,
  layOut,
  logTicks,
  placeMarks,
  placeNames,
  tickWords,
} from "../../aic_helpers/reporting/standings/axes.js";
import { sortedRows } from "../../aic_helpers/reporting/standings/sortable.js";
import { equal, near, test } from "./harness.js";

const model = (name, speedup, psnr_db, { kind = "ranked", front = [] } = {}) => ({
  name,
  kind,
  front,
  figures: {
    speedup: { value: speedup, low: speedup * 0.9, high: speedup * 1.1 },
    psnr_db: { value: psnr_db, low: psnr_db - 3, high: NaN },
  },
});

const SIZE = [800, 300];

test("ticks of a logarithmic axis are 1, 2 and 5 times a power of ten", () => {
  equal(logTicks(0.15, 12).map(tickWords), ["0.2", "0.5", "1", "2", "5", "10"]);
  equal(logTicks(3, 4), []);
});

test("ticks of an even axis are round, and not too many", () => {
  equal(evenTicks(27.02, 27.96, 6).map(tickWords), ["27.2", "27.4", "27.6", "27.8"]);
  equal(evenTicks(0.9511, 0.9634, 7).map(tickWords), ["0.952", "0.954", "0.956", "0.958", "0.96", "0.962"]);
  equal(evenTicks(-1, 1, 6).map(tickWords), ["-1", "-0.5", "0", "0.5", "1"]);
});

test("speed is logarithmic, and quality goes up", () => {
  const { points, x, y } = layOut([model("a", 4, 28), model("b", 1, 27), model("c", 2, 29)], "psnr_db", 4, SIZE);
  equal(
    points.map((point) => point.model.name),
    ["b", "c", "a"],
  );
  near(points[1].x - points[0].x, points[2].x - points[1].x, 1e-9);
  near(points[0].y - points[2].y, points[2].y - points[1].y, 1e-9);
  equal([points[0].x, points[2].x], [x.place(1), x.place(4)]);
  equal(points[0].y > y.place(28), true);
});

test("the baseline and the cap are always on the axis", () => {
  const { frame, x } = layOut([model("a", 0.1, 28)], "psnr_db", 4, SIZE);
  equal([frame.left < x.place(0.1), x.place(4) < frame.right], [true, true]);
  const slow = layOut([model("a", 9, 28)], "psnr_db", 4, SIZE);
  equal(slow.frame.left < slow.x.place(1), true);
});

test("without a cap the axis ends with the models, and nothing marks one", () => {
  const layout = layOut([model("a", 2, 28)], "psnr_db", null, SIZE);
  equal(layout.x.place(2) < layout.frame.right && layout.frame.right < layout.x.place(2.3), true);
  equal(placeMarks(layout, null, [52, 112]).length, 1);
});

test("intervals end at the frame; without both ends there is none", () => {
  const { frame, points } = layOut([model("a", 2, 28)], "psnr_db", 4, SIZE);
  equal([points[0].across.length, points[0].upright], [2, null]);
  const wide = model("b", 2, 28);
  wide.figures.psnr_db.high = 99;
  equal(layOut([wide], "psnr_db", 4, SIZE).points[0].upright, [frame.bottom, frame.top]);
});

test("models with both figures are drawn, unless they were judged apart", () => {
  equal(isDrawn(model("a", 2, 28), "psnr_db"), true);
  equal(isDrawn(model("a", 2, 28, { kind: "broken" }), "psnr_db"), true);
  equal(isDrawn(model("a", 2, 28, { kind: "elsewhere" }), "psnr_db"), true);
  equal(isDrawn(model("a", 2, 28, { kind: "apart" }), "psnr_db"), false);
  equal(isDrawn(model("a", NaN, 28), "psnr_db"), false);
  equal(isDrawn(model("a", 0, 28), "psnr_db"), false);
  equal(isDrawn(model("a", Infinity, 28), "psnr_db"), false);
  equal(isDrawn(model("a", 2, Infinity), "psnr_db"), false);
});

test("names cover neither points nor each other, and one without a place is left out", () => {
  const close = Array.from({ length: 9 }, (_, place) => model(`n${place}`, 2 + place / 1000, 28 + place / 1000));
  const layout = layOut([...close, model("far", 0.5, 20)], "psnr_db", 4, SIZE);
  const placed = placeNames(layout, () => 90);
  const boxes = placed.map(({ box }) => box);
  for (const [place, one] of boxes.entries()) {
    for (const other of boxes.slice(place + 1)) {
      equal(one[2] <= other[0] || other[2] <= one[0] || one[3] <= other[1] || other[3] <= one[1], true);
    }
    equal(
      layout.points.every(({ x, y }) => x < one[0] || one[2] < x || y < one[1] || one[3] < y),
      true,
    );
  }
  equal([placed.length < 10, placed.some(({ point }) => point.model.name === "far")], [true, true]);
});

test("of many models those on the front are named", () => {
  const many = Array.from({ length: 40 }, (_, place) => model(`n${place}`, 0.2 + place, 28 + place / 10));
  many[7].front = ["psnr_db"];
  const placed = placeNames(layOut(many, "psnr_db", 4, SIZE), () => 20);
  equal(
    placed.map(({ point }) => point.model.name),
    ["n7"],
  );
});

test("what marks the baseline and the cap stands in the frame and apart, or the cap's words are left out", () => {
  for (const width of [240, 310, 420, 800]) {
    for (const slowest of [0.01, 0.1, 0.4, 1]) {
      for (const fastest of [1, 4, 9, 300]) {
        const layout = layOut([model("a", slowest, 28), model("b", fastest, 27)], "psnr_db", 4, [width, 300]);
        const [one, other] = placeMarks(layout, 4, [52, 112]);
        equal([layout.frame.left <= one.from, (other ?? one).to <= width], [true, true]);
        equal(!other || one.to < other.from, true);
      }
    }
  }
});

const anchors = (slowest, fastest, width) =>
  placeMarks(layOut([model("a", slowest, 28), model("b", fastest, 27)], "psnr_db", 4, [width, 300]), 4, [52, 112]).map(
    ({ anchor }) => anchor,
  );

test("words stand over what they mark where there is room, else beside it", () => {
  equal(anchors(0.5, 9, 800), ["middle", "middle"]);
  equal(anchors(0.1, 5, 360), ["end", "end"]);
  equal(anchors(0.1, 300, 360), ["middle", "start"]);
  equal(anchors(0.001, 9, 240), ["middle"]);
});

test("numbers below a narrow plot stand apart", () => {
  const { x } = layOut([model("a", 0.004, 28), model("b", 90, 27)], "psnr_db", 4, [340, 300]);
  equal(x.ticks.map(tickWords), ["0.01", "0.1", "1", "10", "100"]);
});

const row = (sort, kind = "ranked") => ({
  cells: [{ dataset: { sort } }],
  dataset: { kind, ...(kind === "ranked" ? { ranked: "" } : {}) },
  sort,
});
const sorted = (rows, descending) => sortedRows(rows, 0, "0", descending).map(({ sort }) => sort);

test("rows without a rank stay behind those with one, and rows without the figure behind all", () => {
  const rows = [row("", "ranked"), row("99", "elsewhere"), row("9", "broken"), row("1"), row("10")];
  equal(sorted(rows, true), ["10", "1", "99", "9", ""]);
  equal(sorted(rows, false), ["1", "10", "9", "99", ""]);
});

test("words sort with their numbers, whatever has a rank", () => {
  const rows = [row("net 10"), row("Net 9", "broken"), row("a")];
  equal(sorted(rows, false), ["a", "Net 9", "net 10"]);
  equal(sorted(rows, true), ["net 10", "Net 9", "a"]);
});

test("infinity is a number, however it is written", () => {
  const rows = [row("10"), row("inf"), row("-Infinity"), row("9"), row("Infinity"), row("")];
  equal(sorted(rows, true), ["inf", "Infinity", "10", "9", "-Infinity", ""]);
  equal(sorted(rows, false), ["-Infinity", "9", "10", "inf", "Infinity", ""]);
  equal(sorted([row("info 10"), row("inf"), row("info 9")], false), ["inf", "info 9", "info 10"]);
});

test("a rank is that of what ranks", () => {
  const ranked = (...ranks) => {
    const cell = document.createElement("td");
    ranks.forEach((rank, place) => cell.setAttribute(`data-sort-${place}`, rank));
    return { cells: [cell], dataset: {} };
  };
  const ranks = [ranked("1", "2"), ranked("2", "1")];
  equal(sortedRows(ranks, 0, "0", false)[0] === ranks[0], true);
  equal(sortedRows(ranks, 0, "1", false)[0] === ranks[1], true);
});
