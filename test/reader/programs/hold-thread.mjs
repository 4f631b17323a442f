// Holds one thread of a process as another tracer would, for two seconds. Arguments: tid.
import { registerSetBytes, requireNative } from '#dist/native.js';
import { ready } from '../../zoo/ready.mjs';

const tids = Int32Array.of(Number(process.argv[2]));
const [stopTimeoutMs, holdLimitMs] = [1_000, 2_000];
requireNative().stopThreads(tids, new Uint8Array(registerSetBytes), new Int32Array(1), stopTimeoutMs, holdLimitMs);
ready();
setInterval(() => {}, 1e6);
