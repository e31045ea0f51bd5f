type Constructor = abstract new (...args: never[]) => object;

/**
 * A subclass of one of Node's constructors that are functions, and that works as those do: with `new`, without it,
 * as `Super.call(this)` after `util.inherits`, and in `extends`.
 *
 * @param members - put on the prototype, not enumerable, as methods are
 */
export function subclass<T extends Constructor>(
  Parent: T,
  name: string,
  members: Record<string, unknown>,
): T {
  function Subclass(this: object | undefined, ...args: unknown[]): object | undefined {
    if (!(this instanceof Subclass)) return Reflect.construct(Subclass, args);
    Reflect.apply(Parent as unknown as (...args: unknown[]) => void, this, args);
    return undefined;
  }
  const described = Object.entries(members).map(([key, value]) => [
    key,
    { value, writable: true, configurable: true, enumerable: false },
  ]);
  Object.defineProperty(Subclass, 'name', { value: name });
  Object.setPrototypeOf(Subclass, Parent);
  Object.setPrototypeOf(Subclass.prototype, Parent.prototype);
  Object.defineProperties(Subclass.prototype, Object.fromEntries(described));
  return Subclass as unknown as T;
}
