import path from "node:path";
import * as vscode from "vscode";
import { counted } from "../../core/counts";
import type { Role } from "../../core/dataset/dataset";
import type { SampleView, Tier } from "../../core/leakage/report";
import { verdictOf } from "../../core/leakage/verdict";
import { integerText } from "../../core/language";
import { visible } from "../../core/visible";
import { scoreText } from "../../core/near/near";
import { momentText, progressOf, specText } from "../../core/training/experimentText";
import { pausedLine, progressLine } from "../progress";
import { sampleName } from "../samples";
import type { DatasetSession } from "../session";
import { datasetNode, PAGE_SIZE, type FoundNode, type NodeOf, type TreeNode } from "./datasetNodes";

const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;

const ERROR = new vscode.ThemeColor("list.errorForeground");
const WARNING = new vscode.ThemeColor("list.warningForeground");
const PASSED = new vscode.ThemeColor("testing.iconPassed");

/** How a row looks. */
export function treeItemOf(node: TreeNode): vscode.TreeItem {
  const item = describe(node);
  item.id = node.id;
  return item;
}

/** The name of a role as people read it. */
export function roleName(role: Role): string {
  switch (role) {
    case "train":
      return vscode.l10n.t("Train");
    case "validation":
      return vscode.l10n.t("Validation");
    case "test":
      return vscode.l10n.t("Test");
    case "other":
      return vscode.l10n.t("Other");
  }
}

/** The icon of a role. */
export function roleIcon(role: Role): vscode.ThemeIcon {
  const icons: Readonly<Record<Role, string>> = {
    train: "mortar-board",
    validation: "checklist",
    test: "beaker",
    other: "circle-large-outline",
  };
  return new vscode.ThemeIcon(icons[role]);
}

function describe(node: TreeNode): vscode.TreeItem {
  switch (node.kind) {
    case "found":
      return row(vscode.l10n.t("Found in workspace"), "search", {
        description: counted(node.candidates.length, "dataset"),
        state: Expanded,
        tooltip: vscode.l10n.t(
          "Folders and files that look like datasets by their names. No image is read before you have one inspected.",
        ),
        context: "found",
      });
    case "candidate":
      return candidateItem(node);
    case "dataset":
      return datasetItem(node.session);
    case "splits":
      return row(vscode.l10n.t("Splits"), "split-horizontal", {
        description: counted(node.report.splits.length, "split"),
        state: Expanded,
        tooltip: node.report.dataset.units.map((unit) => `${path.basename(unit.path)}: ${unit.reason}`).join("\n"),
      });
    case "split":
      return splitItem(node);
    case "class":
      return row(node.name, "tag", { description: counted(node.samples, "image") });
    case "leftOut":
      return row(path.basename(node.unit.path), "circle-slash", {
        description: vscode.l10n.t("left out · {0}", counted(node.unit.samples, "image")),
        tooltip: `${node.unit.path}\n${node.unit.reason}`,
        context: "leftOut",
      });
    case "leakage":
      return node.leaks.length === 0
        ? passed(vscode.l10n.t("Leakage"), vscode.l10n.t("No image of one split occurs in another one."))
        : row(vscode.l10n.t("Leakage"), "error", {
            color: node.leaks.some(({ samples }) => samples > 0) ? ERROR : WARNING,
            description: counted(node.leaks.length, "direction"),
            state: Expanded,
            tooltip: node.leaks.some(({ nearly }) => nearly > 0)
              ? vscode.l10n.t("Images of one split that also occur in another one, with equal or nearly equal pixels.")
              : vscode.l10n.t("Images of one split that also occur in another one, with equal pixels."),
            context: "showable",
          });
    case "leak":
      return leakItem(node);
    case "duplicates": {
      const { groups, samples, extra } = node.report.duplicates.pixel;
      return groups === 0
        ? passed(vscode.l10n.t("Duplicate groups"), vscode.l10n.t("No image occurs twice."))
        : row(vscode.l10n.t("Duplicate groups"), "files", {
            description: counted(groups, "group"),
            state: Collapsed,
            tooltip: vscode.l10n.t(
              "{0} in {1} of equal images; {2} would go if one of each group stayed.",
              counted(samples, "image"),
              counted(groups, "group"),
              integerText(extra),
            ),
            context: "showable",
          });
    }
    case "tier": {
      const { label, icon, tooltip } = tierLook(node.tier);
      return row(label, icon, {
        description:
          node.groups === 0
            ? vscode.l10n.t("none")
            : vscode.l10n.t("{0} · {1}", counted(node.groups, "group"), counted(node.samples, "image")),
        state: node.groups === 0 ? None : Collapsed,
        tooltip,
        context: "showable",
      });
    }
    case "conflicts": {
      const { groups, samples } = node.report.conflicts;
      return groups === 0
        ? passed(vscode.l10n.t("Label conflicts"), vscode.l10n.t("Equal images carry equal labels."))
        : row(vscode.l10n.t("Label conflicts"), "warning", {
            color: WARNING,
            description: counted(groups, "group"),
            state: Collapsed,
            tooltip: vscode.l10n.t(
              "{0} in {1} of equal images that carry more than one label.",
              counted(samples, "image"),
              counted(groups, "group"),
            ),
            context: "showable",
          });
    }
    case "blank": {
      const { samples } = node.report.blank;
      return samples === 0
        ? passed(vscode.l10n.t("Blank images"), vscode.l10n.t("No image has all its pixels equal."))
        : row(vscode.l10n.t("Blank images"), "primitive-square", {
            description: counted(samples, "image"),
            state: Collapsed,
            tooltip: vscode.l10n.t("Images whose pixels are all equal. Below are those that occur more than once."),
            context: "showable",
          });
    }
    case "faults":
      return faultsItem(node);
    case "group":
      return groupItem(node);
    case "sample":
      return sampleItem(node);
    case "fault":
      return row(sampleName(node.fault.id), "warning", {
        color: WARNING,
        description: vscode.l10n.t("{0} · {1}", node.fault.split, node.fault.reason),
        tooltip: `${node.fault.id}\n${node.fault.reason}`,
        context: node.file === null ? "fault" : "faultFile",
      });
    case "experiments":
      return row(vscode.l10n.t("Experiments"), "graph-line", {
        description: integerText(node.kept.length),
        state: Collapsed,
        context: "experiments",
      });
    case "experiment":
      return experimentItem(node);
    case "more": {
      const { from, to, total } = node.rows;
      const label =
        node.side === "before"
          ? vscode.l10n.t("Show {0} before", integerText(Math.min(PAGE_SIZE, from)))
          : vscode.l10n.t("Show {0} more", integerText(Math.min(PAGE_SIZE, total - to)));
      const item = row(label, node.side === "before" ? "fold-up" : "ellipsis", {
        description:
          from === 0
            ? vscode.l10n.t("{0} of {1} shown", integerText(to), integerText(total))
            : vscode.l10n.t("{0} to {1} of {2} shown", integerText(from + 1), integerText(to), integerText(total)),
      });
      item.command = { command: "cleansplit.showMore", title: vscode.l10n.t("Show More"), arguments: [node] };
      return item;
    }
    case "note":
      return row(node.text, "info", {});
  }
}

function tierLook(tier: Tier): { readonly label: string; readonly icon: string; readonly tooltip: string } {
  switch (tier) {
    case "file":
      return {
        label: vscode.l10n.t("File-identical"),
        icon: "file-binary",
        tooltip: vscode.l10n.t("Groups of images whose files hold the same bytes."),
      };
    case "pixel":
      return {
        label: vscode.l10n.t("Pixel-identical"),
        icon: "symbol-color",
        tooltip: vscode.l10n.t(
          "Groups of images with the same size, mode and pixels. File-identical images are among them: the same bytes are the same pixels.",
        ),
      };
    case "near":
      return {
        label: vscode.l10n.t("Similar"),
        icon: "search-fuzzy",
        tooltip: vscode.l10n.t(
          "Groups of images of which each two are equal or near duplicates. Pixel-identical images are among them.",
        ),
      };
  }
}

function datasetItem(session: DatasetSession): vscode.TreeItem {
  const { result, status, progress, paused } = session;
  const item = new vscode.TreeItem(visible(session.name), result === null ? None : Expanded);
  item.contextValue = `dataset ${contextOf(session)}${session.training.state.status === "idle" ? "" : " trained"}`;
  const inputs = session.request.inputs.join("\n");
  if (status === "inspecting") {
    item.iconPath = new vscode.ThemeIcon("loading~spin");
    item.description = progress === null ? vscode.l10n.t("inspecting…") : progressLine(progress);
    item.tooltip = inputs;
  } else if (paused !== null) {
    item.iconPath = new vscode.ThemeIcon("debug-pause");
    item.description = pausedLine(paused);
    item.tooltip = `${vscode.l10n.t("The inspection is paused. Image files that were read are not read again.")}\n${inputs}`;
  } else if (status === "failed") {
    item.iconPath = new vscode.ThemeIcon("error", ERROR);
    item.description = vscode.l10n.t("inspection failed");
    item.tooltip = `${session.error ?? ""}\n${inputs}`;
  } else if (result === null) {
    item.iconPath = new vscode.ThemeIcon("folder");
    item.description = status === "cancelled" ? vscode.l10n.t("cancelled") : vscode.l10n.t("not inspected yet");
    item.tooltip = `${vscode.l10n.t("Not inspected in this window yet. Nothing is read before you ask for it.")}\n${inputs}`;
    item.command = {
      command: "cleansplit.inspectAgain",
      title: vscode.l10n.t("Inspect"),
      arguments: [datasetNode(session)],
    };
  } else {
    const verdict = verdictOf(result.report);
    const images = result.report.splits.reduce((sum, split) => sum + split.samples, 0);
    item.iconPath =
      verdict.level === "leak"
        ? new vscode.ThemeIcon("error", ERROR)
        : verdict.level === "warning"
          ? new vscode.ThemeIcon("warning", WARNING)
          : new vscode.ThemeIcon("pass", PASSED);
    const { changes } = session.watching;
    item.description =
      changes === null ? counted(images, "image") : vscode.l10n.t("{0} · changed since", counted(images, "image"));
    item.tooltip = [
      verdict.text,
      ...verdict.details,
      ...(changes === null ? [] : [vscode.l10n.t("Changed since it was inspected: {0}.", changes.text)]),
      inputs,
    ].join("\n");
  }
  return item;
}

/** What menus know of a dataset. */
function contextOf({ result, status, isBusy, isSearching }: DatasetSession): string {
  if (status === "inspecting") return "inspecting";
  if (isBusy) return "busy";
  if (status === "paused") return "paused";
  if (result === null) return "new";
  return isSearching ? "ready searching" : "ready";
}

function splitItem({ split }: NodeOf<"split">): vscode.TreeItem {
  const usable = split.samples - split.unreadable - split.invalid;
  const lines = [
    vscode.l10n.t("{0}: {1}", roleName(split.role), counted(split.samples, "image")),
    ...(usable === split.samples ? [] : [vscode.l10n.t("{0} of them can be used.", integerText(usable))]),
  ];
  const item = row(split.name, "", {
    description: counted(split.samples, "image"),
    state: Object.keys(split.classes).length > 0 ? Collapsed : None,
    tooltip: lines.join("\n"),
    context: "split",
  });
  item.iconPath = roleIcon(split.role);
  return item;
}

function leakItem({ leak, role }: NodeOf<"leak">): vscode.TreeItem {
  const serious = (role === "test" || role === "validation") && leak.samples > 0;
  const images = counted(leak.samples, "image");
  const equal = vscode.l10n.t(
    "{0} of {1} also in {2}: {3}, {4}.",
    images,
    leak.split,
    leak.in,
    counted(leak.groups, "group"),
    counted(leak.pairs, "pair"),
  );
  const nearly = vscode.l10n.t(
    "{0} of {1} not in {2}, but a near duplicate of each.",
    counted(leak.nearly, "image"),
    leak.split,
    leak.in,
  );
  return row(vscode.l10n.t("{0} in {1}", leak.split, leak.in), "arrow-right", {
    color: serious ? ERROR : WARNING,
    description:
      leak.nearly === 0
        ? images
        : leak.samples === 0
          ? vscode.l10n.t("{0} nearly", counted(leak.nearly, "image"))
          : vscode.l10n.t("{0}, {1} more nearly", images, integerText(leak.nearly)),
    state: Collapsed,
    tooltip: [...(leak.samples > 0 ? [equal] : []), ...(leak.nearly > 0 ? [nearly] : [])].join("\n"),
    context: "showable",
  });
}

function faultsItem({ of, total }: NodeOf<"faults">): vscode.TreeItem {
  const label = of === "unreadable" ? vscode.l10n.t("Unreadable") : vscode.l10n.t("Invalid rows");
  if (total === 0) return passed(label, vscode.l10n.t("Every image can be read."));
  return row(label, "warning", {
    color: WARNING,
    description: of === "unreadable" ? counted(total, "image") : counted(total, "row"),
    state: Collapsed,
    tooltip:
      of === "unreadable"
        ? vscode.l10n.t("Images whose bytes are no picture.")
        : vscode.l10n.t("Rows of arrays that are no valid sample."),
  });
}

function groupItem({ group }: NodeOf<"group">): vscode.TreeItem {
  const parts = [counted(group.size, "image"), group.splits.join(", "), group.labels.join(", ")];
  const icon = group.conflict ? "warning" : group.tier === "near" ? "search-fuzzy" : "copy";
  return withPictures(
    row(parts.filter((part) => part !== "").join(" · "), icon, {
      ...(group.conflict ? { color: WARNING } : {}),
      state: Collapsed,
      context: "group",
    }),
  );
}

/** What is equal about a group, or contradicts: a sentence each. */
export function groupFacts({ group, session }: NodeOf<"group">): readonly string[] {
  const near = session.result?.report.near ?? null;
  const similar =
    near === null || group.worst === null
      ? vscode.l10n.t("Similar.")
      : vscode.l10n.t("Similar: {0} at worst.", scoreText(near.measure, group.worst));
  return [
    group.tier === "near"
      ? similar
      : group.tier === "file"
        ? vscode.l10n.t("The same bytes.")
        : vscode.l10n.t("The same pixels."),
    ...(group.conflict ? [vscode.l10n.t("The labels contradict each other: {0}.", group.labels.join(", "))] : []),
    ...(group.blank ? [vscode.l10n.t("Blank: all pixels are equal.")] : []),
  ];
}

function sampleItem(node: NodeOf<"sample">): vscode.TreeItem {
  const { view } = node;
  const item = withPictures(row(sampleName(view.id), "file-media", { description: placeOf(view), context: "sample" }));
  // The decorations of the file apply here too. The icon stays: file icon themes show images in many ways.
  if (view.isImageFile) item.resourceUri = vscode.Uri.file(view.file);
  item.command = { command: "cleansplit.openImage", title: vscode.l10n.t("Open Image"), arguments: [node] };
  return item;
}

/** Split and label of a sample, e.g. "train · A". */
export function placeOf({ split, label }: Pick<SampleView, "split" | "label">): string {
  return label === null ? split : vscode.l10n.t("{0} · {1}", split, label);
}

/** VS Code asks for the tooltip of a row that has none when the pointer rests on it: then its pictures are read. */
function withPictures(item: vscode.TreeItem): vscode.TreeItem {
  delete item.tooltip;
  return item;
}

function candidateItem({ candidate }: FoundNode & { readonly kind: "candidate" }): vscode.TreeItem {
  const { folder, inputs, layout, parts } = candidate;
  const [first = folder] = inputs;
  const isFile = layout === "files" && first !== folder;
  const names = parts.length > MAX_PARTS ? [...parts.slice(0, MAX_PARTS), "…"] : parts;
  const found = {
    splits: vscode.l10n.t("Folders that are named as splits: {0}", names.join(", ")),
    classes: vscode.l10n.t("Folders that hold nothing but images: {0}", names.join(", ")),
    files: vscode.l10n.t("Files that are named as those of a dataset: {0}", names.join(", ")),
  };
  const name = inputs.map((input) => path.basename(input)).join(", ");
  const where = vscode.workspace.asRelativePath(
    isFile ? first : folder,
    (vscode.workspace.workspaceFolders?.length ?? 0) > 1,
  );
  const above = path.dirname(where);
  return row(name, isFile ? "file-binary" : "folder", {
    description: [vscode.l10n.t("not inspected"), ...(above === "." || path.isAbsolute(where) ? [] : [above])].join(
      " · ",
    ),
    tooltip: [found[layout], ...inputs].map(visible).join("\n"),
    context: "candidate",
  });
}

/** Names of splits, classes or files that a tooltip lists. */
const MAX_PARTS = 12;

function experimentItem(node: NodeOf<"experiment">): vscode.TreeItem {
  const { summary } = node;
  const progress = progressOf(summary);
  const item = row(momentText(summary.started), "graph-line", {
    description: progress,
    tooltip: [specText(summary.spec), summary.sentence ?? progress].join("\n"),
  });
  item.command = { command: "cleansplit.openTraining", title: vscode.l10n.t("Open Training"), arguments: [node] };
  return item;
}

interface Look {
  readonly description?: string;
  readonly tooltip?: string;
  readonly state?: vscode.TreeItemCollapsibleState;
  readonly color?: vscode.ThemeColor;
  readonly context?: string;
}

function row(label: string, icon: string, look: Look): vscode.TreeItem {
  const item = new vscode.TreeItem(visible(label), look.state ?? None);
  if (icon !== "") item.iconPath = new vscode.ThemeIcon(icon, look.color);
  if (look.description !== undefined) item.description = visible(look.description);
  item.tooltip = look.tooltip ?? (look.description === undefined ? label : `${label}: ${look.description}`);
  if (look.context !== undefined) item.contextValue = look.context;
  return item;
}

/** A check that found nothing: said, not left out, so that people see that it was made. */
function passed(label: string, tooltip: string): vscode.TreeItem {
  return row(label, "pass", { color: PASSED, description: vscode.l10n.t("none"), tooltip });
}
