//! The site in Chromium, which is told what to do by its DevTools protocol over pipes.

use super::{HOSTILE_TITLE, heater, hostile, releases};
use qapi_gen::reference::{File, Reference};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A browser with one page.
struct Browser {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    last: u64,
    events: Vec<Value>,
    folder: PathBuf,
}

impl Browser {
    /// `None` and a word about it if there is none, unless `QAPI_REQUIRE_PEERS` is set.
    fn start(test: &str) -> Option<Browser> {
        let runs = |program: &&str| {
            let version = Command::new(program).arg("--version").output();
            version.is_ok_and(|output| output.status.success())
        };
        let Some(program) = PROGRAMS.into_iter().find(runs) else {
            let required = std::env::var_os("QAPI_REQUIRE_PEERS").is_some();
            assert!(!required, "no {} is installed", PROGRAMS.join(", "));
            // Not by a macro that the test harness captures: a skipped test passes.
            _ = writeln!(std::io::stderr(), "SKIPPED: no Chromium for {test}");
            return None;
        };
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("reference-{test}"));
        _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        // The browser reads messages from descriptor 3 and writes to 4.
        let mut process = Command::new("sh")
            .args([
                "-c",
                "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null",
                "sh",
                program,
            ])
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
            ])
            .args([
                "--disable-background-networking",
                "--no-first-run",
                "--remote-debugging-pipe",
            ])
            .arg(format!(
                "--user-data-dir={}",
                folder.join("profile").display()
            ))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut browser = Browser {
            to: process.stdin.take().unwrap(),
            from: BufReader::new(process.stdout.take().unwrap()),
            process,
            session: None,
            last: 0,
            events: Vec::new(),
            folder,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached = browser.call(
            "Target.attachToTarget",
            json!({ "targetId": target["targetId"], "flatten": true }),
        );
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    fn receive(&mut self) -> Value {
        let mut message = Vec::new();
        self.from.read_until(0, &mut message).unwrap();
        assert_eq!(message.pop(), Some(0), "the browser is gone");
        serde_json::from_slice(&message).unwrap()
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.try_call(method, params)
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        write!(self.to, "{message}\0").unwrap();
        loop {
            let mut answer = self.receive();
            if answer["id"] == self.last {
                return match answer["error"].take() {
                    Value::Null => Ok(answer["result"].take()),
                    error => Err(error),
                };
            }
            self.events.push(answer);
        }
    }

    fn wait_for_load(&mut self, from: usize) {
        let loaded = |event: &Value| event["method"] == "Page.loadEventFired";
        while !self.events[from..].iter().any(loaded) {
            let event = self.receive();
            self.events.push(event);
        }
    }

    /// Opens a page anew, even if it is the current one.
    fn open(&mut self, site: &Path, page: &str) {
        for url in ["about:blank", &format!("file://{}/{page}", site.display())] {
            let from = self.events.len();
            self.call("Page.navigate", json!({ "url": url }));
            self.wait_for_load(from);
        }
    }

    /// The value of an expression, or of the promise that it is.
    #[track_caller]
    fn eval(&mut self, expression: &str) -> Value {
        let params =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut result = self.call("Runtime.evaluate", params);
        assert_eq!(result["exceptionDetails"], Value::Null, "{expression}");
        result["result"]["value"].take()
    }

    /// Asks until an expression holds. While one page gives way to another there may be none to ask.
    #[track_caller]
    fn eventually(&mut self, expression: &str) {
        for _ in 0..50_000 {
            let asked = self.try_call("Runtime.evaluate", json!({ "expression": expression }));
            if asked.is_ok_and(|answer| answer["result"]["value"] == true) {
                return;
            }
        }
        panic!("never: {expression}");
    }

    fn key(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "ArrowUp" => 38,
            "ArrowDown" => 40,
            _ => 0,
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let params =
                json!({ "type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", params);
        }
    }

    /// Types a query that is empty so far, and waits for what is found.
    fn search(&mut self, query: &str) -> Vec<String> {
        self.eval(
            "document.getElementById('search').value = '';
             document.getElementById('found').textContent = '';
             document.activeElement.blur()",
        );
        self.key("/");
        assert_eq!(self.eval("document.activeElement.id"), "search");
        self.call("Input.insertText", json!({ "text": query }));
        self.eventually("document.getElementById('found').textContent !== ''");
        let names = self.eval(
            "[...document.querySelectorAll('#results [role=option]')].map((it) =>
               it.querySelector('.kind').textContent + ' ' + it.querySelector('.name').textContent)",
        );
        serde_json::from_value(names).unwrap()
    }

    /// Follows what a key opens.
    fn go(&mut self, key: &str, hash: &str) {
        self.key(key);
        self.eventually(&format!(
            "location.hash === '{hash}' && document.readyState === 'complete'"
        ));
    }

    fn media(&mut self, scheme: &str, width: u32) {
        let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": feature }));
        let metrics =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// What was loaded and complained of so far.
    fn check_events(&self, site: &Path) {
        let root = format!("file://{}/", site.display());
        for event in &self.events {
            match event["method"].as_str() {
                Some("Network.requestWillBeSent") => {
                    let url = event["params"]["request"]["url"].as_str().unwrap();
                    let ours =
                        url.starts_with(&root) || url.starts_with("data:") || url == "about:blank";
                    assert!(ours, "{url}");
                }
                Some(
                    "Log.entryAdded" | "Runtime.exceptionThrown" | "Page.javascriptDialogOpening",
                ) => {
                    panic!("{event}");
                }
                _ => {}
            }
        }
    }

    fn write(&self, files: &[File]) -> PathBuf {
        let site = self.folder.join("site");
        std::fs::create_dir_all(&site).unwrap();
        for file in files {
            std::fs::write(site.join(&file.name), &file.text).unwrap();
        }
        site
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
        _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The least contrast of text on its background, and whose it is.
const CONTRAST: &str = r"
(() => {
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let least = [99, ''];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === '' || !element.checkVisibility()) continue;
    let behind = element;
    while (behind && parse(getComputedStyle(behind).backgroundColor).a === 0) behind = behind.parentElement;
    const back = luminance(parse(getComputedStyle(behind ?? document.body).backgroundColor).rgb);
    const front = luminance(parse(getComputedStyle(element).color).rgb);
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (contrast < least[0]) least = [contrast, `${element.tagName} ${element.className} ${walker.currentNode.data}`];
  }
  return least;
})()";

#[test]
fn people_find_their_way_by_keyboard() {
    let Some(mut browser) = Browser::start("keyboard") else {
        return;
    };
    let (schema, releases) = (heater(), releases());
    let site = browser.write(&Reference::with_releases(&schema, "Heater", Some(&releases)).site());
    browser.open(&site, "index.html");
    // Nothing is read for a search before there is one.
    let read = |browser: &Browser| {
        browser
            .events
            .iter()
            .any(|e| e.to_string().contains("search-index.js"))
    };
    assert!(!read(&browser));
    let found = browser.search("mode");
    assert!(read(&browser));
    assert_eq!(found[0], "enum Mode");
    assert_eq!(found[1], "command mode-set unstable");
    assert!(
        found.contains(&"argument mode of mode-set".to_owned()),
        "{found:?}"
    );
    let state = "[document.querySelector('[aria-selected=true]').id,
      document.getElementById('search').getAttribute('aria-activedescendant'),
      document.getElementById('search').getAttribute('aria-expanded')].join()";
    assert_eq!(browser.eval(state), "result-0,result-0,true");
    browser.key("ArrowDown");
    assert_eq!(browser.eval(state), "result-1,result-1,true");
    browser.key("ArrowUp");
    browser.key("ArrowUp");
    let last = format!("result-{0},result-{0},true", found.len() - 1);
    assert_eq!(browser.eval(state), last);
    browser.key("Escape");
    assert_eq!(
        browser.eval("document.getElementById('results').hidden"),
        true
    );
    browser.key("Escape");
    assert_eq!(browser.eval("document.activeElement.id"), "");
    // Members by their owner, values, words of descriptions, and nothing.
    assert_eq!(browser.search("room.doors"), ["member doors of Room"]);
    assert_eq!(
        browser.search("modeset until"),
        ["argument until of mode-set"]
    );
    assert_eq!(browser.search("burns"), ["event ALARM"]);
    assert_eq!(browser.search("nothing-like-it"), [""; 0]);
    assert_eq!(browser.search("frost"), ["value frost of Mode"]);
    browser.go("Enter", "#type-Mode%3Afrost");
    assert_eq!(
        browser.eval("document.querySelector(':target').textContent.includes('frost')"),
        true
    );
    assert_eq!(
        browser.eval("location.pathname.endsWith('/heater.html')"),
        true
    );
    // Within the page as well.
    assert_eq!(browser.search("alarm")[0], "event ALARM");
    browser.go("Enter", "#event-ALARM");
    assert_eq!(
        browser.eval("document.getElementById('results').hidden"),
        true
    );
    browser.check_events(&site);
}

#[test]
fn pages_are_readable_on_every_screen() {
    let Some(mut browser) = Browser::start("screens") else {
        return;
    };
    let (schema, releases) = (heater(), releases());
    let files = Reference::with_releases(&schema, "Heater", Some(&releases)).site();
    let site = browser.write(&files);
    for page in files.iter().filter(|file| file.name.ends_with(".html")) {
        for (scheme, width) in [("light", 1200), ("dark", 1200), ("light", 360)] {
            browser.media(scheme, width);
            browser.open(&site, &page.name);
            browser.search("o");
            let least = browser.eval(CONTRAST);
            assert!(
                least[0].as_f64() >= Some(4.5),
                "{scheme} {} {least}",
                page.name
            );
            let wide = browser.eval("document.documentElement.scrollWidth");
            assert!(wide.as_u64() <= Some(width.into()), "{wide} {}", page.name);
        }
    }
    // The choice of a theme goes before what the system prefers, and holds for other pages.
    browser.media("light", 1200);
    let dark = "getComputedStyle(document.body).backgroundColor";
    let light = browser.eval(dark);
    for label in ["light", "dark"] {
        browser.eval("document.getElementById('theme').click()");
        assert_eq!(
            browser.eval("document.getElementById('theme').textContent"),
            format!("Theme: {label}")
        );
    }
    assert_ne!(browser.eval(dark), light);
    browser.open(&site, "index.html");
    assert_ne!(browser.eval(dark), light);
    let media = json!({ "media": "print" });
    browser.call("Emulation.setEmulatedMedia", media);
    assert_eq!(browser.eval(dark), light);
    assert_eq!(
        browser.eval("document.querySelector('.bar').checkVisibility()"),
        false
    );
    browser.check_events(&site);
}

#[test]
fn links_stay_and_texts_stay_texts() {
    let Some(mut browser) = Browser::start("links") else {
        return;
    };
    let schema = heater();
    let site = browser.write(&Reference::new(&schema, "Heater").site());
    // What moved to another page is found from where it was, and from the index; a part that is gone by its owner.
    for (old, new) in [
        (
            "heater.html#type-Room:doors",
            "/room.html#type-Room%3Adoors",
        ),
        (
            "index.html#command-mode-set",
            "/heater.html#command-mode-set",
        ),
        ("index.html#type-Room:gone", "/room.html#type-Room"),
    ] {
        browser.open(&site, old);
        browser.eventually(&format!("location.href.endsWith('{new}')"));
    }
    browser.open(&site, "room.html#command-gone");
    assert_eq!(browser.eval("location.hash"), "#command-gone");
    browser.check_events(&site);
    let schema = hostile();
    let files = Reference::new(&schema, HOSTILE_TITLE).site();
    let site = browser.write(&files);
    browser.events.clear();
    for page in files.iter().filter(|file| file.name.ends_with(".html")) {
        browser.open(&site, &page.name);
        browser.search("a");
        let broken = "[globalThis.broken, document.querySelectorAll('script').length, document.images.length].join()";
        assert_eq!(browser.eval(broken), ",2,0", "{}", page.name);
    }
    assert_eq!(
        browser.search("constructor")[0],
        "argument constructor of go"
    );
    browser.check_events(&site);
}
