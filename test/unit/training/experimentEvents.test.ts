import assert from "node:assert/strict";
import fc from "fast-check";
import type { ExperimentResult } from "../../../src/core/training/experiment";
import { afterEvent, experimentWork, type ExperimentChange } from "../../../src/core/training/experimentEvents";
import { fakeExperiment, resultOf, scoreAt } from "../../support/webview/fakeTraining";

/** An experiment of which nothing was trained yet. */
const FRESH = fakeExperiment({ status: "training", finished: 0 });

function plannedOf(run: number): ExperimentResult["plan"][number] {
  const planned = FRESH.plan[run];
  assert(planned !== undefined);
  return planned;
}

/** Everything that is told of the first runs, in order. */
function eventsOf(runs: number): ExperimentChange[] {
  return FRESH.plan.slice(0, runs).flatMap((planned, run): ExperimentChange[] => [
    ...Array.from({ length: planned.epochs }, (_, epoch): ExperimentChange => ({
      type: "epochs",
      run,
      epoch,
      scores: [scoreAt(planned, epoch + 1)],
    })),
    { type: "run", run, result: resultOf(planned) },
  ]);
}

describe("events of an experiment", () => {
  it("make of an experiment what the engine keeps of it", () => {
    const after = eventsOf(3).reduce(afterEvent, FRESH);
    assert.deepEqual(after.runs, fakeExperiment({ finished: 3 }).runs);
  });

  it("are the same whether epochs are told one by one or together", () => {
    const planned = plannedOf(0);
    const scores = Array.from({ length: 7 }, (_, epoch) => scoreAt(planned, epoch + 1));
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 6 })), (cuts) => {
        const starts = [0, ...cuts.toSorted((a, b) => a - b)];
        const told = starts.map((epoch, i): ExperimentChange => {
          return { type: "epochs", run: 0, epoch, scores: scores.slice(epoch, starts[i + 1]) };
        });
        assert.deepEqual(told.reduce(afterEvent, FRESH).runs, [{ run: 0, curve: scores, result: null }]);
      }),
    );
  });

  it("a run that begins again begins its curve again", () => {
    const planned = plannedOf(0);
    const epoch = (at: number): ExperimentChange => ({
      type: "epochs",
      run: 0,
      epoch: at,
      scores: [scoreAt(planned, at + 1)],
    });
    const after = [epoch(0), epoch(1), epoch(2), epoch(0)].reduce(afterEvent, FRESH);
    assert.deepEqual(after.runs, [{ run: 0, curve: [scoreAt(planned, 1)], result: null }]);
  });

  it("tell the status and the costs", () => {
    const { costs } = fakeExperiment();
    const after = afterEvent(afterEvent(FRESH, { type: "status", status: "paused" }), { type: "cost", costs });
    assert.equal(after.status, "paused");
    assert.equal(after.costs, costs);
  });

  it("never take work back, and the work is done when every run is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 20 }), (runs, more) => {
        let experiment = FRESH;
        let before = 0;
        for (const event of [
          ...eventsOf(runs),
          ...eventsOf(runs + 1)
            .slice(-21)
            .slice(0, more),
        ]) {
          experiment = afterEvent(experiment, event);
          const { done, total } = experimentWork(experiment);
          assert(done >= before && done <= total);
          before = done;
        }
      }),
    );
    const { done, total } = experimentWork(fakeExperiment());
    assert.equal(done, total);
  });

  it("count a run by what it takes: more images and larger models for more", () => {
    const share = (finished: number): number => {
      const { done, total } = experimentWork(fakeExperiment({ finished }));
      return done / total;
    };
    assert(share(20) < 0.15, "runs on 50 and 100 images are quick");
    assert(share(40) < 0.5);
  });
});
