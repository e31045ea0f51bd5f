import { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';

/** Node's own, which are functions and not classes. */
type MessageFunction = (this: object, ...args: unknown[]) => unknown;

/** A listener for 'request' that puts prototypes of its own on each request and response before anybody sees them. */
interface Application {
  readonly request: object;
  readonly response: object;
}

/** The constructors for the messages of one application. */
interface Messages extends Application {
  readonly Request: MessageFunction;
  readonly Response: MessageFunction;
}

interface Emitting {
  readonly _events: Readonly<Record<string, unknown>>;
}

/** Events whose listeners get requests that the application does not. */
const OTHERS = ['upgrade', 'connect', 'checkContinue', 'checkExpectation', 'dropRequest'];

const NodeRequest = IncomingMessage as unknown as MessageFunction;
const NodeResponse = ServerResponse as unknown as MessageFunction;

/**
 * Express puts `app.request` and `app.response` on each message with Object.setPrototypeOf. Until Node 24, V8 then makes
 * every property that is added to one a hidden class of its own, and all code that comes across it starts from nothing:
 * that is most of what an answer costs. A message that was made with the prototype it is about to get is spared that.
 * It is so only where the application itself is the one listener, as otherwise others would see it.
 */
export function makeMessagesFor(server: Server): void {
  const requests = symbolOf(server, NodeRequest);
  const responses = symbolOf(server, NodeResponse);
  if (requests === undefined || responses === undefined) return;
  const chosen = new Chosen(server as unknown as Emitting);
  // Values, and no accessors: a server with an accessor of its own would be slow to look anything up in.
  const members = server as unknown as Record<symbol, MessageFunction>;
  members[requests] = choosing(NodeRequest, () => chosen.messages?.Request);
  members[responses] = choosing(NodeResponse, () => chosen.messages?.Response);
}

/** What a server makes its messages with, where that is Node's own. */
function symbolOf(server: Server, value: MessageFunction): symbol | undefined {
  const members = server as unknown as Record<symbol, unknown>;
  return Object.getOwnPropertySymbols(server).find(
    (symbol) => symbol.description === value.name && members[symbol] === value,
  );
}

/** A constructor like Node's own, unless there is another one for now. */
function choosing(Message: MessageFunction, other: () => MessageFunction | undefined): MessageFunction {
  function Chosen(this: object, first: unknown, second: unknown): object | undefined {
    const Other = other();
    if (Other !== undefined) return Reflect.construct(Other, [first, second]);
    Message.call(this, first, second);
    return undefined;
  }
  return like(Message, Chosen, Message.prototype);
}

class Chosen {
  readonly #server: Emitting;
  #listener: unknown;
  #messages: Messages | undefined;

  constructor(server: Emitting) {
    this.#server = server;
  }

  /** Of the application that is served now; undefined if there is none. */
  get messages(): Messages | undefined {
    const events = this.#server._events;
    if (events['request'] !== this.#listener) {
      this.#listener = events['request'];
      this.#messages = isApplication(this.#listener) ? messagesOf(this.#listener) : undefined;
    }
    const messages = this.#messages;
    if (messages === undefined || OTHERS.some((name) => events[name] !== undefined)) return undefined;
    const { request, response } = this.#listener as Application;
    return messages.request === request && messages.response === response ? messages : undefined;
  }
}

function isApplication(listener: unknown): listener is Application {
  if (
    typeof listener !== 'function' ||
    !('handle' in listener && 'request' in listener && 'response' in listener)
  )
    return false;
  return listener.request instanceof IncomingMessage && listener.response instanceof ServerResponse;
}

function messagesOf(application: Application): Messages | undefined {
  const { request, response } = application;
  try {
    const Request = withPrototype(NodeRequest, request);
    const Response = withPrototype(NodeResponse, response);
    const made: object = Reflect.construct(Request, [undefined]);
    Reflect.construct(Response, [Object.assign(made, { method: 'GET' })]);
    return { request, response, Request, Response };
  } catch {
    return undefined; // they cannot be called without `new`
  }
}

function withPrototype(Message: MessageFunction, prototype: object): MessageFunction {
  function Made(this: object, first: unknown, second: unknown): void {
    Message.call(this, first, second);
  }
  return like(Message, Made, prototype);
}

function like(Message: MessageFunction, Made: MessageFunction, prototype: object): MessageFunction {
  Made.prototype = prototype;
  // V8 reserves room in its objects for as many properties as those that it inherits from have.
  return Object.setPrototypeOf(Made, Message);
}
