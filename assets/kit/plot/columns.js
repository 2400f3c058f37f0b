/* A columnar series: one Float64Array a column, with a pyramid of halvings above it.

   A bar has a slot, a whole number that it keeps while it is held. Level k of the pyramid folds 2**k neighbouring slots
   into one value by the column's operation, so that a column of pixels is one read at any zoom, and the largest of a
   range takes a few. The groups lie at multiples of 2**k: bars that come at either end move no group.

   Columns are named; those of a candle are time (ms), open, high, low, close and volume. Prices are in units of `tick`.
   NaN is a gap. Nothing here touches the page. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || Object());
  const plot = (of.plot = of.plot || Object());

  const TOP = 12; // levels above the bars
  const BLOCK = 1 << TOP;
  const EDGE = 100; // bars at an end by which time goes on beyond it

  /** What stands for two neighbours, the earlier one first. */
  const FOLDS = {
    first: (a, _) => a,
    last: (_, b) => b,
    min: (a, b) => (b < a || a !== a ? b : a),
    max: (a, b) => (b > a || a !== a ? b : a),
    sum: (a, b) => (a !== a ? b : b !== b ? a : a + b),
  };

  const CANDLE = { time: "first", open: "first", high: "max", low: "min", close: "last", volume: "sum" };

  class Columns {
    /** kinds: the operation of each column, "first", "last", "min", "max" or "sum". */
    constructor(kinds = CANDLE) {
      /** Of the prices and volumes: size of a level, decimals of prices and of volumes, ms of a bar (0: they differ), and
          levels in a row. */
      this.tick = 1;
      this.pd = 2;
      this.sd = 0;
      this.ms = 0;
      this.rows = 1;
      this.kinds = { ...kinds };
      this.version = 0; // grows with every change of a bar that is not at the end
      this.clear();
    }

    clear() {
      this.first = 0;
      this.n = 0;
      this.base = 0; // the slot at index 0
      this.levels = Array.from({ length: TOP + 1 }, () => ({}));
      for (const name of Object.keys(this.kinds)) this.make(name, BLOCK);
      this.room = BLOCK;
      this.version++;
    }

    make(name, room) {
      this.levels.forEach((level, k) => (level[name] = new Float64Array(room >> k)));
    }

    /** Slot of the newest bar; one before `first` when there is none. */
    get last() {
      return this.first + this.n - 1;
    }

    /** A value by its slot; undefined where no bar is held. */
    at(name, slot) {
      return slot >= this.first && slot <= this.last ? this.levels[0][name][slot - this.base] : undefined;
    }

    /** Everything anew: {name: values}, arrays of one length, oldest first. */
    set(batch, first = 0) {
      this.clear();
      this.first = first;
      this.write(first, batch, 0, batch.time.length);
    }

    /** Put older bars in front; those that are not older than the first one held are left out. Returns how many came. */
    prepend(batch) {
      if (!this.n) this.set(batch);
      const held = this.at("time", this.first);
      let count = 0;
      while (count < batch.time.length && batch.time[count] < held) count++;
      this.write(this.first - count, batch, 0, count);
      this.version++;
      return count;
    }

    /** Put later bars at the end; a bar of a time that is held replaces it. */
    append(batch) {
      const { time } = batch,
        { n } = this;
      if (!n) return this.set(batch, this.first);
      if (!time.length) return;
      const from = this.slotFrom(time[0]);
      let at = 0;
      while (at < time.length && (from + at > this.last || this.at("time", from + at) === time[at])) at++;
      if (at < time.length) return this.merge(batch);
      if (from < this.last) this.version++;
      this.write(from, batch, 0, time.length);
    }

    /** Bars between those held: slots before the last one keep their number. */
    merge(batch) {
      const rows = new Map(),
        names = Object.keys(this.kinds);
      for (let slot = this.first; slot <= this.last; slot++)
        rows.set(this.at("time", slot), (name) => this.at(name, slot));
      batch.time.forEach((time, i) => {
        const before = rows.get(time) || (() => NaN);
        rows.set(time, (name) => (batch[name] ? batch[name][i] : before(name)));
      });
      const sorted = [...rows].sort((a, b) => a[0] - b[0]).map((pair) => pair[1]);
      this.set(Object.fromEntries(names.map((name) => [name, sorted.map((row) => row(name))])), this.first);
    }

    /** Write rows of a batch at a slot and those after it. A column that the batch has not keeps what it has. */
    write(slot, batch, from, to) {
      const count = to - from;
      if (count <= 0) return;
      const held = this.last,
        end = slot + count - 1;
      this.reserve(Math.min(slot, this.n ? this.first : slot), Math.max(end, this.n ? held : end));
      for (const name of Object.keys(this.kinds)) {
        const column = this.levels[0][name],
          values = batch[name];
        for (let i = 0; i < count; i++) {
          const at = slot + i;
          if (values) column[at - this.base] = values[from + i];
          else if (!this.n || at < this.first || at > held) column[at - this.base] = NaN;
        }
      }
      const first = this.n ? Math.min(this.first, slot) : slot;
      this.n = (this.n ? Math.max(held, end) : end) - first + 1;
      this.first = first;
      this.fold(slot, end, Object.keys(this.kinds));
    }

    /** Make room for the slots from one to another. */
    reserve(from, to) {
      if (from >= this.base && to < this.base + this.room) return;
      const spare = this.n >> 1, // what is copied now need not be copied soon
        low = Math.floor((from - (from < this.base ? spare : 0)) / BLOCK) * BLOCK,
        high = Math.ceil((to + 1 + (to >= this.base + this.room ? spare : 0)) / BLOCK) * BLOCK,
        [base, levels, start, end] = [this.base, this.levels, this.first - this.base, this.last + 1 - this.base];
      this.base = low;
      this.room = high - low;
      this.levels = levels.map(() => ({}));
      for (const name of Object.keys(this.kinds)) {
        this.make(name, this.room);
        if (!this.n) continue;
        levels.forEach((level, k) => {
          const part = level[name].subarray(start >> k, ((end - 1) >> k) + 1);
          this.levels[k][name].set(part, ((base - low) >> k) + (start >> k));
        });
      }
    }

    /** Bring the pyramid up to date after a change of the slots from one to another. */
    fold(from, to, names) {
      for (let k = 1; k <= TOP; k++) {
        const first = (this.first - this.base) >> (k - 1),
          last = (this.last - this.base) >> (k - 1),
          a = (from - this.base) >> k,
          b = (to - this.base) >> k;
        for (const name of names) {
          const fold = FOLDS[this.kinds[name]],
            below = this.levels[k - 1][name],
            column = this.levels[k][name];
          for (let i = a, j = 2 * a; i <= b; i++, j += 2)
            column[i] = j < first ? below[j + 1] : j + 1 > last ? below[j] : fold(below[j], below[j + 1]);
        }
      }
    }

    /** Add or replace a column: values of the bars held, oldest first. */
    put(name, kind, values) {
      this.kinds[name] = kind;
      this.make(name, this.room);
      const column = this.levels[0][name];
      for (let i = 0; i < this.n; i++) column[this.first - this.base + i] = i < values.length ? values[i] : NaN;
      if (this.n) this.fold(this.first, this.last, [name]);
    }

    drop(name) {
      delete this.kinds[name];
      for (const level of this.levels) delete level[name];
    }

    /** The level at which a group is at least `least` px wide, for slots of so many px. */
    level(perSlot, least) {
      let k = 0;
      while (k < TOP && perSlot * 2 ** k < least) k++;
      return k;
    }

    /** The groups of a level that slots from one to another lie in: {k, columns, a, b (indices), slot(i): of its middle}. */
    groups(k, from, to) {
      const size = 2 ** k,
        a = (Math.max(from, this.first) - this.base) >> k,
        b = (Math.min(to, this.last) - this.base) >> k,
        middle = this.base + (size - 1) / 2;
      return { k, size, columns: this.levels[k], a, b: this.n ? b : a - 1, slot: (i) => middle + i * size };
    }

    /** The least, largest or sum of a column over the slots from one to another; NaN when none is held. */
    over(name, from = this.first, to = this.last) {
      const fold = FOLDS[this.kinds[name]];
      let a = Math.max(from, this.first) - this.base,
        b = Math.min(to, this.last) - this.base,
        found = NaN;
      for (let k = 0; a <= b; k++, a >>= 1, b >>= 1) {
        const column = this.levels[k][name];
        if (k === TOP) {
          for (; a <= b; a++) found = fold(found, column[a]);
          break;
        }
        if (a & 1) found = fold(found, column[a++]);
        if (!(b & 1) && a <= b) found = fold(found, column[b--]);
      }
      return found;
    }

    /** First slot whose time is not before `time`; one after the last when there is none. */
    slotFrom(time) {
      let low = this.first,
        high = this.last + 1;
      const column = this.levels[0].time;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (column[middle - this.base] < time) low = middle + 1;
        else high = middle;
      }
      return low;
    }

    /** Epoch ms of a (fractional) slot; beyond the ends it goes on at the spacing of the bars there. */
    timeOfSlot(slot) {
      const { first, last } = this;
      if (!this.n) return NaN;
      if (slot <= first) return this.at("time", first) + (slot - first) * this.spacing(first, first + EDGE - 1);
      if (slot >= last) return this.at("time", last) + (slot - last) * this.spacing(last - EDGE + 1, last);
      const low = Math.floor(slot),
        time = this.at("time", low);
      return time + (slot - low) * (this.at("time", low + 1) - time);
    }

    /** The (fractional) slot of an epoch ms; the inverse of `timeOfSlot`. */
    slotOfTime(time) {
      const { first, last } = this;
      if (!this.n) return NaN;
      const [from, to] = [this.at("time", first), this.at("time", last)];
      if (time <= from) return first + (time - from) / this.spacing(first, first + EDGE - 1);
      if (time >= to) return last + (time - to) / this.spacing(last - EDGE + 1, last);
      const slot = this.slotFrom(time),
        at = this.at("time", slot);
      if (at === time) return slot;
      const before = this.at("time", slot - 1);
      return slot - 1 + (time - before) / (at - before);
    }

    /** Milliseconds of one slot: of bars of one length that, else the mean of the bars from one slot to another. */
    spacing(from = this.first, to = this.last) {
      if (this.ms) return this.ms;
      const a = Math.max(from, this.first),
        b = Math.min(to, this.last);
      return b > a ? Math.max(1, (this.at("time", b) - this.at("time", a)) / (b - a)) : 60000;
    }

    /** The newest bar as {time, open, high, low, close}, or null. */
    get newest() {
      return this.bar(this.last);
    }

    /** The bar in a slot as {name: value of each column}, or null. */
    bar(slot) {
      const names = Object.keys(this.kinds);
      return this.at("time", slot) === undefined
        ? null
        : Object.fromEntries(names.map((name) => [name, this.at(name, slot)]));
    }
  }

  plot.Columns = Columns;
})(window);
