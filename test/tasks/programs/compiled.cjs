// Async functions as compilers write them for older engines: generators that a helper runs.
const fs = require('node:fs');

// TypeScript's.
const __awaiter = function (thisArg, _arguments, P, generator) {
  function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
  return new (P || (P = Promise))(function (resolve, reject) {
    function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
    function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
    function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
    step((generator = generator.apply(thisArg, _arguments || [])).next());
  });
};
// esbuild's.
const __async = (__this, __arguments, generator) => {
  return new Promise((resolve, reject) => {
    var fulfilled = (value) => { try { step(generator.next(value)); } catch (e) { reject(e); } };
    var rejected = (value) => { try { step(generator.throw(value)); } catch (e) { reject(e); } };
    var step = (x) => x.done ? resolve(x.value) : Promise.resolve(x.value).then(fulfilled, rejected);
    step((generator = generator.apply(__this, __arguments)).next());
  });
};

class Mutex {
  waiters = [];

  acquire(who) {
    return __awaiter(this, void 0, void 0, function* acquireIt() {
      yield new Promise((resolve) => this.waiters.push(resolve)); // @acquire
      return who;
    });
  }

  exclusive(work) {
    return __async(this, null, function* () {
      return yield work(); // @exclusive
    });
  }
}
const mutex = new Mutex();
const never = new Promise(() => {});

async function locks() {
  await mutex.acquire('first'); // @locks
}
async function nested() {
  await mutex.exclusive(() => mutex.acquire('second')); // @nested
}
async function works() {
  await mutex.exclusive(critical); // @works
}
async function critical() {
  await never; // @critical
}
const later = {};
async function left() {
  await null;
  await mutex.exclusive(() => later.right); // @left
}
async function right() {
  await later.left; // @right
}

void locks();
void nested();
void works();
later.left = left();
later.right = right();
globalThis.keep = { mutex, never };
setInterval(() => {}, 1_000_000);
setImmediate(() => {
  globalThis.gc?.();
  fs.writeSync(3, '.');
});
