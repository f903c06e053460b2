// A kiosk's glass: shows the frame that is really on it, and carries fingers to it.
const kiosk = document.body.dataset.kiosk;
const glass = document.getElementById("glass");
const EVERY_MS = 400; // while nobody touches; a touch looks again at once
const SOON_MS = 90; // the screen draws within 33 ms of a touch
let tag = "";
let timer = 0;

async function look() {
  clearTimeout(timer);
  try {
    const answer = await fetch(`/screen/${kiosk}/frame.png`, tag ? { headers: { "If-None-Match": tag } } : {});
    if (answer.ok) {
      tag = answer.headers.get("ETag") ?? "";
      const url = URL.createObjectURL(await answer.blob());
      const before = glass.src;
      glass.src = url;
      if (before.startsWith("blob:")) URL.revokeObjectURL(before);
    }
    document.body.dataset.is = answer.ok || answer.status === 304 ? "up" : "down";
  } catch {
    document.body.dataset.is = "down";
  }
  timer = setTimeout(look, document.hidden ? 5 * EVERY_MS : EVERY_MS);
}

async function finger(event, down) {
  const box = glass.getBoundingClientRect();
  const share = (at, from, size) => Math.min(1, Math.max(0, (at - from) / size));
  const body = { x: share(event.clientX, box.left, box.width), y: share(event.clientY, box.top, box.height), down };
  await fetch(`/screen/${kiosk}/touch`, { method: "POST", body: JSON.stringify(body) }).catch(() => {});
  setTimeout(look, SOON_MS);
}

// One after the other, so that a finger never lets go before it came down.
let last = Promise.resolve();
const inTurn = (event, down) => { last = last.then(() => finger(event, down)); };

glass.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  event.preventDefault();
  glass.setPointerCapture(event.pointerId);
  inTurn(event, true);
});
for (const kind of ["pointerup", "pointercancel"]) {
  glass.addEventListener(kind, (event) => inTurn(event, false));
}
document.addEventListener("visibilitychange", look);
look();
