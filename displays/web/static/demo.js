// The demo page: events in, presses out. The server renders the hardware; this file moves it.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

const LAMPS = {
  off: "lampu mati",
  steady: "lampu menyala",
  long_flash: "lampu: selesai",
  short_flashes: "lampu: ditolak",
  slow_blink: "lampu: belum terkirim",
  double_blink: "lampu: jeda",
};
const DOING = { called: "dipanggil", serving: "dilayani", open: "siap", paused: "jeda", closed: "tutup" };
const PRESS_MS = 120;
const PRESS_MAX_MS = 60000;

// One line at the foot of the page, for what was not done: the hall's own language first, the
// others behind it; gone by itself.
const says = one("#says");
let saysTimer = 0;
function say(texts, who = "") {
  const lines = texts.map(({ lang, text }, at) => {
    const line = document.createElement(at ? "span" : "b");
    line.lang = lang;
    line.textContent = who && !at ? `${who}: ${text}` : text;
    return line;
  });
  says.replaceChildren(...lines);
  clearTimeout(saysTimer);
  saysTimer = setTimeout(() => says.replaceChildren(), 6000);
}

const LOST = [
  { lang: "id", text: "Halaman ini terputus dari server. Mulai lagi servernya." },
  { lang: "en", text: "This page has lost its server. Start the web process again." },
];

function show(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function pulse(id, is, text) {
  const element = one(`#${id}`);
  element.dataset.is = is;
  show(one("dd", element), text);
}

// Panels: which keys can be pressed, what the lamps show, the last slip.

function showLamp(lamp, value) {
  const pattern = typeof value === "object" ? value.pattern : value;
  if (typeof pattern === "string") {
    lamp.dataset.pattern = pattern;
  } else {
    lamp.dataset.lit = String(Boolean(value));
  }
  lamp.title = LAMPS[pattern] ?? "lampu";
  lamp.setAttribute("aria-label", lamp.title);
}

// A number alone on its line is what the visitor looks for, so it is large, as on real paper.
const NUMBER_LINE = /\n[ ]*([A-Z0-9]{1,2}\d{3})[ ]*\n/;

const shownSlips = new WeakMap();

function showSlip(slip, text) {
  if (shownSlips.get(slip) === text) return;
  const isFirst = !shownSlips.has(slip);
  shownSlips.set(slip, text);
  slip.dataset.is = "paper";
  const number = document.createElement("b");
  const [above, digits, below] = text.split(NUMBER_LINE);
  number.textContent = digits ?? "";
  slip.replaceChildren(above, number, below ?? "");
  drawnUntil.set(slip, performance.now() + DRAWN_MS);
  void fetchSlip(slip);
  slip.classList.remove("fresh");
  if (isFirst) return;
  void slip.offsetWidth; // starts the animation again
  slip.classList.add("fresh");
}

// The kiosk draws its slip after it has given it out: looked for until it is surely there.

const DRAWN_MS = 3000;
const drawnUntil = new WeakMap();
const looking = new WeakSet();

async function fetchSlip(slip) {
  if (looking.has(slip)) return;
  looking.add(slip);
  const kiosk = slip.closest("[data-node]").dataset.node;
  let tag = "";
  do {
    const headers = tag ? { "If-None-Match": tag } : {};
    try {
      const answer = await fetch(`/slip/${encodeURIComponent(kiosk)}.png`, { headers, cache: "no-store" });
      if (answer.status === 200) {
        tag = answer.headers.get("ETag");
        showPicture(slip, await answer.blob());
      }
    } catch {
      // The text is there.
    }
    await new Promise((done) => setTimeout(done, 300));
  } while (performance.now() < drawnUntil.get(slip));
  looking.delete(slip);
}

function showPicture(slip, blob) {
  const old = one("img", slip)?.src;
  const image = document.createElement("img");
  image.src = URL.createObjectURL(blob);
  image.alt = shownSlips.get(slip);
  image.addEventListener("load", () => {
    slip.replaceChildren(image);
    slip.dataset.is = "picture";
    if (old) URL.revokeObjectURL(old);
  }, { once: true });
}

// What the hub refused a node last. The one a page finds when it opens is old.

const heard = new Map();

function onSaid(panel) {
  const at = panel.said?.at ?? "";
  const isNews = heard.has(panel.id) && heard.get(panel.id) !== at;
  if (panel.running) heard.set(panel.id, at);
  if (isNews && panel.said) say(panel.said.says, panel.id);
}

function onPanel(panel) {
  onSaid(panel);
  for (const node of all(`[data-node="${CSS.escape(panel.id)}"]`)) {
    node.dataset.is = panel.running ? "up" : "down";
    for (const key of all(".key", node)) {
      key.disabled = !panel.running || !panel.buttons.includes(key.dataset.button);
    }
    const lamps = Object.entries(panel.lamps ?? {});
    for (const lamp of all(".lamp", node)) {
      const named = lamp.dataset.lamp ? lamps.find(([name]) => name === lamp.dataset.lamp) : lamps[0];
      if (named && panel.running) showLamp(lamp, named[1]);
      else lamp.dataset.pattern = "off";
    }
    const slip = one(".slip", node);
    if (slip && panel.slip) showSlip(slip, panel.slip);
    const caption = one(".caption", node);
    if (caption) show(caption, panel.running && panel.caption ? panel.caption : "");
    const link = one(".to-phone", node);
    if (link) {
      link.hidden = !panel.phone;
      if (panel.phone) one("a", link).href = panel.phone;
    }
    const list = one(".list", node);
    if (list) showList(list, panel);
    if (node.classList.contains("door")) showDoor(node, panel);
  }
}

// What a door's own node has counted; the hall's figure comes from the hub.

function showDoor(node, panel) {
  const door = panel.running ? panel.door : null;
  show(one(".number", node), door ? String(door.people) : "–");
  show(one(".doing", node), door?.blocked ? "berkas cahaya terhalang" : "orang di dalam");
  node.dataset.doing = door?.blocked ? "called" : "open";
  show(one(".passed", node), door ? `${door.in} masuk · ${door.out} keluar` : "–");
}

// Who waited when the hub was heard last, while it is gone: staff call by voice from this list.

function showList(list, panel) {
  list.hidden = !panel.running || panel.hub !== "silent" || !panel.list?.length;
  if (list.hidden) return;
  const at = panel.hub_age_s == null ? null : new Date(Date.now() - panel.hub_age_s * 1000);
  const since = at ? `Terakhir diketahui ${clockTime(at)}` : "Dari waktu yang tidak diketahui";
  const lines = panel.list.map((one) => `${one.next.join(" ") || "–"} (${one.waiting})`);
  show(list, `${since}: ${lines.join(" · ")}`);
}

function clockTime(at) {
  // The hall's time, as board and slip have it, wherever this browser stands.
  return at.toLocaleTimeString("id", { hour: "2-digit", minute: "2-digit", timeZone: document.body.dataset.zone });
}

// State: counters, queue, hub, link.

function onCounter(view) {
  const desk = one(`[data-counter="${view.counter}"]`);
  if (!desk) return;
  const doing = view.call ? view.call.state : view.status;
  desk.dataset.doing = doing;
  show(one(".number", desk), view.call ? view.call.number : "–");
  const again = view.call && view.call.repeat > 1 ? ` · ke-${view.call.repeat}` : "";
  const paused = view.call && view.status === "paused" ? " · jeda" : "";
  const assist = view.call?.assist ? " · dampingi" : "";
  show(one(".doing", desk), (DOING[doing] ?? doing) + again + paused + assist);
  show(one(".waiting", desk), String(view.waiting));
}

// How full each zone is, by the hub: unknown is a dash, never a zero.

function onPeople({ zones }) {
  for (const { zone, people, people_max, crowded } of zones) {
    const place = all("[data-inside]").find((div) => div.dataset.inside === zone);
    if (!place) continue;
    place.dataset.is = people == null ? "waiting" : crowded ? "down" : "up";
    const limit = people_max ? ` / ${people_max}` : "";
    show(one("dd", place), people == null ? "–" : `${people}${limit}${crowded ? " terlalu penuh" : ""}`);
  }
}

const TAKES = {
  closed: "tutup",
  cutoff: "selesai hari ini",
  quota: "kuota habis",
  disrupted: "gangguan",
};

function onQueue(view) {
  show(one("#day"), view.day || "–");
  const counts = Object.values(view.services).map((queue) => queue.waiting);
  const waiting = String(counts.reduce((sum, count) => sum + count, 0));
  show(one("#waiting-all"), waiting);
  show(one("#waiting-now"), waiting);
  for (const line of all(".awaits")) {
    const since = view.assists?.[line.closest("[data-node]").dataset.node];
    line.hidden = since === undefined;
    if (since !== undefined) show(one(".since", line), `sejak ${clockTime(new Date(since))}`);
  }
  for (const row of all("[data-service]")) {
    const queue = view.services[row.dataset.service];
    const waiting = one(".waiting", row);
    show(waiting, queue ? String(queue.waiting) : "–");
    waiting.dataset.is = queue ? String(queue.waiting) : "";
    show(one(".next", row), queue?.next.slice(0, 2).join(" ") || TAKES[queue?.takes] || "–");
    row.dataset.takes = queue?.takes ?? "";
  }
}

function onHub(hub) {
  pulse("hub", hub.live ? "up" : "down", hub.live ? "hidup" : "diam");
  show(one("#pos"), hub.pos == null ? "–" : hub.pos.toLocaleString("id"));
}

function onLink(link) {
  pulse("broker", link.up ? "up" : "down", link.up ? "tersambung" : "terputus");
}

// Frames: fetched when the board's state changed, while its picture moves, and now and then for its
// clock. At most one every FRAME_EVERY_MS, however often the hall calls.

const FRAME_EVERY_MS = 250;
const MOVES_MS = 3500;
const tags = new Map();
const timers = new Map();
const movesUntil = new Map();

function fetchSoon(board, wait_ms) {
  if (timers.has(board)) return;
  timers.set(board, setTimeout(async () => {
    if (!document.hidden) await fetchFrame(board);
    timers.delete(board);
    if (performance.now() < (movesUntil.get(board) ?? 0)) fetchSoon(board, FRAME_EVERY_MS);
  }, wait_ms));
}

async function fetchFrame(board) {
  const figure = one(`[data-board="${CSS.escape(board)}"]`);
  try {
    const headers = tags.has(board) ? { "If-None-Match": tags.get(board) } : {};
    const answer = await fetch(`/frame/${encodeURIComponent(board)}.png`, { headers, cache: "no-store" });
    if (answer.status === 200) {
      const image = one("img", figure);
      const old = image.src;
      image.src = URL.createObjectURL(await answer.blob());
      tags.set(board, answer.headers.get("ETag"));
      if (old.startsWith("blob:")) image.addEventListener("load", () => URL.revokeObjectURL(old), { once: true });
    }
    figure.dataset.is = answer.status === 200 || answer.status === 304 ? "up" : "down";
  } catch {
    figure.dataset.is = "unknown"; // this page is cut off, the board perhaps not
  }
}

function onFrame(hint) {
  movesUntil.set(hint.board, performance.now() + MOVES_MS);
  fetchSoon(hint.board, 40);
}

const boards = all("[data-board]").map((figure) => figure.dataset.board);
const fetchFrames = () => boards.forEach((board) => fetchSoon(board, 0));
setInterval(fetchFrames, 5000);
document.addEventListener("visibilitychange", fetchFrames);
fetchFrames();

// Presses. A key held longer is a longer press, as at the real one.

const heldSince = new WeakMap();

// From one beam of a door to the other, at a walk.
const STEP_MS = 250;

async function press(key) {
  const since = heldSince.get(key);
  heldSince.delete(key);
  const held = Number(key.dataset.ms ?? (since === undefined ? 0 : performance.now() - since));
  const ms = Math.round(Math.min(Math.max(held, PRESS_MS), PRESS_MAX_MS));
  key.classList.add("down");
  const { button, then } = key.dataset;
  if (then) setTimeout(() => pressButton(key, then, PRESS_MS), STEP_MS);
  await pressButton(key, button, then ? PRESS_MS : ms);
}

async function pressButton(key, button, ms) {
  const node = key.closest("[data-node]").dataset.node;
  try {
    const path = `/panel/${encodeURIComponent(node)}/press/${encodeURIComponent(button)}`;
    const answer = await fetch(path, { method: "POST", body: JSON.stringify({ ms }) });
    if (!answer.ok) {
      const { error, mend, says: texts } = await answer.json();
      say(texts ?? [{ lang: "en", text: `${error} – ${mend}` }]);
    }
  } catch {
    say(LOST);
  } finally {
    setTimeout(() => key.classList.remove("down"), PRESS_MS);
  }
}

document.addEventListener("pointerdown", (event) => {
  const key = event.target.closest(".key:enabled");
  if (key) heldSince.set(key, performance.now());
});
document.addEventListener("click", (event) => {
  const key = event.target.closest(".key:enabled");
  if (key) press(key);
});

// Events. The browser connects again by itself; until then nothing here is believed.

const events = new EventSource("/events");
const on = (name, take) => events.addEventListener(name, (event) => take(JSON.parse(event.data)));
on("panel", onPanel);
on("counter", onCounter);
on("queue", onQueue);
on("hub", onHub);
on("people", onPeople);
on("link", onLink);
on("frame", onFrame);
events.addEventListener("error", () => {
  pulse("broker", "waiting", "tidak diketahui");
  pulse("hub", "waiting", "tidak diketahui");
  onPeople({ zones: all("[data-inside]").map((div) => ({ zone: div.dataset.inside })) });
  for (const node of all("[data-node]")) {
    node.dataset.is = "unknown"; // it may well run: only this page is cut off
    for (const key of all(".key", node)) key.disabled = true;
  }
  say(LOST);
  if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
});
