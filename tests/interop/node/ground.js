// Where a scenario plays: the router's doors, and autobahn sessions that come in through them.
//
// A scenario asks its `Ground` for sessions `here` (the side under test) and `there` (the other side, maybe over another
// transport and serializer). Whatever it leaves open is torn down when the ground is cleared.
'use strict';

const assert = require('assert').strict;
const fs = require('fs');
const net = require('net');
const path = require('path');
const { XMLHttpRequest, cookies } = require('./xhr');

global.XMLHttpRequest = XMLHttpRequest;

// Autobahn keeps its sockets to itself; this is how a scenario gets at one to destroy it.
const opened = new Set();
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...how) {
   opened.add(this);
   return connect.apply(this, how);
};

class Refused extends Error {
   constructor(reason, message) {
      super(`${reason}: ${message}`);
      this.reason = reason;
   }
}

// `joining` ends with ABORT, and this is its reason.
async function refused(joining, reason) {
   await assert.rejects(joining, (error) => {
      assert(error instanceof Refused, error);
      assert.equal(error.reason, reason, error.message);
      return true;
   });
}

// A scenario has nothing to show between these sessions, and why. It does not count.
class NotHere extends Error {}

// One session and its sockets. `left` holds the last words, `gone` completes when the transport is closed.
class Peer {
   constructor(autobahn, options, serializer) {
      this.serializer = serializer;
      this.left = null;
      this._before = new Set(opened);
      this._connection = new autobahn.Connection(options);
      this.gone = new Promise((resolve) => (this._gone = resolve));
      this.joined = new Promise((resolve, reject) => this._open(resolve, reject));
   }

   _open(joined, refused) {
      this._connection.onopen = (session, details) => {
         this.session = session;
         this.details = details;
         this._sockets = [...opened].filter((socket) => !this._before.has(socket));
         joined(this);
      };
      this._connection.onclose = (why, details) => {
         this.left = details.reason;
         refused(new Refused(details.reason || why, details.message));
         this._gone();
         return true; // no reconnecting
      };
      this._connection.open();
   }

   // Asks for a goodbye and waits until the transport is closed.
   async leave() {
      this._connection.close();
      await this.gone;
   }

   // Destroys the socket: no GOODBYE, no closing handshake.
   vanish() {
      this._sockets.forEach((socket) => socket.destroy());
   }

   get binary() {
      return this.serializer !== 'json';
   }

   // How this session spells `bytes`: autobahn-js has no binary in JSON, so that its users see WAMP's string for it.
   spell(bytes) {
      return this.binary ? Buffer.from(bytes) : '\0' + Buffer.from(bytes).toString('base64');
   }
}

// What the file written by the runner says about the router under test, and which of its doors this client can use.
class Router {
   constructor(file, autobahn) {
      Object.assign(this, JSON.parse(fs.readFileSync(file, 'utf8')));
      this.autobahn = autobahn;
      const { JSONSerializer, MsgpackSerializer, CBORSerializer } = autobahn.serializer;
      this._serializers = { json: JSONSerializer, msgpack: MsgpackSerializer, cbor: CBORSerializer };
   }

   // autobahn-js speaks RawSocket and long-polling in JSON only, the former without TLS (and the latter not with ours); and
   // no WebSocket over a Unix socket.
   doors() {
      const doors = [];
      for (const [name, way] of Object.entries(this.transports)) {
         if (way.framing === 'websocket' && !way.unix) {
            doors.push(...Object.keys(this._serializers).map((serializer) => `${name}/${serializer}`));
         } else if (way.framing !== 'websocket' && !way.tls) {
            doors.push(`${name}/json`);
         }
      }
      return doors;
   }

   // `login` is what autobahn has to be told, and beside it `headers` for HTTP and a `certificate` for TLS.
   connect(door, { realm, login: { headers, certificate, ...login } = {} } = {}) {
      const [transport, serializer] = door.split('/');
      const options = {
         transports: [this._transport(this.transports[transport], headers, certificate)],
         serializers: [new this._serializers[serializer]()],
         realm: realm || this.realm,
         max_retries: 0,
         authmethods: ['anonymous'],
         ...login,
         on_user_error: () => {},
      };
      const open = () => new Peer(this.autobahn, options, serializer);
      return headers || certificate ? withoutWebSocket(open) : open();
   }

   _transport(way, headers, certificate) {
      // The WebSocket of browsers, which newer ones use everywhere, leaves both to the browser; so does long-polling.
      if ((headers || certificate) && (way.framing !== 'websocket' || !this.autobahn.version.startsWith('22.'))) {
         throw new NotHere('autobahn sends neither headers nor certificates here');
      }
      if (way.framing === 'websocket') {
         const url = `${way.tls ? 'wss' : 'ws'}://${way.host}:${way.port}${way.path}`;
         return { type: 'websocket', url, headers, tlsConfiguration: certificate && this._identity(certificate) };
      }
      if (way.framing === 'longpoll') {
         return { type: 'longpoll', url: `http://${way.host}:${way.port}${way.path}` };
      }
      return way.unix ? { type: 'rawsocket', path: way.unix } : { type: 'rawsocket', host: way.host, port: way.port };
   }

   // A file has the certificate and its key.
   _identity(certificate) {
      const pem = fs.readFileSync(path.join(__dirname, '../logins', certificate));
      return { ca: fs.readFileSync(this.ca), cert: pem, key: pem };
   }
}

// Where Node has a WebSocket of its own, autobahn 22 prefers that one to the one it brings along, which can do more.
function withoutWebSocket(open) {
   const own = Object.getOwnPropertyDescriptor(global, 'WebSocket');
   delete global.WebSocket;
   try {
      return open();
   } finally {
      if (own) {
         Object.defineProperty(global, 'WebSocket', own);
      }
   }
}

let number = 0;

// The sessions and names of one run of one scenario.
class Ground {
   constructor(router, here, there) {
      this.router = router;
      this.autobahn = router.autobahn;
      this._doors = { here, there };
      this._number = ++number;
      this._peers = [];
   }

   // A URI that no other run uses.
   uri(name) {
      return `interop.n${this._number}.${name}`;
   }

   // The name of the transport `here`.
   get transport() {
      return this._doors.here.split('/')[0];
   }

   here(how) {
      return this._join(this._doors.here, how);
   }

   there() {
      return this._join(this._doors.there);
   }

   async _join(door, how) {
      const peer = this.router.connect(door, how);
      this._peers.push(peer);
      return await peer.joined;
   }

   // Nothing of the scenario outlives it.
   async clear() {
      opened.forEach((socket) => socket.destroy());
      // Node 20's own WebSocket tells of a connection that failed to open, but not of its close.
      await Promise.all(this._peers.filter((peer) => peer.session).map((peer) => peer.gone));
      opened.clear();
      cookies.clear();
   }
}

module.exports = { cookies, Ground, NotHere, refused, Router };
