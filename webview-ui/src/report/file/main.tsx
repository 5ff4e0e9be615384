import "@vscode/codicons/dist/codicon.css";
import { render, type JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { ReportSnapshot, SampleView } from "../../../../src/protocol/report";
import "../../shared/base.css";
import { speakLanguage } from "../../shared/language";
import { ThumbnailStore } from "../../shared/ThumbnailStore";
import { ReadOnlyProvider } from "../readOnly";
import { ReportApp } from "../ReportApp";
import "../report.css";
import { rolesOf } from "../SplitBadge";
import "./file.css";
import { fileConnection } from "./fileHost";
import { PictureDialog } from "./PictureDialog";
import "./theme.css";

/** The report page in a file of its own: the same page, on what the file holds. */
function ReportFile({ snapshot }: { readonly snapshot: ReportSnapshot }): JSX.Element {
  const [opened, setOpened] = useState<SampleView | null>(null);
  const connection = useMemo(() => fileConnection(snapshot, setOpened), [snapshot]);
  const store = useMemo(() => new ThumbnailStore((samples) => connection.host.thumbnails(samples)), [connection]);
  return (
    <ReadOnlyProvider value={snapshot}>
      <ReportApp connection={connection} />
      {opened !== null && (
        <PictureDialog
          key={opened.sample}
          sample={opened}
          roles={rolesOf(snapshot.report.splits)}
          store={store}
          onClose={() => setOpened(null)}
        />
      )}
    </ReadOnlyProvider>
  );
}

speakLanguage();
const [root, data] = ["root", "snapshot"].map((id) => document.getElementById(id));
if (root && data) render(<ReportFile snapshot={JSON.parse(data.textContent) as ReportSnapshot} />, root);
