// What the benchmarks note inside a page. It runs before the page's own programs, watches, and changes nothing of theirs.
// Times are the page's own: milliseconds since the navigation began.
"use strict";
(() => {
  // Tasks of over 50 ms: [start, duration].
  const tasks = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) tasks.push([entry.startTime, entry.duration]);
  }).observe({ type: "longtask", buffered: true });

  // Frames of over 50 ms, and which scripts ran for them.
  const frames = [];
  new PerformanceObserver((list) => frames.push(...list.getEntries()))
    .observe({ type: "long-animation-frame", buffered: true });

  // The memory of the page's wasm programs.
  const memories = [];
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await original.apply(WebAssembly, given);
      const memory = (made.instance ?? made).exports.memory;
      if (memory) memories.push(memory);
      return made;
    };
  }

  // How often a timer or a frame woke the page.
  let woken = 0;
  const frame = requestAnimationFrame;
  for (const name of ["setTimeout", "setInterval", "requestAnimationFrame", "requestIdleCallback"]) {
    const original = globalThis[name];
    globalThis[name] = (run, ...rest) => original((...given) => { woken += 1; run(...given); }, ...rest);
  }

  // The moment after the next frame's styles, layout and paint: a message posted from its animation callback.
  const painted = () => new Promise((done) => {
    frame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => done(performance.now());
      channel.port2.postMessage(null);
    });
  });

  // Looks after each change of the document until there is something to see, then waits for the frame that shows it.
  const when = (look) => new Promise((done) => {
    let over = false;
    const attempt = () => {
      if (over || !look()) return;
      over = true;
      observer.disconnect();
      painted().then((at) => done({ painted: at }));
    };
    const observer = new MutationObserver(attempt);
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    attempt();
  });

  const field = (name) => [...document.querySelectorAll("input, textarea")].find((one) =>
    one.getAttribute("aria-label") === name || [...(one.labels ?? [])].some((label) => label.textContent.trim() === name));
  const log = () => document.querySelector("[role=log]");
  const articles = () => [...(log()?.querySelectorAll("article") ?? [])];
  const button = (name) => [...document.querySelectorAll("button")].find((one) => (one.getAttribute("aria-label") ?? one.textContent).startsWith(name));
  const link = (name) => [...document.querySelectorAll("a")].find((one) => (one.getAttribute("aria-label") ?? "").startsWith(name));

  // Whether something lies, at least in part, in the box of something else.
  const within = (inner, outer) => {
    const [a, b] = [inner.getBoundingClientRect(), outer.getBoundingClientRect()];
    return a.height > 0 && a.top < b.bottom && a.bottom > b.top;
  };
  const scroller = (element) => {
    let one = element;
    while (one && !/auto|scroll/.test(getComputedStyle(one).overflowY)) one = one.parentElement;
    return one ?? document.documentElement;
  };

  // The newest message shown says this, and it lies where it can be read.
  const newest = (text) => {
    const last = articles().at(-1);
    return last && last.textContent.includes(text) && within(last, log());
  };

  // The connection's status says so.
  const online = () => [...document.querySelectorAll("[role=status], output")].some((one) => one.textContent.includes("Online"));

  // The list "Contacts" reaches down to the end of what is seen of it. It is shown as soon as it can be asked for.
  const contacts = () => {
    const list = document.querySelector('[aria-label="Contacts"]:is(ul, [role=list])');
    if (!list) {
      const tab = button("Contacts");
      if (tab && tab.getAttribute("aria-pressed") !== "true") tab.click();
      return false;
    }
    const last = list.querySelector(":scope > li:last-child");
    return last && last.getBoundingClientRect().bottom >= scroller(list).getBoundingClientRect().bottom - 1
      && last.textContent.trim() !== "";
  };

  let keyAt = 0;
  const glyphs = [];
  addEventListener("keydown", (event) => { keyAt = event.timeStamp; }, true);
  addEventListener("input", () => {
    const at = keyAt;
    painted().then((seen) => glyphs.push(seen - at));
  }, true);

  const count = () => {
    const walk = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
    let sum = 1;
    while (walk.nextNode()) sum += 1;
    return sum;
  };

  const bench = {
    painted, count, glyphs,
    // What was begun and is awaited later.
    begun: {},
    over: {},
    begin(name, ...given) {
      bench.over[name] = false;
      bench.begun[name] = bench[name](...given).finally(() => { bench.over[name] = true; });
    },

    form: when(() => { const one = field("XMPP address"); return one && !one.disabled && !one.readOnly && one.checkVisibility({ visibilityProperty: true }); }),
    // The program has taken the place of what was painted before it.
    program: when(() => document.body && !document.getElementById("first-paint") && field("XMPP address")),
    contacts: () => when(contacts),
    newest: (text) => when(() => newest(text)),
    composer: () => when(() => field("Message")),
    online: () => when(online),
    not_online: () => when(() => !online()),

    // Follows the link to a conversation and waits for a message.
    async open(name, text) {
      const start = performance.now();
      const seen = when(() => newest(text));
      link(name).click();
      return { start, ...(await seen) };
    },

    // Leaves the conversation.
    async leave() {
      location.hash = "#/";
      await when(() => !log());
      await painted();
    },

    // The number of the topmost message that is seen: each says "No. 17." somewhere.
    top() {
      const box = log();
      const first = articles().find((one) => within(one, box));
      return Number(/No\. (\d+)\./.exec(first?.textContent ?? "")?.[1] ?? NaN);
    },

    // Scrolls up by one height of the window in each frame in which that window is full, until this message is seen.
    async back(number) {
      const start = performance.now();
      let [steps, waits, nodes] = [0, 0, 0];
      for (;;) {
        await new Promise((done) => requestAnimationFrame(done));
        if (bench.top() <= number) break;
        const box = log();
        const edge = box.getBoundingClientRect().top;
        const before = box.scrollTop;
        if (articles().some((one) => { const r = one.getBoundingClientRect(); return r.top <= edge && r.bottom > edge; })) {
          box.scrollTop -= box.clientHeight;
        }
        if (box.scrollTop < before) steps += 1; else waits += 1;
        if (steps % 10 === 0) nodes = Math.max(nodes, count());
        if (performance.now() - start > 24_000) throw new Error(`at No. ${bench.top()} after ${steps} steps and ${waits} waits`);
      }
      return { start, painted: await painted(), steps, waits, nodes };
    },

    // The longest task that ended after a moment; 0 when none was long.
    longest: (since) => Math.max(0, ...tasks.filter(([start, length]) => start + length > since).map(([, length]) => length)),
    tasks: (since) => tasks.filter(([start, length]) => start + length > since),

    // What ran for long, and for how long by force of somebody who asked where something lies.
    busy: (since) => frames.filter((one) => one.startTime + one.duration > since).flatMap(({ scripts }) => scripts)
      .filter(({ duration }) => duration > 50)
      .map((one) => `${one.invoker} ${Math.round(one.duration)} ms, of it layout ${Math.round(one.forcedStyleAndLayoutDuration)} ms`),

    // Writes are watched from Enter on.
    async sent(text) {
      const enter = new Promise((done) => addEventListener("keydown", function pressed(event) {
        if (event.key !== "Enter") return;
        removeEventListener("keydown", pressed, true);
        done(event.timeStamp);
      }, true));
      const seen = when(() => newest(text));
      return { start: await enter, ...(await seen) };
    },

    woken: () => woken,
    // As the engine counted, if it was told to count.
    woken_there: () => new Promise((done) => {
      const answers = new BroadcastChannel("woken");
      answers.onmessage = (event) => { answers.close(); done(event.data); };
      new BroadcastChannel("woken?").postMessage("");
    }),

    wasm: () => memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0),

    // How many messages all accounts of this browser have stored.
    async stored() {
      let sum = 0;
      for (const { name } of await indexedDB.databases()) {
        const database = await new Promise((done, fail) => {
          const asked = indexedDB.open(name);
          asked.onsuccess = () => done(asked.result);
          asked.onerror = () => fail(asked.error);
        });
        if (database.objectStoreNames.contains("messages")) {
          const table = database.transaction("messages").objectStore("messages");
          sum += await new Promise((done, fail) => {
            const asked = table.count();
            asked.onsuccess = () => done(asked.result);
            asked.onerror = () => fail(asked.error);
          });
        }
        database.close();
      }
      return sum;
    },
  };
  globalThis.bench = bench;
})();
