import type { Role } from "../../core/dataset/dataset";
import { roleOfSplit } from "../../core/dataset/splits";
import type { Input } from "./inputs";

/**
 * Names of splits while inputs are recognised. A recognised name belongs to its input, so that `train` of a folder and
 * `train` of a pickle stay two splits; a name that a person gave is one split wherever it is given. In the only input both
 * are one: what is corrected to `test` joins the `test` that was recognised.
 */
export class SplitNames {
  private readonly roles = new Map<string, Role>();
  private readonly given = new Set<string>();
  private readonly inputsOf = new Map<string, Set<string>>();

  /** Key of a recognised split. */
  recognised(input: Input, name: string, role: Role): string {
    const isOnlyInput = input.prefix === "";
    if (isOnlyInput) {
      if (!this.given.has(name)) this.roles.set(name, role);
      return name;
    }
    const key = `${input.name}\0${name}`;
    this.roles.set(key, role);
    this.inputsOf.set(name, (this.inputsOf.get(name) ?? new Set()).add(input.name));
    return key;
  }

  /** Key of a split that a person named. */
  assigned(name: string): string {
    this.given.add(name);
    this.roles.set(name, roleOfSplit(name));
    return name;
  }

  role(key: string): Role {
    return this.roles.get(key) ?? "other";
  }

  /** Whether one name stands for several splits; all names then say their input. */
  private isAmbiguous(): boolean {
    return [...this.inputsOf].some(([name, inputs]) => inputs.size > 1 || this.roles.has(name));
  }

  /** The name to show. */
  shown(key: string): string {
    const [input = "", name] = key.split("\0");
    if (name === undefined) return key;
    return this.isAmbiguous() && input !== name ? `${input}/${name}` : name;
  }
}
