/* What the page knows of the game, from the socket's messages. Pure: no element, no clock of its own.

   A snapshot replaces everything; a delta brings what changed. The price's history is kept whole, and thinned only for
   drawing: a session of thirty minutes is 7,200 batches. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const herd = (of.herd = of.herd || {});

  const MARKS = ["news", "round", "dividend", "phase"];
  const FEED = 60;
  const GAP = 600; // ms without a batch after which a change is drawn as a step and no slope
  const LEAD = 5000; // ms of quiet shown before the first thing that happened
  const VALUES = [
    ...["phase", "code", "price", "start", "round", "meter", "n", "news", "buys", "sells", "stats", "leaders"],
    ...["fundamental", "experiment", "bots", "join"],
  ];

  function create() {
    return {
      session: null,
      version: null,
      time: 0,
      t: [], // ms
      p: [],
      feed: [], // newest first
      marks: [], // {t, kind, text}, oldest first
      steps: [], // [ms, fundamental value or null], oldest first
      changed: null, // index of the first price that differs from the first
    };
  }

  /** Take in a message. Returns the names of what changed, or null when the message is not for us. */
  function apply(model, message) {
    if (!message || (message.type !== "snapshot" && message.type !== "delta")) return null;
    const changed = new Set();
    if (message.type === "snapshot") {
      const other = model.session !== message.session;
      Object.assign(model, create(), { session: message.session, steps: other ? [] : model.steps });
      if (!other) changed.add("again");
      for (const key of VALUES) model[key] = null;
      const history = message.history || [];
      model.t = history.map((point) => point[0]);
      model.p = history.map((point) => point[1]);
      model.changed = firstChange(model.p, 0);
      changed.add("snapshot");
    } else if (model.session === null) return null; // nothing to add to
    for (const key of VALUES) {
      if (!(key in message)) continue;
      model[key] = message[key];
      changed.add(key);
    }
    model.version = message.version;
    if (message.time) model.time = message.time;
    if (typeof message.price === "number") add(model, model.time, message.price);
    if ("fundamental" in message) step(model, model.time, message.fundamental);
    if (message.feed && message.feed.length) {
      happen(model, message.feed);
      changed.add("feed");
    }
    return changed;
  }

  function firstChange(p, from) {
    for (let i = Math.max(1, from); i < p.length; i++) if (p[i] !== p[0]) return i;
    return null;
  }

  /** The price at a time. Times that do not advance replace the last point. */
  function add(model, time, price) {
    const { t, p } = model,
      last = t.length - 1;
    if (last >= 0 && time <= t[last]) {
      p[last] = price;
    } else {
      if (last >= 0 && time - t[last] > GAP && p[last] !== price) {
        t.push(time - 1);
        p.push(p[last]);
      }
      t.push(time);
      p.push(price);
    }
    if (model.changed === null && price !== p[0]) model.changed = p.length - 1;
  }

  function step(model, time, value) {
    const last = model.steps[model.steps.length - 1];
    if ((last ? last[1] : null) !== value) model.steps.push([time, value]);
  }

  const same = (a, b) => a.kind === b.kind && a.text === b.text && a.t === b.t;

  /** New events, in any order. */
  function happen(model, events) {
    for (const event of events) {
      if (model.feed.some((known) => same(known, event))) continue;
      model.feed.unshift(event); // of one time, the one told last comes first
      if (MARKS.includes(event.kind)) mark(model, event);
    }
    model.feed.sort((a, b) => b.t - a.t);
    model.feed.length = Math.min(model.feed.length, FEED);
  }

  function mark(model, event) {
    if (model.marks.some((known) => same(known, event))) return;
    model.marks.push(event);
    model.marks.sort((a, b) => a.t - b.t);
  }

  /** What the session's record has of the time before the page was there: events, the fundamental value's course. */
  function recall(model, record) {
    if (record.session !== model.session) return false;
    for (const event of record.events || []) if (MARKS.includes(event.kind)) mark(model, event);
    const values = record.fundamental;
    if (values && values.length) {
      const steps = [];
      let last = null;
      values.forEach((value, i) => {
        if (value !== last) steps.push([record.t[i], value]);
        last = value;
      });
      const from = steps.length ? record.t[record.t.length - 1] : -Infinity;
      model.steps = [...steps, ...model.steps.filter(([t, value]) => t > from && value !== last)];
    }
    return true;
  }

  /** Where the picture begins: a little before the first thing that happened, so that a long wait takes no room. */
  function origin(model, now) {
    if (!model.t.length) return now;
    const first = model.t[0];
    const moved = model.changed === null ? Infinity : model.t[Math.max(0, model.changed - 1)];
    const marked = model.marks.find((event) => event.kind !== "phase");
    const begun = Math.min(moved, marked ? marked.t : Infinity);
    return Math.max(first, (begun === Infinity ? now - 30000 : begun) - LEAD);
  }

  /** At most about 4 points for each of `buckets` equal spans between two times: first, lowest, highest and last, so
      that no peak is lost. Returns {x, y}, x in seconds after `zero`. */
  function thin(t, p, from, to, buckets, zero) {
    const x = [],
      y = [];
    let i = 0,
      high = t.length;
    while (i < high) {
      // the first point at or after `from`
      const middle = (i + high) >> 1;
      if (t[middle] < from) i = middle + 1;
      else high = middle;
    }
    if (i > 0) {
      x.push((from - zero) / 1000);
      y.push(p[i - 1]);
    }
    const width = Math.max(1, (to - from) / buckets);
    const put = (k) => {
      x.push((t[k] - zero) / 1000);
      y.push(p[k]);
    };
    const bucket = (k) => Math.floor((t[k] - from) / width);
    while (i < t.length && t[i] <= to) {
      const number = bucket(i), // compared as such: a bucket's end in ms is rounded and may be the point itself
        first = i;
      let low = i,
        top = i;
      while (i < t.length && t[i] <= to && bucket(i) === number) {
        if (p[i] < p[low]) low = i;
        if (p[i] > p[top]) top = i;
        i++;
      }
      const last = i - 1;
      const chosen = [first, Math.min(low, top), Math.max(low, top), last];
      chosen.forEach((k, n) => {
        if (n === 0 || k !== chosen[n - 1]) put(k);
      });
    }
    return { x, y };
  }

  /** The price some time before the last one, for "which way is it going". */
  function before(model, ms) {
    const until = model.t[model.t.length - 1] - ms;
    for (let i = model.t.length - 1; i >= 0; i--) if (model.t[i] <= until) return model.p[i];
    return model.p[0];
  }

  /** What the room should see: "wait" (nothing known), "join" (nobody there, or the lobby), "play", "over". */
  function scene(model) {
    if (model.session === null) return "wait";
    if (model.phase === "ended") return "over";
    const machines = Object.values(model.bots || {}).reduce((a, b) => a + b, 0);
    if (model.phase === "lobby") return "join";
    return model.n || machines || model.changed !== null ? "play" : "join";
  }

  herd.model = { create, apply, recall, add, origin, thin, before, scene };
})(globalThis);
