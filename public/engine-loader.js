// Starts the engine (src/bin/engine.rs) in a worker, and keeps the pages' ports until it is there.
//
// Why: wasm starts asynchronously, and a `connect` event that nobody listens to is lost. So this file listens at once.
//
// The page starts it as a classic worker, with its own build's id in the address, because workers' files have no hash in
// their names and two builds never talk to each other:
//
//   new SharedWorker("engine-loader.js?v=<build>", { name: "waxwing-<build>" })       and uses its `port`, or
//   new Worker("engine-loader.js?v=<build>")  and posts { port: MessagePort } to it, the port in the transfer list.
//
// Both look the same to the engine:
//
//   self.waxwingBuild   string: the build's id out of the address.
//   self.waxwingPorts   MessagePort[]: the ports that nobody has taken yet, oldest first. They are not started, so the
//                       messages in them wait too.
//   self.waxwingOnPort  null, or a function (port) => void. The engine sets it, then takes what is in `waxwingPorts`
//                       (and empties it); from then on each new port goes to the function alone.
//
// The loader takes the engine's Web Lock (src/platform/web/lock.rs) before anything else, and then tells each page's port
// so, with an object { here: string }, the lock's name: whoever waits for the lock from then on learns of the engine's
// death, also of one that comes before the engine has said a word. The same site below another path of this origin has
// another engine, which need not wait for the death of this one: the path is in the name.
//
// If the engine cannot be loaded, each page's port gets an object { failed: string, here: string }, and the worker closes.
// If it traps later, nothing that it holds can be trusted any more: the worker closes, which frees the lock, and the
// pages start it anew. If it had a frame of a server in hand, each port gets an object { engine: string, frame: string }
// before, with a random name for this worker: a frame that has killed two engines is skipped by the third.
"use strict";

self.waxwingBuild = new URL(self.location.href).searchParams.get("v") ?? "";
self.waxwingPorts = [];
self.waxwingOnPort = null;

{
  const name = self.location.pathname.match(/([^/]+)-loader\.js$/)[1];
  const build = self.waxwingBuild;
  const here = `waxwing-${name}-${build}-${new URL(".", self.location.href).pathname}`;
  let lives = false;
  const random = Math.random();
  const pages = [];
  let engine = null;
  let failure = null;

  const take = (port) => {
    if (failure !== null) {
      port.postMessage({ failed: failure, here });
      // What was posted is still delivered.
      setTimeout(() => self.close(), 0);
      return;
    }
    pages.push(port);
    if (lives) {
      port.postMessage({ here });
    }
    if (self.waxwingOnPort) {
      self.waxwingOnPort(port);
    } else {
      self.waxwingPorts.push(port);
    }
  };

  const fail = (error) => {
    failure = String(error);
    // If there is none yet, the first page that comes is told.
    for (const port of self.waxwingPorts.splice(0)) {
      take(port);
    }
  };

  // The frame that the engine had in hand. It is called when the engine has trapped: see src/platform/web/witness.rs.
  const inHand = () => {
    const length = engine?.frame_length?.() >>> 0;
    if (length === 0) {
      return null;
    }
    return new TextDecoder().decode(new Uint8Array(engine.memory.buffer, engine.frame_address() >>> 0, length));
  };

  // A trap of wasm, or a stack that is full: both leave the program in the middle of something.
  const trapped = (error) => {
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
      try {
        const frame = inHand();
        for (const port of frame === null ? [] : pages) {
          port.postMessage({ engine: `${random}`, frame });
        }
      } finally {
        self.close();
      }
    }
  };
  self.addEventListener("error", (event) => trapped(event.error));
  self.addEventListener("unhandledrejection", (event) => trapped(event.reason));

  // A shared worker.
  self.onconnect = (event) => take(event.ports[0]);
  // A dedicated worker.
  self.onmessage = (event) => {
    if (event.data?.port instanceof MessagePort) {
      take(event.data.port);
    }
  };

  // `engine-loader.js` loads `engine.js` and `engine_bg.wasm` beside it, in the same build.
  const file = (end) => `${name}${end}?v=${encodeURIComponent(build)}`;

  const load = () => {
    try {
      importScripts(file(".js"));
      wasm_bindgen({ module_or_path: file("_bg.wasm") }).then((exports) => {
        engine = exports;
      }, fail);
    } catch (error) {
      fail(error);
    }
  };

  const live = () => {
    lives = true;
    for (const port of self.waxwingPorts) {
      port.postMessage({ here });
    }
    load();
  };

  if (name !== "engine") {
    // Judges of passwords: there are as many as pages want.
    load();
  } else if (self.navigator.locks) {
    const held = () => {
      live();
      return new Promise(() => {});
    };
    navigator.locks.request(here, held).catch(fail);
  } else {
    // Nobody can wait.
    live();
  }
}
