/**
 * The limits of an archive that its owner chose (`sleeper prune --remember`), kept in it: whoever seals a report, a watcher or a
 * process that dies, goes by them. Missing or damaged, the defaults hold.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { limits } from '../limits.ts';
import { type PrunePolicy, defaultPolicy } from './choose.ts';
import { openSafeDirectory } from './location.ts';
import { readBytes } from './read.ts';
import { replaceFile } from './upkeep.ts';

export const policyName = '.limits';

const Amount = v.pipe(v.number(), v.minValue(1));
/** In the file. What is not in it is as the defaults say; a limit without end, too, which JSON has no word for. */
const Kept = v.object({
  maxReports: v.exactOptional(Amount),
  maxAgeMs: v.exactOptional(Amount),
  maxBytes: v.exactOptional(Amount),
});
type Kept = v.InferOutput<typeof Kept>;

/** @param path of the archive */
export async function readPolicy(path: string): Promise<PrunePolicy> {
  const bytes = await readBytes(join(path, policyName), limits.maxPlanBytes).catch(() => null);
  return { ...defaultPolicy, ...(bytes !== null && parse(bytes.toString('utf8'))) };
}

/** @throws SleeperError of a directory that is not safe; the system's error */
export async function writePolicy(path: string, policy: PrunePolicy): Promise<void> {
  const { maxReports, maxAgeMs, maxBytes } = policy;
  const kept: Kept = { maxReports, maxAgeMs, ...(Number.isFinite(maxBytes) && { maxBytes }) };
  const directory = await openSafeDirectory(path);
  try {
    await replaceFile(directory, policyName, `${JSON.stringify(kept)}\n`);
  } finally {
    await directory.handle.close();
  }
}

function parse(text: string): Kept {
  try {
    return v.parse(Kept, JSON.parse(text));
  } catch {
    return {};
  }
}
