// As much of a browser's XMLHttpRequest as autobahn-js needs for long-polling, which it has for browsers only.
//
// What a session says takes one connection, so that it arrives in order; what it waits for takes another.
'use strict';

const http = require('http');

const agents = new Map();

// What servers have set, by name. There is but one server.
const cookies = new Map();
cookies.toString = () => [...cookies].map((one) => one.join('=')).join('; ');

function agentFor(url) {
   const lane = url.endsWith('/receive') ? url : url.slice(0, url.lastIndexOf('/'));
   if (!agents.has(lane)) {
      agents.set(lane, new http.Agent({ keepAlive: true, maxSockets: 1 }));
   }
   return agents.get(lane);
}

class XMLHttpRequest {
   open(method, url) {
      this._request = http.request(url, { method, agent: agentFor(url) });
   }

   setRequestHeader(name, value) {
      this._request.setHeader(name, value);
   }

   send(body = '') {
      if (this.withCredentials && cookies.size) {
         this._request.setHeader('cookie', `${cookies}`);
      }
      this._request.on('response', (response) => {
         for (const cookie of response.headers['set-cookie'] || []) {
            const [, name, value] = cookie.match(/^([^=]*)=([^;]*)/);
            cookies.set(name, value);
         }
         const chunks = [];
         response.on('data', (chunk) => chunks.push(chunk));
         response.on('error', () => this._done(0, ''));
         response.on('end', () => this._done(response.statusCode, Buffer.concat(chunks).toString()));
      });
      this._request.on('error', () => this._done(0, ''));
      this._request.on('timeout', () => this._request.destroy());
      this._request.setTimeout(this.timeout || 0);
      this._request.setHeader('content-length', Buffer.byteLength(body));
      this._request.end(body);
   }

   _done(status, text) {
      [this.readyState, this.status, this.statusText, this.responseText] = [4, status, `${status}`, text];
      this.onreadystatechange();
   }
}

module.exports = { XMLHttpRequest, cookies };
