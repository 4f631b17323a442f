/** Source maps at capture: the files are those that the target sees, the texts those that ran. */
import { limits } from '../limits.ts';
import type { ReadScripts } from '../reader/reading.ts';
import { addOriginals, type Mapped } from '../source-map/add-originals.ts';
import { BoundedFiles, realDirectory } from '../source-map/files.ts';
import type { Placed, Surroundings } from '../source-map/originals.ts';
import { clockSlackMs } from './source-lines.ts';

export interface MapWishes {
  /** What V8 held of the program; later ones count where several have a file. */
  readonly scripts: readonly (ReadScripts | undefined)[];
  /** What stands before the paths of the target: `/proc/PID/root`; empty for those of this machine. */
  readonly root: string;
  /** A file changed later is not what runs. Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly timeMs: number;
  /** `--source-map-dir`, on this machine; by default SLEEPER_SOURCE_MAP_DIR. */
  readonly directory?: string | undefined;
}

/** @returns a copy with the places before compilation, and what to add to the capture */
export async function mapCapture<T extends Placed>(
  placed: T,
  {
    scripts: read,
    root,
    startedAtMs,
    timeMs,
    directory = process.env['SLEEPER_SOURCE_MAP_DIR'],
  }: MapWishes,
): Promise<Mapped<T>> {
  const endsAtMs = performance.now() + Math.max(0, Math.min(limits.sourceMapsMs, timeMs));
  const scripts: ReadScripts = new Map(read.flatMap((one) => [...(one ?? [])]));
  const named = directory === undefined ? null : await realDirectory(directory);
  return addOriginals(placed, {
    compiled: (file) => ({ file, text: scripts.get(file)?.text ?? null }),
    declarations: declarationsIn(scripts),
    places: {
      files: new BoundedFiles(root, endsAtMs),
      ...(named !== null && { directory: { path: named, files: new BoundedFiles('', endsAtMs) } }),
      trustsPlace: true,
    },
    trustsFile: (modifiedAtMs) => modifiedAtMs <= startedAtMs + clockSlackMs,
  });
}

function declarationsIn(scripts: ReadScripts): Surroundings['declarations'] {
  return (file, declared) => {
    const script = scripts.get(file);
    const offsets = script?.declarationsAt(declared) ?? new Map<string, readonly number[]>();
    return new Map(
      [...offsets].map(([name, all]) => [
        name,
        all.flatMap((offset) => script?.place(offset) ?? []),
      ]),
    );
  };
}
