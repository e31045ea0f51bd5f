type Constructor = abstract new (...args: never[]) => object;

/** A class that may be called without `new`, as Node's own may. */
export function callable<C extends Constructor>(Class: C): C {
  const proxy = new Proxy(Class, {
    apply: (target, _receiver, args) => Reflect.construct(target as unknown as new () => object, args),
  });
  Object.defineProperty(Class.prototype, 'constructor', {
    value: proxy,
    writable: true,
    configurable: true,
    enumerable: false,
  });
  return proxy;
}
