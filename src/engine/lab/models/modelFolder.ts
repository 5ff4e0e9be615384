import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { flushFolder, renameFresh, writeError } from "../../write/durable";
import { createFile, writeAll } from "../../write/newFile";
import { writeNpz } from "../../write/npz";
import { assertFree, makeParent } from "../../write/target";
import { textWriter, type ExportFile } from "../../exports/exportFiles";
import type { ModelFolderRequest } from "../exports";
import { bytesOf, layersOf, type Layer } from "./layers";
import { modelCard } from "./modelCard";
import { onnxModel } from "./onnx";
import { TFJS_FILES, tfjsTopology, tfjsWeights } from "./tfjs";

/** What writes each file of a folder, by its name. */
type Files = Readonly<Record<string, ExportFile["write"]>>;

/** Saves a model into a new folder; see `writeModelFolder` of exports.ts. */
export async function writeModel(request: ModelFolderRequest, signal: AbortSignal): Promise<readonly string[]> {
  const { experiment, run, parameters, input, folder } = request;
  const layers = layersOf(run.model, parameters, input, experiment.classes.length);
  const files: Files = {
    ...modelFiles(request, layers),
    "classes.json": textWriter(() => `${JSON.stringify(experiment.classes, null, 2)}\n`),
    "MODEL_CARD.md": textWriter(() => modelCard(request, layers)),
  };
  await assertFree(folder);
  await makeParent(folder);
  await writeFolder(folder, files, signal);
  return Object.keys(files);
}

function modelFiles({ experiment, input, format }: ModelFolderRequest, layers: readonly Layer[]): Files {
  const { classes } = experiment;
  switch (format) {
    case "tfjs": {
      const [topology, weights] = TFJS_FILES;
      return {
        [topology]: textWriter(() => tfjsTopology(layers, input, { classes })),
        [weights]: piecesWriter(tfjsWeights(layers)),
      };
    }
    case "onnx":
      return {
        "model.onnx": piecesWriter(onnxModel(layers, input, classes.length, { classes: JSON.stringify(classes) })),
      };
    case "npz":
      return { "model.npz": (file, signal) => writeNpz(file, arraysOf(layers), signal) };
  }
}

function arraysOf(layers: readonly Layer[]): Parameters<typeof writeNpz>[1] {
  return layers.flatMap((layer) =>
    "kernel" in layer
      ? [layer.kernel, layer.bias].map((parameter) => ({
          key: parameter.name,
          dtype: "f4" as const,
          shape: parameter.shape,
          chunks: [bytesOf(parameter)],
        }))
      : [],
  );
}

function piecesWriter(pieces: readonly Uint8Array[]): ExportFile["write"] {
  return (file, signal) =>
    createFile(file, signal, async (handle) => {
      for (const piece of pieces) {
        signal.throwIfAborted();
        await writeAll(handle, piece);
      }
    });
}

/** Writes the files into a folder beside the target and renames that when it is whole. */
async function writeFolder(folder: string, files: Files, signal: AbortSignal): Promise<void> {
  const part = path.join(path.dirname(folder), `.${path.basename(folder)}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await mkdir(part);
    for (const [name, write] of Object.entries(files)) await write(path.join(part, name), signal);
    await flushFolder(part);
    await assertFree(folder);
    await renameFresh(part, folder);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    if (signal.aborted) throw signal.reason;
    throw error instanceof Error ? writeError(folder, error) : error;
  }
}
