/** Where things stand in a checkout. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout; this file runs as test/out/harness/paths.js. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
/** The command as a user starts it. */
export const sleeperBin = path.join(root, 'bin', 'sleeper.js');
/** What `node --require sleeper-agent/register` resolves to. */
export const agentRegister = path.join(root, 'dist', 'agent', 'register.cjs');
export const zooRoot = path.join(root, 'test', 'zoo');
/** Results for people: figures of the bench, pictures. Ignored by git. */
export const artifacts = path.join(root, 'test', 'artifacts');
