// Ways of logging in, as `logins.json` lists them.
'use strict';

const assert = require('assert').strict;
const { NotHere, refused } = require('../ground');
const LOGINS = require('../../logins/logins.json');

// What autobahn's connection has to be told, by method, from the credentials in the list.
const METHODS = {
   ticket: ({ authid, ticket }) => ({ authid, onchallenge: () => ticket }),
   jwt: ({ authid, token }) => ({ authid, onchallenge: () => token }),
   cryptosign: ({ authid, privkey }, { nacl, auth_cryptosign }) => {
      const pair = nacl.sign.keyPair.fromSeed(Uint8Array.from(Buffer.from(privkey, 'hex')));
      return {
         authid,
         authextra: { pubkey: auth_cryptosign.public_key(pair), challenge: null, channel_binding: null },
         onchallenge: (_session, _method, extra) => auth_cryptosign.sign_challenge(pair, extra),
      };
   },
   wampcra: ({ authid, secret }, { auth_cra }) => ({
      authid,
      onchallenge: (_session, _method, { challenge, salt, iterations, keylen }) =>
         auth_cra.sign(salt ? auth_cra.derive_key(secret, salt, iterations, keylen) : secret, challenge),
   }),
};

const as = ({ method }, credentials, { autobahn }) => ({
   authmethods: [method],
   ...METHODS[method](credentials, autobahn),
});

function check({ only }, ground) {
   if (only && !only.includes(ground.transport)) {
      throw new NotHere(`only over ${only.join(', ')}`);
   }
}

const right = (login) => async (ground) => {
   check(login, ground);
   const { details } = await ground.here({ realm: login.realm, login: as(login, login.right, ground) });
   for (const [key, value] of Object.entries(login.welcome)) {
      assert.equal(details[key], value, key);
   }
};

const wrong = (login) => async (ground) => {
   check(login, ground);
   for (const credentials of login.wrong) {
      const joining = ground.here({ realm: login.realm, login: as(login, credentials, ground) });
      await refused(joining, 'wamp.error.authentication_denied');
   }
};

const mine = LOGINS.filter(({ clients = ['node'] }) => clients.includes('node'));

module.exports = Object.fromEntries([
   ...mine.map((login) => [`${login.name} opens the realm`, right(login)]),
   ...mine.map((login) => [`${login.name} has to be right`, wrong(login)]),
]);
