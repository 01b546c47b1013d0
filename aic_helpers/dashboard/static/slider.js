// Two pictures of one size over each other. The one on top, "before", is cut off right of the line.

function showPicture(image, bytes) {
  if (image.src) URL.revokeObjectURL(image.src);
  if (bytes && bytes.byteLength) image.src = URL.createObjectURL(new Blob([bytes]));
  else image.removeAttribute("src");
}

function element(tag, className, parent) {
  const made = document.createElement(tag);
  made.className = className;
  parent.append(made);
  return made;
}

function render({ model, el }) {
  el.classList.add("aic-slider");
  const stage = element("div", "aic-slider-stage", el);
  const pictures = { after: element("img", "aic-slider-after", stage), before: element("img", "aic-slider-before", stage) };
  const line = element("div", "aic-slider-line", stage);
  const range = element("input", "aic-slider-range", el);
  const captions = element("div", "aic-slider-captions", el);
  const words = { before: element("span", "", captions), after: element("span", "", captions) };
  Object.assign(range, { type: "range", min: 0, max: 1, step: 0.01 });

  const move = () => {
    const percent = 100 * model.get("position");
    // Cut at the line alone: a cut along the other edges would blend them with the page where they lie between pixels.
    pictures.before.style.clipPath = `inset(-1px ${100 - percent}% -1px -1px)`;
    line.style.left = `${percent}%`;
    range.value = model.get("position");
  };
  const take = (position) => {
    model.set("position", Math.min(1, Math.max(0, position)));
    model.save_changes();
  };
  const dragTo = (event) => {
    const frame = stage.getBoundingClientRect();
    if (event.buttons & 1) take((event.clientX - frame.left) / frame.width);
  };
  const name = () => {
    for (const side of ["before", "after"]) {
      const caption = model.get(`${side}_words`);
      pictures[side].alt = `${side}: ${caption}`;
      words[side].textContent = side === "before" ? `◀ before: ${caption}` : `after: ${caption} ▶`;
    }
    range.setAttribute("aria-label", `Before/after slider: ${model.get("before_words")} left of the line, ${model.get("after_words")} right of it`);
  };

  for (const side of ["before", "after"]) {
    const update = () => showPicture(pictures[side], model.get(side));
    pictures[side].draggable = false;
    model.on(`change:${side}`, update);
    model.on(`change:${side}_words`, name);
    update();
  }
  model.on("change:position", move);
  range.addEventListener("input", () => take(Number(range.value)));
  stage.addEventListener("pointerdown", dragTo);
  stage.addEventListener("pointermove", dragTo);
  name();
  move();
  return () => Object.values(pictures).forEach((image) => showPicture(image, null));
}

export default { render };
