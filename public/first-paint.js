// The login form before the program is there: painted from index.html as soon as there are styles, it takes what is typed
// and pressed, and the page's program goes on with it. What this file does not know, it leaves to the program.
//
// The form is in index.html, and the program's own one (src/ui/login/page.rs) has the same elements in the same order: a
// test compares them in every language. So they can be matched by their places.
"use strict";

{
  // The keys of localStorage, and the form of config.json: src/ui/app.rs and src/ui/config.rs.
  const recall = (key) => {
    try {
      return localStorage.getItem(`waxwing.${key}`);
    } catch {
      return null;
    }
  };
  const known = ["domain", "websocket", "other_servers", "registration", "theme", "language", "hide"];
  const words = {
    en: {},
    zh: {
      "Chat over XMPP": "基于 XMPP 的聊天",
      "Log in": "登录",
      "XMPP address": "XMPP 地址",
      Password: "密码",
      "Show password": "显示密码",
      "Stay logged in": "保持登录",
      "Only on a device of your own. The password itself is never kept.": "仅限您自己的设备。密码本身绝不会被保存。",
      "Connection settings": "连接设置",
      "WebSocket address": "WebSocket 地址",
      "Found by itself if left empty.": "留空则自动查找。",
      "Create account": "创建账号",
    },
  };
  // This file waits for neither the page nor its styles, which hold back only what is painted.
  const parsed = new Promise((done) => {
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", done, { once: true });
    } else {
      done();
    }
  });
  const root = document.documentElement;
  const query = new URLSearchParams(location.search);

  // Trunk's links and script, which index.html keeps in a template: they start the program.
  const start = () => document.head.append(document.getElementById("program").content.cloneNode(true));

  const translate = (form, table) => {
    const texts = document.createTreeWalker(form, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      const found = table[text.data.trim()];
      if (found) {
        text.data = found;
      }
    }
    for (const name of ["aria-label", "title"]) {
      for (const element of form.querySelectorAll(`[${name}]`)) {
        element.setAttribute(name, table[element.getAttribute(name)] ?? element.getAttribute(name));
      }
    }
  };

  // What the host has set. False if the program must say more than this form can.
  const configure = (form, config) => {
    if (Object.keys(config).some((key) => !known.includes(key))) {
      return false;
    }
    if (config.domain && config.other_servers === false) {
      const address = form.querySelector("#address");
      address.removeAttribute("placeholder");
      const suffix = document.createElement("span");
      suffix.className = "field__suffix";
      suffix.append("@", String(config.domain));
      address.after(suffix);
    }
    if (config.registration === false) {
      form.querySelector(".login__actions [type=button]").remove();
    }
    if (config.hide?.includes?.("connection_settings")) {
      form.querySelector("details").remove();
    }
    return true;
  };

  // Keeps what is done with the form, and does it again with the program's.
  const handOver = (form) => {
    let focused = null;
    const pressed = [];
    form.addEventListener("focusin", (event) => {
      focused = event.target;
    });
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button[type=button]");
      if (button) {
        pressed.push(button);
      }
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      pressed.push(event.submitter);
    });
    new MutationObserver((_, observer) => {
      if (form.isConnected) {
        return;
      }
      observer.disconnect();
      const other = document.querySelector(".login__form");
      if (other?.elements.length !== form.elements.length) {
        return;
      }
      [...form.elements].forEach((mine, place) => {
        const theirs = other.elements[place];
        if (mine.type === "checkbox") {
          theirs.checked = mine.checked;
        } else if (mine.tagName === "INPUT") {
          theirs.value = mine.value;
        }
        if (mine === focused) {
          theirs.focus();
          if (mine.tagName === "INPUT" && mine.type !== "checkbox") {
            theirs.setSelectionRange(mine.selectionStart, mine.selectionEnd);
          }
        }
      });
      const [mine, theirs] = [form, other].map((form) => form.querySelector("details"));
      if (mine && theirs) {
        theirs.open = mine.open;
      }
      // In their order, each as often as it was pressed. What a press changes is no place to look for the next.
      const [places, twins] = [[...form.elements], [...other.elements]];
      for (const button of pressed) {
        twins[places.indexOf(button)]?.click();
      }
    }).observe(document.body, { childList: true });
  };

  const paint = async () => {
    if (recall("accounts") || location.hash.startsWith("#/register")) {
      return;
    }
    // As long as the program's own question (src/ui/browser.rs).
    const asked = fetch("config.json", { signal: AbortSignal.timeout(10_000) }).then((answer) => answer.json());
    asked.catch(() => {});
    await parsed;
    // Most of the work is to lay the form out: that is done, unseen, while its configuration is on its way.
    const logo = document.getElementById("first-paint");
    const form = document.getElementById("log-in").content.firstElementChild.cloneNode(true);
    form.dataset.waiting = "";
    logo.replaceWith(form);
    try {
      const config = await asked;
      if (!configure(form, config)) {
        throw new Error("more than this form can say");
      }
      show(form, config);
    } catch {
      // A file that is missing or wrong is the program's to tell.
      form.replaceWith(logo);
      return;
    }
    // The program is larger than all of this: it is asked for when this is painted.
    await new Promise((painted) => {
      requestAnimationFrame(() => {
        document.getElementById("address")?.focus();
        setTimeout(painted);
      });
    });
  };

  const show = (form, config) => {
    const tag = [recall("language"), config.language, ...navigator.languages]
      .map((tag) => String(tag).toLowerCase().split(/[-_]/)[0])
      .find((tag) => tag in words);
    translate(form, words[tag ?? "en"]);
    root.lang = tag === "zh" ? "zh-CN" : "en";
    const theme = recall("theme") ?? config.theme;
    if (["light", "dark", "contrast"].includes(theme)) {
      root.dataset.theme = theme;
    }
    for (const [name, id] of [["jid", "address"], ["ws", "websocket"]]) {
      const input = form.querySelector(`#${id}`);
      if (input && query.get(name)?.trim()) {
        input.setAttribute("value", query.get(name));
        input.closest("details")?.setAttribute("open", "");
      }
    }
    handOver(form.querySelector("form"));
    delete form.dataset.waiting;
  };

  // Whatever goes wrong here, the program begins.
  paint()
    .catch(() => {})
    .then(() => parsed)
    .then(start);
}
