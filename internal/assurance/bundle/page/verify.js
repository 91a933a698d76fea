
"use strict";
// Checks a bundle of the form triward-bundle/1: the canonical ZIP archive, the manifest and its signature, the digest of
// every file, the signed checkpoint, every inclusion proof, every signed statement, and the time stamps of authorities
// whose certificate is in the bundle.
(() => {
  const text = new TextDecoder("utf-8", { fatal: true });
  const bytes = s => new TextEncoder().encode(s);
  const hex = b => Array.from(b, x => x.toString(16).padStart(2, "0")).join("");
  const sha256 = async b => new Uint8Array(await crypto.subtle.digest("SHA-256", b));
  const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
  const base64 = s => Uint8Array.from(atob(s), c => c.charCodeAt(0));
  const join = (...parts) => {
    const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of parts) { out.set(p, at); at += p.length; }
    return out;
  };

  // --- the archive (APPNOTE 6.3.10, stored entries, one date, nothing optional) ---
  const LOCAL = 30, CENTRAL = 46;
  const table = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n >>> 0;
  });
  const crc32 = b => {
    let c = 0xffffffff;
    for (let i = 0; i < b.length; i++) c = table[(c ^ b[i]) & 255] ^ (c >>> 8);
    return (c ^ 0xffffffff) >>> 0;
  };
  const little = (...fields) => {
    const out = new Uint8Array(fields.reduce((n, f) => n + f[1], 0));
    let at = 0;
    for (const [value, size] of fields) {
      for (let i = 0; i < size; i++) out[at++] = (value / 2 ** (8 * i)) & 255;
    }
    return out;
  };
  const shared = e => [[10, 2], [0, 2], [0, 2], [0, 2], [0x21, 2], [e.crc, 4], [e.body.length, 4], [e.body.length, 4], [e.name.length, 2], [0, 2]];
  const localHeader = e => join(little([0x04034b50, 4], ...shared(e)), bytes(e.name));
  const centralHeader = e => join(little([0x02014b50, 4], [10, 2], ...shared(e), [0, 2], [0, 2], [0, 2], [0, 4], [e.at, 4]), bytes(e.name));
  const goodName = n => n.length <= 300 && /^[A-Za-z0-9._\/-]+$/.test(n) && n.split("/").every(p => p.replace(/\./g, "") !== "");
  const differs = (a, b) => {
    const n = Math.min(a.length, b.length);
    for (let i = 0; i < n; i++) if (a[i] !== b[i]) return i;
    return a.length === b.length ? -1 : n;
  };

  function unpack(b, fault) {
    const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
    const entries = [];
    let at = 0;
    while (b.length - at >= 4 && view.getUint32(at, true) === 0x04034b50) {
      const number = `header of file number ${entries.length + 1} of the archive`;
      if (b.length - at < LOCAL) { fault(number, "the archive ends in it"); return entries; }
      const size = view.getUint32(at + 22, true), length = view.getUint16(at + 26, true);
      if (length === 0 || length > 300 || b.length - at - LOCAL < length) { fault(number, `the name would have ${length} bytes`); return entries; }
      const name = Array.from(b.subarray(at + LOCAL, at + LOCAL + length), c => String.fromCharCode(c)).join("");
      if (!goodName(name)) { fault(number, "the name has characters that no file of a bundle has"); return entries; }
      const from = at + LOCAL + length;
      if (b.length - from < size) { fault("header of " + name, `the content would have ${size} bytes`); return entries; }
      const e = { name, at, body: b.subarray(from, from + size) };
      e.crc = crc32(e.body);
      const i = differs(b.subarray(at, from), localHeader(e));
      if (i >= 0) fault("header of " + name, `byte ${at + i} is not what its content and the form ask for`);
      if (entries.length && entries[entries.length - 1].name >= name) fault(name, "it stands twice or out of order");
      entries.push(e);
      at = from + size;
    }
    const central = entries.map(centralHeader);
    const directory = join(...central);
    const want = join(directory, little([0x06054b50, 4], [0, 2], [0, 2], [entries.length, 2], [entries.length, 2], [directory.length, 4], [at, 4], [0, 2]));
    const got = b.subarray(at), i = differs(got, want);
    if (i >= 0 && got.length !== want.length && (got.length < 4 || view.getUint32(at, true) !== 0x02014b50)) {
      fault(`header of file number ${entries.length + 1} of the archive`, `byte ${at} does not begin a file`);
    } else if (i >= 0) {
      let where = "end of the archive", pos = 0;
      for (let n = 0; n < entries.length; n++) {
        pos += central[n].length;
        if (i < pos) { where = "directory entry of " + entries[n].name; break; }
      }
      fault(where, got.length !== want.length && i === Math.min(got.length, want.length)
        ? `the archive has ${b.length} bytes, its files ask for ${at + want.length}` : `byte ${at + i} is not what the files ask for`);
    }
    return entries;
  }

  // --- keys, envelopes, notes ---
  async function openKey(line) {
    const parts = line.split("+");
    if (parts.length < 3) throw new Error("this is not a key");
    const raw = base64(parts.slice(2).join("+"));
    if (raw.length !== 33 || raw[0] !== 1) throw new Error("this is not an Ed25519 key");
    const hash = (await sha256(join(bytes(parts[0] + "\n"), raw))).subarray(0, 4);
    if (hex(hash) !== parts[1]) throw new Error("the key does not have the hash in its text");
    return { name: parts[0], hash, key: await crypto.subtle.importKey("raw", raw.subarray(1), { name: "Ed25519" }, false, ["verify"]) };
  }
  const checked = (key, sig, message) => crypto.subtle.verify({ name: "Ed25519" }, key.key, sig, message);

  const openEnvelope = async (body, keys) => (await unseal(body, keys)).payload;
  async function unseal(body, keys) {
    let e;
    try { e = JSON.parse(text.decode(body)); } catch { throw new Error("it is not a signed envelope"); }
    if (typeof e.payloadType !== "string" || typeof e.payload !== "string" || !Array.isArray(e.signatures)) throw new Error("it is not a signed envelope");
    const payload = base64(e.payload), type = bytes(e.payloadType);
    const message = join(bytes(`DSSEv1 ${type.length} `), type, bytes(` ${payload.length} `), payload);
    for (const s of e.signatures) {
      for (const k of keys) {
        if (await checked(k, base64(s.sig), message)) return { payload: JSON.parse(text.decode(payload)), sig: base64(s.sig) };
      }
    }
    throw new Error("the envelope was changed, or another key signed it");
  }

  async function openCheckpoint(note, key) {
    const cut = note.lastIndexOf("\n\n");
    const signed = note.slice(0, cut + 1), lines = signed.split("\n");
    if (cut < 0 || lines[0] !== key.name) throw new Error("it is not a checkpoint of this journal");
    for (const line of note.slice(cut + 2).split("\n")) {
      const prefix = "— " + key.name + " ";
      if (!line.startsWith(prefix)) continue;
      const sig = base64(line.slice(prefix.length));
      if (same(sig.subarray(0, 4), key.hash) && await checked(key, sig.subarray(4), bytes(signed))) {
        return { size: Number(lines[1]), root: base64(lines[2]) };
      }
    }
    throw new Error("it was changed, or another key signed it");
  }

  // --- inclusion proofs (RFC 6962 2.1; the way of checking is that of RFC 9162 2.1.3.2) ---
  async function included(leaf, index, head, path) {
    let r = await sha256(join(Uint8Array.of(0), leaf)), fn = index, sn = head.size - 1;
    if (index < 0 || index >= head.size) return false;
    const half = n => Math.floor(n / 2);
    for (const p of path) {
      if (sn === 0) return false;
      if (fn % 2 === 1 || fn === sn) {
        r = await sha256(join(Uint8Array.of(1), p, r));
        while (fn % 2 === 0 && fn !== 0) { fn = half(fn); sn = half(sn); }
      } else {
        r = await sha256(join(Uint8Array.of(1), r, p));
      }
      fn = half(fn); sn = half(sn);
    }
    return sn === 0 && same(r, head.root);
  }

  function readLeaf(leaf) {
    const domain = bytes("triward journal entry v1\n");
    if (!same(leaf.subarray(0, domain.length), domain)) throw new Error("it does not hold a journal entry");
    const view = new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength);
    let at = domain.length;
    const number = () => { const n = Number(view.getBigUint64(at)); at += 8; return n; };
    const field = () => { const n = number(), f = leaf.subarray(at, at + n); if (f.length !== n) throw new Error("its journal entry is cut"); at += n; return f; };
    const seq = number();
    number();
    const fields = Array.from({ length: 8 }, field);
    if (at !== leaf.length) throw new Error("something follows its journal entry");
    return { seq, digest: fields[6] };
  }

  async function checkProof(body, checkpoint, head) {
    const p = JSON.parse(text.decode(body));
    if (p.format !== "triward-journal-proof/1") throw new Error("its format is not known");
    if (p.checkpoint !== checkpoint) throw new Error("it is of another checkpoint");
    const leaf = base64(p.leaf), entry = readLeaf(leaf);
    if (entry.seq !== p.entry) throw new Error("it is not of the entry that it names");
    if (!await included(leaf, p.entry - 1, head, p.path.map(base64))) throw new Error(`entry ${p.entry} is not in the journal of ${head.size} entries`);
    if (p.body || p.salt) {
      const digest = await sha256(join(base64(p.salt || ""), base64(p.body || "")));
      if (!same(digest, entry.digest)) throw new Error(`the body is not that of entry ${p.entry}`);
    }
  }

  // --- time stamps (RFC 3161 in RFC 5652; DER of X.690) ---
  function der(b, at = 0) {
    let n = b[at + 1], from = at + 2;
    if (n > 0x82 || n === 0x80) throw new Error("the time stamp cannot be read");
    if (n > 0x80) { const more = n & 3; n = 0; for (let i = 0; i < more; i++) n = n * 256 + b[from++]; }
    if (!(from + n <= b.length)) throw new Error("the time stamp is cut");
    return { tag: b[at], body: b.subarray(from, from + n), all: b.subarray(at, from + n), end: from + n };
  }
  function parts(v) {
    const out = [];
    for (let at = 0; at < v.body.length;) { const p = der(v.body, at); out.push(p); at = p.end; }
    return out;
  }
  const hashes = { "608648016503040201": "SHA-256", "608648016503040202": "SHA-384", "608648016503040203": "SHA-512" };
  const curves = { "2a8648ce3d030107": ["P-256", 32], "2b81040022": ["P-384", 48] };
  const hashNamed = algorithm => { const h = hashes[hex(parts(algorithm)[0].body)]; if (!h) throw new Error("the time stamp uses a digest that is not trusted"); return h; };
  const digestOf = async (name, b) => new Uint8Array(await crypto.subtle.digest(name, b));

  // readCertificate is what names a certificate, and its key (RFC 5280 4.1).
  function readCertificate(pem) {
    const all = der(base64(pem.replace(/-----[^-]*-----/g, "").replace(/\s/g, ""))), fields = parts(parts(all)[0]);
    const at = fields[0].tag === 0xa0 ? 1 : 0;
    return { serial: fields[at].all, issuer: fields[at + 2].all, key: fields[at + 5] };
  }

  // signedBy checks a signature of CMS with the key of a certificate: ECDSA, or RSA with PKCS #1 v1.5.
  async function signedBy(certificate, hash, sig, message) {
    const algorithm = parts(parts(certificate.key)[0]), curve = algorithm[1] && curves[hex(algorithm[1].body)];
    if (!curve) {
      if (hex(algorithm[0].body) !== "2a864886f70d010101") throw new Error("the time stamp has a kind of key that this page does not know");
      const key = await crypto.subtle.importKey("spki", certificate.key.all, { name: "RSASSA-PKCS1-v1_5", hash }, false, ["verify"]);
      return crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, sig, message);
    }
    const [name, size] = curve, raw = new Uint8Array(2 * size);
    parts(der(sig)).forEach((n, i) => {
      const digits = n.body[0] === 0 ? n.body.subarray(1) : n.body;
      if (i > 1 || digits.length > size) throw new Error("the time stamp was changed");
      raw.set(digits, (i + 1) * size - digits.length);
    });
    const key = await crypto.subtle.importKey("spki", certificate.key.all, { name: "ECDSA", namedCurve: name }, false, ["verify"]);
    return crypto.subtle.verify({ name: "ECDSA", hash }, key, raw, message);
  }

  // checkStamp checks a token over data. False: no certificate of an authority is in the bundle, so that who made it is open.
  async function checkStamp(token, data, certificates) {
    const outer = der(token);
    if (outer.end !== token.length) throw new Error("something follows the time stamp");
    const signed = parts(parts(parts(outer)[1])[0]), info = parts(parts(signed[signed.length - 1])[0]);
    const content = parts(parts(signed[2])[1])[0], stated = parts(parts(der(content.body))[2]);
    if (!same(await digestOf(hashNamed(stated[0]), data), stated[1].body)) throw new Error("the time stamp is of something else");
    const hash = hashNamed(info[2]), attributes = info[3];
    if (attributes.tag !== 0xa0) throw new Error("the time stamp does not say what it signs");
    const digest = parts(attributes).map(parts).find(a => hex(a[0].body) === "2a864886f70d010904");
    if (!digest || !same(parts(digest[1])[0].body, await digestOf(hash, content.body))) throw new Error("the time stamp was changed");
    const [issuer, serial] = parts(info[1]), by = certificates.find(c => same(c.issuer, issuer.all) && same(c.serial, serial.all));
    if (!by && certificates.length) throw new Error("another authority made the time stamp than those whose certificates are in the bundle");
    if (!by) return false;
    const message = attributes.all.slice();
    message[0] = 0x31; // RFC 5652 5.4: signed as a SET
    if (!await signedBy(by, hash, info[5].body, message)) throw new Error("the time stamp was changed, or another authority made it");
    return true;
  }

  const holds = (v, want) => v === want || (v !== null && typeof v === "object" && Object.values(v).some(e => holds(e, want)));

  // --- the whole ---
  async function verify(archive, given) {
    const faults = [], fault = (part, what) => faults.push({ part, what });
    const report = { faults, files: 0, signatures: 0, stamps: 0, unchecked: 0, proofs: 0, sha256: hex(await sha256(archive)), own: !given };
    const bodies = new Map();
    for (const e of unpack(archive, fault)) bodies.set(e.name, e.body);
    const attempt = async (part, work) => { try { await work(); return true; } catch (e) { fault(part, e.message); return false; } };
    const need = name => { const b = bodies.get(name); if (!b) throw new Error("it is missing"); return b; };

    let m;
    if (!await attempt("manifest.json", () => { m = JSON.parse(text.decode(need("manifest.json"))); if (m.format !== "triward-bundle/1") throw new Error("its format is not known"); })) return report;
    report.manifest = m;
    report.key = given || m.journal.verifier;
    let key;
    if (!await attempt("key", async () => { key = await openKey(report.key); })) return report;

    await attempt("manifest.dsse.json", async () => {
      const body = need("manifest.dsse.json"), s = await openEnvelope(body, [key]), e = JSON.parse(text.decode(body));
      const plain = JSON.stringify({ payloadType: "application/vnd.in-toto+json", payload: btoa(atob(e.payload)),
        signatures: [{ keyid: key.name + "+" + hex(key.hash), sig: btoa(atob(e.signatures[0].sig)) }] });
      if (plain !== text.decode(body)) fault("manifest.dsse.json", "it is not written as the form asks for");
      if (s.subject[0].name !== "manifest.json" || s.subject[0].digest.sha256 !== hex(await sha256(bodies.get("manifest.json")))) fault("manifest.json", "it is not the one that was signed");
    });

    const named = new Set(["manifest.json", "manifest.dsse.json"]), digests = new Map(), counts = new Map(), seen = new Set();
    for (const f of m.files) {
      named.add(f.path);
      const once = f.kind + "\n" + f.record;
      if (f.kind !== "part" && f.records > 0) counts.set(f.kind, (counts.get(f.kind) || 0) + f.records);
      else if (f.kind !== "part" && f.record && !seen.has(once)) { seen.add(once); counts.set(f.kind, (counts.get(f.kind) || 0) + 1); }
      const body = bodies.get(f.path);
      if (!body) { fault(f.path, "it is missing"); continue; }
      report.files++;
      const digest = hex(await sha256(body));
      digests.set(f.path, digest);
      if (body.length !== f.size) fault(f.path, `it has ${body.length} bytes, the manifest says ${f.size}`);
      else if (digest !== f.sha256) fault(f.path, "its content is not the one in the manifest");
    }
    for (const name of bodies.keys()) if (!named.has(name)) fault(name, "the manifest does not name it");
    for (const c of m.counts) {
      if (counts.get(c.kind) !== c.records) fault("manifest.json", `it counts ${c.records} records of the kind ${c.kind}, its files are of ${counts.get(c.kind) || 0}`);
      counts.delete(c.kind);
    }
    for (const kind of counts.keys()) fault("manifest.json", `it does not count the records of the kind ${kind}`);

    const keys = [], authorities = [];
    await attempt("keys.json", async () => {
      const list = JSON.parse(text.decode(need("keys.json")));
      for (const k of list) if (k.verifier) keys.push(await openKey(k.verifier));
      for (const k of list) if (k.certificate) authorities.push(readCertificate(k.certificate));
      if (!list.some(k => k.verifier === report.key)) throw new Error("the key that the bundle is checked with is not in it");
    });
    let head, checkpoint = "";
    await attempt("checkpoint.txt", async () => {
      checkpoint = text.decode(need("checkpoint.txt"));
      head = await openCheckpoint(checkpoint, key);
      if (head.size !== m.journal.size || hex(head.root) !== m.journal.root) throw new Error("the manifest is about another checkpoint");
    });
    for (const f of m.files) {
      const body = bodies.get(f.path);
      if (!body) continue;
      if (f.kind === "proof" && head && await attempt(f.path, () => checkProof(body, checkpoint, head))) report.proofs++;
      if (f.kind === "signature" && await attempt(f.path, async () => {
        const payload = await openEnvelope(body, keys);
        if (f.of && !holds(payload, digests.get(f.of))) throw new Error(`it does not sign ${f.of}`);
      })) report.signatures++;
      if (f.kind === "timestamp" && bodies.get(f.of)) {
        let known = false;
        if (await attempt(f.path, async () => { known = await checkStamp(body, (await unseal(bodies.get(f.of), keys)).sig, authorities); })) report[known ? "stamps" : "unchecked"]++;
      }
    }
    for (const r of m.redactions) {
      const body = bodies.get(r.path);
      if (!r.at && body) fault(r.path, "it should have been removed");
      if (r.at && !(body && text.decode(body).includes("sha256:" + r.sha256))) fault(r.path, `the commitment of ${r.at} does not stand in it`);
    }
    return report;
  }

  // --- the page ---
  const el = (name, content, cls) => {
    const e = document.createElement(name);
    if (cls) e.className = cls;
    for (const c of Array.isArray(content) ? content : [content]) e.append(c ?? "");
    return e;
  };
  const grid = (heads, rows) => el("div", el("table", [
    el("thead", el("tr", heads.map(h => { const t = el("th", h); t.scope = "col"; return t; }))),
    el("tbody", rows.map(r => el("tr", r.map(c => el("td", c))))),
  ]), "scroll");
  const card = (cls, verdict, lines) => el("div", [el("p", verdict, "verdict"), ...lines.map(l => el("p", l))], "card " + cls);

  function show(r) {
    const result = document.getElementById("result"), detail = document.getElementById("detail");
    document.body.dataset.state = r.faults.length ? "bad" : "good";
    const n = r.faults.length;
    result.replaceChildren(n
      ? card("bad", n === 1 ? "One thing is wrong" : `${n} things are wrong`, ["Do not rely on this bundle. What was changed is named below."])
      : card("good", "Nothing was changed", [`${r.files} files, ${r.signatures} signatures, ${r.stamps} time stamps and ${r.proofs} proofs were checked.`,
        ...(r.unchecked ? [`${r.unchecked} time stamps are of an authority whose certificate is not in the bundle: what they stamp was compared, who made them was not. Use “triward bundle verify” for that, or a program that knows the authority.`] : []),
        "The seals of PDF files are not checked here: open them in a PDF reader, or use “triward document verify”. Their bytes are those that the manifest names.",
        r.own ? "They were checked with the key inside the bundle: compare it with the one that you got from the organisation." : "They were checked with the key that you gave."]));
    detail.replaceChildren();
    if (n) detail.append(el("h2", "What is wrong"), grid(["Part", "What"], r.faults.map(f => [f.part, f.what])));
    const m = r.manifest;
    if (!m) return;
    const when = t => new Date(t).toISOString().replace("T", " ").slice(0, 19) + " UTC";
    detail.append(el("h2", "What it is"), grid(["", ""], [
      ["Title", m.title], ["From", m.organisation], ["Records as of", when(m.as_of)], ["Made", when(m.made)],
      ["Journal", `${m.journal.size} entries`], ["Key", el("code", r.key || "")], ["SHA-256 of the file", el("code", r.sha256)]]));
    detail.append(el("h2", "Records"), grid(["Kind", "Number"], m.counts.map(c => [c.kind, String(c.records)])));
    if (m.redactions.length) detail.append(el("h2", "Removed parts"), grid(["File", "Place", "Reason"], m.redactions.map(c => [c.path, c.at || "whole file", c.reason])));
    detail.append(el("h2", "Files"), grid(["Line", "Kind", "Title", "Mark", "File"], m.files.map(f => [f.line ? String(f.line) : "", f.kind, f.title || "", f.mark || "", f.path])));
  }

  async function run() {
    const file = document.getElementById("file").files[0], result = document.getElementById("result");
    if (!file) return;
    document.body.dataset.state = "busy";
    result.replaceChildren(card("unknown", "Checking …", []));
    try {
      show(await verify(new Uint8Array(await file.arrayBuffer()), document.getElementById("key").value.trim()));
    } catch (e) {
      document.body.dataset.state = "unknown";
      result.replaceChildren(card("unknown", "It could not be checked", [e.message, "This browser may lack Ed25519 in WebCrypto: use a newer one, or triward bundle verify."]));
    }
  }
  document.getElementById("form").addEventListener("submit", e => { e.preventDefault(); run(); });
  document.getElementById("file").addEventListener("change", run);
  document.getElementById("key").addEventListener("change", run);
})();
