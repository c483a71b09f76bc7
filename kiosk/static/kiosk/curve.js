// The power of a transaction over its time: the station's own samples, and what was read since the last of them.

import { Component, h } from "./preact/preact.mjs";

const ASK_EVERY_MS = 10000;
const MOST_SINCE = 60;
// A canvas knows no custom properties: the theme of the moment is read at each drawing.
const colour = (name) => () => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Asks the station for the curve of the connector that is looked at. The page keeps only what is younger.
export class Samples {
  constructor(address) {
    this.address = address;
    this.transaction = null;
    this.asked_ms = -Infinity;
    this.points = [];
    this.since = [];
  }

  follow(connector) {
    const { transaction, reading } = connector;
    if (transaction?.id !== this.transaction) this.begin(transaction);
    if (!transaction) return;
    if (performance.now() - this.asked_ms >= ASK_EVERY_MS) this.ask(connector.number);
    if (reading && transaction.seconds - this.last() >= 1) {
      this.since = [...this.since, [transaction.seconds, reading.power_w]].slice(-MOST_SINCE);
    }
  }

  begin(transaction) {
    Object.assign(this, { transaction: transaction?.id, asked_ms: -Infinity, points: [], since: [] });
  }

  async ask(number) {
    this.asked_ms = performance.now();
    const answer = await fetch(this.address.replace("/0.", `/${number}.`)).catch(() => null);
    const told = answer?.ok ? await answer.json().catch(() => null) : null;
    if (told?.transaction !== this.transaction) return;
    this.points = told.points;
    const sampled_s = this.points.at(-1)?.[0] ?? 0;
    this.since = this.since.filter(([seconds]) => seconds > sampled_s);
  }

  last() {
    return this.since.at(-1)?.[0] ?? this.points.at(-1)?.[0] ?? -Infinity;
  }

  // -> [[seconds, ...], [kW, ...]], as uPlot wants them
  columns() {
    const all = [...this.points, ...this.since];
    return [all.map(([seconds]) => seconds), all.map(([, power_w]) => power_w / 1000)];
  }
}

export class Curve extends Component {
  componentDidMount() {
    this.plot = new window.uPlot(this.looks(), this.props.columns, this.place);
    this.watching = new ResizeObserver(() => this.plot.setSize(this.size()));
    this.watching.observe(this.place);
  }

  componentDidUpdate() {
    this.plot.setData(this.props.columns);
  }

  componentWillUnmount() {
    this.watching.disconnect();
    this.plot.destroy();
  }

  size() {
    return { width: this.place.clientWidth, height: this.place.clientHeight };
  }

  looks() {
    return {
      ...this.size(), padding: [4, 2, 2, 2], legend: { show: false }, cursor: { show: false }, axes: [{ show: false }, { show: false }],
      // Drawn to a part of the connector's maximum, so that a low limit looks low.
      scales: { x: { time: false }, y: { range: (_plot, _least, most) => [0, Math.max(most, this.props.maximum_kw * 0.25) * 1.1] } },
      series: [{}, { stroke: colour("--flow"), width: 2.5, fill: colour("--flow-soft"), points: { show: false }, spanGaps: true }],
    };
  }

  render({ caption, columns: [times] }) {
    return h("figure", { class: "curve", "aria-label": caption, "data-points": times.length },
      h("div", { class: "drawn", ref: (place) => { this.place = place ?? this.place; } }),
      h("figcaption", {}, caption));
  }
}
