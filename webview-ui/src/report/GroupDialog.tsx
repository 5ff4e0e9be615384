import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { GroupView, ReportHost } from "../../../src/protocol/report";
import { messageOf } from "../shared/connection";
import { Button, Notice } from "../shared/Controls";
import { number, plural, sentenceList, visible } from "../shared/format";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import type { GroupFilter } from "./reportView";
import { SampleCard, type SampleActions } from "./SampleCard";
import type { SplitRoles } from "./SplitBadge";

/** Members shown of one group; more of the same picture prove nothing more. */
const MOST_MEMBERS = 500;

interface Props {
  readonly host: ReportHost;
  readonly filter: GroupFilter;
  /** Its place in the filtered list. */
  readonly row: number;
  readonly group: GroupView;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
  readonly stacked: boolean;
  readonly onClose: () => void;
}

/** All members of one group that is too big for a row. */
export function GroupDialog({ host, filter, row, group, roles, store, actions, stacked, onClose }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [members, setMembers] = useState(group.members);
  const [error, setError] = useState<string | null>(null);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  useEffect(() => {
    let current = true;
    host.groups({ ...filter, from: row, count: 1, membersEach: MOST_MEMBERS }).then(
      (page) => {
        const whole = page.groups[0];
        if (current && whole?.group === group.group) setMembers(whole.members);
      },
      (reason: unknown) => current && setError(messageOf(reason)),
    );
    return () => {
      current = false;
    };
  }, [host, filter, row, group]);

  const rest = group.size - members.length;
  return (
    <dialog class="dialog" ref={dialog} aria-labelledby="dialog-title" onClose={onClose}>
      <div class="dialog-head">
        <h2 id="dialog-title">{plural(group.size, "equal image")}</h2>
        <span class="muted">
          in {visible(sentenceList(group.splits))}
          {group.conflict && `, labelled ${visible(sentenceList(group.labels))}`}
        </span>
        <Button kind="icon" icon="close" label="Close" onClick={() => dialog.current?.close()} />
      </div>
      {error !== null && <Notice level="error">The group could not be read: {error}</Notice>}
      <div class="dialog-cards">
        {members.map((sample) => (
          <SampleCard
            key={sample.sample}
            sample={sample}
            roles={roles}
            store={store}
            actions={actions}
            conflict={group.conflict}
            stacked={stacked}
            tabIndex={0}
          />
        ))}
      </div>
      {rest > 0 && <p class="muted">and {number(rest)} more, equal to these.</p>}
    </dialog>
  );
}
