// A small catalogue: two models, three images, of which one has no target.

export const METRICS = [
  { key: "psnr_db", title: "PSNR", unit: "dB", digits: 2 },
  { key: "ms_ssim", title: "MS-SSIM", unit: "", digits: 4 },
];

/** Return a catalogue of images [name, {model: psnr_db or null}]. */
export function catalogueOf(images, changes = {}) {
  return {
    title: "Track A: super-resolution",
    data: "",
    notes: [],
    tracks: [],
    track: "super_resolution",
    ways: [],
    metrics: METRICS,
    shown: ["input", "target", "base", "fast"].map((name) => ({ name })),
    models: ["base", "fast"],
    baseline: "base",
    input: "input",
    reference: "target",
    images: images.map(([name, psnr_db]) => imageOf(name, psnr_db)),
    ...changes,
  };
}

function imageOf(name, psnr_db) {
  const figures = Object.entries(psnr_db).map(([model, value]) => [model, { psnr_db: value }]);
  return { name, words: "", target: figures.length > 0, figures: Object.fromEntries(figures), failures: {} };
}

/** Return a view of it. */
export function viewOf(changes = {}) {
  return {
    image: "",
    panes: ["input", "fast", "target"],
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
    sort: ["psnr_db", "fast", ""],
    ...changes,
  };
}
