import * as l10n from "@vscode/l10n";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import type { Assignment, DatasetRequest } from "../../core/dataset/dataset";
import { CleanSplitError, messageOf } from "../../core/errors";
import { isListName } from "../sources/lists/listNames";

/** A folder or file that a dataset is made of. */
export interface Input {
  readonly path: string;
  /** Unique among the inputs and short. */
  readonly name: string;
  /** What names of its files start with: `""` for the only input, else its name and `/`. */
  readonly prefix: string;
  readonly isFolder: boolean;
  /** Whether it is a file that lists images; the dataset is then in the folder of the file. */
  readonly isList: boolean;
}

/** The folder that an input's images lie below. */
export function rootOf(input: Input): string {
  return input.isList ? path.dirname(input.path) : input.path;
}

/** The inputs of a request, also those that only an assignment names. Throws when one does not exist. */
export function inputsOf(request: DatasetRequest): Input[] {
  return nameInputs(withAssigned(request));
}

/** Inputs and what was assigned outside of them, as absolute paths without repetition. */
function withAssigned(request: DatasetRequest): string[] {
  const inputs = request.inputs.map((input) => path.resolve(input));
  for (const { path: assigned, split } of request.assignments) {
    const file = withoutKey(assigned);
    if (split !== null && !inputs.some((input) => isPartOf(file, input))) inputs.push(file);
  }
  return [...new Set(inputs)];
}

/** Gives every input the shortest end of its path that no other one shares; a single folder needs none. */
function nameInputs(paths: readonly string[]): Input[] {
  const parts = paths.map((input) => input.split(path.sep).filter((part) => part !== ""));
  return paths.map((input, index) => {
    const own = parts[index] ?? [];
    let length = 1;
    const end = (of: readonly string[]): string => of.slice(-length).join("/");
    while (length < own.length && parts.some((other, at) => at !== index && end(other) === end(own))) length += 1;
    const name = end(own) || input;
    const folder = isFolder(input);
    const prefix = paths.length === 1 ? "" : `${name}/`;
    return { path: input, name, prefix, isFolder: folder, isList: !folder && isListName(input) };
  });
}

function isFolder(input: string): boolean {
  try {
    return statSync(input).isDirectory();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new CleanSplitError(
      "not-found",
      missing
        ? l10n.t(
            "{0} does not exist. Expected a folder of images, a list of images (CSV, JSON), an archive of images (tar, zip, Parquet, TFRecord) or a pickle, IDX, .npy, .npz, HDF5, MATLAB (.mat) or CIFAR file.",
            input,
          )
        : l10n.t("{0} cannot be read: {1}", input, messageOf(error)),
    );
  }
}

/** The assignment nearest to a path: of the path itself or of the closest folder or file that holds it. */
export function assignmentFor(target: string, assignments: readonly Assignment[]): Assignment | undefined {
  return assignments
    .filter((assignment) => isBelow(target, assignment.path))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

/** Whether a path is that of a folder or file, or lies within it. */
export function isBelow(target: string, container: string): boolean {
  return (
    target === container ||
    target.startsWith(container.endsWith(path.sep) ? container : container + path.sep) ||
    target.startsWith(`${container}#`)
  );
}

/** Whether a path is a part of an input. The images of a list are parts of it, wherever they lie beside and below it. */
export function isPartOf(target: string, input: string): boolean {
  return isBelow(target, input) || (isListName(input) && isBelow(target, path.dirname(input)));
}

function withoutKey(target: string): string {
  const hash = target.lastIndexOf("#");
  return hash > 0 && !existsSync(target) ? target.slice(0, hash) : target;
}

/** Why a unit is what it is when a person said so. */
export function assignmentReason({ split, file }: Assignment): string {
  if (file === undefined) return split === null ? l10n.t("You left it out.") : l10n.t("You said it is {0}.", split);
  const name = path.join(path.basename(path.dirname(file)), path.basename(file));
  return split === null ? l10n.t("{0} leaves it out.", name) : l10n.t("{0} says it is {1}.", name, split);
}
