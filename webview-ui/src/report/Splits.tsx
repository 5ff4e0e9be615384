import * as l10n from "@vscode/l10n";
import type { ComponentChild, JSX } from "preact";
import type { Report, Role, SplitCounts, Unit } from "../../../src/protocol/report";
import { CappedList, Unlisted } from "../shared/CappedList";
import { Button, Disclosure, Select, type Choice } from "../shared/Controls";
import { number, plural, visible } from "../shared/format";
import { useReadOnly } from "./readOnly";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

const ROLES: readonly Choice<Role>[] = [
  { value: "train", label: "Train" },
  { value: "validation", label: "Validation" },
  { value: "test", label: "Test" },
  { value: "other", label: "Other" },
];

/** More bars than this are only noise. */
const MOST_BARS = 40;
const BAR_HEIGHT_PX = 22;
const IGNORED = ["ignored entry", "ignored entries"] as const;

interface Props {
  readonly report: Report;
  readonly roles: SplitRoles;
  readonly busy: boolean;
  readonly onRole: (split: string, role: Role) => void;
  /** Paths of units that were corrected. */
  readonly corrected: readonly string[];
  readonly onUndo: (unit: string) => void;
  /** Whether corrections are written to a file. */
  readonly trusted: boolean;
}

/** The splits with their roles, and how the dataset was recognised. */
export function Splits({ report, roles, busy, onRole, corrected, onUndo, trusted }: Props): JSX.Element {
  const { dataset, splits, classes } = report;
  const unlisted = report.unlisted?.ignored ?? 0;
  const isReadOnly = useReadOnly() !== null;
  return (
    <section id="splits" aria-labelledby="splits-title">
      <h2 id="splits-title">Splits</h2>
      {!isReadOnly && (
        <p class="lead">
          If a split was recognised wrongly, choose its role: it takes the role’s name and joins the split that has it.
          The dataset is then inspected again, and the choice is kept{" "}
          {trusted ? (
            <>
              in <code>.cleansplit/dataset.json</code>.
            </>
          ) : (
            "until the window is closed."
          )}
        </p>
      )}
      <CappedList items={splits} step={20} noun="more split">
        {(shown) => (
          <div class="table-box">
            <table class="data">
              <thead>
                <tr>
                  <th scope="col">Split</th>
                  <th scope="col">Role</th>
                  <th scope="col" class="number">
                    Images
                  </th>
                  <th scope="col" class="number">
                    Unreadable
                  </th>
                  <th scope="col" class="number">
                    Invalid
                  </th>
                  <th scope="col">Classes</th>
                </tr>
              </thead>
              <tbody>
                {shown.map((split) => (
                  <tr key={split.name}>
                    <th scope="row">
                      <SplitBadge name={split.name} roles={roles} />
                    </th>
                    <td>
                      {isReadOnly ? (
                        (ROLES.find(({ value }) => value === split.role)?.label ?? split.role)
                      ) : (
                        <Select
                          label={l10n.t("Role of {0}", visible(split.name))}
                          value={split.role}
                          choices={ROLES}
                          disabled={busy}
                          onChange={(role) => onRole(split.name, role)}
                        />
                      )}
                    </td>
                    <td class="number">{number(split.samples)}</td>
                    <td class={split.unreadable > 0 ? "number bad" : "number none"}>{number(split.unreadable)}</td>
                    <td class={split.invalid > 0 ? "number bad" : "number none"}>{number(split.invalid)}</td>
                    <td>
                      <ClassBalance split={split} classes={classes} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </CappedList>
      <Disclosure summary="How this was recognised">
        <CappedList items={dataset.units} step={50} noun="more part">
          {(units) => (
            <ul class="plain units">
              {units.map((unit) => (
                <UnitLine key={unit.path} unit={unit} roles={roles}>
                  {corrected.includes(unit.path) && (
                    <Button
                      kind="quiet"
                      icon="discard"
                      label="Undo Correction"
                      disabled={busy}
                      onClick={() => onUndo(unit.path)}
                    />
                  )}
                </UnitLine>
              ))}
            </ul>
          )}
        </CappedList>
        {dataset.notes.length > 0 && (
          <ul class="notes">
            {dataset.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
        {dataset.ignored.length > 0 && (
          <Disclosure summary={plural(dataset.ignored.length + unlisted, ...IGNORED)}>
            <CappedList items={dataset.ignored} step={100} noun="more ignored entry">
              {(files) => (
                <ul class="plain ignored">
                  {files.map((file) => (
                    <li key={file.path}>
                      <bdi class="path">{visible(file.path)}</bdi> <span class="muted">{file.reason}</span>
                    </li>
                  ))}
                </ul>
              )}
            </CappedList>
            <Unlisted count={unlisted} noun="more ignored entry" />
          </Disclosure>
        )}
      </Disclosure>
    </section>
  );
}

function UnitLine(props: {
  readonly unit: Unit;
  readonly roles: SplitRoles;
  readonly children: ComponentChild;
}): JSX.Element {
  const { unit, roles, children } = props;
  return (
    <li>
      <span class="unit-head">
        {unit.split === null ? <span class="muted">left out</span> : <SplitBadge name={unit.split} roles={roles} />}
        <bdi class="path">{visible(unit.path)}</bdi>
        <span class="muted">{plural(unit.samples, "image")}</span>
        {children}
      </span>
      <span class="muted">{unit.reason}</span>
    </li>
  );
}

/** How many images each class has, as small bars and as the two ends of the range. */
function ClassBalance({
  split,
  classes,
}: {
  readonly split: SplitCounts;
  readonly classes: readonly string[];
}): JSX.Element {
  const counts = classes.map((name) => split.classes[name] ?? 0);
  if (counts.every((count) => count === 0)) return <span class="muted">no labels</span>;
  const least = Math.min(...counts);
  const most = Math.max(...counts);
  const range = least === most ? `${number(most)} each` : `${number(least)} – ${number(most)} each`;
  return (
    <span class="balance">
      {counts.length <= MOST_BARS && most > 0 && (
        <span class="bars" aria-hidden="true">
          {counts.map((count, index) => (
            <span
              key={index}
              title={`${classes[index] ?? ""}: ${plural(count, "image")}`}
              style={{ height: `${count === 0 ? 0 : Math.max(1, (count / most) * BAR_HEIGHT_PX)}px` }}
            />
          ))}
        </span>
      )}
      <span class="muted">
        {plural(counts.length, "class", "classes")}, {range}
      </span>
    </span>
  );
}
