import { makeStrip } from "../../aic_helpers/reporting/viewer/strip.js";
import { catalogueOf, viewOf } from "./catalogues.js";
import { equal, frame, stage, test, until } from "./harness.js";

const DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
const CATALOGUE = catalogueOf([
  ["a", { base: 30, fast: 31.5 }],
  ["b", { base: 28, fast: 25 }],
  ["c", { base: 28, fast: 29 }],
]);
const MANY = catalogueOf(Array.from({ length: 100 }, (_, at) => [`i${at}`, { base: 20, fast: 20 + at }]));

/** Return a strip on the page that notes what it asks for. */
function shownStrip(catalogue, view, width) {
  const [chosen, asked] = [[], []];
  const strip = makeStrip({ choose: (name) => chosen.push(name), wantThumbs: (names) => asked.push(...names) });
  const place = stage(width);
  place.className = "aic-viewer";
  place.append(strip.el);
  strip.update(catalogue, view);
  const list = strip.el.querySelector("[role=listbox]");
  return { ...strip, list, chosen, asked, options: () => [...list.children] };
}

const texts = (options) => options.map((option) => option.innerText.replace(/\s+/g, " "));
const selected = (options) => options.map((option) => option.getAttribute("aria-selected")).indexOf("true");

test("images stand in the order of the sort, with figure and mark", () => {
  const { options } = shownStrip(CATALOGUE, viewOf({ image: "a" }));
  equal(texts(options()), ["b \u25bc25.00 dB", "c 29.00 dB", "a 31.50 dB"]);
  equal(options()[0].ariaLabel, "b, PSNR of fast: 25.00\u00a0dB, fast is below base");
  equal(options()[1].title, "c\nPSNR of fast: 29.00\u00a0dB");
  equal(selected(options()), 2);
});

test("a line above says what the figures are, their order, and what the mark means", () => {
  const strip = shownStrip(CATALOGUE, viewOf({ image: "a" }));
  const said = () => [strip.el.firstChild.textContent, strip.list.ariaLabel];
  equal(said(), ["PSNR of fast, lowest first; \u25bc fast is below base", "Images by PSNR of fast, lowest first"]);
  strip.update(
    catalogueOf([
      ["a", { base: 30, fast: 31 }],
      ["b", {}],
    ]),
    viewOf({ sort: ["psnr_db", "fast", "base"] }),
  );
  const words = "PSNR of fast against base, largest difference first";
  equal(said(), [words, `Images by ${words}`]);
  strip.update(
    catalogueOf(
      [
        ["a", {}],
        ["b", {}],
      ],
      { metrics: [] },
    ),
    viewOf({ sort: ["", "fast", ""] }),
  );
  equal([...said(), ...texts(strip.options())], ["Images", "Images", "a", "b"]);
});

test("where no image has a figure, names stand under the thumbnails, cut where they are long", () => {
  const long = `${"IMG_2026 ".repeat(20)}.jpg`;
  const own = ["one.png", long].map((name) => [name, { input: null, fast: null }]);
  const strip = shownStrip(catalogueOf(own), viewOf({ image: "one.png" }));
  equal([strip.el.firstChild.textContent, strip.list.ariaLabel], ["Images", "Images"]);
  strip.thumb("one.png", DOT);
  strip.thumb(long, DOT);
  const under = () => strip.options().map((option) => option.querySelector(".aic-thumb-words"));
  equal(
    under().map((words) => words.textContent),
    ["one.png", long],
  );
  equal([strip.options()[1].title, strip.options()[1].ariaLabel], [long, long]);
  const cut = under().map((words) => [words.scrollWidth > words.clientWidth, getComputedStyle(words).textOverflow]);
  equal(cut, [
    [false, "ellipsis"],
    [true, "ellipsis"],
  ]);
  const measured = own.map(([name], at) => [name, { fast: at ? null : 30 }]);
  strip.update(catalogueOf(measured), viewOf({ image: "one.png" }));
  equal([strip.el.firstChild.textContent, under()[0].textContent], ["PSNR of fast, lowest first", "not measured"]);
});

test("another sort moves them; the mark is the sorted model's, or the first one's in the panes", () => {
  const strip = shownStrip(CATALOGUE, viewOf({ image: "a" }));
  strip.update(CATALOGUE, viewOf({ image: "a", sort: ["psnr_db", "base", ""] }));
  equal(texts(strip.options()), ["b \u25bc28.00 dB", "c 28.00 dB", "a 30.00 dB"]);
  strip.update(CATALOGUE, viewOf({ image: "a", sort: ["psnr_db", "base", ""], panes: ["input", "base"] }));
  equal(texts(strip.options()), ["b 28.00 dB", "c 28.00 dB", "a 30.00 dB"]);
  strip.update(CATALOGUE, viewOf({ image: "a", sort: ["psnr_db", "fast", "base"] }));
  equal(texts(strip.options()), ["b \u25bc\u22123.00 dB", "a +1.50 dB", "c +1.00 dB"]);
  equal(strip.options()[1].ariaLabel, "a, PSNR of fast against base: +1.50\u00a0dB");
});

test("a click chooses, and so do arrows, Home and End; the strip waits for the view to say so", () => {
  const strip = shownStrip(CATALOGUE, viewOf({ image: "c" }));
  strip.options()[0].click();
  for (const key of ["ArrowRight", "ArrowLeft", "Home", "End", "x"]) {
    strip.list.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }
  equal(strip.chosen, ["b", "a", "b", "b", "a"]);
  equal(selected(strip.options()), 1);
  strip.update(CATALOGUE, viewOf({ image: "a" }));
  equal(selected(strip.options()), 2);
  equal(strip.list.getAttribute("aria-activedescendant"), strip.options()[2].id);
});

test("its arrows don't reach what is around it, other keys do", () => {
  const strip = shownStrip(CATALOGUE, viewOf({ image: "c" }));
  const heard = [];
  const note = (event) => heard.push(event.key);
  document.addEventListener("keydown", note);
  for (const key of ["ArrowRight", "?", "End"]) {
    strip.list.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }
  document.removeEventListener("keydown", note);
  equal(heard, ["?"]);
});

test("thumbnails are asked for as they come near, each once", async () => {
  const strip = shownStrip(MANY, viewOf({ image: "i0" }), 400);
  await until(() => strip.asked.length > 0, "the first thumbnails");
  equal(strip.asked[0], "i0");
  equal(strip.asked.length < 15, true, `${strip.asked.length} asked for`);
  strip.list.scrollLeft = 1e6;
  await until(() => strip.asked.includes("i99"), "the last thumbnail");
  equal(strip.asked.includes("i50"), false);
  for (const place of [0, 1e6]) {
    strip.list.scrollLeft = place;
    await frame();
    await frame();
  }
  equal(new Set(strip.asked).size, strip.asked.length);
});

test("a thumbnail takes the place of the name, and stays through another sort", async () => {
  const strip = shownStrip(CATALOGUE, viewOf({ image: "a" }));
  strip.thumb("b", DOT);
  strip.thumb("c", "");
  strip.thumb("nobody", DOT);
  equal(texts(strip.options()), ["\u25bc25.00 dB", "c 29.00 dB", "a 31.50 dB"]);
  strip.update(CATALOGUE, viewOf({ image: "a", sort: ["psnr_db", "fast", "base"] }));
  equal(strip.options()[0].querySelector("img").src, DOT);
});

test("a new catalogue keeps thumbnails of images with a target, but not those of another track", () => {
  const strip = shownStrip(
    catalogueOf([
      ["own", {}],
      ["a", { fast: 31.5 }],
    ]),
    viewOf(),
  );
  const pictures = () => strip.options().map((option) => option.querySelectorAll("img").length);
  strip.thumb("own", DOT);
  strip.thumb("a", DOT);
  equal(pictures(), [1, 1]);
  strip.update(
    catalogueOf([
      ["own", {}],
      ["a", { fast: 31.5 }],
    ]),
    viewOf(),
  );
  equal(pictures(), [0, 1]);
  strip.update(
    catalogueOf(
      [
        ["own", {}],
        ["a", { fast: 31.5 }],
      ],
      { track: "enhancement" },
    ),
    viewOf(),
  );
  equal(pictures(), [0, 0]);
});

test("the chosen image is scrolled into sight, the page stays where it is", () => {
  const strip = shownStrip(MANY, viewOf({ image: "i0" }), 400);
  strip.el.parentElement.style.paddingTop = "3000px"; // far below what is seen
  const before = window.scrollY;
  strip.update(MANY, viewOf({ image: "i77" }));
  const [outer, inner] = [strip.list, strip.options()[77]].map((el) => el.getBoundingClientRect());
  strip.el.parentElement.style.paddingTop = "";
  equal([inner.left >= outer.left, inner.right <= outer.right, window.scrollY], [true, true, before]);
});

test("a view that changes nothing here changes no element", () => {
  const strip = shownStrip(CATALOGUE, viewOf({ image: "a" }));
  const changes = new MutationObserver(() => {});
  changes.observe(strip.el, { attributes: true, childList: true, subtree: true, characterData: true });
  strip.update(CATALOGUE, viewOf({ image: "a", x: 10, y: 20, zoom: 4, mode: "blink" }));
  equal(changes.takeRecords().length, 0);
});

test("figures that come later are shown", () => {
  const catalogue = catalogueOf([
    ["a", { base: 30 }],
    ["b", { base: 30, fast: 20 }],
  ]);
  const strip = shownStrip(catalogue, viewOf({ image: "a" }));
  equal(texts(strip.options()), ["a not measured", "b \u25bc20.00 dB"]);
  catalogue.images[0].figures.fast = { psnr_db: 31 };
  strip.update(catalogue, viewOf({ image: "a" }));
  equal(texts(strip.options()), ["b \u25bc20.00 dB", "a 31.00 dB"]);
});

test("the sentence of a model that failed is said; a single image needs no strip", () => {
  const broken = catalogueOf([["a", { base: 30 }]]);
  broken.images[0].failures = { fast: "the model gives NaN" };
  const strip = shownStrip(broken, viewOf({ image: "a" }));
  equal(strip.options()[0].ariaLabel, "a, PSNR of fast: not measured, the model gives NaN");
  equal(strip.el.hidden, true);
});

test("names are text, whatever they hold", () => {
  const name = "<img src=x onerror=\"document.title='hit'\">";
  const strip = shownStrip(
    catalogueOf([
      [name, { fast: 1 }],
      ["b", { fast: 2 }],
    ]),
    viewOf({ image: name }),
  );
  equal(strip.options()[0].querySelector("img"), null);
  equal(strip.options()[0].title.startsWith(name), true);
  equal(selected(strip.options()), 0);
});
