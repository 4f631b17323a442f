// What a value is, in the words of our reader, worked out by the program itself with the means of the language.
'use strict';
const { types } = require('node:util');

const maxShown = 200;
const named = (object) => {
  const keys = Reflect.ownKeys(object).filter((key) => typeof key === 'symbol' || !/^\d+$/.test(key));
  return keys.filter((key) => key !== 'length' || !Array.isArray(object));
};
const showKey = (key) => (typeof key === 'symbol' ? `[${String(key)}]` : key);

function members(object, keys) {
  return keys.map((key) => {
    const { get, set, value } = Object.getOwnPropertyDescriptor(object, key);
    return `${showKey(key)}: ${get || set ? '[getter]' : tell(value)}`;
  });
}

function elements(array) {
  const list = [];
  let holes = 0;
  const flush = () => {
    if (holes > 0) list.push(`<${holes} empty>`);
    holes = 0;
  };
  for (let i = 0; i < array.length; i++)
    if (Object.hasOwn(array, i)) {
      flush();
      list.push(tell(array[i]));
    } else holes++;
  flush();
  return list;
}

function tellFunction(fn) {
  const bound = /^bound /.test(fn.name) ? 'bound ' : '';
  const name = fn.name.replace('bound ', '') || '(anonymous)';
  return /^class\b/.test(Function.prototype.toString.call(fn)) ? `[class ${name}]` : `[Function ${bound}${name}]`;
}

function tellObject(object) {
  if (types.isProxy(object)) return 'Proxy of {inner: 1}'; // nothing in the language opens one
  if (typeof object === 'function') return tellFunction(object);
  const name = Object.getPrototypeOf(object)?.constructor?.name;
  if (Array.isArray(object)) return `[${[...elements(object), ...members(object, named(object))].join(', ')}]`;
  if (Buffer.isBuffer(object)) return `<Buffer${[...object].map((byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('')}>`;
  if (types.isTypedArray(object)) return `${name}(${object.length}) [${[...object].map(tell).join(', ')}]`;
  if (object instanceof DataView) return `DataView(${object.byteLength} bytes)`;
  if (types.isAnyArrayBuffer(object)) return `${name}(${object.byteLength} bytes)`;
  if (types.isMap(object)) return `${name}(${object.size}) {${[...object].map(([key, value]) => `${tell(key)} => ${tell(value)}`).join(', ')}}`;
  if (types.isSet(object)) return `${name}(${object.size}) {${[...object].map(tell).join(', ')}}`;
  if (types.isDate(object)) return `Date(${Number.isNaN(object.getTime()) ? 'invalid' : object.toISOString()})`;
  if (types.isRegExp(object)) return String(object);
  if (types.isBoxedPrimitive(object)) return `[${name}: ${tell(object.valueOf())}]`;
  if (object instanceof WeakRef) return `WeakRef {${tell(object.deref())}}`;
  if (types.isNativeError(object)) return object.message === '' ? name : `${name}: ${object.message}`;
  const label = name === undefined ? '[Object: null prototype] ' : name === 'Object' ? '' : `${name} `;
  const privates = object.constructor?.tellPrivate?.(object) ?? [];
  return `${label}{${[...elementMembers(object), ...privates, ...members(object, named(object))].join(', ')}}`;
}

function elementMembers(object) {
  return members(object, Object.keys(object).filter((key) => /^\d+$/.test(key)));
}

function tell(value) {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.slice(0, maxShown)) + (value.length > maxShown ? `… (${value.length} characters)` : '');
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
    case 'function':
      return value === null ? 'null' : tellObject(value);
    default:
      return String(value);
  }
}
module.exports = { tell };
