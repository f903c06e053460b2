"use strict";
// Asks again for the page, and takes its middle; tells when the number is called.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  let tag = "";
  let failed = 0;
  let timer = 0;
  let audio = null;
  let lock = null;
  let rings = 0;
  const big = one("#big");
  const path = location.pathname;
  if (location.search) history.replaceState(null, "", path); // said once

  async function look() {
    clearTimeout(timer);
    try {
      const answer = await fetch(path, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
      if (answer.status !== 304) {
        const text = await answer.text();
        if (answer.status === 200 || answer.status === 404) take(text);
        tag = answer.headers.get("ETag") || "";
      }
      failed = 0;
    } catch {
      failed += 1;
    }
    const lost = one("#offline");
    if (lost.hidden === failed > 1) {
      lost.hidden = failed < 2;
      lost.textContent = failed < 2 ? "" : lost.dataset.text;
    }
    showLost();
    timer = setTimeout(look, 1000 * Math.min(30, Number(one("main").dataset.askS) * Math.max(1, failed)));
  }

  function take(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const old = one("main");
    const main = one("main", page);
    if (!main) return;
    const open = [...old.querySelectorAll("details[open]")].map((each) => each.id);
    const focus = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceWith(document.adoptNode(main));
    document.title = page.title;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focus) {
      const again = focus.id ? document.getElementById(focus.id)
        : one("summary", document.getElementById(focus.closest("details")?.id) || main);
      again?.focus();
    }
    show(old.dataset, main.dataset);
  }

  function show(before, now) {
    if (!big) return;
    if (!now.number) {
      location.reload(); // its day is over
      return;
    }
    one("#big-number").textContent = now.number;
    one("#big-says").textContent = now.says;
    one("#tell").hidden = now.key === "closed";
    big.classList.toggle("called", now.key === "called");
    if (before.says !== now.says) one("#live").textContent = `${now.number}: ${now.says}`;
    if (now.call && now.call !== before.call) ring();
    if (!now.call) rings = 0;
  }

  function showLost() {
    if (!big) return;
    const offline = one("#offline");
    const words = offline.hidden ? one("#lost")?.textContent || "" : offline.textContent;
    one("#big-lost").hidden = !words;
    one("#big-lost").textContent = words;
  }

  function ring() {
    rings = 3;
    again();
  }

  function again() {
    if (rings < 1 || !big.open) return;
    rings -= 1;
    big.classList.remove("ring");
    void big.offsetWidth; // starts the animation again
    big.classList.add("ring");
    navigator.vibrate?.([600, 300, 600, 300, 600]);
    if (audio) for (const at of [0, 0.7, 1.4]) beep(audio.currentTime + at);
    setTimeout(again, 20000);
  }

  function beep(at) {
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.setValueAtTime(880, at);
    tone.frequency.setValueAtTime(660, at + 0.2);
    loud.gain.setValueAtTime(0.0001, at);
    loud.gain.linearRampToValueAtTime(0.5, at + 0.03);
    loud.gain.linearRampToValueAtTime(0.0001, at + 0.45);
    tone.connect(loud).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.5);
  }

  async function stayOn() {
    try {
      lock = await navigator.wakeLock.request("screen");
    } catch {
      lock = null; // there is none over plain HTTP
    }
    one("#no-wake").hidden = lock !== null;
  }

  function tell() {
    if (big.showModal) big.showModal();
    else big.setAttribute("open", "");
    try {
      audio = audio || new (window.AudioContext || window.webkitAudioContext)();
      void audio.resume();
    } catch {
      audio = null;
    }
    one("#no-vibration").hidden = Boolean(navigator.vibrate?.(200));
    void stayOn();
    show({}, one("main").dataset);
    showLost();
  }

  if (big) {
    one("#tell").hidden = one("main").dataset.key === "closed";
    one("#notify").addEventListener("click", tell);
    one("#shut").addEventListener("click", () => {
      if (big.close) big.close();
      else big.removeAttribute("open");
    });
    big.addEventListener("close", () => void lock?.release());
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    if (big?.open) void stayOn();
    void look();
  });
  timer = setTimeout(look, 1000 * Number(one("main").dataset.askS));
})();
