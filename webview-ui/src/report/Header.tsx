import type { JSX } from "preact";
import type { ProgressView, ReportState } from "../../../src/protocol/report";
import { Button, Icon } from "../shared/Controls";
import { visible } from "../shared/format";
import { ProgressBar } from "../shared/ProgressBar";
import { progressText } from "./Placeholder";

interface Props {
  readonly state: ReportState;
  readonly sections: readonly { readonly id: string; readonly title: string }[];
  readonly onGo: (section: string) => void;
  readonly onInspect: () => void;
  readonly onTrain: () => void;
  readonly onCancel: () => void;
}

const LEVEL_ICONS = { clean: "pass-filled", warning: "warning", leak: "error" } as const;

/** The line that stays: which dataset, where on the page, what to do, and what is being done. */
export function Header({ state, sections, onGo, onInspect, onTrain, onCancel }: Props): JSX.Element {
  const { name, verdict, progress } = state;
  return (
    <header class="header">
      <div class="header-line">
        {verdict !== null && <Icon name={LEVEL_ICONS[verdict.level]} class={`level ${verdict.level}`} />}
        <h1 title={visible(name)}>
          <bdi>{visible(name)}</bdi>
        </h1>
        <nav aria-label="Sections">
          {sections.map((section) => (
            <button key={section.id} type="button" class="jump" onClick={() => onGo(section.id)}>
              {section.title}
            </button>
          ))}
        </nav>
        <span class="header-actions">
          <Button kind="quiet" icon="refresh" label="Inspect Again" disabled={progress !== null} onClick={onInspect} />
          <Button kind="quiet" icon="graph-line" label="Train" onClick={onTrain} />
        </span>
      </div>
      {progress !== null && <Working progress={progress} onCancel={onCancel} />}
    </header>
  );
}

function Working({
  progress,
  onCancel,
}: {
  readonly progress: ProgressView;
  readonly onCancel: () => void;
}): JSX.Element {
  return (
    <>
      <div class="header-progress">
        <span>{progress.title}</span>
        <span class="muted">{progressText(progress)}</span>
        <Button kind="quiet" icon="close" label="Cancel" onClick={onCancel} />
      </div>
      <ProgressBar label={progress.title} done={progress.done} total={progress.total} />
    </>
  );
}
