import * as vscode from "vscode";
import type { Run } from "../../engine/engine";
import { throttled } from "../progress";
import type { DatasetSession, DatasetSessions } from "../session";
import { treeItemOf } from "./datasetItems";
import { evaluationLeaks } from "./evaluationLeaks";
import {
  classNodes,
  datasetNode,
  experimentNodes,
  faultNodes,
  findingNodes,
  groupNodes,
  leakNodes,
  noteNode,
  PAGE_SIZE,
  sampleNodes,
  splitNodes,
  tierNodes,
  type DatasetNode,
  type GroupFilter,
  type NodeOf,
} from "./datasetNodes";

/** Id of the view, as in the manifest. */
export const DATASETS_VIEW = "cleansplit.datasets";

/** Least time between two updates of a row that says how far an inspection is. */
const ROW_INTERVAL_MS = 1000;

/** Samples of a group that the tree lists; the report shows all. */
const MEMBERS_SHOWN = 100;

/** The tree of datasets: splits, what is wrong with them, and experiments. */
export class DatasetTree implements vscode.TreeDataProvider<DatasetNode>, vscode.Disposable {
  readonly #sessions: DatasetSessions;
  readonly #changed = new vscode.EventEmitter<DatasetNode | undefined>();
  readonly #view: vscode.TreeView<DatasetNode>;
  readonly #subscriptions: vscode.Disposable;
  /** Rows shown of a branch with more than one page, by the branch's id. */
  readonly #shown = new Map<string, number>();
  readonly #closed = new AbortController();
  readonly #working = new Set<string>();
  /** The rows of datasets as VS Code knows them: it finds a changed row by identity. */
  readonly #roots = new Map<string, NodeOf<"dataset">>();

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(sessions: DatasetSessions) {
    this.#sessions = sessions;
    this.#view = vscode.window.createTreeView(DATASETS_VIEW, { treeDataProvider: this, showCollapseAll: true });
    this.#subscriptions = vscode.Disposable.from(
      this.#view,
      this.#changed,
      sessions.onDidChange((session) => {
        this.#refresh(session);
        this.#showBadge();
        if (session !== undefined) this.#showWork(session);
      }),
    );
  }

  getTreeItem(node: DatasetNode): vscode.TreeItem {
    return treeItemOf(node);
  }

  getParent(node: DatasetNode): DatasetNode | null {
    return node.parent;
  }

  async getChildren(node?: DatasetNode): Promise<DatasetNode[]> {
    return [...(await this.#children(node))];
  }

  /** Shows the next page of a branch. */
  showMore(node: NodeOf<"more">): void {
    this.#shown.set(node.of, node.shown + PAGE_SIZE);
    this.#changed.fire(node.parent ?? undefined);
  }

  dispose(): void {
    this.#closed.abort();
    this.#subscriptions.dispose();
  }

  async #children(node: DatasetNode | undefined): Promise<readonly DatasetNode[]> {
    if (node === undefined) return this.#sessions.all.map((session) => this.#root(session));
    switch (node.kind) {
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
        return faultNodes(node, this.#shownOf(node));
      case "group":
        return this.#members(node);
      case "experiments":
        return experimentNodes(node);
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
    const shown = this.#shownOf(parent);
    const pages = await Promise.all(
      Array.from({ length: shown / PAGE_SIZE }, (_, page) =>
        session.read((engine, inspection) => {
          const query = { ...filter, from: page * PAGE_SIZE, count: PAGE_SIZE, membersEach: 0 };
          return engine.groups({ inspection, query }, this.#run());
        }),
      ),
    );
    return groupNodes(
      parent,
      filter,
      pages.flatMap((page) => page.groups),
      pages[0]?.total ?? 0,
    );
  }

  async #members(node: NodeOf<"group">): Promise<readonly DatasetNode[]> {
    const query = { ...node.filter, from: node.position, count: 1, membersEach: MEMBERS_SHOWN };
    const page = await node.session.read((engine, inspection) => engine.groups({ inspection, query }, this.#run()));
    return sampleNodes(node, page.groups[0]?.members ?? []);
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

  #shownOf(node: DatasetNode): number {
    return this.#shown.get(node.id) ?? PAGE_SIZE;
  }

  #run(): Run {
    return { signal: this.#closed.signal, progress: () => undefined };
  }
}
