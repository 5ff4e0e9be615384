import type { DatasetFinder } from "./datasetFinder";
import type { ImageDecorations } from "./decorations";
import type { ErrorMessages } from "./errors";
import type { DatasetPanels } from "./panels/datasetPanels";
import type { LabelsPanel } from "./panels/labelsPanel";
import type { ReportPanel } from "./panels/reportPanel";
import type { TrainingPanel } from "./panels/trainingPanel";
import type { DatasetSessions } from "./session";
import type { StatusBar } from "./statusBar";
import type { DatasetTree } from "./views/datasetTree";

/** What activation answers: for tests, which look at the truth instead of at pixels. No promise to other extensions. */
export interface ExtensionApi {
  readonly sessions: DatasetSessions;
  readonly finder: DatasetFinder;
  readonly tree: DatasetTree;
  readonly decorations: ImageDecorations;
  readonly statusBar: StatusBar;
  readonly messages: ErrorMessages;
  readonly reports: DatasetPanels<ReportPanel>;
  readonly trainings: DatasetPanels<TrainingPanel>;
  readonly labels: DatasetPanels<LabelsPanel>;
  /** Process id of the engine; `undefined` while none runs. */
  readonly enginePid: () => number | undefined;
}
