/**
 * The npm packages that a report speaks of: those whose files stand in its stacks, tasks and timers, and those of the addons that
 * are loaded. Names and versions are of the package.json that the target sees now; what was installed anew since it started says so.
 */
import path from 'node:path';
import { limits } from '../limits.ts';
import { readFact } from '../probe/fact.ts';
import { parseMaps } from '../reader/memory/maps.ts';
import type { Package } from '../report/schema.ts';
import { BoundedFiles } from '../source-map/files.ts';
import { pathOf } from '../source-map/find.ts';
import { clockSlackMs } from './source-lines.ts';

export interface PackageWishes {
  readonly pid: number;
  /** As in Frame.file. */
  readonly files: Iterable<string>;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly timeMs: number;
}

/** Directory of a package: the last of the path, as packages have packages of their own. */
const installed = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** The program's own first, the others by name. Those that cannot be read are left out. */
export async function readPackages(wishes: PackageWishes): Promise<Package[]> {
  const { pid, startedAtMs, timeMs } = wishes;
  const endsAtMs = performance.now() + Math.max(0, Math.min(limits.packagesMs, timeMs));
  const files = new BoundedFiles(`/proc/${pid}/root`, endsAtMs);
  const known = new Map<string, Package | null>();
  const read = async (directory: string): Promise<Package | null> => {
    let found = known.get(directory);
    if (found !== undefined || known.size >= limits.maxPackages) return found ?? null;
    const file = await files.read(
      path.posix.join(directory, 'package.json'),
      limits.maxPackageBytes,
    );
    const named = file === null ? null : parsePackage(file.bytes.toString('utf8'));
    const isNewer = file !== null && file.modifiedAtMs > startedAtMs + clockSlackMs;
    found = named && { ...named, directory, ...(isNewer && { changedSinceStart: true }) };
    known.set(directory, found);
    return found;
  };
  const packages = new Set<Package>();
  for (const file of [...wishes.files, ...loadedAddons(pid)]) {
    for (const directory of directoriesOf(file)) {
      const found = await read(directory);
      if (found === null) continue;
      packages.add(found);
      break;
    }
  }
  const rank = ({ directory, name }: Package): string =>
    `${directory.includes('/node_modules/') ? 1 : 0} ${name} ${directory}`;
  return [...packages].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

/** Where the package.json of a file may be, nearest first: a nameless one only says how modules are to be read. */
function directoriesOf(file: string): string[] {
  const place = pathOf(file);
  if (place === null) return [];
  const [directory] = installed.exec(place) ?? [];
  if (directory !== undefined) return [directory];
  const above: string[] = [];
  let at = path.posix.dirname(place);
  for (; at !== '/' && above.length < maxUpwards; at = path.posix.dirname(at)) above.push(at);
  return above;
}

/** Directories looked at upwards for the program's own package. */
const maxUpwards = 8;

function loadedAddons(pid: number): string[] {
  const maps = readFact(`/proc/${pid}/maps`, parseMaps);
  if (!maps.known) return [];
  return [...new Set(maps.value.map((mapping) => mapping.path))].filter((name) =>
    name.endsWith('.node'),
  );
}

/** Null: not a package that has a name. */
function parsePackage(text: string): Pick<Package, 'name' | 'version'> | null {
  try {
    const { name, version } = JSON.parse(text) as Record<string, unknown>;
    if (typeof name !== 'string' || name === '') return null;
    const cut = (word: string): string => word.slice(0, limits.maxPackageNameChars);
    return { name: cut(name), ...(typeof version === 'string' && { version: cut(version) }) };
  } catch {
    return null;
  }
}
