import * as l10n from "@vscode/l10n";
import type { ComponentChild, JSX } from "preact";
import type { ProgressView, ReportState } from "../../../src/protocol/report";
import { Button, Icon } from "../shared/Controls";
import { visible } from "../shared/format";
import type { MenuEntry } from "../shared/Menu";
import { MenuButton } from "../shared/MenuButton";
import { ProgressBar } from "../shared/ProgressBar";
import { useReadOnly } from "./readOnly";

interface Props {
  readonly state: ReportState;
  readonly sections: readonly { readonly id: string; readonly title: string }[];
  readonly onGo: (section: string) => void;
  readonly onInspect: () => void;
  readonly onTrain: () => void;
  /** What the report can be exported as. */
  readonly exports: readonly MenuEntry[];
  readonly work: WorkActions;
}

/** What can be done about work that runs or is paused. */
export interface WorkActions {
  readonly cancel: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
}

const LEVEL_ICONS = { clean: "pass-filled", warning: "warning", leak: "error" } as const;

/** The line that stays: which dataset, where on the page, what to do, and what is being done. */
export function Header({ state, sections, onGo, onInspect, onTrain, exports, work }: Props): JSX.Element {
  const { name, verdict, progress, paused, canPause } = state;
  const isReadOnly = useReadOnly() !== null;
  return (
    <header class="header">
      <div class="header-line">
        {verdict !== null && <Icon name={LEVEL_ICONS[verdict.level]} class={`level ${verdict.level}`} />}
        <h1 title={visible(name)}>
          <bdi>{visible(name)}</bdi>
        </h1>
        <nav aria-label={l10n.t("Sections")}>
          {sections.map((section) => (
            <button key={section.id} type="button" class="jump" onClick={() => onGo(section.id)}>
              {section.title}
            </button>
          ))}
        </nav>
        {isReadOnly ? (
          <span class="header-actions">
            <Button kind="quiet" icon="file-pdf" label={l10n.t("Print")} onClick={() => window.print()} />
          </span>
        ) : (
          <span class="header-actions">
            <Button
              kind="quiet"
              icon="refresh"
              label={l10n.t("Inspect Again")}
              disabled={progress !== null || paused !== null}
              onClick={onInspect}
            />
            <MenuButton label={l10n.t("Export")} icon="export" entries={exports} />
            <Button
              kind="quiet"
              icon="graph-line"
              label={l10n.t({ message: "Train", comment: ["A button: train models."] })}
              onClick={onTrain}
            />
          </span>
        )}
      </div>
      {progress !== null ? (
        <Working title={progress.title} progress={progress} isRunning>
          {canPause && <Button kind="quiet" icon="debug-pause" label={l10n.t("Pause")} onClick={work.pause} />}
          <Button kind="quiet" icon="close" label={l10n.t("Cancel")} onClick={work.cancel} />
        </Working>
      ) : (
        paused !== null && (
          <Working title={l10n.t("Paused")} progress={paused} isRunning={false}>
            <Button kind="quiet" icon="debug-continue" label={l10n.t("Resume")} onClick={work.resume} />
            <Button kind="quiet" icon="close" label={l10n.t("Cancel")} onClick={work.cancel} />
          </Working>
        )
      )}
    </header>
  );
}

/** The line of work that runs or rests. */
function Working(props: {
  readonly title: string;
  readonly progress: ProgressView;
  readonly isRunning: boolean;
  readonly children: ComponentChild;
}): JSX.Element {
  const { title, progress, isRunning, children } = props;
  return (
    <>
      <div class="header-progress">
        <span>{title}</span>
        <span class="muted">{progress.text}</span>
        <span class="progress-actions">{children}</span>
      </div>
      {/* Without a total the bar runs to and fro, which is wrong for what rests. */}
      {(isRunning || progress.total > 0) && <ProgressBar label={title} done={progress.done} total={progress.total} />}
    </>
  );
}
