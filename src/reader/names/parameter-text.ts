/** How a formal parameter is called in a report. */
import type { AssignmentProperty, Pattern, RestElement } from 'acorn';

/** Properties of a destructured parameter that are spelled out. */
const maxPatternParts = 6;

/** A name, `...rest`, or the short text of a pattern: `{ id, qty }`, `[first, …]`. */
export function parameterText(pattern: Pattern): string {
  switch (pattern.type) {
    case 'Identifier':
      return pattern.name;
    case 'AssignmentPattern':
      return parameterText(pattern.left);
    case 'RestElement':
      return `...${parameterText(pattern.argument)}`;
    case 'ArrayPattern':
      return `[${shorten(pattern.elements, (element) => (element === null ? '' : elementText(element)))}]`;
    case 'ObjectPattern':
      return pattern.properties.length === 0
        ? '{}'
        : `{ ${shorten(pattern.properties, propertyText)} }`;
    case 'MemberExpression':
      return '…';
  }
}

function shorten<Part>(parts: readonly Part[], textOf: (part: Part) => string): string {
  const shown = parts.slice(0, maxPatternParts).map(textOf);
  return (parts.length > maxPatternParts ? [...shown, '…'] : shown).join(', ');
}

/** Patterns within patterns are not spelled out. */
function elementText(pattern: Pattern): string {
  if (pattern.type === 'AssignmentPattern') return elementText(pattern.left);
  if (pattern.type === 'ArrayPattern') return '[…]';
  if (pattern.type === 'ObjectPattern') return '{…}';
  return parameterText(pattern);
}

function propertyText(property: AssignmentProperty | RestElement): string {
  if (property.type === 'RestElement') return parameterText(property);
  const { key, computed } = property;
  if (computed) return '[…]';
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' && typeof key.value === 'string' ? JSON.stringify(key.value) : '…';
}
