import * as l10n from "@vscode/l10n";
import type { ComponentChild, JSX } from "preact";
import type { Report, Role, SplitCounts, Unit } from "../../../src/protocol/report";
import { counted } from "../../../src/protocol/language";
import { CappedList, Unlisted } from "../shared/CappedList";
import { Button, Disclosure, Select, type Choice } from "../shared/Controls";
import { filled } from "../shared/filled";
import { number, visible } from "../shared/format";
import { useReadOnly } from "./readOnly";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

/** The roles a split can have. */
function roleChoices(): readonly Choice<Role>[] {
  return [
    { value: "train", label: l10n.t({ message: "Train", comment: ["The role of a split."] }) },
    { value: "validation", label: l10n.t({ message: "Validation", comment: ["The role of a split."] }) },
    { value: "test", label: l10n.t({ message: "Test", comment: ["The role of a split."] }) },
    { value: "other", label: l10n.t({ message: "Other", comment: ["The role of a split."] }) },
  ];
}

/** More bars than this are only noise. */
const MOST_BARS = 40;
const BAR_HEIGHT_PX = 22;

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
      <h2 id="splits-title">{l10n.t("Splits")}</h2>
      {!isReadOnly && (
        <p class="lead">
          {l10n.t(
            "If a split was recognised wrongly, choose its role: it takes the role’s name and joins the split that has it.",
          )}{" "}
          {trusted
            ? filled(
                l10n.t({
                  message: "The dataset is then inspected again, and the choice is kept in {0}.",
                  comment: ["{0} a file."],
                }),
                <code>.cleansplit/dataset.json</code>,
              )
            : l10n.t("The dataset is then inspected again, and the choice is kept until the window is closed.")}
        </p>
      )}
      <CappedList items={splits} step={20} noun="more split">
        {(shown) => (
          <div class="table-box">
            <table class="data">
              <thead>
                <tr>
                  <th scope="col">{l10n.t("Split")}</th>
                  <th scope="col">{l10n.t("Role")}</th>
                  <th scope="col" class="number">
                    {l10n.t("Images")}
                  </th>
                  <th scope="col" class="number">
                    {l10n.t({ message: "Unreadable", comment: ["Images."] })}
                  </th>
                  <th scope="col" class="number">
                    {l10n.t({ message: "Invalid", comment: ["Images."] })}
                  </th>
                  <th scope="col">{l10n.t("Classes")}</th>
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
                        (roleChoices().find(({ value }) => value === split.role)?.label ?? split.role)
                      ) : (
                        <Select
                          label={l10n.t("Role of {0}", visible(split.name))}
                          value={split.role}
                          choices={roleChoices()}
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
      <Disclosure summary={l10n.t("How this was recognised")}>
        <CappedList items={dataset.units} step={50} noun="more part">
          {(units) => (
            <ul class="plain units">
              {units.map((unit) => (
                <UnitLine key={unit.path} unit={unit} roles={roles}>
                  {corrected.includes(unit.path) && (
                    <Button
                      kind="quiet"
                      icon="discard"
                      label={l10n.t("Undo Correction")}
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
          <Disclosure summary={counted(dataset.ignored.length + unlisted, "ignored entry")}>
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
        {unit.split === null ? (
          <span class="muted">{l10n.t({ message: "left out", comment: ["A part of a dataset."] })}</span>
        ) : (
          <SplitBadge name={unit.split} roles={roles} />
        )}
        <bdi class="path">{visible(unit.path)}</bdi>
        <span class="muted">{counted(unit.samples, "image")}</span>
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
  if (counts.every((count) => count === 0)) return <span class="muted">{l10n.t("no labels")}</span>;
  const least = Math.min(...counts);
  const most = Math.max(...counts);
  const range = least === most ? number(most) : `${number(least)} – ${number(most)}`;
  return (
    <span class="balance">
      {counts.length <= MOST_BARS && most > 0 && (
        <span class="bars" aria-hidden="true">
          {counts.map((count, index) => (
            <span
              key={index}
              title={l10n.t({
                message: "{0}: {1}",
                args: [visible(classes[index] ?? ""), counted(count, "image")],
                comment: ["{0} a class, {1} e.g. 20 images."],
              })}
              style={{ height: `${count === 0 ? 0 : Math.max(1, (count / most) * BAR_HEIGHT_PX)}px` }}
            />
          ))}
        </span>
      )}
      <span class="muted">
        {l10n.t({
          message: "{0}, {1} each",
          args: [counted(counts.length, "class"), range],
          comment: ["{0} e.g. 10 classes, {1} how many images each has, e.g. 20 – 30."],
        })}
      </span>
    </span>
  );
}
