/** The files by which a reading saves the next one work, apart from those of everybody else. */
import path from 'node:path';
import { makeDirectory, type Owner } from './spawn-target.ts';

/** A cache of its own for a test, as the environment names it. @returns its directory, which does not exist yet */
export function ownCache(owner: Owner): string {
  const before = process.env['XDG_CACHE_HOME'];
  const home = makeDirectory(owner, 'cache');
  process.env['XDG_CACHE_HOME'] = home;
  owner.after(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
  });
  return path.join(home, 'sleeper');
}
