// What the server cannot do: the reader's time zone, keys, a slider that follows, pages that stay live.
"use strict";
(() => {
  const every = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  function localTimes(root) {
    const forms = {
      full: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }),
      exact: new Intl.DateTimeFormat(undefined, {
        year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
        second: "2-digit", fractionalSecondDigits: 3, timeZoneName: "short",
      }),
    };
    for (const element of every("time[datetime]", root)) {
      const at = new Date(element.dateTime);
      const form = forms[element.dataset.form];
      if (!form || element.dataset.utc || Number.isNaN(at.valueOf())) continue;
      element.dataset.utc = element.textContent;
      element.textContent = form.format(at);
    }
  }

  // Live parts: fetch this page again and put the parts that have data-live in place.
  // Of several at once the last one counts.
  let turn = 0;
  async function refresh(url, parts = "[data-live]") {
    const mine = ++turn;
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" } });
      if (!answer.ok || mine !== turn) return false;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== turn) return false;
      for (const fresh of every(parts, page)) {
        const stale = document.getElementById(fresh.id);
        if (stale) stale.replaceWith(fresh);
      }
      document.title = page.title;
      localTimes(document);
      document.dispatchEvent(new Event("refreshed"));
      return true;
    } catch {
      return false;
    }
  }

  function live() {
    const status = document.getElementById("live");
    if (!status || !window.EventSource) return;
    const gap = Number(status.dataset.gap);
    let due = null;
    const state = (on, text) => {
      status.classList.toggle("live", on);
      status.querySelector("[data-text]").textContent = text;
    };
    const soon = () => {
      due = due || setTimeout(() => { due = null; refresh(location.href); }, gap);
    };
    // A hidden page lets its connection go: a browser has few for one server.
    let events = null;
    const connect = () => {
      if (document.hidden || events) return;
      events = new EventSource(status.dataset.events);
      events.onopen = () => state(true, "live");
      events.onerror = () => state(false, "not connected, trying again");
      events.onmessage = soon;
      for (const type of status.dataset.types.split(" ")) events.addEventListener(type, soon);
      // The log has another epoch: what follows from its beginning is on the page anyway.
      events.addEventListener("epoch", () => { part(); connect(); soon(); });
    };
    const part = () => { if (events) events.close(); events = null; };
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) part();
      else if (!events) { connect(); soon(); }
    });
    addEventListener("pagehide", part);
    connect();
  }

  // The slider: the label follows at once, the page when the hand rests.
  function slider() {
    let rest = null;
    document.addEventListener("input", (event) => {
      const range = event.target;
      if (!range.matches || !range.matches("input[data-slider]")) return;
      const begin = Number(range.dataset.begin);
      const at = new Date(begin + Number(range.value) * Number(range.dataset.step));
      const utc = at.toISOString().slice(0, 19).replace("T", " ") + " UTC";
      range.setAttribute("aria-valuetext", utc);
      const output = document.getElementById("slider-output");
      if (output) output.textContent = utc;
      clearTimeout(rest);
      rest = setTimeout(async () => {
        const url = new URL(location.href);
        url.searchParams.set(range.dataset.name, at.toISOString().replace(".000Z", "Z"));
        if (await refresh(url, "[data-moment]")) history.replaceState(null, "", url);
      }, 120);
    });
    document.addEventListener("click", (event) => {
      const mark = event.target.closest && event.target.closest("[data-position]");
      const fact = mark && document.getElementById(`fact-${mark.dataset.position}`);
      if (fact) { fact.scrollIntoView({ block: "center" }); choose(fact); }
    });
  }

  let chosen = null;
  function choose(element) {
    if (chosen) chosen.classList.remove("cursor");
    chosen = element;
    element.classList.add("cursor");
    const link = element.querySelector("a");
    if (link) link.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  }

  function keys() {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "range";
      if (event.key === "Escape" && typing) event.target.blur();
      if (typing) return;
      if (event.key === "/") {
        const box = document.getElementById("q") || document.getElementById("find");
        if (box) { event.preventDefault(); box.focus(); box.select(); }
      }
      if (event.key === "j" || event.key === "k") {
        const items = every("[data-item]");
        if (!items.length) return;
        const now = items.findIndex((item) => item === chosen || (chosen && item.id && item.id === chosen.id));
        const next = event.key === "j" ? now + 1 : Math.max(0, now - 1);
        choose(items[Math.min(next, items.length - 1)]);
      }
    });
  }

  function copying() {
    for (const button of every("button[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        const before = button.textContent;
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = before; }, 1500);
      });
    }
  }

  function files() {
    for (const input of every("input[type=file][data-into]")) {
      input.addEventListener("change", async () => {
        if (input.files[0]) document.getElementById(input.dataset.into).value = await input.files[0].text();
      });
    }
  }

  localTimes(document);
  live();
  slider();
  keys();
  copying();
  files();
})();
