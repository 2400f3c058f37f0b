/* Where a replay is: a position in the session's time that runs at a velocity, leaves out long pauses, and can be moved.
   Pure: it knows neither clock nor screen. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const replay = (of.replay = of.replay || {});

  const VELOCITIES = [1, 2, 4, 8, 16, 32, 64];
  const PAUSE = 8000; // ms in which nothing happens that are left out
  const KEPT = 1500; // ms of such a pause that are shown before it goes on
  const METER = 5000; // ms that the meter looks back

  /** The first index whose value is above `limit`, in an ascending list. */
  function above(list, limit) {
    let low = 0,
      high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] > limit) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  class Player {
    /** frames: as /herd/frames gives them. */
    constructor(frames, velocity) {
      const times = [...frames.t, ...frames.events.map((event) => event.t)].sort((a, b) => a - b);
      this.frames = frames;
      this.times = times;
      this.begin = times.length ? times[0] : 0;
      this.end = times.length ? times[times.length - 1] : 0;
      this.position = this.begin;
      this.playing = false;
      this.velocity = this.nearest(velocity);
    }

    nearest(velocity) {
      const wanted = Number(velocity) > 0 ? Number(velocity) : 4;
      return VELOCITIES.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
    }

    get over() {
      return this.position >= this.end;
    }

    /** Let `ms` of real time pass; how much of the session's time was left out. */
    advance(ms) {
      if (!this.playing) return 0;
      let left = 0;
      this.position += ms * this.velocity;
      const next = this.times[above(this.times, this.position)];
      const last = this.times[above(this.times, this.position) - 1];
      if (next !== undefined && next - this.position > PAUSE && this.position - (last ?? this.position) >= KEPT) {
        left = next - KEPT - this.position;
        this.position = next - KEPT;
      }
      if (this.over) {
        this.position = this.end;
        this.playing = false;
      }
      return left;
    }

    /** Play or pause; from the beginning when it was at the end. */
    toggle() {
      if (!this.playing && this.over) this.position = this.begin;
      this.playing = !this.playing && this.end > this.begin;
    }

    seek(position) {
      this.position = Math.min(this.end, Math.max(this.begin, position));
    }

    faster(steps) {
      const at = VELOCITIES.indexOf(this.velocity) + steps;
      this.velocity = VELOCITIES[Math.min(VELOCITIES.length - 1, Math.max(0, at))];
    }

    /** How many frames and events are past. */
    past() {
      const { frames, position } = this;
      return [above(frames.t, position), above(frames.events.map((event) => event.t), position)];
    }

    /** Share of what was bought in the last five seconds; null when nothing was traded. */
    meter() {
      const { t, buys, sells } = this.frames;
      let bought = 0,
        sold = 0;
      for (let i = above(t, this.position) - 1; i >= 0 && t[i] > this.position - METER; i--) {
        bought += buys[i];
        sold += sells[i];
      }
      return bought + sold ? bought / (bought + sold) : null;
    }
  }

  Object.assign(replay, { Player, VELOCITIES, above });
})(globalThis);
