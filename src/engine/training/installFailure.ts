import * as l10n from "@vscode/l10n";
import { CleanSplitError, type ErrorReason } from "../../core/errors";
import { NATIVE_PACKAGE, NATIVE_VARIABLE } from "./native";

/** What went wrong with an installation: which step, and what it wrote. */
export interface Failure {
  /** Fetching packages from the registry, fetching the library that they bind, or loading it. */
  readonly step: "packages" | "library" | "check";
  readonly lines: readonly string[];
  /** Where it was to be installed. */
  readonly folder: string;
}

/** A cause that is known by what was written, and what to say of it. */
interface Cause {
  readonly steps: readonly Failure["step"][];
  readonly sign: RegExp;
  readonly reason: ErrorReason;
  say(failure: Failure, line: string): string;
}

const PACKAGE = `${NATIVE_PACKAGE.name} ${NATIVE_PACKAGE.version}`;
const HERE = `${process.platform} ${process.arch}`;
const ANY: readonly Failure["step"][] = ["packages", "library", "check"];

/**
 * The causes, and of two that show the first. The signs are codes of errors of Node and npm, messages of the package's
 * install script and of node-pre-gyp, and messages of the loaders of Linux, macOS and Windows.
 */
const CAUSES: readonly Cause[] = [
  {
    steps: ANY,
    sign: /\bENOSPC\b|\bEDQUOT\b|no space left on device/i,
    reason: "full",
    say: ({ folder }) => l10n.t("The disk of {0} is full. Free some gigabytes and install again.", folder),
  },
  {
    steps: ANY,
    sign: /does not support Node|\bEBADENGINE\b|does not support builds for (?:Node-API|N-API)/i,
    reason: "unsupported",
    say: () =>
      l10n.t("The Node.js that npm runs on does not fit {0}. Install Node.js 20 or newer with its own npm.", PACKAGE),
  },
  {
    steps: ["packages", "library"],
    sign: /\bSELF_SIGNED_CERT\w*|\bUNABLE_TO_(?:GET|VERIFY)\w*|\bCERT_[A-Z_]+|self.signed certificate/,
    reason: "refused",
    say: (failure, line) =>
      l10n.t(
        'The certificate of {0} is not trusted here. Give your organisation\'s certificate to npm (its setting "cafile") and to Node.js (NODE_EXTRA_CA_CERTS).',
        serverOf(failure, line),
      ),
  },
  {
    steps: ["packages", "library"],
    sign: /\bE(?:NOTFOUND|CONNREFUSED|CONNRESET|TIMEDOUT|AI_AGAIN|NETUNREACH|HOSTUNREACH|NETDOWN|407)\b|\bERR_SOCKET_\w+|\bENOTCACHED\b|socket hang up|network timeout|tunneling socket/,
    reason: "not-found",
    say: (failure, line) =>
      failure.step === "packages"
        ? l10n.t(
            'npm cannot reach {0} ({1}). Check the network, and npm\'s settings "registry" and "proxy".',
            serverOf(failure, line),
            codeIn(line),
          )
        : l10n.t(
            "The library of TensorFlow cannot be fetched from {0} ({1}). Check the network and HTTPS_PROXY, or name a mirror in TFJS_NODE_CDN_STORAGE.",
            serverOf(failure, line),
            codeIn(line),
          ),
  },
  {
    steps: ["packages"],
    sign: /\bcode E40[13]\b/,
    reason: "forbidden",
    say: (failure, line) =>
      l10n.t(
        "{0} refuses npm ({1}). Log in to it with npm login, and install again.",
        serverOf(failure, line),
        codeIn(line),
      ),
  },
  {
    steps: ["packages"],
    sign: /\bcode (?:E404|ETARGET|ENOVERSIONS)\b/,
    reason: "not-found",
    say: (failure, line) =>
      l10n.t(
        '{0} does not have {1} or what it needs. Check npm\'s setting "registry".',
        serverOf(failure, line),
        PACKAGE,
      ),
  },
  {
    steps: ["packages"],
    sign: /\bEINTEGRITY\b/,
    reason: "corrupt",
    say: () =>
      l10n.t("What came for {0} is not what was published. Run npm cache clean --force, and install again.", PACKAGE),
  },
  {
    steps: ["packages", "library"],
    sign: /\b(?:EACCES|EPERM|EROFS)\b/,
    reason: "forbidden",
    say: ({ folder, lines }) =>
      l10n.t("{0} may not be written. Allow it for your user, and install again.", namedPath(lines) ?? folder),
  },
  {
    steps: ["library"],
    sign: /Unsupported (?:system|platform)/i,
    reason: "unsupported",
    say: () => l10n.t("There is no native TensorFlow for {0}.", HERE),
  },
  {
    steps: ["library"],
    sign: /\bTAR_[A-Z_]+|incorrect header check|unexpected end of file|Invalid or unsupported zip|zlib/i,
    reason: "corrupt",
    say: () =>
      l10n.t(
        "What came as the library of TensorFlow is no archive of it. See whether a proxy answers for storage.googleapis.com, and install again.",
      ),
  },
  {
    steps: ["library"],
    sign: /gyp ERR!|node-pre-gyp ERR!|node-pre-gyp install failed/i,
    reason: "unsupported",
    say: () =>
      l10n.t(
        "There is no addon ready made for {0}, and it could not be compiled. Install Python 3, make and a C++ compiler, and install again.",
        HERE,
      ),
  },
  {
    steps: ["check"],
    sign: /GLIBC_|GLIBCXX_|CXXABI_|ld-linux|ld-musl|__\w+_chk: symbol not found/,
    reason: "unsupported",
    say: (_, line) => l10n.t("Native TensorFlow needs a newer Linux, with glibc ({0}).", line),
  },
  {
    steps: ["check"],
    sign: /invalid ELF header|wrong ELF class|incompatible architecture|mach-o|not a valid Win32|exec format/i,
    reason: "unsupported",
    say: () => l10n.t("The native TensorFlow that was fetched is not for {0}, and there is none.", HERE),
  },
  {
    steps: ["check"],
    sign: /SIGILL|3221225501/,
    reason: "unsupported",
    say: () => l10n.t("This processor lacks instructions that native TensorFlow needs, such as AVX."),
  },
  {
    steps: ["check"],
    sign: /specified (?:module|procedure) could not be found/i,
    reason: "unsupported",
    say: () =>
      l10n.t(
        "Windows lacks a library that native TensorFlow needs. Install the Microsoft Visual C++ Redistributable, and install again.",
      ),
  },
];

/** The error for a person: what stopped the installation, what to do, and that training works without it. */
export function installFailure(failure: Failure): CleanSplitError {
  const { step } = failure;
  const lines = step === "packages" ? errorsOf(failure.lines) : failure.lines;
  for (const cause of CAUSES) {
    if (!cause.steps.includes(step)) continue;
    const line = lines.find((text) => cause.sign.test(text));
    if (line !== undefined) return installError(cause.reason, cause.say({ ...failure, lines }, line));
  }
  const last = shortened(lines.filter((line) => line.trim() !== "").at(-1) ?? l10n.t("it wrote nothing"));
  const sentence = {
    packages: l10n.t("npm could not install {0} ({1}).", PACKAGE, last),
    library: l10n.t("The install script of {0} failed ({1}).", PACKAGE, last),
    check: l10n.t("Native TensorFlow was fetched, but does not work here ({0}).", last),
  }[step];
  return installError("unsupported", sentence);
}

/** An error of the installation, with what can be done instead. */
export function installError(reason: ErrorReason, sentence: string): CleanSplitError {
  return new CleanSplitError(
    reason,
    l10n.t(
      "{0} Training works without it; a copy from elsewhere is used when {1} names its folder.",
      sentence,
      NATIVE_VARIABLE,
    ),
  );
}

/** npm's own words on its failure; what it retried with success in between is no cause. */
function errorsOf(lines: readonly string[]): readonly string[] {
  const errors = lines.flatMap((line) => /^npm (?:error|ERR!) (.*)$/.exec(line)?.[1] ?? []);
  const said = errors.filter((line) => !/complete log of this run|debug-\d+\.log/.test(line));
  return said.length > 0 ? said : lines;
}

/** The server that a line names, or else the first other one that does; without a name and password in its address. */
function serverOf({ step, lines }: Failure, line: string): string {
  const host = /\b(?:ENOTFOUND|EAI_AGAIN) ([\w.-]+)/.exec(line)?.[1];
  if (host !== undefined) return host;
  for (const text of [line, ...lines]) {
    const address = /https?:\/\/[^\s"']+/.exec(text)?.[0];
    if (address !== undefined && URL.canParse(address)) return new URL(address).origin;
  }
  return step === "packages" ? l10n.t("the npm registry") : "storage.googleapis.com";
}

function codeIn(line: string): string {
  return /\b(?:E[A-Z_]{4,}|E\d{3}|ERR_[A-Z_]+)\b/.exec(line)?.[0] ?? shortened(line);
}

/** The path that npm names in an error about a file. */
function namedPath(lines: readonly string[]): string | undefined {
  return lines.flatMap((line) => /^path (.+)$/.exec(line)?.[1] ?? [])[0];
}

/** A line as it can be shown: not long, and without a name and password in an address. */
function shortened(line: string): string {
  const text = line.trim().replace(/\/\/[^\s/@]+@/g, "//");
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
