import * as vscode from "vscode";
import type { Role } from "../../core/dataset/dataset";
import type { Engine } from "../../engine/engine";
import type { DatasetPanels } from "../panels/datasetPanels";
import type { ReportPanel } from "../panels/reportPanel";
import type { DatasetSession, DatasetSessions } from "../session";
import { roleIcon, roleName } from "../views/datasetItems";
import type { Command } from "./command";
import { plainLabel } from "../plainText";
import { candidatesOf, nodeOf, nodesOf, type DatasetPicker } from "./datasetPicker";

/** What array files, packed files and lists of images end with, for the file dialog. */
const ARRAY_FILES = ["pickle", "pkl", "npy", "npz", "idx", "gz", "h5", "hdf5", "mat", "bin"];
const PACKED_FILES = ["tar", "tgz", "zip", "parquet", "tfrecord", "tfrecords"];
const LISTS = ["csv", "tsv", "json", "jsonl"];

/** Commands that inspect a dataset, or correct how it was understood and inspect it again. */
export function inspectCommands(
  engine: Pick<Engine, "sample">,
  sessions: DatasetSessions,
  reports: DatasetPanels<ReportPanel>,
  picker: DatasetPicker,
  globalStorage: vscode.Uri,
): readonly Command[] {
  const inspect = async (inputs: readonly string[]): Promise<void> => {
    const session = sessions.add({ inputs, assignments: [] });
    // The page shows how far it got and can stop it, so it opens before the work begins.
    reports.show(session);
    await session.inspect();
  };
  /** The dataset that was given or is picked; `null`, without the offer to inspect one, when none fits. */
  const pickOneOf = async (
    parameter: unknown,
    placeHolder: string,
    fits: (session: DatasetSession) => boolean,
  ): Promise<DatasetSession | null> => {
    if (picker.given(parameter) === null && !sessions.all.some(fits)) return null;
    return picker.pick(parameter, placeHolder, fits);
  };
  return [
    {
      id: "cleansplit.inspectDataset",
      run: async (clicked, selected) => {
        const inputs = givenInputs(clicked, selected) ?? (await askForInputs());
        if (inputs !== null) await inspect(inputs);
      },
    },
    {
      id: "cleansplit.inspectFound",
      run: async (clicked, selected) => {
        // One after the other: each of them is given all threads.
        for (const { inputs } of candidatesOf(clicked, selected)) await inspect(inputs);
      },
    },
    {
      id: "cleansplit.inspectAgain",
      run: async (parameter) => {
        const session = await picker.pick(parameter, vscode.l10n.t("Which dataset should be inspected again?"));
        await session?.inspect();
      },
    },
    {
      id: "cleansplit.openSampleDataset",
      run: async () => {
        const into = vscode.Uri.joinPath(globalStorage, "sample").fsPath;
        const unpacking = {
          location: vscode.ProgressLocation.Window,
          title: vscode.l10n.t("Unpacking sample dataset"),
        };
        const { folder } = await vscode.window.withProgress(unpacking, () =>
          engine.sample({ into }, { signal: new AbortController().signal, progress: () => undefined }),
        );
        await inspect([folder]);
      },
    },
    {
      id: "cleansplit.cancel",
      run: async (parameter) => {
        const canCancel = ({ isBusy, isSearching, status }: DatasetSession): boolean =>
          isBusy || isSearching || status === "paused";
        const session = await pickOneOf(parameter, vscode.l10n.t("What should be cancelled?"), canCancel);
        await session?.cancel();
      },
    },
    {
      id: "cleansplit.pauseInspection",
      run: async (parameter) => {
        const canPause = ({ status }: DatasetSession): boolean => status === "inspecting";
        const session = await pickOneOf(parameter, vscode.l10n.t("Which inspection should be paused?"), canPause);
        await session?.pause();
      },
    },
    {
      id: "cleansplit.resumeInspection",
      run: async (parameter) => {
        const canResume = ({ status }: DatasetSession): boolean => status === "paused";
        const session = await pickOneOf(parameter, vscode.l10n.t("Which inspection should go on?"), canResume);
        await session?.resume();
      },
    },
    {
      id: "cleansplit.searchNearDuplicates",
      run: async (parameter) => {
        const question = vscode.l10n.t("In which dataset should near duplicates be searched?");
        const session = await picker.pick(parameter, question);
        if (session === null) return;
        // The report shows how far it is and what comes of it.
        reports.show(session);
        await session.searchNear();
      },
    },
    {
      id: "cleansplit.removeFromList",
      run: async (clicked, selected) => {
        const given = new Set(nodesOf(clicked, selected).map((node) => node.session));
        for (const session of given) {
          await session.cancel();
          sessions.remove(session);
        }
      },
    },
    { id: "cleansplit.changeRole", run: (parameter) => changeRole(parameter) },
  ];
}

/** What was selected in the Explorer. */
function givenInputs(clicked: unknown, selected: unknown): readonly string[] | null {
  const uris = Array.isArray(selected) && selected.length > 0 ? selected : [clicked];
  const paths = uris.filter((uri) => uri instanceof vscode.Uri).map((uri) => uri.fsPath);
  return paths.length === 0 ? null : paths;
}

async function askForInputs(): Promise<readonly string[] | null> {
  interface Choice extends vscode.QuickPickItem {
    readonly inputs: () => Promise<readonly string[] | null>;
  }
  const folders = (vscode.workspace.workspaceFolders ?? []).map(({ name, uri }): Choice => ({
    label: plainLabel(name),
    description: plainLabel(uri.fsPath),
    iconPath: new vscode.ThemeIcon("root-folder"),
    inputs: () => Promise.resolve([uri.fsPath]),
  }));
  const choices: Choice[] = [
    ...folders,
    {
      label: vscode.l10n.t("Folder…"),
      description: vscode.l10n.t("images in folders, archives or array files"),
      iconPath: new vscode.ThemeIcon("folder-opened"),
      inputs: () => browse({ canSelectFolders: true, canSelectFiles: false, canSelectMany: true }),
    },
    {
      label: vscode.l10n.t("Files…"),
      description: vscode.l10n.t(
        "archives (tar, zip, Parquet, TFRecord), arrays (pickle, NumPy, IDX, HDF5, MATLAB, CIFAR) or lists of images (CSV, JSON)",
      ),
      iconPath: new vscode.ThemeIcon("file-binary"),
      inputs: () =>
        browse({
          canSelectFiles: true,
          canSelectMany: true,
          // IDX files have no extension, so all files can be chosen too.
          filters: {
            [vscode.l10n.t("Archives, arrays and lists of images")]: [...PACKED_FILES, ...ARRAY_FILES, ...LISTS],
            [vscode.l10n.t("All files")]: ["*"],
          },
        }),
    },
  ];
  const placeHolder = vscode.l10n.t("Which dataset should be inspected?");
  const choice = await vscode.window.showQuickPick(choices, { placeHolder, matchOnDescription: true });
  return (await choice?.inputs()) ?? null;
}

async function browse(options: vscode.OpenDialogOptions): Promise<readonly string[] | null> {
  const openLabel = vscode.l10n.t("Inspect");
  const uris = await vscode.window.showOpenDialog({ ...options, openLabel });
  return uris === undefined || uris.length === 0 ? null : uris.map((uri) => uri.fsPath);
}

async function changeRole(parameter: unknown): Promise<void> {
  const node = nodeOf(parameter);
  if (node?.kind === "split") {
    const choice = await askForRole(node.session, node.split.name, node.split.role);
    if (choice !== null) await node.session.setRole(node.split.name, choice.role);
  } else if (node?.kind === "leftOut") {
    const choice = await askForRole(node.session, node.unit.path, null);
    if (choice !== null) await node.session.assign([node.unit.path], choice.role);
  }
}

/** Asks what a split is used for; answers `null` when nothing changes. */
async function askForRole(
  session: DatasetSession,
  name: string,
  current: Role | null,
): Promise<{ readonly role: Role | null } | null> {
  const splits = session.result?.report.splits ?? [];
  const items = [
    ...(["train", "validation", "test", "other"] as const).map((role) => ({
      label: roleName(role),
      iconPath: roleIcon(role),
      // Roles become names of splits, so two parts with one role become one split.
      ...(splits.some((split) => split.name === role && split.name !== name)
        ? { description: vscode.l10n.t("joins the split {0}", role) }
        : {}),
      role,
    })),
    {
      label: vscode.l10n.t("Leave Out"),
      iconPath: new vscode.ThemeIcon("circle-slash"),
      description: vscode.l10n.t("is not read at all"),
      role: null,
    },
  ].filter((item) => item.role !== current);
  const placeHolder = vscode.l10n.t("What is {0} used for? The dataset is inspected again.", name);
  return (await vscode.window.showQuickPick(items, { placeHolder })) ?? null;
}
