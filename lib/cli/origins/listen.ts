import { closeSync } from 'node:fs';

import { accepts } from '../../sources/accepts.js';
import { listen as listenOn, type Place } from '../listening.js';
import { UsageError } from '../usage_error.js';
import { type Occurrence, type Occurrences, type Origin, occurrences, wholeNumber } from './origin.js';

const HOST_AND_PORT = /^(?:(?:\[([^\]]+)\]|([^:/]+)):)?(\d{1,5})$/;

function parsePlace(argument: string): Place {
  if (argument.includes('/')) return { path: argument };
  const [, ipv6, host, digits = ''] = HOST_AND_PORT.exec(argument) ?? [];
  const port = wholeNumber(digits);
  if (port === undefined || port > 65_535) {
    throw new UsageError(`'${argument}' is not an address: use 8080, 127.0.0.1:8080, [::1]:8080 or a path`);
  }
  const at = ipv6 ?? host;
  return at === undefined ? { port } : { host: at, port };
}

function shown(address: string, port: number): Occurrence {
  return {
    text: port > 0 ? `connection from ${address} port ${port}` : 'connection',
    fields: { address, port },
  };
}

/** `listen:8080`: each connection, which is accepted and closed. */
export const listen: Origin = {
  name: 'listen',
  argument: '8080',
  about: 'connections to a port, host:port or path, closed at once',
  open(argument): Occurrences {
    const place = parsePlace(argument);
    return {
      subscribe(observer) {
        const socket = listenOn(place);
        const reading = occurrences(accepts(socket.fd), ({ fd, address, port }) => {
          closeSync(fd);
          return shown(address, port);
        }).subscribe(observer);
        return {
          unsubscribe() {
            reading.unsubscribe();
            socket.close();
          },
        };
      },
    };
  },
};
