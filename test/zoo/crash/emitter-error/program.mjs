import { EventEmitter } from 'node:events';
import { ready } from '../../ready.mjs';

function fail(socket, code) {
  socket.emit('error', Object.assign(new Error('connection lost'), { code })); // @emitted
}

ready();
setTimeout(() => fail(new EventEmitter(), 'ECONNRESET'), 1);
