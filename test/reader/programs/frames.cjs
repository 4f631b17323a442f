// JavaScript and C++ by turns: timer → emit → getter → vm script → replace callback → map callback → generator → wait.
'use strict';
const vm = require('node:vm');
const fs = require('node:fs');
const ready = () => fs.writeSync(3, '.');

class Depot {
  static open(name) {
    return new Depot(name);
  }
  constructor(name) {
    this.name = name;
    this.stock = this.count('boxes');
  }
  count(what) {
    const factor = 3;
    return [...walk(what, factor)];
  }
}
function* walk(what, factor) {
  const label = `${what}*${factor}`;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  ready();
  Atomics.wait(cell, 0, 0); // @stuck
  yield label;
}
globalThis.viaReplace = function viaReplace(text) {
  return text.replace(/b/, function replacer(match, at) {
    return [match, at].map(function mapper(item, index) {
      const seen = index;
      return Depot.open(item) && seen;
    });
  });
};
function runScript(code, option = 'fallback') {
  return vm.runInThisContext(code, { filename: 'inner-script.js' }) + option;
}
function top(order) {
  const holder = {
    get prop() {
      return runScript('viaReplace("abc")');
    },
  };
  const captured = order.id;
  const show = () => captured;
  return holder.prop + show();
}
process.on('custom', function onCustom(order) {
  top(order);
});
setTimeout(function timer() {
  process.emit('custom', { id: 815, tags: ['x', 'y'] });
}, 1);
