import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import {
  DEFAULT_OPTIONS,
  type PlanOptions,
  type PolicyName,
  type PolicyPreview,
  type ReportHost,
  type ReportState,
} from "../../../src/protocol/report";
import { percentText } from "../../../src/protocol/language";
import { messageOf } from "../shared/connection";
import { Button, Icon, Notice, NumberField, Select, Toggle } from "../shared/Controls";
import { number, visible } from "../shared/format";
import { conflictChoices, keepChoices, keepsOne, percentOf, unusual, usesChance } from "./planChoices";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

/** Options have to rest this long before they are previewed. */
const REST_MS = 250;

/** The largest seed: beyond it numbers of the page are not whole any more. */
const LARGEST_SEED = 2 ** 31 - 1;

/** Fewer new splits would be no division. */
const LEAST_SPLITS = 2;

interface Props {
  readonly host: ReportHost;
  readonly state: ReportState;
  readonly roles: SplitRoles;
  readonly options: PlanOptions;
  readonly disabled: boolean;
  readonly onOptions: (options: PlanOptions) => void;
  readonly onPlan: () => void;
}

/** The other ways to plan a copy: each policy with its effect in numbers, and what can be chosen beside it. */
export function PlanWays({ host, state, roles, options, disabled, onOptions, onPlan }: Props): JSX.Element {
  const { previews, error, isCounting, retry } = usePreviews(host, state, options);
  const set = (change: Partial<PlanOptions>): void => onOptions({ ...options, ...change });
  // A policy may make splits that the dataset does not have.
  const rolesAfter = new Map([...DEFAULT_OPTIONS.shares.map(({ name, role }) => [name, role] as const), ...roles]);
  const chosen = previews?.find(({ policy }) => policy === options.policy);
  return (
    <div class="ways" id="ways" role="group" aria-label={l10n.t("Other ways to plan")}>
      {error !== null && (
        <Notice level="error" actions={<Button label={l10n.t("Try Again")} onClick={retry} />}>
          {l10n.t("What each way would do could not be worked out: {0}", error)}
        </Notice>
      )}
      <div class="policies" role="radiogroup" aria-label={l10n.t("Who gives way")} aria-busy={isCounting}>
        {previews === null
          ? error === null && <p class="nothing">{l10n.t("Working out what each way would do …")}</p>
          : previews.map((preview) => (
              <PolicyCard
                key={preview.policy}
                preview={preview}
                roles={rolesAfter}
                checked={preview.policy === options.policy}
                onChoose={(policy) => set({ policy })}
              />
            ))}
      </div>
      <Options state={state} options={options} set={set} />
      <div class="actions">
        <Button
          label={l10n.t("Plan This Way")}
          icon="checklist"
          disabled={disabled || (chosen !== undefined && chosen.unavailable !== null)}
          onClick={onPlan}
        />
        {unusual(options).length > 0 && (
          <Button kind="quiet" label={l10n.t("Back to the Usual")} onClick={() => onOptions(DEFAULT_OPTIONS)} />
        )}
      </div>
    </div>
  );
}

/** A policy to choose: its title, its sentence, and what it would do, or why it cannot be. */
function PolicyCard(props: {
  readonly preview: PolicyPreview;
  readonly roles: SplitRoles;
  readonly checked: boolean;
  readonly onChoose: (policy: PolicyName) => void;
}): JSX.Element {
  const { preview, roles, checked, onChoose } = props;
  const { policy, title, sentence, leave, move, splits, unavailable } = preview;
  return (
    <label class={unavailable === null ? "policy" : "policy unavailable"}>
      <input
        type="radio"
        name="policy"
        value={policy}
        checked={checked}
        disabled={unavailable !== null}
        aria-label={title}
        aria-describedby={`policy-${policy}`}
        onChange={() => onChoose(policy)}
      />
      <span class="policy-text">
        <span class="policy-title">{title}</span>
        <span class="policy-about" id={`policy-${policy}`}>
          <span class="muted">{sentence}</span>
          {unavailable === null ? (
            <>
              <span class="policy-sum">
                <span class={leave === 0 ? "muted" : "strong"}>
                  {l10n.t({ message: "{0} leave", args: [number(leave)], comment: ["Images."] })}
                </span>
                <span class={move === 0 ? "muted" : "strong"}>
                  {l10n.t({ message: "{0} move", args: [number(move)], comment: ["Images."] })}
                </span>
              </span>
              <span class="policy-splits">
                {splits.map(({ name, before, after }) => (
                  <span key={name} class="policy-split">
                    <SplitBadge name={name} roles={roles} />
                    {before === after ? (
                      <span class="muted">{number(after)}</span>
                    ) : (
                      <span>
                        <span class="muted">{number(before)}</span> <Icon name="arrow-right" />
                        <span class="hidden"> {l10n.t("becomes")} </span> {number(after)}
                      </span>
                    )}
                  </span>
                ))}
              </span>
            </>
          ) : (
            <span class="policy-why">
              <Icon name="info" /> {visible(unavailable)}
            </span>
          )}
        </span>
      </span>
    </label>
  );
}

/** What can be chosen whatever the policy, and what only some of them need. */
function Options(props: {
  readonly state: ReportState;
  readonly options: PlanOptions;
  readonly set: (change: Partial<PlanOptions>) => void;
}): JSX.Element {
  const { state, options, set } = props;
  const knowsNear = state.report !== null && state.report.near !== null;
  return (
    <div class="plan-options">
      {options.policy === "new-split" && <Shares options={options} set={set} />}
      <span class="plan-option">
        <span>{l10n.t("Equal images with different labels:")}</span>
        <Select
          label={l10n.t("Equal images with different labels")}
          value={options.conflicts}
          choices={conflictChoices()}
          onChange={(conflicts) => set({ conflicts })}
        />
      </span>
      {keepsOne(options) && (
        <span class="plan-option">
          <span>
            {l10n.t({ message: "Of each group stays", comment: ["Before a choice such as: the first by path."] })}
          </span>
          <Select
            label={l10n.t("Which image of a group stays")}
            value={options.keep}
            choices={keepChoices()}
            onChange={(keep) => set({ keep })}
          />
        </span>
      )}
      <span class="plan-option">
        <Toggle
          label={l10n.t("Also near duplicates: similar images count like equal ones")}
          checked={options.tier === "near" && knowsNear}
          disabled={!knowsNear}
          {...(knowsNear ? {} : { describedBy: "no-near" })}
          onChange={(near) => set({ tier: near ? "near" : "pixel" })}
        />
        {!knowsNear && (
          <span id="no-near" class="muted">
            {state.search.status === "searching"
              ? l10n.t({ message: "They are still being searched.", comment: ["Near duplicates."] })
              : l10n.t({ message: "They were not searched.", comment: ["Near duplicates."] })}
          </span>
        )}
      </span>
      <Toggle
        label={l10n.t("Balance: as many images of every class as of the smallest one of its split")}
        checked={options.balance}
        onChange={(balance) => set({ balance })}
      />
      {usesChance(options) && (
        <span class="plan-option">
          <NumberField
            label={l10n.t("Seed")}
            value={options.seed}
            max={LARGEST_SEED}
            onChange={(seed) => set({ seed })}
          />
          <span class="muted">{l10n.t("The same seed makes the same choices.")}</span>
        </span>
      )}
    </div>
  );
}

/** How many images each new split gets, in percent. */
function Shares(props: {
  readonly options: PlanOptions;
  readonly set: (change: Partial<PlanOptions>) => void;
}): JSX.Element {
  const { options, set } = props;
  // A split without a share is not made, but has to be there to be given one.
  const shares = DEFAULT_OPTIONS.shares.map((usual) => ({
    ...usual,
    share: options.shares.find(({ name }) => name === usual.name)?.share ?? 0,
  }));
  const sum = shares.reduce((all, { share }) => all + percentOf(share), 0);
  return (
    <fieldset class="shares">
      <legend>{l10n.t("New splits")}</legend>
      {shares.map(({ name, share }) => (
        <NumberField
          key={name}
          label={name}
          value={percentOf(share)}
          max={100}
          unit="%"
          onChange={(percent) => {
            const changed = shares.map((entry) => (entry.name === name ? { ...entry, share: percent / 100 } : entry));
            const made = changed.filter((entry) => entry.share > 0);
            if (made.length >= LEAST_SPLITS) set({ shares: made });
          }}
        />
      ))}
      <span class="muted" role="status">
        {sum === 100 ? "" : l10n.t("Together {0}: they count in proportion to each other.", percentText(sum / 100, 0))}
      </span>
    </fieldset>
  );
}

/**
 * What each policy would do under the options; asked anew when they rest. What was known stays in view meanwhile, so that
 * nothing flickers.
 */
function usePreviews(
  host: ReportHost,
  { inspection, report }: ReportState,
  options: PlanOptions,
): {
  readonly previews: readonly PolicyPreview[] | null;
  readonly error: string | null;
  readonly isCounting: boolean;
  readonly retry: () => void;
} {
  const [known, setKnown] = useState<{ readonly of: string; readonly previews: readonly PolicyPreview[] } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const isFirst = useRef(true);
  // Every policy is previewed, so which one is chosen makes no difference.
  const { policy: _policy, ...rest } = options;
  const key = JSON.stringify([inspection, rest]);
  useEffect(() => {
    let current = true;
    const ask = (): void => {
      host.previews(options).then(
        (previews) => {
          if (!current) return;
          setError(null);
          setKnown({ of: key, previews });
        },
        (reason: unknown) => current && setError(messageOf(reason)),
      );
    };
    const timer = setTimeout(ask, isFirst.current ? 0 : REST_MS);
    isFirst.current = false;
    return () => {
      current = false;
      clearTimeout(timer);
    };
    // Decisions about near duplicates come with another report.
  }, [host, key, report, attempt]);
  return {
    previews: known?.previews ?? null,
    error,
    isCounting: error === null && known?.of !== key,
    retry: () => {
      setError(null);
      setAttempt((count) => count + 1);
    },
  };
}
