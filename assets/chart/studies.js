/* Point of control and value area of a ladder, for the profiles that only the page knows (the visible range).

   Bars come marked by the server, under the options that the reader chose; these two follow the same rules, and a test
   holds both to the same answers. Rows are given as ascending row numbers with their volumes; a row that is absent between
   the first and the last counts as zero. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});

  /** Index of the row of most volume; ties: nearest to the middle, then larger |delta|, then lower. */
  function poc(row, bid, ask, unknown) {
    let best = 0,
      most = -1,
      away = 0,
      delta = 0;
    const twice = row[0] + row[row.length - 1];
    for (let i = 0; i < row.length; i++) {
      const volume = bid[i] + ask[i] + (unknown ? unknown[i] : 0);
      if (volume < most) continue;
      const distance = Math.abs(2 * row[i] - twice),
        size = Math.abs(ask[i] - bid[i]);
      if (volume > most || distance < away || (distance === away && size > delta)) {
        best = i;
        most = volume;
        away = distance;
        delta = size;
      }
    }
    return best;
  }

  /** [low, high] indices of the value area around index `at`: grow by the larger of the next `step` rows above and
      below, ties up, until `share` percent is inside. */
  function valueArea(row, volume, at, share, step) {
    const n = row.length;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += volume[i];
    const goal = share * sum;
    let held = 100 * volume[at],
      top = row[at],
      bottom = row[at],
      up = at + 1,
      down = at - 1;
    while (held < goal) {
      let above = 0,
        nextUp = up,
        below = 0,
        nextDown = down;
      while (nextUp < n && row[nextUp] <= top + step) above += volume[nextUp++];
      while (nextDown >= 0 && row[nextDown] >= bottom - step) below += volume[nextDown--];
      if (up < n && (above >= below || down < 0)) {
        // nothing in reach on the side that wins: go on to where the next row is, in whole steps
        if (nextUp === up) top += Math.floor((row[up] - top - 1) / step) * step;
        else {
          top += step;
          up = nextUp;
          held += 100 * above;
        }
      } else if (down >= 0) {
        if (nextDown === down) bottom -= Math.floor((bottom - row[down] - 1) / step) * step;
        else {
          bottom -= step;
          down = nextDown;
          held += 100 * below;
        }
      } else break;
    }
    let low = down + 1,
      high = up - 1;
    while (high > at && !volume[high]) high--;
    while (low < at && !volume[low]) low++;
    return [low, high];
  }

  of.studies = { poc, valueArea };
})(globalThis);
