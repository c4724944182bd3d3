// What a scan or an outcome answers: a tone, a flash and a buzz beside the words on the screen.
// A page or fragment says it with data-feedback="accepted" or "refused" on any element.
(() => {
  const TONES = { accepted: { hertz: 1320, lasts_s: 0.09, buzz: 40 }, refused: { hertz: 196, lasts_s: 0.32, buzz: [90, 60, 90] } };
  const FLASH_MS = 450;
  let audio = null;

  function playTone({ hertz, lasts_s }) {
    audio = audio || new AudioContext();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.12, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + lasts_s);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + lasts_s);
  }

  function giveFeedback(kind) {
    const answer = TONES[kind];
    if (!answer) return;
    if (navigator.userActivation?.hasBeenActive) {
      playTone(answer);
      navigator.vibrate?.(answer.buzz);
    }
    document.body.dataset.flash = kind;
    setTimeout(() => delete document.body.dataset.flash, FLASH_MS);
  }

  function readFeedback(root) {
    const element = root.matches?.("[data-feedback]") ? root : root.querySelector("[data-feedback]");
    if (!element) return;
    giveFeedback(element.dataset.feedback);
    element.removeAttribute("data-feedback");
  }

  document.addEventListener("DOMContentLoaded", () => readFeedback(document.body));
  document.addEventListener("htmx:load", (event) => readFeedback(event.detail.elt));
})();
