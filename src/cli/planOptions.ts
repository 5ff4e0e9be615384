import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { roleOfSplit } from "../core/dataset/splits";
import { CleanSplitError, messageOf } from "../core/errors";
import { MAX_SEED, OPTION_WORDS, type PlanOptions, type Share } from "../core/sanitize/options";
import { parsePlanFile, type PlanFile } from "../core/sanitize/planFile";
import { UsageError, type Arguments, type OptionSpec } from "./arguments";

/** Longest plan file that is read: longer ones are no text of one piece. */
const MAX_PLAN_BYTES = 2 ** 29;

/** Leaves out what people said of single images. */
export const NO_CHOICES: OptionSpec = {
  name: "no-choices",
  help: "Ignore what .cleansplit/choices.json says about images that stay or leave.",
};

/** The options that say how a plan is made, and what is done with its file. */
export const PLAN_OPTIONS: readonly OptionSpec[] = [
  {
    name: "policy",
    value: "NAME",
    help:
      "Where splits share images: protect-evaluation (train gives way; the default), protect-train (evaluation gives way), " +
      "move-groups (whole groups move to one split, nothing is lost), new-split (divided anew by chance, every class alike). " +
      "--dry-run shows what each would do.",
  },
  {
    name: "conflicts",
    value: "RULE",
    help: "Equal images with different labels: drop (all leave; the default), majority (those stay that most labels speak for), ask (you decide about each in a plan file).",
  },
  {
    name: "keep",
    value: "RULE",
    help: "Which image of a group stays: first (by order; the default), resolution (the most pixels), lossless (a lossless format), largest (the largest file).",
  },
  { name: "balance", help: "Each split keeps as many images of every class as of its smallest one." },
  {
    name: "shares",
    value: "LIST",
    help: "Splits of --policy new-split with their shares: train=0.8,validation=0.1,test=0.1 by default.",
  },
  { name: "seed", value: "N", help: "Decides where chance does, with --policy new-split or --balance; 0 by default." },
  {
    name: "plan-out",
    value: "FILE",
    help: "Write the plan as JSON, one image a line: read it, change what you like, and give it to --plan.",
  },
  { name: "plan", value: "FILE", help: "Do what a plan file says, instead of making a plan." },
  NO_CHOICES,
];

/** What the options say a plan is like; what they leave out is not in it. Its tier is for the caller to say. */
export function planOptions(args: Arguments): Partial<PlanOptions> {
  const policy = args.choice("policy", OPTION_WORDS.policy);
  const conflicts = args.choice("conflicts", OPTION_WORDS.conflicts);
  const keep = args.choice("keep", OPTION_WORDS.keep);
  const seed = args.integer("seed", 0, MAX_SEED);
  const shares = args.list("shares")?.map(shareOf);
  if (shares !== undefined && policy !== "new-split") {
    throw new UsageError("--shares divides a dataset anew. Add --policy new-split.");
  }
  if (shares?.length === 1)
    throw new UsageError("--shares needs two splits at least, e.g. --shares train=0.8,test=0.2.");
  if (seed !== undefined && policy !== "new-split" && !args.has("balance")) {
    throw new UsageError("--seed decides chance, and there is none here. Add --policy new-split or --balance.");
  }
  return {
    ...(policy === undefined ? {} : { policy }),
    ...(conflicts === undefined ? {} : { conflicts }),
    ...(keep === undefined ? {} : { keep }),
    ...(seed === undefined ? {} : { seed }),
    ...(shares === undefined ? {} : { shares }),
    balance: args.has("balance"),
  };
}

function shareOf(text: string): Share {
  const [, name = "", number = ""] = /^(.+)=(\d+\.?\d*|\.\d+)$/.exec(text) ?? [];
  const share = Number(number);
  if (name === "" || share <= 0 || !Number.isFinite(share)) {
    throw new UsageError(`--shares needs names with numbers above 0, e.g. train=0.8,test=0.2, not "${text}".`);
  }
  return { name, role: roleOfSplit(name), share };
}

/** A plan file that `--plan` names. */
export interface GivenPlan {
  readonly text: string;
  readonly file: PlanFile;
}

/** Reads the file of `--plan`; undefined without the option. It is read before the dataset, which can take long. */
export async function givenPlan(args: Arguments, cwd: string): Promise<GivenPlan | undefined> {
  const name = args.text("plan");
  if (name === undefined) return undefined;
  const other = ["policy", "conflicts", "keep", "balance", "shares", "seed", "tier", "threshold", "no-choices"].find(
    (option) => args.has(option),
  );
  if (other !== undefined) {
    throw new UsageError(`--plan says already what --${other} says. Leave --${other} out, or make a new plan with it.`);
  }
  const text = await readPlan(path.resolve(cwd, name), name);
  return { text, file: parsePlanFile(text) };
}

async function readPlan(file: string, name: string): Promise<string> {
  try {
    if ((await stat(file)).size < MAX_PLAN_BYTES) return await readFile(file, "utf8");
  } catch (error) {
    throw new CleanSplitError(
      "not-found",
      `Cannot read the plan ${name}: ${messageOf(error)}. Name a file that --plan-out wrote.`,
    );
  }
  throw new CleanSplitError("refused", `Cannot read the plan ${name}: it is longer than a plan can be (512 MB).`);
}
