"use strict";
// Theme, search, and links to what has moved to another page. Without it the pages work, but for these.
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // A browser may refuse to keep anything for pages from disk.
  const kept = {
    get() {
      try {
        return localStorage.getItem("qapi-reference-theme");
      } catch {
        return null;
      }
    },
    set(theme) {
      try {
        localStorage.setItem("qapi-reference-theme", theme);
      } catch {
        // It holds for this page then.
      }
    },
  };
  const themes = ["auto", "light", "dark"];
  const theme = () => root.dataset.theme ?? "auto";
  const setTheme = (name) => {
    if (name === "light" || name === "dark") {
      root.dataset.theme = name;
    } else {
      delete root.dataset.theme;
    }
  };
  // Before anything is shown.
  setTheme(kept.get());

  // What can be found, read when it is needed first.
  let reading;
  const read = () =>
    (reading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = "search-index.js";
      script.onload = () => resolve(records(globalThis.qapiReference));
      script.onerror = reject;
      document.head.append(script);
    }));

  const partKinds = { command: "argument", enum: "value", alternate: "alternative" };
  const squeeze = (text) => text.toLowerCase().replace(/[-_]/g, "");
  const words = (name) => name.toLowerCase().split(/[-_]/);
  const records = ({ pages, items }) => {
    const all = [];
    for (const [kind, name, page, about, flags, parts] of items) {
      const anchor = `${kind === "command" || kind === "event" ? kind : "type"}-${name}`;
      const href = `${pages[page]}#${encodeURIComponent(anchor)}`;
      const key = squeeze(name);
      all.push({ kind, name, key, words: words(name), about, text: about.toLowerCase(), flags, anchor, href });
      for (const part of parts) {
        all.push({
          kind: partKinds[kind] ?? "member",
          name: part,
          key: squeeze(part),
          words: words(part),
          owner: name,
          ownerKey: key,
          flags: [],
          anchor: `${anchor}:${part}`,
          href: `${pages[page]}#${encodeURIComponent(`${anchor}:${part}`)}`,
        });
      }
    }
    return all;
  };

  // What is looked for by name is a command more often than not.
  const kindRank = { command: 0, event: 2, enum: 6, struct: 6, union: 6, alternate: 6 };
  const matches = (record, term) => {
    const { key } = record;
    if (key === term) return 0;
    if (key.startsWith(term)) return 1;
    if (record.words.some((word) => word.startsWith(term))) return 1.5;
    if (key.includes(term)) return 3;
    if (record.ownerKey?.includes(term)) return 4;
    if (record.text?.includes(term)) return 6;
    return Infinity;
  };
  const find = (all, query) => {
    const terms = query.split(/[\s.:]+/).map(squeeze).filter(Boolean);
    if (terms.length === 0) return [];
    const found = [];
    for (const record of all) {
      let best = Infinity;
      let sum = 0;
      for (const term of terms) {
        const rank = matches(record, term);
        best = Math.min(best, rank);
        sum += rank;
      }
      // One word at least is in the name or in what is said of it, and not only in the owner's name.
      if (sum < Infinity && best !== 4) {
        // A definition that starts so goes before a member that is called so.
        const kind = kindRank[record.kind] ?? 25;
        found.push({ record, rank: sum * 100 + kind * 10 + Math.min(record.name.length, 99) / 10 });
      }
    }
    found.sort((a, b) => a.rank - b.rank);
    return found.map(({ record }) => record);
  };

  // A link to what is not on this page, or is on another page by now.
  const follow = async () => {
    let anchor = location.hash.slice(1);
    try {
      anchor = decodeURIComponent(anchor);
    } catch {
      return;
    }
    if (!/^(command|event|type)-/.test(anchor) || document.getElementById(anchor)) return;
    const all = await read();
    const record = all.find((it) => it.anchor === anchor) ?? all.find((it) => it.anchor === anchor.split(":")[0]);
    if (record) location.replace(record.href);
  };

  const element = (tag, className, text) => {
    const it = document.createElement(tag);
    it.className = className;
    it.textContent = text;
    return it;
  };

  const SHOWN = 60;
  const setUpSearch = () => {
    const input = document.getElementById("search");
    const list = document.getElementById("results");
    const status = document.getElementById("found");
    let active = -1;
    const options = () => list.querySelectorAll("[role=option]");

    const activate = (index) => {
      const all = options();
      all[active]?.setAttribute("aria-selected", "false");
      active = all.length === 0 ? -1 : (index + all.length) % all.length;
      const option = all[active];
      option?.setAttribute("aria-selected", "true");
      option?.scrollIntoView({ block: "nearest" });
      if (option) input.setAttribute("aria-activedescendant", option.id);
      else input.removeAttribute("aria-activedescendant");
    };
    const show = (open) => {
      list.hidden = !open;
      input.setAttribute("aria-expanded", String(open));
      if (!open) {
        activate(-1);
        input.removeAttribute("aria-activedescendant");
      }
    };
    const name = (record, query) => {
      const it = element("span", "name", "");
      const terms = query.toLowerCase().split(/[\s.:]+/).filter(Boolean);
      let rest = record.name;
      while (rest !== "") {
        const lower = rest.toLowerCase();
        const hits = terms.map((term) => [lower.indexOf(term), term.length]).filter(([at]) => at >= 0);
        if (hits.length === 0) break;
        const [at, length] = hits.reduce((a, b) => (b[0] < a[0] || (b[0] === a[0] && b[1] > a[1]) ? b : a));
        it.append(rest.slice(0, at), element("mark", "", rest.slice(at, at + length)));
        rest = rest.slice(at + length);
      }
      it.append(rest);
      if (record.owner) it.append(element("span", "owner", ` of ${record.owner}`));
      for (const flag of record.flags) it.append(" ", element("span", `badge ${flag}`, flag));
      return it;
    };
    const update = async () => {
      const query = input.value;
      let all;
      try {
        all = await read();
      } catch {
        status.textContent = "The search index cannot be read.";
        return;
      }
      if (query !== input.value) return;
      if (query.trim() === "") {
        list.replaceChildren();
        status.textContent = "";
        show(false);
        return;
      }
      const found = find(all, query);
      list.replaceChildren(
        ...found.slice(0, SHOWN).map((record, index) => {
          const option = document.createElement("li");
          option.setAttribute("role", "option");
          option.setAttribute("aria-selected", "false");
          option.id = `result-${index}`;
          const link = document.createElement("a");
          link.href = record.href;
          link.tabIndex = -1;
          option.className = record.kind;
          link.append(element("span", "kind", record.kind), name(record, query));
          if (record.about) link.append(element("span", "about", record.about));
          option.append(link);
          return option;
        }),
      );
      const remark = (className, text) => {
        const it = element("li", className, text);
        it.setAttribute("role", "presentation");
        list.append(it);
      };
      if (found.length === 0) remark("none", "Nothing is called so.");
      if (found.length > SHOWN) remark("more", `${found.length - SHOWN} more: type on`);
      status.textContent = found.length === 1 ? "1 result" : `${found.length} results`;
      active = -1;
      show(true);
      activate(0);
    };

    input.addEventListener("input", update);
    input.addEventListener("focus", () => {
      read().catch(() => {});
      if (input.value.trim() !== "") update();
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) update();
        else activate(active + (event.key === "ArrowDown" ? 1 : -1));
      } else if (event.key === "Enter") {
        const link = options()[active]?.querySelector("a");
        if (link) {
          event.preventDefault();
          link.click();
        }
      } else if (event.key === "Escape") {
        event.preventDefault();
        if (list.hidden) input.blur();
        else show(false);
      } else if (event.key === "Tab") {
        show(false);
      }
    });
    list.addEventListener("click", () => {
      show(false);
      input.blur();
    });
    document.addEventListener("pointerdown", (event) => {
      if (!event.target.closest(".search")) show(false);
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) {
        event.preventDefault();
        input.focus();
        input.select();
      }
    });
  };

  const setUpTheme = () => {
    const button = document.getElementById("theme");
    const label = () => {
      button.textContent = `Theme: ${theme()}`;
    };
    label();
    button.addEventListener("click", () => {
      const next = themes[(themes.indexOf(theme()) + 1) % themes.length];
      setTheme(next);
      kept.set(next);
      label();
    });
  };

  // In the contents, what is being read.
  const setUpContents = () => {
    const contents = document.querySelector(".side details");
    if (matchMedia("(max-width: 56rem)").matches) contents.open = false;
    const links = new Map();
    for (const link of contents.querySelectorAll('ul ul a[href^="#"]')) links.set(decodeURIComponent(link.hash.slice(1)), link);
    let current;
    const mark = () => {
      let at;
      for (const section of document.querySelectorAll(".entry")) {
        if (section.getBoundingClientRect().top > 120) break;
        at = section;
      }
      const link = at && links.get(at.id);
      if (link === current) return;
      current?.removeAttribute("aria-current");
      link?.setAttribute("aria-current", "true");
      current = link;
      const side = contents.parentElement;
      if (link && side.scrollHeight > side.clientHeight) {
        const { top, bottom } = link.getBoundingClientRect();
        if (top < 80 || bottom > innerHeight) side.scrollTop += top - innerHeight / 2;
      }
    };
    let due = false;
    addEventListener("scroll", () => {
      if (due) return;
      due = true;
      requestAnimationFrame(() => {
        due = false;
        mark();
      });
    });
    mark();
  };

  document.addEventListener("DOMContentLoaded", () => {
    setUpTheme();
    setUpSearch();
    setUpContents();
    follow();
  });
  addEventListener("hashchange", follow);
})();
