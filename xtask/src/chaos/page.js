// What the chaos does inside a page, and reads there: the document, as a person sees it.
"use strict";
(() => {
  const log = () => document.querySelector("[role=log]");
  const articles = () => [...(log()?.querySelectorAll("article") ?? [])];
  const text = (article) => article.querySelector(".message-text").textContent.trim();
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const waits = () => log().querySelector(".spinner") !== null;

  // The part of `now` that stands before all that is known; nothing if they do not overlap: the view has jumped.
  const before = (now, known) => {
    for (let at = 0; at + now.length <= known.length; at += 1) {
      if (now.every((one, n) => one === known[at + n])) return [];
    }
    for (let length = Math.min(now.length, known.length); length > 0; length -= 1) {
      const start = now.length - length;
      if (known.slice(0, length).every((one, n) => one === now[start + n])) return now.slice(0, start);
    }
    return null;
  };

  globalThis.chaos = {
    // Whether a message is shown near the end.
    shows: (wanted) => articles().slice(-40).some((one) => text(one) === wanted),

    // The own messages in view that are not with the server.
    sending: () => articles().filter((one) => one.dataset.state === "sending").map(text),

    status: () => [...document.querySelectorAll("[role=status], output")].map((one) => one.textContent.trim()).join(" | "),

    // The rows of the database that hold a text: key, place, names and record, as text, where what is no letter is in hex.
    async stored(text) {
      const ask = (request) =>
        new Promise((done, failed) => {
          request.onsuccess = () => done(request.result);
          request.onerror = () => failed(request.error);
        });
      const letters = (bytes) =>
        [...new Uint8Array(bytes)]
          .map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : `\\${byte.toString(16)}`))
          .join("");
      const found = [];
      for (const { name } of await indexedDB.databases()) {
        const database = await ask(indexedDB.open(name));
        if (database.objectStoreNames.contains("messages")) {
          const table = database.transaction("messages").objectStore("messages");
          const [keys, rows] = await Promise.all([ask(table.getAllKeys()), ask(table.getAll())]);
          rows.forEach((row, at) => {
            if (!letters(row.v).includes(text)) return;
            const names = row.n.map(letters).join(" ");
            found.push(`${name} key ${letters(keys[at])} place ${letters(row.p)} names ${names} record ${letters(row.v)}`);
          });
        }
        database.close();
      }
      return found;
    },

    // Everything in the conversation, from the newest up to its beginning.
    async timeline() {
      let still = 0;
      let last = "";
      while (still < 10) {
        log().scrollTop = log().scrollHeight;
        await frame();
        const now = JSON.stringify(articles().map(text));
        still = now === last && !waits() ? still + 1 : 0;
        last = now;
      }
      let known = articles().map(text);
      still = 0;
      const start = performance.now();
      while (still < 10) {
        if (performance.now() - start > 540_000) throw new Error(`never at the beginning: ${known.length}`);
        log().scrollTop -= log().clientHeight / 2;
        await frame();
        let more = before(articles().map(text), known);
        for (let tries = 0; more === null; tries += 1) {
          if (tries > 200) {
            throw new Error(`no overlap of ${JSON.stringify(articles().map(text))} with ${JSON.stringify(known.slice(0, 40))}`);
          }
          // Down again, to where it was.
          log().scrollTop += log().clientHeight / 4;
          await frame();
          more = before(articles().map(text), known);
        }
        known = [...more, ...known];
        still = more.length === 0 && log().scrollTop <= 0 && !waits() ? still + 1 : 0;
      }
      return known;
    },
  };
})();
