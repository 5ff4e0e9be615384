import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { PlanSummary, Report } from "../../../src/protocol/report";
import { CappedList } from "../shared/CappedList";
import { Disclosure, Icon } from "../shared/Controls";
import { number, visible } from "../shared/format";
import { chartedClasses, classSplits, MOST_CHARTED, type ClassCount, type ClassSplit } from "./classCounts";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

/** Splits whose charts are shown at a time. */
const STEP = 6;

interface Props {
  readonly report: Report;
  readonly plan: PlanSummary | null;
  readonly roles: SplitRoles;
}

/** How many images each class has in each split, as it was found, and what a plan makes of it. */
export function Classes({ report, plan, roles }: Props): JSX.Element | null {
  const splits = classSplits(report, plan);
  if (splits.length === 0) return null;
  const names = report.classes;
  const charted = chartedClasses(names, splits);
  const changes = splits.some(({ counts }) => [...counts.values()].some(({ before, after }) => before !== after));
  return (
    <section id="classes" aria-labelledby="classes-title">
      <h2 id="classes-title">{plan === null ? l10n.t("Class balance") : l10n.t("Class balance before and after")}</h2>
      <p class="lead">
        {plan === null
          ? l10n.t("Images of each class in each split. Bars are as long as the largest class of their split is large.")
          : l10n.t("Images of each class in each split, as they were found and as the plan leaves them.")}{" "}
        {names.length > MOST_CHARTED &&
          l10n.t("These are the {0} largest of {1} classes; the table has all.", MOST_CHARTED, number(names.length))}
      </p>
      {changes && <Legend splits={splits} />}
      <CappedList items={splits} step={STEP} noun="more split">
        {(shown) => (
          <div class="class-charts">
            {shown.map((split) => (
              <ClassChart key={split.name} split={split} names={charted} roles={roles} />
            ))}
          </div>
        )}
      </CappedList>
      <Disclosure summary={l10n.t("The figures as a table")}>
        <ClassTable splits={splits} names={names} />
      </Disclosure>
    </section>
  );
}

function Legend({ splits }: { readonly splits: readonly ClassSplit[] }): JSX.Element {
  const counts = splits.flatMap((split) => [...split.counts.values()]);
  return (
    <ul class="legend class-legend" aria-hidden="true">
      <li class="stays">{l10n.t("stays")}</li>
      {counts.some(({ before, after }) => after < before) && <li class="leaves">{l10n.t("leaves")}</li>}
      {counts.some(({ before, after }) => after > before) && (
        <li class="comes">{l10n.t("comes from another split")}</li>
      )}
    </ul>
  );
}

function ClassChart(props: {
  readonly split: ClassSplit;
  readonly names: readonly string[];
  readonly roles: SplitRoles;
}): JSX.Element {
  const { split, names, roles } = props;
  const known = names.map((name) => ({ name, ...(split.counts.get(name) ?? { before: 0, after: 0 }) }));
  const most = Math.max(1, ...known.map(({ before, after }) => Math.max(before, after)));
  return (
    <figure class={`class-chart split-chart ${roles.get(split.name) ?? split.role}`}>
      <figcaption>
        <SplitBadge name={split.name} roles={new Map([[split.name, split.role], ...roles])} />
      </figcaption>
      <ul class="plain">
        {known.map(({ name, ...count }) => (
          <li key={name}>
            <bdi class="class-name" title={visible(name)}>
              {visible(name)}
            </bdi>
            <ClassBar count={count} most={most} />
            <span class="class-count">
              <Change {...count} />
            </span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

function ClassBar({ count, most }: { readonly count: ClassCount; readonly most: number }): JSX.Element {
  const { before, after } = count;
  const width = (images: number): { width: string } => ({ width: `${(100 * images) / most}%` });
  return (
    <span class="class-bar" aria-hidden="true">
      <span class="stays" style={width(Math.min(before, after))} />
      {after < before && <span class="leaves" style={width(before - after)} />}
      {after > before && <span class="comes" style={width(after - before)} />}
    </span>
  );
}

/** A count, or both where a plan changes it. */
function Change({ before, after }: ClassCount): JSX.Element {
  if (before === after) return <>{number(before)}</>;
  return (
    <>
      <span class="muted">{number(before)}</span> <Icon name="arrow-right" />
      <span class="hidden"> {l10n.t("becomes")} </span> {number(after)}
    </>
  );
}

function ClassTable(props: { readonly splits: readonly ClassSplit[]; readonly names: readonly string[] }): JSX.Element {
  const { splits, names } = props;
  return (
    <CappedList items={names} step={50} noun="more class">
      {(shown) => (
        <div class="table-box">
          <table class="data narrow">
            <caption class="hidden">{l10n.t("Images of each class in each split")}</caption>
            <thead>
              <tr>
                <th scope="col">{l10n.t("Class")}</th>
                {splits.map(({ name }) => (
                  <th key={name} scope="col" class="number">
                    <bdi>{visible(name)}</bdi>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((name) => (
                <tr key={name}>
                  <th scope="row">
                    <bdi>{visible(name)}</bdi>
                  </th>
                  {splits.map((split) => {
                    const count = split.counts.get(name) ?? { before: 0, after: 0 };
                    return (
                      <td key={split.name} class={Math.max(count.before, count.after) === 0 ? "number none" : "number"}>
                        <Change {...count} />
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </CappedList>
  );
}
