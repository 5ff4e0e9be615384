import assert from "node:assert/strict";
import { progressText, RateMeter, type Rate } from "../../../src/core/progress";

/** Feeds a meter ten times a second from `from` to `to` seconds, with `speed` images a second. */
function feed(meter: RateMeter, from: number, to: number, done: number, speed: number, total = 1e6): (Rate | null)[] {
  const rates: (Rate | null)[] = [];
  for (let step = 1; step <= Math.round((to - from) * 10); step++) {
    rates.push(meter.update("reading", done + (speed * step) / 10, total, from + step / 10));
  }
  return rates;
}

describe("the rate of progress", () => {
  it("says nothing in the first second", () => {
    const meter = new RateMeter();
    meter.update("reading", 0, 1e6, 0);
    assert.deepEqual(new Set(feed(meter, 0, 0.9, 0, 5000)), new Set([null]));
    assert.notEqual(meter.update("reading", 5500, 1e6, 1.1), null);
  });

  it("is exact for steady work, with the time that is left", () => {
    const meter = new RateMeter();
    meter.update("reading", 0, 20_000, 0);
    const last = feed(meter, 0, 2, 0, 5000, 20_000).at(-1);
    assert.equal(Math.round(last?.perSecond ?? 0), 5000);
    assert.ok(Math.abs((last?.secondsLeft ?? 0) - 2) < 1.01);
  });

  it("follows a change within some seconds, and never jumps there", () => {
    const meter = new RateMeter();
    meter.update("reading", 0, 1e6, 0);
    feed(meter, 0, 10, 0, 1000);
    const rates = feed(meter, 10, 25, 10_000, 4000).map((rate) => rate?.perSecond ?? 0);
    for (const [index, rate] of rates.entries()) {
      const before = index === 0 ? 1000 : (rates[index - 1] ?? 0);
      assert.ok(rate >= before - 1e-6 && rate - before < 1000, `${before} to ${rate}`);
    }
    const [last = 0] = rates.slice(-1);
    assert.ok(last > 3900);
  });

  it("changes once a second at most, whatever the jitter", () => {
    const meter = new RateMeter();
    meter.update("reading", 0, 1e6, 0);
    const said: (number | undefined)[] = [];
    let done = 0;
    for (let step = 1; step <= 100; step++) {
      done += step % 2 === 0 ? 900 : 100;
      said.push(meter.update("reading", done, 1e6, step / 10)?.perSecond);
    }
    const changes = said.filter((rate, index) => rate !== said[index - 1]).length;
    assert.ok(changes <= 11, `${changes} changes in ten seconds`);
    for (const rate of said.slice(10)) assert.ok(rate !== undefined && Math.abs(rate - 5000) < 700, String(rate));
  });

  it("starts anew with another phase and with less done", () => {
    const meter = new RateMeter();
    meter.update("listing", 0, 0, 0);
    assert.deepEqual(meter.update("listing", 100, 0, 2), { perSecond: 50, secondsLeft: null });
    assert.equal(meter.update("reading", 100, 1000, 2.1), null);
    assert.notEqual(meter.update("reading", 200, 1000, 4), null);
    assert.equal(meter.update("reading", 0, 1000, 4.1), null);
  });

  it("does not divide by nothing: events at one moment, and work that stands still", () => {
    const meter = new RateMeter();
    for (let i = 0; i < 3; i++) assert.equal(meter.update("reading", i, 10, 5), null);
    const still = new RateMeter();
    still.update("reading", 0, 10, 0);
    assert.deepEqual(still.update("reading", 0, 10, 3), { perSecond: 0, secondsLeft: null });
  });
});

describe("progress in words", () => {
  const rate = (perSecond: number, secondsLeft: number | null): Rate => ({ perSecond, secondsLeft });

  for (const [done, total, how, text] of [
    [0, 0, null, ""],
    [1, 0, null, "1 image found"],
    [31_200, 0, rate(9_876, null), "31,200 images found · 9,900/s"],
    [0, 529_114, null, "0 of 529,114 images"],
    [123_456, 529_114, rate(98_123, 4.1), "123,456 of 529,114 images · 98,000/s · 4 s left"],
    [10, 1_000, rate(3.21, 308), "10 of 1,000 images · 3.2/s · 5 min 10 s left"],
    [10, 1_000_000, rate(14.4, 69_444), "10 of 1,000,000 images · 14/s · 19 h 17 min left"],
    [10, 1_000, rate(500, 0.2), "10 of 1,000 images · 500/s · 1 s left"],
    [10, 1_000, rate(0, null), "10 of 1,000 images"],
    [1_000, 1_000, rate(500, 0.3), "1,000 images · 500/s"],
  ] as const) {
    it(`${done} of ${total}: ${text}`, () => assert.equal(progressText(done, total, how), text));
  }
});
