import * as l10n from "@vscode/l10n";
import type { ComponentChild, JSX } from "preact";
import type { ProgressView } from "../../../src/protocol/report";
import { Icon } from "../shared/Controls";
import { visible } from "../shared/format";
import { ProgressBar } from "../shared/ProgressBar";

/** What the page shows while there is no report: one sentence, and the one thing to do. */
export function Placeholder(props: {
  readonly icon: string;
  readonly title: string;
  readonly text: string;
  readonly children?: ComponentChild;
  readonly alert?: boolean;
}): JSX.Element {
  return (
    <main class="placeholder">
      <Icon name={props.icon} class="placeholder-icon" />
      <div {...(props.alert === true ? { role: "alert" } : {})}>
        <h1>{props.title}</h1>
        <p class="lead">{props.text}</p>
      </div>
      {props.children}
    </main>
  );
}

/** The first inspection under way, or where it was paused. */
export function FirstProgress(props: {
  readonly name: string;
  readonly progress: ProgressView;
  readonly isPaused?: boolean;
  readonly children: ComponentChild;
}): JSX.Element {
  const { name, progress, isPaused = false, children } = props;
  const title = isPaused ? l10n.t("Paused") : progress.title;
  return (
    <main class="placeholder">
      <h1>{visible(name)}</h1>
      <div class="first-progress">
        {/* Without a total the bar runs to and fro, which is wrong for what rests. */}
        {(!isPaused || progress.total > 0) && <ProgressBar label={title} done={progress.done} total={progress.total} />}
        <p class="progress-line">
          <span>{title}</span>
          <span class="muted">{progress.text}</span>
        </p>
        {isPaused && <p class="muted">{l10n.t("Image files that were read are not read again.")}</p>}
      </div>
      <div class="actions">{children}</div>
    </main>
  );
}
