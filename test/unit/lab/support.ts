import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { EpochScore, ExperimentEvent, ExperimentSpec } from "../../../src/core/training/experiment";
import { Random } from "../../../src/core/training/random";
import { createEngine } from "../../../src/engine/createEngine";
import type { Engine, Run } from "../../../src/engine/engine";
import { ExperimentFolder } from "../../../src/engine/lab/experimentStore";
import { TrainerConnection } from "../../../src/engine/process/trainer";
import { encodePng } from "../../support/png";
import { inspect, quiet, writeTree } from "../engine/support";

/** The bundles that `npm run build` makes. */
export const DIST = path.resolve(import.meta.dirname, "../../../dist");

/** A 4 x 4 picture that is bright on the left for class A and on the right for class B, with noise that a seed decides. */
export function picture(label: "A" | "B", seed: number): Buffer {
  const random = new Random(seed * 2 + (label === "A" ? 0 : 1));
  const rows = Uint8Array.from({ length: 16 }, (_, index) => {
    const isBright = index % 4 < 2 === (label === "A");
    return (isBright ? 110 : 60) + random.below(100);
  });
  return encodePng({ width: 4, height: 4, rows });
}

/** A dataset of toy pictures: 80 to train on, 20 to validate, 30 to test, of which 10 are in train too. */
export function toyDataset(root: string): string {
  const files: Record<string, Uint8Array> = {};
  for (const label of ["A", "B"] as const) {
    for (let seed = 0; seed < 40; seed++) files[`train/${label}/${seed}.png`] = picture(label, seed);
    for (let seed = 100; seed < 110; seed++) files[`val/${label}/${seed}.png`] = picture(label, seed);
    for (let seed = 35; seed < 50; seed++) files[`test/${label}/${seed}.png`] = picture(label, seed);
  }
  return writeTree(root, files);
}

/** Test images of {@link toyDataset} that are in train. */
export const TOY_LEAKED = 10;

/** Few and quick runs. */
export const SHORT: Partial<ExperimentSpec> = { sizes: [10, "all"], seeds: [1, 2], epochs: 5, backend: "cpu" };

/** A run that nobody waits for the end of. */
export const LONG: Partial<ExperimentSpec> = {
  sizes: ["all"],
  seeds: [1],
  epochs: 1_000_000,
  batchSize: 1,
  backend: "cpu",
};

/** Folders of one `describe`, and engines over them that it closes. */
export interface LabTest {
  readonly scratch: string;
  /** Where experiments are kept. */
  readonly kept: string;
  /** Another engine on the same kept experiments. */
  engine(options?: {
    readonly dist?: string;
    readonly kept?: string | null;
    readonly nativeFolder?: string | null;
    readonly log?: (line: string) => void;
  }): Engine;
  /** The id of an inspection of the toy dataset. */
  inspected(engine: Engine, root?: string): Promise<string>;
  /** The connection to a trainer, whose process it names. */
  trainer(experiment: string): Promise<TrainerConnection>;
}

/** Prepares the tests of a `describe`: a toy dataset in `scratch`, and whatever still trains at the end is killed. */
export function useLab(): LabTest {
  const scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-lab-"));
  const kept = path.join(scratch, "experiments");
  const root = toyDataset(path.join(scratch, "toy"));
  const engines: Engine[] = [];
  const folders = new Set<string>();
  after(async () => {
    for (const folder of folders) await (await TrainerConnection.open(folder))?.kill();
    for (const engine of engines) await engine.close();
    rmSync(scratch, { recursive: true, force: true });
  });
  return {
    scratch,
    kept,
    engine: ({ dist = DIST, kept: folder = kept, nativeFolder = null, log = () => undefined } = {}) => {
      const engine = createEngine({ dist, workers: 1, experimentsFolder: folder, nativeFolder, log });
      engines.push(engine);
      return engine;
    },
    inspected: async (engine, dataset = root) => (await inspect(engine, [dataset])).inspection,
    trainer: async (experiment) => {
      const { folder } = new ExperimentFolder(path.join(kept, experiment));
      folders.add(folder);
      const connection = await TrainerConnection.open(folder);
      if (connection === null) throw new Error(`No trainer of ${experiment} runs.`);
      return connection;
    },
  };
}

/** An event of one type. */
export type EventOf<K extends ExperimentEvent["type"]> = Extract<ExperimentEvent, { type: K }>;

/** A run that keeps what it is told, and is waited on. */
export class Following implements Run<ExperimentEvent> {
  readonly events: ExperimentEvent[] = [];
  private readonly curves = new Map<number, EpochScore[]>();
  private told = 0;
  private readonly abort = new AbortController();
  private readonly waiting: (() => void)[] = [];

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  progress(event: ExperimentEvent): void {
    this.events.push(event);
    if (event.type === "snapshot") {
      this.curves.clear();
      for (const { run, curve } of event.experiment.runs) this.curves.set(run, [...curve]);
    } else if (event.type === "epochs") {
      const curve = this.curves.get(event.run) ?? [];
      if (event.epoch !== curve.length) throw new Error(`Epoch ${event.epoch} was told after ${curve.length}.`);
      curve.push(...event.scores);
      this.curves.set(event.run, curve);
      this.told += event.scores.length;
    }
    for (const look of [...this.waiting]) look();
  }

  cancel(): void {
    this.abort.abort();
  }

  of<K extends ExperimentEvent["type"]>(type: K): readonly EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.type === type);
  }

  /** Resolves when the events are as asked, which they may be already. */
  async until(holds: (following: this) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!holds(this)) return;
        this.waiting.splice(this.waiting.indexOf(look), 1);
        resolve();
      };
      this.waiting.push(look);
      look();
    });
  }

  /** The epochs of a run as a page knows them: those of the last snapshot, and those that were told since. */
  curve(run: number): readonly EpochScore[] {
    return this.curves.get(run) ?? [];
  }

  /** Resolves when so many epochs of the first run are known. */
  epochs(count: number): Promise<void> {
    return this.until(() => this.curve(0).length >= count);
  }

  /** Resolves when as many epochs as that were told, beyond those of a snapshot. */
  live(count: number): Promise<void> {
    return this.until(() => this.told >= count);
  }

  /** The name of the experiment, which the first snapshot says. */
  async experiment(): Promise<string> {
    await this.until(() => this.of("snapshot").length > 0);
    return this.of("snapshot")[0]?.experiment.experiment ?? "";
  }
}

/** Waits until a condition holds. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

export { quiet };
