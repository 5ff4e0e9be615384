import type { ComponentChild, JSX } from "preact";
import type { ProgressView } from "../../../src/protocol/report";
import { Icon } from "../shared/Controls";
import { number, percent } from "../shared/format";
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

/** How far something is, e.g. "12,000 of 20,000 (60 %)". */
export function progressText({ done, total }: ProgressView): string {
  if (total <= 0) return done > 0 ? number(done) : "";
  return `${number(done)} of ${number(total)} (${percent(done / total, 0)})`;
}

/** The first inspection under way. */
export function FirstProgress(props: {
  readonly name: string;
  readonly progress: ProgressView;
  readonly children: ComponentChild;
}): JSX.Element {
  const { name, progress, children } = props;
  return (
    <main class="placeholder">
      <h1>{name}</h1>
      <div class="first-progress">
        <ProgressBar label={progress.title} done={progress.done} total={progress.total} />
        <p class="progress-line">
          <span>{progress.title}</span>
          <span class="muted">{progressText(progress)}</span>
        </p>
      </div>
      {children}
    </main>
  );
}
