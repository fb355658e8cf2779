// Being known again by a cookie. Over long-polling the browser keeps it; WebSocket is given it in a header.
'use strict';

const assert = require('assert').strict;
const { cookies, NotHere, refused } = require('../ground');

const REALM = 'login.cookie';

const ticket = { authmethods: ['ticket'], authid: 'ada', onchallenge: () => 'analytical engine' };

// A page has logged in by long-polling. Browsers send what it got to every port, and so do we.
async function logIn(ground) {
   const { framing } = ground.router.transports[ground.transport];
   if (framing === 'rawsocket') {
      throw new NotHere('there is no HTTP request');
   }
   const page = ground.router.connect('http/json', { realm: REALM, login: ticket });
   await page.joined;
   await page.leave();
   return framing === 'websocket';
}

function again(ground, inHeader) {
   const headers = inHeader && cookies.size ? { Cookie: `theme=dark; ${cookies}` } : undefined;
   return ground.here({ realm: REALM, login: { authmethods: ['cookie'], headers } });
}

module.exports = {
   'who has logged in is known again': async (ground) => {
      const { details } = await again(ground, await logIn(ground));
      assert.deepEqual([details.authid, details.authrole, details.authmethod], ['ada', 'member', 'cookie']);
   },

   'an altered one is worth nothing': async (ground) => {
      const inHeader = await logIn(ground);
      for (const [name, value] of cookies) {
         cookies.set(name, value.slice(0, -1) + (value.endsWith('0') ? '1' : '0'));
      }
      await refused(again(ground, inHeader), 'wamp.error.authentication_denied');
      cookies.clear();
      await refused(again(ground, inHeader), 'wamp.error.authentication_denied');
   },
};
