// Reads a process again and again until it is killed itself; says once that it has begun.
import { ready } from '../../zoo/ready.mjs';
import { readProcess } from '#dist/reader/read.js';

const pid = Number(process.argv[2]);
await readProcess(pid, { deadlineMs: 5_000, tasks: false });
ready();
for (;;) await readProcess(pid, { deadlineMs: 5_000, tasks: false });
