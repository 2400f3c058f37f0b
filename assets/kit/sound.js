/* Short tones for what happens on a page.

   An element with `data-sound="name:count"` plays the tone of that name when the attribute changes: a callback sets it,
   with a count that grows, so that the same tone can follow itself. The first value plays nothing. A click on an
   element with `data-mute` switches sound off or on, kept for the next visit. Browsers let a page sound only after a
   key or click on it; until then it is silent. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const kit = /** @type {Kit} */ (of.kit = of.kit || Object());

  const KEY = "orderflow.mute";
  const ATTRIBUTE = "data-sound";
  /** Hz of the notes of each tone. @type {Record<string, number[]>} */
  const TONES = { bell: [880], up: [523, 784], down: [523, 349], end: [784, 659, 523] };
  const STEP = 0.13; // s between two notes
  const { document } = root;
  /** @type {AudioContext | null} */
  let audio = null;

  /** Has the reader switched sound off? Style sheets know by `data-muted` of the document. */
  const muted = () => kit.storage.read(KEY) === "1";

  function mark() {
    document.documentElement.toggleAttribute("data-muted", muted());
    for (const node of document.querySelectorAll("[data-mute]")) node.setAttribute("aria-pressed", String(muted()));
  }

  /** Play a tone by name; true when it sounds. */
  function play(name) {
    const notes = TONES[name];
    if (!notes || muted() || !audio || audio.state !== "running") return false;
    for (const [i, frequency] of notes.entries()) {
      const from = audio.currentTime + i * STEP;
      const oscillator = new OscillatorNode(audio, { type: "triangle", frequency });
      const gain = new GainNode(audio, { gain: 0.15 });
      gain.gain.setValueAtTime(0.15, from);
      gain.gain.exponentialRampToValueAtTime(0.001, from + 0.25);
      oscillator.connect(gain).connect(audio.destination);
      oscillator.start(from);
      oscillator.stop(from + 0.25);
    }
    return true;
  }

  /** The reader has touched the page: from now on it may sound, where it has sounds at all. */
  function allow() {
    if (!document.querySelector(`[${ATTRIBUTE}]`)) return;
    mark();
    audio = audio || new AudioContext();
    if (audio.state === "suspended") audio.resume();
  }

  for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, allow, true);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element && event.target.closest("[data-mute]"))) return;
    kit.storage.write(KEY, muted() ? null : "1");
    mark();
  });
  new MutationObserver((changes) => {
    for (const { type, target, oldValue } of changes) {
      const value = type === "attributes" && target instanceof Element ? target.getAttribute(ATTRIBUTE) : null;
      if (value && oldValue && value !== oldValue) play(value.split(":")[0]);
    }
  }).observe(document, { subtree: true, attributeFilter: [ATTRIBUTE], attributeOldValue: true });
  root.addEventListener("load", mark);
  kit.sound = { play, muted };
})(window);
