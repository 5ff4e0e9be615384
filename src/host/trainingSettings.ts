import type * as vscode from "vscode";
import { DEFAULT_EXPERIMENT, type ExperimentSpec } from "../core/training/experiment";
import { settings } from "./settings";
import type { KeptSettings } from "./training";

/** With what settings each dataset was trained last. */
export class TrainingSettings {
  readonly #memento: vscode.Memento;

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
  }

  /** Those of the dataset whose session has this id. */
  of(id: string): KeptSettings {
    const key = `training.${id}`;
    return {
      get: () => ({ ...DEFAULT_EXPERIMENT, backend: settings.backend, ...known(this.#memento.get(key)) }),
      keep: (spec) => void this.#memento.update(key, spec),
    };
  }
}

/** What another version of the extension kept may have another form: what is not as it is here is left out. */
function known(stored: unknown): Partial<ExperimentSpec> {
  if (typeof stored !== "object" || stored === null) return {};
  const entries = Object.entries(stored).filter(([name, value]) => {
    const usual: unknown = Reflect.get(DEFAULT_EXPERIMENT, name);
    if (Array.isArray(usual)) return Array.isArray(value) && value.length > 0;
    return usual === null
      ? value === null || ["number", "string"].includes(typeof value)
      : typeof value === typeof usual;
  });
  return Object.fromEntries(entries);
}
