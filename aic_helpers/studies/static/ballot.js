// One sitting: pictures, buttons, keys. Whatever is pressed says for which code it was.
const element = (tag, attributes = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
};

const address = (bytes) => URL.createObjectURL(new Blob([bytes], { type: "image/png" }));

function render({ model, el }) {
  const status = element("p", { role: "status" });
  const progress = element("progress", { ariaLabel: "progress" });
  const back = element("button", { type: "button", textContent: "Back" });
  const stage = element("div", { className: "aic-ballot-stage", tabIndex: 0, ariaLabel: "the picture, in full size" });
  const other = element("button", { type: "button", textContent: "Show the other" });
  const which = element("span");
  const pair = element("p", { hidden: true }, other, " ", which);
  const question = element("p", { className: "aic-ballot-question", textContent: model.get("question") });
  const answers = element("div", { className: "aic-ballot-answers" });
  const root = element("div", { className: "aic-ballot", tabIndex: 0 },
    element("header", {}, back, status, progress), stage, pair, question, answers);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", model.get("question"));
  el.append(root);

  let code = null, since = 0, seen = new Set(), images = [], shown = 0;
  const ahead = new Map();

  const buttons = model.get("answers").map(([key, word]) => {
    const button = element("button", { type: "button", value: key }, element("b", { textContent: key }), ` ${word}`);
    button.addEventListener("click", () => vote(key));
    answers.append(button);
    return button;
  });

  const settle = () => {
    const ready = code && code === model.get("code") && since > 0 && seen.size === images.length;
    for (const button of buttons) {
      button.disabled = !ready;
      button.classList.toggle("given", Number(button.value) === model.get("given"));
    }
    back.disabled = !model.get("can_go_back");
  };

  const vote = (answer) => {
    if (buttons[0].disabled) return;
    model.send({ do: "vote", code, answer, viewed_ms: Math.round(performance.now() - since) });
    since = 0;
    settle();
  };

  const show = (place) => {
    shown = place;
    seen.add(place);
    images.forEach((image, one) => { image.style.visibility = one === place ? "" : "hidden"; });
    which.textContent = images.length > 1 ? model.get("answers")[place][1] : "";
    settle();
  };

  const load = async () => {
    const wanted = model.get("code");
    status.textContent = model.get("status");
    progress.max = Math.max(1, model.get("total"));
    progress.value = model.get("ended") ? progress.max : model.get("done");
    answers.hidden = question.hidden = model.get("ended");
    pair.hidden = model.get("pictures").length < 2;
    if (wanted !== code) {
      code = wanted; since = 0; seen = new Set();
      images.forEach((image) => URL.revokeObjectURL(image.src));
      const sources = ahead.get(wanted) ?? model.get("pictures").map(address);
      ahead.clear();
      images = sources.map((src) => element("img", { src, alt: "the picture" }));
      settle();
      try {
        await Promise.all(images.map((image) => image.decode()));
      } catch {  // nobody votes on what they couldn't see
        status.textContent = "The picture didn't load: run the cell again.";
        return;
      }
      if (wanted !== code) return;
      stage.replaceChildren(...images);
      stage.scrollLeft = Math.max(0, stage.scrollWidth - stage.clientWidth) / 2;
      since = performance.now();
      if (images.length) show(0);
      if (model.get("following_code")) {
        const sources = model.get("following").map(address);
        ahead.set(model.get("following_code"), sources);
        for (const src of sources) new Image().src = src;
      }
    }
    settle();
  };

  back.addEventListener("click", () => model.send({ do: "back", code: code || "" }));
  other.addEventListener("click", () => show(1 - shown));
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const button = buttons.find((one) => one.value === event.key);
    const arrow = images.length > 1 && ["ArrowLeft", "ArrowRight"].includes(event.key);
    if (!button && !arrow && event.key !== "Backspace") return;
    event.preventDefault();
    event.stopPropagation();  // JupyterLab has keys of its own
    if (event.repeat) return;
    if (button) vote(Number(button.value));
    else if (arrow) show(event.key === "ArrowLeft" ? 0 : 1);
    else if (!back.disabled) back.click();
  });
  root.addEventListener("click", () => { if (!root.contains(document.activeElement)) root.focus(); });
  model.on("change", load);
  load();
}

export default { render };
