// Triward's own script: keys, selection, charts, local time, htmx. Every page works without it.
(function () {
  "use strict";
  const script = document.currentScript || document.querySelector("script[data-charts]");
  const $ = (sel, root) => (root || document).querySelector(sel);
  const $$ = (sel, root) => Array.from((root || document).querySelectorAll(sel));

  // ---- Time: local zone shown, UTC on hover.
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  function ago(ms) {
    const minutes = Math.round(ms / 60000);
    if (Math.abs(minutes) < 60) return relative.format(minutes, "minute");
    if (Math.abs(minutes) < 48 * 60) return relative.format(Math.round(minutes / 60), "hour");
    return relative.format(Math.round(minutes / 1440), "day");
  }
  function localTimes(root) {
    for (const t of $$("time[datetime*='T']:not([data-local])", root)) {
      const at = new Date(t.getAttribute("datetime"));
      if (isNaN(at)) continue;
      t.dataset.local = "1";
      t.title = t.title + " · " + ago(at - Date.now());
      t.textContent = at.toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
    }
  }

  // ---- Targets of steps count down.
  function span(m) { return m < 60 ? m + " min" : m < 2880 ? Math.floor(m / 60) + " h" + (m % 60 ? " " + m % 60 + " min" : "") : Math.floor(m / 1440) + " days"; }
  function clocks() {
    for (const b of $$("[data-until]")) {
      const m = Math.floor((new Date(b.dataset.until) - Date.now()) / 60000);
      b.classList.toggle("bad", m < 0);
      b.textContent = m < 0 ? span(-m) + " late" : span(m) + " left";
    }
  }
  if ($("[data-until]")) setInterval(clocks, 15000);

  // ---- Rows: j and k move, Enter opens, x chooses.
  let row = -1;
  const rows = () => $$("main table[data-rows] tbody tr").filter((r) => $("a", r));
  function move(step) {
    const all = rows();
    if (!all.length) return;
    if (row >= 0 && all[row]) all[row].classList.remove("at");
    row = Math.max(0, Math.min(all.length - 1, row + step));
    all[row].classList.add("at");
    all[row].scrollIntoView({ block: "nearest" });
    const link = $("a[data-open]", all[row]) || $("a", all[row]);
    link.focus({ preventScroll: true });
    if (panel && !panel.hidden) {
      clearTimeout(later);
      later = setTimeout(beside, 150, all[row]);
    }
  }

  // ---- The panel beside a list: a click on a row or o fills it with a part of the row's page; Escape closes it.
  const panel = $("#panel");
  let later = 0;
  if (panel && window.htmx) document.documentElement.classList.add("panels");
  function beside(tr, focus) {
    if (!panel || !window.htmx || !tr || !tr.dataset.panel) return;
    const all = rows();
    if (all[row]) all[row].classList.remove("at");
    row = all.indexOf(tr);
    tr.classList.add("at");
    panel.setAttribute("aria-busy", "true");
    window.htmx.ajax("GET", tr.dataset.panel, { target: "#panel", swap: "innerHTML" }).then(() => {
      panel.removeAttribute("aria-busy");
      panel.hidden = false;
      panel.scrollTop = 0;
      reachable();
      if (focus) panel.focus({ preventScroll: true });
    });
  }
  function closePanel() {
    panel.hidden = true;
    panel.textContent = "";
    const tr = rows()[row], link = tr && ($("a[data-open]", tr) || $("a", tr));
    if (link) link.focus({ preventScroll: true });
  }
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-close]")) { closePanel(); return; }
    const tr = e.target.closest("tr[data-panel]");
    if (!tr || e.defaultPrevented || e.target.closest("a, button, input, label, select, summary") || String(getSelection())) return;
    beside(tr, true);
  });

  // ---- Selection: the bar says how many, and how many of them are in use.
  function selection(form) {
    const boxes = $$("input[name='pick']", form);
    const on = boxes.filter((b) => b.checked);
    for (const b of boxes) b.closest("tr").classList.toggle("picked", b.checked);
    const all = $("input[data-all]", form);
    if (all) {
      all.checked = on.length > 0 && on.length === boxes.length;
      all.indeterminate = on.length > 0 && on.length < boxes.length;
    }
    const bar = $("[data-bulk]", form);
    if (!bar) return;
    bar.hidden = on.length === 0;
    const devices = new Set(on.map((b) => b.dataset.device || b.value));
    const use = (w) => new Set(on.filter((b) => b.dataset.use === w).map((b) => b.dataset.device || b.value)).size;
    const parts = [devices.size + (devices.size === 1 ? " device" : " devices")];
    if (use("yes")) parts.push(use("yes") + " in use");
    if (use("unknown")) parts.push(use("unknown") + " with unknown use");
    $("[data-count]", bar).textContent = on.length + (on.length === 1 ? " row" : " rows") + " chosen: " + parts.join(", ");
  }
  document.addEventListener("change", (e) => {
    const form = e.target.closest("form[data-select]");
    if (form) {
      if (e.target.matches("input[data-all]")) for (const b of $$("input[name='pick']", form)) b.checked = e.target.checked;
      selection(form);
    }
    if (e.target.id === "f-site" && $("#f-ward")) $("#f-ward").value = ""; // a ward is one of its site
    if (e.target.matches("[data-auto] select, [data-auto] input")) e.target.form.requestSubmit();
  });

  // ---- A key of its own for what a page does: in a list it acts on the chosen rows, else on the row that is looked at.
  function act(e, tr) {
    const what = $("main [data-key='" + CSS.escape(e.key) + "']") || $("#panel [data-key='" + CSS.escape(e.key) + "']");
    if (!what) return;
    e.preventDefault();
    const list = what.form && what.form.matches("[data-select]") ? what.form : null;
    if (list && !$("input[name='pick']:checked", list)) {
      const box = tr && $("input[name='pick']", tr);
      if (!box) return;
      box.checked = true;
    }
    what.click();
  }

  // ---- Keys
  let go = 0;
  function typing(t) { return t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName) && t.type !== "checkbox"; }
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (typing(e.target)) {
      if (e.key === "Escape") e.target.blur();
      return;
    }
    if (Date.now() - go < 1200) {
      go = 0;
      const to = $("a[data-go='" + CSS.escape(e.key) + "']");
      if (to) { e.preventDefault(); to.click(); }
      return;
    }
    const all = rows();
    switch (e.key) {
      case "/": { const s = $("#search"); if (s) { e.preventDefault(); s.focus(); s.select(); } break; }
      case "?": { const d = $("#keys"); if (d && !d.open) d.showModal(); break; }
      case "g": go = Date.now(); break;
      case "o": beside(all[row], true); break;
      case "Escape": if (panel && !panel.hidden && !$("dialog[open]")) closePanel(); break;
      case "j": move(1); break;
      case "k": move(-1); break;
      case "n": { const a = $("a[rel='next']"); if (a) a.click(); break; }
      case "p": { const a = $("a[rel='prev']"); if (a) a.click(); break; }
      case "x": if (all[row]) { const b = $("input[name='pick']", all[row]); if (b) b.click(); } break;
      default: act(e, all[row]);
    }
  });
  document.addEventListener("click", (e) => {
    if (e.target.closest("#keys-open")) $("#keys").showModal();
    for (const d of $$("details.menu[open]")) if (!d.contains(e.target)) d.open = false;
    const toggle = e.target.closest("[data-toggle]");
    if (toggle) {
      const chart = $("#" + toggle.dataset.toggle + "-chart"), table = $("#" + toggle.dataset.toggle + "-table");
      const show = table.hidden;
      table.hidden = !show;
      chart.hidden = show;
      toggle.textContent = show ? "Show the chart" : "Show the table";
      if (!show && chart.drawn) chart.drawn.resize();
    }
    const copy = e.target.closest("[data-copy]");
    if (copy) navigator.clipboard.writeText($("#" + copy.dataset.copy).textContent.trim()).then(() => { copy.textContent = "Copied"; });
  });

  // ---- Theme: the page changes at once, the choice is kept by the server.
  document.addEventListener("submit", (e) => {
    if (e.target.id !== "theme") return;
    e.preventDefault();
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const to = dark ? "light" : "dark";
    document.documentElement.dataset.theme = to;
    fetch("/theme", { method: "POST", body: new URLSearchParams({ theme: to }), headers: { "HX-Request": "true" } });
    for (const c of $$("[data-chart]")) if (c.drawn) draw(c);
  });

  // ---- A signature keeps the zone of the signer's clock.
  document.addEventListener("submit", (e) => {
    const zone = $("input[name='zone'][type='hidden']", e.target);
    if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  });

  // ---- Passkeys: the button gets a challenge, the browser asks the device, the answer goes with the form.
  const keys = window.PublicKeyCredential;
  document.addEventListener("click", async (e) => {
    const button = e.target.closest("[data-passkey]");
    if (!button) return;
    const form = button.form, fault = button.parentElement.querySelector("[data-passkey-fault]"), create = "create" in button.dataset;
    fault.textContent = "";
    try {
      const r = await fetch(button.dataset.passkey, { method: "POST", headers: { Accept: "application/json" } });
      const options = await r.json();
      if (!r.ok) throw new Error(options.detail);
      const key = create ? await navigator.credentials.create({ publicKey: keys.parseCreationOptionsFromJSON(options) }) : await navigator.credentials.get({ publicKey: keys.parseRequestOptionsFromJSON(options) });
      form.elements.passkey.value = JSON.stringify(key.toJSON());
      form.requestSubmit();
    } catch (err) {
      fault.textContent = err.name === "NotAllowedError" ? "The passkey was not used. Try again." : err.name === "InvalidStateError" ? "This device holds a passkey of yours already." : err.message || "The passkey cannot be used here.";
    }
  });

  // ---- Leaving a changed form asks.
  let dirty = false;
  document.addEventListener("input", (e) => { if (e.target.closest("form[data-guard]") && !e.target.closest(".door")) dirty = true; });
  document.addEventListener("submit", () => { dirty = false; });
  addEventListener("beforeunload", (e) => { if (dirty) e.preventDefault(); });

  // ---- Destructive forms ask for the name to be typed; the button waits for it.
  document.addEventListener("input", (e) => {
    const form = e.target.closest("form[data-confirm]");
    if (form && e.target.name === "confirm") $("button", form).disabled = e.target.value.trim() !== form.dataset.confirm;
  });

  // ---- Charts, from JSON: {"labels": [...], "series": [{"name", "values", "color", "links"}]}
  let library;
  function charts() {
    if (!library) library = new Promise((ok, failed) => {
      const s = document.createElement("script");
      s.src = script.dataset.charts;
      s.onload = ok;
      s.onerror = failed;
      document.head.append(s);
    });
    return library;
  }
  // apart moves the labels at the ends of lines that would lie on each other, from the lowest line up.
  function apart(series, height) {
    const last = (s) => s.values[s.values.length - 1] || 0;
    const top = Math.max(1, ...series.flatMap((s) => s.values));
    const out = new Map();
    let before = -Infinity;
    for (const s of series.slice().sort((a, b) => last(a) - last(b))) {
      const at = (last(s) / top) * height, free = Math.max(at, before + 15);
      out.set(s, at - free);
      before = free;
    }
    return out;
  }
  async function draw(el) {
    try {
      const [data] = await Promise.all([fetch(el.dataset.chart, { headers: { Accept: "application/json" } }).then((r) => { if (!r.ok) throw new Error(r.status); return r.json(); }), charts()]);
      const css = getComputedStyle(document.documentElement), token = (n) => css.getPropertyValue("--" + n).trim();
      if (el.drawn) el.drawn.dispose();
      const c = el.drawn = window.echarts.init(el);
      const axis = { axisLine: { lineStyle: { color: token("border") } }, axisTick: { show: false }, axisLabel: { color: token("muted"), fontSize: 12 } };
      const shift = apart(data.series.filter((s) => !s.bar), el.clientHeight - 50);
      c.setOption({
        animation: false, aria: { enabled: true },
        grid: { left: 8, right: 120, top: 16, bottom: 8, containLabel: true },
        tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: token("surface"), borderColor: token("border"), textStyle: { color: token("text"), fontSize: 12 } },
        xAxis: Object.assign({ type: "category", data: data.labels, boundaryGap: data.series.some((s) => s.bar) }, axis),
        yAxis: Object.assign({ type: "value", min: 0, minInterval: 1, splitLine: { lineStyle: { color: token("line") } } }, axis, { axisLine: { show: false } }),
        series: data.series.map((s) => ({
          name: s.name, type: s.bar ? "bar" : "line", data: s.values, symbol: data.labels.length > 1 ? "none" : "circle", symbolSize: 8, lineStyle: { width: 2, type: s.dashed ? "dashed" : "solid" }, color: token(s.color),
          endLabel: { show: !s.bar, formatter: "{a}", color: token(s.color), fontSize: 12, offset: [0, shift.get(s) || 0] },
        })),
      });
      c.on("click", (p) => { const to = (data.series[p.seriesIndex].links || [])[p.dataIndex]; if (to) location.href = to; });
    } catch (err) {
      el.textContent = "The chart could not be drawn. The table has the same figures.";
    }
  }
  addEventListener("resize", () => { for (const c of $$("[data-chart]")) if (c.drawn) c.drawn.resize(); });

  // ---- A table that is wider than its place can be scrolled with the keys (scrolled regions need the focus).
  function reachable() {
    for (const w of $$(".tablewrap:not([role])")) {
      if (w.scrollWidth > w.clientWidth && !$("a, button, input, select", w)) w.tabIndex = 0;
      else w.removeAttribute("tabindex");
    }
  }
  addEventListener("resize", reachable);

  // ---- A part of the page is new: by loading, or by htmx.
  function fresh(root) {
    reachable();
    localTimes(root);
    if (keys && keys.parseRequestOptionsFromJSON) for (const b of $$("[data-passkey]", root)) b.disabled = false;
    if (root !== panel) row = -1;
    for (const f of $$("form[data-select]", root)) selection(f);
    for (const c of $$("[data-chart]", root)) draw(c);
    for (const f of $$("form[data-confirm] button", root)) f.disabled = true;
    const bad = $("[data-focus]", root);
    if (bad) bad.focus();
  }
  const open = $("#keys-open");
  if (open) open.hidden = false;
  fresh(document);
  // A page that renews itself waits while somebody has opened a part of it to write in.
  document.addEventListener("htmx:beforeRequest", (e) => {
    if (e.detail.elt.matches("[hx-trigger^=every]") && $("details[open]", e.detail.elt)) e.preventDefault();
  });
  document.addEventListener("htmx:afterSwap", (e) => fresh(e.detail.target === panel ? panel : e.detail.elt && e.detail.elt.isConnected ? e.detail.elt.parentElement || document : document));
})();
