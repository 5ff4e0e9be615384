import assert from "node:assert/strict";
import { costCurve, epochChart, learningCurve } from "../../../webview-ui/src/training/charts";
import { afterDelta, currentRun, runViews } from "../../../webview-ui/src/training/history";
import { cellsOf, includesZero, mainCost, scoreOf } from "../../../webview-ui/src/training/scores";
import { sentencesOf } from "../../../webview-ui/src/shared/format";
import { leftText, pointsRange, signed } from "../../../webview-ui/src/training/text";
import { fakeExperiment, TRAINING_SCENARIOS } from "../../support/webview/fakeTraining";

describe("what the training page makes of an experiment", () => {
  it("scores of a cell are the mean with its interval; without one there is the range over seeds", () => {
    const [cell] = cellsOf(fakeExperiment());
    assert(cell !== undefined);
    const score = scoreOf(cell, "clean");
    assert.deepEqual(score?.interval, cell.cost?.original.clean);
    assert.equal(score?.mean, score?.interval?.value);
    const sanitized = scoreOf(cell, "sanitized");
    assert.equal(sanitized?.interval, null, "there is none of original data on the sanitized split");
    assert(sanitized.range.low < sanitized.mean && sanitized.mean < sanitized.range.high);
    assert.equal(scoreOf(cellsOf(fakeExperiment({ leaks: false }))[0] ?? cell, "leaked"), null);
  });

  it("the main cost is that of the most images which are trained on both kinds of data", () => {
    assert.equal(mainCost(fakeExperiment(), "softmax")?.size, "all");
    assert.equal(mainCost(fakeExperiment({ status: "training", finished: 21 }), "softmax")?.size, 100);
    assert.equal(mainCost(fakeExperiment({ finished: 1 }), "softmax"), null);
  });

  it("what touches zero may be nothing", () => {
    assert(includesZero({ value: 1, low: 0, high: 2 }));
    assert(!includesZero({ value: 1, low: 0.001, high: 2 }));
    assert(!includesZero({ value: -1, low: -2, high: -0.5 }));
  });

  it("epochs have the mean of all seeds and a faint line for each; a size without runs has no lines", () => {
    const runs = runViews(fakeExperiment()).filter((run) => run.size === 50);
    const { series } = epochChart(runs, "loss");
    assert.equal(series.filter((line) => line.faint === true).length, 20);
    const [mean] = series.filter((line) => line.faint !== true);
    const losses = runs.filter((run) => run.data === "original").map((run) => run.curve[0]?.loss ?? 0);
    assert(Math.abs((mean?.points[0]?.y ?? 0) - losses.reduce((a, b) => a + b, 0) / 5) < 1e-12);
    assert.equal(epochChart([], "loss").series.length, 0);
  });

  it("the mean ends where the shortest seed that began is, so that it never jumps", () => {
    const runs = runViews(fakeExperiment({ status: "training", finished: 2, epochs: 7 })).filter(
      (run) => run.size === 50,
    );
    const mean = epochChart(runs, "loss").series.find((line) => line.faint !== true && line.color === "original");
    assert.equal(mean?.points.length, 7);
  });

  it("curves have bands where intervals are known, and costs only with leaked images and both kinds of data", () => {
    const { series } = learningCurve(fakeExperiment(), "softmax", "original");
    assert.deepEqual(
      series.map((line) => line.points.length),
      [5, 5],
    );
    assert(series.every((line) => line.points.every(({ y, low = y, high = y }) => low < y && y < high)));
    assert.equal(costCurve(fakeExperiment({ leaks: false }), "softmax"), null);
    assert.equal(costCurve(fakeExperiment(), "softmax")?.series.length, 3);
  });

  it("the current run is the last that began", () => {
    const experiment = fakeExperiment({ status: "training", finished: 25, epochs: 9 });
    assert.equal(currentRun(experiment, runViews(experiment))?.run, 25);
    const done = fakeExperiment();
    assert.equal(currentRun(done, runViews(done)), null);
  });

  it("deltas without an experiment ask for the state, and whole states are taken as they are", () => {
    const idle = TRAINING_SCENARIOS["idle"]?.();
    assert(idle !== undefined);
    const event = { type: "status" as const, status: "training" as const };
    assert.equal(afterDelta(idle, { sequence: 101, type: "event", event, secondsLeft: null }), null);
    const state = { ...idle, sequence: 150 };
    assert.equal(afterDelta(idle, { sequence: 150, type: "state", state }), state);
  });

  it("words of differences and of time", () => {
    assert.equal(signed(0.0123), "+1.2");
    assert.equal(signed(-0.0031), "−0.31");
    assert.equal(signed(-0.00001), "0.00");
    assert.equal(pointsRange({ value: 0.02, low: -0.0004, high: 0.04 }), "0.0 to +4.0");
    assert.equal(leftText(3), "a few seconds left");
    assert.equal(leftText(42), "45 s left");
    assert.equal(leftText(61), "2 min left");
    assert.equal(leftText(3 * 3600), "3 h 0 min left");
    assert.deepEqual(sentencesOf("It scores 82.1 % (95 % interval 81.0 to 83.2 %): a drop. Of that 0.3 are it."), [
      "It scores 82.1 % (95 % interval 81.0 to 83.2 %): a drop.",
      "Of that 0.3 are it.",
    ]);
  });
});
