// Error maps against the input or a model: their pixels, what is said of them, and where the choice stands.

import { colourOf } from "../../aic_helpers/reporting/viewer/pixels.js";
import { catalogueOf, viewOf } from "./catalogues.js";
import { middle, shows } from "./comparing.js";
import { expectedMap, similarityAt } from "./expected.js";
import { equal, test, until } from "./harness.js";
import { fakeModel } from "./kernels.js";
import { all, frames, mounted, point, press, rendered, seen, settled } from "./mounted.js";
import { noise, picture, pixelOf } from "./pictures.js";

const PANES = ["input", "base", "fast", "target"];
const SET = Object.fromEntries(PANES.map((name, at) => [name, noise(40, 30, at + 1)]));
const PLACE = () => ({ origin: middle(seen(0), [40, 30], 4), zoom: 4 });
const VIEW = { panes: PANES, show: "absolute", channels: "mean", times: 2, zoom: 4, against: "fast" };
const menu = () => all("[aria-label='What error maps are against']")[0];
const notes = () =>
  all(".aic-note")
    .slice(0, frames().length)
    .map((note) => note.textContent);
const scale = () => all(".aic-under span")[0].textContent;

for (const show of ["absolute", "signed"]) {
  for (const against of ["fast", "input"]) {
    test(`the ${show} error against ${against} in all panes; ${against} itself as it is`, async () => {
      const look = { show, channels: "mean", times: 2 };
      await mounted({ a: SET }, { ...VIEW, ...look, against });
      PANES.forEach((name, number) =>
        shows(number, name === against ? SET[name] : expectedMap(SET[against], SET[name], look), PLACE()),
      );
    });
  }
}

test("the structure against a model", async () => {
  await mounted({ a: SET }, { ...VIEW, show: "structure" });
  const map = (image) => picture(40, 30, (x, y) => colourOf(1 - similarityAt(SET.fast, image, x, y)));
  shows(1, map(SET.base), PLACE());
  shows(2, SET.fast, PLACE());
  shows(3, map(SET.target), PLACE());
});

test("the menu is there with a map alone, and names the target first, then the input and the models", async () => {
  const app = await mounted({ a: SET }, { ...VIEW, show: "picture", against: "" });
  equal(menu().hidden, true);
  app.change({ show: "signed" });
  await settled();
  equal(menu().hidden, false);
  const options = [...menu().options].map((one) => [one.value, one.textContent]);
  const named = ["target", "input", "base", "fast"].map((name) => [name, `against ${name}`]);
  equal(options, named);
  const choose = async (name) => {
    menu().value = name;
    menu().dispatchEvent(new Event("change"));
    await settled();
  };
  await choose("base");
  equal(app.view.against, "base");
  await choose("target");
  equal(app.view.against, "");
});

test("the key goes through them, and does nothing where no map is seen", async () => {
  const app = await mounted({ a: SET }, { ...VIEW, against: "" });
  const found = [];
  for (let turn = 0; turn < 4; turn++) {
    await press("a");
    found.push(app.view.against);
  }
  equal(found, ["input", "base", "fast", ""]);
  app.change({ show: "picture" });
  await press("a");
  equal(app.view.against, "");
});

test("what a map is against stands above it, in its pane and in the values; figures stay the target's", async () => {
  await mounted({ a: SET }, VIEW);
  const words = "error against fast";
  equal(scale(), `${words}: 0 black to 128 of 255 light yellow; the figures stay against the target`);
  equal(notes(), [words, words, "", words]);
  equal(frames()[1].getAttribute("aria-label"), `base, ${words}, a; press ? for the keys`);
  equal(all(".aic-figures-of")[2].textContent.startsWith("PSNR21.00"), true);
  point("pointermove", [seen(0).width / 2, seen(0).height / 2], { number: 1 });
  await settled();
  const values = all(".aic-values").map((one) => one.textContent);
  equal(
    [0, 1, 3].map((at) => / Δ .* from fast$/.test(values[at])),
    [true, true, true],
  );
  equal(values[2].includes("Δ"), false);
});

test("against the target the words are the target's, and the panes need none", async () => {
  const app = await mounted({ a: SET }, { ...VIEW, against: "" });
  equal([scale(), notes()], ["error against target: 0 black to 128 of 255 light yellow", ["", "", "", ""]]);
  app.change({ show: "picture", against: "fast" });
  point("pointermove", [seen(0).width / 2, seen(0).height / 2], { number: 1 });
  await settled();
  equal(notes(), ["", "", "", ""]);
  equal(/ Δ [^a-z]*$/.test(all(".aic-values")[1].textContent), true, "without a map Δ is the target's");
});

test("a photo without a target: maps are against the input, or a model", async () => {
  const { target: _, ...set } = SET;
  const images = [{ name: "a", words: "", target: false, figures: {}, failures: {} }];
  const app = await mounted({ a: set }, { ...VIEW, panes: ["input", "base", "fast"] }, { changes: { images } });
  const look = { show: "absolute", channels: "mean", times: 2 };
  shows(0, expectedMap(SET.fast, SET.input, look), PLACE());
  equal(scale(), "error against fast: 0 black to 128 of 255 light yellow");
  equal(
    [...menu().options].map((one) => one.value),
    ["input", "base", "fast"],
  );
  app.change({ against: "" });
  await settled();
  shows(2, expectedMap(SET.input, SET.fast, look), PLACE());
  equal(menu().value, "input");
});

test("where the chosen model has no picture the panes say so, and show theirs without a map", async () => {
  const { fast: _, ...set } = SET;
  await mounted({ a: set }, { ...VIEW, panes: ["input", "base", "target"] });
  shows(1, SET.base, PLACE());
  equal(notes(), Array(3).fill("no map: no picture of fast"));
});

test("the worst place is where the first model is furthest from what the map is against", async () => {
  const square = (at, value) =>
    picture(400, 300, (x, y) => Array(3).fill(x >= at && x < at + 16 && y < 16 ? value : 0));
  const set = { input: square(0, 0), base: square(300, 200), fast: square(100, 90), target: square(0, 0) };
  const view = { ...VIEW, panes: ["fast", "base", "target"], show: "picture", against: "base" };
  const app = await mounted({ a: set }, view);
  const worst = async (change) => {
    app.change(change);
    await press("w");
    return app.view.x > 200 ? "at the base's square" : "at the fast one's";
  };
  equal(await worst({}), "at the fast one's", "fast against the target, where no map is seen");
  equal(await worst({ show: "absolute" }), "at the base's square", "fast against base");
  equal(await worst({ against: "fast" }), "at the base's square", "base against fast: fast itself is passed over");
});

test("a model that isn't in a pane is asked for, and the panes wait for it", async () => {
  const catalogue = catalogueOf([["a", { base: 30, fast: 31 }]]);
  const told = {};
  const answers = {
    look: (content, say) => {
      told.content = content;
      delete answers.look;
      told.say = say;
    },
  };
  const view = viewOf({ ...VIEW, image: "a", panes: ["input", "base"] });
  const model = fakeModel(catalogue, view, { a: SET }, { answers });
  const ready = rendered(model);
  await until(() => told.content, "a question");
  equal(told.content.names, ["input", "base", "target", "fast"]);
  equal(
    frames().map((frame) => frame.getAttribute("aria-busy")),
    ["true", "true"],
  );
  model.send(told.content);
  await ready;
  const look = { show: "absolute", channels: "mean", times: 2 };
  shows(1, expectedMap(SET.fast, SET.base, look), PLACE());
});

test("where no kernel answers, the map is of the small copies that the notebook has of both", async () => {
  const catalogue = catalogueOf([["a", { base: 30, fast: 31 }]]);
  const view = viewOf({ ...VIEW, image: "a", panes: ["base", "fast"] });
  const pictures = Object.fromEntries(
    await Promise.all(["base", "fast", "target"].map(async (name) => [name, await encoded(SET[name])])),
  );
  const previews = { image: "a", width_px: 40, height_px: 30, pictures };
  const model = fakeModel(catalogue, view, { a: SET }, { previews, isMute: true });
  rendered(model).catch(() => {}); // it never settles
  const middleOf = (number) => pixelOf(seen(number), seen(number).width >> 1, seen(number).height >> 1)[3];
  await until(() => frames().length === 2 && middleOf(0) && middleOf(1), "small copies");
  const look = { show: "absolute", channels: "mean", times: 2 };
  await until(() => notes()[0] === "small copy", "a note");
  shows(0, expectedMap(SET.fast, SET.base, look), PLACE());
  shows(1, SET.fast, PLACE());
});

async function encoded({ data, width, height }) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return new DataView(await blob.arrayBuffer());
}

test("names of models are text in the menu, the words and the panes", async () => {
  const name = '<img src=x onerror="window.hitAgainst=1">';
  const changes = { shown: [...PANES, name].map((one) => ({ name: one })), models: ["base", "fast", name] };
  await mounted({ a: { ...SET, [name]: SET.fast } }, { ...VIEW, against: name }, { changes });
  equal(scale().startsWith(`error against ${name}: `), true);
  equal([window.hitAgainst, all(".aic-bar img, .aic-head img").length], [undefined, 0]);
});
