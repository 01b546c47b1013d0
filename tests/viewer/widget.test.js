// The viewer as a widget, before a kernel that answers by messages: what it asks for, and what it makes of the answers.

import { catalogueOf, viewOf } from "./catalogues.js";
import { middle, shows } from "./comparing.js";
import { expectedMap } from "./expected.js";
import { equal, frame, test, until } from "./harness.js";
import { fakeModel } from "./kernels.js";
import { all, drag, frames, point, press, rendered, seen, settled } from "./mounted.js";
import { noise, pixelOf } from "./pictures.js";

const NAMES = ["input", "fast", "target"];
const setBy = (made) => Object.fromEntries(NAMES.map((name, at) => [name, made(at)]));
const setOf = (width, height, seed = 1) => setBy((at) => noise(width, height, seed + at));
const SMALL = setOf(200, 150);
const LARGE = setOf(1500, 1000); // more than travels at once
const IMAGES = [
  ["a", { base: 30, fast: 31 }],
  ["b", { base: 30, fast: 29 }],
];
const CATALOGUE = catalogueOf(IMAGES);
const START = viewOf({ image: "a", panes: NAMES, zoom: 4 });

const looks = (model) => model.asked.filter(({ kind }) => kind === "look");
const modelOf = (pictures, view = {}, options = {}) => fakeModel(CATALOGUE, { ...START, ...view }, pictures, options);

test("pictures that fit are asked for once, all in one question, and shown exactly", async () => {
  const model = modelOf({ a: SMALL });
  await rendered(model);
  NAMES.forEach((name, number) => shows(number, SMALL[name], { origin: middle(seen(0), [200, 150], 4), zoom: 4 }));
  equal(
    looks(model).map(({ image, names, box }) => [image, names, box]),
    [["a", NAMES, null]],
  );
});

test("of a large picture the part in view comes as the hand rests; a small move asks for nothing", async () => {
  const model = modelOf({ a: LARGE }, { zoom: 2 });
  const { app } = await rendered(model);
  await until(() => looks(model).length === 2, "the part");
  await settled();
  const origin = middle(seen(0), [1500, 1000], 2);
  NAMES.forEach((name, number) => shows(number, LARGE[name], { origin, zoom: 2 }));
  await drag([100, 100], [90, 95]);
  await until(() => app.isStill, "rest");
  await settled();
  equal(looks(model).length, 2);
  NAMES.forEach((name, number) => shows(number, LARGE[name], { origin: [origin[0] - 10, origin[1] - 5], zoom: 2 }));
});

test("while the hand moves far the reduced whole is seen, and nothing is asked for; then the part", async () => {
  const model = modelOf({ a: LARGE }, { zoom: 8, x: 100, y: 100 });
  const { app } = await rendered(model);
  await until(() => looks(model).length === 2, "the first part");
  await settled();
  point("pointerdown", [150, 100]);
  for (let step = 1; step < 30; step++) {
    point("pointermove", [150 - 130 * (step % 2), 100]);
    app.change({ x: 100 + 40 * step, y: 300 }, { isMotion: true });
    await frame();
  }
  equal(looks(model).length, 2, "asked for while moving");
  equal(pixelOf(seen(0), 20, 20)[3], 255, "something is seen");
  point("pointerup", [150, 100]);
  await until(() => looks(model).length === 3, "the part where it rests");
  await settled();
  const [x, y] = [app.view.x, app.view.y];
  const origin = [seen(0).width / 2 - x * 8, seen(0).height / 2 - y * 8].map(Math.round);
  NAMES.forEach((name, number) => shows(number, LARGE[name], { origin, zoom: 8 }));
});

test("an error map of a part is that of its exact pixels", async () => {
  const look = { show: "signed", channels: "rgb", times: 1 };
  const model = modelOf({ a: LARGE }, { zoom: 2, ...look });
  await rendered(model);
  await until(() => looks(model).length === 2, "the part");
  await settled();
  shows(1, expectedMap(LARGE.target, LARGE.fast, look), { origin: middle(seen(0), [1500, 1000], 2), zoom: 2 });
});

test("values under the pointer are only told where the exact pixels are there", async () => {
  const model = modelOf({ a: LARGE }, { zoom: 0, panes: ["fast", "target"] });
  await rendered(model, { width: 400 });
  const values = () => all(".aic-values")[0].textContent;
  point("pointermove", [seen(0).width / 2, seen(0).height / 2]);
  await settled();
  equal(/^\d+, \d+: enlarge to read$/.test(values()), true, values());
  await press("4");
  await until(() => looks(model).length === 2, "the part");
  await settled();
  point("pointermove", [100, 80]);
  await settled();
  const [x, y] = values().split(":")[0].split(", ").map(Number);
  equal(values().startsWith(`${x}, ${y}: ${pixelOf(LARGE.fast, x, y).slice(0, 3).join(" ")}  Δ`), true, values());
});

test("a sentence in place of a picture; the network's progress in the pane that waits", async () => {
  const answers = { look: (content, say) => (answers.told = { content, say }) };
  const model = modelOf({ a: { ...SMALL, fast: "the model gives NaN" } }, {}, { answers });
  const waiting = rendered(model);
  await until(() => answers.told, "a question");
  model.tell("msg:custom", { kind: "progress", words: "fast: running" }, []);
  await until(() => all(".aic-note")[1].textContent === "fast: running", "progress");
  delete answers.look;
  model.send(answers.told.content); // answered now, under its own number
  model.tell("msg:custom", { kind: "progress", words: "" }, []);
  model.tell("msg:custom", { kind: "done", ask: answers.told.content.ask }, []);
  await waiting;
  equal(
    frames().map((one) => one.innerText.trim()),
    ["", "fast: the model gives NaN", ""],
  );
});

test("the view is saved as the hand rests, and not at each move", async () => {
  const model = modelOf({ a: SMALL });
  await rendered(model);
  await drag([100, 100], [60, 90]);
  await until(() => model.saved.length === 1, "the view");
  equal(model.saved[0].x, 110);
  equal(model.saved[0].y, 77.5);
});

test("a view that the kernel sets is followed, and the one it has been told of changes nothing", async () => {
  const model = modelOf({ a: SMALL, b: setOf(200, 150, 9) });
  const { app } = await rendered(model);
  model.change("view", { ...START, image: "b", zoom: 8 });
  await settled();
  equal([app.view.image, app.view.zoom], ["b", 8]);
  shows(2, setOf(200, 150, 9).target, { origin: middle(seen(0), [200, 150], 8), zoom: 8 });
});

test("a rectangle of one image goes where another view turns to another", async () => {
  const figures = { fast: { psnr_db: "30.12 dB", ms_ssim: "0.9" } };
  const model = modelOf({ a: SMALL, b: SMALL }, {}, { answers: { crop: (_, say) => say("crop", { figures }) } });
  const { app } = await rendered(model);
  await press("r");
  await until(() => app.cropFigures.fast, "figures");
  model.change("view", { ...START, image: "b" });
  await settled();
  equal([app.selection, all(".aic-crop").length], [null, 0]);
});

test("a kernel that has ended is said in the panes, and asked again when one comes back", async () => {
  const model = modelOf({ a: SMALL, b: SMALL });
  const { app } = await rendered(model);
  const { send } = model;
  model.send = () => {
    throw new Error("Cannot send");
  };
  app.change({ image: "b" });
  await until(() => all(".aic-note")[0].textContent === "no kernel answers", "the sentence");
  model.send = send;
  app.change({ image: "a" });
  await settled();
  app.change({ image: "b" });
  await settled();
  shows(2, SMALL.target, { origin: middle(seen(0), [200, 150], 4), zoom: 4 });
});

test("a new catalogue brings its images and forgets the pictures", async () => {
  const pictures = { a: SMALL };
  const model = modelOf(pictures);
  await rendered(model);
  pictures.a = setOf(200, 150, 50);
  model.change("catalogue", catalogueOf(IMAGES, { track: "enhancement" }));
  await until(() => looks(model).length === 2, "the pictures anew");
  await settled();
  shows(0, pictures.a.input, { origin: middle(seen(0), [200, 150], 4), zoom: 4 });
});

test("the kernel's figures of a rectangle stand in the panes", async () => {
  const figures = { fast: { psnr_db: "30.12 dB", ms_ssim: "crop too small: needs 161 px a side" } };
  const model = modelOf({ a: SMALL }, {}, { answers: { crop: (_, say) => say("crop", { figures }) } });
  await rendered(model);
  await drag([40, 40], [120, 90], { shiftKey: true });
  await until(() => all(".aic-crop").some((one) => one.textContent), "figures");
  equal(
    all(".aic-crop").map((one) => one.textContent),
    ["", "", figures.fast.psnr_db, figures.fast.ms_ssim],
  );
  const { box, names } = model.asked.find(({ kind }) => kind === "crop");
  const [left, top] = middle(seen(0), [200, 150], 4);
  equal([names, box.slice(0, 2)], [NAMES, [Math.floor((40 - left) / 4), Math.floor((40 - top) / 4)]]);
});

test("a dropped photo goes in parts under one number; the answer stands at the button", async () => {
  const answers = { photo: (content, say) => content.part === 2 && say("said", { words: "not a photo", good: false }) };
  const ways = [["as it is", "as it is"]];
  const model = fakeModel(catalogueOf(IMAGES, { ways }), START, { a: SMALL }, { answers });
  await rendered(model);
  const bytes = new Uint8Array(9_000_000).map((_, at) => at % 251);
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "cat.jpg", { type: "image/jpeg" }));
  frames()[0].dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  await until(() => all(".aic-said")[0].textContent === "not a photo", "the sentence");
  const sent = model.asked.filter(({ kind }) => kind === "photo");
  const places = sent.map(({ part, parts, name, ask }) => [part, parts, name, ask - sent[0].ask]);
  equal(
    places,
    [0, 1, 2].map((part) => [part, 3, "cat.jpg", 0]),
  );
  const joined = new Uint8Array(await new Blob(sent.map(({ buffers }) => buffers[0])).arrayBuffer());
  equal([joined.length, joined.findIndex((value, at) => value !== bytes[at])], [bytes.length, -1]);
  equal(all(".aic-said")[0].classList.contains("aic-worse"), true);
  shows(0, SMALL.input, { origin: middle(seen(0), [200, 150], 4), zoom: 4 });
});

test("what the kernel showed last is seen where none answers", async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 30 });
  canvas.getContext("2d").fillStyle = "rgb(200, 100, 50)";
  canvas.getContext("2d").fillRect(0, 0, 40, 30);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const shown = new DataView(await blob.arrayBuffer());
  const previews = { image: "a", width_px: 400, height_px: 300, pictures: setBy(() => shown) };
  const model = modelOf({}, { zoom: 0 }, { previews, isMute: true });
  rendered(model).catch(() => {}); // its panes wait for ever
  await until(() => frames().length === 3 && pixelOf(seen(0), seen(0).width >> 1, seen(0).height >> 1)[3], "a preview");
  equal(pixelOf(seen(0), seen(0).width >> 1, seen(0).height >> 1), [200, 100, 50, 255]);
  equal(all(".aic-note")[0].textContent, "small copy");
});

test("a widget that is taken away listens to nothing any more", async () => {
  const model = modelOf({ a: SMALL });
  const { stop } = await rendered(model);
  equal(model.listeners.length > 2, true);
  stop();
  equal(model.listeners.length, 0);
});
