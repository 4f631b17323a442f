import { ready } from '../../ready.mjs';

const sessions = [];

function remember(user, slot) {
  const seen = new Array(60).fill(user.name); // @stuck
  sessions[slot] = { user, seen }; // @stuck
  return slot;
}

function warmCache(room) {
  let id = 0;
  // What is kept fills the heap nearly up to its limit: every new session makes the collector look for room.
  for (;;) remember({ id: id++, name: `user ${id % 1000}` }, id % room); // @call
}

ready();
warmCache(106_000);
