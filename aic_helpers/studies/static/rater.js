// Keys, loading ahead, how long a picture was looked at. Without this script the buttons still work.
(() => {
  const intro = document.querySelector('form[action="begin"] [name="window"]');
  if (intro) intro.value = `${innerWidth}x${innerHeight}@${Math.round(devicePixelRatio * 100) / 100}`;

  const ballot = document.querySelector("#ballot");
  const goBack = document.querySelector('form[action="back"] button');
  if (!ballot) {
    if (goBack) addEventListener("keydown", (event) => { if (event.key === "Backspace") goBack.click(); });
    return;
  }
  const stage = document.querySelector("#stage");
  const pictures = [...stage.querySelectorAll("img")];
  const answers = [...ballot.querySelectorAll("button")];
  const seen = new Set();
  let since = null, sent = false, shown = 0;

  const settle = () => {
    for (const button of answers) button.disabled = sent || since === null || seen.size < pictures.length;
  };

  const show = (place) => {
    shown = place;
    seen.add(place);
    pictures.forEach((picture, other) => picture.classList.toggle("away", other !== place));
    document.querySelector("#which").textContent = pictures[place].alt;
    settle();
  };

  // Nobody votes on what they couldn't see.
  const lost = () => {
    const more = document.querySelector("#more");
    more.textContent = "The picture didn't load: load this page again, or tell the person who sent you the link.";
    more.hidden = false;
  };
  Promise.all(pictures.map((picture) => picture.decode())).then(() => {
    since = performance.now();
    if (pictures.length > 1) {
      document.body.classList.add("paired");
      show(0);
    } else seen.add(0);
    settle();
    stage.dataset.ready = "yes";
    const spare = Math.max(0, stage.scrollWidth - stage.clientWidth) / 2;
    stage.scrollLeft = spare;
    document.querySelector("#more").hidden = spare === 0 && stage.scrollHeight <= stage.clientHeight;
    for (const address of (stage.dataset.next || "").trim().split(" ").filter(Boolean)) new Image().src = address;
  }, lost);
  settle();

  document.querySelector("#back").addEventListener("submit", (event) => { if (sent) event.preventDefault(); });
  document.querySelector("#other")?.removeAttribute("hidden");
  document.querySelector("#other")?.addEventListener("click", () => show(1 - shown));
  ballot.addEventListener("submit", (event) => {
    if (sent) return event.preventDefault();
    sent = true;
    ballot.querySelector('[name="viewed_ms"]').value = Math.round(performance.now() - since);
    setTimeout(settle);  // after the pressed button's value has gone into the form
  });
  document.addEventListener("keydown", (event) => {
    if (sent) return;  // a second key must not overtake the vote
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const button = answers.find((one) => one.value === event.key);
    if (button) return button.click();
    if (event.key === "Backspace") return goBack.click();
    if (pictures.length > 1 && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
      event.preventDefault();
      show(event.key === "ArrowLeft" ? 0 : 1);
    }
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
