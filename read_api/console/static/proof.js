// Is each fact on this page in the log that was signed? It is worked out here, and not believed.
"use strict";
(() => {
  const NAMES = { proven: "proven", unsealed: "not sealed yet", failed: "proof failed" };
  const CSS = { proven: "badge good", unsealed: "badge", failed: "badge bad" };
  const PROOFS_AT_ONCE = 200;
  const AGAIN_MS = 1500;
  const AGAIN_MAX = 20;
  const ED25519 = 1;
  const ID_BYTES = 4;

  const utf8 = new TextEncoder();
  const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const hex = (some) => Array.from(some, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
  const every = (selector) => Array.from(document.querySelectorAll(selector));

  async function sha256(...parts) {
    const whole = new Blob(parts);
    return new Uint8Array(await crypto.subtle.digest("SHA-256", await whole.arrayBuffer()));
  }

  // The leaf covers position, time, version and the body as it is stored.
  function leafHash(fact, body) {
    const head = new DataView(new ArrayBuffer(25));
    [fact.position, fact.recorded_us, fact.version].forEach((number, at) => {
      head.setBigInt64(1 + 8 * at, BigInt(number));
    });
    return sha256(head.buffer, body);
  }

  // RFC 9162, section 2.1.3.2.
  async function rootFrom(index, size, leaf, hashes) {
    let at = BigInt(index);
    let last = BigInt(size) - 1n;
    let found = leaf;
    for (const part of hashes) {
      if (last === 0n || part.length !== 32) return null;
      if (at & 1n || at === last) {
        found = await sha256(Uint8Array.of(1), part, found);
        while (!(at & 1n) && at) { at >>= 1n; last >>= 1n; }
      } else {
        found = await sha256(Uint8Array.of(1), found, part);
      }
      at >>= 1n;
      last >>= 1n;
    }
    return last === 0n ? found : null;
  }

  // A signed note (C2SP): its text, what it states, and the signatures below.
  function parseNote(note) {
    const end = note.lastIndexOf("\n\n");
    const text = note.slice(0, end + 1);
    const [origin, size, root] = text.split("\n");
    const signatures = note.slice(end + 2).trimEnd().split("\n").map((line) => {
      const [, name, content] = line.split(" ");
      return { name, content: bytes(content) };
    });
    return { text, origin, size: Number(size), root: bytes(root), signatures };
  }

  async function parseKey(line) {
    const [name, id] = line.split("+", 2);
    const key = bytes(line.slice(name.length + id.length + 2));
    const own = (await sha256(utf8.encode(`${name}\n`), key)).slice(0, ID_BYTES);
    return { name, id: own, shown: `${name}+${hex(own)}`, algorithm: key[0], key: key.slice(1), right: hex(own) === id };
  }

  // Who signed; null: this browser does not know Ed25519. Throws where nobody known did.
  async function signedBy(note, lines) {
    const by = [];
    for (const key of await Promise.all(lines.map(parseKey))) {
      const fits = (one) => one.name === key.name && same(one.content.slice(0, ID_BYTES), key.id);
      const signature = note.signatures.find(fits);
      if (!signature || key.algorithm !== ED25519 || key.name !== note.origin || !key.right) continue;
      let known;
      try {
        known = await crypto.subtle.importKey("raw", key.key, "Ed25519", false, ["verify"]);
      } catch {
        return null;
      }
      const content = signature.content.slice(ID_BYTES);
      if (!(await crypto.subtle.verify("Ed25519", known, content, utf8.encode(note.text)))) {
        throw new Error(`the signature of ${key.shown} is not right`);
      }
      by.push(key.shown);
    }
    if (!by.length) throw new Error("no key of the log signed the checkpoint");
    return by.join(", ");
  }

  async function prove(fact, note) {
    const body = fact.base64 === undefined ? utf8.encode(fact.body) : bytes(fact.base64);
    const leaf = await leafHash(fact, body);
    const root = await rootFrom(fact.position - 1, note.size, leaf, fact.hashes.map(bytes));
    if (!root || !same(root, note.root)) throw new Error("its proof does not lead to the root that was signed");
    return { recorded_us: fact.recorded_us, ...JSON.parse(new TextDecoder().decode(body)) };
  }

  const micros = (time) => {
    const [, whole, fraction = ""] = /^([^.Z]*)(?:\.(\d+))?Z$/.exec(time);
    return Date.parse(`${whole}Z`) * 1000 + Number(fraction.padEnd(6, "0"));
  };

  // What is proven has to be what this line of the list, or this page, is about.
  function differs(element, stored) {
    const { axis, subject, type } = element.closest("[data-axis]").dataset;
    const shown = element.closest("li, [data-axis]").querySelector("time").dateTime;
    const at = axis === "known" ? stored.recorded_us : micros(stored.occurred_at);
    if ((stored.subject ?? "") !== subject) return "the fact at this position is about somebody else";
    if (type && stored.type !== type) return "the fact at this position is of another type";
    return micros(shown) === at ? null : "the fact at this position has another time";
  }

  // Positions that were proven once stay so: the slider asks for nothing twice.
  const proven = new Map();
  const failed = new Map();
  let stated = null;
  let again = 0;
  let due = null;

  async function ask(positions) {
    const answer = await fetch(`/console/v1/log/proofs?${positions.map((one) => `at=${one}`).join("&")}`);
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return answer.json();
  }

  async function check(positions) {
    const answer = await ask(positions);
    if (answer.checkpoint === null) return;
    let note;
    try {
      note = parseNote(answer.checkpoint);
      stated = { size: note.size, by: await signedBy(note, answer.keys) };
    } catch (error) {
      for (const position of positions) failed.set(position, error.message);
      return;
    }
    const facts = new Map(answer.facts.map((fact) => [fact.position, fact]));
    for (const position of positions.filter((one) => one <= note.size)) {
      try {
        const fact = facts.get(position);
        if (!fact) throw new Error("the log does not show the fact at this position");
        proven.set(position, await prove(fact, note));
      } catch (error) {
        failed.set(position, error.message);
      }
    }
  }

  function state(element) {
    const position = Number(element.dataset.proof);
    const stored = proven.get(position);
    const why = failed.get(position) ?? (stored && differs(element, stored));
    if (why) return ["failed", `Position ${position}: ${why}.`];
    if (stored) return ["proven", "This fact is in the log that was signed: worked out in this browser."];
    return ["unsealed", "The log has not been signed up to this fact yet."];
  }

  function show(trouble) {
    const count = { proven: 0, unsealed: 0, failed: 0 };
    let first = null;
    for (const element of every("[data-proof]")) {
      const [name, title] = state(element);
      count[name] += 1;
      if (name === "failed") first = first || title;
      element.hidden = Boolean(trouble);
      element.className = CSS[name];
      element.textContent = NAMES[name];
      element.title = title;
    }
    say(trouble || told(count, first), Boolean(trouble) || count.failed > 0);
    return count;
  }

  function told(count, first) {
    const among = Boolean(document.getElementById("history"));
    const parts = Object.keys(NAMES).filter((name) => count[name])
      .map((name) => (among ? `${count[name]} ${NAMES[name]}` : NAMES[name]));
    const by = stated && (stated.by === null
      ? ", whose signature this browser cannot check: it does not know Ed25519"
      : `, signed by ${stated.by}`);
    const against = stated ? `, against the checkpoint of ${stated.size.toLocaleString("en")} facts${by}` : "";
    return `${among ? "In this list" : "This fact"}: ${parts.join(", ")}${against}.${first ? ` ${first}` : ""}`;
  }

  function say(text, isBad) {
    const line = document.getElementById("proofs");
    if (!line) return;
    line.hidden = false;
    line.classList.toggle("alarm", isBad);
    if (line.textContent !== text) line.textContent = text;
  }

  async function update() {
    clearTimeout(due);
    const positions = every("[data-proof]").map((element) => Number(element.dataset.proof));
    if (!positions.length) return;
    if (!window.crypto || !crypto.subtle) {
      show("Proofs are not checked here: browsers do that on pages that come by HTTPS, or from this machine.");
      return;
    }
    const open = positions.filter((position) => !proven.has(position));
    failed.clear();
    try {
      for (let at = 0; at < open.length; at += PROOFS_AT_ONCE) await check(open.slice(at, at + PROOFS_AT_ONCE));
    } catch (error) {
      show(`Proofs are not checked: ${error.message}.`);
      return;
    }
    if (show(null).unsealed && again++ < AGAIN_MAX) due = setTimeout(update, AGAIN_MS);
  }

  document.addEventListener("refreshed", () => { again = 0; update(); });
  update();
})();
