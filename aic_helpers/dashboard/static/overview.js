// A picture that tells where it was clicked. The numbers beside it do the same by keyboard.

function render({ model, el }) {
  const image = document.createElement("img");
  image.className = "aic-overview";
  el.append(image);

  const show = () => {
    if (image.src) URL.revokeObjectURL(image.src);
    const bytes = model.get("picture");
    if (bytes && bytes.byteLength) image.src = URL.createObjectURL(new Blob([bytes]));
    else image.removeAttribute("src");
  };
  const name = () => (image.alt = image.title = model.get("words"));

  image.addEventListener("click", (event) => {
    const frame = image.getBoundingClientRect();
    model.set("picked", [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height]);
    model.save_changes();
  });
  model.on("change:picture", show);
  model.on("change:words", name);
  show();
  name();
  return () => image.src && URL.revokeObjectURL(image.src);
}

export default { render };
