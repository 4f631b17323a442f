// A worker with a loop of its own: a server and a timer.
import net from 'node:net';
import { parentPort } from 'node:worker_threads';

function workerTick() {} // @workerTick
setInterval(workerTick, 45_000);
const server = net.createServer();
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
