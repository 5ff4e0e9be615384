import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ReportSnapshot } from "../../../src/protocol/report";

/**
 * What a page shows that is a file of its own, without the dataset: then nothing can be changed, opened or worked out, so that no
 * control for it is there. `null` in the editor.
 */
const ReadOnly = createContext<ReportSnapshot | null>(null);

export const ReadOnlyProvider = ReadOnly.Provider;

/** The snapshot that is shown where nothing can be done; `null` where everything can. */
export function useReadOnly(): ReportSnapshot | null {
  return useContext(ReadOnly);
}
