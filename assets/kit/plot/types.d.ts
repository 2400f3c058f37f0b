/* Contract of a plot of candles, version 1, stable. Checked by tsc, loaded by no page.

   A page creates it on an element that has a size of its own; the element gets the canvases, Plotly, a legend and the
   overview. Before the first plot: Object.assign(of.plot.theme.known, {schemes, pairs}) of layouts/chart_colours.py. The
   style sheet is kit/plot/plot.css. What keys and buttons ask of it is `of.plot.actions[name](plot, argument, shift)`:
   live, auto, pan (-1, 1), zoom (factor), tool ("line", "rect", "erase", null), undo, clear. `of.plot.link.join([plot, …])`
   lets plots show one time, at first that of the first one with bars, and mark each other's pointer. */

interface PlotLibrary {
  create(element: HTMLElement, config?: PlotConfig): Plot;
}

interface PlotConfig extends Partial<Pick<PlotChoice, "pair" | "zone">> {
  /** Names of the panes below the prices that studies may use, from the top: all there will ever be. */
  panes?: string[];
  /** For screen readers. */
  label?: string;
  /** Where drawings are kept by the series' key; without it in localStorage. */
  drawings?: { load(key: string): Drawing[]; save(key: string, list: Drawing[]): void };
  events?: PlotEvents;
}

interface PlotEvents {
  /** The view has come to rest. */
  view?(range: PlotRange): void;
  /** The view comes near the first bar held, whose time (ms) this is, and there are older ones. */
  older?(time: number): void;
  hover?(bar: PlotBar | null): void;
  /** A mark was clicked: the rows of its signals. */
  signal?(rows: number[]): void;
  tool?(name: string | null): void;
  drawn?(): void;
}

interface Plot {
  /** A series anew. */
  set(series: PlotSeries): void;
  /** Older bars, at the event `older`. more: whether there are older ones still. */
  prepend(bars: PlotBars, more?: boolean): void;
  /** The forming bar, changed bars and later ones, by time. */
  append(bars: PlotBars): void;
  /** All studies, anew. */
  studies(list: PlotStudy[]): void;
  signals(rows: PlotSignals): void;
  choose(changes: Partial<PlotChoice>): void;
  place(range: PlotRange): void;
  /** What `place` takes to come back here. */
  readonly range: PlotRange;
  /** Save a picture. words: of the file's name. */
  png(caption: { title: string; small: string; right: string }, words: string[]): Promise<void>;
  /** After a change of the theme. */
  recolour(): void;
  close(): void;
}

interface PlotSeries {
  /** Names the series: drawings are kept under it, and the view stays where it is while the key does. */
  key: string;
  title?: string;
  /** Size and decimals of a price, and decimals of volumes. */
  tick: number;
  pd: number;
  sd?: number;
  /** Of a bar; 0 where they differ. */
  ms?: number;
  bars: PlotBars;
  /** Are there older bars to ask for? */
  more?: boolean;
  /** When bars go on after a gap, ms: a dashed line stands before these bars. */
  gaps?: number[];
}

type PlotValues = ArrayLike<number | null>;

/** Arrays of one length, oldest first: times in ms, prices and volumes as numbers, NaN or null for none; and by its name
    each study's values of these bars, if it is to go on. */
interface PlotBars {
  time: ArrayLike<number>;
  open: PlotValues;
  high: PlotValues;
  low: PlotValues;
  close: PlotValues;
  volume?: PlotValues;
  [study: string]: PlotValues | undefined;
}

interface PlotStudy {
  name: string;
  label?: string;
  /** "price" (default) or one of the plot's panes. */
  pane?: string;
  /** "bars" begin at zero; they have `colour` upwards and `fall` downwards. */
  kind?: "line" | "bars";
  /** Of all bars held, NaN or null for none. */
  values: PlotValues;
  /** Colours are CSS; the default is the theme's. */
  colour?: string;
  fall?: string;
  width?: number;
  dash?: number[];
  /** Of the pane's first study: decimals, and values of dashed rules. */
  decimals?: number;
  guides?: number[];
}

/** Arrays of one length, the earliest first; all but the time may be missing, or null in a row. */
interface PlotSignals {
  time: number[];
  /** 1 stands under its bar and points upwards, -1 above it and downwards. */
  side?: (number | null)[];
  type?: (string | null)[];
  price?: (number | null)[];
  label?: (string | null)[];
  color?: (string | null)[];
  /** One of `of.plot.ICONS`. */
  icon?: (string | null)[];
}

interface PlotChoice {
  kind: "candles" | "line" | "heikin";
  /** Logarithmic is linear where a price is not above 0; percent is of the first visible close. */
  scale: "linear" | "log" | "percent";
  volume: boolean;
  pair: "blue" | "green";
  zone: "utc" | "local";
}

/** {from, to, y}: times (ms) and prices; {from}: around a time; {bars}: so many of the newest; {}: the first view. */
interface PlotRange {
  from?: number;
  to?: number;
  y?: [number, number];
  bars?: number;
}

interface PlotBar {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** Values by name. */
  studies: Record<string, number>;
}

interface Drawing {
  type: "line" | "rect";
  /** "y", or the axis of its pane. */
  axis: string;
  /** Times (ms), and prices or values of the pane. */
  t0: number;
  t1: number;
  y0: number;
  y1: number;
}

/** What a chart that extends the Controller says of what it shows. */
interface PlotShown {
  /** The Columns shown. */
  readonly series: any;
  /** The bar with the last price. */
  readonly newest: { time: number; open: number; high: number; low: number; close: number } | null;
  /** What drawings are kept under. */
  readonly key: string;
  /** Of the times. */
  readonly zone: "utc" | "local";
  colours(): any;
  /** The panes below the prices, from the top, as `axes.arrange` has them. */
  lower(): { name: string; px?: number; most?: number }[];
  /** Axes of the lower panes for the visible slots, by name. */
  scales(from: number, to: number): Record<string, { range: number[]; values: number[]; texts: string[] }>;
  /** Choose the first view, until the reader zooms or goes elsewhere. */
  open(): void;
  /** Paint everything below Plotly's layers. */
  paint(ctx: CanvasRenderingContext2D): void;
  /** Fill the card beside the pointer; false when there is nothing to say. */
  readout(node: HTMLElement, hit: any): boolean;
}
