import { ready } from '../../ready.mjs';

class Session {
  constructor(id) {
    this.id = id;
    this.history = new Array(20).fill(id);
  }
}

const sessions = [];

function keepAll(tenant) {
  for (let id = 0; ; id++) sessions.push(new Session(id)); // @full
}

ready();
setTimeout(keepAll, 1, 'north');
