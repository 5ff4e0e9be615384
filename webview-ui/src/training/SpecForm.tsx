import * as l10n from "@vscode/l10n";
import type { ComponentChild, JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { counted } from "../../../src/protocol/language";
import {
  BACKEND_TITLES,
  MODEL_NAMES,
  MODELS,
  type BackendName,
  type ExperimentSpec,
  type ModelName,
  type TrainingData,
} from "../../../src/protocol/training";
import { Button, Icon, Select, Toggle } from "../shared/Controls";
import { DEFAULT_DRAFT, parseDraft, plannedRuns, type Draft, type DraftErrors } from "./draft";
import { dataLabel } from "./text";

interface Props {
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  /** Training images of the dataset, once they are known. */
  readonly available: Readonly<Record<TrainingData, number>> | null;
  readonly isBusy: boolean;
  readonly trusted: boolean;
  readonly onStart: (spec: ExperimentSpec) => void;
}

const BACKENDS = ["", ...(Object.keys(BACKEND_TITLES) as BackendName[])] as const;

/** The settings of the next experiment. What is empty is left to the recipes of the models. */
export function SpecForm({ draft, onDraft, available, isBusy, trusted, onStart }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const { spec, errors } = parseDraft(draft);
  const set = (part: Partial<Draft>): void => onDraft({ ...draft, ...part });
  const text = (field: TextField, label: string, hint: string, wide = false): JSX.Element => (
    <TextInput
      label={label}
      hint={hint}
      value={draft[field]}
      error={errors[field]}
      wide={wide}
      onInput={(value) => set({ [field]: value })}
    />
  );
  return (
    <section id="settings" aria-labelledby="settings-title">
      <details class="disclosure settings" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <Icon name="chevron-right" />
          <h2 id="settings-title">{l10n.t("Settings of the next experiment")}</h2>
        </summary>
        <form
          class="settings-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (spec !== null && !isBusy && trusted) onStart(spec);
          }}
        >
          <Choices legend={l10n.t("Models")} error={errors.models}>
            {MODEL_NAMES.map((name) => (
              <div key={name} class="model-choice">
                <Toggle
                  label={MODELS[name].title}
                  checked={draft.models.includes(name)}
                  onChange={(checked) => set({ models: toggled<ModelName>(draft.models, name, checked) })}
                />
                <p class="muted">{MODELS[name].sentence()}</p>
                <p class="muted source">{MODELS[name].source()}</p>
              </div>
            ))}
          </Choices>
          <Choices legend={l10n.t("Data")} error={errors.data}>
            {(["original", "sanitized"] as const).map((data) => (
              <Toggle
                key={data}
                label={dataLabel(data)}
                checked={draft.data.includes(data)}
                onChange={(checked) => set({ data: toggled<TrainingData>(draft.data, data, checked) })}
              />
            ))}
          </Choices>
          <div class="fields">
            {text(
              "sizes",
              l10n.t("Numbers of training images"),
              l10n.t({
                message: "With commas; “all” takes all of them",
                comment: ["The word all is typed as it is, in every language."],
              }),
              true,
            )}
            {text("seeds", l10n.t("Seeds"), l10n.t("Each is one run, e.g. 1-5"))}
            {text("epochs", l10n.t("Epochs"), l10n.t("As in the recipe"))}
            {text("batchSize", l10n.t("Batch size"), l10n.t("As in the recipe"))}
            {text("learningRate", l10n.t("Learning rate"), l10n.t("As in the recipe"))}
            {text("side", l10n.t("Side in pixels"), l10n.t("As the pictures, else 32"))}
            <SelectField
              label={l10n.t("Colours")}
              value={draft.channels}
              choices={[
                { value: "", label: l10n.t("As the pictures are") },
                { value: "1", label: l10n.t({ message: "Grey", comment: ["Pictures in shades of grey."] }) },
                { value: "3", label: l10n.t({ message: "Colour", comment: ["Pictures in colour."] }) },
              ]}
              onChange={(channels) => set({ channels })}
            />
            <SelectField
              label={l10n.t("A test image is leaked if it is")}
              value={draft.tier}
              choices={[
                { value: "pixel", label: l10n.t("Equal to one of train or validation") },
                { value: "near", label: l10n.t("Equal or similar to one") },
              ]}
              onChange={(tier) => set({ tier })}
            />
            <SelectField
              label={l10n.t("Back end")}
              value={draft.backend}
              choices={BACKENDS.map((value) => ({
                value,
                label: value === "" ? l10n.t("The best for each model") : BACKEND_TITLES[value],
              }))}
              onChange={(backend) => set({ backend })}
            />
          </div>
          <FormActions {...{ spec, errors, available, isBusy, trusted }}>
            <Button
              kind="quiet"
              icon="discard"
              label={l10n.t("Restore Defaults")}
              onClick={() => onDraft(DEFAULT_DRAFT)}
            />
          </FormActions>
        </form>
      </details>
    </section>
  );
}

type TextField = "sizes" | "seeds" | "epochs" | "batchSize" | "learningRate" | "side";

function toggled<T>(chosen: readonly T[], value: T, isChosen: boolean): readonly T[] {
  const others = chosen.filter((other) => other !== value);
  return isChosen ? [...others, value] : others;
}

function FormActions(props: {
  readonly spec: ExperimentSpec | null;
  readonly errors: DraftErrors;
  readonly available: Props["available"];
  readonly isBusy: boolean;
  readonly trusted: boolean;
  readonly children: ComponentChild;
}): JSX.Element {
  const { spec, errors, available, isBusy, trusted, children } = props;
  const wrong = Object.keys(errors).length;
  return (
    <div class="actions">
      <button type="submit" class="button primary" disabled={spec === null || isBusy || !trusted}>
        <Icon name="play" />
        <span>{l10n.t("Train with These Settings")}</span>
      </button>
      {children}
      <span class="muted" role="status">
        {spec === null
          ? wrong === 1
            ? l10n.t("{0} setting cannot be used.", wrong)
            : l10n.t("{0} settings cannot be used.", wrong)
          : isBusy
            ? l10n.t("One experiment at a time: wait for the running one, or cancel it.")
            : counted(plannedRuns(spec, available), "run")}
      </span>
    </div>
  );
}

function Choices(props: {
  readonly legend: string;
  readonly error: string | undefined;
  readonly children: ComponentChild;
}): JSX.Element {
  return (
    <fieldset>
      <legend>{props.legend}</legend>
      <div class="choices">{props.children}</div>
      {props.error !== undefined && <FieldError>{props.error}</FieldError>}
    </fieldset>
  );
}

function TextInput(props: {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly error: string | undefined;
  readonly wide: boolean;
  readonly onInput: (value: string) => void;
}): JSX.Element {
  const { label, hint, value, error, wide, onInput } = props;
  const id = useId();
  return (
    <div class={wide ? "field wide" : "field"}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        value={value}
        placeholder={hint}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : `${id}-error`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {error !== undefined && <FieldError id={`${id}-error`}>{error}</FieldError>}
    </div>
  );
}

function FieldError(props: { readonly id?: string; readonly children: ComponentChild }): JSX.Element {
  return (
    <p class="field-error" {...(props.id === undefined ? {} : { id: props.id })}>
      <Icon name="error" /> {props.children}
    </p>
  );
}

function SelectField<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}): JSX.Element {
  return (
    <div class="field">
      <span class="field-label" aria-hidden="true">
        {props.label}
      </span>
      <Select {...props} />
    </div>
  );
}
