// The technician's pages: the middle is fetched again and again; what can't be is shown as old.

const EVERY_MS = 3000;
const middle = document.querySelector("#middle");
const old = document.querySelector("#old");
let since = 0;

function ago() {
  const s = Math.round((Date.now() - since) / 1000);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min`;
}

function show(isOld) {
  since = isOld ? since || Date.now() : 0;
  old.hidden = !isOld;
  middle.classList.toggle("is-old", isOld);
  if (isOld) old.textContent = old.dataset.says.replace("{age}", ago());
}

async function renew() {
  try {
    const answer = await fetch(middle.dataset.part, { cache: "no-store" });
    if (answer.status === 401) {
      location.assign("/tech/login");
      return;
    }
    if (!answer.ok) throw new Error(answer.statusText);
    const html = await answer.text();
    // Only what says something new: a link keeps its focus.
    if (html !== middle.dataset.shown) {
      const focused = document.activeElement?.getAttribute("href");
      middle.innerHTML = html;
      middle.dataset.shown = html;
      if (focused) middle.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    }
    show(false);
  } catch {
    show(true);
  }
}

setInterval(() => document.hidden || renew(), EVERY_MS);
document.addEventListener("visibilitychange", () => document.hidden || renew());
