/** The curve drawn once more, for a picture: as fine as one likes, or as the lines and letters of an SVG. */
const GAP = 5; // pixels between a tick and its number

/** @param {any} figure a loss-curve @param {CanvasRenderingContext2D} ctx in the pixels of its own canvas */
export function drawAgain(figure, ctx) {
  const plot = Object.assign(Object.create(figure.plot), { ctx });
  figure.drawBaselines(plot);
  drawAxes(plot);
  for (let i = 1; i < plot.series.length; i++) drawSeries(plot, i);
  figure.drawLabels(plot);
}

function drawAxes({ axes, ctx, bbox, valToPos }) {
  const [bottom, left] = [bbox.top + bbox.height, bbox.left];
  for (const [i, axis] of axes.entries()) {
    const length = axis.ticks.size * devicePixelRatio;
    const gap = length + GAP * devicePixelRatio;
    Object.assign(ctx, { font: axis.font[0], fillStyle: axis.stroke(), strokeStyle: axis.ticks.stroke() });
    Object.assign(ctx, { lineWidth: devicePixelRatio, textAlign: i ? "right" : "center" });
    ctx.textBaseline = i ? "middle" : "top";
    ctx.setLineDash([]);
    for (const [k, split] of axis._splits.entries()) {
      const at = valToPos(split, axis.scale, true);
      const [x, y] = i ? [left, at] : [at, bottom];
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(i ? x - length : x, i ? y : y + length);
      ctx.stroke();
      ctx.fillText(axis._values[k], i ? x - gap : x, i ? y : y + gap);
    }
  }
}

function drawSeries({ series, data, ctx, bbox, valToPos }, i) {
  const { width, dash, stroke, points } = series[i];
  const drawn = data[0].map((x, k) => [x, data[i][k]]).filter(([, y]) => y !== null && y !== undefined);
  const places = drawn.map(([x, y]) => [valToPos(x, "x", true), valToPos(y, "y", true)]);
  const edge = 4 * devicePixelRatio; // a point at the end is not cut in half
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - edge, bbox.top - edge, bbox.width + 2 * edge, bbox.height + 2 * edge);
  ctx.clip();
  Object.assign(ctx, { strokeStyle: stroke(), lineWidth: width * devicePixelRatio, lineJoin: "round" });
  ctx.setLineDash((dash ?? []).map((one) => one * devicePixelRatio));
  ctx.beginPath();
  for (const [x, y] of places) ctx.lineTo(x, y);
  ctx.stroke();
  if (i > 1) drawPoints(ctx, places, points);
  ctx.restore();
}

function drawPoints(ctx, places, { size, width, fill }) {
  Object.assign(ctx, { fillStyle: fill(), lineWidth: width * devicePixelRatio });
  ctx.setLineDash([]);
  for (const [x, y] of places) {
    ctx.beginPath();
    ctx.arc(x, y, ((size - width) / 2) * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }
}
