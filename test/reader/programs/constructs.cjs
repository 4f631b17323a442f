// One stack through every way in which JavaScript calls JavaScript. Each step stands beside the names that its frames must
// have, innermost first; the stop at the end tells what V8 itself says of the stack.
'use strict';
const fs = require('node:fs');
const vm = require('node:vm');
const { EventEmitter } = require('node:events');

const steps = [];
/** @param names of the frames of this step, innermost first; builtins are written with a colon before */
function step(names, run) {
  steps.push({ names, run });
}
let at = 0;
function next() {
  const taken = steps[at++];
  return taken === undefined ? stop() : taken.run();
}
function stop() {
  Error.stackTraceLimit = 1000;
  const told = new Error('here').stack.split('\n').slice(1);
  console.log(JSON.stringify({ names: steps.map(({ names }) => names).reverse(), told }));
  fs.writeSync(3, '.');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

step(['comparator', ':sort', 'sorts'], function sorts() {
  return [2, 1].sort(function comparator(a, b) {
    return next() ?? a - b;
  });
});
step(['mapper', ':map', 'maps'], function maps() {
  return [7].map(function mapper(item, index) {
    return next() ?? item + index;
  });
});
step(['reducer', ':reduce', 'reduces'], function reduces() {
  return [1, 2].reduce(function reducer(sum, item) {
    return next() ?? sum + item;
  });
});
step(['each', ':forEach', 'walks'], function walks() {
  new Map([['k', 1]]).forEach(function each(value, key) {
    return next() ?? [value, key];
  });
});
step(['replacer', ':replace', 'replaces'], function replaces() {
  return 'abc'.replace(/b/g, function replacer(match) {
    return next() ?? match;
  });
});
step(['typedComparator', ':sort', 'sortsBytes'], function sortsBytes() {
  return new Uint8Array([2, 1]).sort(function typedComparator(a, b) {
    return next() ?? a - b;
  });
});
step(['from', ':from', 'makesArray'], function makesArray() {
  return Array.from([1], function from(item) {
    return next() ?? item;
  });
});

class Shop {
  static opened = Shop.open?.();
  #stock = 3;
  name = 'corner';
  constructor(isReal) {
    if (isReal) next();
  }
  static find(id) {
    return next() ?? id;
  }
  order(id) {
    return this.#check(id);
  }
  #check(id) {
    return next() ?? this.#stock + id;
  }
  get total() {
    return next() ?? this.#stock;
  }
  set total(value) {
    next(value);
  }
  static #hidden() {
    return next();
  }
  static visible() {
    return Shop.#hidden();
  }
  [`computed${1}`]() {
    return next();
  }
  *[Symbol.iterator]() {
    yield next();
  }
  async later(id) {
    return next() ?? id;
  }
  arrow = () => next();
  toString() {
    return next() ?? this.name;
  }
  [Symbol.toPrimitive]() {
    return next() ?? 1;
  }
  static [Symbol.hasInstance](value) {
    return next() ?? value;
  }
  toJSON() {
    return next() ?? this.name;
  }
}
class Branch extends Shop {
  constructor(isReal) {
    super(isReal);
    this.parent = 1;
  }
  order(id) {
    return super.order(id);
  }
}
class Kiosk extends Branch {}

step(['new Shop', 'makesShop'], function makesShop() {
  return new Shop(true);
});
step(['new Shop', 'new Branch', 'makesBranch'], function makesBranch() {
  return new Branch(true);
});
step(['new Shop', 'new Branch', 'new Kiosk', 'makesKiosk'], function makesKiosk() {
  return new Kiosk(true);
});
step(['new Shop', 'constructs'], function constructs() {
  return Reflect.construct(Shop, [true]);
});
step(['Shop.find', 'callsStatic'], function callsStatic() {
  return Shop.find(5);
});
step(['Shop.#check', 'Shop.order', 'Branch.order', 'callsPrivate'], function callsPrivate() {
  return new Branch().order(5);
});
step(['Shop.#hidden', 'Shop.visible', 'callsStaticPrivate'], function callsStaticPrivate() {
  return Shop.visible();
});
step(['Shop.get total', 'reads'], function reads() {
  return new Shop().total;
});
step(['Shop.set total', 'writes'], function writes() {
  new Shop().total = 5;
});
step(['Shop.computed1', 'callsComputed'], function callsComputed() {
  return new Shop().computed1();
});
step(['Shop[Symbol.iterator]', ':next', 'iterates'], function iterates() {
  for (const one of new Shop()) return one;
});
step(['Shop.later', 'startsAsync'], function startsAsync() {
  void new Shop().later(1);
});
step(['Shop.arrow', 'callsArrow'], function callsArrow() {
  return new Shop().arrow();
});
step(['Shop[Symbol.toPrimitive]', 'coerces'], function coerces() {
  return +new Shop();
});
step(['Shop.toString', 'prints'], function prints() {
  return new Shop().toString();
});
step(['Shop[Symbol.hasInstance]', 'tests'], function tests() {
  return 5 instanceof Shop;
});
step(['Shop.toJSON', 'writesJson'], function writesJson() {
  return JSON.stringify({ shop: new Shop() });
});
step(['jsonReplacer', 'replacesJson'], function replacesJson() {
  return JSON.stringify({ a: 1 }, function jsonReplacer(key, value) {
    return next() ?? value;
  });
});
step(['reviver', 'parsesJson'], function parsesJson() {
  return JSON.parse('{"a":1}', function reviver(key, value) {
    return next() ?? value;
  });
});
step(['WithField.<instance_members_initializer>', 'new WithField', 'initialises'], function initialises() {
  return new (class WithField {
    field = next();
  })();
});
step(['WithBlock.<static_initializer>', 'hasBlock'], function hasBlock() {
  return class WithBlock {
    static {
      next();
    }
  };
});
step(['WithStatic.<static_initializer>', 'hasStatic'], function hasStatic() {
  return class WithStatic {
    static field = next();
  };
});
const traps = {
  get: function getTrap(target, key) {
    return next() ?? target[key];
  },
  set: function setTrap() {
    next();
    return true;
  },
  has: function hasTrap() {
    return next() ?? true;
  },
  ownKeys: function keysTrap() {
    return next() ?? [];
  },
  deleteProperty: function deleteTrap() {
    return next() ?? true;
  },
  getPrototypeOf: function prototypeTrap() {
    return next() ?? null;
  },
  defineProperty: function defineTrap() {
    return next() ?? true;
  },
};
const proxy = new Proxy({}, traps);
step(['getTrap', 'getsProxy'], function getsProxy() {
  return proxy.anything;
});
step(['setTrap', 'setsProxy'], function setsProxy() {
  proxy.anything = 1;
});
step(['hasTrap', 'asksProxy'], function asksProxy() {
  return 'x' in proxy;
});
step(['keysTrap', 'listsProxy'], function listsProxy() {
  return Reflect.ownKeys(proxy);
});
step(['deleteTrap', 'deletesProxy'], function deletesProxy() {
  return delete proxy.x;
});
step(['prototypeTrap', ':getPrototypeOf', 'asksPrototype'], function asksPrototype() {
  return Object.getPrototypeOf(proxy);
});
step(['defineTrap', 'definesProxy'], function definesProxy() {
  return Object.defineProperty(proxy, 'x', { value: 1, configurable: true });
});
const callable = new Proxy(function target() {}, {
  apply: function applyTrap() {
    return next();
  },
  construct: function constructTrap() {
    return next() ?? {};
  },
});
step(['applyTrap', 'callsProxy'], function callsProxy() {
  return callable(1, 2);
});
step(['constructTrap', 'constructsProxy'], function constructsProxy() {
  return new callable(1);
});
function plain(a, b) {
  return next() ?? [a, b];
}
step(['plain', 'applies'], function applies() {
  return Reflect.apply(plain, null, [1, 2]);
});
step(['plain', 'callsBound'], function callsBound() {
  return plain.bind(null, 1)(2);
});
step(['plain', 'spreads'], function spreads() {
  return plain(...[1, 2]);
});
step(['counting', ':next', 'generates'], function generates() {
  function* counting(from) {
    yield next() ?? from;
  }
  return counting(3).next();
});
step(['later', 'startsFunction'], function startsFunction() {
  async function later(id) {
    return next() ?? id;
  }
  void later(2);
});
step(['method', 'callsMethod'], function callsMethod() {
  const object = {
    method(id) {
      return next() ?? id;
    },
  };
  return object.method(1);
});
step(['get lazily', 'readsObject'], function readsObject() {
  return {
    get lazily() {
      return next() ?? 1;
    },
  }.lazily;
});
step(['tag', 'usesTag'], function usesTag() {
  function tag(strings, value) {
    return next() ?? [strings, value];
  }
  return tag`a${1}b`;
});
step(['byDefault', 'takesDefault', 'callsDefault'], function callsDefault() {
  function byDefault() {
    return next();
  }
  function takesDefault(value = byDefault()) {
    return value;
  }
  return takesDefault();
});
step(['viaEval', '(eval)', 'evaluates'], function evaluates() {
  const inner = 5;
  return eval('(function viaEval() { return next() ?? inner; })()');
});
step(['(anonymous)', 'makesFunction'], function makesFunction() {
  return new Function('next', 'return next();')(next);
});
step(['(top level)', 'runsScript'], function runsScript() {
  globalThis.nextStep = next;
  return vm.runInThisContext('nextStep()', { filename: 'this-context.js' });
});
step(['inContext', '(top level)', 'runsContext'], function runsContext() {
  const context = vm.createContext({ next });
  return vm.runInContext('function inContext() { return next(); } inContext()', context, {
    filename: 'new-context.js',
  });
});
step(['onEvent', 'emits'], function emits() {
  const emitter = new EventEmitter();
  emitter.on('event', function onEvent(what) {
    return next() ?? what;
  });
  emitter.emit('event', 5);
});
step(['anonymousOnes', 'hasAnonymous'], function hasAnonymous() {
  const anonymousOnes = () => next();
  return anonymousOnes();
});
step(['(anonymous)', '(anonymous)', 'immediately'], function immediately() {
  return (function () {
    return (() => next())();
  })();
});
step(['Inner.method', 'assigned'], function assigned() {
  const Outer = {};
  Outer.Inner = class {
    method() {
      return next();
    }
  };
  return new Outer.Inner().method();
});
step(['Old.talk', 'oldStyle'], function oldStyle() {
  function Old() {}
  Old.prototype.talk = function () {
    return next();
  };
  return new Old().talk();
});
step(['new Old', 'oldConstructor'], function oldConstructor() {
  function Old(id) {
    this.id = next() ?? id;
  }
  return new Old(1);
});
globalThis.startSteps = next;
