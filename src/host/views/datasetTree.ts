import * as vscode from "vscode";
import type { GroupFilter } from "../../core/leakage/report";
import type { Run } from "../../engine/engine";
import type { DatasetFinder } from "../datasetFinder";
import { throttled } from "../progress";
import type { DatasetSession, DatasetSessions } from "../session";
import { treeItemOf } from "./datasetItems";
import { evaluationLeaks } from "./evaluationLeaks";
import {
  candidateNodes,
  classNodes,
  datasetNode,
  experimentNodes,
  faultNodes,
  findingNodes,
  foundNode,
  groupNodes,
  leakNodes,
  noteNode,
  PAGE_SIZE,
  sampleNodes,
  splitNodes,
  tierNodes,
  type DatasetNode,
  type NodeOf,
  type TreeNode,
} from "./datasetNodes";
import { tooltipOf } from "./tooltips";

/** Id of the view, as in the manifest. */
export const DATASETS_VIEW = "cleansplit.datasets";

/** Least time between two updates of a row that says how far an inspection is. */
const ROW_INTERVAL_MS = 1000;

/** Samples of a group that the tree lists; the report shows all. */
const MEMBERS_SHOWN = 100;

/** Pages that a branch grows by to show a row; one that lies farther away is shown with its own page alone. */
const PAGES_AT_ONCE = 4;

/** Milliseconds until a row that was to be selected counts as forgotten. */
const SELECTION_MS = 700;

/** The tree of datasets: splits, what is wrong with them, and experiments; and datasets that nobody has inspected yet. */
export class DatasetTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #sessions: DatasetSessions;
  readonly #finder: DatasetFinder;
  readonly #changed = new vscode.EventEmitter<TreeNode | undefined>();
  readonly #view: vscode.TreeView<TreeNode>;
  readonly #subscriptions: vscode.Disposable;
  /** Rows shown of a branch with more than one page, by the branch's id; `from` is a whole number of pages. */
  readonly #shown = new Map<string, { readonly from: number; readonly to: number }>();
  readonly #closed = new AbortController();
  readonly #working = new Set<string>();
  /** The rows of datasets as VS Code knows them: it finds a changed row by identity. */
  readonly #roots = new Map<string, NodeOf<"dataset">>();

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(sessions: DatasetSessions, finder: DatasetFinder) {
    this.#sessions = sessions;
    this.#finder = finder;
    this.#view = vscode.window.createTreeView(DATASETS_VIEW, {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    finder.setWanted(this.#view.visible);
    this.#subscriptions = vscode.Disposable.from(
      this.#view,
      this.#changed,
      this.#view.onDidChangeVisibility(({ visible }) => finder.setWanted(visible)),
      finder.onDidChange(() => {
        this.#changed.fire(undefined);
        this.#showMessage();
      }),
      sessions.onDidChange((session) => {
        this.#refresh(session);
        this.#showBadge();
        this.#showMessage();
        if (session !== undefined) this.#showWork(session);
      }),
    );
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    return treeItemOf(node);
  }

  getParent(node: TreeNode): TreeNode | null {
    return node.parent;
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    return [...(await this.#children(node))];
  }

  /** Reads the pictures of a row when the pointer rests on it. */
  async resolveTreeItem(
    item: vscode.TreeItem,
    node: TreeNode,
    token: vscode.CancellationToken,
  ): Promise<vscode.TreeItem> {
    const tooltip = await tooltipOf(node, token);
    if (tooltip !== null) item.tooltip = tooltip;
    return item;
  }

  /** Shows another page of a branch. */
  showMore({ of, side, rows: { from, to }, parent }: NodeOf<"more">): void {
    this.#shown.set(of, side === "after" ? { from, to: to + PAGE_SIZE } : { from: Math.max(0, from - PAGE_SIZE), to });
    this.#changed.fire(parent ?? undefined);
  }

  /** The rows that are selected. */
  get selection(): readonly TreeNode[] {
    return this.#view.selection;
  }

  /**
   * Opens the view at the row of a sample: in its group of equal images, else in that of similar ones, else among those that
   * cannot be used. Answers false, and shows the dataset, when it is in none of them.
   */
  async showSample(session: DatasetSession, sample: number): Promise<boolean> {
    const root = this.#root(session);
    const node = (await this.#nodeInGroup(root, sample)) ?? (await this.#nodeOfFault(root, sample));
    await this.#reveal(node ?? root);
    return node !== null;
  }

  dispose(): void {
    this.#closed.abort();
    this.#subscriptions.dispose();
  }

  async #children(node: TreeNode | undefined): Promise<readonly TreeNode[]> {
    if (node === undefined) {
      const { candidates } = this.#finder;
      const roots = this.#sessions.all.map((session) => this.#root(session));
      return candidates.length === 0 ? roots : [...roots, foundNode(candidates)];
    }
    switch (node.kind) {
      case "found":
        return candidateNodes(node);
      case "dataset":
        return findingNodes(node);
      case "splits":
        return splitNodes(node);
      case "split":
        return classNodes(node);
      case "leakage":
        return leakNodes(node);
      case "duplicates":
        return tierNodes(node);
      case "leak":
      case "tier":
      case "conflicts":
        return this.#groups(node, node.filter);
      case "blank": {
        const groups = await this.#groups(node, node.filter);
        return groups.length > 0 ? groups : [noteNode(node, vscode.l10n.t("None of them occurs twice."))];
      }
      case "faults":
        return faultNodes(node, this.#shownOf(node).to);
      case "group":
        return this.#members(node);
      case "experiments":
        return experimentNodes(node);
      case "candidate":
      case "class":
      case "leftOut":
      case "sample":
      case "fault":
      case "experiment":
      case "more":
      case "note":
        return [];
    }
  }

  #root(session: DatasetSession): NodeOf<"dataset"> {
    const known = this.#roots.get(session.id);
    if (known !== undefined) return known;
    const node = datasetNode(session);
    this.#roots.set(session.id, node);
    return node;
  }

  async #groups(parent: DatasetNode, filter: GroupFilter): Promise<readonly DatasetNode[]> {
    const { session } = parent;
    const { from, to } = this.#shownOf(parent);
    const pages = await Promise.all(
      Array.from({ length: (to - from) / PAGE_SIZE }, (_, page) =>
        session.read((engine, inspection) => {
          const query = { ...filter, from: from + page * PAGE_SIZE, count: PAGE_SIZE, membersEach: 0 };
          return engine.groups({ inspection, query }, this.#run());
        }),
      ),
    );
    const groups = pages.flatMap((page) => page.groups);
    return groupNodes(parent, filter, groups, from, pages[0]?.total ?? 0);
  }

  async #members(node: NodeOf<"group">): Promise<readonly DatasetNode[]> {
    const query = { ...node.filter, from: node.position, count: 1, membersEach: MEMBERS_SHOWN };
    const page = await node.session.read((engine, inspection) => engine.groups({ inspection, query }, this.#run()));
    return sampleNodes(node, page.groups[0]?.members ?? []);
  }

  /**
   * Selects a row. VS Code does nothing, and says nothing, when it has just forgotten the row because its branch changed: then it
   * is asked again.
   */
  async #reveal(node: TreeNode, attempts = 3): Promise<void> {
    const isLast = attempts <= 1;
    try {
      await this.#view.reveal(node, { select: true, focus: true, expand: node.kind === "dataset" });
    } catch (error) {
      if (isLast) throw error;
    }
    if (!isLast && !(await this.#becomesSelected(node.id))) await this.#reveal(node, attempts - 1);
  }

  /** Whether a row is selected now or soon. */
  async #becomesSelected(id: string): Promise<boolean> {
    const isSelected = (): boolean => this.#view.selection.some((node) => node.id === id);
    if (isSelected()) return true;
    return new Promise((resolve) => {
      const end = (result: boolean): void => {
        clearTimeout(timer);
        listener.dispose();
        resolve(result);
      };
      const timer = setTimeout(() => end(false), SELECTION_MS);
      const listener = this.#view.onDidChangeSelection(() => {
        if (isSelected()) end(true);
      });
    });
  }

  /** The row of a sample below its group, whose page is shown then; that of the group when it lists others first. */
  async #nodeInGroup(root: NodeOf<"dataset">, sample: number): Promise<DatasetNode | null> {
    const duplicates = findingNodes(root).find((node) => node.kind === "duplicates");
    if (duplicates === undefined) return null;
    for (const tier of tierNodes(duplicates)) {
      // The groups of identical files are those of identical pixels, too.
      if (tier.kind !== "tier" || tier.tier === "file") continue;
      const { filter } = tier;
      const place = await root.session.read((engine, inspection) =>
        engine.findGroup({ inspection, filter, sample }, this.#run()),
      );
      if (place === null) continue;
      this.#showRow(root, tier.id, place.row);
      const groups = await this.#groups(tier, filter);
      const group = groups.find((node) => node.kind === "group" && node.group.group === place.group);
      if (group?.kind !== "group") continue;
      const members = await this.#members(group);
      return members.find((node) => node.kind === "sample" && node.view.sample === sample) ?? group;
    }
    return null;
  }

  async #nodeOfFault(root: NodeOf<"dataset">, sample: number): Promise<DatasetNode | null> {
    for (const faults of findingNodes(root)) {
      if (faults.kind !== "faults") continue;
      const row = faults.report[faults.of].findIndex((fault) => fault.sample === sample);
      if (row < 0) continue;
      const { to } = this.#shownOf(faults);
      if (row >= to) {
        this.#shown.set(faults.id, { from: 0, to: endOfPage(row) });
        this.#changed.fire(root);
      }
      const nodes = faultNodes(faults, this.#shownOf(faults).to);
      return nodes.find((node) => node.kind === "fault" && node.fault.sample === sample) ?? null;
    }
    return null;
  }

  /** Has a branch show the page of a row, together with what it shows already when that is not far. */
  #showRow(root: NodeOf<"dataset">, branch: string, row: number): void {
    const { from, to } = this.#shown.get(branch) ?? FIRST_PAGE;
    if (row >= from && row < to) return;
    const start = endOfPage(row) - PAGE_SIZE;
    const reach = PAGES_AT_ONCE * PAGE_SIZE;
    const isNear = start >= from - reach && start < to + reach;
    const shown = { from: start, to: start + PAGE_SIZE };
    this.#shown.set(branch, isNear ? { from: Math.min(from, start), to: Math.max(to, shown.to) } : shown);
    // VS Code finds rows by identity, and of the branch it may know another one.
    this.#changed.fire(root);
  }

  #refresh(session: DatasetSession | undefined): void {
    const root = session === undefined ? undefined : this.#roots.get(session.id);
    // A row that becomes another one, with other children, cannot be refreshed by itself.
    const isSameRow = root !== undefined && root.isInspected === (root.session.result !== null);
    if (!isSameRow) this.#roots.clear();
    this.#changed.fire(isSameRow ? root : undefined);
  }

  /** The number on the view: test and validation images that leak. */
  #showBadge(): void {
    const leaks = this.#sessions.all.flatMap(({ name, result }) =>
      result === null ? [] : evaluationLeaks(name, result),
    );
    const value = leaks.reduce((sum, leak) => sum + leak.samples, 0);
    this.#view.badge = value === 0 ? undefined : { value, tooltip: leaks.map(({ text }) => text).join("\n") };
  }

  /** Without a dataset on the list, rows of what was found take the place of the welcome: this says what to do with them. */
  #showMessage(): void {
    const isNew = this.#sessions.all.length === 0 && this.#finder.candidates.length > 0;
    // An empty message is none.
    const message = isNew
      ? vscode.l10n.t(
          "Inspect a dataset to see which images occur twice, leak between splits or carry contradicting labels.",
        )
      : "";
    if ((this.#view.message ?? "") !== message) this.#view.message = message;
  }

  /** The moving line at the top of the view, for as long as something is done with the dataset. */
  #showWork(session: DatasetSession): void {
    const isWorking = (): boolean => session.isBusy || session.isSearching;
    if (!isWorking() || this.#working.has(session.id)) return;
    this.#working.add(session.id);
    const progress = session.onDidProgress(
      throttled(() => {
        // A row with children would ask for all of them again.
        if (session.result === null && this.#working.has(session.id)) this.#changed.fire(this.#root(session));
      }, ROW_INTERVAL_MS),
    );
    const idle = new Promise<void>((resolve) => {
      const listener = this.#sessions.onDidChange(() => {
        if (isWorking() && this.#sessions.find(session.id) === session && !this.#closed.signal.aborted) return;
        listener.dispose();
        progress.dispose();
        this.#working.delete(session.id);
        resolve();
      });
    });
    void vscode.window.withProgress({ location: { viewId: DATASETS_VIEW } }, () => idle);
  }

  #shownOf(node: DatasetNode): { readonly from: number; readonly to: number } {
    return this.#shown.get(node.id) ?? FIRST_PAGE;
  }

  #run(): Run {
    return { signal: this.#closed.signal, progress: () => undefined };
  }
}

const FIRST_PAGE = { from: 0, to: PAGE_SIZE };

/** The first row after the page of a row. */
function endOfPage(row: number): number {
  return (Math.floor(row / PAGE_SIZE) + 1) * PAGE_SIZE;
}
