// Elements of the page. Texts come from outside and are set as text only.

/** Return an element with some of its properties; `aria-` and `data-` names become attributes. */
export function element(tag, properties = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (/^(aria|data)-|^role$/.test(name)) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

/** Return a menu; `chosen` is called with the value that is chosen. */
export function menu(label, chosen) {
  const made = element("select", { "aria-label": label, title: label });
  made.addEventListener("change", () => chosen(made.value));
  return made;
}

/** Put options [value, text] into a menu where they are others than before, and choose one. */
export function fillMenu(select, options, value) {
  const key = JSON.stringify(options);
  if (select.dataset.options !== key) {
    select.replaceChildren(...options.map(([of, text]) => element("option", { value: of, textContent: text })));
    select.dataset.options = key;
  }
  select.value = value;
}

/** Return a button. Its words are its name; one with a mere sign is named by what it does. */
export function button(text, label, pressed) {
  const made = element("button", { type: "button", textContent: text, title: label });
  if (!/[a-z]/i.test(text)) made.setAttribute("aria-label", label);
  made.addEventListener("click", pressed);
  return made;
}
