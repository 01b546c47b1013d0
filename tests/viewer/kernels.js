// A stand-in for a notebook's kernel, behind anywidget's model: it answers as the dashboard does, from known pixels.

/** Return a model of a catalogue and `pictures`: {image: {name: pixels, or a sentence why there are none}}. */
export function fakeModel(catalogue, view, pictures, { previews = {}, answers = {}, isMute = false } = {}) {
  const state = { catalogue, view, previews };
  const listeners = [];
  const model = {
    listeners,
    asked: [],
    saved: [],
    get: (name) => state[name],
    set: (name, value) => (state[name] = value),
    save_changes: () => model.saved.push(structuredClone(state.view)),
    on: (event, heard) => listeners.push([event, heard]),
    off: (event, heard) =>
      listeners.splice(
        listeners.findIndex((one) => one[0] === event && one[1] === heard),
        1,
      ),
    send: (content, _, buffers) => {
      model.asked.push({ ...content, buffers });
      if (!isMute) setTimeout(() => answer(model, { ...content, buffers }, pictures, answers));
    },
    tell: (event, ...given) => [...listeners].filter(([on]) => on === event).forEach(([, heard]) => heard(...given)),
    change: (name, value) => {
      state[name] = value;
      model.tell(`change:${name}`, model, value);
    },
  };
  return model;
}

function answer(model, content, pictures, answers) {
  const say = (kind, rest = {}, buffers = []) => model.tell("msg:custom", { kind, ask: content.ask, ...rest }, buffers);
  if (answers[content.kind]) return answers[content.kind](content, say);
  const { images } = content;
  if (content.kind === "thumbs")
    return say(
      "thumbs",
      { images },
      images.map(() => bytesOf([])),
    );
  if (content.kind !== "look") return undefined;
  for (const name of content.names) sayPicture(say, content, name, pictures[content.image]?.[name]);
  return say("done");
}

function sayPicture(say, { image, box, most_px }, name, pixels) {
  if (typeof pixels === "string") return say("problem", { image, name, words: pixels });
  const { width, height } = pixels;
  const [left, top, wide, high] = box ?? [0, 0, width, height];
  const step = box ? 1 : Math.ceil(Math.sqrt((width * height) / most_px));
  const shown = [Math.floor(wide / step), Math.floor(high / step)];
  const bytes = new Uint8Array(shown[0] * shown[1] * 3);
  for (let at = 0; at < bytes.length; at += 3) {
    const [x, y] = [left + step * ((at / 3) % shown[0]), top + step * Math.floor(at / 3 / shown[0])];
    for (let channel = 0; channel < 3; channel++) bytes[at + channel] = pixels.data[(y * width + x) * 4 + channel];
  }
  const told = { image, name, width_px: width, height_px: height, box: [left, top, wide, high], shown_px: shown };
  return say("picture", { ...told, figures: null, words: "" }, [bytesOf(bytes)]);
}

/** Return bytes as they come through a comm: somewhere in a larger buffer. */
function bytesOf(values) {
  const all = new Uint8Array(values.length + 4).fill(99);
  all.set(values, 3);
  return new DataView(all.buffer, 3, values.length);
}
