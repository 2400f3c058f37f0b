/* What the chart's scripts hold. Loaded by no page.

   The keys of a bar are those of orderflow/market/chart_json.py; `derive` of model.js adds what drawing needs, once per
   changed bar. Of an answer `run` lists [t, q, w] of bars that a late tick in an earlier bar moved. */

interface ChartModel {
  epoch: string | null;
  rev: number;
  symbol: string | null;
  frame: string | null;
  /** Of a bar; 0 where they differ. */
  ms: number;
  /** Size and decimals of a price, and decimals of sizes. */
  tick: number;
  pd: number;
  sd: number;
  /** Levels in a row, and those that the server would choose. */
  rows: number;
  auto: number;
  /** Always a run of the log without a gap. The live model's run ends with the newest bar. */
  bars: object[];
  /** Slot of the first bar. */
  first: number;
  /** Older bars were put in front. */
  deep: boolean;
  /** A window is a model of older bars; this is the live model that goes on beside it. */
  live: ChartModel | null;
  /** How many bars of the log come before the first of a window; null: not known. */
  before: number | null;
  /** Are there bars at either side? */
  more: { before: boolean; after: boolean };
  /** What the painters of marks.js draw. */
  studies: Record<string, unknown>;
  /** The marks of the volume profile, and of a session its rows. */
  profile: { marks: number[]; span: object; ladder: object } | null;
  stats: Record<string, unknown>;
  /** Grows with every change of a bar that is not the last. */
  sealed: number;
}
